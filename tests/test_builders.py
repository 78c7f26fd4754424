"""
What the other tests begin with holds the database's own rules.
"""

import pytest
from sqlalchemy import Engine

from orderpipe.flow import FulfillmentState, OrderState
from orderpipe.store.fulfillments import fulfillment_line
from orderpipe.store.orders import orders
from tests import builders


@pytest.mark.parametrize("state", FulfillmentState)
def test_a_fulfillment_can_stand_in_every_state(engine: Engine, state: FulfillmentState) -> None:
    with engine.begin() as tx:
        unit = builders.fulfillment(tx, builders.order(tx, {"SKU-1": 2, "SKU-2": 1}), state=state)
        lines = builders.rows_of(tx, fulfillment_line, fulfillment_id=unit)
    assert [(line["sku"], line["quantity"]) for line in lines] == [("SKU-1", 2), ("SKU-2", 1)]


@pytest.mark.parametrize("state", OrderState)
def test_an_order_can_stand_in_every_state(engine: Engine, state: OrderState) -> None:
    with engine.begin() as tx:
        order_id = builders.order(tx, state=state, currency="EUR")
        row = builders.rows_of(tx, orders, id=order_id)[0]
    assert (row["state"], row["currency"], row["total"]) == (state, "EUR", 20)


def test_parcels_and_stock(engine: Engine) -> None:
    with engine.begin() as tx:
        first, second = builders.fulfillment(tx), builders.fulfillment(tx, state="shipped")
        assert builders.parcel(tx, first) != builders.parcel(tx, second)
        builders.stock(tx, "SKU-1", 3, 1)
        builders.stock(tx, "SKU-1", 5)
