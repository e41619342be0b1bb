"""``gateway messages``: the record of mails, searched; and one of them whole."""

import difflib
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gateway.cli.common import EXIT_NO, config_option, fail, json_option, settings, terminal, with_store
from gateway.cli.readable import readable
from gateway.store.records import MessageDetail, MessageQuery, MessageSummary

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_COLOURS = {"accept": "green", "strip": "yellow", "hold": "magenta", "reject": "red", "defer": "blue"}


@click.group("messages", invoke_without_command=True)
@click.option("--verdict", type=click.Choice(list(_COLOURS)), help="Only these.")
@click.option("--rule", help="Only those with a finding of this rule.")
@click.option("--seller", help="Only this seller's.")
@click.option("--since", help="Received since: 2026-11-23, 2026-11-23T12:00, or 30m, 6h, 7d.")
@click.option("--text", help="In id, subject, Message-ID, order numbers, sender or recipients.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000))
@json_option
@config_option
@click.pass_context
def command(  # noqa: PLR0913, PLR0917 - one argument an option
    context: click.Context,
    verdict: str | None,
    rule: str | None,
    seller: str | None,
    since: str | None,
    text: str | None,
    limit: int,
    as_json: bool,
    config_file: Path | None,
) -> None:
    """List mails, newest first; `messages show ID` shows one whole."""
    if context.invoked_subcommand is not None:
        return
    query = MessageQuery(
        verdict=verdict, rule=rule, seller=seller, since=_since(since), text=text, limit=limit
    )
    found = with_store(settings(config_file), lambda store: store.messages(query))
    if as_json:
        for summary in found:
            click.echo(json.dumps(_shape(summary), ensure_ascii=False))
        return
    table = Table()
    for name in ("received", "id"):
        table.add_column(name, no_wrap=True)  # an id is there to be copied
    for name in ("seller", "verdict", "rules", "recipients", "subject"):
        table.add_column(name)
    for summary in found:
        colour = _COLOURS[summary.verdict]
        table.add_row(
            f"{summary.received_at:%Y-%m-%d %H:%M:%S}",
            summary.id,
            escape(summary.seller),
            f"[{colour}]{summary.verdict}[/]",
            " ".join(summary.rules),
            _states(summary),
            escape(summary.subject[:60]),
        )
    terminal().print(table)


@command.command("show")
@click.argument("id_", metavar="ID")
@json_option
@config_option
def show(id_: str, as_json: bool, config_file: Path | None) -> None:
    """Show one mail whole: what came, what was found, what was sent, what became of it."""
    detail: MessageDetail | None = with_store(settings(config_file), lambda store: store.message(id_))
    if detail is None:
        click.echo(f'no message has the id "{id_}"; see `gateway messages`', err=True)
        raise SystemExit(EXIT_NO)
    if as_json:
        click.echo(json.dumps(_detail_shape(detail), ensure_ascii=False))
        return
    console = terminal(soft_wrap=True)
    _print_envelope(detail, console)
    _print_findings(detail, console)
    _print_recipients(detail, console)
    _print_change(detail, console)


def _since(text: str | None) -> datetime | None:
    if text is None:
        return None
    if match := re.fullmatch(r"(\d+)([mhd])", text):
        return datetime.now(UTC) - int(match[1]) * _UNITS[match[2]]
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        fail([f'--since: "{text}" is no time; write it as 2026-11-23, 2026-11-23T12:00 or 7d'])
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _states(summary: MessageSummary) -> str:
    return ", ".join(f"{count} {state}" for state, count in summary.states) or "-"


def _print_envelope(detail: MessageDetail, console: Console) -> None:
    summary = detail.summary
    colour = _COLOURS[summary.verdict]
    recipients = ", ".join(str(each.address) for each in summary.envelope.recipients)
    lines = [
        ("message", summary.id),
        (
            "received",
            f"{summary.received_at:%Y-%m-%d %H:%M:%S} UTC from {detail.peer or 'the gateway itself'}",
        ),
        ("seller", summary.seller),
        ("from", str(summary.envelope.reverse_path or "<>")),
        ("to", recipients),
        ("subject", summary.subject),
        ("Message-ID", summary.message_id or "-"),
        ("orders", ", ".join(summary.order_ids) or "-"),
        ("policy", summary.policy),
        ("reply", summary.reply),
    ]
    console.print(f"[bold {colour}]{summary.verdict}[/]")
    for name, value in lines:
        console.print(f"{name:11} {escape(value)}")


def _print_findings(detail: MessageDetail, console: Console) -> None:
    for finding in detail.findings:
        place = f"part {finding.part}" if finding.part else "header section"
        console.print(f"\n[bold]{finding.rule}[/] {finding.on_match} ({finding.clause}), {place}")
        console.print(f"  seen    {escape(finding.evidence)}")
        console.print(f"  remedy  {finding.remedy}")
        console.print(f"  advice  {escape(finding.advice)}")
    for phrase in detail.normalised:
        console.print(f"changed: {escape(phrase)}")


def _print_recipients(detail: MessageDetail, console: Console) -> None:
    for recipient in detail.recipients:
        due = f", next attempt {recipient.due_at:%Y-%m-%d %H:%M:%S} UTC" if recipient.due_at else ""
        console.print(f"\n[bold]{recipient.address}[/] {recipient.state}{due}")
        for attempt in recipient.attempts:
            words = escape(f"{attempt.next_hop}: {attempt.reply}")
            console.print(f"  {attempt.at:%Y-%m-%d %H:%M:%S} {attempt.outcome} {words}")


def _print_change(detail: MessageDetail, console: Console) -> None:
    if detail.original is None:
        console.print("\nThe copies of this mail have been purged.")
        return
    before = readable(detail.original)
    if detail.sent is None:
        console.print("\n[bold]as received[/]")
        console.print(escape("\n".join(before)))
        return
    console.print("\n[bold]before → after[/]")
    for line in difflib.unified_diff(before, readable(detail.sent), "received", "sent", lineterm="", n=2):
        style = {"-": "red", "+": "green"}.get(line[:1], "dim")
        console.print(f"[{style}]{escape(line)}[/]")


def _shape(summary: MessageSummary) -> dict[str, Any]:
    return {
        "id": summary.id,
        "received_at": summary.received_at.isoformat(),
        "seller": summary.seller,
        "policy": summary.policy,
        "verdict": summary.verdict,
        "reply": summary.reply,
        "message_id": summary.message_id,
        "subject": summary.subject,
        "orders": list(summary.order_ids),
        "reverse_path": str(summary.envelope.reverse_path or ""),
        "recipients": [str(each.address) for each in summary.envelope.recipients],
        "rules": list(summary.rules),
        "states": dict(summary.states),
    }


def _detail_shape(detail: MessageDetail) -> dict[str, Any]:
    return {
        **_shape(detail.summary),
        "peer": detail.peer,
        "findings": [{name: getattr(each, name) for name in each.__slots__} for each in detail.findings],
        "normalised": list(detail.normalised),
        "deliveries": [
            {
                "recipient": str(each.address),
                "state": each.state,
                "due_at": each.due_at.isoformat() if each.due_at else None,
                "attempts": [
                    {
                        "at": try_.at.isoformat(),
                        "outcome": try_.outcome,
                        "next_hop": try_.next_hop,
                        "reply": try_.reply,
                    }
                    for try_ in each.attempts
                ],
            }
            for each in detail.recipients
        ],
        "original": detail.original.decode("latin-1") if detail.original is not None else None,
        "sent": detail.sent.decode("latin-1") if detail.sent is not None else None,
    }
