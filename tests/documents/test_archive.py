"""ZIP files by their directory."""

import io
import struct
import zipfile

import pytest

from gateway.documents.archive import EXCEL, MAX_MEMBERS, POWERPOINT, WORD, find_directory, sniff_zip


def packed(*names: str, comment: bytes = b"") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.comment = comment
        for name in names:
            archive.writestr(name, "application/vnd.oasis.opendocument.text" if name == "mimetype" else "x")
    return out.getvalue()


OOXML = "[Content_Types].xml"
WORDS = (OOXML, "word/document.xml")

KINDS = {
    "docx": (WORDS, WORD, "word"),
    "xlsx": ((OOXML, "xl/workbook.xml"), EXCEL, "excel"),
    "xlsb": ((OOXML, "xl/workbook.bin"), EXCEL, "excel"),
    "pptx": ((OOXML, "ppt/presentation.xml"), POWERPOINT, "powerpoint"),
    "odt": (("mimetype", "content.xml"), "application/vnd.oasis.opendocument.text", "word"),
    "plain": (("invoice.pdf",), "application/zip", "archive"),
    "empty": ((), "application/zip", "archive"),
    "content types of nothing": ((OOXML, "other.xml"), "application/zip", "archive"),
    "words without content types": (("word/document.xml",), "application/zip", "archive"),
}


@pytest.mark.parametrize("names, media_type, family", KINDS.values(), ids=KINDS)
def test_kinds(names, media_type, family):
    """The names in the directory tell a document from an archive."""
    found = sniff_zip(packed(*names))
    assert (media_type, family, False) == (found.media_type, found.family, found.is_active)


ACTIVE = {
    "macros": ((*WORDS, "word/vbaProject.bin"), "word"),
    "macros in another case": ((*WORDS, "WORD/VBAPROJECT.BIN"), "word"),
    "old macros": ((OOXML, "xl/workbook.xml", "xl/macrosheets/sheet1.xml"), "excel"),
    "embedded object": ((*WORDS, "word/embeddings/oleObject1.bin"), "word"),
    "control": ((*WORDS, "word\\activeX\\activeX1.xml"), "word"),
    "basic": (("mimetype", "Basic/Standard/Module1.xml"), "word"),
    "java": (("META-INF/MANIFEST.MF", "A.class"), "executable"),
    "android": (("AndroidManifest.xml", "classes.dex"), "executable"),
}


@pytest.mark.parametrize("names, family", ACTIVE.values(), ids=ACTIVE)
def test_active(names, family):
    """Macros, embedded programs and programs are active."""
    found = sniff_zip(packed(*names))
    assert (family, True) == (found.family, found.is_active)


def test_other_open_document():
    """An open document of another kind is an archive to us."""
    content = packed("mimetype").replace(b"opendocument.text", b"opendocument.xext")
    assert sniff_zip(content).family == "archive"


def test_password():
    """A member with a password makes the archive encrypted."""
    content = bytearray(packed("a.txt"))
    content[content.index(b"PK\1\2") + 8] |= 1
    assert sniff_zip(bytes(content)).family == "encrypted"


CONTRADICTORY = {
    "something behind": packed(*WORDS) + b"x",
    "something in front": b"PK\3\4" + packed(*WORDS),
    "two members of one name": None,
    "another local name": packed(*WORDS).replace(b"word/document.xml", b"word/docunemt.xml", 1),
    "no local header": packed(*WORDS).replace(b"PK\3\4", b"PK\3\5", 1),
}


@pytest.mark.parametrize("content", CONTRADICTORY.values(), ids=CONTRADICTORY)
def test_contradictory_documents_are_unknown(content):
    """A document that two readers could open differently is of no kind."""
    if content is None:
        with pytest.warns(UserWarning, match="Duplicate name"):
            content = packed(*WORDS, "word/document.xml")
    assert sniff_zip(content).family == "unknown"


def test_member_beyond_the_directory():
    """An entry that points behind the members is a contradiction."""
    content = bytearray(packed(*WORDS))
    at = content.index(b"PK\1\2") + 42
    content[at : at + 4] = struct.pack("<L", len(content))
    assert sniff_zip(bytes(content)).family == "unknown"


BROKEN = {
    "no end": b"PK\3\4 and nothing",
    "cut end": b"PK\3\4PK\5\6",
    "directory before the beginning": b"PK\3\4PK\5\6" + struct.pack("<4H2LH", 0, 0, 1, 1, 99, 0, 0),
    "too many members": b"PK\5\6" + struct.pack("<4H2LH", 0, 0, MAX_MEMBERS + 1, MAX_MEMBERS + 1, 0, 0, 0),
    "fewer members than said": b"PK\5\6" + struct.pack("<4H2LH", 0, 0, 1, 1, 0, 0, 0),
    "no entries": b"x" * 46 + b"PK\5\6" + struct.pack("<4H2LH", 0, 0, 1, 1, 46, 0, 0),
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_broken(content):
    """What has no readable directory is an archive and no document."""
    assert find_directory(content) is None
    assert sniff_zip(content).reason == "archive without a readable directory"


def test_comment():
    """A comment behind the directory belongs to the archive."""
    directory = find_directory(packed("a", comment=b"hello"))
    assert directory is not None
    assert directory.is_exact
