"""What clients use at the moment: counted by address, by login and in all, over all listeners.

House rules: a limit is checked in every scope before anything is counted in one; what a session holds is given back
when it ends, whatever ends it; over a limit is 4yz, since nothing is wrong with the mail.
Everything is counted in memory: a restart forgives, and two gateways count apart.

*Not here:* the figures (``limits``), the arithmetic of a rate (``throttle``).
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from gateway.mail.reply import Reply
from gateway.ops import events
from gateway.smtp import replies
from gateway.smtp.limits import Peer, ScopeLimits, SharedLimits
from gateway.smtp.throttle import LoginThrottle, Rate


class Quantity:
    """So much at a time, for each key."""

    def __init__(self, limit: int) -> None:
        """``limit`` 0 is none."""
        self.limit = limit
        self._used: Counter[str] = Counter()

    def has_room(self, key: str, amount: int = 1) -> bool:
        """Whether so much more is allowed."""
        return not self.limit or self._used[key] + amount <= self.limit

    def add(self, key: str, amount: int = 1) -> None:
        """More is used now."""
        self._used[key] += amount

    def remove(self, key: str, amount: int = 1) -> None:
        """Less is used now; strangers who are gone must not fill the table."""
        self._used[key] -= amount
        if not self._used[key]:
            del self._used[key]


class Scope:
    """What is counted for each address, for each login, or for everybody."""

    def __init__(self, name: str, limits: ScopeLimits, whose: str) -> None:
        self.name = name
        self.whose = whose
        self.connections = Quantity(limits.connections)
        self.octets = Quantity(limits.octets_in_hand)
        self.messages = Rate(limits.messages_per_hour)
        self.recipients = Rate(limits.recipients_per_hour)
        self.failed_logins = Rate(limits.failed_logins_per_hour)


class Usage:
    """What all sessions use together."""

    def __init__(self, limits: SharedLimits | None = None) -> None:
        chosen = limits or SharedLimits()
        self.address = Scope("address", chosen.address, "from your address")
        self.login = Scope("login", chosen.login, "with this login")
        self.all = Scope("all", chosen.all, "in all")
        self.throttle = LoginThrottle(chosen.login_delay_s)

    def admit(self, network: str) -> str:
        """Count one more connection; why not, ``"connections"`` or ``"connections_per_peer"``, or ``""``."""
        if not self.address.connections.has_room(network):
            return "connections_per_peer"
        if not self.all.connections.has_room(""):
            return "connections"
        self.address.connections.add(network)
        self.all.connections.add("")
        return ""

    def release(self, network: str) -> None:
        """A connection that was admitted has ended."""
        self.address.connections.remove(network)
        self.all.connections.remove("")


class Hand:
    """Octets of one message that are in memory: from its first chunk until its reply."""

    def __init__(self, places: Iterable[tuple[Quantity, str]]) -> None:
        self._places = tuple(places)
        self._octets = 0

    def take(self, octets: int) -> bool:
        """Whether there is room for so many more; they are counted if so."""
        if not all(quantity.has_room(key, octets) for quantity, key in self._places):
            return False
        self._octets += octets
        for quantity, key in self._places:
            quantity.add(key, octets)
        return True

    def release(self) -> None:
        """All of them are gone. Twice is once."""
        octets, self._octets = self._octets, 0
        if octets:
            for quantity, key in self._places:
                quantity.remove(key, octets)


class Tally:
    """What one session uses, counted wherever it counts."""

    def __init__(self, usage: Usage, peer: Peer) -> None:
        self._usage = usage
        self._peer = peer
        self._username: str | None = None
        self._scopes: list[tuple[Scope, str]] = [(usage.all, "")]
        if not peer.is_local:
            self._scopes.append((usage.address, peer.network))

    def close(self) -> None:
        """The session is over."""
        if self._username is not None:
            self._usage.login.connections.remove(self._username)
            self._username = None

    def log_in(self, username: str) -> Reply | None:
        """From now on this login is counted, too; why it must not be, or ``None``."""
        if not self._usage.login.connections.has_room(username):
            return self._reached(replies.CROWDED_LOGIN, "login.connections")
        self._usage.login.connections.add(username)
        self._username = username
        self._scopes.append((self._usage.login, username))
        return None

    def may_log_in(self, now: float) -> Reply | None:
        """Why no password of this peer is looked at any more, or ``None``."""
        address = self._usage.address
        if self._peer.is_local or address.failed_logins.has_room(self._peer.network, now):
            return None
        return self._reached(replies.TOO_MANY_FAILURES, "address.failed_logins_per_hour")

    def failed_login(self, now: float) -> None:
        """A password was wrong."""
        if not self._peer.is_local:
            self._usage.address.failed_logins.take(self._peer.network, now)

    def message(self, now: float) -> Reply | None:
        """Count a message; why it may not be sent now, or ``None``."""
        return self._take("messages", [(scope, scope.messages, key) for scope, key in self._scopes], now)

    def recipient(self, now: float) -> Reply | None:
        """Count a recipient; why it may not be written to now, or ``None``."""
        return self._take("recipients", [(scope, scope.recipients, key) for scope, key in self._scopes], now)

    def has_room(self, octets: int) -> bool:
        """Whether a message of that size could be taken now."""
        return all(quantity.has_room(key, octets) for quantity, key in self._places())

    def full_hands(self) -> Reply:
        """What to answer when there is none."""
        return self._reached(replies.FULL_HANDS, "octets_in_hand")

    def hand(self) -> Hand:
        """For the octets of the next message."""
        return Hand(self._places())

    def _places(self) -> Iterator[tuple[Quantity, str]]:
        return ((scope.octets, key) for scope, key in self._scopes)

    def _take(self, what: str, rates: list[tuple[Scope, Rate, str]], now: float) -> Reply | None:
        for scope, rate, key in rates:
            if not rate.has_room(key, now):
                reply = replies.too_many(what, scope.whose, rate.per_hour)
                return self._reached(reply, f"{scope.name}.{what}_per_hour")
        for _, rate, key in rates:
            rate.take(key, now)
        return None

    def _reached(self, reply: Reply, limit: str) -> Reply:
        events.limit_reached(peer=self._peer.text, limit=limit)
        return reply
