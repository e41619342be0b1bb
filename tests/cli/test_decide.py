"""``gateway queue``: what it says and how it ends, where sockets and processes would only be in the way."""

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from gateway.cli import decide as module
from gateway.cli.queue import command
from gateway.mail.address import parse_path
from gateway.mail.envelope import Envelope, Recipient
from gateway.review import StillRefusedError
from gateway.store.records import MessageQuery, NewMessage, StateError, StoreError
from gateway.store.store import Store
from gateway.worker import WorkerLostError, Workers, WorkerStartError

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def config(tmp_path):
    """A configuration whose store has three queued mails."""
    url = f"sqlite:///{tmp_path}/gateway.db"

    async def fill():
        store = await Store.open(url, instance=None)
        for name in ("m1", "m2", "m3"):
            await store.accept(queued(name))
        await store.close()

    asyncio.run(fill())
    path = tmp_path / "gateway.toml"
    path.write_text(f'hostname = "gateway.example"\nstore = "{url}"\n')
    return path


def queued(name):
    envelope = Envelope(
        reverse_path=parse_path("orders@harbour-tea.example"),
        recipients=(Recipient(address=parse_path("abc@marketplace.amazon.com")),),
    )
    return NewMessage(
        id=name,
        received_at=NOW,
        seller="tea",
        peer="",
        envelope=envelope,
        policy="amazon@2020-11-03",
        verdict="accept",
        reply="",
        message_id=None,
        subject="[bold]Your order[/]",
        order_ids=(),
        original=b"x",
        sent=b"x",
        route="amazon",
        findings=(),
        normalised=(),
        due_at=NOW,
    )


def run(config, *arguments, **options):
    """The command in this process."""
    return CliRunner().invoke(
        command, [*arguments, "--config", str(config)], env={"COLUMNS": "200"}, **options
    )


def waiting(config):
    async def look():
        store = await Store.open(f"sqlite:///{config.parent}/gateway.db", instance=None)
        found = [each.id for each in await store.messages(MessageQuery(state="waiting"))]
        await store.close()
        return found

    return asyncio.run(look())


@pytest.fixture
def at_terminal(monkeypatch):
    """Somebody sits before it."""
    stdin = SimpleNamespace(isatty=lambda: True)
    monkeypatch.setattr(module, "sys", SimpleNamespace(stdin=stdin, stderr=module.sys.stderr))


@pytest.mark.parametrize("answer, code, left", [("y\n", 0, []), ("n\n", 1, ["m3", "m2", "m1"])])
def test_asks_who_sits_before_it(config, at_terminal, answer, code, left):
    """At a terminal a filter shows what it found and asks; what is not agreed to is not done."""
    done = run(config, "delete", "--seller", "tea", "--reason", "test", input=answer)
    assert done.exit_code == code, done.output
    assert "delete these 3?" in done.output
    assert "[bold]Your order[/]" in done.output
    assert waiting(config) == left


def test_does_no_more_than_a_listing_holds(config, monkeypatch):
    """A filter that finds more than one command decides about takes the newest, and says so."""
    monkeypatch.setattr(module, "MAX_AT_ONCE", 2)
    done = run(config, "delete", "--all", "--yes", "--reason", "test")
    assert "The newest 2 only" in done.output
    assert waiting(config) == ["m1"]


def test_an_id_twice_is_decided_once(config):
    """Whoever names a message twice hears of it once."""
    done = run(config, "retry", "m1", "m1", "m2")
    assert done.output.splitlines() == ["m1 due now", "m2 due now"]


ANSWERS = {
    "done": (None, 0, "m1 done\n"),
    "decided meanwhile": (StateError("m1 is not held any more"), 1, "m1 is not held any more\n"),
    "still refused": (StillRefusedError(("No links.",)), 1, "m1 stays held: No links.\n"),
    "worker": (
        WorkerLostError("a1"),
        2,
        "m1 stays held: the gateway could not examine it [incident a1]\n",
    ),
    "store": (StoreError("the disk is full"), 2, "m1: the disk is full\n"),
}


@pytest.mark.parametrize("fault, code, words", ANSWERS.values(), ids=ANSWERS)
async def test_answers(capsys, fault, code, words):
    """Each message gets its line, in the order asked; the worst is the exit code; one failure stops no other."""

    async def decide(id_):
        if fault is not None and id_ == "m1":
            raise fault
        return "done"

    assert await module._each(("m0", "m1", "m2"), decide) == code
    out, err = capsys.readouterr()
    assert (err if code else out).count(words) == 1
    assert out.startswith("m0 done\n")
    assert out.endswith("m2 done\n")


async def test_not_all_at_once():
    """A thousand messages are not a thousand mails in memory."""
    under_way = most = 0

    async def decide(_):
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        return "done"

    await module._each(tuple(str(n) for n in range(100)), decide)
    assert most == module.AT_ONCE


def test_workers_that_do_not_start(config, monkeypatch):
    """Without workers nothing can be examined: a sentence and 2."""

    async def start(*_):
        raise WorkerStartError("a worker process did not start")

    monkeypatch.setattr(Workers, "start", start)
    done = run(config, "release", "m1")
    assert (done.exit_code, done.output) == (2, "a worker process did not start\n")


def test_the_operator_behind_sudo(monkeypatch):
    """Who used sudo is named, not root."""
    monkeypatch.setenv("SUDO_USER", "anna")
    assert module._operator() == "anna"
