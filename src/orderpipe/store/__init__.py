"""
The only package that knows SQLAlchemy: each table with the set-based statements about it.
"""
