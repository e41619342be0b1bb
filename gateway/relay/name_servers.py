"""The DNS servers that ``delivery.dns`` names, as dnspython asks them."""

from collections.abc import Sequence

from dns.nameserver import Do53Nameserver


def name_servers(servers: Sequence[str]) -> list[Do53Nameserver]:
    """As written, ``"127.0.0.1:53"`` or ``"[::1]:53"``."""
    split = (server.rpartition(":") for server in servers)
    return [Do53Nameserver(host.strip("[]"), int(port)) for host, _, port in split]
