"""Unit, image, hook and README of deploy/, as far as they can be read without the programs that run them."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from gateway.app import DRAIN_S
from gateway.config.model import Config
from gateway.life.vitals import PATIENCE_S
from gateway.reload import TAKEN

DEPLOY = Path(__file__).parents[2] / "deploy"
README = (DEPLOY / "README.md").read_text("utf-8")
UNIT = (DEPLOY / "gateway.service").read_text("utf-8")
IMAGE = (DEPLOY / "Containerfile").read_text("utf-8")


def unit(key):
    return re.findall(rf"^{key}=(.*)$", UNIT, re.MULTILINE)


def test_the_unit_waits_longer_than_the_gateway():
    """The service manager kills no gateway that is still finishing mails."""
    assert float(unit("TimeoutStopSec")[0]) > DRAIN_S + 20


def test_the_unit_is_what_the_gateway_speaks():
    """Readiness, reload and watchdog are asked for, and the main process alone is listened to."""
    assert (unit("Type"), unit("NotifyAccess"), unit("WatchdogSec")) == (["notify-reload"], ["main"], ["60"])
    assert unit("ExecReload") == []


def test_the_older_unit_reloads_by_the_same_signal():
    """Before systemd 253 the drop-in sends what the newer one sends."""
    text = (DEPLOY / "gateway.service.d" / "older-systemd.conf").read_text("utf-8")
    assert "Type=notify\nExecReload=/bin/kill -HUP $MAINPID\n" in text


def test_the_image():
    """Two stages, hashes for all that is installed, no root at the end, a health check, the signal that drains."""
    stages = re.split(r"^FROM ", IMAGE, flags=re.MULTILINE)[1:]
    assert len(stages) == 2
    assert len(set(re.findall(r"^FROM (\S+)", IMAGE, re.MULTILINE))) == 1
    installs = re.findall(r"pip (?:install|wheel) [^\\&\n]*", stages[0])
    assert len(installs) == 4
    for line in installs:
        assert any(word in line for word in ("--require-hashes", "--no-build-isolation", "--no-index")), line
    assert re.search(r"^USER \d+:\d+$", stages[1], re.MULTILINE)
    assert {"HEALTHCHECK", "STOPSIGNAL", "VOLUME"} <= set(re.findall(r"^[A-Z]+", stages[1], re.MULTILINE))
    assert "USER" not in stages[0]


def test_what_builds_the_wheel_is_locked():
    """The build's own packages are those that pyproject.toml asks for, with hashes."""
    text = (DEPLOY / "build-requirements.txt").read_text("utf-8")
    pinned = re.findall(r"^(\S+)==\S+ \\$", text, re.MULTILINE)
    assert "hatchling" in pinned
    assert text.count("--hash=sha256:") >= 2 * len(pinned)
    assert "://" not in text


def test_the_readme_names_every_file():
    """Each file of deploy/ has its line, and what is named is there."""
    files = {path.name for path in DEPLOY.iterdir() if path.name != "README.md"}
    assert set(re.findall(r"\]\(([^)#]+?)\)", README.partition("## Install")[0])) == files


def test_the_readme_says_what_needs_a_restart():
    """README and runbook name the sections that a reload does not take."""
    for text in (README, (DEPLOY / "runbook.md").read_text("utf-8")):
        (line,) = re.findall(r"^.*`hostname`.*$", text, re.MULTILINE)
        names = re.findall(r"`\[*(\w+)\]*`", re.split("are taken|waits for", line)[0])
        assert set(names) == set(Config.model_fields) - TAKEN


def test_the_readme_knows_the_limits():
    """Seconds in prose are those of the code."""
    assert f"After {DRAIN_S:.0f} seconds, or at a second signal" in README
    assert f"have not answered for {PATIENCE_S:.0f} seconds" in README
    signals = (DEPLOY / "signals.md").read_text("utf-8")
    assert signals.count(f"{PATIENCE_S:.0f} seconds") == 2


@pytest.fixture
def hook(tmp_path):
    """Runs the hook with a certificate of that name; what it told systemctl, and the gateway's folder."""

    def run(name, *, key="new key\n"):
        folder, lineage, programs = tmp_path / "gateway", tmp_path / name, tmp_path / "bin"
        for path in (folder, lineage, programs):
            path.mkdir(exist_ok=True)
        (folder / "cert.pem").write_text("old certificate\n")
        (lineage / "fullchain.pem").write_text("new certificate\n")
        if key:
            (lineage / "privkey.pem").write_text(key)
        (programs / "systemctl").write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/told\n')
        (programs / "systemctl").chmod(0o755)
        done = subprocess.run(
            [DEPLOY / "certbot-hook.sh"],
            env={
                "PATH": f"{programs}:{os.environ['PATH']}",
                "RENEWED_LINEAGE": str(lineage),
                "GATEWAY_FOLDER": str(folder),
                "GATEWAY_GROUP": str(os.getgid()),
            },
            check=False,
            capture_output=True,
        )
        told = tmp_path / "told"
        return done.returncode, told.read_text() if told.exists() else "", folder

    return run


def test_a_renewed_certificate_reaches_the_gateway(hook):
    """Both files are copied, readable for the group and not for the world, and the gateway reloads."""
    code, told, folder = hook("gw.seller.example")
    assert (code, told) == (0, "reload gateway\n")
    assert {path.name: path.read_text() for path in folder.iterdir()} == {
        "cert.pem": "new certificate\n",
        "key.pem": "new key\n",
    }
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o640}


def test_another_certificate_is_none_of_ours(hook):
    """The hook is called for every certificate of the machine, and leaves the others alone."""
    code, told, folder = hook("www.seller.example")
    assert (code, told, (folder / "cert.pem").read_text()) == (0, "", "old certificate\n")


def test_half_a_certificate_changes_nothing(hook):
    """Without a key the old pair stays, and nothing is reloaded."""
    code, told, folder = hook("gw.seller.example", key="")
    assert code != 0
    assert (told, (folder / "cert.pem").read_text()) == ("", "old certificate\n")
