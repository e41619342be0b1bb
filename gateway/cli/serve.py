"""``gateway serve``."""

from functools import partial
from pathlib import Path

import click

from gateway.cli.common import config_option, environment, fail


@click.command("serve")
@config_option
def command(config_file: Path | None) -> None:
    """Run the gateway until SIGTERM or SIGINT; SIGHUP reads all settings again."""
    from gateway.app import StartError
    from gateway.config.errors import ConfigError
    from gateway.config.settings import read_settings
    from gateway.serve import run

    try:
        run(partial(read_settings, config_file, environment()))
    except ConfigError as error:
        fail(error.faults)
    except StartError as error:
        fail([error.sentence])
