"""Tables of mails on a terminal.

Not here: one mail whole (``page.py``), JSON (``shapes.py``).
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from rich.markup import escape
from rich.table import Table

from gateway.cli.common import terminal
from gateway.cli.filters import COLOURS
from gateway.store.records import MessageSummary

NEAR = timedelta(hours=2)
"""Deadlines that are nearer stand out."""

SUBJECT_CHARS = 60
"""Characters of a subject that a row shows."""


def print_messages(found: Sequence[MessageSummary]) -> None:
    """What ``gateway messages`` lists."""
    table = _table("seller", "verdict", "rules", "recipients", "subject")
    for summary in found:
        colour = COLOURS[summary.verdict]
        table.add_row(
            f"{summary.received_at:%Y-%m-%d %H:%M:%S}",
            summary.id,
            escape(summary.seller),
            f"[{colour}]{summary.verdict}[/]",
            " ".join(summary.rules),
            _states(summary),
            escape(summary.subject[:SUBJECT_CHARS]),
        )
    terminal().print(table)


def print_waiting(found: Sequence[MessageSummary]) -> None:
    """What ``gateway queue`` lists."""
    table = _table("seller", "state", "held until", "left", "rules", "subject")
    now = datetime.now(UTC)
    for summary in found:
        until = f"{summary.held_until:%Y-%m-%d %H:%M}" if summary.held_until else "-"
        left = time_left(summary.held_until - now) if summary.held_until else "-"
        table.add_row(
            f"{summary.received_at:%Y-%m-%d %H:%M:%S}",
            summary.id,
            escape(summary.seller),
            f"[{COLOURS['hold']}]held[/]" if summary.held_until else _states(summary),
            until,
            left,
            " ".join(summary.rules),
            escape(summary.subject[:SUBJECT_CHARS]),
        )
    terminal().print(table)


def time_left(left: timedelta) -> str:
    """Hours and minutes until a deadline; what is past it waits for nothing but the gateway."""
    if left <= timedelta(0):
        return "[red]overdue[/]"
    hours, minutes = divmod(int(left.total_seconds() // 60), 60)
    words = f"{hours} h {minutes:02} min"
    return words if left > NEAR else f"[red]{words}[/]"


def _table(*columns: str) -> Table:
    table = Table()
    for name in ("received", "id"):
        table.add_column(name, no_wrap=True)  # an id is there to be copied
    for name in columns:
        table.add_column(name)
    return table


def _states(summary: MessageSummary) -> str:
    """How many recipients are in which state."""
    return ", ".join(f"{count} {state}" for state, count in summary.states) or "-"
