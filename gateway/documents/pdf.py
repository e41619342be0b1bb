"""What a PDF announces in its octets: encryption, actions, embedded files.

Not here: what stands in compressed object streams; that takes a PDF reader, this is the first look.
Source: ISO 32000-1 sections 7.3.5 (names and their ``#`` escapes), 7.6 (encryption), 12.6 (actions).
"""

import re

from gateway.documents.kinds import Sniffed

HEADER = b"%PDF-"
HEADER_WITHIN_OCTETS = 1_024
"""Readers take a file for PDF when its header stands within the first 1,024 octets."""

MEDIA_TYPE = "application/pdf"


def _spelled(name: str) -> bytes:
    """A pattern for a name with any of its letters escaped: ``/J#61vaScript`` is ``/JavaScript`` to every reader."""
    return b"".join(b"(?:%c|#%s)" % (letter, b"(?i:%02x)" % letter) for letter in name.encode())


_NAME_END = rb"(?![A-Za-z0-9_.#\-])"
_ENCRYPT = re.compile(b"/" + _spelled("Encrypt") + _NAME_END)
_EMBEDDED = re.compile(b"/" + _spelled("EmbeddedFile") + _NAME_END)
_ACTIVE = {
    "JavaScript": "script",
    "Launch": "starts a program",
    "RichMedia": "rich media",
    "SubmitForm": "sends a form",
    "ImportData": "loads data",
    "GoToE": "opens an embedded file",
    "GoToR": "opens another file",
    "Rendition": "plays media",
    "XFA": "dynamic form",
}
"""Action types and features that run or load something. ``/OpenAction`` and ``/AA`` only say *when*: LaTeX writes
one into every file to set the zoom. ``/JS`` never stands without ``/JavaScript`` or ``/Rendition``, and three
octets alone turn up in compressed data by chance."""
_ACTIVE_NAME = re.compile(
    b"/(?:"
    + b"|".join(b"(?P<%s>%s)" % (name.encode(), _spelled(name)) for name in _ACTIVE)
    + b")"
    + _NAME_END
)
_E_INVOICE = re.compile(rb"(?i)factur-x\.xml|zugferd-invoice\.xml|xrechnung\.xml|order-x\.xml")
"""The one embedded file that an electronic invoice of the EN 16931 family must have."""

_MARKUP = re.compile(rb"(?i)<script|<html|<!doctype html|<svg|<iframe")


def sniff_pdf(content: bytes) -> Sniffed:
    """What kind of PDF this is.

    Args:
        content: Octets with ``%PDF-`` within the first 1,024.
    """
    head = content[: HEADER_WITHIN_OCTETS + len(HEADER)]
    if head[: head.index(HEADER)].strip(b"\xef\xbb\xbf \t\r\n\0"):
        return Sniffed(MEDIA_TYPE, "unknown", reason="something else before the beginning of a PDF")
    if _MARKUP.search(head):
        return Sniffed(MEDIA_TYPE, "unknown", reason="PDF and HTML at once")
    if _ENCRYPT.search(content):
        return Sniffed(MEDIA_TYPE, "encrypted", reason="encrypted PDF")
    action = _ACTIVE_NAME.search(content)
    if action:
        return Sniffed(MEDIA_TYPE, "pdf", is_active=True, reason=_ACTIVE[str(action.lastgroup)])
    embedded = sum(1 for _ in _EMBEDDED.finditer(content))
    if embedded > 1 or (embedded and not _E_INVOICE.search(content)):
        return Sniffed(MEDIA_TYPE, "pdf", is_active=True, reason="embedded file")
    return Sniffed(MEDIA_TYPE, "pdf")
