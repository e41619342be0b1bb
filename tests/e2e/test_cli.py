"""The commands: what they print, and the code they end with."""

import contextlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli.main import command
from gateway.samples import FOLDER, load_samples

SAMPLES = sorted(FOLDER.glob("*.eml"))


def gateway(*arguments, cwd, stdin=""):
    """Runs the command in this process; what it prints, and the code it ends with."""
    with contextlib.chdir(cwd):
        done = CliRunner().invoke(
            command, [str(each) for each in arguments], input=stdin, env={"COLUMNS": "200"}
        )
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


@pytest.fixture
def config(tmp_path):
    """A configuration with a store of its own."""
    path = tmp_path / "gateway.toml"
    path.write_text(f'hostname = "gateway.example"\nstore = "sqlite:///{tmp_path}/gateway.db"\n')
    return path


def test_demo_ends_with_0_and_shows_every_verdict(tmp_path):
    """`gateway demo --exit` ends with 0 because each of at least twelve samples met its expected fate."""
    done = gateway("demo", "--exit", cwd=tmp_path)
    assert done.exit_code == 0, done.stdout
    assert len(load_samples()) >= 12
    for verdict in ("accept", "strip", "hold", "reject", "defer"):
        assert verdict in done.stdout
    assert f"{len(load_samples())} of {len(load_samples())} samples met their expected fate." in done.stdout


def test_check_json(tmp_path, config):
    """Each file gets one line in the shape of the contract, and the worst verdict is the exit code."""
    done = gateway("check", "--json", "--out", tmp_path / "out", "--config", config, *SAMPLES, cwd=tmp_path)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.exit_code == 1
    assert [line["file"] for line in lines] == [str(path) for path in SAMPLES]
    by_name = {Path(line["file"]).stem: line for line in lines}
    stripped = by_name["04-signature-block"]
    assert stripped["verdict"] == "strip"
    assert stripped["policy"].startswith("amazon@")
    assert stripped["reply"] is None
    assert Path(stripped["sent"]) == tmp_path / "out" / "04-signature-block.eml"
    finding = next(each for each in stripped["findings"] if each["rule"] == "phone_number")
    assert set(finding) == {"rule", "clause", "part", "evidence", "on_match", "remedy", "advice"}
    assert finding["on_match"] == "strip"
    assert stripped["not_judged"] == ["approved senders", "approved links"]
    assert by_name["13-two-readings"]["reply"].startswith("554 5.6.0 ")
    assert by_name["14-not-a-buyer"]["reply"].startswith("550 5.1.2 ")
    assert not (tmp_path / "out" / "13-two-readings.eml").exists()


def test_check_of_own_output_ends_with_0(tmp_path, config):
    """What check wrote is accepted unchanged, octet for octet."""
    first, second = tmp_path / "first", tmp_path / "second"
    gateway("check", "--out", first, "--config", config, *SAMPLES, cwd=tmp_path)
    written = sorted(first.glob("*.eml"))
    done = gateway("check", "--out", second, "--config", config, *written, cwd=tmp_path)
    assert done.exit_code == 0, done.stdout
    assert [path.read_bytes() for path in written] == [
        path.read_bytes() for path in sorted(second.glob("*.eml"))
    ]


def test_check_for_people(tmp_path, config):
    """Without --json a person reads verdict, rule, clause and advice."""
    done = gateway("check", "--config", config, FOLDER / "04-signature-block.eml", cwd=tmp_path)
    assert done.exit_code == 1
    assert "strip" in done.stdout
    assert "phone_number (amazon:" in done.stdout
    assert "Without --seller" in done.stderr


CHECK_FAULTS = {
    "no such file": (["missing.eml"], "missing.eml: cannot be read"),
    "no such policy": (["--policy", "nosuch", SAMPLES[0]], "--policy: no policy is called"),
    "no such seller": (["--seller", "nosuch", SAMPLES[0]], "--seller: no seller is called"),
    "bad recipient": (["--recipient", "nobody", SAMPLES[0]], "--recipient"),
    "bad time": (["--at", "yesterday", SAMPLES[0]], "--at"),
    "output over input": (["--out", FOLDER, SAMPLES[0]], "--out"),
    "two of one name": (["--out", "out", SAMPLES[0], SAMPLES[0]], "same name"),
}


@pytest.mark.parametrize("arguments, words", CHECK_FAULTS.values(), ids=CHECK_FAULTS)
def test_check_usage(tmp_path, config, arguments, words):
    """Usage faults end with 2 and say what to do."""
    done = gateway("check", "--config", config, *arguments, cwd=tmp_path)
    assert done.exit_code == 2
    assert words in done.stderr


def test_check_with_options(tmp_path, config):
    """Policy, recipient and time can be given."""
    for options in (
        ["--policy", "default"],
        ["--recipient", "abc@marketplace.amazon.com"],
        ["--at", "2026-11-23T12:00:00"],
        ["--at", "2026-11-23T12:00:00+01:00"],
    ):
        assert gateway("check", "--config", config, *options, SAMPLES[0], cwd=tmp_path).exit_code == 0


def test_sellers(tmp_path, config):
    """A seller is added, shown, gets another password, more senders and links, and is disabled."""

    def seller(*arguments, **options):
        return gateway("seller", *arguments, "--config", config, cwd=tmp_path, **options)

    added = seller("add", "tea", "--sender", "orders@harbour-tea.example")
    assert "password: " in added.stdout
    assert seller("add", "tea", "--sender", "orders@harbour-tea.example").exit_code == 2
    assert seller("sender", "add", "tea", "second@harbour-tea.example").exit_code == 0
    assert (
        seller("link", "add", "tea", "portal.harbour-tea.com", "https://pay.example.com/order/").exit_code
        == 0
    )
    assert seller("link", "add", "tea", "http://pay.example.com/").exit_code == 2
    assert seller("sender", "add", "tea", "old@harbour-tea.example").exit_code == 0
    assert (
        seller("sender", "remove", "tea", "Old@harbour-tea.example").stdout
        == "1 no longer approved for tea\n"
    )
    assert seller("link", "add", "tea", "old.example.com").exit_code == 0
    assert seller("link", "remove", "tea", "old.example.com").exit_code == 0
    again = seller("link", "remove", "tea", "old.example.com")
    assert (again.exit_code, "old.example.com is not allowed" in again.stderr) == (2, True)
    given = seller("password", "tea", stdin="correct horse battery\n")
    assert given.exit_code == 0
    assert "correct" not in given.stdout
    assert seller("password", "tea", stdin="short\n").exit_code == 2
    for unusable in ("pässwörter sind lang\n", "correct\thorse battery\n", b"p\xe4ssw\xf6rter sind lang\n"):
        refused = seller("password", "tea", stdin=unusable)
        assert refused.exit_code == 2
        assert "use ASCII characters" in refused.stderr
    shown = seller("show", "tea").stdout
    assert "second@harbour-tea.example" in shown
    assert "portal.harbour-tea.com" in shown
    assert seller("show", "nobody").exit_code == 1
    assert seller("add", "local", "--sender", "a@b.example").exit_code == 2
    assert seller("add", "x", "--sender", "nobody").exit_code == 2
    assert seller("disable", "tea").exit_code == 0
    assert "disabled" in seller("list").stdout
    check = ["check", "--config", config, "--seller", "tea"]
    assert gateway(*check, SAMPLES[0], cwd=tmp_path).exit_code == 0
    sender = [*check, "--sender", "other@harbour-tea.example"]
    assert gateway(*sender, SAMPLES[0], cwd=tmp_path).exit_code == 2


def test_logins(tmp_path, config):
    """A seller gets more logins, by a name given or found, and each is revoked alone."""

    def seller(*arguments, **options):
        return gateway("seller", *arguments, "--config", config, cwd=tmp_path, **options)

    seller("add", "tea", "--sender", "orders@harbour-tea.example")
    assert "user name: tea-2\npassword: " in seller("login", "add", "tea").stdout
    assert "user name: tea-3\n" in seller("login", "add", "tea").stdout
    given = seller("login", "add", "tea", "tea-erp", stdin="correct horse battery\n")
    assert (given.exit_code, given.stdout) == (0, "login added for tea; SMTP user name: tea-erp\n")
    for name, login in (("tea", "tea-erp"), ("tea", "two words"), ("tea", "local"), ("nobody", "x")):
        assert seller("login", "add", name, login).exit_code == 2
    assert seller("login", "revoke", "tea-2").exit_code == 0
    assert seller("login", "revoke", "tea-2").exit_code == 0
    assert seller("login", "revoke", "ghost").exit_code == 2
    assert seller("password", "tea-2").exit_code == 2
    assert "user name: tea-4" in seller("login", "add", "tea").stdout
    listed = seller("login", "list", "tea").stdout
    assert listed.count("active") == 4
    assert listed.count("revoked 20") == 1
    assert "tea-2" not in seller("show", "tea").stdout
    seller("disable", "tea")
    assert "seller disabled" in seller("login", "list", "tea").stdout
    assert seller("enable", "tea").exit_code == 0
    assert seller("login", "list", "nobody").exit_code == 1


def test_policies(tmp_path):
    """The bundled policies are good, can be shown and explained; a bad one is told with file, key and mend."""
    assert gateway("policy", "check", cwd=tmp_path).exit_code == 0
    shown = gateway("policy", "show", "amazon", cwd=tmp_path)
    assert "phone_number" in shown.stdout
    assert gateway("policy", "show", "nosuch", cwd=tmp_path).exit_code == 2
    explained = gateway("policy", "explain", "phone_number", cwd=tmp_path)
    assert "amazon:" in explained.stdout
    assert gateway("policy", "explain", "nosuch", cwd=tmp_path).exit_code == 2
    bad = tmp_path / "bad.toml"
    bad.write_text('name = "bad"\n')
    done = gateway("policy", "check", bad, tmp_path / "missing.toml", cwd=tmp_path)
    assert done.exit_code == 1
    assert f"{bad}: edition" in done.stderr
    assert "missing.toml: cannot be read" in done.stderr


def test_config_check(tmp_path, config):
    """A good configuration ends with 0; a bad one names all its faults."""
    assert gateway("config", "check", "--config", config, cwd=tmp_path).exit_code == 0
    bad = tmp_path / "bad.toml"
    bad.write_text('hostnam = "x"\n[[listener]]\naddress = "0.0.0.0:25"\nauth = "none"\n')
    done = gateway("config", "check", "--config", bad, cwd=tmp_path)
    assert done.exit_code == 2
    assert "hostnam: unknown key" in done.stderr
    assert "loopback" in done.stderr


def test_messages_of_an_empty_store(tmp_path, config):
    """An empty record lists nothing, and an unknown id is an answer of its own."""
    assert gateway("messages", "--config", config, cwd=tmp_path).exit_code == 0
    assert gateway("messages", "--json", "--config", config, cwd=tmp_path).stdout == ""
    assert gateway("messages", "show", "nosuch", "--config", config, cwd=tmp_path).exit_code == 1
    assert gateway("messages", "--since", "soon", "--config", config, cwd=tmp_path).exit_code == 2


def test_help_and_version(tmp_path):
    """Every command has a line of help."""
    done = gateway("--help", cwd=tmp_path)
    for name in ("demo", "serve", "check", "config", "policy", "seller", "queue", "messages"):
        assert name in done.stdout
    assert gateway("--version", cwd=tmp_path).exit_code == 0
    assert gateway("nosuch", cwd=tmp_path).exit_code == 2
