"""
The migrations lead to the tables that the code speaks of.
"""

from orderpipe.store import migrations_runner


def test_lead_to_the_tables_in_the_code(database_url: str) -> None:
    assert migrations_runner.differences(database_url) == []


def test_have_nothing_to_do_twice(database_url: str) -> None:
    migrations_runner.upgrade(database_url)
    revision, newest = migrations_runner.current_revision(database_url)
    assert revision == newest
