"""What a jump of the wall clock means for times in the record: what waits goes on waiting as long as it was to.

Not here: how a jump is noticed (``life/clock``).
"""

from datetime import datetime, timedelta

from gateway.store.driver import MICROSECOND, Operation, Statement, to_micros

# Due times stay: what is due early is tried early, and rows that were settled between the jump and its discovery have
# theirs by the new clock already. The time of receipt moves, or a mail would be given up as too old after one attempt.
_AGE_FORWARD = "UPDATE queue SET first_at = first_at + $1 WHERE state = 'queued' AND first_at <= $2"

# What came between the jump and its discovery has its times by the new clock. Due at once does it no harm, but its age
# stays: it would be given up, or decided about, as if it had waited as long as the jump. What is by chance exactly
# that old is taken for it, and lives longer.
_BACK = """
UPDATE queue SET
  first_at = CASE WHEN first_at BETWEEN $3 AND $2 THEN first_at ELSE first_at + $1 END,
  due_at = CASE WHEN due_at + $1 > $2 THEN due_at + $1 ELSE $2 END,
  claimable_at = CASE WHEN claimable_at + $1 > $2 THEN claimable_at + $1 ELSE $2 END
WHERE state = 'queued'"""

_HOLDS = """
UPDATE hold SET warn_at = warn_at + $1, held_until = held_until + $1
WHERE message_id IN (
  SELECT h.message_id FROM hold h JOIN message m ON m.id = h.message_id
  WHERE m.received_at <= $2 AND m.received_at NOT BETWEEN $3 AND $4)"""

_BRING_FORWARD = """
UPDATE queue SET due_at = $1, claimable_at = $1
WHERE state = 'queued' AND instance IS NULL AND claimable_at > $2 RETURNING id"""


def follow(by: timedelta, before: datetime, since: datetime, now: datetime) -> Operation[None]:
    """Move what waits with the clock.

    Args:
        by: How far it was set; negative is back.
        before: What it showed, at the latest, before it was set.
        since: What it showed, at the earliest, after it was set.
        now: What it shows.
    """
    shift = by // MICROSECOND
    if shift > 0:
        yield Statement(_AGE_FORWARD, (shift, to_micros(before)))
    else:
        yield Statement(_BACK, (shift, to_micros(now), to_micros(since)))
    yield Statement(_HOLDS, (shift, *map(to_micros, (before, since, now))))


def bring_forward(now: datetime, latest: datetime) -> Operation[int]:
    """Make due now what is due later than any schedule says: the clock was set back while nobody looked.

    Returns:
        Number of rows.
    """
    rows = yield Statement(_BRING_FORWARD, (to_micros(now), to_micros(latest)))
    return len(rows)
