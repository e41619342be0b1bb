"""``gateway dkim …``: the keys that mail is signed with, and what DNS says of them.

Not here: where keys lie (``relay/keys``), what a record must be (``relay/dkim_record``).
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, TypeVar

import click
from rich.table import Table

from gateway.cli.common import EXIT_NO, config_option, fail, settings, terminal
from gateway.relay.dkim import DomainKeys
from gateway.relay.dkim_record import faults, record_name, zone_lines
from gateway.relay.keys import KeyFault, KeyFolder, checked_domain
from gateway.relay.published import NoAnswerError, texts

T = TypeVar("T")

selector_option = click.option(
    "--selector", metavar="S", help="Name of the keys; S-rsa and S-ed25519 in DNS."
)


@click.group("dkim")
def command() -> None:
    """Make the keys that mail is signed with, and compare them with DNS."""


@command.command("add")
@click.argument("domain")
@selector_option
@config_option
def add(domain: str, selector: str | None, config_file: Path | None) -> None:
    """Make an RSA and an Ed25519 key for the mail of DOMAIN, and print their DNS records.

    The first keys of a domain are in use at once; later ones wait for `gateway dkim use`.
    """
    chosen = selector or f"gw{datetime.now(UTC):%Y%m%d}"

    def work(folder: KeyFolder, domain: str) -> tuple[DomainKeys, bool]:
        keys = folder.add(domain, chosen)
        return keys, folder.active(domain) == chosen

    keys, is_active = _with_keys(config_file, domain, work)
    then = f"gateway dkim check {keys.domain}" if is_active else f"gateway dkim use {keys.domain} {chosen}"
    click.echo(f"; {'in use from now on' if is_active else 'not in use yet'}", err=True)
    click.echo(f"; publish these in the zone of {keys.domain}, then: {then}", err=True)
    for key in keys.keys:
        click.echo(zone_lines(key, keys.domain))


@command.command("check")
@click.argument("domain")
@selector_option
@config_option
def check(domain: str, selector: str | None, config_file: Path | None) -> None:
    """Compare what DNS says with the keys in use for DOMAIN: 0 when they agree, 1 when not, 2 when DNS is silent."""
    keys = _with_keys(config_file, domain, lambda folder, name: _load(folder, name, selector))
    if _report(keys, config_file):
        raise SystemExit(EXIT_NO)


@command.command("use")
@click.argument("domain")
@click.argument("selector")
@click.option("--unchecked", is_flag=True, help="Do not ask DNS whether the records are there.")
@config_option
def use(domain: str, selector: str, *, unchecked: bool, config_file: Path | None) -> None:
    """Sign the mail of DOMAIN with the keys of SELECTOR from now on, if DNS has their records."""
    keys = _with_keys(config_file, domain, lambda folder, name: folder.load(name, selector))
    if not unchecked and _report(keys, config_file):
        click.echo(f"{keys.domain}: nothing changed; mend the records, or say --unchecked", err=True)
        raise SystemExit(EXIT_NO)
    _with_keys(config_file, domain, lambda folder, name: folder.use(name, selector))
    click.echo(f"{keys.domain}: signed with {selector} from now on; a running gateway follows in seconds")


@command.command("retire")
@click.argument("domain")
@click.argument("selector")
@click.option("--unsigned", is_flag=True, help="Also when it is the one in use: mail goes out unsigned then.")
@config_option
def retire(domain: str, selector: str, *, unsigned: bool, config_file: Path | None) -> None:
    """Delete the keys of SELECTOR; they cannot be had back."""

    def work(folder: KeyFolder, name: str) -> str:
        if folder.active(name) == selector and not unsigned:
            raise KeyFault(
                f"{name}: {selector} is in use; `gateway dkim add` and `use` another first, or say --unsigned"
            )
        folder.retire(name, selector)
        return name

    name = _with_keys(config_file, domain, work)
    click.echo(
        f"{name}: keys of {selector} deleted; leave their records in DNS for a week, for mail that is on its way, "
        "then remove them"
    )


@command.command("list")
@config_option
def list_all(config_file: Path | None) -> None:
    """List domains and their selectors; 1 when a key in use cannot be used."""
    folder = KeyFolder(settings(config_file).dkim.keys)
    table = Table("domain", "selector", "state", "keys")
    is_faulty = False
    try:
        for domain in folder.domains():
            for row in _rows(folder, domain):
                table.add_row(domain, row.selector, row.state, row.words)
                is_faulty |= row.is_faulty and row.state != "waits"
    except KeyFault as fault:
        fail([fault.sentence])
    terminal().print(table)
    if is_faulty:
        raise SystemExit(EXIT_NO)


class _Row(NamedTuple):
    """One selector of a domain, or what is wrong with all of them."""

    selector: str
    state: str
    words: str
    is_faulty: bool = False


def _rows(folder: KeyFolder, domain: str) -> Iterator[_Row]:
    try:
        active = folder.active(domain)
    except KeyFault as fault:
        yield _Row("", "faulty", fault.sentence, is_faulty=True)
        return
    for selector in dict.fromkeys([*folder.selectors(domain), *([active] if active else [])]):
        state = "in use" if selector == active else "waits"
        try:
            yield _Row(
                selector, state, ", ".join(key.algorithm for key in folder.load(domain, selector).keys)
            )
        except KeyFault as fault:
            yield _Row(selector, state, fault.sentence, is_faulty=True)


def _load(folder: KeyFolder, domain: str, selector: str | None) -> DomainKeys:
    chosen = selector or folder.active(domain)
    if chosen is None:
        raise KeyFault(f"{domain}: has no key in use; `gateway dkim add {domain}` makes one")
    return folder.load(domain, chosen)


def _report(keys: DomainKeys, config_file: Path | None) -> bool:
    """Says what DNS has of each key; whether anything is wrong. DNS that does not answer ends with 2."""
    servers = settings(config_file).delivery.dns
    is_faulty = False
    for key in keys.keys:
        name = record_name(key, keys.domain)
        try:
            found = faults(texts(name, servers), key)
        except NoAnswerError as silence:
            fail([silence.sentence])
        for fault in found:
            click.echo(f"{name}: {fault}")
        if found:
            click.echo(zone_lines(key, keys.domain))
        else:
            click.echo(f"{name}: good")
        is_faulty |= bool(found)
    return is_faulty


def _with_keys(config_file: Path | None, domain: str, work: Callable[[KeyFolder, str], T]) -> T:
    """Does something with the folder of keys; a fault ends with 2."""
    folder = KeyFolder(settings(config_file).dkim.keys)
    try:
        return work(folder, checked_domain(domain))
    except KeyFault as fault:
        fail([fault.sentence])
