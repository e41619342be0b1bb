"""Character sets."""

import pytest

from gateway.mail.charset import CHARSETS, canonical_charset, decode_charset, guess_text


@pytest.mark.parametrize(
    "label, expected",
    [
        ("utf8", "utf-8"),
        ('"UTF-8"', "utf-8"),
        ("cp-1252", "windows-1252"),
        ("CP1250", "windows-1250"),
        ("win-1251", "windows-1251"),
        ("ansi", "windows-1252"),
        ("ISO8859-15", "iso-8859-15"),
        ("iso_8859-2", "iso-8859-2"),
        ("latin1", "iso-8859-1"),
        ("utf-7", None),
        ("utf-16le", None),
        ("cp037", None),
        ("unicode_escape", None),
        ("", None),
    ],
)
def test_labels_stand_for_one_charset_or_none(label, expected):
    """Aliases that seen systems write are taken, everything off the list is not."""
    assert expected == canonical_charset(label)


@pytest.mark.parametrize("name", sorted(CHARSETS))
def test_every_charset_on_the_list_decodes_ascii(name):
    """Each has a codec, and ASCII letters mean themselves in it."""
    assert decode_charset(b"Az09 <&>", name) == "Az09 <&>"


def test_latin_1_is_read_as_browsers_do():
    """iso-8859-1 is read as windows-1252."""
    assert decode_charset(b"\x80", "iso-8859-1") == "€"


def test_decoding_is_strict():
    """A refused label is a LookupError, a foreign octet a UnicodeDecodeError."""
    with pytest.raises(LookupError):
        decode_charset(b"x", "utf-7")
    with pytest.raises(UnicodeDecodeError):
        decode_charset(b"\xff", "utf-8")


@pytest.mark.parametrize(
    "content, expected", [(b"\xc3\xbc", ("ü", "utf-8")), (b"\xfc", ("ü", "windows-1252"))]
)
def test_text_without_a_label_is_utf_8_or_windows_1252(content, expected):
    """UTF-8 where it fits, else what browsers fall back to."""
    assert expected == guess_text(content)
