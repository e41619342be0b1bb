"""Builders for the record's tests: messages, addresses, an open store."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.mail.address import Address
from gateway.mail.envelope import Envelope, Recipient
from gateway.store.records import Attempt, FindingRecord, NewMessage, Release, Settlement
from gateway.store.rulings import Deadline, Decision
from gateway.store.store import Store

NOW = datetime(2026, 11, 3, 12, 0, 0, 123456, tzinfo=UTC)


DEADLINE = Deadline(warn_at=NOW + timedelta(hours=18), until=NOW + timedelta(hours=20))


def _address(text: str) -> Address:
    local, _, domain = text.rpartition("@")
    return Address(local=local, domain=domain)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def address() -> Callable[[str], Address]:
    return _address


@pytest.fixture
def finding() -> FindingRecord:
    return FindingRecord(
        rule="external_link",
        clause="amazon:links",
        part="1.2",
        evidence="https://shop…",
        on_match="strip",
        remedy="UNWRAP_ELEMENT",
        advice="Take the link out.",
    )


@pytest.fixture
def new_message() -> Callable[..., NewMessage]:
    """Makes an accepted message; ``to`` names its recipients, any field can be replaced.

    One that is held has twenty hours, and a warning two hours before.
    """

    def build(name: str = "m1", *, to: tuple[str, ...] = ("buyer@market.example",), **changes) -> NewMessage:
        message = NewMessage(
            id=name,
            received_at=NOW,
            seller="shop",
            peer="127.0.0.1",
            envelope=Envelope(
                reverse_path=_address("orders@shop.example"),
                recipients=tuple(Recipient(address=_address(text)) for text in to),
            ),
            policy="amazon@2020-11-03",
            verdict="accept",
            reply=f"250 2.0.0 {name}",
            message_id=f"<{name}@shop.example>",
            subject="Your order",
            order_ids=("302-1234567-1234567",),
            original=b"original " + name.encode(),
            sent=b"sent " + name.encode(),
            route="amazon",
            findings=(),
            normalised=(),
            due_at=NOW,
        )
        if changes.get("verdict") == "hold":
            changes = {"sent": None, "hold": DEADLINE, **changes}
        return replace(message, **changes)

    return build


@pytest.fixture
def decision() -> Callable[..., Decision]:
    """Makes a decision of Anna's."""

    def build(what: str, *, who: str = "anna", reason: str = "seen", at: datetime = NOW) -> Decision:
        return Decision(at=at, who=who, what=what, reason=reason)

    return build


@pytest.fixture
def deadline() -> Deadline:
    return DEADLINE


@pytest.fixture
def new_release(finding, new_message) -> Callable[..., Release]:
    """Makes what a second examination says of a message."""

    def build(name: str = "m1", **changes) -> Release:
        message = new_message(name)
        release = Release(
            envelope=message.envelope,
            route=message.route,
            verdict="strip",
            policy="amazon@2027-01-01",
            sent=b"mended " + name.encode(),
            findings=(finding,),
            normalised=("header field X dropped",),
        )
        return replace(release, **changes)

    return build


@pytest.fixture
def settlement() -> Callable[..., Settlement]:
    """Makes a settlement of one row."""

    def build(
        queue_id: int, state="delivered", *, due_at=None, outcome="delivered", reply="250 ok"
    ) -> Settlement:
        attempt = Attempt(at=NOW, outcome=outcome, next_hop="relay.example:25", reply=reply)
        return Settlement(queue_id=queue_id, state=state, due_at=due_at, attempt=attempt)

    return build


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/gateway.db"


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    opened = await Store.open(url, instance="one")
    yield opened
    await opened.close()


@pytest.fixture
async def other(url: str, store: Store) -> AsyncIterator[Store]:
    """A second instance on the same record."""
    opened = await Store.open(url, instance="two")
    yield opened
    await opened.close()
