"""A gateway's store and queue runner that kills itself at the nth pass of a labelled step.

Run by test_crash.py: ``crash_child.py URL JOURNAL RUN STEP NTH``. The journal gets one line for each accept that was
answered ("ack id"), each recipient a next hop took ("sent id recipient") and, at the end, "done". Lines are written
straight to the file, so they outlive the process as a next hop would.
"""

import asyncio
import os
import secrets
import signal
import sys
from dataclasses import replace
from datetime import UTC, datetime

from gateway.mail.address import Address
from gateway.mail.delivery import Delivered, PermanentFailure, TemporaryFailure
from gateway.mail.envelope import Envelope, Recipient
from gateway.queue.runner import Hooks, Runner
from gateway.queue.schedule import Schedule
from gateway.queue.seams import Letter, Letters
from gateway.store import sqlite
from gateway.store.records import NewMessage
from gateway.store.store import Store

MESSAGES = 6
RECIPIENTS = ("good", "late", "bad")  # delivered; delivered at the second attempt; refused for good


NOTICE = Envelope(
    reverse_path=None, recipients=(Recipient(address=Address(local="shop", domain="shop.example")),)
)


class Crash:
    """Counts the passes of one step."""

    def __init__(self, step: str, nth: int) -> None:
        self.step, self.left = step, nth

    def at(self, step: str) -> None:
        """One pass of a step."""
        if step == self.step:
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


class Journal:
    """An append-only file."""

    def __init__(self, path: str) -> None:
        self.file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def write(self, line: str) -> None:
        """One line, at once."""
        os.write(self.file, f"{line}\n".encode())


class WatchedStore:
    """The queue as the runner sees it, with the labelled steps; ``emptied`` once nothing is due any more."""

    def __init__(self, store: Store, crash: Crash) -> None:
        self.store, self.crash, self.emptied = store, crash, asyncio.Event()

    def __getattr__(self, name):
        return getattr(self.store, name)

    async def claim(self, *args, **kwargs):
        """Claims; the step counts if there was something to claim."""
        items = await self.store.claim(*args, **kwargs)
        if items:
            self.crash.at("after-claim")
        return items

    async def settle(self, settlements, **notices):
        """Settles, between two steps."""
        self.crash.at("before-settle")
        await self.store.settle(settlements, **notices)
        self.crash.at("after-settle")
        if await self.store.next_due() is None:
            self.emptied.set()


def message(name: str) -> NewMessage:
    now = datetime.now(UTC)
    to = tuple(Recipient(address=Address(local=local, domain="market.example")) for local in RECIPIENTS)
    return NewMessage(
        id=name,
        received_at=now,
        seller="shop",
        peer="127.0.0.1",
        envelope=Envelope(reverse_path=Address(local="shop", domain="shop.example"), recipients=to),
        policy="amazon@2020-11-03",
        verdict="accept",
        reply="250 2.0.0",
        message_id=None,
        subject="",
        order_ids=(),
        original=b"original",
        sent=b"sent",
        route="amazon",
        findings=(),
        normalised=(),
        due_at=now,
    )


def commit_watched(crash: Crash) -> None:
    commit = sqlite._commit

    def watched(connection):
        crash.at("before-commit")
        commit(connection)
        crash.at("after-commit")

    sqlite._commit = watched


async def main(url: str, journal_path: str, run: str, step: str, nth: str) -> None:
    crash, journal, seen = Crash(step, int(nth)), Journal(journal_path), set()
    commit_watched(crash)
    store = await Store.open(url, instance="gateway")
    watched = WatchedStore(store, crash)

    async def deliver(route, reverse_path, recipients, octets):
        await asyncio.sleep(0)
        results = {}
        for address in recipients:
            if address.local == "bad":
                results[address] = PermanentFailure(next_hop="hop", reply="550 5.1.1", status="5.1.1")
            elif address.local == "late" and (octets, address) not in seen:
                results[address] = TemporaryFailure(next_hop="hop", reply="451 4.0.0")
            else:
                journal.write(f"sent {octets.decode()} {address.local}")
                results[address] = Delivered(next_hop="hop", reply="250 2.0.0")
            seen.add((octets, address))
        crash.at("after-send")
        return results

    async def tell(message_id, failed):
        journal.write(f"told {message_id} {failed[0].address.local}")
        crash.at("after-notice")
        name = f"notice/{message_id}/{secrets.token_hex(4)}"
        notice = replace(message(name), envelope=NOTICE, sent=name.encode())
        return Letters(now=(Letter(kind="failed", message=notice),))

    schedule = Schedule(first_s=0.001, cap_s=0.001, expire_s=600)
    hooks = Hooks(deliver=deliver, tell=tell, schedule=lambda _route: schedule)
    runner = Runner(watched, hooks)
    running = asyncio.create_task(runner.run())

    async def feed(name):
        new = message(name)
        await store.accept(
            NewMessage(**{slot: getattr(new, slot) for slot in new.__slots__} | {"sent": name.encode()})
        )
        journal.write(f"ack {name}")
        runner.wake()

    await asyncio.gather(*(feed(f"{run}-{n}") for n in range(MESSAGES)))
    if await store.next_due() is not None:
        await watched.emptied.wait()
    await runner.drain(5)
    await running
    await store.close()
    journal.write("done")


asyncio.run(main(*sys.argv[1:]))
