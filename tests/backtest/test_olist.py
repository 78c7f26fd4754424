"""
Reading Olist's files: blanks are no obstacle, and what is wrong is said with file, line and column.
"""

from decimal import Decimal
from pathlib import Path

import pytest

from orderpipe.backtest import olist
from orderpipe.backtest.olist import COLUMNS, ORDERS
from orderpipe.backtest.refusals import CannotJudge
from tests.backtest.files import COUNT, write
from tests.needs import require


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path)


def replaced(path: Path, line: int, old: str, new: str) -> None:
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    assert old in lines[line - 1]
    lines[line - 1] = lines[line - 1].replace(old, new)
    path.write_text("\n".join(lines))


def test_reads_every_order_in_the_order_of_purchases(folder: Path) -> None:
    past = olist.read(folder)
    bought = [one.measured.known.bought_at for one in past]
    assert len(past) == COUNT
    assert bought == sorted(bought)
    assert {one.measured.known.category for one in past} == {"", "toys"}


def test_what_is_blank_is_unknown(folder: Path) -> None:
    bare, whole = (one.measured.known for one in olist.read(folder)[:2])
    assert (bare.region, bare.seller, bare.pieces, bare.freight, bare.grams, bare.payment) == ("", "", None, None, 0.0, "")
    assert (whole.pieces, whole.freight, whole.grams, whole.litres, whole.value) == (1, Decimal(), 250.0, 0.0, Decimal("9.90"))


def test_an_order_without_an_estimate_or_purchase_is_no_error(folder: Path) -> None:
    orders = folder / ORDERS
    lines = orders.read_text(encoding="utf-8-sig").splitlines()
    lines[1] = lines[1].rsplit(",", 1)[0] + ","
    lines[2] = "O1,C1,,,,"
    lines[3] = "O2,C2,2026-01-05 10:00:00"
    orders.write_text("\n".join(lines))
    past = olist.read(folder)
    assert (len(past), past[0].their_day) == (COUNT - 1, None)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotJudge, match=r"There is no folder .*nowhere; --data names"):
        olist.read(tmp_path / "nowhere")


@pytest.mark.parametrize("name", COLUMNS)
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(CannotJudge, match=f"{name} cannot be read: No such file"):
        olist.read(folder)


@pytest.mark.parametrize(("name", "columns"), COLUMNS.items())
def test_a_missing_column_is_named(folder: Path, name: str, columns: tuple[str, ...]) -> None:
    replaced(folder / name, 1, columns[-1], "something_else")
    with pytest.raises(CannotJudge, match=f"{name} has no column {columns[-1]}"):
        olist.read(folder)


def test_a_bad_instant_is_named_with_its_line_and_column(folder: Path) -> None:
    replaced(folder / ORDERS, 3, "2026-01-", "2026-13-")
    with pytest.raises(CannotJudge, match=rf"{ORDERS}, line 3: order_.* is '2026-13-.*', which is no instant such as 2017-11-24"):
        olist.read(folder)


def test_a_file_that_is_no_text_is_named(folder: Path) -> None:
    (folder / ORDERS).write_bytes(b"order_id,\xff\xfe\n")
    with pytest.raises(CannotJudge, match="is no CSV file in UTF-8"):
        olist.read(folder)


def test_reads_the_real_files() -> None:
    past = olist.read(require("real-data") / "olist")
    assert len(past) == 26_582
    assert sum(one.measured.delivered_at is None for one in past) < 2_500
