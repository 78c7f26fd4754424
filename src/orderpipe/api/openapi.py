"""
What the OpenAPI document says beyond what the code shows: refusals, bodies that are read as bytes, and examples to copy.
"""

import json
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, ConfigDict, Field

from orderpipe.api.problems import MEDIA_TYPE

_REFUSALS = {
    401: "No valid key.",
    403: "The key's role may not do this.",
    404: "There is no such thing of this shop.",
    409: "The state does not allow it; `state` says where it stands, `allowed` what may be done.",
    410: "It was there and is no more.",
    412: "It has changed since the ETag was given.",
    413: "More than one request may carry.",
    415: "Not the media type expected.",
    422: "It does not have the form expected; `errors` says where and why.",
    503: "Out of reach for a moment; `Retry-After` says when to try again.",
}

Responses = dict[int | str, dict[str, Any]]


class FieldErrorDocument(BaseModel):
    """One thing wrong with one field."""

    pointer: str = Field(description="JSON pointer (RFC 6901) into what was sent.", examples=["/lines/0/quantity"])
    detail: str = Field(examples=["This must be a whole number, written without quotes."])
    code: str = Field(examples=["int-type"])


class ProblemDocument(BaseModel):
    """A refusal (RFC 9457)."""

    model_config = ConfigDict(extra="allow", title="Problem")

    title: str = Field(examples=["Conflict"])
    status: int = Field(examples=[409])
    code: str = Field(description="For programs; does not change.", examples=["reference-taken"])
    detail: str = Field(description="For people; a sentence.")
    errors: list[FieldErrorDocument] | None = None
    state: str | None = Field(None, description="Of a refused step: where the order stands.")
    allowed: list[str] | None = Field(None, description="Of a refused step: what may be done instead.")
    incident: str | None = Field(None, description="Of an error on our side: what to tell us.")


def refusals(*statuses: int) -> Responses:
    """The problem documents that an operation may answer with."""
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {status: {"description": _REFUSALS[status], "content": {MEDIA_TYPE: schema}} for status in sorted({401, 503, *statuses})}


def takes(model: type[BaseModel], media_type: str = "application/json", **examples: Any) -> dict[str, Any]:
    """`openapi_extra` of an operation that reads its body itself: its form, and examples that work as they stand."""
    return {"requestBody": {"required": True, "content": {media_type: {
        "schema": {"$ref": f"#/components/schemas/{model.__name__}"},
        "examples": {name.replace("_", "-"): {"value": value} for name, value in examples.items()},
    }}}}


def document_fully(app: FastAPI, models: tuple[type[BaseModel], ...]) -> None:
    """Let the app's OpenAPI document contain these models too, which no signature names."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = get_openapi(
                title=app.title, version=app.version, description=app.description, routes=app.routes, tags=app.openapi_tags
            )
            schemas: dict[str, Any] = made.setdefault("components", {}).setdefault("schemas", {})
            for model in models:
                schemas |= _schemas_of(model)
            schemas["Problem"] = schemas.pop("ProblemDocument")
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
            _refuse_with_problems(made["paths"])
            # the class is called otherwise because an exception has the name
            app.openapi_schema = json.loads(json.dumps(made).replace("/ProblemDocument", "/Problem"))
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # the way the framework documents


def _refuse_with_problems(paths: Mapping[str, Mapping[str, Any]]) -> None:
    """The framework says that it refuses in a form of its own; here it does so with problem documents."""
    for item in paths.values():
        for operation in item.values():
            if "application/json" in operation["responses"].get("422", {}).get("content", {}):
                operation["responses"]["422"] = refusals(422)[422]


def _schemas_of(model: type[BaseModel]) -> Mapping[str, Any]:
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs", {}), model.__name__: schema}
