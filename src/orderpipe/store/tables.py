"""
All tables together, for the migrations and for the checks that the database and the code agree.
"""

from orderpipe.store import (
    customers,
    erasure,
    fulfillments,
    holds,
    imports,
    intakes,
    journal,
    link_keys,
    notifications,
    orders,
    policies,
    products,
    promises,
    scans,
    seals,
    shops,
    stock,
    tracking,
    webhooks,
)
from orderpipe.store.metadata import metadata

MODULES = (
    shops, customers, products, stock, intakes, orders, imports, holds, fulfillments, scans, tracking, promises, notifications, journal,
    seals, policies, link_keys, webhooks, erasure,
)

__all__ = ["MODULES", "metadata"]
