"""What content is, judged by its octets alone: the name and the declared type are only ever compared with it.

Content that is two things at once (a picture with an archive behind it, a PDF that is a web page) is of family
``unknown``: one reader would show the one, another open the other.
Not here: reading inside documents; that starts from what this says.
Source: see ``signatures``, ``archive``, ``office``, ``pdf``, ``markup``.
"""

import re

from gateway.documents.archive import find_directory, sniff_zip
from gateway.documents.kinds import Family, Sniffed
from gateway.documents.markup import sniff_text
from gateway.documents.names import declared_agrees, names_agree
from gateway.documents.office import MAGIC as OLE_MAGIC
from gateway.documents.office import sniff_ole
from gateway.documents.pdf import HEADER, HEADER_WITHIN_OCTETS, sniff_pdf
from gateway.documents.signatures import BINARY, match_signature

__all__ = ["Family", "Sniffed", "declared_agrees", "names_agree", "sniff"]

_MARKUP = re.compile(rb"(?i)<script|<html[\s>]|<!doctype html|<iframe|<svg[\s>]")
"""Tags that no part of a raster image holds; XMP metadata is XML but has none of them."""

_GIF_COMMENT = slice(6, 8)
"""Where a GIF has its width, and ``GIF89a/*`` has the beginning of a script's comment: 10,799 pixels wide."""


def sniff(content: bytes) -> Sniffed:
    """What these octets are, whatever they are called.

    Args:
        content: Octets decoded from the transfer encoding.

    Returns:
        Always a value; content of no known kind is ``application/octet-stream`` of family ``unknown``.
    """
    if not content:
        return Sniffed("application/x-empty", "unknown", reason="nothing in it")
    if content.startswith(OLE_MAGIC):
        return sniff_ole(content)
    if content.startswith((b"PK\3\4", b"PK\5\6")):
        return _alone(content, sniff_zip(content))
    found = match_signature(content)
    if found is not None:
        return _alone(content, found)
    if HEADER in content[: HEADER_WITHIN_OCTETS + len(HEADER)]:
        return _alone(content, sniff_pdf(content))
    return sniff_text(content) or Sniffed(BINARY, "unknown", reason="no known type")


def _alone(content: bytes, found: Sniffed) -> Sniffed:
    """The same, unless the content is something else as well."""
    if found.family not in {"image", "pdf", "word", "excel", "powerpoint"} or found.is_active:
        return found
    second = _second(content, found)
    return Sniffed(found.media_type, "unknown", reason=f"{second} inside") if second else found


def _second(content: bytes, found: Sniffed) -> str:
    """What else the content is, ``""`` for nothing."""
    is_zip = content.startswith(b"PK")
    if found.family != "pdf" and HEADER in content[: HEADER_WITHIN_OCTETS + len(HEADER)]:
        return "PDF"
    # Readers of ZIP start from the end of a file: %PDF… or JPEG in front of an archive is a good archive to them.
    if not is_zip and _holds_archive(content):
        return "archive"
    if found.family == "image" and (_MARKUP.search(content) or _is_script(content)):
        return "HTML or script"
    return ""


def _holds_archive(content: bytes) -> bool:
    directory = find_directory(content)
    return directory is not None and len(directory.members) > 0


def _is_script(content: bytes) -> bool:
    return content.startswith(b"GIF8") and content[_GIF_COMMENT] == b"/*"
