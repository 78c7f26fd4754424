"""
Who is measured: orderpipe and its peers, each with the processes it runs in and the door through which orders come.

Every side has processes for letters beside those for its stages; how many suit a peer best is tried, not assumed.
"""

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from benchmarks.doors import Door, OwnDoor, PlainDoor
from benchmarks.ground import Side, point_at
from orderpipe.local import processes
from orderpipe.local.child import Program
from orderpipe.local.processes import CELERY, FINISH_THEN_DROP, PYTHON, Place

QUIET = ("--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "warning")
ORM, TUNED = "benchmarks.peers.celery_orm", "benchmarks.peers.celery_tuned"


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to process orders. `missing` says what is not installed, "" when all is there; `setting` tells the processes in words."""

    name: str
    setting: str
    programs: Callable[[Place], Sequence[Program]]
    door: Callable[[Side], Door]
    missing: str = ""


def orderpipe() -> Contender:
    """orderpipe as it stands, with letters rendered into a sink."""
    return Contender("orderpipe", "as `orderpipe up` runs it", _engine, OwnDoor)


def orderpipe_unrendered() -> Contender:
    """orderpipe with letters that are given, not written."""

    def programs(place: Place) -> list[Program]:
        return [_with_given_letters(one) if one.name == "worker-notify" else one for one in _engine(place)]

    return Contender("orderpipe_unrendered", "letters given", programs, OwnDoor)


def celery(processes: int, mail: int = 1) -> Contender:
    """The Celery chain with the ORM, with so many worker processes for its stages and for letters."""
    return _celery("celery", ORM, processes, mail)


def celery_tuned(processes: int) -> Contender:
    """The same chain with hand-tuned statements."""
    return _celery("celery_tuned", TUNED, processes)


def celery_in_lanes(module: str) -> Contender:
    """One of the Celery chains (ORM or TUNED) with a worker for each lane, as many processes as orderpipe has for its own."""

    def programs(place: Place) -> list[Program]:
        return [
            celery_worker(place, module, "express", "express"),
            celery_worker(place, module, "standard", "express", "standard", processes=2),
            celery_worker(place, module, "bulk", "bulk", processes=2),
            celery_worker(place, module, "mail", "mail", processes=2),
        ]

    name, door = ("celery", orm_door) if module == ORM else ("celery_tuned", tuned_door)
    return Contender(name, "workers by lane", programs, door)


def orm_door(side: Side) -> Door:
    """Its messages go out from this process."""
    from benchmarks.peers import celery_orm, orm

    point_at(celery_orm.app, side.place.environment["ORDERPIPE_BROKER_URL"])
    return PlainDoor(side, celery_orm.chain.start, celery_orm.chain.go_on, stages=orm)


def tuned_door(side: Side) -> Door:
    """Its messages go out from this process."""
    from benchmarks.peers import celery_tuned

    point_at(celery_tuned.app, side.place.environment["ORDERPIPE_BROKER_URL"])
    return PlainDoor(side, celery_tuned.chain.start, celery_tuned.chain.go_on)


def celery_worker(place: Place, module: str, role: str, *queues: str, processes: int = 1) -> Program:
    """One worker of a Celery chain, as `celery … worker` starts it."""
    options = ("-n", f"{role}@%h", "-Q", ",".join(queues), "-c", str(processes), *QUIET)
    command = (*PYTHON, "celery", "--quiet", "-A", module, "worker", *options)
    return _program(place, f"celery-{role}", *command)


def _celery(name: str, module: str, processes: int, mail: int = 1) -> Contender:
    def programs(place: Place) -> list[Program]:
        return [
            celery_worker(place, module, "stages", "standard", processes=processes),
            celery_worker(place, module, "mail", "mail", processes=mail),
        ]

    setting = f"{processes} processes" if mail == 1 else f"{processes} processes, {mail} for letters"
    return Contender(f"{name}_{processes}x{mail}", setting, programs, orm_door if module == ORM else tuned_door)


def dramatiq(processes: int, threads: int) -> Contender:
    """dramatiq's pipeline with so many processes of so many threads for its stages."""

    def programs(place: Place) -> list[Program]:
        command = (*PYTHON, "dramatiq", "benchmarks.peers.dramatiq_pipeline")
        return [
            _program(place, "dramatiq-stages", *command, "--queues", "stages", "-p", str(processes), "-t", str(threads)),
            _program(place, "dramatiq-mail", *command, "--queues", "mail", "-p", "1", "-t", "2"),
        ]

    def door(side: Side) -> Door:
        from benchmarks.peers import dramatiq_pipeline

        return PlainDoor(side, dramatiq_pipeline.start, dramatiq_pipeline.go_on)

    name, setting = f"dramatiq_{processes}x{threads}", f"{processes} processes of {threads} threads"
    return Contender(name, setting, programs, door, _missing("dramatiq", "dramatiq[redis]"))


def dbos(processes: int, workflows: int) -> Contender:
    """DBOS with so many processes, each running so many workflows at a time."""

    def programs(place: Place) -> list[Program]:
        from benchmarks.peers import dbos_workflow

        dbos_workflow.prepare(dbos_workflow.address())
        command = (*PYTHON, "benchmarks.peers.dbos_workflow")
        stages = [_program(place, f"dbos-stages-{one}", *command, "stages", str(workflows)) for one in range(processes)]
        return [*stages, _program(place, "dbos-mail", *command, "mail", "2")]

    def door(side: Side) -> Door:
        from benchmarks.peers.dbos_door import DbosDoor

        return DbosDoor(side)

    name, setting = f"dbos_{processes}x{workflows}", f"{processes} processes of {workflows} workflows"
    return Contender(name, setting, programs, door, _missing("dbos", "dbos"))


def with_import(one: Contender) -> Contender:
    """The same with a large import running beside, in the lane for such."""

    def programs(place: Place) -> list[Program]:
        return [*one.programs(place), _program(place, "import", *PYTHON, "benchmarks.bulk_import", one.name)]

    return replace(one, name=f"{one.name}_import", setting=f"{one.setting}, an import beside", programs=programs)


def _missing(module: str, package: str) -> str:
    return "" if importlib.util.find_spec(module) else f"{module} is not installed (pip install '{package}')"


def _engine(place: Place) -> list[Program]:
    return [program for program in processes.product(place) if program.name not in ("api", "flower")]


def _with_given_letters(program: Program) -> Program:
    return replace(program, command=tuple("benchmarks.given_letters" if word == CELERY[-1] else word for word in program.command))


def _program(place: Place, name: str, *command: str) -> Program:
    environment = {**place.environment, "PYTHONUNBUFFERED": "1"}
    return Program(name, command, environment, folder=place.folder, stop_with=FINISH_THEN_DROP)
