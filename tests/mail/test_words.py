"""Encoded words."""

import pytest

from gateway.mail.words import decode_words, without_controls


@pytest.mark.parametrize(
    "text, expected",
    [
        pytest.param("plain", "plain", id="plain"),
        pytest.param("=?utf-8?q?a=C3=BC_b?= c", "aü b c", id="q"),
        pytest.param("=?UTF-8?B?w7w?=", "ü", id="b-without-padding"),
        pytest.param("=?utf-8?b?w7w===?=", "ü", id="b-with-too-much-padding"),
        pytest.param("=?utf-8?q?a?=  =?utf-8?q?b?=", "ab", id="blanks-between-words-dropped"),
        pytest.param("=?utf-8?q?=C3?= =?utf-8?b?vA==?=", "ü", id="split-character"),
        pytest.param("=?utf-8?q?a?= =?iso-8859-1?q?=FC?=", "aü", id="two-charsets"),
        pytest.param("=?utf-8*de?q?a?=", "a", id="language"),
        pytest.param("a =?utf-8?q?b?= c", "a b c", id="blanks-around-kept"),
        pytest.param("=?utf-8?q?a?==?utf-8?q?b?=", "ab", id="adjacent"),
        pytest.param("=?utf-7?q?+ADw-?=", "=?utf-7?q?+ADw-?=", id="refused-charset"),
        pytest.param("=?utf-7?q?x?= =?utf-8?q?b?=", "=?utf-7?q?x?= b", id="blank-behind-refused-word"),
        pytest.param("=?utf-8?b?!!?=", "=?utf-8?b?!!?=", id="no-base64"),
        pytest.param("=?utf-8?q?\u00fc?=", "ü", id="raw-letter"),
        pytest.param("=?utf-8?q?=FF?=", "\ufffd", id="not-in-charset"),
        pytest.param("=?utf-8?q?=3D=3Futf-8=3Fq=3Fa=3F=3D?=", "=?utf-8?q?a?=", id="once-only"),
        pytest.param("=?utf-8?q?hi=0D=0ABcc:_x?=", "hi  Bcc: x", id="line-break"),
        pytest.param("=?=?=?", "=?=?=?", id="no-word"),
    ],
)
def test_encoded_words_are_decoded_once(text, expected):
    """Words of a taken charset are decoded, others stay as written, control characters become blanks."""
    assert expected == decode_words(text)


def test_controls_become_blanks():
    """C0, DEL, C1 and the Unicode separators become blanks, other characters stay."""
    assert without_controls("a\tb\x7fc\x85d\u2028e\u2029f\u00a0") == "a b c d e f\u00a0"
