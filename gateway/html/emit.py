"""HTML text from nodes: only what the allow-list keeps, with the edits made.

Nothing is copied: each tag is written anew from its name and attributes, each text escaped, each open element closed,
and the whole set into one skeleton of ``html``, ``head`` and ``body``. No element leaves whose content could be read
in two ways (``svg``, ``math``, ``template``, ``noscript``, ``xmp`` …), and ``<style>`` leaves without any ``<``.
Not here: what may leave (``allow``, ``judge``), parsing (``rewrite``).
Source: WHATWG HTML section 13.3 (serialising); ammonia's ``check_expected_namespace`` for the mutations.
"""

from collections.abc import Iterable
from typing import NamedTuple

from gateway.html import allow
from gateway.html.allow import Fate
from gateway.html.edit import DropAttribute, DropElement, Edit, ReplaceText, UnwrapElement
from gateway.html.judge import CONTROLS, Attributes, Facts, Judge, Survey
from gateway.html.sheet import stylesheet
from gateway.html.view import Element, Node, Text

_HEAD = frozenset({"title", "style", "meta"})
_SKELETON = frozenset({"html", "head", "body"})
_OUTSIDE = frozenset({"", "html"})
"""Parents of the blanks before and behind the body."""
_TABLE_PARTS = frozenset({"caption", "col", "colgroup", "tbody", "td", "tfoot", "th", "thead", "tr"})
"""Elements that a browser forgets outside a table; written there, a table around the mail would bring them to life."""
_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\xa0": "&nbsp;"})
_VALUE = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\xa0": "&nbsp;"})
_BLANK = " \t\n\f\r"
_NO_FACTS = Facts(Fate.KEEP, (), (), (), ())


def emit(survey: Survey, judge: Judge, edits: Iterable[Edit] = ()) -> str:
    """The part as it may leave.

    Args:
        survey: The part, by the engine that rewrites.
        judge: Who made the survey; asked again about elements whose attributes are edited.
        edits: What is to be done to its nodes.
    """
    page = _Page(survey, judge, _Edits.sort(edits))
    for node in survey.tree.nodes:
        page.node(node)
    return page.finish()


class _Edits(NamedTuple):
    dropped: frozenset[int]
    unwrapped: frozenset[int]
    attributes: dict[int, list[DropAttribute | ReplaceText]]
    texts: dict[int, list[ReplaceText]]

    @classmethod
    def sort(cls, edits: Iterable[Edit]) -> "_Edits":
        dropped, unwrapped = set(), set()
        attributes: dict[int, list[DropAttribute | ReplaceText]] = {}
        texts: dict[int, list[ReplaceText]] = {}
        for edit in edits:
            if isinstance(edit, DropElement):
                dropped.add(edit.node)
            elif isinstance(edit, UnwrapElement):
                unwrapped.add(edit.node)
            elif isinstance(edit, ReplaceText) and edit.attribute is None:
                texts.setdefault(edit.node, []).append(edit)
            else:
                attributes.setdefault(edit.node, []).append(edit)
        return cls(frozenset(dropped), frozenset(unwrapped), attributes, texts)


class _Page:
    """What has been written.

    An element that is dropped, or inside one that is, has no place in ``_open``: what its nodes say is not written.
    """

    def __init__(self, survey: Survey, judge: Judge, edits: _Edits) -> None:
        self._survey = survey
        self._judge = judge
        self._edits = edits
        self._gone = bytearray(len(survey.tree.nodes))
        self._tables: set[int] = set()
        self._open: list[tuple[int, str]] = []
        self._skeleton: dict[str, str] = {}
        self._head: list[str] = []
        self._body: list[str] = []
        self._is_body = False
        self._start_tags: dict[tuple[str, Attributes], str] = {}

    def node(self, node: Node) -> None:
        """Write the next node, unless it goes."""
        index, parent = node.index, node.parent
        if index in self._edits.dropped or (parent >= 0 and self._gone[parent]):
            self._gone[index] = True
            return
        facts = self._facts(node) if isinstance(node, Element) else _NO_FACTS
        if facts.fate is Fate.DROP:
            self._gone[index] = True
            return
        while self._open and self._open[-1][0] != parent:
            self._close()
        if isinstance(node, Element):
            self._element(node, facts)
        elif isinstance(node, Text):
            self._text(node)

    def finish(self) -> str:
        """The whole text."""
        while self._open:
            self._close()
        start = {name: self._skeleton.get(name, f"<{name}>") for name in ("html", "head", "body")}
        return "".join(
            [
                self._survey.tree.doctype.text,
                start["html"],
                start["head"],
                *self._head,
                "</head>",
                start["body"],
                *self._body,
                "</body></html>",
            ]
        )

    def _close(self) -> None:
        index, end_tag = self._open.pop()
        self._tables.discard(index)
        if end_tag:
            self._write(end_tag)

    def _facts(self, node: Element) -> Facts:
        facts = self._survey.facts[node.index] or _NO_FACTS
        if node.index in self._edits.attributes:
            attributes = _edited(node.attributes, self._edits.attributes[node.index])
            facts = self._judge.facts(node.name, attributes)
        return facts._replace(fate=Fate.UNWRAP) if node.index in self._edits.unwrapped else facts

    def _element(self, node: Element, facts: Facts) -> None:
        name = node.name
        end_tag = ""
        if name in _SKELETON:
            self._skeleton.setdefault(name, _start_tag(name, facts.kept))
            self._is_body = self._is_body or name == "body"
        elif facts.fate is Fate.UNWRAP or (name in _TABLE_PARTS and not self._tables):
            end_tag = self._rename(node)
        elif not (name == "style" and not self._style(node.index)):
            self._is_body = self._is_body or name not in _HEAD
            self._write(self._start_tag(name, facts.kept))
            end_tag = "" if name in allow.VOID else f"</{name}>"
            if name == "table":
                self._tables.add(node.index)
        self._open.append((node.index, end_tag))

    def _start_tag(self, name: str, attributes: Attributes) -> str:
        key = (name, attributes)
        if key not in self._start_tags:
            self._start_tags[key] = _start_tag(name, attributes)
        return self._start_tags[key]

    def _rename(self, node: Element) -> str:
        """Write what stands for an unwrapped element, if anything does, and give its end tag."""
        name = allow.RENAMED.get(node.name)
        if name is None or node.index in self._edits.unwrapped:
            return ""
        self._is_body = True
        self._write(f"<{name}>")
        return f"</{name}>"

    def _text(self, node: Text) -> None:
        parent = self._survey.tree.nodes[node.parent] if node.parent >= 0 else None
        name = parent.name if isinstance(parent, Element) else ""
        if name == "style":
            self._write(self._style(node.parent))
            return
        text = node.text
        if node.index in self._edits.texts:
            text = _replaced(text, self._edits.texts[node.index])
        text = CONTROLS.sub("", text)
        if name == "title":
            self._write(text.translate(_TEXT))
            return
        is_blank = not text.strip(_BLANK)
        if is_blank and name in _OUTSIDE:
            return  # parsers put it here or there, and it is never shown
        self._is_body = self._is_body or not is_blank
        if self._body or not is_blank:
            # A parser takes the first line end in <pre> for the one behind its tag.
            is_pre = name == "pre" or allow.RENAMED.get(name) == "pre"
            guard = "\n" if is_pre and text.startswith("\n") and node.index == node.parent + 1 else ""
            self._write(guard + text.translate(_TEXT))

    def _style(self, index: int) -> str:
        """The filtered text of a ``<style>``, which its only child holds."""
        sheet = self._survey.sheets.get(index + 1)
        if sheet is None or index + 1 in self._edits.dropped:
            return ""
        edits = self._edits.texts.get(index + 1)
        if not edits:
            return sheet.text
        node = self._survey.tree.nodes[index + 1]
        return stylesheet(_replaced(node.text, edits)).text if isinstance(node, Text) else ""

    def _write(self, text: str) -> None:
        (self._body if self._is_body else self._head).append(text)


def _start_tag(name: str, attributes: Attributes) -> str:
    words = [f' {key}="{CONTROLS.sub("", value).translate(_VALUE)}"' for key, value in attributes]
    return f"<{name}{''.join(words)}>"


def _edited(attributes: Attributes, edits: Iterable[DropAttribute | ReplaceText]) -> Attributes:
    gone = {edit.attribute for edit in edits if isinstance(edit, DropAttribute) and edit.attribute != "style"}
    changes: dict[str | None, list[ReplaceText]] = {}
    for edit in edits:
        if isinstance(edit, ReplaceText):
            changes.setdefault(edit.attribute, []).append(edit)
    return tuple(
        (name, _replaced(value, changes.get(name, ()))) for name, value in attributes if name not in gone
    )


def _replaced(text: str, edits: Iterable[ReplaceText]) -> str:
    """The text with each stretch replaced; stretches that overlap are replaced as one, by the first's words."""
    parts = []
    end = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if edit.start >= end:
            parts.append(text[end : edit.start] + edit.replacement)
        end = max(end, edit.end)
    return "".join([*parts, text[end:]])
