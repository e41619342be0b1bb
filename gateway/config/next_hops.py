"""From settings to next hops, and to how often they are tried."""

import ssl
from collections.abc import Iterator

from gateway.config.model import Config
from gateway.config.sending import Delivery, Hop, Route
from gateway.queue.schedule import Schedule
from gateway.relay.route import NextHop


def next_hops(config: Config) -> dict[str, NextHop]:
    """The next hop of every marketplace that has a route of its own."""
    return {marketplace: route.hop() for route in config.route for marketplace in route.marketplaces}


def schedules(config: Config) -> dict[str, Schedule]:
    """The retry schedule of every marketplace that has a route of its own; ``""`` is that of all others."""
    found = {"": _schedule(config.delivery, None)}
    for route in config.route:
        found |= dict.fromkeys(route.marketplaces, _schedule(config.delivery, route))
    return found


def sending_faults(config: Config) -> list[str]:
    """What is wrong with next hops and schedules, though each key for itself is right: key, fault and mend."""
    faults = [fault for key, hop in _hops(config) if (fault := _authority_fault(key, hop))]
    for key, route in (("delivery", None), *((f"route.{n}", route) for n, route in enumerate(config.route))):
        first, longest = _retries(config.delivery, route)
        if first > longest:
            faults.append(
                f"{key}.first_retry_s: {first:g} is more than longest_retry_s = {longest:g}; lower it, or raise that"
            )
    return faults


def _hops(config: Config) -> Iterator[tuple[str, Hop]]:
    yield from ((f"route.{n}", route) for n, route in enumerate(config.route))
    if config.notices is not None:
        yield "notices", config.notices


def _authority_fault(key: str, hop: Hop) -> str:
    if hop.tls_ca is None:
        return ""
    try:
        ssl.create_default_context(cafile=str(hop.tls_ca))
    except OSError as error:  # an SSLError is one
        reason = "holds no PEM certificate" if isinstance(error, ssl.SSLError) else error.strerror
        return f"{key}.tls_ca: {hop.tls_ca}: {reason}; give a file with the authorities' PEM certificates"
    return ""


def _retries(delivery: Delivery, route: Route | None) -> tuple[float, float]:
    first = route.first_retry_s if route and route.first_retry_s is not None else delivery.first_retry_s
    longest = route.longest_retry_s if route and route.longest_retry_s is not None else None
    return first, longest if longest is not None else delivery.longest_retry_s


def _schedule(delivery: Delivery, route: Route | None) -> Schedule:
    first_s, cap_s = _retries(delivery, route)
    expire = route.expire_hours if route and route.expire_hours is not None else delivery.expire_hours
    told = route.delay_notice_hours if route and route.delay_notice_hours is not None else None
    told = told if told is not None else delivery.delay_notice_hours
    return Schedule(first_s=first_s, cap_s=cap_s, expire_s=expire * 3600, tell_delay_s=told * 3600)
