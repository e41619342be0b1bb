"""Settings from a file and the environment, and their faults."""

import tomllib
from pathlib import Path

import pytest

from gateway.config.errors import ConfigError, fault_parts
from gateway.config.limits import Limits
from gateway.config.load import load_config
from gateway.config.model import Config
from gateway.config.next_hops import next_hops
from gateway.config.policies import load_policies
from gateway.smtp.limits import SessionLimits, SharedLimits

ROOT = Path(__file__).parents[1]


def faults_of(path, environment=None):
    with pytest.raises(ConfigError) as caught:
        load_config(path, environment or {})
    return list(caught.value.faults)


@pytest.fixture
def written(tmp_path):
    """Writes a configuration file."""

    def write(text):
        path = tmp_path / "gateway.toml"
        path.write_text(text)
        return path

    return write


def test_defaults_need_no_file():
    """With no file: loopback without TLS, SQLite beside it, the bundled policies."""
    config = load_config(None, {})
    assert [(each.address, each.tls, each.auth) for each in config.listener] == [
        ("127.0.0.1:2525", "none", "none")
    ]
    assert config.store == "sqlite:///gateway.db"
    assert "amazon" in load_policies(config)


def test_file_names_are_meant_from_the_files_folder(written, tmp_path):
    """Certificates and policies are found beside the configuration, wherever the command is run."""
    config = load_config(written('policies = "p"\n[tls]\ncertificate = "c.pem"\nkey = "/abs/k.pem"\n'), {})
    assert config.policies == tmp_path / "p"
    assert (config.tls.certificate, config.tls.key) == (tmp_path / "c.pem", Path("/abs/k.pem"))


def test_sample_shows_every_limit():
    """deploy/gateway.toml has every key of [limits], with the value that holds without it."""
    sample = tomllib.loads((ROOT / "deploy" / "gateway.toml").read_text("utf-8"))["limits"]
    assert sample == Limits().model_dump()


def test_limits_are_those_of_the_server():
    """The defaults of the settings are those of the server, and reach it."""
    assert Limits().of_session() == SessionLimits()
    assert Limits().shared() == SharedLimits()
    config = load_config(None, {"GATEWAY_LIMITS_LOGIN_CONNECTIONS": "3", "GATEWAY_LIMITS_LOGIN_S": "7"})
    assert (config.limits.shared().login.connections, config.limits.of_session().login_s) == (3, 7.0)


FAULTS = {
    "message larger than is read": ("[limits]\nmessage_octets = 30000000", "limits.message_octets"),
    "no room for one message": (
        "[limits.login]\noctets_in_hand = 1000",
        "limits: login.octets_in_hand = 1000 has no room for one message",
    ),
    "proxies that are no network": (
        '[[listener]]\naddress = "127.0.0.1:25"\ntls = "none"\nproxy_from = ["10.0.0.1/8"]',
        'listener.0.proxy_from.0: is no address and no network; write it as "192.0.2.10" or "10.0.0.0/8"',
    ),
    "strangers through a proxy": (
        '[[listener]]\naddress = "127.0.0.1:25"\ntls = "none"\nauth = "none"\nproxy_from = ["127.0.0.1"]',
        'listener.0: proxy_from brings in strangers, who must log in: set auth = "required"',
    ),
    "no such TLS": ('[tls]\ncertificate = "c"\nkey = "k"\nminimum = "1.1"', "tls.minimum"),
    **{
        f"next hop is ourselves, {name}": (
            (
                f'hostname = "gw.example"\n[[listener]]\naddress = "{address}"\n{section}next_hop = "{hop}"\n'
                '[tls]\ncertificate = "c"\nkey = "k"'
            ),
            f"next_hop is this gateway's own listener {address}, so its mail would go round for ever",
        )
        for name, address, hop, section in (
            ("loopback", "127.0.0.1:2525", "smtp://127.0.0.1:2525", '[other_recipients]\naction = "relay"\n'),
            ("localhost", "[::1]:2525", "smtp://localhost:2525", '[[route]]\nmarketplaces = ["amazon"]\n'),
            ("everywhere", "0.0.0.0:587", "smtp://127.0.0.1:587", '[[route]]\nmarketplaces = ["amazon"]\n'),
            ("by name", "0.0.0.0:25", "smtp://GW.example", '[notices]\nfrom = "a@gw.example"\n'),
            ("by address", "192.0.2.1:25", "smtp://192.0.2.1", '[[route]]\nmarketplaces = ["amazon"]\n'),
        )
    },
    "no time": ("[limits]\ncommand_s = 0", "limits.command_s"),
    "no TOML": ("a = ", "is no valid TOML"),
    "unknown key": ('hostnam = "x"', "hostnam: unknown key"),
    "unknown key in a section": ("[workers]\ncuont = 2", "workers.cuont: unknown key"),
    **{
        f"open to the world on {address}": (
            f'[[listener]]\naddress = "{address}"\nauth = "none"\n[tls]\ncertificate = "c"\nkey = "k"',
            'listener.0: auth = "none" is for loopback addresses only: anybody could send as your sellers',
        )
        for address in ("0.0.0.0:25", "[::]:25", "[2001:db8::1]:25", "[::ffff:127.0.0.1]:25", "gw.example:25")
    },
    "no port": (
        '[[listener]]\naddress = "127.0.0.1"',
        'listener.0.address: is not host:port; write it as "127.0.0.1:2525"',
    ),
    "port too high": ('[[listener]]\naddress = "127.0.0.1:99999"', "listener.0.address: is not host:port"),
    "open to the world without AUTH": (
        '[[listener]]\naddress = "0.0.0.0:25"\ntls = "starttls"\nauth = "none"\n[tls]\ncertificate = "c"\nkey = "k"',
        'auth = "none" is for loopback addresses only',
    ),
    "passwords in clear": (
        '[[listener]]\naddress = "192.0.2.1:25"\ntls = "none"',
        'tls = "none" is for loopback addresses only',
    ),
    "TLS without a certificate": ('[[listener]]\naddress = "0.0.0.0:587"', "there is no [tls] section"),
    "bad next hop": ('[[route]]\nmarketplaces = ["amazon"]\nnext_hop = "ftp://x"', "route.0: next_hop"),
    "route without marketplaces": ('[[route]]\nmarketplaces = []\nnext_hop = "mx"', "route.0.marketplaces"),
    "bad notice address": ('[notices]\nfrom = "nobody"', "notices.from: is not a mail address"),
    "bad consequence": ('[override.amazon]\nemoji = "delete"', "override.amazon.emoji"),
    "bad host name": ('hostname = "a b"', "hostname"),
    "other recipients without a next hop": (
        '[other_recipients]\naction = "relay"',
        'other_recipients: action = "relay" needs a next hop of its own: set next_hop',
    ),
    "other recipients over a bad next hop": (
        '[other_recipients]\naction = "relay"\nnext_hop = "ftp://x"',
        "other_recipients: next_hop",
    ),
    "other recipients with a password in clear": (
        '[other_recipients]\naction = "relay"\nnext_hop = "smtp://me@mail.example"\npassword = "x"',
        "other_recipients: next_hop would send a password unencrypted",
    ),
    "DNS server by name": (
        '[delivery]\ndns = ["dns.example:53"]',
        "delivery.dns.0: is no IP address and port",
    ),
    "DNS server without port": ('[delivery]\ndns = ["192.0.2.1"]', "delivery.dns.0: is not host:port"),
    "DNS server at port 0": ('[delivery]\ndns = ["192.0.2.1:0"]', "delivery.dns.0: has port 0"),
}


@pytest.mark.parametrize("text, words", FAULTS.values(), ids=FAULTS)
def test_fault(written, text, words):
    """A fault names the file and the key, and says what would be right."""
    path = written(text)
    (fault,) = faults_of(path)
    assert fault.startswith(f"{path}: ")
    assert words in fault


def test_all_faults_at_once(written):
    """All faults are told together, those of the environment first."""
    faults = faults_of(written('hostnam = "x"\nstore = 5\n'), {"GATEWAY_NOSUCH": "1"})
    assert len(faults) == 3
    assert faults[0].startswith("environment: GATEWAY_NOSUCH: fits no key")


def test_unreadable_files(tmp_path):
    """A file that is not there or is no UTF-8 is told as such."""
    assert "give a readable file" in faults_of(tmp_path / "missing.toml")[0]
    (tmp_path / "latin.toml").write_bytes(b'hostname = "\xff"')
    assert "is not UTF-8" in faults_of(tmp_path / "latin.toml")[0]


POLICY_FAULTS = {
    "route of an unknown marketplace": (
        '[[route]]\nmarketplaces = ["nosuch"]\nnext_hop = "mx"',
        "route.0.marketplaces: no policy",
    ),
    "override of an unknown marketplace": ('[override.nosuch]\nemoji = "warn"', "override.nosuch: no policy"),
    "override of an unknown rule": ('[override.amazon]\nemojo = "warn"', "[override.amazon].emojo"),
    "what no policy can allow": (
        '[override.amazon]\nmime_ambiguity = "warn"',
        "[override.amazon].mime_ambiguity",
    ),
}


@pytest.mark.parametrize("text, words", POLICY_FAULTS.values(), ids=POLICY_FAULTS)
def test_fault_against_the_policies(written, text, words):
    """Routes and overrides are held against the policies there are."""
    with pytest.raises(ConfigError) as caught:
        load_policies(load_config(written(text), {}))
    assert any(words in fault for fault in caught.value.faults)


@pytest.mark.parametrize("name", ["other", "notices"])
def test_names_of_routes_are_reserved(name, written, tmp_path):
    """No policy may be called as a route of the gateway's own: its mail would go by the other's next hop."""
    (tmp_path / "p").mkdir()
    text = (
        (ROOT / "policies" / "amazon.toml")
        .read_text("utf-8")
        .replace('name = "amazon"', f'name = "{name}"', 1)
    )
    (tmp_path / "p" / "amazon.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_policies(load_config(written('policies = "p"\n'), {}))
    assert f'a policy is called "{name}"' in str(caught.value)


def test_bad_policy_files_are_told(written, tmp_path):
    """Faults of policy files are the configuration's faults, too."""
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "bad.toml").write_text('name = "bad"\n')
    (tmp_path / "p" / "latin.toml").write_bytes(b"\xff")
    with pytest.raises(ConfigError) as caught:
        load_policies(load_config(written('policies = "p"\n'), {}))
    assert any("bad.toml" in fault for fault in caught.value.faults)
    assert any("latin.toml: cannot be read" in fault for fault in caught.value.faults)


def test_overrides_change_what_follows(written):
    """An override is this gateway's own word on a rule."""
    policy = load_policies(load_config(written('[override.amazon]\nemoji = "reject"\n'), {}))["amazon"]
    assert policy.setting("emoji").on_match == "reject"


def test_routes(written):
    """Each marketplace of a route gets its next hop; passwords stay out of what is shown."""
    text = (
        '[[route]]\nmarketplaces = ["amazon"]\nnext_hop = "smtps://user@relay.example"\npassword = "hidden"\n'
    )
    config = load_config(written(text), {})
    hop = next_hops(config)["amazon"]
    assert (hop.host, hop.port, hop.password) == ("relay.example", 465, "hidden")
    assert "hidden" not in repr(config)


def test_next_hop_beside_us(written):
    """Another port, or another address of this machine, is another server."""
    for address, hop in (("127.0.0.1:2525", "smtp://127.0.0.1"), ("192.0.2.1:25", "smtp://127.0.0.1:25")):
        text = f'[[listener]]\naddress = "{address}"\n[tls]\ncertificate = "c"\nkey = "k"\n'
        load_config(written(f'{text}[other_recipients]\naction = "relay"\nnext_hop = "{hop}"\n'), {})


def test_next_hop_of_others(written):
    """Other recipients have a next hop of their own, also while no more of their mail is taken."""
    for action in ("relay", "reject"):
        text = f'[other_recipients]\naction = "{action}"\nnext_hop = "smtps://me@mail.example"\npassword = "hidden"\n'
        config = load_config(written(text), {})
        hop = next_hops(config)["other"]
        assert (hop.host, hop.password) == ("mail.example", "hidden")
        assert "hidden" not in repr(config)
    assert "other" not in next_hops(load_config(None, {}))


ENVIRONMENT = {
    "a plain key": ({"GATEWAY_HOSTNAME": "gw.example"}, lambda config: config.hostname, "gw.example"),
    "a key in a section": ({"GATEWAY_WORKERS_COUNT": "3"}, lambda config: config.workers.count, 3),
    "a key with underscores": (
        {"GATEWAY_WORKERS_DEADLINE_S": "2.5"},
        lambda config: config.workers.deadline_s,
        2.5,
    ),
    "a list entry": (
        {
            "GATEWAY_LISTENER_0_ADDRESS": "127.0.0.1:9",
            "GATEWAY_LISTENER_0_TLS": "none",
            "GATEWAY_LISTENER_0_AUTH": "none",
        },
        lambda config: config.listener[0].address,
        "127.0.0.1:9",
    ),
    "a list of networks": (
        {"GATEWAY_LISTENER_0_ADDRESS": "127.0.0.1:9", "GATEWAY_LISTENER_0_TLS": "none"}
        | {"GATEWAY_LISTENER_0_PROXY_FROM": "192.0.2.10, 10.0.0.0/8"},
        lambda config: config.listener[0].proxy_from,
        ("192.0.2.10", "10.0.0.0/8"),
    ),
    "a list of words": (
        {"GATEWAY_ROUTE_0_MARKETPLACES": "amazon, default", "GATEWAY_ROUTE_0_NEXT_HOP": "mx"},
        lambda config: config.route[0].marketplaces,
        ("amazon", "default"),
    ),
    "an override": (
        {"GATEWAY_OVERRIDE_AMAZON_PHONE_NUMBER": "warn"},
        lambda config: config.override,
        {"amazon": {"phone_number": "warn"}},
    ),
    "an alias": (
        {"GATEWAY_NOTICES_FROM": "postmaster@gw.example"},
        lambda config: config.notices.from_,
        "postmaster@gw.example",
    ),
    "a section that may be missing": (
        {"GATEWAY_TLS_CERTIFICATE": "/c", "GATEWAY_TLS_KEY": "/k"},
        lambda config: config.tls.key,
        Path("/k"),
    ),
    "other programs' variables": (
        {"PATH": "/bin", "gateway_hostname": "x"},
        lambda config: config.console.address,
        "127.0.0.1:8025",
    ),
}


@pytest.mark.parametrize("environment, read, expected", ENVIRONMENT.values(), ids=ENVIRONMENT)
def test_environment(environment, read, expected):
    """Every key is a variable."""
    assert read(load_config(None, environment)) == expected


def test_environment_wins_over_the_file(written):
    """A variable wins over the file, and changes only its own key."""
    path = written('hostname = "file.example"\n[workers]\ncount = 1\ndeadline_s = 7.0\n')
    config = load_config(path, {"GATEWAY_WORKERS_COUNT": "4"})
    assert (config.hostname, config.workers.count, config.workers.deadline_s) == ("file.example", 4, 7.0)


def test_one_entry_of_a_list_of_words():
    """Words can be given one at a time, too."""
    environment = {"GATEWAY_ROUTE_0_MARKETPLACES_0": "amazon", "GATEWAY_ROUTE_0_NEXT_HOP": "mx"}
    assert load_config(None, environment).route[0].marketplaces == ("amazon",)


ENVIRONMENT_FAULTS = {
    "misspelt": {"GATEWAY_HOSTNAM": "x"},
    "a section is no key": {"GATEWAY_WORKERS": "x"},
    "an index beyond the list": {"GATEWAY_ROUTE_5_NEXT_HOP": "mx"},
    "a word beyond the list": {"GATEWAY_ROUTE_0_MARKETPLACES_3": "amazon"},
    "no index": {"GATEWAY_LISTENER_ADDRESS": "127.0.0.1:1"},
    "no rule": {"GATEWAY_OVERRIDE_AMAZON": "warn"},
}


@pytest.mark.parametrize("environment", ENVIRONMENT_FAULTS.values(), ids=ENVIRONMENT_FAULTS)
def test_environment_fault(environment):
    """A variable that fits no key is a fault: a misspelt setting must not be a setting ignored."""
    (name,) = environment
    assert any(fault.startswith(f"environment: {name}: ") for fault in faults_of(None, environment))


def test_the_defaults_are_a_configuration():
    """The defaults themselves pass their own checks."""
    assert Config.model_validate({}) == Config()


def test_a_folder_without_policies(written, tmp_path):
    """Without a policy every recipient would be refused for good, so it is a fault: in a reload most of all."""
    (tmp_path / "p").mkdir()
    for folder in ("p", "gone"):
        with pytest.raises(ConfigError) as caught:
            load_policies(load_config(written(f'policies = "{folder}"\n'), {}))
        assert caught.value.faults == (
            f"policies: {tmp_path / folder} holds no policy; name a folder with *.toml files, or remove the key",
        )


PARTS = {
    "file, key, fault": (
        "/etc/g.toml: tls.key: is gone; mend it",
        ("/etc/g.toml", "tls.key", "is gone; mend it"),
    ),
    "no key": ("/etc/g.toml: is no valid TOML: line 3", ("/etc/g.toml", "", "is no valid TOML: line 3")),
    "no file": ("route.0.marketplaces: no policy: x", ("", "route.0.marketplaces", "no policy: x")),
    "a bracketed key": ("[override.amazon].emoji: no rule", ("", "[override.amazon].emoji", "no rule")),
    "a variable": ("environment: GATEWAY_X: fits no key", ("environment", "GATEWAY_X", "fits no key")),
    "no file at all": ("configuration: store: is none", ("configuration", "store", "is none")),
    "a list": ("p.toml: rule.emoji.params: chars: x", ("p.toml", "rule.emoji.params", "chars: x")),
    "a sentence": ("something is wrong", ("", "", "something is wrong")),
}


@pytest.mark.parametrize("sentence, parts", PARTS.values(), ids=PARTS)
def test_parts_of_a_fault(sentence, parts):
    """A fault is told to the log in its parts, which together are what a check prints."""
    assert fault_parts(sentence) == parts
    assert ": ".join(filter(None, parts)) == sentence


PAIRS = {
    "resume below low": ("low_mb = 10\nresume_mb = 9", "resume_mb = 9 is below low_mb = 10"),
    "likewise inodes": ("low_inodes = 10\nresume_inodes = 9", "resume_inodes = 9 is below low_inodes = 10"),
    "low above the default": ("low_mb = 9999", "resume_mb = 512 is below low_mb = 9999"),
}


@pytest.mark.parametrize("text, words", PAIRS.values(), ids=PAIRS)
def test_marks_of_the_disk(written, text, words):
    """Mail cannot be taken again before it is refused."""
    (fault,) = faults_of(written(f"[disk]\n{text}\n"))
    assert words in fault
