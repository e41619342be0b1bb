"""When a recipient is tried again, and when we give up.

Pure: the clock and the dice are arguments.
Source: RFC 5321 section 4.5.4.1 (growing intervals, give up after days).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

MAX_GROWTHS = 64
"""Attempts after which the delay grows no more: any cap is reached long before."""

MAX_FACTOR = 100.0
"""Growth of one delay: a hundredfold to the power of ``MAX_GROWTHS`` still fits a float."""

MIN_DELAY_S = 0.001
"""Seconds: halved by jitter it still is a later time, whose unit is the microsecond."""

SOON_S = 300.0
"""Seconds that no delay exceeds while what stands in the way passes in minutes (greylisting, a busy next hop)."""

SOON_ATTEMPTS = 12
"""Attempts for which that holds: an hour of five minutes each; after it the trouble is of another kind."""

MAX_JITTER = 0.5
"""Share of a delay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A retry schedule.

    Attributes:
        first_s: Seconds from the first failure to the second attempt.
        factor: Each delay is this many times the one before.
        cap_s: Seconds no delay exceeds (jitter apart).
        expire_s: Seconds after receipt when we give up.
        tell_delay_s: Seconds after receipt when the seller is told that a mail is late; ``None`` for never.
        jitter: Share of a delay, at most ``MAX_JITTER``, by which it varies both ways, so that a thousand mails
            that a next hop put off do not come back in the same second.
    """

    first_s: float = 60.0
    factor: float = 2.0
    cap_s: float = 3_600.0
    expire_s: float = 4 * 86_400.0
    tell_delay_s: float | None = 4 * 3_600.0
    jitter: float = 0.2

    def __post_init__(self) -> None:
        if not (MIN_DELAY_S <= self.first_s <= self.cap_s and self.expire_s > 0):
            raise ValueError(f"a schedule needs {MIN_DELAY_S} <= first_s <= cap_s and expire_s > 0")
        if not 1 <= self.factor <= MAX_FACTOR:
            raise ValueError(f"a schedule's factor is 1 to {MAX_FACTOR}")
        if not 0 <= self.jitter <= MAX_JITTER:
            raise ValueError(f"a schedule's jitter is 0 to {MAX_JITTER}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """How far a recipient has come.

    Attributes:
        attempts: Attempts made, the failed one included: 1 or more.
        first_at: When the message was received.
        is_passing: What stood in the way passes in minutes.
    """

    attempts: int
    first_at: datetime
    is_passing: bool = False


def next_attempt(schedule: Schedule, tried: Tried, now: datetime, unit_random: float) -> datetime | None:
    """Time of the next attempt.

    The last one is made at the very end of the message's life.

    Args:
        schedule: Delays and lifetime.
        tried: How far the recipient has come.
        now: Present time. Before ``first_at`` (the clock was set back) the message counts as just received.
        unit_random: From 0 to 1.

    Returns:
        A time after ``now``, or ``None`` if the message has expired.
    """
    end = expires_at(schedule, tried.first_at, now)
    if now >= end:
        return None
    growth = schedule.factor ** min(max(tried.attempts - 1, 0), MAX_GROWTHS)
    delay_s = min(schedule.first_s * growth, schedule.cap_s)
    if tried.is_passing and tried.attempts <= SOON_ATTEMPTS:
        delay_s = min(delay_s, SOON_S)
    delay_s *= 1 + schedule.jitter * (2 * unit_random - 1)
    return min(now + timedelta(seconds=delay_s), end)


def expires_at(schedule: Schedule, first_at: datetime, now: datetime) -> datetime:
    """When a message is given up."""
    return min(first_at, now) + timedelta(seconds=schedule.expire_s)


def is_late(schedule: Schedule, first_at: datetime, now: datetime) -> bool:
    """Whether the seller is to be told that a message is still on its way."""
    return schedule.tell_delay_s is not None and now - first_at >= timedelta(seconds=schedule.tell_delay_s)
