"""Only CRLF.CRLF ends a mail: adversary S01, a second envelope behind every end that is none."""

import pytest

HEAD = b"Subject: one\r\n\r\nfirst"
SMUGGLED = b"MAIL FROM:<evil@shop.example>\r\nRCPT TO:<victim@mp.example>\r\nDATA\r\nSubject: two\r\n\r\nsecond\r\n.\r\n"

NO_END = {
    "LF.LF": b"\n.\n",
    "CR.CR": b"\r.\r",
    "CR.LF": b"\r.\n",
    "LF.CR": b"\n.\r",
    "LF.CRLF": b"\n.\r\n",
    "CRLF.LF": b"\r\n.\n",
    "CR.CRLF": b"\r.\r\n",
    "CRLF.CR": b"\r\n.\r",
    "CRLF-NUL.CRLF": b"\r\n\0.\r\n",
    "CRLF.NUL-CRLF": b"\r\n.\0\r\n",
    "CRLF.CRCRLF": b"\r\n.\r\r\n",
    "dot-space": b"\r\n. \r\n",
    "VT": b"\x0b.\x0b",
    "FF": b"\x0c.\x0c",
    "NEL": b"\xc2\x85.\xc2\x85",
    "LS": b"\xe2\x80\xa8.\xe2\x80\xa8",
    "LFCR.LFCR": b"\n\r.\n\r",
}


@pytest.mark.parametrize("end", NO_END.values(), ids=NO_END.keys())
async def test_no_end(end: bytes, serve, connect, handler) -> None:
    """What is not CRLF.CRLF stays inside the mail, and no command behind it is carried out."""
    client = await connect(await serve())

    reply = await client.submit(HEAD + end + SMUGGLED)

    assert reply == "250 2.0.0 message 1"
    assert await client.ask("QUIT") == ["221 2.0.0 Bye."]
    (submission,) = handler.submissions
    # The dot that opens a line after CRLF is stuffing, whatever stands behind it (RFC 5321 section 4.5.2).
    inside = end.replace(b"\r\n.", b"\r\n")
    assert submission.octets == HEAD + inside + SMUGGLED.removesuffix(b".\r\n")
    assert "reverse_path evil@shop.example" not in handler.asked


async def test_end_behind_bare_cr(serve, connect, handler) -> None:
    """CRCRLF.CRLF ends the mail, but a client may not think so: it is judged, and nothing behind it is read."""
    client = await connect(await serve())

    reply = await client.submit(HEAD + b"\r\r\n.\r\n" + SMUGGLED)

    assert (reply, await client.rest()) == ("250 2.0.0 message 1", "")
    assert [submission.octets for submission in handler.submissions] == [HEAD + b"\r\r\n"]
    assert "reverse_path evil@shop.example" not in handler.asked


async def test_octet_by_octet(serve, connect, handler) -> None:
    """However slowly the octets come, the mail is the same."""
    client = await connect(await serve())
    await client.ask("EHLO x", "MAIL FROM:<a@shop.example>", "RCPT TO:<b@mp.example>", "DATA")

    for octet in b"..a\r\n.\n\r\n.\r\n":
        await client.send(bytes([octet]))

    assert await client.reply() == "250 2.0.0 message 1"
    assert handler.submissions[0].octets == b".a\r\n\n\r\n"


@pytest.mark.parametrize(
    "octets", [b"x" * 65_536 + b"\r\n", b"\xe4\0\r\n", b""], ids=["64-KiB-line", "8-bit", "empty"]
)
async def test_octets_exact(octets: bytes, serve, connect, handler) -> None:
    """Octets reach the handler as they were sent."""
    client = await connect(await serve())

    await client.submit(octets + b".\r\n")

    assert handler.submissions[0].octets == octets


async def test_line_too_long(serve, connect, handler) -> None:
    """A line above 64 KiB is refused in our own words, and the session goes on."""
    client = await connect(await serve())

    assert (await client.submit(b"x" * 65_537 + b"\r\n.\r\n")).startswith("552 5.3.4 A line of the message")
    assert handler.submissions == []
    assert await client.ask("NOOP") == ["250 2.0.0 Done."]
