"""
An order as JSON: refused when it has no form, taken down exactly when it has, however much is still missing.

What is missing (a name, an address, a quantity) is a question to the customer later; what has no form (an unknown field, money as
a number) is the sender's program at fault, and told to it at once.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from orderpipe.domain.orders import Contact, DraftLine, OrderDraft
from orderpipe.intake.codes import countries, currencies, is_language
from orderpipe.intake.complaints import explain
from orderpipe.intake.refusals import FieldError, Malformed

PARSER = "json-order"
MOST_LINES = 2_000
_ERRORS_TOLD = 50


def _country(code: str) -> str:
    if code and code not in countries():
        raise PydanticCustomError("country", "This is no country code of ISO 3166-1 alpha-2, such as GB or CN.")
    return code


def _currency(code: str) -> str:
    if code and code not in currencies():
        raise PydanticCustomError("currency", "This is no currency code of ISO 4217, such as GBP or CNY.")
    return code


def _language(tag: str) -> str:
    if tag and not is_language(tag):
        raise PydanticCustomError("language", "This is no language tag of BCP 47, such as en or zh-CN.")
    return tag


Word = Annotated[str, StringConstraints(max_length=100)]
Text = Annotated[str, StringConstraints(max_length=300)]
Long = Annotated[str, StringConstraints(max_length=5_000)]
Price = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,10}(\.[0-9]{1,4})?$")]
Amount = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,12}(\.[0-9]{1,2})?$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Customer(_Part):
    """Who ordered, and how they can be reached."""

    name: Text | None = Field(None, examples=["Ann Ok"])
    email: Annotated[str, StringConstraints(max_length=320)] | None = Field(None, examples=["ann@customers.example"])
    phone: Word | None = Field(None, examples=["+44 20 7946 0018"])
    company: Text | None = None


class Address(_Part):
    """Where the goods go."""

    name: Text | None = None
    line1: Text | None = Field(None, examples=["1 High Street"])
    line2: Text | None = None
    city: Text | None = Field(None, examples=["London"])
    region: Text | None = None
    postal_code: Word | None = Field(None, examples=["N1 1AA"])
    country: Annotated[str, AfterValidator(_country)] | None = Field(None, description="ISO 3166-1 alpha-2", examples=["GB"])


class Line(_Part):
    """One product or service, and how many of it."""

    sku: Word | None = Field(None, examples=["MUG-BLUE"])
    description: Annotated[str, StringConstraints(max_length=2_000)] | None = Field(None, description="Default: the product's.")
    quantity: Annotated[int, Field(ge=-1_000_000, le=1_000_000)] | None = Field(None, examples=[2])
    unit_price: Price | None = Field(None, description="A decimal string. Default: the product's price.", examples=["12.50"])


class JsonOrder(_Part):
    """An order as a shop sends it. Only `reference` must be there; what else is missing, the customer is asked for."""

    reference: Annotated[str, StringConstraints(max_length=100, pattern=r"\S")] = Field(
        description="The shop's own order number, unique within the shop.", examples=["WEB-1001"]
    )
    type: Annotated[str, StringConstraints(max_length=50, min_length=1)] = Field(
        "standard", description="The type of order, which decides about lane, time targets and prepayment."
    )
    channel: Literal["http", "telephone", "email", "file"] = Field("http", description="How the customer ordered.")
    language: Annotated[str, StringConstraints(max_length=35), AfterValidator(_language)] | None = Field(
        None, description="BCP 47: what to write to the customer in. Default: the shop's.", examples=["en"]
    )
    customer: Customer | None = None
    ship_to: Address | None = Field(None, description="Needed when goods are shipped.")
    payment_method: Word | None = Field(None, examples=["invoice"])
    currency: Annotated[str, AfterValidator(_currency)] | None = Field(
        None, description="ISO 4217. Default: the shop's.", examples=["GBP"]
    )
    total: Amount | None = Field(None, description="What the customer was told it costs, a decimal string.", examples=["25.00"])
    requested_on: date | None = Field(None, description="The day the customer wants it.", examples=["2026-12-18"])
    purchase_order: Word | None = Field(
        None, description="The customer's own number for this purchase; one that comes again is asked about.", examples=["PO-4711"]
    )
    note: Long | None = None
    backorder_policy: Literal["as-available", "all-at-once"] | None = Field(None, description="Default: the shop's.")
    lines: Annotated[list[Line], Field(max_length=MOST_LINES)] | None = None


_FIELDS = tuple(name for part in (JsonOrder, Customer, Address, Line) for name in part.model_fields)


def parse(raw: bytes, **defaults: str) -> OrderDraft:
    """
    The order in these bytes, nothing guessed, nothing dropped; `defaults` are what `type` and `channel` are where it does not say.

    Raises Malformed with everything that is wrong.
    """
    try:
        order = JsonOrder.model_validate_json(raw)
    except ValidationError as error:
        raise Malformed(_complaints(error)) from None
    if b"\\u0000" in raw and (nul := list(_nul_characters(order.model_dump(), ""))):
        raise Malformed(nul)
    unsaid = {name: value for name, value in defaults.items() if name not in order.model_fields_set}
    return _draft(order.model_copy(update=unsaid) if unsaid else order)


def take(document: Mapping[str, Any]) -> OrderDraft:
    """The order in this document, whose parts have the types that JSON gives them but for dates. Raises Malformed."""
    try:
        return _draft(JsonOrder.model_validate(document))
    except ValidationError as error:
        raise Malformed(_complaints(error)) from None


def _draft(order: JsonOrder) -> OrderDraft:
    customer, ship_to = order.customer, order.ship_to
    return OrderDraft(
        reference=order.reference,
        customer=Contact(customer.name or "", customer.email or "", customer.phone or "", customer.company or "")
        if customer else Contact(),
        lines=tuple([DraftLine(line.sku or "", line.quantity or 0, line.description or "", _money(line.unit_price))
                     for line in order.lines or ()]),
        type=order.type,
        channel=order.channel,
        language=order.language or "",
        ship_to={name: value for name, value in ship_to if value} or None if ship_to else None,
        payment_method=order.payment_method or "",
        currency=order.currency or "",
        total=_money(order.total),
        requested_on=order.requested_on,
        note=order.note or "",
        backorder_policy=order.backorder_policy or "",
        purchase_order=(order.purchase_order or "").strip(),
    )


def _money(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _complaints(error: ValidationError) -> list[FieldError]:
    found: list[ErrorDetails] = error.errors(include_url=False, include_context=True)
    return [explain(one, _FIELDS) for one in found[:_ERRORS_TOLD]]


def _nul_characters(value: Any, pointer: str) -> Iterator[FieldError]:
    """Where a NUL character stands: it has no meaning in any text, and the database takes none."""
    if isinstance(value, str) and "\0" in value:
        yield FieldError(pointer, "A text must not contain the NUL character (\\u0000).", "nul-character")
    elif isinstance(value, Mapping):
        for name, part in value.items():
            yield from _nul_characters(part, f"{pointer}/{name}")
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield from _nul_characters(part, f"{pointer}/{place}")
