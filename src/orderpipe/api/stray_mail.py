"""
Mails that fit no order, for the office of the shop that they seem to be for: listed, read, and settled.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from orderpipe.api.auth import ByOffice
from orderpipe.api.fields import Part
from orderpipe.api.mails_in import MailTold, told_of
from orderpipe.api.once import InOnce
from orderpipe.api.openapi import refusals
from orderpipe.api.places import Cursor, Limit, order_in, page, row_behind
from orderpipe.api.problems import not_found, refused
from orderpipe.domain import mails
from orderpipe.domain.orders import number_of
from orderpipe.domain.own_words import shown
from orderpipe.serving.transactions import InWork
from orderpipe.sideflows import stray_mail
from orderpipe.sideflows.stray_mail import NotOpen
from orderpipe.store import mail_in, scope
from orderpipe.store.mail_in import Listed

router = APIRouter(prefix="/v1", tags=["Cases"])


class StrayMail(MailTold):
    """A mail that fitted no order when it came."""

    order: str | None = Field(description="The number of the order that the office says it is about.")


class StrayMails(BaseModel):
    """Mails that fitted no order, the newest first."""

    data: list[StrayMail]
    next_cursor: str | None


class StrayMailRead(StrayMail):
    """Such a mail with what its writer says, line by line."""

    words: list[str]


class MailSettled(Part):
    """What is done with it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"order": "100001-7"}, {}]})

    order: str = Field("", max_length=40, description="It is about this order (id or number): a word on its case; empty: nothing.")


def _stray(mail: Annotated[int, Path(ge=1, le=2**62, description="The mail's id.")], work: InWork, caller: ByOffice) -> int:
    if mail_in.belongs_to(work.tx, mail) != caller.shop_id:
        raise not_found("mail")
    return mail


StrayId = Annotated[int, Depends(_stray)]


@router.get("/mails", summary="Mails that fit no order", response_model=StrayMails, responses=refusals(403, 422))
def list_stray(
    caller: ByOffice, work: InWork, cursor: Cursor = "", limit: Limit = 100,
    only_open: Annotated[bool, Query(alias="open", description="Only those that somebody has to look at.")] = True,
) -> dict[str, Any]:
    """The newest first."""
    rows = mail_in.of_shop(work.tx, caller.shop_id, only_open=only_open, before=row_behind(cursor) or None, limit=limit + 1)
    return page(rows, limit, show=_stray_told, cursor=lambda one: str(one.id))


@router.get("/mails/{mail}", summary="One mail that fits no order", response_model=StrayMailRead, responses=refusals(403, 404))
def show_stray(mail_id: StrayId, work: InWork) -> dict[str, Any]:
    """With its words, as far as it can be read."""
    return _read(work, mail_id)


@router.post("/mails/{mail}/settle", summary="Settle a mail", response_model=StrayMailRead, responses=refusals(403, 404, 409, 422))
def settle(mail_id: StrayId, given: MailSettled, caller: ByOffice, once: InOnce) -> Any:
    """Say which order it is about, as if its customer had written it; or that nothing is to be done."""
    def step() -> dict[str, Any]:
        order_id = order_in(given.order) if given.order else None
        if order_id is not None and not scope.owns(once.work.tx, caller.shop_id, order_id):
            raise not_found("order")
        try:
            if order_id is None:
                stray_mail.finish(once.work.tx, mail_id, once.now)
            else:
                stray_mail.place(once.work.tx, mail_id, order_id, by=caller.by, now=once.now)
        except NotOpen as reason:
            raise refused(reason, code="not-open") from None
        return _read(once.work, mail_id)

    return once.do(caller.shop_id, given.model_dump_json(), step)


def _read(work: InWork, mail_id: int) -> dict[str, Any]:
    found = mail_in.one(work.tx, mail_id)
    if found is None:
        raise not_found("mail")
    try:
        words = shown(mails.read(mails.parse(found[1])).text)
    except Exception:  # as odd as it may be, its note is there
        words = []
    return _stray_told(found[0]) | {"words": words}


def _stray_told(one: Listed) -> dict[str, Any]:
    return told_of(one) | {"order": number_of(one.order_id) if one.order_id else None}
