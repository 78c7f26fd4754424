"""
The tests of orderpipe: they mirror the source tree, and run against a real PostgreSQL and a real Redis that they start themselves.
"""
