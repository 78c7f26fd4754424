"""
What the floor is given: the order as it came, the facts of the letters, and the letters themselves as they are kept once rendered.
"""

import json
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache

from benchmarks.bench_shop import order_json
from orderpipe.channels.email import write_mail
from orderpipe.channels.keeping import keep
from orderpipe.domain.notices import Leased, Order, OrderedLine

RAW = order_json(1000)
_FROM, _UNTIL = "2026-11-27T08:00:00+00:00", "2026-11-27T20:00:00+00:00"
_LINES = [{"number": 1, "quantity": 1}, {"number": 2, "quantity": 2}]
_FACTS: dict[str, dict[str, object]] = {
    "acknowledgement": {"targets": [{"what": what, "until": _UNTIL} for what in ("confirm", "ship", "complete")]},
    "delivery-date": {"parts": [{"from": _FROM, "kind": "parcel", "lines": _LINES, "until": _UNTIL}], "until": _UNTIL},
    "shipped": {"lines": _LINES, "until": _UNTIL, "carrier": "orderpipe-parcel", "tracking_number": "OP1010016"},
    "thank-you": {"lines": None, "delivered_on": _UNTIL, "page_link": f"http://127.0.0.1:8000/t/{'a' * 35}"},
}
FACTS = {kind: json.dumps(facts) for kind, facts in _FACTS.items()}
ARITHMETIC = json.dumps([
    {"step": "prepare", "until": _FROM, "detail": "picking and packing: 720 working minutes at main"},
    {"step": "carrier", "until": _UNTIL, "detail": "orderpipe-parcel, same country: 2 working days"},
])
_NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
_ORDER = Order(
    "101000-8",
    tuple(OrderedLine(number, f"SKU-{number}", "goods", "As in the catalogue", number, Decimal("2.00")) for number in (1, 2)),
    "B-1000", _NOW, {"name": "Customer 1000", "email": "customer1000@example.com"},
    {"line1": "1 High Street", "city": "London", "postal_code": "N1 1AA", "country": "GB"}, "invoice", "GBP", Decimal("6.00"),
    "Bench & Sons", "", "UTC", "GB",
)


@lru_cache(maxsize=10)
def letter_of(kind: str) -> bytes:
    """A letter of this kind as it is kept: rendered and compressed once, as large as every other."""
    notice = Leased(1, 1, "customer", "email", "customer1000@example.com", kind, "en", _FACTS[kind], f"{kind}:1000", 1, _NOW)
    return keep(write_mail(notice, _ORDER, default_from="orders@orderpipe.example").content, "en")
