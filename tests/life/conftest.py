"""A mail client without manners, and gateways whose work can be held up."""

import asyncio
import contextlib
import json
import threading
from email.message import EmailMessage

import pytest

from gateway.store.driver import Statement
from gateway.worker import Workers

BUYER = "4k2x9w1q7p3m5n8@marketplace.amazon.co.uk"
SELLER = "orders@harbour-tea.example"


def _mail(text="Dear customer, your order 203-1234567-7654321 is on its way.\n", number=1):
    message = EmailMessage()
    message["From"] = SELLER
    message["To"] = BUYER
    message["Subject"] = "Your order"
    message["Date"] = "Mon, 23 Nov 2026 09:00:00 +0000"
    message["Message-ID"] = f"<{number}@harbour-tea.example>"
    message.set_content(text)
    return bytes(message).replace(b"\n", b"\r\n")


@pytest.fixture
def mail():
    """Makes a mail as it goes over the wire, without its final dot."""
    return _mail


class Client:
    """Speaks a line at a time."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    async def send(self, octets):
        self.writer.write(octets)
        await self.writer.drain()

    async def reply(self):
        """The next reply's last line; ``""`` when the connection has ended."""
        async with asyncio.timeout(20):
            while True:
                try:
                    line = (await self.reader.readline()).decode().removesuffix("\r\n")
                except ConnectionError:
                    return ""
                if line[3:4] != "-":
                    return line

    async def say(self, *lines):
        """The replies to these lines."""
        replies = []
        for line in lines:
            await self.send(f"{line}\r\n".encode())
            replies.append(await self.reply())
        return replies

    async def begin(self):
        """As far as 354; the replies."""
        return await self.say("EHLO x", f"MAIL FROM:<{SELLER}>", f"RCPT TO:<{BUYER}>", "DATA")

    async def submit(self, octets):
        """A whole mail; the reply to its final dot."""
        replies = await self.begin()
        assert replies[-1].startswith("354"), replies
        await self.send(octets + b".\r\n")
        return await self.reply()


@pytest.fixture
async def connect():
    """Connects to a gateway, and reads the greeting."""
    clients = []

    async def connect(gateway, *, number=0, **options):
        host, _, port = gateway.addresses[number].rpartition(":")
        clients.append(Client(*await asyncio.open_connection(host, int(port), **options)))
        assert (await clients[-1].reply()).startswith("220 ")
        return clients[-1]

    yield connect
    for client in clients:
        client.writer.transport.abort()
    await asyncio.sleep(0)


class HeldUpWorkers(Workers):
    """Worker processes that look at no mail until they are let."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.is_reached, self.may_go = asyncio.Event(), asyncio.Event()
        self.may_go.set()

    async def examine(self, *arguments, **options):
        with self._at_work():
            self.is_reached.set()
            await self.may_go.wait()
            return await super().examine(*arguments, **options)

    def hold_up(self):
        self.is_reached.clear()
        self.may_go.clear()


@pytest.fixture
def held_up_workers():
    return HeldUpWorkers.start


@contextlib.asynccontextmanager
async def _held_up(store):
    """The store's writer is busy with one operation until the block ends."""
    entered, leave = threading.Event(), threading.Event()

    def wait():
        entered.set()
        leave.wait(20)
        yield Statement("SELECT 1")

    task = asyncio.create_task(store._driver.write(wait))
    await asyncio.to_thread(entered.wait, 20)
    try:
        yield
    finally:
        leave.set()
        await task


@pytest.fixture
def held_up():
    return _held_up


@pytest.fixture
def told(log_lines):
    """Events of that name that the gateway has logged."""

    def told(name):
        lines = [json.loads(line) for line in log_lines.getvalue().splitlines()]
        return [line for line in lines if line["event"] == name]

    return told


@pytest.fixture
def until():
    """Waits until something is so."""

    async def until(condition):
        async with asyncio.timeout(20):
            while not condition():
                await asyncio.sleep(0.005)

    return until
