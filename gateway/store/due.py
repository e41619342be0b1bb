"""Which rows of the queue are due, route by route.

A route that has no room is left out of a claim, and may have a million rows that are due before all others: who looked
for the others among them would read all these again and again. So the rows of each route stand together in the index
(``queue_claimable``), and a claim takes the first few of each route that has room.

Not here: what a claim does with them (``queue.py``).
"""

from collections.abc import Sequence
from datetime import datetime

from gateway.store.driver import Dialect, Operation, Statement, Value, from_micros

# From one route to the next by the index: as many steps as there are routes, however many rows.
_ROUTES = """
WITH RECURSIVE known (route) AS (
  SELECT MIN(route) FROM queue WHERE state = 'queued'
  UNION ALL
  SELECT (SELECT MIN(q.route) FROM queue q WHERE q.state = 'queued' AND q.route > known.route)
  FROM known WHERE known.route IS NOT NULL)
SELECT route FROM known WHERE route IS NOT NULL"""

_FIRST_OF_ROUTE = """
SELECT id, claimable_at FROM (
  SELECT id, claimable_at FROM queue WHERE state = 'queued' AND route = {route} AND claimable_at <= {now}
  ORDER BY claimable_at, id LIMIT {limit} {skip_locked}) AS due"""

_NEXT_OF_ROUTE = """
SELECT MIN(claimable_at) FROM queue WHERE state = 'queued' AND route = $1"""


def routes(exclude: Sequence[str]) -> Operation[list[str]]:
    """Routes that something is queued for, but for some."""
    rows = yield Statement(_ROUTES)
    return [route for (route,) in rows if route not in exclude]


def ids(dialect: Dialect, names: Sequence[str], *, now: str, limit: str, start: int) -> str:
    """SELECT of the ids that are due longest, of these routes.

    Args:
        dialect: Of the driver.
        names: The routes; at least one.
        now: Place of the time by which they are due, ``"$3"``.
        limit: Place of their number.
        start: Number of the place of the first route; the others follow.
    """
    words = {"now": now, "limit": limit, "skip_locked": dialect.skip_locked}
    each = [_FIRST_OF_ROUTE.format(route=f"${start + n}", **words) for n, _ in enumerate(names)]
    union = "\nUNION ALL".join(each)
    return f"SELECT id FROM ({union}) AS due ORDER BY claimable_at, id LIMIT {limit}"  # noqa: S608 - fixed words and placeholders


def next_due(exclude: Sequence[str]) -> Operation[datetime | None]:
    """When a row can be claimed next, or ``None``."""
    found: list[int] = []
    for name in (yield from routes(exclude)):
        params: tuple[Value, ...] = (name,)
        rows = yield Statement(_NEXT_OF_ROUTE, params)
        found += [at for (at,) in rows if at is not None]
    return from_micros(min(found)) if found else None
