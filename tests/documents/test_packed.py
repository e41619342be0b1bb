"""Files packed into text."""

import binascii

import pytest

from gateway.documents.packed import packed_blocks


def uu(content: bytes) -> str:
    return "".join(binascii.b2a_uu(content[i : i + 45]).decode() for i in range(0, len(content), 45))


BODY = uu(b"<html><a href=https://evil.example>x</a>" * 3)
HITS = {
    "uuencode": f"begin 644 a.html\n{BODY}`\nend",
    "uuencode with a blank line at its end": f"begin 644 a.html\n{BODY} \nend",
    "uuencode without an end": f"begin 0644 a.html\n{BODY}".rstrip("\n"),
    "uuencode that ends with the text": f"begin 644 a\n{BODY}`",
    "empty file": "begin 644 a.html\n`\nend",
    "end at once": "begin 644 a.html\nend",
    "base64": "begin-base64 644 a.html\nPGh0bWw+\n====",
    "yenc": "=ybegin line=128 size=5 name=a.html\nabc\n=yend size=5",
    "yenc without an end": "=ybegin line=128 size=5 name=a.html\nabc",
}


@pytest.mark.parametrize("block", HITS.values(), ids=HITS)
@pytest.mark.parametrize("before", ["", "Dear customer,\r\n"], ids=["first", "behind words"])
def test_found(block, before):
    """A packed file is found from its first line to its last."""
    [(start, end)] = packed_blocks(before + block)
    assert block.startswith((before + block)[start:end])
    assert start == len(before)


def test_two():
    """Every file is found, and the words between them are not."""
    text = f"{HITS['uuencode']}\nwords\n{HITS['yenc']}\nwords"
    assert [HITS["uuencode"], HITS["yenc"]] == [text[a:b] for a, b in packed_blocks(text)]


def test_crlf():
    """Line ends may be CRLF."""
    assert len(packed_blocks(HITS["uuencode"].replace("\n", "\r\n"))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "begin 100 units of production at once\nDear customer, we begin",
        "begin 100 units\n\nDear customer",
        "we begin 644 a.html",
        "begin 644",
        "end",
        "",
    ],
)
def test_words(text):
    """Words that begin like a packed file are words."""
    assert packed_blocks(text) == ()


def test_many_beginnings():
    """A text of beginnings is looked through in time."""
    assert packed_blocks("begin 644 a\n" * 50_000) == ()
