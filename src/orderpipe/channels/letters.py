"""
Writes what goes out: a notification and its order become a letter or a text message in the reader's language.

A kind is one file in each language's folder, used for HTML, plain text and SMS alike; to add a kind, add its files.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template, TemplateNotFound, UndefinedError
from markupsafe import Markup

from orderpipe.channels.parts import HtmlParts, TextParts, safe_link
from orderpipe.channels.questions import question_of
from orderpipe.channels.views import OrderView, clean
from orderpipe.channels.wording import language_of, phrases_of, wording
from orderpipe.domain.decisions import Audience
from orderpipe.domain.notices import Leased, Order

_SPEECH = ("money", "day", "short_day", "last_day", "short_last_day", "moment", "second", "window", "days")
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
    scene = _scene(notice, order, language)
    text, html = (_Told(_template(language, notice.kind, as_html=as_html), scene) for as_html in (False, True))
    frame = _frame(notice, scene["order"], language) | {name: text.line(name) for name in ("subject", "title")}
    frame["essence"] = text.line("sms")
    plain = _Told(_layout(as_html=False), frame | {"body": text.block("body")}).whole()
    # safe as it stands: the blocks have escaped whatever came from outside
    page = _Told(_layout(as_html=True), frame | {"body": Markup(html.block("body"))}).whole()  # noqa: S704
    return Letter(frame["subject"], _GAP.sub("\n\n", plain), page)


def render_sms(notice: Leased, order: Order) -> str:
    """The text message for this notification, on one line; raises as `render_mail`."""
    language = language_of(notice.language)
    return _Told(_template(language, notice.kind, as_html=False), _scene(notice, order, language)).line("sms")


def _scene(notice: Leased, order: Order, language: str) -> Scene:
    """What a template may use."""
    said = wording(language, order.time_zone, clean(order.currency, 10))
    view = OrderView(order, said)
    facts = Facts(clean(notice.facts))
    phrases = said.phrases
    asked = [question_of(doubt, view, said) for doubt in facts.get("doubts") or ()]
    targets = [
        phrases["targets"][target["what"]].format(until=said.moment(target["until"]))
        for target in facts.get("targets") or () if target["what"] in phrases["targets"]
    ]
    speech = {name: getattr(said, name) for name in _SPEECH}
    return speech | {
        "order": view, "facts": facts, "words": phrases["words"], "reasons": phrases["reasons"], "flow": phrases["flow"],
        "doubts": asked, "targets": targets, "page_link": notice.page_link,
    }


def _frame(notice: Leased, order: OrderView, language: str) -> Scene:
    """What the layout adds to the letter itself: whom it greets, what it is about, why it came."""
    phrases: Mapping[str, str] = phrases_of(language)["layout"]
    office = notice.audience == Audience.OFFICE
    greeting = phrases["greeting"].format(name=order.name) if order.name else phrases["greeting_without_name"]
    about = (phrases["order"].format(number=order.number), phrases["reference"].format(reference=order.reference))
    return {
        "order": order,
        "greeting": "" if office else greeting,
        "footer": " · ".join(about if order.reference and not office else about[:1]),
        "why": phrases["why_office" if office else "why"].format(shop=order.shop_name),
        "layout": phrases,
        "page_link": safe_link(notice.page_link) if notice.page_link else "",
        "tag": {"zh": "zh-Hans"}.get(language, language),
    }


class _Told:
    """One template told in one scene: a block of it, or the whole."""

    def __init__(self, template: Template, scene: Scene) -> None:
        self._template = template
        self._blocks = template.blocks
        # what Jinja's own `render` does, but the globals, always the same, are not gathered anew for each letter
        self._context = template.new_context(_globals(template.environment) | scene, shared=True)

    def whole(self) -> str:
        return "".join(self._template.root_render_func(self._context))

    def block(self, name: str) -> str:
        return "".join(self._blocks[name](self._context))

    def line(self, name: str) -> str:
        return " ".join(self.block(name).split())


def _brief(text: str, length: int = 20) -> str:
    """Cut to a length without leaving the letters of a plain text message, which an ellipsis would."""
    return text if len(text) <= length else f"{text[: length - 2].rstrip()}.."


class _EntriesFirst(Environment):
    """Templates name entries of dictionaries more than anything; Jinja looks for an attribute first, and an exception each time is dear."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """As Jinja's, but an entry goes before an attribute."""
        return obj[attribute] if isinstance(obj, dict) and attribute in obj else super().getattr(obj, attribute)


@lru_cache(maxsize=8)
def _environment(language: str, *, as_html: bool) -> Environment:
    environment = _EntriesFirst(
        loader=PackageLoader(__package__, "templates"), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        autoescape=as_html,  # plain text must not be escaped
        auto_reload=False, cache_size=-1,
    )
    words = phrases_of(language)["words"]
    parts = HtmlParts(words) if as_html else TextParts(words)
    environment.globals |= {name: getattr(parts, name) for name in ("bullets", "pairs", "items", "button")}
    environment.filters |= {"brief": _brief, "para": parts.para, "strong": parts.strong}
    return environment


@lru_cache(maxsize=8)
def _globals(environment: Environment) -> Scene:
    return dict(environment.globals)


@lru_cache(maxsize=500)
def _template(language: str, kind: str, *, as_html: bool) -> Template:
    try:
        return _environment(language, as_html=as_html).get_template(f"{language}/{kind}.jinja")
    except TemplateNotFound as missing:
        raise UnknownKind(f"There is no letter of the kind {kind!r}.") from missing


@lru_cache(maxsize=2)
def _layout(*, as_html: bool) -> Template:
    # no language of its own: everything it says is given to it
    return _environment("en", as_html=as_html).get_template("layout.html" if as_html else "layout.txt")
