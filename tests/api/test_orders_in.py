"""
Orders in over HTTP: single ones committed together, the stream of many, and what both answer.
"""

import asyncio
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from orderpipe.api.group_commit import GroupCommit
from orderpipe.api.spool import Spool
from orderpipe.intake import groups
from orderpipe.intake.groups import GroupWriter
from orderpipe.intake.outcomes import Recorded
from orderpipe.store.database import Database
from tests.api.conftest import Clock, Sent, Shop, open_shop, settle
from tests.intake.conftest import ORDER, received


def count(database: Database, table: str = "orders") -> int:
    with database.begin() as tx:
        return int(tx.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def lines(*some: Any) -> bytes:
    return b"\n".join(one if isinstance(one, bytes) else json.dumps(one).encode() for one in some)


def bulk(http: TestClient, content: Any, kind: str = "application/x-ndjson") -> list[dict[str, Any]]:
    answer = http.post("/v1/orders/bulk", content=content, headers={"Content-Type": kind})
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def test_takes_an_order_and_hints_that_it_can_be_validated(http: TestClient, sent: Sent) -> None:
    answer = http.post("/v1/orders", json=ORDER)
    assert answer.status_code == 201
    receipt = answer.json()
    assert (receipt["number"], receipt["reference"], receipt["state"]) == ("100001-7", "WEB-1", "received")
    assert receipt["received_at"] == "2026-11-24T10:00:00Z"
    assert [one["what"] for one in receipt["targets"]] == ["confirm", "ship", "complete"]
    assert answer.headers["location"] == f"/v1/orders/{receipt['id']}"
    settle(sent)
    assert sent.messages == [("validate", [1], "standard")]


def test_the_same_again_is_the_same_order_and_other_content_a_conflict(http: TestClient, database: Database) -> None:
    first = http.post("/v1/orders", json=ORDER)
    again = http.post("/v1/orders", json=ORDER)
    other = http.post("/v1/orders", json=ORDER | {"note": "in red, please"})
    assert (again.status_code, again.json()) == (200, first.json())
    assert (other.status_code, other.json()["code"], other.json()["state"]) == (409, "reference-taken", "received")
    assert other.json()["order"] == first.json()["id"]
    assert other.headers["content-type"] == "application/problem+json"
    assert count(database) == 1


def test_says_everything_that_is_wrong_at_once(http: TestClient, database: Database) -> None:
    wrong = ORDER | {"total": 20.0, "lines": [{"sku": "A", "quantity": "2", "colour": "red"}], "ship_to": {"country": "Britain"}}
    answer = http.post("/v1/orders", json=wrong)
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["code"] == "malformed"
    assert {(one["pointer"], one["code"]) for one in problem["errors"]} == {
        ("/total", "money-format"), ("/lines/0/quantity", "int-type"), ("/lines/0/colour", "unknown-field"),
        ("/ship_to/country", "country"),
    }
    assert count(database, "intake WHERE state = 'refused'") == 1


def test_wants_json_and_within_bounds(http: TestClient) -> None:
    assert http.post("/v1/orders", content=b"x=1", headers={"Content-Type": "text/plain"}).status_code == 415
    assert http.post("/v1/orders", json=ORDER | {"note": "x" * 1_100_000}).status_code == 413
    assert http.post("/v1/orders", json=ORDER, headers={"Idempotency-Key": "k" * 256}).json()["code"] == "key-length"
    assert http.post("/v1/orders", json=ORDER, headers={"Authorization": ""}).status_code == 401


def test_only_the_office_takes_telephone_orders(http: TestClient, shop: Shop) -> None:
    order = ORDER | {"channel": "telephone"}
    refused = http.post("/v1/orders", json=order)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "channel-not-yours")
    assert http.post("/v1/orders", json=order, headers=shop.as_("office")).status_code == 201
    assert http.post("/v1/orders", json=order, headers=shop.as_("warehouse")).status_code == 403


def test_a_key_gets_its_first_answer_again(http: TestClient) -> None:
    key = {"Idempotency-Key": "checkout-17"}
    first = http.post("/v1/orders", json=ORDER, headers=key)
    again = http.post("/v1/orders", json=ORDER, headers=key)
    other = http.post("/v1/orders", json=ORDER | {"reference": "WEB-2"}, headers=key)
    assert (again.status_code, again.json(), again.headers["idempotent-replayed"]) == (201, first.json(), "true")
    assert "idempotent-replayed" not in first.headers
    assert (other.status_code, other.json()["code"]) == (422, "key-reused")


def test_one_key_used_by_many_at_once_makes_one_order(http: TestClient, database: Database) -> None:
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda _: http.post("/v1/orders", json=ORDER, headers={"Idempotency-Key": "k"}), range(48)))
    assert {one.status_code for one in answers} == {201}
    assert all(one.json() == answers[0].json() for one in answers)
    assert count(database) == 1


def test_a_key_and_a_reference_belong_to_their_shop(http: TestClient, database: Database) -> None:
    other = open_shop(database, "other")
    key = {"Idempotency-Key": "k"}
    assert http.post("/v1/orders", json=ORDER, headers=key).status_code == 201
    assert http.post("/v1/orders", json=ORDER | {"note": "another"}, headers=key | other.as_("shop")).status_code == 201


def test_keeps_an_order_as_it_came_for_who_does_not_want_to_wait(http: TestClient, sent: Sent, database: Database) -> None:
    answer = http.post("/v1/orders", json=ORDER, headers={"Prefer": "respond-async, wait=1"})
    assert (answer.status_code, answer.json()["state"]) == (202, "pending")
    assert answer.headers["preference-applied"] == "respond-async"
    assert answer.headers["location"] == f"/v1/intakes/{answer.json()['intake']}"
    assert count(database) == 0
    settle(sent)
    assert sent.messages == [("receive", [1], "standard")]


def test_writes_what_comes_together_in_one_transaction(database: Database, clock: Clock, shop: Shop, sent: Sent) -> None:
    """While one commit runs, what arrives waits and is the next group."""
    sizes: list[int] = []
    go_on = threading.Event()

    class Slow(GroupWriter):
        def write(self, group: Any) -> Any:
            sizes.append(len(group))
            go_on.wait(5)
            return super().write(group)

    door = GroupCommit(Slow(database, clock, sent))
    door.start()

    async def all_at_once() -> list[Any]:
        waiting = [asyncio.ensure_future(door.submit(received(shop.id, ORDER | {"reference": "R"})))]
        while not sizes:
            await asyncio.sleep(0.01)
        waiting += [asyncio.ensure_future(door.submit(received(shop.id, ORDER | {"reference": f"R-{n}"}))) for n in range(249)]
        await asyncio.sleep(0.1)
        go_on.set()
        return await asyncio.gather(*waiting)

    outcomes = asyncio.run(all_at_once())
    door.stop()
    assert all(isinstance(one, Recorded) and one.new for one in outcomes)
    assert sizes == [1, groups.MOST, 49]


def test_one_order_that_breaks_stands_alone_and_its_bytes_are_kept(
    database: Database, clock: Clock, shop: Shop, sent: Sent
) -> None:
    with database.begin() as tx:
        tx.execute(text("""CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN IF NEW.reference = 'R-7' THEN RAISE EXCEPTION 'no sevens today'; END IF; RETURN NEW; END $$"""))
        tx.execute(text("CREATE TRIGGER refuse BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION refuse()"))
    writer = GroupWriter(database, clock, sent)
    outcomes = writer.write([received(shop.id, ORDER | {"reference": f"R-{n}"}) for n in range(20)])
    assert [type(one).__name__ for one in outcomes] == ["Recorded"] * 7 + ["Kept"] + ["Recorded"] * 12
    with database.begin() as tx:
        (error,) = tx.execute(text("SELECT last_error FROM intake WHERE state = 'pending'")).scalars()
    assert "no sevens today" in error
    assert sum(len(ids) for _, ids, _ in sent.messages) == 19


def test_says_that_the_database_is_away(http: TestClient, monkeypatch: pytest.MonkeyPatch, database: Database) -> None:
    monkeypatch.setattr(groups, "PATIENCE", 0.0)
    with database.begin() as tx:
        tx.execute(text("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE"))
        answer = http.post("/v1/orders", json=ORDER)
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "unavailable", "2")
    assert http.post("/v1/orders", json=ORDER).status_code == 201


def test_waits_out_a_short_lock(http: TestClient, database: Database) -> None:
    def lock() -> None:
        with database.begin() as tx:
            tx.execute(text("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE"))
            time.sleep(2.5)  # longer than the lock timeout

    locking = threading.Thread(target=lock)
    locking.start()
    time.sleep(0.2)
    assert http.post("/v1/orders", json=ORDER).status_code == 201
    locking.join()


def test_answers_a_stream_line_by_line(http: TestClient, database: Database) -> None:
    results = bulk(http, lines(
        ORDER, b"", ORDER | {"reference": "WEB-2"}, b"{not json", ORDER, ORDER | {"note": "other"}, b"[" * 1000, ORDER | {"reference": "3"},
    ))
    assert [(one["line"], one["status"]) for one in results] == [(1, 201), (3, 201), (4, 422), (5, 200), (6, 409), (7, 422), (8, 201)]
    assert results[0]["reference"] == "WEB-1"
    assert results[2]["problem"]["errors"][0]["code"] == "json-invalid"
    assert count(database) == 3


def test_a_line_that_is_too_long_fails_alone(http: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orderpipe.api.orders_bulk.LONGEST_LINE", 1000)
    long = ORDER | {"reference": "long", "note": "x" * 3000}
    content = lines(ORDER, long, ORDER | {"reference": "WEB-2"}, long)
    chunks = [content[at : at + 700] for at in range(0, len(content), 700)]
    results = bulk(http, iter(chunks))
    assert [(one["line"], one["status"]) for one in results] == [(1, 201), (2, 413), (3, 201), (4, 413)]


def test_takes_thousands_in_groups_and_hints_each_lane_once_a_group(http: TestClient, database: Database, sent: Sent) -> None:
    content = lines(*(ORDER | {"reference": f"B-{n}", "type": "express" if n % 100 == 0 else "bulk"} for n in range(1000)))
    results = bulk(http, content)
    assert [one["status"] for one in results] == [201] * 1000
    assert [one["line"] for one in results] == list(range(1, 1001))
    assert count(database) == 1000
    deadline = time.monotonic() + 2
    while len(sent.messages) < 10 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert sorted(lane for _, _, lane in sent.messages) == ["bulk"] * 5 + ["express"] * 5


def test_an_empty_stream_has_no_results(http: TestClient) -> None:
    assert bulk(http, b"\n\n") == []
    assert http.post("/v1/orders/bulk", content=b"", headers={"Content-Type": "text/csv"}).status_code == 415


def test_a_spool_is_read_while_it_is_written() -> None:
    async def story() -> bytes:
        spool, seen = Spool(), b""

        async def write() -> None:
            for number in range(300):
                spool.write(b"%d," % number * 2000)
                if number % 7 == 0:
                    await asyncio.sleep(0)
            spool.finish()

        writing = asyncio.ensure_future(write())
        async for chunk in spool.chunks():
            seen += chunk
        await writing
        spool.close()
        return seen

    assert asyncio.run(story()) == b"".join(b"%d," % number * 2000 for number in range(300))

