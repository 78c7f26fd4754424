"""
A whole column travels as psycopg would pack it, only sooner.
"""

from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.adapt import AdaptersMap, PyFormat, Transformer
from psycopg.types.array import ListBinaryDumper

from orderpipe.flow import OrderState
from orderpipe.store.columns import Column

NOW = datetime(2026, 11, 3, 9, tzinfo=UTC)
INTEGERS = st.integers(-(2**63), 2**63 - 1)


def packed(column: list[Any], by: type[ListBinaryDumper]) -> tuple[bytes, int, int]:
    adapters = AdaptersMap(psycopg.adapters)
    adapters.register_dumper(list, by)
    dumper = Transformer(SimpleNamespace(adapters=adapters, connection=None)).get_dumper(column, PyFormat.AUTO)
    return bytes(dumper.dump(column) or b""), dumper.oid, dumper.format


def is_the_same(column: list[Any]) -> bool:
    return packed(column, Column) == packed(column, ListBinaryDumper)


@given(st.one_of(
    st.lists(INTEGERS), st.lists(st.integers(0, 3)), st.lists(INTEGERS | st.none()), st.lists(st.text()), st.lists(st.text() | st.none()),
    st.lists(st.booleans()), st.lists(st.floats()), st.lists(st.decimals(allow_nan=False)), st.lists(st.binary()),
))
def test_a_column_is_packed_as_psycopg_packs_it(column: list[Any]) -> None:
    assert is_the_same(column)


@pytest.mark.parametrize(
    "value", [0, -1, 2**40, "", "received", OrderState.RECEIVED, True, 0.5, NOW, NOW.date(), b"raw", None, Decimal("2.50")]
)
def test_a_value_that_all_rows_share_is_packed_as_psycopg_packs_it(value: object) -> None:
    assert all(is_the_same([value] * rows) for rows in (1, 2, 500))


@pytest.mark.parametrize(
    "column", [[], [[]], [[None]], [[1, 2], [3, 4]], [["a"], ["a"]], [0.0, -0.0], [Decimal("2.0"), Decimal("2.00")]]
)
def test_what_is_equal_but_not_the_same_is_told_apart(column: list[Any]) -> None:
    try:
        expected = packed(column, ListBinaryDumper)
    except psycopg.DataError:
        with pytest.raises(psycopg.DataError):
            packed(column, Column)
    else:
        assert packed(column, Column) == expected
