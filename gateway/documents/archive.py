"""What a ZIP file is by the names in its central directory: a document, a program, or an archive.

Nothing is unpacked here, so that no bomb can go off.
Not here: what stands inside the members.
Limits: ``MAX_MEMBERS``, ``MAX_COMMENT_OCTETS``.
Source: PKWARE APPNOTE 6.3.10 sections 4.3.7, 4.3.12, 4.3.16; ECMA-376 part 2; ODF 1.3 part 2 section 3.
"""

import struct
from typing import NamedTuple

from gateway.documents.kinds import Family, Sniffed

MAX_MEMBERS = 1_000
"""Entries of a directory: office documents have tens; above it nobody looks, so nobody may pass."""

MAX_COMMENT_OCTETS = 65_535
"""Largest archive comment: the end record is looked for in this many octets and its own 22 from the end."""

MEDIA_TYPE = "application/zip"
_OOXML = "application/vnd.openxmlformats-officedocument."
WORD = _OOXML + "wordprocessingml.document"
EXCEL = _OOXML + "spreadsheetml.sheet"
POWERPOINT = _OOXML + "presentationml.presentation"
_ODF = "application/vnd.oasis.opendocument."

_END = struct.Struct("<4s4H2LH")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_ENCRYPTED_FLAG = 1

_MACRO_NAMES = ("vbaproject.bin", "vbadata.xml")
_ACTIVE_FOLDERS = (
    "/activex/",
    "/macrosheets/",
    "/dialogsheets/",
    "/embeddings/oleobject",
    "/basic/",
    "/scripts/",
)


class Member(NamedTuple):
    """One entry of the central directory."""

    name: str
    offset: int
    is_encrypted: bool


class _Directory(NamedTuple):
    members: tuple[Member, ...]
    start: int
    is_exact: bool


def find_directory(content: bytes) -> _Directory | None:
    """The central directory that readers of ZIP would find from the end, or ``None``.

    ``is_exact`` says that nothing stands before the first member or after the end record.
    """
    at = content.rfind(b"PK\5\6", max(0, len(content) - MAX_COMMENT_OCTETS - _END.size))
    if at < 0 or len(content) < at + _END.size:
        return None
    _, _, _, _, count, size, offset, comment = _END.unpack_from(content, at)
    start = at - size
    if start < 0 or count > MAX_MEMBERS:
        return None
    members = _members(content, start, at, count)
    if members is None:
        return None
    return _Directory(members, start, start == offset and at + _END.size + comment == len(content))


def sniff_zip(content: bytes) -> Sniffed:
    """What a file that begins as ZIP is."""
    directory = find_directory(content)
    if directory is None:
        return Sniffed(MEDIA_TYPE, "archive", reason="archive without a readable directory")
    if any(member.is_encrypted for member in directory.members):
        return Sniffed(MEDIA_TYPE, "encrypted", reason="archive with a password")
    names = [member.name.lower().replace("\\", "/").lstrip("/") for member in directory.members]
    kind = _kind(content, directory, names)
    if kind is None:
        return Sniffed(MEDIA_TYPE, "archive")
    if not _is_consistent(content, directory, names):
        # Two members of one name, or a directory that contradicts the members: each reader opens another document.
        return Sniffed(kind[0], "unknown", reason="document whose directory contradicts its content")
    reason = "program" if kind[1] == "executable" else _activity(names)
    return Sniffed(kind[0], kind[1], bool(reason), reason)


def _activity(names: list[str]) -> str:
    """What in a document would run, ``""`` for nothing."""
    if any(name.endswith(_MACRO_NAMES) for name in names):
        return "macros"
    is_embedding = any(folder in f"/{name}" for name in names for folder in _ACTIVE_FOLDERS)
    return "embedded program object" if is_embedding else ""


def _members(content: bytes, start: int, end: int, count: int) -> tuple[Member, ...] | None:
    found = []
    at = start
    for _ in range(count):
        if at + _ENTRY.size > end:
            return None
        entry = _ENTRY.unpack_from(content, at)
        if entry[0] != b"PK\1\2":
            return None
        name_length, extra, comment, offset = entry[10], entry[11], entry[12], entry[16]
        first = at + _ENTRY.size
        name = content[first : first + name_length].decode("utf-8", "replace")
        found.append(Member(name, offset, bool(entry[3] & _ENCRYPTED_FLAG)))
        at = first + name_length + extra + comment
    return tuple(found)


def _kind(content: bytes, directory: _Directory, names: list[str]) -> tuple[str, Family] | None:
    """Media type and family by the members that every file of the kind must have."""
    present = set(names)
    if "[content_types].xml" in present:
        if "word/document.xml" in present:
            return WORD, "word"
        if "xl/workbook.xml" in present or "xl/workbook.bin" in present:
            return EXCEL, "excel"
        if "ppt/presentation.xml" in present:
            return POWERPOINT, "powerpoint"
    if "androidmanifest.xml" in present or "appxmanifest.xml" in present:
        return "application/vnd.android.package-archive", "executable"
    if any(name.endswith(".class") for name in names):
        return "application/java-archive", "executable"
    return _open_document(content, directory)


def _open_document(content: bytes, directory: _Directory) -> tuple[str, Family] | None:
    """ODF puts its media type, not compressed, into the first member, ``mimetype``."""
    first = _LOCAL.size + len("mimetype")
    if not directory.members or content[_LOCAL.size : first] != b"mimetype":
        return None
    for kind, family in (("text", "word"), ("spreadsheet", "excel"), ("presentation", "powerpoint")):
        if content.startswith(f"{_ODF}{kind}".encode(), first):
            return f"{_ODF}{kind}", family  # type: ignore[return-value]  # the table holds families only
    return None


def _is_consistent(content: bytes, directory: _Directory, names: list[str]) -> bool:
    if not directory.is_exact or len(set(names)) != len(names):
        return False
    for member in directory.members:
        if member.offset + _LOCAL.size > directory.start:
            return False
        local = _LOCAL.unpack_from(content, member.offset)
        first = member.offset + _LOCAL.size
        name = content[first : first + local[9]].decode("utf-8", "replace")
        if local[0] != b"PK\3\4" or name != member.name:
            return False
    return True
