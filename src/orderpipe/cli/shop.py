"""
`orderpipe shop`: set shops up, with their first location, and hand out the keys with which they and their partners come in.
"""

from typing import Annotated
from zoneinfo import available_timezones

import typer

from orderpipe.cli.app import app
from orderpipe.cli.place import Data, enter
from orderpipe.cli.refusals import Misused, Refusal
from orderpipe.cli.terminal import AsJson, print_json, print_table, say
from orderpipe.domain.stock import ALL_AT_ONCE, AS_AVAILABLE
from orderpipe.store import locations, shops
from orderpipe.store.metadata import Tx
from orderpipe.store.shops import NewShop, Role, Shop

commands = typer.Typer(no_args_is_help=True, help="Shops and their keys.")
app.add_typer(commands, name="shop")

Code = Annotated[str, typer.Argument(help="The shop's code.")]


class UnknownShop(Refusal):
    """There is no shop of this code."""


def of_code(tx: Tx, code: str) -> Shop:
    """The shop of this code. Raises UnknownShop, which names those that exist."""
    found = shops.shop_by_code(tx, code)
    if found is None:
        known = ", ".join(one.code for one in shops.list_shops(tx))
        raise UnknownShop(f"There is no shop {code!r}; there is {known or 'none yet: add one with `orderpipe shop add`'}.")
    return found


@commands.command("add")
def add(
    code: Code,
    name: Annotated[str, typer.Argument(help="What customers know it as.")],
    currency: Annotated[str, typer.Option(help="ISO 4217.")] = "GBP",
    language: Annotated[str, typer.Option(help="Language of letters where an order names none.")] = "en",
    time_zone: Annotated[str, typer.Option(help="Such as Europe/Berlin.")] = "UTC",
    country: Annotated[str, typer.Option(help="ISO 3166-1, such as GB.")] = "GB",
    mail_from: Annotated[str, typer.Option(help="Sender address of its letters.")] = "",
    office_email: Annotated[str, typer.Option(help="Whom its alarms go to.")] = "",
    backorder_policy: Annotated[str, typer.Option(help="as-available or all-at-once.")] = "as-available",
    location: Annotated[str, typer.Option(help="Code of its first location, from which goods leave.")] = "",
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Add a shop; its key is printed once and cannot be seen again."""
    new = NewShop(code, name, language, time_zone, country, currency, mail_from, office_email, backorder_policy)
    _understand(new)
    with enter(data).engine.begin() as tx:
        shop_id = shops.add_shop(tx, new)
        if location:
            locations.add(tx, shop_id, location, time_zone=time_zone, country=country)
        key = shops.create_key(tx, shop_id, Role.SHOP)
    if as_json:
        print_json({"shop": code, "id": shop_id, "role": Role.SHOP.value, "key": key, "location": location or None})
    else:
        say(f"Shop {code} is there. Its key, shown this once: {key}")
        if not location:
            say("Goods can be sent once it has a location: `orderpipe shop location`.")


def _understand(new: NewShop) -> None:
    if new.time_zone not in available_timezones():
        raise Misused(f"{new.time_zone!r} is no time zone; write it as Europe/Berlin or UTC.")
    if not (len(new.currency) == 3 and new.currency.isascii() and new.currency.isupper()):
        raise Misused(f"{new.currency!r} is no ISO 4217 currency; write it as EUR.")
    if not (len(new.country) == 2 and new.country.isascii() and new.country.isupper()):
        raise Misused(f"{new.country!r} is no ISO 3166-1 country; write it as DE.")
    if new.backorder_policy not in (AS_AVAILABLE, ALL_AT_ONCE):
        raise Misused(f"{new.backorder_policy!r} is no backorder policy; there is {AS_AVAILABLE} and {ALL_AT_ONCE}.")


@commands.command("location")
def add_location(
    code: Code,
    location: Annotated[str, typer.Argument(help="Code of the location, unique within the shop.")],
    name: Annotated[str, typer.Option(help="What people call it.")] = "",
    carrier: Annotated[str, typer.Option(help="Who takes its parcels.")] = "orderpipe-parcel",
    data: Data = None,
) -> None:
    """Add a location from which a shop's goods leave, in the shop's country and time zone."""
    with enter(data).engine.begin() as tx:
        shop = of_code(tx, code)
        locations.add(
            tx, shop.id, location, name=name, time_zone=shop.time_zone, country=shop.country, carrier=carrier
        )
    say(f"Shop {code} sends goods from {location} now.")


@commands.command("withdrawal")
def set_withdrawal(
    code: Code,
    days: Annotated[int, typer.Argument(help="So long after the last delivery.", min=0, max=1_000)],
    data: Data = None,
) -> None:
    """Say for how many days after the last delivery a shop's customers may withdraw from the contract; at first it is 14."""
    with enter(data).engine.begin() as tx:
        shops.set_withdrawal_days(tx, of_code(tx, code).id, days)
    say(f"Customers of {code} may withdraw for {days} days after the last delivery.")


@commands.command("list")
def show_all(as_json: AsJson = False, data: Data = None) -> None:
    """List the shops."""
    with enter(data).engine.begin() as tx:
        found = shops.list_shops(tx)
    if as_json:
        print_json(found)
    else:
        columns = ("code", "name", "language", "country", "currency", "time_zone", "backorder_policy")
        print_table(columns, ([getattr(shop, column) for column in columns] for shop in found))


@commands.command("key")
def new_key(
    code: Code,
    role: Annotated[Role, typer.Option(help="Whom it is for, which decides what it opens.")] = Role.SHOP,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Make another key, for the shop itself, its warehouse, its carrier or the office; it is printed once."""
    with enter(data).engine.begin() as tx:
        key = shops.create_key(tx, of_code(tx, code).id, role)
    _hand_over(code, role, key, as_json)


@commands.command("keys")
def show_keys(code: Code, as_json: AsJson = False, data: Data = None) -> None:
    """List a shop's keys; of each only the last four characters are known."""
    with enter(data).engine.begin() as tx:
        found = shops.keys_of(tx, of_code(tx, code).id)
    if as_json:
        print_json(found)
    else:
        rows = ([key.id, key.role.value, f"…{key.hint}", key.created_at, key.revoked_at] for key in found)
        print_table(("id", "role", "key", "made", "revoked"), rows)


@commands.command("rotate-key")
def rotate(
    code: Code,
    role: Annotated[Role, typer.Option(help="Whose key.")] = Role.SHOP,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Make a new key and let all earlier ones of that role open nothing any more."""
    parts = enter(data)
    with parts.engine.begin() as tx:
        shop = of_code(tx, code)
        for old in shops.keys_of(tx, shop.id):
            if old.role == role and old.revoked_at is None:
                shops.revoke(tx, old.id, parts.clock())
        key = shops.create_key(tx, shop.id, role)
    _hand_over(code, role, key, as_json)


def _hand_over(code: str, role: Role, key: str, as_json: bool) -> None:
    if as_json:
        print_json({"shop": code, "role": role.value, "key": key})
    else:
        say(f"The {role.value} key of {code}, shown this once: {key}")
