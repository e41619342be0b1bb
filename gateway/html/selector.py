"""CSS selectors: one fixed spelling of those that may leave, and a matchable form of the simple ones.

Not here: matching against elements (``hidden``), rules (``sheet``).
Limits: ``MAX_COMPOUNDS``.
Source: Selectors Level 4.
"""

import re
from typing import Any, NamedTuple

from gateway.html.names import names

MAX_COMPOUNDS = 8
"""Compound selectors in one selector that can be matched (``.a .b > .c`` has 3); nobody writes more in a mail."""


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


_IDENT = r"-?[a-zA-Z_][a-zA-Z0-9_-]*+"
_PLAIN_COMPOUND = rf"(?:(?:\*|{_IDENT})(?:[.#]{_IDENT}|::?{_IDENT})*|(?:[.#]{_IDENT}|::?{_IDENT})+)"
PLAIN_SELECTOR = re.compile(
    rf"{_PLAIN_COMPOUND}(?:(?:[ \t\n\f]*+[,>+~][ \t\n\f]*+|[ \t\n\f]++){_PLAIN_COMPOUND})*"
)
"""Selectors that are already made of harmless tokens, so that ``tidy`` gives what ``selector_text`` would."""

_COMPOUND = re.compile(rf"(\*|[a-zA-Z][a-zA-Z0-9]*+)?((?:[.#]{_IDENT})*)")
_SIMPLE = re.compile(r"[.#][\w-]++")
_NAME = re.compile(r"-?[^\W\d][\w-]{0,100}")
_WORD = re.compile(r"[\w-]{1,100}")
_PSEUDO = names("not nth-child nth-of-type nth-last-child lang is where")
_LITERALS = frozenset(".,>+~*:")
_RELATIONS = frozenset({"=", "~=", "|=", "^=", "$=", "*="})
_COMBINATOR = re.compile(r" ?([,>+~]) ?")


def tidy(selector: str) -> str:
    """The selector with as few blanks as it can have."""
    return _COMBINATOR.sub(r"\1", " ".join(selector.split())).strip()


def selector_text(prelude: list[Any]) -> str | None:
    """The fixed spelling of a selector list, ``None`` where it holds a token that is not harmless.

    Args:
        prelude: Component values as tinycss2 reads them.
    """
    parts = [_token_text(token) for token in prelude]
    return None if None in parts else tidy("".join(map(str, parts)))


def compile_selector(selector: str) -> tuple[Compound, ...]:
    """Compounds from right to left; empty where it takes more than names, classes and ids to tell.

    Args:
        selector: One selector of a list, tidied.
    """
    words = selector.replace(">", " > ").split()
    if len(words) > 2 * MAX_COMPOUNDS:
        return ()
    found: list[Compound] = []
    is_child = False
    for word in words:
        match = _COMPOUND.fullmatch(word)
        if word == ">" and found and not is_child:
            is_child = True
        elif match is not None:
            name = "" if match[1] in {None, "*"} else match[1].lower()
            simple = _SIMPLE.findall(match[2])
            ids = tuple(part[1:] for part in simple if part[0] == "#")
            classes = tuple(part[1:] for part in simple if part[0] == ".")
            found.append(Compound(name, ids, classes, is_child))
            is_child = False
        else:
            return ()
    return () if is_child else tuple(reversed(found))


def specificity(selector: tuple[Compound, ...]) -> tuple[int, int, int]:
    """Numbers of ids, classes and names."""
    return (
        sum(len(part.ids) for part in selector),
        sum(len(part.classes) for part in selector),
        sum(bool(part.name) for part in selector),
    )


def _token_text(token: Any) -> str | None:
    kind = token.type
    text = None
    if kind in {"whitespace", "comment"}:
        text = " "
    elif (kind == "literal" and token.value in _LITERALS) or (
        kind == "ident" and _NAME.fullmatch(token.value)
    ):
        text = str(token.value)
    elif kind == "hash" and _WORD.fullmatch(token.value):
        text = f"#{token.value}"
    elif kind == "[] block":
        text = _attribute_text(token.content)
    elif kind == "function" and token.lower_name in _PSEUDO:
        inner = [_argument_text(argument) for argument in token.arguments]
        text = None if None in inner else f"{token.lower_name}({''.join(map(str, inner))})"
    return text


def _argument_text(token: Any) -> str | None:
    """Inside ``:not()`` and ``:nth-child()``: no function again, but ``2n+1``."""
    if token.type in {"number", "dimension"}:
        text = f"{token.representation}{getattr(token, 'unit', '')}"
        return text if _WORD.fullmatch(text.lstrip("+")) else None
    return None if token.type == "function" else _token_text(token)


def _attribute_text(tokens: list[Any]) -> str | None:
    parts = []
    for token in tokens:
        if token.type == "string" and _WORD.fullmatch(token.value):
            parts.append(f"'{token.value}'")
        elif (token.type == "ident" and _NAME.fullmatch(token.value)) or (
            token.type == "literal" and token.value in _RELATIONS
        ):
            parts.append(str(token.value))
        else:
            return None
    return f"[{''.join(parts)}]"
