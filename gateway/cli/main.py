"""The ``gateway`` command: which file holds which command, imported when it is asked for.

Not here: the commands themselves.
"""

from typing import ClassVar

import click

from gateway import __version__
from gateway.cli.lazy import LazyGroup

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


class _Commands(LazyGroup):
    elsewhere: ClassVar = {
        name: (f"gateway.cli.{module}", "command", text) for name, (module, text) in _COMMANDS.items()
    }


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="gateway")
def command() -> None:
    """Keep sellers' mail to marketplace buyers within the marketplace's messaging policy."""
