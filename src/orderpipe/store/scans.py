"""
Scans of the warehouse and words of performers, accepted or refused, and the figures they are measured against.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, DateTime, Identity, Integer, Table, Text, UniqueConstraint

from orderpipe.domain.barcodes import read_barcode
from orderpipe.domain.handling import Line, Phase, Standing
from orderpipe.domain.scans import Meaning, Outcome, Scan
from orderpipe.flow import FulfillmentState
from orderpipe.store.metadata import Tx, insert_rows, metadata, text
from orderpipe.store.personal import OF_FULFILLMENT, personal
from orderpipe.store.products import forms_of

scan = Table(
    "scan",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("fulfillment_id", BigInteger, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("phase", Text, nullable=False),
    Column("barcode", Text, nullable=False),
    Column("sku", Text),
    Column("quantity", Integer, nullable=False),
    Column("accepted", Boolean, nullable=False),
    Column("code", Text),
    Column("reason", Text),
    Column("note", Text),
    Column("operator", Text, nullable=False),
    Column("station", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    CheckConstraint("phase IN ('pick', 'pack', 'short', 'performed')", name="phase"),
    UniqueConstraint("fulfillment_id", "client_id"),
    info=personal(OF_FULFILLMENT, note="NULL", harmless="client_id phase barcode sku code reason operator station"),
)
"""Every scan, accepted or refused (`code`, and `reason` as the sentence given); a resend carries the same `client_id` and counts once."""


def standings(tx: Tx, fulfillment_ids: Collection[int]) -> dict[int, Standing]:
    """The fulfillments with how far each line is; unknown ids are left out. The caller holds their orders' locks."""
    rows = tx.execute(
        text("""SELECT f.id, f.state, f.kind = 'appointment' AS appointment,
                f.kind = 'appointment' AND EXISTS (
                    SELECT FROM scan s WHERE s.fulfillment_id = f.id AND s.phase = 'performed' AND s.accepted) AS performed,
                l.number, l.sku, l.quantity, l.picked, l.short, l.packed
            FROM fulfillment f LEFT JOIN fulfillment_line l ON l.fulfillment_id = f.id
            WHERE f.id = ANY(:ids) ORDER BY f.id, l.number"""),
        {"ids": list(fulfillment_ids)},
    )
    found: dict[int, Standing] = {}
    for row in rows:
        one = found.get(row.id) or Standing(row.id, FulfillmentState(row.state), row.appointment, (), row.performed)
        line = (Line(*row[4:]),) if row.number is not None else ()
        found[row.id] = replace(one, lines=one.lines + line)
    return found


def meanings(tx: Tx, shop_id: int, barcodes: Collection[str]) -> dict[str, Meaning]:
    """What these bar codes stand for in the shop: its own SKU, or a GTIN alone or inside a GS1 element string; the unknown are left out."""
    read = {barcode: read_barcode(barcode) for barcode in set(barcodes)}
    gtins = {scanned.gtin for scanned in read.values() if scanned.gtin}
    by_sku, by_gtin = _products(tx, shop_id, {scanned.text for scanned in read.values()}, gtins)
    found: dict[str, Meaning] = {}
    for barcode, scanned in read.items():
        if scanned.text in by_sku:
            found[barcode] = Meaning(scanned.text)
        elif scanned.gtin in by_gtin:
            sku, pack = by_gtin[scanned.gtin]
            found[barcode] = Meaning(sku, pack * (scanned.quantity or 1))
    return found


def _products(
    tx: Tx, shop_id: int, skus: Collection[str], gtins: Collection[str]
) -> tuple[set[str], dict[str | None, tuple[str, int]]]:
    rows = tx.execute(
        text("""SELECT sku, NULL AS gtin, 1 AS pack_quantity FROM product WHERE shop_id = :shop_id AND sku = ANY(:skus)
            UNION ALL SELECT sku, gtin, pack_quantity FROM product_gtin WHERE shop_id = :shop_id AND gtin = ANY(:gtins)"""),
        {"shop_id": shop_id, "skus": sorted(skus), "gtins": sorted(forms_of(gtins))},
    ).all()
    by_gtin: dict[str | None, tuple[str, int]] = {row.gtin.zfill(14): (row.sku, row.pack_quantity) for row in rows if row.gtin}
    return {row.sku for row in rows if row.gtin is None}, by_gtin


_KNOWN = text("""SELECT s.fulfillment_id, s.phase, s.barcode, s.client_id, s.operator, s.station, s.at, s.quantity, s.code, s.reason, s.sku
    FROM scan s JOIN unnest(CAST(:ids AS bigint[]), CAST(:clients AS text[])) AS u (fulfillment_id, client_id)
        ON s.fulfillment_id = u.fulfillment_id AND s.client_id = u.client_id""")


def known(tx: Tx, keys: Collection[tuple[int, str]]) -> dict[tuple[int, str], Outcome]:
    """What became of the scans that were sent before, by (fulfillment id, client id)."""
    rows = tx.execute(_KNOWN, {"ids": [unit for unit, _ in keys], "clients": [client for _, client in keys]})
    return {
        (row.fulfillment_id, row.client_id): Outcome(
            Scan(row.fulfillment_id, Phase(row.phase), *row[2:7]), row.reason, row.code, row.sku, row.quantity
        )
        for row in rows
    }


def keep(tx: Tx, outcomes: Sequence[Outcome]) -> None:
    """Write the scans down, those that were refused too."""
    insert_rows(tx, scan, [
        {
            "fulfillment_id": one.scan.fulfillment_id, "client_id": one.scan.client_id, "phase": one.scan.phase,
            "barcode": one.scan.barcode, "sku": one.sku, "quantity": one.pieces, "accepted": one.accepted, "code": one.code,
            "reason": one.sentence, "operator": one.scan.operator, "station": one.scan.station, "at": one.scan.at,
            "note": one.scan.note or None,
        }
        for one in outcomes
    ])


def count(tx: Tx, before: Mapping[int, Standing], after: Mapping[int, Standing]) -> None:
    """Bring the lines' counters to what they are after the scans; the caller holds the orders' locks."""
    changed = [
        (unit, line) for unit, standing in after.items()
        for line, was in zip(standing.lines, before[unit].lines, strict=True) if line != was
    ]
    if not changed:
        return
    tx.execute(
        text("""UPDATE fulfillment_line l SET picked = u.picked, short = u.short, packed = u.packed
            FROM unnest(CAST(:ids AS bigint[]), CAST(:numbers AS smallint[]), CAST(:picked AS int[]), CAST(:short AS int[]),
                CAST(:packed AS int[])) AS u (fulfillment_id, number, picked, short, packed)
            WHERE l.fulfillment_id = u.fulfillment_id AND l.number = u.number"""),
        {
            "ids": [unit for unit, _ in changed], "numbers": [line.number for _, line in changed],
            "picked": [line.picked for _, line in changed], "short": [line.short for _, line in changed],
            "packed": [line.packed for _, line in changed],
        },
    )
