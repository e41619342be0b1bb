"""What is passed on unfiltered stays what it is."""

import pytest

from gateway.filter.pass_on import LINES_MENDED, pass_on
from gateway.mail.address import Address

HEAD = (
    b"From: orders@shop.example\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nMessage-ID: <1@shop.example>\r\n"
)

KEPT = {
    "plain": HEAD + b"\r\nhello\r\n",
    "8-bit, long lines, anything": HEAD + b"X: \xff\r\n\r\n" + b"\xe4" * 5000 + b"\r\n.\r\n\r\n",
    "HTML with links": HEAD
    + b"Content-Type: text/html\r\n\r\n<script>1</script><a href=https://x.example>\r\n",
    "ambiguous to a filter": HEAD + b"Content-Type: text/plain\r\nContent-Type: text/html\r\n\r\nx\r\n",
    "no text": HEAD + b"\r\n",
    "no line end at the end": HEAD + b"\r\nx",
}


@pytest.mark.parametrize("octets", KEPT.values(), ids=KEPT)
def test_octet_for_octet(octets):
    """Nothing of it is changed."""
    examination = pass_on(octets)
    assert examination.octets is octets
    assert (examination.normalised, examination.judgements, examination.refusal) == ((), (), None)


def test_bare_line_feeds():
    """Lines that end with LF alone end with CRLF afterwards, and the record says so."""
    octets = (HEAD + b"\r\na\nb\r\n\nc\r\n").replace(b"example>\r\n", b"example>\n", 1)
    examination = pass_on(octets)
    assert examination.octets == HEAD + b"\r\na\r\nb\r\n\r\nc\r\n"
    assert examination.normalised == (LINES_MENDED,)


def test_digest():
    """The record knows author, subject and Message-ID."""
    digest = pass_on(HEAD + b"\r\n").digest
    assert digest.author == Address("orders", "shop.example")
    assert (digest.subject, digest.message_id, digest.orders) == ("Grüße", "<1@shop.example>", ())


REFUSED = {
    "NUL": (HEAD + b"\r\na\0b\r\n", (554, "5.6.0")),
    "bare CR": (HEAD + b"\r\na\rb\r\n", (554, "5.6.0")),
    "bare CR before CRLF": (HEAD + b"\r\na\r\r\n", (554, "5.6.0")),
    "no blank line": (HEAD + b"hello\r\n", (554, "5.6.0")),
    "nothing": (b"", (554, "5.6.0")),
    "endless header section": (HEAD + b"X: y\r\n" * 100_000 + b"\r\n", (552, "5.3.4")),
    "endless field": (HEAD + b"X: " + b"y" * 70_000 + b"\r\n\r\n", (552, "5.3.4")),
    "in circles": (HEAD + b"Received: x\r\n" * 51 + b"\r\n", (554, "5.4.6")),
}


@pytest.mark.parametrize("octets, expected", REFUSED.values(), ids=REFUSED)
def test_refused(octets, expected):
    """What next hops could read in two ways, or never stop sending, is not passed on."""
    examination = pass_on(octets)
    assert (examination.refusal.code, examination.refusal.status) == expected
    assert examination.octets is None
