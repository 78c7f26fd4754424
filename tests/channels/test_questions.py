"""
Every rule has its question in every language, with the evidence it found.
"""

from typing import Any

import pytest

from orderpipe.channels.questions import question_of
from orderpipe.channels.samples import ORDER
from orderpipe.channels.views import OrderView
from orderpipe.channels.wording import LANGUAGES, wording
from orderpipe.domain.rules import RULES

EVIDENCE: dict[str, dict[str, Any]] = {
    "quantity-unusual": {
        "field": "/lines/0/quantity", "have": 2_000, "proposals": [20], "usual_from": 5, "usual_to": 20, "whose": "customer", "times": 6,
    },
    "price-differs": {
        "field": "/lines/0/unit_price", "have": "649.50", "proposals": ["10.95"], "usual_from": "4.95", "usual_to": "10.95",
    },
    "address-implausible": {"field": "/ship_to/postal_code", "have": "90210", "country": "GB", "example": "EC1Y 8SY"},
    "address-slip": {"field": "/ship_to/line1", "have": "12 Hihg Street", "before": "12 High Street", "proposals": ["12 High Street"]},
    "duplicate-order": {"field": "/reference", "have": "100041-8", "order": "100041-8", "minutes": 3, "alike": "100%"},
    "purchase-order-again": {"field": "/purchase_order", "have": "PO-7", "order": "100041-8", "on": "2026-10-01"},
    "requested-date-impossible": {"field": "/requested_on", "have": "2026-11-08", "why": "no-delivery", "proposals": ["2026-11-09"]},
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("rule", [rule.name for rule in RULES])
def test_every_rule_has_a_question_of_its_own(rule: str, language: str) -> None:
    said = wording(language, "Europe/Berlin", "EUR")
    doubt = {"rule": rule, "field": "/ship_to/city" if rule == "address-missing" else "/total", "have": "x"} | EVIDENCE.get(rule, {})
    question = question_of(doubt, OrderView(ORDER, said), said)
    general = question_of(doubt | {"rule": "of-somebody-else"}, OrderView(ORDER, said), said)
    assert question != general or rule == "address-missing"
    assert "{" not in question


@pytest.mark.parametrize(("rule", "told"), [
    ("quantity-unusual", ["2,000", "5 to 20"]), ("price-differs", ["€649.50", "€4.95 to €10.95"]),
    ("duplicate-order", ["100041-8", "3 minutes"]), ("purchase-order-again", ["PO-7", "100041-8", "1 October 2026"]),
    ("requested-date-impossible", ["Nobody delivers", "8 November 2026"]),
    ("address-slip", ["12 Hihg Street", "12 High Street"]), ("address-implausible", ["90210", "United Kingdom"]),
])  # fmt: skip
def test_the_question_tells_the_evidence(rule: str, told: list[str]) -> None:
    said = wording("en", "Europe/Berlin", "EUR")
    question = question_of({"rule": rule} | EVIDENCE[rule], OrderView(ORDER, said), said)
    assert all(one in question for one in told), question
