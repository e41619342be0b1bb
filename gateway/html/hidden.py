"""Which elements a browser would not paint, from their inline style, their attributes and the rules of ``<style>``.

What is called hidden here is hidden in every browser: text wrongly called hidden would be missing from the visible
rendering between two decoys. So ``mso-hide:all`` (only Outlook obeys) and ``@media print`` do not count, and
``width:0`` does not hide a ``<span>``, which has no width.
Not here: what styles may stay (``css``, ``sheet``); text in the colour of its background.
Limits: ``MAX_COMPARISONS``.
Source: CSS Display, Cascade, Overflow; adversary T02, O08 (ZeroFont).
"""

import re
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from gateway.html.names import names
from gateway.html.selector import Compound
from gateway.html.sheet import Rule, may_hide
from gateway.html.view import Comment, Element, Node, Text
from gateway.mail.errors import LimitError

MAX_COMPARISONS = 500_000
"""Comparisons of an element with a part of a selector, in one HTML part; about 1 s. A rich newsletter makes 50,000."""

UNPAINTED = names(
    "style script template noembed noframes datalist area base basefont link meta param rp source track"
)
"""Elements that browsers do not display (WHATWG HTML section 15.3.1); ``<title>`` they show on the tab."""

_NO_SIZE = names(
    "a abbr acronym b bdo big cite code del dfn em font i ins kbd label mark q s samp small span strike strong sub"
    " sup tt u var td th tr tbody thead tfoot table html body"
)
"""Elements that ``width:0`` or ``height:0`` does not make smaller: inline ones, and table parts, which grow."""

_BOXES = ("block", "inline-block", "flex", "inline-flex", "flow-root", "list-item")
_CLIPPING = ("hidden", "clip")
_FAR_PX = 500
_UNIT_PX = {
    "em": 16,
    "rem": 16,
    "ex": 8,
    "%": 10,
    "vw": 10,
    "vh": 10,
    "in": 96,
    "cm": 38,
    "mm": 3.8,
    "pt": 1.3,
    "pc": 16,
}
_LENGTH = re.compile(r"([+-]?(?:\d+(?:\.\d+)?|\.\d+))([a-z%]*)")
_FONT_SIZE = re.compile(r"(?:^|\s)([+]?(?:\d+(?:\.\d+)?|\.\d+)(?:[a-z%]+|(?=\s*/|\s+[a-z'])))", re.IGNORECASE)
_SEE_THROUGH = re.compile(r"transparent|(?:rgb|hsl)a?\(.*[,/ ]\s*\.?0(?:\.0*)?%?\s*\)")
_TINY = {"px": 1.0, "pt": 1.0, "em": 0.05, "rem": 0.05, "%": 5.0, "ex": 0.1, "vw": 0.05, "vh": 0.05}


class _Paint(NamedTuple):
    """What an element hands down: ``gone`` cannot be undone below, the others can."""

    gone: bool = False
    invisible: bool = False
    tiny: bool = False
    clear: bool = False


_TOP = _Paint()
_INHERIT = (None, "inherit", "unset")
_IMPORTANT = "!important"
_LIFTED = ("absolute", "fixed")
_FAINT = 0.05


Traits: TypeAlias = tuple[tuple[str, str], ...]


def mark_hidden(nodes: Sequence[Node], inline: Sequence[Traits], cascade: "Cascade") -> tuple[Node, ...]:
    """The same nodes with ``hidden`` set.

    Args:
        nodes: In document order.
        inline: For each node the declarations about painting in its ``style`` attribute.
        cascade: The rules of all ``<style>`` elements.

    Raises:
        LimitError: Over ``MAX_COMPARISONS``.
    """
    hiding = {own for own in set(inline) if own and may_hide(own)}
    marked: list[Node] = []
    paints: list[_Paint] = []
    for node, own in zip(nodes, inline, strict=True):
        paint = paints[node.parent] if node.parent >= 0 else _TOP
        # Where nothing is hidden so far, only what could hide is worth a look.
        if isinstance(node, Element) and (
            paint is not _TOP or own in hiding or cascade.may_hide or _is_unpainted(node)
        ):
            paint = _paint(node, cascade.apply(node, nodes, own), paint)
        paints.append(paint)
        marked.append(
            node if paint is _TOP or isinstance(node, Comment) else _marked(node, hidden=any(paint))
        )
    return tuple(marked)


def _marked(node: Element | Text, *, hidden: bool) -> Element | Text:
    return node._replace(hidden=True) if hidden else node


class Cascade:
    """Rules of all style sheets, found by the rightmost compound of their selectors.

    Args:
        rules: In order.
        is_quirky: Whether classes and ids match in any case, as they do without a document type.

    Attributes:
        may_hide: Whether any rule could hide text.
    """

    def __init__(self, rules: Sequence[Rule], *, is_quirky: bool) -> None:
        self.may_hide = any(may_hide(rule.traits) for rule in rules)
        self._comparisons = 0
        self._is_quirky = is_quirky
        ranked = sorted(enumerate(rules), key=lambda item: (item[1].specificity, item[0]))
        self._by_key: dict[str, list[tuple[int, Rule]]] = {}
        for rank, (_, rule) in enumerate(ranked):
            self._by_key.setdefault(self._key(rule.selector[0]), []).append((rank, rule))

    def apply(self, element: Element, nodes: Sequence[Node], own: Traits) -> dict[str, str]:
        """Declared values for one element, ``!important`` taken into account and taken off."""
        found: dict[str, str] = {}
        if self._by_key:
            for _, rule in sorted(self._candidates(element), key=lambda item: item[0]):
                if self._matches(rule.selector, element, nodes):
                    _merge(found, rule.traits)
        _merge(found, own)
        return {name: value.removesuffix(_IMPORTANT) for name, value in found.items()}

    def _key(self, compound: Compound) -> str:
        if compound.ids:
            return self._fold("#" + compound.ids[0])
        return self._fold("." + compound.classes[0]) if compound.classes else compound.name

    def _fold(self, name: str) -> str:
        return name.lower() if self._is_quirky else name

    def _candidates(self, element: Element) -> list[tuple[int, Rule]]:
        keys = ["", element.name]
        for key, value in element.attributes:
            if key == "class":
                keys.extend("." + name for name in dict.fromkeys(self._fold(value).split()))
            elif key == "id":
                keys.append("#" + self._fold(value))
        return [item for key in keys for item in self._by_key.get(key, ())]

    def _matches(self, selector: tuple[Compound, ...], element: Element, nodes: Sequence[Node]) -> bool:
        """Whether the element and its ancestors fit; every count of compounds fitted so far is carried upwards."""
        if not self._is(selector[0], element):
            return False
        fitted = {1}
        parent = element.parent
        while len(selector) not in fitted and parent >= 0:
            above = nodes[parent]
            parent = above.parent
            reached = {
                count + 1
                for count in fitted
                if isinstance(above, Element) and self._is(selector[count], above)
            }
            # Behind a child combinator only the parent could have fitted.
            fitted = reached | {count for count in fitted if not selector[count - 1].is_child}
        return len(selector) in fitted

    def _is(self, wanted: Compound, element: Element) -> bool:
        self._comparisons += 1
        if self._comparisons > MAX_COMPARISONS:
            raise LimitError(
                "The HTML has too many style rules for its number of elements; send it with fewer."
            )
        if wanted.name and wanted.name != element.name:
            return False
        own_id = self._fold(element.get("id") or "")
        if any(self._fold(name) != own_id for name in wanted.ids):
            return False
        classes = self._fold(element.get("class") or "").split() if wanted.classes else ()
        return all(self._fold(name) in classes for name in wanted.classes)


def _merge(found: dict[str, str], declared: Traits) -> None:
    """Add declarations to those of lesser weight; an ``!important`` one gives way only to another."""
    for name, value in declared:
        if value.endswith(_IMPORTANT) or not found.get(name, "").endswith(_IMPORTANT):
            found[name] = value


def _is_unpainted(element: Element) -> bool:
    return element.name in UNPAINTED or element.get("hidden") is not None


def _paint(element: Element, styles: dict[str, str], above: _Paint) -> _Paint:
    styles = {name: value.lower() for name, value in styles.items()}
    paint = _Paint(
        gone=above.gone or _is_gone(element, styles),
        invisible=_inherited(styles.get("visibility"), ("hidden", "collapse"), above.invisible),
        tiny=_is_tiny(styles, above.tiny),
        clear=above.clear if (color := styles.get("color")) in _INHERIT else _is_clear(color),
    )
    return paint if any(paint) else _TOP


def _inherited(value: str | None, hiding: tuple[str, ...], above: bool) -> bool:
    return above if value in _INHERIT else value in hiding


def _is_clear(color: str | None) -> bool:
    return color is not None and bool(_SEE_THROUGH.fullmatch(color))


def _is_gone(element: Element, styles: dict[str, str]) -> bool:
    display = styles.get("display")
    if display is None:
        if _is_unpainted(element):
            return True
    elif display == "none":
        return True
    opacity = _LENGTH.fullmatch(styles.get("opacity", "1"))
    if opacity is not None and float(opacity[1]) <= _FAINT:
        return True
    return _is_cut_off(element, styles) or _is_far(styles)


def _is_cut_off(element: Element, styles: dict[str, str]) -> bool:
    """Whether the element is a box without size that cuts off what does not fit."""
    if not any(styles.get(name) in _CLIPPING for name in ("overflow", "overflow-x", "overflow-y")):
        return False
    display = styles.get("display", "inline" if element.name in _NO_SIZE else "block")
    is_lifted = styles.get("position") in _LIFTED or styles.get("float", "none") != "none"
    if display not in _BOXES and not is_lifted:
        return False
    sizes = ("width", "max-width", "height", "max-height", "line-height")
    return any((px := _px(styles.get(name))) is not None and px <= 1 for name in sizes)


def _is_far(styles: dict[str, str]) -> bool:
    """Whether the element is placed outside the window."""
    if styles.get("position") not in (*_LIFTED, "relative"):
        return False
    shifts = [_px(styles.get(name)) or 0 for name in ("left", "right", "top", "bottom", "margin-left")]
    return any(abs(shift) >= _FAR_PX for shift in shifts)


def _is_tiny(styles: dict[str, str], above: bool) -> bool:
    """Whether letters are at most 1 px high; sizes relative to the parent's stay as tiny as that."""
    size = styles.get("font-size")
    if size is None:
        short = _FONT_SIZE.search(styles.get("font", ""))
        size = short[1] if short else None
    match = _LENGTH.fullmatch(size) if size is not None else None
    if match is None:
        return above if size in _INHERIT or size in {"smaller", "larger"} else False
    number, unit = float(match[1]), match[2]
    is_small = number <= _TINY.get(unit, 0.0)
    return is_small or (above and unit in {"em", "%", "ex"})


def _px(value: str | None) -> float | None:
    """A length in CSS pixels, roughly; ``None`` where it is none."""
    match = _LENGTH.fullmatch(value) if value is not None else None
    return float(match[1]) * _UNIT_PX.get(match[2], 1.0) if match else None
