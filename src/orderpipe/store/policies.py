"""
The rules a shop works by: working calendars, types of order with their lanes and time targets, and the clock's own jobs.
"""

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, DateTime, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from orderpipe.domain.targets import Policies
from orderpipe.store.metadata import Tx, metadata

calendar = Table(
    "calendar",
    metadata,
    Column("shop_id", BigInteger, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("time_zone", Text, nullable=False),
    Column("hours", JSONB, nullable=False),
    Column("country", Text, nullable=False, server_default=""),
    Column("exceptions", JSONB, nullable=False, server_default="{}"),
)
"""
`hours`: {"0": [["09:00", "17:00"]], …} by weekday, Monday 0; `exceptions`: {"2026-12-24": [["09:00", "12:00"]]}. An end not after
its start is on the next day. Shop 0 is everyone's default.
"""

order_type = Table(
    "order_type",
    metadata,
    Column("shop_id", BigInteger, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("lane", Text, nullable=False),
    Column("prepaid", Boolean, nullable=False, server_default="false"),
    Column("calendar", Text, nullable=False, server_default="standard"),
    Column("targets", JSONB, nullable=False),
    CheckConstraint("lane IN ('express', 'standard', 'bulk')", name="lane"),
)
"""`targets`: working minutes a unit may stand in a state, by state, and `whole` for the order from arrival to its end."""

job_clock = Table(
    "job_clock",
    metadata,
    Column("name", Text, primary_key=True),
    Column("due", DateTime(timezone=True), nullable=False),
    Column("owner", Text, nullable=False, server_default=""),
)


def read_policies(tx: Tx) -> Policies:
    """All order types and calendars of all shops, in two statements."""
    raise NotImplementedError


def policies(tx: Tx, now: datetime) -> Policies:
    """As `read_policies`, but read again by this process only after 10 s, and the same object as long as nothing changed."""
    raise NotImplementedError


def ensure_defaults(tx: Tx) -> None:
    """Write everybody's calendars and order types where they are missing; what is there stays as it is."""
    raise NotImplementedError
