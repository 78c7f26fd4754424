"""
`orderpipe query`: how questions are followed up is shown and set, by shop and type of order.
"""

from dataclasses import asdict

from orderpipe.domain.ladder import OnSilence, QueryPolicy
from tests.cli.conftest import Terminal
from tests.floor import Floor


def test_shows_what_holds_for_each_type(orderpipe: Terminal, floor: Floor) -> None:
    floor.order()
    shown = orderpipe("query", "policy", "--shop", "demo", "--json").json
    assert shown["every type"] == shown["standard"] == asdict(QueryPolicy())
    assert shown["express"]["remind_after"] == 60
    assert "express" in orderpipe("query", "policy", "--shop", "demo").out


def test_sets_what_is_named_and_leaves_the_rest(orderpipe: Terminal, floor: Floor) -> None:
    floor.order()
    floor.order(shop="other")
    orderpipe("query", "policy", "--shop", "demo", "--on-silence", "cancel", "--silence-after", "960")
    shown = orderpipe("query", "policy", "--shop", "demo", "--type", "express", "--remind-after", "30", "--json").json
    ours = QueryPolicy(silence_after=960, on_silence=OnSilence.CANCEL)
    assert shown["standard"] == asdict(ours)
    assert shown["express"] == asdict(ours) | {"remind_after": 30}
    assert orderpipe("query", "policy", "--shop", "other", "--json").json["standard"] == asdict(QueryPolicy())


def test_says_what_cannot_be(orderpipe: Terminal, floor: Floor) -> None:
    floor.order()
    unknown = orderpipe("query", "policy", "--shop", "demo", "--type", "gold", "--remind-after", "30")
    assert (unknown.exit_code, unknown.err) == (
        1, "There is no order type 'gold'; there is bulk, express, prepaid, service, standard.\n",
    )
    wrong = orderpipe("query", "policy", "--shop", "demo", "--remind-after", "0")
    assert (wrong.exit_code, wrong.err) == (2, "remind_after is from 1 to 43200 working minutes, not 0.\n")
    assert orderpipe("query", "policy", "--shop", "demo", "--on-silence", "shrug").exit_code == 2
    assert orderpipe("query", "policy", "--shop", "nobody").exit_code == 1
