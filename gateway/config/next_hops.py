"""From settings to next hops."""

from gateway.config.model import Config
from gateway.filter.pass_on import OTHER
from gateway.relay.route import NextHop, parse_next_hop


def next_hops(config: Config) -> dict[str, NextHop]:
    """The next hop of every marketplace that has a route of its own, and that of other recipients."""
    found = {
        marketplace: parse_next_hop(route.next_hop, password=route.password)
        for route in config.route
        for marketplace in route.marketplaces
    }
    others = config.other_recipients
    if others.next_hop is not None:  # whether or not more is taken: what was taken before must find its way
        found[OTHER] = parse_next_hop(others.next_hop, password=others.password)
    return found
