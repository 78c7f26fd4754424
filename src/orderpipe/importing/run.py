"""
Import: a file of orders is looked over, read as a stream, and taken down group by group; what was killed goes on where it stood.

The same file again adds nothing: it is known by its content, and every order by its reference.
"""

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from orderpipe.importing import source, writing
from orderpipe.importing.balance import Balance
from orderpipe.importing.cancellations import From
from orderpipe.importing.groups import Group
from orderpipe.importing.json_lines import JsonReader
from orderpipe.importing.judging import CUSTOMERS, CsvReader, Reader
from orderpipe.importing.lines import Lines
from orderpipe.importing.refusals import NotImported
from orderpipe.importing.rejects import Rejects
from orderpipe.importing.rows import rows
from orderpipe.importing.source import Looked
from orderpipe.importing.writing import Desk, Hints
from orderpipe.intake.evidence import Form
from orderpipe.intake.mapped_orders import SUPPLIED
from orderpipe.intake.mapping import ColumnMapping
from orderpipe.store import imports
from orderpipe.store.database import Database
from orderpipe.store.imports import Progress

MOST_GROUPS = 200
"""References that one transaction takes."""

MOST_BYTES = 2 * 1024 * 1024
_AT_ONCE = 2_000

Clock = Callable[[], datetime]
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be imported, for which shop and by whom; `rejects` is where what was not taken is written."""

    path: Path
    shop_id: int
    by: str
    mapping: ColumnMapping
    order_type: str
    rejects: Path
    customers: Path | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """How the import ended: the balance, where the rejects are (None without any), and whether all of it had been imported before."""

    balance: Balance
    rejects: Path | None
    before: bool = False
    resumed_at: int = 0


Watch = Callable[[int, int, Balance], None]
"""Told how far it is after each transaction: bytes dealt with, bytes in all, and the balance."""


def run(job: Job, database: Database, clock: Clock, hint: Hints, watch: Watch) -> Done:
    """Import the file. Raises NotImported before anything is taken, ImportedElsewhere, and what a database that is away raises."""
    looked = source.look_over(job.path, "utf-8" if source.is_json(job.path) else job.mapping.encoding)
    reader = _reader(job)
    form = reader.form if isinstance(reader, CsvReader) else None
    rejects = Rejects(job.rejects, form)
    known_by = _fingerprint(job, looked)
    with database.begin() as tx:
        import_id = imports.begin(tx, job.shop_id, known_by, job.path.name, clock()).id
    with imports.alone(database, import_id):
        progress = _begin(job, database, clock, known_by, rejects)
        if progress.finished_at:
            return _done(progress, job, before=True)
        desk = Desk(database, clock, hint, reader, rejects, From(job.shop_id, progress.id, job.path.name, job.by))
        return _read(job, desk, progress, lambda at: watch(at.position, looked.size, Balance.of(at.counts)))


def _read(job: Job, desk: Desk, progress: Progress, watched: Callable[[Progress], None]) -> Done:
    """Take down what the file holds from where it stands."""
    _keep_beside(job, desk)
    watched(progress)
    resumed_at = progress.line
    with job.path.open("rb") as file:
        lines = Lines(file, progress.position, progress.line)
        if not progress.position and isinstance(desk.reader, CsvReader):
            lines.read()
        for group in _together(desk.reader.groups(lines, progress.carry)):
            progress = writing.write(desk, group, progress)
            watched(progress)
    return _done(_finish(desk, progress), job, resumed_at=resumed_at)


def _reader(job: Job) -> Reader:
    """What reads the file, once its header fits."""
    if job.rejects.resolve() == job.path.resolve():
        raise NotImported("The rejects cannot be written over the file itself; name another file with --rejects.")
    if source.is_json(job.path):
        if job.customers:
            raise NotImported("--customers goes with CSV; lines of JSON say themselves who ordered.")
        source.check_lines(job.path)
        return JsonReader(job.path.name, job.order_type)
    form = source.read_form(job.path, job.mapping, job.mapping.main_columns())
    return CsvReader(job.mapping, form, job.path.name, job.order_type, customers=job.customers is not None)


def _fingerprint(job: Job, looked: Looked) -> bytes:
    """What this import is recognised by: everything that decides what comes of the file."""
    beside = [source.look_over(path, "utf-8", "Save it as UTF-8.").sha256.hex() for _, path, _ in _beside(job)]
    return source.fingerprint(looked.sha256.hex(), job.mapping.model_dump_json(), job.order_type, beside)


def _begin(job: Job, database: Database, clock: Clock, known_by: bytes, rejects: Rejects) -> Progress:
    """How far this file is; from the beginning where the rejects of an earlier run are no longer there."""
    with database.begin() as tx:
        progress = imports.begin(tx, job.shop_id, known_by, job.path.name, clock())
        if not (job.rejects.is_file() if progress.finished_at and progress.rejects_size else rejects.has(progress.rejects_size)):
            imports.start_over(tx, progress.id)
            progress = imports.begin(tx, job.shop_id, known_by, job.path.name, clock())
    return progress


def _beside(job: Job) -> list[tuple[str, Path, list[str]]]:
    """The files beside: the source's name, the file, and the columns it must have, the key first."""
    found = [(name, job.path.parent / one.file, job.mapping.columns_of(name)) for name, one in job.mapping.beside.items()]
    return [*found, (CUSTOMERS, job.customers, ["customer"])] if job.customers else found


def _keep_beside(job: Job, desk: Desk) -> None:
    """What the files beside say goes into the database, where it is looked up by its key, however much it is."""
    with desk.database.begin() as tx:
        imports.forget_beside(tx, desk.origin.import_id)
    for name, path, columns in _beside(job):
        mapping = job.mapping.model_copy(update={"encoding": "utf-8", "delimiter": None})
        form = source.read_form(path, mapping, columns, name)
        kept = columns if name != CUSTOMERS else ["customer", *(column for column in SUPPLIED if column in form.columns)]
        with path.open("rb") as file:
            lines = Lines(file)
            lines.read()
            for some in _batched(_fields(lines, form, path, kept), _AT_ONCE):
                with desk.database.begin() as tx:
                    imports.keep_beside(tx, desk.origin.import_id, name, some)


def _fields(lines: Lines, form: Form, path: Path, columns: list[str]) -> Iterator[tuple[str, int, dict[str, str]]]:
    for row in rows(lines, form):
        if row.problem:
            raise NotImported(f"Line {row.line} of {path} cannot be read: {row.problem}")
        yield row.values[columns[0]].strip(), row.line, {column: row.values[column] for column in columns}


def _together(groups: Iterable[Group]) -> Iterator[list[Group]]:
    """As many groups as one transaction takes."""
    together: list[Group] = []
    size = 0
    for group in groups:
        together.append(group)
        size += sum(len(row.raw) for row in group.rows)
        if len(together) == MOST_GROUPS or size > MOST_BYTES:
            yield together
            together, size = [], 0
    if together:
        yield together


def _batched(items: Iterable[Item], most: int) -> Iterator[list[Item]]:
    together: list[Item] = []
    for item in items:
        together.append(item)
        if len(together) == most:
            yield together
            together = []
    if together:
        yield together


def _finish(desk: Desk, progress: Progress) -> Progress:
    with desk.database.begin() as tx:
        imports.one_at_a_time(tx, desk.origin.shop_id)
        after = dataclasses.replace(progress, finished_at=desk.clock())
        imports.advance(tx, progress, after)
        imports.forget_beside(tx, progress.id)
    return after


def _done(progress: Progress, job: Job, *, before: bool = False, resumed_at: int = 0) -> Done:
    return Done(Balance.of(progress.counts), job.rejects if progress.rejects_size else None, before, resumed_at)
