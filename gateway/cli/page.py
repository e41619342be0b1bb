"""One mail whole, as ``gateway messages show`` prints it.

Not here: the same as JSON (``shapes.py``).
"""

import difflib

from rich.console import Console
from rich.markup import escape

from gateway.cli.common import terminal
from gateway.cli.filters import COLOURS
from gateway.cli.readable import readable
from gateway.store.records import MessageDetail


def print_page(detail: MessageDetail) -> None:
    """What came, what was found, what was decided, what was sent, what became of it."""
    console = terminal(soft_wrap=True)
    _print_envelope(detail, console)
    _print_findings(detail, console)
    _print_decisions(detail, console)
    _print_recipients(detail, console)
    _print_change(detail, console)


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
            words = escape(": ".join(filter(None, (attempt.next_hop, attempt.reply))))
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
