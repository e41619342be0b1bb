"""What a login may, and until when."""

import pytest

from gateway.credentials import PasswordChecker, hash_password
from gateway.mail.address import parse_path

PASSWORD = "correct horse battery staple"
WRONG = "535 5.7.8 Wrong username or password."
SENDER = "MAIL FROM:<orders@harbour-tea.example>"

ENDINGS = {
    "revoked": lambda store: store.revoke("tea"),
    "seller disabled": lambda store: store.disable("tea"),
    "another password": lambda store: store.set_password("tea", hash_password("another password")),
}


@pytest.mark.parametrize("end", ENDINGS.values(), ids=ENDINGS)
async def test_an_ended_login_ends_its_sessions(end, open_door):
    """A login that is no more ends open sessions at their next MAIL, and lets nobody in again, remembered or not."""
    door = await open_door()
    async with door.client("tea") as client:
        assert (await client.say(SENDER)).startswith("250 2.1.0")
        await client.say("RSET")
        await end(door.store)
        assert (await client.say(SENDER)).startswith("421 4.7.0 This login was revoked")
        assert await client.read() == ""
    async with door.client() as client:
        assert await client.log_in("tea") == WRONG


async def test_other_logins_stay(open_door):
    """Revoking one login of a seller leaves the others, and other sellers, alone."""
    door = await open_door()
    await door.store.add_credential("tea", "tea-erp", hash_password(PASSWORD))
    async with door.client("tea-erp") as other, door.client("coffee") as neighbour:
        await door.store.revoke("tea")
        assert (await other.say(SENDER)).startswith("250")
        assert (await neighbour.say("MAIL FROM:<shop@coffee.example>")).startswith("250")


async def test_new_sender_in_an_open_session(open_door):
    """An address that was approved meanwhile is taken at the next MAIL, without a restart."""
    door = await open_door()
    async with door.client("tea") as client:
        assert (await client.say("MAIL FROM:<new@harbour-tea.example>")).startswith("550 5.7.1")
        await door.store.add_senders("tea", [parse_path("new@harbour-tea.example")])
        assert (await client.say("MAIL FROM:<new@harbour-tea.example>")).startswith("250")


async def test_removed_sender_in_an_open_session(open_door):
    """An address that is approved no more is refused at the next MAIL."""
    door = await open_door()
    async with door.client("tea") as client:
        assert (await client.say(SENDER)).startswith("250")
        await client.say("RSET")
        await door.store.remove_senders("tea", [parse_path("orders@harbour-tea.example")])
        assert (await client.say(SENDER)).startswith("550 5.7.1")


NOBODIES = {"unknown": "ghost", "revoked": "revoked", "disabled": "coffee", "wrong password": "tea"}


async def test_nobody_takes_as_long(open_door, monkeypatch):
    """An unknown, a revoked and a disabled login cost the same hashing as a wrong password, and get the same words."""
    hashed: list[str] = []
    verify = PasswordChecker.is_right

    async def counting(self, password, password_hash):
        hashed.append(password_hash or self._nobody)
        return await verify(self, password, password_hash)

    monkeypatch.setattr(PasswordChecker, "is_right", counting)
    door = await open_door()
    await door.store.add_credential("tea", "revoked", hash_password(PASSWORD))
    await door.store.revoke("revoked")
    await door.store.disable("coffee")
    for username in NOBODIES.values():
        async with door.client() as client:
            assert await client.log_in(username, "wrong") == WRONG
    parameters = {each.split("$")[3] for each in hashed}
    assert (len(hashed), len(parameters)) == (len(NOBODIES), 1)
