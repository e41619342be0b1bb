import asyncio
from collections.abc import AsyncIterator

import aiosmtplib
import pytest

from gateway.smtp.sink import HANG_UP, STALL, Received, Sink

CONTENT = b"Subject: x\r\n\r\n..dots\r\n.\r\nend\r\n"


@pytest.fixture
async def start() -> AsyncIterator:
    """Starts sinks, and closes them."""
    sinks: list[Sink] = []

    async def start_one(**options) -> Sink:
        sinks.append(await Sink(**options).start())
        return sinks[-1]

    yield start_one
    for sink in sinks:
        await sink.close()


async def send(sink: Sink, recipients: list[str], sender: str = "a@gw.example", **options):
    options = {"start_tls": False, **options}
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=sink.port, timeout=10, **options)
    async with client:
        return await client.sendmail(sender, recipients, CONTENT)


async def test_keeps_what_it_gets(start) -> None:
    """A mail is kept as it was sent, to the octet."""
    sink = await start()
    await send(sink, ["b@mp.example", "c@mp.example"])
    await send(sink, ["b@mp.example"], sender="")

    assert await sink.wait_for(2) == [
        Received(
            reverse_path="a@gw.example",
            recipients=("b@mp.example", "c@mp.example"),
            octets=CONTENT,
            is_secure=False,
            username=None,
        ),
        Received(
            reverse_path="", recipients=("b@mp.example",), octets=CONTENT, is_secure=False, username=None
        ),
    ]
    assert sink.connections == 2


@pytest.mark.parametrize(
    "place, error",
    [
        ("greeting", aiosmtplib.SMTPConnectResponseError),
        ("EHLO", aiosmtplib.SMTPHeloError),
        ("MAIL", aiosmtplib.SMTPSenderRefused),
        ("RCPT", aiosmtplib.SMTPRecipientsRefused),
        ("DATA", aiosmtplib.SMTPDataError),
        (".", aiosmtplib.SMTPDataError),
    ],
)
async def test_answers_as_told(place: str, error: type[Exception], start) -> None:
    """Each step can be given another reply; a mail refused is not kept."""
    sink = await start(
        answers={place: "421 4.3.2 later", "HELO": "421 4.3.2 later"}
        if place == "EHLO"
        else {place: "451 4.3.2 later"}
    )
    with pytest.raises(error):
        await send(sink, ["b@mp.example"])

    assert sink.received == []


async def test_answer_for_one_recipient(start) -> None:
    """One recipient can be refused while another is taken."""
    sink = await start(answers={"RCPT b@mp.example": "550 5.1.1 gone"})
    refused, _ = await send(sink, ["b@mp.example", "c@mp.example"])

    assert refused["b@mp.example"][0] == 550
    assert sink.received[0].recipients == ("c@mp.example",)


@pytest.mark.parametrize("place", ["greeting", "MAIL", "."])
async def test_hangs_up(place: str, start) -> None:
    """It can hang up instead of answering; after the dot it has the mail all the same."""
    sink = await start(answers={place: HANG_UP})
    with pytest.raises((aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPConnectError)):
        await send(sink, ["b@mp.example"])

    assert len(sink.received) == (place == ".")


async def test_stalls(start) -> None:
    """It can say nothing; after the dot it has the mail all the same."""
    sink = await start(answers={".": STALL})
    sending = asyncio.ensure_future(send(sink, ["b@mp.example"]))
    await sink.wait_for(1)
    assert not sending.done()
    await sink.close()

    with pytest.raises((aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPConnectError)):
        await sending


async def test_login(start) -> None:
    """With credentials it offers AUTH and takes mail after it only."""
    sink = await start(credentials=("gw", "secret"))
    with pytest.raises(aiosmtplib.SMTPSenderRefused):
        await send(sink, ["b@mp.example"])
    with pytest.raises(aiosmtplib.SMTPAuthenticationError):
        await send(sink, ["b@mp.example"], username="gw", password="wrong")
    await send(sink, ["b@mp.example"], username="gw", password="secret")

    assert [mail.username for mail in sink.received] == ["gw"]


@pytest.mark.parametrize("is_implicit", [False, True], ids=["starttls", "implicit"])
async def test_tls(is_implicit: bool, start, server_tls, client_tls) -> None:
    """It speaks TLS, from the first octet or after STARTTLS."""
    sink = await start(tls_context=server_tls, is_implicit_tls=is_implicit)
    client_tls.check_hostname = False
    await send(sink, ["b@mp.example"], tls_context=client_tls, use_tls=is_implicit, start_tls=not is_implicit)
    client_tls.check_hostname = True

    assert sink.received[0].is_secure


async def test_hidden_extensions(start) -> None:
    """It can pretend to be an old relay."""
    sink = await start(hidden_extensions=["8BITMIME", "SMTPUTF8", "SIZE"])
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=sink.port, start_tls=False)
    async with client:
        await client.ehlo()

        assert client.esmtp_extensions.keys() <= {"help"}


def test_port_needs_a_start() -> None:
    """A sink that is not started has no port."""
    with pytest.raises(RuntimeError):
        _ = Sink().port


async def test_close_without_start() -> None:
    """A sink that was never started may be closed."""
    await Sink().close()
