"""Where links lead."""

import pytest

from gateway.rules.hosts import MAX_LINK, MAX_NESTED, Allowed, Standing, redacted

ALLOWED = Allowed.of(
    ("amazon.com", "Amazon.DE."),
    (
        "upload.shop.example",
        "https://shop.example/design",
        "https://shop.example/track?v=1",
        "no host at all:",
    ),
)

FINE = [
    "#section.2",
    "cid:logo@evil.com",
    "https://www.amazon.com/s?k=node.js&u=amazon.com&v=1.5.de",
    "https://amazon.com",
    "https://www.amazon.de/gp/css/order",
    "https://WWW.AMAZON.DE:443/",
    "https://www.amazon.de./x",
    "https://www.amazon.de/dp/B0//ref=sr_1",
    "https://www.amazon.de/r?u=https%3A%2F%2Fsellercentral.amazon.com%2Fx",
    "https://www.amazon.de/httpdocs/http",
    "https://www.amazon.de/a////b//",
    "https://upload.shop.example/x",
    "https://shop.example/design",
    "https://shop.example/design/7?a=1",
    "https://shop.example/track?v=1",
    "#top",
    "",
    " ",
    "cid:logo@x",
]
INSECURE = ["http://www.amazon.de/", "http://amazon.com:80/x", "//amazon.de/x"]
EXTERNAL = {
    "other host": "https://evil.example/",
    "own name in front": "https://amazon.com.evil.example/",
    "own name behind": "https://evil.example/#amazon.com",
    "own name in the path": "https://evil.example/amazon.com",
    "own name as user": "https://amazon.com@evil.example",
    "user at own host": "https://evil.example@amazon.com/",
    "glued to own name": "https://evilamazon.com",
    "odd port": "https://amazon.com:8443/",
    "backslash": "//evil.example\\@amazon.com",
    "backslash behind the own host": "https://amazon.com\\@evil.example",
    "domain in the query": "https://amazon.com/r?u=evil.com",
    "domain in the path": "https://amazon.com/r/www.evil.shop",
    "domain in the fragment": "https://amazon.com/#evil.com",
    "encoded domain in the query": "https://amazon.com/r?u=%65vil%2ecom",
    "domain as an anchor": "#evil.com",
    "no slashes": "https:evil.example",
    "relative": "orders/1",
    "relative to the host": "/orders/1",
    "mail": "mailto:shop@shop.example",
    "phone": "tel:+49301234567",
    "app": "whatsapp://send?phone=1",
    "other scheme at own host": "ftp://amazon.com/x",
    "data": "data:text/html,x",
    "address in a parameter": "https://www.amazon.com/gp/r.html?u=https://evil.example",
    "address in a parameter, encoded": "https://www.amazon.com/r?u=https%3A%2F%2Fevil.example",
    "address in a parameter, encoded twice": "https://www.amazon.com/r?u=https%253A%252F%252Fevil.example",
    "address in the path": "https://www.amazon.com/redirect/https://evil.example/",
    "address in the fragment": "https://www.amazon.com/#!https://evil.example/",
    "address without a scheme": "https://www.amazon.com/r?u=//evil.example",
    "address of backslashes": "https://www.amazon.com/r?u=\\\\evil.example",
    "address behind an own one": "https://www.amazon.com/r?u=https://amazon.com/&v=https://evil.example",
    "numeric address": "https://www.amazon.com/r?u=http://2130706433/",
    "IPv6 address": "https://www.amazon.com/r?u=http://[2001:db8::1]/",
    "many addresses": "https://www.amazon.com/r?u=" + "//a&" * (MAX_NESTED + 1),
    "too long": "https://www.amazon.com/" + "x" * MAX_LINK,
    "beside the prefix": "https://shop.example/designer",
    "out of the prefix": "https://shop.example/design/../promo",
    "out of the prefix, encoded": "https://shop.example/design/%2e%2e/promo",
    "other query": "https://shop.example/track?v=2",
    "above the prefix": "https://shop.example/",
    "other part of a host": "https://x.shop.example/design",
}


@pytest.mark.parametrize("link", FINE)
def test_fine(link):
    """The marketplace's pages, the seller's registered links and places in the mail are fine."""
    assert ALLOWED.standing(link) is Standing.FINE


@pytest.mark.parametrize("link", INSECURE)
def test_insecure(link):
    """Allowed places without https are insecure."""
    assert ALLOWED.standing(link) is Standing.INSECURE


@pytest.mark.parametrize("link", EXTERNAL.values(), ids=EXTERNAL)
def test_external(link):
    """Every other place is external, however it is dressed up."""
    assert ALLOWED.standing(link) is Standing.EXTERNAL


@pytest.mark.parametrize(
    "link, expected",
    [
        ("https://shop.example/u/4711?t=secret", "https://shop.example/…"),
        ("https://shop.example", "https://shop.example"),
        ("//shop.example/x", "//shop.example/…"),
        ("mailto:a@b.example", "mailto:…"),
        ("orders/1", "relative link"),
    ],
)
def test_redacted(link, expected):
    """Evidence names the host and keeps the rest to itself."""
    assert expected == redacted(link)
