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
            "smtp+starttls://h", NextHop(kind="smtp+starttls", host="h", port=587), id="default-587"
        ),
        pytest.param("SMTPS://h", NextHop(kind="smtps", host="h", port=465), id="default-465"),
        pytest.param(
            "smtps://me%40x.example:p%3Aw@h",
            NextHop(kind="smtps", host="h", port=465, username="me@x.example", password="p:w"),
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
