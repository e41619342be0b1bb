import pytest

from gateway.smtp.limits import Connections, LoginThrottle, Peer, SessionLimits, peer_of


@pytest.mark.parametrize(
    "name, text, network",
    [
        (("192.0.2.1", 5), "192.0.2.1:5", "192.0.2.1"),
        (("::ffff:192.0.2.1", 5, 0, 0), "192.0.2.1:5", "192.0.2.1"),
        (("2001:db8::a:1", 5, 0, 0), "[2001:db8::a:1]:5", "2001:db8::/64"),
        (("fe80::1%eth0", 5, 0, 2), "[fe80::1%eth0]:5", "fe80::/64"),
        (None, "unknown", "unknown"),
    ],
    ids=["ipv4", "mapped", "ipv6", "scoped", "gone"],
)
def test_peer_of(name: tuple[object, ...] | None, text: str, network: str) -> None:
    """A peer counts as its IPv4 address or its IPv6 /64."""
    assert peer_of(name) == Peer(text=text, network=network)


def test_connections() -> None:
    """Connections are counted by network and in all, and released."""
    connections = Connections(SessionLimits(connections=3, connections_per_peer=2))

    assert [connections.admit("a"), connections.admit("a"), connections.admit("a")] == [
        "",
        "",
        "connections_per_peer",
    ]
    assert [connections.admit("b"), connections.admit("c")] == ["", "connections"]
    connections.release("a")
    assert connections.admit("c") == ""
    connections.release("c")
    assert connections.admit("a") == ""


def test_connections_are_forgotten() -> None:
    """Nothing is kept of a peer that has gone: strangers must not fill the memory."""
    connections = Connections(SessionLimits())
    connections.admit("a")
    connections.release("a")

    assert connections._by_network == {}


def test_throttle_doubles_to_a_cap() -> None:
    """Each failure doubles the wait, up to half a minute."""
    throttle = LoginThrottle(1)

    assert [throttle.failed("peer", now=0) for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]
    assert [throttle.failed("peer", now=0) for _ in range(2_000)][-1] == 30


def test_throttle_takes_the_worst_key() -> None:
    """A new peer that guesses at an old name waits as the name has earned."""
    throttle = LoginThrottle(1)
    throttle.failed("peer 1", "name", now=0)

    assert throttle.failed("peer 2", "name", now=0) == 2
    assert throttle.failed("peer 3", now=0) == 1


def test_throttle_forgets() -> None:
    """After a quarter of an hour without failure, a key starts anew."""
    throttle = LoginThrottle(1)
    throttle.failed("peer", now=0)

    assert throttle.failed("peer", now=900) == 2
    assert throttle.failed("peer", now=1_801) == 1


def test_throttle_is_bounded() -> None:
    """Strangers cannot fill the table: the key untouched for longest goes first, long names count by their start."""
    throttle = LoginThrottle(1)
    throttle.failed("first", now=0)
    throttle.failed("second", now=0)
    for number in range(LoginThrottle.MAX_KEYS - 1):
        throttle.failed(f"other {number}", now=0)

    assert throttle.failed("second", now=0) == 2
    assert throttle.failed("first", now=0) == 1
    assert throttle.failed("x" * 1_000, now=0) == 1
    assert throttle.failed("x" * 2_000, now=0) == 2
