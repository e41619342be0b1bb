"""``gateway queue hold``, ``release``, ``reject``, ``retry``, ``delete``: what a person decides about what waits.

The commands write to the record beside a running gateway, which sees it within seconds; they need none to run.
Not here: the listing (``queue.py``), what a decision does (``review``, ``store/hold``).
"""

import asyncio
import getpass
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from gateway.cli.common import (
    EXIT_FAULT,
    EXIT_NO,
    config_option,
    fail,
    policies_of,
    settings,
    with_store,
)
from gateway.cli.filters import filter_options, query_of
from gateway.cli.tables import print_waiting
from gateway.config.model import Config
from gateway.notices import Notices
from gateway.ops import log
from gateway.policy.model import Policy
from gateway.review import Review, StillRefusedError
from gateway.store.records import ListedState, StateError, StoreError
from gateway.store.rulings import Decision, Deed
from gateway.store.store import Store
from gateway.worker import WorkerLimits, WorkerLostError, Workers, WorkerStartError

MAX_AT_ONCE = 1_000
"""Messages that one command decides about: as many as a listing holds."""

AT_ONCE = 8
"""Of these under way at a time: each may be a mail of 25 MB in memory, and waits for a worker only so long."""

F = TypeVar("F", bound=Callable[..., Any])

Decide = Callable[[str], Awaitable[str]]
"""Decides about one message; returns what to say of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choice:
    """Messages to decide about, and where they are kept."""

    config: Config
    ids: tuple[str, ...]


def _choosing(verb: str, state: ListedState) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Gives a command its IDs or filter; the command gets them as ``choice``, and its own options beside it."""

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        def run(  # noqa: PLR0913 - one argument an option
            ids: tuple[str, ...],
            do_all: bool,
            yes: bool,
            config_file: Path | None,
            *,
            verdict: str | None,
            rule: str | None,
            seller: str | None,
            since: str | None,
            text: str | None,
            **own: Any,
        ) -> None:
            filters = {"verdict": verdict, "rule": rule, "seller": seller, "since": since, "text": text}
            _check_usage(ids, filters, verb, do_all=do_all)
            config = settings(config_file)
            if not ids:
                ids = _found(config, filters, verb, state, yes=yes)
            log.configure(level="error", stream=sys.stderr.buffer)
            function(_Choice(config=config, ids=tuple(dict.fromkeys(ids))), **own)

        run.__doc__ = function.__doc__
        run = config_option(run)
        run = click.option("--yes", is_flag=True, help="Do what the filter finds without asking.")(run)
        run = click.option("--all", "do_all", is_flag=True, help=f"All that is {state}.")(run)
        return click.argument("ids", nargs=-1, metavar="[ID]...")(filter_options(run))

    return decorate


@click.command("hold")
@click.option("--reason", default="", help="For the record.")
@_choosing("hold", "queued")
def hold(choice: _Choice, reason: str) -> None:
    """Put queued mails on hold, by ID or filter: nothing more of them is sent until somebody decides."""

    async def work(store: Store) -> int:
        review = _review(store, choice.config, policies_of(choice.config))

        async def decide(id_: str) -> str:
            until = await review.hold(id_, who=_operator(), reason=reason)
            return f"on hold until {until:%Y-%m-%d %H:%M} UTC"

        return await _each(choice.ids, decide)

    raise SystemExit(with_store(choice.config, work))


@click.command("release")
@click.option(
    "--override", metavar="REASON", help="Send even what the policy wants held; REASON is recorded."
)
@_choosing("release", "held")
def release(choice: _Choice, override: str | None) -> None:
    """Send held mails, by ID or filter, after examining them again under the policy of today.

    What the policy wants held is taken out. With --override it is left in; what the policy strips or refuses is
    stripped or refused all the same.
    """
    if override is not None and not override.strip():
        fail(["--override: give a reason, it is recorded"])
    policies = policies_of(choice.config)

    async def work(store: Store) -> int:
        limits = WorkerLimits(
            count=min(len(choice.ids), os.cpu_count() or 1, choice.config.workers.count),
            deadline_s=choice.config.workers.deadline_s,
            memory_octets=choice.config.workers.memory_mb * 1_000_000,
        )
        workers = await Workers.start(policies, limits)
        review = _review(store, choice.config, policies, workers)

        async def decide(id_: str) -> str:
            reason, is_override = override or "", override is not None
            verdict = await review.release(id_, who=_operator(), reason=reason, override=is_override)
            return f"released: {verdict}"

        try:
            return await _each(choice.ids, decide)
        finally:
            await workers.close()

    try:
        raise SystemExit(with_store(choice.config, work))
    except WorkerStartError as error:
        fail([str(error)])


@click.command("reject")
@click.option("--reason", required=True, help="Why; it is recorded, and told to the seller.")
@_choosing("refuse", "held")
def reject(choice: _Choice, reason: str) -> None:
    """Refuse held mails, by ID or filter, and tell the seller by a failure notice (DSN)."""
    words = _given(reason)

    async def work(store: Store) -> int:
        review = _review(store, choice.config, policies_of(choice.config))

        async def decide(id_: str) -> str:
            is_told = await review.reject(id_, who=_operator(), reason=words)
            return "refused; a notice goes to the seller" if is_told else "refused; no notice is sent"

        return await _each(choice.ids, decide)

    raise SystemExit(with_store(choice.config, work))


@click.command("retry")
@_choosing("retry", "queued")
def retry(choice: _Choice) -> None:
    """Try queued mails again now, by ID or filter, instead of when they are due."""
    raise SystemExit(_recorded(choice, Store.retry, "retry", "", "due now"))


@click.command("delete")
@click.option("--reason", required=True, help="Why; it is recorded.")
@_choosing("delete", "waiting")
def delete(choice: _Choice, reason: str) -> None:
    """Take mails out of queue or hold, by ID or filter: nothing more of them is sent, and nobody is told.

    The record and the copies stay as long as those of any other mail.
    """
    raise SystemExit(_recorded(choice, Store.delete, "delete", _given(reason), "deleted"))


def _recorded(
    choice: _Choice,
    change: Callable[[Store, str, Decision], Awaitable[None]],
    what: Deed,
    reason: str,
    done: str,
) -> int:
    async def work(store: Store) -> int:
        async def decide(id_: str) -> str:
            decision = Decision(at=datetime.now(UTC), who=_operator(), what=what, reason=reason)
            await change(store, id_, decision)
            return done

        return await _each(choice.ids, decide)

    return with_store(choice.config, work)


async def _each(ids: tuple[str, ...], decide: Decide) -> int:
    """Decides about each, says a line of each, in the order asked; the worst of them is the exit code."""
    worst = 0
    gate = asyncio.Semaphore(AT_ONCE)
    for answer in [asyncio.ensure_future(_said(id_, decide, gate)) for id_ in ids]:
        code, words = await answer
        worst = max(worst, code)
        click.echo(words, err=code != 0)
    return worst


async def _said(id_: str, decide: Decide, gate: asyncio.Semaphore) -> tuple[int, str]:
    async with gate:
        try:
            return 0, f"{id_} {await decide(id_)}"
        except StateError as error:
            return EXIT_NO, str(error)
        except StillRefusedError as error:
            return EXIT_NO, f"{id_} stays held: {error}"
        except WorkerLostError as error:
            return EXIT_FAULT, f"{id_} stays held: the gateway could not examine it [{error}]"
        except StoreError as error:
            return EXIT_FAULT, f"{id_}: {error}"


def _check_usage(ids: tuple[str, ...], filters: dict[str, str | None], verb: str, *, do_all: bool) -> None:
    is_filtered = do_all or any(value is not None for value in filters.values())
    if ids and is_filtered:
        fail([f"{verb}: give ids or a filter, not both"])
    if not ids and not is_filtered:
        fail([f"{verb}: give ids, or a filter (--rule, --seller, --since, --text, --verdict), or --all"])


def _found(
    config: Config, filters: dict[str, str | None], verb: str, state: ListedState, *, yes: bool
) -> tuple[str, ...]:
    """What the filter finds, once the operator has seen it and agreed."""
    query = query_of(filters, limit=MAX_AT_ONCE, state=state)
    found = with_store(config, lambda store: store.messages(query))
    if not found:
        click.echo("the filter finds nothing")
        raise SystemExit(0)
    if len(found) == MAX_AT_ONCE:
        click.echo(f"The newest {MAX_AT_ONCE:,} only; run the command again for the rest.", err=True)
    if not yes:
        print_waiting(found)
        if not sys.stdin.isatty():
            click.echo(f"nothing done; add --yes to {verb} these {len(found)}", err=True)
            raise SystemExit(EXIT_NO)
        click.confirm(f"{verb} these {len(found)}?", abort=True)
    return tuple(summary.id for summary in found)


def _given(reason: str) -> str:
    if not reason.strip():
        fail(["--reason: give one, it is recorded"])
    return reason


def _review(
    store: Store, config: Config, policies: dict[str, Policy], workers: Workers | None = None
) -> Review:
    notices = Notices(store, config.notices.from_ if config.notices else None, config.hostname)
    return Review(store=store, workers=workers, policies=policies, notices=notices, hostname=config.hostname)


def _operator() -> str:
    """Who is at the keyboard, behind sudo too."""
    return os.environ.get("SUDO_USER") or getpass.getuser()
