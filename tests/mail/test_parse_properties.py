"""Properties of reading and writing mail: one sentence each, tried on octets that nobody would write by hand.

The oracles are the standard library (compat32) and fast_mail_parser, two readers that share no code with ours.
"""

import email
import email.message
import email.policy
import re
import zlib

import fast_mail_parser
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gateway.mail.charset import CHARSETS
from gateway.mail.compose import compose
from gateway.mail.errors import AmbiguityError, MessageError
from gateway.mail.message import HeaderField, Message, Part
from gateway.mail.parse import Limits, parse

SETTINGS = settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    derandomize=True,
)

VALID = (
    b"From: =?utf-8?q?J=C3=B6rg?= <shop@seller.example>\r\nTo: buyer@relay.example\r\nSubject: Your order\r\n"
    b"Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@seller.example>\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="b1"\r\n\r\n'
    b"--b1\r\nContent-Type: multipart/alternative; boundary=b2\r\n\r\n"
    b"--b2\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    b"Gr\xc3\xbc\xc3\x9fe\r\n-- \r\nShop\r\n"
    b"--b2\r\nContent-Type: text/html; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    b"<p>Gr=FC=DFe=\r\n</p>\r\n--b2--\r\n"
    b'--b1\r\nContent-Type: application/pdf; name="invoice.pdf"\r\nContent-Disposition: attachment;\r\n'
    b' filename="invoice.pdf"\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQK\r\n--b1--\r\n'
)
FRAGMENTS = [
    *VALID.splitlines(keepends=True),
    *(line.replace(b"\r\n", b"\n") for line in VALID.splitlines(keepends=True)),
    *[
        b"\r\n",
        b"\n",
        b"\r",
        b"\0",
        b" ",
        b"\t",
        b"--",
        b"--b1",
        b"--b2--",
        b"=",
        b"=?utf-8?b?YQ==?=",
        b'"',
        b"(",
    ],
    *[
        b"Content-Type: ",
        b"Content-Transfer-Encoding: ",
        b"Content-Disposition: attachment",
        b"; filename*0=a",
    ],
    *[
        b"; filename=a.pdf",
        b"base64",
        b"multipart/signed; boundary=x",
        b"message/rfc822",
        b"\xff\xfe",
        b"\x1b$B",
    ],
]


def read(octets):
    """The message, or ``None`` where it is refused; any other exception is a failure."""
    try:
        return parse(octets)
    except MessageError:
        return None


@st.composite
def mutated(draw):
    """The valid mail after a few cuts, repeats and insertions."""
    octets = draw(st.sampled_from([VALID, VALID.replace(b"\r\n", b"\n")]))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(octets)))
        end = min(len(octets), start + draw(st.integers(0, 40)))
        middle = draw(st.one_of(st.sampled_from(FRAGMENTS), st.binary(max_size=3)))
        octets = octets[:start] + middle + octets[draw(st.sampled_from([start, end])) :]
    return octets


ANY_OCTETS = st.one_of(
    st.binary(max_size=300),
    st.lists(st.sampled_from(FRAGMENTS), max_size=30).map(b"".join),
    mutated(),
)

TEXTS = st.one_of(
    st.text(st.characters(exclude_characters="\r\0", exclude_categories=["Cs"]), max_size=200),
    st.lists(
        st.sampled_from(
            [
                "From ",
                "from",
                ".",
                "..",
                " ",
                "\t",
                "\n",
                "=",
                "=3D",
                "a" * 80,
                "x" * 1200,
                "ü",
                "日本",
                "--",
                "-- \n",
            ]
        ),
        max_size=20,
    ).map("".join),
).map(lambda text: text.lstrip("\ufeff").removeprefix("\u00ff\u00fe"))
LINES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=120)
NAMES = st.text(st.sampled_from("abüß日 ._-()'%=?\"€"), min_size=1, max_size=90).map(lambda n: f"n{n}x.pdf")


@st.composite
def leaves(draw):
    """A leaf as ``parse`` would give it."""
    shared = {
        "number": "1",
        "description": draw(st.none() | LINES.map(str.strip).filter(bool)),
    }
    if draw(st.booleans()):
        shared["text"] = draw(TEXTS)
        shared["media_type"] = draw(st.sampled_from(["text/plain", "text/html"]))
        shared["disposition"] = draw(st.sampled_from([None, "inline"]))
    else:
        shared["media_type"] = draw(
            st.sampled_from(["application/pdf", "image/png", "application/octet-stream"])
        )
        shared["disposition"] = draw(st.sampled_from(["inline", "attachment"]))
        shared["filenames"] = draw(st.just(()) | NAMES.map(lambda name: (name,)))
        shared["content"] = draw(st.binary(max_size=200))
    if draw(st.booleans()):
        shared["content_id"] = f"{zlib.crc32(repr(shared).encode())}@x"
    return Part(**shared)


TREES = st.recursive(
    leaves(),
    lambda children: st.builds(
        lambda kind, parts: Part(number="", media_type=f"multipart/{kind}", children=tuple(parts)),
        st.sampled_from(["mixed", "alternative", "related"]),
        st.lists(children, min_size=0, max_size=3),
    ),
    max_leaves=6,
)


@st.composite
def messages(draw):
    """A message as the filter would hand it to ``compose``."""
    subject, name = draw(LINES), draw(LINES)
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    fields = (
        HeaderField(name="From", body=f'"{quoted}" <shop@seller.example>', text=""),
        HeaderField(name="To", body="buyer@relay.example, Last, First <x@y.example>", text=""),
        HeaderField(name="Subject", body="", text=subject),
        HeaderField(name="X-Mailer", body="never written", text="never written"),
        HeaderField(
            name="References", body=" ".join(f"<{n}@a>" for n in range(draw(st.integers(1, 400)))), text=""
        ),
    )
    return Message(fields=fields, root=draw(TREES))


def shape(part):
    """What must survive a round trip: structure, text, content, names."""
    content = part.content if part.text is None else b""
    return (
        part.number,
        part.media_type,
        part.text,
        content,
        part.filenames[:1],
        part.content_id,
        part.description,
        tuple(shape(child) for child in part.children),
    )


def meant(message):
    """The fields that ``compose`` writes, as they are read."""
    names = {"from", "to", "subject", "date", "message-id", "in-reply-to", "references"}
    return [(field.name.lower(), field.text) for field in message.fields if field.name.lower() in names]


def stdlib_leaves(octets):
    """Media type and decoded content of each leaf as the standard library reads them."""
    found = []

    def visit(entity):
        if entity.get_content_maintype() == "message":
            found.append((entity.get_content_type(), None))
        elif entity.is_multipart():
            for child in entity.get_payload():
                visit(child)
        else:
            found.append((entity.get_content_type(), entity.get_payload(decode=True)))

    visit(email.message_from_bytes(octets, policy=email.policy.compat32))
    return found


def canonical(content):
    """Content with LF line ends and without blanks at line ends, which quoted-printable does not carry."""
    return re.sub(rb"[ \t]+(?=\n|\Z)", b"", content.replace(b"\r\n", b"\n"))


@SETTINGS
@given(ANY_OCTETS)
@example(b"")
@example(b"\n\n")
@example(b"A: b\n\n")
def test_any_octets_give_a_message_or_a_message_error(octets):
    """Any octets give a Message or a MessageError, and nothing else."""
    read(octets)


@SETTINGS
@given(mutated())
@example(VALID)
def test_what_is_composed_reads_back_the_same(octets):
    """parse, compose, parse gives the same fields, structure, text and content, and nothing more to put right."""
    message = read(octets)
    if message is None:
        return
    composed = compose(message)
    again = parse(composed)
    assert shape(message.root) == shape(again.root)
    assert compose(again) == composed
    # A local part outside ASCII leaves as it is, in raw UTF-8, and is noted as such.
    assert again.normalised == () or not composed.isascii()


@SETTINGS
@given(messages())
def test_any_message_survives_writing_and_reading(message):
    """A message of any text, content and names is written in 7-bit CRLF lines of 998 and read back to the letter."""
    composed = compose(message)
    again = parse(composed)
    assert again.normalised == ()
    assert compose(again) == composed
    assert message.field("Subject").text == again.field("Subject").text
    assert again.field("X-Mailer") is None
    assert composed.isascii()
    assert b"\r" not in composed.replace(b"\r\n", b"")
    assert b"\n" not in composed.replace(b"\r\n", b"")
    assert max(map(len, composed.split(b"\r\n"))) <= 998
    kept = list(message.leaves())
    if kept:
        assert [leaf.text for leaf in kept] == [leaf.text for leaf in again.leaves()]
        assert [leaf.filenames for leaf in kept] == [leaf.filenames for leaf in again.leaves()]
        assert [leaf.description for leaf in kept] == [leaf.description for leaf in again.leaves()]
        contents = [(leaf.text, leaf.content) for leaf in kept]
        assert contents == [
            (leaf.text, b"" if leaf.text is not None else leaf.content) for leaf in again.leaves()
        ]


@SETTINGS
@given(messages())
def test_other_readers_read_what_we_wrote_as_we_do(message):
    """The standard library and fast_mail_parser find the same leaves in our output, content and text alike."""
    composed = compose(message)
    ours = list(parse(composed).leaves())
    theirs = stdlib_leaves(composed)
    assert [leaf.media_type for leaf in ours] == [media_type for media_type, _ in theirs]
    for leaf, (_, content) in zip(ours, theirs, strict=True):
        assert leaf.content.replace(b"\r\n", b"\n") == content.replace(b"\r\n", b"\n")
    fast = fast_mail_parser.parse_email(composed)
    plain = [leaf.text.split() for leaf in ours if leaf.media_type == "text/plain"]
    assert plain == [text.split() for text in fast.text_plain]
    attached = [leaf.content for leaf in ours if leaf.disposition == "attachment"]
    assert all(content in [attachment.content for attachment in fast.attachments] for content in attached)


@SETTINGS
@given(mutated())
def test_the_standard_library_reads_the_original_as_we_do(octets):
    """Where the standard library sees other leaves in the original, we have refused it or put it right."""
    message = read(octets)
    if message is None or message.normalised:
        return
    ours = list(message.leaves())
    theirs = stdlib_leaves(octets)
    assert [leaf.media_type for leaf in ours] == [media_type for media_type, _ in theirs]
    for leaf, (_, content) in zip(ours, theirs, strict=True):
        if content is not None:
            assert canonical(leaf.content) == canonical(content)


@SETTINGS
@given(st.sampled_from(sorted(CHARSETS)), st.binary(max_size=60))
def test_text_is_decoded_strictly_or_refused(charset, content):
    """A text part never holds a replacement character that its octets did not spell."""
    head = f"Subject: x\r\nContent-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    message = read(head.encode() + content)
    if message is not None and "\ufffd" in message.root.text:
        assert "\ufffd" in content.decode(CHARSETS[charset])


@pytest.mark.parametrize(
    "octets, limits",
    [
        pytest.param(
            b"Subject: " + b"=?utf-8?q?aaa?=\r\n " * 50_000 + b"x\r\n\r\n", Limits(), id="encoded-words"
        ),
        pytest.param(b"To: " + b"a@b.example,\r\n " * 20_000 + b"x\r\n\r\n", Limits(), id="addresses"),
        pytest.param(
            b"Content-Type: text/plain" + b"; a=b" * 50_000 + b"\r\n\r\n", Limits(), id="parameters"
        ),
        pytest.param(
            b"".join(
                b"Content-Type: multipart/mixed; boundary=b%dx\r\n\r\n--b%dx\r\n" % (n, n)
                for n in range(1000)
            )
            + b"\r\nhello",
            Limits(),
            id="nested-multiparts",
        ),
        pytest.param(
            b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\n" * 20_000,
            Limits(),
            id="empty-parts",
        ),
        pytest.param(b"A: b\r\n" * 1_001 + b"\r\n", Limits(), id="fields"),
        pytest.param(b"A: b\r\n\r\n" + b"x" * 65_537, Limits(), id="line"),
        pytest.param(b"A: b\r\n\r\n" + b"x\r\n" * 100, Limits(octets=100), id="octets"),
    ],
)
def test_a_parser_bomb_ends_at_a_limit(octets, limits):
    """A shape that is slow or deep for other parsers ends in LimitError before it is built."""
    with pytest.raises(MessageError) as caught:
        parse(octets, limits)
    assert not isinstance(caught.value, AmbiguityError)
