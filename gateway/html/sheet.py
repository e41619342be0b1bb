"""The text of ``<style>``: what of it is harmless, and what it says about which elements are painted.

Kept are rules whose selectors are made of names, classes, ids, attributes and pseudo-classes, and ``@media`` around
them; ``@import``, ``@font-face``, ``@keyframes`` and all else that fetches or animates is dropped. A declaration that
hides text is kept only where ``hidden`` can tell which elements it hides, so that text cannot be hidden from a
browser and not from us.
Not here: single declarations (``css``), the cascade (``hidden``).
Limits: ``css.MAX_CSS`` code points; ``MAX_RULES`` rules.
Source: CSS Syntax Level 3; Selectors Level 4; Media Queries Level 4.
"""

import re
from typing import Any, NamedTuple

import tinycss2

from gateway.html.names import names
from gateway.html import css

MAX_RULES = 1_000
"""Rules of one ``<style>``; frameworks for mail bring 200. Those behind are dropped."""

MAX_PARTS = 8
"""Compound selectors in one selector that can hide (``.a .b > .c`` has 3); longer ones may not hide."""


class Compound(NamedTuple):
    """``td.total#sum``: what one element must be.

    Attributes:
        name: Tag name in lower case, ``""`` for any.
        ids: Every one must be the element's id.
        classes: Every one must be among its classes.
        is_child: Whether the next compound to the left must be its parent, not just any ancestor.
    """

    name: str
    ids: tuple[str, ...]
    classes: tuple[str, ...]
    is_child: bool


class Rule(NamedTuple):
    """Declarations about painting, for the elements that a selector picks.

    Attributes:
        selector: Compounds from right to left.
        specificity: Numbers of ids, classes and names.
        traits: Property and value.
    """

    selector: tuple[Compound, ...]
    specificity: tuple[int, int, int]
    traits: tuple[tuple[str, str], ...]


class Sheet(NamedTuple):
    """The outcome for one ``<style>``.

    Attributes:
        text: What is emitted; holds no ``<`` and so cannot end the element.
        dropped: How many rules or declarations were left out.
        rules: What it says about painting on a wide screen, in order.
    """

    text: str
    dropped: int
    rules: tuple[Rule, ...]


TRAITS = names(
"display visibility opacity font font-size width max-width height max-height overflow overflow-x overflow-y"
    " position left top right bottom margin-left color float"
)
"""The properties that decide whether text is painted, as far as ``hidden`` follows them."""

_HIDING = re.compile(
    r"(?:display:none|visibility:(?:hidden|collapse)|opacity:0|font-size:[01]?(?:\.|[a-z%!]|$)"
    r"|font:.*(?<![\d.])[01]?(?:\.\d+)?(?:px|pt|em|rem|%|/|$)|(?:max-)?(?:width|height):0"
    r"|(?:left|top|right|bottom|margin-left):-?\d{3,}|color:(?:transparent|rgba|hsla))"
)
_COMPOUND = re.compile(r"(\*|[a-zA-Z][a-zA-Z0-9]*+)?+((?:[.#][a-zA-Z_-][\w-]*+)*+)")
_SIMPLE = re.compile(r"[.#][\w-]++")
_MEDIA = re.compile(r"[a-zA-Z0-9 ():,.-]{1,200}")
_WIDTH = re.compile(r"(min|max)-(?:device-)?width ?: ?(\d{1,5})px")
_WIDE_PX = 1_000
_NAME = re.compile(r"-?[^\W\d][\w-]{0,100}")
_HASH = re.compile(r"[\w-]{1,100}")
_PSEUDO = names(
"not nth-child nth-of-type nth-last-child lang is where"
)


def stylesheet(text: str) -> Sheet:
    """Filter the text of a ``<style>`` element."""
    if len(text) > css.MAX_CSS:
        return Sheet("", 1, ())
    items = tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True)
    builder = _Builder()
    builder.dropped += max(0, len(items) - MAX_RULES)
    for item in items[:MAX_RULES]:
        if item.type == "at-rule" and item.lower_at_keyword == "media" and item.content is not None:
            builder.media(item)
        else:
            builder.rule(item, applies=True)
    return Sheet("\n".join(builder.lines), builder.dropped, tuple(builder.rules))


class _Builder:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.dropped = 0
        self.rules: list[Rule] = []

    def media(self, item: Any) -> None:
        query = " ".join(tinycss2.serialize(item.prelude).split())
        if not _MEDIA.fullmatch(query):
            self.dropped += 1
            return
        outer, self.lines = self.lines, []
        for inner in tinycss2.parse_rule_list(item.content, skip_comments=True, skip_whitespace=True)[
            :MAX_RULES
        ]:
            self.rule(inner, applies=_is_wide_screen(query))
        if self.lines:
            outer.append(f"@media {query}{{{' '.join(self.lines)}}}")
        self.lines = outer

    def rule(self, item: Any, *, applies: bool) -> None:
        selector = _selector_text(item.prelude) if item.type == "qualified-rule" else None
        if not selector:
            self.dropped += 1
            return
        blocks = tinycss2.parse_blocks_contents(item.content, skip_comments=True, skip_whitespace=True)
        kept, dropped = css.filter_declarations(blocks)
        selectors = [_compile(part) for part in selector.split(",")]
        if not all(selectors):
            safe = tuple(
                (name, value) for name, value in kept if not _HIDING.match(f"{name}:{value.lower()}")
            )
            dropped += len(kept) - len(safe)
            kept = safe
        self.dropped += dropped
        if kept:
            self.lines.append(f"{selector}{{{css.Declarations(kept, 0).text}}}")
        traits = tuple((name, value) for name, value in kept if name in TRAITS)
        if applies and traits:
            self.rules.extend(Rule(part, _specificity(part), traits) for part in selectors if part)


def _is_wide_screen(query: str) -> bool:
    """Whether a media query holds for the window of a desktop mail client; unknown conditions do not."""
    for part in query.lower().split(","):
        rest = _WIDTH.sub("", part)
        if set(re.findall(r"[a-z-]++", rest)) <= {"all", "screen", "only", "and"} and all(
            (int(px) <= _WIDE_PX) if bound == "min" else (int(px) >= _WIDE_PX)
            for bound, px in _WIDTH.findall(part)
        ):
            return True
    return False


def _selector_text(prelude: list[Any]) -> str | None:
    parts = [_selector_word(token) for token in prelude]
    if None in parts:
        return None
    return re.sub(r" ?([,>+~]) ?", r"\1", " ".join("".join(map(str, parts)).split())).strip()


def _selector_word(token: Any) -> str | None:
    kind = token.type
    text = None
    if kind in {"whitespace", "comment"}:
        text = " "
    elif kind == "literal" and token.value in ".,>+~*:":
        text = token.value
    elif kind == "ident" and _NAME.fullmatch(token.value):
        text = token.value
    elif kind == "hash" and _HASH.fullmatch(token.value):
        text = f"#{token.value}"
    elif kind == "[] block":
        text = _attribute_text(token.content)
    elif kind == "function" and token.lower_name in _PSEUDO:
        inner = [_argument_word(argument) for argument in token.arguments]
        text = None if None in inner else f"{token.lower_name}({''.join(map(str, inner))})"
    return text


def _argument_word(token: Any) -> str | None:
    if token.type in {"number", "dimension"}:
        return str(token.representation) + getattr(token, "unit", "")
    return None if token.type == "function" else _selector_word(token)


def _attribute_text(tokens: list[Any]) -> str | None:
    parts = []
    for token in tokens:
        if token.type == "string" and _HASH.fullmatch(token.value):
            parts.append(f"'{token.value}'")
        elif token.type == "ident" and _NAME.fullmatch(token.value):
            parts.append(token.value)
        elif token.type == "literal" and token.value in {"=", "~=", "|=", "^=", "$=", "*="}:
            parts.append(token.value)
        else:
            return None
    return f"[{''.join(parts)}]"


def _compile(selector: str) -> tuple[Compound, ...]:
    """Compounds from right to left; empty where it takes more than names, classes and ids to tell."""
    words = selector.replace(">", " > ").split()
    if len(words) > 2 * MAX_PARTS:
        return ()
    found: list[Compound] = []
    is_child = False
    for word in words:
        match = _COMPOUND.fullmatch(word)
        if word == ">" and found and not is_child:
            is_child = True
        elif match and match[0]:
            name = "" if match[1] in {None, "*"} else match[1].lower()
            simple = _SIMPLE.findall(match[2])
            ids = tuple(part[1:] for part in simple if part[0] == "#")
            classes = tuple(part[1:] for part in simple if part[0] == ".")
            found.append(Compound(name, ids, classes, is_child))
            is_child = False
        else:
            return ()
    return () if is_child else tuple(reversed(found))


def _specificity(selector: tuple[Compound, ...]) -> tuple[int, int, int]:
    return (
        sum(len(part.ids) for part in selector),
        sum(len(part.classes) for part in selector),
        sum(bool(part.name) for part in selector),
    )
