"""Next hops as an operator writes them."""

import pytest

from gateway.relay.route import NextHop, RouteError, parse_next_hop


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("mx", NextHop(kind="mx"), id="mx"),
        pytest.param(
            "smtp://relay.example:2525", NextHop(kind="smtp", host="relay.example", port=2525), id="port"
        ),
        pytest.param("smtp://relay.example", NextHop(kind="smtp", host="relay.example"), id="default-25"),
        pytest.param("smtp://Relay.Example./", NextHop(kind="smtp", host="relay.example"), id="canonical"),
        pytest.param("smtp://[2001:DB8::1]", NextHop(kind="smtp", host="2001:db8::1"), id="ipv6"),
        pytest.param(
            "smtp+starttls://h",
            NextHop(kind="smtp+starttls", host="h", port=587, tls="required"),
            id="default-587",
        ),
        pytest.param(
            "SMTPS://h", NextHop(kind="smtps", host="h", port=465, tls="required"), id="default-465"
        ),
        pytest.param(
            "smtps://me%40x.example:p%3Aw@h",
            NextHop(
                kind="smtps", host="h", port=465, username="me@x.example", password="p:w", tls="required"
            ),
            id="percent-decoded",
        ),
        pytest.param(
            "smtp://u:p@127.0.0.1",
            NextHop(kind="smtp", host="127.0.0.1", username="u", password="p"),
            id="loopback",
        ),
        pytest.param(
            "smtp://u:p@localhost",
            NextHop(kind="smtp", host="localhost", username="u", password="p"),
            id="localhost",
        ),
    ],
)
def test_parse(text, expected):
    """Every documented form is read, with its default port."""
    assert parse_next_hop(text) == expected


@pytest.mark.parametrize(
    ("text", "tls", "ca", "expected"),
    [
        pytest.param("mx", None, None, "opportunistic", id="mx"),
        pytest.param("mx", "required", "ca.pem", "required", id="mx-required"),
        pytest.param("mx", "none", None, "none", id="mx-none"),
        pytest.param("smtp://h", None, None, "opportunistic", id="smtp"),
        pytest.param("smtp://h", "required", None, "required", id="smtp-required"),
        pytest.param("smtp://u:p@h", "required", None, "required", id="login-over-required-tls"),
        pytest.param("smtps://h", "required", "ca.pem", "required", id="smtps"),
    ],
)
def test_tls(text, tls, ca, expected):
    """What TLS must be like is set apart from where to, and has a default for each form."""
    hop = parse_next_hop(text, tls=tls, tls_ca=ca)
    assert (hop.tls, hop.tls_ca) == (expected, ca)


@pytest.mark.parametrize(
    ("text", "tls", "ca", "fault"),
    [
        pytest.param("smtps://h", "opportunistic", None, "requires TLS", id="smtps-opportunistic"),
        pytest.param("smtp+starttls://h", "none", None, "requires TLS", id="starttls-none"),
        pytest.param("mx", None, "ca.pem", "verifies no certificate", id="authority-for-nothing"),
        pytest.param(
            "smtp://h", "opportunistic", "ca.pem", "verifies no certificate", id="unverified-authority"
        ),
        pytest.param("smtp://u:s3cret@h", "opportunistic", None, "unencrypted", id="login-when-offered"),
    ],
)
def test_tls_refused(text, tls, ca, fault):
    """A form and a key that contradict each other are refused, and so is an authority that nobody asks."""
    with pytest.raises(RouteError, match=fault) as caught:
        parse_next_hop(text, key="route.0.next_hop", tls=tls, tls_ca=ca)
    assert "s3cret" not in str(caught.value)


def test_password_from_elsewhere():
    """A password given apart wins over the one in the text."""
    assert parse_next_hop("smtps://u:old@h", password="new").password == "new"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param("", "none of the known forms", id="empty"),
        pytest.param("relay.example:25", "none of the known forms", id="no-scheme"),
        pytest.param("http://relay.example", "none of the known forms", id="other-scheme"),
        pytest.param("smtp:relay.example", "none of the known forms", id="no-slashes"),
        pytest.param("mx://relay.example", "none of the known forms", id="mx-with-host"),
        pytest.param("smtp://re\nlay.example", "a blank or a character", id="line-break"),
        pytest.param("smtp://relay .example", "a blank or a character", id="blank"),
        pytest.param("smtp://relay．example", "a blank or a character", id="fullwidth-dot"),
        pytest.param("smtp://[::1", "malformed host", id="open-bracket"),
        pytest.param("smtp://relay.example/path", "goes on after", id="path"),
        pytest.param("smtp://relay.example?x=1", "goes on after", id="query"),
        pytest.param("smtp://relay.example#x", "goes on after", id="fragment"),
        pytest.param("smtp://:25", "no valid host", id="no-host"),
        pytest.param("smtp://-relay.example", "no valid host", id="hyphen"),
        pytest.param("smtp://relay..example", "no valid host", id="empty-label"),
        pytest.param("smtp://" + "a." * 130 + "example", "no valid host", id="long-host"),
        pytest.param("smtp://relay.example:0", "no valid port", id="port-0"),
        pytest.param("smtp://relay.example:65536", "no valid port", id="port-65536"),
        pytest.param("smtp://relay.example:smtp", "no valid port", id="port-name"),
        pytest.param("smtps://user@relay.example", "no password", id="no-password"),
        pytest.param("smtps://:s3cret@relay.example", "no user name", id="no-user"),
        pytest.param("smtps://us%0Aer:s3cret@relay.example", "control character", id="control-character"),
        pytest.param("smtp://user:s3cret@relay.example", "unencrypted", id="clear-text-password"),
    ],
)
def test_refused(text, fault):
    """What cannot be meant is refused with key, fault and mend, and never with the password."""
    with pytest.raises(RouteError, match=fault) as caught:
        parse_next_hop(text, key="route[0].next_hop")
    assert caught.value.sentence.startswith("route[0].next_hop ")
    assert ": " in caught.value.sentence
    assert "s3cret" not in str(caught.value)


def test_password_without_user_is_refused():
    """A password set apart for a next hop without user name is a mistake."""
    with pytest.raises(RouteError, match="no user name"):
        parse_next_hop("smtps://relay.example", password="s3cret")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("mx", "mx"),
        ("smtps://user:s3cret@relay.example", "smtps://user@relay.example:465"),
        ("smtp://[::1]", "smtp://[::1]:25"),
    ],
)
def test_shown_without_password(text, shown):
    """A next hop can be shown, logged and printed: its password is not in it."""
    next_hop = parse_next_hop(text)
    assert str(next_hop) == shown
    assert "s3cret" not in repr(next_hop)
