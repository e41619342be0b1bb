"""AUTH over a socket: who gets in, how often one may try, how long the next try waits."""

import asyncio

import pytest

from gateway.smtp.handler import Login

WRONG = "AUTH PLAIN AGFubmEAd3Jvbmc="
RIGHT = "AUTH PLAIN AGFubmEAc2VjcmV0"


@pytest.mark.parametrize("mechanism", ["PLAIN", "plain", "Plain"])
async def test_mechanism_in_any_case(mechanism: str, serve, connect) -> None:
    """Mechanisms are named in any case."""
    client = await connect(await serve(auth="required"))

    assert (await client.ask("EHLO x", f"AUTH {mechanism} AGFubmEAc2VjcmV0"))[1] == "235 2.7.0 Logged in."


async def test_failures_wait_longer_and_longer(serve, connect) -> None:
    """Each failure doubles the wait of the peer, on all its connections; a right password never waits."""
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    listener = await serve(auth="required", sleep=sleep)
    first, second = await connect(listener), await connect(listener)
    await first.ask("EHLO x", WRONG, WRONG)
    await second.ask("EHLO x", WRONG, RIGHT)

    assert waits == [1, 2, 4]


async def test_third_failure_ends_the_connection(serve, connect, handler) -> None:
    """After three wrong passwords nobody is asked any more."""
    client = await connect(await serve(auth="required"))
    replies = await client.ask("EHLO x", WRONG, WRONG, WRONG, RIGHT)

    assert [reply[:9] for reply in replies[1:]] == ["535 5.7.8", "535 5.7.8", "421 4.7.0", ""]
    assert len(handler.asked) == 3


async def test_acting_for_another_is_not_even_asked(serve, connect, handler) -> None:
    """An authorisation identity other than the own name is wrong, whatever the password."""
    client = await connect(await serve(auth="required"))
    replies = await client.ask(
        "EHLO x", "AUTH PLAIN YmVydABhbm5hAHNlY3JldA==", "AUTH PLAIN YW5uYQBhbm5hAHNlY3JldA=="
    )

    assert [reply[:9] for reply in replies[1:]] == ["535 5.7.8", "235 2.7.0"]
    assert handler.asked == ["authenticate anna"]


async def test_slow_check_holds_up_nobody_else(serve, connect, handler) -> None:
    """While one client's password is being checked, another one is served."""
    checking, gate = asyncio.Event(), asyncio.Event()

    async def on_authenticate(username: str, _password: str) -> Login:
        checking.set()
        await gate.wait()
        return Login(seller="shop", username=username)

    handler.on_authenticate = on_authenticate
    listener = await serve(auth="required")
    first, second = await connect(listener), await connect(listener)
    await first.ask("EHLO x")
    await first.send(f"{RIGHT}\r\n".encode())
    await checking.wait()

    assert await second.ask("NOOP") == ["250 2.0.0 Done."]
    gate.set()
    assert await first.reply() == "235 2.7.0 Logged in."


async def test_failing_check_is_our_fault(serve, connect, handler) -> None:
    """A handler that fails to check a password is no wrong password: 451, and no try is counted."""

    async def on_authenticate(_username: str, _password: str) -> Login:
        raise TimeoutError("database")

    handler.on_authenticate = on_authenticate
    client = await connect(await serve(auth="required"))
    replies = await client.ask("EHLO x", *[RIGHT] * 4)

    assert [reply[:9] for reply in replies[1:]] == ["451 4.3.0"] * 4


async def test_mail_needs_a_login(serve, connect, handler) -> None:
    """Where AUTH is required, nothing of a mail is taken before it."""
    client = await connect(await serve(auth="required"))
    replies = await client.ask("EHLO x", "MAIL FROM:<a@shop.example>", "RCPT TO:<b@mp.example>", "DATA")

    assert [reply[:9] for reply in replies[1:]] == ["530 5.7.0"] * 3
    assert handler.asked == []
