"""Octets in, replies out: whole, in pieces, and hostile."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.relay.replies import MAX_LINE_OCTETS, MAX_REPLY_OCTETS, Answer, ReplyReader

GOOD = [
    pytest.param(b"250 ok\r\n", [Answer(250, "ok")], id="one"),
    pytest.param(b"250\r\n", [Answer(250, "")], id="no-text"),
    pytest.param(b"250 \r\n", [Answer(250, "")], id="no-text-but-a-blank"),
    pytest.param(b"250 ok\n", [Answer(250, "ok")], id="bare-line-feed"),
    pytest.param(b"250-a\r\n250-\r\n250 c\r\n", [Answer(250, "a\n\nc")], id="many-lines"),
    pytest.param(b"250-a\r\n250\r\n", [Answer(250, "a\n")], id="last-line-without-text"),
    pytest.param(b"250 a\r\n354 b\r\n", [Answer(250, "a"), Answer(354, "b")], id="two"),
    pytest.param(b"250 a\r\n25", [Answer(250, "a")], id="one-and-a-piece"),
    pytest.param(b"550 gr\xc3\xbc\xc3\x9fe \xff\r\n", [Answer(550, "grüße \ufffd")], id="not-ascii"),
    pytest.param(b"550 a\0b\r\n", [Answer(550, "a\0b")], id="nul"),
]


@pytest.mark.parametrize(("octets", "expected"), GOOD)
def test_read(octets, expected):
    """Replies come out whole, whether they come in whole or octet by octet."""
    reader, slow = ReplyReader(), ReplyReader()
    assert reader.feed(octets) == expected
    assert [answer for octet in octets for answer in slow.feed(bytes([octet]))] == expected


BAD = [
    pytest.param(b"SSH-2.0-x\r\n", id="other-protocol"),
    pytest.param(b"HTTP/1.1 400 Bad Request\r\n", id="http"),
    pytest.param(b"\r\n", id="empty-line"),
    pytest.param(b"25 ok\r\n", id="two-digits"),
    pytest.param(b"2500 ok\r\n", id="four-digits"),
    pytest.param(b"150 ok\r\n", id="code-below-200"),
    pytest.param(b"650 ok\r\n", id="code-above-599"),
    pytest.param(b"25O ok\r\n", id="letter-for-a-digit"),
    pytest.param("２５０ ok\r\n".encode(), id="digits-of-another-script"),
    pytest.param(b"250_ok\r\n", id="neither-blank-nor-hyphen"),
    pytest.param(b"250-a\r\n550 b\r\n", id="two-codes-in-one-reply"),
    pytest.param(b"\0" * 10 + b"\n", id="nuls"),
    pytest.param(b"250 " + b"x" * MAX_LINE_OCTETS + b"\r\n", id="long-line"),
    pytest.param(b"x" * (MAX_LINE_OCTETS + 1), id="line-without-end"),
    pytest.param(b"220-x\r\n" * (MAX_REPLY_OCTETS // 6 + 1), id="reply-without-end"),
]


@pytest.mark.parametrize("octets", BAD)
def test_malformed(octets):
    """What is no SMTP reply, or has no end, is a fault and not a reply, and ends the reading."""
    reader = ReplyReader()
    assert reader.feed(octets) == []
    assert reader.fault
    assert reader.feed(b"250 ok\r\n") == []


def test_what_came_before_a_fault_counts():
    """A refusal or a delivery is not unsaid by the nonsense after it."""
    reader = ReplyReader()
    assert reader.feed(b"250 2.0.0 queued\r\nnonsense\r\n250 ok\r\n") == [Answer(250, "2.0.0 queued")]
    assert reader.fault == "it sent no SMTP reply"


@given(
    st.lists(
        st.binary(max_size=40) | st.sampled_from([b"250 ok\r\n", b"250-", b"\r\n", b"354 "]), max_size=20
    )
)
def test_any_octets(pieces):
    """Any octets give replies, then perhaps one fault, the same however they are cut."""

    def read(pieces):
        reader = ReplyReader()
        answers = [answer for piece in pieces for answer in reader.feed(piece)]
        return answers, reader.fault

    whole = b"".join(pieces)
    assert read(pieces) == read([whole]) == read([bytes([octet]) for octet in whole])
