"""Names and declared types beside content."""

import pytest

from gateway.documents.kinds import Sniffed
from gateway.documents.names import declared_agrees, names_agree
from gateway.documents.sniff import sniff

PDF = Sniffed("application/pdf", "pdf")
JPEG = Sniffed("image/jpeg", "image")

NAMES = {
    "none": ((), True),
    "right": (("invoice.pdf",), True),
    "capitals": (("INVOICE.PDF",), True),
    "no extension": (("invoice",), True),
    "number behind a dot": (("Rechnung 12.2026",), True),
    "words behind a dot": (("Rechnung v. Herrn Mustermann",), True),
    "right after another": (("invoice.exe.pdf",), True),
    "double": (("invoice.pdf.exe",), False),
    "other": (("invoice.docx",), False),
    "unlisted": (("invoice.foo",), False),
    "one of two": (("invoice.pdf", "invoice.html"), False),
    "right-to-left": (("invoice\u202efdp.exe.pdf",), False),
    "nul": (("invoice.exe\0.pdf",), False),
    "line separator": (("a\u2028.pdf",), False),
    "trailing dot": (("invoice.pdf.",), False),
    "trailing blank": (("invoice.pdf ",), False),
}


@pytest.mark.parametrize("names, expected", NAMES.values(), ids=NAMES)
def test_names(names, expected):
    """Every candidate name must end as the content's kind does."""
    assert names_agree(names, PDF) is expected


@pytest.mark.parametrize(
    "declared, sniffed, expected",
    [
        ("application/pdf", PDF, True),
        ("application/octet-stream", PDF, True),
        ("image/jpg", JPEG, True),
        ("image/png", JPEG, False),
        ("text/html", PDF, False),
    ],
)
def test_declared(declared, sniffed, expected):
    """The declared type is the content's, another name of it, or says nothing."""
    assert declared_agrees(declared, sniffed) is expected


def test_unknown_content_agrees_with_no_extension():
    """Content of no kind has no extension of its own."""
    assert not names_agree(("a.bin",), sniff(b"\0\1"))
