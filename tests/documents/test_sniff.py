"""What content is, whatever it is called."""

import io
import zipfile

import pytest
from PIL import Image

from gateway.documents.kinds import Sniffed
from gateway.documents.sniff import sniff


def image(kind: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), (200, 30, 40)).save(out, kind)
    return out.getvalue()


def packed(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "<x/>")
    return out.getvalue()


DOCX = packed("[Content_Types].xml", "word/document.xml")
PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n%%EOF\n"

TYPES = {
    "png": (image("PNG"), "image/png", "image"),
    "jpeg": (image("JPEG"), "image/jpeg", "image"),
    "gif": (image("GIF"), "image/gif", "image"),
    "webp": (image("WEBP"), "image/webp", "image"),
    "bmp": (image("BMP"), "image/bmp", "image"),
    "tiff": (image("TIFF"), "image/tiff", "image"),
    "ico": (image("ICO"), "image/x-icon", "image"),
    "avif": (image("AVIF"), "image/avif", "image"),
    "heic": (b"\0\0\0\x18ftypheic\0\0\0\0", "image/heic", "image"),
    "psd": (b"8BPS\0\1", "image/vnd.adobe.photoshop", "image"),
    "emf": (b"\1\0\0\0" + bytes(36) + b" EMF", "image/emf", "image"),
    "wmf": (b"\xd7\xcd\xc6\x9a\0", "image/wmf", "image"),
    "svg": (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "image/svg+xml", "image"),
    "pdf": (PDF, "application/pdf", "pdf"),
    "docx": (DOCX, "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "word"),
    "rar": (b"Rar!\x1a\x07\0", "application/vnd.rar", "archive"),
    "7z": (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed", "archive"),
    "gzip": (b"\x1f\x8b\x08\0", "application/gzip", "archive"),
    "bzip2": (b"BZh91AY&SY", "application/x-bzip2", "archive"),
    "tar": (bytes(257) + b"ustar\0", "application/x-tar", "archive"),
    "iso": (bytes(0x8001) + b"CD001", "application/x-iso9660-image", "archive"),
    "tnef": (b"\x78\x9f\x3e\x22\0", "application/ms-tnef", "tnef"),
    "mp4": (b"\0\0\0\x18ftypisom", "video/mp4", "unknown"),
    "ole": (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(512), "application/x-ole-storage", "unknown"),
    "plain text": ("Grüße, 10 €\r\n".encode(), "text/plain", "text"),
    "windows-1252 text": (b"Gr\xfc\xdfe", "text/plain", "text"),
    "utf-16 text": ("Guten Tag".encode("utf-16"), "text/plain", "text"),
    "html": (b"<p>hello", "text/html", "html"),
    "nothing": (b"", "application/x-empty", "unknown"),
    "noise": (b"\0\1\2\3\x81\x8d", "application/octet-stream", "unknown"),
    "bytes no charset has": (b"abc \x81\x8d", "application/octet-stream", "unknown"),
    "binary with a text's mark": (b"\xff\xfea", "application/octet-stream", "unknown"),
}


@pytest.mark.parametrize("content, media_type, family", TYPES.values(), ids=TYPES)
def test_kinds(content, media_type, family):
    """Content is told by its octets."""
    found = sniff(content)
    assert (media_type, family) == (found.media_type, found.family)
    assert not found.is_active


PROGRAMS = {
    "windows": b"MZ\x90\0\3\0\0\0",
    "elf": b"\x7fELF\2\1\1",
    "mach-o": b"\xcf\xfa\xed\xfe",
    "java class": b"\xca\xfe\xba\xbe\0\0",
    "flash": b"FWS\x0a",
    "shortcut": b"L\0\0\0\x01\x14\x02\0",
    "help file": b"ITSF\x03\0\0\0",
}


@pytest.mark.parametrize("content", PROGRAMS.values(), ids=PROGRAMS)
def test_programs_are_active(content):
    """Programs of every system are active."""
    assert sniff(content).family == "executable"
    assert sniff(content).is_active


WORDS = {
    "BMW": b"BMW parts arrived",
    "MZ": b"MZ is a brand of motorcycles",
    "FWS": b"FWS",
    "FWS and a letter": b"FWSA order",
    "RIFF": b"RIFF is a word",
    "BZh": b"BZh is none",
    "0": b"0 pieces left",
}


@pytest.mark.parametrize("content", WORDS.values(), ids=WORDS)
def test_words_are_no_signatures(content):
    """Text that begins with the letters of a binary format is text."""
    assert sniff(content).family == "text"


def cms(oid: str, tail: bytes = b"") -> bytes:
    return b"\x30\x80\x06\x09" + bytes.fromhex(oid) + tail


DATA = bytes.fromhex("2a864886f70d010701")


@pytest.mark.parametrize(
    "content, family",
    [
        (cms("2a864886f70d010703"), "encrypted"),
        (cms("2a864886f70d010702", b"\xa0\x80" + DATA + b"\xa0\x80"), "encrypted"),
        (cms("2a864886f70d010702", b"\xa0\x80" + DATA + b"\0\0"), "unknown"),
        (cms("2a864886f70d010702"), "unknown"),
        (b"\x30\x03\x02\x01\x05", "unknown"),
    ],
    ids=["enveloped", "content inside", "signature alone", "no content at all", "other DER"],
)
def test_smime(content, family):
    """S/MIME that hides its content is encrypted, a signature alone is not."""
    assert sniff(content).family == family


TWO_AT_ONCE = {
    "PNG with a ZIP behind": (image("PNG") + packed("a.txt"), "archive inside"),
    "JPEG with a ZIP behind": (image("JPEG") + packed("a.txt"), "archive inside"),
    "PDF with a ZIP behind": (PDF + packed("a.txt"), "archive inside"),
    "JPEG with PDF in a comment": (b"\xff\xd8\xff\xfe\0\x20%PDF-1.4" + image("JPEG")[2:], "PDF inside"),
    "GIF that is a script": (b"GIF89a/*" + image("GIF")[8:] + b"*/=1;alert(1)", "HTML or script inside"),
    "GIF with HTML behind": (image("GIF") + b"<ScRiPt>alert(1)</script>", "HTML or script inside"),
    "PNG with HTML behind": (image("PNG") + b"<html>", "HTML or script inside"),
    "PDF that is a web page": (b"%PDF-1.4\n<html>", "PDF and HTML at once"),
    "PDF behind something": (b"GARBAGE %PDF-1.4", "something else before the beginning of a PDF"),
    "docx with a PDF's header": (
        packed("[Content_Types].xml", "word/document.xml", "%PDF-1.4"),
        "PDF inside",
    ),
}


@pytest.mark.parametrize("content, reason", TWO_AT_ONCE.values(), ids=TWO_AT_ONCE)
def test_two_kinds_at_once_are_unknown(content, reason):
    """A valid file with a second signature where it must not have one is of no kind."""
    found = sniff(content)
    assert ("unknown", reason) == (found.family, found.reason)


def test_honest_end_of_zip_mark_in_a_photo():
    """Four letters that look like the end of an archive make no archive of a photo."""
    assert sniff(image("JPEG") + b"PK\5\6").family == "image"


def test_a_photo_with_xmp_is_a_photo():
    """XML metadata is no markup."""
    assert sniff(image("JPEG") + b'<x:xmpmeta xmlns:x="adobe:ns:meta/"></x:xmpmeta>').family == "image"


@pytest.mark.parametrize("start", [b"", b"\n", b"\xef\xbb\xbf\r\n"], ids=["none", "line end", "mark"])
def test_blanks_before_a_pdf(start):
    """Blanks before a PDF are harmless."""
    assert sniff(start + PDF) == Sniffed("application/pdf", "pdf")
