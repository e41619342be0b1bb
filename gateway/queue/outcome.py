"""From what the next hop said to what the record keeps, and to what the seller is told.

Not here: who sends and who writes (``runner.py``), when again (``schedule.py``).
"""

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from gateway.mail.address import Address
from gateway.mail.cause import PASSING
from gateway.mail.delivery import Delivered, DeliveryResult, PermanentFailure, TemporaryFailure
from gateway.ops import events
from gateway.queue.schedule import Schedule, Tried, expires_at, is_late, next_attempt
from gateway.store.records import Attempt, Outcome, QueueItem, Settlement

What: TypeAlias = Literal["failed", "expired", "delayed", "relayed"]
"""Refused for good; given up after too long; still on its way after hours; taken, and the client asked to be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A recipient that its seller is to be told about.

    Attributes:
        address: Forward-path.
        what: See ``What``.
        result: The last attempt's.
        at: When.
        attempts: Attempts made.
        retry_until: For a delay: when the mail will be given up.
    """

    address: Address
    what: What
    result: DeliveryResult
    at: datetime
    attempts: int
    retry_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What becomes of a queue row, and what is told of it.

    Attributes:
        settlement: For the record.
        told: For the seller, or ``None``.
    """

    settlement: Settlement
    told: Told | None = None


def settled(item: QueueItem, result: DeliveryResult, schedule: Schedule, now: datetime) -> Settled:
    """What becomes of a queue row after this result."""
    if isinstance(result, Delivered):
        settlement = _ended(item, result, "delivered", now)
        is_asked = "SUCCESS" in item.notify
        return Settled(settlement=settlement, told=_told(item, result, "relayed", now) if is_asked else None)
    if isinstance(result, PermanentFailure):
        settlement = _ended(item, result, "failed", now)
        return Settled(settlement=settlement, told=_told(item, result, "failed", now))
    due_at = _next(item, result, schedule, now)
    if due_at is None:
        settlement = _ended(item, result, "expired", now)
        return Settled(settlement=settlement, told=_told(item, result, "expired", now))
    told = None
    if not item.is_delay_told and is_late(schedule, item.first_at, now):
        until = expires_at(schedule, item.first_at, now)
        told = _told(item, result, "delayed", now, until)
    settlement = Settlement(
        queue_id=item.id,
        state="queued",
        due_at=due_at,
        attempt=_attempt(result, now) if result.wait_s is None else None,
        is_delay_told=told is not None,
    )
    return Settled(settlement=settlement, told=told)


def _next(item: QueueItem, result: TemporaryFailure, schedule: Schedule, now: datetime) -> datetime | None:
    dice = random.random()  # noqa: S311 - spreads load, guards nothing
    is_passing = result.cause in PASSING
    tried = Tried(attempts=item.attempts + 1, first_at=item.first_at, is_passing=is_passing)
    due_at = next_attempt(schedule, tried, now, dice)
    if due_at is None or result.wait_s is None:
        return due_at
    # Nobody tried: it is worth asking again much sooner, and those that wait must not come back all at once.
    return now + timedelta(seconds=result.wait_s * (1 + dice), milliseconds=1)


def _ended(
    item: QueueItem, result: DeliveryResult, state: Literal["delivered", "failed", "expired"], now: datetime
) -> Settlement:
    return Settlement(queue_id=item.id, state=state, due_at=None, attempt=_attempt(result, now))


def _attempt(result: DeliveryResult, now: datetime) -> Attempt:
    return Attempt(
        at=now,
        outcome=outcome(result),
        next_hop=result.next_hop,
        reply=result.reply,
        cause="" if isinstance(result, Delivered) else result.cause.value,
    )


def _told(
    item: QueueItem, result: DeliveryResult, what: What, now: datetime, until: datetime | None = None
) -> Told:
    return Told(
        address=item.recipient,
        what=what,
        result=result,
        at=now,
        attempts=item.attempts + 1,
        retry_until=until,
    )


def outcome(result: DeliveryResult) -> Outcome:
    """One word for a result."""
    if isinstance(result, Delivered):
        return "delivered"
    if isinstance(result, PermanentFailure):
        return "permanent"
    return "unknown" if result.outcome_unknown else "temporary"


def unknown(next_hop: str, reply: str) -> TemporaryFailure:
    """The mail may have arrived: it is tried again, and the record says why it may come twice."""
    return TemporaryFailure(next_hop=next_hop, reply=reply, outcome_unknown=True)


def report(message_id: str, results: Iterable[DeliveryResult], seconds: float) -> None:
    """One event for the recipients that share an outcome; none for those that nobody tried."""
    counted = Counter(
        (result.next_hop, outcome(result), _cause(result), result.reply)
        for result in results
        if not (isinstance(result, TemporaryFailure) and result.wait_s is not None)
    )
    for (next_hop, word, cause, reply), count in counted.items():
        events.attempt_made(
            id=message_id,
            next_hop=next_hop,
            outcome=word,
            cause=cause,
            recipients=count,
            reply=reply,
            seconds=seconds,
        )


def _cause(result: DeliveryResult) -> str:
    return "" if isinstance(result, Delivered) else result.cause.value
