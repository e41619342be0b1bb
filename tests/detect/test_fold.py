"""Tests of gateway/detect/fold.py."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.detect.fold import MAX_MARKS, fold

HOSTILE = st.text(
    st.one_of(
        st.sampled_from(
            "aо0.。-@ \n\u200b\u00ad\u0301\u0316\u20e3\ufe0fａ𝓪①²½…ﬁ\u1100\u1161\u11a8۔\U000e0061"
        ),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=60,
)

SPELLINGS = [
    pytest.param("my\u200bsh\u200cop\u2060.c\ufeffom", id="zero-width"),
    pytest.param("my\u00adshop.c\u034fom", id="soft-hyphen-and-joiner"),
    pytest.param("my\u3164shop.\u115fcom", id="hangul-fillers"),
    pytest.param("my\ufe0fshop.co\U000e0061m", id="variation-selector-and-tag"),
    pytest.param("my\x01shop.c\x7fom", id="controls"),
    pytest.param("\u202amyshop.com\u202c", id="bidi-embedding"),
    pytest.param("ｍｙｓｈｏｐ．ｃｏｍ", id="fullwidth"),
    pytest.param("𝓶𝔂𝓼𝓱𝓸𝓹.𝓬𝓸𝓶", id="mathematical"),
    pytest.param("ⓜⓨⓢⓗⓞⓟ․ⓒⓞⓜ", id="circled-and-one-dot-leader"),
    pytest.param("ᵐʸˢʰᵒᵖ.ᶜᵒᵐ", id="superscript"),
    pytest.param("myshоp.cоm", id="cyrillic-o"),
    pytest.param("mуshοр.com", id="cyrillic-and-greek"),
    pytest.param("myshop.сом", id="cyrillic-label-beside-a-latin-one"),
    pytest.param("ᴍʏsʜᴏᴘ.ᴄᴏᴍ", id="small-capitals"),
    pytest.param("myshop。com", id="ideographic-full-stop"),
    pytest.param("myshop｡com", id="halfwidth-full-stop"),
    pytest.param("m̶y̶s̶h̶o̶p̶.̶c̶o̶m̶", id="struck-through"),
    pytest.param("m̸̧͔y͓s͜h̴o̷p.com", id="piled-marks"),
]


@pytest.mark.parametrize("text", SPELLINGS)
def test_disguises(text):
    """Every way to spell a Latin domain folds to its plain letters."""
    assert fold(text).text.lower() == "myshop.com"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("٠١٢٣٤٥٦٧٨٩", "0123456789", id="arabic-indic"),
        pytest.param("०१२३४५६७८९", "0123456789", id="devanagari"),
        pytest.param("1ー2 カー", "1-2 カー", id="kana-long-sign"),
        pytest.param("s\u0488h\u0489o", "sho", id="cyrillic-enclosing"),
        pytest.param("０１２", "012", id="fullwidth"),
        pytest.param("𝟎𝟙𝟐", "012", id="mathematical"),
        pytest.param("①②⑳", "1220", id="circled"),
        pytest.param("❶➁⓵⓫", "12111", id="circled-without-decomposition"),
        pytest.param("1\ufe0f\u20e32\u20e3", "12", id="keycaps"),
        pytest.param("🅰🅑", "AB", id="white-on-black-letters"),
        pytest.param("1\u20102\u20133\u22124", "1-2-3-4", id="dashes"),
        pytest.param("1\u00a02\u20093\u28004", "1 2 3 4", id="blanks"),
        pytest.param("a\u2028b\x85c", "a\nb\nc", id="line-ends"),
        pytest.param("½ … ℡ ﬁ", "1⁄2 ... TEL fi", id="one-to-many"),
        pytest.param("e\u0301 \u1112\u1161\u11ab", "é 한", id="many-to-one"),
        pytest.param("ａ\u0301", "á", id="both"),
        pytest.param("\u0301a", "a", id="mark-without-a-letter"),
        pytest.param("a\u0301e\u0301x", "áéx", id="clusters-side-by-side"),
    ],
)
def test_characters(text, expected):
    """Digits, dashes, blanks, ligatures and composed letters have one form."""
    assert fold(text).text == expected


@pytest.mark.parametrize(
    "text",
    [
        "Здравствуйте, ваш заказ отправлен.",
        "Το πακέτο σας έφτασε.",
        "ご注文ありがとうございます。発送しました。",
        "شكرا لك۔ تم الشحن",
        "सामान भेज दिया गया है",
        "Größe M – schön; déjà vu",
        "USB-кабель.Да",
        "שָׁלוֹם",
        "iPhoneのケース。届きました",
    ],
)
def test_real_scripts_stay(text):
    """Words of other scripts are not turned into Latin, nor their full stops into dots."""
    assert fold(text).text.replace("-", "") == text.replace("–", "").replace("-", "")


def test_plain_text_is_itself():
    """Printable ASCII costs nothing and maps to itself."""
    folded = fold("Plain text,\r\n\tas it is.")
    assert folded.text is folded.original
    assert folded.span(3, 7) == (3, 7)


@pytest.mark.parametrize(
    ("text", "start", "end", "expected"),
    [
        pytest.param("my\u200bshop", 0, 6, "my\u200bshop", id="removed-inside"),
        pytest.param("\u200bshop\u200b!", 0, 4, "shop", id="removed-outside"),
        pytest.param("a…b", 1, 2, "…", id="first-of-many"),
        pytest.param("a…b", 3, 4, "…", id="last-of-many"),
        pytest.param("xe\u0301y", 1, 2, "e\u0301", id="cluster"),
        pytest.param("1\ufe0f\u20e32", 0, 1, "1\ufe0f\u20e3", id="keycap"),
        pytest.param("a\u200be\u0301", 1, 2, "e\u0301", id="cluster-after-removal"),
    ],
)
def test_spans(text, start, end, expected):
    """A span of folded text leads back to all it came from, and to nothing else."""
    first, last = fold(text).span(start, end)
    assert text[first:last] == expected


@given(HOSTILE)
def test_folding_twice_changes_nothing(text):
    """For any text, fold(fold(x)) = fold(x)."""
    once = fold(text).text
    assert fold(once).text == once


@given(HOSTILE)
def test_spans_are_monotone(text):
    """For any text, each folded character comes from somewhere, and in order."""
    folded = fold(text)
    spans = [folded.span(at, at + 1) for at in range(len(folded.text))]
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(a[0] <= b[0] and a[1] <= b[1] for a, b in pairwise(spans))


def test_pile_of_marks_is_cut():
    """A letter keeps at most MAX_MARKS marks of its script, so that ordering them stays cheap."""
    assert len(fold("\u05d0" + "\u05b0\u0591" * 1000).text) == MAX_MARKS + 1
