"""``gateway store``: the record as a file."""

import asyncio
from pathlib import Path

import click

from gateway.cli.common import config_option, fail, settings
from gateway.store.records import StoreError
from gateway.store.store import backup as copy


@click.group("store")
def command() -> None:
    """Back up the record."""


@command.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
@config_option
def backup(file: Path, config_file: Path | None) -> None:
    """Copy the record into a new FILE, whole, also while the gateway runs.

    It holds mails, addresses and password hashes: FILE can be read by its owner alone.
    """
    config = settings(config_file)
    try:
        asyncio.run(copy(config.store, file))
    except StoreError as error:
        fail([str(error)])
    click.echo(f"{file}: {file.stat().st_size:,} octets, checked.")
