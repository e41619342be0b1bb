"""How long a wrong password waits for its answer, and how many mails an hour are too many.

*Not here:* who is counted, and what a client is told (``usage``, ``login``).
*Limits:* the constants of :class:`LoginThrottle` and :class:`Rate`.
"""

HOUR_S = 3_600.0


class LoginThrottle:
    """How long to wait before the next 535: doubles with each failure of a peer or a username.

    Only failures wait, so guessing at an account cannot lock its owner out, on any connection.
    """

    MAX_DELAY_S = 30.0
    FORGET_S = 900.0
    """A key without a failure for a quarter of an hour starts anew."""
    MAX_KEYS = 10_000
    """Keys remembered, the longest untouched dropped first: about 2 MB."""
    MAX_KEY_CHARS = 128

    def __init__(self, first_delay_s: float) -> None:
        self._first_delay_s = first_delay_s
        self._failures: dict[str, tuple[int, float]] = {}

    def failed(self, *keys: str, now: float) -> float:
        """Count a failure under each key; the seconds to wait. ``now`` is any monotonic clock, in seconds."""
        worst = max(self._count(key[: self.MAX_KEY_CHARS], now) for key in keys)
        # Beyond 2**30 the cap rules anyway, and a float must not overflow.
        return min(self.MAX_DELAY_S, self._first_delay_s * 2.0 ** min(worst - 1, 30))

    def _count(self, key: str, now: float) -> int:
        count, at = self._failures.pop(key, (0, now))
        count = 1 if now - at > self.FORGET_S else count + 1
        self._failures[key] = (count, now)  # popped and put back: the end of the line
        if len(self._failures) > self.MAX_KEYS:
            del self._failures[next(iter(self._failures))]
        return count


class Rate:
    """So many an hour, for each key: a token bucket that holds an hour's worth.

    Somebody who was quiet may send a whole hour's worth at once, and then as fast as it comes back.
    """

    MAX_KEYS = 10_000
    """Keys remembered, the longest untouched dropped first: about 2 MB. A dropped key starts full."""

    def __init__(self, per_hour: int) -> None:
        """``per_hour`` 0 is no limit."""
        self.per_hour = per_hour
        self._left: dict[str, tuple[float, float]] = {}

    def has_room(self, key: str, now: float) -> bool:
        """Whether one more is allowed. ``now`` is any monotonic clock, in seconds."""
        return not self.per_hour or self._now_left(key, now) >= 1

    def take(self, key: str, now: float) -> None:
        """Count one."""
        if not self.per_hour:
            return
        left = self._now_left(key, now) - 1
        self._left.pop(key, None)
        self._left[key] = (left, now)  # popped and put back: the end of the line
        if len(self._left) > self.MAX_KEYS:
            del self._left[next(iter(self._left))]

    def _now_left(self, key: str, now: float) -> float:
        left, at = self._left.get(key, (float(self.per_hour), now))
        return min(float(self.per_hour), left + (now - at) * self.per_hour / HOUR_S)
