"""Held mail on loopback: taken, held, and what a person or the deadline makes of it."""

import asyncio
import getpass
import json
import os
import re
import sys
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import pytest

from gateway.config.policies import default_policies
from gateway.mail.dsn import parse_report

ROOT = Path(__file__).parents[2]
BUYER = "4k2x9w1q7p3m5n8@marketplace.amazon.co.uk"
SELLER = "orders@harbour-tea.example"
SMILE = "Thank you :-) The tin is on its way.\n"
CALL = "Thank you :-) Call +44 20 7946 0958.\n"


def mail(text=SMILE):
    message = EmailMessage()
    message["From"] = SELLER
    message["To"] = BUYER
    message["Subject"] = "Your order"
    message["Date"] = "Mon, 23 Nov 2026 09:00:00 +0000"
    message["Message-ID"] = "<1@harbour-tea.example>"
    message.set_content(text)
    return bytes(message)


class Desk:
    """A gateway that holds emoticons, and the commands beside it."""

    def __init__(self, gateway, config):
        self.gateway = gateway
        self.config = config

    async def submit(self, octets=None, *, reverse_path=SELLER, options=()):
        """Sends one mail; its id, or the whole reply where it is not held."""
        host, _, port = self.gateway.addresses[0].rpartition(":")
        async with aiosmtplib.SMTP(hostname=host, port=int(port), start_tls=False, timeout=60) as client:
            await client.ehlo()
            await client.mail(reverse_path)
            await client.rcpt(BUYER, options=list(options))
            reply = await client.data(octets or mail())
        assert reply.code == 250
        return re.search(r"\b[0-9a-z]{18}\b", reply.message)[0], reply.message

    async def command(self, *arguments, code=0):
        """Runs ``gateway queue …`` as another process; what it prints on both streams."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "gateway", *arguments, "--config", str(self.config)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, "COLUMNS": "200", "PYTHONPATH": str(ROOT), "SUDO_USER": ""},
        )
        out, _ = await process.communicate()
        assert process.returncode == code, out.decode()
        return out.decode()

    async def verdict(self, id_):
        return (await self.gateway.store.message(id_)).summary.verdict

    async def decisions(self, id_):
        found = (await self.gateway.store.message(id_)).decisions
        return [(each.who, each.what, each.reason) for each in found]

    async def later(self, hours):
        """The keeper looks at its clock that many hours from now."""
        self.gateway.keeper.clock = lambda: datetime.now(UTC) + timedelta(hours=hours)
        await self.gateway.keeper.look()


@pytest.fixture
async def open_desk(start_gateway, sink, tmp_path):
    async def start(*, at_deadline="reject"):
        policies = tmp_path / "policies"
        policies.mkdir()
        amazon = (default_policies() / "amazon.toml").read_text()
        (policies / "amazon.toml").write_text(f'{amazon}\n[hold]\nat_deadline = "{at_deadline}"\n')
        hop = f"smtp://127.0.0.1:{sink.port}"
        gateway = await start_gateway(
            policies=policies,
            override={"amazon": {"emoticon": "hold"}},
            notices={"from": "postmaster@gateway.example", "next_hop": hop},
        )
        config = tmp_path / "gateway.toml"
        config.write_text(
            f'hostname = "gateway.example"\nstore = "sqlite:///{tmp_path}/gateway.db"\npolicies = "policies"\n'
            f'[[route]]\nmarketplaces = ["amazon"]\nnext_hop = "{hop}"\n[override.amazon]\nemoticon = "hold"\n'
            f'[notices]\nfrom = "postmaster@gateway.example"\nnext_hop = "{hop}"\n'
        )
        return Desk(gateway, config)

    return start


def events_in(log_lines, *names):
    lines = [json.loads(line) for line in log_lines.getvalue().splitlines()]
    return [line for line in lines if line["event"] in names]


async def test_held_released_arrives(open_desk, sink):
    """A held mail arrives once it is released by a command beside the gateway, without what it was held for."""
    desk = await open_desk()
    id_, reply = await desk.submit()
    assert reply == f"2.0.0 {id_} held: emoticon"
    assert id_ in await desk.command("queue", "list")
    listed = json.loads(await desk.command("queue", "list", "--state", "held", "--json"))
    assert listed["held_until"] > listed["received_at"]
    assert await desk.command("queue", "release", id_) == f"{id_} released: strip\n"
    (received,) = await sink.wait_for(1)
    assert received.recipients == (BUYER,)
    assert b":-)" not in received.octets
    assert b"The tin is on its way." in received.octets
    assert await desk.decisions(id_) == [(getpass.getuser(), "release", "")]
    again = await desk.command("queue", "release", id_, code=1)
    assert f"{id_} is not held any more: released by {getpass.getuser()}" in again
    shown = await desk.command("messages", "show", id_)
    assert "examined again, to be released" in shown
    assert f"release {datetime.now(UTC):%Y}" in shown


async def test_override_is_recorded(open_desk, sink):
    """An override lets pass what was held, not what is stripped, and its reason stays in the record."""
    desk = await open_desk()
    id_, _ = await desk.submit(mail(CALL))
    assert "give a reason" in await desk.command("queue", "release", id_, "--override", " ", code=2)
    await desk.command("queue", "release", id_, "--override", "the buyer asked for a smile")
    (received,) = await sink.wait_for(1)
    assert b":-)" in received.octets
    assert b"7946" not in received.octets
    assert await desk.decisions(id_) == [(getpass.getuser(), "override", "the buyer asked for a smile")]
    whole = json.loads(await desk.command("messages", "show", id_, "--json"))
    assert [each["reason"] for each in whole["decisions"]] == ["the buyer asked for a smile"]
    assert {each["rule"]: each["on_match"] for each in whole["findings"] if each["examination"] == 2} == {
        "emoticon": "warn",
        "phone_number": "strip",
    }


async def test_two_releases_at_once(open_desk, sink):
    """Of two operators one releases, and the mail arrives once."""
    desk = await open_desk()
    id_, _ = await desk.submit()
    both = await asyncio.gather(
        desk.gateway.review.release(id_, who="anna"),
        desk.gateway.review.release(id_, who="bob", reason="x", override=True),
        return_exceptions=True,
    )
    assert sorted(isinstance(each, Exception) for each in both) == [False, True]
    marker, _ = await desk.submit(mail("The end.\n"))
    received = await sink.wait_for(2)
    assert len(received) == 2
    assert len(await desk.decisions(id_)) == 1
    assert await desk.verdict(marker) == "accept"


async def test_reject_with_dsn(open_desk, sink):
    """A refused mail comes back as a DSN with the operator's words, from nobody."""
    desk = await open_desk()
    id_, _ = await desk.submit()
    assert "a notice goes to the seller" in await desk.command(
        "queue", "reject", id_, "--reason", "Please leave the joke out."
    )
    (notice,) = await sink.wait_for(1)
    assert (notice.reverse_path, notice.recipients) == ("", (SELLER,))
    (report,) = parse_report(notice.octets).recipients
    assert report.diagnostic == "550 5.7.1 Please leave the joke out."
    assert await desk.verdict(id_) == "reject"
    assert "give one" in await desk.command("queue", "reject", id_, "--reason", " ", code=2)


async def test_reject_without_dsn(open_desk, sink):
    """NOTIFY=NEVER is honoured."""
    desk = await open_desk()
    id_, _ = await desk.submit(options=["NOTIFY=NEVER"])
    assert "no notice is sent" in await desk.command("queue", "reject", id_, "--reason", "no")
    assert await desk.verdict(id_) == "reject"


async def test_warned_once_and_refused_at_the_deadline(open_desk, sink, log_lines):
    """Two hours before there is one warning; at the deadline the mail is refused with a DSN."""
    desk = await open_desk()
    id_, _ = await desk.submit()
    await desk.later(17.9)
    assert events_in(log_lines, "hold_due", "hold_ended") == []
    await desk.later(18.1)
    await desk.later(19)
    (due,) = events_in(log_lines, "hold_due", "hold_ended")
    assert (due["event"], due["id"], due["level"]) == ("hold_due", id_, "warning")
    assert await desk.verdict(id_) == "hold"
    await desk.later(20)
    (notice,) = await sink.wait_for(1)
    assert (notice.reverse_path, notice.recipients) == ("", (SELLER,))
    assert "Nobody has released this mail in time." in parse_report(notice.octets).recipients[0].diagnostic
    assert await desk.verdict(id_) == "reject"
    assert [line["verdict"] for line in events_in(log_lines, "hold_ended")] == ["reject"]
    assert SMILE.strip() not in log_lines.getvalue().decode()


async def test_sent_stripped_at_the_deadline(open_desk, sink):
    """Where the policy says so, the mail goes on at the deadline without what it was held for."""
    desk = await open_desk(at_deadline="strip")
    id_, _ = await desk.submit()
    await desk.later(20)
    (received,) = await sink.wait_for(1)
    assert received.reverse_path == SELLER
    assert b":-)" not in received.octets
    assert [each[:2] for each in await desk.decisions(id_)] == [("deadline", "release")]


async def test_a_hundred_in_one_command(open_desk, sink):
    """A filter speaks of many at once: without --yes it only says what it would do."""
    desk = await open_desk()
    ids = {(await desk.submit())[0] for _ in range(20)}
    other, _ = await desk.submit(mail("Sorry :-( It is late.\n").replace(b"Your order", b"Another"))
    told = await desk.command("queue", "release", "--text", "your order", code=1)
    assert "nothing done; add --yes to release these 20" in told
    assert all(id_ in told for id_ in ids)
    assert other not in told
    assert await desk.verdict(other) == "hold"
    done = await desk.command("queue", "release", "--text", "your order", "--yes")
    assert {line.split()[0] for line in done.splitlines()} == ids
    assert len(await sink.wait_for(20)) == 20
    left = [json.loads(line) for line in (await desk.command("queue", "list", "--json")).splitlines()]
    assert [each["id"] for each in left] == [other]
    await desk.command("queue", "delete", "--all", "--yes", "--reason", "the end")
    assert await desk.command("queue", "list", "--json") == ""


USAGE = {
    "nothing chosen": (["release"], "give ids, or a filter"),
    "both": (["retry", "x", "--all"], "give ids or a filter, not both"),
    "no reason": (["delete", "x"], "Missing option '--reason'"),
    "blank reason": (["delete", "x", "--reason", ""], "--reason: give one"),
    "no time": (["hold", "--since", "soon"], "--since"),
}


@pytest.mark.parametrize("arguments, words", USAGE.values(), ids=USAGE)
async def test_usage(open_desk, arguments, words):
    """A command that does not say what it is about ends with 2 and does nothing."""
    desk = await open_desk()
    assert words in await desk.command("queue", *arguments, code=2)


async def test_nothing_found(open_desk):
    """A filter that finds nothing is no fault; an id that nobody knows is an answer of its own."""
    desk = await open_desk()
    assert "finds nothing" in await desk.command("queue", "retry", "--since", "1h", "--yes")
    assert 'no message has the id "nosuch"' in await desk.command("queue", "hold", "nosuch", code=1)


async def test_queued_mail(open_desk, sink):
    """Mail that a next hop puts off can be held, examined again, retried and deleted."""
    desk = await open_desk()
    sink.answers[f"RCPT {BUYER}"] = "451 4.7.1 later"
    first, _ = await desk.submit(mail("The tin is on its way.\n"))
    second, _ = await desk.submit(mail("So is the lid.\n"))
    await put_off(desk.gateway.store, first, second)
    assert "on hold until" in await desk.command("queue", "hold", first, "--reason", "a mistake")
    assert f"{second} deleted" in await desk.command("queue", "delete", second, "--reason", "a mistake")
    assert await desk.verdict(first) == "hold"
    del sink.answers[f"RCPT {BUYER}"]
    await desk.command("queue", "release", first)
    (received,) = await sink.wait_for(1)
    assert b"The tin" in received.octets
    states = dict((await desk.gateway.store.message(second)).summary.states)
    assert states == {"deleted": 1}
    assert "is not queued any more" in await desk.command("queue", "retry", second, code=1)


async def test_retry(open_desk, sink):
    """A mail that was put off arrives when it is retried, long before it is due."""
    desk = await open_desk()
    sink.answers[f"RCPT {BUYER}"] = "451 4.7.1 later"
    id_, _ = await desk.submit(mail("The tin is on its way.\n"))
    await put_off(desk.gateway.store, id_)
    del sink.answers[f"RCPT {BUYER}"]
    assert await desk.command("queue", "retry", id_) == f"{id_} due now\n"
    assert len(await sink.wait_for(1)) == 1


async def put_off(store, *ids):
    """Waits until each was tried once, so that nobody is at it."""
    async with asyncio.timeout(20):
        for id_ in ids:
            while not [each for each in (await store.message(id_)).recipients if each.attempts]:
                await asyncio.sleep(0.01)
