"""Attachments that are not allowed."""

import io
import zipfile

import pytest
from PIL import Image

from gateway.rules.attachment_type import RULE, Params
from gateway.rules.rule import MAX_EVIDENCE, Remedy

PDF = b"%PDF-1.7\n%%EOF"


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "PNG")
    return out.getvalue()


def packed(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return out.getvalue()


DOCX = packed("[Content_Types].xml", "word/document.xml")
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SIGNATURE = b"\x30\x80\x06\x09" + bytes.fromhex("2a864886f70d010702")


def attached(content: bytes, media_type: str, *names: str, **more) -> dict:
    return {
        "content": content,
        "media_type": media_type,
        "filenames": names,
        "disposition": "attachment",
    } | more


HITS = {
    "archive": (attached(packed("a.pdf"), "application/zip", "a.zip"), "application/zip"),
    "old office": (
        attached(bytes.fromhex("d0cf11e0a1b11ae1"), "application/msword", "a.doc"),
        "application/x-ole-storage: OLE file of no known kind",
    ),
    "encrypted": (
        attached(b"%PDF-1.4 /Encrypt 1 0 R", "application/pdf", "a.pdf"),
        "application/pdf: encrypted PDF",
    ),
    "two kinds": (attached(PDF + packed("x"), "application/pdf", "a.pdf"), "application/pdf: archive inside"),
    "mail": (attached(b"From: a\nSubject: b\n\nx", "message/rfc822"), "message/rfc822: mail within a mail"),
    "winmail.dat": (
        attached(b"\x78\x9f\x3e\x22", "application/ms-tnef", "winmail.dat"),
        "application/ms-tnef: Outlook's own packing (winmail.dat)",
    ),
    "page": (attached(b"<html><p>", "text/html", "a.html"), "text/html"),
    "text": (attached(b"hello", "text/plain", "a.txt"), "text/plain"),
    "animation": (attached(b"GIF89a\1\0\1\0\0\0\0;", "image/gif", "a.gif"), "image/gif"),
    "unknown": (attached(b"\0\1", "application/octet-stream"), "application/octet-stream: no known type"),
    "other name": (attached(PDF, "application/pdf", "a.exe"), "application/pdf named .exe"),
    "other declared type": (attached(PDF, "image/png", "a.pdf"), "application/pdf declared as image/png"),
}


@pytest.mark.parametrize("part, evidence", HITS.values(), ids=HITS)
def test_hit(context_of, findings, part, evidence):
    """An attachment of another kind, or under another kind's name, is reported; without it the mail is another."""
    [finding] = findings(RULE, context_of(text="See the attachment.", attachments=[part]))
    assert (evidence, Remedy.NONE, "2") == (finding.evidence, finding.remedy, finding.target.part)


BY_PRODUCTS = {
    "signature": attached(SIGNATURE, "application/pkcs7-signature", "smime.p7s"),
    "signature of no known form": attached(b"\0", "application/pgp-signature"),
    "card": attached(b"BEGIN:VCARD", "text/vcard", "a.vcf"),
    "calendar alternative": {
        "content": b"BEGIN:VCALENDAR",
        "media_type": "text/calendar",
        "text": "BEGIN:VCALENDAR",
    },
    "AMP alternative": {
        "content": b"<html amp4email>",
        "media_type": "text/x-amp-html",
        "text": "<html amp4email>",
    },
    "rich text alternative": {"content": b"{\\rtf1}", "media_type": "text/rtf", "text": "{\\rtf1}"},
    "style sheet": {"content": b"p{}", "media_type": "text/css", "text": "p{}"},
    "nothing": attached(b"", "application/octet-stream", "a.bin"),
}


@pytest.mark.parametrize("part", BY_PRODUCTS.values(), ids=BY_PRODUCTS)
def test_hit_of_a_by_product(context_of, findings, part):
    """What mail programs add by themselves can go without changing what the seller wrote."""
    [finding] = findings(RULE, context_of(text="x", attachments=[part]))
    assert Remedy.DROP_PART is finding.remedy


def test_hit_of_another_text_part(context_of, findings):
    """A text part that is neither plain nor HTML is reported by its declared type."""
    part = {"content": b"a,b", "media_type": "text/csv", "text": "a,b"}
    [finding] = findings(RULE, context_of(text="x", attachments=[part]))
    assert (finding.evidence, finding.remedy) == ("text/csv", Remedy.NONE)


def test_hit_when_all_may_go(context_of, findings):
    """A policy may let every attachment go."""
    context = context_of(text="x", attachments=[attached(b"\0", "application/zip")])
    [finding] = findings(RULE, context, Params(droppable=("*",)))
    assert Remedy.DROP_PART is finding.remedy


UUENCODED = "begin 644 a.html\n#0V%T\n`\nend"


def test_hit_in_text(context_of, findings):
    """A file packed into the text is redacted, the words around it stay."""
    [finding] = findings(RULE, context_of(text=f"Hello\n{UUENCODED}\nBye"))
    [piece] = finding.target.pieces
    assert (Remedy.REDACT_TEXT, 6, 6 + len(UUENCODED)) == (finding.remedy, piece.start, piece.end)


NEAR_MISSES = {
    "PDF": attached(PDF, "application/pdf", "invoice.pdf"),
    "PDF of no declared type": attached(PDF, "application/octet-stream", "invoice.pdf"),
    "PDF of no name": attached(PDF, "application/pdf"),
    "two names": attached(PDF, "application/pdf", "Rechnung.pdf", "invoice.PDF"),
    "Word": attached(DOCX, WORD, "a.docx"),
    "photo": attached(png(), "image/png", "a.png"),
    "program is another rule's": attached(b"MZ\0", "application/pdf", "a.pdf"),
}


@pytest.mark.parametrize("part", NEAR_MISSES.values(), ids=NEAR_MISSES)
def test_near_miss(context_of, findings, part):
    """Allowed kinds under their own names pass."""
    assert findings(RULE, context_of(text="begin 100 pieces\nnow", html="<p>x</p>", attachments=[part])) == []


def test_near_miss_of_a_shown_image(context_of, findings):
    """What the HTML shows is another rule's."""
    part = attached(b"GIF89a", "image/gif", "a.gif", content_id="a@x")
    assert findings(RULE, context_of('<img src="cid:a@x">', attachments=[part])) == []


EVASIONS = {
    "double extension": attached(PDF, "application/pdf", "invoice.pdf.exe"),
    "right-to-left name": attached(PDF, "application/pdf", "invoice\u202efdp.exe"),
    "trailing dot": attached(PDF, "application/pdf", "invoice.pdf."),
    "second name": attached(PDF, "application/pdf", "invoice.pdf", "invoice.html"),
    "archive called PDF": attached(packed("a"), "application/pdf", "invoice.pdf"),
    "page of no type": attached(b" <!-- x --><a href='x'>", "application/octet-stream", "invoice.pdf"),
    "web archive called Word": attached(
        b"MIME-Version: 1.0\nContent-Type: multipart/related\n", "application/msword", "a.doc"
    ),
    "long type": attached(b"\0", "application/" + "x" * 200, "a"),
}


@pytest.mark.parametrize("part", EVASIONS.values(), ids=EVASIONS)
def test_evasion(context_of, findings, part):
    """Names and declared types deceive nobody."""
    [finding] = findings(RULE, context_of(text="x", attachments=[part]))
    assert len(finding.evidence) <= MAX_EVIDENCE


def test_evasion_of_words_around_a_packed_file(context_of, findings):
    """Several packed files are each found, one of them without an end."""
    text = f"{UUENCODED}\nmore\n=ybegin line=128 size=5 name=a.html\nabc"
    assert len(findings(RULE, context_of(text=text))) == 2
