"""
The fixtures that every other test stands on.
"""

import time
from collections.abc import Callable

import psycopg
import redis

from tests.servers import PostgresServer, RedisServer


def _libpq(url: str) -> str:
    return url.replace("+psycopg", "")


def test_each_database_is_migrated_and_another(new_database: Callable[[], str]) -> None:
    first, second = new_database(), new_database()
    assert first != second
    with psycopg.connect(_libpq(first)) as connection:
        assert connection.execute("SELECT count(*) FROM orders").fetchone() == (0,)


def test_a_database_comes_quickly(new_database: Callable[[], str]) -> None:
    new_database()
    started = time.perf_counter()
    for _ in range(5):
        new_database()
    assert (time.perf_counter() - started) / 5 < 0.5  # some 40 ms on an idle machine


def test_each_broker_is_empty(new_broker: Callable[[], str]) -> None:
    for url in (new_broker(), new_broker()):
        with redis.Redis.from_url(url) as client:
            assert client.dbsize() == 0
            client.set("left", "over")


def test_a_private_redis_keeps_its_data_over_a_kill(private_redis: Callable[[], RedisServer]) -> None:
    server = private_redis()
    with redis.Redis.from_url(server.url()) as client:
        client.set("order", "1001")
        time.sleep(1.2)  # appendfsync everysec
        server.kill()
        server.start()
        assert client.get("order") == b"1001"


def test_a_private_postgres_keeps_its_data_over_a_kill(private_postgres: Callable[..., PostgresServer]) -> None:
    server = private_postgres(durable=True)
    with psycopg.connect(_libpq(server.url()), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1001 AS number")
    server.kill()
    server.start()
    with psycopg.connect(_libpq(server.url())) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (1001,)
