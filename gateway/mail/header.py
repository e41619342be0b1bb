"""The header section: where it ends, and its fields.

Strict about every line: what one reader takes for a field and another for the first line of the body is how a
part's type or encoding is hidden (adversary cases M07, M08).
Works on octets whose line ends are all LF.
Source: RFC 5322 section 2.2; RFC 6532 for raw UTF-8.
"""

import re
from typing import Final, NamedTuple

from gateway.mail.errors import AmbiguityError, LimitError
from gateway.mail.limits import Limits
from gateway.mail.notes import Notes

_NAME: Final = re.compile(rb"[!-9;-~]+")


class RawField(NamedTuple):
    """One field.

    Attributes:
        name: Field name as written.
        body: Field body, unfolded, blanks at both ends removed, control characters still in it.
    """

    name: str
    body: str


class Sections(NamedTuple):
    """Offsets of one entity: its header section without the line end of its last line, and its body."""

    header_start: int
    header_end: int
    body_start: int
    body_end: int


def find_sections(octets: bytes, start: int, end: int, limits: Limits, part: str = "") -> Sections:
    """Where the header section of an entity ends and its body begins.

    Args:
        octets: The whole mail, LF line ends.
        start: First octet of the entity.
        end: Octet after its last.
        limits: Caps.
        part: Number of the part, ``""`` for the message.

    Raises:
        AmbiguityError: No blank line ends the header section.
        LimitError: It is longer than the cap.
    """
    if octets.startswith(b"\n", start, end):
        return Sections(start, start, start + 1, end)
    if start == end and part:
        # A blank line and nothing else: its line end belongs to the delimiter that follows.
        return Sections(start, start, end, end)
    blank = octets.find(b"\n\n", start, min(end, start + limits.header_octets + 2))
    if blank >= 0:
        return Sections(start, blank, blank + 2, end)
    if end - start > limits.header_octets:
        raise LimitError(f"The header section is over {limits.header_octets} octets: shorten it.", part=part)
    if not part or not octets.endswith(b"\n", start, end):
        # A part without body ends in the line end of its last field; that of the blank line is the delimiter's.
        raise AmbiguityError("No blank line ends the header section: add one before the text.", part=part)
    return Sections(start, end - 1, end, end)


def read_fields(section: bytes, limits: Limits, notes: Notes, part: str = "") -> list[RawField]:
    """The fields of a header section, in order.

    Args:
        section: Its octets, LF line ends, without the last line end.
        limits: Caps.
        notes: What was put right goes here.
        part: Number of the part, ``""`` for the message.

    Raises:
        AmbiguityError: A line that is neither a field nor its continuation.
        LimitError: More or longer fields than the caps allow.
    """
    if not section:
        return []
    found: list[list[bytes]] = []
    for line in section.split(b"\n"):
        if not line.startswith((b" ", b"\t")):
            _check_start(line, part, is_first=not found)
            found.append([line])
        elif not found or not line.strip(b" \t"):
            raise AmbiguityError(
                "A line of blanks, or a continuation of nothing, stands in the header section: remove it.",
                part=part,
            )
        else:
            found[-1].append(line)
    if len(found) > limits.fields:
        raise LimitError(f"There are over {limits.fields} header fields: remove some.", part=part)
    return [_read_field(b"".join(lines), limits, notes, part) for lines in found]


def _check_start(line: bytes, part: str, *, is_first: bool) -> None:
    name = _NAME.match(line)
    rest = line[name.end() :] if name else line
    if name and rest.startswith(b":"):
        return
    if is_first and line.startswith((b"From ", b">From ")):
        fault = "The mail begins with the From line of a mailbox file: send it without."
    elif name and rest.lstrip(b" \t").startswith(b":"):
        # "Content-Transfer-Encoding : base64" is a field for some readers and the end of the header for others.
        fault = "A header field has a blank before its colon: remove the blank."
    else:
        fault = "A line of the header section is no header field: write Name: value, and a blank line after the last."
    raise AmbiguityError(fault, part=part)


def _read_field(line: bytes, limits: Limits, notes: Notes, part: str) -> RawField:
    if len(line) > limits.field_octets:
        raise LimitError(f"A header field is over {limits.field_octets} octets: shorten it.", part=part)
    name, _, octets = line.partition(b":")
    if octets and not octets.startswith((b" ", b"\t")):
        notes.add("blank added after the colon of a header field", part)
    if octets.endswith((b" ", b"\t")) and octets.strip(b" \t"):
        notes.add("blanks at the end of a header field removed", part)
    return RawField(name.decode("ascii"), _characters(octets, notes, part).strip(" \t"))


def _characters(octets: bytes, notes: Notes, part: str) -> str:
    if octets.isascii():
        return octets.decode("ascii")
    try:
        text = octets.decode("utf-8")
        notes.add("header field in raw 8-bit characters, read as utf-8", part)
    except UnicodeDecodeError:
        text = octets.decode("cp1252", errors="replace")
        notes.add("header field in raw 8-bit characters, read as windows-1252", part)
    return text
