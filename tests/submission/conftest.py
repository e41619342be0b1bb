"""The real intake behind a real listener and over a real store: what strangers and sellers may and may not."""

import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiosmtplib
import pytest

from gateway.credentials import hash_password
from gateway.intake import Intake
from gateway.mail.address import parse_path
from gateway.smtp.server import Listener, ListenerSettings, start_listener
from gateway.store.store import Store

PASSWORD = "correct horse battery staple"
HASH = hash_password(PASSWORD)
SELLERS = {"tea": "orders@harbour-tea.example", "coffee": "shop@coffee.example"}


async def no_sleep(_seconds: float) -> None:
    """Passes the time before a 535 at once."""


class Door:
    """A listener with the gateway's own intake behind it."""

    def __init__(self, store: Store, intake: Intake, listener: Listener) -> None:
        self.store, self.intake, self.listener = store, intake, listener

    @contextlib.asynccontextmanager
    async def client(
        self, username: str | None = None, password: str = PASSWORD
    ) -> AsyncIterator[aiosmtplib.SMTP]:
        """A client that has said EHLO, and logged in where a name is given."""
        client = aiosmtplib.SMTP(
            hostname="127.0.0.1", port=self.listener.port, start_tls=False, use_tls=False
        )
        await client.connect()
        try:
            await client.ehlo()
            if username is not None:
                await client.auth_plain(username, password)
            yield client
        finally:
            client.close()


async def said(client: aiosmtplib.SMTP, line: str) -> str:
    """The reply to one line as it stands, whatever it is."""
    response = await client.execute_command(*line.encode().split(b" "))
    return f"{response.code} {response.message}"


@pytest.fixture
async def open_door(tmp_path: Path, policies) -> AsyncIterator[Callable[..., Any]]:
    """Opens doors; keyword arguments go to the intake or to the listener."""
    async with contextlib.AsyncExitStack() as stack:
        store = await Store.open(f"sqlite:///{tmp_path}/gateway.db", instance="test")
        stack.push_async_callback(store.close)
        for name, sender in SELLERS.items():
            await store.add_seller(name, [parse_path(sender)], HASH)

        async def start(*, auth: str = "required", workers: Any = None, **options: Any) -> Door:
            intake = Intake(
                store=store,
                workers=workers,
                policies=policies,
                hostname="gw.example",
                wake=lambda: None,
                **options,
            )
            stack.callback(intake.close)
            settings = ListenerSettings(
                address="127.0.0.1:0", hostname="gw.example", tls="none", auth=auth, sleep=no_sleep
            )
            listener = await start_listener(intake, settings)
            stack.push_async_callback(listener.drain, 5)
            return Door(store, intake, listener)

        yield start


@pytest.fixture
def say():
    return said
