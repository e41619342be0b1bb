"""Times the queue at a thousand, ten thousand, … a million queued recipients: what must not grow with them.

Run by hand: ``python tests/bench/claim.py [--rows 1000000]``. Prints milliseconds (best of several), and the ratio of
the longest queue to the shortest. ``others`` are those of a route beside one that hangs and has the whole queue.
"""

import argparse
import asyncio
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

from gateway.mail.address import Address, parse_path
from gateway.mail.envelope import Envelope, Recipient
from gateway.store.records import Attempt, NewMessage, Settlement
from gateway.store.store import Store

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
RECIPIENTS = 100
"""Of one message, so that a million rows are ten thousand messages."""

CLAIMED = 200
"""As many as the runner claims at a time."""

TIMES = 15
FLAT = 2.0
"""A ratio above it is not flat: two more levels of a tree, and a colder cache, are less."""


def mail(number: int, route: str, due_at: datetime, recipients: int = RECIPIENTS) -> NewMessage:
    """A mail to many."""
    to = tuple(
        Recipient(address=Address(local=f"b{number}-{n}", domain=f"{route}.example"))
        for n in range(recipients)
    )
    return NewMessage(
        id=f"{route}{number:012d}",
        received_at=due_at,
        seller="tea",
        peer="",
        envelope=Envelope(reverse_path=parse_path("orders@harbour-tea.example"), recipients=to),
        policy=f"{route}@1",
        verdict="accept",
        reply="",
        message_id=None,
        subject="Your order",
        order_ids=(),
        original=b"x",
        sent=b"x",
        route=route,
        findings=(),
        normalised=(),
        due_at=due_at,
    )


async def fill(store: Store, have: int, want: int) -> None:
    """Queue up to that many recipients, all due, of one route; then a few of another that came last."""
    numbers = range(have // RECIPIENTS, want // RECIPIENTS)
    for first in range(0, len(numbers), 50):
        batch = numbers[first : first + 50]
        await asyncio.gather(
            *(store.accept(mail(n, "amazon", NOW - timedelta(seconds=10**7 - n))) for n in batch)
        )
    await asyncio.gather(*(store.accept(mail(want + n, "other", NOW, 1)) for n in range(300)))


async def timed(action, after=None) -> float:
    """Milliseconds of the fastest of some."""
    best = float("inf")
    for _ in range(TIMES):
        began = perf_counter()
        result = await action()
        best = min(best, perf_counter() - began)
        if after is not None:
            await after(result)
    return best * 1000


async def measured(store: Store) -> dict[str, float]:
    """What a gateway does all the time, by name."""

    async def release(items: list) -> None:
        await store.release([item.id for item in items])

    async def settle() -> None:
        items = await store.claim(CLAIMED, NOW, 600)
        attempt = Attempt(at=NOW, outcome="temporary", next_hop="mx.example:25", reply="451 4.3.0")
        later = NOW - timedelta(seconds=1)
        await store.settle(
            [Settlement(queue_id=item.id, state="queued", due_at=later, attempt=attempt) for item in items]
        )

    return {
        "claim": await timed(lambda: store.claim(CLAIMED, NOW, 600), release),
        "claim others": await timed(
            lambda: store.claim(CLAIMED, NOW, 600, exclude=(("amazon", ""),)), release
        ),
        "claim and settle": await timed(settle),
        "next due": await timed(store.next_due),
        "next due of others": await timed(lambda: store.next_due(exclude=(("amazon", ""),))),
        "depth": await timed(store.depth),
    }


async def reopened(url: str) -> tuple[Store, float]:
    """The record opened anew, and the milliseconds that it took."""
    began = perf_counter()
    store = await Store.open(url, instance="bench")
    return store, (perf_counter() - began) * 1000


async def run(url: str, rows: int) -> dict[str, list[float]]:
    """Name → milliseconds at each length of the queue."""
    found: dict[str, list[float]] = {}
    have, want = 0, 1_000
    while want <= rows:
        store, _ = await reopened(url)
        await fill(store, have, want)
        await store.close()
        store, opening = await reopened(url)
        for name, each in {**await measured(store), "open": opening}.items():
            found.setdefault(name, []).append(each)
        await store.close()
        print(f"{want} rows measured", flush=True)
        have, want = want, want * 10
    return found


def main() -> int:
    """The command line; 1 if something is not flat."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(run(f"sqlite:///{Path(folder)}/queue.db", arguments.rows))
    for name, each in found.items():
        print(f"{name:20}", *(f"{ms:9.2f}" for ms in each), f"   x{each[-1] / each[0]:.1f}")
    return int(any(each[-1] / each[0] > FLAT for name, each in found.items() if name != "depth"))


if __name__ == "__main__":
    sys.exit(main())
