"""
Requests that bring one fact or many: each is judged for itself, and the answer has an entry for each, in the order given.

One fact alone is answered by the status of the answer; of many, the answer is 200 and each entry has a status of its own.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel, Field, ValidationError
from pydantic_core import from_json
from starlette.responses import Response

from orderpipe.api.fields import Part
from orderpipe.api.problems import Problem, response_of
from orderpipe.intake.complaints import explain
from orderpipe.intake.refusals import FieldError

MOST = 2_000
"""Facts that one request may bring."""

BATCHED: list[type[Part]] = []
"""The facts that operations take, for the OpenAPI document: no signature names them."""

Item = TypeVar("Item", bound=Part)
Told = TypeVar("Told")


class Results(BaseModel, Generic[Told]):
    """The answer to many facts; an entry with a `status` of 400 or more is a refusal in the form of a problem document."""

    accepted: int = Field(description="Entries with a status below 400.")
    refused: int
    results: list[Told] = Field(description="One entry for each fact, in the order given.")


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of one fact: an HTTP status, a sentence, a code where there is more to say, and further members."""

    status: int
    detail: str
    code: str | None = None
    members: Mapping[str, Any] = field(default_factory=dict)
    errors: tuple[FieldError, ...] = ()

    def document(self) -> dict[str, Any]:
        """The entry in an answer to many."""
        title = {"title": HTTPStatus(self.status).phrase} if self.status >= 400 else {}
        code = {"code": self.code} if self.code else {}
        errors = {"errors": [asdict(error) for error in self.errors]} if self.errors else {}
        return {"status": self.status, **title, **code, "detail": self.detail, **self.members, **errors}


@dataclass(frozen=True, slots=True)
class Batch(Generic[Item]):
    """The facts of a request that have the right form, in order, and the refusals of the others by their place."""

    items: list[Item]
    malformed: Mapping[int, Entry]
    many: bool

    def answer(self, entries: Iterable[Entry], created: int = 200) -> Response:
        """The answer from the entries of `items`; `created` is the status of a single new fact."""
        rest = iter(entries)
        told = [self.malformed.get(place) or next(rest) for place in range(len(self.items) + len(self.malformed))]
        if self.many:
            accepted = sum(1 for entry in told if entry.status < 400)
            return _json({"accepted": accepted, "refused": len(told) - accepted, "results": [entry.document() for entry in told]})
        only = told[0]
        if only.status >= 400:
            return response_of(Problem(only.status, only.code or "refused", only.detail, **only.members))
        return _json(only.document(), created if only.status == 200 else only.status)


def read(body: bytes, model: type[Item]) -> Batch[Item]:
    """One fact or a list of at most MOST. Raises Problem when it is neither, or a single fact has not the right form."""
    content = _content(body)
    if not isinstance(content, list):
        item = _item(content, model, "")
        if isinstance(item, Entry):
            raise Problem(item.status, "invalid", item.detail, errors=item.errors)
        return Batch([item], {}, many=False)
    if not 1 <= len(content) <= MOST:
        raise Problem(422, "too-many" if content else "empty", f"Send 1 to {MOST} at a time, not {len(content)}.")
    read_items = [_item(one, model, f"/{place}") for place, one in enumerate(content)]
    malformed = {place: one for place, one in enumerate(read_items) if isinstance(one, Entry)}
    return Batch([one for one in read_items if not isinstance(one, Entry)], malformed, many=True)


def one_or_many(model: type[Part], **examples: Any) -> dict[str, Any]:
    """`openapi_extra` of an operation that takes one fact or a list: its form, and examples that work as they stand."""
    BATCHED.append(model)
    one = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {"requestBody": {"required": True, "content": {"application/json": {
        "schema": {"oneOf": [one, {"type": "array", "items": one, "minItems": 1, "maxItems": MOST}]},
        "examples": {name.replace("_", "-"): {"value": value} for name, value in examples.items()},
    }}}}


def _content(body: bytes) -> Any:
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise Problem(422, "not-json", f"This is not JSON: {error}.") from None


def _item(content: Any, model: type[Item], pointer: str) -> Item | Entry:
    try:
        return model.model_validate(content)
    except ValidationError as error:
        errors = tuple(_complaints(error, model, pointer))
    return Entry(422, "It does not have the form described.", "invalid", errors=errors)


def _complaints(error: ValidationError, model: type[Part], pointer: str) -> Iterator[FieldError]:
    for one in error.errors(include_url=False)[:20]:
        said = explain(one, tuple(model.model_fields))
        yield FieldError(pointer + said.pointer, said.detail, said.code)


def _json(document: Mapping[str, Any], status: int = 200) -> Response:
    content = json.dumps(document, ensure_ascii=False, default=str, separators=(",", ":")).encode("utf-8", "replace")
    return Response(content, status, media_type="application/json")


async def _body(request: Request) -> bytes:
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Problem(415, "not-json", f"Send application/json, not {kind[:100]}.")
    return await request.body()


Body = Annotated[bytes, Depends(_body)]
"""Parameter of an endpoint: the body as it came, of the media type JSON."""
