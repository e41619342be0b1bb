"""What became of one recipient at a next hop.

A closed sum: ``Delivered | TemporaryFailure | PermanentFailure``. An error that nobody specified is
temporary: trying again costs a little, giving up loses a mail.
Source: RFC 5321 section 4.2.1, RFC 3463.
"""

from dataclasses import dataclass
from typing import TypeAlias

from gateway.mail.cause import Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """The next hop has taken responsibility (250 after the final dot).

    Attributes:
        next_hop: Host and port that answered, ``"relay.example:25"``.
        reply: Its reply, one line.
    """

    next_hop: str
    reply: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TemporaryFailure:
    """Worth another try.

    Attributes:
        next_hop: Host and port, or the domain that could not be looked up.
        reply: The next hop's reply, or our words for what happened.
        cause: Why.
        outcome_unknown: The connection was lost after the final dot: the next hop may have the mail.
        wait_s: ``None`` after an attempt. Otherwise there was none: the next hop rests after failures, or all
            connections to it are taken; seconds until it is worth asking again.
    """

    next_hop: str
    reply: str
    cause: Cause = Cause.OTHER
    outcome_unknown: bool = False
    wait_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PermanentFailure:
    """The next hop has refused for good (5yz), or nobody takes mail for this domain.

    Attributes:
        next_hop: Host and port, or the domain.
        reply: The next hop's reply, or our words.
        status: Enhanced status code for the DSN, ``"5.1.1"``.
        cause: Why.
    """

    next_hop: str
    reply: str
    status: str
    cause: Cause = Cause.OTHER


DeliveryResult: TypeAlias = Delivered | TemporaryFailure | PermanentFailure
