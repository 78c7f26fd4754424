"""
What a sender needs beside the letters it was given: their orders, shops' own words, the way to turn them off, and the night.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256

from orderpipe.channels.wording import language_of
from orderpipe.domain.decisions import Audience, Tell
from orderpipe.domain.kinds import kind_of
from orderpipe.domain.links import KEPT, Purpose, Signer, page_link
from orderpipe.domain.notices import Channel, Leased, Order, Result
from orderpipe.settings import settings
from orderpipe.store import letter_rules, link_keys, notifications, office_letters, shop_templates
from orderpipe.store.database import Database
from orderpipe.store.metadata import Tx
from orderpipe.store.shop_templates import Templates
from workers import nightly


@dataclass(frozen=True, slots=True)
class Handed:
    """Letters to send with the orders they speak of, and what has been settled about the others."""

    letters: Sequence[Leased] = ()
    orders: dict[int, Order] = field(default_factory=dict)
    put_off: Sequence[Result] = ()


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A shop's own template that failed on a letter, which was written in our words instead."""

    notice: Leased
    shop_id: int
    error: str


def hand_out(tx: Tx, channel: str, leased: Sequence[Leased], now: datetime) -> Handed:
    """What is needed to send these."""
    orders = notifications.context_of(tx, leased) | office_letters.shops_of(tx, leased)
    rules = letter_rules.known(tx, {order.shop_id for order in orders.values()}, now) if channel == Channel.SMS else {}
    put_off = nightly.put_off(leased, orders, rules, now) if rules else []
    later = {result.lease.id for result in put_off}
    templates, signer = shop_templates.known(tx, now), link_keys.signer(tx, now)
    letters = [_complete(one, orders.get(one.about), templates, signer) for one in leased if one.id not in later]
    return Handed(letters, orders, put_off)


def _complete(notice: Leased, order: Order | None, templates: Templates, signer: Signer) -> Leased:
    own = templates.get((order.shop_id, notice.kind, language_of(notice.language))) if order and templates else None
    link = _unsubscribe(notice, signer) if kind_of(notice.kind).optional and notice.audience == Audience.CUSTOMER else ""
    page = _page(notice, signer) if order and notice.audience == Audience.CUSTOMER else ""
    return replace(notice, own_words=own.source if own else "", unsubscribe=link, page_link=page) if own or page else notice


def _page(notice: Leased, signer: Signer) -> str:
    """The way to the page of the order; by when the letter was written, so that sent again it is the same."""
    return page_link(signer, settings().public_url, notice.order_id or 0, notice.created_at)


def _unsubscribe(notice: Leased, signer: Signer) -> str:
    """Where letters like this are turned off; a text message has little room for it."""
    if notice.channel == Channel.SMS:
        return f"{settings().public_url}/u/{signer.sign_briefly(Purpose.UNSUBSCRIBE, notice.id)}"
    return f"{settings().public_url}/u/{signer.sign(Purpose.UNSUBSCRIBE, notice.id, notice.created_at + KEPT)}"


def complain(engine: Database, unreadable: Sequence[Unreadable], now: datetime) -> None:
    """Tell each shop's office which of its templates fails, and why: once for each wording."""
    with engine.begin() as tx:
        notifications.enqueue(tx, [_complaint(one) for one in unreadable], now, office_default=settings().office_email)


def _complaint(one: Unreadable) -> tuple[int, Tell]:
    language, wording = language_of(one.notice.language), sha256(one.notice.own_words.encode()).hexdigest()[:16]
    facts = {"kind": one.notice.kind, "language": language, "error": one.error}
    key = f"office-own-words-fail:{one.shop_id}:{one.notice.kind}:{language}:{wording}"
    return one.notice.order_id or 0, Tell("office-own-words-fail", facts, key, Audience.OFFICE)
