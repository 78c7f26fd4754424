"""
Online Retail replayed in time order: hardly any ordinary invoice is asked about, and every doubtful one is found.
"""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.doubtful_invoices import DOUBTFUL
from tests.needs import require
from tests.replay import TROUBLE, replay, table

MOST_ASKED = 0.03


@pytest.mark.timeout(900)
def test_few_ordinary_invoices_are_asked_about_and_every_doubtful_one_is_found(engine: Engine, tmp_path: Path) -> None:
    files = sorted((require("real-data") / "online_retail").glob("*.csv"))
    result = replay(engine, files, tmp_path)
    ordinary = result.ordinary
    assert len(ordinary) > 0.8 * len(result.found)
    assert len(result.stopped(ordinary)) <= MOST_ASKED * len(ordinary), table(result, files)
    assert [(number, why) for number, _, why in DOUBTFUL if number not in result.rejected and not result.found.get(number)] == []
    # and hardly one of them goes on with nothing but a note
    noted = [number for number, _, _ in DOUBTFUL if number in result.found and not result.stopped([number])]
    assert noted == ["564764"]
    assert {one.severity for found in result.found.values() for one in found} & TROUBLE
