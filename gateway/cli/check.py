"""``gateway check``: what would happen to mails, without sending them."""

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

from gateway.cli.common import (
    EXIT_FAULT,
    EXIT_NO,
    config_option,
    fail,
    json_option,
    policies_of,
    settings,
    terminal,
    with_store,
)
from gateway.config.model import Config
from gateway.filter.decide import Facts, decide
from gateway.filter.examination import Examination
from gateway.filter.pass_on import pass_on
from gateway.filter.verdict import Accept, Defer, Judgement, Reject, Verdict, reply_to, verdict_name
from gateway.mail.address import Address, mailboxes, parse_path
from gateway.mail.errors import AddressError, MessageError
from gateway.mail.parse import parse
from gateway.policy.model import Policy
from gateway.recipients import NO_RELAY
from gateway.rules.context import Profile
from gateway.worker import WorkerLimits, WorkerLostError, Workers

SELLERS_FACTS = ("approved senders", "approved links")
"""What cannot be judged without ``--seller``."""

FALLBACK_POLICY = "default"
"""Judges a mail whose recipient cannot be read, since its To field cannot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """What became of one file."""

    file: Path
    examination: Examination
    verdict: Verdict
    is_of_seller: bool
    sent: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    """How all files are to be judged."""

    policies: Mapping[str, Policy]
    policy: str | None
    recipient: Address | None
    profile: Profile
    facts: Facts
    at: datetime
    out: Path | None
    relays_others: bool


@click.command("check")
@json_option
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Write here what would be sent."
)
@click.option("--policy", "policy_name", help="Judge by this policy, whoever the recipient is.")
@click.option("--seller", "seller_name", help="Judge with what the store knows of this seller.")
@click.option("--sender", help="Reverse-path; must be approved for --seller.")
@click.option("--recipient", help="Recipient; by default the To field.")
@click.option("--at", help="Time of receipt, as in 2026-11-23T12:00:00+00:00; by default now.")
@config_option
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def command(files: tuple[Path, ...], as_json: bool, config_file: Path | None, **options: Any) -> None:
    """Show what would happen to the mails in FILES.

    Ends with 0 when all would be accepted unchanged, with 1 when one would be stripped, held or refused, and with 2
    when a file cannot be read or the gateway itself is at fault.
    """
    config = settings(config_file)
    task = _task(config, **options)
    if task.out is not None:
        _check_names(files, task.out)
    worst = asyncio.run(_run(files, task, config, as_json=as_json))
    if options["seller_name"] is None and not as_json:
        click.echo(f"Without --seller, these were not judged: {', '.join(SELLERS_FACTS)}.", err=True)
    raise SystemExit(worst)


def _task(  # noqa: PLR0913 - one argument an option
    config: Config,
    *,
    out: Path | None,
    policy_name: str | None,
    seller_name: str | None,
    sender: str | None,
    recipient: str | None,
    at: str | None,
) -> _Task:
    policies = policies_of(config)
    if policy_name is not None and policy_name not in policies:
        fail([f'--policy: no policy is called "{policy_name}"; there are: {", ".join(sorted(policies))}'])
    profile, facts = Profile(hostname=config.hostname), Facts()
    if seller_name is not None:
        name = seller_name
        seller = with_store(config, lambda store: store.seller(name))
        if seller is None:
            fail([f'--seller: no seller is called "{name}"; see `gateway seller list`'])
        profile = Profile(seller=name, senders=seller.senders, links=seller.links, hostname=config.hostname)
        facts = Facts(senders=frozenset(each.folded for each in seller.senders))
        if sender is not None and _address(sender, "--sender").folded not in (facts.senders or ()):
            fail([f"--sender: {sender} is not approved for {name}; the gateway would refuse it at MAIL FROM"])
    return _Task(
        policies=policies,
        policy=policy_name,
        recipient=_address(recipient, "--recipient") if recipient is not None else None,
        profile=profile,
        facts=facts,
        at=_time(at),
        out=out,
        relays_others=config.other_recipients.action == "relay",
    )


def _address(text: str, option: str) -> Address:
    try:
        return parse_path(text, smtputf8=True)
    except AddressError:
        fail([f'{option}: "{text}" is not a mail address; write it as abc@marketplace.amazon.com'])


def _time(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        fail([f'--at: "{text}" is no time; write it as 2026-11-23T12:00:00+00:00'])
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _check_names(files: Sequence[Path], out: Path) -> None:
    """``--out`` keeps the inputs' names, so two inputs of one name would overwrite each other, or themselves."""
    seen: dict[str, Path] = {}
    for file in files:
        if file.name in seen:
            fail([f"--out: {file} and {seen[file.name]} have the same name; check them one at a time"])
        if (out / file.name).resolve() == file.resolve():
            fail([f"--out: {out} holds the input {file}; choose another folder"])
        seen[file.name] = file
    out.mkdir(parents=True, exist_ok=True)


async def _run(files: Sequence[Path], task: _Task, config: Config, *, as_json: bool) -> int:
    limits = WorkerLimits(
        count=min(len(files), os.cpu_count() or 1, config.workers.count),
        deadline_s=config.workers.deadline_s,
        memory_octets=config.workers.memory_mb * 1_000_000,
    )
    workers = await Workers.start(task.policies, limits)
    gate = asyncio.Semaphore(limits.count)
    console = terminal()
    worst = 0
    try:
        pending = [asyncio.create_task(_check(file, task, workers, gate)) for file in files]
        for file, waiting in zip(files, pending, strict=True):
            outcome = await waiting
            if isinstance(outcome, OSError):
                click.echo(f"{file}: cannot be read: {outcome.strerror}", err=True)
                worst = EXIT_FAULT
                continue
            worst = max(worst, _exit_code(outcome.verdict))
            if as_json:
                click.echo(json.dumps(_shape(outcome), ensure_ascii=False))
            else:
                _print(outcome, console)
    finally:
        await workers.close()
    return worst


async def _check(file: Path, task: _Task, workers: Workers, gate: asyncio.Semaphore) -> _Outcome | OSError:
    async with gate:
        try:
            octets = file.read_bytes()  # noqa: ASYNC240 - nobody else waits for this loop
        except OSError as error:
            return error
        examination, verdict = await _judge(octets, task, workers)
    sent = None
    if isinstance(verdict, Accept) and task.out is not None:
        sent = task.out / file.name
        sent.write_bytes(verdict.octets)
    is_of_seller = task.profile.seller is not None
    return _Outcome(file=file, examination=examination, verdict=verdict, is_of_seller=is_of_seller, sent=sent)


async def _judge(octets: bytes, task: _Task, workers: Workers) -> tuple[Examination, Verdict]:
    policy = _policy(octets, task)
    if policy is None and task.relays_others:
        examination = pass_on(octets)
        return examination, decide(examination, task.facts, task.at)
    if policy is None:
        refusal = Reject(code=NO_RELAY.code, status=NO_RELAY.status, sentences=(NO_RELAY.text,))
        return Examination(policy="none"), refusal
    try:
        examination = await workers.examine(octets, policy.name, task.profile, task.at)
    except WorkerLostError as error:
        return Examination(policy=policy.stamp), Defer(incident=error.incident)
    return examination, decide(examination, task.facts, task.at)


def _policy(octets: bytes, task: _Task) -> Policy | None:
    """The policy of ``--policy``, of the recipient, or of the first address in To that has one."""
    if task.policy is not None:
        return task.policies[task.policy]
    if task.recipient is not None:
        recipients = [task.recipient]
    else:
        try:
            to = parse(octets).field("To")
        except MessageError:
            return task.policies.get(FALLBACK_POLICY)
        recipients = [box.address for box in mailboxes(to.body if to else "") if box.address is not None]
    matching = (policy for each in recipients for policy in task.policies.values() if policy.takes(each))
    return next(matching, None)


def _exit_code(verdict: Verdict) -> int:
    if isinstance(verdict, Defer):
        return EXIT_FAULT
    return 0 if isinstance(verdict, Accept) and not verdict.stripped else EXIT_NO


def _shape(outcome: _Outcome) -> dict[str, Any]:
    """One line of ``--json``; its names are part of the public contract."""
    examination = outcome.examination
    reply = None if isinstance(outcome.verdict, Accept) else str(reply_to(outcome.verdict, "check"))
    return {
        "file": str(outcome.file),
        "verdict": verdict_name(outcome.verdict),
        "policy": examination.policy,
        "reply": reply,
        "sent": str(outcome.sent) if outcome.sent else None,
        "findings": [finding_shape(each) for each in examination.judgements],
        "findings_omitted": examination.omitted,
        "normalised": list(examination.normalised),
        "not_judged": [] if outcome.is_of_seller else list(SELLERS_FACTS),
    }


def finding_shape(judgement: Judgement) -> dict[str, str]:
    """One finding of ``--json``."""
    finding = judgement.finding
    return {
        "rule": finding.rule,
        "clause": judgement.clause,
        "part": finding.target.part,
        "evidence": finding.evidence,
        "on_match": judgement.on_match.value,
        "remedy": finding.remedy.value,
        "advice": judgement.advice,
    }


_COLOURS = {"accept": "green", "strip": "yellow", "hold": "magenta", "reject": "red", "defer": "blue"}


def _print(outcome: _Outcome, console: Console) -> None:
    name = verdict_name(outcome.verdict)
    console.print(
        f"[bold {_COLOURS[name]}]{name:7}[/] {escape(str(outcome.file))}  [dim]{outcome.examination.policy}[/]"
    )
    if not isinstance(outcome.verdict, Accept):
        console.print(f"        {escape(str(reply_to(outcome.verdict, 'check')))}", soft_wrap=True)
    for judgement in outcome.examination.judgements:
        finding = judgement.finding
        place = f"part {finding.target.part}" if finding.target.part else "header section"
        console.print(
            f"        {judgement.on_match:6} [bold]{finding.rule}[/] ({judgement.clause}), {place}: "
            f"{escape(finding.evidence)}",
            soft_wrap=True,
        )
        console.print(f"               [dim]{escape(judgement.advice)}[/]", soft_wrap=True)
    if outcome.examination.omitted:
        console.print(f"        and {outcome.examination.omitted} more findings")
    for phrase in outcome.examination.normalised:
        console.print(f"        [dim]changed: {escape(phrase)}[/]", soft_wrap=True)
