"""Tests of gateway/detect/links.py and gateway/detect/domains.py."""

import pytest

from gateway.detect.fold import fold
from gateway.detect.links import find_links
from gateway.detect.protected import protected_spans


def _found(text: str) -> list[str]:
    folded = fold(text)
    return [span.text for span in find_links(folded, protected_spans(folded))]


@pytest.mark.parametrize(
    ("text", "link"),
    [
        pytest.param("see https://shop.com/x?y=1#z.", "https://shop.com/x?y=1#z", id="https"),
        pytest.param("(https://shop.com/a_(b)).", "https://shop.com/a_(b)", id="brackets-inside"),
        pytest.param("[x](http://shop.com)", "http://shop.com", id="markdown"),
        pytest.param("„https://shop.com“", "https://shop.com", id="quotes"),
        pytest.param("hxxps://shop.com", "hxxps://shop.com", id="hxxps"),
        pytest.param("_myshop.com_ x", "_myshop.com", id="underlined"),
        pytest.param("Ihr myshop.com-Team", "myshop.com", id="compound"),
        pytest.param("Invoice_myshop.com_2.pdf", "Invoice_myshop.com", id="in-a-file-name"),
        pytest.param("myshop•com x", "myshop.com", id="bullet"),
        pytest.param("myshop\u00b7com x", "myshop.com", id="middle-dot"),
        pytest.param("myshop\\.com x", "myshop.com", id="escaped-dot"),
        pytest.param("myshop\n.com x", "myshop.com", id="dot-on-the-next-line"),
        pytest.param("myshop\t.de x", "myshop.de", id="dot-in-the-next-cell"),
        pytest.param("myshop.\ncom\n", "myshop.com", id="com-on-the-next-line"),
        pytest.param("m\ny\ns\nh\no\np\n.\nc\no\nm", "myshop.com", id="letter-a-line"),
        pytest.param("www myshop com", "www.myshop.com", id="no-dots"),
        pytest.param("www-myshop-de x", "www.myshop.de", id="dashes-for-dots"),
        pytest.param("http:shop.com", "http:shop.com", id="no-slashes"),
        pytest.param("https:/shop.com", "https:/shop.com", id="one-slash"),
        pytest.param("https:\\\\shop.com", "https:\\\\shop.com", id="backslashes"),
        pytest.param("https[:]//shop[.]com", "https[:]//shop[.]com", id="defanged"),
        pytest.param("http://shop", "http://shop", id="no-dot-but-slashes"),
        pytest.param("http://[::1]/x", "http://[::1]/x", id="ipv6"),
        pytest.param("http://2130706433/", "http://2130706433/", id="dword"),
        pytest.param("https://amazon.com@evil.com", "https://amazon.com@evil.com", id="userinfo"),
        pytest.param("ftp://shop.com", "ftp://shop.com", id="ftp"),
        pytest.param("whatsapp://send?phone=49151", "whatsapp://send?phone=49151", id="app-scheme"),
        pytest.param("intent://scan/#Intent;end", "intent://scan/#Intent;end", id="intent"),
        pytest.param("market://details?id=x", "market://details?id=x", id="market"),
        pytest.param("mailto:a@b.de", "mailto:a@b.de", id="mailto"),
        pytest.param("tel:+4915123", "tel:+4915123", id="tel"),
        pytest.param("sms:+4915123", "sms:+4915123", id="sms"),
        pytest.param("callto:shop", "callto:shop", id="callto"),
        pytest.param("skype:myshop?call", "skype:myshop?call", id="skype"),
        pytest.param("viber:myshop", "viber:myshop", id="viber"),
        pytest.param("weixin:myshop", "weixin:myshop", id="weixin"),
        pytest.param("geo:52.5,13.4", "geo:52.5,13.4", id="geo"),
        pytest.param("magnet:?xt=urn:btih:1", "magnet:?xt=urn:btih:1", id="magnet"),
        pytest.param("javascript:alert(1)", "javascript:alert(1)", id="javascript"),
        pytest.param("data:text/html;base64,PGI+", "data:text/html;base64,PGI+", id="data"),
        pytest.param("www.shop.com", "www.shop.com", id="www"),
        pytest.param("www.shop.example/x", "www.shop.example/x", id="www-unlisted"),
        pytest.param("www.harbour.example.", "www.harbour.example", id="www-unlisted-alone"),
        pytest.param("www.shop.com.Bitte", "www.shop.com", id="www-sentence-runs-on"),
        pytest.param("shop.com", "shop.com", id="bare"),
        pytest.param("Booking.com", "Booking.com", id="company-name-that-is-a-domain"),
        pytest.param("MyShop.De", "MyShop.De", id="capitals-inside"),
        pytest.param("Myshop.Com", "Myshop.Com", id="title-case-com"),
        pytest.param("MYSHOP.DE", "MYSHOP.DE", id="capitals"),
        pytest.param("My.Shop.De", "My.Shop.De", id="title-case-in-three-labels"),
        pytest.param("my-shop24.de/path,", "my-shop24.de/path", id="path"),
        pytest.param("shop.com:8080/x", "shop.com:8080/x", id="port"),
        pytest.param("//shop.com/x", "//shop.com/x", id="scheme-relative"),
        pytest.param("myshop.co.uk", "myshop.co.uk", id="second-level"),
        pytest.param("my.shop.co.uk", "my.shop.co.uk", id="third-level"),
        pytest.param("myshop.store", "myshop.store", id="new-top-level"),
        pytest.param("myshop.in", "myshop.in", id="word-in"),
        pytest.param("myshop.me", "myshop.me", id="word-me"),
        pytest.param("myshop.so", "myshop.so", id="word-so"),
        pytest.param("myshop.to is open", "myshop.to", id="word-to"),
        pytest.param("myshop.it", "myshop.it", id="word-it"),
        pytest.param("myshop.no", "myshop.no", id="word-no"),
        pytest.param("163.com", "163.com", id="digits"),
        pytest.param("x.com", "x.com", id="one-letter"),
        pytest.param("t.me/shop", "t.me/shop", id="telegram"),
        pytest.param("wa.me/4915123456789", "wa.me/4915123456789", id="whatsapp"),
        pytest.param("visit myshop.de.Wir liefern", "myshop.de", id="sentence-runs-on"),
        pytest.param("setup.zip/x.com", "setup.zip/x.com", id="zip-with-a-path"),
        pytest.param("www.readme.md", "www.readme.md", id="file-ending-with-www"),
        pytest.param("@myshop.com", "myshop.com", id="after-an-at"),
        pytest.param("user:pw@host.com/x", "host.com/x", id="userinfo-without-scheme"),
        pytest.param("Facebook/myshop.com", "myshop.com", id="after-a-slash"),
        pytest.param("münchen.de", "münchen.de", id="umlaut"),
        pytest.param("xn--mnchen-3ya.de", "xn--mnchen-3ya.de", id="punycode"),
        pytest.param("пример.рф", "пример.рф", id="cyrillic"),
        pytest.param("例え.jp", "例え.jp", id="japanese"),
        pytest.param("例え.みんな", "例え.みんな", id="japanese-top-level"),
        pytest.param("詳しくはmyshop.comをご覧ください", "myshop.com", id="inside-japanese"),
        pytest.param("زوروا myshop.comاليوم", "myshop.com", id="before-arabic"),
        pytest.param("my\u200bshop\u200b.com", "myshop.com", id="zero-width"),
        pytest.param("ｍｙｓｈｏｐ．ｃｏｍ", "myshop.com", id="fullwidth"),
        pytest.param("myshоp.cоm", "myshop.com", id="look-alikes"),
        pytest.param("myshop。com", "myshop.com", id="ideographic-stop"),
        pytest.param("myshop․com", "myshop.com", id="one-dot-leader"),
        pytest.param("shop[.]com", "shop.com", id="bracketed-dot"),
        pytest.param("shop(dot)com/path", "shop.com/path", id="bracketed-word"),
        pytest.param("www [.] shop [.] com", "www.shop.com", id="bracketed-twice"),
        pytest.param("shop dot com", "shop.com", id="dot-word"),
        pytest.param("my.shop punkt de", "my.shop.de", id="german-dot-word"),
        pytest.param("tienda punto com", "tienda.com", id="spanish-dot-word"),
        pytest.param("shop dot co dot uk now", "shop.co.uk", id="dot-word-twice"),
        pytest.param("shop&#46;com", "shop.com", id="entity"),
        pytest.param("shop%2Ecom", "shop.com", id="percent"),
        pytest.param("shop . com", "shop.com", id="blanks-round-the-dot"),
        pytest.param("shop .de/x", "shop.de/x", id="blank-before-the-dot"),
        pytest.param("our shop. com", "shop.com", id="blank-behind-the-dot"),
        pytest.param("s h o p . c o m", "shop.com", id="letter-spacing"),
        pytest.param("w w w . s h o p . d e", "www.shop.de", id="letter-spacing-www"),
        pytest.param("s_h_o_p_._c_o_m", "shop.com", id="letter-spacing-underscores"),
        pytest.param("192.0.2.1:8080", "192.0.2.1:8080", id="ip-port"),
        pytest.param("192.0.2.1/admin.", "192.0.2.1/admin", id="ip-path"),
    ],
)
def test_hits(text, link):
    """Every address that a click or a typing hand would follow is found, without the sentence around it."""
    assert _found(text) == [link]


@pytest.mark.parametrize(
    "text",
    [
        # software, files, packages, versions
        *("col\u00b7lecci\u00f3", "rot\u00b7blau", "manual.de_DE.pdf", "invoice.it_2026.pdf", "Net\n.NET 8"),
        *("ASP.NET", "VB.NET", "Node.js", "setup.zip", "Invoice.pdf", "README.md", "image.mov", "script.py", "setup.sh"),
        *("file.tar.gz", "C:\\docs\\setup.zip", "/usr/lib/libc.so", "com.example.Foo", "com.example.bosch", "java.util.name"),
        *("v1.2.in", "Version 2.0.to", "10.99", "1.000,00", "3.5mm", "12.03.2024", "10:30", "1.to", "5.in", "192.168.0.1"),
        *("192.0.2.1:8", "999.0.2.1:8080", "1.192.0.2.1:8080", "2.0.me"),
        # abbreviations
        *("z.B.", "u.a.", "d.h.", "e.g.this", "i.e.in", "S.p.A.", "d.o.o.", "s.r.o.", "N.V.", "Co.KG", "Co.Ltd", "co.ltd"),
        *("inkl.MwSt", "a.m.", "p.m.", "U.S.A.", "Ph.D.", "Dr.med", "usw.etc", "St.Gallen", "Nr.AB", "Art.Nr.123", "No.AB"),
        *("Fr.Dr.med. Roth", "Hr.Prof.Dr.Ing. Roth", "momsreg.nr SE556677889901", "kd.nr. 12", "Inv.no 4711", "San.ve Tic.Ltd."),
        # a full stop without a blank
        *("the end.Next sentence", "Thank you.So we ship", "thanks.so we", "ok.is it", "Bitte.In der", "es kommt.Es ist"),
        *("vielen dank.es kommt", "bestellt.at", "heute.in der Post", "Danke.Best regards", "arrived.One more", "mail.Me"),
        *("item.it was", "Ok.De", "versandt.Bitte", "ENDE.IN", "livré.de plus", "ricevuto.la ringrazio", "pedido.es un", "M.In"),
        *("..., well", "end...Start", "wait..in", "x.y", "a.b.c", "shipped.Now", "Lieferung.Die", "com", ".com", "q.in", "_._"),
        *("rot.in der Farbe", "Farbe.es war", "blau.im Lager", "heavy.is it", "rouge.la taille"),
        # a product whose name begins with a dot
        *("and .NET 8", "Runtime .NET 6.0", "the .NET way", "für .NET", "Microsoft .NET Framework", "Desktop .NET-Version"),
        # other scripts
        *("Привет.Как дела", "Καλημέρα.Τι", "ありがとう。お願い", "PayPay。Amazon", "مرحبا.كيف"),
        # schemes without an address
        *("http://", "https", "http: none", "https:none", "www", "line: 3", "data: 5", "Tel:030 1234", "market: 10", "sms: yes"),
        *("xmailto:a", "www.4.2", "harbour.example", "sip:shop", "geo: Berlin"),
        # dots that are said or spaced
        *("dot the i", "polka dot shop", "the red dot in the middle", "S . p . A", "the end . in", "a . b", "x [.] y"),
        *("1 . 2 . 3 . c o m", "i n f o", "s h o p . x q z", "point com", "a dot com"),
        # e-mail addresses
        *("info@shop.com", "john.name@shop.com", "info@my.shop.co.uk"),
    ],
)  # fmt: skip
def test_near_misses(text):
    """Software, files, abbreviations, run-on sentences and e-mail addresses hold no link."""
    assert _found(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("go to shop [.] com/x today", "shop [.] com/x"),
        ("go to shop . com today", "shop . com"),
        ("s h o p . c o m i s", "s h o p . c o m"),
        ("shipped today.\nw w w . s h o p . c o m", "w w w . s h o p . c o m"),
        ("see //shop.com/x!", "//shop.com/x"),
        ("shop dot com slash", "shop dot com"),
    ],
)
def test_spans(text, expected):
    """A span covers the address as written, disguise and path included, and no word beside it."""
    folded = fold(text)
    (span,) = find_links(folded, ())
    assert folded.text[span.start : span.end] == expected


def test_protected_stretches():
    """A bare domain inside a protected stretch is none; one that reaches out of it is."""
    folded = fold("order shop.com and shop.com")
    assert [span.start for span in find_links(folded, ((0, 14),))] == [19]
    assert [span.start for span in find_links(folded, ((0, 12),))] == [6, 19]
    assert [span.start for span in find_links(folded, ((0, 14), (2, 8)))] == [19]


def test_several():
    """Addresses side by side are told apart, in order; readings of the same stretch are one."""
    assert _found("a1.com, b1.com or https://c1.com/d1.com") == ["a1.com", "b1.com", "https://c1.com/d1.com"]


def test_readings_that_overlap_are_joined():
    """Two readings that overlap without covering each other become one span."""
    folded = fold("myshop.com . de")
    (span,) = find_links(folded, ())
    assert (span.start, span.end) == (0, len(folded.text))
