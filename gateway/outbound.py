"""How the queue runner is joined to next hops, schedules and notices.

Not here: the objects it joins; starting and stopping them (``app``).
"""

from gateway.config.model import Config
from gateway.config.next_hops import next_hops, schedules
from gateway.mail.address import Address
from gateway.notices import NOTICES_ROUTE, Notices
from gateway.queue.places import Limits
from gateway.queue.runner import Hooks, Runner
from gateway.queue.seams import Deliver
from gateway.store.store import Store


def make_runner(config: Config, store: Store, notices: Notices, deliver: Deliver) -> Runner:
    """The queue runner of these settings."""
    known, by_route = next_hops(config), schedules(config)
    named_by_route = {route for route, hop in known.items() if hop.kind != "mx"}
    if config.notices is not None and config.notices.hop().kind != "mx":
        named_by_route.add(NOTICES_ROUTE)

    def destination(route: str, address: Address) -> str:
        return "" if route in named_by_route else address.domain

    hooks = Hooks(
        deliver=deliver,
        tell=notices.letters,
        schedule=lambda route: by_route.get(route) or by_route[""],
        destination=destination,
    )
    concurrency = config.delivery.concurrency
    # All routes may use all their places at a time, that of notices too: when the others hang, sellers hear of it.
    routes = len(known) + 2
    limits = Limits(per_destination=concurrency, per_route=concurrency * 2, in_all=concurrency * 2 * routes)
    return Runner(store, hooks, limits=limits)
