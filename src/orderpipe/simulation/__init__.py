"""
The demo: two shops with their customers, warehouses, carrier and office, who know orderpipe only by its public interfaces.
"""
