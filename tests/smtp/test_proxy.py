"""PROXY headers, as values and on the wire."""

import asyncio
import ssl
import struct
from ipaddress import ip_address, ip_network

import pytest
import uvloop

from gateway.smtp.limits import ScopeLimits, SharedLimits
from gateway.smtp.proxy import SIGNATURE, ProxyError, ProxyHeader, is_listed
from gateway.smtp.server import ListenerSettings, start_listener
from gateway.smtp.usage import Usage


def v2(kind: int = 0x21, family: int = 0x11, body: bytes | None = None, extra: bytes = b"") -> bytes:
    if body is None:
        body = (
            ip_address("192.0.2.7").packed + ip_address("192.0.2.1").packed + struct.pack(">HH", 40000, 465)
        )
    body += extra
    return SIGNATURE + bytes([kind, family]) + struct.pack(">H", len(body)) + body


SIX = ip_address("2001:db8::7").packed + ip_address("2001:db8::1").packed + struct.pack(">HH", 40000, 465)
FOUND = ("192.0.2.7", 40000)
GOOD = {
    "v1 TCP4": (b"PROXY TCP4 192.0.2.7 192.0.2.1 40000 465\r\n", FOUND),
    "v1 shortest": (b"PROXY TCP4 1.1.1.1 1.1.1.1 1 1\r\n", ("1.1.1.1", 1)),
    "v1 TCP6": (b"PROXY TCP6 2001:db8::7 2001:db8::1 40000 465\r\n", ("2001:db8::7", 40000)),
    "v1 UNKNOWN": (b"PROXY UNKNOWN\r\n", None),
    "v1 UNKNOWN with more": (b"PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n", None),
    "v2 TCP4": (v2(), FOUND),
    "v2 TCP6": (v2(family=0x21, body=SIX), ("2001:db8::7", 40000)),
    "v2 with extensions": (v2(extra=b"\x02\x00\x04host" + b"\x04\x00\x64" + b"\0" * 100), FOUND),
    "v2 LOCAL": (v2(kind=0x20, family=0x00, body=b""), None),
    "v2 LOCAL with addresses": (v2(kind=0x20), None),
    "v2 unspecified": (v2(family=0x00, body=b"xyz"), None),
    "v2 UNIX": (v2(family=0x31, body=b"\0" * 216), None),
}
BAD = {
    "SMTP": b"EHLO client.example\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 200,
    "lower case": b"proxy TCP4 192.0.2.7 192.0.2.1 40000 465\r\n",
    "v1 of another family": b"PROXY UDP4 192.0.2.7 192.0.2.1 40000 465\r\n",
    "v1 TCP4 with IPv6": b"PROXY TCP4 2001:db8::7 2001:db8::1 40000 465\r\n",
    "v1 without a port": b"PROXY TCP4 192.0.2.7 192.0.2.1 40000\r\n" + b" " * 20,
    "v1 port too high": b"PROXY TCP4 192.0.2.7 192.0.2.1 65536 465\r\n",
    "v1 port with a sign": b"PROXY TCP4 192.0.2.7 192.0.2.1 +1 465\r\n",
    "v1 two blanks": b"PROXY TCP4  192.0.2.7 192.0.2.1 40000 465\r\n",
    "v1 no address": b"PROXY TCP4 gw.example 192.0.2.1 40000 465\r\n",
    "v1 bare LF": b"PROXY TCP4 192.0.2.7 192.0.2.1 40000 465\n",
    "v1 UNKNOWN, bare LF": b"PROXY UNKNOWN\n",
    "v1 without an end": b"PROXY TCP4 192.0.2.7 192.0.2.1 40000 465" + b" " * 100,
    "v2 of another version": v2(kind=0x11),
    "v2 unknown command": v2(kind=0x22),
    "v2 UDP": v2(family=0x12),
    "v2 too short for its addresses": v2(body=b"\0" * 11),
    "v2 too long": SIGNATURE + b"\x21\x11\xff\xff" + b"\0" * 100,
}


def read(octets: bytes, size: int) -> tuple[ProxyHeader, int]:
    """Feed as a socket would that gives at most ``size`` octets at a time; how many were taken."""
    header, at = ProxyHeader(), 0
    while header.wanted and at < len(octets):
        piece = octets[at : at + min(size, header.wanted)]
        header.feed(piece)
        at += len(piece)
    return header, at


@pytest.mark.parametrize("octets, source", GOOD.values(), ids=GOOD)
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_header(octets: bytes, source: object, size: int) -> None:
    """A header tells the client, and not an octet behind it is taken, however it comes."""
    header, taken = read(octets + b"EHLO x\r\n", size)

    assert (header.source, header.wanted, taken) == (source, 0, len(octets))
    assert read(octets[:-1], size)[0].wanted > 0


@pytest.mark.parametrize("octets", BAD.values(), ids=BAD)
@pytest.mark.parametrize("size", [1, 10_000])
def test_no_header(octets: bytes, size: int) -> None:
    """Anything else is refused."""
    with pytest.raises(ProxyError):
        read(octets, size)


@pytest.mark.parametrize(
    "host, expected",
    [
        ("192.0.2.10", True),
        ("10.1.2.3", True),
        ("::ffff:10.1.2.3", True),
        ("2001:db8::5", True),
        ("192.0.2.11", False),
        ("2001:db9::5", False),
        ("fe80::1%eth0", False),
    ],
)
def test_is_listed(host: str, expected: bool) -> None:
    """Peers are listed by address or by network, IPv4 also where it comes as IPv6."""
    networks = [ip_network(text) for text in ("192.0.2.10", "10.0.0.0/8", "2001:db8::/32")]

    assert is_listed(host, networks) == expected
    assert not is_listed(host, [])


# On the wire

LOOPBACK = (ip_network("127.0.0.0/8"),)
HEADERS = {"v1": GOOD["v1 TCP4"][0], "v2": v2()}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
async def test_the_client_counts(header: bytes, serve, connect, handler, log) -> None:
    """The peer in logs, limits and submissions is the one that the proxy names."""
    used = Usage(SharedLimits(address=ScopeLimits(connections=1)))
    client = await connect(await serve(proxy_from=LOOPBACK, auth="required", usage=used), greeted=False)
    await client.send(header + b"EHLO x\r\n")
    assert await client.reply() == "220 gw.example ESMTP"
    assert (await client.reply()).startswith("250-gw.example")
    assert used.address.connections._used == {"192.0.2.7": 1}
    await client.ask("QUIT")
    assert await client.rest() == ""
    peers = {entry["event"]: entry["peer"] for entry in log if "peer" in entry}
    assert peers == {"session_opened": "192.0.2.7:40000", "session_closed": "192.0.2.7:40000"}


async def greet_over_tls(listener, header: bytes, client_tls: ssl.SSLContext, *, at_once: bool) -> None:
    """A proxy's client: the header in clear, then TLS, its beginning in the same packet or not."""
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = client_tls.wrap_bio(incoming, outgoing, server_hostname="gw.example")
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    writer.write(header + (outgoing.read() if at_once else b""))
    await writer.drain()
    writer.write(outgoing.read())
    heard = b""
    async with asyncio.timeout(20):
        while b"\n" not in heard:
            try:
                heard += tls.read()
            except ssl.SSLWantReadError:
                writer.write(outgoing.read())
                octets = await reader.read(65_536)
                assert octets, "the server has closed"
                incoming.write(octets)
    assert heard == b"220 gw.example ESMTP\r\n"
    (session,) = listener._shared.sessions
    assert (session._peer.text, session.is_secure) == ("192.0.2.7:40000", True)
    writer.transport.abort()
    await asyncio.wait({session.task}, timeout=20)
    assert listener._shared.usage.all.connections._used == {}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
@pytest.mark.parametrize("at_once", [False, True], ids=["in turn", "at once"])
@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_before_implicit_tls(header, at_once, loop, server_tls, client_tls, handler) -> None:
    """The header comes in clear before the handshake, also in one packet with its beginning, under both loops."""

    async def scene() -> None:
        settings = ListenerSettings(
            address="127.0.0.1:0",
            hostname="gw.example",
            tls="implicit",
            proxy_from=LOOPBACK,
            tls_context=server_tls,
        )
        listener = await start_listener(handler, settings)
        await greet_over_tls(listener, header, client_tls, at_once=at_once)
        await listener.drain(5)

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(scene())


async def test_before_starttls(serve, connect, server_tls, client_tls) -> None:
    """Behind the header a session goes on as any other, STARTTLS included."""
    listener = await serve(proxy_from=LOOPBACK, tls="starttls", auth="required", tls_context=server_tls)
    client = await connect(listener, greeted=False)
    await client.send(HEADERS["v2"])
    assert await client.reply() == "220 gw.example ESMTP"
    await client.ask("EHLO x", "STARTTLS")
    await client.start_tls(client_tls)
    assert "AUTH PLAIN LOGIN" in (await client.ask("EHLO x"))[0]


async def test_health_check(serve, connect, log) -> None:
    """A proxy that speaks for itself is its own client."""
    client = await connect(await serve(proxy_from=LOOPBACK, auth="required"), greeted=False)
    await client.send(GOOD["v2 LOCAL"][0])
    assert await client.reply() == "220 gw.example ESMTP"
    assert [entry["peer"].rpartition(":")[0] for entry in log] == ["127.0.0.1"]


@pytest.mark.parametrize("octets", [BAD["SMTP"], BAD["TLS"], BAD["v2 UDP"]], ids=["SMTP", "TLS", "v2 UDP"])
async def test_a_listed_peer_must_send_it(octets: bytes, serve, connect, log) -> None:
    """A listed peer without a header is cut off without a word."""
    client = await connect(await serve(proxy_from=LOOPBACK, auth="required"), greeted=False)
    await client.send(octets)
    assert await client.rest() == ""
    assert [(entry["event"], entry["reason"]) for entry in log] == [("session_refused", "proxy")]


async def test_a_listed_peer_must_send_it_soon(serve, connect, log) -> None:
    """A header that does not come, or not to its end, is not waited for."""
    listener = await serve(proxy_from=LOOPBACK, auth="required", handshake_s=0.05)
    client = await connect(listener, greeted=False)
    await client.send(b"PROXY TCP4 192.0.2.7")
    assert await client.rest() == ""
    assert [entry["reason"] for entry in log] == ["proxy"]
    assert not listener._server._entering


async def test_half_a_header(serve, connect, log) -> None:
    """Who goes inside the header leaves nothing behind."""
    listener = await serve(proxy_from=LOOPBACK, auth="required")
    client = await connect(listener, greeted=False)
    await client.send(b"PROXY TCP4 192.0.2.7")
    client.writer.write_eof()
    assert await client.rest() == ""
    assert not listener._server._entering


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
async def test_strangers_are_not_believed(header: bytes, serve, connect, log) -> None:
    """From a peer that is not listed, the header is a command that ends the connection."""
    listener = await serve(proxy_from=(ip_network("192.0.2.10"),), auth="required")
    client = await connect(listener)
    await client.send(header)
    assert (await client.rest())[:3] in {"500", "502"}
    assert all(entry["peer"].startswith("127.0.0.1:") for entry in log)


async def test_strangers_are_not_believed_before_tls(serve, connect, server_tls, log) -> None:
    """From a peer that is not listed, the header is no TLS."""
    listener = await serve(
        proxy_from=(ip_network("192.0.2.10"),), tls="implicit", auth="required", tls_context=server_tls
    )
    client = await connect(listener, greeted=False)
    await client.send(HEADERS["v1"])
    assert "220" not in (await client.rest())
    assert [entry["reason"] for entry in log] == ["handshake"]
    assert listener._shared.usage.all.connections._used == {}


async def test_handshakes_are_counted(serve, connect, server_tls, client_tls, log) -> None:
    """A client that never shakes hands counts as a connection from the beginning, and no more once it is gone."""
    used = Usage(SharedLimits(address=ScopeLimits(connections=1)))
    listener = await serve(tls="implicit", auth="required", tls_context=server_tls, usage=used)
    silent = await connect(listener, greeted=False)
    await silent.send(b"\x16")
    second = await connect(listener, greeted=False)
    assert await second.rest() == ""
    assert [entry["reason"] for entry in log] == ["connections_per_peer"]
    (entering,) = listener._server._entering
    silent.writer.transport.abort()
    await asyncio.wait({entering}, timeout=20)
    assert used.all.connections._used == {}
    third = await connect(listener, tls=client_tls)
    assert (await third.ask("QUIT")) == ["221 2.0.0 Bye."]


async def test_gone_behind_the_handshake(serve, connect, server_tls, client_tls) -> None:
    """A client that goes as soon as TLS is up leaves nothing behind."""
    listener = await serve(tls="implicit", auth="required", tls_context=server_tls)
    for _ in range(20):
        client = await connect(listener, tls=client_tls, greeted=False)
        client.writer.transport.abort()
    await listener.drain(5)
    assert listener._shared.usage.all.connections._used == {}
    assert not listener._server._entering


async def test_stopping(serve, connect, server_tls) -> None:
    """A gateway that stops does not wait for handshakes."""
    listener = await serve(tls="implicit", auth="required", tls_context=server_tls)
    client = await connect(listener, greeted=False)
    await client.send(b"\x16")
    assert await listener.drain(20) == 0
    assert await client.rest() == ""


async def test_no_file_descriptors_left(serve, connect, server_tls, client_tls, monkeypatch, log) -> None:
    """An accept that fails is told and tried again a little later; nobody is lost."""
    loop = asyncio.get_running_loop()
    accept = loop.sock_accept
    failures = [OSError(24, "Too many open files")]

    async def failing(listening):
        if failures:
            raise failures.pop()
        return await accept(listening)

    monkeypatch.setattr(loop, "sock_accept", failing)
    monkeypatch.setattr("gateway.smtp.entrance.BREATH_S", 0)
    listener = await serve(tls="implicit", auth="required", tls_context=server_tls)
    client = await connect(listener, tls=client_tls)
    assert await client.ask("QUIT") == ["221 2.0.0 Bye."]
    assert [entry["errno"] for entry in log if entry["event"] == "fault"] == [24]


async def test_address_taken(serve, server_tls) -> None:
    """A port that is taken is an error of the start, and nothing stays open."""
    listener = await serve(tls="implicit", auth="required", tls_context=server_tls)
    with pytest.raises(OSError):
        await serve(
            address=f"127.0.0.1:{listener.port}", tls="implicit", auth="required", tls_context=server_tls
        )


async def test_ipv6(serve, server_tls, client_tls) -> None:
    """Listeners with a proxy or implicit TLS listen on IPv6, too."""
    listener = await serve(address="[::1]:0", tls="implicit", auth="required", tls_context=server_tls)
    reader, writer = await asyncio.open_connection(
        "::1", listener.port, ssl=client_tls, server_hostname="gw.example"
    )
    assert await reader.readline() == b"220 gw.example ESMTP\r\n"
    writer.transport.abort()
