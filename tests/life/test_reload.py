"""Other settings for a running gateway, over sockets: what changes, what stays, what is said."""

import asyncio
import os
import ssl
import sys
from functools import partial
from pathlib import Path

import pytest
import trustme
from click.testing import CliRunner

from gateway.app import Gateway
from gateway.cli.main import command
from gateway.config.model import Config
from gateway.config.policies import SOURCE_POLICIES
from gateway.config.settings import read_settings
from gateway.ops import metrics
from gateway.reload import TAKEN, reload
from gateway.smtp.sink import Sink
from gateway.store.records import MessageQuery

EMOJI = "Dear customer, your order 203-1234567-7654321 is on its way. \N{GRINNING FACE}\n"


class Files:
    """A configuration with its policies and certificate, and the gateway that was started with it."""

    def __init__(self, folder, sink):
        self.folder, self.sink = folder, sink
        self.path = folder / "gateway.toml"
        self.policies = folder / "policies"
        self.policies.mkdir()
        self.authority = trustme.CA()
        self.issue("localhost")
        for name in ("amazon", "default"):
            (self.policies / f"{name}.toml").write_text((SOURCE_POLICIES / f"{name}.toml").read_text())
        self.parts = {
            "head": f'hostname = "gateway.example"\nstore = "sqlite:///{folder}/gateway.db"\npolicies = "policies"',
            "listener": '[[listener]]\naddress = "127.0.0.1:0"\ntls = "none"\nauth = "none"\n'
            '[[listener]]\naddress = "127.0.0.1:0"\ntls = "implicit"\nauth = "none"',
            "tls": '[tls]\ncertificate = "cert.pem"\nkey = "key.pem"',
            "route": f'[[route]]\nmarketplaces = ["amazon"]\nnext_hop = "smtp://127.0.0.1:{sink.port}"',
            "console": '[console]\naddress = "127.0.0.1:0"',
            "workers": "[workers]\ncount = 1",
        }
        self.write()
        self.read = partial(read_settings, self.path, {})

    def issue(self, name):
        certificate = self.authority.issue_cert(name)
        certificate.private_key_pem.write_to_path(str(self.folder / "key.pem"))
        certificate.cert_chain_pems[0].write_to_path(str(self.folder / "cert.pem"))

    def write(self, **parts):
        self.parts |= parts
        self.path.write_text("\n".join(self.parts.values()) + "\n")

    def edit(self, old, new, policy="amazon"):
        path = self.policies / f"{policy}.toml"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    async def reload(self):
        return await reload(self.gateway, self.read)

    async def verdicts(self):
        """Policy and verdict of all mails, oldest first."""
        found = await self.gateway.store.messages(MessageQuery())
        return [(each.policy, each.verdict) for each in reversed(found)]

    def client_context(self):
        context = ssl.create_default_context()
        self.authority.configure_trust(context)
        return context


@pytest.fixture
async def files(tmp_path, sink, log_lines, held_up_workers):
    """A running gateway whose settings lie in files."""
    files = Files(tmp_path, sink)
    settings = files.read()
    files.gateway = await Gateway.start(settings.config, settings.policies, workers=held_up_workers)
    metrics.RELOAD_FAILED.set(0)
    metrics.RESTART_NEEDED.set(0)
    yield files
    await files.gateway.stop("test")


async def test_other_policies_count_from_the_next_mail_on(files, connect, mail, told):
    """Over one connection that is never dropped, the mail after a reload is judged by the new policies."""
    client = await connect(files.gateway)
    assert (await client.submit(mail(EMOJI))).endswith("stripped: emoji")
    files.edit('edition = "2020-11-03"', 'edition = "2026-11-24"')
    files.write(override='[override.amazon]\nemoji = "warn"')
    assert await files.reload()
    assert "stripped" not in await client.submit(mail(EMOJI, number=2))
    assert await files.verdicts() == [("amazon@2020-11-03", "strip"), ("amazon@2026-11-24", "accept")]
    (line,) = told("reloaded")
    assert (line["changed"], line["needs_restart"]) == (["override", "policies"], [])
    assert "amazon@2026-11-24" in line["policies"]


async def test_a_changed_policy_file_is_told(files, told):
    """The event names `policies` where a file in the folder is another, though its key says the same as before."""
    files.edit('edition = "2020-11-03"', 'edition = "2026-11-24"')
    assert await files.reload()
    assert await files.reload()
    assert [line["changed"] for line in told("reloaded")] == [["policies"], []]


async def test_a_mail_under_way_keeps_its_policy(files, connect, mail, until):
    """What is with a worker when the settings change is judged by the policy it began with, as its stamp says."""
    before, after = await connect(files.gateway), await connect(files.gateway)
    former = files.gateway.workers
    former.hold_up()
    await before.begin()
    await before.send(mail(EMOJI) + b".\r\n")
    await former.is_reached.wait()
    files.edit('edition = "2020-11-03"', 'edition = "2026-11-24"')
    files.write(override='[override.amazon]\nemoji = "warn"')
    assert await files.reload()
    assert "stripped" not in await after.submit(mail(EMOJI, number=2))
    process_ids = former.process_ids
    former.may_go.set()
    assert (await before.reply()).endswith("stripped: emoji")
    assert await files.verdicts() == [("amazon@2020-11-03", "strip"), ("amazon@2026-11-24", "accept")]
    await until(lambda: not former.process_ids)
    for process_id in process_ids:
        with pytest.raises(ProcessLookupError):
            os.kill(process_id, 0)


async def test_a_recipient_that_the_new_policies_do_not_know(files, connect, mail):
    """A mail that came in while its marketplace was taken out stays with its client; judged by nobody."""
    client = await connect(files.gateway)
    await client.begin()
    files.edit('"marketplace.amazon.co.uk",', "")
    assert await files.reload()
    await client.send(mail() + b".\r\n")
    assert (await client.reply()).startswith("451 4.3.0 The policies have changed")
    assert (await client.begin())[2].startswith("550 5.1.2")
    assert await files.verdicts() == []


async def test_policies_that_have_not_changed_keep_their_workers(files):
    """A certificate's renewal starts no process."""
    process_ids = files.gateway.workers.process_ids
    assert await files.reload()
    assert files.gateway.workers.process_ids == process_ids
    files.write(workers="[workers]\ncount = 2")
    assert await files.reload()
    assert len(files.gateway.workers.process_ids) == 2
    assert not set(process_ids) & set(files.gateway.workers.process_ids)


async def test_another_certificate(files, connect):
    """The next handshake shows the new certificate, from another file too; who is connected stays connected."""
    tls = {"number": 1, "ssl": files.client_context(), "server_hostname": "localhost"}
    connected = await connect(files.gateway, **tls)
    files.issue("renamed.example")
    (files.folder / "new.pem").write_bytes((files.folder / "cert.pem").read_bytes())
    files.write(tls='[tls]\ncertificate = "new.pem"\nkey = "key.pem"')
    assert await files.reload()
    renewed = await connect(files.gateway, **tls | {"server_hostname": "renamed.example"})
    shown = renewed.writer.get_extra_info("peercert")["subjectAltName"]
    assert shown == (("DNS", "renamed.example"),)
    assert await connected.say("NOOP") == ["250 2.0.0 Done."]


async def test_another_next_hop(files, connect, mail):
    """The mail after the reload goes where the new route says."""
    client = await connect(files.gateway)
    await client.submit(mail())
    await files.sink.wait_for(1)
    other = await Sink().start()
    files.write(
        route=f'[[route]]\nmarketplaces = ["amazon"]\nnext_hop = "smtp://127.0.0.1:{other.port}"',
        notices=f'[notices]\nfrom = "p@gateway.example"\nnext_hop = "smtp://127.0.0.1:{files.sink.port}"',
    )
    assert await files.reload()
    await client.submit(mail(number=2))
    await other.wait_for(1)
    other.answers["MAIL"] = "550 5.7.1 no"
    await client.submit(mail(number=3))
    assert (await files.sink.wait_for(2))[1].reverse_path == ""  # the notice of it
    await other.close()


FAULTS = {
    "configuration": ({"head": "hostname = "}, [("gateway.toml", "", "is no valid TOML")]),
    "unknown key": ({"workers": "[workers]\ncuont = 1"}, [("gateway.toml", "workers.cuont", "unknown key")]),
    "certificate gone": (
        {"tls": '[tls]\ncertificate = "gone.pem"\nkey = "key.pem"'},
        [("gateway.toml", "tls.certificate", "No such file")],
    ),
    "no certificate": (
        {"tls": '[tls]\ncertificate = "gateway.toml"\nkey = "key.pem"'},
        [("gateway.toml", "tls.certificate", "do not serve as a pair")],
    ),
    "override of nothing": (
        {"override": '[override.amazon]\nnosuch = "warn"'},
        [("", "[override.amazon].nosuch", "there is no such rule")],
    ),
    "route of nobody": (
        {"route": '[[route]]\nmarketplaces = ["nosuch"]\nnext_hop = "mx"'},
        [("", "route.0.marketplaces", "no policy is called")],
    ),
    "all of them": (
        {
            "tls": '[tls]\ncertificate = "gone.pem"\nkey = "gone.pem"',
            "override": '[override.nosuch]\nx = "off"',
        },
        [
            ("", "override.nosuch", "no policy is called"),
            ("gateway.toml", "tls.certificate", "No such file"),
            ("gateway.toml", "tls.key", "No such file"),
        ],
    ),
}


@pytest.mark.parametrize("parts, expected", FAULTS.values(), ids=FAULTS)
async def test_a_fault_keeps_all_that_was(files, connect, mail, told, parts, expected):
    """With any fault in any file nothing changes, and the log names each with file, key, fault, as a check does."""
    client = await connect(files.gateway)
    settings = (files.gateway.config, files.gateway.policies, files.gateway.workers.process_ids)
    files.edit('edition = "2020-11-03"', 'edition = "2026-11-24"')
    files.write(**parts)
    assert not await files.reload()
    faults = told("reload_failed")[0]["faults"]
    assert [(Path(each["file"]).name, each["key"]) for each in faults] == [
        (file, key) for file, key, _ in expected
    ]
    for each, (_, _, words) in zip(faults, expected, strict=True):
        assert words in each["fault"]
    assert (files.gateway.config, files.gateway.policies, files.gateway.workers.process_ids) == settings
    assert (await client.submit(mail(EMOJI))).endswith("stripped: emoji")
    assert await files.verdicts() == [("amazon@2020-11-03", "strip")]
    assert metrics.RELOAD_FAILED._value.get() == 1
    checked = CliRunner().invoke(command, ["config", "check", "--config", str(files.path)])
    said = [": ".join(filter(None, each.values())) for each in faults]
    assert (checked.exit_code, checked.stderr.splitlines()) == (2, said)


async def test_a_fault_in_a_policy(files, told):
    """A policy file's faults are named with its own name."""
    files.edit('on_match = "strip"', 'on_match = "destroy"')
    assert not await files.reload()
    faults = told("reload_failed")[0]["faults"]
    assert {each["file"] for each in faults} == {str(files.policies / "amazon.toml")}
    assert all(each["key"].startswith("rule.") and each["key"].endswith(".on_match") for each in faults)


async def test_a_mended_file_is_taken(files, told):
    """After the mend the next reload takes everything, and the metric falls."""
    files.write(workers="[workers]\ncuont = 1")
    assert not await files.reload()
    files.write(workers="[workers]\ncount = 1", disk="[disk]\nlow_mb = 1\nresume_mb = 2")
    assert await files.reload()
    assert told("reloaded")[0]["changed"] == ["disk"]
    assert metrics.RELOAD_FAILED._value.get() == 0


async def test_workers_that_do_not_start(files, connect, mail, told, tmp_path, monkeypatch, until):
    """Where no process starts with the new policies, the old ones go on judging, and none is left half started."""
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", str(program))
        files.write(workers="[workers]\ncount = 2")
        assert not await files.reload()
    (fault,) = told("reload_failed")[0]["faults"]
    assert (fault["key"], "did not start" in fault["fault"]) == ("workers", True)
    assert (await (await connect(files.gateway)).submit(mail())).startswith("250")


async def test_our_own_bug_in_a_reload(files, told, monkeypatch):
    """Whatever a reload raises, the gateway goes on, and the log has the incident."""
    files.read = lambda: 1 / 0
    assert not await files.reload()
    (fault,) = told("reload_failed")[0]["faults"]
    assert told("fault")[0]["incident"] in fault["fault"]


RESTART = {
    "hostname": {"head": 'hostname = "other.example"'},
    "store": {"head": 'store = "sqlite:////nowhere/other.db"'},
    "listener": {"listener": '[[listener]]\naddress = "127.0.0.1:1"\ntls = "none"\nauth = "none"'},
    "console": {"console": ""},
    "delivery": {"delivery": "[delivery]\nconcurrency = 3"},
    "dkim": {"dkim": '[dkim]\nkeys = "elsewhere"'},
    "limits": {"limits": "[limits]\nrecipients = 7"},
}


@pytest.mark.parametrize("section, parts", RESTART.items(), ids=RESTART)
async def test_what_needs_a_restart_is_named(files, connect, told, section, parts):
    """What cannot be taken now is named, each time until the restart; everything else is taken."""
    head = files.parts["head"].replace(f"{section} =", f"x{section} =")
    lines = [line for line in head.splitlines() if not line.startswith("x")]
    extra = {"head": "\n".join([parts["head"], *lines])} if "head" in parts else parts
    files.write(**extra, disk="[disk]\nlow_mb = 1\nresume_mb = 2")
    before = getattr(files.gateway.config, section)
    assert await files.reload()
    assert await files.reload()
    assert [line["needs_restart"] for line in told("reloaded")] == [[section], [section]]
    assert [line["changed"] for line in told("reloaded")] == [["disk"], []]
    assert getattr(files.gateway.config, section) == before
    assert files.gateway.config.disk.low_mb == 1
    assert metrics.RESTART_NEEDED._value.get() == 1
    await connect(files.gateway)


def test_every_section_is_known_to_be_taken_or_not():
    """The names that a reload takes are sections; a section that nobody thought of needs a restart."""
    assert set(Config.model_fields) >= TAKEN
    assert set(Config.model_fields) - TAKEN == {*RESTART, "other_recipients"}


def children():
    """Process ids of this process's children."""
    tasks = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    return {int(number) for task in tasks for number in task.read_text().split()}


async def test_an_end_during_a_reload(files, until):
    """A reload that is cancelled while its workers start leaves no process behind."""
    before = children()
    files.write(workers="[workers]\ncount = 2")
    task = asyncio.create_task(files.reload())
    await until(lambda: len(children()) > len(before))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert children() == before
