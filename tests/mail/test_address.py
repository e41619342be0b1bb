"""Addresses of the envelope and of header fields."""

import pytest

from gateway.mail.address import Address, Mailbox, author, claimed, mailboxes, parse_path
from gateway.mail.errors import AddressError, AmbiguityError


@pytest.mark.parametrize(
    "text, expected",
    [
        pytest.param("u@relay.example", "u@relay.example", id="plain"),
        pytest.param("U.v+w@Relay.EXAMPLE.", "U.v+w@relay.example", id="case-and-trailing-dot"),
        pytest.param('"a b"@relay.example', '"a b"@relay.example', id="quoted"),
        pytest.param('"john"@relay.example', "john@relay.example", id="needlessly-quoted"),
        pytest.param('"a\\"\\\\b"@relay.example', '"a\\"\\\\b"@relay.example', id="quoted-pairs"),
        pytest.param("u@Müller.example", "u@xn--mller-kva.example", id="u-label"),
        pytest.param("u@xn--mller-kva.example", "u@xn--mller-kva.example", id="a-label"),
    ],
)
def test_a_path_is_one_local_part_at_one_domain(text, expected):
    """A plain address is read into its canonical form, and its text is that form."""
    assert str(parse_path(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "postmaster",
        '""@relay.example',
        "@r1,@r2:u@relay.example",
        "u%evil@relay.example",
        "relay!u@relay.example",
        '"u@evil.example"@relay.example',
        "u@evil.example@relay.example",
        "u@[127.0.0.1]",
        "u@127.0.0.1",
        "u@relay\uff0eexample",
        "u@\u212aelay.example",
        "u@relay",
        "u@",
        "u@.example",
        "u@-a.example",
        "u@a_b.example",
        "u@xn--zzzz.example",
        "u@" + "a" * 64 + ".example",
        "u@" + "a." * 130 + "example",
        "u" * 65 + "@relay.example",
        "u" * 64 + "@" + "a." * 90 + "b.exampleexamples",
        "u v@relay.example",
        "u..v@relay.example",
        "(x)u@relay.example",
        "u@relay.example\n",
        "u\r@relay.example",
        "ü@relay.example",
        "\u200bu@relay.example",
    ],
    ids=ascii,
)
def test_any_other_path_is_refused(text):
    """What two programs could route differently, or what is no address, is an AddressError with a public sentence."""
    with pytest.raises(AddressError) as caught:
        parse_path(text)
    assert text == "" or text not in str(caught.value)


def test_other_than_ascii_needs_smtputf8():
    """A local part outside ASCII is read where the client asked for SMTPUTF8, and only if it can be shown."""
    address = parse_path("ü@relay.example", smtputf8=True)
    assert Address("ü", "relay.example") == address
    assert not address.is_ascii
    with pytest.raises(AddressError):
        parse_path("\u202eu@relay.example", smtputf8=True)


A, C = Address("a", "b.example"), Address("c", "d.example")


@pytest.mark.parametrize(
    "body, expected",
    [
        pytest.param("", [], id="empty"),
        pytest.param("a@b.example, <c@d.example>", [("", A), ("", C)], id="two"),
        pytest.param('"Shop, Inc." <a@b.example>', [("Shop, Inc.", A)], id="quoted-comma"),
        pytest.param("Shop, Inc. <a@b.example>", [("Shop, Inc.", A)], id="unquoted-comma"),
        pytest.param("c@d.example <a@b.example>", [("c@d.example", A)], id="bare-address-as-name"),
        pytest.param("Shop @ Home: x <a@b.example>", [("x", A)], id="marks-in-a-name"),
        pytest.param("x, a@b.example", [("x", None), ("", A)], id="word-before-bare-address"),
        pytest.param("a@b.example, Shop", [("", A), ("Shop", None)], id="word-last"),
        pytest.param("a@b.example (The Shop)", [("The Shop", A)], id="comment-name"),
        pytest.param("(x) <a@b.example>", [("x", A)], id="comment-before-angle"),
        pytest.param("G: a@b.example, c@d.example;", [("", A), ("", C)], id="group"),
        pytest.param("undisclosed-recipients:;", [], id="empty-group"),
        pytest.param("=?utf-8?q?J=C3=B6?= =?utf-8?q?rg?= <a@b.example>", [("Jörg", A)], id="encoded-words"),
        pytest.param('"=?utf-8?q?J=C3=B6rg?=" <a@b.example>', [("Jörg", A)], id="encoded-word-in-quotes"),
        pytest.param("=?utf-8?q?a,b:_c@d?= <a@b.example>", [("a,b: c@d", A)], id="encoded-word-with-marks"),
        pytest.param("=?utf-8?q?a=0D=0Ab?= <a@b.example>", [("a  b", A)], id="encoded-line-break"),
        pytest.param("=?utf-8?q?a?=@b.example", [("", None)], id="encoded-local-part"),
        pytest.param('"a\\"b" <a@b.example>', [('a"b', A)], id="quoted-pair"),
        pytest.param("x <a@b.example", [("x", None)], id="open-angle"),
        pytest.param("<a@b.example> x", [("", None)], id="text-behind"),
        pytest.param("<@r:a@b.example>", [("", None)], id="route"),
        pytest.param("a @b.example", [("", None)], id="blank-inside"),
        pytest.param('"open', [("open", None)], id="open-quote"),
        pytest.param("a@b.example (open \\( (x) ", [("open ( (x) ", A)], id="open-comment"),
        pytest.param("((((" * 1000, [], id="thousand-comments"),
    ],
)
def test_an_address_list_is_read_without_failing(body, expected):
    """Every entry gives its decoded name and its address, or None for what cannot be read."""
    found = mailboxes(body)
    assert [(name.strip(), address) for name, address in expected] == [
        (m.display_name, m.address) for m in found
    ]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param("Shop <a@b.example>, c@d.example", (A, C), id="list"),
        pytest.param("c@d.example <a@b.example>", (A, C), id="bare-name"),
        pytest.param("x c@d.example y <a@b.example>", (A, C), id="bare-in-name"),
        pytest.param('"c@d.example" (c@d.example) <a@b.example>', (A,), id="quoted-or-comment"),
        pytest.param("Shop @ Home <a@b.example>", (A,), id="no-address"),
        pytest.param("@ @@ <a@b.example>", (A,), id="marks-alone"),
        pytest.param("g: c@d.example;", (C,), id="group"),
        pytest.param("Shop", (None,), id="no-address-at-all"),
    ],
)
def test_every_address_that_a_reader_might_show_is_claimed(body, expected):
    """A bare address in place of a name counts: some readers show the first address of such an entry."""
    assert claimed(body) == expected


def test_a_mailbox_keeps_what_was_written():
    """The text of an entry is its own stretch of the field body."""
    assert Mailbox("Shop", A, "Shop <a@b.example>") == mailboxes(" Shop <a@b.example> , c@d.example")[0]


def test_the_author_is_the_one_mailbox():
    """A From field of one readable mailbox gives it."""
    assert author("Shop <a@b.example>").address == A


@pytest.mark.parametrize("body", ["", "a@b.example, c@d.example", "G: a@b.example;", "Shop"], ids=ascii)
def test_any_other_from_is_ambiguous(body):
    """None, several, a group and an unreadable one are refused."""
    with pytest.raises(AmbiguityError):
        author(body)
