"""Sellers: their approved senders and links, and their SMTP logins.

Not here: how a password is hashed or verified; a hash is opaque text.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from gateway.mail.address import Address
from gateway.store.accounts import Account, CredentialRecord, LoginRecord, SellerRecord
from gateway.store.driver import (
    Operation,
    Statement,
    from_column,
    from_micros,
    one_each,
    to_column,
    to_micros,
)
from gateway.store.records import StoreError

_ADD = """
INSERT INTO seller (name, added_at) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING name"""

_ADD_SENDER = "INSERT INTO seller_sender (seller, sender) VALUES ($1, $2) ON CONFLICT DO NOTHING"

_REMOVE_SENDER = "DELETE FROM seller_sender WHERE seller = $1 AND sender = $2"

_ADD_LINK = "INSERT INTO seller_link (seller, link) VALUES ($1, $2) ON CONFLICT DO NOTHING"

_REMOVE_LINK = "DELETE FROM seller_link WHERE seller = $1 AND link = $2 RETURNING link"

_ADD_CREDENTIAL = """
INSERT INTO credential (username, seller, password_hash, added_at) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING RETURNING username"""

_SET_PASSWORD = """
UPDATE credential SET password_hash = $1 WHERE username = $2 AND revoked_at IS NULL RETURNING username"""  # noqa: S105 - SQL

_REVOKE = "UPDATE credential SET revoked_at = COALESCE(revoked_at, $1) WHERE username = $2 RETURNING username"

_DISABLE = "UPDATE seller SET disabled_at = COALESCE(disabled_at, $1) WHERE name = $2 RETURNING name"

_ENABLE = "UPDATE seller SET disabled_at = NULL WHERE name = $1 RETURNING name"

_SENDERS = "SELECT sender FROM seller_sender WHERE seller = $1 ORDER BY sender"

_LINKS = "SELECT link FROM seller_link WHERE seller = $1 ORDER BY link"

_LOGINS = "SELECT username, added_at, revoked_at FROM credential WHERE seller = $1 ORDER BY username"

_CREDENTIAL = """
SELECT c.username, c.seller, c.password_hash, s.disabled_at IS NOT NULL, c.revoked_at IS NOT NULL
FROM credential c JOIN seller s ON s.name = c.seller WHERE c.username = $1"""


def add(name: str, senders: Sequence[Address], now: datetime, password_hash: str | None) -> Operation[None]:
    """A new seller, and its login of the same name where there is a password for it.

    Raises:
        StoreError: There is one of that name, or a login.
    """
    rows = yield Statement(_ADD, (name, to_micros(now)))
    if not rows:
        raise StoreError(f"seller {name}: exists already; add to it, or choose another name")
    yield from one_each(_ADD_SENDER, ((name, to_column(sender)) for sender in senders))
    if password_hash is not None:
        yield from add_credential(name, name, password_hash, now)


def add_senders(name: str, senders: Iterable[Address]) -> Operation[None]:
    """More approved senders; those it has already stay."""
    yield from _required(name)
    yield from one_each(_ADD_SENDER, ((name, to_column(sender)) for sender in senders))


def remove_senders(name: str, senders: Iterable[Address]) -> Operation[None]:
    """Approve these senders no more, however their case was written.

    Raises:
        StoreError: The seller is unknown, or one of them was not approved; nothing is removed then.
    """
    yield from _required(name)
    approved = [from_column(sender) for (sender,) in (yield Statement(_SENDERS, (name,)))]
    for sender in senders:
        found = [each for each in approved if each.folded == sender.folded]
        if not found:
            raise _not_there(name, str(sender), "is not approved")
        yield from one_each(_REMOVE_SENDER, ((name, to_column(each)) for each in found))


def add_links(name: str, links: Iterable[str]) -> Operation[None]:
    """More links an order needs; those it has already stay."""
    yield from _required(name)
    yield from one_each(_ADD_LINK, ((name, link) for link in links))


def remove_links(name: str, links: Iterable[str]) -> Operation[None]:
    """Allow these links no more.

    Raises:
        StoreError: The seller is unknown, or one of them was not allowed; nothing is removed then.
    """
    yield from _required(name)
    for link in links:
        if not (yield Statement(_REMOVE_LINK, (name, link))):
            raise _not_there(name, link, "is not allowed")


def add_credential(name: str, username: str, password_hash: str, now: datetime) -> Operation[None]:
    """A new login of a seller; a name that was revoked is not used again, since the record shows it.

    Raises:
        StoreError: The seller is unknown, or the username is taken.
    """
    yield from _required(name)
    rows = yield Statement(_ADD_CREDENTIAL, (username, name, password_hash, to_micros(now)))
    if not rows:
        raise StoreError(f"username {username}: is taken; choose another")


def set_password(username: str, password_hash: str) -> Operation[None]:
    """Another password for a login.

    Raises:
        StoreError: The username is unknown, or revoked.
    """
    rows = yield Statement(_SET_PASSWORD, (password_hash, username))
    if not rows and (yield from credential(username)):
        raise StoreError(f"username {username}: is revoked; `gateway seller login add` makes another")
    if not rows:
        raise _unknown_login(username)


def revoke(username: str, now: datetime) -> Operation[None]:
    """Take this login no more; twice is once."""
    rows = yield Statement(_REVOKE, (to_micros(now), username))
    if not rows:
        raise _unknown_login(username)


def disable(name: str, now: datetime) -> Operation[None]:
    """Take no login of this seller any more."""
    rows = yield Statement(_DISABLE, (to_micros(now), name))
    if not rows:
        raise _unknown(name)


def enable(name: str) -> Operation[None]:
    """Take its logins again, but for those that are revoked."""
    rows = yield Statement(_ENABLE, (name,))
    if not rows:
        raise _unknown(name)


def credential(username: str) -> Operation[CredentialRecord | None]:
    """The login of that name, or ``None``."""
    rows = yield Statement(_CREDENTIAL, (username,))
    if not rows:
        return None
    found, seller, password_hash, is_disabled, is_revoked = rows[0]
    return CredentialRecord(
        username=found,
        seller=seller,
        password_hash=password_hash,
        is_disabled=bool(is_disabled),
        is_revoked=bool(is_revoked),
    )


def account(username: str) -> Operation[Account | None]:
    """The login of that name and its seller, or ``None``."""
    found = yield from credential(username)
    seller = yield from one(found.seller if found else "")
    return Account(credential=found, seller=seller) if found and seller else None


def one(name: str) -> Operation[SellerRecord | None]:
    """The seller of that name, or ``None``."""
    records = yield from _records("WHERE name = $1", (name,))
    return records[0] if records else None


def everyone() -> Operation[list[SellerRecord]]:
    """All sellers by name."""
    return (yield from _records("", ()))


def _records(where: str, params: tuple[str, ...]) -> Operation[list[SellerRecord]]:
    found: list[SellerRecord] = []
    rows = yield Statement(f"SELECT name, disabled_at FROM seller {where} ORDER BY name", params)  # noqa: S608 - our words
    for name, disabled_at in rows:
        senders = yield Statement(_SENDERS, (name,))
        links = yield Statement(_LINKS, (name,))
        logins = yield Statement(_LOGINS, (name,))
        record = SellerRecord(
            name=name,
            senders=tuple(from_column(sender) for (sender,) in senders),
            links=tuple(link for (link,) in links),
            logins=tuple(_login(*login) for login in logins),
            is_disabled=disabled_at is not None,
        )
        found.append(record)
    return found


def _login(username: str, added_at: int, revoked_at: int | None) -> LoginRecord:
    return LoginRecord(
        username=username,
        added_at=from_micros(added_at) if added_at else None,
        revoked_at=None if revoked_at is None else from_micros(revoked_at),
    )


def _required(name: str) -> Operation[None]:
    if not (yield Statement("SELECT 1 FROM seller WHERE name = $1", (name,))):
        raise _unknown(name)


def _unknown(name: str) -> StoreError:
    return StoreError(f"seller {name}: is unknown; `gateway seller list` shows who there is")


def _not_there(name: str, what: str, state: str) -> StoreError:
    return StoreError(f"seller {name}: {what} {state}; `gateway seller show {name}` shows what is")


def _unknown_login(username: str) -> StoreError:
    return StoreError(f"username {username}: is unknown; `gateway seller list` shows who there is")
