"""Which file names and which declared types belong to which kind of content.

The last extension decides what a double click opens, so it is the one that is compared, in every candidate name.
Source: RFC 2183 section 2.3 (names are only a suggestion), IANA media types; adversary case M26.
"""

import unicodedata
from collections.abc import Sequence

from gateway.documents.archive import EXCEL, POWERPOINT, WORD
from gateway.documents.kinds import Sniffed

EXTENSIONS = {
    "application/pdf": {"pdf"},
    WORD: {"docx"},
    EXCEL: {"xlsx"},
    POWERPOINT: {"pptx"},
    "application/vnd.oasis.opendocument.text": {"odt"},
    "application/vnd.oasis.opendocument.spreadsheet": {"ods"},
    "application/vnd.oasis.opendocument.presentation": {"odp"},
    "application/msword": {"doc", "dot"},
    "application/vnd.ms-excel": {"xls", "xlt"},
    "application/vnd.ms-powerpoint": {"ppt", "pps"},
    "application/vnd.ms-outlook": {"msg"},
    "application/rtf": {"rtf", "doc"},
    "image/png": {"png"},
    "image/jpeg": {"jpg", "jpeg", "jpe", "jfif"},
    "image/gif": {"gif"},
    "image/webp": {"webp"},
    "image/bmp": {"bmp", "dib"},
    "image/tiff": {"tif", "tiff"},
    "image/heic": {"heic", "heif"},
    "image/avif": {"avif"},
    "image/svg+xml": {"svg"},
    "application/zip": {"zip"},
    "text/plain": {"txt", "text", "csv", "tsv", "log", "md", "asc"},
    "text/html": {"html", "htm"},
    "text/xml": {"xml"},
    "text/vcard": {"vcf"},
    "text/calendar": {"ics"},
    "message/rfc822": {"eml"},
}
"""Extensions, lower case, by media type of the content. A kind that is not listed agrees with no extension."""

ALIASES = {
    "application/pdf": {"application/x-pdf"},
    WORD: {"application/msword"},
    EXCEL: {"application/vnd.ms-excel", "application/msexcel"},
    POWERPOINT: {"application/vnd.ms-powerpoint"},
    "application/rtf": {"text/rtf", "text/richtext", "application/msword"},
    "image/jpeg": {"image/jpg", "image/pjpeg"},
    "image/png": {"image/x-png"},
    "image/bmp": {"image/x-ms-bmp", "image/x-bmp"},
    "image/heic": {"image/heif"},
    "application/zip": {"application/x-zip-compressed"},
    "text/plain": {"text/csv", "text/tab-separated-values", "text/markdown", "text/x-log"},
    "text/xml": {"application/xml"},
    "text/vcard": {"text/x-vcard", "text/directory"},
}
"""Other names under which mail programs declare the same kind, ``application/msword`` for docx by old Outlook."""

UNDECLARED = frozenset(
    {
        "application/octet-stream",
        "application/binary",
        "application/download",
        "application/x-download",
        "application/force-download",
        "application/x-unknown",
    }
)
"""Declared types that say nothing; what opens such a file is its name."""

_MAX_EXTENSION = 10
"""Code points after the last dot that still are an extension; ``"Rechnung v. Herrn Mustermann"`` has none."""

_TRIMMED_BY_WINDOWS = ". \t"


def names_agree(filenames: Sequence[str], sniffed: Sniffed) -> bool:
    """Whether every candidate name is one that this content may have.

    Args:
        filenames: Every name that some reader would use, decoded.
        sniffed: What the content is.

    Returns:
        ``True`` for no name at all, and for a name without an extension.
    """
    return all(_agrees(name, EXTENSIONS.get(sniffed.media_type, set())) for name in filenames)


def declared_agrees(media_type: str, sniffed: Sniffed) -> bool:
    """Whether the declared type is the content's, a known other name of it, or says nothing."""
    return (
        media_type == sniffed.media_type
        or media_type in UNDECLARED
        or media_type in ALIASES.get(sniffed.media_type, set())
    )


def extension(name: str) -> str:
    """The extension of a name in lower case, ``""`` for none: digits alone are a date or a number."""
    _, dot, last = name.rpartition(".")
    is_extension = dot and len(last) <= _MAX_EXTENSION and " " not in last and not last.isdecimal()
    return last.lower() if is_extension else ""


def _agrees(name: str, allowed: set[str]) -> bool:
    if any(unicodedata.category(c) in {"Cc", "Cf", "Zl", "Zp"} for c in name):
        # "invoice\u202efdp.exe" is shown as "invoiceexe.pdf" and opened as a program.
        return False
    if name != name.rstrip(_TRIMMED_BY_WINDOWS):
        # "invoice.exe. " loses its tail when it is saved, after every check has seen another name.
        return False
    ending = extension(name)
    return not ending or ending in allowed
