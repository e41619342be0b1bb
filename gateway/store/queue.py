"""What is to be sent, one row for each recipient: claimed under a lease, settled with its history.

A lease is a time before which nobody claims the row again (``claimable_at``): it needs no sweep, and a claim
costs the same however long the queue is.

Not here: when to try again (``gateway/queue/schedule.py``), who tries (``gateway/queue/runner.py``).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from gateway.mail.envelope import Envelope
from gateway.store.driver import (
    Dialect,
    Operation,
    Row,
    Statement,
    clean,
    from_column,
    from_micros,
    one_each,
    places,
    to_column,
    to_micros,
)
from gateway.store.records import Attempt, QueueDepth, QueueItem, RecipientRecord, Settlement, Way

_INSERT = """
INSERT INTO queue
  (message_id, route, reverse_path, recipient, domain, notify, state, attempts, first_at, due_at, claimable_at)
VALUES ($1, $2, $3, $4, $5, $6, 'queued', 0, $7, $8, $8)"""

_CLAIM = """
UPDATE queue SET claimable_at = $1, instance = $2 WHERE id IN (
  SELECT id FROM queue WHERE state = 'queued' AND claimable_at <= $3 {of_way}
  ORDER BY claimable_at, id LIMIT $4 {skip_locked})
RETURNING id, message_id, route, reverse_path, recipient, attempts, first_at, due_at, notify, is_delay_told"""

_RENEW = "UPDATE queue SET claimable_at = $1 WHERE id = $2 AND instance = $3 AND state = 'queued'"

_RELEASE = """
UPDATE queue SET claimable_at = due_at, instance = NULL
WHERE id = $1 AND instance = $2 AND state = 'queued'"""

# What was being sent is not told from what waited to be: any of it may have arrived.
_IN_HAND = """
INSERT INTO attempt (queue_id, at, outcome, next_hop, reply, cause)
SELECT id, $1, 'unknown', '', $2, 'connection_lost' FROM queue WHERE state = 'queued' AND instance = $3"""

_KILLED = "the gateway ended with this mail in hand; it may have been sent, and is sent again"

_TAKE_OVER = """
UPDATE queue SET claimable_at = due_at, instance = NULL
WHERE state = 'queued' AND instance = $1 RETURNING id"""

_RETRY = """
UPDATE queue SET attempts = attempts + $1, due_at = $2, claimable_at = $2, instance = NULL,
  is_delay_told = CASE WHEN $3 = 1 THEN 1 ELSE is_delay_told END
WHERE id = $4 AND state = 'queued' AND instance IS NOT DISTINCT FROM $5"""

_GIVE_UP = """
UPDATE queue SET attempts = attempts + 1, state = $1
WHERE id = $2 AND state = 'queued' AND instance IS NOT DISTINCT FROM $3"""

# A delivery is a fact, whoever holds the lease, or has put the row on hold, by now: not believing it would send the
# mail again.
_DELIVERED = """
UPDATE queue SET attempts = attempts + 1, state = 'delivered' WHERE id = $1 AND state IN ('queued', 'held')"""

_ATTEMPT = (
    "INSERT INTO attempt (queue_id, at, outcome, next_hop, reply, cause) VALUES ($1, $2, $3, $4, $5, $6)"
)

_NEXT_DUE = """
SELECT claimable_at FROM queue WHERE state = 'queued' {of_way} ORDER BY claimable_at LIMIT 1"""

_NEXT_DOMAIN = """
SELECT route, domain FROM queue WHERE state = 'queued' AND route = $1 AND domain > $2 ORDER BY domain LIMIT 1"""

_NEXT_ROUTE = """
SELECT route, domain FROM queue WHERE state = 'queued' AND route > $1 ORDER BY route, domain LIMIT 1"""

# Each counted in an index that holds nothing else.
_QUEUED = "SELECT COUNT(*) FROM queue WHERE state = 'queued'"

_LEASED = "SELECT COUNT(*) FROM queue WHERE state = 'queued' AND instance IS NOT NULL"

_OLDEST = "SELECT MIN(first_at) FROM queue WHERE state = 'queued'"

_RECIPIENTS = """
SELECT id, recipient, state, due_at, instance FROM queue WHERE message_id = $1 ORDER BY id"""

_ATTEMPTS = """
SELECT a.queue_id, a.at, a.outcome, a.next_hop, a.reply, a.cause
FROM queue q JOIN attempt a ON a.queue_id = q.id WHERE q.message_id = $1 ORDER BY a.id"""

_STATES = """
SELECT message_id, state, COUNT(*) FROM queue WHERE message_id IN ({ids}) GROUP BY message_id, state
ORDER BY message_id, state"""


def enqueue(
    message_id: str, route: str, envelope: Envelope, *, first_at: datetime, due_at: datetime
) -> Operation[None]:
    """A row for each recipient; part of an accept or a release."""
    reverse_path = to_column(envelope.reverse_path) if envelope.reverse_path else None
    times = (to_micros(first_at), to_micros(due_at))
    yield from one_each(
        _INSERT,
        (
            (
                *(message_id, route, reverse_path, to_column(recipient.address)),
                *(recipient.address.domain, ",".join(recipient.notify), *times),
            )
            for recipient in envelope.recipients
        ),
    )


def claim(
    dialect: Dialect, limit: int, now: datetime, lease_s: float, *, instance: str, exclude: Sequence[Way]
) -> Operation[list[QueueItem]]:
    """Lease due rows to an instance, those that wait longest first.

    Where ways are left out, each other way is asked for its share: walking over the long queue of one that has enough
    would cost more with each mail in it.
    """
    until = now + timedelta(seconds=lease_s)
    params = (to_micros(until), instance, to_micros(now))
    skip_locked = dialect.skip_locked
    if not exclude:
        statement = _CLAIM.format(of_way="", skip_locked=skip_locked)
        rows = yield Statement(statement, (*params, limit))
    else:
        rows = []
        ways = yield from _ways_without(exclude)
        statement = _CLAIM.format(of_way="AND route = $5 AND domain = $6", skip_locked=skip_locked)
        for number, way in enumerate(ways):
            share = -(-(limit - len(rows)) // (len(ways) - number))
            rows += yield Statement(statement, (*params, share, *way))
    items = [_item(row, until) for row in rows]
    return sorted(items, key=lambda item: (item.due_at, item.id))


def renew(ids: Iterable[int], until: datetime, *, instance: str) -> Operation[None]:
    """Hold leases longer."""
    yield from one_each(_RENEW, ((to_micros(until), row_id, instance) for row_id in ids))


def release(ids: Iterable[int], *, instance: str) -> Operation[None]:
    """Give leases back: the rows are due as they were."""
    yield from one_each(_RELEASE, ((row_id, instance) for row_id in ids))


def take_over(instance: str, now: datetime) -> Operation[int]:
    """Release every lease of an instance that is known to be dead, and say so in its history; returns how many."""
    yield Statement(_IN_HAND, (to_micros(now), _KILLED, instance))
    rows = yield Statement(_TAKE_OVER, (instance,))
    return len(rows)


def settle(settlements: Sequence[Settlement], *, instance: str | None) -> Operation[None]:
    """Write down what became of rows, with their history.

    A retry or a failure counts only while the lease is ours: whoever took the row over decides.
    Nothing changes a row that is settled.
    """
    for settlement in settlements:
        yield _settlement(settlement, instance)
        attempt = settlement.attempt
        if attempt is not None:
            yield Statement(
                _ATTEMPT,
                (
                    settlement.queue_id,
                    to_micros(attempt.at),
                    attempt.outcome,
                    clean(attempt.next_hop),
                    clean(attempt.reply),
                    attempt.cause,
                ),
            )


def next_due(exclude: Sequence[Way]) -> Operation[datetime | None]:
    """When a row can be claimed next, or ``None``."""
    if not exclude:
        rows = yield Statement(_NEXT_DUE.format(of_way=""))
    else:
        rows = []
        statement = _NEXT_DUE.format(of_way="AND route = $1 AND domain = $2")
        for way in (yield from _ways_without(exclude)):
            rows += yield Statement(statement, way)
    return from_micros(min(rows)[0]) if rows else None


def depth() -> Operation[QueueDepth]:
    """How much waits."""
    queued = (yield Statement(_QUEUED))[0][0]
    leased = (yield Statement(_LEASED))[0][0]
    oldest = (yield Statement(_OLDEST))[0][0]
    held, until = (yield Statement("SELECT COUNT(*), MIN(held_until) FROM hold"))[0]
    return QueueDepth(
        waiting=queued - leased,
        leased=leased,
        held=held,
        oldest_at=None if oldest is None else from_micros(oldest),
        held_until=None if until is None else from_micros(until),
    )


def recipients(message_id: str) -> Operation[tuple[RecipientRecord, ...]]:
    """The rows of one message with their history."""
    rows = yield Statement(_RECIPIENTS, (message_id,))
    history: dict[int, list[Attempt]] = {}
    for row_id, at, outcome, next_hop, reply, cause in (yield Statement(_ATTEMPTS, (message_id,))):
        attempt = Attempt(at=from_micros(at), outcome=outcome, next_hop=next_hop, reply=reply, cause=cause)
        history.setdefault(row_id, []).append(attempt)
    return tuple(
        RecipientRecord(
            queue_id=row_id,
            address=from_column(recipient),
            state=state,
            attempts=tuple(history.get(row_id, ())),
            due_at=from_micros(due_at) if state == "queued" else None,
            leased_to=instance,
        )
        for row_id, recipient, state, due_at, instance in rows
    )


def states(message_ids: Sequence[str]) -> Operation[dict[str, tuple[tuple[str, int], ...]]]:
    """Message id → number of recipients by state."""
    rows = yield Statement(_STATES.format(ids=places(len(message_ids))), tuple(message_ids))
    counted: dict[str, tuple[tuple[str, int], ...]] = {}
    for message_id, state, count in rows:
        counted[message_id] = (*counted.get(message_id, ()), (state, count))
    return counted


def _settlement(settlement: Settlement, instance: str | None) -> Statement:
    if settlement.due_at is not None:
        count, told = int(settlement.attempt is not None), int(settlement.is_delay_told)
        due_at = to_micros(settlement.due_at)
        return Statement(_RETRY, (count, due_at, told, settlement.queue_id, instance))
    if settlement.state == "delivered":
        return Statement(_DELIVERED, (settlement.queue_id,))
    return Statement(_GIVE_UP, (settlement.state, settlement.queue_id, instance))


def _item(row: Row, lease_until: datetime) -> QueueItem:
    row_id, message_id, route, reverse_path, recipient, attempts, first_at, due_at, notify, is_told = row
    return QueueItem(
        id=row_id,
        message_id=message_id,
        route=route,
        reverse_path=None if reverse_path is None else from_column(reverse_path),
        recipient=from_column(recipient),
        attempts=attempts,
        first_at=from_micros(first_at),
        due_at=from_micros(due_at),
        lease_until=lease_until,
        notify=tuple(notify.split(",")) if notify else (),
        is_delay_told=bool(is_told),
    )


def _ways_without(exclude: Sequence[Way]) -> Operation[list[Way]]:
    """The ways that something is queued for, less those that are left out: one step along the index for each."""
    whole = {route for route, domain in exclude if not domain}
    ways: list[Way] = []
    found = yield Statement(_NEXT_ROUTE, ("",))
    while found:
        route, domain = found[0]
        if route not in whole and (route, domain) not in exclude:
            ways.append((route, domain))
        found = [] if route in whole else (yield Statement(_NEXT_DOMAIN, (route, domain)))
        found = found or (yield Statement(_NEXT_ROUTE, (route,)))
    return ways
