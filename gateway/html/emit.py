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
_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\xa0": "&nbsp;"})
_VALUE = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\xa0": "&nbsp;"})
_BLANK = " \t\n\f\r"


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


class _Open(NamedTuple):
    index: int
    end_tag: str


class _Page:
    """What has been written."""

    def __init__(self, survey: Survey, judge: Judge, edits: _Edits) -> None:
        self._survey = survey
        self._judge = judge
        self._edits = edits
        self._gone: list[bool] = []
        self._open: list[_Open] = []
        self._skeleton: dict[str, str] = {}
        self._head: list[str] = []
        self._body: list[str] = []
        self._is_body = False

    def node(self, node: Node) -> None:
        is_gone = (node.parent >= 0 and self._gone[node.parent]) or node.index in self._edits.dropped
        facts = self._facts(node) if isinstance(node, Element) else None
        is_gone = is_gone or (facts is not None and facts.fate is Fate.DROP)
        self._gone.append(is_gone)
        if is_gone:
            return
        while self._open and self._open[-1].index != node.parent:
            self._write(self._open.pop().end_tag)
        if isinstance(node, Element):
            self._element(node, facts)
        elif isinstance(node, Text):
            self._text(node)
