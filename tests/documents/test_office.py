"""OLE compound files by their directory."""

import pytest

from gateway.documents.office import MAGIC, MAX_DIRECTORY_SECTORS, sniff_ole

FREE = 0xFFFFFFFF


def entry(name: str) -> bytes:
    octets = (name + "\0").encode("utf-16-le")
    return octets.ljust(64, b"\0") + len(octets).to_bytes(2, "little") + bytes(62)


def compound(*names: str, chain: tuple[int, ...] | None = None, shift: int = 9, first: int = 1) -> bytes:
    """Sector 0 is the FAT, the directory begins in sector 1."""
    octets = 1 << shift
    header = bytearray(MAGIC.ljust(512, b"\0"))
    header[30:32] = shift.to_bytes(2, "little")
    header[48:52] = first.to_bytes(4, "little")
    per_sector = octets // 128
    sectors = -(-len(names) // per_sector) or 1
    links = chain or (*range(2, sectors + 1), FREE)
    fat = b"".join(n.to_bytes(4, "little") for n in (FREE, *links)).ljust(octets, b"\xff")
    directory = b"".join(entry(name) for name in names).ljust(sectors * octets, b"\0")
    return bytes(header).ljust(octets, b"\0") + fat + directory


KINDS = {
    "word": (("Root Entry", "WordDocument"), "application/msword", "word"),
    "excel": (("Root Entry", "Workbook"), "application/vnd.ms-excel", "excel"),
    "old excel": (("Root Entry", "Book"), "application/vnd.ms-excel", "excel"),
    "powerpoint": (("Root Entry", "PowerPoint Document"), "application/vnd.ms-powerpoint", "powerpoint"),
    "outlook": (("Root Entry", "__properties_version1.0"), "application/vnd.ms-outlook", "mail"),
    "encrypted": (
        ("Root Entry", "EncryptionInfo", "EncryptedPackage"),
        "application/x-ole-storage",
        "encrypted",
    ),
    "other": (("Root Entry", "Something"), "application/x-ole-storage", "unknown"),
}


@pytest.mark.parametrize("shift", [9, 12], ids=["512 octets", "4,096 octets"])
@pytest.mark.parametrize("names, media_type, family", KINDS.values(), ids=KINDS)
def test_kinds(names, media_type, family, shift):
    """The names in the directory tell the kind."""
    found = sniff_ole(compound(*names, shift=shift))
    assert (media_type, family, False) == (found.media_type, found.family, found.is_active)


@pytest.mark.parametrize("name", ["_VBA_PROJECT_CUR", "Macros", "\x01Ole10Native"])
def test_active(name):
    """Macros and embedded programs are active, in whatever sector they are named."""
    assert sniff_ole(compound("Root Entry", "Workbook", "a", "b", name)).is_active


BROKEN = {
    "header only": MAGIC,
    "strange sector size": compound("Root Entry", "WordDocument", shift=7),
    "no directory": compound("Root Entry", "WordDocument", first=FREE),
    "directory outside": compound("Root Entry", "WordDocument", first=120),
    "directory far outside": compound("Root Entry", "WordDocument", first=200 * 128),
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_broken(content):
    """What cannot be read is of no kind."""
    assert sniff_ole(content).family == "unknown"


def test_circle():
    """A directory that runs in a circle comes to an end."""
    assert MAX_DIRECTORY_SECTORS == 1_000
    assert sniff_ole(compound("Root Entry", "Workbook", chain=(1,))).family == "excel"
