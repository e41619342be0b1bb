"""``gateway config check``."""

from pathlib import Path

import click

from gateway.cli.common import config_option, environment, fail
from gateway.config.errors import ConfigError
from gateway.config.fields import is_loopback
from gateway.config.model import Config
from gateway.config.settings import read_settings


@click.group("config")
def command() -> None:
    """Check the configuration."""


@command.command("check")
@config_option
def check(config_file: Path | None) -> None:
    """Name every fault with its file and key; 0 when a start or a reload would take these settings."""
    try:
        settings = read_settings(config_file, environment())
    except ConfigError as error:
        fail(error.faults)
    config = settings.config
    for warning in warnings(config):
        click.echo(f"warning: {warning}", err=True)
    listeners = ", ".join(f"{each.address} (tls {each.tls}, auth {each.auth})" for each in config.listener)
    click.echo(f"listeners: {listeners}")
    click.echo(f"policies: {', '.join(policy.stamp for policy in settings.policies.values())}")
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
    if config.console is not None and not is_loopback(config.console.address):
        found.append("console.address: the console asks for no password; keep it on a loopback address")
    return found
