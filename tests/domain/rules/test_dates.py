"""
Dates: a day that is over, a day on which nobody delivers, a day before anything can be there. The order came on Tuesday, 3 November.
"""

from datetime import date

import pytest

from tests.domain.rules.orders import found, line, order


@pytest.mark.parametrize(("wanted", "why", "instead"), [
    (date(2026, 11, 2), "past", "2026-11-04"), (date(2026, 11, 3), "too-soon", "2026-11-04"),
    (date(2026, 11, 8), "no-delivery", "2026-11-09"), (date(2026, 12, 25), "no-delivery", "2026-12-29"),
])  # fmt: skip
def test_asks_about_a_day_that_is_impossible_and_proposes_the_next(wanted: date, why: str, instead: str) -> None:
    finding, = found("requested-date-impossible", order(requested_on=wanted))
    assert (finding.have, finding.evidence["why"], finding.proposals) == (wanted.isoformat(), why, (instead,))


@pytest.mark.parametrize("wanted", [None, date(2026, 11, 4), date(2026, 11, 9)])
def test_takes_any_other(wanted: date | None) -> None:
    assert not found("requested-date-impossible", order(requested_on=wanted))


def test_knows_how_long_it_takes_as_the_shop_says() -> None:
    assert found("requested-date-impossible", order(requested_on=date(2026, 11, 5)), days=3)


def test_lets_a_service_be_done_on_a_sunday() -> None:
    assert not found("requested-date-impossible", order(line(kind="service"), requested_on=date(2026, 11, 8)))
    assert found("requested-date-impossible", order(line(kind="service"), requested_on=date(2026, 11, 2)))
