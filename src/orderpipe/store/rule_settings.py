"""
What shops have set of the rules that orders are checked by: for every order of theirs, or for one type.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Table, Text, select
from sqlalchemy.dialects.postgresql import JSONB

from orderpipe.domain.rules import RULE, Override, RuleSetting, Severity
from orderpipe.domain.rules.limits import Limits
from orderpipe.store.metadata import Tx, insert_rows, metadata, one_of, text

EVERY_TYPE = ""
"""The order type of a setting that holds for all of them."""

rule_setting = Table(
    "rule_setting",
    metadata,
    Column("shop_id", BigInteger, primary_key=True, autoincrement=False),
    Column("order_type", Text, primary_key=True),
    Column("rule", Text, primary_key=True),
    Column("enabled", Boolean, nullable=False, server_default="true"),
    Column("severity", Text),
    Column("override", Text),
    Column("limits", JSONB, nullable=False, server_default="{}"),
    CheckConstraint(one_of("severity", Severity), name="severity"),
    CheckConstraint(one_of("override", Override), name="override"),
)
"""Shop 0 is everybody; NULL, and a limit that is not named, is as everybody has it."""

_RENEW = """ON CONFLICT (shop_id, order_type, rule) DO UPDATE
    SET enabled = excluded.enabled, severity = excluded.severity, override = excluded.override, limits = excluded.limits"""


def read(tx: Tx) -> list[dict[str, Any]]:
    """All settings of all shops."""
    order = (rule_setting.c.shop_id, rule_setting.c.order_type, rule_setting.c.rule)
    return [dict(row) for row in tx.execute(select(rule_setting).order_by(*order)).mappings()]


def setting_of(row: Mapping[str, Any]) -> RuleSetting:
    """A row as the rules take it; a limit that this version does not have is left out, for it must not stop the orders."""
    severity, override = row["severity"], row["override"]
    known: Limits = RULE[row["rule"]].limits if row["rule"] in RULE else {}
    return RuleSetting(
        row["enabled"], Severity(severity) if severity else None, Override(override) if override else None,
        {name: value for name, value in row["limits"].items() if name in known and isinstance(value, str) == isinstance(known[name], str)},
    )


def write(tx: Tx, shop_id: int, order_type: str, rule: str, setting: RuleSetting) -> None:
    """Set a rule for a shop and an order type, in place of what was set there."""
    insert_rows(tx, rule_setting, [{
        "shop_id": shop_id, "order_type": order_type, "rule": rule, "enabled": setting.enabled, "severity": setting.severity,
        "override": setting.override, "limits": dict(setting.limits),
    }], conflict=_RENEW)


def forget(tx: Tx, shop_id: int, order_type: str, rule: str) -> bool:
    """Let the rule be as everybody has it; returns whether something was set."""
    done = tx.execute(
        text("DELETE FROM rule_setting WHERE shop_id = :shop_id AND order_type = :order_type AND rule = :rule"),
        {"shop_id": shop_id, "order_type": order_type, "rule": rule},
    )
    return done.rowcount > 0
