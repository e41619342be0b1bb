"""From what the next hop said to what the record keeps.

Not here: who sends and who writes (``runner.py``), when again (``schedule.py``).
"""

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from gateway.mail.address import Address
from gateway.mail.delivery import Delivered, DeliveryResult, PermanentFailure, TemporaryFailure
from gateway.ops import events
from gateway.queue.schedule import Schedule, next_attempt
from gateway.store.records import Attempt, Outcome, QueueItem, Settlement


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedRecipient:
    """A recipient that will not be tried again.

    Attributes:
        address: Forward-path.
        result: The last attempt's.
        is_expired: Given up after too long, rather than refused for good.
        attempts: Attempts made.
    """

    address: Address
    result: TemporaryFailure | PermanentFailure
    is_expired: bool
    attempts: int


def settlement(item: QueueItem, result: DeliveryResult, schedule: Schedule, now: datetime) -> Settlement:
    """What becomes of a queue row after this result."""
    attempt = Attempt(at=now, outcome=outcome(result), next_hop=result.next_hop, reply=result.reply)
    if isinstance(result, Delivered):
        return Settlement(queue_id=item.id, state="delivered", due_at=None, attempt=attempt)
    if isinstance(result, PermanentFailure):
        return Settlement(queue_id=item.id, state="failed", due_at=None, attempt=attempt)
    dice = random.random()  # noqa: S311 - spreads load, guards nothing
    due_at = next_attempt(schedule, item.attempts + 1, item.first_at, now, dice)
    if due_at is None:
        return Settlement(queue_id=item.id, state="expired", due_at=None, attempt=attempt)
    return Settlement(queue_id=item.id, state="queued", due_at=due_at, attempt=attempt)


def failure(item: QueueItem, result: DeliveryResult, settled: Settlement) -> FailedRecipient | None:
    """What the seller is to be told, or ``None`` where there is (or will be) a delivery."""
    if isinstance(result, Delivered) or settled.state == "queued":
        return None
    return FailedRecipient(
        address=item.recipient,
        result=result,
        is_expired=settled.state == "expired",
        attempts=item.attempts + 1,
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
    """One event for the recipients that share an outcome."""
    counted = Counter((result.next_hop, outcome(result), result.reply) for result in results)
    for (next_hop, word, reply), count in counted.items():
        events.attempt_made(
            id=message_id, next_hop=next_hop, outcome=word, recipients=count, reply=reply, seconds=seconds
        )
