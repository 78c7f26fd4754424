"""
A page as a browser sees it: its words, its fields as they stand, and what goes wrong when tags do not match.
"""

from html.parser import HTMLParser

VOID = frozenset({"meta", "input", "br"})


class Page(HTMLParser):
    """`fields` by name as a browser would send them now, `choices` the values offered by name, `text` everything to be read."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.choices: dict[str, list[str]] = {}
        self.labels: dict[str, str] = {}
        self.invalid: set[str] = set()
        self.ids: list[str] = []
        self.language = ""
        self._open: list[str] = []
        self._select = ""
        self._label = ""
        self._area = ""
        self._words: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open, f"left open: {self._open}"
        self.text = " ".join(" ".join(self._words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag not in VOID and tag != "option":
            self._open.append(tag)
        if "id" in given:
            self.ids.append(given["id"])
        if given.get("aria-invalid"):
            self.invalid.add(name or given["id"])
        if tag == "html":
            self.language = given["lang"]
        elif tag == "input" and given.get("type") in ("radio", "checkbox"):
            self.choices.setdefault(name, []).append(given["value"])
            if "checked" in given:
                self.fields[name] = given["value"]
        elif tag == "input":
            self.fields[name] = given["value"]
        elif tag == "select":
            self._select = name
            self.fields[name] = ""
        elif tag == "option" and self._select:
            self.choices.setdefault(self._select, []).append(given["value"])
            if "selected" in given:
                self.fields[self._select] = given["value"]
        elif tag == "textarea":
            self._area = name
            self.fields[name] = ""
        elif tag == "label":
            self._label = given.get("for", "")

    def handle_endtag(self, tag: str) -> None:
        if tag != "option":
            assert self._open.pop() == tag, tag
        if tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.fields[self._area] += data
        if self._open and self._open[-1] == "label" and self._label:
            self.labels[self._label] = self.labels.get(self._label, "") + data.strip()
        if self._open and self._open[-1] not in ("style", "script") and not self._select:
            self._words.append(data)
