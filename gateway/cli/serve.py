"""``gateway serve``."""

from pathlib import Path

import click

from gateway.cli.common import config_option, fail, policies_of, settings


@click.command("serve")
@config_option
def command(config_file: Path | None) -> None:
    """Run the gateway until SIGTERM or SIGINT."""
    from gateway.app import StartError, run

    config = settings(config_file)
    policies = policies_of(config)
    try:
        run(config, policies)
    except StartError as error:
        fail([error.sentence])
