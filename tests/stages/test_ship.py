"""
Shipping: what stands on the label.
"""

from orderpipe.domain.orders import fulfillment_id
from orderpipe.stages.ship import sscc, tracking_number
from tests.floor import Floor


def test_labels_the_parcels_of_ten_million_orders_apart() -> None:
    parcels = [fulfillment_id(order_id, 1) for order_id in (1, 2, 1_000_001, 2_000_001, 9_999_999)]
    assert len({sscc(one) for one in parcels}) == len({tracking_number(one) for one in parcels}) == len(parcels)


def test_ships_on_when_the_labels_begin_anew(floor: Floor) -> None:
    order_ids = [1, 10_000_001]
    for order_id in order_ids:
        floor.value("SELECT setval(pg_get_serial_sequence('orders', 'id'), :id, false)", id=order_id)
        floor.stock(on_hand=2)
        assert floor.order() == order_id
        floor.receive(order_id).deliver(fulfillment_id(order_id, 1))
    assert [floor.state(order_id)[0] for order_id in order_ids] == ["completed", "completed"]
