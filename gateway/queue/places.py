"""How much is sent at once: places by destination, by route, and in all; and what is leased for them.

Not here: sending (``runner.py``); how many connections a next hop takes just now (``relay/pool.py``).
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gateway.mail.address import Address
from gateway.store.records import QueueItem, Way


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much at once.

    Attributes:
        per_destination: SMTP transactions to one destination at a time; one that hangs holds no more than these.
        per_route: SMTP transactions of one route at a time, whatever its destinations.
        in_all: SMTP transactions at a time.
        batch: Recipients claimed at a time.
        held: Recipients of one destination leased ahead of sending, before no more of it are claimed.
        held_in_all: Recipients leased ahead of sending, before no more are claimed at all: they take memory.
        lease_s: Seconds a lease lasts; renewed at a third of it for as long as we live.
    """

    per_destination: int = 10
    per_route: int = 20
    in_all: int = 50
    batch: int = 200
    held: int = 400
    held_in_all: int = 20_000
    lease_s: float = 600.0


_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True, kw_only=True)
class Group:
    """Recipients of one message that go in one transaction.

    Attributes:
        message_id: The message.
        way: Route and destination.
        items: At least one.
        octets: What is sent, where it has been read already.
        is_sending: The delivery agent has it.
        claimed_at: When it was claimed, by the wall clock.
        claimed_s: The same by the loop's clock, which nobody can set.
    """

    message_id: str
    way: Way
    items: list[QueueItem] = field(default_factory=list)
    octets: bytes | None = None
    is_sending: bool = False
    claimed_at: datetime = _NEVER
    claimed_s: float = 0.0


def groups(items: Iterable[QueueItem], destination: Callable[[str, Address], str]) -> list[Group]:
    """Recipients by message and way, in the order of the first of each."""
    found: dict[tuple[str, Way], Group] = {}
    for item in items:
        way = (item.route, destination(item.route, item.recipient))
        group = found.get((item.message_id, way))
        if group is None:
            group = found[item.message_id, way] = Group(message_id=item.message_id, way=way)
        group.items.append(item)
    return list(found.values())


class Places:
    """Who holds what.

    Attributes:
        held: Recipients leased to us, by queue row.
    """

    def __init__(self, limits: Limits) -> None:
        self.held: dict[int, QueueItem] = {}
        self._limits = limits
        self._load: Counter[Way] = Counter()
        self._full: tuple[Way, ...] = ()
        self._stuck: set[Way] = set()
        self._by_way: dict[Way, asyncio.Semaphore] = {}
        self._by_route: dict[str, asyncio.Semaphore] = {}
        self._in_all = asyncio.Semaphore(limits.in_all)

    @property
    def is_full(self) -> bool:
        """Whether no more is to be claimed at all; ``let_go`` says when there is room again."""
        return len(self.held) >= self._limits.held_in_all

    def full(self) -> tuple[Way, ...]:
        """The ways that have enough; ``let_go`` and ``moved`` say when one of them has room again."""
        enough = {way for way, count in self._load.items() if count >= self._limits.held}
        self._full = tuple(enough | self._stuck)
        return self._full

    def waited_too_long(self, way: Way) -> None:
        """Somebody has found no place to send: no more of it is to be claimed before something moves."""
        of_way, of_route, _ = self.slots(way)
        if of_way.locked() or of_route.locked():  # so whoever has the places will say ``moved``
            self._stuck.add(way)
        else:
            self.moved(way)

    def moved(self, way: Way) -> bool:
        """Somebody has left a place; ``True`` where others of the route had given up waiting."""
        stuck = {each for each in self._stuck if each[0] == way[0]}
        self._stuck -= stuck
        return bool(stuck)

    def slots(self, way: Way) -> tuple[asyncio.Semaphore, asyncio.Semaphore, asyncio.Semaphore]:
        """Places to send: of the destination, of its route, and of all."""
        of_way = self._by_way.setdefault(way, asyncio.Semaphore(self._limits.per_destination))
        of_route = self._by_route.setdefault(way[0], asyncio.Semaphore(self._limits.per_route))
        return of_way, of_route, self._in_all

    def hold(self, group: Group) -> None:
        """Its recipients are leased to us."""
        for item in group.items:
            self.held[item.id] = item
        self._load[group.way] += len(group.items)

    def let_go(self, way: Way, items: Iterable[QueueItem]) -> bool:
        """They are not any more; ``True`` where what was full has room again."""
        was_full = self.is_full
        gone = sum(self.held.pop(item.id, None) is not None for item in items)
        left = self._load[way] - gone
        self._load[way] = left
        if not left:  # a destination that nobody writes to any more is forgotten
            del self._load[way]
            self._by_way.pop(way, None)
        return (was_full and not self.is_full) or (way in self._full and left <= self._limits.held // 2)
