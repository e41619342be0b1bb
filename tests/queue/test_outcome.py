"""From results to settlements, and to what is told."""

from datetime import timedelta

import pytest
import structlog

from gateway.mail.cause import Cause
from gateway.mail.delivery import Delivered, PermanentFailure, TemporaryFailure
from gateway.queue import outcome
from gateway.queue.outcome import Told
from gateway.queue.schedule import Schedule

HOP = "relay.example:25"
TAKEN = Delivered(next_hop=HOP, reply="250 2.0.0 ok")
LATER = TemporaryFailure(next_hop=HOP, reply="451 4.0.0 later", cause=Cause.RATE_LIMITED)
PUT_OFF = TemporaryFailure(next_hop=HOP, reply="450 4.7.1 greylisted", cause=Cause.GREYLISTED)
LOST = TemporaryFailure(next_hop=HOP, reply="connection lost", outcome_unknown=True)
RESTS = TemporaryFailure(next_hop=HOP, reply="cannot connect", cause=Cause.UNREACHABLE, wait_s=10)
NEVER = PermanentFailure(next_hop=HOP, reply="550 5.1.1 no", status="5.1.1", cause=Cause.UNKNOWN_RECIPIENT)
NEW, LATE, OLD = timedelta(0), timedelta(hours=5), timedelta(days=9)


@pytest.mark.parametrize(
    ("result", "age", "state", "word", "cause"),
    [
        pytest.param(TAKEN, OLD, "delivered", "delivered", "", id="taken"),
        pytest.param(LATER, NEW, "queued", "temporary", "rate_limited", id="later"),
        pytest.param(LOST, NEW, "queued", "unknown", "other", id="lost after the dot"),
        pytest.param(LATER, OLD, "expired", "temporary", "rate_limited", id="too old"),
        pytest.param(RESTS, OLD, "expired", "temporary", "unreachable", id="too old, and nobody tried"),
        pytest.param(NEVER, NEW, "failed", "permanent", "unknown_recipient", id="refused"),
    ],
)
def test_settlement(item, now, result, age, state, word, cause):
    """Each result has its state, a time if (and only if) it is tried again, and its history with the cause."""
    settled = outcome.settled(item(7, attempts=2), result, Schedule(jitter=0), now + age).settlement
    assert (settled.queue_id, settled.state, settled.attempt.outcome) == (7, state, word)
    assert settled.due_at == (now + timedelta(seconds=240) if state == "queued" else None)
    attempt = settled.attempt
    assert (attempt.at, attempt.next_hop, attempt.reply, attempt.cause) == (
        now + age,
        HOP,
        result.reply,
        cause,
    )


def test_what_nobody_tried_waits_a_little(item, now):
    """Where a next hop rests or is busy, there was no attempt: nothing is counted, and it is asked again soon."""
    settled = outcome.settled(item(7, attempts=9), RESTS, Schedule(), now).settlement
    assert (settled.state, settled.attempt) == ("queued", None)
    assert now + timedelta(seconds=10) <= settled.due_at <= now + timedelta(seconds=20.001)


def test_what_passes_is_tried_soon(item, now):
    """Greylisting is tried again in minutes, where anything else would wait an hour."""
    settled = outcome.settled(item(7, attempts=9), PUT_OFF, Schedule(jitter=0), now).settlement
    assert settled.due_at == now + timedelta(seconds=300)


@pytest.mark.parametrize(
    ("result", "age", "changes", "what"),
    [
        pytest.param(TAKEN, OLD, {}, None, id="taken"),
        pytest.param(TAKEN, NEW, {"notify": ("FAILURE",)}, None, id="taken, and only failures are asked for"),
        pytest.param(TAKEN, NEW, {"notify": ("FAILURE", "SUCCESS")}, "relayed", id="taken, and asked for"),
        pytest.param(LATER, NEW, {}, None, id="tried again"),
        pytest.param(LATER, LATE, {}, "delayed", id="late"),
        pytest.param(RESTS, LATE, {}, "delayed", id="late, and nobody tried"),
        pytest.param(LATER, LATE, {"is_delay_told": True}, None, id="late, and told before"),
        pytest.param(LATER, OLD, {}, "expired", id="expired"),
        pytest.param(NEVER, LATE, {}, "failed", id="refused"),
    ],
)
def test_told(item, now, result, age, changes, what):
    """The seller hears of what ended, of what is late (once), and of a delivery where he asked for that."""
    row = item(attempts=2, **changes)
    settled = outcome.settled(row, result, Schedule(), now + age)
    until = now + timedelta(days=4) if what == "delayed" else None
    expected = Told(
        address=row.recipient, what=what, result=result, at=now + age, attempts=3, retry_until=until
    )
    assert settled.told == (None if what is None else expected)
    assert settled.settlement.is_delay_told == (what == "delayed")


def test_report():
    """Recipients that share an outcome share an event; those that nobody tried have none."""
    with structlog.testing.capture_logs() as logs:
        outcome.report("m1", [TAKEN, TAKEN, NEVER, LOST, RESTS], 0.5)
    told = [(line["event"], line["outcome"], line["cause"], line["recipients"]) for line in logs]
    assert told == [
        ("attempt_made", "delivered", "", 2),
        ("attempt_made", "permanent", "unknown_recipient", 1),
        ("attempt_made", "unknown", "other", 1),
    ]
