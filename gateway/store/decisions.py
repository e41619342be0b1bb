"""Who decided what about a message, and until when it is held.

Not here: what a decision does to message and queue (``hold.py``).
"""

from collections.abc import Sequence
from datetime import datetime

from gateway.store.driver import Operation, Statement, clean, from_micros, places, to_micros
from gateway.store.records import StateError
from gateway.store.rulings import Deadline, Decision

_NOTE = "INSERT INTO decision (message_id, at, who, what, reason) VALUES ($1, $2, $3, $4, $5)"

_DECISIONS = "SELECT at, who, what, reason FROM decision WHERE message_id = $1 ORDER BY id"

_KEEP = "INSERT INTO hold (message_id, warn_at, held_until) VALUES ($1, $2, $3)"

_UNTIL = "SELECT message_id, held_until FROM hold WHERE message_id IN ({ids})"

_DONE = {
    "hold": "put on hold",
    "release": "released",
    "override": "released",
    "reject": "refused",
    "retry": "made due",
    "delete": "deleted",
}


def note(message_id: str, decision: Decision) -> Statement:
    """Write a decision down."""
    return Statement(
        _NOTE,
        (message_id, to_micros(decision.at), clean(decision.who), decision.what, clean(decision.reason)),
    )


def of(message_id: str) -> Operation[tuple[Decision, ...]]:
    """All decisions about a message, oldest first."""
    rows = yield Statement(_DECISIONS, (message_id,))
    return tuple(
        Decision(at=from_micros(at), who=who, what=what, reason=reason) for at, who, what, reason in rows
    )


def keep(message_id: str, deadline: Deadline) -> Statement:
    """Hold a message from now on."""
    return Statement(_KEEP, (message_id, to_micros(deadline.warn_at), to_micros(deadline.until)))


def held_until(message_ids: Sequence[str]) -> Operation[dict[str, datetime]]:
    """Message id → deadline, of those that are held."""
    rows = yield Statement(_UNTIL.format(ids=places(len(message_ids))), tuple(message_ids))
    return {message_id: from_micros(until) for message_id, until in rows}


def refused(message_id: str, wanted: str, last: Decision | None) -> StateError:
    """The sentence for who comes too late, or to the wrong message.

    Args:
        message_id: The message.
        wanted: What it is not, ``"held"``.
        last: The last decision about it.
    """
    if last is None or last.what == "retry":  # which ends nothing
        return StateError(f"{message_id} is not {wanted}; see `gateway messages show {message_id}`")
    done = f"{_DONE[last.what]} by {last.who} at {last.at:%Y-%m-%d %H:%M:%S} UTC"
    return StateError(f"{message_id} is not {wanted} any more: {done}")
