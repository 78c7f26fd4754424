"""
`orderpipe backtest`: figures for people, and as the last line one JSON object for machines; what is wrong is a sentence.
"""

import json
from pathlib import Path

from tests.backtest.files import SINCE, write
from tests.cli.conftest import Terminal

KEYS = {
    "orders", "late", "late_theirs", "median_days", "median_days_theirs", "p90_days", "p90_days_theirs", "mean_early_days", "kept_at_90",
    "kept_at_95", "kept_at_98", "worst_quarter_gap",
}  # fmt: skip


def test_ends_with_one_json_object(nowhere: Terminal, tmp_path: Path) -> None:
    answer = nowhere("backtest", "--data", str(write(tmp_path)), "--from", SINCE)
    assert (answer.exit_code, answer.err.splitlines()[0]) == (0, "judging 2026-02")
    assert json.loads(answer.out.splitlines()[-1]).keys() == KEYS
    assert "kept at 95%" in answer.out


def test_a_missing_folder_is_a_sentence(nowhere: Terminal, tmp_path: Path) -> None:
    answer = nowhere("backtest", "--data", str(tmp_path / "nowhere"))
    assert (answer.exit_code, answer.out) == (1, "")
    assert answer.err.startswith("There is no folder ")


def test_a_date_that_is_none_is_not_understood(nowhere: Terminal, tmp_path: Path) -> None:
    answer = nowhere("backtest", "--data", str(tmp_path), "--from", "2018-13-01")
    assert answer.exit_code == 2
    assert "2018-13-01" in answer.err
