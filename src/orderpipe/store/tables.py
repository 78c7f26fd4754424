"""
All tables together, for the migrations and for the checks that the database and the code agree.
"""

from orderpipe.store import (
    alarms,
    bounced,
    case_terms,
    cases,
    contact_preferences,
    customers,
    delays,
    erasure,
    feedback,
    fulfillments,
    holds,
    imports,
    improvement_letters,
    intakes,
    journal,
    link_keys,
    mail_in,
    memory,
    notifications,
    orders,
    outlooks,
    policies,
    products,
    promises,
    query_policies,
    refunds,
    replacements,
    returns,
    rule_settings,
    scans,
    seals,
    shop_templates,
    shops,
    stock,
    tracking,
    watches,
    webhooks,
)
from orderpipe.store.metadata import metadata

MODULES = (
    shops, customers, products, stock, intakes, orders, imports, holds, fulfillments, scans, tracking, promises, notifications, journal,
    seals, policies, query_policies, link_keys, rule_settings, memory, bounced, mail_in, contact_preferences, shop_templates, cases,
    case_terms, returns, refunds, replacements, feedback, delays, outlooks, webhooks, erasure, watches, alarms,
    improvement_letters,
)

__all__ = ["MODULES", "metadata"]
