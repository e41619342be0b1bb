"""What several commands share: the ``--config`` option, errors an operator can act on, the store for one command.

House rule: the search of the record answers at once, so what a search does not need (settings and policies as models,
tables) is imported by the function that does; ``tests/cli/test_start_up.py`` holds the line.
Not here: any command.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Protocol, TypeVar

import click

from gateway.config.errors import ConfigError
from gateway.config.record import RecordSettings, load_record_settings
from gateway.store.records import StoreError
from gateway.store.store import Store

if TYPE_CHECKING:
    from rich.console import Console

    from gateway.config.model import Config
    from gateway.policy.model import Policy

T = TypeVar("T")

EXIT_NO = 1
EXIT_FAULT = 2

config_option = click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="GATEWAY_CONFIG",
    help="Configuration file (TOML); without one, the defaults.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")


PIPE_CHARS = 200
"""Characters of a line for another program: a row stays one line, to be found by grep."""


def terminal(*, soft_wrap: bool = False) -> "Console":
    """Where results go. A clause such as ``amazon:phone:`` is not to be read as the name of an emoji."""
    from rich.console import Console

    console = Console(emoji=False, soft_wrap=soft_wrap)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = PIPE_CHARS
    return console


def fail(faults: Iterable[str]) -> NoReturn:
    """Prints every fault on a line of its own and ends with 2."""
    for fault in faults:
        click.echo(fault, err=True)
    raise SystemExit(EXIT_FAULT)


def environment() -> dict[str, str]:
    """The variables that are settings: all but the one that names the file."""
    return {name: value for name, value in os.environ.items() if name != "GATEWAY_CONFIG"}


def settings(config_file: Path | None) -> "Config":
    """The configuration, or its faults and exit 2."""
    from gateway.config.load import load_config

    try:
        return load_config(config_file, environment())
    except ConfigError as error:
        fail(error.faults)


def record_settings(config_file: Path | None) -> RecordSettings:
    """Where the record is, or the faults that keep it from being known and exit 2."""
    try:
        return load_record_settings(config_file, environment())
    except ConfigError as error:
        fail(error.faults)


def policies_of(config: "Config") -> "dict[str, Policy]":
    """The policies in force, or their faults and exit 2."""
    from gateway.config.policies import load_policies

    try:
        return load_policies(config)
    except ConfigError as error:
        fail(error.faults)


class HasStore(Protocol):
    """Settings that say where the record is."""

    @property
    def store(self) -> str:
        """Its URL."""
        ...


def with_store(config: HasStore, use: Callable[[Store], Awaitable[T]]) -> T:
    """Opens the store beside a running gateway, does one thing with it, and closes it."""

    async def run() -> T:
        store = await Store.open(config.store, instance=None)
        try:
            return await use(store)
        finally:
            await store.close()

    try:
        return asyncio.run(run())
    except StoreError as error:
        fail([str(error)])
