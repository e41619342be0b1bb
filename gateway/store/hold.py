"""What people, and deadlines, do to what waits: hold, release, refuse, retry, delete.

House rules: each is one operation on one message, and changes something only while the message still is in the state
that it is about: of two people who decide at once one wins, and the other is told by a ``StateError``.
What is being sent this moment (a lease that has not run out) can be neither held nor deleted.

Not here: what a second examination says (``gateway/review.py``), when a deadline has come (``gateway/keeper.py``).
"""

from collections.abc import Sequence
from datetime import datetime

from gateway.store import decisions, messages, owed, queue
from gateway.store.driver import Operation, Statement, from_micros, to_micros
from gateway.store.owed import OwedNotice
from gateway.store.records import NewMessage, Release, StateError
from gateway.store.rulings import Deadline, Decision, HeldMessage

_END = "DELETE FROM hold WHERE message_id = $1 RETURNING message_id"

_VERDICT = "UPDATE message SET verdict = $1 WHERE id = $2"

_LEASED = """
SELECT id FROM queue
WHERE message_id = $1 AND state = 'queued' AND instance IS NOT NULL AND claimable_at > $2 LIMIT 1"""

_MOVE = "UPDATE queue SET state = $1, instance = NULL WHERE message_id = $2 AND state = $3 RETURNING id"

_REQUEUE = """
UPDATE queue SET state = 'queued', first_at = $1, due_at = $1, claimable_at = $1, instance = NULL
WHERE message_id = $2 AND state = 'held'"""

_RETRY = """
UPDATE queue SET due_at = $1, claimable_at = $1
WHERE message_id = $2 AND state = 'queued' AND (instance IS NULL OR claimable_at <= $1) RETURNING id"""

_DUE = """
SELECT h.message_id, m.seller, m.route, h.warn_at, h.held_until
FROM hold h JOIN message m ON m.id = h.message_id
WHERE COALESCE(h.warn_at, h.held_until) <= $1 ORDER BY h.held_until, h.message_id"""

_NEXT = "SELECT MIN(COALESCE(warn_at, held_until)) FROM hold"

_WARNED = "UPDATE hold SET warn_at = NULL WHERE message_id = $1 AND warn_at IS NOT NULL RETURNING message_id"


def hold(message_id: str, deadline: Deadline, decision: Decision) -> Operation[None]:
    """Take what is queued of a message out of the queue, for a person to look at.

    Raises:
        StateError: Nothing of it is queued, or it is being sent right now.
    """
    yield from _unleased(message_id, decision.at)
    if not (yield Statement(_MOVE, ("held", message_id, "queued"))):
        raise (yield from _refused(message_id, "queued"))
    yield decisions.keep(message_id, deadline)
    yield Statement(_VERDICT, ("hold", message_id))
    yield decisions.note(message_id, decision)


def release(message_id: str, release: Release, decision: Decision) -> Operation[None]:
    """Queue a held message with the octets and findings of its new examination, due at once.

    Raises:
        StateError: It is not held.
    """
    yield from _end(message_id)
    yield from messages.reexamined(message_id, release)
    if (yield Statement("SELECT id FROM queue WHERE message_id = $1 LIMIT 1", (message_id,))):
        yield Statement(_REQUEUE, (to_micros(decision.at), message_id))
    else:
        yield from queue.enqueue(
            message_id, release.route, release.envelope, first_at=decision.at, due_at=decision.at
        )
    yield decisions.note(message_id, decision)


def refuse(
    message_id: str, decision: Decision, notice: NewMessage | None, owed_notices: Sequence[OwedNotice] = ()
) -> Operation[None]:
    """Send nothing of a held message, and queue the notice that says so, or write down that it is owed.

    Raises:
        StateError: It is not held.
    """
    yield from _end(message_id)
    yield Statement(_VERDICT, ("reject", message_id))
    yield Statement(_MOVE, ("failed", message_id, "held"))
    yield decisions.note(message_id, decision)
    if notice is not None:
        yield from messages.accept(notice)
    yield from owed.owe(owed_notices)


def retry(message_id: str, decision: Decision) -> Operation[None]:
    """Make what is queued of a message due.

    Raises:
        StateError: Nothing of it is queued, or it is being sent right now.
    """
    if not (yield Statement(_RETRY, (to_micros(decision.at), message_id))):
        yield from _unleased(message_id, decision.at)
        raise (yield from _refused(message_id, "queued"))
    yield decisions.note(message_id, decision)


def delete(message_id: str, decision: Decision) -> Operation[None]:
    """Send nothing more of a message that is queued or held; nobody is told.

    Raises:
        StateError: It is neither, or it is being sent right now.
    """
    yield from _unleased(message_id, decision.at)
    was_held = yield Statement(_END, (message_id,))
    held = yield Statement(_MOVE, ("deleted", message_id, "held"))
    queued = yield Statement(_MOVE, ("deleted", message_id, "queued"))
    if not (was_held or held or queued):
        raise (yield from _refused(message_id, "waiting"))
    if was_held:
        yield Statement(_VERDICT, ("reject", message_id))
    yield decisions.note(message_id, decision)


def due(now: datetime) -> Operation[list[HeldMessage]]:
    """Held messages that want a warning or have reached their deadline, the nearest deadline first."""
    rows = yield Statement(_DUE, (to_micros(now),))
    return [
        HeldMessage(
            id=message_id,
            seller=seller,
            route=route,
            is_warned=warn_at is None,
            until=from_micros(until),
        )
        for message_id, seller, route, warn_at, until in rows
    ]


def next_due() -> Operation[datetime | None]:
    """When the next warning or deadline comes, or ``None``."""
    rows = yield Statement(_NEXT)
    return None if rows[0][0] is None else from_micros(rows[0][0])


def warned(message_id: str) -> Operation[bool]:
    """Write down that the warning is being given; ``False`` if somebody gave it, or decided, before."""
    return bool((yield Statement(_WARNED, (message_id,))))


def _end(message_id: str) -> Operation[None]:
    if not (yield Statement(_END, (message_id,))):
        raise (yield from _refused(message_id, "held"))


def _unleased(message_id: str, now: datetime) -> Operation[None]:
    if (yield Statement(_LEASED, (message_id, to_micros(now)))):
        raise StateError(f"{message_id} is being sent, or about to be; try again in half a minute")


def _refused(message_id: str, wanted: str) -> Operation[StateError]:
    if not (yield Statement("SELECT id FROM message WHERE id = $1", (message_id,))):
        return StateError(f'no message has the id "{message_id}"; see `gateway messages`')
    taken = yield from decisions.of(message_id)
    return decisions.refused(message_id, wanted, taken[-1] if taken else None)
