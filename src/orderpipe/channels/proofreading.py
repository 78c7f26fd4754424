"""
Reads a shop's template before it is kept: everything wrong with it is said with its line, and what passes can do no harm.

What may be written is a small part of Jinja: text, values, choices, and loops over what the order or the letter has, which therefore
always end. Then it has to tell the samples of its kind, as e-mail and as text message.
"""

import re
import traceback
from collections.abc import Iterator
from dataclasses import dataclass

from jinja2 import TemplateSyntaxError, nodes

from orderpipe.channels import own_words
from orderpipe.channels.letters import SPEECH, render_mail, render_sms
from orderpipe.channels.samples import FACTS, VARIANTS, sample
from orderpipe.domain.decisions import Audience
from orderpipe.domain.kinds import KINDS, audience_of

BLOCKS = ("subject", "title", "body", "sms")
LONGEST_SOURCE, LONGEST_SUBJECT, LONGEST_MESSAGE = 8_000, 150, 480
NAMES = frozenset({*SPEECH, *own_words.PARTS, "order", "facts", "words", "reasons", "flow", "doubts", "targets", "page_link", "loop"})
FILTERS = frozenset({
    "para", "strong", "brief", "length", "default", "upper", "lower", "title", "capitalize", "trim", "first", "last", "join", "string",
})
OF_ORDER = frozenset({
    "number", "reference", "shop_name", "name", "contact", "address", "payment", "total", "all_items", "items", "item_name", "changes",
    "remedies", "late_choices",
})
_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Block, nodes.If, nodes.For, nodes.FilterBlock, nodes.Filter, nodes.Call,
    nodes.Const, nodes.Name, nodes.Getattr, nodes.Getitem, nodes.List, nodes.Tuple, nodes.Dict, nodes.Pair, nodes.Keyword, nodes.CondExpr,
    nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Concat, nodes.Add, nodes.Sub, nodes.Div, nodes.Neg, nodes.Test,
)
_TAG = re.compile(r"<[a-zA-Z/!]|&#?\w+;")


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something wrong with a template, in a sentence; `line` counts from 1, 0 is the template as a whole."""

    line: int
    sentence: str

    def __str__(self) -> str:
        return f"Line {self.line}: {self.sentence}" if self.line else self.sentence


def proofread(source: str, kind: str, language: str) -> list[Mistake]:
    """What is wrong with this template for letters of this kind, [] when nothing is."""
    if kind not in KINDS or audience_of(kind) != Audience.CUSTOMER:
        return [Mistake(0, f"There is no letter to customers of the kind {kind!r}.")]
    if len(source) > LONGEST_SOURCE:
        return [Mistake(0, f"A template has at most {LONGEST_SOURCE:,} characters, this has {len(source):,}.")]
    try:
        tree = own_words.sandbox(language).parse(source)
    except TemplateSyntaxError as error:
        return [Mistake(error.lineno, f"{error.message}")]
    except RecursionError:
        return [Mistake(0, "It is nested too deep.")]
    mistakes = [*_shape(tree), *_Reader(kind).read(tree)]
    return sorted(set(mistakes), key=lambda one: one.line) or _tried(source, kind, language)


def _shape(tree: nodes.Template) -> Iterator[Mistake]:
    """A letter has four blocks, and all it says stands in them."""
    there = {block.name for block in tree.find_all(nodes.Block)}
    for name in BLOCKS:
        if name not in there:
            yield Mistake(0, f"The block {name} is missing: {{% block {name} %}}…{{% endblock %}}.")
    for one in tree.body:
        loose = isinstance(one, nodes.Output) and any(not isinstance(part, nodes.TemplateData) or part.data.strip() for part in one.nodes)
        if loose or not isinstance(one, nodes.Output | nodes.Block):
            yield Mistake(one.lineno, "This stands outside the blocks and would never be seen.")
    for block in tree.body:
        if isinstance(block, nodes.Block):
            yield from (Mistake(inner.lineno, "A block must not lie within another.") for inner in block.find_all(nodes.Block))


def _is_mark(given: list[nodes.Expr]) -> bool:
    return len(given) == 1 and isinstance(given[0], nodes.Const) and isinstance(given[0].value, str) and len(given[0].value) <= 3


class _Reader:
    """Goes through a template and names whatever is not allowed or not known."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._facts = {name for facts in (FACTS[kind], *VARIANTS.get(kind, ())) for name in facts}

    def read(self, node: nodes.Node, within: tuple[str, ...] = (), above: nodes.Node | None = None) -> Iterator[Mistake]:
        """What is wrong with this node and those below; `within` are the names that the loops around it give."""
        sentence = self._objection(node, within) or self._misplaced(node, above)
        if sentence:
            yield Mistake(node.lineno, sentence)
        if isinstance(node, nodes.For):
            yield from self.read(node.iter, within, node)
            within = (*within, *(name.name for name in (node.target, *node.target.find_all(nodes.Name)) if isinstance(name, nodes.Name)))
            below = [*node.body, *node.else_, *([node.test] if node.test else [])]
        else:
            below = list(node.iter_child_nodes())
        for one in below:
            yield from self.read(one, within, node)

    def _misplaced(self, node: nodes.Node, above: nodes.Node | None) -> str:
        """Where it would grow beyond measure."""
        if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in own_words.PARTS:
            return "" if isinstance(above, nodes.Output) else f"{node.node.name} stands alone, as {{{{ {node.node.name}(…) }}}}."
        if isinstance(node, nodes.FilterBlock) and node.find(nodes.For):
            return "A loop must not lie within a paragraph; let it make paragraphs."
        return ""

    def _objection(self, node: nodes.Node, within: tuple[str, ...]) -> str:
        match node:
            case nodes.TemplateData() if _TAG.search(node.data):
                return "HTML would be seen as it stands in plain text; use para, strong, bullets, pairs, items and button."
            case nodes.Name() if node.name not in NAMES and node.name not in within:
                return f"There is no {node.name!r}; there is {', '.join(sorted(NAMES | set(within)))}."
            case nodes.Filter() | nodes.FilterBlock():
                return self._of_filter(node.filter if isinstance(node, nodes.FilterBlock) else node)
            case nodes.For():
                return self._of_loop(node, within)
            case nodes.Call():
                return self._of_call(node)
            case nodes.Getattr():
                return self._of_attribute(node)
            case _ if not isinstance(node, _ALLOWED):
                return f"{type(node).__name__.lower()} is not to be used in letters."
        return ""

    def _of_filter(self, node: nodes.Filter) -> str:
        if node.name not in FILTERS:
            return f"There is no filter {node.name!r} for letters; there is {', '.join(sorted(FILTERS))}."
        if node.name == "join" and not (isinstance(node.node, nodes.Name | nodes.Getattr) and _is_mark(node.args)):
            return "What is joined is a list that the letter has, with a mark of up to three characters between, as facts.text|join(' ')."
        return ""

    def _of_loop(self, node: nodes.For, within: tuple[str, ...]) -> str:
        if node.recursive:
            return "A loop must not go into itself."
        names = {name.name for name in (node.iter, *node.iter.find_all(nodes.Name)) if isinstance(name, nodes.Name)}
        if within and not names <= set(within):
            return f"A loop within a loop must go over a part of what the outer one gives ({', '.join(within)})."
        return ""

    def _of_call(self, node: nodes.Call) -> str:
        called = node.node
        if node.dyn_args or node.dyn_kwargs:
            return "Arguments must be written out."
        match called:
            case nodes.Name() if called.name in SPEECH or called.name in own_words.PARTS:
                return ""
            case nodes.Getattr(attr="get"):
                name = node.args[0] if node.args else None
                of_facts = isinstance(called.node, nodes.Name) and called.node.name == "facts" and isinstance(name, nodes.Const)
                return self._of_fact(str(name.value)) if of_facts and isinstance(name, nodes.Const) else ""
            case nodes.Getattr(attr="items" | "item_name" | "changes" | "remedies" | "late_choices", node=nodes.Name(name="order")):
                return ""
        of_order = ("order.items", "order.item_name", "order.changes", "order.remedies", "order.late_choices")
        names = ", ".join((*own_words.PARTS, *SPEECH, *of_order))
        return f"Only these can be called: {names} and .get."

    def _of_attribute(self, node: nodes.Getattr) -> str:
        of = node.node.name if isinstance(node.node, nodes.Name) else ""
        if node.attr.startswith("_"):
            return f"There is no {node.attr!r}."
        if of == "facts" and node.attr != "get":
            return self._of_fact(node.attr)
        if of == "order" and node.attr not in OF_ORDER:
            return f"An order has no {node.attr!r}; it has {', '.join(sorted(OF_ORDER))}."
        return ""

    def _of_fact(self, name: str) -> str:
        known = ", ".join(sorted(self._facts))
        return "" if name in self._facts else f"A letter {self._kind} has no fact {name!r}; it has {known or 'none'}."


def _tried(source: str, kind: str, language: str) -> list[Mistake]:
    """Tell every sample of the kind by it, in both ways."""
    for facts in (FACTS[kind], *VARIANTS.get(kind, ())):
        told = sample(kind, language, own_words=source, facts=facts)
        try:
            letter, message = render_mail(*told), render_sms(*told)
        except Exception as error:  # whatever it is, a letter would break by it
            return [Mistake(_line(error, source, language), f"{error} (told with {facts})")]
        if not letter.subject or len(letter.subject) > LONGEST_SUBJECT:
            return [Mistake(0, f"A subject has 1 to {LONGEST_SUBJECT} characters, this has {len(letter.subject)}.")]
        if not message or len(message) > LONGEST_MESSAGE:
            return [Mistake(0, f"A text message has 1 to {LONGEST_MESSAGE} characters, this has {len(message)}.")]
    return []


def _line(error: Exception, source: str, language: str) -> int:
    """The line of the template where it broke, 0 where that is not known."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<template>"]
    return own_words.template(source, language).get_corresponding_lineno(frames[-1].lineno or 0) if frames else 0
