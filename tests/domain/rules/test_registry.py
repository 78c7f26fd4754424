"""
The rules by their names, and as a shop sets them.
"""

import pytest

from orderpipe.domain.rules import RULES, Override, RuleSetting, Severity
from orderpipe.domain.rules.limits import UnknownLimit
from orderpipe.domain.targets import EVERYBODY, Policies, rules_for

SHOP = 7


def named(policies: Policies, shop_id: int = SHOP, order_type: str = "standard") -> dict[str, tuple[str, str, float | str]]:
    return {one.name: (one.severity, one.override, one.limits.get("times", "")) for one in rules_for(policies, shop_id, order_type)}


def test_have_each_its_own_name_and_a_sentence() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(rule.says.endswith(".") for rule in RULES)


def test_are_what_they_are_where_nobody_sets_them() -> None:
    assert rules_for(Policies({}, {}, {}), SHOP, "standard") == RULES


def test_go_by_the_nearest_setting() -> None:
    policies = Policies({}, {}, {}, {
        (EVERYBODY, "", "quantity-unusual"): RuleSetting(limits={"times": 20}),
        (SHOP, "", "quantity-unusual"): RuleSetting(severity=Severity.REVIEW, override=Override.OFFICE),
        (SHOP, "express", "quantity-unusual"): RuleSetting(enabled=False),
    })
    assert named(policies, 8)["quantity-unusual"] == ("ask", "customer", 20)
    assert named(policies)["quantity-unusual"] == ("review", "office", 10)
    assert "quantity-unusual" not in named(policies, SHOP, "express")


def test_know_their_limits() -> None:
    rule = next(one for one in RULES if one.name == "quantity-unusual")
    with pytest.raises(UnknownLimit, match="has no limit 'time'; it has customer_lines"):
        RuleSetting(limits={"time": 5}).applied_to(rule)
    with pytest.raises(UnknownLimit, match="is a number"):
        RuleSetting(limits={"times": "many"}).applied_to(rule)
