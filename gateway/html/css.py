"""CSS declarations: which are harmless, what they say in one fixed spelling, and every URL they could fetch.

A declaration is kept when its property is not denied and its value is made only of words, numbers, colours and the
functions of ``FUNCTIONS``; ``url()`` in any spelling is none of them. Ordinary declarations are read by one regular
expression, all others by tinycss2, with the same result.
Not here: rules and selectors (``sheet``), what is painted (``hidden``).
Limits: ``MAX_CSS`` code points in one style.
Source: CSS Syntax Level 3; CSS Images Level 4 (``image()``, ``image-set()``); adversary T04.
"""

import re
from typing import Any, NamedTuple

import tinycss2

MAX_CSS = 65_536
"""Code points in one ``style`` attribute or ``<style>``; tinycss2 reads 1 MB/s. Longer ones are dropped whole."""

MAX_FUNCTIONS = 4
"""Functions within functions; nobody writes ``calc(min(max(…)))`` deeper in a mail. Above it: dropped."""

FUNCTIONS = frozenset(
    "rgb rgba hsl hsla calc min max clamp linear-gradient radial-gradient -webkit-linear-gradient"
    " -moz-linear-gradient -o-linear-gradient cubic-bezier".split()
)
"""Functions that compute and fetch nothing. ``var()`` is missing: it would hide what the value is."""

DENIED = frozenset(
    "behavior -ms-behavior -moz-binding content src -ms-filter filter -webkit-filter backdrop-filter order"
    " clip clip-path -webkit-clip-path mask mask-image -webkit-mask -webkit-mask-image content-visibility"
    " transform -webkit-transform -ms-transform zoom animation animation-name all".split()
)
"""Properties that run, fetch, or change what is painted in a way that ``hidden`` does not follow."""

DENIED_VALUES = frozenset({
    ("unicode-bidi", "bidi-override"),
    ("unicode-bidi", "isolate-override"),
    ("flex-direction", "row-reverse"),
    ("flex-direction", "column-reverse"),
})
"""Values that show letters in another order than they stand in (adversary O05, O08)."""

_NUMBER = r"(?:\d++(?:\.\d++)?+|\.\d++)"
_WORD = r"-?[a-zA-Z_][a-zA-Z0-9_-]*+"
_PLAIN_TOKEN = (
    rf"(?:#[0-9a-zA-Z]{{1,8}}+(?![\w-])|[+-]?{_NUMBER}(?:[a-zA-Z]{{1,8}}+|%)?+(?![\w.%-])"
    rf"|(?:rgb|rgba)\({_NUMBER}%?(?:,[ ]?{_NUMBER}%?){{2,3}}+\)"
    rf"|{_WORD}(?![\w(])|'[a-zA-Z0-9 _-]*+'|\"[a-zA-Z0-9 _-]*+\")"
)
_PLAIN_VALUE = re.compile(rf"{_PLAIN_TOKEN}(?:(?:[ ]*+[,/][ ]*+|[ ]++){_PLAIN_TOKEN})*+(?:[ ]*+![ ]?important)?+")
_PLAIN_STYLE = re.compile(
    r"(?:[a-zA-Z0-9 #%.,:;!_+\t\n-]++|'[a-zA-Z0-9 _-]*+'|\"[a-zA-Z0-9 _-]*+\"|/(?!\*)|(?<=[ab])\([0-9., %]*+\))*+"
)
_PROPERTY = re.compile(r"-?[a-z][a-z0-9-]*+")
_UNIT = re.compile(r"[a-zA-Z]{1,8}")
_REPRESENTATION = re.compile(rf"[+-]?{_NUMBER}")
_HASH = re.compile(r"[0-9a-zA-Z]{1,8}")
_IDENT = re.compile(_WORD)
_FAMILY = re.compile(r"[^\W\d][\w-]*+")
_STRING = re.compile(r"[\w ._-]{0,100}")
_SNIFFED = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]{0,20}+:[/\\]{2}[^\s\"'<>()]*+")
_IMPORTANT = "!important"


class Declarations(NamedTuple):
    """The outcome for a list of declarations.

    Attributes:
        kept: Property in lower case and value, in order; ``!important`` is the value's last word.
        dropped: How many were left out.
    """

    kept: tuple[tuple[str, str], ...]
    dropped: int

    @property
    def text(self) -> str:
        """What is emitted."""
        return ";".join(f"{name}:{value}" for name, value in self.kept)


def declarations(style: str) -> Declarations:
    """Filter the text of a ``style`` attribute."""
    if len(style) > MAX_CSS:
        return Declarations((), 1)
    if _PLAIN_STYLE.fullmatch(style):
        plain = _plain(style)
        if plain is not None:
            return plain
    return filter_declarations(tinycss2.parse_blocks_contents(style, skip_comments=True, skip_whitespace=True))


def filter_declarations(items: list[Any]) -> Declarations:
    """Filter what tinycss2 read inside one block; nested rules and errors are dropped."""
    kept, dropped = [], 0
    for item in items:
        declaration = _declaration(item) if item.type == "declaration" else None
        if declaration is None:
            dropped += 1
        else:
            kept.append(declaration)
    return Declarations(tuple(kept), dropped)


def urls(css: str) -> tuple[str, ...]:
    """Every URL that some renderer could fetch for this CSS, declarations or a whole sheet, in order."""
    if "(" not in css and "@" not in css:
        return ()
    found: list[str] = []
    stack = [iter(_Scope.of(tinycss2.parse_component_value_list(css[:MAX_CSS], skip_comments=True)))]
    while stack:
        for token, is_argument in stack[-1]:
            if token.type == "url" or (token.type == "string" and is_argument):
                found.append(token.value)
            elif token.type == "error":
                found.extend(_SNIFFED.findall(css))
            inner = _inner(token)
            if inner:
                is_fetch = token.type == "function" and token.lower_name not in FUNCTIONS
                stack.append(iter(_Scope.of(inner, is_argument=is_fetch)))
                break
        else:
            stack.pop()
    return tuple(dict.fromkeys(found))
