"""
The HTTP door while the broker is frozen or away: orders are taken, at once, and go their way when it is back.
"""

import json
import time
import urllib.request

from orderpipe.store import shops
from tests.faults.harness import Plant


def post(address: str, key: str, document: dict[str, object]) -> tuple[int, float]:
    """(status, seconds) of an order posted."""
    request = urllib.request.Request(f"{address}/v1/orders", json.dumps(document).encode(), {
        "Authorization": f"Bearer {key}", "Content-Type": "application/json", "Idempotency-Key": str(document["reference"]),
    })
    begun = time.monotonic()
    with urllib.request.urlopen(request, timeout=20) as answer:
        return int(answer.status), time.monotonic() - begun


def document(reference: str) -> dict[str, object]:
    home = {"line1": "1 High Street", "city": "London", "postal_code": "N1 1AA", "country": "GB"}
    return {
        "reference": reference, "customer": {"name": "Ann Ok", "email": f"{reference}@customers.example"}, "ship_to": home,
        "payment_method": "invoice", "currency": "GBP", "lines": [{"sku": "S1", "quantity": 2}],
    }


def test_orders_are_taken_while_the_broker_is_frozen_or_away(plant: Plant) -> None:
    assert plant.redis is not None
    with plant.engine.begin() as tx:
        key = shops.create_key(tx, plant.shop_id, "shop")
    address = plant.door()
    assert post(address, key, document("before"))[0] == 201
    plant.redis.freeze()
    frozen = [post(address, key, document(f"frozen-{number}")) for number in range(10)]
    plant.redis.thaw()
    plant.redis.kill()
    away = [post(address, key, document(f"away-{number}")) for number in range(10)]
    plant.redis.start()
    assert {status for status, _ in frozen + away} == {201}
    assert max(seconds for _, seconds in frozen + away) < 3
    plant.settle()
    assert plant.value("SELECT count(*) FROM orders WHERE reference ~ '^(before$|frozen-|away-[0-9])' AND state = 'completed'") == 21
