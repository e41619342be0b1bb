"""Settings of next hops and schedules: what they come to, and what is told when they cannot be."""

from pathlib import Path

import pytest
import trustme

from gateway.config.errors import ConfigError
from gateway.config.load import load_config
from gateway.config.model import Config
from gateway.config.next_hops import next_hops, schedules
from gateway.outbound import make_runner

ROUTE = '[[route]]\nmarketplaces = ["amazon"]\n'


@pytest.fixture
def load(tmp_path):
    """Reads a configuration from a file of its own folder."""

    def read(text):
        path = tmp_path / "gateway.toml"
        path.write_text(text)
        return load_config(path, {})

    return read


@pytest.mark.parametrize(
    ("text", "tls", "ca"),
    [
        pytest.param('next_hop = "mx"', "opportunistic", None, id="mx"),
        pytest.param('next_hop = "mx"\ntls = "required"', "required", None, id="mx-required"),
        pytest.param('next_hop = "smtp://h"\ntls = "none"', "none", None, id="smtp-none"),
        pytest.param('next_hop = "smtps://h"\ntls_ca = "ca.pem"', "required", "ca.pem", id="own-authority"),
    ],
)
def test_tls(load, tmp_path, text, tls, ca):
    """TLS and its authority are part of the next hop; the file is meant from the configuration's folder."""
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    hop = next_hops(load(f"{ROUTE}{text}\n"))["amazon"]
    assert (hop.tls, hop.tls_ca) == (tls, ca and str(tmp_path / ca))


def test_schedules(load):
    """Each key of a route that is not set is that of [delivery]; other routes have those of [delivery]."""
    text = (
        "[delivery]\nfirst_retry_s = 30\nexpire_hours = 10\n"
        + ROUTE
        + "expire_hours = 5\ndelay_notice_hours = 1\n"
    )
    found = schedules(load(text))
    amazon, others = found["amazon"], found[""]
    assert (amazon.first_s, amazon.cap_s, amazon.expire_s, amazon.tell_delay_s) == (30, 3600, 18_000, 3600)
    assert (others.first_s, others.cap_s, others.expire_s, others.tell_delay_s) == (30, 3600, 36_000, 14_400)


FAULTS = {
    "tls that is none": (f'{ROUTE}tls = "maybe"', "route.0.tls: "),
    "tls against the form": (f'{ROUTE}next_hop = "smtps://h"\ntls = "none"', "route.0: next_hop is smtps://"),
    "authority for nothing": (f'{ROUTE}tls_ca = "ca.pem"', 'set tls = "required", or remove tls_ca'),
    "authority that is not there": (f'{ROUTE}tls = "required"\ntls_ca = "gone.pem"', "route.0.tls_ca: "),
    "authority that is none": (
        f'{ROUTE}tls = "required"\ntls_ca = "gateway.toml"',
        "holds no PEM certificate",
    ),
    "authority of notices": (
        '[notices]\nfrom = "a@b.example"\ntls = "required"\ntls_ca = "gone.pem"',
        "notices.tls_ca: ",
    ),
    "no time between attempts": (f"{ROUTE}first_retry_s = 0", "route.0.first_retry_s"),
    "first above longest": (
        "[delivery]\nfirst_retry_s = 10\nlongest_retry_s = 5",
        "delivery.first_retry_s: 10 is",
    ),
    "first of a route above the longest": (
        f"{ROUTE}first_retry_s = 9999",
        "route.0.first_retry_s: 9999 is more",
    ),
    "a notice before there is a delay": ("[delivery]\ndelay_notice_hours = 0", "delivery.delay_notice_hours"),
}


@pytest.mark.parametrize("text, words", FAULTS.values(), ids=FAULTS)
def test_fault(load, tmp_path, text, words):
    """A fault names file and key, and says what would be right."""
    with pytest.raises(ConfigError) as caught:
        load(text + "\n")
    (fault,) = {each for each in caught.value.faults if words in each}
    assert fault.startswith(f"{tmp_path / 'gateway.toml'}: ")


def test_environment():
    """Every key of a route is a variable."""
    environment = {
        "GATEWAY_ROUTE_0_MARKETPLACES": "amazon",
        "GATEWAY_ROUTE_0_TLS": "required",
        "GATEWAY_ROUTE_0_FIRST_RETRY_S": "5",
        "GATEWAY_DELIVERY_DELAY_NOTICE_HOURS": "2",
    }
    config = load_config(None, environment)
    assert next_hops(config)["amazon"].tls == "required"
    assert (schedules(config)["amazon"].first_s, schedules(config)[""].tell_delay_s) == (5, 7200)


class Unused:
    """Stands for what is joined and not called."""

    letters = None


@pytest.mark.parametrize(
    ("values", "route", "expected"),
    [
        pytest.param({}, "amazon", "m.example", id="no-route-is-mx"),
        pytest.param(
            {"route": [{"marketplaces": ["amazon"], "next_hop": "mx"}]}, "amazon", "m.example", id="mx"
        ),
        pytest.param(
            {"route": [{"marketplaces": ["amazon"], "next_hop": "smtp://h"}]},
            "amazon",
            "",
            id="one-host-for-all",
        ),
        pytest.param({"notices": {"from": "a@b.example"}}, "notices", "m.example", id="notices-by-mx"),
        pytest.param(
            {"notices": {"from": "a@b.example", "next_hop": "smtp://h"}},
            "notices",
            "",
            id="notices-over-a-host",
        ),
    ],
)
def test_destinations(values, route, expected):
    """Load is counted by recipient domain where DNS names the next hop, and by route where the route does."""
    from gateway.mail.address import Address

    config = Config.model_validate({"hostname": "gw.example", **values})
    runner = make_runner(config, Unused(), Unused(), None)
    assert runner._hooks.destination(route, Address("b", "m.example")) == expected


def test_every_route_may_be_busy_at_once():
    """However many next hops hang, notices find a place."""
    routes = [{"marketplaces": [name], "next_hop": "smtp://h"} for name in ("amazon", "ebay", "otto")]
    config = Config.model_validate(
        {"hostname": "gw.example", "route": routes, "delivery": {"concurrency": 4}}
    )
    limits = make_runner(config, Unused(), Unused(), None)._limits
    assert (limits.per_destination, limits.per_route) == (4, 8)
    assert limits.in_all >= limits.per_route * (len(routes) + 1)


def test_sample_has_every_key():
    """deploy/gateway.toml shows each key of a route and of [delivery]."""
    text = (Path(__file__).parents[1] / "deploy" / "gateway.toml").read_text("utf-8")
    for key in (
        "tls = ",
        "tls_ca = ",
        "first_retry_s",
        "longest_retry_s",
        "expire_hours",
        "delay_notice_hours",
    ):
        assert key in text
