"""A scripted next hop on a real socket, certificates for it, and a deliverer that talks to it."""

import asyncio
import contextlib
import re
import socket
import ssl
import struct
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest
import trustme

from gateway.mail.address import Address
from gateway.relay.client import Deliverer
from gateway.relay.hosts import Host
from gateway.relay.route import NextHop
from gateway.relay.settings import DeliverySettings, Timeouts

DEFAULTS = {
    "GREETING": "220 relay.test ESMTP",
    "HELO": "250 relay.test",
    "STARTTLS": "220 2.0.0 go ahead",
    "AUTH": "235 2.7.0 welcome",
    "ANSWER": "235 2.7.0 welcome",
    "MAIL": "250 2.1.0 ok",
    "RCPT": "250 2.1.5 ok",
    "DATA": "354 go ahead",
    "DOT": "250 2.0.0 queued as 1",
    "RSET": "250 2.0.0 ok",
    "QUIT": "221 2.0.0 bye",
}


@dataclass
class ScriptedServer:
    """Plays one next hop.

    ``replies`` holds, per verb, the replies to give before the usual one; "CLOSE" hangs up, "RESET" does so with a
    TCP reset, "HANG" says nothing until the client hangs up, a pair of octets and "" (go on) or one
    of these words is written as it is. ``reached`` holds an event per verb, ``seen`` the command lines, ``mails`` the
    contents with dots unstuffed.
    """

    replies: dict[str, list[str | tuple[bytes, str]]] = field(default_factory=dict)
    extensions: tuple[str, ...] = ("SIZE 10000000", "8BITMIME")
    is_pipelining: bool = False
    name: str = "relay.test"
    tls: ssl.SSLContext | None = None
    is_implicit: bool = False
    port: int = 0
    connections: int = 0
    open_connections: int = 0
    seen: list[str] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    reached: dict[str, asyncio.Event] = field(default_factory=lambda: defaultdict(asyncio.Event))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.connections += 1
        self.open_connections += 1
        self.writers.append(writer)
        with contextlib.suppress(OSError, EOFError, asyncio.IncompleteReadError):
            await self._dialogue(reader, writer)
        self.open_connections -= 1
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        self.closed.set()

    async def _dialogue(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reply = await self._reply("GREETING", reader, writer)
        while line := await reader.readline():
            text = line.decode().rstrip("\r\n")
            self.seen.append(text)
            verb = text.partition(" ")[0].upper() if not reply.startswith("334") else "ANSWER"
            reply = await self._reply(verb, reader, writer)
            if verb == "QUIT":
                return
            if verb == "STARTTLS" and reply.startswith("220"):
                await writer.start_tls(self.tls)
            if verb == "DATA" and reply.startswith("354"):
                await self._content(reader, writer)

    async def _content(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raw = b"\r\n"
        while not raw.endswith(b"\r\n.\r\n"):
            line = await reader.readline()
            if not line:
                raise EOFError
            raw += line
        self.mails.append(re.sub(rb"(?m)^\.", b"", raw[2:-3]))
        await self._reply("DOT", reader, writer)

    async def _reply(self, verb: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        self.reached[verb].set()
        scripted = self.replies.get(verb)
        reply = scripted.pop(0) if scripted else self._usual(verb)
        if isinstance(reply, tuple):
            octets, reply = reply
            writer.write(octets)
            await writer.drain()
            if not reply:
                return ""
        if reply == "HANG":
            await reader.read()
        if reply == "RESET":
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()
        if reply in {"HANG", "CLOSE", "RESET"}:
            raise EOFError
        writer.write(reply.encode() + b"\r\n")
        await writer.drain()
        if reply.startswith("421"):
            raise EOFError
        return reply

    def _usual(self, verb: str) -> str:
        if verb == "EHLO":
            lines = [self.name, *self.extensions, *(["PIPELINING"] if self.is_pipelining else [])]
            return "\r\n".join(
                f"250{'-' if i < len(lines) - 1 else ' '}{text}" for i, text in enumerate(lines)
            )
        return DEFAULTS.get(verb, "500 5.5.1 what?")


@dataclass
class FixedResolver:
    """Answers every domain with the same hosts, and remembers who was asked for."""

    answer: object
    asked: list[str] = field(default_factory=list)

    async def hosts(self, domain: str) -> object:
        """The fixed answer."""
        self.asked.append(domain)
        return self.answer


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def trusted(authority: trustme.CA) -> ssl.SSLContext:
    """A client context that trusts the test authority and nobody else."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture(scope="session")
def server_context(authority: trustme.CA) -> Callable[[str], ssl.SSLContext]:
    """Makes a server context whose certificate holds one name."""

    def make(name: str) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert(name).configure_cert(context)
        return context

    return make


@pytest.fixture(params=["one-by-one", "pipelined"])
def is_pipelining(request: pytest.FixtureRequest) -> bool:
    """Whether the next hops of the test offer PIPELINING: what becomes of a mail must not depend on it."""
    return request.param == "pipelined"


@pytest.fixture
async def listen(is_pipelining: bool) -> AsyncIterator[Callable[..., Awaitable[ScriptedServer]]]:
    """Starts scripted next hops on free loopback ports."""
    servers = []

    async def start(**script: object) -> ScriptedServer:
        hop = ScriptedServer(**{"is_pipelining": is_pipelining, **script})
        hop.replies = {verb: list(replies) for verb, replies in hop.replies.items()}
        server = await asyncio.start_server(
            hop.serve, "127.0.0.1", 0, ssl=hop.tls if hop.is_implicit else None, limit=1 << 21
        )
        hop.port = server.sockets[0].getsockname()[1]
        servers.append((server, hop))
        return hop

    yield start
    for server, hop in servers:
        server.close()
        for writer in hop.writers:
            writer.close()


@pytest.fixture
async def deliverer(trusted: ssl.SSLContext) -> AsyncIterator[Callable[..., Deliverer]]:
    """Makes deliverers that are patient for a fraction of a second."""
    made = []

    def make(
        *, answer: object = (), patience: float = 5.0, tls: ssl.SSLContext = trusted, **settings: object
    ) -> Deliverer:
        timeouts = Timeouts(
            connect=patience, greeting=patience, command=patience, final=patience, slot=patience
        )
        chosen = DeliverySettings(**{"hostname": "gw.test", "timeouts": timeouts, **settings})
        made.append(Deliverer(chosen, resolver=FixedResolver(answer), tls_context=tls))
        return made[-1]

    yield make
    for each in made:
        await each.close()
    await asyncio.sleep(0)


@pytest.fixture
def plain() -> Callable[[ScriptedServer], NextHop]:
    """The next hop of a scripted server without TLS."""
    return lambda hop: NextHop(kind="smtp", host="127.0.0.1", port=hop.port)


@pytest.fixture
def buyers() -> list[Address]:
    return [Address(f"buyer{i}", "marketplace.example") for i in range(3)]


@pytest.fixture
def seller() -> Address:
    return Address("orders", "seller.example")


@pytest.fixture
def host() -> Callable[..., Host]:
    """A host as the resolver names it."""
    return lambda name="mx.test", *addresses: Host(name=name, addresses=addresses or ("127.0.0.1",))
