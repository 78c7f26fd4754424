"""
The hourly seal: what is old enough is sealed once, in bites, in the file before the database, and never past an open transaction.
"""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from orderpipe.domain.seals import Seal, line_of, seal_of
from orderpipe.settings import settings
from orderpipe.sideflows import audit, sealing
from orderpipe.store import clock, journal, seals
from orderpipe.store.journal import Entry
from orderpipe.store.seal_file import SealFile, SealsOutOfReach
from tests.builders import NOW
from workers import schedule, seal
from workers.run import Run

HOUR = timedelta(hours=1)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SealFile]:
    """A file of seals of this test's own, which the job finds by the settings."""
    monkeypatch.setenv("ORDERPIPE_SEALS", str(tmp_path / "seals"))
    settings.cache_clear()
    yield SealFile(settings().seals_folder)
    settings.cache_clear()


def happened(engine: Engine, count: int = 3, *, at: datetime = NOW - HOUR, first_order: int = 1) -> None:
    """So many orders get an entry each."""
    with engine.begin() as tx:
        entries = [Entry(first_order + one, "order.received", note={"lines": one}, spent_seconds=0.1) for one in range(count)]
        journal.write(tx, entries, now=at, actor="intake")


def seal_all(engine: Engine, file: SealFile, now: datetime = NOW) -> list[Seal]:
    made = []
    while new := _next(engine, file, now):
        made.append(new)
    return made


def _next(engine: Engine, file: SealFile, now: datetime) -> Seal | None:
    with engine.begin() as tx:
        return sealing.seal_next(tx, file, now)


def differences(engine: Engine, file: SealFile) -> list[str]:
    with engine.begin() as tx:
        found = audit.read(tx, file)
        counted = [audit.recount(tx, one, found.kept.get(one.number)) for one in found.believed()]
    return [one.kind for one in (*found.differences, *counted) if one]


def test_seals_what_is_old_enough_and_each_entry_once(engine: Engine, file: SealFile) -> None:
    happened(engine, 3)
    happened(engine, 2, at=NOW - timedelta(minutes=9), first_order=50)
    first = seal_all(engine, file)
    second = seal_all(engine, file, NOW + HOUR)
    assert [(one.number, one.begins_at, one.entries) for one in first + second] == [(1, None, 3), (2, first[0].until_at, 2)]
    assert NOW - timedelta(minutes=11) < first[0].until_at <= NOW - seals.SETTLED
    assert file.lines() == [line_of(one) for one in first + second]
    assert differences(engine, file) == []


def test_seals_a_late_entry_of_an_ended_order_with_the_hour_it_came_in(engine: Engine, file: SealFile) -> None:
    happened(engine, 3)
    seal_all(engine, file)
    happened(engine, 1, at=NOW)
    assert [one.entries for one in seal_all(engine, file, NOW + HOUR)] == [1]
    assert differences(engine, file) == []


def test_takes_bites(engine: Engine, file: SealFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seals, "MOST", 10)
    for minute in range(12):
        happened(engine, 4, at=NOW - 2 * HOUR + timedelta(minutes=minute))
    happened(engine, 30, at=NOW - HOUR, first_order=100)
    made = seal_all(engine, file)
    sizes = [one.entries for one in made]
    assert sum(sizes) == 78
    assert sorted(sizes)[-1] == 30  # of one instant, and so not to be cut
    assert sorted(sizes)[-2] <= 10
    assert differences(engine, file) == []


def test_seals_nothing_that_an_open_transaction_may_still_write(engine: Engine, file: SealFile) -> None:
    with engine.begin() as slow:
        slow.execute(text("SELECT 1"))
        time.sleep(0.3)
        until = seal_all(engine, file)[-1].until_at
    assert until < NOW - seals.SETTLED - timedelta(seconds=0.3)
    assert seal_all(engine, file)[-1].until_at == NOW - seals.SETTLED


def test_finds_an_entry_that_came_after_its_hour_was_sealed(engine: Engine, file: SealFile) -> None:
    happened(engine)
    seal_all(engine, file)
    happened(engine, 1, first_order=9)
    assert differences(engine, file) == ["entries-differ"]


def test_takes_over_what_a_crash_left_in_the_file_alone(engine: Engine, file: SealFile) -> None:
    happened(engine)
    with engine.connect() as tx:
        new = sealing.seal_next(tx, file, NOW)
        tx.rollback()
    assert new
    assert differences(engine, file) == ["seal-missing"]
    happened(engine, 2, at=NOW, first_order=50)
    assert seal_all(engine, file, NOW + HOUR)[0] == new
    assert differences(engine, file) == []
    with engine.begin() as tx:
        tx.execute(text("DELETE FROM seal"))  # a backup from before the first seal was restored
    assert [one.number for one in seal_all(engine, file, NOW + HOUR)] == [1, 2]
    assert differences(engine, file) == []


def test_drops_a_line_that_a_crash_tore(engine: Engine, file: SealFile) -> None:
    happened(engine)
    first = seal_all(engine, file)
    with file.path.open("ab") as torn:
        torn.write(line_of(first[0])[:50])
    second = seal_all(engine, file, NOW + HOUR)
    assert file.lines() == [line_of(one) for one in first + second]


def test_does_not_make_good_silently_what_the_file_has_lost(engine: Engine, file: SealFile, caplog: pytest.LogCaptureFixture) -> None:
    happened(engine)
    seal_all(engine, file)
    file.path.unlink()
    assert [one.number for one in seal_all(engine, file, NOW + HOUR)] == [2]
    assert "has lost seal 1" in caplog.text
    assert differences(engine, file) == ["line-missing"]


def test_seals_nothing_when_the_file_cannot_be_written(engine: Engine, file: SealFile) -> None:
    file.path.mkdir(parents=True)
    with pytest.raises(SealsOutOfReach, match="ORDERPIPE_SEALS names its folder"):
        seal_all(engine, file)
    with engine.begin() as tx:
        assert seals.every(tx) == []


def test_leaves_the_rest_to_the_next_tick(engine: Engine, file: SealFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seals, "MOST", 1)
    monkeypatch.setattr(seal, "SECONDS", 0.0001)
    happened(engine)
    happened(engine, at=NOW - 2 * HOUR)
    period = schedule.PERIODS[seal.JOB]

    def claimed(now: datetime) -> bool:
        with engine.begin() as tx:
            return clock.claim_tick(tx, seal.JOB, now=now, period=period, owner="beat")

    assert claimed(NOW)
    assert not claimed(NOW + timedelta(minutes=5))
    assert seal.seal_journal(Run(engine, lambda: NOW)).endswith("more at the next tick")
    assert claimed(NOW + timedelta(minutes=5))
    monkeypatch.setattr(seal, "SECONDS", 60)
    said = seal.seal_journal(Run(engine, lambda: NOW))
    assert said.startswith(f"sealed until {NOW - seals.SETTLED:%Y-%m-%dT%H:%M:%S}")
    assert seal.seal_journal(Run(engine, lambda: NOW)) == "nothing to seal yet"
    assert not claimed(NOW + timedelta(minutes=10))


def test_streams_the_entries(engine: Engine) -> None:
    happened(engine, 10)
    with engine.begin() as tx:
        entries = seals.leaves(tx, None, NOW)
        next(entries)
        assert tx.execute(text("SELECT count(*) FROM pg_cursors")).scalar() == 1
        assert len(list(entries)) == 9


def test_is_asked_for_more_often_than_it_is_due() -> None:
    assert schedule.JOBS["journal.seal"]["schedule"] == 300
    assert timedelta(hours=1) == schedule.PERIODS["journal.seal"]


def test_reads_back_what_it_wrote(engine: Engine, file: SealFile) -> None:
    happened(engine)
    made = seal_all(engine, file)
    with engine.begin() as tx:
        assert (seals.every(tx), seals.last(tx)) == (made, made[-1])
    assert [seal_of(line) for line in file.lines() or []] == made
