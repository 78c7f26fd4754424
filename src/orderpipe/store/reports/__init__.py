"""
Figures of how well orders are handled, each computed with one statement over all orders; docs/reports.md says what each means.
"""
