"""Which messages a command speaks of: the options that ``messages`` and ``queue`` share.

Not here: the search itself (``store/``).
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import click

from gateway.cli.common import fail
from gateway.store.records import ListedState, MessageQuery

F = TypeVar("F", bound=Callable[..., Any])

COLOURS = {"accept": "green", "strip": "yellow", "hold": "magenta", "reject": "red", "defer": "blue"}

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}

_OPTIONS = (
    click.option("--verdict", type=click.Choice(list(COLOURS)), help="Only these."),
    click.option("--rule", help="Only those with a finding of this rule."),
    click.option("--seller", help="Only this seller's."),
    click.option("--since", help="Received since: 2026-11-23, 2026-11-23T12:00, or 30m, 6h, 7d."),
    click.option("--text", help="In id, subject, Message-ID, order numbers, sender or recipients."),
)


def filter_options(function: F) -> F:
    """``--verdict --rule --seller --since --text``, as keyword arguments of these names."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def query_of(filters: dict[str, str | None], *, limit: int, state: ListedState | None = None) -> MessageQuery:
    """The search that the options ask for; a time that cannot be read ends the command with 2."""
    return MessageQuery(
        verdict=filters["verdict"],
        rule=filters["rule"],
        seller=filters["seller"],
        since=_since(filters["since"]),
        text=filters["text"],
        state=state,
        limit=limit,
    )


def _since(text: str | None) -> datetime | None:
    if text is None:
        return None
    if match := re.fullmatch(r"(\d{1,5})([mhd])", text):
        return datetime.now(UTC) - int(match[1]) * _UNITS[match[2]]
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        fail([f'--since: "{text}" is no time; write it as 2026-11-23, 2026-11-23T12:00 or 7d'])
    return at if at.tzinfo else at.replace(tzinfo=UTC)
