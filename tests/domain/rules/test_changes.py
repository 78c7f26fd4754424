"""
Changes: a slip of the pen is asked about, a new address is only noted.
"""

from typing import Any

import pytest

from orderpipe.domain.rules import Known, Memory
from tests.domain.rules.orders import HOME, JANE, found, order


def again(**changes: Any) -> Any:
    """An order of somebody known by HOME, with changes."""
    return order(memory=Memory(known=Known(JANE["email"], JANE["phone"], HOME)), **changes)


@pytest.mark.parametrize(("part", "now"), [
    ("line1", "12 Hihg Street"), ("line1", "21 High Street"), ("city", "Lodnon"), ("postal_code", "N1 1AB"),
])  # fmt: skip
def test_asks_whether_nearly_the_old_address_is_meant(part: str, now: str) -> None:
    finding, = found("address-slip", again(ship_to=HOME | {part: now}))
    assert (finding.field, finding.have, finding.proposals) == (f"/ship_to/{part}", now, (HOME[part],))


@pytest.mark.parametrize("change", [
    {"line1": "12, HIGH STREET"}, {"line1": "14 High Street"}, {"line1": "112 High Street"}, {"line1": "3 Mill Road"},
    {"line1": "5 High Streed", "city": "Leeds", "postal_code": "LS1 4AP"}, {},
])  # fmt: skip
def test_leaves_the_same_and_a_really_other_address_alone(change: dict[str, str]) -> None:
    assert not found("address-slip", again(ship_to=HOME | change))


def test_notes_a_new_address_telephone_number_and_e_mail_address() -> None:
    leeds = {"line1": "3 Mill Road", "city": "Leeds", "postal_code": "LS1 4AP", "country": "GB"}
    finding, = found("address-new", again(ship_to=leeds))
    assert (finding.severity, finding.have, finding.evidence["before"]) == ("note", leeds, HOME)
    assert found("phone-new", again(customer=JANE | {"phone": "+447400999999"}))[0].severity == "note"
    assert found("email-new", again(customer=JANE | {"email": "doe@shop.example"}))[0].severity == "note"


def test_knows_a_telephone_number_in_either_form() -> None:
    assert not found("phone-new", again(customer=JANE | {"phone": "07400 123456"}))


def test_knows_nothing_of_a_new_customer() -> None:
    for rule in ("address-slip", "address-new", "phone-new", "email-new"):
        assert not found(rule, order())
