"""``gateway config check``."""

from pathlib import Path

import click

from gateway.cli.common import config_option, policies_of, settings
from gateway.config.fields import is_loopback
from gateway.config.model import Config


@click.group("config")
def command() -> None:
    """Check the configuration."""


@command.command("check")
@config_option
def check(config_file: Path | None) -> None:
    """Name every fault with its file and key; 0 when the gateway would start with these settings."""
    config = settings(config_file)
    policies = policies_of(config)
    for warning in warnings(config):
        click.echo(f"warning: {warning}", err=True)
    listeners = ", ".join(f"{each.address} (tls {each.tls}, auth {each.auth})" for each in config.listener)
    click.echo(f"listeners: {listeners}")
    click.echo(f"policies: {', '.join(policy.stamp for policy in policies.values())}")
    click.echo("The configuration is good.")


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
    return found
