"""
All tables together, for the migrations and for the checks that the database and the code agree.
"""

from orderpipe.store import (
    contact_preferences,
    customers,
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
    shop_templates,
    shops,
    stock,
    tracking,
)
from orderpipe.store.metadata import metadata

MODULES = (
    shops, customers, products, stock, intakes, orders, imports, holds, fulfillments, scans, tracking, promises, notifications, journal,
    seals, policies, link_keys, contact_preferences, shop_templates,
)

__all__ = ["MODULES", "metadata"]
