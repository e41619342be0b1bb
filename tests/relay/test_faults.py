"""Next hops that fail, at each place of the dialogue and in each way: what becomes of each recipient.

The invariant: a recipient is delivered only by a 2yz to the final dot, is lost for good only by a 5yz, and has an
unknown outcome only once the final dot was sent; and no reply, however late, is taken for the answer to something else.
"""

import pytest

from gateway.mail.cause import Cause
from gateway.mail.delivery import Delivered, PermanentFailure, TemporaryFailure

MAIL = b"Subject: one\r\n\r\ntext\r\n"
SECOND = b"Subject: two\r\n\r\ntext\r\n"

PLACES = ("GREETING", "EHLO", "MAIL", "RCPT", "DATA", "DOT")

FAULTS = {
    "4yz": "451 4.3.0 later",
    "5yz": "554 5.6.0 never",
    "421": "421 4.3.2 bye",
    "hangs": "HANG",
    "closes": "CLOSE",
    "resets": "RESET",
    "other protocol": (b"SSH-2.0-OpenSSH\r\n", "HANG"),
    "NULs": (b"\0\0\0\0\r\n", "HANG"),
    "no end of a line": (b"2" * 100_000, "HANG"),
    "no end of a reply": (b"250-x\r\n" * 160_000, "HANG"),
    "code that is none": (b"999 hello\r\n", "HANG"),
    "two codes": (b"250-ok\r\n550 no\r\n", "HANG"),
    "half a reply, closes": (b"250-ok\r\n25", "CLOSE"),
    "half a reply, hangs": (b"250-ok\r\n25", "HANG"),
}
SAID = {"4yz": TemporaryFailure, "421": TemporaryFailure, "5yz": PermanentFailure}


def expected(place, fault):
    """For three recipients, the second of which meets a fault at RCPT: class, and whether the outcome is unknown."""
    kind = SAID.get(fault, TemporaryFailure)
    if place in {"GREETING", "EHLO"}:  # it blames us, whatever it says
        return [(TemporaryFailure, False)] * 3
    if place == "RCPT" and fault in {"4yz", "5yz"}:
        return [(Delivered, False), (kind, False), (Delivered, False)]
    if place == "RCPT":
        return [(TemporaryFailure, False)] * 3
    return [(kind, place == "DOT" and fault not in SAID)] * 3


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("place", PLACES)
async def test_fault(listen, deliverer, plain, seller, buyers, place, fault):
    """Each recipient gets its own end, and the next mail is delivered as if nothing had been."""
    replies = {place: [FAULTS[fault]]} if place != "RCPT" else {"RCPT": ["250 ok", FAULTS[fault]]}
    if place == "EHLO":
        replies["HELO"] = [FAULTS[fault]]
    hop = await listen(replies=replies)
    agent = deliverer(patience=0.2)
    results = await agent.deliver(plain(hop), seller, buyers, MAIL)
    found = [(type(results[each]), getattr(results[each], "outcome_unknown", False)) for each in buyers]
    assert found == expected(place, fault)
    assert all(results[each].reply for each in buyers)
    assert all(getattr(results[each], "cause", None) is not Cause.OUR_FAULT for each in buyers)
    hop.replies.clear()
    taken = len(hop.mails)
    results = await agent.deliver(plain(hop), seller, buyers, SECOND)
    assert [type(results[each]) for each in buyers] == [Delivered] * 3
    assert hop.mails[taken:] == [SECOND]


@pytest.mark.parametrize(
    ("place", "reply"),
    [
        pytest.param("MAIL", "354 go ahead", id="354-to-mail"),
        pytest.param("RCPT", "354 go ahead", id="354-to-rcpt"),
        pytest.param("DATA", "250 ok", id="250-to-data"),
        pytest.param("DOT", "354 more", id="354-to-the-dot"),
        pytest.param(
            "DATA", (b"354 go\r\n250 2.0.0 taken before it was sent\r\n", "HANG"), id="250-before-the-content"
        ),
        pytest.param("DOT", (b"250 2.0.0 ok\r\n250 2.0.0 ok\r\n", ""), id="two-replies-to-the-dot"),
    ],
)
async def test_replies_in_the_wrong_place(listen, deliverer, plain, seller, buyers, place, reply):
    """A reply that fits no command ends the connection; the next mail gets one of its own, and its own answers."""
    hop = await listen(replies={place: [reply]})
    agent = deliverer(patience=0.2)
    first = await agent.deliver(plain(hop), seller, buyers[:1], MAIL)
    hop.replies["RCPT"] = ["550 5.1.1 no such user"]
    second = await agent.deliver(plain(hop), seller, buyers[:1], SECOND)
    assert isinstance(second[buyers[0]], PermanentFailure)
    assert hop.connections == 2
    assert type(first[buyers[0]]) in {TemporaryFailure, Delivered}
    assert isinstance(first[buyers[0]], Delivered) == (place == "DOT" and isinstance(reply, tuple))


async def test_greeting_in_pieces(listen, deliverer, plain, seller, buyers):
    """A greeting of many lines is read to its end."""
    hop = await listen(replies={"GREETING": ["220-relay.test\r\n220-has much to say\r\n220 ESMTP"]})
    results = await deliverer().deliver(plain(hop), seller, buyers[:1], MAIL)
    assert isinstance(results[buyers[0]], Delivered)


@pytest.mark.parametrize("place", PLACES)
async def test_a_reply_says_nothing_in_the_log(listen, deliverer, plain, seller, buyers, place):
    """Signs that would forge lines of a log or a notice come out as blanks."""
    hop = await listen(replies={place: [(b"550 a\x1b[2J\x00\xff\x85b\r\n", "CLOSE")], "HELO": ["CLOSE"]})
    results = await deliverer(patience=0.2).deliver(plain(hop), seller, buyers[:1], MAIL)
    assert results[buyers[0]].reply.isprintable()
