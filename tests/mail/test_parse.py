"""What is read of a mail: structure, text, names, and what is put right on the way.

The refusals stand in tests/corpus/malformed.
"""

import pytest

from gateway.mail.errors import AmbiguityError, LimitError
from gateway.mail.parse import Limits, parse

HEAD = b"From: Shop <shop@seller.example>\r\nMIME-Version: 1.0\r\n"


def leaf(mime, body):
    """The one part of a mail with those MIME fields."""
    return parse(HEAD + mime + b"\r\n" + body)


def attachment(disposition, content_type=b"application/pdf"):
    """The attachment's part in a mail of a text and an attachment."""
    octets = (
        HEAD + b"Content-Type: multipart/mixed; boundary=b1\r\n\r\n--b1\r\n\r\nhello\r\n--b1\r\n"
        b"Content-Type: "
        + content_type
        + b"\r\nContent-Disposition: "
        + disposition
        + b"\r\n\r\nx\r\n--b1--\r\n"
    )
    return parse(octets).root.children[1]


def test_parts_are_numbered_as_in_imap():
    """The outermost multipart is "", its children count from 1, theirs after a dot."""
    octets = (
        HEAD + b"Content-Type: multipart/mixed; boundary=b1\r\n\r\n"
        b"--b1\r\nContent-Type: multipart/alternative; boundary=c2\r\n\r\n"
        b"--c2\r\n\r\nplain\r\n--c2\r\nContent-Type: text/html\r\n\r\n<p>\r\n--c2--\r\n"
        b"--b1\r\nContent-Type: multipart/mixed; boundary=d3\r\n\r\n--d3\r\nContent-Location: x\r\n\r\nz\r\n--d3--\r\n--b1--"
    )
    message = parse(octets)
    assert [(part.number, part.media_type) for part in message.root.walk()] == [
        ("", "multipart/mixed"),
        ("1", "multipart/alternative"),
        ("1.1", "text/plain"),
        ("1.2", "text/html"),
        ("2", "text/plain"),
    ]
    assert [part.text for part in message.leaves()] == ["plain", "<p>", "z"]
    assert [part.is_html for part in message.leaves()] == [False, True, False]
    assert [part.is_body_text for part in message.root.walk()] == [False, False, True, True, True]
    assert message.field("SUBJECT") is None
    assert message.normalised == (
        "1.1: missing Content-Type, read as text/plain",
        "2: MIME header fields without a meaning for the reader dropped: 1",
        "2: missing Content-Type, read as text/plain",
        "multipart around a single part removed",
    )


def test_a_mail_of_one_part_has_part_1():
    """A mail without a multipart is part 1, and an empty one has the empty text."""
    message = parse(HEAD + b"Content-Type: text/plain\r\n\r\n")
    assert (message.root.number, message.root.text, message.normalised) == ("1", "", ())


def test_an_empty_part_is_an_empty_text():
    """A part of a blank line only, or of nothing before the next delimiter, holds no text."""
    octets = (
        HEAD
        + b"Content-Type: multipart/mixed; boundary=b1\r\n\r\n--b1\r\n\r\n--b1\r\nContent-Type: text/html\r\n\r\n--b1--\r\n"
    )
    assert [(part.media_type, part.text) for part in parse(octets).leaves()] == [
        ("text/plain", ""),
        ("text/html", ""),
    ]


@pytest.mark.parametrize(
    "mime, body, text, normalised",
    [
        pytest.param(
            b"Content-Type: text/plain; charset=utf-8\r\n",
            b"gr\xc3\xbc\r\n",
            "grü\n",
            True,
            id="8bit-as-7bit",
        ),
        pytest.param(
            b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n",
            b"gr\xc3\xbc\r\n",
            "grü\n",
            False,
            id="8bit",
        ),
        pytest.param(
            b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n",
            b"a=0D=0Ab=0Dc=\r\nd\r\n",
            "a\nb\ncd\n",
            True,
            id="carriage-return",
        ),
        pytest.param(
            b"Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n",
            b"hello=",
            "hello",
            True,
            id="soft-line-break-at-the-very-end",
        ),
        pytest.param(
            b"Content-Type: text/plain; charset=iso-2022-jp\r\n",
            b'\x1b$B$"\x1b(B\r\n',
            "あ\n",
            False,
            id="iso-2022-jp",
        ),
        pytest.param(b"Content-Type: text/plain; charset=\r\n", b"x\r\n", "x\n", False, id="empty-charset"),
        pytest.param(b"Content-Type:\r\n", b"x\r\n", "x\n", True, id="empty-content-type"),
        pytest.param(
            b"Content-Type: TEXT/HTML;; charset=utf-8;\r\n", b"x\r\n", "x\n", False, id="stray-semicolons"
        ),
        pytest.param(
            b"Content-Type: text/html; charset\r\n", b"x\r\n", "x\n", False, id="parameter-without-value"
        ),
        pytest.param(
            b'Content-Type: text/html; charset = "utf-8"\r\n',
            b"x\r\n",
            "x\n",
            False,
            id="blanks-around-equals",
        ),
    ],
)
def test_text_is_decoded_with_lf_line_ends(mime, body, text, normalised):
    """A text part gives its characters, and a note where something was put right."""
    message = leaf(mime, body)
    assert (message.root.text, bool(message.normalised)) == (text, normalised)


@pytest.mark.parametrize(
    "mime, body",
    [
        pytest.param(
            b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n", b"YQBi\r\n", id="nul"
        ),
        pytest.param(b"Content-Type: text/plain\r\n", b"\x81\xff\r\n", id="neither-utf-8-nor-windows-1252"),
        pytest.param(b'Content-Type: text/plain; charset="utf-8\r\n', b"x\r\n", id="half-quote"),
        pytest.param(b'Content-Type: text/plain; charset=utf-8"\r\n', b"x\r\n", id="quote-inside"),
        pytest.param(
            b"Content-Type: text/plain; charset*=us-ascii''utf-8\r\n", b"x\r\n", id="extended-charset"
        ),
        pytest.param(b"Content-Type: text/plain; =utf-8\r\n", b"x\r\n", id="no-parameter-name"),
        pytest.param(b"Content-Type: text/plain; charset=us-ascii\r\n", b"\x1b(Ja\x1b(B\r\n", id="escape"),
        pytest.param(b"Content-Type: text/html; charset=utf-8\r\n", b"\x1b$Ba\x1b(B\r\n", id="escape-utf-8"),
        pytest.param(b"Content-Type: text/" + b"x" * 128 + b"\r\n", b"x\r\n", id="long-type"),
    ],
)
def test_text_with_two_readings_is_refused(mime, body):
    """What readers would decode differently is an AmbiguityError."""
    with pytest.raises(AmbiguityError):
        leaf(mime, body)


def test_content_of_an_attachment_has_canonical_line_ends():
    """An attachment without transfer encoding has CRLF line ends, keeps its charset and has no text."""
    message = parse(
        HEAD
        + b"Content-Type: text/csv; charset=latin1; header=present\nContent-Disposition: attachment\n\na;b\nc\n"
    )
    part = message.root
    assert (part.content, part.text, part.disposition) == (b"a;b\r\nc\r\n", None, "attachment")
    assert part.parameters == (("charset", "iso-8859-1"), ("header", "present"))


def test_parameters_that_mean_something_are_kept():
    """Plain parameters of Content-Type are kept, extended ones and those of a mere container are not."""
    message = leaf(b"Content-Type: text/plain; Format=flowed; title*=utf-8''x; x=(y)\r\n", b"x\r\n")
    assert message.root.parameters == (("format", "flowed"),)


@pytest.mark.parametrize(
    "disposition, content_type, filenames",
    [
        pytest.param(b"attachment; filename=a.pdf", b"application/pdf", ("a.pdf",), id="plain"),
        pytest.param(
            b"attachment; filename=a.pdf", b'application/pdf; name="a.pdf"', ("a.pdf",), id="same-twice"
        ),
        pytest.param(
            b"attachment; filename=a.pdf", b"application/pdf; name=b.pdf", ("a.pdf", "b.pdf"), id="two-names"
        ),
        pytest.param(
            b"attachment; filename=a.pdf", b"application/pdf; name=b", ("a.pdf", "b"), id="no-extension"
        ),
        pytest.param(
            b"attachment; filename=\"Gr__e.pdf\"; filename*=utf-8''Gr%C3%BC%C3%9Fe.pdf",
            b"application/pdf",
            ("Grüße.pdf",),
            id="fallback",
        ),
        pytest.param(b"attachment; filename*=''a.pdf", b"application/pdf", ("a.pdf",), id="no-charset"),
        pytest.param(b'attachment; filename=""', b"application/pdf", (), id="empty"),
        pytest.param(b'attachment; filename="..."', b"application/pdf", (), id="dots"),
        pytest.param(b"attachment; filename='a.pdf'", b"application/pdf", ("a.pdf",), id="apostrophes"),
        pytest.param(
            b"attachment; filename='a b.pdf'",
            b"application/pdf; name='a b.pdf'",
            ("a b.pdf",),
            id="apostrophes-and-blanks",
        ),
        pytest.param(
            b"attachment; filename=\"'a.x'\"", b"application/pdf", ("'a.x'",), id="apostrophes-inside"
        ),
        pytest.param(b'attachment; filename="a\tb.pdf"', b"application/pdf", ("a b.pdf",), id="tab"),
        pytest.param(b'attachment; filename="../a.pdf"', b"application/pdf", ("a.pdf",), id="folder"),
        pytest.param(
            b'attachment; filename="a =? b.pdf"', b"application/pdf", ("a =? b.pdf",), id="no-encoded-word"
        ),
        pytest.param(
            b'attachment; filename="' + b"x" * 300 + b'.pdf"',
            b"application/pdf",
            ("x" * 196 + ".pdf",),
            id="long",
        ),
        pytest.param(
            b'attachment; filename="' + b"x" * 300 + b'"',
            b"application/pdf",
            ("x" * 200,),
            id="long-without-dot",
        ),
    ],
)
def test_every_candidate_name_is_found(disposition, content_type, filenames):
    """The names some reader would show, the preferred first, without the fallback that belongs to it."""
    assert attachment(disposition, content_type).filenames == filenames


@pytest.mark.parametrize(
    "field, expected",
    [
        pytest.param(b"Content-ID: <a@b>", "a@b", id="brackets"),
        pytest.param(b"Content-ID: a@b", "a@b", id="bare"),
        pytest.param(b'Content-ID: <a"b>', None, id="quote"),
        pytest.param(b"Content-ID: <" + b"x" * 901 + b">", None, id="long"),
    ],
)
def test_a_content_id_is_one_word(field, expected):
    """A Content-ID loses its brackets; one that cannot be written again is dropped."""
    assert leaf(field + b"\r\n", b"x").root.content_id == expected


@pytest.mark.parametrize(
    "written, expected",
    [
        pytest.param(b"Mon, 23 Nov 2026 10:00:00 +0100", "Mon, 23 Nov 2026 10:00:00 +0100", id="standard"),
        pytest.param(
            b"23 nov 2026 10:00 GMT (UTC)", "Mon, 23 Nov 2026 10:00:00 +0000", id="zone-name-and-comment"
        ),
        pytest.param(
            b"Tue, 23 Nov 2026 10:00:00 -0000", "Mon, 23 Nov 2026 10:00:00 -0000", id="wrong-weekday"
        ),
        pytest.param(b"Mon, 23 Nov 26 10:00:00 +0100", "Mon, 23 Nov 2026 10:00:00 +0100", id="two-digits"),
        pytest.param(b"1 Jan 50 10:00:00 GMT", "Sun, 1 Jan 1950 10:00:00 +0000", id="two-digits-of-old"),
        pytest.param(b"Mon, 31 Feb 2026 10:00:00 +0000", None, id="no-such-day"),
        pytest.param(b"Mon, 23 Nov 2026 10:00:00 XYZ", None, id="unknown-zone"),
        pytest.param(b"call 030 123456", None, id="no-date"),
    ],
)
def test_a_date_is_written_in_one_form(written, expected):
    """A readable Date is kept as RFC 5322 writes it, any other is dropped, and a change is noted."""
    message = parse(b"Date: " + written + b"\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n")
    date = message.field("Date")
    assert (date and date.text) == expected
    assert bool(message.normalised) == (expected != written.decode())


@pytest.mark.parametrize(
    "field, expected, is_noted",
    [
        pytest.param(b"Message-ID: <a@b>", "<a@b>", False, id="message-id"),
        pytest.param(b"Message-ID: a@b", None, True, id="bare-message-id"),
        pytest.param(b"Message-ID: <" + b"a" * 900 + b"@b>", None, True, id="long-message-id"),
        pytest.param(b"References: <a@b>\r\n <c@d>", "<a@b> <c@d>", False, id="references"),
        pytest.param(b"References: <a@b><c@d> <a@b> junk", "<a@b> <c@d>", True, id="sloppy-references"),
        pytest.param(b"In-Reply-To: your mail", None, True, id="words"),
        pytest.param(b"In-Reply-To: <a@b>\r\nIn-Reply-To: <c@d>", "<a@b>", False, id="repeated"),
        pytest.param(b"To: Buyer", "Buyer", True, id="no-address"),
        pytest.param(b"To: a@b.example", "a@b.example", False, id="address"),
        pytest.param(b"Subject: =?utf-8?q?a=0Ab?=", "a b", False, id="line-break"),
        pytest.param(b"Subject: a\x1bb", "a b", False, id="raw-control"),
        pytest.param(b"X-Mailer: \xff", "ÿ", True, id="raw-8-bit"),
        pytest.param(b"Subject:a \t", "a", True, id="blanks"),
    ],
)
def test_fields_are_kept_in_a_form_that_can_go_on(field, expected, is_noted):
    """A field is kept in the one form it has, or dropped, and a change is noted."""
    message = parse(field + b"\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n")
    found = message.field(field.partition(b":")[0].decode())
    assert (found and found.text) == expected
    assert bool(message.normalised) == is_noted


@pytest.mark.parametrize(
    "octets, limits",
    [
        pytest.param(b"A: b\r\n\r\nxx", Limits(octets=9), id="octets"),
        pytest.param(b"A: b\r\n\r\nxx", Limits(line_octets=1), id="line"),
        pytest.param(b"A: b\r\nC: d\r\n\r\n", Limits(fields=1), id="fields"),
        pytest.param(b"A: bb\r\n\r\n", Limits(field_octets=4), id="field"),
        pytest.param(b"A: bbbb\r\n\r\n", Limits(header_octets=4), id="header"),
        pytest.param(b"Content-Type: a/b; c=d; e=f\r\n\r\n", Limits(parameters=1), id="parameters"),
        pytest.param(
            b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n", Limits(parts=0), id="parts"
        ),
        pytest.param(
            b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n", Limits(depth=0), id="depth"
        ),
    ],
)
def test_each_cap_is_a_limit_error_one_above(octets, limits):
    """What is one over a cap is a LimitError, and passes with the usual caps."""
    parse(octets)
    with pytest.raises(LimitError):
        parse(octets, limits)


DOUBLED = b"From: shop@seller.example\r\r\nSubject: lamp\r\r\n\r\r\nHello\r\r\n"


@pytest.mark.parametrize(
    "octets",
    [DOUBLED, DOUBLED + b"\r\n", DOUBLED[:-3]],
    ids=["every-line", "last-line-end-of-the-smtp-library", "no-last-line-end"],
)
def test_doubled_cr_is_a_line_end_where_every_line_has_it(octets):
    """A Windows program that writes CR LF in text mode doubles each CR: one reading, put right and noted."""
    message = parse(octets)
    assert message.field("Subject").text == "lamp"
    assert message.root.text.rstrip("\n") == "Hello"
    assert message.normalised[0] == "CR CR LF line ends made CR LF"


@pytest.mark.parametrize(
    "octets",
    [
        DOUBLED.replace(b"lamp\r\r\n", b"lamp\r\n"),
        DOUBLED.replace(b"lamp\r\r\n", b"lamp\n"),
        DOUBLED.replace(b"Hello", b"Hel\rlo"),
        DOUBLED.replace(b"\r\r\n", b"\r\r\r\n"),
        DOUBLED.replace(b"\r\r\n", b"\r\n", 1),
        DOUBLED + b"\r\n\r\n",
    ],
    ids=["one-crlf", "one-lf", "bare-cr", "tripled", "first-line", "two-more-line-ends"],
)
def test_doubled_cr_among_other_line_ends_has_two_readings(octets):
    """One line end of another kind, or a CR elsewhere, and two readers may see two mails (adversary M07, S02)."""
    with pytest.raises(AmbiguityError):
        parse(octets)
