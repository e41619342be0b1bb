"""How a mail is written."""

import hashlib

import pytest

from gateway.mail.compose import EMITTED_FIELDS, compose
from gateway.mail.encode import MAX_LINEWISE_OCTETS, encode_text
from gateway.mail.message import HeaderField, Message, Part
from gateway.mail.parse import parse

TEXT = Part(number="1", media_type="text/plain", text="hello\n")
IMAGE = Part(number="2", media_type="image/png", content=b"\x89PNG", content_id="i@x")


def mail(root, **fields):
    """A message of those fields and that root."""
    named = ((name.replace("_", "-"), body) for name, body in fields.items())
    return Message(
        fields=tuple(HeaderField(name=name, body=body, text=body) for name, body in named), root=root
    )


def test_a_small_mail_is_written_as_anyone_would():
    """Fields in order, us-ascii, 7bit, CRLF."""
    message = mail(
        TEXT, Subject="Your order", From="Shop <shop@seller.example>", X_Mailer="x", To="a@b.example"
    )
    assert compose(message) == (
        b"From: Shop <shop@seller.example>\r\nTo: a@b.example\r\nSubject: Your order\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: text/plain; charset="us-ascii"\r\nContent-Transfer-Encoding: 7bit\r\n\r\nhello\r\n'
    )


@pytest.mark.parametrize(
    "name, body, expected",
    [
        pytest.param(
            "From", '"A. \\"B\\" C" <a@b.example>', b'From: "A. \\"B\\" C" <a@b.example>\r\n', id="quoted"
        ),
        pytest.param(
            "From",
            "Verkauf an Bürger <a@b.example>",
            b"From: =?utf-8?Q?Verkauf_an_B=C3=BCrger?= <a@b.example>\r\n",
            id="encoded",
        ),
        pytest.param("From", "<ü@b.example>", "From: ü@b.example\r\n".encode(), id="smtputf8"),
        pytest.param("To", "undisclosed-recipients:;", b"", id="nobody"),
        pytest.param("To", "x, a@b.example, y", b"To: a@b.example\r\n", id="unreadable-entries"),
        pytest.param(
            "Subject", "日本語の件名", b"Subject: =?utf-8?B?5pel5pys6Kqe44Gu5Lu25ZCN?=\r\n", id="base64"
        ),
        pytest.param("Subject", " a", b"Subject: =?utf-8?Q?_a?=\r\n", id="blank-at-start"),
        pytest.param(
            "Subject",
            "=?utf-8?q?x?=",
            b"Subject: =?utf-8?B?PT91dGYtOD9xP3g/PQ==?=\r\n",
            id="looks-encoded",
        ),
        pytest.param(
            "Subject",
            "x" * 78,
            b"Subject: =?utf-8?Q?" + b"x" * 43 + b"?=\r\n =?utf-8?Q?" + b"x" * 35 + b"?=\r\n",
            id="long-word",
        ),
        pytest.param(
            "Subject",
            "word " * 15 + "end",
            b"Subject: " + b"word " * 12 + b"word\r\n word word end\r\n",
            id="folded",
        ),
        pytest.param(
            "Subject",
            "about\r\nBcc: someone",
            b"Subject: =?utf-8?Q?about=0D=0ABcc=3A_someone?=\r\n",
            id="injection",
        ),
        pytest.param("Subject", "", b"Subject:\r\n", id="empty"),
        pytest.param(
            "Date", "Mon, 23 Nov 2026 10:00:00 +0000", b"Date: Mon, 23 Nov 2026 10:00:00 +0000\r\n", id="date"
        ),
        pytest.param("Date", "today\r\nBcc: x", b"", id="no-date"),
        pytest.param("Message-ID", "<a@b>", b"Message-ID: <a@b>\r\n", id="message-id"),
        pytest.param("Message-ID", "a\r\nBcc: x", b"", id="no-message-id"),
        pytest.param("References", "<a@b> <c@d>", b"References: <a@b> <c@d>\r\n", id="references"),
        pytest.param("Bcc", "a@b.example", b"", id="not-emitted"),
    ],
)
def test_a_field_is_written_in_one_form(name, body, expected):
    """Each field of the list is written from its meaning, and nothing can add a line to it."""
    field = HeaderField(name=name, body=body, text=body)
    assert compose(Message(fields=(field,), root=TEXT)).partition(b"MIME-Version")[0] == expected


def test_a_display_name_that_is_long_is_folded():
    """A display name of more than one line becomes encoded words."""
    name = "Shop of many words " * 5
    composed = compose(mail(TEXT, From=f'"{name}" <a@b.example>'))
    assert max(map(len, composed.split(b"\r\n"))) <= 76
    assert parse(composed).fields[0].text == f"{name.strip()} <a@b.example>"


def test_the_emitted_fields_are_a_closed_list():
    """A new field on the wire is a decision, not an accident."""
    assert EMITTED_FIELDS == ("From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References")


@pytest.mark.parametrize(
    "text, is_whole_body, encoding, octets",
    [
        pytest.param("a\nb\n", True, "7bit", b"a\r\nb\r\n", id="plain"),
        pytest.param("", True, "7bit", b"", id="empty"),
        pytest.param("a", False, "7bit", b"a", id="no-line-end-in-multipart"),
        pytest.param("a", True, "quoted-printable", b"a=\r\n", id="no-line-end-at-end"),
        pytest.param(".a\nFrom b\n", True, "quoted-printable", b"=2Ea\r\n=46rom b\r\n", id="mangled-lines"),
        pytest.param("-- \n\t\n", True, "quoted-printable", b"--=20\r\n=09\r\n", id="trailing-blanks"),
        pytest.param(
            "a=b, ganz grün ist das\n",
            True,
            "quoted-printable",
            b"a=3Db, ganz gr=C3=BCn ist das\r\n",
            id="escapes",
        ),
        pytest.param("日本\n", True, "base64", b"5pel5pysDQo=\r\n", id="base64"),
        pytest.param("x" * 79, False, "quoted-printable", b"x" * 73 + b"=\r\nxxxxxx", id="long-line"),
        pytest.param("x" * 76 + "\n", True, "7bit", b"x" * 76 + b"\r\n", id="line-that-fits"),
        pytest.param(
            "x" * 72 + "ü123",
            False,
            "quoted-printable",
            b"x" * 72 + b"=\r\n=C3=BC123",
            id="cut-before-escape",
        ),
        pytest.param(
            "x" * 71 + "ü123",
            False,
            "quoted-printable",
            b"x" * 71 + b"=\r\n=C3=BC123",
            id="cut-before-escape-2",
        ),
        pytest.param(
            "x" * 73 + ".yyyyyy", False, "quoted-printable", b"x" * 73 + b"=\r\n=2Eyyyyyy", id="dot-after-cut"
        ),
        pytest.param(
            "x" * 73 + "From x", False, "quoted-printable", b"x" * 73 + b"=\r\n=46rom x", id="from-after-cut"
        ),
    ],
)
def test_text_is_encoded_so_that_it_survives(text, is_whole_body, encoding, octets):
    """The plainest encoding that keeps the text, line for line."""
    assert encode_text(text, is_whole_body=is_whole_body) == (encoding, octets)


def test_a_text_of_more_than_a_mebibyte_is_base64():
    """A huge text is not looked at line by line, and survives all the same."""
    text = ".\n" * (MAX_LINEWISE_OCTETS // 2 + 1)
    message = parse(compose(mail(Part(number="1", media_type="text/plain", text=text))))
    assert (message.root.text == text, message.normalised) == (True, ())


def test_a_multipart_of_one_is_that_one_and_of_none_is_nothing():
    """What the filter leaves of a tree is written without hollow multiparts."""
    hollow = Part(number="2", media_type="multipart/mixed", children=())
    alone = Part(number="1", media_type="multipart/related", children=(TEXT,))
    root = Part(number="", media_type="multipart/mixed", children=(alone, hollow))
    assert compose(mail(root)) == compose(mail(TEXT))
    assert parse(compose(mail(hollow))).root.text == ""


@pytest.mark.parametrize(
    "start, expected",
    [
        pytest.param("<h@x>", b'type="text/html"; start="<h@x>";\r\n', id="not-the-first"),
        pytest.param("<i@x>", b'type="image/png";', id="the-first"),
        pytest.param("<nobody@x>", b'type="image/png";', id="nobody"),
        pytest.param("", b'type="image/png";', id="none"),
    ],
)
def test_a_related_names_its_root(start, expected):
    """multipart/related tells the root's type, and which part it is where it is not the first."""
    html = Part(number="2", media_type="text/html", text="<p>", content_id="h@x")
    root = Part(
        number="", media_type="multipart/related", parameters=(("start", start),), children=(IMAGE, html)
    )
    composed = compose(mail(root))
    assert b"multipart/related; " + expected in composed
    assert compose(parse(composed)) == composed


@pytest.mark.parametrize(
    "part, expected",
    [
        pytest.param(
            Part(number="1", media_type="a/b", filenames=("a.pdf",)),
            b'attachment; filename="a.pdf"',
            id="file",
        ),
        pytest.param(
            Part(number="1", media_type="a/b", filenames=("a.png",), content_id="x"),
            b'inline; filename="a.png"',
            id="image",
        ),
        pytest.param(
            Part(number="1", media_type="text/plain", filenames=("a.txt",), text=""),
            b'inline; filename="a.txt"',
            id="text",
        ),
        pytest.param(
            Part(number="1", media_type="a/b", filenames=('a"ü.pdf',)),
            b"attachment; filename=\"a__.pdf\";\r\n filename*=utf-8''a%22%C3%BC.pdf",
            id="fallback",
        ),
        pytest.param(
            Part(number="1", media_type="a/b", filenames=("=?x?=.pdf",)),
            b"attachment; filename=\"=_x_=.pdf\";\r\n filename*=utf-8''%3D%3Fx%3F%3D.pdf",
            id="looks-encoded",
        ),
    ],
)
def test_a_name_is_written_in_one_form(part, expected):
    """Every named part has a disposition, and its name one reading."""
    assert b"Content-Disposition: " + expected + b"\r\n" in compose(mail(part))


@pytest.mark.parametrize(
    "part, expected",
    [
        pytest.param(
            Part(
                number="1", media_type="text/plain", text="a\n", parameters=(("format", "flowed"), ("x", "y"))
            ),
            b'Content-Type: text/plain; charset="us-ascii"; format=flowed\r\n',
            id="flowed",
        ),
        pytest.param(
            Part(
                number="1",
                media_type="text/csv",
                content=b"a",
                parameters=(("charset", "iso-8859-1"), ("x", "y")),
            ),
            b"Content-Type: text/csv; charset=iso-8859-1\r\n",
            id="charset-of-attachment",
        ),
        pytest.param(
            Part(number="1", media_type="a/b\r\nBcc: x", content_id="a\r\nb"),
            b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding",
            id="injection",
        ),
        pytest.param(
            Part(number="1", media_type="message/rfc822", content=b"A: b\r\n\r\nx\r\n"),
            b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 7bit\r\n\r\nA: b\r\n\r\nx\r\n",
            id="attached-mail",
        ),
        pytest.param(
            Part(number="1", media_type="message/rfc822", content=b"A: b\r\n\r\nx"),
            b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\nQTogYg0KDQp4\r\n",
            id="attached-mail-without-line-end",
        ),
        pytest.param(
            Part(number="1", media_type="text/plain", text="a\r\nb\r"),
            b"7bit\r\n\r\na\r\nb\r\n",
            id="carriage-returns",
        ),
    ],
)
def test_a_leaf_carries_what_has_a_meaning(part, expected):
    """Type, charset and wrapping go with a leaf; nothing else of its parameters does."""
    assert expected in compose(mail(part))


def test_a_boundary_that_stands_in_the_content_is_not_used(monkeypatch):
    """Where the content holds the boundary made of it, the next one is taken."""

    class Digest:
        def __init__(self):
            self.calls = 0

        def update(self, octets):
            self.calls += octets == b"-"

        def hexdigest(self):
            return f"{self.calls:040d}"

    monkeypatch.setattr(hashlib, "sha256", Digest)
    text = Part(number="1", media_type="text/plain", text=f"=_{0:040d}\n")
    composed = compose(mail(Part(number="", media_type="multipart/mixed", children=(text, IMAGE))))
    assert b"\r\n--=_" + b"0" * 39 + b"1\r\n" in composed


def test_writing_is_deterministic():
    """The same message gives the same octets."""
    root = Part(number="", media_type="multipart/mixed", children=(TEXT, IMAGE))
    assert compose(mail(root, Subject="x")) == compose(mail(root, Subject="x"))
