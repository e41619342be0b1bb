"""The ``gateway`` command: which file holds which command, imported when it is asked for.

Not here: the commands themselves.
"""

from importlib import import_module

import click

from gateway import __version__

_COMMANDS = {
    "demo": ("demo", "Watch sample mails go through the gateway; no configuration, no network."),
    "serve": ("serve", "Run the gateway."),
    "check": ("check", "Show what would happen to mails, without sending them."),
    "config": ("config", "Check the configuration."),
    "policy": ("policy", "Check, show and explain policies."),
    "seller": ("seller", "Add and show sellers and their SMTP credentials."),
    "dkim": ("dkim", "Make the keys that mail is signed with, and compare them with DNS."),
    "queue": ("queue", "See what waits, and decide about it: hold, release, reject, retry, delete."),
    "messages": ("messages", "Search the record of mails."),
    "store": ("store", "Back up the record."),
}


class _Lazy(click.Group):
    """Start-up time of one command, not of all: serving needs no tables, a table needs no server."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"gateway.cli.{_COMMANDS[cmd_name][0]}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


@click.command(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="gateway")
def command() -> None:
    """Keep sellers' mail to marketplace buyers within the marketplace's messaging policy."""
