"""
What a shop's `celery.send_task("submit", …)` puts on the broker, opened without Celery: task, id and arguments are all that counts.

Chains, callbacks, times and limits that a message may also carry are never read, so they lead nowhere. Anybody may have written it.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from orderpipe.intake.complaints import explain
from orderpipe.intake.refusals import FieldError, Malformed

TASK = "submit"
_TASK_ID = re.compile(r"[A-Za-z0-9_.:@-]{1,100}")


class Unreadable(Malformed):
    """The message cannot be read as a call of the task `submit`."""

    code = "unreadable"

    def __init__(self, detail: str, code: str, pointer: str = "") -> None:
        super().__init__([FieldError(pointer, detail, code)])


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message without the broker's own trimmings: its headers, and its body as it is encoded."""

    headers: Mapping[str, Any]
    body: bytes
    content_type: str

    @property
    def task_id(self) -> str:
        """The sender's id of the call; one that is none is replaced by what the body is recognised by."""
        given = self.headers.get("id")
        if isinstance(given, str) and _TASK_ID.fullmatch(given):
            return given
        return nameless(self.body)


class Call(BaseModel):
    """The arguments of `submit`: an order or a list of orders as JSON text, when it was signed (Unix seconds), and the signature."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    payload: str
    timestamp: int = Field(ge=0, le=10**15)
    signature: str = Field(pattern=r"^[0-9a-f]{64}$")


def queue_of(shop: str) -> str:
    """The queue of the shop with this code."""
    return f"{TASK}.{shop}"


def nameless(raw: bytes) -> str:
    """What stands in for the task id of a message that has none."""
    return f"sha256-{hashlib.sha256(raw).hexdigest()[:32]}"


def from_list(raw: bytes) -> Envelope:
    """The message in an entry of a Redis list. Raises Unreadable."""
    entry = _json(raw, "The entry")
    try:
        headers, properties, body = entry["headers"], entry["properties"], entry["body"]
        encoded = properties.get("body_encoding") == "base64"
        content = base64.b64decode(body, validate=True) if encoded else body.encode()
        return Envelope(dict(headers), content, str(entry["content-type"]))
    # whatever has another shape fails in one of these ways
    except (AttributeError, KeyError, TypeError, ValueError):
        raise Unreadable("The entry is no message of Celery: it lacks headers, properties or a body.", "envelope") from None


def call_in(envelope: Envelope) -> Call:
    """The call of `submit` in a message. Raises Unreadable."""
    task = envelope.headers.get("task")
    if task != TASK:
        raise Unreadable(f"There is no task {str(task)[:100]!r} here, only {TASK!r}; it takes messages of protocol 2.", "unknown-task")
    if envelope.content_type != "application/json" or envelope.headers.get("compression"):
        raise Unreadable("Send JSON without compression (task_serializer='json', no task_compression).", "not-json")
    body = _json(envelope.body, "The body")
    try:
        positional, named, _ = body
        given = dict(zip(Call.model_fields, positional, strict=False)) | named
    except (TypeError, ValueError):
        raise Unreadable("The body is no list of arguments, named arguments and options (protocol 2).", "arguments") from None
    try:
        return Call.model_validate(given)
    except ValidationError as error:
        first = explain(error.errors(include_url=False)[0], tuple(Call.model_fields))
        raise Unreadable(f"Argument {first.pointer[1:101]}: {first.detail}", first.code) from None


def _json(text: bytes, what: str) -> Any:
    try:
        return from_json(text, allow_inf_nan=False)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{what} is not JSON: {str(error)[:200]}.", "json-invalid") from None
