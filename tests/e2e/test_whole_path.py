"""The whole gateway on loopback: a mail client on one side, a stand-in relay on the other."""

import asyncio
import contextlib
import os
import re
import signal
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import pytest

from gateway.config.policies import SOURCE_POLICIES
from gateway.filter.decide import Facts, decide
from gateway.filter.examine import examine
from gateway.mail.parse import parse
from gateway.mail.trace import mark
from gateway.rules.context import Profile
from gateway.samples import load_samples
from gateway.store.records import MessageQuery

FAULTY = f"{Path(__file__).parent / 'faulty'}:{Path(__file__).parents[2]}"
"""Where workers find a rule with bugs, and beside it this gateway and no other that may be installed."""

BUYER = "4k2x9w1q7p3m5n8@marketplace.amazon.co.uk"
SELLER = "orders@harbour-tea.example"
PROFILE = Profile(seller="local", hostname="gateway.example")


def mail(
    text="Dear customer, your order 203-1234567-7654321 is on its way.\n",
    message_id="<1@harbour-tea.example>",
):
    message = EmailMessage()
    message["From"] = SELLER
    message["To"] = BUYER
    message["Subject"] = "Your order"
    message["Date"] = "Mon, 23 Nov 2026 09:00:00 +0000"
    message["Message-ID"] = message_id
    message.set_content(text)
    return bytes(message)


@contextlib.asynccontextmanager
async def client_of(gateway, **options):
    host, _, port = gateway.addresses[0].rpartition(":")
    async with aiosmtplib.SMTP(
        hostname=host, port=int(port), start_tls=False, timeout=60, **options
    ) as client:
        yield client


async def submit(gateway, octets, recipients=(BUYER,)):
    """Sends one mail; the reply, as code and text."""
    async with client_of(gateway) as client:
        try:
            _, text = await client.sendmail(SELLER, list(recipients), octets)
        except aiosmtplib.SMTPRecipientsRefused as refused:
            return refused.recipients[0].code, refused.recipients[0].message
        except aiosmtplib.SMTPResponseException as refused:
            return refused.code, refused.message
    return 250, text


async def test_an_honest_mail_arrives(start_gateway, sink):
    """A mail without findings is answered 250 and arrives once, its words unchanged."""
    gateway = await start_gateway()
    code, text = await submit(gateway, mail())
    assert (code, text.split()[0]) == (250, "2.0.0")
    (received,) = await sink.wait_for(1)
    assert received.reverse_path == SELLER
    assert received.recipients == (BUYER,)
    assert "order 203-1234567-7654321 is on its way" in next(parse(received.octets).leaves()).text


async def test_what_is_sent_is_what_was_examined(start_gateway, sink, amazon, received_at):
    """For every sample, serve sends exactly the octets that examine has composed."""
    gateway = await start_gateway()
    expected = {}
    for sample in load_samples():
        if sample.name == "14-not-a-buyer":
            continue
        octets = sample.octets.replace(b"\n", b"\r\n")
        recipient = parse_to(octets)
        await submit(gateway, octets, [recipient])
        with contextlib.suppress(AttributeError):
            verdict = decide(examine(octets, amazon, PROFILE, received_at), Facts(), received_at)
            expected[sample.name] = mark("gateway.example") + verdict.octets
    received = await sink.wait_for(len(expected))
    assert sorted(mail.octets for mail in received) == sorted(expected.values())


def parse_to(octets):
    return next(line for line in octets.decode().splitlines() if line.startswith("To: ")).removeprefix("To: ")


REFUSED = {
    "no relay": ("someone@bank.example", 550, "5.1.2"),
    "dead alias": ("no-reply-amazon-iba-buyer@marketplace.amazon.de", 550, "5.1.1"),
    "look-alike domain": ("abc@marketplace.amazon.com.evil.example", 550, "5.1.2"),
    "sub-domain": ("abc@x.marketplace.amazon.com", 550, "5.1.2"),
    "upper case is the same domain": ("abc@MARKETPLACE.AMAZON.COM", 250, "2.0.0"),
}


@pytest.mark.parametrize("recipient, code, status", REFUSED.values(), ids=REFUSED)
async def test_recipients(start_gateway, recipient, code, status):
    """Only living relay addresses of a marketplace are taken."""
    gateway = await start_gateway()
    got, text = await submit(gateway, mail(), [recipient])
    assert (got, text.split()[0]) == (code, status)


async def test_one_marketplace_a_transaction(start_gateway, tmp_path):
    """A recipient of another marketplace is put off, so that the client sends it a mail of its own."""
    folder = tmp_path / "policies"
    folder.mkdir()
    text = (SOURCE_POLICIES / "amazon.toml").read_text("utf-8")
    (folder / "amazon.toml").write_text(text, "utf-8")
    other = re.sub(r"(?s)recipient_domains = \[.*?\]", 'recipient_domains = ["relay.tea.example"]', text)
    (folder / "tea.toml").write_text(other.replace('name = "amazon"', 'name = "tea"'), "utf-8")
    gateway = await start_gateway(policies=folder)
    async with client_of(gateway) as client:
        await client.ehlo()
        await client.mail(SELLER)
        await client.rcpt(BUYER)
        with pytest.raises(aiosmtplib.SMTPRecipientRefused) as refused:
            await client.rcpt("abc@relay.tea.example")
    assert (refused.value.code, refused.value.message[:5]) == (452, "4.5.3")


async def test_null_reverse_path_is_refused(start_gateway):
    """Mail to buyers has a sender."""
    gateway = await start_gateway()
    async with client_of(gateway) as client:
        await client.ehlo()
        reply = await client.execute_command(b"MAIL", b"FROM:<>")
    assert reply.code == 550


async def test_a_killed_worker_costs_one_mail_a_451(start_gateway, sink, monkeypatch):
    """A worker that is killed while it examines defers that mail alone; the next one passes."""
    gateway = await start_gateway()
    workers = gateway.workers
    examined = workers.examine

    async def kill_first(*arguments):
        for process_id in workers.process_ids:
            os.kill(process_id, signal.SIGKILL)
        return await examined(*arguments)

    monkeypatch.setattr(workers, "examine", kill_first)
    code, text = await submit(gateway, mail())
    assert (code, text.split()[0]) == (451, "4.3.0")
    monkeypatch.undo()
    code, _ = await submit(gateway, mail())
    assert code == 250
    assert len(await sink.wait_for(1)) == 1


async def test_an_idle_worker_that_died_costs_nothing(start_gateway, sink):
    """A worker that has died between two mails is replaced before it is asked."""
    gateway = await start_gateway()
    (process_id,) = gateway.workers.process_ids
    os.kill(process_id, signal.SIGKILL)
    async with asyncio.timeout(20):
        while _is_alive(process_id):
            await asyncio.sleep(0)
    code, _ = await submit(gateway, mail())
    assert code == 250
    assert len(await sink.wait_for(1)) == 1


def _is_alive(process_id):
    """Whether the process is there and no zombie that nobody has waited for."""
    return Path(f"/proc/{process_id}").exists()


async def test_a_rule_that_raises_costs_one_mail_a_451(start_gateway, sink, monkeypatch):
    """A bug in a rule is 451 for the mail that meets it; nothing arrives, and the process goes on."""
    monkeypatch.setenv("PYTHONPATH", FAULTY)
    gateway = await start_gateway()
    code, text = await submit(gateway, mail("raise the fault"))
    assert (code, text.split()[0]) == (451, "4.3.0")
    assert "secret words of the exception" not in text
    code, _ = await submit(gateway, mail())
    assert code == 250
    (received,) = await sink.wait_for(1)
    assert b"raise the fault" not in received.octets


async def test_a_mail_that_takes_too_long_costs_itself_a_451(start_gateway, sink, monkeypatch):
    """A worker over its deadline is killed, the mail deferred, and the next mail passes."""
    monkeypatch.setenv("PYTHONPATH", FAULTY)
    gateway = await start_gateway(workers={"count": 1, "deadline_s": 1})
    code, _ = await submit(gateway, mail("sleep for ever"))
    assert code == 451
    code, _ = await submit(gateway, mail())
    assert code == 250
    assert len(await sink.wait_for(1)) == 1


async def test_a_mail_that_eats_memory_costs_itself_a_451(start_gateway, sink, monkeypatch):
    """A worker over its memory cap ends, the mail is deferred, and the next mail passes."""
    monkeypatch.setenv("PYTHONPATH", FAULTY)
    gateway = await start_gateway(workers={"count": 1, "memory_mb": 700})
    code, _ = await submit(gateway, mail("eat memory"))
    assert code == 451
    code, _ = await submit(gateway, mail())
    assert code == 250
    assert len(await sink.wait_for(1)) == 1


async def test_a_full_disk_is_451(start_gateway, sink, monkeypatch):
    """A store that takes nothing defers the mail; once it takes again, mail passes without a restart."""
    gateway = await start_gateway()
    with full_disk(gateway):
        code, text = await submit(gateway, mail())
    assert (code, text.split()[0]) == (451, "4.3.0")
    code, _ = await submit(gateway, mail())
    assert code == 250
    assert len(await sink.wait_for(1)) == 1


@contextlib.contextmanager
def full_disk(gateway):
    """No file of this process may grow: what SQLite meets then is what it meets on a full disk."""
    import resource

    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, previous)


async def test_a_refusal_of_the_next_hop_is_told_by_dsn(start_gateway, sink):
    """A next hop that refuses for good makes a DSN to the seller, with the null reverse-path."""
    notices = {"from": "postmaster@gateway.example", "next_hop": f"smtp://127.0.0.1:{sink.port}"}
    gateway = await start_gateway(notices=notices)
    sink.answers[f"RCPT {BUYER}"] = "550 5.1.1 no such buyer"
    code, _ = await submit(gateway, mail())
    assert code == 250
    (notice,) = await sink.wait_for(1)
    assert notice.reverse_path == ""
    assert notice.recipients == (SELLER,)
    assert b"no such buyer" in notice.octets
    assert b"message/delivery-status" in notice.octets


async def test_rejected_mail_is_in_the_record(start_gateway):
    """What was refused can be looked up by the id in the reply."""
    gateway = await start_gateway()
    octets = mail().replace(b"Subject:", b"Subject: first\r\nSubject:", 1)
    code, text = await submit(gateway, octets)
    assert (code, text.split()[0]) == (554, "5.6.0")
    (summary,) = await gateway.store.messages(MessageQuery(verdict="reject"))
    assert summary.id in text
    assert summary.rules == ("mime_ambiguity",)
