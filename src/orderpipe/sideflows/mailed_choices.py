"""
Replies to our letters about a delay: a clear choice is applied like one on the page, and everything clear gets a clear answer.

What leaves any doubt is read by a person; until then the customer, who has written, is not taken to be silent.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from orderpipe.channels.delay_words import words_of_choices
from orderpipe.channels.wording import Wording
from orderpipe.domain.decisions import Tell
from orderpipe.domain.delay_terms import Choice, Silence, still_open
from orderpipe.domain.mailed_choices import Offered, chosen
from orderpipe.flow import FulfillmentState
from orderpipe.settings import settings
from orderpipe.sideflows import delay_choices
from orderpipe.sideflows.asking import Desk
from orderpipe.sideflows.delay_choices import ChoiceRefused
from orderpipe.sideflows.delay_letters import link_to
from orderpipe.sideflows.delay_offers import named_for
from orderpipe.sideflows.hints import Hint
from orderpipe.sideflows.queries import How
from orderpipe.store import cancelling, delays, journal, link_keys
from orderpipe.store.correspondence import Letter
from orderpipe.store.delays import Delay
from orderpipe.store.journal import Entry
from orderpipe.store.metadata import Tx
from orderpipe.store.telling import tell

ANSWER = "delay-answer"
CUSTOMER = "customer"
_ABOUT = (*delays.LETTERS, ANSWER)
_OFFICE_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Heard:
    """What a clear reply came to: a sentence for the books, what may go on, and whether stock came free."""

    said: str
    hints: tuple[Hint, ...] = ()
    stock_freed: bool = False


@dataclass(frozen=True, slots=True)
class _Reply:
    """A letter about a delay (its id, and for the how-manyeth date), and what the reply to it chooses."""

    letter: Letter
    delay_id: int
    round: int
    choice: Choice
    now: datetime


def offers_choices(letter: Letter) -> bool:
    """Whether a reply to this letter may choose something about a delay."""
    return letter.kind in _ABOUT and bool(letter.facts.get("options"))


def take(tx: Tx, letter: Letter, words: str, *, names: Collection[str], wording: Wording, now: datetime) -> Heard | None:
    """Apply what these words in reply to the letter choose; None where they leave any doubt. The caller holds the order's lock."""
    _, delay_id, nth = letter.dedupe_key.split(":")[:3]
    offered = Offered(words_of_choices(letter.facts, wording), all_is_late=_all_is_late(tx, letter.order_id))
    choice = chosen(words, offered, names)
    if choice is None:
        return None
    reply = _Reply(letter, int(delay_id), int(nth), choice, now)
    delay = delays.open_of(tx, [letter.order_id]).get(letter.order_id)
    if delay is None or delay.id != reply.delay_id:
        return _answer(tx, reply, "canceled" if delays.settled_how(tx, reply.delay_id) == "canceled" else "over", None)
    if delay.state == "late" or (choice == Choice.WAIT and reply.round < delay.round):
        return _answer(tx, reply, "newer", delay)  # whoever waited for one date has not said that he waits for another
    if delay.state == "chosen" and delay.chosen == choice:
        return _answer(tx, reply, "before", delay)
    return _choose(tx, reply, delay)


def _all_is_late(tx: Tx, order_id: int) -> bool:
    delay = delays.open_of(tx, [order_id]).get(order_id)
    standing = cancelling.fulfillments_of(tx, [order_id])[order_id]
    return delay is not None and all(one.id in delay.fulfillment_ids or one.state == FulfillmentState.CANCELED for one in standing)


def _choose(tx: Tx, reply: _Reply, delay: Delay) -> Heard:
    try:
        with tx.begin_nested():
            done = delay_choices.choose(tx, reply.letter.order_id, reply.choice, by=CUSTOMER, how=How.EMAIL, now=reply.now)
    except ChoiceRefused as refused:
        return _answer(tx, reply, "gone", delay, why=str(refused))
    if reply.choice == Choice.WAIT:  # of any other choice the letter about what it changes tells
        return _answer(tx, reply, "taken", delays.open_of(tx, [delay.order_id])[delay.order_id])
    return Heard(f"It chooses {reply.choice} about the delay.", done.hints, done.stock_freed)


def _answer(tx: Tx, reply: _Reply, outcome: str, delay: Delay | None, *, why: str = "") -> Heard:
    """Tell the customer what became of the reply, once for each choice and outcome."""
    order_id = reply.letter.order_id
    link = link_to(link_keys.signer(tx, reply.now), Desk(settings().public_url, settings().office_email), order_id, reply.now)
    told = delay if delay and delay.state != "late" else None
    # what a letter does not show must not be chosen by a number in reply to it
    options = still_open(told.options, told.chosen) if told and outcome in ("newer", "gone") else ()
    facts = {
        "outcome": outcome, "choice": reply.choice, "until": told.revised_until if told else None, "options": list(options),
        "substitutes": named_for(tx, [told] if told and Choice.SUBSTITUTE in options else []).get(order_id, []),
        "link": link if told else link.removesuffix("/delay"),
    }
    nth = delay.round if delay else reply.round
    letter = Tell(ANSWER, facts, f"{ANSWER}:{reply.delay_id}:{nth}:{reply.choice}:{outcome}")
    tell(tx, [(order_id, letter)], office="", by=CUSTOMER, now=reply.now)
    return Heard(f"It chooses {reply.choice} about the delay: {outcome}. {why}".strip())


def hand_over(tx: Tx, order_id: int, *, now: datetime) -> None:
    """The customer has written, but nothing clear: nobody is reminded, silence means nothing any more, and the office is to call."""
    delay = delays.open_of(tx, [order_id]).get(order_id)
    if delay is None or delay.state != "told":
        return
    later = max(delay.answer_until or now, now + _OFFICE_AFTER)
    delays.change(tx, [delay.id], silence=Silence.CALLS, called_at=now, next_at=later)
    delays.withdraw(tx, [order_id], ["delay-reminder"])
    journal.write(tx, [Entry(order_id, "delay.handed-over", note={"round": delay.round})], now=now, actor=CUSTOMER)
