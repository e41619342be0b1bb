"""``gateway queue``: what waits; ``queue list`` shows it, the other commands decide about it.

Not here: the decisions (``decide.py``).
"""

import json
from pathlib import Path
from typing import ClassVar

import click

from gateway.cli.common import config_option, json_option, record_settings, with_store
from gateway.cli.filters import filter_options, query_of
from gateway.cli.lazy import LazyGroup
from gateway.cli.shapes import shape
from gateway.store.messages import MAX_LISTED
from gateway.store.records import ListedState

STATES = ("waiting", "held", "queued", "delivered", "failed", "expired", "deleted")

_DECISIONS = {
    "hold": "Put queued mails on hold, by ID or filter: nothing more of them is sent until somebody decides.",
    "release": "Send held mails, by ID or filter, after examining them again under the policy of today.",
    "reject": "Refuse held mails, by ID or filter, and tell the seller by a failure notice (DSN).",
    "retry": "Try queued mails again now, by ID or filter, instead of when they are due.",
    "delete": "Take mails out of queue or hold, by ID or filter: nothing more is sent, and nobody is told.",
}


class _Queue(LazyGroup):
    elsewhere: ClassVar = {name: ("gateway.cli.decide", name, text) for name, text in _DECISIONS.items()}


@click.group("queue", cls=_Queue)
def command() -> None:
    """See what waits (held, or to be sent), and decide about it."""


@command.command("list")
@click.option("--state", type=click.Choice(STATES), default="waiting", show_default=True)
@filter_options
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, MAX_LISTED))
@json_option
@config_option
def list_waiting(
    state: ListedState, limit: int, as_json: bool, config_file: Path | None, **filters: str | None
) -> None:
    """List what is held and what is queued, newest first; with --state, what is in that state."""
    query = query_of(filters, limit=limit, state=state)
    found = with_store(record_settings(config_file), lambda store: store.messages(query))
    if as_json:
        for summary in found:
            click.echo(json.dumps(shape(summary), ensure_ascii=False))
        return
    from gateway.cli.tables import print_waiting

    print_waiting(found)
