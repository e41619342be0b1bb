"""From settings to next hops."""

from gateway.config.model import Config
from gateway.relay.route import NextHop, parse_next_hop


def next_hops(config: Config) -> dict[str, NextHop]:
    """The next hop of every marketplace that has a route of its own."""
    return {
        marketplace: parse_next_hop(route.next_hop, password=route.password)
        for route in config.route
        for marketplace in route.marketplaces
    }
