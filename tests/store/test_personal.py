"""
Every column that could tell of a customer is declared: personal, with what is left of it, or harmless.
"""

import pytest
from sqlalchemy import LargeBinary, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from orderpipe.store.personal import Personal, declared, is_declared, personal
from orderpipe.store.tables import metadata

TABLES = declared(metadata)


def telling(table: Table) -> set[str]:
    """The columns that can hold anything."""
    return {column.name for column in table.columns if isinstance(column.type, Text | JSONB | LargeBinary)}


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda table: table.name)
def test_every_table_says_what_is_personal_in_it(table: Table) -> None:
    assert is_declared(table), f"{table.name}: info=personal(…) or info=IMPERSONAL, as orderpipe/store/personal.py has it"


@pytest.mark.parametrize(("table", "said"), TABLES.items(), ids=[table.name for table in TABLES])
def test_every_column_is_personal_or_harmless(table: Table, said: Personal) -> None:
    assert telling(table) - said.erased.keys() - said.harmless == set(), "say which of the two these are"
    assert said.erased.keys() & said.harmless == set()
    assert (said.erased.keys() | said.harmless) <= {column.name for column in table.columns}
    assert said.goes or all(said.erased.values()), "without what is left, the row has to go"


def test_tables_with_an_order_are_not_overlooked() -> None:
    about = {table.name for table in metadata.sorted_tables if {"order_id", "fulfillment_id", "contact_key"} & set(table.columns.keys())}
    assert about - {table.name for table in TABLES} <= {
        "backorder", "stock_movement", "erasure", "memory_progress", "memory_waiting", "outlook", "watch",
    }, "goods, and how far a job is"


def test_a_table_that_says_nothing_is_found_out() -> None:
    said = personal(name="''", harmless="kind")["personal"]
    assert (said.erased, said.harmless, said.goes) == ({"name": "''"}, {"kind"}, False)
