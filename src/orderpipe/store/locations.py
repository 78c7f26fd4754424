"""
The locations that a shop's goods leave from.
"""

from orderpipe.store.metadata import Tx, text


class LocationTaken(Exception):
    """The shop has a location of this code already."""


def add(
    tx: Tx, shop_id: int, code: str, *,
    name: str = "", time_zone: str = "UTC", country: str = "GB", carrier: str = "orderpipe-parcel",
) -> int:
    """Add a location; returns its id. Raises LocationTaken."""
    row = tx.execute(
        text("""INSERT INTO location (shop_id, code, name, time_zone, country, carrier)
            VALUES (:shop_id, :code, :name, :time_zone, :country, :carrier)
            ON CONFLICT (shop_id, code) DO NOTHING RETURNING id"""),
        {"shop_id": shop_id, "code": code, "name": name or code, "time_zone": time_zone, "country": country, "carrier": carrier},
    ).one_or_none()
    if row is None:
        raise LocationTaken(f"The shop has a location {code!r} already.")
    return int(row.id)


def name_of(tx: Tx, shop_id: int, code: str) -> str:
    """What the shop's location of this code is called."""
    given = {"shop_id": shop_id, "code": code}
    return str(tx.execute(text("SELECT name FROM location WHERE shop_id = :shop_id AND code = :code"), given).scalar_one())
