"""DKIM through the whole gateway: from the composed mail in the record to what the next hop verifies."""

import asyncio
import contextlib

import aiosmtplib
import dkim
import pytest

from gateway.relay import signer as module
from gateway.relay.dkim_record import record_name, record_text
from gateway.relay.keys import KeyFolder
from gateway.samples import load_samples
from gateway.store.records import MessageQuery

pytestmark = pytest.mark.usefixtures("quick_keys")

BUYER = "abc@marketplace.amazon.co.uk"
SELLER = "orders@harbour-tea.example"
DOMAIN = "harbour-tea.example"
SAMPLES = {sample.name: sample.octets for sample in load_samples()}


@pytest.fixture
def folder(tmp_path):
    return KeyFolder(tmp_path / "dkim")


async def send(gateway, octets):
    port = int(gateway.addresses[0].rpartition(":")[2])
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False) as client:
        await client.sendmail(SELLER, [BUYER], octets)


def verifies(octets, keys):
    zone = {f"{record_name(key, keys.domain)}.".encode(): record_text(key).encode() for key in keys.keys}

    def look_up(name, timeout=5):
        return zone.get(name)

    return [dkim.DKIM(octets).verify(idx=at, dnsfunc=look_up) for at in range(2)]


@pytest.mark.parametrize("sample", ["01-plain-answer", "04-signature-block"])
async def test_what_arrives_verifies(start_gateway, sink, folder, sample):
    """What the next hop gets is what the record holds, with two good signatures of the author's domain before it."""
    keys = folder.add(DOMAIN, "gw1")
    gateway = await start_gateway(dkim={"keys": folder.path})
    await send(gateway, SAMPLES[sample])
    (received,) = await sink.wait_for(1)
    assert verifies(received.octets, keys) == [True, True]
    (summary,) = await gateway.store.messages(MessageQuery())
    stored = (await gateway.store.message(summary.id)).sent
    assert received.octets.endswith(b"\r\n" + stored)
    assert b"DKIM-Signature" not in stored


async def test_a_notice_is_signed(start_gateway, sink, folder):
    """A failure notice carries the signatures of the notices' own domain."""
    keys = folder.add("gw.example", "gw1")
    sink.answers[f"RCPT {BUYER}"] = "550 5.1.1 no such buyer"
    notices = {"from": "postmaster@gw.example", "next_hop": f"smtp://127.0.0.1:{sink.port}"}
    gateway = await start_gateway(dkim={"keys": folder.path}, notices=notices)
    await send(gateway, SAMPLES["01-plain-answer"])
    (received,) = await sink.wait_for(1)
    assert received.reverse_path == ""
    assert verifies(received.octets, keys) == [True, True]


async def test_mail_waits_while_its_key_is_faulty(start_gateway, sink, folder, monkeypatch):
    """Taken with 250, kept while the key cannot be used, and sent signed once it is mended."""
    monkeypatch.setattr(module, "WATCH_S", 0.02)
    keys = folder.add(DOMAIN, "gw1")
    path = folder.path / DOMAIN / "gw1-rsa.pem"
    good = path.read_bytes()
    path.write_bytes(b"nonsense")
    delivery = {"first_retry_s": 0.05, "longest_retry_s": 0.05}
    gateway = await start_gateway(dkim={"keys": folder.path}, delivery=delivery)
    await send(gateway, SAMPLES["01-plain-answer"])
    async with asyncio.timeout(20):
        while (attempt := await last_attempt(gateway)) is None:
            await asyncio.sleep(0.01)
    assert (attempt.outcome, sink.received) == ("temporary", [])
    assert "gw1-rsa.pem: is no private key" in attempt.reply
    path.write_bytes(good)
    (received,) = await sink.wait_for(1)
    assert verifies(received.octets, keys) == [True, True]


async def last_attempt(gateway):
    (summary,) = await gateway.store.messages(MessageQuery())
    (recipient,) = (await gateway.store.message(summary.id)).recipients
    return recipient.attempts[-1] if recipient.attempts else None


async def test_keys_added_later_are_used_without_a_restart(start_gateway, sink, folder):
    """`reload` takes new keys; before, mail went out unsigned."""
    gateway = await start_gateway(dkim={"keys": folder.path})
    await send(gateway, SAMPLES["01-plain-answer"])
    (first,) = await sink.wait_for(1)
    assert b"DKIM-Signature" not in first.octets
    keys = folder.add(DOMAIN, "gw1")
    gateway.signer.reload()
    await send(gateway, SAMPLES["02-invoice"])
    _, second = await sink.wait_for(2)
    assert verifies(second.octets, keys) == [True, True]


async def test_signing_25_megabytes_does_not_hold_up_others(start_gateway, sink, folder):
    """While a large mail is signed, the event loop goes on: what signs it is a thread."""
    keys = folder.add(DOMAIN, "gw1")
    gateway = await start_gateway(dkim={"keys": folder.path})
    octets = b"From: orders@harbour-tea.example\r\n\r\n" + b"QUJD" * 19 + b"\r\n"
    octets += (b"QUJD" * 19 + b"\r\n") * 320_000
    turns = 0

    async def others():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(others())
    signed = await gateway.signer.signed(octets)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert turns > 10
    assert verifies(signed, keys) == [True, True]
