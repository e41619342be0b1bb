"""What the seller hears of a mail that was taken: the whole gateway, a relay for mail and another one for notices."""

import asyncio
import email
import email.policy
import socket

import aiosmtplib
import pytest
from click.testing import CliRunner

from gateway.cli.messages import show
from gateway.smtp.sink import Sink
from gateway.store.records import MessageQuery

BUYER = "4k2x9w1q7p3m5n8@marketplace.amazon.co.uk"
SELLER = "orders@harbour-tea.example"
MAIL = (
    f"From: {SELLER}\r\nTo: {BUYER}\r\nSubject: Your order\r\nDate: Mon, 23 Nov 2026 09:00:00 +0000\r\n"
    "Message-ID: <1@harbour-tea.example>\r\n\r\nYour order 203-1234567-7654321 is on its way.\r\n"
).encode()
AT_ONCE = 1e-9
"""Hours after which a mail counts as late, or as expired."""


@pytest.fixture
async def mailbox():
    """Where notices arrive."""
    sink = await Sink().start()
    yield sink
    await sink.close()


@pytest.fixture
def nowhere():
    """A next hop that refuses connections."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    return f"smtp://127.0.0.1:{port}"


@pytest.fixture
def start(start_gateway, mailbox):
    """Starts gateways that send notices to the mailbox."""

    async def start(**changes):
        notices = {"from": "postmaster@gateway.example", "next_hop": f"smtp://127.0.0.1:{mailbox.port}"}
        return await start_gateway(notices=notices, **changes)

    return start


async def submit(gateway, notify=""):
    """One mail; its id."""
    host, _, port = gateway.addresses[0].rpartition(":")
    async with aiosmtplib.SMTP(hostname=host, port=int(port), start_tls=False) as client:
        await client.mail(SELLER)
        await client.rcpt(BUYER, options=[f"NOTIFY={notify}"] if notify else [])
        reply = await client.data(MAIL)
    return reply.message.split()[1]


async def until(condition):
    """Wait for something to be so."""
    async with asyncio.timeout(20):
        while not await condition():
            await asyncio.sleep(0.02)


async def arrived(mailbox, count=1):
    """The notices, as another reader reads them: human part, and the fields of the one recipient."""

    async def are_there():
        return len(mailbox.received) >= count

    await until(are_there)
    found = []
    for each in mailbox.received:
        assert (each.reverse_path, each.recipients) == ("", (SELLER,))
        mail = email.message_from_bytes(each.octets, policy=email.policy.default)
        words, status, _ = mail.iter_parts()
        found.append((words.get_content(), status.get_payload()[1]))
    return found


async def test_refused(start, sink, mailbox):
    """A refusal of the next hop is told with its cause, its own words, and the mail's id."""
    sink.answers["RCPT"] = "550 5.7.1 you are not an approved sender"
    gateway = await start()
    id_ = await submit(gateway)
    [(words, fields)] = await arrived(mailbox)
    assert id_ in words
    assert "have this one approved" in words
    assert (fields["Action"], fields["Status"]) == ("failed", "5.7.1")
    assert fields["X-Gateway-Cause"] == "sender_not_approved"
    detail = await gateway.store.message(id_)
    assert [each.cause for each in detail.recipients[0].attempts] == ["sender_not_approved"]


async def test_expired_while_its_route_is_down(start, mailbox, nowhere):
    """A notice about a mail whose next hop is down does not wait for that next hop."""
    gateway = await start(
        route=[{"marketplaces": ["amazon"], "next_hop": nowhere}], delivery={"expire_hours": AT_ONCE}
    )
    await submit(gateway)
    [(words, fields)] = await arrived(mailbox)
    assert "in the time there was" in words
    assert (fields["Action"], fields["Status"]) == ("failed", "4.4.7")
    assert fields["X-Gateway-Cause"] == "unreachable"


async def test_late_is_told_once(start, sink, mailbox):
    """A mail that is late is told of once, also over a restart of the gateway, and delivered all the same."""
    sink.answers["MAIL"] = "451 4.3.0 later"
    changes = {"delivery": {"delay_notice_hours": AT_ONCE, "first_retry_s": 0.05, "longest_retry_s": 0.05}}
    gateway = await start(**changes)
    id_ = await submit(gateway)
    [(words, fields)] = await arrived(mailbox)
    assert fields["Action"] == "delayed"
    assert "What to do: nothing" in words

    async def attempts():
        return len((await gateway.store.message(id_)).recipients[0].attempts)

    await gateway.stop("test")
    gateway = await start(**changes)
    before = await attempts()

    async def are_more():
        return await attempts() > before + 2

    await until(are_more)
    del sink.answers["MAIL"]

    async def is_delivered():
        return bool(sink.received)

    await until(is_delivered)
    assert len(mailbox.received) == 1
    about = await gateway.store.messages(MessageQuery(text="delay notice"))
    assert len(about) == 1


async def test_handed_on(start, sink, mailbox):
    """NOTIFY=SUCCESS is answered once the next hop has taken the mail."""
    gateway = await start()
    await submit(gateway, notify="SUCCESS")
    [(words, fields)] = await arrived(mailbox)
    assert (fields["Action"], fields["Status"]) == ("relayed", "2.0.0")
    assert "It was handed on" in words
    assert len(sink.received) == 1


async def test_never(start, sink, mailbox):
    """NOTIFY=NEVER is honoured, whatever happens."""
    sink.answers["RCPT"] = "550 5.1.1 no"
    gateway = await start()
    id_ = await submit(gateway, notify="NEVER")

    async def is_settled():
        return (await gateway.store.message(id_)).recipients[0].state == "failed"

    await until(is_settled)
    assert [each.id for each in await gateway.store.messages(MessageQuery())] == [id_]


async def test_a_lost_notice_causes_no_notice(start, sink, mailbox, log_lines):
    """A notice that is refused ends there; the operator sees it."""
    sink.answers["RCPT"] = "550 5.1.1 no"
    mailbox.answers["RCPT"] = "550 5.1.1 nobody here either"
    gateway = await start()
    await submit(gateway)

    async def is_told():
        return b'"notice_failed"' in log_lines.getvalue()

    await until(is_told)
    assert len(await gateway.store.messages(MessageQuery())) == 2


async def test_the_record_shows_the_cause(start, sink, tmp_path):
    """`gateway messages show` tells a full mailbox from a refused sender."""
    sink.answers["RCPT"] = "452 4.2.2 mailbox full"
    gateway = await start()
    id_ = await submit(gateway)

    async def is_tried():
        return bool((await gateway.store.message(id_)).recipients[0].attempts)

    await until(is_tried)
    path = tmp_path / "gateway.toml"
    path.write_text(f'hostname = "gateway.example"\nstore = "sqlite:///{tmp_path}/gateway.db"\n')
    shown = await asyncio.to_thread(CliRunner().invoke, show, [id_, "--config", str(path)])
    assert "temporary (mailbox_full)" in shown.output
    as_json = await asyncio.to_thread(CliRunner().invoke, show, [id_, "--json", "--config", str(path)])
    assert '"cause": "mailbox_full"' in as_json.output


async def test_many_mails_share_connections(start, sink):
    """A burst goes over a few connections, whole and each once."""
    gateway = await start()
    ids = await asyncio.gather(*(submit(gateway) for _ in range(40)))

    async def are_all_there():
        return len(sink.received) >= len(ids)

    await until(are_all_there)
    assert len(sink.received) == 40
    assert sink.connections <= 10
