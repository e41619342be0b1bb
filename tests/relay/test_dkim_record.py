"""The DNS record of a key, and what is found wrong with one."""

import re
from base64 import b64encode

import dns.rrset
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.relay.dkim import SigningKey
from gateway.relay.dkim_record import faults, record_name, record_text, zone_lines

PRIVATE = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
RSA = SigningKey(selector="gw1-rsa", private=PRIVATE)
ED = SigningKey(selector="gw1-ed25519", private=Ed25519PrivateKey.generate())
OTHER = SigningKey(
    selector="gw1-rsa", private=rsa.generate_private_key(public_exponent=65_537, key_size=2048)
)
P = record_text(RSA).partition("p=")[2]
PKCS1 = b64encode(PRIVATE.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)).decode()


@pytest.mark.parametrize("key", [RSA, ED], ids=["rsa", "ed25519"])
def test_zone_lines(key):
    """A zone file reader finds one TXT record, its strings at most 255 octets, and joined they are the record."""
    text = zone_lines(key, "seller.example")
    owner, ttl, _, kind, rest = re.sub(r"[()\n]", " ", text).split(None, 4)
    record = dns.rrset.from_text(owner, int(ttl), "IN", kind, rest)[0]
    assert owner == f"{record_name(key, 'seller.example')}."
    assert max(map(len, record.strings)) <= 255
    assert b"".join(record.strings).decode() == record_text(key)
    assert max(map(len, text.splitlines())) < 300


def test_record_of_an_ed25519_key():
    """An Ed25519 key is published as its 32 octets (RFC 8463 section 4)."""
    raw = ED.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    assert record_text(ED) == f"v=DKIM1; k=ed25519; p={b64encode(raw).decode()}"


GOOD = {
    "as published": record_text(RSA),
    "without v and k": f"p={P}",
    "with semicolon at the end": f"v=DKIM1; k=rsa; p={P};",
    "with blanks in it": f" v = DKIM1 ;k=rsa;p={P[:80]} {P[80:]} ",
    "with what is harmless": f"v=DKIM1; h=sha1:sha256; k=rsa; n=made by us; s=email; t=s; x=y; p={P}",
    "in the older form": f"v=DKIM1; k=rsa; p={PKCS1}",
}


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_good_records(text):
    """However it is written, a record that leads verifiers to the key is good."""
    assert faults([text], RSA) == []


BAD = {
    "none": ([], "there is no record"),
    "two": ([record_text(RSA), record_text(RSA)], "there are 2 records"),
    "another key": ([record_text(OTHER)], "another key"),
    "revoked": (["v=DKIM1; k=rsa; p="], "p= is empty: the key is revoked"),
    "no key": (["v=DKIM1; k=rsa"], "p= is missing"),
    "wrong kind": ([record_text(ED)], "k= is ed25519, but this is the name of the rsa key"),
    "not base64": (["v=DKIM1; k=rsa; p=!!!!"], "another key"),
    "another program's record": (["v=spf1 -all"], "v= has to be DKIM1"),
    "v in the wrong place": ([f"k=rsa; v=DKIM1; p={P}"], "v= has to be DKIM1 and to come first"),
    "cut off by the panel": (
        [record_text(RSA)[:255]],
        "p= is cut off after 237 of 392 characters; after 255",
    ),
    "cut off elsewhere": ([record_text(RSA)[:100]], "p= is cut off after 82 of 392 characters; publish"),
    "sha1 only": ([f"v=DKIM1; h=sha1; k=rsa; p={P}"], "h= does not allow sha256"),
    "for another service": ([f"v=DKIM1; s=web; k=rsa; p={P}"], "s= does not allow email"),
    "testing": ([f"v=DKIM1; t=y:s; k=rsa; p={P}"], "t=y says that the domain only tests"),
    "quotes in it": ([f'"{record_text(RSA)}"'], "quotes or backslashes"),
    "backslashes in it": ([record_text(RSA).replace(";", "\\;")], "quotes or backslashes"),
    "no tags": (["hello"], "is no list"),
    "a tag twice": ([f"v=DKIM1; p=; p={P}"], "is no list"),
    "empty": ([""], "is no list"),
}


@pytest.mark.parametrize("texts, words", BAD.values(), ids=BAD)
def test_faults(texts, words):
    """Each fault is named, with its mend."""
    assert any(words in fault for fault in faults(texts, RSA)), faults(texts, RSA)


def test_a_record_of_the_wrong_kind_at_the_name_of_an_ed25519_key():
    """k= defaults to rsa, so that an Ed25519 key without it is not found."""
    assert faults([record_text(ED).replace("k=ed25519; ", "")], ED) == [
        "k= is rsa, but this is the name of the ed25519 key"
    ]
    assert any("another key" in fault for fault in faults([record_text(RSA)], ED))
