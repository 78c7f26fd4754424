"""
The ways in: every door ends in an order as taken down, and `record.py` writes it into the books.
"""
