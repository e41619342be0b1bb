"""A real listener on loopback, a handler that remembers, a client that speaks octet by octet."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import fields

import pytest
import structlog
import trustme

from gateway.mail.address import Address
from gateway.mail.envelope import Recipient
from gateway.mail.reply import Reply
from gateway.smtp.handler import Login, Submission
from gateway.smtp.limits import ScopeLimits, SharedLimits
from gateway.smtp.server import Listener, ListenerSettings, SessionLimits, start_listener
from gateway.smtp.usage import Usage


class Recorder:
    """Takes every mail; ``anna`` may log in with ``secret``; each question can be given another answer."""

    def __init__(self) -> None:
        self.submissions: list[Submission] = []
        self.asked: list[str] = []
        self.on_authenticate: Callable[[str, str], Awaitable[Login | None]] | None = None
        self.on_reverse_path: Callable[[Address | None], Awaitable[Reply | None]] | None = None
        self.on_recipient: Callable[[Address], Awaitable[Reply | None]] | None = None
        self.on_message: Callable[[Submission], Awaitable[Reply]] | None = None

    async def authenticate(self, username: str, password: str, _peer: str) -> Login | None:
        """As ``Handler.authenticate``."""
        self.asked.append(f"authenticate {username}")
        if self.on_authenticate:
            return await self.on_authenticate(username, password)
        return Login(seller="shop", username=username) if (username, password) == ("anna", "secret") else None

    async def reverse_path(self, _login: Login, address: Address | None) -> Reply | None:
        """As ``Handler.reverse_path``."""
        self.asked.append(f"reverse_path {address}")
        return await self.on_reverse_path(address) if self.on_reverse_path else None

    async def recipient(
        self, _login: Login, accepted: tuple[Recipient, ...], address: Address
    ) -> Reply | None:
        """As ``Handler.recipient``."""
        self.asked.append(f"recipient {len(accepted)} {address}")
        return await self.on_recipient(address) if self.on_recipient else None

    async def message(self, submission: Submission) -> Reply:
        """As ``Handler.message``."""
        self.submissions.append(submission)
        if self.on_message:
            return await self.on_message(submission)
        return Reply(code=250, status="2.0.0", text=f"message {len(self.submissions)}")


class Client:
    """A client without manners: sends any octets, reads replies, notices the end."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.patience_s: float | None = 20
        """Ends a test that hangs; ``None`` where the test moves the clock."""

    async def send(self, octets: bytes) -> None:
        """Send these octets and no others."""
        self.writer.write(octets)
        await self.writer.drain()

    async def line(self) -> str:
        """One line without its CRLF; ``""`` when the connection has ended."""
        async with asyncio.timeout(self.patience_s):
            try:
                return (await self.reader.readline()).decode().removesuffix("\r\n")
            except ConnectionError:
                return ""

    async def reply(self) -> str:
        """One reply, its lines joined by LF; ``""`` when the connection has ended."""
        lines = [await self.line()]
        while lines[-1][3:4] == "-":
            lines.append(await self.line())
        return "\n".join(lines)

    async def ask(self, *lines: str) -> list[str]:
        """Send all lines at once, read as many replies."""
        await self.send("".join(f"{line}\r\n" for line in lines).encode())
        return [await self.reply() for _ in lines]

    async def rest(self) -> str:
        """Everything until the server closes."""
        async with asyncio.timeout(self.patience_s):
            try:
                return (await self.reader.read()).decode()
            except ConnectionError:
                return ""

    async def submit(self, content: bytes) -> str:
        """Send a mail as far as DATA takes it; the reply to its end."""
        await self.ask("EHLO x", "MAIL FROM:<a@shop.example>", "RCPT TO:<b@mp.example>", "DATA")
        await self.send(content)
        return await self.reply()

    async def start_tls(self, context: ssl.SSLContext) -> None:
        """Shake hands, after the reply to STARTTLS."""
        await self.writer.start_tls(context, server_hostname="gw.example")
        # CPython 3.11 leaves the reader with the old transport.
        self.reader._transport = self.writer.transport


async def no_sleep(_seconds: float) -> None:
    """Passes the time before a 535 at once."""


DEFAULTS = {
    "address": "127.0.0.1:0",
    "hostname": "gw.example",
    "tls": "none",
    "auth": "none",
    "sleep": no_sleep,
}


@pytest.fixture
def client_class() -> type[Client]:
    return Client


@pytest.fixture
def handler() -> Recorder:
    return Recorder()


@pytest.fixture
async def serve(handler: Recorder) -> AsyncIterator[Callable[..., Awaitable[Listener]]]:
    """Starts listeners; settings and limits are given by name."""
    listeners: list[Listener] = []

    async def start(**options: object) -> Listener:
        usage = options.pop("usage", None)
        if {"connections", "connections_per_peer"} & options.keys():
            usage = Usage(
                SharedLimits(
                    all=ScopeLimits(connections=options.pop("connections", 0)),
                    address=ScopeLimits(connections=options.pop("connections_per_peer", 0)),
                )
            )
        names = {field.name for field in fields(ListenerSettings)}
        limits = SessionLimits(**{key: value for key, value in options.items() if key not in names})
        chosen = {key: value for key, value in options.items() if key in names}
        settings = ListenerSettings(**{**DEFAULTS, "limits": limits, **chosen})
        listeners.append(await start_listener(handler, settings, usage))
        return listeners[-1]

    yield start
    for listener in listeners:
        await listener.drain(5)


@pytest.fixture
async def connect() -> AsyncIterator[Callable[..., Awaitable[Client]]]:
    """Connects to a listener, and reads the greeting unless told not to."""
    clients: list[Client] = []

    async def open_one(
        listener: Listener, *, tls: ssl.SSLContext | None = None, greeted: bool = True
    ) -> Client:
        name = "gw.example" if tls else None
        client = Client(
            *await asyncio.open_connection("127.0.0.1", listener.port, ssl=tls, server_hostname=name)
        )
        clients.append(client)
        if greeted:
            assert await client.reply() == "220 gw.example ESMTP"
        return client

    yield open_one
    for client in clients:
        client.writer.transport.abort()
    await asyncio.sleep(0)


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("gw.example").configure_cert(context)
    return context


@pytest.fixture(scope="session")
def client_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture(autouse=True)
def log() -> Iterator[list[dict[str, object]]]:
    """Every event of the test, as ``ops.events`` told it."""
    with structlog.testing.capture_logs() as entries:
        yield entries
