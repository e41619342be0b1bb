"""``gateway messages``: the record of mails, searched; and one of them whole."""

import difflib
import json
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gateway.cli.common import EXIT_NO, config_option, json_option, settings, terminal, with_store
from gateway.cli.filters import COLOURS, filter_options, query_of
from gateway.cli.readable import readable
from gateway.store.records import MessageDetail, MessageSummary


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
    found = with_store(settings(config_file), lambda store: store.messages(query))
    if as_json:
        for summary in found:
            click.echo(json.dumps(shape(summary), ensure_ascii=False))
        return
    table = Table()
    for name in ("received", "id"):
        table.add_column(name, no_wrap=True)  # an id is there to be copied
    for name in ("seller", "verdict", "rules", "recipients", "subject"):
        table.add_column(name)
    for summary in found:
        colour = COLOURS[summary.verdict]
        table.add_row(
            f"{summary.received_at:%Y-%m-%d %H:%M:%S}",
            summary.id,
            escape(summary.seller),
            f"[{colour}]{summary.verdict}[/]",
            " ".join(summary.rules),
            states(summary),
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
    _print_decisions(detail, console)
    _print_recipients(detail, console)
    _print_change(detail, console)


def states(summary: MessageSummary) -> str:
    """How many recipients are in which state."""
    return ", ".join(f"{count} {state}" for state, count in summary.states) or "-"


def _print_envelope(detail: MessageDetail, console: Console) -> None:
    summary = detail.summary
    colour = COLOURS[summary.verdict]
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
    if summary.held_until:
        lines.append(("held until", f"{summary.held_until:%Y-%m-%d %H:%M:%S} UTC"))
    console.print(f"[bold {colour}]{summary.verdict}[/]")
    for name, value in lines:
        console.print(f"{name:11} {escape(value)}")


def _print_findings(detail: MessageDetail, console: Console) -> None:
    shown = 1
    for finding in detail.findings:
        if finding.examination != shown:
            shown = finding.examination
            console.print("\n[bold]examined again, to be released[/]")
        place = f"part {finding.part}" if finding.part else "header section"
        console.print(f"\n[bold]{finding.rule}[/] {finding.on_match} ({finding.clause}), {place}")
        console.print(f"  seen    {escape(finding.evidence)}")
        console.print(f"  remedy  {finding.remedy}")
        console.print(f"  advice  {escape(finding.advice)}")
    for phrase in detail.normalised:
        console.print(f"changed: {escape(phrase)}")


def _print_decisions(detail: MessageDetail, console: Console) -> None:
    for decision in detail.decisions:
        words = escape(f"{decision.who}: {decision.reason}" if decision.reason else decision.who)
        console.print(f"\n[bold]{decision.what}[/] {decision.at:%Y-%m-%d %H:%M:%S} UTC by {words}")


def _print_recipients(detail: MessageDetail, console: Console) -> None:
    for recipient in detail.recipients:
        due = f", next attempt {recipient.due_at:%Y-%m-%d %H:%M:%S} UTC" if recipient.due_at else ""
        console.print(f"\n[bold]{recipient.address}[/] {recipient.state}{due}")
        for attempt in recipient.attempts:
            words = escape(f"{attempt.next_hop}: {attempt.reply}")
            what = f"{attempt.outcome} ({attempt.cause})" if attempt.cause else attempt.outcome
            console.print(f"  {attempt.at:%Y-%m-%d %H:%M:%S} {what} {words}")


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


def shape(summary: MessageSummary) -> dict[str, Any]:
    """One line of ``--json``."""
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
        "held_until": summary.held_until.isoformat() if summary.held_until else None,
    }


def _detail_shape(detail: MessageDetail) -> dict[str, Any]:
    return {
        **shape(detail.summary),
        "peer": detail.peer,
        "findings": [{name: getattr(each, name) for name in each.__slots__} for each in detail.findings],
        "normalised": list(detail.normalised),
        "decisions": [
            {"at": each.at.isoformat(), "who": each.who, "what": each.what, "reason": each.reason}
            for each in detail.decisions
        ],
        "deliveries": [
            {
                "recipient": str(each.address),
                "state": each.state,
                "due_at": each.due_at.isoformat() if each.due_at else None,
                "attempts": [
                    {
                        "at": try_.at.isoformat(),
                        "outcome": try_.outcome,
                        "cause": try_.cause or None,
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
