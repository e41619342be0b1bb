"""What a login may, and until when."""

import aiosmtplib
import pytest

from gateway.credentials import PasswordChecker, hash_password
from gateway.mail.address import parse_path

PASSWORD = "correct horse battery staple"
SENDER = "MAIL FROM:<orders@harbour-tea.example>"

ENDINGS = {
    "revoked": lambda store: store.revoke("tea"),
    "seller disabled": lambda store: store.disable("tea"),
    "another password": lambda store: store.set_password("tea", hash_password("another password")),
}


@pytest.mark.parametrize("end", ENDINGS.values(), ids=ENDINGS)
async def test_an_ended_login_ends_its_sessions(end, open_door, say):
    """A login that is no more ends open sessions at their next MAIL, and lets nobody in again, remembered or not."""
    door = await open_door()
    async with door.client("tea") as client:
        assert (await say(client, SENDER)).startswith("250 2.1.0")
        await say(client, "RSET")
        await end(door.store)
        assert (await say(client, SENDER)).startswith("421 4.7.0 This login was revoked")
        with pytest.raises(aiosmtplib.SMTPServerDisconnected):
            await say(client, "NOOP")
    async with door.client() as client:
        with pytest.raises(aiosmtplib.SMTPAuthenticationError) as refused:
            await client.auth_plain("tea", PASSWORD)
    assert (refused.value.code, refused.value.message) == (535, "5.7.8 Wrong username or password.")


async def test_other_logins_stay(open_door, say):
    """Revoking one login of a seller leaves the others, and other sellers, alone."""
    door = await open_door()
    await door.store.add_credential("tea", "tea-erp", hash_password(PASSWORD))
    async with door.client("tea-erp") as other, door.client("coffee") as neighbour:
        await door.store.revoke("tea")
        assert (await say(other, SENDER)).startswith("250")
        assert (await say(neighbour, "MAIL FROM:<shop@coffee.example>")).startswith("250")


async def test_new_sender_in_an_open_session(open_door, say):
    """An address that was approved meanwhile is taken at the next MAIL, without a restart."""
    door = await open_door()
    async with door.client("tea") as client:
        assert (await say(client, "MAIL FROM:<new@harbour-tea.example>")).startswith("550 5.7.1")
        await door.store.add_senders("tea", [parse_path("new@harbour-tea.example")])
        assert (await say(client, "MAIL FROM:<new@harbour-tea.example>")).startswith("250")


NOBODIES = {"unknown": "ghost", "revoked": "revoked", "disabled": "coffee", "wrong password": "tea"}


async def test_nobody_takes_as_long(open_door):
    """An unknown, a revoked and a disabled login cost as much hashing as a wrong password, and the same words."""
    door = await open_door()
    await door.store.add_credential("tea", "revoked", hash_password(PASSWORD))
    await door.store.revoke("revoked")
    await door.store.disable("coffee")
    hashed: list[str] = []
    is_right = PasswordChecker.is_right

    async def counting(self, password, password_hash):
        hashed.append(password_hash or self._nobody)
        return await is_right(self, password, password_hash)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PasswordChecker, "is_right", counting)
        said = set()
        for username in NOBODIES.values():
            async with door.client() as client:
                with pytest.raises(aiosmtplib.SMTPAuthenticationError) as refused:
                    await client.auth_plain(username, "wrong")
                said.add(str(refused.value))
    assert len(said) == 1
    parameters = {each.rpartition("$")[0].rpartition("$")[0] for each in hashed}
    assert (len(hashed), len(parameters)) == (len(NOBODIES), 1)
