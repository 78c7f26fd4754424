"""
What the demo prints at its end.
"""

from rich.console import Console

from orderpipe.simulation.judge import Verdict
from orderpipe.simulation.script import SCRIPT
from orderpipe.simulation.summary import print_summary
from orderpipe.simulation.watch import Picture

ONE, OTHER = SCRIPT[:2]
RATINGS = [
    {"type": "standard", "asked": 20, "rated": 1, "average": "5.00"}, {"type": "standard", "asked": 10, "rated": 3, "average": "1.00"},
    {"type": "express", "asked": 2, "rated": 0, "average": None},
]
CASES = [{"cause": "damaged", "count": 1, "open": 0}, {"cause": "other", "count": 1, "open": 1}, {"cause": "other", "count": 2, "open": 0}]
VERDICT = Verdict({"completed": 32}, {ONE: [], OTHER: ["nobody saw: restocked"]}, {ONE.name: "100042-7"}, RATINGS, CASES, ["all is lost"])


def printed(verdict: Verdict) -> str:
    console = Console(width=160, record=True)
    print_summary(console, verdict, Picture(), {}, {"What a customer sees": "http://127.0.0.1:8000/t/token"})
    return console.export_text()


def test_tells_each_exception_with_its_order_and_what_differs() -> None:
    text = printed(VERDICT)
    for words in (f"✓  {ONE.name}", "100042-7", f"✗  {OTHER.name}", "nobody saw: restocked", "✗ all is lost", "http://127.0.0.1:8000/t/token"):
        assert words in text


def test_counts_ratings_and_cases() -> None:
    text = printed(VERDICT)
    assert "4 of 32 customers asked have rated, 2.0 of 5 on average" in text
    assert "4 cases, 1 of them open: 3 other, 1 damaged" in text


def test_needs_no_rating() -> None:
    assert "0 of 2 customers asked have rated\n" in printed(Verdict({}, {}, {}, RATINGS[2:], [], []))
