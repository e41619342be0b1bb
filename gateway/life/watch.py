"""What is done again and again beside the mail: the numbers of the queue, the purge, the clock.

Not here: what is looked at for life and death (``vitals``), the deadlines of held mail (``gateway/keeper``).
"""

import asyncio
import math
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from gateway.life.certificate import expires_at
from gateway.life.clock import ClockFollower
from gateway.ops import events, metrics
from gateway.store.records import StoreError
from gateway.store.store import Store

QUEUE_WATCH_S = 5.0
"""Seconds between looks at the queue for /metrics; scrapes come every 15 or 30."""

PURGE_EVERY_S = 3600.0
"""Seconds between purges of old copies."""

CLOCK_WATCH_S = 1.0
"""Seconds between looks at the clock. Who claims or decides by it looks himself, before he does."""


CERTIFICATE_WATCH_S = 60.0
"""Seconds between looks at the certificate's file."""

AGAIN_S = 5.0
"""Seconds until work that a bug has ended begins again."""


async def keep_at(work: Callable[[], Awaitable[None]]) -> None:
    """Works for ever: a bug must not end what nobody would miss until the queue is full."""
    while True:
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - our own bug, whatever it is
            events.fault(incident=secrets.token_hex(4), where="other", exception=error)
            await asyncio.sleep(AGAIN_S)
        else:
            return


async def watch_queue_for_ever(store: Store, clock: Callable[[], datetime]) -> None:
    """Keeps the numbers that a scrape of /metrics reads; the scrape itself must not wait for the disk."""
    state = metrics.QueueState()
    metrics.watch_queue(lambda: state)
    while True:
        with suppress(StoreError):  # /readyz tells
            depth, due, now = await store.depth(), await store.next_due(), clock()
            state = metrics.QueueState(
                waiting=depth.waiting,
                leased=depth.leased,
                held=depth.held,
                oldest_seconds=_since(depth.oldest_at, now),
                overdue_seconds=_since(due, now),
                hold_seconds=math.inf
                if depth.held_until is None
                else (depth.held_until - now).total_seconds(),
            )
        await asyncio.sleep(QUEUE_WATCH_S)


async def purge_for_ever(store: Store, days: Callable[[], float], clock: Callable[[], datetime]) -> None:
    """Deletes copies at the end of their retention.

    Args:
        store: The record.
        days: How long copies are kept; asked each time, since a reload may change it.
        clock: Aware UTC.
    """
    while True:
        try:
            count = await store.purge(clock() - timedelta(days=days()))
        except StoreError as error:
            _fault(error)
        else:
            if count:
                events.purged(count=count)
        await asyncio.sleep(PURGE_EVERY_S)


async def watch_certificate_for_ever(certificate: Callable[[], Path | None]) -> None:
    """Keeps the time at which the certificate expires; 0 without one, or with one that cannot be read.

    Args:
        certificate: Its file; asked each time, since a reload may change it.
    """
    while True:
        file = certificate()
        expires = 0.0
        if file is not None:
            with suppress(
                OSError, ValueError
            ):  # the listeners show what they have, and the next reload tells
                expires = (await asyncio.to_thread(expires_at, file)).timestamp()
        metrics.CERTIFICATE_EXPIRES.set(expires)
        await asyncio.sleep(CERTIFICATE_WATCH_S)


async def follow_clock_for_ever(follower: ClockFollower, wake: Callable[[], None]) -> None:
    """Has the record follow the clock; a store that fails meanwhile is asked again."""
    while True:
        await asyncio.sleep(CLOCK_WATCH_S)
        with suppress(StoreError):  # /readyz tells
            if await follower.follow():
                wake()


def _since(at: datetime | None, now: datetime) -> float:
    return max(0.0, (now - at).total_seconds()) if at is not None else 0.0


def _fault(error: Exception) -> None:
    events.fault(incident=secrets.token_hex(4), where="store", exception=error)
