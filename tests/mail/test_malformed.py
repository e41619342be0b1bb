"""Every case of tests/corpus/malformed, read with LF and with CRLF line ends.

A case is a folder with ``message.eml`` and a ``readme`` of one line: ``ambiguity``, ``limit`` or ``ok``, a colon,
and what the case is.
"""

from pathlib import Path

import pytest

from gateway.mail.compose import compose
from gateway.mail.errors import AmbiguityError, LimitError
from gateway.mail.parse import parse

CASES = sorted(path.parent for path in Path(__file__).parents[1].glob("corpus/malformed/*/message.eml"))
EXPECTED = {"ambiguity": AmbiguityError, "limit": LimitError}


def octets_of(case, line_end):
    """The mail with all its line ends alike; a bare CR stays what it is."""
    return (case / "message.eml").read_bytes().replace(b"\r\n", b"\n").replace(b"\n", line_end)


@pytest.mark.parametrize("line_end", [pytest.param(b"\n", id="LF"), pytest.param(b"\r\n", id="CRLF")])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_malformed_mail_is_read_in_one_way_or_refused(case, line_end):
    """A case ends as its readme says, and what is read writes and reads back the same without any note."""
    kind, _, what = (case / "readme").read_text(encoding="utf-8").partition(": ")
    assert what.endswith("\n")
    assert what.count("\n") == 1
    octets = octets_of(case, line_end)
    if kind != "ok":
        with pytest.raises(EXPECTED[kind]) as caught:
            parse(octets)
        assert caught.value.sentence.endswith(".")
        return
    message = parse(octets)
    composed = compose(message)
    again = parse(composed)
    assert [leaf.text for leaf in message.leaves()] == [leaf.text for leaf in again.leaves()]
    assert [leaf.number for leaf in message.leaves()] == [leaf.number for leaf in again.leaves()]
    assert again.normalised == ()
    assert composed == compose(again)


def test_no_case_number_is_given_twice():
    """The numbers of the cases are theirs alone."""
    numbers = [case.name[:3] for case in CASES]
    assert sorted(set(numbers)) == numbers


@pytest.mark.parametrize(
    "case", [case for case in CASES if (case / "readme").read_text().startswith("ok")], ids=str
)
def test_line_ends_do_not_change_the_reading(case):
    """A mail with LF is read as the same mail with CRLF, and the note on line ends is the one difference."""
    with_lf, with_crlf = parse(octets_of(case, b"\n")), parse(octets_of(case, b"\r\n"))
    assert with_lf.root == with_crlf.root
    assert with_lf.fields == with_crlf.fields
    assert with_lf.normalised == ("bare LF line ends made CR LF", *with_crlf.normalised)
