"""
The door while the database is killed or the broker hangs: what was accepted is in the books, once, and nobody waits for ever.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from fastapi.testclient import TestClient
from sqlalchemy import text

from orderpipe.api.app import create_app
from orderpipe.assembly import Assembly
from orderpipe.serving import hints
from orderpipe.serving.hints import Hints
from orderpipe.settings import Settings
from orderpipe.store import migrations_runner
from orderpipe.store.database import Database, connect
from tests.api.conftest import Clock, Sent, Shop, open_shop
from tests.intake.conftest import ORDER
from tests.servers import PostgresServer


def test_a_hanging_broker_holds_up_nobody(database: Database, shop: Shop, clock: Clock) -> None:
    thaw = threading.Event()

    def hang(step: str, ids: Sequence[int], lane: str) -> None:
        thaw.wait(30)

    def hang_too(name: str, *args: object, queue: object) -> None:
        thaw.wait(30)

    parts = Assembly(Settings.model_validate({"database_url": "-"}), database, clock, hang, hang_too)
    with TestClient(create_app(parts), headers=shop.as_("shop")) as http:
        started = time.monotonic()
        answers = [http.post("/v1/orders", json=ORDER | {"reference": f"R-{n}"}) for n in range(30)]
        assert {one.status_code for one in answers} == {201}
        assert time.monotonic() - started < 10
        thaw.set()


def test_hints_that_nobody_takes_are_dropped_not_kept() -> None:
    frozen, first = threading.Event(), threading.Event()

    def hang(step: str, ids: Sequence[int], lane: str) -> None:
        first.set()
        frozen.wait(30)

    sent = Sent()
    some = Hints(hang, sent.task)
    some.start()
    for number in range(hints._WAITING_AT_MOST + 50):
        some.give("validate", [number], "standard")
        first.wait(5)
    assert some.dropped == 49
    frozen.set()
    some.stop()


def test_what_is_accepted_while_the_database_is_killed_is_there_once(
    private_postgres: Callable[..., PostgresServer], clock: Clock, sent: Sent
) -> None:
    server = private_postgres(durable=True)
    migrations_runner.upgrade(server.url())
    database = connect(server.url())
    shop = open_shop(database, "demo")
    parts = Assembly(Settings.model_validate({"database_url": server.url()}), database, clock, sent, sent.task)
    with TestClient(create_app(parts), headers=shop.as_("shop")) as http:

        def post(number: int) -> int:
            deadline = time.monotonic() + 30
            while True:
                time.sleep(0.01)
                status = http.post("/v1/orders", json=ORDER | {"reference": f"R-{number}"}).status_code
                if status != 503 or time.monotonic() > deadline:
                    return status

        with ThreadPoolExecutor(8) as threads:
            answers = threads.map(post, range(300))
            time.sleep(0.5)
            server.kill()
            time.sleep(0.5)
            server.start()
            statuses = Counter(answers)
    assert set(statuses) <= {200, 201}  # 200: it was committed, but its answer was lost with the connection
    with database.begin() as tx:
        counted = tx.execute(text("""SELECT count(*), count(DISTINCT reference), (SELECT count(*) FROM journal),
            (SELECT count(*) FROM notification), (SELECT count(*) FROM intake) FROM orders""")).one()
    assert tuple(counted) == (300, 300, 300, 300, 300)
    database.dispose()
