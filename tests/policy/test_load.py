"""Policies from their files."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.policy.load import PolicyError, load_policy, override
from gateway.policy.model import HoldTerms, OnMatch
from gateway.rules.external_link import Params as LinkParams

HEAD = """
name = "shop"
edition = "2026-01-31"
effective_at = 2026-02-01T01:00:00+01:00
title = "Shop rules"
max_message_octets = 1_000_000
"""
LISTS = """
recipient_domains = ["Relay.Shop.Example", "bücher.example"]
dead_recipients = ["No-Reply"]
allowed_hosts = ["shop.example"]
"""
BLOCK = """
[rule.{name}]
on_match = "{on_match}"
clause = "shop:links"
text = "No links."
source = "https://shop.example/rules"
mark = "V-P"
"""


def block(name: str, on_match: str = "strip", more: str = "") -> str:
    return BLOCK.format(name=name, on_match=on_match) + more


def faults(text: str) -> tuple[str, ...]:
    with pytest.raises(PolicyError) as caught:
        load_policy(text, source="shop.toml")
    assert str(caught.value).splitlines() == list(caught.value.faults)
    return caught.value.faults


def test_whole_file():
    """All keys become the policy's values, in the order of the rules."""
    text = HEAD + LISTS + block("emoji", "warn", 'replacement = ""\n') + block("external_link")
    policy = load_policy(text, source="shop.toml")
    assert policy.stamp == "shop@2026-01-31"
    assert policy.effective_at == datetime(2026, 2, 1, tzinfo=UTC)
    assert policy.recipient_domains == {"relay.shop.example", "xn--bcher-kva.example"}
    assert policy.dead_recipients == {"no-reply"}
    assert policy.max_message_octets == 1_000_000
    assert [s.rule for s in policy.settings] == ["external_link", "emoji", "mime_ambiguity"]
    link, emoji, ambiguity = policy.settings
    assert link.params == LinkParams(allowed_hosts=("shop.example",))
    assert (link.replacement, emoji.replacement) == (None, "")
    assert (link.clause, link.mark, link.text) == ("shop:links", "V-P", "No links.")
    assert (emoji.on_match, ambiguity.on_match) == (OnMatch.WARN, OnMatch.REJECT)
    assert ambiguity.clause == "gateway:one-reading"


HOLDS = {
    "absent": ("", HoldTerms(hours=20, warn_hours=2, at_deadline=OnMatch.REJECT)),
    "empty": ("[hold]\n", HoldTerms()),
    "whole": (
        '[hold]\nhours = 6.5\nwarn_hours = 0\nat_deadline = "strip"\n',
        HoldTerms(hours=6.5, warn_hours=0, at_deadline=OnMatch.STRIP),
    ),
}


@pytest.mark.parametrize("text, terms", HOLDS.values(), ids=HOLDS)
def test_hold(text, terms):
    """A held mail waits twenty hours, with a warning two hours before, and is then refused, unless the file differs."""
    assert load_policy(HEAD + block("emoji") + text, source="x").hold == terms


def test_own_params_stand_before_the_common_ones():
    """A rule's own ``allowed_hosts`` replaces the file's."""
    text = HEAD + LISTS + block("external_link", more='params = { allowed_hosts = ["other.example"] }\n')
    assert load_policy(text, source="x").settings[0].params == LinkParams(allowed_hosts=("other.example",))


def test_without_common_params():
    """Without them the rule's defaults hold."""
    assert load_policy(HEAD + block("external_link"), source="x").settings[0].params == LinkParams()


FAULTS = {
    "no TOML": ("name = ", "shop.toml: not TOML: Invalid value (at end of document)"),
    "missing key": (
        HEAD.replace('title = "Shop rules"', "") + block("emoji"),
        "shop.toml: title: is missing; add it",
    ),
    "unknown key": (
        HEAD + 'recipient_domain = "x"' + block("emoji"),
        "shop.toml: recipient_domain: there is no such key; did you mean recipient_domains?",
    ),
    "unknown key like nothing": (
        HEAD + "zzz = 1" + block("emoji"),
        (
            "shop.toml: zzz: there is no such key; there is allowed_hosts, dead_recipients, edition, effective_at, hold, "
            "max_message_octets, name, recipient_domains, rule, title"
        ),
    ),
    "unknown key in a block": (
        HEAD + block("emoji", more="onmatch = 1\n"),
        "shop.toml: rule.emoji.onmatch: there is no such key; did you mean on_match?",
    ),
    "unknown key in hold": (
        HEAD + block("emoji") + "[hold]\nhour = 1\n",
        "shop.toml: hold.hour: there is no such key; did you mean hours?",
    ),
    "no time to look": (
        HEAD + block("emoji") + "[hold]\nhours = 0\n",
        "shop.toml: hold.hours: input should be greater than 0",
    ),
    "hold for ever": (
        HEAD + block("emoji") + "[hold]\nhours = 721\n",
        "shop.toml: hold.hours: input should be less than or equal to 720",
    ),
    "send as it is at the deadline": (
        HEAD + block("emoji") + '[hold]\nat_deadline = "warn"\n',
        "shop.toml: hold.at_deadline: input should be 'strip' or 'reject'",
    ),
    "unknown rule": (
        HEAD + block("external_links"),
        "shop.toml: rule.external_links: there is no such rule; did you mean external_link?",
    ),
    "no rules": (HEAD, "shop.toml: rule: is missing; add it"),
    "rules of another kind": (HEAD + "rule = 3", "shop.toml: rule: input should be an object"),
    "block of another kind": (HEAD + "rule.emoji = 3", "shop.toml: rule.emoji: input should be an object"),
    "consequence": (
        HEAD + block("emoji", "block"),
        "shop.toml: rule.emoji.on_match: input should be 'off', 'warn', 'strip', 'hold' or 'reject'",
    ),
    "weakened": (
        HEAD + block("mime_ambiguity", "warn"),
        'shop.toml: rule.mime_ambiguity.on_match: can only be "reject"; leave the block out or say so',
    ),
    "day": (
        HEAD.replace("2026-01-31", "2026-02-31") + block("emoji"),
        "shop.toml: edition: day is out of range for month",
    ),
    "time without offset": (
        HEAD.replace("+01:00", "") + block("emoji"),
        "shop.toml: effective_at: input should have timezone info",
    ),
    "domain": (
        HEAD + 'recipient_domains = ["-.example"]' + block("emoji"),
        "shop.toml: recipient_domains.0: must be a whole domain name, as in marketplace.amazon.com",
    ),
    "domain without a dot": (
        HEAD + 'recipient_domains = ["localhost"]' + block("emoji"),
        "shop.toml: recipient_domains.0: must be a whole domain name, as in marketplace.amazon.com",
    ),
    "number as text": (
        HEAD.replace("1_000_000", '"1000000"') + block("emoji"),
        "shop.toml: max_message_octets: input should be a valid integer",
    ),
    "tiny limit": (
        HEAD.replace("1_000_000", "10") + block("emoji"),
        "shop.toml: max_message_octets: input should be greater than or equal to 10000",
    ),
    "unknown parameter": (
        HEAD + block("external_link", more='params = { allowed = ["x"] }\n'),
        "shop.toml: rule.external_link.params: allowed: there is no such key; did you mean allowed_hosts?",
    ),
    "parameter where there is none": (
        HEAD + block("tracking_pixel", more="params = { size = 1 }\n"),
        "shop.toml: rule.tracking_pixel.params: size: there is no such key; take it out, there is nothing to set here",
    ),
    "parameter of another kind": (
        HEAD + block("external_link", more="params = { allowed_hosts = 2026-01-01 }\n"),
        "shop.toml: rule.external_link.params: allowed_hosts: input should be a valid array",
    ),
}


@pytest.mark.parametrize("text, fault", FAULTS.values(), ids=FAULTS)
def test_fault(text, fault):
    """A fault names the file, the key, what is wrong and what would be right."""
    assert (fault,) == faults(text)


def test_all_faults_at_once():
    """Whoever mends a file sees everything that is wrong with it."""
    text = (
        HEAD.replace('"shop"', '"Shop!"')
        + block("emojis")
        + block("external_link", "x", "params = { a = 1 }\n")
    )
    found = faults(text + block("read_receipt", more="params = { fields = 1, a = 1 }\n"))
    assert len(found) == 5


def test_common_hosts_of_another_kind():
    """A wrong common parameter is a fault of the file, and of each rule that takes it."""
    assert "shop.toml: allowed_hosts: input should be a valid array" in faults(
        HEAD + "allowed_hosts = 1" + block("external_link")
    )


def shop():
    return load_policy(HEAD + LISTS + block("external_link"), source="shop.toml")


def test_override():
    """The gateway's own word replaces what follows, and nothing else."""
    policy = override(shop(), {"external_link": "warn"}, source="gateway.toml")
    before, after = shop().settings[0], policy.settings[0]
    assert (OnMatch.WARN, before.clause, before.params) == (after.on_match, after.clause, after.params)
    assert shop().settings[0].on_match is OnMatch.STRIP


def test_override_of_a_rule_without_a_block():
    """A rule that the policy does not speak about can be turned on, with its defaults."""
    policy = override(
        shop(), {"emoji": "strip", "mime_ambiguity": "reject"}, source="gateway.toml: override.shop"
    )
    emoji = policy.setting("emoji")
    assert emoji is not None
    assert (emoji.on_match, emoji.clause, emoji.source) == (
        OnMatch.STRIP,
        "shop:override",
        "gateway.toml: override.shop",
    )
    assert [s.rule for s in policy.settings] == ["external_link", "emoji", "mime_ambiguity"]


def test_override_of_nothing():
    """No word changes nothing."""
    assert override(shop(), {}, source="x") == shop()


def test_faults_of_an_override():
    """All faults of an override are named at once."""
    with pytest.raises(PolicyError) as caught:
        override(shop(), {"emojis": "warn", "emoji": "drop", "mime_ambiguity": "off"}, source="override.shop")
    assert caught.value.faults == (
        "override.shop.emojis: there is no such rule; did you mean emoji?",
        "override.shop.emoji: must be one of off, warn, strip, hold, reject",
        'override.shop.mime_ambiguity: can only be "reject"; take it out',
    )


def test_relay_addresses_are_no_contact_data():
    """The relay domains of the file are the domains whose addresses may stand in a mail."""
    policy = load_policy(
        (Path(__file__).parents[2] / "policies" / "amazon.toml").read_text("utf-8"), source="amazon.toml"
    )
    assert set(policy.setting("email_address").params.allowed_domains) == policy.recipient_domains
