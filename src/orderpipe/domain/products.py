"""
What a shop sells, as the shop itself describes it, with the bar codes that stand for one piece or a pack.

A GTIN names one product only; whoever gives it to another must first take it from the old one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from orderpipe.domain.barcodes import NotANumber, gtin14


@dataclass(frozen=True, slots=True)
class Product:
    """A product or (kind `service`) service; `price` of one piece in the shop's currency, `gtins` with the pieces each stands for."""

    sku: str
    description: str
    kind: str = "goods"
    price: Decimal | None = None
    lead_days: int = 0
    discontinued: bool = False
    gtins: Mapping[str, int] = field(default_factory=dict)
    substitute_sku: str | None = None
    """The article that customers may have instead when this one is late."""


@dataclass(frozen=True, slots=True)
class Listed:
    """What became of a product that was sent; `code` None where it is listed now."""

    product: Product
    sentence: str
    code: str | None = None


class ProductRefused(Exception):
    """This product is not listed."""

    code = "refused"


class NoGtin(ProductRefused):
    """One of its GTINs is none."""

    code = "gtin"


class GtinTaken(ProductRefused):
    """One of its GTINs belongs to another product."""

    code = "gtin-taken"


def with_whole_gtins(product: Product) -> Product:
    """The product with its GTINs as 14 digits. Raises NoGtin."""
    try:
        gtins = {gtin14(gtin): pieces for gtin, pieces in product.gtins.items()}
    except NotANumber as error:
        raise NoGtin(str(error)) from None
    return replace(product, gtins=gtins)


def list_products(products: Sequence[Product], owners: Mapping[str, str]) -> list[Listed]:
    """Judge the products one after the other; `owners` has the SKU of every known GTIN (14 digits)."""
    claimed = dict(owners)
    listed: list[Listed] = []
    for product in products:
        try:
            whole = with_whole_gtins(product)
            _check_owners(whole, claimed)
        except ProductRefused as refusal:
            listed.append(Listed(product, str(refusal), refusal.code))
            continue
        claimed.update(dict.fromkeys(whole.gtins, whole.sku))
        listed.append(Listed(whole, f"{whole.sku} is listed."))
    return listed


def _check_owners(product: Product, owners: Mapping[str, str]) -> None:
    for gtin in product.gtins:
        owner = owners.get(gtin, product.sku)
        if owner != product.sku:
            raise GtinTaken(f"The GTIN {gtin} belongs to {owner}.")


def gtins_of(products: Iterable[Product]) -> set[str]:
    """All GTINs that these products claim, as 14 digits; those that are none are left out."""
    found: set[str] = set()
    for product in products:
        for gtin in product.gtins:
            try:
                found.add(gtin14(gtin))
            except NotANumber:
                continue
    return found
