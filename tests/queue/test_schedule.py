"""Retry times."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.queue.schedule import Schedule, Tried, is_late, next_attempt

START = datetime(2026, 11, 3, 12, tzinfo=UTC)
PLAIN = Schedule(first_s=60, factor=2, cap_s=600, expire_s=3600, jitter=0)
VARIED = Schedule(first_s=60, factor=2, cap_s=600, expire_s=3600, jitter=0.5)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def tried(attempts: int, *, is_passing: bool = False) -> Tried:
    return Tried(attempts=attempts, first_at=START, is_passing=is_passing)


@pytest.mark.parametrize(
    ("schedule", "attempts", "now_s", "dice", "expected_s"),
    [
        pytest.param(PLAIN, 1, 0, 0.5, 60, id="first failure"),
        pytest.param(PLAIN, 2, 60, 0.5, 180, id="doubled"),
        pytest.param(PLAIN, 3, 180, 0.5, 420, id="doubled again"),
        pytest.param(PLAIN, 5, 1000, 0.5, 1600, id="capped"),
        pytest.param(PLAIN, 10**9, 1000, 0.5, 1600, id="no overflow after ever so many"),
        pytest.param(PLAIN, 0, 0, 0.5, 60, id="no attempt yet counts as one"),
        pytest.param(VARIED, 1, 0, 0.0, 30, id="least jitter"),
        pytest.param(VARIED, 1, 0, 0.5, 60, id="middle"),
        pytest.param(VARIED, 1, 0, 1.0, 90, id="most jitter"),
        pytest.param(VARIED, 9, 0, 1.0, 900, id="jitter goes past the cap"),
        pytest.param(PLAIN, 5, 3300, 0.5, 3600, id="last attempt at the very end"),
        pytest.param(PLAIN, 5, 3599.999, 0.5, 3600, id="a moment before the end"),
        pytest.param(PLAIN, 1, 3600, 0.5, None, id="expired"),
        pytest.param(PLAIN, 1, 10**7, 0.5, None, id="long expired: clock set forward"),
        pytest.param(PLAIN, 1, -1000, 0.5, -940, id="clock set back"),
        pytest.param(PLAIN, 5, -(10**8), 0.5, -(10**8) + 600, id="clock set back by years"),
    ],
)
def test_next_attempt(schedule, attempts, now_s, dice, expected_s):
    """Delays grow to the cap, vary by the jitter, and end with the message's life."""
    expected = None if expected_s is None else at(expected_s)
    assert next_attempt(schedule, tried(attempts), at(now_s), dice) == expected


@given(
    attempts=st.integers(0, 10**6),
    now_s=st.floats(-1e9, 1e9),
    dice=st.floats(0, 1),
    jitter=st.floats(0, 0.5),
    factor=st.floats(1, 100),
)
def test_never_in_the_past(attempts, now_s, dice, jitter, factor):
    """Whatever the clock does, the next attempt is later than now and no later than the life's end."""
    schedule = Schedule(first_s=0.001, factor=factor, cap_s=600, expire_s=3600, jitter=jitter)
    now = at(now_s)
    due = next_attempt(schedule, tried(attempts), now, dice)
    assert due is None or now < due <= now + timedelta(seconds=3600)
    assert (due is None) == (now >= START + timedelta(seconds=3600))


@pytest.mark.parametrize(
    ("attempts", "expected_s"),
    [
        pytest.param(1, 60, id="no sooner than ever at first"),
        pytest.param(6, 300, id="five minutes where it would be longer"),
        pytest.param(12, 300, id="for an hour"),
        pytest.param(13, 3600, id="and then as ever"),
    ],
)
def test_what_passes_is_tried_soon(attempts, expected_s):
    """A next hop that puts off (greylisting, 421) is asked every few minutes at first."""
    slow = Schedule(first_s=60, factor=2, cap_s=3600, expire_s=86_400, jitter=0)
    assert next_attempt(slow, tried(attempts, is_passing=True), START, 0.5) == at(expected_s)


@pytest.mark.parametrize(
    ("tell_delay_s", "now_s", "expected"),
    [(3600, 3599, False), (3600, 3600, True), (None, 10**9, False), (3600, -(10**6), False)],
)
def test_is_late(tell_delay_s, now_s, expected):
    """A message is late once so many seconds have passed since it came, whatever the clock did before."""
    assert is_late(Schedule(tell_delay_s=tell_delay_s), START, at(now_s)) is expected


def test_life():
    """A message is tried often at first, and given up after its life, not before."""
    now, attempts = START, 0
    while (due := next_attempt(PLAIN, tried(attempts + 1), now, 0.5)) is not None:
        now, attempts = due, attempts + 1
    assert (now, attempts) == (at(3600), 9)


@pytest.mark.parametrize(
    "wrong",
    [
        {"first_s": 0},
        {"first_s": 20, "cap_s": 10},
        {"expire_s": 0},
        {"factor": 0.9},
        {"factor": 101},
        {"jitter": -0.1},
        {"jitter": 0.6},
        {"jitter": float("nan")},
    ],
    ids=str,
)
def test_nonsense(wrong):
    """A schedule that could stand still, race or overflow cannot be made."""
    with pytest.raises(ValueError, match="schedule"):
        Schedule(**wrong)


def test_defaults():
    """The default gives up after the days RFC 5321 asks for."""
    assert Schedule().expire_s == 4 * 86_400
