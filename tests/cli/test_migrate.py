"""
`orderpipe migrate`: from an empty database to the newest tables, with everybody's defaults.
"""

import pytest
from sqlalchemy import Engine

from orderpipe.local.postgres import Postgres
from orderpipe.settings import settings
from orderpipe.store.policies import order_type
from tests import builders
from tests.cli.conftest import Terminal


def test_says_from_where_to_where(orderpipe: Terminal, shared_postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    shared_postgres.create_database("empty_for_migrate")
    try:
        monkeypatch.setenv("ORDERPIPE_DATABASE_URL", shared_postgres.url("empty_for_migrate"))
        settings.cache_clear()
        before = orderpipe("shop", "list")
        assert (before.exit_code, before.err) == (1, "The database has no tables of orderpipe yet; run `orderpipe migrate`.\n")
        assert orderpipe("migrate").out.startswith("Migrated from an empty database to 0")
        assert orderpipe("migrate").out.endswith("the newest.\n")
    finally:
        shared_postgres.drop_database("empty_for_migrate")


def test_writes_the_defaults_that_are_missing(orderpipe: Terminal, engine: Engine) -> None:
    moved = orderpipe("migrate", "--json").json
    assert moved["from"] == moved["to"]
    with engine.begin() as tx:
        assert {"standard", "express", "prepaid"} <= {row["code"] for row in builders.rows_of(tx, order_type)}
