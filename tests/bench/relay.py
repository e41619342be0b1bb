"""What the relay side of a mail costs: ``python tests/bench/relay.py [COUNT] [--profile FILE] [--mx]``.

Puts COUNT small mails into a record, lets the queue runner send them to Debian's ``smtp-sink`` on loopback, and prints
milliseconds a mail: of CPU in this process (all its threads: runner, delivery agent, store), and of wall time.

*Not here:* what it costs to take a mail in and to examine it.
"""

import argparse
import asyncio
import contextlib
import cProfile
import os
import pstats
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

from gateway.mail.address import Address
from gateway.mail.envelope import Envelope, Recipient
from gateway.ops import log
from gateway.queue.runner import Hooks, Runner
from gateway.queue.schedule import Schedule
from gateway.relay.client import Deliverer
from gateway.relay.hosts import Resolver
from gateway.relay.route import NextHop
from gateway.relay.settings import DeliverySettings
from gateway.store.records import NewMessage
from gateway.store.store import Store

BODY = (
    b"Subject: Your order 028-1234567-1234567\r\n\r\n" + b"Thank you for your order, it ships today.\r\n" * 40
)
SELLER = Address(local="orders", domain="seller.example")
BUYER = Address(local="k3j9x0example1", domain="marketplace.amazon.com")


def mail(number: int, now: datetime) -> NewMessage:
    """One small mail."""
    return NewMessage(
        id=f"m{number:06}",
        received_at=now,
        seller="tea",
        peer="127.0.0.1:1",
        envelope=Envelope(reverse_path=SELLER, recipients=(Recipient(address=BUYER),)),
        policy="amazon@2020-11-03",
        verdict="accept",
        reply="250 2.0.0",
        message_id=f"<{number}@seller.example>",
        subject="Your order",
        order_ids=(),
        original=BODY,
        sent=BODY,
        route="amazon",
        findings=(),
        normalised=(),
        due_at=now,
    )


@contextlib.contextmanager
def sink() -> Iterator[int]:
    """smtp-sink on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    process = subprocess.Popen(["/usr/sbin/smtp-sink", "-u", "nobody", f"127.0.0.1:{port}", "1000"])
    try:
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()


@contextlib.asynccontextmanager
async def record(count: int) -> AsyncIterator[Store]:
    """A record with that many mails, due."""
    with tempfile.TemporaryDirectory() as folder:
        store = await Store.open(f"sqlite:///{folder}/gateway.db", instance="bench")
        now = datetime.now(UTC)
        await asyncio.gather(*(store.accept(mail(number, now)) for number in range(count)))
        yield store
        await store.close()


async def run(count: int, port: int, profile: cProfile.Profile | None) -> tuple[float, float]:
    """Send them all; seconds of CPU and of wall time."""
    deliverer = Deliverer(DeliverySettings(hostname="gw.example"), resolver=Resolver())
    hop = NextHop(kind="smtp", host="127.0.0.1", port=port)

    async def deliver(_route, reverse_path, recipients, octets):
        return await deliverer.deliver(hop, reverse_path, recipients, octets)

    async def told(*_):
        raise RuntimeError("a mail failed")

    async with record(count) as store:
        runner = Runner(store, Hooks(deliver=deliver, tell=told, schedule=lambda _route: Schedule()))
        cpu, wall = time.process_time(), time.perf_counter()
        if profile:
            profile.enable()
        task = asyncio.create_task(runner.run())
        while (await store.depth()).waiting or (await store.depth()).leased:
            await asyncio.sleep(0.05)
        if profile:
            profile.disable()
        spent = time.process_time() - cpu, time.perf_counter() - wall
        await runner.drain(5)
        await task
        await deliverer.close()
    return spent


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("count", nargs="?", type=int, default=2000)
    parser.add_argument("--profile", type=Path)
    options = parser.parse_args()
    profile = cProfile.Profile() if options.profile else None
    import uvloop

    with (
        Path(os.devnull).open("wb") as nowhere,
        sink() as port,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        log.configure(stream=nowhere, style="json")
        cpu, wall = runner.run(run(options.count, port, profile))
    each = 1000 / options.count
    print(f"{options.count} mails: cpu {cpu * each:.3f} ms, wall {wall * each:.3f} ms a mail")
    if profile:
        profile.dump_stats(options.profile)
        pstats.Stats(profile).sort_stats("tottime").print_stats(45)


if __name__ == "__main__":
    main()
