"""Keeps notices to one seller few: so many one by one, the rest summed up in one mail.

A broken ERP that sends ten thousand mails to dead addresses must not bring ten thousand notices into its shop's
mailbox: they bury the one that matters, and its mail provider would throw us out.
What is not sent one by one is in the record as owed, in the transaction that settled the mail; nothing is lost.

Not here: what a single notice says (``notices``), the words of the sum (``mail/dsn_sum``).
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from gateway.intake import new_id
from gateway.mail.address import Address
from gateway.mail.cause import Cause
from gateway.mail.dsn_sum import Line, NoticeSum, compose_sum
from gateway.mail.envelope import Envelope, Recipient
from gateway.mail.report import Action
from gateway.ops import events
from gateway.store.owed import OwedSum
from gateway.store.records import NewMessage, StoreError

NOTICES_ROUTE = "notices"
"""Route under which notices are queued; no policy may have this name."""

BURST = 30
"""Notices to one seller at once: an unlucky campaign, read one by one."""

REGAIN_S = 60.0
"""Seconds until one more notice to a seller may go by itself."""

SUM_EVERY_S = 600.0
"""Seconds between sums: a seller waits no longer than this for what he is owed."""

MAX_SELLERS = 10_000
"""Sellers whose allowance is remembered; above it, that of the longest quiet one is full again, as it would be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A mail of the gateway's own to a seller.

    Attributes:
        id: Our id of it.
        at: When it was written.
        seller: Whose it is.
        recipient: Whom it goes to.
        subject: For the record, where it is listed; not the mail's own.
        octets: The mail.
        order_ids: Orders it speaks of.
    """

    id: str
    at: datetime
    seller: str
    recipient: Address
    subject: str
    octets: bytes
    order_ids: tuple[str, ...] = ()


def message_id_of(id_: str, hostname: str) -> str:
    """The Message-ID of a mail of our own."""
    return f"<{id_}@{hostname}>"


def notice_record(written: Written, hostname: str) -> NewMessage:
    """A mail of our own as it is queued: from nobody, so that nobody answers it (house invariant 8)."""
    recipient = Recipient(address=written.recipient, notify=("NEVER",))
    return NewMessage(
        id=written.id,
        received_at=written.at,
        seller=written.seller,
        peer="",
        envelope=Envelope(reverse_path=None, recipients=(recipient,)),
        policy=NOTICES_ROUTE,
        verdict="accept",
        reply="",
        message_id=message_id_of(written.id, hostname),
        subject=written.subject,
        order_ids=written.order_ids,
        original=written.octets,
        sent=written.octets,
        route=NOTICES_ROUTE,
        findings=(),
        normalised=(),
        due_at=written.at,
    )


class Allowance:
    """How many notices a seller may still get one by one."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, seller: str) -> bool:
        """One notice to that seller; ``False`` where it is to be summed up."""
        now = self._clock()
        left, since = self._left.pop(seller, (float(BURST), now))
        left = min(float(BURST), left + (now - since) / REGAIN_S)
        is_given = left >= 1
        self._left[seller] = (left - 1 if is_given else left, now)
        if len(self._left) > MAX_SELLERS:
            del self._left[next(iter(self._left))]
        return is_given


class Debts(Protocol):
    """The side of the store that this module uses."""

    async def owed(self) -> list[OwedSum]:
        """What sellers are still to be told."""
        ...

    async def sum_up(self, owed_sum: OwedSum, notice: NewMessage) -> None:
        """Queue a notice in place of what was owed."""
        ...


class Summaries:
    """Writes the sums.

    Args:
        store: The record.
        author: From whom.
        hostname: The gateway's own name.
        clock: Aware UTC.

    Attributes:
        wake: Called when a sum was queued.
    """

    def __init__(
        self,
        store: Debts,
        author: Address,
        hostname: str,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._author = author
        self._hostname = hostname
        self._clock = clock
        self.wake: Callable[[], None] = lambda: None

    async def run(self) -> None:
        """Sums up until it is cancelled."""
        while True:
            await asyncio.sleep(SUM_EVERY_S)
            try:
                await self.sum_up()
            except StoreError as error:
                events.fault(incident=secrets.token_hex(4), where="store", exception=error)
            except Exception as error:  # noqa: BLE001 - our own bug: what is owed stays owed
                events.fault(incident=secrets.token_hex(4), where="notices", exception=error)

    async def sum_up(self) -> int:
        """Queues a sum for every reverse-path that is owed one; returns how many."""
        sums = await self._store.owed()
        for each in sums:
            notice = self._notice(each)
            await self._store.sum_up(each, notice)
            self.wake()
            events.notice_sent(id=notice.id, kind="summary")
        return len(sums)

    def _notice(self, owed: OwedSum) -> NewMessage:
        now = self._clock().replace(microsecond=0)
        id_ = new_id(now)
        notice_sum = NoticeSum(
            hostname=self._hostname,
            author=self._author,
            recipient=owed.reverse_path,
            message_id=message_id_of(id_, self._hostname),
            written_at=now,
            since=owed.since,
            counts=[
                (Action(action), Cause(cause) if cause else None, count)
                for action, cause, count in owed.counts
            ],
            lines=[
                Line(
                    message=each.message_id,
                    recipient=each.recipient,
                    action=Action(each.action),
                    subject=each.subject,
                    received_at=each.received_at,
                )
                for each in owed.listed
            ],
        )
        return notice_record(
            Written(
                id=id_,
                at=now,
                seller=owed.seller,
                recipient=owed.reverse_path,
                subject=f"{sum(count for _, _, count in owed.counts)} notices summed up",
                octets=compose_sum(notice_sum),
            ),
            self._hostname,
        )
