"""The real intake behind a real listener and over a real store: what strangers and sellers may and may not."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.credentials import hash_password
from gateway.intake import Intake
from gateway.mail.address import parse_path
from gateway.recipients import Recipients
from gateway.smtp.server import Listener, ListenerSettings, start_listener
from gateway.store.store import Store

PASSWORD = "correct horse battery staple"
HASH = hash_password(PASSWORD)
SELLERS = {"tea": "orders@harbour-tea.example", "coffee": "shop@coffee.example"}


async def no_sleep(_seconds: float) -> None:
    """Passes the time before a 535 at once."""


class Client:
    """Sends lines as they stand, reads replies."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer = reader, writer

    async def read(self) -> str:
        """The last line of a reply; ``""`` when the server has closed."""
        line = b"   -"
        async with asyncio.timeout(20):
            while line[3:4] == b"-":
                line = await self._reader.readline()
        return line.decode().rstrip("\r\n")

    async def say(self, line: str) -> str:
        """The reply to one line."""
        self.writer.write(f"{line}\r\n".encode())
        return await self.read()

    async def log_in(self, username: str, password: str = PASSWORD) -> str:
        """The reply to AUTH PLAIN."""
        response = base64.b64encode(f"\0{username}\0{password}".encode()).decode()
        return await self.say(f"AUTH PLAIN {response}")

    async def submit(self, *lines: str, octets: bytes) -> str:
        """The reply to the final dot, after commands that are all answered positively."""
        for line in (*lines, "DATA"):
            reply = await self.say(line)
            assert reply[0] in "23", (line, reply)
        self.writer.write(octets + b".\r\n")
        return await self.read()


class Door:
    """A listener with the gateway's own intake behind it."""

    def __init__(self, store: Store, listener: Listener) -> None:
        self.store, self.listener = store, listener

    @contextlib.asynccontextmanager
    async def client(self, username: str | None = None) -> AsyncIterator[Client]:
        """A client that has said EHLO, and logged in where a name is given."""
        client = Client(*await asyncio.open_connection("127.0.0.1", self.listener.port))
        try:
            await client.read()
            await client.say("EHLO client.example")
            if username is not None:
                assert (await client.log_in(username)).startswith("235")
            yield client
        finally:
            client.writer.transport.abort()


@pytest.fixture
async def open_door(tmp_path: Path, policies) -> AsyncIterator[Callable[..., Any]]:
    """Opens a door, with AUTH and without other recipients unless told otherwise."""
    async with contextlib.AsyncExitStack() as stack:
        store = await Store.open(f"sqlite:///{tmp_path}/gateway.db", instance="test")
        stack.push_async_callback(store.close)
        for name, sender in SELLERS.items():
            await store.add_seller(name, [parse_path(sender)], HASH)

        async def start(*, auth: str = "required", relays_others: bool = False, workers: Any = None) -> Door:
            recipients = Recipients(policies, relays_others=relays_others)
            intake = Intake(
                store=store,
                workers=workers,
                recipients=recipients,
                hostname="gw.example",
                wake=lambda: None,
            )
            stack.callback(intake.close)
            settings = ListenerSettings(
                address="127.0.0.1:0", hostname="gw.example", tls="none", auth=auth, sleep=no_sleep
            )
            listener = await start_listener(intake, settings)
            stack.push_async_callback(listener.drain, 5)
            return Door(store, listener)

        yield start
