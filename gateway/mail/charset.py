"""Character sets: which labels are taken, and how octets become characters.

Not here: encoded words (``words``), what is done when a part has no label (``decode``).
A label outside the table is refused: UTF-7, UTF-16/32, EBCDIC, HZ and the stateful ISO-2022 family let one
reader see markup where another sees letters (adversary case M24), and Python would even decode ``unicode_escape``.
The one exception is ISO-2022-JP, the mail charset of Japan (RFC 1468).
Source: RFC 2978 names; WHATWG Encoding section 4.2 for the labels that browsers read as a superset.
"""

import codecs
from types import MappingProxyType
from typing import Final

_WINDOWS: Final = {f"windows-{number}": f"cp{number}" for number in range(1250, 1259)}
_ISO_8859: Final = {
    f"iso-8859-{number}": f"iso8859-{number}" for number in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)
}
_OTHERS: Final = {
    "utf-8": "utf-8",
    "us-ascii": "ascii",
    # Browsers and mail readers show these four as the Windows code page that extends them.
    "iso-8859-1": "cp1252",
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    "tis-620": "cp874",
    "windows-874": "cp874",
    "koi8-r": "koi8-r",
    "koi8-u": "koi8-u",
    "big5": "big5hkscs",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb18030": "gb18030",
    "euc-jp": "euc-jp",
    "shift_jis": "cp932",
    "iso-2022-jp": "iso2022-jp",
    "euc-kr": "cp949",
}
CHARSETS: Final = MappingProxyType(_WINDOWS | _ISO_8859 | _OTHERS)
"""Charset name as it is written in a mail → Python codec."""

_ALIASES: Final = MappingProxyType(
    {
        "utf8": "utf-8",
        "unicode-1-1-utf-8": "utf-8",
        "ascii": "us-ascii",
        "ansi_x3.4-1968": "us-ascii",
        "ansi": "windows-1252",
        "latin1": "iso-8859-1",
        "latin-1": "iso-8859-1",
        "latin2": "iso-8859-2",
        "latin-9": "iso-8859-15",
        "latin9": "iso-8859-15",
        "iso-8859-8-i": "iso-8859-8",
        "sjis": "shift_jis",
        "shift-jis": "shift_jis",
        "x-sjis": "shift_jis",
        "windows-31j": "shift_jis",
        "cp932": "shift_jis",
        "cp936": "gbk",
        "gb_2312-80": "gb2312",
        "cp949": "euc-kr",
        "ks_c_5601-1987": "euc-kr",
        "cp950": "big5",
        "big5-hkscs": "big5",
        "cp874": "windows-874",
    }
)


def canonical_charset(label: str) -> str | None:
    """The name in ``CHARSETS`` that a label stands for, or ``None`` where it is not taken.

    Args:
        label: As written in the mail; case, quotes and blanks around it do not matter.
    """
    name = label.strip(" \t\"'").lower()
    name = _ALIASES.get(name, name)
    if name in CHARSETS:
        return name
    for prefix in ("windows-", "windows", "cp-", "cp", "win-", "win", "x-cp", "ms-ansi-"):
        digits = name.removeprefix(prefix)
        if digits != name and f"windows-{digits}" in CHARSETS:
            return f"windows-{digits}"
    for prefix in ("iso8859-", "iso_8859-", "iso-8859_", "iso8859", "iso_8859_"):
        digits = name.removeprefix(prefix)
        if digits != name and f"iso-8859-{digits}" in CHARSETS:
            return f"iso-8859-{digits}"
    return None


def decode_charset(content: bytes, charset: str) -> str:
    """Characters of octets, strictly.

    Args:
        content: Octets with the transfer encoding removed.
        charset: Label as written in the mail.

    Raises:
        LookupError: The label is not taken.
        UnicodeDecodeError: An octet does not belong to the charset.
    """
    name = canonical_charset(charset)
    if name is None:
        raise LookupError("charset is not on the list")
    return codecs.decode(content, CHARSETS[name])


def guess_text(content: bytes) -> tuple[str, str]:
    """Characters of octets that carry no usable label, and the charset they were read by.

    UTF-8 where every octet fits it (chance does not make valid UTF-8), else Windows-1252 as browsers do.

    Raises:
        UnicodeDecodeError: Neither fits.
    """
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return content.decode("cp1252"), "windows-1252"
