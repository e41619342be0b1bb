r"""The only door to google-re2: every pattern that sees the text of a mail is compiled and run here, in linear time.

House rules: no capturing groups (without them re2 stays on its automaton), no optional tail without an end (finding
all matches of one is quadratic on any engine), boundaries that need a look behind are tested by the caller.
``\b``, ``\d`` and ``\w`` know ASCII only, which is right for folded text.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NewType

import re2

PATTERN_MEMORY_OCTETS = 64 << 20
"""Automaton cache of one pattern; when it does not suffice re2 falls back to a slower, still linear, engine."""

Pattern = NewType("Pattern", object)


def compile_pattern(expression: str, *, is_longest: bool = False) -> Pattern:
    """Compile an expression; groups never capture.

    Args:
        expression: In the syntax of re2.
        is_longest: Whether of several alternatives the longest match wins, instead of the first alternative.

    Raises:
        re2.error: The expression is not of the re2 subset: a bug in this package, seen at import.
    """
    options = re2.Options()
    options.never_capture = True
    options.longest_match = is_longest
    options.max_mem = PATTERN_MEMORY_OCTETS
    options.log_errors = False
    return Pattern(re2.compile(expression, options))


def any_of(words: Iterable[str]) -> str:
    """An expression for any of some words, taken literally but for blanks, which match one or none of ``[ -]``."""
    escaped = (re2.escape(word).replace(r"\ ", "[ -]?") for word in sorted(words, key=len, reverse=True))
    return "(?:" + "|".join(escaped) + ")"


def either(*patterns: Pattern) -> Pattern:
    """A pattern that is found in just those texts in which one of these is: one look instead of many."""
    sources: list[Any] = list(patterns)
    return compile_pattern("|".join(f"(?:{source.pattern})" for source in sources))


def spans(pattern: Pattern, text: str) -> Iterator[tuple[int, int]]:
    """Every match from left to right, without overlap."""
    engine: Any = pattern
    # Octets are code points where all is ASCII, and spare the binding its translation of offsets: half the time.
    subject = text.encode() if text.isascii() else text
    return (match.span() for match in engine.finditer(subject))


def found(pattern: Pattern, text: str) -> bool:
    """Whether the pattern matches anywhere."""
    engine: Any = pattern
    return engine.search(text.encode() if text.isascii() else text) is not None


def whole(pattern: Pattern, text: str) -> bool:
    """Whether the pattern matches all of the text."""
    engine: Any = pattern
    return engine.fullmatch(text) is not None
