"""
The rules that keep the code easy to live in, held by the build: import directions, short files, one map of the flow, names that say what
is meant.
"""

import ast
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from orderpipe import broker
from orderpipe.flow import (
    ENDS,
    STEPS,
    TRANSITIONS,
    WAITS,
    FulfillmentState,
    IntakeState,
    Lane,
    OrderState,
    Owner,
    Queue,
    Unit,
    WaitingFor,
    chain_from,
    next_step,
)
from orderpipe.stages import STAGES
from orderpipe.stages.stage import Stage
from orderpipe.store.tables import metadata
from tests.needs import REPOSITORY
from workers import celery_app, schedule

PRODUCT = [
    path for folder in ("src/orderpipe", "workers") for path in sorted((REPOSITORY / folder).rglob("*.py"))
    if "migrations/versions" not in str(path)
]
TREES = {path: ast.parse(path.read_text()) for path in PRODUCT}
LETTERS = REPOSITORY / "src/orderpipe/channels/templates"
DESIGNED = {
    "receive", "validate", "allocate", "promise", "release", "pick", "pack", "ship", "deliver", "complete", "query.ask", "query.remind",
    "query.escalate", "notify.email", "notify.sms", "target.check", "sweep", "restock", "office.remind", "case.escalate", "return.expire",
    "feedback.remind",
}
"""The tasks that exist by now, as people know them from Flower."""

JOBS = {"sweep", "restock", "target.check", "notify.email", "notify.sms", "case.escalate", "return.expire", "feedback.remind"}
FORBIDDEN_NAMES = re.compile(r"(^|_)(utils?|helpers?|managers?|services?|common|misc)($|_)")
LONGEST_MODULE, LONGEST_FUNCTION, MOST_PARAMETERS = 300, 40, 8


def where(path: Path, node: ast.AST | None = None) -> str:
    """A place as an editor opens it."""
    return f"{path.relative_to(REPOSITORY)}:{getattr(node, 'lineno', 1)}"


def functions() -> Iterator[tuple[Path, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield path, node


def test_imports_go_downwards_only() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([str(linter), "--no-logo"], cwd=REPOSITORY, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_modules_are_short_and_say_what_they_are_for() -> None:
    long = [where(path) for path in PRODUCT if len(path.read_text().splitlines()) > LONGEST_MODULE]
    silent = [where(path) for path, tree in TREES.items() if path.read_text().strip() and not ast.get_docstring(tree)]
    assert (long, silent) == ([], [])


def test_functions_are_short() -> None:
    long = [where(path, node) for path, node in functions() if _length(node) > LONGEST_FUNCTION]
    wide = [
        where(path, node) for path, node in functions()
        # a command's parameters are its options
        if len(node.args.args) + len(node.args.kwonlyargs) > MOST_PARAMETERS and path.parent.name != "cli"
    ]
    assert (long, wide) == ([], [])


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of code, without the docstring."""
    first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
    return (node.end_lineno or 0) - first.lineno + 1


def test_names_say_what_is_meant() -> None:
    assert [where(path) for path in PRODUCT if FORBIDDEN_NAMES.search(path.stem)] == []


def test_stages_side_flows_and_rules_leave_transactions_to_the_edges() -> None:
    inside = ("src/orderpipe/domain", "src/orderpipe/stages", "src/orderpipe/sideflows", "src/orderpipe/channels")
    opened = [
        where(path, node) for path, tree in TREES.items() if str(path.relative_to(REPOSITORY)).startswith(inside)
        for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr in {"begin", "commit", "rollback"}
    ]
    assert opened == []


def test_rules_and_stages_have_no_clock_of_their_own() -> None:
    asked = [
        where(path, node) for path, tree in TREES.items() if path.parent.name in {"domain", "stages", "sideflows"}
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in {"now", "utcnow", "today"} and ast.unparse(node.value) in {"datetime", "date"}
    ]
    assert asked == []


def test_only_one_place_moves_units() -> None:
    """`state`, `waiting_for` and `next_at` of orders and fulfillments are written in units.py, and by the clock's hand-out."""
    writes = re.compile(r"UPDATE (orders|fulfillment|\{_TABLE\[unit\]\})\b[^\"]*?\b(state|waiting_for|next_at) =", re.DOTALL)
    writers = {path.name for path in PRODUCT if path.parent.name == "store" and writes.search(path.read_text())}
    assert writers <= {"units.py", "clock.py"}


@pytest.mark.parametrize("states", [IntakeState, OrderState, FulfillmentState])
def test_every_state_is_reached_and_left_or_an_end(states: type[IntakeState | OrderState | FulfillmentState]) -> None:
    first = next(iter(states))
    reached = {after for _, after in TRANSITIONS}
    for state in states:
        assert state == first or state in reached, f"Nothing leads to {state}."
        ended = state in ENDS or state in {IntakeState.RECORDED, IntakeState.REFUSED}
        assert ended == (next_step(state) is None), f"{state} is neither an end nor taken by one stage."


def test_nothing_leaves_an_end() -> None:
    assert not {before for before, _ in TRANSITIONS} & ENDS


def test_every_wait_is_said_in_a_sentence() -> None:
    assert set(WAITS) == set(WaitingFor)
    assert all(wait.sentence and wait.owner in Owner for wait in WAITS.values())
    assert {one for step in STEPS for one in step.waits} == set(WaitingFor)


def test_every_step_has_its_stage() -> None:
    assert set(STAGES) == {step.name for step in STEPS if step.unit != Unit.INTAKE}
    for name, stage in STAGES.items():
        for part in ("read", "decide", "write"):
            ours, agreed = inspect.signature(getattr(stage, part)), inspect.signature(getattr(Stage, part))
            assert len(ours.parameters) == len(agreed.parameters) - 1, f"{name}.{part} is not what a stage is"


def test_chains_run_on_to_the_end() -> None:
    for place, step in enumerate(STEPS):
        assert chain_from(step.name) == STEPS[place:]


def test_every_task_has_its_name() -> None:
    tasks = {name for name in celery_app.app.tasks if not name.startswith("celery.")}
    assert tasks >= DESIGNED
    assert {step.name for step in STEPS} <= tasks


def test_every_job_of_the_clock_stands_in_the_schedule() -> None:
    assert schedule.JOBS.keys() >= JOBS
    queues = {lane.queue for lane in Lane} | {queue.value for queue in Queue}
    for name, job in schedule.JOBS.items():
        options = job["options"]
        assert isinstance(options, dict)
        assert job["task"] in celery_app.app.tasks, f"{name} is no task."
        assert (options["queue"] in queues, options["expires"] > 0) == (True, True)
    assert celery_app.app.conf.beat_schedule == schedule.JOBS


def test_every_queue_is_declared() -> None:
    declared = {queue.name for queue in broker.app.conf.task_queues}
    assert declared == {lane.queue for lane in Lane} | {queue.value for queue in Queue}


def test_every_letter_has_its_words_in_every_language() -> None:
    told = {
        (node.args[0].value, where(path, node)) for path, tree in TREES.items() for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Tell" and isinstance(node.args[0], ast.Constant)
    }
    assert len({kind for kind, _ in told}) > 10
    for language in ("en", "zh"):
        written = {path.stem for path in (LETTERS / language).glob("*.jinja")}
        assert {(kind, place) for kind, place in told if kind not in written} == set()
    announced = {kind for step in STEPS for kind in step.tells}
    assert announced <= {kind for kind, _ in told}


def test_the_database_knows_the_same_states() -> None:
    for table, states in (("orders", OrderState), ("fulfillment", FulfillmentState), ("intake", IntakeState)):
        checks = " ".join(str(getattr(one, "sqltext", "")) for one in metadata.tables[table].constraints)
        assert all(f"'{state.value}'" in checks for state in states)


def test_live_columns_stay_out_of_the_indexes() -> None:
    """An index over a column that every stage changes would double the work of every stage."""
    live = {"state", "waiting_for", "attempts", "stage_entered_at", "due_at"}
    for table in ("orders", "fulfillment"):
        for index in metadata.tables[table].indexes:
            condition = str(index.dialect_options["postgresql"]["where"])
            assert not live & ({column.name for column in index.columns} | set(re.findall(r"\w+", condition)))
