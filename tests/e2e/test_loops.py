"""A next hop that sends the gateway's own mail back to it."""

import aiosmtplib
import pytest

from gateway.samples import load_samples

BUYER = "abc@marketplace.amazon.co.uk"
SELLER = "orders@harbour-tea.example"
SAMPLES = {sample.name: sample.octets for sample in load_samples()}


async def send(gateway, octets):
    port = int(gateway.addresses[0].rpartition(":")[2])
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False) as client:
        await client.sendmail(SELLER, [BUYER], octets)


async def test_a_smarthost_that_sends_over_the_gateway(start_gateway, sink):
    """What comes back is refused at once: its Received fields are dropped, so nobody would ever count to fifty."""
    gateway = await start_gateway()
    await send(gateway, SAMPLES["01-plain-answer"])
    (received,) = await sink.wait_for(1)
    back = b"Received: from gateway.example by smarthost.example; Mon, 23 Nov 2026 09:00:00 +0000\r\n"
    with pytest.raises(aiosmtplib.SMTPDataError, match=r"5\.4\.6 This mail has left this gateway before"):
        await send(gateway, back + received.octets)
    assert len(sink.received) == 1


async def test_another_gateway(start_gateway, sink):
    """Mail that another gateway has sent is taken, and marked anew."""
    gateway = await start_gateway()
    await send(gateway, b"X-Loop: other.example\r\n" + SAMPLES["01-plain-answer"])
    (received,) = await sink.wait_for(1)
    assert received.octets.startswith(b"X-Loop: gateway.example\r\n")
    assert b"other.example" not in received.octets
