"""The bundled policies."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.config.errors import ConfigError
from gateway.config.model import Config
from gateway.config.policies import load_policies
from gateway.mail.address import parse_path
from gateway.policy.load import load_policy
from gateway.policy.model import OnMatch
from gateway.rules import ALL

FOLDER = Path(__file__).parents[1] / "policies"
FILES = sorted(FOLDER.glob("*.toml"))


def load(name: str):
    return load_policy((FOLDER / name).read_text(), source=name)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_loads(path):
    """Every bundled policy loads, speaks about every rule, and names a clause, a source and a mark for each."""
    policy = load(path.name)
    assert [rule.name for rule in ALL] == [setting.rule for setting in policy.settings]
    for setting in policy.settings:
        assert setting.clause.startswith((f"{policy.name}:", "gateway:"))
        assert setting.text.endswith(".")


def test_editions_differ():
    """No two files are the same edition of the same policy."""
    stamps = [load(path.name).stamp for path in FILES]
    assert len(stamps) == len(set(stamps))


DOUBLES = {
    "an edition beside the other": (
        ('edition = "2020-11-03"', 'edition = "2030-01-01"'),
        ["name: another file"],
    ),
    "another marketplace with the same domains": (
        ('name = "amazon"', 'name = "amazonas"'),
        ['recipient_domains: marketplace.amazon.de belongs to the policy "amazon"'],
    ),
}


@pytest.mark.parametrize("change, faults", DOUBLES.values(), ids=DOUBLES)
def test_no_file_hides_another(change, faults, tmp_path):
    """Two files that claim the same name or domain are a fault: else the one read last would win in silence."""
    text = (FOLDER / "amazon.toml").read_text("utf-8")
    assert change[0] in text
    (tmp_path / "amazon.toml").write_text(text)
    (tmp_path / "second.toml").write_text(text.replace(*change, 1))
    with pytest.raises(ConfigError) as caught:
        load_policies(Config(policies=tmp_path))
    for words in faults:
        assert any(each.startswith(f"{tmp_path}/second.toml: {words}") for each in caught.value.faults)


def test_amazon():
    """Amazon's pack knows its 22 relay domains and the one that follows the pattern."""
    policy = load("amazon.toml")
    assert policy.stamp == "amazon@2020-11-03"
    assert policy.effective_at == datetime(2020, 11, 6, tzinfo=UTC)
    assert len(policy.recipient_domains) == 23
    assert all(domain.startswith("marketplace.amazon.") for domain in policy.recipient_domains)
    assert policy.takes(parse_path("abc@marketplace.amazon.co.uk"))
    assert not policy.takes(parse_path("abc@amazon.co.uk"))
    assert policy.dead_recipients == {"no-reply-amazon-iba-buyer"}


def test_amazon_takes_out_what_need_not_go_through():
    """Only what has two readings is refused outright; all else is taken out, and the rest of the mail goes on."""
    settings = {setting.rule: setting for setting in load("amazon.toml").settings}
    assert settings.pop("mime_ambiguity").on_match is OnMatch.REJECT
    assert {OnMatch.STRIP} == {setting.on_match for setting in settings.values()}
    assert (settings["emoji"].replacement, settings["emoticon"].replacement) == ("", "")
    hosts = settings["external_link"].params.allowed_hosts
    assert (
        hosts
        == settings["insecure_link"].params.allowed_hosts
        == settings["linked_logo"].params.allowed_hosts
    )
    assert "amazon.de" in hosts


def test_default_takes_no_mail():
    """The default policy has no relay domains, so that nothing is ever sent by it."""
    policy = load("default.toml")
    assert (policy.name, policy.recipient_domains) == ("default", frozenset())


def test_table_of_rules_says_what_amazon_does():
    """The table's columns for Amazon agree with its file."""
    settings = {setting.rule: setting for setting in load("amazon.toml").settings}
    rows = re.findall(
        r"^\| `(\w+)` \|.*\| (\w+)(?:, always)? \| `([\w:-]+)` \|$",
        (FOLDER / "README.md").read_text(),
        re.MULTILINE,
    )
    said = {name: (word, clause) for name, word, clause in rows}
    assert {name: (str(s.on_match), s.clause) for name, s in settings.items()} == said


def test_readme_lists_the_files():
    """Each bundled file has its row."""
    text = (FOLDER / "README.md").read_text()
    assert all(f"| `{path.name}` |" in text for path in FILES)
