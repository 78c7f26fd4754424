"""
The log: a line for each record, and no line that somebody else has written.
"""

import io
import logging
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from orderpipe import log_lines
from tests import hostile

SEEN = "%(levelname)s %(message)s"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What a log of ours holds."""
    before, log = logging.getLogRecordFactory(), logging.getLogger("orderpipe.hostile")
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter(SEEN))
    log.addHandler(handler)
    log_lines.keep_to_one_line()
    yield stream
    log.removeHandler(handler)
    logging.setLogRecordFactory(before)


@hostile.each
def test_a_record_is_one_line_and_can_be_told_from_all_others(written: io.StringIO, text: str) -> None:
    logging.getLogger("orderpipe.hostile").warning("It says %s.", text)
    (line,) = written.getvalue().splitlines()
    assert line.startswith("WARNING It says ")
    assert line.isprintable() or not line.isascii()


@hostile.each
def test_an_error_in_somebody_elses_words_stays_below_its_record(written: io.StringIO, text: str) -> None:
    try:
        raise ValueError(text)
    except ValueError:
        logging.getLogger("orderpipe.hostile").exception("It failed.")
    first, *rest = written.getvalue().splitlines()
    assert first == "ERROR It failed."
    assert all(line.startswith("  ") for line in rest)


def test_an_error_of_the_database_does_not_tell_what_a_customer_wrote(engine: Engine) -> None:
    with pytest.raises(DBAPIError) as raised, engine.begin() as tx:
        tx.execute(text("SELECT 1 / CAST(:zero AS int), CAST(:name AS text)"), {"zero": 0, "name": "Ann Ok"})
    assert "Ann Ok" not in str(raised.value)
