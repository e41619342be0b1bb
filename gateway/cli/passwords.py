"""Passwords that commands take from standard input, or make and show once.

Not here: how they are hashed (``credentials``).
"""

import sys

import click

from gateway.cli.common import fail
from gateway.credentials import generate_password

MIN_PASSWORD_CHARS = 12
"""Characters of a password that a person chose; NIST SP 800-63B asks for 8, but this one is typed once."""

NOT_ASCII = (
    "the password on standard input is not plain ASCII; use ASCII characters: Python's smtplib, and with it Odoo and "
    "ERPNext, can send no others"
)


def read_password() -> tuple[str, bool]:
    """The password, and whether it is ours to show."""
    if sys.stdin.isatty():
        return generate_password(), True
    given = _line()
    if not given:
        return generate_password(), True
    if not (given.isascii() and given.isprintable()):
        fail([NOT_ASCII])
    if len(given) < MIN_PASSWORD_CHARS:
        fail(
            [
                f"the password on standard input is short; use at least {MIN_PASSWORD_CHARS} characters, or give none"
            ]
        )
    return given, False


def _line() -> str:
    """The line on standard input; octets that are no characters here stand as U+FFFD, so that they are refused."""
    octets = sys.stdin.buffer.readline()
    return octets.decode(errors="replace").rstrip("\r\n")


def show_password(password: str, *, is_ours: bool) -> None:
    """Print a password that we have made; one that was given is known."""
    if is_ours:
        click.echo(f"password: {password}")
        click.echo("It is shown this once; the gateway keeps only its hash.")
