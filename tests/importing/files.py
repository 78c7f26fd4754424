"""
Files for tests of the import: invoices in the form of Online Retail, and customers for them.
"""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests import customers_file

COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")


def line(invoice: str, sku: str = "SKU-1", quantity: int | str = 2, *, at: str = "2010-12-01 08:26:00", **changes: str) -> list[str]:
    """One row of an invoice."""
    said = dict(zip(COLUMNS, (invoice, sku, f"Product {sku}", str(quantity), at, "2.5", "17850.0", "United Kingdom"), strict=True))
    return list((said | changes).values())


def write(path: Path, rows: Iterable[Sequence[str]], columns: Sequence[str] = COLUMNS, delimiter: str = ",") -> Path:
    """The file with its header."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
    return path


def read(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    """The rows of a file."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def customers(path: Path, *files: Path, walk_ins: bool = False) -> Path:
    """A file of customers for these files."""
    with path.open("w", newline="", encoding="utf-8") as file:
        customers_file.write(customers_file.entries(files, walk_ins=walk_ins), file)
    return path
