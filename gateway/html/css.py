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

from gateway.html.names import names

MAX_CSS = 65_536
"""Code points in one ``style`` attribute or ``<style>``; tinycss2 reads 1 MB/s. Longer ones are dropped whole."""

MAX_FUNCTIONS = 4
"""Functions within functions; nobody writes ``calc(min(max(…)))`` deeper in a mail. Above it: dropped."""

FUNCTIONS = names(
    "rgb rgba hsl hsla calc min max clamp linear-gradient radial-gradient -webkit-linear-gradient"
    " -moz-linear-gradient -o-linear-gradient cubic-bezier"
)
"""Functions that compute and fetch nothing. ``var()`` is missing: it would hide what the value is."""

DENIED = names(
    "behavior -ms-behavior -moz-binding content src -ms-filter filter -webkit-filter backdrop-filter order"
    " clip clip-path -webkit-clip-path mask mask-image -webkit-mask -webkit-mask-image content-visibility"
    " transform -webkit-transform -ms-transform zoom animation animation-name all"
)
"""Properties that run, fetch, or change what is painted in a way that ``hidden`` does not follow."""

DENIED_VALUES = frozenset(
    {
        ("unicode-bidi", "bidi-override"),
        ("unicode-bidi", "isolate-override"),
        ("flex-direction", "row-reverse"),
        ("flex-direction", "column-reverse"),
    }
)
"""Values that show letters in another order than they stand in (adversary O05, O08)."""

_NUMBER = r"(?:\d++(?:\.\d++)?|\.\d++)"
_WORD = r"-?[a-zA-Z_][a-zA-Z0-9_-]*+"
_PLAIN_TOKEN = (
    rf"(?:#[0-9a-zA-Z]{{1,8}}+(?![\w-])|[+-]?{_NUMBER}(?:[a-zA-Z]{{1,8}}+|%)?(?![\w.%-])"
    rf"|(?:rgb|rgba)\({_NUMBER}%?(?:,[ ]?{_NUMBER}%?){{2,3}}\)"
    rf"|{_WORD}(?![\w(])|'[a-zA-Z0-9 _-]{{0,100}}+'|\"[a-zA-Z0-9 _-]{{0,100}}+\")"
)
_PLAIN_VALUE = re.compile(
    rf"{_PLAIN_TOKEN}(?:(?:[ ]*+[,/][ ]*+|[ ]++){_PLAIN_TOKEN})*(?:[ ]*+![ ]?important)?"
)
_PLAIN_STYLE = re.compile(
    r"(?:[a-zA-Z0-9 #%.,:;!_+\t\n-]++|'[a-zA-Z0-9 _-]*+'|\"[a-zA-Z0-9 _-]*+\"|/(?!\*)|(?<=[ab])\([0-9., %]*+\))*"
)
_PROPERTY = re.compile(r"-?[a-z][a-z0-9-]*+")
_UNIT = re.compile(r"[a-zA-Z]{0,8}|%")
_REPRESENTATION = re.compile(rf"[+-]?{_NUMBER}")
_HASH = re.compile(r"[0-9a-zA-Z]{1,8}")
_IDENT = re.compile(_WORD)
_FAMILY = re.compile(r"[^\W\d][\w-]*+")
_STRING = re.compile(r"(?:[\w _-]|(?<!\w)\.|\.(?=\d)){0,100}")
_SNIFFED = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]{0,20}+:[/\\]{2}[^\s\"'<>()]*+")
_MAY_FETCH = re.compile(r"[\\'\"]|url|import", re.IGNORECASE)
_IMPORTANT = "!important"
_BLANK = " \t\n\f"
_COLLAPSED = re.compile(r"[^\s]*+(?: [^\s]++)*")


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
    plain = plain_declarations(style)
    if plain is not None:
        return plain
    return filter_declarations(
        tinycss2.parse_blocks_contents(style, skip_comments=True, skip_whitespace=True)
    )


def plain_declarations(style: str) -> Declarations | None:
    """The same as tinycss2 would say, for ordinary words; ``None`` where it takes tinycss2 to tell."""
    return _plain(style) if _PLAIN_STYLE.fullmatch(style) else None


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
    """Every URL that some renderer could fetch for this CSS, declarations or a whole sheet, in order.

    A string counts inside any function that is not in ``FUNCTIONS`` (``image("x")``, ``AlphaImageLoader(src='x')``)
    and behind ``@import``; what tinycss2 finds broken is searched for anything like a URL.
    """
    if "(" not in css and "@" not in css:
        return ()
    if not _MAY_FETCH.search(css):
        return ()
    found: list[str] = []
    is_import = is_broken = False
    pending = [(token, False) for token in reversed(tinycss2.parse_component_value_list(css[:MAX_CSS]))]
    while pending:
        token, is_argument = pending.pop()
        if token.type == "at-keyword":
            is_import = token.lower_value == "import"
        elif token.type == "literal":
            is_import = is_import and token.value != ";"
        elif token.type == "url" or (token.type == "string" and (is_argument or is_import)):
            found.append(token.value)
        elif token.type == "error":
            is_broken = True
        elif token.type == "function":
            is_fetch = is_argument or token.lower_name not in FUNCTIONS
            pending.extend((inner, is_fetch) for inner in reversed(token.arguments))
        else:
            pending.extend((inner, is_argument) for inner in reversed(getattr(token, "content", None) or ()))
    if is_broken:
        found.extend(_SNIFFED.findall(css))
    return tuple(dict.fromkeys(found))


def _plain(style: str) -> Declarations | None:
    kept, dropped = [], 0
    for piece in filter(None, (part.strip(_BLANK) for part in style.split(";"))):
        name, colon, value = piece.partition(":")
        name, value = name.rstrip(_BLANK).lower(), value.strip(_BLANK)
        if not _COLLAPSED.fullmatch(value):
            if "'" in value or '"' in value:
                return None
            value = " ".join(value.split())
        if not colon or not _PROPERTY.fullmatch(name) or not _PLAIN_VALUE.fullmatch(value):
            return None
        value, mark, _ = value.replace('"', "'").partition("!")
        if is_kept(name, value := value.rstrip(_BLANK)) and ("'" not in value or _takes_strings(name)):
            kept.append((name, value + _IMPORTANT if mark else value))
        else:
            dropped += 1
    return Declarations(tuple(kept), dropped)


def is_kept(name: str, value: str) -> bool:
    """Whether a property in lower case may have this value, its tokens being harmless."""
    return name not in DENIED and (name, value.lower()) not in DENIED_VALUES


def _takes_strings(name: str) -> bool:
    return name.endswith(("font-family", "font"))


def _declaration(item: Any) -> tuple[str, str] | None:
    name = item.lower_name
    if not _PROPERTY.fullmatch(name):
        return None
    value = _text(item.value, takes_strings=_takes_strings(name))
    if not value or not is_kept(name, value):
        return None
    return name, value + _IMPORTANT if item.important else value


def _text(tokens: list[Any], *, takes_strings: bool, level: int = 0) -> str | None:
    """One fixed spelling of harmless tokens, ``None`` when one of them is not."""
    parts: list[str] = []
    for token in tokens:
        if token.type in {"whitespace", "comment"}:
            part: str | None = "" if parts and parts[-1] == " " else " "
        elif token.type == "function":
            part = _function(token, level)
        else:
            part = _word(token, takes_strings=takes_strings, is_argument=level > 0)
        if part is None:
            return None
        parts.append(part)
    return "".join(parts).strip(" ")


def _function(token: Any, level: int) -> str | None:
    if token.lower_name not in FUNCTIONS or level == MAX_FUNCTIONS:
        return None
    inner = _text(token.arguments, takes_strings=False, level=level + 1)
    return None if inner is None else f"{token.lower_name}({inner})"


def _word(token: Any, *, takes_strings: bool, is_argument: bool) -> str | None:
    kind = token.type
    if kind == "ident":
        is_word = _IDENT.fullmatch(token.value) or (takes_strings and _FAMILY.fullmatch(token.value))
        text = token.value if is_word else None
    elif kind in {"number", "percentage", "dimension"}:
        text = _number(token)
    elif kind == "hash":
        text = f"#{token.value}" if _HASH.fullmatch(token.value) else None
    elif kind == "string":
        text = f"'{token.value}'" if takes_strings and _STRING.fullmatch(token.value) else None
    else:
        allowed = ",/+-*" if is_argument else ",/"
        text = token.value if kind == "literal" and token.value in allowed else None
    return text


def _number(token: Any) -> str | None:
    number = str(token.representation)
    unit = "%" if token.type == "percentage" else str(getattr(token, "unit", ""))
    return number + unit if _REPRESENTATION.fullmatch(number) and _UNIT.fullmatch(unit) else None
