"""``gateway config check``."""

from collections.abc import Collection, Iterable
from pathlib import Path

import click

from gateway.cli.common import config_option, environment, fail, with_store
from gateway.config.errors import ConfigError
from gateway.config.fields import is_loopback
from gateway.config.model import Config
from gateway.config.next_hops import next_hops
from gateway.config.settings import read_settings
from gateway.relay.keys import KeyFault, KeyFolder
from gateway.store.records import StoreError
from gateway.store.store import Store, is_made


@click.group("config")
def command() -> None:
    """Check the configuration."""


@command.command("check")
@config_option
def check(config_file: Path | None) -> None:
    """Name every fault with its file and key; 0 when a start or a reload would take these settings and send mail."""
    try:
        settings = read_settings(config_file, environment())
    except ConfigError as error:
        fail(error.faults)
    config = settings.config
    key_faults, signed = _keys(KeyFolder(config.dkim.keys))
    if key_faults:
        fail(key_faults)
    found = warnings(config)
    if _goes_by_mx(config, settings.policies):
        found += unsigned(_sender_domains(config), signed)
    for warning in found:
        click.echo(f"warning: {warning}", err=True)
    listeners = ", ".join(f"{each.address} (tls {each.tls}, auth {each.auth})" for each in config.listener)
    click.echo(f"listeners: {listeners}")
    click.echo(f"policies: {', '.join(policy.stamp for policy in settings.policies.values())}")
    click.echo("The configuration is good.")


def unsigned(sender_domains: Iterable[str], signed: Collection[str]) -> list[str]:
    """Sender domains without a key: composing has ended the seller's own signature, and MX hosts look for one."""
    return [
        f"dkim: mail from {domain} goes to MX hosts unsigned; where its DMARC policy is strict it is refused; "
        f"run `gateway dkim add {domain}`"
        for domain in sorted(set(sender_domains) - set(signed))
    ]


def warnings(config: Config) -> list[str]:
    """What is allowed and yet worth a thought."""
    found = []
    if config.notices is None:
        found.append(
            "notices: there is no [notices] section, so a seller is not told when a next hop refuses a mail for good; "
            "set notices.from and notices.next_hop"
        )
    if not config.route:
        found.append(
            "route: there is none, so mail goes to the marketplace's MX hosts; many networks block port 25"
        )
    if config.other_recipients.action == "relay" and any(each.auth == "none" for each in config.listener):
        found.append(
            'other_recipients.action: a listener has auth = "none", so every program on this machine may write to '
            "anybody, unfiltered and in any name; log in on that listener, or be sure of these programs"
        )
    if config.console is not None and not is_loopback(config.console.address):
        found.append("console.address: the console asks for no password; keep it on a loopback address")
    found += [
        f"{path}: others than its owner may read this key; make its mode 0600"
        for path in KeyFolder(config.dkim.keys).open_to_others()
    ]
    return found


def _goes_by_mx(config: Config, policies: Iterable[str]) -> bool:
    hops = next_hops(config)
    return any(name not in hops or hops[name].kind == "mx" for name in policies)


def _sender_domains(config: Config) -> set[str]:
    """Of all sellers who may still send; none where there is no record yet."""
    try:
        if not is_made(config.store):
            return set()
    except StoreError as error:
        fail([str(error)])
    sellers = with_store(config, Store.sellers)
    return {sender.domain for seller in sellers if not seller.is_disabled for sender in seller.senders}


def _keys(folder: KeyFolder) -> tuple[list[str], set[str]]:
    """Faults of keys in use, and the domains that have a key."""
    faults: list[str] = []
    signed: set[str] = set()
    try:
        for domain, keys in folder.in_use().items():
            if isinstance(keys, KeyFault):
                faults.append(keys.sentence)
            signed.add(domain)
    except KeyFault as fault:
        faults.append(fault.sentence)
    return faults, signed
