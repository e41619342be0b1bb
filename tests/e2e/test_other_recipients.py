"""Mail to other recipients, from a client to its own next hop."""

import asyncio

import aiosmtplib
import pytest

from gateway.credentials import hash_password
from gateway.mail.address import parse_path
from gateway.store.records import MessageQuery

PASSWORD = "correct horse battery staple"
SELLER = "orders@harbour-tea.example"
OTHER = "accounts@supplier.example"
BUYER = "abc@marketplace.amazon.com"
HEAD = f"From: {SELLER}\r\nTo: {OTHER}\r\nSubject: Offer\r\nMessage-ID: <1@harbour-tea.example>\r\n".encode()


@pytest.fixture
async def gateway(start_gateway, sink):
    """A gateway that passes on mail to other recipients, to a sink of its own."""
    return await start_gateway(
        other_recipients={"action": "relay", "next_hop": f"smtp://127.0.0.1:{sink.port}"},
        route=[{"marketplaces": ["amazon"], "next_hop": "smtp://127.0.0.1:1"}],
    )


class Raw:
    """A client that sends octets as they stand."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    async def say(self, octets):
        """The code and text of the reply."""
        self.writer.write(octets)
        line = b"   -"
        while line[3:4] == b"-":
            line = await self.reader.readline()
        return line.decode().strip()


async def submit(gateway, octets, *, parameters=("", "")):
    """The reply to the final dot."""
    host, _, port = gateway.addresses[0].rpartition(":")
    client = Raw(*await asyncio.open_connection(host, int(port)))
    assert (await client.say(b"")).startswith("220")
    for line in (
        "EHLO x",
        f"MAIL FROM:<{SELLER}>{parameters[0]}",
        f"RCPT TO:<{OTHER}>{parameters[1]}",
        "DATA",
    ):
        reply = await client.say(f"{line}\r\n".encode())
        assert reply[0] in "23", (line, reply)
    reply = await client.say(octets.replace(b"\r\n.", b"\r\n..") + b".\r\n")
    client.writer.close()
    return reply


UNFILTERED = {
    "what policies forbid": HEAD
    + b'Content-Type: text/html\r\n\r\n<a href="https://x.example">call 0207 946 0958</a>\r\n',
    "8-bit and dots": HEAD + b"X-Mailer: old\r\n\r\n.\r\n..\r\n\xe4\xff\r\n",
    "long lines": HEAD + b"\r\n" + b"x" * 998 + b"\r\n",
    "trace fields and a signature": b"Received: x\r\nDKIM-Signature: v=1\r\n" + HEAD + b"\r\nx\r\n",
}


@pytest.mark.parametrize("octets", UNFILTERED.values(), ids=UNFILTERED)
async def test_octet_for_octet(octets, gateway, sink):
    """A mail to another recipient arrives as it came, and is in the record like any other."""
    reply = await submit(gateway, octets)
    (received,) = await sink.wait_for(1)
    assert received.octets == octets
    assert (received.reverse_path, received.recipients) == (SELLER, (OTHER,))
    (summary,) = await gateway.store.messages(MessageQuery())
    assert reply == f"250 2.0.0 {summary.id}"
    assert (summary.verdict, summary.policy, summary.route, summary.rules) == ("accept", "other", "other", ())
    assert (summary.subject, summary.message_id) == ("Offer", "<1@harbour-tea.example>")
    detail = await gateway.store.message(summary.id)
    assert (detail.original, detail.sent, detail.normalised) == (octets, octets, ())


async def test_line_ends_are_put_right(gateway, sink):
    """Bare LF becomes CRLF, and the record says so."""
    await submit(gateway, HEAD + b"\r\none\ntwo\r\n")
    (received,) = await sink.wait_for(1)
    assert received.octets == HEAD + b"\r\none\r\ntwo\r\n"
    (summary,) = await gateway.store.messages(MessageQuery())
    assert (await gateway.store.message(summary.id)).normalised == ("bare LF line ends made CR LF",)


@pytest.mark.parametrize("octets", [HEAD + b"\r\na\rb\r\n", HEAD + b"\r\na\0b\r\n"], ids=["bare CR", "NUL"])
async def test_smuggling(octets, gateway, sink):
    """What a next hop could take for the end of the mail goes nowhere, and is in the record."""
    assert (await submit(gateway, octets)).startswith("554 5.6.0 ")
    assert [each.verdict for each in await gateway.store.messages(MessageQuery())] == ["reject"]
    assert sink.received == []


async def test_dsn_parameters_stay_here(gateway, sink):
    """NOTIFY, ORCPT, RET and ENVID are kept with the envelope; the next hop is not asked for anything."""
    parameters = (" RET=HDRS ENVID=QQ314159", f" NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;{OTHER}")
    await submit(gateway, HEAD + b"\r\nx\r\n", parameters=parameters)
    (received,) = await sink.wait_for(1)
    assert received.recipients == (OTHER,)
    (summary,) = await gateway.store.messages(MessageQuery())
    envelope = summary.envelope
    assert (envelope.ret, envelope.envid) == ("HDRS", "QQ314159")
    assert (envelope.recipients[0].notify, envelope.recipients[0].original) == (
        ("SUCCESS", "FAILURE"),
        f"rfc822;{OTHER}",
    )


async def test_one_client_writes_to_both(gateway, sink):
    """A client that gets 452 for the second recipient sends it in a transaction of its own, as RFC 5321 has it."""
    host, _, port = gateway.addresses[0].rpartition(":")
    async with aiosmtplib.SMTP(hostname=host, port=int(port), start_tls=False) as client:
        refused, _ = await client.sendmail(SELLER, [OTHER, BUYER], HEAD + b"\r\nhello\r\n")
        assert {address: reply.code for address, reply in refused.items()} == {BUYER: 452}
        await client.sendmail(SELLER, [BUYER], HEAD + b"\r\nhello\r\n")
    summaries = await gateway.store.messages(MessageQuery())
    assert [each.route for each in summaries] == ["amazon", "other"]
    await sink.wait_for(1)


async def test_sellers_stay_in_their_own_name(start_gateway, sink):
    """A login writes to anybody in its approved names, and in no other."""
    gateway = await start_gateway(
        listener=[{"address": "127.0.0.1:0", "tls": "none", "auth": "required"}],
        other_recipients={"action": "relay", "next_hop": f"smtp://127.0.0.1:{sink.port}"},
    )
    await gateway.store.add_seller("tea", [parse_path(SELLER)], hash_password(PASSWORD))
    host, _, port = gateway.addresses[0].rpartition(":")
    async with aiosmtplib.SMTP(hostname=host, port=int(port), start_tls=False) as client:
        await client.login("tea", PASSWORD)
        await client.sendmail(SELLER, [OTHER], HEAD + b"\r\nhello\r\n")
        for field in ("From: ceo@supplier.example", f"From: {SELLER}\r\nReply-To: ceo@supplier.example"):
            with pytest.raises(aiosmtplib.SMTPDataError) as refused:
                await client.sendmail(SELLER, [OTHER], f"{field}\r\nSubject: x\r\n\r\nx\r\n".encode())
            assert (refused.value.code, refused.value.message[:5]) == (550, "5.7.1")
        with pytest.raises(aiosmtplib.SMTPSenderRefused):
            await client.sendmail("ceo@supplier.example", [OTHER], HEAD + b"\r\nhello\r\n")
    assert len(await sink.wait_for(1)) == 1


async def test_next_hop_taken_away(start_gateway, sink):
    """Mail whose next hop was taken out of the configuration waits; it never goes straight to the world."""
    first = await start_gateway(
        other_recipients={"action": "relay", "next_hop": "smtp://127.0.0.1:1"},
    )
    await submit(first, HEAD + b"\r\nx\r\n")
    (summary,) = await first.store.messages(MessageQuery())
    results = await first._deliver("other", None, (summary.envelope.recipients[0].address,), b"x")
    assert "cannot connect" in str(results)
    await first.stop("test")
    second = await start_gateway()
    results = await second._deliver("other", None, (summary.envelope.recipients[0].address,), b"x")
    assert "[other_recipients] has no next_hop any more" in str(results)
