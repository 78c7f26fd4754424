"""
Products: the shop lists what it sells, with the bar codes that the warehouse will scan.
"""

from collections.abc import Sequence

from orderpipe.domain.products import Listed, Product, gtins_of, list_products
from orderpipe.store import products
from orderpipe.store.metadata import Tx


def list_in_shop(tx: Tx, facts: Sequence[Product], *, shop_id: int) -> list[Listed]:
    """List or renew products of the shop, however many, with the same few statements; one outcome each, in their order."""
    products.lock_catalogue(tx, shop_id)
    listed = list_products(facts, products.owners_of(tx, shop_id, gtins_of(facts)))
    products.write(tx, shop_id, [one.product for one in listed if one.code is None])
    return listed
