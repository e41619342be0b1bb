"""Fixed octets at fixed places: the table of what binary content announces itself as.

Not here: containers that must be looked into (``archive``, ``office``, ``pdf``), text (``markup``).
Source: the formats' own specifications; WHATWG MIME Sniffing section 6 for images, audio and archives.
"""

from typing import NamedTuple

from gateway.documents.kinds import Family, Sniffed

BINARY = "application/octet-stream"


class Signature(NamedTuple):
    """Octets that a kind of content has at a fixed offset; ``more`` is a second place that must fit too."""

    offset: int
    magic: bytes
    media_type: str
    family: Family
    reason: str = ""
    is_active: bool = False
    more: tuple[int, bytes] | None = None


PROGRAM = "application/x-executable"
SIGNATURES = (
    Signature(0, b"\x89PNG\r\n\x1a\n", "image/png", "image"),
    Signature(0, b"\xff\xd8\xff", "image/jpeg", "image"),
    Signature(0, b"GIF87a", "image/gif", "image"),
    Signature(0, b"GIF89a", "image/gif", "image"),
    Signature(0, b"RIFF", "image/webp", "image", more=(8, b"WEBP")),
    Signature(0, b"II*\0", "image/tiff", "image"),
    Signature(0, b"MM\0*", "image/tiff", "image"),
    Signature(0, b"II+\0", "image/tiff", "image"),
    Signature(0, b"MM\0+", "image/tiff", "image"),
    Signature(0, b"8BPS\0", "image/vnd.adobe.photoshop", "image"),
    Signature(0, b"\0\0\1\0", "image/x-icon", "image"),
    Signature(0, b"\0\0\2\0", "image/x-icon", "image"),
    Signature(0, b"\1\0\0\0", "image/emf", "image", more=(40, b" EMF")),
    Signature(0, b"\xd7\xcd\xc6\x9a", "image/wmf", "image"),
    Signature(0, b"\0\0\0\x0cjP  \r\n\x87\n", "image/jp2", "image"),
    Signature(0, b"\0\0\0\x0cJXL \r\n\x87\n", "image/jxl", "image"),
    Signature(0, b"\xff\x0a", "image/jxl", "image"),
    Signature(4, b"ftypavif", "image/avif", "image"),
    Signature(4, b"ftypavis", "image/avif", "image"),
    Signature(4, b"ftypheic", "image/heic", "image"),
    Signature(4, b"ftypheix", "image/heic", "image"),
    Signature(4, b"ftyphevc", "image/heic", "image"),
    Signature(4, b"ftypmif1", "image/heic", "image"),
    Signature(4, b"ftypmsf1", "image/heic", "image"),
    Signature(0, b"\x78\x9f\x3e\x22", "application/ms-tnef", "tnef", "Outlook's own packing (winmail.dat)"),
    Signature(0, b"Rar!\x1a\x07", "application/vnd.rar", "archive"),
    Signature(0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed", "archive"),
    Signature(0, b"\x1f\x8b", "application/gzip", "archive"),
    Signature(0, b"\x1f\x9d", "application/x-compress", "archive"),
    Signature(0, b"BZh", "application/x-bzip2", "archive", more=(4, b"1AY&SY")),
    Signature(0, b"\xfd7zXZ\0", "application/x-xz", "archive"),
    Signature(0, b"\x28\xb5\x2f\xfd", "application/zstd", "archive"),
    Signature(0, b"MSCF\0\0\0\0", "application/vnd.ms-cab-compressed", "archive"),
    Signature(0, b"\x60\xea", "application/x-arj", "archive"),
    Signature(0, b"!<arch>\n", "application/x-archive", "archive"),
    Signature(2, b"-lh", "application/x-lzh-compressed", "archive", more=(6, b"-")),
    Signature(7, b"**ACE**", "application/x-ace-compressed", "archive"),
    Signature(257, b"ustar", "application/x-tar", "archive"),
    Signature(0, b"vhdxfile", "application/x-vhdx", "archive", "disk image"),
    Signature(0, b"conectix", "application/x-vhd", "archive", "disk image"),
    Signature(0x8001, b"CD001", "application/x-iso9660-image", "archive", "disk image"),
    Signature(0, b"\x7fELF", PROGRAM, "executable", "program", is_active=True),
    Signature(0, b"\xfe\xed\xfa", PROGRAM, "executable", "program", is_active=True),
    Signature(1, b"\xfa\xed\xfe", PROGRAM, "executable", "program", is_active=True),
    Signature(0, b"\xca\xfe\xba\xbe", PROGRAM, "executable", "program", is_active=True),
    Signature(0, b"dex\n0", PROGRAM, "executable", "program", is_active=True),
    Signature(0, b"\0asm", PROGRAM, "executable", "program", is_active=True),
    Signature(
        0, b"L\0\0\0\x01\x14\x02\0", "application/x-ms-shortcut", "executable", "shortcut", is_active=True
    ),
    Signature(
        0, b"ITSF\x03\0\0\0", "application/vnd.ms-htmlhelp", "executable", "help program", is_active=True
    ),
    Signature(4, b"ftyp", "video/mp4", "unknown", "video"),
    Signature(0, b"\x1a\x45\xdf\xa3", "video/webm", "unknown", "video"),
    Signature(0, b"FLV\x01", "video/x-flv", "unknown", "video"),
    Signature(0, b"RIFF", "video/x-msvideo", "unknown", "video", more=(8, b"AVI ")),
    Signature(0, b"RIFF", "audio/wav", "unknown", "sound", more=(8, b"WAVE")),
    Signature(0, b"ID3", "audio/mpeg", "unknown", "sound"),
    Signature(0, b"OggS\0", "audio/ogg", "unknown", "sound"),
    Signature(0, b"fLaC\0", "audio/flac", "unknown", "sound"),
)

_DIB_HEADERS = frozenset({12, 40, 52, 56, 64, 108, 124})
"""Sizes of the header that follows a bitmap's file header: two letters alone would take "BMW" for a bitmap."""

_DOS_HEADER_OCTETS = 64
_FLASH = (b"FWS", b"CWS", b"ZWS")
_FLASH_VERSIONS = 0x40
"""Flash versions ended at 50; a letter in that place is text."""

_SIGNED = bytes.fromhex("2a864886f70d010702")
_PLAIN_DATA = bytes.fromhex("2a864886f70d010701")
_ENVELOPED = bytes.fromhex("2a864886f70d010703")
_OID_WITHIN_OCTETS = 32
"""Octets from the start within which a CMS file names its content type (tag, long length, tag, OID)."""


def match_signature(content: bytes) -> Sniffed | None:
    """The kind whose fixed octets the content has, or ``None``."""
    for entry in SIGNATURES:
        if content.startswith(entry.magic, entry.offset) and (
            entry.more is None or content.startswith(entry.more[1], entry.more[0])
        ):
            return Sniffed(entry.media_type, entry.family, entry.is_active, entry.reason)
    return _match_weak(content) or _match_cms(content)


def _match_weak(content: bytes) -> Sniffed | None:
    """Kinds whose signature is two or three letters and needs a second look."""
    start = content[:_DOS_HEADER_OCTETS]
    if start[:2] == b"BM" and int.from_bytes(start[14:18], "little") in _DIB_HEADERS:
        return Sniffed("image/bmp", "image")
    if start[:2] in {b"MZ", b"ZM"} and b"\0" in start:
        return Sniffed(PROGRAM, "executable", is_active=True, reason="Windows program")
    if start[:3] in _FLASH and b"" < start[3:4] < bytes([_FLASH_VERSIONS]):
        return Sniffed("application/x-shockwave-flash", "executable", is_active=True, reason="Flash program")
    return None


def _match_cms(content: bytes) -> Sniffed | None:
    """S/MIME in DER (RFC 5652): enveloped, signed with its content inside, or a signature alone."""
    if content[:1] != b"\x30":
        return None
    head = content[:_OID_WITHIN_OCTETS]
    if _ENVELOPED in head:
        return Sniffed("application/pkcs7-mime", "encrypted", reason="S/MIME encrypted")
    if _SIGNED not in head:
        return None
    at = content.find(_PLAIN_DATA)
    if at >= 0 and content[at + len(_PLAIN_DATA) :][:1] == b"\xa0":
        return Sniffed("application/pkcs7-mime", "encrypted", reason="S/MIME with its content packed inside")
    return Sniffed("application/pkcs7-signature", "unknown", reason="S/MIME signature")
