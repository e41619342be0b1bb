"""The sample configurations: each is loaded, started, and found ready; one of them has every key."""

import re
from pathlib import Path

import httpx
import pytest
import trustme

from gateway.app import Gateway
from gateway.config.environment import _bare, _is_model
from gateway.config.listening import Tls
from gateway.config.load import load_config
from gateway.config.model import Config
from gateway.config.policies import load_policies

DEPLOY = Path(__file__).parents[2] / "deploy"
SAMPLES = sorted(DEPLOY.glob("*.toml"))
SECRETS = {"GATEWAY_ROUTE_0_PASSWORD": "secret", "GATEWAY_NOTICES_PASSWORD": "secret"}


def environment(path):
    """The passwords that a sample leaves to the environment."""
    return SECRETS if "PASSWORD=" in path.read_text("utf-8") else {}


def test_the_samples():
    """For programs on the machine, for a network, behind a proxy, and over a provider."""
    assert [path.name for path in SAMPLES] == [
        "behind-proxy.toml",
        "gateway.toml",
        "loopback.toml",
        "smarthost.toml",
    ]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
async def test_a_gateway_starts_with_it(path, tmp_path, log_lines):
    """With addresses, certificate and store of the test's own, a gateway starts, and is ready."""
    certificate = trustme.CA().issue_cert("localhost")
    certificate.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "pair.pem"))
    config = load_config(path, environment(path))
    free = "127.0.0.1:0"
    config = config.model_copy(
        update={
            "store": f"sqlite:///{tmp_path}/gateway.db",
            "listener": tuple(each.model_copy(update={"address": free}) for each in config.listener),
            "tls": config.tls and Tls(certificate=tmp_path / "pair.pem", key=tmp_path / "pair.pem"),
            "console": config.console.model_copy(update={"address": free}),
            "workers": config.workers.model_copy(update={"count": 1}),
        }
    )
    gateway = await Gateway.start(config, load_policies(config))
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{gateway.console_port}") as console:
            assert (await console.get("/readyz")).json() == {"ready": True, "failed": []}
    finally:
        await gateway.stop("test")


def keys(model):
    """Every key of a section, and of the sections in it."""
    for name, field in model.model_fields.items():
        kind = _bare(field.annotation)
        yield field.alias or name
        for inner in (kind, *getattr(kind, "__args__", ())):
            if _is_model(inner):
                yield from keys(inner)


def test_one_sample_has_every_key():
    """deploy/gateway.toml has each key of the configuration, set or as a comment."""
    text = (DEPLOY / "gateway.toml").read_text("utf-8")
    written = set(re.findall(r"^(?:# )?(\w+) = ", text, re.MULTILINE))
    sections = {name for path in re.findall(r"^\[+([\w.]+)", text, re.MULTILINE) for name in path.split(".")}
    assert set(keys(Config)) <= written | sections


def test_what_needs_a_restart_is_marked():
    """The sample marks the sections that a reload does not take, and no others."""
    from gateway.reload import TAKEN

    text = (DEPLOY / "gateway.toml").read_text("utf-8")
    section, marked = "", set()
    for line in text.splitlines():
        if found := re.match(r"\[+(\w+)", line):
            section = found[1]
        if line.endswith("(restart)"):
            marked.add(section or line.partition(" ")[0])
    assert marked == set(Config.model_fields) - TAKEN
