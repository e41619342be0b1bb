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
        jitter: Share of a delay, at most ``MAX_JITTER``, by which it varies both ways, so that a thousand mails
            that a next hop put off do not come back in the same second.
    """

    first_s: float = 60.0
    factor: float = 2.0
    cap_s: float = 3_600.0
    expire_s: float = 4 * 86_400.0
    jitter: float = 0.2

    def __post_init__(self) -> None:
        if not (MIN_DELAY_S <= self.first_s <= self.cap_s and self.expire_s > 0):
            raise ValueError(f"a schedule needs {MIN_DELAY_S} <= first_s <= cap_s and expire_s > 0")
        if not 1 <= self.factor <= MAX_FACTOR:
            raise ValueError(f"a schedule's factor is 1 to {MAX_FACTOR}")
        if not 0 <= self.jitter <= MAX_JITTER:
            raise ValueError(f"a schedule's jitter is 0 to {MAX_JITTER}")


def next_attempt(
    schedule: Schedule, attempts: int, first_at: datetime, now: datetime, unit_random: float
) -> datetime | None:
    """Time of the next attempt.

    The last one is made at the very end of the message's life.

    Args:
        schedule: Delays and lifetime.
        attempts: Attempts made so far, the failed one included: 1 or more.
        first_at: When the message was received.
        now: Present time. Before ``first_at`` (the clock was set back) the message counts as just received.
        unit_random: From 0 to 1.

    Returns:
        A time after ``now``, or ``None`` if the message has expired.
    """
    expires_at = min(first_at, now) + timedelta(seconds=schedule.expire_s)
    if now >= expires_at:
        return None
    growth = schedule.factor ** min(max(attempts - 1, 0), MAX_GROWTHS)
    delay_s = min(schedule.first_s * growth, schedule.cap_s)
    delay_s *= 1 + schedule.jitter * (2 * unit_random - 1)
    return min(now + timedelta(seconds=delay_s), expires_at)
