"""
What a door answers to an order that it took.
"""

from datetime import datetime

from pydantic import BaseModel, Field


class TargetTold(BaseModel):
    """One thing the customer was told to count on."""

    what: str = Field(description="confirm, ship or complete", examples=["confirm"])
    until: datetime


class Receipt(BaseModel):
    """An order in the books."""

    id: str = Field(examples=["ord_000000000016"])
    number: str = Field(description="What people call the order; its last digit finds slips.", examples=["100038-5"])
    reference: str = Field(description="The shop's own number.", examples=["WEB-1001"])
    state: str = Field(examples=["received"])
    received_at: datetime
    targets: list[TargetTold] = Field(description="The time targets told to the customer.")


class KeptReceipt(BaseModel):
    """A message that is kept and will be taken down in a moment."""

    intake: str = Field(examples=["int_000000000016"])
    state: str = Field(examples=["pending"])
