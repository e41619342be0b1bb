"""``gateway seller …``: sellers, their credentials, approved senders and links."""

from pathlib import Path

import click
from rich.table import Table

from gateway.cli.common import EXIT_NO, config_option, fail, settings, terminal, with_store
from gateway.cli.login import command as login_command
from gateway.cli.login import is_username
from gateway.cli.passwords import read_password, show_password
from gateway.credentials import hash_password
from gateway.html.url import parse_url
from gateway.mail.address import Address, parse_path
from gateway.mail.errors import AddressError
from gateway.store.accounts import SellerRecord
from gateway.store.store import Store


@click.group("seller")
def command() -> None:
    """Add and show sellers and their SMTP credentials."""


@command.command("add")
@click.argument("name")
@click.option(
    "--sender", "senders", multiple=True, required=True, help="Address the marketplace has approved."
)
@config_option
def add(name: str, senders: tuple[str, ...], config_file: Path | None) -> None:
    """Add seller NAME, and print the password of the new login NAME once.

    The password is read from standard input when it is no terminal, else generated.
    """
    if not is_username(name):
        fail([f'seller name "{name}": use letters, digits, dots and hyphens; "local" is taken'])
    addresses = _addresses(senders)
    password, is_ours = read_password()
    with_store(
        settings(config_file), lambda store: store.add_seller(name, addresses, hash_password(password))
    )
    click.echo(f"seller {name} added; SMTP user name: {name}")
    show_password(password, is_ours=is_ours)


@command.command("password")
@click.argument("name")
@config_option
def set_password(name: str, config_file: Path | None) -> None:
    """Set another password for login NAME: from standard input, else generated and printed once."""
    password, is_ours = read_password()
    with_store(settings(config_file), lambda store: store.set_password(name, hash_password(password)))
    click.echo(
        f"password of {name} changed; whoever is logged in with the old one is cut off at their next mail"
    )
    show_password(password, is_ours=is_ours)


@command.command("disable")
@click.argument("name")
@config_option
def disable(name: str, config_file: Path | None) -> None:
    """Take no login of seller NAME any more, in open connections either; its record stays."""
    with_store(settings(config_file), lambda store: store.disable(name))
    click.echo(f"seller {name} disabled")


@command.command("enable")
@click.argument("name")
@config_option
def enable(name: str, config_file: Path | None) -> None:
    """Take the logins of seller NAME again, but for those that are revoked."""
    with_store(settings(config_file), lambda store: store.enable(name))
    click.echo(f"seller {name} enabled")


@command.command("list")
@config_option
def list_all(config_file: Path | None) -> None:
    """List all sellers."""
    records = with_store(settings(config_file), Store.sellers)
    table = Table("seller", "logins", "approved senders", "state")
    for record in records:
        senders = ", ".join(str(sender) for sender in record.senders)
        table.add_row(
            record.name, ", ".join(record.usernames), senders, "disabled" if record.is_disabled else "active"
        )
    terminal().print(table)


@command.command("show")
@click.argument("name")
@config_option
def show(name: str, config_file: Path | None) -> None:
    """Show one seller."""
    record: SellerRecord | None = with_store(settings(config_file), lambda store: store.seller(name))
    if record is None:
        click.echo(f'no seller is called "{name}"; see `gateway seller list`', err=True)
        raise SystemExit(EXIT_NO)
    click.echo(f"seller    {record.name} ({'disabled' if record.is_disabled else 'active'})")
    click.echo(f"logins    {', '.join(record.usernames)}")
    click.echo(f"senders   {', '.join(str(sender) for sender in record.senders)}")
    click.echo(f"links     {', '.join(record.links) or 'none'}")


command.add_command(login_command)


@command.group("sender")
def sender() -> None:
    """Approved senders."""


@sender.command("add")
@click.argument("name")
@click.argument("senders", nargs=-1, required=True, metavar="ADDRESS...")
@config_option
def sender_add(name: str, senders: tuple[str, ...], config_file: Path | None) -> None:
    """Let seller NAME send from more addresses; open connections see it at once."""
    addresses = _addresses(senders)
    with_store(settings(config_file), lambda store: store.add_senders(name, addresses))
    click.echo(f"{len(addresses)} approved for {name}")


@sender.command("remove")
@click.argument("name")
@click.argument("senders", nargs=-1, required=True, metavar="ADDRESS...")
@config_option
def sender_remove(name: str, senders: tuple[str, ...], config_file: Path | None) -> None:
    """Let seller NAME send from these addresses no more; open connections see it at once."""
    addresses = _addresses(senders)
    with_store(settings(config_file), lambda store: store.remove_senders(name, addresses))
    click.echo(f"{len(addresses)} no longer approved for {name}")


@command.group("link")
def link() -> None:
    """Links that are needed to complete an order."""


@link.command("add")
@click.argument("name")
@click.argument("links", nargs=-1, required=True, metavar="HOST-OR-URL...")
@config_option
def link_add(name: str, links: tuple[str, ...], config_file: Path | None) -> None:
    """Let seller NAME link to these hosts, or to pages below these https URLs."""
    chosen = [_checked_link(text) for text in links]
    with_store(settings(config_file), lambda store: store.add_links(name, chosen))
    click.echo(f"{len(chosen)} allowed for {name}")


@link.command("remove")
@click.argument("name")
@click.argument("links", nargs=-1, required=True, metavar="HOST-OR-URL...")
@config_option
def link_remove(name: str, links: tuple[str, ...], config_file: Path | None) -> None:
    """Let seller NAME link to these no more, as `seller show` writes them."""
    with_store(settings(config_file), lambda store: store.remove_links(name, links))
    click.echo(f"{len(links)} no longer allowed for {name}")


def _checked_link(text: str) -> str:
    url = parse_url(text if "://" in text else f"https://{text}")
    if url.scheme != "https" or not url.host or "." not in url.host or url.userinfo:
        fail([f'"{text}": give a host, as in portal.example.com, or an https URL'])
    return text


def _addresses(texts: tuple[str, ...]) -> list[Address]:
    found = []
    for text in texts:
        try:
            found.append(parse_path(text, smtputf8=True))
        except AddressError:
            fail([f'"{text}" is not a mail address; write it as shop@seller.example'])
    return found
