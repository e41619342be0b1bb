"""Sellers and their logins, as values.

Not here: SQL (``sellers.py``). Every time is an aware UTC ``datetime``.
"""

from dataclasses import dataclass
from datetime import datetime

from gateway.mail.address import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginRecord:
    """An SMTP login as it is shown.

    Attributes:
        username: As the client gives it.
        added_at: ``None`` where that was not yet written down.
        revoked_at: ``None`` while it is taken.
    """

    username: str
    added_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SellerRecord:
    """A seller.

    Attributes:
        name: Unique name.
        senders: Addresses it may send from, sorted.
        links: Hosts and URLs its orders need, sorted.
        logins: SMTP logins, those revoked too, sorted by username.
        is_disabled: No login of it is taken.
    """

    name: str
    senders: tuple[Address, ...]
    links: tuple[str, ...]
    logins: tuple[LoginRecord, ...]
    is_disabled: bool

    @property
    def usernames(self) -> tuple[str, ...]:
        """Logins that are not revoked."""
        return tuple(login.username for login in self.logins if login.revoked_at is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialRecord:
    """An SMTP login as it is checked.

    Attributes:
        username: As the client gives it.
        seller: Whose it is.
        password_hash: Opaque here; made and verified by the caller.
        is_disabled: The seller is disabled.
        is_revoked: This login is.
    """

    username: str
    seller: str
    password_hash: str
    is_disabled: bool
    is_revoked: bool = False

    @property
    def is_valid(self) -> bool:
        """Whether it lets anybody in."""
        return not (self.is_disabled or self.is_revoked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A login and whose it is."""

    credential: CredentialRecord
    seller: SellerRecord
