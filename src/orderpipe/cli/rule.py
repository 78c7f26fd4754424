"""
`orderpipe rule`: the rules that orders are checked by, as each shop and type of order has them.
"""

from typing import Annotated

import typer

from orderpipe.cli.app import app
from orderpipe.cli.place import Data, enter
from orderpipe.cli.refusals import Misused
from orderpipe.cli.shop import of_code
from orderpipe.cli.terminal import AsJson, print_json, print_table, say
from orderpipe.domain.rules import RULE, RULES, Override, Rule, RuleSetting, Severity
from orderpipe.domain.rules.limits import Limit, UnknownLimit
from orderpipe.domain.targets import EVERYBODY, Policies, rules_for
from orderpipe.store import policies, rule_settings
from orderpipe.store.metadata import Tx
from orderpipe.store.rule_settings import EVERY_TYPE

commands = typer.Typer(no_args_is_help=True, help="The rules that orders are checked by.")
app.add_typer(commands, name="rule")

Name = Annotated[str, typer.Argument(help="The rule, as `orderpipe rule list` calls it.")]
ShopCode = Annotated[str, typer.Option("--shop", help="A shop's code. Default: every shop that has not set it otherwise.")]
Type = Annotated[str, typer.Option("--type", help="A type of order, such as express. Default: every type.")]


@commands.command("list")
def list_rules(shop: ShopCode = "", order_type: Type = EVERY_TYPE, as_json: AsJson = False, data: Data = None) -> None:
    """The rules as they hold for a shop's orders of a type; those that are off are marked."""
    with enter(data).engine.begin() as tx:
        known = policies.read_policies(tx)
        shop_id = _shop(tx, shop)
        _check_type(known, shop_id, order_type)
    at_work = {rule.name: rule for rule in rules_for(known, shop_id, order_type)}
    if as_json:
        print_json([_document(at_work.get(rule.name, rule), at_work=rule.name in at_work) for rule in RULES])
        return
    print_table(("rule", "leads to", "may override", "limits"), [
        (rule.name, one.severity if (one := at_work.get(rule.name)) else "off", (one or rule).override, _limits(one or rule))
        for rule in RULES
    ])


@commands.command("set")
def set_rule(
    name: Name,
    shop: ShopCode = "",
    order_type: Type = EVERY_TYPE,
    on: Annotated[bool, typer.Option("--on/--off", help="Whether orders are checked by it.")] = True,
    severity: Annotated[Severity | None, typer.Option(help="What a finding leads to. Default: as everybody has it.")] = None,
    override: Annotated[Override | None, typer.Option(help="Who may say that it is right. Default: as everybody has it.")] = None,
    limit: Annotated[list[str] | None, typer.Option(help="A limit as name=value; may be repeated.")] = None,
    data: Data = None,
) -> None:
    """Set a rule for a shop and a type of order; what is not named is as everybody has it. It holds within ten seconds."""
    rule = _rule(name)
    setting = RuleSetting(on, severity, override, dict(_limit(rule, one) for one in limit or ()))
    with enter(data).engine.begin() as tx:
        shop_id = _shop(tx, shop)
        _check_type(policies.read_policies(tx), shop_id, order_type)
        rule_settings.write(tx, shop_id, order_type, name, setting)
    now = setting.applied_to(rule)
    said = f"{now.severity}, overridden by {now.override}{_and(_limits(now))}" if on else "off"
    say(f"{name} is set for {_whose(shop, order_type)}: {said}.")


@commands.command("reset")
def reset(name: Name, shop: ShopCode = "", order_type: Type = EVERY_TYPE, data: Data = None) -> None:
    """Let a rule be as everybody has it."""
    _rule(name)
    with enter(data).engine.begin() as tx:
        forgotten = rule_settings.forget(tx, _shop(tx, shop), order_type, name)
    say(f"{name} is no longer set for {_whose(shop, order_type)}." if forgotten else f"{name} was not set for {_whose(shop, order_type)}.")


def _rule(name: str) -> Rule:
    if name not in RULE:
        raise Misused(f"There is no rule {name!r}; `orderpipe rule list` names them all.")
    return RULE[name]


def _shop(tx: Tx, code: str) -> int:
    return of_code(tx, code).id if code else EVERYBODY


def _check_type(known: Policies, shop_id: int, order_type: str) -> None:
    codes = sorted({code for owner, code in known.order_types if owner in (EVERYBODY, shop_id)})
    if order_type and order_type not in codes:
        raise Misused(f"There is no order type {order_type!r}; there is {', '.join(codes)}.")


def _limit(rule: Rule, given: str) -> tuple[str, Limit]:
    name, equals, value = given.partition("=")
    if not equals:
        raise Misused(f"A limit is written name=value, not {given!r}.")
    try:
        limit: Limit = value if isinstance(rule.limits.get(name), str) else float(value)
        RuleSetting(limits={name: limit}).applied_to(rule)
    except UnknownLimit as unknown:
        raise Misused(str(unknown)) from None
    except ValueError:
        raise Misused(f"The limit {name} of {rule.name} is a number, so {value!r} cannot be it.") from None
    return name, limit


def _document(rule: Rule, *, at_work: bool) -> dict[str, object]:
    return {
        "rule": rule.name, "says": rule.says, "on": at_work, "severity": rule.severity, "override": rule.override,
        "limits": dict(rule.limits),
    }


def _limits(rule: Rule) -> str:
    return ", ".join(f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}" for name, value in rule.limits.items())


def _and(limits: str) -> str:
    return f", {limits}" if limits else ""


def _whose(shop: str, order_type: str) -> str:
    return f"{f'orders of {shop}' if shop else 'all orders'}{f' of the type {order_type}' if order_type else ''}"
