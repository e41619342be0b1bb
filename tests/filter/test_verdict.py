"""Verdicts and the replies that say them."""

import pytest

from gateway.filter.verdict import Accept, Defer, Hold, Reject, reply_to, temporary_failure, verdict_name

LONG = "A sentence of the rule that is rather long because it says what to do. " * 3

CASES = {
    "accept": (Accept(octets=b"x"), "accept", "250 2.0.0 id"),
    "strip": (
        Accept(octets=b"x", stripped=("emoji", "email_address")),
        "strip",
        "250 2.0.0 id stripped: emoji, email_address",
    ),
    "hold": (Hold(rules=("emoji",)), "hold", "250 2.0.0 id held: emoji"),
    "reject": (
        Reject(code=550, status="5.7.1", sentences=("No.", "Never.")),
        "reject",
        "550 5.7.1 No. Never. [id]",
    ),
    "three sentences at most": (
        Reject(code=550, status="5.7.1", sentences=("A.", "B.", "C.", "D.")),
        "reject",
        "550 5.7.1 A. B. C. [id]",
    ),
    "whole sentences only": (
        Reject(code=550, status="5.7.1", sentences=(LONG.strip(), LONG.strip(), LONG.strip())),
        "reject",
        f"550 5.7.1 {LONG.strip()} {LONG.strip()} [id]",
    ),
    "defer": (Defer(incident="cafe"), "defer", str(temporary_failure("cafe"))),
}


@pytest.mark.parametrize("verdict, name, reply", CASES.values(), ids=CASES)
def test_reply(verdict, name, reply):
    """Each verdict has one word for the record and one reply for the client."""
    assert verdict_name(verdict) == name
    assert str(reply_to(verdict, "id")) == reply
