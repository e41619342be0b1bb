"""Which messages meet a query: its conditions as SQL.

A condition on another table (a rule's findings, the state of recipients) can be met from either end. Where few rows of
that table meet it, they are collected and lead to their messages; where many do, the messages are walked newest first,
and the page is full before long. So no listing costs more the longer the record is, but one whose text is rare.

Not here: what is shown of a message (``messages.py``).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.store.driver import Operation, Statement, Value, clean, to_micros
from gateway.store.records import ListedState, MessageQuery

FEW = 1_000
"""Rows that are collected without a thought: as many as a listing shows at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Elsewhere:
    """A condition on another table.

    Attributes:
        ids: SELECT of the message ids that meet it; ``{n}`` is the place of ``value``.
        exists: The same, asked of one message.
        value: The one parameter, or ``None``.
    """

    ids: str
    exists: str
    value: str | None = None


_HELD = _Elsewhere(
    ids="SELECT message_id FROM hold",
    exists="EXISTS (SELECT 1 FROM hold h WHERE h.message_id = message.id)",
)

_QUEUED = _Elsewhere(
    ids="SELECT message_id FROM queue WHERE state = 'queued'",
    exists="EXISTS (SELECT 1 FROM queue q WHERE q.message_id = message.id AND q.state = 'queued')",
)

_DELIVERED = _Elsewhere(
    ids="SELECT message_id FROM queue WHERE state = 'delivered'",
    exists="EXISTS (SELECT 1 FROM queue q WHERE q.message_id = message.id AND q.state = 'delivered')",
)


def _ended(state: str) -> _Elsewhere:
    # Both conditions: the first is the one that the index queue_ended is known by.
    ended = "state NOT IN ('queued', 'delivered')"
    return _Elsewhere(
        ids=f"SELECT message_id FROM queue WHERE {ended} AND state = '{state}'",  # noqa: S608 - fixed words
        exists=f"EXISTS (SELECT 1 FROM queue q WHERE q.message_id = message.id AND q.state = '{state}')",  # noqa: S608 - fixed words
    )


_STATES: dict[ListedState, _Elsewhere] = {
    "held": _HELD,
    "queued": _QUEUED,
    "waiting": _Elsewhere(
        ids=f"{_HELD.ids} UNION ALL {_QUEUED.ids}", exists=f"({_HELD.exists} OR {_QUEUED.exists})"
    ),
    "delivered": _DELIVERED,
    "failed": _ended("failed"),
    "expired": _ended("expired"),
    "deleted": _ended("deleted"),
}


def conditions(query: MessageQuery) -> Operation[tuple[str, tuple[Value, ...]]]:
    """The WHERE clause of a query, and what stands in it.

    Returns:
        ``"WHERE …"`` or ``""``, with placeholders from ``$1`` on, and their values.
    """
    found: list[str] = []
    params: list[Value] = []
    for condition, value in _own(query):
        params.append(value)
        found.append(condition.format(n=f"${len(params)}"))
    for elsewhere in _elsewhere(query):
        values = () if elsewhere.value is None else (elsewhere.value,)
        params.extend(values)
        few = yield from _are_few(elsewhere, values)
        condition = f"id IN ({elsewhere.ids})" if few else elsewhere.exists
        found.append(condition.format(n=f"${len(params)}"))
    return (f"WHERE {' AND '.join(found)}" if found else "", tuple(params))


def _own(query: MessageQuery) -> Iterable[tuple[str, Value]]:
    """Conditions on the message itself."""
    if query.verdict is not None:
        yield "verdict = {n}", query.verdict
    if query.seller is not None:
        yield "seller = {n}", query.seller
    if query.since is not None:
        yield "received_at >= {n}", to_micros(query.since)
    if query.text is not None:
        yield "search LIKE {n} ESCAPE '\\'", _pattern(query.text)


def _elsewhere(query: MessageQuery) -> Iterable[_Elsewhere]:
    if query.rule is not None:
        yield _Elsewhere(
            ids="SELECT message_id FROM finding WHERE rule = {n}",
            exists="EXISTS (SELECT 1 FROM finding f WHERE f.message_id = message.id AND f.rule = {n})",
            value=query.rule,
        )
    if query.state is not None:
        yield _STATES[query.state]


def _are_few(elsewhere: _Elsewhere, values: tuple[Value, ...]) -> Operation[bool]:
    ids = elsewhere.ids.format(n="$1")
    counted = f"SELECT COUNT(*) FROM (SELECT 1 FROM ({ids}) AS found LIMIT {FEW}) AS few"  # noqa: S608 - fixed words
    rows = yield Statement(counted, values)
    is_few: bool = rows[0][0] < FEW
    return is_few


def _pattern(text: str) -> str:
    folded = clean(text).casefold()
    for special in ("\\", "%", "_"):
        folded = folded.replace(special, "\\" + special)
    return f"%{folded}%"
