"""
Rules over the command line: listed as they hold, set for a shop and a type of order, and what is said when that makes no sense.
"""

import json
from typing import Any

import pytest

from tests import builders
from tests.cli.conftest import Terminal
from tests.floor import Floor


@pytest.fixture(autouse=True)
def shop(floor: Floor) -> None:
    with floor.engine.begin() as tx:
        builders.shop(tx, "tea")


def listed(orderpipe: Terminal, *words: str) -> dict[str, Any]:
    answer = orderpipe("rule", "list", "--json", *words)
    assert answer.exit_code == 0, answer.err
    return {one["rule"]: one for one in json.loads(answer.out)}


def test_lists_every_rule_with_what_it_says(orderpipe: Terminal) -> None:
    rule = listed(orderpipe)["quantity-unusual"]
    assert (rule["on"], rule["severity"], rule["override"], rule["limits"]["times"]) == (True, "ask", "customer", 10)
    assert rule["says"] == "A line wants far more than is usual."
    assert "quantity-unusual" in orderpipe("rule", "list").out


def test_sets_a_rule_for_a_shop_and_a_type_and_lets_it_be_again(orderpipe: Terminal) -> None:
    words = ("quantity-unusual", "--shop", "tea", "--type", "express")
    said = orderpipe("rule", "set", *words, "--severity", "review", "--override", "office", "--limit", "times=25")
    assert said.exit_code == 0, said.err
    assert "is set for orders of tea of the type express: review, overridden by office" in said.out
    rule = listed(orderpipe, "--shop", "tea", "--type", "express")["quantity-unusual"]
    assert (rule["severity"], rule["override"], rule["limits"]["times"], rule["limits"]["spreads"]) == ("review", "office", 25, 3.5)
    assert listed(orderpipe, "--shop", "tea")["quantity-unusual"]["severity"] == "ask"
    assert orderpipe("rule", "reset", *words).exit_code == 0
    assert listed(orderpipe, "--shop", "tea", "--type", "express")["quantity-unusual"]["severity"] == "ask"
    assert "was not set" in orderpipe("rule", "reset", *words).out


def test_puts_a_rule_out_of_force(orderpipe: Terminal) -> None:
    assert orderpipe("rule", "set", "price-differs", "--shop", "tea", "--off").out == "price-differs is set for orders of tea: off.\n"
    assert listed(orderpipe, "--shop", "tea")["price-differs"]["on"] is False


@pytest.mark.parametrize(("words", "sentence"), [
    (("price-difers",), "There is no rule 'price-difers'; `orderpipe rule list` names them all."),
    (("price-differs", "--shop", "coffee"), "There is no shop 'coffee'"),
    (("price-differs", "--type", "slow"), "There is no order type 'slow'; there is bulk, express"),
    (("price-differs", "--limit", "times"), "A limit is written name=value, not 'times'."),
    (("price-differs", "--limit", "time=5"), "price-differs has no limit 'time'; it has article_lines, times, times_others."),
    (("price-differs", "--limit", "times=many"), "The limit times of price-differs is a number, so 'many' cannot be it."),
])
def test_says_what_makes_no_sense(orderpipe: Terminal, words: tuple[str, ...], sentence: str) -> None:
    answer = orderpipe("rule", "set", *words)
    assert answer.exit_code in (1, 2)
    assert sentence in answer.err
