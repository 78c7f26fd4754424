"""
The page behind "choose which letters you get": what can be turned off, by which way and in which language the rest comes.

Looking changes nothing, for mail programs open links by themselves. A POST that is not this page's own form is a mail program's
"unsubscribe" button (RFC 8058), which turns off whatever can be.
"""

from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from orderpipe.channels.views import clean
from orderpipe.channels.wording import LANGUAGES, language_of
from orderpipe.domain.contacts import masked
from orderpipe.domain.kinds import ALL_OPTIONAL, OPTIONAL
from orderpipe.domain.links import KEPT, BadLink, ExpiredLink, Purpose, is_brief
from orderpipe.domain.notices import Channel
from orderpipe.serving.transactions import InWork, Now, Work
from orderpipe.store import contact_preferences, link_keys
from orderpipe.store.contact_preferences import Preference, Reader
from orderpipe.tracking.failures import FriendlyRoute, OldLink, UnknownLink
from orderpipe.tracking.pages import HEADERS, note, page
from orderpipe.tracking.posted import InPosted, Posted
from orderpipe.tracking.visits import InVisit, Offer, Visit
from orderpipe.tracking.words import words_of

BY = "customer"
OWN_FORM = "choices"
"""The field by which this page's own form is known."""

router = APIRouter(include_in_schema=False, route_class=FriendlyRoute, default_response_class=HTMLResponse)


@dataclass(frozen=True, slots=True)
class Choices:
    """Who opened the page, and what they have chosen so far."""

    reader: Reader
    chosen: Preference

    @property
    def language(self) -> str:
        """The language of the page: ours that is next to what the letters come in."""
        return language_of(self.chosen.language or self.reader.language)

    @property
    def wanted(self) -> frozenset[str]:
        """The optional letters that come."""
        return frozenset() if ALL_OPTIONAL in self.chosen.declined else frozenset(OPTIONAL) - self.chosen.declined


def _choices(token: str, work: InWork, now: Now) -> Choices:
    """What this link opens. Raises UnknownLink, OldLink."""
    try:
        signer, brief = link_keys.signer(work.tx, now), is_brief(token)
        letter = signer.read_brief(token, Purpose.UNSUBSCRIBE) if brief else signer.read(token, Purpose.UNSUBSCRIBE, now)
    except ExpiredLink as reason:
        raise OldLink from reason
    except BadLink as reason:
        raise UnknownLink from reason
    reader = contact_preferences.reader_of(work.tx, letter)
    if reader is None:
        raise UnknownLink
    if brief and now >= reader.written_at + KEPT:
        raise OldLink
    return Choices(reader, contact_preferences.of_contact(work.tx, reader.shop_id, reader.contact))


InChoices = Annotated[Choices, Depends(_choices, scope="function")]


@router.get("/u/{token}")
def show(given: InChoices, saved: str = "") -> Response:
    """The choices as a form."""
    heading = words_of(given.language)["preferences"]["heading"]
    return page(
        "preferences.html", given.language, heading=heading, shop_name=clean(given.reader.shop_name),
        contact=masked(given.reader.contact), saved=saved, optional=OPTIONAL, wanted=given.wanted,
        languages=LANGUAGES, chosen=given.language, has_both=given.reader.has_both,
        channel=given.chosen.channel or Channel.EMAIL, own_form=OWN_FORM,
    )


@router.post("/u/{token}")
def choose(token: str, given: InChoices, posted: InPosted, work: InWork, now: Now) -> Response:
    """Keep what was chosen; without a choice, turn off whatever can be."""
    own_form = OWN_FORM in posted
    chosen = _read(posted, given) if own_form else replace(given.chosen, declined=frozenset({ALL_OPTIONAL}))
    contact_preferences.choose(work.tx, given.reader.shop_id, given.reader.contact, chosen, by=BY, now=now)
    if not own_form:
        return note("unsubscribed", given.language, shop_name=clean(given.reader.shop_name))
    return RedirectResponse(f"{token}?saved=1", 303, HEADERS)


def _read(posted: Posted, given: Choices) -> Preference:
    off = frozenset(kind for kind in OPTIONAL if kind not in posted)
    declined = frozenset({ALL_OPTIONAL}) if len(off) == len(OPTIONAL) or "none" in posted else off
    language, channel = posted.get("language"), posted.get("channel")
    return Preference(
        declined,
        channel if given.reader.has_both and channel in set(Channel) else given.chosen.channel,
        language if language in LANGUAGES else given.chosen.language,
    )


@router.get("/t/{token}/letters")
def go_there(visit: InVisit, work: InWork, now: Now) -> Response:
    """From the page of the order."""
    letter = contact_preferences.newest_letter(work.tx, visit.order_id)
    if letter is None:
        raise UnknownLink
    token = link_keys.signer(work.tx, now).sign(Purpose.UNSUBSCRIBE, letter, now + KEPT)
    return RedirectResponse(f"/u/{token}", 303, HEADERS)


def offered(visit: Visit, work: Work) -> Offer | None:
    """The choices, once the customer has been written to."""
    there = contact_preferences.newest_letter(work.tx, visit.order_id) is not None
    return Offer("letters", f"{visit.path}/letters") if there else None
