"""What a MIME entity says of itself: type, charset, transfer encoding, disposition, names.

House rule: exactly one statement, in exactly one form. Two Content-Type fields, a comment in a transfer encoding,
an encoded boundary: the standard library takes the first reading without a word, other readers another one
(adversary cases M01 to M03, M09, M10; CVE-2024-28054).
Source: RFC 2045, RFC 2046 section 5.1.1, RFC 2183, RFC 2392.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.mail.charset import canonical_charset
from gateway.mail.errors import AmbiguityError
from gateway.mail.filename import read_filenames
from gateway.mail.header import RawField
from gateway.mail.limits import Limits
from gateway.mail.notes import Notes
from gateway.mail.parameters import TOKEN, Parameter, Value, read_value
from gateway.mail.words import decode_words, without_controls

CONTENT_ID: Final = re.compile(r"[!#-'*-;=?-\[\]-~]+")
"""Printable ASCII without what would need quoting: brackets, quotes, parentheses, backslash."""
ENCODINGS: Final = frozenset({"7bit", "8bit", "binary", "quoted-printable", "base64"})
MULTIPARTS: Final = frozenset({"mixed", "alternative", "related", "signed"})
"""Subtypes that mean something to us; all others are read as ``mixed`` (RFC 2046 section 5.1.3)."""
MAX_TYPE_OCTETS: Final = 127
"""RFC 6838 section 4.2 for each half; longer types are refused."""
MAX_ID_OCTETS: Final = 900
"""A Content-ID or Message-ID must fit one line of 998 octets, since it cannot be folded."""

_MEDIA_TYPE: Final = re.compile(r"([!#$&^_.+0-9A-Za-z-]+)/([!#$&^_.+0-9A-Za-z-]+)")
_BOUNDARY: Final = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
_BARE_BOUNDARY: Final = re.compile(r"[0-9A-Za-z'+_./:=?-]+")
_ENCODED: Final = re.compile(r"=\?[^?]*\?[bBqQ]\?[^?]*\?=")
_KNOWN: Final = frozenset(
    {
        "content-type",
        "content-transfer-encoding",
        "content-disposition",
        "content-id",
        "content-description",
        "mime-version",
    }
)


ELSEWHERE = frozenset({"message/partial", "message/external-body"})
"""Types whose content is not in the mail (RFC 2046 sections 5.2.2 and 5.2.3): a reader that puts pieces together, or
fetches what is named, shows what nobody here has seen (cases M17, M18)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """The MIME fields of one entity.

    Attributes:
        media_type: Lower case.
        parameters: Those of Content-Type except boundary, name and charset.
        boundary: Of a multipart, else ``None``.
        charset: Canonical name, or ``None`` where none is declared.
        encoding: One of ``ENCODINGS``.
        disposition: ``"inline"``, ``"attachment"`` or ``None``.
        filenames: Every candidate name, the preferred first.
        content_id: Without its angle brackets, or ``None``.
        description: Decoded, or ``None``.
    """

    media_type: str
    parameters: tuple[tuple[str, str], ...]
    boundary: str | None
    charset: str | None
    encoding: str
    disposition: str | None
    filenames: tuple[str, ...]
    content_id: str | None
    description: str | None

    @property
    def is_text(self) -> bool:
        """Whether a mail reader shows the body as words."""
        return self.media_type.startswith("text/") and self.disposition != "attachment"


def read_declared(
    fields: Sequence[RawField], limits: Limits, notes: Notes, part: str, default_type: str = "text/plain"
) -> Declared:
    """What the fields of one entity say about its body.

    Args:
        fields: All its header fields; those that are not MIME's do not matter.
        limits: Caps.
        notes: What was put right goes here.
        part: Number of the part, ``""`` for the message.
        default_type: Media type where none is declared.

    Raises:
        AmbiguityError: A field is repeated, or readers would take it in different ways.
        LimitError: Too many parameters.
    """
    bodies = _single_bodies(fields, notes, part)
    content_type = _read_content_type(bodies.get("content-type"), default_type, limits, notes, part)
    media_type = _media_type(content_type.value, notes, part)
    if media_type in ELSEWHERE:
        raise AmbiguityError(
            "A part is a piece of a longer mail, or names content that lies elsewhere: send the whole content.",
            part=part,
        )
    is_multipart = media_type.startswith("multipart/")
    disposition = read_value(bodies.get("content-disposition", ""), limits.parameters, part)
    own = tuple(p for p in content_type.parameters if p.name not in {"boundary", "charset", "name"})
    return Declared(
        media_type=media_type,
        parameters=tuple((p.name, p.value) for p in own if _is_plain(p)),
        boundary=_boundary(content_type, part) if is_multipart else None,
        charset=_charset(_strict(content_type, "charset", part), media_type, part),
        encoding=_encoding(bodies.get("content-transfer-encoding"), media_type, part),
        disposition=_disposition(disposition.value, notes, part),
        filenames=() if is_multipart else _filenames(content_type, disposition, notes, part),
        content_id=_content_id(bodies.get("content-id", ""), notes, part),
        description=decode_words(bodies.get("content-description", "")).strip() or None,
    )


def _single_bodies(fields: Sequence[RawField], notes: Notes, part: str) -> dict[str, str]:
    bodies: dict[str, str] = {}
    for field in fields:
        name = field.name.lower()
        if not name.startswith("content-") and name != "mime-version":
            continue
        if name in bodies:
            raise AmbiguityError("A MIME header field is given twice: give it once.", part=part)
        if without_controls(field.body) != field.body.replace("\t", " "):
            raise AmbiguityError("A MIME header field holds a control character: remove it.", part=part)
        bodies[name] = field.body.replace("\t", " ")
    dropped = sum(name not in _KNOWN for name in bodies)
    if dropped:
        notes.add(f"MIME header fields without a meaning for the reader dropped: {dropped}", part)
    return bodies


def _read_content_type(body: str | None, default: str, limits: Limits, notes: Notes, part: str) -> Value:
    if body:
        return read_value(body, limits.parameters, part)
    notes.add(f"missing Content-Type, read as {default}", part)
    return Value(default, ())


def _media_type(value: str, notes: Notes, part: str) -> str:
    if value.lower() == "text":
        notes.add("Content-Type without a subtype, read as text/plain", part)
        return "text/plain"
    match = _MEDIA_TYPE.fullmatch(value)
    if match is None or max(map(len, match.groups())) > MAX_TYPE_OCTETS:
        raise AmbiguityError("The Content-Type is not of the form type/subtype: write it so.", part=part)
    return value.lower()


def _is_plain(parameter: Parameter) -> bool:
    return not parameter.is_extended and (parameter.is_quoted or TOKEN.fullmatch(parameter.value) is not None)


def _strict(content_type: Value, name: str, part: str) -> Parameter | None:
    """A parameter that has to have one plain form only."""
    found = [parameter for parameter in content_type.parameters if parameter.name == name]
    if any(parameter.is_extended for parameter in found):
        raise AmbiguityError(f"The {name} is in an extended form: write it plainly.", part=part)
    return found[0] if found else None


def _boundary(content_type: Value, part: str) -> str:
    boundary = _strict(content_type, "boundary", part)
    if boundary is None:
        raise AmbiguityError("A multipart has no boundary: name one.", part=part)
    value = boundary.value
    is_odd = (
        boundary.is_spaced
        or value != boundary.literal
        or not _BOUNDARY.fullmatch(value)
        or value.startswith(" ")
        or _ENCODED.search(value)
        or not (boundary.is_quoted or _BARE_BOUNDARY.fullmatch(value))
    )
    if is_odd:
        raise AmbiguityError(
            "The boundary is not 1 to 70 letters, digits and the marks of RFC 2046: use a plain one.",
            part=part,
        )
    return value


def _charset(parameter: Parameter | None, media_type: str, part: str) -> str | None:
    if parameter is None or not media_type.startswith("text/") or not parameter.value.strip():
        return None
    name = canonical_charset(parameter.value)
    if name is None:
        # UTF-7 hides markup from whoever reads it as ASCII (case M24).
        raise AmbiguityError("The charset is not one that is taken: use utf-8.", part=part)
    return name


def _encoding(body: str | None, media_type: str, part: str) -> str:
    encoding = "7bit" if body is None else body.lower()
    if encoding not in ENCODINGS:
        raise AmbiguityError(
            "The Content-Transfer-Encoding is none of 7bit, 8bit, binary, quoted-printable, base64: use one of them.",
            part=part,
        )
    if media_type.startswith(("multipart/", "message/")) and encoding in {"quoted-printable", "base64"}:
        raise AmbiguityError(
            "A multipart or attached message has a Content-Transfer-Encoding other than 7bit, 8bit or binary: "
            "encode the parts inside it instead.",
            part=part,
        )
    return encoding


def _disposition(value: str, notes: Notes, part: str) -> str | None:
    disposition = value.lower()
    if disposition in {"inline", "attachment"}:
        return disposition
    if disposition and not TOKEN.fullmatch(disposition):
        raise AmbiguityError("The Content-Disposition is neither inline nor attachment: use one.", part=part)
    if disposition:
        notes.add("unknown Content-Disposition dropped", part)
    return None


def _filenames(content_type: Value, disposition: Value, notes: Notes, part: str) -> tuple[str, ...]:
    extended = [
        parameter
        for value, name in ((disposition, "filename"), (content_type, "name"))
        for parameter in sorted(value.parameters, key=lambda p: not p.is_extended)
        if parameter.name == name
    ]
    return read_filenames(extended, notes, part)


def _content_id(body: str, notes: Notes, part: str) -> str | None:
    if not body:
        return None
    value = body.removeprefix("<").removesuffix(">")
    if not CONTENT_ID.fullmatch(value) or len(value) > MAX_ID_OCTETS:
        notes.add("unreadable Content-ID dropped", part)
        return None
    return value
