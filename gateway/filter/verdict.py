"""What is decided about one mail, and the SMTP reply that says so.

Not here: how it is decided (``filter``).
Source: RFC 5321 section 4.2, RFC 3463; the table of replies in README.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from gateway.mail.reply import MAX_TEXT_OCTETS, Reply
from gateway.policy.model import OnMatch
from gateway.rules.rule import Finding

MAX_SENTENCES = 3
"""Rules that a refusal speaks about: what fits one reply line and one reader."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A finding and what the policy says about it.

    Attributes:
        finding: What was seen.
        on_match: What follows, overrides applied.
        clause: The clause that says so, ``"amazon:links"``.
        sentence: The rule's public sentence.
        advice: What the seller can do.
    """

    finding: Finding
    on_match: OnMatch
    clause: str
    sentence: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Accept:
    """The mail goes on.

    Attributes:
        octets: What is sent: composed anew, CRLF, at most 998 octets a line.
        stripped: Names of the rules whose findings were taken out; empty when nothing had to be.
    """

    octets: bytes
    stripped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """The mail is refused for good; the same mail will be refused again.

    Attributes:
        code: Reply code.
        status: Enhanced status code.
        sentences: Public sentences, the most telling first.
    """

    code: int
    status: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A person must look at the mail before it may go on.

    Attributes:
        rules: Names of the rules that ask for it.
    """

    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Defer:
    """Our own fault: the client keeps the mail and tries again.

    Attributes:
        incident: Id under which the log holds the cause.
    """

    incident: str


Verdict: TypeAlias = Accept | Reject | Hold | Defer


def verdict_name(verdict: Verdict) -> str:
    """The word for records, metrics and ``check --json``: accept, strip, hold, reject or defer."""
    match verdict:
        case Accept(stripped=()):
            return "accept"
        case Accept():
            return "strip"
        case Reject():
            return "reject"
        case Hold():
            return "hold"
    return "defer"


def reply_to(verdict: Verdict, message_id: str) -> Reply:
    """The reply to the final dot.

    Args:
        verdict: What was decided.
        message_id: The gateway's id of the message, for the record and the support desk.
    """
    match verdict:
        case Accept(stripped=()):
            return Reply(code=250, status="2.0.0", text=message_id)
        case Accept(stripped=rules):
            return Reply(code=250, status="2.0.0", text=f"{message_id} stripped: {', '.join(rules)}")
        case Hold(rules=rules):
            return Reply(code=250, status="2.0.0", text=f"{message_id} held: {', '.join(rules)}")
        case Reject():
            text = _with_id(verdict.sentences, message_id)
            return Reply(code=verdict.code, status=verdict.status, text=text)
    return temporary_failure(verdict.incident)


def temporary_failure(incident: str) -> Reply:
    """The one reply for everything that is our own fault (house invariant 6): fixed text, never an exception's."""
    text = f"The gateway could not examine this mail; nothing was sent. Try again later [incident {incident}]"
    return Reply(code=451, status="4.3.0", text=text)


def _with_id(sentences: Sequence[str], message_id: str) -> str:
    """Whole sentences as far as the line has room: a seller cannot act on half of one."""
    tail = f" [{message_id}]"
    text = ""
    for sentence in sentences[:MAX_SENTENCES]:
        longer = f"{text} {sentence}".strip()
        if text and len((longer + tail).encode()) > MAX_TEXT_OCTETS:
            break
        text = longer
    return text + tail
