"""
Writes what goes out: a notification and its order become a letter or a text message in the reader's language.

A kind is one file in each language's folder, used for HTML, plain text and SMS alike; to add a kind, add its files.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template, TemplateNotFound, UndefinedError
from jinja2.runtime import Context
from markupsafe import Markup, escape

from orderpipe.channels import own_words
from orderpipe.channels.parts import apart, plain, safe_link
from orderpipe.channels.questions import question_of
from orderpipe.channels.views import OrderView, clean
from orderpipe.channels.wording import LANGUAGES, Wording, language_of, phrases_of, wording
from orderpipe.domain.decisions import Audience
from orderpipe.domain.notices import Leased, Order
from orderpipe.domain.time_zones import zone_of_country

SPEECH = ("money", "day", "short_day", "last_day", "short_last_day", "moment", "second", "window", "days", "short_last_day_there")
"""How a template says values; functions of the wording, what ends in `_there` by the clocks where the order goes."""
_GAP = re.compile(r"\n{3,}")

Scene = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter in words: its subject on one line, and the same news as plain text and as an HTML page."""

    subject: str
    text: str
    html: str


class UnknownKind(LookupError):
    """There is no letter of this kind."""


class Facts(dict[str, Any]):
    """The notification's own facts; one that is missing is said by its name."""

    def __missing__(self, name: str) -> Any:
        raise UndefinedError(f"The letter needs the fact {name!r}, which it was not given.")


def render_mail(notice: Leased, order: Order) -> Letter:
    """The letter for this notification. Raises UnknownKind, and jinja2's UndefinedError when a fact it needs is missing."""
    language = language_of(notice.language)
    told = _Told(_template_for(notice, language), _scene(notice, order, language))
    lines = {gap: told.line(block) for gap, block in (("subject", "subject"), ("title", "title"), ("essence", "sms"))}
    text, html = told.body()
    office = notice.audience == Audience.OFFICE
    frame = _frame(language, told.order.shop_name, office=office, optional=bool(notice.unsubscribe))
    given = _given(told.order, language, office=office) | {"unsubscribe": notice.unsubscribe}
    subject = plain(lines["subject"])
    see = _way_to_the_page(notice.page_link, language)
    as_text = {name: plain(line) for name, line in lines.items()} | given | {"body": text.strip("\n"), "see": see[0]}
    as_html = lines | {name: str(escape(value)) for name, value in given.items()} | {"body": html, "see": see[1]}
    return Letter(subject, _without_gaps(_filled(frame.text, as_text)), _filled(frame.html, as_html))


def _without_gaps(text: str) -> str:
    return _GAP.sub("\n\n", text) if "\n\n\n" in text else text


def render_sms(notice: Leased, order: Order) -> str:
    """The text message for this notification, on one line, with how to have no more like it; raises as `render_mail`."""
    language = language_of(notice.language)
    message = plain(_Told(_template_for(notice, language), _scene(notice, order, language)).line("sms"))
    return f"{message} {phrases_of(language)['layout']['stop']}{safe_link(notice.unsubscribe)}" if notice.unsubscribe else message


def _scene(notice: Leased, order: Order, language: str) -> Scene:
    """What a template may use."""
    said = wording(language, order.time_zone, clean(order.currency, 10))
    there = wording(language, _time_zone_there(order), said.currency)
    view = OrderView(order, said)
    facts = Facts(clean(notice.facts))
    phrases = said.phrases
    asked = [question_of(doubt, view, said) for doubt in facts.get("doubts") or ()]
    targets = [
        phrases["targets"][target["what"]].format(until=there.moment(target["until"]))
        for target in facts.get("targets") or () if target["what"] in phrases["targets"]
    ]
    return _said(said, there) | {"order": view, "facts": facts, "doubts": asked, "targets": targets, "page_link": notice.page_link}


@lru_cache(maxsize=200)
def _said(said: Wording, there: Wording) -> Scene:
    """What is the same in all letters of one wording, and one where the order goes."""
    speech = {name: getattr(there if name.endswith("_there") else said, name.removesuffix("_there")) for name in SPEECH}
    return speech | {name: said.phrases[name] for name in ("words", "reasons", "flow")}


def _time_zone_there(order: Order) -> str:
    """The time zone where the order goes."""
    return zone_of_country(str((order.ship_to or {}).get("country") or ""), order.time_zone, order.received_at.date())


def _given(order: OrderView, language: str, *, office: bool) -> dict[str, str]:
    """What the layout adds to the letter itself: whom it greets, and what it is about."""
    phrases: Mapping[str, str] = phrases_of(language)["layout"]
    greeting = phrases["greeting"].format(name=order.name) if order.name else phrases["greeting_without_name"]
    about = phrases["order"].format(number=order.number) if order.number else ""
    if order.reference and not office:
        about += f" · {phrases['reference'].format(reference=order.reference)}"
    return {"greeting": greeting, "footer": about}


def _way_to_the_page(link: str, language: str) -> tuple[str, str]:
    """The line that leads to the order's page, as plain text and as HTML; nothing without a link."""
    if not link:
        return "", ""
    phrases: Mapping[str, str] = phrases_of(language)["layout"]
    return (
        f"\n{phrases['see']}{phrases['colon']}{safe_link(link)}",
        f'<br><a href="{escape(safe_link(link))}" style="color:#0b6e5f">{escape(phrases["see"])}</a>',
    )


@dataclass(frozen=True, slots=True)
class Frame:
    """A shop's layout in one language, cut where each letter fills something in: words and names of gaps by turns."""

    text: tuple[str, ...]
    html: tuple[str, ...]


_GAPS = ("subject", "title", "essence", "greeting", "body", "footer", "see", "unsubscribe")


@lru_cache(maxsize=1_000)
def _frame(language: str, shop_name: str, *, office: bool, optional: bool) -> Frame:
    """The layout around every letter of a shop; rendered once, for only what stands in the gaps differs."""
    phrases: Mapping[str, str] = phrases_of(language)["layout"]
    scene: Scene = {name: Markup(f"\0{name}\0") for name in _GAPS}  # noqa: S704
    scene |= {
        "shop_name": shop_name, "layout": phrases, "personal": not office, "optional": optional,
        "tag": {"zh": "zh-Hans"}.get(language, language), "why": phrases["why_office" if office else "why"].format(shop=shop_name),
    }
    return Frame(*(tuple(_layout(file).render(scene).split("\0")) for file in ("layout.txt", "layout.html")))


def _filled(frame: Sequence[str], given: Mapping[str, str]) -> str:
    return "".join([given[piece] if place % 2 else piece for place, piece in enumerate(frame)])


class _Told:
    """One template told in one scene, block by block, as HTML."""

    def __init__(self, template: Template, scene: Scene) -> None:
        self.order: OrderView = scene["order"]
        self._is_theirs = template.environment.sandboxed
        self._blocks = template.blocks
        # what Jinja's own `render` does, but the globals, always the same, are not gathered anew for each letter
        environment = template.environment
        self._context = environment.context_class(environment, _globals(environment) | scene, template.name, {})

    def body(self) -> tuple[str, str]:
        """The letter itself, as plain text and as HTML."""
        return apart(self._block("body"))

    def _block(self, name: str) -> str:
        pieces = self._blocks[name](self._context)
        return "".join(own_words.bounded(pieces) if self._is_theirs else pieces)

    def line(self, name: str) -> str:
        """A block on one line."""
        return " ".join(self._block(name).split())


class _OurOwn(Context):
    """No function of ours wants to be given the context, so none is looked at for that before each call."""

    def call(self, function: Callable[..., Any], /, *args: Any, _loop_vars: Any = None, _block_vars: Any = None, **kwargs: Any) -> Any:
        """As Jinja's."""
        return function(*args, **kwargs)


class _EntriesFirst(Environment):
    """Templates name entries of dictionaries more than anything; Jinja looks for an attribute first, and an exception each time is dear."""

    context_class = _OurOwn

    def getattr(self, obj: Any, attribute: str) -> Any:
        """As Jinja's, but an entry goes before an attribute."""
        if isinstance(obj, dict) and attribute in obj:
            return obj[attribute]
        try:
            return getattr(obj, attribute)
        except AttributeError:
            return super().getattr(obj, attribute)


@lru_cache(maxsize=len(LANGUAGES))
def _environment(language: str) -> Environment:
    environment = _EntriesFirst(
        loader=PackageLoader(__package__, "templates"), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        autoescape=True, auto_reload=False, cache_size=-1,
    )
    own_words.furnish(environment, language)
    return environment


@lru_cache(maxsize=len(LANGUAGES))
def _globals(environment: Environment) -> Scene:
    return dict(environment.globals)


def _template_for(notice: Leased, language: str) -> Template:
    """The shop's own template where it has one, else ours."""
    return own_words.template(notice.own_words, language) if notice.own_words else _template(language, notice.kind)


@lru_cache(maxsize=500)
def _template(language: str, kind: str) -> Template:
    try:
        return _environment(language).get_template(f"{language}/{kind}.jinja")
    except TemplateNotFound as missing:
        raise UnknownKind(f"There is no letter of the kind {kind!r}.") from missing


def _layout(file: str) -> Template:
    environment = Environment(
        loader=PackageLoader(__package__, "templates"), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        autoescape=file.endswith(".html"),  # plain text must not be escaped
    )
    return environment.get_template(file)
