"""URLs are taken apart as a browser takes them apart."""

import pytest

from gateway.html.url import Url, parse_host, parse_url

HOSTS = [
    # What looks like the marketplace and is not (T13).
    ("https://amazon.com@evil.test/", "evil.test"),
    ("https://amazon.com:443@evil.test/", "evil.test"),
    ("https://amazon.com%40evil.test", None),
    ("https://a@b@evil.test", "evil.test"),
    ("https://amazon.com.evil.test/x", "amazon.com.evil.test"),
    ("https://evil.test/#amazon.com", "evil.test"),
    ("https://evil.test#@amazon.com", "evil.test"),
    ("https://evil.test?@amazon.com", "evil.test"),
    ("https://evil.test\\@amazon.com", "evil.test"),
    ("https://evil.test/\\@amazon.com", "evil.test"),
    ("//evil.test\\@amazon.com", "evil.test"),
    ("\\\\evil.test/x", "evil.test"),
    ("/\\evil.test/x", "evil.test"),
    ("//evil.test/x", "evil.test"),
    ("///evil.test/x", "evil.test"),
    ("https:evil.test", "evil.test"),
    ("https:/evil.test", "evil.test"),
    ("https:\\evil.test", "evil.test"),
    ("https:////evil.test//x", "evil.test"),
    ("HTTPS://EVIL.Test", "evil.test"),
    ("ht\ttps://ev\nil.te\rst/", "evil.test"),
    ("\x00\x1f https://evil.test \x01", "evil.test"),
    ("https://evil.test.", "evil.test"),
    ("https://evil.test./x", "evil.test"),
    # Spellings of one host (O09).
    ("https://%65vil%2Etest", "evil.test"),
    ("https://evil%E3%80%82test", "evil.test"),
    ("https://evil\u3002test", "evil.test"),
    ("https://evil\uff0etest", "evil.test"),
    ("https://evil\uff61test", "evil.test"),
    ("https://\uff45\uff56\uff49\uff4c.test", "evil.test"),
    ("https://ev\u00adil.te\u200bst", "evil.test"),
    ("https://\u24d4vil.test", "evil.test"),
    ("https://b\u00fccher.de", "xn--bcher-kva.de"),
    ("https://B\u00dcCHER.de", "xn--bcher-kva.de"),
    ("https://xn--bcher-kva.de", "xn--bcher-kva.de"),
    ("https://fa\u00df.de", "xn--fa-hia.de"),
    ("https://\u0430mazon.com", "xn--mazon-3ve.com"),
    ("https://\u2603.net", "xn--n3h.net"),
    ("https://\u043f\u0440\u0438\u043c\u0435\u0440.\u0440\u0444", "xn--e1afmkfd.xn--p1ai"),
    # IPv4 in every notation.
    ("http://127.0.0.1/", "127.0.0.1"),
    ("http://2130706433/", "127.0.0.1"),
    ("http://0x7f000001/", "127.0.0.1"),
    ("http://0X7F.1/", "127.0.0.1"),
    ("http://017700000001/", "127.0.0.1"),
    ("http://0177.0.0.01/", "127.0.0.1"),
    ("http://127.1/", "127.0.0.1"),
    ("http://127.0.1/", "127.0.0.1"),
    ("http://127.0.0.1./", "127.0.0.1"),
    ("http://%31%32%37.1/", "127.0.0.1"),
    ("http://\uff11\uff12\uff17.1/", "127.0.0.1"),
    ("http://0x/", "0.0.0.0"),
    ("http://4294967295/", "255.255.255.255"),
    ("http://4294967296/", None),
    ("http://256.1.1.1/", None),
    ("http://1.2.3.4.5/", None),
    ("http://1.2.3.08/", None),
    ("http://1.2.3.099999999999999999999999999999999999999999999/", None),
    ("http://evil.1/", None),
    ("http://evil.0x1/", None),
    ("http://1..2/", None),
    ("http://1.evil/", "1.evil"),
    # IPv6.
    ("http://[::1]/", "[0:0:0:0:0:0:0:1]"),
    ("http://[0:0::1]:80/", "[0:0:0:0:0:0:0:1]"),
    ("http://[::]/", "[0:0:0:0:0:0:0:0]"),
    ("http://[2001:DB8::00A]/", "[2001:db8:0:0:0:0:0:a]"),
    ("http://[::ffff:127.0.0.1]/", "[0:0:0:0:0:ffff:7f00:1]"),
    ("http://[::ffff:300.0.0.1]/", None),
    ("http://[1:2:3:4:5:6:7:8]/", "[1:2:3:4:5:6:7:8]"),
    ("http://[1:2:3:4:5:6:7]/", None),
    ("http://[1::2:3:4:5:6:7:8]/", None),
    ("http://[1::2::3]/", None),
    ("http://[::1/", None),
    ("http://[g::1]/", None),
    ("http://[::1]x/", None),
    ("http://[:1::2]/", None),
    # Nothing a browser would go to.
    ("http://", None),
    ("https:///", None),
    ("http://./", None),
    ("http://ev il.test/", None),
    ("http://evil.test%00/", None),
    ("http://evil%2fx.test/", None),
    ("http://%ff.test/", None),
    ("http://%zz.test/", None),
    ("http://evil.test:99999/", None),
    ("http://evil.test:x/", None),
    ("http://\ufffe.test/", None),
    ("http://" + "a" * 2000, None),
    ("mailto:a@evil.test", None),
    ("tel:+1", None),
    ("javascript://evil.test/%0aalert(1)", "evil.test"),
    ("/path", None),
    ("path", None),
    ("#fragment", None),
    ("?query", None),
    ("file:///etc", None),
    ("file://evil.test/x", "evil.test"),
    ("x-app://evil.test/", "evil.test"),
    ("", None),
]


@pytest.mark.parametrize(("text", "host"), HOSTS, ids=[ascii(text)[:60] for text, _ in HOSTS])
def test_host(text: str, host: str | None) -> None:
    """The host is the one a browser would go to, in one spelling."""
    assert host == parse_url(text).host


PARTS = [
    (
        "https://u:p@Host.test:8443/a%20b?q=1#f",
        Url(
            scheme="https",
            userinfo="u:p",
            host="host.test",
            port=8443,
            path="/a%20b",
            query="q=1",
            fragment="f",
        ),
    ),
    ("https://h.test:443/", Url(scheme="https", host="h.test", path="/")),
    ("http://h.test:00080", Url(scheme="http", host="h.test")),
    ("http://h.test:", Url(scheme="http", host="h.test")),
    ("https://h.test\\a\\b", Url(scheme="https", host="h.test", path="/a/b")),
    ("//h.test/a", Url(scheme="", host="h.test", path="/a")),
    ("/a?b#c", Url(scheme="", path="/a", query="b", fragment="c")),
    ("mailto:a@b.test?subject=x", Url(scheme="mailto", path="a@b.test", query="subject=x")),
    ("JavaScript:alert(1)", Url(scheme="javascript", path="alert(1)")),
    ("java\nscript:x", Url(scheme="javascript", path="x")),
    ("data:text/html,<b>#x", Url(scheme="data", path="text/html,<b>", fragment="x")),
    ("x-app:\\\\h", Url(scheme="x-app", path="\\\\h")),
    ("  ", Url(scheme=None)),
    ("1http://h", Url(scheme="", path="1http://h")),
]


@pytest.mark.parametrize(("text", "url"), PARTS, ids=[ascii(text) for text, _ in PARTS])
def test_parts(text: str, url: Url) -> None:
    """Scheme, user name, port, path, query and fragment are told apart."""
    assert url == parse_url(text)


def test_host_of_equal_spellings() -> None:
    """A host that was parsed once stays as it is."""
    assert all(parse_host(host) == host for _, host in HOSTS if host)
