"""
Every free text that the HTTP door takes, read from the OpenAPI document: strings that are no choice, number, date or amount.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]
_BOUND = ("enum", "const", "format")
_OPEN_PATTERNS = {None, r"\S", r"^[^\x00]*$"}


@dataclass(frozen=True)
class FreeText:
    """One of them: the door, the JSON pointer (`[]` any place of a list, `*` any name), its longest length, whether it may be blank."""

    door: str
    pointer: str
    longest: int
    may_be_blank: bool

    def fitted(self, text: str) -> str:
        """The text as this field takes it."""
        cut = text[: self.longest]
        return cut if cut.strip() or self.may_be_blank else f"x{cut}"[: self.longest]


def free_texts(document: Document) -> dict[tuple[str, str], FreeText]:
    """All of them, by door and pointer."""
    found = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                for pointer, schema in _strings(content["schema"], "", document["components"]["schemas"], ()):
                    one = _free(f"{method.upper()} {path}", pointer, schema)
                    if one:
                        found[one.door, one.pointer] = one
    return found


def _free(door: str, pointer: str, schema: Document) -> FreeText | None:
    if any(name in schema for name in _BOUND) or schema.get("pattern") not in _OPEN_PATTERNS:
        return None
    blank = schema.get("minLength", 0) == 0 and schema.get("pattern") != r"\S"
    return FreeText(door, pointer.removeprefix("/[]"), schema.get("maxLength", 1_000), blank)


def _strings(schema: Document, pointer: str, known: Document, above: tuple[str, ...]) -> Iterator[tuple[str, Document]]:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name not in above:
            yield from _strings(known[name], pointer, known, (*above, name))
    if schema.get("type") == "string":
        yield pointer, schema
    for kind in ("anyOf", "oneOf", "allOf"):
        for one in schema.get(kind, ()):
            yield from _strings(one, pointer, known, above)
    for name, part in schema.get("properties", {}).items():
        yield from _strings(part, f"{pointer}/{name}", known, above)
    if "items" in schema:
        yield from _strings(schema["items"], f"{pointer}/[]", known, above)
    for part in (schema.get("additionalProperties"), *schema.get("patternProperties", {}).values()):
        if isinstance(part, dict):
            yield from _strings(part, f"{pointer}/*", known, above)


def with_text(document: Any, pointer: str, text: str) -> Any:
    """The document with this text at the pointer; what is missing on the way is made."""
    name, _, rest = pointer.removeprefix("/").partition("/")
    rest = f"/{rest}" if rest else ""
    if name == "[]":
        first, *others = document if isinstance(document, list) and document else [None]
        return [with_text(first, rest, text) if rest else text, *others]
    there = dict(document) if isinstance(document, dict) else {}
    names = list(there) or ["x"] if name == "*" else [name]
    return there | {one: with_text(there.get(one), rest, text) if rest else text for one in names}


def at(document: Any, pointer: str) -> Any:
    """What stands at the pointer."""
    for name in pointer.removeprefix("/").split("/"):
        document = next(iter(document.values())) if name == "*" else document[0] if name == "[]" else document[name]
    return document
