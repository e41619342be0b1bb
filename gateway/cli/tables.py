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

WIDE = 130
"""Characters of a terminal that has room for all columns side by side."""

SUBJECT_CHARS = 60
"""Characters of a subject that a row shows."""


def print_messages(found: Sequence[MessageSummary]) -> None:
    """What ``gateway messages`` lists."""
    rows = [
        (
            f"{summary.received_at:%Y-%m-%d %H:%M}",
            summary.id,
            f"[{COLOURS[summary.verdict]}]{summary.verdict}[/]",
            escape(summary.seller),
            _states(summary),
            " ".join(summary.rules),
            escape(summary.subject[:SUBJECT_CHARS]),
        )
        for summary in found
    ]
    _print(("received", "id", "verdict"), ("seller", "recipients", "rules", "subject"), rows)


def print_waiting(found: Sequence[MessageSummary]) -> None:
    """What ``gateway queue`` lists."""
    now = datetime.now(UTC)
    rows = [
        (
            f"{summary.received_at:%Y-%m-%d %H:%M}",
            summary.id,
            time_left(summary.held_until - now) if summary.held_until else "",
            escape(summary.seller),
            _state(summary),
            " ".join(summary.rules),
            escape(summary.subject[:SUBJECT_CHARS]),
        )
        for summary in found
    ]
    _print(("received", "id", "left"), ("seller", "state", "rules", "subject"), rows)


def time_left(left: timedelta) -> str:
    """Hours and minutes until a deadline; what is past it waits for nothing but the gateway."""
    if left <= timedelta(0):
        return "[red]overdue[/]"
    hours, minutes = divmod(int(left.total_seconds() // 60), 60)
    words = f"{hours} h {minutes:02} min"
    return words if left > NEAR else f"[red]{words}[/]"


def _print(fixed: Sequence[str], loose: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A line a mail; where the terminal is narrow, what may be long stands in one column, below each other."""
    console = terminal()
    is_narrow = console.width < WIDE
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in fixed:
        table.add_column(name, no_wrap=True)  # an id is there to be copied
    for name in [", ".join(loose)] if is_narrow else loose:
        table.add_column(name)
    for row in rows:
        tail = row[len(fixed) :]
        table.add_row(*row[: len(fixed)], *(["\n".join(filter(None, tail))] if is_narrow else tail))
    console.print(table)


def _state(summary: MessageSummary) -> str:
    if summary.held_until is None:
        return _states(summary)
    return f"[{COLOURS['hold']}]held[/] until {summary.held_until:%Y-%m-%d %H:%M}"


def _states(summary: MessageSummary) -> str:
    """How many recipients are in which state."""
    return ", ".join(f"{count} {state}" for state, count in summary.states)
