"""
A letter of every kind to look at and to try templates with: the facts it tells, and an order for them to speak of.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from orderpipe.domain.kinds import OPTIONAL, audience_of
from orderpipe.domain.notices import Leased, Order, OrderedLine

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
LINK = "https://orders.tea.example/q/3fJk29xQpL"
CASE = "C-100001-8"
DOUBTS = [
    {"rule": "name-missing", "field": "/customer/name", "have": "", "proposals": []},
    {"rule": "product-unknown", "field": "/lines/0/sku", "have": "TEA-l", "proposals": ["TEA-1", "TEA-7"]},
    {"rule": "totals-differ", "field": "/total", "have": "34.50", "proposals": ["35.40"]},
]
LINES = [{"number": 1, "quantity": 2}, {"number": 2, "quantity": 1}]
SOON, LATER = "2026-11-05T08:00:00Z", "2026-11-06T16:00:00+00:00"
QUESTION = {"query_id": "qry_000000000007", "link": LINK, "answer_until": LATER, "doubts": DOUBTS, "on_silence": "wait"}

ALARM: dict[str, Any] = {
    "alarm": "A-12", "stage": "released", "location": "main", "level": "supervisor", "count": 312, "since": SOON, "due_at": LATER,
    "target_minutes": 240, "orders": [
        {"number": "100042-7", "since": SOON, "due_at": LATER}, {"number": "100043-5", "since": SOON, "due_at": LATER},
    ],
}
ALARM_OF_ONE = ALARM | {"stage": "whole", "location": "", "target_minutes": 60, "count": 1, "orders": ALARM["orders"][:1]}

DELAY = {
    "was": SOON, "until": LATER, "silence": "cancels", "answer_until": LATER, "link": LINK,
    "options": ["wait", "part", "substitute", "cancel"], "substitutes": [
        {"number": 1, "quantity": 2, "name": "Darjeeling Second Flush", "price": None},
        {"number": 2, "quantity": 1, "name": "Oolong", "price": "9.50"},
    ],
}

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
    "thank-you": {"delivered_on": "2026-11-06", "page_link": LINK},
    "case-received": {
        "case": CASE, "kind": "complaint", "cause": "damaged", "by": "customer", "again": False, "acknowledge_by": SOON,
        "resolve_by": LATER,
    },
    "case-progress": {"case": CASE, "step": "acknowledged", "resolve_by": LATER},
    "case-response": {
        "case": CASE, "text": ["We are sorry.", "It was packed too loosely."],
        "remedies": [
            {"kind": "replacement", "order": "100043-5"}, {"kind": "re-delivery"}, {"kind": "refund", "amount": "12.25"},
            {"kind": "credit", "amount": "5.00"}, {"kind": "apology"},
        ],
    },
    "case-closed": {"case": CASE, "outcome": "resolved"},
    "return-authorised": {"case": CASE, "number": "R-100003-4", "lines": LINES[:1], "until": LATER, "label_link": LINK},
    "return-progress": {"number": "R-100003-4", "lines": LINES[:1], "step": "received"},
    "refund-paid": {"case": CASE, "amount": "12.25"},
    "credit-given": {"case": CASE, "amount": "5.00"},
    "rating-reminder": {"page_link": LINK, "completed_on": LATER},
    "amended": {
        "lines": [{"name": "Darjeeling First Flush, 100 g", "before": 1, "after": 2}, {"name": "Oolong", "before": 3, "after": 0}],
        "added": [{"sku": "TEA-2", "quantity": 1}], "address": True, "contact": True, "payment": True, "requested_on": "2026-11-06",
        "total": "34.50", "until": LATER, "due": "12.25", "question": False, "by": "customer",
    },
    "withdrawal-received": {
        "case": CASE, "lines": LINES[:1], "at": SOON, "under_way": True,
        "back": {"number": "R-100003-4", "until": LATER, "label_link": LINK},
    },
    "office-withdrawal": {"case": CASE, "lines": LINES[:1], "at": LATER, "note": "The colour is another."},
    "canceled": {"reason": "inventory", "lines": LINES[:1], "by": "office"},
    "kept-apart": {"of": "100041-8"},
    "rejected": {"reason": "We do not deliver to this country.", "doubts": DOUBTS[:1]},
    "payment-received": {"amount": "34.50", "was": SOON, "until": LATER},
    "payment-needed": {"amount": "34.50", "link": LINK},
    "office-parked": {"error": "ZeroDivisionError: division by zero", "stage": "allocate", "unit": "order"},
    "office-question-unanswered": {
        "query_id": "qry_000000000007", "doubts": DOUBTS, "contact": "María Müller, +442079460123", "on_silence": "cancel",
        "silence_at": LATER, "command": "orderpipe order answer 100042-7 --set /customer/name=… --confirm totals-differ",
        "api": "POST /v1/queries/qry_000000000007/answer",
    },
    "office-target-breached": ALARM,
    "office-target-soon": ALARM | {"level": "owner"},
    "office-parcel-lost": {"tracking_number": "00340434161094021501"},
    "office-no-date": {"reason": "The calendar standard has no working time."},
    "office-unclear-reply": {
        "mail": 17, "sender": "maria@customers.example", "subject": "Re: A question", "reply": ["about three", "or four"],
        "query_id": "qry_000000000007", "doubts": DOUBTS,
    },
    "office-customer-wrote": {"mail": 17, "sender": "maria@customers.example", "subject": "My order", "reply": ["Where is it?"]},
    "office-mail": {"mail": 17, "sender": "maria@customers.example", "subject": "A question", "reply": ["Do you sell tea pots?"]},
    "office-unreachable": {"kind": "question", "recipient": "maria@customers.example", "bounce_error": "550 5.1.1 User unknown"},
    "office-case": {
        "case": CASE, "kind": "claim", "cause": "damaged", "text": "It came in pieces.", "again": False, "acknowledge_by": SOON,
    },
    "office-low-score": {"case": CASE, "score": 1, "text": "Never again.", "resolve_by": LATER},
    "office-remedy": {"case": CASE, "remedy": "refund", "amount": "12.25", "reference": "C-100001-8/1"},
    "office-case-due": {
        "late": True, "owner": "", "count": 2, "cases": [
            {"case": CASE, "order": "100042-7", "kind": "claim", "owner": "Olga", "by": LATER},
            {"case": "C-100002-6", "order": "100043-5", "kind": "complaint", "owner": "", "by": LATER},
        ],
    },
    "delayed": DELAY | {
        "cause": "stock", "from": SOON, "lines": LINES[:1], "repeated": False, "appointment": False,
    },
    "delay-reminder": DELAY,
    "delay-answer": {"outcome": "newer", "choice": "wait", "until": LATER, "options": ["wait", "cancel"], "substitutes": [], "link": LINK},
    "office-at-risk": {"count": 3, "orders": [{"number": "100042-7", "stage": "picked", "turn": "warehouse", "until": LATER}]},
    "office-delay-call": DELAY | {"contact": "María Müller, +442079460123"},
    "office-improvement": {
        "first": "2026-10-26", "last": "2026-11-01", "causes": [
            {
                "kind": "breach", "what": "picked", "waits_for": "pack-scans", "orders": 21, "usual": "12.5", "trend": "more",
                "example": "100042-7", "look": "orderpipe report breaches --shop tea --from 2026-10-26 --until 2026-11-01",
            },
            {
                "kind": "case", "what": "damaged", "waits_for": "", "orders": 6, "usual": "6", "trend": "same", "example": "100040-1",
                "look": "orderpipe case list --shop tea",
            },
            {
                "kind": "cancellation", "what": "inventory", "waits_for": "", "orders": 1, "usual": "0", "trend": "new",
                "example": "100031-0", "look": "orderpipe report cancellations --shop tea --from 2026-10-26 --until 2026-11-01",
            },
        ],
    },
    "office-refund": {"amount": "34.50", "reason": "delay"},
    "office-webhook-disabled": {
        "endpoint": "whe_000000000007", "url": "https://shop.example/hooks/orders", "reason": "It answered 503.",
        "since": SOON, "disabled_at": LATER,
    },
    "office-reminder": {"waiting_for": "office", "since": SOON},
    "office-unconfirmed": {
        "count": 3, "minutes": 15,
        "orders": [{"number": "100042-7", "reason": "dead"}, {"number": "100043-5", "reason": "unreachable"}],
    },
    "office-own-words-fail": {"kind": "shipped", "language": "en", "error": "'carrier' is undefined"},
}
"""The facts of an ordinary letter of each kind."""

ANOTHER = {"tracking_number": "00340434161094021518", "carrier": "DHL Paket", "lines": LINES[1:], "until": LATER}
_PART = {"lines": LINES[1:]}
VARIANTS: dict[str, tuple[Mapping[str, Any], ...]] = {
    "office-remedy": ({"case": CASE, "remedy": "credit", "amount": "5.00", "reference": "C-100001-8/2"},),
    "case-progress": ({"case": CASE, "step": "written", "resolve_by": LATER, "text": ["One more thing: which side is broken?"]},),
    "question": ({**QUESTION, "again": True},),
    "acknowledgement": ({"targets": []},),
    "delivery-date": ({"parts": [{"from": SOON, "until": LATER, "lines": LINES, "kind": "parcel"}], "until": LATER},),
    "backorder": (
        {"lines": [{**LINES[0], "expected_on": None}], "earlier": [{"lines": [{**LINES[1], "expected_on": "2026-11-20"}]}]}, {"lines": []},
    ),
    "payment-needed": ({"amount": "34.50"},),
    "shipped": (FACTS["shipped"] | {"lines": LINES[:1], "earlier": [ANOTHER]}, ANOTHER | {"until": None}),  # type: ignore[operator]
    "amended": (
        FACTS["amended"] | {"question": True, "due": None, "earlier": [FACTS["amended"]]},  # type: ignore[operator]
        FACTS["amended"] | {"lines": [], "added": [], "ahead": [{"name": "Oolong", "quantity": 2}]},  # type: ignore[operator]
    ),
    "out-for-delivery": ({"tracking_number": "00340434161094021501", "earlier": [{"tracking_number": "00340434161094021518"}]},),
    "sent-again": ({"status": "returned", "lines": LINES[:1], "earlier": [{"status": "lost", **_PART}]},),
    "not-delivered": ({"status": "lost", "lines": LINES[:1], "earlier": [{"status": "returned", **_PART}]},),
    "part-delivered": (
        {"tracking_number": None, "lines": LINES[:1]}, ANOTHER | {"earlier": [FACTS["part-delivered"]]},
    ),
    "delay-answer": tuple(
        {"outcome": outcome, "choice": "wait", "until": until, "options": options, "substitutes": [], "link": LINK}
        for outcome, until, options in (
            ("taken", LATER, []), ("taken", None, []), ("before", LATER, ["cancel"]), ("newer", None, ["wait"]), ("newer", None, []),
            ("canceled", None, []), ("over", None, []), ("gone", LATER, ["wait", "cancel"]), ("gone", LATER, []),
        )
    ),
    "payment-received": ({"amount": "34.50"},),
    "thank-you": ({"delivered_on": "2026-11-06", "lines": LINES[:1]},),
    "canceled": (
        {"reason": "customer", "lines": None, "by": "customer"},
        {"reason": "merged", "lines": None, "by": "customer", "of": "100041-8"},
        {"reason": "inventory", "lines": LINES[:1], "by": "office", "earlier": [{"reason": "customer", "by": "customer", **_PART}]},
    ),
    "withdrawal-received": ({"case": CASE, "lines": LINES, "at": LATER, "under_way": False, "back": None},),
    "rejected": ({"reason": "fraud", "doubts": []},),
    "office-mail": ({"mail": 17, "sender": "", "subject": "", "reply": []},),
    "office-parked": ({"error": "ValueError", "incident": "inc_1"},),
    "office-refund": ({"amount": "4.50", "reason": "substitute"},),
    "office-improvement": ({
        "first": "2026-10-26", "last": "2026-11-01", "causes": [
            {
                "kind": kind, "what": what, "waits_for": waits, "orders": 1, "usual": "3", "trend": "less", "example": "100042-7",
                "look": "orderpipe report",
            }
            for kind, what, waits in (("question", "address-new", ""), ("breach", "whole", "carrier"), ("cancellation", "new", ""))
        ],
    },),
    "office-target-breached": (ALARM_OF_ONE,),
    "office-target-soon": (ALARM_OF_ONE,),
}
"""Others that a template must be able to tell: with less in them, or with what earlier letters would have told."""

ORDER = Order(
    number="100042-7",
    lines=(
        OrderedLine(1, "TEA-1", "goods", "Darjeeling First Flush, 100 g", 2, Decimal("12.25")),
        OrderedLine(2, "TEA-2", "goods", "", 1, Decimal("10.0000")),
    ),
    reference="WEB-2026-1", received_at=NOON,
    customer={"name": "María Müller", "email": "maria@customers.example", "phone": "+442079460123"},
    ship_to={"line1": "Hauptstraße 1", "city": "Berlin", "postal_code": "10827", "country": "DE"}, payment_method="invoice", currency="EUR",
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
    audience = audience_of(kind)
    recipient = {"office": "office@tea.example", "customer": "maria@customers.example"}[audience]
    return Leased(
        id=1, order_id=42, audience=audience, channel=channel, recipient=recipient, kind=kind, language=language,
        facts=FACTS[kind] if facts is None else facts, dedupe_key=f"42 {kind}", attempts=1, created_at=NOON,
    )


ORDERS = {"en": ORDER, "zh": CHINESE_ORDER}
"""The order that letters in each of our languages speak of."""

UNSUBSCRIBE = "https://orders.tea.example/u/AQMAAAAAAAAAAQAHyCwkb3XIZrbFTsSmmdk"


def sample(kind: str, language: str, *, own_words: str = "", facts: Mapping[str, Any] | None = None) -> tuple[Leased, Order]:
    """A letter of this kind as a sender gets it, and its order."""
    told = notice(kind, language=language, facts=facts)
    return replace(told, own_words=own_words, unsubscribe=UNSUBSCRIBE if kind in OPTIONAL else ""), ORDERS[language]
