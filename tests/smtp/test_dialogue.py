"""Plays the conversations in ``tests/dialogue``; its README tells how they are written."""

import ast
import re
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from gateway.mail.address import Address
from gateway.mail.reply import Reply
from gateway.smtp.handler import Submission

FOLDER = Path(__file__).parent.parent / "dialogue"


def refuse(code: int, status: str, text: str) -> Reply:
    return Reply(code=code, status=status, text=text)


async def on_reverse_path(address: Address | None) -> Reply | None:
    if address and address.local == "crash":
        raise RuntimeError("secret of the gateway")
    return refuse(550, "5.7.1", "Not your address.") if address and address.local == "stranger" else None


async def on_recipient(address: Address) -> Reply | None:
    if address.local == "crash":
        raise RuntimeError("secret of the gateway")
    return refuse(550, "5.1.1", "No such buyer.") if address.local == "gone" else None


def read_script(path: Path) -> tuple[dict[str, object], list[str]]:
    """Settings of the listener, and the conversation."""
    script = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    if not script[0].startswith("listener "):
        return {}, script
    pairs = (word.split("=") for word in script[0].split()[1:])
    return {key: int(value) if value.isdigit() else value for key, value in pairs}, script[1:]


def matches(pattern: str, line: str) -> bool:
    return bool(re.fullmatch(".*".join(re.escape(piece) for piece in pattern.split("*")), line))


class Play:
    """One conversation under way."""

    def __init__(self, client, handler, client_tls: ssl.SSLContext) -> None:
        self.client, self.handler, self.client_tls = client, handler, client_tls

    async def step(self, line: str) -> None:
        """Do what one line of the script says."""
        kind, _, text = line.partition(" ")
        match kind:
            case "C:":
                await self.client.send(f"{text}\r\n".encode())
            case "RAW:":
                await self.client.send(ast.literal_eval(f'b"""{text}"""'))
            case "S:":
                heard = await self.client.line()
                assert matches(text, heard), f"expected {text!r}, heard {heard!r}"
            case "TLS":
                await self.client.start_tls(self.client_tls)
            case "CLOSED":
                assert await self.client.rest() == ""
            case "TAKEN":
                assert len(self.handler.submissions) == int(text)
            case _:
                pytest.fail(f"no such line: {line!r}")


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.smtp")), ids=lambda path: path.stem)
async def test_dialogue(
    path: Path, serve: Callable[..., Awaitable], connect, handler, server_tls, client_tls
) -> None:
    """The server says what the conversation has it say."""

    async def on_message(submission: Submission) -> Reply:
        if b"crash" in submission.octets:
            raise RuntimeError("secret of the gateway")
        if b"forbidden" in submission.octets:
            return refuse(550, "5.7.1", "Not these words.")
        return Reply(code=250, status="2.0.0", text=f"message {len(handler.submissions)}")

    handler.on_reverse_path, handler.on_recipient, handler.on_message = (
        on_reverse_path,
        on_recipient,
        on_message,
    )
    options, script = read_script(path)
    client = await connect(await serve(tls_context=server_tls, **options), greeted=False)
    play = Play(client, handler, client_tls)
    for line in script:
        await play.step(line)


def test_there_are_dialogues() -> None:
    """The folder is where this test looks for it."""
    assert len(list(FOLDER.glob("*.smtp"))) >= 15
