import pytest

from gateway.smtp.command import read_command
from gateway.smtp.replies import Refused


@pytest.mark.parametrize(
    "line, expected",
    [
        (b"NOOP\r\n", ("NOOP", "")),
        (b"noop\r\n", ("NOOP", "")),
        (b"EHLO  client.example \r\n", ("EHLO", "client.example")),
        ("MAIL FROM:<ä@b.example> SMTPUTF8\r\n".encode(), ("MAIL", "FROM:<ä@b.example> SMTPUTF8")),
        (b"RCPT TO:<" + b"a" * 2_036 + b">\r\n", ("RCPT", "TO:<" + "a" * 2_036 + ">")),
    ],
    ids=["verb", "any-case", "spaces", "utf-8", "longest-rcpt"],
)
def test_read_command(line: bytes, expected: tuple[str, str]) -> None:
    """A command is a verb in any case and perhaps an argument."""
    assert read_command(line) == expected


@pytest.mark.parametrize(
    "line, code, status, closes",
    [
        pytest.param(b"NOOP\n", 500, "5.5.2", True, id="bare-lf"),
        pytest.param(b"\r\n", 500, "5.5.2", False, id="empty"),
        pytest.param(b"\xff\xfe\r\n", 500, "5.5.2", False, id="not-utf-8"),
        pytest.param(b"MAIL FROM:<a\rb@c.example>\r\n", 500, "5.5.2", False, id="bare-cr"),
        pytest.param(b"NOOP\r\r\n", 500, "5.5.2", False, id="cr-crlf"),
        pytest.param(b"MAIL FROM:<a\0@c.example>\r\n", 500, "5.5.2", False, id="nul"),
        pytest.param(b"NOOP\tx\r\n", 500, "5.5.2", False, id="tab"),
        pytest.param("NOOP \u2028\r\n".encode(), 500, "5.5.2", False, id="line-separator"),
        pytest.param(b"EHLO " + b"x" * 506 + b"\r\n", 500, "5.5.6", False, id="513-octets"),
        pytest.param(b"MAIL " + b"x" * 2_042 + b"\r\n", 500, "5.5.6", False, id="long-mail"),
        pytest.param(b"AUTH " + b"x" * 12_282 + b"\r\n", 500, "5.5.6", False, id="long-auth"),
    ],
)
def test_refused(line: bytes, code: int, status: str, closes: bool) -> None:
    """What is no command is refused, and a bare LF ends the connection."""
    with pytest.raises(Refused) as caught:
        read_command(line)

    assert (caught.value.reply.code, caught.value.reply.status, caught.value.closes) == (code, status, closes)
