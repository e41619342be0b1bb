"""What an OLE compound file is by the names in its directory.

A reader of the directory only: no stream is opened.
Limits: ``MAX_DIRECTORY_SECTORS``.
Source: [MS-CFB] sections 2.2 (header), 2.3 (FAT), 2.6 (directory).
"""

from collections.abc import Iterator

from gateway.documents.kinds import Family, Sniffed

MAGIC = bytes.fromhex("d0cf11e0a1b11ae1")
MAX_DIRECTORY_SECTORS = 1_000
"""Sectors of directory that are read: 4,000 streams at 512 octets a sector; a chain that runs in a circle ends."""

_ENTRY_OCTETS = 128
_HEADER_FAT_SECTORS = 109
_HEADER_OCTETS = 512
_MAX_SECTOR = 0xFFFFFFFA
_GENERIC = "application/x-ole-storage"

_KINDS: tuple[tuple[str, str, Family], ...] = (
    ("encryptedpackage", _GENERIC, "encrypted"),
    ("worddocument", "application/msword", "word"),
    ("workbook", "application/vnd.ms-excel", "excel"),
    ("book", "application/vnd.ms-excel", "excel"),
    ("powerpoint document", "application/vnd.ms-powerpoint", "powerpoint"),
    ("__properties_version1.0", "application/vnd.ms-outlook", "mail"),
)
_ACTIVE = {
    "_vba_project": "macros",
    "_vba_project_cur": "macros",
    "macros": "macros",
    "\x01ole10native": "embedded program object",
}


def sniff_ole(content: bytes) -> Sniffed:
    """What a file that begins as OLE compound file is."""
    names = set(_names(content))
    for name, media_type, family in _KINDS:
        if name in names:
            if family == "encrypted":
                return Sniffed(media_type, family, reason="encrypted Office document")
            active = next((reason for key, reason in _ACTIVE.items() if key in names), "")
            return Sniffed(media_type, family, bool(active), active or "legacy Office format")
    return Sniffed(_GENERIC, "unknown", reason="OLE file of no known kind")


def _names(content: bytes) -> Iterator[str]:
    """Names of the directory entries, lower case."""
    shift = int.from_bytes(content[30:32], "little")
    if len(content) < _HEADER_OCTETS or shift not in {9, 12}:
        return
    octets = 1 << shift
    sector = int.from_bytes(content[48:52], "little")
    for _ in range(MAX_DIRECTORY_SECTORS):
        if sector >= _MAX_SECTOR:
            return
        start = (sector + 1) * octets
        for at in range(start, min(start + octets, len(content)), _ENTRY_OCTETS):
            length = int.from_bytes(content[at + 64 : at + 66], "little")
            yield content[at : at + min(length, 64)].decode("utf-16-le", "replace").rstrip("\0").lower()
        sector = _next_sector(content, sector, octets)


def _next_sector(content: bytes, sector: int, octets: int) -> int:
    """The sector after this one in its chain, by the part of the FAT that the header lists."""
    block, index = divmod(sector, octets // 4)
    if block >= _HEADER_FAT_SECTORS:
        return _MAX_SECTOR
    fat = int.from_bytes(content[76 + 4 * block : 80 + 4 * block], "little")
    at = (fat + 1) * octets + 4 * index
    return int.from_bytes(content[at : at + 4], "little") if at + 4 <= len(content) else _MAX_SECTOR
