"""
The pages as they are sent: escaped, with their style inline, and shut against everything a page with a secret address need not do.
"""

import re
from base64 import b64encode
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from babel import Locale
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from orderpipe.domain.countries import is_country
from orderpipe.tracking.words import words_of

_NUMBER = re.compile(r"\b(?:[A-Z]-)?\d{6,}-\d\b")
"""An order's, case's or return's number, which is not to be broken at its hyphen."""


def _own(name: str) -> tuple[str, str]:
    """A file of ours that stands in the page, and the source expression that lets it be used there."""
    content = (files(__package__) / "templates" / name).read_text("utf-8")
    return content, f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'"


_CSS, _CSS_SOURCE = _own("page.css")
_SCRIPT, _SCRIPT_SOURCE = _own("live.js")
_DOORS = f"default-src 'none'; style-src {_CSS_SOURCE}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
HEADERS = {
    "Content-Security-Policy": _DOORS,
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}


def page(template: str, language: str, *, status: int = 200, **scene: Any) -> HTMLResponse:
    """The page of this name in one of our languages."""
    words = words_of(language)
    html = _environment().get_template(template).render({"shop_name": "", "words": words, "css": Markup(_CSS)} | scene)  # noqa: S704
    return HTMLResponse(html, status, {**HEADERS, "Content-Language": words["tag"]})


def live_page(template: str, language: str, tag: str, **scene: Any) -> HTMLResponse:
    """A page that looks for news by itself; `tag` is the ETag of what it shows. Without a script it is a page like any other."""
    answer = page(template, language, tag=tag, script=Markup(_SCRIPT), **scene)  # noqa: S704
    answer.headers["ETag"] = tag
    answer.headers["Content-Security-Policy"] = f"{_DOORS}; script-src {_SCRIPT_SOURCE}; connect-src 'self'"
    return answer


def note(kind: str, language: str, *, status: int = 200, shop_name: str = "", back: str = "", **facts: str) -> HTMLResponse:
    """A page that says one thing; `back` is the order's page."""
    said: Mapping[str, str] = words_of(language)["notes"][kind]
    sentence = said["text"].format(**facts)
    return page("note.html", language, status=status, heading=said["heading"], sentence=sentence, shop_name=shop_name, back=back)


@lru_cache(maxsize=50)
def countries_by_name(language: str, first: str) -> tuple[tuple[str, str], ...]:
    """Every country as (code, name), in the order of the names but for the one to be offered first."""
    names = Locale.parse({"zh": "zh_Hans_CN"}.get(language, language)).territories
    known = sorted(((code, name) for code, name in names.items() if is_country(code)), key=lambda one: (one[0] != first, one[1]))
    return tuple(known)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(__package__, "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["whole"] = lambda said: Markup(_NUMBER.sub(r'<span class="whole">\g<0></span>', str(escape(said))))  # noqa: S704
    environment.filters["slug"] = lambda name: name.strip("/").replace("/", "-")
    return environment
