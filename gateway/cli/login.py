"""``gateway seller login …``: several logins a seller, so that one program can be cut off alone.

Not here: sellers themselves (``seller``), passwords of logins there are (``seller password``).
"""

from itertools import count
from pathlib import Path

import click
from rich.table import Table

from gateway.cli.common import EXIT_NO, config_option, fail, settings, terminal, with_store
from gateway.cli.passwords import read_password, show_password
from gateway.credentials import hash_password
from gateway.store.accounts import LoginRecord, SellerRecord
from gateway.store.store import Store

MAX_USERNAME_CHARS = 128
"""Characters of a username; logs show it whole."""


@click.group("login")
def command() -> None:
    """Add, list and revoke logins of a seller: one for each program makes them revocable one by one."""


@command.command("add")
@click.argument("name")
@click.argument("username", required=False)
@config_option
def add(name: str, username: str | None, config_file: Path | None) -> None:
    """Give seller NAME another login, called USERNAME or NAME-2, and print its password once.

    The password is read from standard input when it is no terminal, else generated.
    """
    if username is not None and not is_username(username):
        fail(
            [
                f'username "{username}": use up to {MAX_USERNAME_CHARS} characters without blanks; "local" is taken'
            ]
        )
    password, is_ours = read_password()

    async def work(store: Store) -> str:
        chosen = username or _free_name(name, await store.seller(name))
        await store.add_credential(name, chosen, hash_password(password))
        return chosen

    click.echo(f"login added for {name}; SMTP user name: {with_store(settings(config_file), work)}")
    show_password(password, is_ours=is_ours)


@command.command("list")
@click.argument("name")
@config_option
def list_all(name: str, config_file: Path | None) -> None:
    """List the logins of seller NAME, those revoked too."""
    record: SellerRecord | None = with_store(settings(config_file), lambda store: store.seller(name))
    if record is None:
        click.echo(f'no seller is called "{name}"; see `gateway seller list`', err=True)
        raise SystemExit(EXIT_NO)
    table = Table("username", "added", "state")
    for login in record.logins:
        table.add_row(login.username, _day(login), _state(login, is_disabled=record.is_disabled))
    terminal().print(table)


@command.command("revoke")
@click.argument("username")
@config_option
def revoke(username: str, config_file: Path | None) -> None:
    """Take login USERNAME no more, in open connections either; the seller's other logins stay."""
    with_store(settings(config_file), lambda store: store.revoke(username))
    click.echo(f"login {username} revoked; whoever uses it is cut off at their next mail")


def is_username(text: str) -> bool:
    """Whether a login may be called that."""
    is_plain = text.isprintable() and " " not in text
    return is_plain and 0 < len(text) <= MAX_USERNAME_CHARS and text != "local"


def _free_name(name: str, seller: SellerRecord | None) -> str:
    taken = {login.username for login in seller.logins} if seller else set()
    return next(candidate for number in count(2) if (candidate := f"{name}-{number}") not in taken)


def _day(login: LoginRecord) -> str:
    return f"{login.added_at:%Y-%m-%d}" if login.added_at else "earlier"


def _state(login: LoginRecord, *, is_disabled: bool) -> str:
    if login.revoked_at:
        return f"revoked {login.revoked_at:%Y-%m-%d %H:%M} UTC"
    return "seller disabled" if is_disabled else "active"
