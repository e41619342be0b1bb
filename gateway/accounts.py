"""Who a login is, and what it may send: asked at AUTH, and again at every MAIL.

House rules: a login that was revoked or disabled, or whose password was changed, ends with the next MAIL, in sessions
that are open too; an address that was approved meanwhile is taken at once. One read of the record a mail is the price.
Not here: the AUTH dialogue (``smtp/``), how a password is checked (``credentials``).
"""

from dataclasses import dataclass

from gateway.credentials import PasswordChecker
from gateway.mail.address import Address
from gateway.rules.context import Profile
from gateway.smtp.handler import LOCAL, Login
from gateway.store.accounts import SellerRecord
from gateway.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """A seller as an examination needs it.

    Attributes:
        profile: What the rules ask about.
        senders: Approved addresses, folded; ``None`` for whoever needs no approval.
    """

    profile: Profile
    senders: frozenset[Address] | None


def sender_of(name: str, seller: SellerRecord | None, hostname: str) -> Sender:
    """What is known of a seller. Whoever reaches a loopback listener without AUTH may send from any address.

    Args:
        name: The seller's.
        seller: What the record holds of it.
        hostname: The gateway's own name.
    """
    senders = seller.senders if seller is not None else ()
    links = seller.links if seller is not None else ()
    return Sender(
        profile=Profile(seller=name, senders=senders, links=links, hostname=hostname),
        senders=None if name == LOCAL.seller else frozenset(sender.folded for sender in senders),
    )


class Accounts:
    """The sellers' logins.

    Args:
        store: The record.
        hostname: The gateway's own name.
    """

    def __init__(self, store: Store, hostname: str) -> None:
        self._store = store
        self._hostname = hostname
        self._passwords = PasswordChecker()
        self._senders = {LOCAL.seller: sender_of(LOCAL.seller, None, hostname)}

    def close(self) -> None:
        """Ends the threads that check passwords."""
        self._passwords.close()

    async def authenticate(self, username: str, password: str) -> Login | None:
        """The login of that name and password, or ``None``; wrong, unknown, revoked and disabled take the same time."""
        credential = await self._store.credential(username)
        known = credential if credential is not None and credential.is_valid else None
        right = await self._passwords.is_right(password, known.password_hash if known else None)
        if known is None or not right:
            return None
        return Login(seller=known.seller, username=username, proof=known.password_hash)

    async def current(self, login: Login) -> Sender | None:
        """What the login may send from now on; ``None`` when it is one no more."""
        if login == LOCAL:
            return self._senders[LOCAL.seller]
        account = await self._store.account(login.username)
        if (
            account is None
            or not account.credential.is_valid
            or account.credential.password_hash != login.proof
        ):
            return None
        sender = sender_of(login.seller, account.seller, self._hostname)
        self._senders[login.seller] = sender
        return sender

    def latest(self, login: Login) -> Sender:
        """As :meth:`current` said last: every mail has begun with a MAIL."""
        return self._senders[login.seller]
