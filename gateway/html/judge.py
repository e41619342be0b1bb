"""From the flat nodes of one engine to a view, and to what the allow-list says about each node.

Both engines hand over the same kind of nodes, so they share every judgement and can only differ in how they parse.
Not here: parsing (``inspect``, ``rewrite``), the tables (``allow``), text (``render``), painting (``hidden``).
Limits: ``caps``; ``MAX_NESTED_PARTS``.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeAlias

from gateway.html import allow, caps, css
from gateway.html.allow import Fate
from gateway.html.doctype import Doctype
from gateway.html.hidden import Cascade, Traits, mark_hidden
from gateway.html.references import attribute_urls, comment_urls, may_refer
from gateway.html.render import render
from gateway.html.sheet import TRAITS, Rule, Sheet, stylesheet
from gateway.html.view import Comment, Element, Node, Purpose, Reference, Text, View
from gateway.mail.errors import LimitError

MAX_NESTED_PARTS = 1_000
"""Comments and ``srcdoc`` with markup in them; each is parsed on its own. Mail for Outlook brings up to 200."""

MAX_PHRASES = 40
"""Kinds of extras that are told apart; the rest are counted together."""


class Tree(NamedTuple):
    """What an engine read.

    Attributes:
        nodes: In document order, ``hidden`` not yet set.
        doctype: What stands before the document.
        anomalies: Phrases about the characters themselves.
        marked: How many ``href``, ``src`` and ``style`` attributes the characters hold.
    """

    nodes: list[Node]
    doctype: Doctype
    anomalies: tuple[str, ...]
    marked: int


Read: TypeAlias = Callable[[str], Tree]
Attributes: TypeAlias = tuple[tuple[str, str], ...]


class Facts(NamedTuple):
    """What the allow-list says about one element.

    Attributes:
        fate: Kept, unwrapped or dropped.
        kept: Attributes that may leave, in source order.
        dropped: What of it may not: kind, name, how many.
        urls: Attribute, URL and purpose.
        traits: Inline declarations about painting.
    """

    fate: Fate
    kept: Attributes
    dropped: tuple[tuple[str, str, int], ...]
    urls: tuple[tuple[str, str, Purpose], ...]
    traits: Traits


class Judged(NamedTuple):
    """The outcome.

    Attributes:
        view: What the rules read.
        facts: For each node, ``None`` where it is no element.
        sheets: The filtered style sheets by the index of their text node.
        normalised: What the allow-list takes away, a phrase each.
    """

    view: View
    facts: list[Facts | None]
    sheets: dict[int, Sheet]
    normalised: tuple[str, ...]


MARKED = re.compile(r"[\s\"'/](?:href|src|style)\s*+=", re.IGNORECASE)
"""Attributes whose second occurrence in one tag some reader may prefer to the first."""

CONTROLS = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\ufffe\uffff]")
"""Characters that no text needs, that lxml cannot hold, and that old readers skip inside words and tag names."""

_SPEAKABLE = re.compile(r"[a-z][a-z0-9:-]{0,30}")
_MARKUP = re.compile(r"<[a-zA-Z!]")
_NO_FACTS = Facts(Fate.KEEP, (), (), (), ())


class Judge:
    """Judges the parts of one HTML text; equal elements are judged once.

    Args:
        read: The engine's own way from characters to a tree, for HTML inside HTML.
    """

    def __init__(self, read: Read) -> None:
        self._read = read
        self._known: dict[tuple[str, Attributes], Facts] = {}
        self._nested: dict[str, list[tuple[str, Purpose]]] = {}
        self._level = 0

    def judge(self, tree: Tree) -> Judged:
        """Everything about one part."""
        counts: Counter[tuple[str, str, str]] = Counter()
        facts: list[Facts | None] = []
        references: list[Reference] = []
        sheets: dict[int, Sheet] = {}
        rules: list[Rule] = []
        for node in tree.nodes:
            known = self.facts(node.name, node.attributes) if isinstance(node, Element) else None
            facts.append(known)
            if known is not None:
                _count(counts, node, known)
                references.extend(Reference(node.index, *url) for url in known.urls)
            elif isinstance(node, Comment):
                counts["comment", "", "dropped"] += 1
                references.extend(Reference(node.index, "", *url) for url in self._comment(node.text))
            elif _is_style(tree.nodes, node):
                sheet = sheets[node.index] = stylesheet(node.text)
                rules.extend(sheet.rules)
                counts["style rule", "", "dropped"] += sheet.dropped
                references.extend(Reference(node.index, "", url, Purpose.FETCH) for url in css.urls(node.text))
            elif CONTROLS.search(node.text):
                counts["control character", "", "dropped"] += 1
        counts.update(("" , phrase, "") for phrase in tree.anomalies)
        nodes = mark_hidden(
            tree.nodes,
            [known.traits if known else () for known in facts],
            Cascade(rules, is_quirky=tree.doctype.is_quirky),
        )
        return Judged(_view(nodes, references, counts), facts, sheets, _phrases(counts, with_verb=True))
