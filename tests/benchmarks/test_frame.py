"""
A run of the benchmarks: which parts are measured, what a part's failure means for the others, and the JSON at the end.
"""

import json
from typing import Any

import pytest

from benchmarks.__main__ import PARTS, QUICK, main
from tests.benchmarks import parts

FIGURES = {"quick": parts.quick, "other": parts.other}


def last_line(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The object that the run printed last."""
    found: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return found


def test_a_run_prints_every_parts_figures_as_one_object_and_names_the_machine(capsys: pytest.CaptureFixture[str]):
    assert main([], FIGURES) == 0
    printed = last_line(capsys)
    assert printed["other_per_s"] == 7
    assert printed["quick_orders"] == 0
    assert printed["failed"] == printed["skipped"] == []
    named = {"cpu", "cores", "memory_gib", "disk", "fsync_ms", "kernel", "postgresql", "redis", "python", "celery"}
    assert named <= set(printed["machine"])


@pytest.mark.parametrize(("size", "orders"), [(["--orders", "12"], 12), (["--quick"], QUICK)])
def test_a_run_measures_the_parts_that_are_named_with_as_many_orders_as_asked_for(
    size: list[str], orders: int, capsys: pytest.CaptureFixture[str]
):
    assert main(["quick", *size], FIGURES) == 0
    printed = last_line(capsys)
    assert printed["quick_orders"] == orders
    assert "other_per_s" not in printed


def test_a_part_that_fails_or_dies_or_cannot_be_measured_is_named_and_the_others_go_on(capsys: pytest.CaptureFixture[str]):
    several = {"broken": parts.broken, "dying": parts.dying, "impossible": parts.impossible, "other": parts.other}
    assert main([], several) == 1
    out = capsys.readouterr().out
    printed = json.loads(out.splitlines()[-1])
    assert printed["failed"] == ["broken", "dying"]
    assert printed["skipped"] == ["impossible"]
    assert printed["other_per_s"] == 7
    assert "FAILED broken: ZeroDivisionError: nothing was measured" in out
    assert "skipped impossible: there is no RabbitMQ here" in out


def test_a_part_that_cannot_be_measured_here_is_no_failure():
    assert main([], {"impossible": parts.impossible}) == 0


def test_an_unknown_part_is_refused_with_the_names_of_those_there_are(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as refused:
        main(["speed"])
    assert refused.value.code == 2
    said = capsys.readouterr().err
    assert "there is no part speed" in said
    assert all(name in said for name in PARTS)
