"""Tests of gateway/detect/scan.py and the word lists."""

from gateway.detect.scan import any_of, compile_pattern, found, spans, whole
from gateway.detect.words import listed


def test_spans_in_code_points():
    """Offsets count code points, in ASCII and beyond."""
    pattern = compile_pattern("b+")
    assert list(spans(pattern, "abb b")) == [(1, 3), (4, 5)]
    assert list(spans(pattern, "äbb b")) == [(1, 3), (4, 5)]


def test_first_or_longest_alternative():
    """Alternatives are tried in order unless the longest is asked for."""
    assert list(spans(compile_pattern("a|ab"), "ab")) == [(0, 1)]
    assert list(spans(compile_pattern("a|ab", is_longest=True), "ab")) == [(0, 2)]


def test_words():
    """A word matches literally, the longest first, with a blank or a dash or nothing where it has a blank."""
    pattern = compile_pattern(any_of(["ta", "ta b", "x.y"]))
    assert whole(pattern, "tab")
    assert whole(pattern, "ta-b")
    assert not whole(pattern, "xzy")
    assert found(pattern, "a ta")


def test_listed():
    """Lists are joined in order, without blanks and empty words."""
    assert listed("a, b c,", " d") == ("a", "b c", "d")
