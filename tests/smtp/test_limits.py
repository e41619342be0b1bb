import pytest

from gateway.smtp.limits import Peer, peer_of


@pytest.mark.parametrize(
    "name, text, network, is_local",
    [
        (("192.0.2.1", 5), "192.0.2.1:5", "192.0.2.1", False),
        (("::ffff:192.0.2.1", 5, 0, 0), "192.0.2.1:5", "192.0.2.1", False),
        (("2001:db8::a:1", 5, 0, 0), "[2001:db8::a:1]:5", "2001:db8::/64", False),
        (("fe80::1%eth0", 5, 0, 2), "[fe80::1%eth0]:5", "fe80::/64", False),
        (("127.0.0.1", 5), "127.0.0.1:5", "127.0.0.1", True),
        (("::1", 5, 0, 0), "[::1]:5", "::/64", True),
        (None, "unknown", "unknown", False),
    ],
    ids=["ipv4", "mapped", "ipv6", "scoped", "loopback", "ipv6-loopback", "gone"],
)
def test_peer_of(name: tuple[object, ...] | None, text: str, network: str, is_local: bool) -> None:
    """A peer counts as its IPv4 address or its IPv6 /64."""
    assert peer_of(name) == Peer(text=text, network=network, is_local=is_local)
