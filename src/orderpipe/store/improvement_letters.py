"""
When each shop's office is written its weekly improvement letter: a row for each shop, and its next instant.
"""


from sqlalchemy import BigInteger, Column, DateTime, Table

from orderpipe.store.metadata import metadata
from orderpipe.store.personal import IMPERSONAL

improvement_letter = Table(
    "improvement_letter",
    metadata,
    Column("shop_id", BigInteger, primary_key=True, autoincrement=False),
    Column("next_at", DateTime(timezone=True)),
    info=IMPERSONAL,
)
"""`next_at`: a Monday morning where the shop is, NULL where it wants no letter."""
