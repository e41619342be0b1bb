"""What a rule is: it looks at one context and reports what it saw; the policy says what follows.

House rules of this folder: a rule never imports a rule, never does IO, never names a consequence, and never puts
more of the mail into ``evidence`` than an operator needs to find the place.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple, TypeAlias

from gateway.rules.context import Context

MAX_EVIDENCE = 80
"""Code points of evidence: enough to find the place, too little to hold a message."""


class Remedy(Enum):
    """What would take the seen thing out and keep the rest."""

    NONE = "NONE"
    DROP_ELEMENT = "DROP_ELEMENT"
    UNWRAP_ELEMENT = "UNWRAP_ELEMENT"
    DROP_ATTRIBUTE = "DROP_ATTRIBUTE"
    REDACT_TEXT = "REDACT_TEXT"
    DROP_PART = "DROP_PART"
    DROP_FIELD = "DROP_FIELD"


class Piece(NamedTuple):
    """A stretch of characters to redact.

    Attributes:
        node: Text node of the part's HTML view, or -1 for a text part, a header field, a filename or an attribute.
        start: First code point.
        end: Code point after the last.
    """

    node: int
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The place a finding speaks of.

    Attributes:
        part: Part number, ``""`` for the header section.
        field: Header field name, where the place is a header field.
        node: Index in the part's HTML view, where it is an element or one of its attributes; position of the
            mailbox in a header field, or of the name among a part's candidate names.
        attribute: Attribute name; ``"filename"`` for one of the part's candidate names, ``"description"`` for its
            Content-Description.
        pieces: The characters, where the place is text.
    """

    part: str = ""
    field: str | None = None
    node: int | None = None
    attribute: str | None = None
    pieces: tuple[Piece, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing seen, without a consequence.

    Attributes:
        rule: Name of the rule.
        target: Where.
        evidence: What, redacted and at most ``MAX_EVIDENCE`` code points.
        remedy: What would take it out; ``NONE`` where nothing but a person can.
        replacement: What stands in its place after ``REDACT_TEXT``; ``None`` for the rule's own words.
    """

    rule: str
    target: Target
    evidence: str
    remedy: Remedy
    replacement: str | None = None


Check: TypeAlias = Callable[[Context, Any], Iterator[Finding]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One subject that policies speak about.

    Attributes:
        name: As in policies, records and metrics.
        sentence: Public sentence of what is not allowed, fit for an SMTP reply.
        advice: What the seller can do.
        label: What was removed, for ``[removed: <label>]``.
        params: Frozen dataclass of the rule's parameters; every one has a default and a docstring line with unit.
        check: Reports what it sees.
    """

    name: str
    sentence: str
    advice: str
    label: str
    params: type
    check: Check


@dataclass(frozen=True, slots=True)
class NoParams:
    """For a rule with nothing to set."""


def shorten(text: str, limit: int = MAX_EVIDENCE) -> str:
    """Evidence on one line: white space collapsed, control characters made visible, cut with an ellipsis."""
    line = "".join(c if c.isprintable() else " " for c in text[: 4 * limit])
    line = " ".join(line.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
