"""
All tables together, for the migrations and for the checks that the database and the code agree.
"""

from orderpipe.store import (
    case_terms,
    cases,
    customers,
    feedback,
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
    refunds,
    replacements,
    returns,
    scans,
    seals,
    shops,
    stock,
    tracking,
)
from orderpipe.store.metadata import metadata

MODULES = (
    shops, customers, products, stock, intakes, orders, imports, holds, fulfillments, scans, tracking, promises, notifications, journal,
    seals, policies, link_keys, cases, case_terms, returns, refunds, replacements, feedback,
)

__all__ = ["MODULES", "metadata"]
