"""
What the documents say, for the test that holds them to it. `python -m tests.documents` writes anew what is made from the code.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from orderpipe.domain import diagram
from orderpipe.settings import Settings
from tests.needs import REPOSITORY

BEGIN, END = "<!-- settings -->", "<!-- /settings -->"
OPERATIONS = REPOSITORY / "docs" / "operations.md"
WITH_FLOW = (REPOSITORY / "README.md", REPOSITORY / "docs" / "concepts.md")

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"")


def documents() -> list[Path]:
    """Every page that people read."""
    return [REPOSITORY / "README.md", REPOSITORY / "CHANGELOG.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]


@dataclass(frozen=True, slots=True)
class Document:
    """One page: its links, and what it shows as code, in blocks and in spans."""

    path: Path
    text: str

    @classmethod
    def of(cls, path: Path) -> "Document":
        return cls(path, path.read_text(encoding="utf-8"))

    def until(self, heading: str) -> "Document":
        """The page up to this heading."""
        assert heading in self.text
        return Document(self.path, self.text.partition(heading)[0])

    def links(self) -> list[str]:
        return [one or other for one, other in _LINK.findall(self._without_code())]

    def blocks(self, language: str) -> list[str]:
        return [code for named, code in _FENCE.findall(self.text) if named == language]

    def spans(self) -> list[str]:
        return _SPAN.findall(_FENCE.sub("", self.text))

    def commands(self) -> list[list[str]]:
        """Every command line shown, as words."""
        typed = [line for block in self.blocks("sh") for line in shell_lines(block)]
        return [words for words in (_words(line) for line in (*self.spans(), *typed)) if words]

    def _without_code(self) -> str:
        return _SPAN.sub("", _FENCE.sub("", self.text))


def shell_lines(block: str) -> Iterator[str]:
    """The commands of a shell block; one goes on over lines while a quote is open or a backslash ends the line."""
    held = ""
    for line in block.splitlines():
        held += line if held else line.partition("  # ")[0].rstrip()
        if held.endswith("\\"):
            held = held[:-1]
        elif held.count("'") % 2:
            held += "\n"
        elif held.strip():
            yield held
            held = ""
    assert not held.strip(), f"a command without an end: {held}"


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line, comments=True)
    except ValueError:
        return []


def settings_table() -> str:
    """The settings as a table between the markers."""
    rows = "\n".join(
        f"| `ORDERPIPE_{name.upper()}` | {_shown(field.get_default())} | {field.description} |"
        for name, field in Settings.model_fields.items()
    )
    return f"{BEGIN}\n| variable | default | |\n|---|---|---|\n{rows}\n{END}"


def _shown(default: object) -> str:
    return "" if default in ("", None) else f"`{default}`"


def with_settings(text: str) -> str:
    """The page with the table as it must be."""
    before, _, rest = text.partition(BEGIN)
    return before + settings_table() + rest.partition(END)[2]


if __name__ == "__main__":
    OPERATIONS.write_text(with_settings(OPERATIONS.read_text(encoding="utf-8")), encoding="utf-8")
    for page in WITH_FLOW:
        page.write_text(diagram.put_into(page.read_text(encoding="utf-8")), encoding="utf-8")
