"""
The completeness rules: what they find, what they leave alone, and who clears it.
"""

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderpipe.domain.rules import Finding, LineToCheck, OrderToCheck, Severity, check, identity, worst
from tests.needs import require

LINE = LineToCheck(1, "KETTLE-1", "goods", "Kettle", 2, Decimal("12.50"), True, False)
ADDRESS = {"line1": "1 High Street", "city": "London", "postal_code": "N1 1AA", "country": "GB"}
JANE = {"name": "Jane Doe", "email": "jane@shop.example", "phone": "020 7946 0958"}
ORDER = OrderToCheck(JANE, ADDRESS, "card", "GBP", Decimal("25.00"), (LINE,), "GB")


def found(order: OrderToCheck) -> list[tuple[str, str, str]]:
    return [(one.rule, one.severity.value, one.field) for one in check(order)]


def with_line(**changes: object) -> OrderToCheck:
    return replace(ORDER, lines=(LINE, replace(LINE, number=2, **changes)), total=None)  # type: ignore[arg-type]


def to(**changes: str) -> OrderToCheck:
    return replace(ORDER, ship_to=ADDRESS | changes)


def test_finds_nothing_in_an_order_in_order() -> None:
    assert check(ORDER) == ()
    assert worst(()) is None


@pytest.mark.parametrize("name", ["", "  ", "\t\n", "\u200b\u2060", "\u00a0\u3000", "\x00\x01"])
def test_asks_for_a_name_that_nobody_can_see(name: str) -> None:
    assert found(replace(ORDER, customer=JANE | {"name": name})) == [("name-missing", "ask", "/customer/name")]


@pytest.mark.parametrize("name", ["李", "O'Brien-Ó", "X Æ A-12", "ﷺ", "👩‍💻", "null", "\u200fabc"])
def test_takes_any_name_that_can_be_seen(name: str) -> None:
    assert check(replace(ORDER, customer=JANE | {"name": name})) == ()


def test_is_content_with_one_way_to_the_customer() -> None:
    assert check(replace(ORDER, customer=JANE | {"phone": ""})) == ()
    assert check(replace(ORDER, customer=JANE | {"email": ""})) == ()


def test_leaves_a_customer_whom_nobody_can_reach_to_the_office() -> None:
    finding, = check(replace(ORDER, customer={"name": "Jane Doe", "email": "jane@"}))
    assert (finding.rule, finding.severity, finding.field) == ("contact-missing", Severity.REVIEW, "/customer")
    assert finding.evidence["phone"] == "None was given."
    assert finding.have == {"email": "jane@", "phone": ""}


def test_leaves_every_doubt_to_the_office_when_the_customer_cannot_be_written_to() -> None:
    landline = {"name": "Jane Doe", "phone": "020 7946 0958"}
    assert check(replace(ORDER, customer=landline)) == ()
    assert found(replace(ORDER, customer=landline, payment_method="")) == [("payment-method-missing", "review", "/payment_method")]


def test_reads_a_telephone_number_as_one_of_the_country_where_it_is_shipped() -> None:
    in_france = replace(to(country="FR", postal_code="75008"), customer={"name": "Jeanne", "phone": "06 12 34 56 78"})
    assert check(in_france) == ()
    assert check(replace(in_france, ship_to=ADDRESS)) != ()


def test_rejects_an_order_without_lines() -> None:
    findings = check(replace(ORDER, lines=()))
    assert [one.rule for one in findings] == ["no-lines"]
    assert worst(findings) == Severity.REJECT


@pytest.mark.parametrize(
    ("changes", "rule", "field"),
    [
        ({"description": " "}, "description-missing", "/lines/1/description"),
        ({"quantity": 0}, "quantity-not-positive", "/lines/1/quantity"),
        ({"quantity": -3}, "quantity-not-positive", "/lines/1/quantity"),
        ({"known": False}, "product-unknown", "/lines/1/sku"),
        ({"discontinued": True}, "product-discontinued", "/lines/1/sku"),
    ],
)
def test_asks_about_the_line_in_doubt(changes: dict[str, object], rule: str, field: str) -> None:
    assert found(with_line(**changes)) == [(rule, "ask", field)]


def test_asks_how_the_customer_pays() -> None:
    assert found(replace(ORDER, payment_method="")) == [("payment-method-missing", "ask", "/payment_method")]


def test_asks_when_the_lines_do_not_add_up_to_the_total() -> None:
    finding, = check(replace(ORDER, total=Decimal("25.02")))
    assert (finding.rule, finding.have, finding.proposals) == ("totals-differ", "25.02", ("25.00",))
    assert finding.evidence == {
        "have": "25.02", "proposals": ["25.00"], "lines": "25.00", "total": "25.02", "currency": "GBP",
    }


def test_lets_rounding_cost_a_cent_a_line() -> None:
    assert check(replace(ORDER, total=Decimal("25.01"))) == ()
    assert check(replace(ORDER, total=Decimal("50.02"), lines=(LINE, LINE))) == ()


def test_does_not_add_up_what_is_not_given() -> None:
    assert check(replace(ORDER, total=Decimal(1), lines=(replace(LINE, unit_price=None),))) == ()
    assert check(replace(ORDER, total=None)) == ()


def test_finds_no_more_what_was_confirmed() -> None:
    order = replace(ORDER, total=Decimal(99), payment_method="", confirmed=frozenset({identity("totals-differ", "/total", "99.00")}))
    assert [one.rule for one in check(order)] == ["payment-method-missing"]


def test_asks_for_the_address_of_goods_alone() -> None:
    assert found(replace(ORDER, ship_to=None)) == [("address-missing", "ask", "/ship_to")]
    assert check(replace(ORDER, ship_to=None, lines=(replace(LINE, kind="service"),))) == ()


def test_asks_for_each_missing_part_of_the_address() -> None:
    assert found(to(line1="", city=" ", postal_code="")) == [
        ("address-missing", "ask", "/ship_to/line1"), ("address-missing", "ask", "/ship_to/city"),
        ("address-missing", "ask", "/ship_to/postal_code"),
    ]


def test_proposes_the_shop_s_country_for_one_that_does_not_exist() -> None:
    finding, = check(to(country="England"))
    assert (finding.field, finding.have, finding.proposals) == ("/ship_to/country", "England", ("GB",))


@pytest.mark.parametrize(("country", "parts"), [("HK", ("city", "postal_code")), ("AE", ("postal_code",)), ("SG", ("city",))])
def test_asks_for_no_part_that_the_country_does_not_have(country: str, parts: tuple[str, ...]) -> None:
    sent = to(country=country, **({"postal_code": "049145"} if country == "SG" else {}), **dict.fromkeys(parts, ""))
    assert check(sent) == ()


def test_puts_rejecting_before_the_office_before_asking() -> None:
    findings = [Finding("a", severity, "/a") for severity in (Severity.ASK, Severity.REVIEW, Severity.REJECT)]
    assert worst(tuple(findings)) == Severity.REJECT
    assert worst(tuple(findings[:2])) == Severity.REVIEW
    assert worst(tuple(findings[:1])) == Severity.ASK


texts = st.text(max_size=40)
prices = st.none() | st.decimals(0, 1000, places=2)
lines = st.builds(
    LineToCheck, st.integers(1, 9), texts, st.sampled_from(["goods", "service"]), texts, st.integers(-5, 100), prices, st.booleans(),
    st.booleans(),
)
addresses = st.none() | st.fixed_dictionaries({}, optional=dict.fromkeys(ADDRESS, texts))
orders = st.builds(
    OrderToCheck,
    customer=st.fixed_dictionaries({}, optional={"name": texts, "email": texts, "phone": texts}),
    ship_to=addresses, payment_method=texts, currency=texts, total=prices, lines=st.lists(lines, max_size=4).map(tuple),
    country=st.sampled_from(["GB", "CN", ""]),
)


@given(orders)
def test_takes_anything_and_gives_findings_that_can_be_kept_and_confirmed(order: OrderToCheck) -> None:
    findings = check(order)
    json.dumps([one.doubt for one in findings])
    assert len({(one.rule, one.field) for one in findings}) == len(findings)
    confirmed = frozenset(one.identity for one in findings)
    assert check(replace(order, confirmed=confirmed)) == ()


def test_takes_every_naughty_string_as_a_name_unless_there_is_nothing_to_see() -> None:
    strings = json.loads((require("real-data") / "naughty" / "blns.json").read_text())
    refused = [name for name in strings if check(replace(ORDER, customer=JANE | {"name": name}))]
    assert all(not name.isprintable() or not name.strip() for name in refused)
    assert len(refused) < 10
