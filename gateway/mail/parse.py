"""Octets of a mail → the one reading of it, or a refusal.

Two house rules. What is merely ugly is put right and noted; what would change which octets are a part, how they
decode or what they are called is refused, since some reader down the line would see the other reading. And caps
are tried before structure: whatever the octets, the result is a ``Message`` or a ``MessageError``, in linear time.
Not here: what the mail says (``rules/``), how it is written anew (``compose``).
Source: RFC 5322, RFC 2045 to 2047, RFC 7103; adversary cases M01 to M32, R01 to R06.
"""

from gateway.mail.declared import MULTIPARTS, Declared, read_declared
from gateway.mail.decode import decode_leaf
from gateway.mail.errors import AmbiguityError, LimitError, MessageError
from gateway.mail.fields import read_message_fields
from gateway.mail.header import RawField, Sections, find_sections, read_fields
from gateway.mail.limits import Limits
from gateway.mail.line_ends import has_bare_cr, with_lf
from gateway.mail.message import HeaderField, Message, Part
from gateway.mail.notes import Notes
from gateway.mail.structure import Split, split_multipart
from gateway.mail.tree import numbered

__all__ = ["AmbiguityError", "LimitError", "Limits", "MessageError", "parse"]

MAX_WRITTEN_LINE_OCTETS = 998
"""RFC 5322 section 2.1.1: longer lines are taken, noted, and written shorter."""

_SIGNATURES = frozenset(
    {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}
)
_DEFAULT_LIMITS = Limits()


def parse(octets: bytes, limits: Limits = _DEFAULT_LIMITS) -> Message:
    """The one reading of a mail.

    Args:
        octets: All that followed DATA, dots unstuffed; CRLF line ends, bare LF forgiven.
        limits: Caps.

    Raises:
        AmbiguityError: Two readers could see different things.
        LimitError: A cap is exceeded.
    """
    notes = Notes()
    reader = _Reader(_with_lf(octets, limits, notes), limits, notes)
    fields, root = reader.read()
    root, renumbered = numbered(root)
    _check_content_ids(root)
    return Message(fields=fields, root=root, normalised=notes.sentences(renumbered))


def _with_lf(octets: bytes, limits: Limits, notes: Notes) -> bytes:
    """The octets with LF line ends, once the caps on octets and lines are passed."""
    if len(octets) > limits.octets:
        raise LimitError(f"The mail is over {limits.octets} octets: send less.")
    if b"\0" in octets:
        raise AmbiguityError("The mail holds a NUL octet: encode binary content in base64.")
    if has_bare_cr(octets):
        lines = _with_single_cr(octets.replace(b"\r\n", b"\n"))
        notes.add("CR CR LF line ends made CR LF")
    elif len(lines := with_lf(octets)) + lines.count(b"\n") != len(octets):
        notes.add("bare LF line ends made CR LF")
    if _has_longer_line(lines, limits.line_octets):
        raise LimitError(f"A line is over {limits.line_octets} octets: wrap it.")
    if _has_longer_line(lines, MAX_WRITTEN_LINE_OCTETS):
        notes.add("lines of over 998 octets wrapped")
    return lines


def _with_single_cr(lines: bytes) -> bytes:
    """The octets of a program that adds a CR to each line end that has one already, as Windows text mode does.

    Where every line ends so and no CR stands elsewhere, there is one reading. The last line end alone may be without,
    since what sends the final dot adds one of its own. One bare CR more, or one line end without, and there are two
    readings: one ends a line at a bare CR, another does not, which makes a header field or a delimiter more or less.

    Args:
        lines: With ``CR LF`` for each ``CR CR LF``.
    """
    single = lines.replace(b"\r\n", b"\n")
    without = single.count(b"\n") - (len(lines) - len(single))
    is_last = lines.endswith(b"\n") and not lines.endswith(b"\r\n")
    if b"\r" in single or without != is_last:
        raise AmbiguityError("The mail holds a CR without LF: end lines with CR LF.")
    return single


def _has_longer_line(lines: bytes, limit: int) -> bool:
    """Whether some line is longer; steps from line end to line end, as far as the limit lets it."""
    start = 0
    while len(lines) - start > limit:
        line_end = lines.rfind(b"\n", start, start + limit + 1)
        if line_end < 0:
            return True
        start = line_end + 1
    return False


class _Reader:
    """One pass over one mail; counts its parts."""

    def __init__(self, octets: bytes, limits: Limits, notes: Notes) -> None:
        self._octets = octets
        self._limits = limits
        self._notes = notes
        self._parts_left = limits.parts

    def read(self) -> tuple[tuple[HeaderField, ...], Part]:
        """The message's own fields, and the tree of parts with the numbers of the mail as received."""
        if self._octets.startswith(b"\n"):
            raise AmbiguityError("The mail begins with a blank line: begin with the header section.")
        sections = find_sections(self._octets, 0, len(self._octets), self._limits)
        raw = self._fields(sections, "")
        declared = read_declared(raw, self._limits, self._notes, "")
        return read_message_fields(raw, self._notes), self._part(declared, sections, "", ())

    def _fields(self, sections: Sections, number: str) -> list[RawField]:
        section = self._octets[sections.header_start : sections.header_end]
        return read_fields(section, self._limits, self._notes, number)

    def _part(self, declared: Declared, sections: Sections, number: str, around: tuple[str, ...]) -> Part:
        """A part whose fields are read.

        Args:
            declared: Its MIME fields.
            sections: Where it stands.
            number: Its number as received.
            around: Boundaries of the multiparts around it, the outermost first.
        """
        if declared.boundary is not None:
            return self._multipart(declared, declared.boundary, sections, number, around)
        raw = self._octets[sections.body_start : sections.body_end]
        content, text = decode_leaf(raw, declared, self._notes, number)
        parameters = declared.parameters
        if text is None and declared.charset is not None:
            parameters = (("charset", declared.charset), *parameters)
        return Part(
            number=number,
            media_type=declared.media_type,
            parameters=parameters,
            disposition=declared.disposition,
            filenames=declared.filenames,
            content_id=declared.content_id,
            description=declared.description,
            content=content,
            text=text,
        )

    def _multipart(
        self, declared: Declared, boundary: str, sections: Sections, number: str, around: tuple[str, ...]
    ) -> Part:
        if len(around) >= self._limits.depth:
            raise LimitError("Multiparts are nested too deep: send fewer levels.", part=number)
        if any(boundary.startswith(other) or other.startswith(boundary) for other in around):
            raise AmbiguityError(
                "A boundary is used twice, or begins like another: use a different one for each multipart.",
                part=number,
            )
        split = split_multipart(
            self._octets,
            sections.body_start,
            sections.body_end,
            boundary,
            max_parts=self._parts_left,
            part=number,
        )
        self._parts_left -= len(split.parts)
        self._note_split(split, number)
        children = tuple(
            self._child(start, end, f"{number}.{index}".lstrip("."), declared, (*around, boundary))
            for index, (start, end) in enumerate(split.parts, 1)
        )
        return self._joined(declared, children, number)

    def _child(self, start: int, end: int, number: str, parent: Declared, around: tuple[str, ...]) -> Part:
        sections = find_sections(self._octets, start, end, self._limits, number)
        raw = self._fields(sections, number)
        default_type = "message/rfc822" if parent.media_type == "multipart/digest" else "text/plain"
        declared = read_declared(raw, self._limits, self._notes, number, default_type)
        return self._part(declared, sections, number, around)

    def _note_split(self, split: Split, number: str) -> None:
        if not split.is_closed:
            self._notes.add("missing last delimiter added", number)
        if split.has_preamble:
            self._notes.add("text before the first part dropped", number)
        if split.has_epilogue:
            self._notes.add("text after the last part dropped", number)

    def _joined(self, declared: Declared, children: tuple[Part, ...], number: str) -> Part:
        """The multipart, or its only child that counts."""
        subtype = declared.media_type.removeprefix("multipart/")
        if subtype == "signed":
            if len(children) != 2 or children[1].media_type not in _SIGNATURES:  # noqa: PLR2004 - RFC 1847
                raise AmbiguityError(
                    "A multipart/signed is not one part and its signature: send it unsigned.", part=number
                )
            self._notes.add("signature dropped, since the mail is written anew", number)
            return children[0]
        if len(children) == 1:
            self._notes.add("multipart around a single part removed", number)
            return children[0]
        if subtype not in MULTIPARTS:
            self._notes.add("multipart of an uncommon kind read as multipart/mixed", number)
            subtype = "mixed"
        kept = {"type", "start"} if subtype == "related" else set()
        return Part(
            number=number,
            media_type=f"multipart/{subtype}",
            parameters=tuple((name, value) for name, value in declared.parameters if name in kept),
            children=children,
        )


def _check_content_ids(root: Part) -> None:
    """Refuse one Content-ID for two different contents: readers would show different images."""
    seen: dict[str, bytes] = {}
    for part in root.walk():
        if part.content_id is not None and seen.setdefault(part.content_id, part.content) != part.content:
            raise AmbiguityError("Two parts have the same Content-ID: give each its own.", part=part.number)
