"""Tests of gateway/detect/addresses.py."""

import pytest

from gateway.detect.contacts import find_addresses
from gateway.detect.fold import fold


def _found(text: str) -> list[str]:
    return [span.text for span in find_addresses(fold(text))]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("info@shop.com", "info@shop.com"),
        ("Write to Info@Shop.DE.", "Info@shop.de"),
        ("<info@shop.co.uk>", "info@shop.co.uk"),
        ("mailto:info@shop.com", "info@shop.com"),
        ("x9f2a@marketplace.amazon.de", "x9f2a@marketplace.amazon.de"),
        ("o'neil+tag@shop.com", "o'neil+tag@shop.com"),
        ("info@shop.com.Bitte", "info@shop.com"),
        ("anna.miller@harbour-tea.example", "anna.miller@harbour-tea.example"),
        ("info＠shop.com", "info@shop.com"),
        ("info﹫shop．com", "info@shop.com"),
        ("in\u200bfo@sh\u00adop.com", "info@shop.com"),
        ("infо@shоp.cоm", "info@shop.com"),
        ("info @ shop.com", "info@shop.com"),
        ("info(at)shop.com", "info@shop.com"),
        ("info (at) shop (dot) com", "info@shop.com"),
        ("info[at]shop[dot]com", "info@shop.com"),
        ("info {at} shop {punkt} de", "info@shop.de"),
        ("info at shop dot com", "info@shop.com"),
        ("info AT shop DOT co DOT uk", "info@shop.co.uk"),
        ("info ät shop punkt de", "info@shop.de"),
        ("info arroba tienda punto es", "info@tienda.es"),
        ("info&#64;shop.com", "info@shop.com"),
        ("info&#x40;shop&#46;com", "info@shop.com"),
        ("info&commat;shop.com", "info@shop.com"),
        ("info%40shop.com", "info@shop.com"),
        ("i n f o @ s h o p . c o m", "info@shop.com"),
        ('"john doe"@shop.com', '"johndoe"@shop.com'),
        ("info@[192.0.2.1]", "info@[192.0.2.1]"),
        ("info@münchen.de", "info@münchen.de"),
        ("info@xn--mnchen-3ya.de", "info@xn--mnchen-3ya.de"),
        ("почта@пример.рф", "почта@пример.рф"),
        ("メールはinfo@shop.comまで", "info@shop.com"),
        ("me at gmail", "me@gmail"),
        ("shopname@gmx", "shopname@gmx"),
        ("shop(at)yahoo", "shop@yahoo"),
    ],
)
def test_hits(text, address):
    """An address is found in every common disguise, and told in plain spelling."""
    assert _found(text) == [address]


@pytest.mark.parametrize(
    "text",
    [
        *("@ 10:00", "3 @ 5 EUR", "5 pcs @ 3.50", "@media print", "@import url(x.css)", "@shop", "follow @myshop"),
        *("user@localhost", "a@b", "@", "foo@", "@@@", "...@shop.com", "C@t", "ratio 3@4.5", "anna @ harbour.example", "x@y.z", "meet @ noon.Then"),
        *("https://user@host.com/", "https://medium.com/@user.name", "//user@shop.com"),
        *("look at shop.com", "meet at 10.30", "me at home", "look at the dot com bubble", "available at store dot it"),
        *("I am at work. Dot the i.", "at dot", "look at yahoos", "arrived at 5 point", "good at math. Com"),
    ],
)  # fmt: skip
def test_near_misses(text):
    """Prices, times, style sheets, handles, URLs and sentences with an "at" hold no address."""
    assert _found(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mail info (at) shop (dot) com now", "info (at) shop (dot) com"),
        ("メールはinfo@shop.comまで", "info@shop.com"),
        ("info@shop.com.Bitte", "info@shop.com"),
        ("i n f o @ s h o p . c o m now", "i n f o @ s h o p . c o m"),
    ],
)
def test_spans(text, expected):
    """A span covers the address as written, and no word beside it."""
    folded = fold(text)
    (span,) = find_addresses(folded)
    assert folded.text[span.start : span.end] == expected


def test_several():
    """Addresses side by side are told apart, in order."""
    assert _found("a@shop.de, b@shop.de;c (at) shop.de") == ["a@shop.de", "b@shop.de", "c@shop.de"]


def test_overlapping_readings_are_one():
    """What two patterns see is told once."""
    assert _found("shop@gmail.com") == ["shop@gmail.com"]
