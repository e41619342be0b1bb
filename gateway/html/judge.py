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
from gateway.html.references import attribute_urls, clean_url, comment_urls, may_refer
from gateway.html.render import UNREAD, render
from gateway.html.scan import Scan, scan
from gateway.html.sheet import TRAITS, Sheet, stylesheet
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
    """

    nodes: list[Node]
    doctype: Doctype
    anomalies: tuple[str, ...]


Read: TypeAlias = Callable[[str, Scan], Tree]
"""An engine: from prepared characters, and what stands in them, to a tree."""
Attributes: TypeAlias = tuple[tuple[str, str], ...]
Url: TypeAlias = tuple[str, str, Purpose]


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
    urls: tuple[Url, ...]
    traits: Traits
    is_plain: bool = False
    """Whether there is nothing to say: it is kept as it is, and refers to nothing."""


CONTROLS = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\ufffe\uffff]")
"""Characters that no text needs, that lxml cannot hold, and that old readers skip inside words and tag names."""

_SPEAKABLE = re.compile(r"[a-z][a-z0-9:-]{0,30}")
_MARKUP = re.compile(r"<[a-zA-Z!]")


class Known:
    """What has been judged in the HTML of one mail, so that equal elements are judged once.

    Attributes:
        facts: By tag name and attributes; what one engine has read the other judges the same.
        nested: The URLs of HTML within HTML, by engine: each reads it in its own way.
        scans: What stands in the characters, by text.
    """

    def __init__(self) -> None:
        self.facts: dict[tuple[str, Attributes], Facts] = {}
        self.nested: dict[Read, dict[str, tuple[Url, ...]]] = {}
        self.scans: dict[str, Scan] = {}


class Judge:
    """Judges the parts of one HTML text; equal elements are judged once.

    Args:
        read: The engine's own way from characters to a tree, for HTML inside HTML.
        known: What has been judged before.
    """

    def __init__(self, read: Read, known: Known | None = None) -> None:
        known = known or Known()
        self._read = read
        self._known = known.facts
        self._nested = known.nested.setdefault(read, {})
        self._scans = known.scans
        self._level = 0

    def survey(self, html: str) -> "Survey":
        """Everything about one part.

        Raises:
            LimitError: Over a limit of ``caps``, or over ``MAX_NESTED_PARTS``.
        """
        html = caps.prepare(html)
        if html not in self._scans:
            self._scans[html] = scan(html)
        survey = Survey(self._read(html, self._scans[html]))
        for node in survey.tree.nodes:
            if isinstance(node, Element):
                facts = self._known.get((node.name, node.attributes)) or self.facts(
                    node.name, node.attributes
                )
                survey.facts.append(facts)
                if not facts.is_plain:
                    survey.element(node, facts)
            elif isinstance(node, Comment):
                survey.comment(node, self._in_comment(node.text))
            else:
                survey.text(node)
        return survey

    def facts(self, name: str, attributes: Attributes) -> Facts:
        """What the allow-list says about an element."""
        key = (name, attributes)
        facts = self._known.get(key)
        if facts is None:
            facts = self._facts(name, attributes)
            if not any(
                attribute == "srcdoc" for attribute, _ in attributes
            ):  # each engine reads it in its own way
                self._known[key] = facts
        return facts

    def _facts(self, name: str, attributes: Attributes) -> Facts:
        fate = allow.fate(name)
        named = dict(attributes)
        urls: list[Url] = []
        traits: Traits = ()
        kept: list[tuple[str, str]] = []
        dropped: list[tuple[str, str, int]] = []
        for attribute, value in attributes:
            if may_refer(attribute):
                urls.extend(self._urls(name, attribute, value, named))
            if attribute == "style":
                style = css.declarations(value)
                traits = tuple(pair for pair in style.kept if pair[0] in TRAITS)
                allowed = style.text or None
                is_lost = False
                if style.dropped:
                    dropped.append(("style declaration", "", style.dropped))
            else:
                allowed = allow.attribute_value(name, attribute, value)
                is_lost = allowed is None
            if allowed is not None:
                kept.append((attribute, allowed))
            elif is_lost and fate is Fate.KEEP:
                dropped.append(("attribute", attribute, 1))
        if name == "meta":
            return _meta(named, tuple(urls))
        is_plain = fate is Fate.KEEP and not dropped and not urls
        return Facts(fate, tuple(kept), tuple(dropped), tuple(urls), traits, is_plain)

    def _urls(self, name: str, attribute: str, value: str, named: dict[str, str]) -> Iterable[Url]:
        if attribute == "srcdoc":
            return [(attribute, url, purpose) for _, url, purpose in self._inside(value)]
        return [(attribute, url, purpose) for url, purpose in attribute_urls(name, attribute, value, named)]

    def _in_comment(self, text: str) -> Iterable[Url]:
        if _MARKUP.search(text):  # Outlook reads what stands behind [if mso]
            return self._inside(text)
        if text.startswith(("?", "!", "DOCTYPE", "[CDATA")):
            return [("", url, Purpose.FETCH) for url in comment_urls(text)]
        return ()

    def _inside(self, html: str) -> tuple[Url, ...]:
        """The URLs of HTML within HTML, without the attributes they stand in."""
        if html in self._nested:
            return self._nested[html]
        if len(self._nested) == MAX_NESTED_PARTS:
            raise LimitError(
                f"The HTML has more than {MAX_NESTED_PARTS} comments with markup; send it without."
            )
        self._level += 1
        caps.check_nested(self._level)
        references = self.survey(html).references
        self._level -= 1
        self._nested[html] = tuple(("", reference.url, reference.purpose) for reference in references)
        return self._nested[html]


def _meta(named: dict[str, str], urls: tuple[Url, ...]) -> Facts:
    if allow.is_kept_meta(named):
        return Facts(Fate.KEEP, tuple(named.items()), (), urls, ())
    # One that only says UTF-8 goes without a word: we say it in Content-Type.
    dropped = () if allow.is_idle_meta(named) else (("element", "meta", 1),)
    return Facts(Fate.DROP, (), dropped, urls, ())


class Survey:
    """What one tree holds, and what the allow-list says of it.

    Attributes:
        tree: What the engine read.
        facts: For each node, ``None`` where it is no element.
        references: All URLs, in document order.
        sheets: The filtered style sheets by the index of their text node.
    """

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.facts: list[Facts | None] = []
        self.references: list[Reference] = []
        self.sheets: dict[int, Sheet] = {}
        self._counts: Counter[tuple[str, str, str]] = Counter()

    def element(self, node: Element, facts: Facts) -> None:
        """The node is an element with something to it; its facts are there already."""
        if facts.urls:
            self.references.extend(Reference(node.index, *url) for url in facts.urls)
        if facts.fate is not Fate.KEEP and node.name != "meta":
            self._counts["element", node.name, facts.fate.value] += 1
        for kind, name, count in facts.dropped:
            self._counts[kind, name, "dropped"] += count

    def comment(self, node: Comment, urls: Iterable[Url]) -> None:
        """The next node is a comment, with these URLs in it."""
        self.facts.append(None)
        self._counts["comment", "", "dropped"] += 1
        self.references.extend(Reference(node.index, *url) for url in urls)

    def text(self, node: Text) -> None:
        """The next node is a text, which may be a style sheet."""
        self.facts.append(None)
        if CONTROLS.search(node.text):
            self._counts["control character", "", "dropped"] += 1
        parent = self.tree.nodes[node.parent] if node.parent >= 0 else None
        if isinstance(parent, Element) and parent.name == "style":
            sheet = self.sheets[node.index] = stylesheet(node.text)
            if sheet.dropped:
                self._counts["style rule", "", "dropped"] += sheet.dropped
            urls = css.urls(node.text)
            self.references.extend(Reference(node.index, "", clean_url(url), Purpose.FETCH) for url in urls)

    def view(self) -> View:
        """The picture that rules read."""
        rules = [rule for sheet in self.sheets.values() for rule in sheet.rules]
        nodes = mark_hidden(
            self.tree.nodes,
            [facts.traits if facts else () for facts in self.facts],
            Cascade(rules, is_quirky=self.tree.doctype.is_quirky),
        )
        visible = render(nodes, with_hidden=False)
        is_all = not any(isinstance(node, Text) and node.hidden and self._is_read(node) for node in nodes)
        return View(
            nodes=nodes,
            references=tuple(self.references),
            visible=visible,
            full=visible if is_all else render(nodes, with_hidden=True),
            extras=tuple(phrase for phrase, _ in self._phrases()),
        )

    def normalised(self) -> tuple[str, ...]:
        """What the allow-list takes away or mends, a phrase each."""
        return tuple(f"{phrase} {verb}" for phrase, verb in self._phrases())

    def _is_read(self, node: Text) -> bool:
        parent = self.tree.nodes[node.parent]
        return not (isinstance(parent, Element) and parent.name in UNREAD) and not node.text.isspace()

    def _phrases(self) -> list[tuple[str, str]]:
        phrases = [(phrase, "mended") for phrase in self.tree.anomalies]
        kinds: Counter[tuple[str, str, str]] = Counter()
        for (kind, name, verb), count in self._counts.items():
            kinds[kind, name if _SPEAKABLE.fullmatch(name) else "", verb] += count
        for (kind, name, verb), count in list(kinds.items())[:MAX_PHRASES]:
            number = "" if name and count == 1 else f"{count} "
            phrases.append((f"{number}{kind}{'s' if count > 1 else ''} {name}".rstrip(), verb))
        rest = max(0, len(kinds) - MAX_PHRASES)
        return [*phrases, (f"{rest} other kinds", "dropped")] if rest else phrases
