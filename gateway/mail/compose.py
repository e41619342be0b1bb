"""A mail written anew from its parts.

House rules: nothing of the received octets is copied; CRLF only; 7-bit, but for an address that only SMTPUTF8 can
carry; lines of at most 998 octets; header fields from one short list; the same message gives the same octets, and
what is read back from them is what was written. Text leaves as UTF-8, attachments as the octets they are.
Not here: which parts and words go (``filter.py``), how a body is encoded (``encode``).
Limits: a multipart with one child is that child, one with none is nothing, a mail with nothing is an empty text.
Source: RFC 5322, RFC 2045, RFC 2046, RFC 2183, RFC 2387.
"""

import hashlib
import re
from typing import Final, NamedTuple

from gateway.mail.address import mailboxes
from gateway.mail.declared import CONTENT_ID
from gateway.mail.encode import (
    Body,
    encode_base64,
    encode_text,
    field_of_mailboxes,
    field_of_pieces,
    field_of_text,
    filename_parameters,
    is_plain_body,
    parameter,
)
from gateway.mail.fields import canonical_date, message_ids
from gateway.mail.message import HeaderField, Message, Part
from gateway.mail.tree import simplified

EMITTED_FIELDS: Final = ("From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References")
"""In the order of writing. MIME-Version and Content-* are made here; nothing else leaves (case M33)."""

MEDIA_TYPE: Final = re.compile(r"[!#$&^_.+0-9A-Za-z-]{1,127}/[!#$&^_.+0-9A-Za-z-]{1,127}")

_PARAMETERS: Final = frozenset(
    {("format", "flowed"), ("format", "fixed"), ("delsp", "yes"), ("delsp", "no")},
)
"""How a plain text is to be wrapped (RFC 3676); other parameters could carry words past the rules."""
_CHARSET: Final = re.compile(r"[a-z0-9_-]{1,40}")


class _Entity(NamedTuple):
    """One part as octets.

    Attributes:
        header: MIME fields, each with its CRLF.
        body: Ends without CRLF only where a delimiter will follow.
    """

    header: bytes
    body: bytes


def compose(message: Message) -> bytes:
    """The octets of a mail, CRLF line ends.

    Args:
        message: As read by ``parse``, parts dropped and texts replaced at will. Part numbers do not matter.
    """
    root = simplified(message.root)
    entity = _entity(root, is_whole_body=True)
    fields = b"".join(_field(name, message.field(name)) for name in EMITTED_FIELDS)
    return fields + b"MIME-Version: 1.0\r\n" + entity.header + b"\r\n" + entity.body


def _field(name: str, field: HeaderField | None) -> bytes:
    if field is None:
        return b""
    if name in {"From", "To"}:
        return field_of_mailboxes(name, mailboxes(field.body))
    if name == "Subject":
        return field_of_text(name, field.text)
    if name == "Date":
        date = canonical_date(field.body)
        return field_of_pieces(name, [date]) if date else b""
    ids = message_ids(field.body)[: 1 if name == "Message-ID" else None]
    return field_of_pieces(name, ids) if ids else b""


def _entity(part: Part, *, is_whole_body: bool) -> _Entity:
    return _multipart(part) if part.is_multipart else _leaf(part, is_whole_body=is_whole_body)


def _multipart(part: Part) -> _Entity:
    entities = [_entity(child, is_whole_body=False) for child in part.children]
    octets = [entity.header + b"\r\n" + entity.body for entity in entities]
    boundary = _boundary(octets)
    delimiter = b"--" + boundary.encode("ascii")
    body = b"".join(delimiter + b"\r\n" + child + b"\r\n" for child in octets) + delimiter + b"--\r\n"
    parameters = [*_related_parameters(part), parameter("boundary", boundary)]
    return _Entity(_fields_of(part, part.media_type, parameters), body)


def _boundary(parts: list[bytes]) -> str:
    """A boundary that is made of the content and does not stand in it."""
    digest = hashlib.sha256()
    for octets in parts:
        digest.update(octets)
    boundary = f"=_{digest.hexdigest()[:40]}"
    while any(boundary.encode("ascii") in octets for octets in parts):
        digest.update(b"-")
        boundary = f"=_{digest.hexdigest()[:40]}"
    return boundary


def _related_parameters(part: Part) -> list[str]:
    """``type`` and, where the root is not the first part, ``start`` of a multipart/related (RFC 2387)."""
    if part.media_type != "multipart/related":
        return []
    start = dict(part.parameters).get("start", "").removeprefix("<").removesuffix(">")
    named = next((child for child in part.children if start and child.content_id == start), part.children[0])
    found = [parameter("type", _media_type(named))]
    if named is not part.children[0]:
        found.append(parameter("start", f"<{start}>"))
    return found


def _leaf(part: Part, *, is_whole_body: bool) -> _Entity:
    media_type = _media_type(part)
    if part.text is not None:
        text = part.text.replace("\r\n", "\n").replace("\r", "\n")
        body = encode_text(text, is_whole_body=is_whole_body)
        parameters = [parameter("charset", "us-ascii" if text.isascii() else "utf-8")]
        parameters += [
            f"{name}={value}" for name, value in part.parameters if (name, value.lower()) in _PARAMETERS
        ]
    else:
        media_type, body = _content(part, media_type, is_whole_body=is_whole_body)
        parameters = [
            f"{name}={value}"
            for name, value in part.parameters
            if name == "charset" and _CHARSET.fullmatch(value)
        ]
    fields = _fields_of(part, media_type, parameters)
    return _Entity(fields + b"Content-Transfer-Encoding: " + body.encoding.encode() + b"\r\n", body.octets)


def _content(part: Part, media_type: str, *, is_whole_body: bool) -> tuple[str, Body]:
    """Media type and body of a leaf that is kept octet for octet."""
    content = part.content
    if media_type.startswith("message/"):
        # RFC 2046 section 5.2 forbids base64 here, and readers disagree on whether to undo it (case M16).
        if is_plain_body(content) and (content.endswith(b"\r\n") or not is_whole_body):
            return media_type, Body("7bit", content)
        media_type = "application/octet-stream"
    encoded = encode_base64(content)
    return media_type, Body("base64", encoded if is_whole_body else encoded.removesuffix(b"\r\n"))


def _media_type(part: Part) -> str:
    return part.media_type if MEDIA_TYPE.fullmatch(part.media_type) else "application/octet-stream"


def _fields_of(part: Part, media_type: str, parameters: list[str]) -> bytes:
    """Content-Type, and what else is said of a part, its transfer encoding excepted."""
    fields = field_of_pieces("Content-Type", _with_semicolons([media_type, *parameters]))
    disposition = part.disposition
    if part.filenames and disposition is None:
        disposition = "inline" if part.text is not None or part.content_id else "attachment"
    if disposition in {"inline", "attachment"}:
        names = filename_parameters(part.filenames[0]) if part.filenames else []
        fields += field_of_pieces("Content-Disposition", _with_semicolons([disposition, *names]))
    if part.content_id and CONTENT_ID.fullmatch(part.content_id):
        fields += field_of_pieces("Content-ID", [f"<{part.content_id}>"])
    if part.description:
        fields += field_of_text("Content-Description", part.description)
    return fields


def _with_semicolons(pieces: list[str]) -> list[str]:
    return [*(f"{piece};" for piece in pieces[:-1]), pieces[-1]]
