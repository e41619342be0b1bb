"""How the queue runner is joined to next hops, schedules and notices, under the settings in force.

Not here: the objects it joins; starting and stopping them (``app``).
"""

from collections.abc import Callable
from datetime import datetime

from gateway.config.model import Config
from gateway.config.next_hops import next_hops, schedules
from gateway.filter.pass_on import OTHER
from gateway.mail.address import Address
from gateway.notices import Notices
from gateway.queue.places import Limits
from gateway.queue.runner import Hooks, Runner
from gateway.queue.schedule import Schedule
from gateway.queue.seams import Deliver
from gateway.relay.route import NextHop, parse_next_hop
from gateway.store.store import Store

_MX = parse_next_hop("mx")


class Outbound:
    """Where mail goes, and how often it is tried."""

    def __init__(self, config: Config) -> None:
        self.renew(config)

    def renew(self, config: Config) -> None:
        """Goes by these settings from now on."""
        self._hops = next_hops(config)
        self._schedules = schedules(config)

    def next_hop(self, route: str) -> NextHop | None:
        """The next hop of a route; ``None`` where there is none any more.

        Mail to other recipients has its own next hop or none: it never goes straight to the world.
        """
        return self._hops.get(route) or (None if route == OTHER else _MX)

    def schedule(self, route: str) -> Schedule:
        """The retry schedule of a route."""
        return self._schedules.get(route) or self._schedules[""]

    def destination(self, route: str, address: Address) -> str:
        """The domain that load is counted by, where DNS names the next hop; ``""`` where the route does."""
        hop = self.next_hop(route)
        return address.domain if hop is not None and hop.kind == "mx" else ""

    def longest_retry_s(self) -> float:
        """Seconds that no schedule waits longer than, jitter included."""
        return max(each.cap_s * (1 + each.jitter) for each in self._schedules.values())

    def runner(
        self,
        config: Config,
        store: Store,
        notices: Notices,
        deliver: Deliver,
        clock: Callable[[], datetime],
    ) -> Runner:
        """The queue runner of these settings."""
        hooks = Hooks(
            deliver=deliver, tell=notices.letters, schedule=self.schedule, destination=self.destination
        )
        concurrency = config.delivery.concurrency
        # All routes may use all their places at a time, that of notices too: when the others hang, sellers hear of it.
        routes = len(self._hops) + 2
        limits = Limits(
            per_destination=concurrency, per_route=concurrency * 2, in_all=concurrency * 2 * routes
        )
        return Runner(store, hooks, limits=limits, clock=clock)
