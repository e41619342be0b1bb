"""Line ends of octets."""

import pytest

from gateway.mail.line_ends import has_bare_cr, has_crlf_only, has_dotted_line, with_lf

CASES = [
    pytest.param(b"", False, True, id="nothing"),
    pytest.param(b"a", False, True, id="no-line-end"),
    pytest.param(b"a\r\nb\r\n", False, True, id="crlf"),
    pytest.param(b"a\nb\r\n", False, False, id="bare-lf"),
    pytest.param(b"\n", False, False, id="bare-lf-first"),
    pytest.param(b"a\rb\r\n", True, False, id="bare-cr"),
    pytest.param(b"a\r", True, False, id="bare-cr-last"),
    pytest.param(b"a\r\r\n", True, False, id="cr-crlf"),
    pytest.param(b"a\n\rb", True, False, id="lf-cr"),
    pytest.param(b"a\r\xffb\r\n", True, False, id="bare-cr-before-an-octet-that-is-no-utf-8"),
    pytest.param(b"\xfc\r\xc3\r\n", True, False, id="bare-cr-between-halves-of-utf-8"),
    pytest.param(b"a\r\0\r\n", True, False, id="bare-cr-before-nul"),
    pytest.param(b"a\r\x85\r\n", True, False, id="bare-cr-before-next-line"),
]


@pytest.mark.parametrize(("octets", "is_bare", "is_crlf_only"), CASES)
def test_a_cr_counts_as_a_line_end_only_with_its_lf(octets: bytes, is_bare: bool, is_crlf_only: bool) -> None:
    """Whatever stands behind a CR, only an LF makes it the half of a line end."""
    assert (has_bare_cr(octets), has_crlf_only(octets)) == (is_bare, is_crlf_only)


@pytest.mark.parametrize("first", range(256))
def test_every_octet_but_lf_leaves_a_cr_bare(first: int) -> None:
    """No octet hides a CR before it: smuggling needs one only."""
    assert has_bare_cr(b"a\r" + bytes([first]) + b"b\r\n") == (first != 0x0A)


def test_crlf_becomes_lf() -> None:
    """One octet for two, and a bare LF stays."""
    assert with_lf(b"a\r\nb\nc") == b"a\nb\nc"


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        pytest.param(b"a\r\n.b", True, id="line-begins-with-a-dot"),
        pytest.param(b"\xff\r\n.\xff", True, id="among-octets-that-are-no-utf-8"),
        pytest.param(b".a\r\nb", False, id="first-line-does-not-count"),
        pytest.param(b"a.\r\nb", False, id="dot-at-the-end"),
        pytest.param(b"a\n.b", False, id="behind-a-bare-lf"),
    ],
)
def test_dotted_lines_are_found(octets: bytes, expected: bool) -> None:
    """A dot counts behind CRLF, as RFC 5321 section 4.5.2 has it."""
    assert has_dotted_line(octets) is expected
