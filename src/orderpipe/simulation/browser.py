"""
A customer's browser: pages by their links, and forms as they stand, filled in only where there is something to be filled in.

What is not on the page cannot be followed, written or ticked, so that the demo finds a page that does not offer what it should.
"""

from collections.abc import Mapping
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin, urlsplit

from orderpipe.simulation.door import Door, Unanswered

_REDIRECTS = 5
_FORM = "application/x-www-form-urlencoded"


class NotOnThePage(Unanswered):
    """The page does not offer what a customer looks for on it, or does not take what was filled in."""


class Page(HTMLParser):
    """
    A page as it stands: `links`, the `fields` that its form would send now, and the `choices` that each group of boxes offers.

    `buttons` are the values that a named button would send besides; `heading` is the first.
    """

    def __init__(self, address: str, status: int, html: str) -> None:
        super().__init__()
        self.address, self.status = address, status
        self.links: list[str] = []
        self.fields: dict[str, str] = {}
        self.choices: dict[str, set[str]] = {}
        self.buttons: dict[str, str] = {}
        self.heading = ""
        self._area, self._select, self._in_heading = "", "", False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        match tag:
            case "a":
                self.links.append(urljoin(self.address, given.get("href", "")))
            case "h1":
                self._in_heading = True
            case "input" if given.get("type") in ("radio", "checkbox"):
                self.choices.setdefault(name, set()).add(given["value"])
                if "checked" in given:
                    self.fields[name] = given["value"]
            case "input":
                self.fields[name] = given.get("value", "")
            case "textarea":
                self._area, self.fields[name] = name, ""
            case "select":
                self._select, self.fields[name] = name, ""
            case "option":
                self.choices.setdefault(self._select, set()).add(given["value"])
                if "selected" in given:
                    self.fields[self._select] = given["value"]
            case "button" if name:
                self.buttons[name] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        self._area = "" if tag == "textarea" else self._area
        self._in_heading = self._in_heading and tag != "h1"

    def handle_data(self, data: str) -> None:
        if self._area:
            self.fields[self._area] += data
        elif self._in_heading:
            self.heading += data

    def link(self, ending: str) -> str | None:
        """The first link that leads to a page of this name; None where there is none."""
        return next((one for one in self.links if urlsplit(one).path.endswith(f"/{ending}")), None)


class Browser:
    """Opens pages of one server; for one thread."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._door = Door(address)

    def open(self, address: str) -> Page:
        """The page at this address, wherever it leads. Raises NotOnThePage where there is none, Unanswered."""
        return self._arrive("GET", urljoin(self._address, address), None)

    def follow(self, page: Page, ending: str) -> Page:
        """The page that a link of this one leads to, by the last part of its address. Raises NotOnThePage, Unanswered."""
        if (link := page.link(ending)) is None:
            raise NotOnThePage(f"{page.address} ({page.heading}) has no link to {ending!r}.")
        return self.open(link)

    def send(self, page: Page, filled: Mapping[str, str | None]) -> Page:
        """Send the page's form with these fields filled in, None for a box that is not ticked. Raises NotOnThePage, Unanswered."""
        for name, value in filled.items():
            offered = page.choices.get(name)
            if not (name in page.buttons or (value in (None, *offered) if offered else name in page.fields)):
                raise NotOnThePage(f"{page.address} ({page.heading}) has no {name!r} that could be {value!r}.")
        fields = {name: value for name, value in {**page.fields, **filled}.items() if value is not None}
        return self._arrive("POST", page.address, urlencode(fields).encode())

    def close(self) -> None:
        """Close the connection."""
        self._door.close()

    def _arrive(self, method: str, address: str, body: bytes | None) -> Page:
        for _ in range(_REDIRECTS):
            parts = urlsplit(address)
            target = f"{parts.path}?{parts.query}" if parts.query else parts.path
            answer = self._door.send(method, target, body, Content_Type=_FORM)
            if answer.status not in (302, 303):
                break
            method, address, body = "GET", urljoin(address, answer.headers["location"]), None
        page = Page(address, answer.status, str(answer.document))
        if not answer.ok:
            raise NotOnThePage(f"{method} {address} was answered {answer.status}: {page.heading}")
        return page
