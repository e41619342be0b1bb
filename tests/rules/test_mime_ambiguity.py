"""The rule that names what the parser refuses."""

import pytest

from gateway.mail.errors import AmbiguityError
from gateway.mail.parse import parse
from gateway.rules.mime_ambiguity import RULE

HEAD = b"From: Shop <a@seller.example>\r\nTo: x@marketplace.amazon.de\r\nMIME-Version: 1.0\r\n"
BODY = b"\r\nhello\r\n"


def test_hit():
    """Two content types are two readings: the parser refuses."""
    twice = b"Content-Type: text/plain\r\nContent-Type: text/html\r\n"
    with pytest.raises(AmbiguityError):
        parse(HEAD + twice + BODY)


def test_near_miss(context_of, findings):
    """A mail that was read has one reading: the rule itself reports nothing."""
    assert parse(HEAD + b"Content-Type: text/plain\r\n" + BODY).root.media_type == "text/plain"
    assert findings(RULE, context_of("<p>x</p>", attachments=[{"media_type": "application/pdf"}])) == []


def test_evasion():
    """Two boundaries hide a part from one of two readers: the parser refuses."""
    kind = b'Content-Type: multipart/mixed; boundary="a"; boundary="b"\r\n'
    with pytest.raises(AmbiguityError):
        parse(HEAD + kind + b"\r\n--a\r\n\r\nx\r\n--a--\r\n--b\r\n\r\ny\r\n--b--\r\n")
