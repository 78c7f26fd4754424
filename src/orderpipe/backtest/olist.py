"""
The history of Olist, a Brazilian marketplace, as the CSV files that it published: orders, their lines, sellers, customers and payments.

Most columns may be blank, and an order may have no line or customer; what is not known is then an experience of its own.
"""

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from zoneinfo import ZoneInfo

from orderpipe.backtest.refusals import CannotJudge
from orderpipe.domain.lead_times.facts import Known, Measured

COUNTRY = "BR"
ZONE = ZoneInfo("America/Sao_Paulo")
Row = Mapping[str, str]

ORDERS = "olist_orders_dataset.csv"
COLUMNS = {
    ORDERS: (
        "order_id", "customer_id", "order_purchase_timestamp", "order_delivered_carrier_date", "order_delivered_customer_date",
        "order_estimated_delivery_date",
    ),
    "olist_customers_dataset.csv": ("customer_id", "customer_zip_code_prefix", "customer_state"),
    "olist_order_items_dataset.csv": ("order_id", "product_id", "seller_id", "price", "freight_value"),
    "olist_order_payments_dataset.csv": ("order_id", "payment_type"),
    "olist_products_dataset.csv": (
        "product_id", "product_category_name", "product_weight_g", "product_length_cm", "product_height_cm", "product_width_cm",
    ),
    "olist_sellers_dataset.csv": ("seller_id", "seller_zip_code_prefix", "seller_state"),
}  # fmt: skip
"""The files that are read, and the columns that each must have."""


@dataclass(frozen=True, slots=True)
class Past:
    """An order of the past, and the day by which Olist had said it would come; None when it said none."""

    measured: Measured
    their_day: date | None


def read(folder: Path) -> list[Past]:
    """All orders with a purchase instant, in the order of their purchases. Raises CannotJudge."""
    if not folder.is_dir():
        raise CannotJudge(f"There is no folder {folder}; --data names the one with Olist's CSV files.")
    customers, lines, payments, products, sellers = (list(_rows(folder / name)) for name in COLUMNS if name != ORDERS)
    beside = _Beside(
        {one["customer_id"]: one for one in customers}, _by_order(lines), {one["order_id"]: one for one in reversed(payments)},
        {one["product_id"]: one for one in products}, {one["seller_id"]: one for one in sellers},
    )
    orders: dict[str, Past] = {}
    for number, row in enumerate(_rows(folder / ORDERS), start=2):
        if row["order_purchase_timestamp"] and row["order_id"] not in orders:
            try:
                orders[row["order_id"]] = _past(row, beside)
            except ValueError as error:
                raise CannotJudge(f"{folder / ORDERS}, line {number}: {error}.") from error
    return sorted(orders.values(), key=lambda one: (one.measured.known.bought_at.replace(tzinfo=None)))


def _rows(path: Path) -> Iterator[Row]:
    """The file's rows with at least the columns that it must have; what is missing at a row's end is blank."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, restval="")
            if missing := [name for name in COLUMNS[path.name] if name not in (rows.fieldnames or ())]:
                raise CannotJudge(f"{path} has no column {', '.join(missing)}.")
            yield from rows
    except OSError as error:
        raise CannotJudge(f"{path} cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise CannotJudge(f"{path} is no CSV file in UTF-8: {error}.") from error


def _by_order(lines: Sequence[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for line in lines:
        found[line["order_id"]].append(line)
    return found


@dataclass(frozen=True, slots=True)
class _Beside:
    """The other files by their keys."""

    customers: Mapping[str, Row]
    lines: Mapping[str, Sequence[Row]]
    payments: Mapping[str, Row]
    products: Mapping[str, Row]
    sellers: Mapping[str, Row]


def _past(row: Row, beside: _Beside) -> Past:
    bought = _instant(row, "order_purchase_timestamp")
    assert bought is not None  # the caller looked
    estimate = _instant(row, "order_estimated_delivery_date")
    handed, delivered = _instant(row, "order_delivered_carrier_date"), _instant(row, "order_delivered_customer_date")
    return Past(Measured(_known(row, bought, beside), handed, delivered), estimate.date() if estimate else None)


def _known(row: Row, bought: datetime, beside: _Beside) -> Known:
    """What the order shows at its purchase; of several sellers, the first line's."""
    customer = beside.customers.get(row["customer_id"], {})
    lines = beside.lines.get(row["order_id"], ())
    first = lines[0] if lines else {}
    seller = beside.sellers.get(first.get("seller_id", ""), {})
    goods = [beside.products.get(line["product_id"], {}) for line in lines]
    freights = [_amount(line["freight_value"]) for line in lines]
    return Known(
        bought_at=bought, seller=first.get("seller_id", ""), seller_region=seller.get("seller_state", ""),
        seller_postcode=seller.get("seller_zip_code_prefix", ""), region=customer.get("customer_state", ""),
        postcode=customer.get("customer_zip_code_prefix", ""), payment=beside.payments.get(row["order_id"], {}).get("payment_type", ""),
        category=goods[0].get("product_category_name", "") if goods else "", pieces=len(lines) or None,
        grams=float(sum(_amount(one.get("product_weight_g", "")) for one in goods)), litres=sum(_litres(one) for one in goods),
        freight=sum(freights, Decimal()) / len(lines) if lines else None,
        value=sum((_amount(line["price"]) for line in lines), Decimal()) if lines else None,
    )


def _litres(product: Row) -> float:
    length, height, width = (_amount(product.get(f"product_{side}_cm", "")) for side in ("length", "height", "width"))
    return float(length * height * width) / 1000


def _instant(row: Row, column: str) -> datetime | None:
    """The wall clock in the column, None where it is blank."""
    text = row[column].strip()
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZONE) if text else None
    except ValueError:
        raise ValueError(f"{column} is {text!r}, which is no instant such as 2017-11-24 13:05:00") from None


def _amount(text: str) -> Decimal:
    """A number, nought where it is blank or none at all."""
    with suppress(InvalidOperation):
        amount = Decimal(text)
        return amount if amount.is_finite() else Decimal()
    return Decimal()
