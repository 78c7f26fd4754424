"""
One notification of every kind, with the facts it needs, and an order for them to speak of.
"""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from orderpipe.domain.notices import Leased, Order, OrderedLine
from tests.outbox import BERLIN, MARIA, NOON

LINK = "https://orders.tea.example/q/3fJk29xQpL"
DOUBTS = [
    {"rule": "name-missing", "field": "/customer/name", "have": "", "proposals": []},
    {"rule": "contact-missing", "field": "/customer", "have": {"email": "maria@", "phone": ""}, "proposals": []},
    {"rule": "address-missing", "field": "/ship_to", "have": {"line1": "Hauptstr. 1", "city": ""}, "proposals": []},
    {"rule": "description-missing", "field": "/lines/1/description", "have": "", "proposals": []},
    {"rule": "quantity-not-positive", "field": "/lines/0/quantity", "have": -2, "proposals": [2]},
    {"rule": "product-unknown", "field": "/lines/0/sku", "have": "TEA-l", "proposals": ["TEA-1", "TEA-7"]},
    {"rule": "payment-method-missing", "field": "/payment_method", "have": None, "proposals": ["invoice", "card"]},
    {"rule": "totals-differ", "field": "/total", "have": "34.50", "proposals": ["35.40"]},
    {"rule": "a-new-rule", "field": "/total", "have": None, "proposals": []},
    {"rule": "another-new-rule", "field": "/total", "text": "Shall we gift-wrap it?"},
]
LINES = [{"number": 1, "quantity": 2}, {"number": 2, "quantity": 1}]
SOON, LATER = "2026-11-05T08:00:00Z", "2026-11-06T16:00:00+00:00"
QUESTION = {"query_id": "qry_000000000007", "link": LINK, "answer_until": LATER, "doubts": DOUBTS, "on_silence": "wait"}

FACTS: dict[str, Mapping[str, Any]] = {
    "acknowledgement": {
        "targets": [{"what": what, "until": LATER} for what in ("confirm", "ship", "complete")], "time_zone": "Europe/Berlin",
    },
    "question": QUESTION,
    "question-reminder": QUESTION,
    "delivery-date": {
        "parts": [
            {"from": SOON, "until": LATER, "lines": [LINES[0]], "kind": "parcel"},
            {"from": LATER, "until": "2026-11-06T18:00:00Z", "lines": [LINES[1]], "kind": "appointment"},
        ],
        "until": LATER,
    },
    "backorder": {"lines": [{**LINES[0], "expected_on": "2026-11-20"}, {**LINES[1], "expected_on": None}], "link": LINK},
    "shipped": {"tracking_number": "00340434161094021501", "carrier": "DHL Paket", "lines": LINES, "until": LATER},
    "out-for-delivery": {"tracking_number": "00340434161094021501"},
    "sent-again": {"status": "lost", "lines": LINES[:1]},
    "not-delivered": {"status": "returned", "lines": LINES[:1]},
    "part-delivered": {"tracking_number": "00340434161094021501", "lines": LINES[:1]},
    "thank-you": {"delivered_on": "2026-11-06", "rate_link": LINK},
    "amended": {
        "lines": [{"name": "Darjeeling First Flush, 100 g", "before": 1, "after": 2}, {"name": "Oolong", "before": 3, "after": 0}],
        "added": [{"sku": "TEA-2", "quantity": 1}], "address": True, "contact": True, "payment": True, "requested_on": "2026-11-06",
        "total": "34.50", "until": LATER, "due": "12.25", "question": False, "by": "customer",
    },
    "withdrawal-received": {"lines": LINES[:1], "at": LATER},
    "office-withdrawal": {"lines": LINES[:1], "at": LATER, "note": "The colour is another."},
    "canceled": {"reason": "inventory", "lines": LINES[:1], "by": "office"},
    "rejected": {"reason": "We do not deliver to this country.", "doubts": DOUBTS[:1]},
    "payment-received": {"amount": "34.50"},
    "payment-needed": {"amount": "34.50", "link": LINK},
    "office-parked": {"error": "ZeroDivisionError: division by zero", "stage": "allocate", "unit": "order"},
    "office-question-unanswered": {
        "query_id": "qry_000000000007", "doubts": DOUBTS, "contact": "María Müller, +442079460123", "on_silence": "cancel",
        "silence_at": LATER, "command": "orderpipe order answer 100042-7 --set /customer/name=… --confirm totals-differ",
        "api": "POST /v1/queries/qry_000000000007/answer",
    },
    "office-target-breached": {"stage": "validated", "since": SOON, "target_minutes": 240},
    "office-parcel-lost": {"tracking_number": "00340434161094021501"},
    "office-no-date": {"reason": "The calendar standard has no working time."},
    "office-unclear-reply": {
        "mail": 17, "sender": "maria@customers.example", "subject": "Re: A question", "reply": ["about three", "or four"],
        "query_id": "qry_000000000007", "doubts": DOUBTS,
    },
    "office-customer-wrote": {"mail": 17, "sender": "maria@customers.example", "subject": "My order", "reply": ["Where is it?"]},
    "office-unreachable": {"kind": "question", "recipient": "maria@customers.example", "bounce_error": "550 5.1.1 User unknown"},
    "office-reminder": {"waiting_for": "office", "since": SOON},
}

ORDER = Order(
    number="100042-7",
    lines=(
        OrderedLine(1, "TEA-1", "goods", "Darjeeling First Flush, 100 g", 2, Decimal("12.25")),
        OrderedLine(2, "TEA-2", "goods", "", 1, Decimal("10.0000")),
    ),
    reference="WEB-2026-1", received_at=NOON, customer=MARIA, ship_to=BERLIN, payment_method="invoice", currency="EUR",
    total=Decimal("34.50"), shop_name="Tee & Söhne", mail_from="orders@tea.example", time_zone="Europe/Berlin", country="DE",
)
CHINESE_ORDER = replace(
    ORDER, customer={"name": "李伟", "email": "liwei@customers.example"}, shop_name="清风茶庄", time_zone="Asia/Shanghai", currency="CNY",
    ship_to={"line1": "中山路 1 号", "city": "上海", "postal_code": "200000", "country": "CN"},
    lines=(
        OrderedLine(1, "TEA-1", "goods", "西湖龙井 100 克", 2, Decimal("12.25")),
        OrderedLine(2, "TEA-2", "goods", "滤茶器", 1, Decimal(10)),
    ),
)


def notice(kind: str, *, language: str = "en", channel: str = "email", facts: Mapping[str, Any] | None = None) -> Leased:
    """A notification of this kind, leased for sending."""
    audience, recipient = ("office", "office@tea.example") if kind.startswith("office-") else ("customer", "maria@customers.example")
    return Leased(
        id=1, order_id=42, audience=audience, channel=channel, recipient=recipient, kind=kind, language=language,
        facts=FACTS[kind] if facts is None else facts, dedupe_key=f"42 {kind}", attempts=1, created_at=NOON,
    )
