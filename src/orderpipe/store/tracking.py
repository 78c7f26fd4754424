"""
Parcels on their way, and what the carrier says of them: every word is kept, and merged forward only.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime

from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Identity, Index, Table, Text, UniqueConstraint

from orderpipe.domain.tracking import Merging, Parcel, ParcelStatus, TrackingEvent, merge
from orderpipe.flow import FulfillmentState
from orderpipe.store.metadata import Tx, insert_rows, metadata, text
from orderpipe.store.personal import OF_FULFILLMENT, personal

parcel = Table(
    "parcel",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("fulfillment_id", BigInteger, nullable=False),
    Column("sscc", Text, nullable=False),
    Column("carrier", Text, nullable=False),
    Column("tracking_number", Text, nullable=False, unique=True),
    Column("status", Text, nullable=False),
    Column("shipped_at", DateTime(timezone=True), nullable=False),
    Column("status_at", DateTime(timezone=True), nullable=False),
    Column("expected_on", Date),
    Index("ix_parcel_fulfillment_id", "fulfillment_id"),
    postgresql_with={"fillfactor": 70},
    info=personal(OF_FULFILLMENT, harmless="sscc carrier tracking_number status"),
)
"""An SSCC may come again after a year, as GS1 has it, so it is not unique for ever."""

tracking_event = Table(
    "tracking_event",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("shop_id", BigInteger, nullable=False),
    Column("tracking_number", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("place", Text),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("merged", Boolean, nullable=False),
    Column("expected_on", Date),
    UniqueConstraint("shop_id", "tracking_number", "event_id"),
    # where a carrier left a parcel may be a neighbour's name
    info=personal(
        """(shop_id, tracking_number) IN (SELECT f.shop_id, p.tracking_number
            FROM parcel p JOIN fulfillment f ON f.id = p.fulfillment_id WHERE f.order_id = ANY(:orders))""",
        place="NULL", harmless="tracking_number event_id status",
    ),
)
"""`shop_id` is the shop whose carrier said it, so that nobody can speak about another shop's parcels, not even ahead of them."""

_EARLY_WORDS = 0x0D0E13
"""Advisory lock of the words that came before their parcel: shared by those who label parcels, exclusive to those who keep such words."""


class ParcelJustAppeared(TimeoutError):
    """The parcel was labelled while its word was written down; the same request will find it."""


def orders_of(tx: Tx, shop_id: int, tracking_numbers: Collection[str]) -> dict[str, int]:
    """The order of each parcel of the shop, by tracking number; unknown numbers are left out."""
    rows = tx.execute(
        text("""SELECT p.tracking_number, f.order_id FROM parcel p JOIN fulfillment f ON f.id = p.fulfillment_id
            JOIN orders o ON o.id = f.order_id WHERE p.tracking_number = ANY(:numbers) AND o.shop_id = :shop_id"""),
        {"numbers": sorted(tracking_numbers), "shop_id": shop_id},
    )
    return {row.tracking_number: row.order_id for row in rows}


def wait_for_labels(tx: Tx, shop_id: int, tracking_numbers: Collection[str]) -> None:
    """
    Let whoever is labelling parcels finish, before words about these unknown parcels are kept for later.

    Raises ParcelJustAppeared when one of them is there now: its order cannot be locked any more without risking a deadlock.
    """
    if not tracking_numbers:
        return
    tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _EARLY_WORDS})
    if appeared := orders_of(tx, shop_id, tracking_numbers):
        raise ParcelJustAppeared(f"{len(appeared)} parcels were labelled just now; please repeat the request.")


_PARCELS = """SELECT p.id, p.fulfillment_id, p.tracking_number, p.status, p.status_at, f.state
    FROM parcel p JOIN fulfillment f ON f.id = p.fulfillment_id WHERE p.tracking_number = ANY(:numbers)"""


def parcels(tx: Tx, tracking_numbers: Collection[str]) -> dict[str, Parcel]:
    """The parcels by tracking number; the caller holds their orders' locks."""
    rows = tx.execute(text(_PARCELS), {"numbers": sorted(tracking_numbers)})
    return {
        row.tracking_number: Parcel(
            row[0], row[1], row[2], ParcelStatus(row.status), row.status_at, FulfillmentState(row.state)
        )
        for row in rows
    }


def known(tx: Tx, shop_id: int, events: Collection[TrackingEvent]) -> dict[tuple[str, str], Merging]:
    """What became of the words that the shop's carrier has said before, by (tracking number, event id)."""
    rows = tx.execute(
        text("""SELECT e.tracking_number, e.event_id, e.status, e.at, coalesce(e.place, ''), e.merged
            FROM tracking_event e JOIN unnest(CAST(:numbers AS text[]), CAST(:events AS text[])) AS u (tracking_number, event_id)
                ON e.tracking_number = u.tracking_number AND e.event_id = u.event_id WHERE e.shop_id = :shop_id"""),
        {
            "shop_id": shop_id, "numbers": [event.tracking_number for event in events],
            "events": [event.event_id for event in events],
        },
    )
    return {
        (row[0], row[1]): Merging(
            TrackingEvent(row[0], row[1], ParcelStatus(row.status), *row[3:5]), row.merged, "The carrier has said so before.",
            None if row.merged else "known",
        )
        for row in rows
    }


def keep(tx: Tx, shop_id: int, mergings: Collection[Merging], now: datetime) -> None:
    """Write the carrier's words down, merged or not."""
    insert_rows(tx, tracking_event, [
        {
            "shop_id": shop_id, "tracking_number": one.event.tracking_number, "event_id": one.event.event_id,
            "status": one.event.status, "at": one.event.at, "place": one.event.place or None, "received_at": now,
            "merged": one.merged, "expected_on": one.event.expected_on,
        }
        for one in mergings
    ])


def bring_forward(tx: Tx, changed: Collection[Parcel]) -> None:
    """Bring the parcels to the status the carrier's words have given them; the caller holds their orders' locks."""
    if changed:
        tx.execute(
            text("""UPDATE parcel p SET status = u.status, status_at = u.at
                FROM unnest(CAST(:ids AS bigint[]), CAST(:statuses AS text[]), CAST(:ats AS timestamptz[])) AS u (id, status, at)
                WHERE p.id = u.id"""),
            {
                "ids": [one.id for one in changed], "statuses": [one.status for one in changed],
                "ats": [one.status_at for one in changed],
            },
        )


def expect(tx: Tx, expected: Mapping[int, date]) -> None:
    """Note the day on which each of these fulfillments' parcels is to be delivered, by the carrier's word."""
    if expected:
        tx.execute(
            text("""UPDATE parcel p SET expected_on = u.day FROM unnest(CAST(:ids AS bigint[]), CAST(:days AS date[])) AS u (id, day)
                WHERE p.fulfillment_id = u.id"""),
            {"ids": list(expected), "days": list(expected.values())},
        )


def spoken_of(tx: Tx, parcels: Collection[tuple[int, str]]) -> set[str]:
    """Those of these parcels (shop, tracking number), about to be labelled, of which there are words already; no new ones can come."""
    tx.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": _EARLY_WORDS})
    rows = tx.execute(
        text("""SELECT u.number FROM unnest(CAST(:shops AS bigint[]), CAST(:numbers AS text[])) AS u (shop_id, number)
            WHERE EXISTS (SELECT FROM tracking_event e WHERE e.shop_id = u.shop_id AND e.tracking_number = u.number AND NOT e.merged)"""),
        {"shops": [shop_id for shop_id, _ in parcels], "numbers": [number for _, number in parcels]},
    )
    return set(rows.scalars())


def adopt_early_events(tx: Tx, tracking_numbers: Collection[str], now: datetime) -> None:
    """Merge the words that came before these parcels were labelled, in the order of their times; the caller holds the orders' locks."""
    if not tracking_numbers:
        return
    rows = tx.execute(
        text("""SELECT e.id, e.tracking_number, e.event_id, e.status, e.at FROM tracking_event e
            JOIN parcel p ON p.tracking_number = e.tracking_number JOIN fulfillment f ON f.id = p.fulfillment_id
            JOIN orders o ON o.id = f.order_id AND o.shop_id = e.shop_id
            WHERE e.tracking_number = ANY(:numbers) AND NOT e.merged ORDER BY e.at, e.id"""),
        {"numbers": sorted(tracking_numbers)},
    ).all()
    merged = merge(
        [TrackingEvent(row[1], row[2], ParcelStatus(row.status), row.at) for row in rows], parcels(tx, tracking_numbers), {}, now=now
    )
    bring_forward(tx, merged.after.values())
    taken = [row.id for row, one in zip(rows, merged.mergings, strict=True) if one.merged]
    tx.execute(text("UPDATE tracking_event SET merged = true WHERE id = ANY(:ids)"), {"ids": taken})
