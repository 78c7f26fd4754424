"""
A small history in Olist's files, made of made-up orders.
"""

import csv
from datetime import timedelta
from pathlib import Path

from orderpipe.backtest.olist import COLUMNS, ORDERS
from orderpipe.domain.lead_times.facts import Measured
from tests.domain.lead_times.histories import history

COUNT, DAYS = 800, 70
SINCE = "2026-02-20"


def write(folder: Path, past: list[Measured] | None = None) -> Path:
    """All files, with an order for each of these; every tenth has neither lines nor customer."""
    past = history(COUNT, DAYS) if past is None else past
    rows: dict[str, list[dict[str, object]]] = {name: [] for name in COLUMNS}
    for number, one in enumerate(past):
        bare = number % 10 == 0
        rows[ORDERS].append({
            "order_id": f"O{number}", "customer_id": f"C{number}", "order_purchase_timestamp": _text(one.known.bought_at),
            "order_delivered_carrier_date": _text(one.handed_over_at), "order_delivered_customer_date": _text(one.delivered_at),
            "order_estimated_delivery_date": _text((one.known.bought_at + timedelta(days=25)).replace(hour=0, minute=0, second=0)),
        })
        if not bare:
            rows["olist_customers_dataset.csv"].append({
                "customer_id": f"C{number}", "customer_zip_code_prefix": "01310", "customer_state": one.known.region,
            })
            rows["olist_order_items_dataset.csv"].append({
                "order_id": f"O{number}", "product_id": "P1", "seller_id": one.known.seller, "price": "9.90", "freight_value": "",
            })
    rows["olist_products_dataset.csv"].append({"product_id": "P1", "product_category_name": "toys", "product_weight_g": "250"})
    for name, columns in COLUMNS.items():
        with (folder / name).open("w", newline="", encoding="utf-8-sig") as file:
            writer = csv.DictWriter(file, columns, restval="")
            writer.writeheader()
            writer.writerows(rows[name])
    return folder


def _text(at: object) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}" if at else ""
