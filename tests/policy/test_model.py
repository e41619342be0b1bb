"""Policies as data."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.mail.address import parse_path
from gateway.policy.model import HoldTerms, OnMatch, Policy, RuleSetting

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


TERMS = {
    "default": (HoldTerms(), 18, 20),
    "shorter than the warning": (HoldTerms(hours=1), 0, 1),
    "no warning before the end": (HoldTerms(hours=5, warn_hours=0), 5, 5),
}


@pytest.mark.parametrize("terms, warn_hours, hours", TERMS.values(), ids=TERMS)
def test_deadline(terms, warn_hours, hours):
    """Deadline and warning count from the hold; no warning comes before it."""
    held_at = datetime(2026, 11, 23, tzinfo=UTC)
    assert terms.warn_at(held_at) == held_at + timedelta(hours=warn_hours)
    assert terms.until(held_at) == held_at + timedelta(hours=hours)


def test_with_hold_as():
    """Only what is held gets the other word; everything else of the policy stands."""

    def settings(*words):
        return tuple(
            RuleSetting(
                rule=f"r{n}", on_match=OnMatch(w), params=None, clause="a:b", text="t", source="s", mark="own"
            )
            for n, w in enumerate(words)
        )

    policy = replace(POLICY, settings=settings("off", "warn", "strip", "hold", "reject", "hold"))
    changed = policy.with_hold_as(OnMatch.WARN)
    assert changed == replace(POLICY, settings=settings("off", "warn", "strip", "warn", "reject", "warn"))
    assert POLICY.with_hold_as(OnMatch.STRIP) == POLICY
