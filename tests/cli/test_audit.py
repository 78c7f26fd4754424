"""
`orderpipe audit`: whoever changes, removes or adds an entry, or touches a seal, is found, and as closely as it can be known.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from orderpipe.assembly import utc_now
from orderpipe.domain.orders import number_of
from orderpipe.domain.seals import hash_of, line_of, seal_of
from orderpipe.settings import settings
from orderpipe.sideflows import sealing
from orderpipe.store import journal
from orderpipe.store.journal import Entry
from orderpipe.store.seal_file import SealFile
from tests.cli.conftest import Terminal

ORDERS = 40
"""Each with one entry in each of three sealed hours; sixteen entries make a part of a seal."""


@pytest.fixture
def file(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file with three seals on a journal of as many hours."""
    monkeypatch.setenv("ORDERPIPE_SEALS", str(tmp_path / "seals"))
    settings.cache_clear()
    now = utc_now()
    for hours in (4, 3, 2):
        happened(engine, now - timedelta(hours=hours))
        with engine.begin() as tx:
            sealing.seal_next(tx, SealFile(settings().seals_folder), now - timedelta(hours=hours - 0.5))
    return tmp_path / "seals" / "seals.jsonl"


def happened(engine: Engine, at: datetime, orders: int = ORDERS) -> None:
    entries = [Entry(order_id, "order.validated", note={"rule": "none"}) for order_id in range(1, orders + 1)]
    with engine.begin() as tx:
        journal.write(tx, entries, now=at, actor="stage:validate")


def tamper(engine: Engine, statement: str, **values: Any) -> None:
    with engine.begin() as tx:
        assert tx.execute(text(statement), values).rowcount == 1


def differences(orderpipe: Terminal, *words: str) -> list[tuple[int | None, str]]:
    answer = orderpipe("audit", "verify", "--json", *words)
    assert answer.exit_code == (1 if answer.json["differences"] else 0), answer
    return [(one["seal"], one["kind"]) for one in answer.json["differences"]]


def the_change(orderpipe: Terminal) -> tuple[str, str, int, int]:
    [difference] = orderpipe("audit", "verify", "--json").json["differences"]
    [change] = difference["changes"]
    assert (difference["seal"], difference["kind"]) == (2, "entries-differ")
    return change["first_order"], change["last_order"], change["sealed"], change["found"]


def test_is_content_with_what_nobody_touched(orderpipe: Terminal, engine: Engine, file: Path) -> None:
    happened(engine, utc_now(), orders=5)
    answer = orderpipe("audit", "verify")
    assert (answer.exit_code, answer.err) == (0, "")
    assert answer.out.startswith("ok       120 entries until ")
    head = hash_of(seal_of(file.read_bytes().splitlines()[-1])).hex()
    assert f"5 later entries are not sealed yet. Head of the file: {head}" in answer.out
    told = orderpipe("audit", "verify", "--head", head, "--json").json
    assert (told["whole"], told["seals"], told["entries"], told["unsealed_entries"], told["head"]) == (True, 3, 120, 5, head)


def test_seals_now(orderpipe: Terminal, engine: Engine, file: Path) -> None:
    happened(engine, utc_now() - timedelta(hours=1), orders=7)
    [made] = orderpipe("audit", "seal", "--json").json
    assert (made["number"], made["entries"]) == (4, 7)
    assert orderpipe("audit", "verify", "--json").json["head"] == made["head"]
    assert orderpipe("audit", "seal").out.startswith("Seal 5: 0 entries until ")


def test_says_when_nothing_is_sealed_yet(orderpipe: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERPIPE_DATA", str(tmp_path))
    settings.cache_clear()
    answer = orderpipe("audit", "verify")
    assert (answer.exit_code, answer.out.split(";")[0]) == (0, "Nothing is sealed yet")
    assert orderpipe("audit", "seal").exit_code == 0
    assert (tmp_path / "seals" / "seals.jsonl").stat().st_mode & 0o777 == 0o600


PART = number_of(1), number_of(17), 16


@pytest.mark.parametrize(("column", "value"), [
    ("at", "at + interval '1 microsecond'"), ("actor", "'office eve'"), ("what", "'order.received'"), ("fulfillment_id", "5001"),
    ("before", "''"), ("after", "'validated'"), ("note", """'{"rule": "all"}'"""), ("spent_seconds", "0.0"),
    ("target_seconds", "60"), ("task_id", "'x'"),
])
def test_finds_a_changed_entry(orderpipe: Terminal, engine: Engine, file: Path, column: str, value: str) -> None:
    tamper(engine, f"UPDATE journal SET {column} = {value} WHERE order_id = 5 AND seq = 2")
    assert the_change(orderpipe) == (*PART, 16)


def test_finds_a_removed_entry(orderpipe: Terminal, engine: Engine, file: Path) -> None:
    tamper(engine, "DELETE FROM journal WHERE order_id = 5 AND seq = 2")
    assert the_change(orderpipe) == (*PART, 15)
    out = orderpipe("audit", "verify").out
    assert "differs  Seal 2 (" in out
    assert "40 entries were sealed, 39 are there." in out
    assert f"among the entries of orders {PART[0]} to {PART[1]}: 16 sealed, 15 there" in out


def test_finds_an_added_entry(orderpipe: Terminal, engine: Engine, file: Path) -> None:
    tamper(engine, """INSERT INTO journal (order_id, seq, at, actor, what)
        SELECT 5, 4, at, 'eve', 'office.resume' FROM journal WHERE order_id = 5 AND seq = 2""")
    assert the_change(orderpipe) == (*PART, 17)


def test_finds_an_entry_moved_to_another_hour(orderpipe: Terminal, engine: Engine, file: Path) -> None:
    tamper(engine, "UPDATE journal SET at = at + interval '1 hour' WHERE order_id = 5 AND seq = 1")
    assert differences(orderpipe) == [(1, "entries-differ"), (2, "entries-differ")]


def test_finds_an_entry_put_before_everything(orderpipe: Terminal, engine: Engine, file: Path) -> None:
    tamper(engine, "INSERT INTO journal (order_id, seq, at, actor, what) VALUES (5, 4, '2001-01-01Z', 'eve', 'order.paid')")
    assert differences(orderpipe) == [(1, "entries-differ")]


def test_finds_lines_cut_off_the_file(orderpipe: Terminal, file: Path) -> None:
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(lines[0])
    assert differences(orderpipe) == [(2, "line-missing")]
    assert "Seals 2 to 3 are not in the file." in orderpipe("audit", "verify").out


def test_finds_a_line_cut_out_of_the_file_and_the_database(orderpipe: Terminal, engine: Engine, file: Path) -> None:
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(lines[0] + lines[2])
    tamper(engine, "DELETE FROM seal WHERE number = 2")
    assert differences(orderpipe) == [(2, "line-missing"), (2, "seal-missing")]


def test_finds_that_the_end_was_cut_off_everywhere_by_a_hash_noted_elsewhere(orderpipe: Terminal, engine: Engine, file: Path) -> None:
    head = orderpipe("audit", "verify", "--json").json["head"]
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:2]))
    tamper(engine, "DELETE FROM seal WHERE number = 3")
    assert differences(orderpipe) == []
    assert differences(orderpipe, "--head", head) == [(None, "head-lost")]


def test_finds_a_changed_line(orderpipe: Terminal, file: Path) -> None:
    lines = file.read_bytes().splitlines()
    second = seal_of(lines[1])
    file.write_bytes(b"\n".join([lines[0], line_of(replace(second, root=bytes(32))), lines[2], b""]))
    assert differences(orderpipe) == [(2, "seals-differ"), (3, "chain-broken"), (2, "entries-differ")]
    assert "The database's own seal fits them and the file's does not" in orderpipe("audit", "verify").out
    file.write_bytes(b"\n".join([lines[0], lines[1].replace(b'"entries"', b'"Entries"'), lines[2], b""]))
    assert differences(orderpipe) == [(None, "line-changed"), (2, "line-missing")]
    file.write_bytes(b"\n".join([*lines, lines[2], b"\xff", b""]))
    assert differences(orderpipe) == [(3, "line-repeated"), (None, "line-changed")]


def test_finds_a_missing_file(orderpipe: Terminal, file: Path) -> None:
    file.unlink()
    assert differences(orderpipe) == [(None, "file-missing")]


def test_finds_a_change_that_the_databases_own_seal_covers_up(orderpipe: Terminal, engine: Engine, file: Path) -> None:
    tamper(engine, "UPDATE journal SET actor = 'eve' WHERE order_id = 5 AND seq = 3")
    tamper(engine, "DELETE FROM seal WHERE number = 3")
    other = SealFile(file.parent / "other")
    with engine.begin() as tx:
        # whoever has the database alone makes the last seal anew
        sealing.seal_next(tx, other, seal_of(file.read_bytes().splitlines()[2]).sealed_at)
    assert differences(orderpipe) == [(3, "seals-differ"), (3, "entries-differ")]


def test_finds_a_removed_and_a_changed_seal_in_the_database(orderpipe: Terminal, engine: Engine, file: Path) -> None:
    tamper(engine, "UPDATE seal SET entries = entries - 1 WHERE number = 1")
    assert differences(orderpipe) == [(1, "seals-differ"), (2, "chain-broken")]
    tamper(engine, "DELETE FROM seal WHERE number = 1")
    assert differences(orderpipe) == [(1, "seal-missing")]


def test_names_no_orders_where_it_cannot_know_them(orderpipe: Terminal, engine: Engine, file: Path) -> None:
    tamper(engine, "UPDATE journal SET actor = 'eve' WHERE order_id = 5 AND seq = 2")
    tamper(engine, "UPDATE seal SET parts = '' WHERE number = 2")
    [difference] = orderpipe("audit", "verify", "--json").json["differences"]
    assert (difference["seal"], difference["changes"]) == (2, [])


def test_says_in_a_sentence_that_the_file_is_out_of_reach(orderpipe: Terminal, file: Path) -> None:
    file.unlink()
    file.mkdir()
    answer = orderpipe("audit", "verify")
    assert (answer.exit_code, answer.out) == (1, "")
    assert answer.err.startswith(f"The file of seals {file} cannot be read or written: Is a directory.")
