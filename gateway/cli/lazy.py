"""A group of commands whose files are imported when they are asked for.

Start-up time of one command, not of all: serving needs no tables, a search no server.
Not here: the commands.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import ClassVar

import click

Place = tuple[str, str, str]
"""Module, name of the command in it, and its line in ``--help``."""


class LazyGroup(click.Group):
    """Commands by name, those of ``elsewhere`` imported when they are needed.

    Attributes:
        elsewhere: Command name → where it is.
    """

    elsewhere: ClassVar[Mapping[str, Place]] = {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Those at hand first, then those elsewhere in the order of their table."""
        return [*super().list_commands(ctx), *self.elsewhere]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported."""
        if cmd_name not in self.elsewhere:
            return super().get_command(ctx, cmd_name)
        module, attribute, _ = self.elsewhere[cmd_name]
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Their help, without importing them."""
        lines = [(name, each.get_short_help_str(100)) for name, each in self.commands.items()]
        lines += [(name, text) for name, (_, _, text) in self.elsewhere.items()]
        with formatter.section("Commands"):
            formatter.write_dl(lines)
