"""Tests of gateway/detect/emoji.py."""

import pytest

from gateway.detect.emoji import find_emoji, find_emoticons


@pytest.mark.parametrize(
    "emoji",
    [
        pytest.param("😀", id="face"),
        pytest.param("👍🏽", id="skin-tone"),
        pytest.param("👨‍👩‍👧‍👦", id="family"),
        pytest.param("🧑‍⚕️", id="joined-to-a-text-sign"),
        pytest.param("🏳️‍🌈", id="rainbow-flag"),
        pytest.param("🇩🇪", id="flag"),
        pytest.param("🏴󠁧󠁢󠁥󠁮󠁧󠁿", id="flag-of-tags"),
        pytest.param("1️⃣", id="keycap"),
        pytest.param("#⃣", id="keycap-without-selector"),
        pytest.param("❤️", id="heart"),
        pytest.param("❤", id="heart-as-text"),
        pytest.param("☺", id="smiling-face-as-text"),
        pytest.param("☀", id="sun"),
        pytest.param("⭐", id="star"),
        pytest.param("✅", id="check-mark-button"),
        pytest.param("©️", id="copyright-as-emoji"),
        pytest.param("☎️", id="telephone-as-emoji"),
        pytest.param("✔️", id="check-mark-as-emoji"),
        pytest.param("✍🏻", id="text-sign-with-skin-tone"),
        pytest.param("♀‍🌈", id="text-sign-joined"),
        pytest.param("🫩", id="unicode-16"),
        pytest.param("🫪", id="unicode-17"),
        pytest.param("\U0001faff", id="kept-for-emoji-to-come"),
        pytest.param("😀︎", id="with-text-selector"),
        pytest.param("😀😀👍🏽", id="side-by-side"),
        pytest.param("😀\u200d", id="joiner-left-over"),
    ],
)
def test_emoji(emoji):
    """A sequence is found whole, in original coordinates, with nothing of it left."""
    text = f"Ihre Größe {emoji} passt"
    assert [(span.start, span.text) for span in find_emoji(text)] == [(11, emoji)]


@pytest.mark.parametrize(
    "sign",
    [
        "©",
        "®",
        "™",
        "→",
        "←",
        "↔",
        "↩",
        "➡",
        "✓",
        "✔",
        "✗",
        "✖",
        "•",
        "▪",
        "■",
        "◆",
        "★",
        "☆",
        "☎",
        "✉",
        "☑",
        "☐",
        "①",
        "½",
        "€",
        "°",
        "№",
        "†",
        "§",
        "¶",
        "♀",
        "♂",
        "►",
        "▶",
        "…",
        "–",
        "„“",
        "日本語",
        "♪",
        "⚠",
        "♻",
        "✂",
        "1",
        "#",
        "*",
        "é",
    ],
)
def test_signs_are_no_emoji(sign):
    """Typographic signs, digits and letters are text."""
    assert find_emoji(f"a {sign} b") == ()


def test_ascii_has_no_emoji():
    """ASCII is not even searched."""
    assert find_emoji("plain (c) :-)") == ()


@pytest.mark.parametrize(
    "emoticon",
    [
        ":-)",
        ";-)",
        ":-(",
        "8-)",
        ":-D",
        ":-P",
        ":-/",
        ":-*",
        ":)",
        ";)",
        ":(",
        "=)",
        ":))",
        "(:",
        ":]",
        ":*",
        ":D",
        ":P",
        "xD",
        "XD",
        ";D",
        "=P",
        ":'(",
        ":'-(",
        ":/",
        ":|",
        "<3",
        "<33",
        "</3",
        "^^",
        "^_^",
        ">_<",
        "T_T",
        "o_O",
        "-_-",
        ";_;",
        "*_*",
        "(^_^)",
        "(・∀・)",
        "(´・ω・`)",
        "(≧▽≦)",
        "¯\\_(ツ)_/¯",
        "(╯°□°)╯︵┻━┻",
        "ಠ_ಠ",
        "ʕ•ᴥ•ʔ",
        "m(__)m",
        "\\o/",
    ],
)
def test_emoticons(emoticon):
    """Emoticons, lying or upright, are found whole."""
    text = f"Vielen Dank {emoticon} Anna"
    assert [(span.start, span.text) for span in find_emoticons(text)] == [(12, emoticon)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Thanks:)", [":)"]),
        ("Thanks!:)", [":)"]),
        ("(see below) :)", [":)"]),
        ("we <3 you", ["<3"]),
        ("Great <3.", ["<3"]),
        (":) :)", [":)", ":)"]),
        ("Danke\n:-)\nAnna", [":-)"]),
    ],
)
def test_emoticons_in_their_place(text, expected):
    """Emoticons are found behind words, after brackets that are closed, and in rows."""
    assert [span.text for span in find_emoticons(text)] == expected


@pytest.mark.parametrize(
    "text",
    [
        *("(at 10:30)", "a) b) c)", "(c)", "8) item", "B) second", "1.) 2.)", "http://x", "https://", "C:/x", "D: drive"),
        *("x :param y", "1:D2", "(see note:)", "[Hinweis:]", "size :S", "Größe:D", "ratio 3:1", "time 8:O", ":PLZ", "a:o"),
        *("<3 days", "a <3 kg", "if x<3", "x <3.5", "under 5 <3", "<3 Stück", "<3a", "<3=x", "key=(a)", "f(x);(y)", "x=[1]"),
        *("Total:(incl. VAT)", "Note:(1)", '"text:"', "- - -", "-_-_-_-", "----", "::", "std::xD", "Artikel:/", "und/oder:"),
        *("XDA-Developers", "2^^3", "mailto:Peter", "T-Shirt", "A: B)", "a) b) (see:)", "foo(x=)", "1^_^2", "=>", "<=", ":=", "Farbe:(rot)"),
    ],
)  # fmt: skip
def test_near_misses(text):
    """Times, lists, brackets, code, sizes and comparisons are no emoticons."""
    assert find_emoticons(text) == ()
