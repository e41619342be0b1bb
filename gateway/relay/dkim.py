"""DKIM signatures over a mail as it goes out.

House rules: pure; the same mail, keys and time give the same signatures (RSA with PKCS #1 v1.5 and Ed25519 draw no
random numbers). Every listed field is signed once more than it stands there, so that nobody on the way can put a
second one before it that a reader would show instead. No ``l=``: what is appended to a body must break it.
Not here: where keys lie (``keys``), which mail is signed (``signer``), what DNS says (``published``).
Source: RFC 6376, RFC 8301 (rsa-sha256 alone), RFC 8463 (ed25519-sha256; both signatures where both keys are).
"""

import hashlib
import re
from base64 import b64encode
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple, TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from gateway.mail.address import author
from gateway.mail.errors import AmbiguityError

Algorithm: TypeAlias = Literal["rsa", "ed25519"]

SIGNED_FIELDS = (
    *("From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References"),
    *("MIME-Version", "Content-Type", "Content-Transfer-Encoding"),
)
"""All that composing writes; a field that is absent is signed as absent (RFC 6376 section 5.4.2)."""

PIECE_OCTETS = 262_144
"""Octets of a body canonicalised and hashed at a time: what holds the interpreter must be done in a millisecond."""

MAX_LINE = 76
"""Characters header lines aim at; a name in DNS is the longest thing that cannot be broken, and far below 998."""

_FIELD_END = re.compile(rb"\r\n(?![ \t])")
_BLANKS = re.compile(rb"[ \t]+")
_PREFIX = b"DKIM-Signature:"


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """One private key and the name its public half has in DNS.

    Attributes:
        selector: ``s=``: the record is at ``<selector>._domainkey.<domain>``.
        private: Shown by neither ``str`` nor ``repr``.
    """

    selector: str
    private: RSAPrivateKey | Ed25519PrivateKey = field(repr=False)

    @property
    def algorithm(self) -> Algorithm:
        """``k=`` of its record."""
        return "rsa" if isinstance(self.private, RSAPrivateKey) else "ed25519"

    def sign(self, signed: bytes) -> bytes:
        """The signature over canonical octets."""
        if isinstance(self.private, RSAPrivateKey):
            return self.private.sign(signed, PKCS1v15(), SHA256())
        return self.private.sign(hashlib.sha256(signed).digest())  # RFC 8463 section 3: over the hash


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainKeys:
    """What the mail of one domain is signed with.

    Attributes:
        domain: ``d=``, A-labels.
        keys: One per algorithm, RSA first; never empty.
    """

    domain: str
    keys: tuple[SigningKey, ...]


class _Field(NamedTuple):
    """One header field.

    Attributes:
        name: Lower case.
        octets: As written, without the last line end.
    """

    name: bytes
    octets: bytes


def author_domain(octets: bytes) -> str | None:
    """The domain of the From field (A-labels): the one that DMARC wants a signature to be of.

    Args:
        octets: A mail, CRLF line ends.

    Returns:
        ``None`` where there is not exactly one From field with exactly one address: nobody can answer for it.
    """
    bodies = [each.octets.partition(b":")[2] for each in _fields(octets) if each.name == b"from"]
    if len(bodies) != 1:
        return None
    try:
        address = author(bodies[0].replace(b"\r\n", b"").decode("utf-8", "replace")).address
    except AmbiguityError:
        return None
    return address.domain if address is not None else None


def signatures(octets: bytes, keys: DomainKeys, now: datetime) -> bytes:
    """The DKIM-Signature fields to be put before a mail, one per key.

    Args:
        octets: A mail, every line ended by CRLF.
        keys: Of the domain of its From field.
        now: For ``t=``.
    """
    fields = _fields(octets)
    names = _signed_names(fields)
    headers = b"".join(_relaxed(each) + b"\r\n" for each in _signed(fields, names))
    body_hash = b64encode(_body_hash(octets, _body_start(octets))).decode("ascii")
    made = []
    for key in keys.keys:
        unsigned = _field_of_tags(key, keys.domain, names, body_hash, now)
        signature = key.sign(headers + _relaxed(_Field(b"dkim-signature", unsigned)))
        made.append(unsigned + _folded(b64encode(signature).decode("ascii")) + b"\r\n")
    return b"".join(made)


def _body_start(octets: bytes) -> int:
    end = octets.find(b"\r\n\r\n")
    return len(octets) if end < 0 else end + 4


def _fields(octets: bytes) -> list[_Field]:
    section = octets[: _body_start(octets)].removesuffix(b"\r\n").removesuffix(b"\r\n")
    split = [(each.partition(b":")[0].rstrip(b" \t").lower(), each) for each in _FIELD_END.split(section)]
    return [_Field(*each) for each in split if b":" in each[1]]


def _signed_names(fields: Sequence[_Field]) -> list[str]:
    there = Counter(each.name for each in fields)
    return [name for name in SIGNED_FIELDS for _ in range(there[name.lower().encode("ascii")] + 1)]


def _signed(fields: Sequence[_Field], names: Sequence[str]) -> Iterator[_Field]:
    """The fields that ``h=`` names: of several of one name, the lowest comes first (RFC 6376 section 5.4.2)."""
    waiting: defaultdict[bytes, list[_Field]] = defaultdict(list)
    for each in fields:
        waiting[each.name].append(each)
    for name in names:
        if of_name := waiting[name.lower().encode("ascii")]:
            yield of_name.pop()


def _relaxed(each: _Field) -> bytes:
    """RFC 6376 section 3.4.2, without the line end."""
    body = each.octets.partition(b":")[2].replace(b"\r\n", b"")
    return each.name + b":" + _BLANKS.sub(b" ", body).strip(b" ")


def _body_hash(octets: bytes, start: int) -> bytes:
    """SHA-256 of the relaxed body (RFC 6376 section 3.4.4)."""
    digest = hashlib.sha256()
    line_ends = 0  # not hashed yet: those at the very end do not count, however many
    is_empty = True
    while start < len(octets):
        end = octets.find(b"\r\n", start + PIECE_OCTETS)
        end = len(octets) if end < 0 else end + 2
        lines = _relaxed_lines(octets[start:end])
        text = lines.rstrip(b"\r\n")
        if text:
            digest.update(b"\r\n" * line_ends + text)
            line_ends, is_empty = 0, False
        line_ends += (len(lines) - len(text)) // 2
        start = end
    if not is_empty:
        digest.update(b"\r\n")
    return digest.digest()


def _relaxed_lines(lines: bytes) -> bytes:
    lines = lines.replace(b"\t", b" ")
    while b"  " in lines:  # halves every run: four times as fast as a pattern, and linear too
        lines = lines.replace(b"  ", b" ")
    return lines.replace(b" \r\n", b"\r\n")


def _field_of_tags(
    key: SigningKey, domain: str, names: Sequence[str], body_hash: str, now: datetime
) -> bytes:
    """The field up to the value of ``b=``, folded."""
    pieces = [
        *(" v=1;", f" a={key.algorithm}-sha256;", " c=relaxed/relaxed;"),
        *(f" d={domain};", f" s={key.selector};", f" t={int(now.timestamp())};"),
        *(f"{'' if index else ' h='}{name}:" for index, name in enumerate(names[:-1])),
        *(f"{names[-1]};", f" bh={body_hash};", " b="),
    ]
    field_lines, line = [], _PREFIX.decode("ascii")
    for piece in pieces:
        if len(line) + len(piece) > MAX_LINE:
            field_lines.append(line)
            line = piece if piece.startswith(" ") else f" {piece}"
        else:
            line += piece
    return "\r\n".join([*field_lines, line]).encode("ascii")


def _folded(signature: str) -> bytes:
    """Base64 on lines of its own; blanks in it mean nothing (RFC 6376 section 3.2)."""
    cuts = range(0, len(signature), MAX_LINE - 1)
    return "".join(f"\r\n {signature[at : at + MAX_LINE - 1]}" for at in cuts).encode("ascii")
