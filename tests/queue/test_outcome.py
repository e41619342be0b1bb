"""From results to settlements."""

from datetime import timedelta

import pytest
import structlog

from gateway.mail.delivery import Delivered, PermanentFailure, TemporaryFailure
from gateway.queue import outcome
from gateway.queue.outcome import FailedRecipient
from gateway.queue.schedule import Schedule

HOP = "relay.example:25"
TAKEN = Delivered(next_hop=HOP, reply="250 2.0.0 ok")
LATER = TemporaryFailure(next_hop=HOP, reply="451 4.0.0 later")
LOST = TemporaryFailure(next_hop=HOP, reply="connection lost", outcome_unknown=True)
NEVER = PermanentFailure(next_hop=HOP, reply="550 5.1.1 no", status="5.1.1")
OLD = timedelta(days=9)


@pytest.mark.parametrize(
    ("result", "age", "state", "word"),
    [
        pytest.param(TAKEN, OLD, "delivered", "delivered", id="taken"),
        pytest.param(LATER, timedelta(0), "queued", "temporary", id="later"),
        pytest.param(LOST, timedelta(0), "queued", "unknown", id="lost after the dot"),
        pytest.param(LATER, OLD, "expired", "temporary", id="too old"),
        pytest.param(NEVER, timedelta(0), "failed", "permanent", id="refused"),
    ],
)
def test_settlement(item, now, result, age, state, word):
    """Each result has its state, a time if (and only if) it is tried again, and its history."""
    settled = outcome.settlement(item(7, attempts=2), result, Schedule(jitter=0), now + age)
    assert (settled.queue_id, settled.state, settled.attempt.outcome) == (7, state, word)
    assert settled.due_at == (now + timedelta(seconds=240) if state == "queued" else None)
    assert (settled.attempt.at, settled.attempt.next_hop, settled.attempt.reply) == (
        now + age,
        HOP,
        result.reply,
    )


@pytest.mark.parametrize(
    ("result", "age", "expired"),
    [
        pytest.param(TAKEN, OLD, None, id="taken: nothing to tell"),
        pytest.param(LATER, timedelta(0), None, id="tried again: nothing to tell yet"),
        pytest.param(LATER, OLD, True, id="expired"),
        pytest.param(NEVER, OLD, False, id="refused"),
    ],
)
def test_failure(item, now, result, age, expired):
    """Only what is never tried again is told, with the last result and the number of attempts."""
    row = item(attempts=2)
    settled = outcome.settlement(row, result, Schedule(), now + age)
    failed = FailedRecipient(address=row.recipient, result=result, is_expired=bool(expired), attempts=3)
    assert outcome.failure(row, result, settled) == (None if expired is None else failed)


def test_report():
    """Recipients that share an outcome share an event."""
    with structlog.testing.capture_logs() as logs:
        outcome.report("m1", [TAKEN, TAKEN, NEVER, LOST], 0.5)
    told = [(line["event"], line["outcome"], line["recipients"]) for line in logs]
    assert told == [
        ("attempt_made", "delivered", 2),
        ("attempt_made", "permanent", 1),
        ("attempt_made", "unknown", 1),
    ]
