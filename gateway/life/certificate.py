"""When the certificate that clients are shown expires: an operator wants to know two weeks before they do.

The standard library tells the dates of a peer's certificate and not of our own, so they are read from its DER, of
which only the way to them is understood.
Not here: what is shown (``smtp/tls``).
Source: RFC 5280 section 4.1, ITU-T X.690 (DER).
"""

import re
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)

_VERSION = 0xA0
"""Tag of the version, which may be missing; serial, algorithm, issuer and validity follow."""

_UTC_TIME, _GENERALIZED_TIME = 0x17, 0x18
_LONG = 0x80
"""From here on an octet says how many octets of a length follow."""


class _Item(NamedTuple):
    tag: int
    content: bytes


def expires_at(file: Path) -> datetime:
    """The end of validity of the first certificate in a PEM file.

    Raises:
        OSError: It cannot be read.
        ValueError: It holds no certificate that can be understood.
    """
    found = _PEM.search(file.read_text("ascii", "replace"))
    if found is None:
        raise ValueError("no certificate")
    try:
        (certificate,) = _items(ssl.PEM_cert_to_DER_cert(found[0]))
        signed, *_ = _items(certificate.content)
        fields = [each for each in _items(signed.content) if each.tag != _VERSION]
        _, end = _items(fields[3].content)
    except (IndexError, ValueError) as error:
        raise ValueError("no X.509 certificate") from error
    return _time(end)


def _items(der: bytes) -> Iterator[_Item]:
    """The items of a sequence, one after the other."""
    at = 0
    while at < len(der):
        tag, length, at = der[at], der[at + 1], at + 2
        if length >= _LONG:
            octets = length - _LONG
            length, at = int.from_bytes(der[at : at + octets], "big"), at + octets
        if at + length > len(der):
            raise ValueError("cut off")
        yield _Item(tag, der[at : at + length])
        at += length


def _time(item: _Item) -> datetime:
    """``YYMMDDHHMMSSZ`` up to 2049, ``YYYYMMDDHHMMSSZ`` from 2050 on."""
    text = item.content.decode("ascii", "replace")
    if item.tag == _UTC_TIME:
        century = 50  # RFC 5280 section 4.1.2.5.1: from 50 on it is the last one
        text = f"{'19' if int(text[:2]) >= century else '20'}{text}"
    elif item.tag != _GENERALIZED_TIME:
        raise ValueError("no time")
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
