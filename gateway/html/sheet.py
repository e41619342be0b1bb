"""The text of ``<style>``: what of it is harmless, and what it says about which elements are painted.

Kept are rules whose selectors are made of names, classes, ids, attributes and pseudo-classes, and ``@media`` around
them; ``@import``, ``@font-face``, ``@keyframes`` and all else that fetches or animates is dropped. A declaration that
hides text is kept only where ``hidden`` can tell which elements it hides, so that text cannot be hidden from a
browser and not from us.
Not here: single declarations (``css``), selectors (``selector``), the cascade (``hidden``).
Limits: ``css.MAX_CSS`` code points; ``MAX_RULES`` rules.
Source: CSS Syntax Level 3; Media Queries Level 4.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import tinycss2

from gateway.html import css
from gateway.html.names import names
from gateway.html.selector import PLAIN_SELECTOR, Compound, compile_selector, selector_text, specificity, tidy

MAX_RULES = 1_000
"""Rules of one ``<style>``; frameworks for mail bring 200. Those behind are dropped."""


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
    "display visibility opacity font font-size line-height width max-width height max-height overflow overflow-x"
    " overflow-y position left top right bottom margin-left color float"
)
"""The properties that decide whether text is painted, as far as ``hidden`` follows them."""

_HIDING = re.compile(
    r"display:none|visibility:(?:hidden|collapse)|opacity:[+]?[0.-]|font-size:[+]?(?:[0.]|[1-5](?:[.a-z%!]|$))"
    r"|font:(?:.*[^\d.])?(?:[0.]|[1-5](?:[.a-z%/ !]|$))|line-height:[+]?(?:[0.]|1(?:[.a-z!]|$))"
    r"|(?:max-)?(?:width|height):[+]?(?:[0.]|1(?:[.a-z!]|$))|(?:left|top|right|bottom|margin-left):[+-]?\d\d"
    r"|color:(?:transparent|rgb|hsl)|.*\b(?:calc|min|max|clamp)\("
)
_ORDINARY = re.compile(r"[^'\"\\<]*+")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_PLAIN_RULE = re.compile(
    r"[ \t\n\f]*+(?:@media[ \t\n\f]++([a-zA-Z0-9 \t\n\f():,.-]++)\{((?:[^{}]*+\{[^{}]*+\})*)[ \t\n\f]*+\}"
    r"|([^{}@]++)\{([^{}]*+)\})"
)
_MEDIA_WORD = re.compile(r"[a-z-]++")
_SCREEN = frozenset({"all", "screen", "only", "and"})
_BLANK = " \t\n\f"
_MEDIA = re.compile(r"[a-zA-Z0-9 ():,.-]{1,200}")
_WIDTH = re.compile(r"(min|max)-(?:device-)?width ?: ?(\d{1,5})px")
_WIDE_PX = 1_000


def may_hide(traits: tuple[tuple[str, str], ...]) -> bool:
    """Whether declarations could hide text; says yes too often rather than once too seldom."""
    return any(_HIDING.match(f"{name}:{value.lower()}") for name, value in traits)


def stylesheet(text: str) -> Sheet:
    """Filter the text of a ``<style>`` element."""
    if len(text) > css.MAX_CSS:
        return Sheet("", 1, ())
    return _plain(text) or _careful(text)


def _careful(text: str) -> Sheet:
    """Any style sheet, by tinycss2."""
    builder = _Builder()
    for item in tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True):
        if item.type == "at-rule" and item.lower_at_keyword == "media" and item.content is not None:
            builder.media(tinycss2.serialize(item.prelude))
            for inner in tinycss2.parse_rule_list(item.content, skip_comments=True, skip_whitespace=True):
                _careful_rule(builder, inner)
            builder.end_media()
        else:
            _careful_rule(builder, item)
    return builder.sheet()


def _careful_rule(builder: "_Builder", item: Any) -> None:
    if item.type == "qualified-rule":
        blocks = tinycss2.parse_blocks_contents(item.content, skip_comments=True, skip_whitespace=True)
        builder.rule(selector_text(item.prelude), css.filter_declarations(blocks))
    else:
        builder.rule(None, css.Declarations((), 0))


def _plain(text: str) -> Sheet | None:
    """The same for a sheet of ordinary rules, ten times as fast; ``None`` where it takes tinycss2 to tell."""
    if not _ORDINARY.fullmatch(text) or "url" in text.lower():
        return None
    builder = _Builder()
    for query, inner, selector, block in _split(_COMMENT.sub(" ", text)):
        if inner is None:
            if not _plain_rule(builder, selector, block):
                return None
            continue
        builder.media(query)
        if not all(_plain_rule(builder, *rule[2:]) for rule in _split(inner)):
            return None
        builder.end_media()
    return builder.sheet()


def _plain_rule(builder: "_Builder", selector: str | None, block: str | None) -> bool:
    kept = css.plain_declarations(block or "")
    if kept is None or not PLAIN_SELECTOR.fullmatch((selector or "").strip(_BLANK)):
        return False
    builder.rule(tidy(selector or ""), kept)
    return True


def _split(text: str) -> Iterator[tuple[Any, ...]]:
    """The rules of an ordinary sheet, each a media query and its rules or a selector and its block.

    What is none of both comes last, as a rule without a selector.
    """
    at = 0
    while match := _PLAIN_RULE.match(text, at):
        yield match.groups()
        at = match.end()
    if text[at:].strip(_BLANK):
        yield None, None, "", ""


class _Builder:
    """Puts a sheet together, rule by rule."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._outer: list[str] = []
        self._query: str | None = None
        self._applies = True
        self._dropped = 0
        self._count = 0
        self._rules: list[Rule] = []

    def media(self, query: str) -> None:
        """What follows stands inside ``@media``."""
        self._query = " ".join(query.split())
        self._applies = bool(_MEDIA.fullmatch(self._query)) and _is_wide_screen(self._query)
        self._outer, self._lines = self._lines, []

    def end_media(self) -> None:
        """Back outside."""
        inner, self._lines = self._lines, self._outer
        query = self._query or ""
        if not _MEDIA.fullmatch(query):
            self._dropped += 1
        elif inner:
            self._lines.append(f"@media {query}{{{' '.join(inner)}}}")
        self._query, self._applies = None, True

    def rule(self, selector: str | None, declarations: css.Declarations) -> None:
        """One rule; without a selector it is dropped."""
        self._count += 1
        if not selector or self._count > MAX_RULES:
            self._dropped += 1
            return
        kept, dropped = declarations
        selectors = [compile_selector(part) for part in selector.split(",")]
        if not all(selectors):
            safe = tuple(pair for pair in kept if not may_hide((pair,)))
            dropped += len(kept) - len(safe)
            kept = safe
        self._dropped += dropped
        if kept:
            self._lines.append(f"{selector}{{{css.Declarations(kept, 0).text}}}")
        traits = tuple(pair for pair in kept if pair[0] in TRAITS)
        if traits and self._applies:
            self._rules.extend(Rule(part, specificity(part), traits) for part in selectors if part)

    def sheet(self) -> Sheet:
        """All of it."""
        return Sheet("\n".join(self._lines), self._dropped, tuple(self._rules))


def _is_wide_screen(query: str) -> bool:
    """Whether a media query holds for the window of a desktop mail client; unknown conditions do not."""
    for part in query.lower().split(","):
        words = set(_MEDIA_WORD.findall(_WIDTH.sub("", part)))
        if words <= _SCREEN and all(
            (int(px) <= _WIDE_PX) if bound == "min" else (int(px) >= _WIDE_PX)
            for bound, px in _WIDTH.findall(part)
        ):
            return True
    return False
