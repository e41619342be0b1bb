"""Bodies and header fields as 7-bit lines that end in CRLF.

House rules: the same input gives the same octets; what has been decoded once is encoded so that it decodes to the
letter (trailing blanks, leading dots, ``From `` at a line's start, a missing last line end); no input can make a
line end of its own in a header field.
Not here: which fields and parts are written (``compose``).
Source: RFC 2045 section 6, RFC 2047, RFC 2231 section 4, RFC 5322 section 2.1.1.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple
from urllib.parse import quote

import pybase64

from gateway.mail.address import Mailbox
from gateway.mail.filename import fallback

MAX_LINE: Final = 76
"""Characters of a quoted-printable or base64 line (RFC 2045 section 6.7), and what header lines aim at."""
MAX_PLAIN_LINE: Final = 78
"""Characters of a line in a body that needs no encoding (RFC 5322 section 2.1.1); longer ones are encoded."""
MAX_WORD: Final = 55
"""Characters of one encoded word. RFC 2047 section 2 allows 75, but 76 for its line, and the longest field name
takes 21 of the first."""
MAX_WORD_OCTETS: Final = 30
"""Octets of one base64 word: 40 characters with 12 around them."""
MAX_PHRASE: Final = 60
"""Characters of a display name on one line; longer ones become encoded words, which can be folded."""

MAX_LINEWISE_OCTETS: Final = 1_048_576
"""UTF-8 octets of a text that is looked at line by line. Above, base64: a quoted-printable text of 24 MB in lines
of one dot took 20 s, and no person writes so much."""

_PLAIN: Final = bytes((0x09, 0x0A, *range(0x20, 0x7F)))
_LITERAL: Final = bytes(octet for octet in _PLAIN if octet != ord("="))
_BASE64_SHARE: Final = 6
"""Base64 where more than one octet in six would need an escape: quoted-printable would then be the longer."""
_PIECE: Final = re.compile(rb".{71}(?:[^=]{2}|[^=]?(?==))", re.DOTALL)
"""What goes before a soft line break: 73 octets, so that there is room for it and for an escape of the first; less
where an escape would be cut in two."""
_TO_ESCAPE: Final = re.compile(rb"[^\t\n -<>-~]")
_ATOMS: Final = re.compile(r"[!#$%&'*+/=?^_`{|}~0-9A-Za-z-]+(?: [!#$%&'*+/=?^_`{|}~0-9A-Za-z-]+)*")
_PRINTABLE: Final = re.compile(r"[ -~]*")
_MANGLED: Final = (b".", b"From ")
"""Line beginnings that some system on the way changes: dot-stuffing gone wrong, mailbox files."""


class Body(NamedTuple):
    """An encoded body.

    Attributes:
        encoding: For Content-Transfer-Encoding.
        octets: CRLF line ends.
    """

    encoding: str
    octets: bytes


def encode_text(text: str, *, is_whole_body: bool) -> Body:
    r"""Text as UTF-8 in the plainest encoding that keeps it.

    Args:
        text: Characters, ``\n`` line ends.
        is_whole_body: Whether nothing follows, so that the octets have to end in CRLF whether the text does or not.
    """
    octets = text.encode("utf-8")
    if len(octets) > MAX_LINEWISE_OCTETS:
        return Body("base64", encode_base64(octets.replace(b"\n", b"\r\n")))
    is_cut = is_whole_body and bool(text) and not text.endswith("\n")
    if not is_cut and _is_plain(octets):
        return Body("7bit", octets.replace(b"\n", b"\r\n"))
    escapes = len(octets.translate(None, _LITERAL))
    if escapes * _BASE64_SHARE > len(octets):
        return Body("base64", encode_base64(octets.replace(b"\n", b"\r\n")))
    encoded = b"\r\n".join(_quoted_printable(octets))
    return Body("quoted-printable", encoded + b"=\r\n" if is_cut else encoded)


def encode_base64(content: bytes) -> bytes:
    """Base64 in lines, each with its CRLF."""
    return pybase64.encodebytes(content).replace(b"\n", b"\r\n")


def is_plain_body(octets: bytes) -> bool:
    """Whether octets with CRLF line ends are 7-bit lines of at most 998 octets."""
    lines = octets.split(b"\r\n")
    longest = max(map(len, lines))
    return longest <= 998 and not b"".join(lines).translate(None, _PLAIN.replace(b"\n", b""))  # noqa: PLR2004


def field_of_text(name: str, text: str) -> bytes:
    """A header field whose body is free text.

    Args:
        name: Field name.
        text: Decoded characters without control characters.
    """
    line = f"{name}: {text}".rstrip()
    if _PRINTABLE.fullmatch(text) and "=?" not in text and text == text.strip():
        if len(line) <= MAX_LINE:
            return line.encode("ascii") + b"\r\n"
        words = text.split(" ")
        if "" not in words and max(map(len, words)) < MAX_LINE - len(name) - 1:
            return field_of_pieces(name, words)
    return field_of_pieces(name, _encoded_words(text))


def field_of_pieces(name: str, pieces: Sequence[str]) -> bytes:
    """A header field folded between its pieces, which are joined by blanks and never broken."""
    lines: list[str] = []
    line = f"{name}:"
    for piece in pieces:
        if len(line) + 1 + len(piece) > MAX_LINE and line != f"{name}:":
            lines.append(line)
            line = ""
        line += f" {piece}"
    return "\r\n".join([*lines, line, ""]).encode("utf-8")


def field_of_mailboxes(name: str, boxes: Sequence[Mailbox]) -> bytes:
    """A header field that holds addresses; entries without an address are left out.

    A local part outside ASCII is written in UTF-8 (RFC 6532): nothing else can carry it.
    """
    pieces: list[str] = []
    for box in boxes:
        if box.address is None:
            continue
        if pieces:
            pieces[-1] += ","
        words = _phrase(box.display_name)
        pieces += [*words, f"<{box.address}>"] if words else [str(box.address)]
    return field_of_pieces(name, pieces) if pieces else b""


def parameter(name: str, value: str) -> str:
    """A parameter of printable ASCII characters, in quotes."""
    return f'{name}="{value}"'


def filename_parameters(filename: str) -> list[str]:
    """The parameters that name a file: one form, and for other than plain ASCII the fallback beside it."""
    plain = fallback(filename)
    if plain == filename:
        return [parameter("filename", filename)]
    return [parameter("filename", plain), f"filename*=utf-8''{quote(filename, safe='')}"]


def _is_plain(octets: bytes) -> bool:
    if octets.translate(None, _PLAIN):
        return False
    return not any(
        len(line) > MAX_PLAIN_LINE or line.startswith(_MANGLED) or line.endswith((b" ", b"\t"))
        for line in octets.split(b"\n")
    )


def _quoted_printable(octets: bytes) -> Iterator[bytes]:
    """Lines without line ends."""
    escaped = _TO_ESCAPE.sub(lambda match: b"=%02X" % match[0][0], octets)
    for whole in escaped.split(b"\n"):
        line = whole
        if line.endswith((b" ", b"\t")):
            line = line[:-1] + b"=%02X" % line[-1]
        if len(line) >= MAX_LINE or line.startswith(_MANGLED):  # the last may get a soft line break behind it
            yield from _soft_lines(line)
        else:
            yield line


def _soft_lines(line: bytes) -> list[bytes]:
    """A line cut by soft line breaks, no escape cut in two, no piece beginning like a mangled line."""
    pieces: list[bytes] = _PIECE.findall(line)
    rest = line[sum(map(len, pieces)) :]
    if rest:
        pieces.append(rest)
    pieces = [b"=%02X" % piece[0] + piece[1:] if piece.startswith(_MANGLED) else piece for piece in pieces]
    return [*(piece + b"=" for piece in pieces[:-1]), pieces[-1]]


def _phrase(display_name: str) -> list[str]:
    """The pieces of a display name as RFC 5322 and RFC 2047 write it."""
    if not display_name:
        return []
    if _PRINTABLE.fullmatch(display_name) and "=?" not in display_name:
        if _ATOMS.fullmatch(display_name) and len(display_name) <= MAX_PHRASE:
            return [display_name]
        quoted = display_name.replace("\\", "\\\\").replace('"', '\\"')
        if len(quoted) <= MAX_PHRASE:
            return [f'"{quoted}"']
    return _encoded_words(display_name)


def _encoded_words(text: str) -> list[str]:
    """UTF-8 encoded words that decode to the text: Q, or base64 where that is shorter."""
    letters = ["".join(map(_q_letter, character.encode("utf-8"))) for character in text]
    octets = [len(character.encode("utf-8")) for character in text]
    if 3 * sum(map(len, letters)) <= 4 * sum(octets):
        cuts = _packed([len(letter) for letter in letters], MAX_WORD - len("=?utf-8?Q??="))
        return ["=?utf-8?Q?" + "".join(letters[start:end]) + "?=" for start, end in cuts]
    pieces = (text[start:end].encode("utf-8") for start, end in _packed(octets, MAX_WORD_OCTETS))
    return [f"=?utf-8?B?{pybase64.b64encode(piece).decode('ascii')}?=" for piece in pieces]


def _q_letter(octet: int) -> str:
    """One octet in the Q encoding, of the kind that is safe in a display name too."""
    character = chr(octet)
    if character == " ":
        return "_"
    return character if character.isascii() and character.isalnum() else f"={octet:02X}"


def _packed(weights: Sequence[int], room: int) -> Iterator[tuple[int, int]]:
    """Start and end of stretches whose weights fit the room, each as long as it can be."""
    start = used = 0
    for index, weight in enumerate(weights):
        if used + weight > room:
            yield start, index
            start, used = index, 0
        used += weight
    yield start, len(weights)
