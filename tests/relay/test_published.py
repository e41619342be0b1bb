"""TXT look-ups against a DNS server on loopback."""

import dns.rcode
import dns.resolver
import pytest

from gateway.relay import published
from gateway.relay.published import NoAnswerError, texts

NAME = "gw1-rsa._domainkey.seller.example"

FOUND = {
    "one": (['"v=DKIM1; p=a"'], ["v=DKIM1; p=a"]),
    "strings are joined without a blank": ([f'"{"a" * 255}" "b"'], ["a" * 255 + "b"]),
    "two records": (['"a"', '"b"'], ["a", "b"]),
    "not ASCII": ([r'"p=\255\254"'], ["p=\ufffd\ufffd"]),
    "longer than a UDP answer of old": ([" ".join([f'"{"c" * 250}"'] * 4)], ["c" * 1000]),
    "other records only": ([], []),
}


@pytest.mark.parametrize("records, expected", FOUND.values(), ids=FOUND)
def test_found(txt_zone, records, expected):
    """Each record is one text, in whatever strings it is stored."""
    txt_zone.records[NAME] = records
    assert sorted(texts(NAME)) == expected


def test_no_such_name(txt_zone):
    """A name that is not there has no record, and no search list is tried."""
    assert texts(NAME) == []
    assert txt_zone.asked == [NAME]


@pytest.mark.parametrize("answer", [dns.rcode.SERVFAIL, dns.rcode.REFUSED, "SILENT"], ids=str)
def test_dns_that_does_not_say(txt_zone, monkeypatch, answer):
    """A DNS that fails, refuses or is silent is told apart from a record that is not there."""
    monkeypatch.setattr(published, "LOOKUP_SECONDS", 0.3)
    txt_zone.records[NAME] = answer
    with pytest.raises(NoAnswerError) as caught:
        texts(NAME)
    assert caught.value.sentence.startswith(f"{NAME}: no answer from DNS (")


def test_no_dns_configured(monkeypatch):
    """A machine whose resolver cannot be set up has no answer either."""

    def fail():
        raise dns.resolver.NoResolverConfiguration

    monkeypatch.setattr(dns.resolver, "Resolver", fail)
    with pytest.raises(NoAnswerError, match="NoResolverConfiguration"):
        texts(NAME)
