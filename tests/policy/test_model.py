"""Policies as data."""

from datetime import UTC, datetime

from gateway.mail.address import parse_path
from gateway.policy.model import OnMatch, Policy

POLICY = Policy(
    name="shop",
    edition="2026-01-31",
    effective_at=datetime(2026, 1, 31, tzinfo=UTC),
    title="Shop rules",
    recipient_domains=frozenset({"relay.shop.example"}),
    dead_recipients=frozenset(),
    max_message_octets=1_000_000,
)


def test_severity():
    """Consequences are ordered from doing nothing to refusing."""
    assert [OnMatch(w).severity for w in ("off", "warn", "strip", "hold", "reject")] == [0, 1, 2, 3, 4]


def test_takes():
    """A policy takes its relay domains, and not what is below or above them."""
    addresses = ["a@relay.shop.example", "a@x.relay.shop.example", "a@shop.example"]
    assert [POLICY.takes(parse_path(address)) for address in addresses] == [True, False, False]


def test_stamp_and_setting():
    """Verdicts carry name and edition; a rule without a block has no setting."""
    assert POLICY.stamp == "shop@2026-01-31"
    assert POLICY.setting("emoji") is None
