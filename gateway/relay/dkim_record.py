"""The DNS record of a DKIM key: how it is written, and what is wrong with one that was found.

*Not here:* asking DNS (``published``).
*Source:* RFC 6376 section 3.6.1, RFC 8463 section 4, RFC 1035 section 3.3.14 and 5.1 (zone files).
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from gateway.relay.dkim import SigningKey

MAX_STRING_OCTETS = 255
"""Octets of one string of a TXT record; longer texts are several strings, which readers join (RFC 6376 3.6.2.2)."""

_TAG = re.compile(r"\s*([A-Za-z][A-Za-z0-9_]*)\s*=\s*(.*?)\s*", re.DOTALL)
_BLANKS = re.compile(r"\s+")


def record_name(key: SigningKey, domain: str) -> str:
    """Where the record of a key belongs, without the root's dot."""
    return f"{key.selector}._domainkey.{domain}"


def record_text(key: SigningKey) -> str:
    """The record of a key, in one piece."""
    return f"v=DKIM1; k={key.algorithm}; p={_public(key)}"


def zone_lines(key: SigningKey, domain: str) -> str:
    """The record as a zone file has it, its text cut into strings."""
    text = record_text(key)
    strings = [f'    "{text[at : at + MAX_STRING_OCTETS]}"' for at in range(0, len(text), MAX_STRING_OCTETS)]
    return "\n".join([f"{record_name(key, domain)}. 3600 IN TXT (", *strings, ")"])


def faults(texts: Sequence[str], key: SigningKey) -> list[str]:
    """What is wrong with the records at the name of a key.

    Args:
        texts: Each record's strings, joined.
        key: What the record should be of.

    Returns:
        Faults with their mend; empty where verifiers find the key.
    """
    if not texts:
        return ["there is no record; publish the one below"]
    if len(texts) > 1:
        return [f"there are {len(texts)} records, and verifiers may take any of them; leave one"]
    text = texts[0]
    if text.startswith(('"', "\\")) or "\\;" in text:
        return [
            "the quotes or backslashes of a zone file stand in the record itself; enter its text without them"
        ]
    tags = _tags(text)
    if tags is None:
        return ['the record is no list of "tag=value;"; enter its text as below, on one line']
    return list(_faults_of_tags(tags, key, text))


def _faults_of_tags(tags: Mapping[str, str], key: SigningKey, text: str) -> Iterator[str]:
    version = tags.get("v", "DKIM1")
    if version != "DKIM1" or ("v" in tags and next(iter(tags)) != "v"):
        yield "v= has to be DKIM1 and to come first"
    if tags.get("k", "rsa") != key.algorithm:
        yield f"k= is {tags.get('k', 'rsa')}, but this is the name of the {key.algorithm} key"
    if "sha256" not in _values(tags.get("h", "sha256")):
        yield "h= does not allow sha256; leave h= out"
    if not _values(tags.get("s", "*")) & {"*", "email"}:
        yield "s= does not allow email; leave s= out"
    if "y" in _values(tags.get("t", "")):
        yield "t=y says that the domain only tests, so verifiers may pass over the signature; leave t= out"
    yield from _faults_of_public(tags.get("p"), key, is_long=len(text) >= MAX_STRING_OCTETS)


def _faults_of_public(found: str | None, key: SigningKey, *, is_long: bool) -> Iterator[str]:
    wanted = _public(key)
    if found is None:
        yield "p= is missing; publish the record below"
        return
    public = _BLANKS.sub("", found)
    if not public:
        yield "p= is empty: the key is revoked; publish the record below, or retire the selector"
    elif public == wanted or _same_key(public, key):
        return
    elif wanted.startswith(public):
        cut = "after 255 characters, the first string; " if is_long else ""
        yield f"p= is cut off after {len(public)} of {len(wanted)} characters; {cut}publish all strings of the record"
    else:
        yield "p= is the public half of another key; publish the record below"


def _same_key(public: str, key: SigningKey) -> bool:
    """RSA keys are published in two forms: SubjectPublicKeyInfo, and PKCS #1 without it (RFC 6376 section 3.6.1)."""
    try:
        found = load_der_public_key(b64decode(public, validate=True))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False
    theirs = key.private.public_key()
    return isinstance(found, RSAPublicKey) and isinstance(theirs, RSAPublicKey) and found == theirs


def _public(key: SigningKey) -> str:
    public = key.private.public_key()
    if isinstance(public, RSAPublicKey):
        octets = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    else:
        octets = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return b64encode(octets).decode("ascii")


def _tags(text: str) -> dict[str, str] | None:
    """The tags of a record in order, ``None`` where it is no tag list (RFC 6376 section 3.2)."""
    found: dict[str, str] = {}
    for each in text.rstrip().removesuffix(";").split(";"):
        tag = _TAG.fullmatch(each)
        if tag is None or tag[1] in found:
            return None
        found[tag[1]] = tag[2]
    return found


def _values(text: str) -> set[str]:
    return {each.strip() for each in text.split(":")}
