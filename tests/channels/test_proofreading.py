"""
Shops' own templates: ours would pass, a mistake is named with its line, and what passes can do no harm.
"""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from orderpipe.channels import letters, own_words
from orderpipe.channels.letters import render_mail, render_sms
from orderpipe.channels.proofreading import LONGEST_SOURCE, proofread
from orderpipe.channels.samples import sample
from orderpipe.channels.wording import LANGUAGES
from orderpipe.domain.decisions import Audience
from orderpipe.domain.kinds import KINDS, audience_of

FOLDER = Path(letters.__file__).parent / "templates"
FOR_CUSTOMERS = [name for name in KINDS if audience_of(name) == Audience.CUSTOMER]
GOOD = """{% block subject %}Off it goes: {{ order.number }}{% endblock %}
{% block title %}Off it goes{% endblock %}
{% block body %}
{% filter para %}
Hello & good-bye, it is with {{ facts.carrier }}.
{% endfilter %}
{{ items(order.items(facts.lines)) }}
{% endblock %}
{% block sms %}{{ order.number }} with {{ facts.carrier|brief }}{% endblock %}
"""


def with_body(body: str) -> str:
    """A template whose line 5 is this."""
    return GOOD.replace("Hello & good-bye, it is with {{ facts.carrier }}.", body)


def unframed(body: str) -> str:
    """A template whose body is this alone."""
    return GOOD.replace("{% filter para %}\nHello & good-bye, it is with {{ facts.carrier }}.\n{% endfilter %}", body)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", FOR_CUSTOMERS)
def test_takes_our_own_as_they_are(kind: str, language: str) -> None:
    source = (FOLDER / language / f"{kind}.jinja").read_text("utf-8")
    assert proofread(source, kind, language) == []
    assert render_mail(*sample(kind, language, own_words=source)) == render_mail(*sample(kind, language))
    assert render_sms(*sample(kind, language, own_words=source)) == render_sms(*sample(kind, language))


def test_says_the_letter_in_the_shops_words() -> None:
    assert proofread(GOOD, "shipped", "en") == []
    letter = render_mail(*sample("shipped", "en", own_words=GOOD))
    assert letter.subject == "Off it goes: 100042-7"
    assert "it is with DHL Paket." in letter.text
    assert "Kind regards" in letter.text


@pytest.mark.parametrize(("body", "said"), [
    ("{% if %}", "Expected an expression"),
    ("{{ nothing }}", "There is no 'nothing'"),
    ("{{ facts.carier }}", "A letter shipped has no fact 'carier'; it has carrier"),
    ("{{ facts.get('carier') }}", "has no fact 'carier'"),
    ("{{ order.nuber }}", "An order has no 'nuber'"),
    ("{{ order.number|nice }}", "There is no filter 'nice' for letters; there is brief"),
    ("{{ order.number|center(10 ** 9) }}", "There is no filter 'center'"),
    ("{{ money(facts.until) }}{{ day(facts.carrier) }}", "Invalid isoformat"),
    ("{{ facts.lines[7].number }}", "has no element 7"),
    ("{{ button('Look', 'javascript:alert(1)') }}", "may only link to http"),
    ("<b>bold</b>", "HTML would be seen"),
    ("&nbsp;", "HTML would be seen"),
])
def test_names_a_mistake_with_its_line(body: str, said: str) -> None:
    mistakes = proofread(with_body(body), "shipped", "en")
    assert mistakes
    assert any(said in one.sentence for one in mistakes), mistakes
    assert {one.line for one in mistakes} <= {5, 6}
    assert str(mistakes[0]).startswith("Line ")


@pytest.mark.parametrize("body", [
    "{{ order.__class__ }}", "{{ order._order }}", "{{ facts.__init__.__globals__ }}", "{{ ''.__class__.__mro__ }}",
    "{{ facts['__class__'] }}", "{{ order['_order'] }}",
    "{{ items.__func__ }}", "{{ order.items.__globals__ }}", "{{ '{0.__class__}'.format(order) }}", "{{ '%s' % order }}",
    "{% include 'shipped' %}", "{% import 'shipped' as x %}", "{% extends 'layout.html' %}", "{% macro a() %}{{ a() }}{% endmacro %}",
    "{% set a = order.number %}", "{% with a = order.number %}{{ a }}{% endwith %}", "{{ self.body() }}", "{{ caller() }}",
    "{{ 'a' * 1000000000 }}", "{{ 9 ** 9 ** 9 }}", "{{ '%99999999d'|format(1) }}", "{{ lipsum(9999) }}",
    "{% for a in range(1000000000) %}a{% endfor %}", "{% for a in range(9) recursive %}{{ loop(a) }}{% endfor %}",
    "{% for a in order.all_items %}{% for b in order.all_items %}x{% endfor %}{% endfor %}",
    "{{ order.all_items|map('string')|list }}", "{{ order.number|attr('__class__') }}", "{{ items(*order.all_items) }}",
    "{{ bullets(bullets(bullets(bullets(bullets(bullets(bullets(order.number))))))) }}", "{{ order.number|join('x' ~ order.number) }}",
    "{{ order.number|join(' ')|join(' ') }}", "{{ order.number|join('xxxx') }}",
    "{% for one in facts.lines %}{{ one.number }}{% endfor %}", "{% for one in bullets(doubts) %}x{% endfor %}",
    "{{ facts.update({'a': 1}) }}", "{{ facts.clear() }}",
])
def test_refuses_what_could_reach_out_or_never_end(body: str) -> None:
    begun = time.monotonic()
    assert proofread(with_body(body), "shipped", "en")
    assert time.monotonic() - begun < 2


def test_refuses_what_is_no_letter() -> None:
    assert "The block sms is missing" in str(proofread(GOOD.split("{% block sms")[0], "shipped", "en")[0])
    assert "outside the blocks" in str(proofread(f"{GOOD}and more", "shipped", "en")[0])
    assert "within another" in str(proofread(with_body("{% block more %}x{% endblock %}"), "shipped", "en")[0])
    assert "at most 8,000 characters" in str(proofread(with_body("x" * LONGEST_SOURCE), "shipped", "en")[0])
    assert "subject has 1 to" in str(proofread(GOOD.replace("Off it goes: {{ order.number }}", ""), "shipped", "en")[0])
    assert "text message has 1 to" in str(proofread(GOOD.replace("{{ order.number }} with", "x" * 500), "shipped", "en")[0])
    assert "no letter to customers" in str(proofread(GOOD, "office-parked", "en")[0])
    assert "no letter to customers" in str(proofread(GOOD, "love", "en")[0])
    assert proofread(with_body("{{ (" + "(" * 3000 + "1" + ")" * 3000 + ") }}"), "shipped", "en")


def test_ends_what_grows_beyond_a_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_words, "LONGEST", 100)
    source = unframed("{% for one in facts.lines %}long words{% endfor %}" * 10)
    with pytest.raises(own_words.TooLong):
        render_mail(*sample("shipped", "en", own_words=source))


def test_finds_no_fault_in_a_wide_but_harmless_one() -> None:
    body = "{% for one in facts.get('earlier', []) + [facts] %}{% for line in one.lines %}{{ line.number }}{% endfor %}{% endfor %}"
    assert proofread(unframed(body), "shipped", "en") == []


def test_ends_what_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_words, "SECONDS", 0.05)
    slow = "{% for one in order.all_items %}{% if " + " or ".join(["'x' in order.all_items"] * 150) + " %}{% endif %}{% endfor %}"
    told, order = sample("shipped", "en", own_words=unframed(slow))
    long = replace(order, lines=tuple(replace(order.lines[0], number=number) for number in range(2_000)))
    with pytest.raises(own_words.TooLong):
        render_mail(told, long)
    render_mail(*sample("thank-you", "en"))  # ours may take their time
