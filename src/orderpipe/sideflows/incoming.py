"""
Mail that came in: a clear reply to our question is its answer, a bounce sends the letter another way, the rest is read by a person.

Nobody is ever answered by machine, so two machines cannot write to each other without end.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from orderpipe.channels.questions import points_of
from orderpipe.channels.wording import Wording, language_of, wording
from orderpipe.domain import bounces, mails
from orderpipe.domain.bounces import Bounce
from orderpipe.domain.decisions import Audience, Tell
from orderpipe.domain.letter_ids import Named
from orderpipe.domain.mailed_answers import understood
from orderpipe.domain.mails import Mail
from orderpipe.domain.orders import UnknownNumber, order_id_of, public_id
from orderpipe.domain.own_words import own_words, shown
from orderpipe.domain.queries import Answer, numbered
from orderpipe.sideflows import duplicates, mailed_choices, queries, stray_mail
from orderpipe.sideflows.cancellations import CancelRefused
from orderpipe.sideflows.hearing import hear_mail
from orderpipe.sideflows.hints import Hint
from orderpipe.sideflows.queries import AnswerRefused, How
from orderpipe.store import bounced, checks, correspondence, journal, mail_in, notifications, policies, questions, units
from orderpipe.store.bounced import Undelivered
from orderpipe.store.correspondence import Letter
from orderpipe.store.journal import Entry
from orderpipe.store.mail_in import Kept, Letterhead, Settled
from orderpipe.store.metadata import Tx
from orderpipe.store.questions import OpenQuery

CUSTOMER = "customer"
MOST_A_DAY = 20
"""Mails about one order of which the office is told within a day; further ones are only listed."""
_NUMBERS = re.compile(r"(?<!\d)\d{6,12}-\d(?!\d)")


@dataclass(frozen=True, slots=True)
class Taken:
    """What a mail was taken for, and what may go on because of it; `restock`: stock came free."""

    kind: str
    hints: tuple[Hint, ...] = ()
    restock: bool = False


@dataclass(frozen=True, slots=True)
class Occasion:
    """One mail being taken: its id, the office's default address, and the instant (UTC)."""

    mail_id: int
    office: str
    now: datetime


class NotTaken(Exception):
    """The rules do not take what a reply seems to say; the transaction has to be undone and the mail left to a person."""


def take(tx: Tx, mail_id: int, *, office: str, now: datetime, literally: bool = True) -> Taken | None:
    """
    Do what a kept mail asks for; None where somebody was first. Not `literally`: whatever it says, a person reads it.

    Raises NotTaken, and for a mail that cannot be read whatever the reading raises.
    """
    kept = mail_in.claim(tx, mail_id)
    if kept is None:
        return None
    message = mails.parse(kept.raw)
    mail = _doubted(mails.read(message), kept, literally=literally)
    at = Occasion(mail_id, office, now)
    letter = next((one for one in _proved(tx, mail.answers) if one.audience == Audience.CUSTOMER), None)
    if bounce := bounces.bounce_of(message):
        settled, taken = _bounced(tx, bounce, now), Taken("bounce")
    elif why := bounces.automatic(message):
        settled, taken = Settled("automatic", why, *_about(letter)), Taken("automatic")
    elif letter:
        settled, taken = _replied(tx, mail, letter, at)
    else:
        settled, taken = _wrote(tx, mail, mails.addressed(message), at)
    mail_in.settle(tx, mail_id, settled, _head(mail), now)
    return taken


def set_aside(tx: Tx, mail_id: int, error: str, *, office: str, now: datetime) -> None:
    """Leave a mail to a person that could not be read, or that ended whoever read it."""
    if mail_in.claim(tx, mail_id):
        shop_id = stray_mail.tell(tx, mail_id, Mail("", "", "", "", ""), (), office=office, now=now)
        settled = Settled("unreadable", mails.storable(error), open=True, shop_id=shop_id)
        mail_in.settle(tx, mail_id, settled, Letterhead(), now)


def handed_on(tx: Tx, mail: Mail, order_id: int, at: Occasion, *, theirs: bool) -> Settled:
    """
    What somebody wrote about an order, beside answers: where it is the customer it is a word on a case, or opens one.

    Of what may be anybody's the office is told, and nothing happens because of it.
    """
    if mail_in.handed_over_lately(tx, order_id, at.now) >= MOST_A_DAY:
        return Settled("about-order", "The office has been told of many mails about this order today.", order_id, open=True)
    if theirs:
        words, mail_id = "\n".join(shown(mail.text)), str(at.mail_id)
        heard = hear_mail(tx, order_id, words, mail.subject, sender=mail.sender, mail_id=mail_id, now=at.now)
        journal.write(tx, [Entry(order_id, "mail.received", note={"mail": at.mail_id})], now=at.now, actor=CUSTOMER)
        return Settled("about-order", f"It {'opened' if heard.new else 'is a word on'} {heard.number}.", order_id)
    facts = {"mail": at.mail_id, "sender": mail.sender, "subject": mail.subject, "reply": shown(mail.text)}
    _tell_office(tx, order_id, "office-customer-wrote", facts, at)
    return Settled("about-order", "The office has been told.", order_id)


def _doubted(mail: Mail, kept: Kept, *, literally: bool) -> Mail:
    if kept.size > len(kept.raw):
        return replace(mail, doubtful="It is so large that only its beginning was read.")
    return mail if literally else replace(mail, doubtful="What it seems to say does not fit the order.")


def _proved(tx: Tx, named: Sequence[Named]) -> list[Letter]:
    """The letters that are named and prove to be ours."""
    known = correspondence.letters(tx, [one.notification_id for one in named])
    found = ((one, known[one.notification_id]) for one in named if one.notification_id in known)
    return [letter for one, letter in found if one.is_proved_by(letter.dedupe_key, letter.facts)]


def _bounced(tx: Tx, bounce: Bounce, now: datetime) -> Settled:
    letter = next(iter(_proved(tx, bounce.letters)), None)
    if letter is None:
        return Settled("bounce", f"It names no letter of ours. {bounce.reason}", open=True)
    said = " ".join(filter(None, (bounce.status, bounce.reason)))
    if not bounce.failed:
        return Settled("delayed", said, letter.order_id, letter.id)
    bounced.note(tx, [Undelivered(letter.id, said, bounce.condemns_the_address)], now)
    # a letter to the office that came back must not lead to another letter to the office
    return Settled("bounce", said, letter.order_id, letter.id, open=letter.audience == Audience.OFFICE)


def _replied(tx: Tx, mail: Mail, letter: Letter, at: Occasion) -> tuple[Settled, Taken]:
    if not _is_the_customer(mail, letter):
        return _of_letter(handed_on(tx, mail, letter.order_id, at, theirs=False), letter), Taken("about-order")
    bounced.clear(tx, letter.shop_id, [mail.sender], at.now)
    duplicates.lock(tx, letter.order_id)
    if mailed_choices.offers_choices(letter):
        return _about_delay(tx, mail, letter, at)
    query = next(iter(questions.open_of(tx, [letter.order_id])), None)
    if query is None or letter.facts.get("query_id") != public_id("query", query.id):
        return _of_letter(handed_on(tx, mail, letter.order_id, at, theirs=True), letter), Taken("about-order")
    answer = None if mail.doubtful else _understood(tx, mail, letter, query)
    if answer is None:
        return _of_letter(_unclear(tx, mail, query, at), letter), Taken("unclear-reply")
    hints = _answered(tx, query, answer, at)
    settled = Settled("answer", f"It answers {public_id('query', query.id)}.", letter.order_id, letter.id)
    return settled, Taken("answer", hints, restock=answer.cancel)


def _about_delay(tx: Tx, mail: Mail, letter: Letter, at: Occasion) -> tuple[Settled, Taken]:
    """A clear choice is applied; anything else is a case for the office, and no silence."""
    words = "" if mail.doubtful else own_words(mail.text)
    heard = mailed_choices.take(
        tx, letter, words, names=_names(mail, letter), wording=_wording(tx, letter), now=at.now
    ) if words else None
    if heard is None:
        mailed_choices.hand_over(tx, letter.order_id, now=at.now)
        return _of_letter(handed_on(tx, mail, letter.order_id, at, theirs=True), letter), Taken("about-order")
    return Settled("answer", heard.said, letter.order_id, letter.id), Taken("answer", heard.hints, restock=heard.stock_freed)


def _wrote(tx: Tx, mail: Mail, addressed: Sequence[str], at: Occasion) -> tuple[Settled, Taken]:
    """A mail that answers no letter: it may name an order of whoever wrote it."""
    found = correspondence.orders_of(tx, _numbers_in(f"{mail.subject}\n{mail.text}"), mail.sender) if mail.sender else []
    if len(found) != 1:
        shop_id = stray_mail.tell(tx, at.mail_id, mail, addressed, office=at.office, now=at.now)
        why = mail.doubtful or "It answers no letter, and names no order of its sender."
        return Settled("other", why, open=True, shop_id=shop_id), Taken("other")
    units.lock_orders(tx, found)
    query = next(iter(questions.open_of(tx, found)), None)
    if query:  # perhaps the answer, by a program that does not say which letter it answers
        return _unclear(tx, mail, query, at), Taken("unclear-reply")
    mailed_choices.hand_over(tx, found[0], now=at.now)
    return handed_on(tx, mail, found[0], at, theirs=True), Taken("about-order")


def _understood(tx: Tx, mail: Mail, letter: Letter, query: OpenQuery) -> Answer | None:
    words = own_words(mail.text)
    if not words:
        return None
    return understood(words, points_of(query.doubts, _wording(tx, letter)), _names(mail, letter))


def _wording(tx: Tx, letter: Letter) -> Wording:
    order = notifications.orders_to_tell_of(tx, [letter.order_id])[letter.order_id]
    return wording(language_of(letter.language), order.time_zone, order.currency)


def _names(mail: Mail, letter: Letter) -> list[str]:
    """What may stand in a greeting or signature."""
    names = [mail.sender_name, *(letter.customer.get(part) or "" for part in ("name", "company")), letter.shop_name]
    return names + [name.split()[0] for name in names[:2] if name.split()]


def _answered(tx: Tx, query: OpenQuery, answer: Answer, at: Occasion) -> tuple[Hint, ...]:
    """Give the answer, and see that nothing of what was asked is in doubt any more. Raises NotTaken."""
    try:
        answered = duplicates.answer(tx, public_id("query", query.id), answer, by=CUSTOMER, how=How.EMAIL, now=at.now)
    except (AnswerRefused, CancelRefused) as refused:
        raise NotTaken(str(refused)) from refused
    asked = [(str(doubt["rule"]), str(doubt["field"])) for doubt in query.doubts]
    if not answered.canceled:
        for finding in checks.subjects(tx, [query.order_id], policies.policies(tx, at.now))[0].findings():
            if any(finding.rule == rule and f"{finding.field}/".startswith(f"{field}/") for rule, field in asked):
                raise NotTaken(f"{finding.rule} is still in doubt.")
    return answered.hints


def _unclear(tx: Tx, mail: Mail, query: OpenQuery, at: Occasion) -> Settled:
    """The office reads it and keys in the answer; until then the customer, who has written, is not reminded."""
    facts = {
        "mail": at.mail_id, "sender": mail.sender, "subject": mail.subject, "reply": shown(mail.text), "doubts": numbered(query.doubts),
        "query_id": public_id("query", query.id),
    }
    if not queries.hand_over(tx, query.order_id, now=at.now) and mail_in.handed_over_lately(tx, query.order_id, at.now) >= MOST_A_DAY:
        return Settled("unclear-reply", "The office has been told of many mails about this order today.", query.order_id, open=True)
    _tell_office(tx, query.order_id, "office-unclear-reply", facts, at)
    return Settled("unclear-reply", mail.doubtful or "The office has been told.", query.order_id)


def _tell_office(tx: Tx, order_id: int, kind: str, facts: dict[str, object], at: Occasion) -> None:
    units.lock_orders(tx, [order_id])
    tell = Tell(kind, facts, f"{kind}:{at.mail_id}", Audience.OFFICE)
    notifications.enqueue(tx, [(order_id, tell)], at.now, office_default=at.office)
    journal.write(tx, [Entry(order_id, "mail.received", note={"mail": at.mail_id, "told": kind})], now=at.now, actor=CUSTOMER)


def _is_the_customer(mail: Mail, letter: Letter) -> bool:
    known = {letter.recipient.strip().casefold(), (letter.customer.get("email") or "").strip().casefold()}
    return bool(mail.sender) and mail.sender.casefold() in known


def _numbers_in(text: str) -> Sequence[int]:
    found = []
    for number in dict.fromkeys(_NUMBERS.findall(text[:100_000])):
        try:
            found.append(order_id_of(number))
        except UnknownNumber:
            continue
    return found[:20]


def _about(letter: Letter | None) -> tuple[int | None, int | None]:
    return (letter.order_id, letter.id) if letter else (None, None)


def _of_letter(settled: Settled, letter: Letter) -> Settled:
    return replace(settled, notification_id=letter.id)


def _head(mail: Mail) -> Letterhead:
    return Letterhead(mail.message_id, mail.sender, mail.sender_name, mail.subject)
