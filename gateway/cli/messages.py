"""``gateway messages``: the record of mails, searched; and one of them whole."""

import json
from pathlib import Path

import click

from gateway.cli.common import EXIT_NO, config_option, json_option, record_settings, with_store
from gateway.cli.filters import filter_options, query_of
from gateway.cli.shapes import detail_shape, shape
from gateway.store.records import MessageDetail


@click.group("messages", invoke_without_command=True)
@filter_options
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000))
@json_option
@config_option
@click.pass_context
def command(
    context: click.Context, /, limit: int, as_json: bool, config_file: Path | None, **filters: str | None
) -> None:
    """List mails, newest first; `messages show ID` shows one whole."""
    if context.invoked_subcommand is not None:
        return
    query = query_of(filters, limit=limit)
    found = with_store(record_settings(config_file), lambda store: store.messages(query))
    if as_json:
        for summary in found:
            click.echo(json.dumps(shape(summary), ensure_ascii=False))
        return
    from gateway.cli.tables import print_messages

    print_messages(found)


@command.command("show")
@click.argument("id_", metavar="ID")
@json_option
@config_option
def show(id_: str, as_json: bool, config_file: Path | None) -> None:
    """Show one mail whole: what came, what was found, what was sent, what became of it."""
    detail: MessageDetail | None = with_store(record_settings(config_file), lambda store: store.message(id_))
    if detail is None:
        click.echo(f'no message has the id "{id_}"; see `gateway messages`', err=True)
        raise SystemExit(EXIT_NO)
    if as_json:
        click.echo(json.dumps(detail_shape(detail), ensure_ascii=False))
        return
    from gateway.cli.page import print_page

    print_page(detail)
