"""
Alarms about missed time targets: what nobody has taken yet, and that somebody looks after one.
"""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field

from orderpipe.api.auth import ByOffice, Caller
from orderpipe.api.once import Document, InOnce, Once
from orderpipe.api.openapi import refusals
from orderpipe.api.problems import not_found, refused
from orderpipe.domain.orders import public_id
from orderpipe.serving.transactions import InWork
from orderpipe.sideflows import targets
from orderpipe.sideflows.targets import TakenAlready, UnknownAlarm, alarm_id_of, alarm_number
from orderpipe.store import alarms
from orderpipe.store.alarms import Alarm, Kind, Late

router = APIRouter(prefix="/v1/alarms", tags=["Alarms"])
SHOWN = 200
"""Orders that one alarm is shown with."""


class LateTold(BaseModel):
    """An order that still stands where it stood."""

    order: str
    since: datetime
    due_at: datetime


class AlarmTold(BaseModel):
    """An alarm about orders of one stage and location."""

    alarm: str = Field(examples=["A-12"])
    kind: Kind
    stage: str
    location: str | None
    orders: int = Field(description="How many it is about.")
    open: int = Field(description="How many of them still stand where they stood.")
    opened_at: datetime
    told: int = Field(description="How many levels have been told.")
    next_at: datetime | None = Field(description="When the next is told, unless somebody takes it.")
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    late: list[LateTold] = Field(description="The longest late first; empty in a list.")


class Alarms(BaseModel):
    """Alarms that nobody has taken and are not over, the newest first."""

    data: list[AlarmTold]


async def _alarm(alarm: Annotated[str, Path(max_length=40, description="The alarm's number.", examples=["A-12"])]) -> int:
    try:
        return alarm_id_of(alarm)
    except UnknownAlarm:
        raise not_found("alarm") from None


AlarmId = Annotated[int, Depends(_alarm)]


@router.get("", summary="Alarms", response_model=Alarms, responses=refusals(403, 422))
def list_alarms(caller: ByOffice, work: InWork, limit: Annotated[int, Query(ge=1, le=500)] = 100) -> dict[str, Any]:
    """What nobody has taken yet."""
    return {"data": [_told(one) for one in alarms.not_taken(work.tx, shop_id=caller.shop_id, limit=limit)]}


@router.get("/{alarm}", summary="An alarm", response_model=AlarmTold, responses=refusals(403, 404))
def show_alarm(alarm_id: AlarmId, caller: ByOffice, work: InWork) -> Document:
    """One alarm, with the orders that still stand where they stood."""
    found = alarms.find(work.tx, alarm_id, shop_id=caller.shop_id)
    if found is None:
        raise not_found("alarm")
    return _told(found, alarms.late(work.tx, [found.id], most=SHOWN)[found.id])


@router.post("/{alarm}/acknowledge", summary="Take an alarm", response_model=AlarmTold, responses=refusals(403, 404, 409, 422))
def acknowledge(alarm_id: AlarmId, caller: ByOffice, once: InOnce) -> Any:
    """Say that somebody looks after it: nobody else is told."""
    return once.do(caller.shop_id, "", lambda: _acknowledge(once, alarm_id, caller))


def _acknowledge(once: Once, alarm_id: int, caller: Caller) -> Document:
    try:
        return _told(targets.acknowledge(once.work.tx, alarm_id, by=caller.by, now=once.now, shop_id=caller.shop_id))
    except UnknownAlarm:
        raise not_found("alarm") from None
    except TakenAlready as refusal:
        raise refused(refusal, code="taken") from None


def _told(one: Alarm, late: list[Late] | None = None) -> Document:
    return {
        "alarm": alarm_number(one.id), "kind": one.kind, "stage": one.stage, "location": one.location, "orders": one.count,
        "open": one.open, "opened_at": one.opened_at.isoformat(), "told": one.level,
        "next_at": one.next_at.isoformat() if one.next_at else None,
        "acknowledged_at": one.acknowledged_at.isoformat() if one.acknowledged_at else None, "acknowledged_by": one.acknowledged_by,
        "late": [
            {"order": public_id("order", each.order_id), "since": each.since.isoformat(), "due_at": each.due_at.isoformat()}
            for each in late or ()
        ],
    }
