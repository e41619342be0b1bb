import base64

import pytest

from gateway.smtp.auth import Credentials, read_credentials
from gateway.smtp.replies import Refused


def b64(octets: bytes) -> bytes:
    return base64.b64encode(octets)


async def exchange(
    mechanism: str, initial: bytes | None, *responses: bytes
) -> tuple[Credentials, list[bytes]]:
    left, challenges = list(responses), []

    async def challenge(octets: bytes) -> bytes:
        challenges.append(octets)
        return left.pop(0)

    credentials = await read_credentials(mechanism, initial, challenge)
    assert not left
    return credentials, challenges


@pytest.mark.parametrize(
    "mechanism, initial, responses, challenges",
    [
        ("PLAIN", b64(b"\0anna\0secret"), [], []),
        ("PLAIN", None, [b64(b"\0anna\0secret")], [b""]),
        ("LOGIN", None, [b64(b"anna"), b64(b"secret")], [b"Username:", b"Password:"]),
        ("LOGIN", b64(b"anna"), [b64(b"secret")], [b"Password:"]),
    ],
    ids=["plain-initial", "plain-asked", "login-asked", "login-initial"],
)
async def test_exchange(
    mechanism: str, initial: bytes | None, responses: list[bytes], challenges: list[bytes]
) -> None:
    """Each mechanism comes to name and password, with an initial response or without."""
    expected = Credentials(username="anna", password="secret")

    assert await exchange(mechanism, initial, *responses) == (expected, challenges)


@pytest.mark.parametrize(
    "mechanism, initial, responses, status",
    [
        pytest.param("PLAIN", None, [b"*"], "5.7.0", id="cancelled"),
        pytest.param("LOGIN", b64(b"anna"), [b"*"], "5.7.0", id="cancelled-at-password"),
        pytest.param("PLAIN", b"?", [], "5.5.2", id="no-base64"),
        pytest.param("PLAIN", b"YQ", [], "5.5.2", id="no-padding"),
        pytest.param("PLAIN", b"=", [], "5.5.2", id="empty-initial"),
        pytest.param("PLAIN", b64(b"anna\0secret"), [], "5.5.2", id="two-fields"),
        pytest.param("PLAIN", b64(b"\0anna\0secret\0"), [], "5.5.2", id="four-fields"),
        pytest.param("PLAIN", b64(b"\0\xff\0secret"), [], "5.5.2", id="no-utf-8"),
        pytest.param("LOGIN", b64(b"an\0na"), [], "5.5.2", id="nul-in-name"),
    ],
)
async def test_refused(mechanism: str, initial: bytes | None, responses: list[bytes], status: str) -> None:
    """A response that cannot be read is refused with 501."""
    with pytest.raises(Refused) as caught:
        await exchange(mechanism, initial, *responses)

    assert (caught.value.reply.code, caught.value.reply.status) == (501, status)


@pytest.mark.parametrize(
    "username, password, on_behalf_of, expected",
    [
        ("anna", "secret", "", True),
        ("anna", "secret", "anna", True),
        ("anna", "secret", "bert", False),
        ("", "secret", "", False),
        ("anna", "", "", False),
    ],
)
def test_is_plausible(username: str, password: str, on_behalf_of: str, expected: bool) -> None:
    """Nobody logs in with nothing, nor for somebody else."""
    credentials = Credentials(username=username, password=password, on_behalf_of=on_behalf_of)

    assert credentials.is_plausible == expected


def test_repr_hides_password() -> None:
    """A password does not show where a value is printed."""
    assert "secret" not in repr(Credentials(username="anna", password="secret"))
