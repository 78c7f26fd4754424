"""
`orderpipe shop`: a shop with a key in one command, and keys that can be replaced.
"""

from sqlalchemy import Engine

from orderpipe.store import shops
from orderpipe.store.stock import location
from tests import builders
from tests.cli.conftest import Terminal
from tests.floor import Floor


def test_adds_a_shop_with_a_location_and_prints_its_key_once(orderpipe: Terminal, engine: Engine) -> None:
    added = orderpipe("shop", "add", "tea", "Tea House", "--currency", "EUR", "--location", "main", "--country", "DE", "--json").json
    with engine.begin() as tx:
        key = shops.find_key(tx, added["key"])
        (place,) = builders.rows_of(tx, location)
    assert key is not None
    assert (key.shop_id, key.role) == (added["id"], "shop")
    assert (place["code"], place["country"]) == ("main", "DE")
    listed = orderpipe("shop", "list")
    assert "Tea House" in listed.out
    assert added["key"] not in listed.out + orderpipe("shop", "keys", "tea").out


def test_says_what_is_wrong_with_a_new_shop(orderpipe: Terminal) -> None:
    orderpipe("shop", "add", "tea", "Tea House")
    again = orderpipe("shop", "add", "tea", "Tea House")
    assert (again.exit_code, again.err) == (1, "There is a shop tea already.\n")
    for option, value in (("--currency", "euro"), ("--time-zone", "Mars"), ("--country", "Britain"), ("--backorder-policy", "never")):
        wrong = orderpipe("shop", "add", "new", "New", option, value)
        assert (wrong.exit_code, wrong.out) == (2, "")
        assert value in wrong.err


def test_makes_a_key_for_each_role_and_replaces_only_those_of_one(orderpipe: Terminal, engine: Engine) -> None:
    first = orderpipe("shop", "add", "tea", "Tea House", "--json").json["key"]
    scanner = orderpipe("shop", "key", "tea", "--role", "warehouse", "--json").json["key"]
    second = orderpipe("shop", "rotate-key", "tea", "--json").json["key"]
    with engine.begin() as tx:
        found = [shops.find_key(tx, key) for key in (first, scanner, second)]
    assert [key.role if key else None for key in found] == [None, "warehouse", "shop"]
    assert [key["role"] for key in orderpipe("shop", "keys", "tea", "--json").json] == ["shop", "warehouse", "shop"]


def test_names_the_shops_there_are(orderpipe: Terminal) -> None:
    nobody = orderpipe("shop", "key", "tea")
    assert (nobody.exit_code, nobody.err) == (1, "There is no shop 'tea'; there is none yet: add one with `orderpipe shop add`.\n")
    orderpipe("shop", "add", "coffee", "Coffee House")
    assert orderpipe("shop", "key", "tea").err == "There is no shop 'tea'; there is coffee.\n"


def test_gives_a_shop_another_location(orderpipe: Terminal) -> None:
    orderpipe("shop", "add", "tea", "Tea House", "--location", "main")
    assert orderpipe("shop", "location", "tea", "north").exit_code == 0
    assert orderpipe("shop", "location", "tea", "main").err == "The shop has a location 'main' already.\n"


def test_says_how_long_customers_may_withdraw(orderpipe: Terminal, floor: Floor) -> None:
    assert floor.value("SELECT withdrawal_days FROM shop WHERE code = 'demo'") == 14
    assert orderpipe("shop", "withdrawal", "demo", "30").out == "Customers of demo may withdraw for 30 days after the last delivery.\n"
    assert floor.value("SELECT withdrawal_days FROM shop WHERE code = 'demo'") == 30
    assert orderpipe("shop", "withdrawal", "nobody", "30").exit_code == 1
    assert orderpipe("shop", "withdrawal", "demo", "-1").exit_code == 2
