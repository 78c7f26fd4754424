"""
A shop with two products, and orders to send to it.
"""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine

from orderpipe.intake.json_order import parse
from orderpipe.intake.outcomes import Received
from orderpipe.intake.refusals import Malformed
from orderpipe.store.policies import ensure_defaults
from tests import builders

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)

ORDER: dict[str, Any] = {
    "reference": "WEB-1", "customer": {"name": "Ann Ok", "email": "ann@customers.example"}, "payment_method": "invoice",
    "ship_to": {"line1": "1 High Street", "city": "London", "postal_code": "N1 1AA", "country": "GB"},
    "currency": "GBP", "total": "20.00", "lines": [{"sku": "SKU-1", "quantity": 2, "unit_price": "10.00"}],
}


@pytest.fixture
def shop_id(engine: Engine) -> int:
    with engine.begin() as tx:
        ensure_defaults(tx)
        shop_id = builders.shop(tx)
        builders.product(tx, "SKU-1", shop_id, price="10.00")
        builders.product(tx, "FITTING", shop_id, price="80.00", kind="service")
        return shop_id


def received(shop_id: int, order: dict[str, Any] | bytes | None = None, **more: Any) -> Received:
    """An order (the usual one by default) as a door hands it over."""
    raw = order if isinstance(order, bytes) else json.dumps(ORDER if order is None else order).encode()
    try:
        return Received(shop_id, raw, parse(raw), **more)
    except Malformed as reason:
        return Received(shop_id, raw, reason, **more)
