"""
What is late is told: why, the old date and the new, what the customer may choose, and what comes of silence and when.

Then a ladder of its own: a reminder by the other channel, the office's call where no date can be named, and in the end what the
shop's policy makes of silence.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from orderpipe.domain.decisions import Audience, Tell
from orderpipe.domain.delay_terms import Choice, Late, Policy, Rights, Silence, Step, next_step, options, rights
from orderpipe.domain.delays import Cause, Underway, terms_of
from orderpipe.domain.links import KEPT, Purpose, Signer
from orderpipe.domain.new_dates import NewDate, new_date
from orderpipe.domain.notices import Channel
from orderpipe.sideflows import delay_choices
from orderpipe.sideflows import delays as looking
from orderpipe.sideflows.asking import Desk
from orderpipe.sideflows.delay_offers import Offers, named, named_for, offers_for
from orderpipe.sideflows.delays import Rules, rules_for
from orderpipe.sideflows.hints import Hint
from orderpipe.store import delays, fulfillments, journal, link_keys, notifications, promises, shops, standing, underway
from orderpipe.store.delays import Delay
from orderpipe.store.journal import Entry
from orderpipe.store.metadata import Tx

LADDER = "delay.escalate"
"""What the journal calls whoever goes on where no answer came."""

CALL_AGAIN = timedelta(days=1)
"""How often the office is asked to call where silence has no consequence of its own."""


@dataclass(frozen=True, slots=True)
class Climbed:
    """How many delays were told or went a step on, what may go on after the commit, and whether stock came free."""

    count: int
    hints: tuple[Hint, ...] = ()
    stock_freed: bool = False


@dataclass(frozen=True, slots=True)
class _Telling:
    """A delay that is told now: what of it is underway, the one date, what is offered, and what silence means."""

    delay: Delay
    parts: tuple[Underway, ...]
    dates: tuple[NewDate, ...]
    until: datetime | None
    offered: tuple[Choice, ...]
    substitutes: tuple[Mapping[str, object], ...]
    policy: Policy
    rights: Rights

    @property
    def on_its_way(self) -> bool:
        """All of it has left the house."""
        return all(one.on_its_way for one in self.parts)


def tell(tx: Tx, order_ids: Collection[int], *, desk: Desk, now: datetime) -> Climbed:
    """
    Tell the customers of these orders what is late: the promise gets its revision, and there is one date only.

    Everything is judged anew under the locks, so whoever has caught up meanwhile is told nothing.
    """
    looking.record(tx, order_ids, now)
    late = [one for one in delays.open_of(tx, order_ids).values() if one.state == "late"]
    told = _tellings(tx, late, now)
    delays.withdraw(tx, [one.delay.order_id for one in told])
    promises.write(tx, [row for one in told for row in _revisions(one, now)])
    letters = notifications.enqueue(tx, _letters(tx, told, desk, now), now, office_default=desk.office)
    unreachable = {order_id for order_id, _ in letters.unreachable}
    delays.renew(tx, [_told(one, now, reached=one.delay.order_id not in unreachable) for one in told])
    entries = [Entry(one.delay.order_id, "delay.told", note=_note(one)) for one in told]
    entries += [Entry(order_id, "unreachable.delayed") for order_id in sorted(unreachable)]
    journal.write(tx, entries, now=now, actor="delay.tell")
    return Climbed(len(told))


def _tellings(tx: Tx, late: Sequence[Delay], now: datetime) -> list[_Telling]:
    by_order = underway.of_orders(tx, [one.order_id for one in late])
    covered = {one.order_id: tuple(part for part in by_order[one.order_id] if part.id in one.fulfillment_ids) for one in late}
    some = [part for parts in covered.values() for part in parts]
    rules, offers = rules_for(tx, some, now), offers_for(tx, some)
    policies = delays.policies_of(tx, {one.shop_id for one in late})
    zones = {one.id: ZoneInfo(one.time_zone) for one in shops.known(tx, {one.shop_id for one in late}, now).values()}
    return [
        _telling(one, covered[one.order_id], rules, offers, _Customs(zones[one.shop_id], policies)) for one in late if covered[one.order_id]
    ]


@dataclass(frozen=True, slots=True)
class _Customs:
    """A shop's time zone, and all policies by shop and type of order."""

    zone: ZoneInfo
    policies: Mapping[tuple[int, str], Policy]

    def policy(self, shop_id: int, order_type: str) -> Policy:
        """What holds for the shop's orders of this type."""
        return self.policies.get((shop_id, order_type)) or self.policies.get((shop_id, "")) or Policy.US_MAIL_ORDER


def _telling(
    delay: Delay, parts: tuple[Underway, ...], rules: Rules, offers: Offers, customs: _Customs
) -> _Telling:
    dates = tuple(
        new_date(one, terms, rules.now, nth=delay.round)
        for one in parts if (terms := terms_of(one, rules.policies, rules.locations))
    )
    ends = [date.until_at for date in dates]
    until = None if not ends or None in ends else max(end for end in ends if end)
    ids, gone = [one.id for one in parts], all(one.on_its_way for one in parts)
    instead = offers.substitute(ids)
    offered = options(
        on_its_way=gone, part=bool(offers.part(ids)), substitute=bool(instead), cancelable=any(one.can_be_taken_back for one in parts)
    )
    policy = customs.policy(delay.shop_id, parts[0].order_type)
    late = Late(
        delay.original_until, delay.promised_until, until, repeated=delay.round > 1, on_its_way=gone,
        agreed=delay.chosen is not None and delay.revised_until is None, unanswered=delay.rights if delay.chosen is None else None,
    )
    known = rights(policy, late, now=rules.now, zone=customs.zone)
    return _Telling(delay, parts, dates, until, offered, tuple(named(instead)), policy, known)


def _revisions(one: _Telling, now: datetime) -> list[dict[str, Any]]:
    if one.until is None:
        return []
    return [
        {
            "fulfillment_id": part.id, "revision": part.revision + 1, "from_at": min(date.from_at, one.until), "until_at": one.until,
            "arithmetic": date.arithmetic, "reason": f"late: {one.delay.cause}", "at": now,
        }
        for part, date in zip(one.parts, one.dates, strict=True)
    ]


def _told(one: _Telling, now: datetime, *, reached: bool) -> dict[str, Any]:
    known, asked = one.rights, not one.on_its_way
    silence = known.silence if reached else Silence.CALLS
    first = now if not reached else min(at for at in (known.remind_at, known.call_at, known.answer_until) if at)
    return {
        "id": one.delay.id, "state": "told" if asked else "chosen", "revised_until": one.until, "policy": one.policy, "silence": silence,
        "options": list(one.offered), "told_at": now, "remind_at": known.remind_at, "reminded_at": None,
        "call_at": known.call_at if reached else now, "called_at": None, "answer_until": known.answer_until,
        "chosen": None if asked else Choice.WAIT, "next_at": first if asked else None,
    }


def _note(one: _Telling) -> dict[str, object]:
    return {
        "cause": one.delay.cause, "round": one.delay.round, "before": one.delay.promised_until, "until": one.until,
        "silence": one.rights.silence, "options": list(one.offered),
    }


def _letters(tx: Tx, told: Sequence[_Telling], desk: Desk, now: datetime) -> list[tuple[int, Tell]]:
    if not told:
        return []
    signer = link_keys.signer(tx, now)
    lines = fulfillments.lines_of(tx, [part.id for one in told for part in one.parts])
    return [
        (one.delay.order_id, Tell("delayed", {
            "cause": one.delay.cause, "was": one.delay.promised_until, "until": one.until,
            "from": max(date.from_at for date in one.dates), "appointment": one.delay.cause == Cause.PERFORMER,
            "lines": [
                {"number": line.number, "quantity": line.quantity} for part in one.parts for line in lines[part.id] if line.quantity
            ],
            "options": list(one.offered), "substitutes": list(one.substitutes), "silence": one.rights.silence,
            "answer_until": one.rights.answer_until, "repeated": one.delay.round > 1,
            "link": link_to(signer, desk, one.delay.order_id, now),
        }, f"delayed:{one.delay.id}:{one.delay.round}"))
        for one in told
    ]


def link_to(signer: Signer, desk: Desk, order_id: int, now: datetime) -> str:
    """The page on which the customer chooses."""
    return f"{desk.public_url}/t/{signer.sign(Purpose.PAGE, order_id, now + KEPT)}/delay"


def escalate(tx: Tx, order_ids: Collection[int], *, desk: Desk, now: datetime) -> Climbed:
    """Go on with the delays that were told and have no answer; those that have caught up are settled instead."""
    looking.record(tx, order_ids, now)
    told = [one for one in delays.open_of(tx, order_ids).values() if one.state == "told"]
    steps = {one.id: _step(one, now) for one in told}
    ended = [one for one in told if steps[one.id][0] == Step.END]
    going = [one for one in told if steps[one.id][0] != Step.END]
    _speak(tx, going, {one.id: steps[one.id][0] for one in going}, desk, now)
    delays.renew(tx, [_went_on(one, *steps[one.id], now) for one in going])
    return _by_silence(tx, ended, now)


def _step(one: Delay, now: datetime) -> tuple[Step | None, datetime]:
    if one.rights is None:
        return Step.END, now
    step, then = next_step(one.rights, reminded=one.reminded_at is not None, called=one.called_at is not None, now=now)
    if step != Step.END or one.silence != Silence.CALLS:
        return step, then
    again = one.called_at + CALL_AGAIN if one.called_at else now
    return (Step.CALL, now + CALL_AGAIN) if again <= now else (None, again)


def _went_on(one: Delay, step: Step | None, then: datetime, now: datetime) -> dict[str, Any]:
    return {
        "id": one.id, "reminded_at": now if step == Step.REMIND else one.reminded_at,
        "called_at": now if step == Step.CALL else one.called_at, "next_at": then,
    }


def _speak(tx: Tx, going: Sequence[Delay], steps: Mapping[int, Step | None], desk: Desk, now: datetime) -> None:
    """Remind customers, and ask the office to call."""
    speaking = [one for one in going if steps[one.id] is not None]
    if not speaking:
        return
    signer, contacts = link_keys.signer(tx, now), standing.contacts_of(tx, [one.order_id for one in speaking])
    instead = named_for(tx, [one for one in speaking if Choice.SUBSTITUTE in one.options])
    tells, entries = [], []
    for one in speaking:
        facts = {
            "was": one.promised_until, "until": one.revised_until, "silence": one.silence, "answer_until": one.answer_until,
            "options": list(one.options), "substitutes": instead.get(one.order_id, []), "link": link_to(signer, desk, one.order_id, now),
        }
        if steps[one.id] == Step.REMIND:
            tells.append((one.order_id, Tell("delay-reminder", facts, f"delay-reminder:{one.id}:{one.round}", channel=Channel.SMS)))
        else:
            facts["contact"] = contacts.get(one.order_id, "")
            key = f"office-delay-call:{one.id}:{one.round}:{now:%Y%m%d}"
            tells.append((one.order_id, Tell("office-delay-call", facts, key, Audience.OFFICE)))
        entries.append(Entry(one.order_id, f"delay.{'reminded' if steps[one.id] == Step.REMIND else 'office-called'}"))
    notifications.enqueue(tx, tells, now, office_default=desk.office)
    journal.write(tx, entries, now=now, actor=LADDER)


def _by_silence(tx: Tx, ended: Sequence[Delay], now: datetime) -> Climbed:
    """What comes of silence: the customer waits, or what is late and not packed is canceled."""
    found = underway.of_orders(tx, [one.order_id for one in ended])
    late = {one.id: [part for part in found[one.order_id] if part.id in one.fulfillment_ids] for one in ended}
    canceling = [one for one in ended if one.silence != Silence.CONSENTS and any(part.can_be_taken_back for part in late[one.id])]
    consenting = [one for one in ended if one not in canceling]
    delays.change(
        tx, [one.id for one in consenting], state="chosen", chosen=Choice.WAIT, chosen_at=now, chosen_by="silence", next_at=None
    )
    canceled = delay_choices.cancel_late(tx, {one: late[one.id] for one in canceling}, reason="delay-unanswered", by=LADDER, now=now)
    journal.write(tx, [
        Entry(one.order_id, "delay.chosen", note={"choice": choice, "silence": True, "round": one.round})
        for some, choice in ((consenting, Choice.WAIT), (canceling, Choice.CANCEL)) for one in some
    ], now=now, actor=LADDER)
    return Climbed(len(ended), tuple(hint for one in canceled for hint in one.hints), stock_freed=any(one.stock_freed for one in canceled))
