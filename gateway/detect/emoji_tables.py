"""Which characters are emoji: ranges of code points, in hexadecimal.

Not here: how they make sequences (``emoji``).
Source: Unicode 17.0 ``emoji-data.txt``, properties Extended_Pictographic and Emoji_Presentation without the regional
indicators, listed through the tables of the ``regex`` package 2026.11.15. To make it anew: every code point that has
one of the two properties there, apart by ``TEXT_SYMBOLS``, as ranges.
Extended_Pictographic holds code points kept for emoji to come, so a newer telephone's emoji are found as well.
"""

# ruff: noqa: RUF001 - faces are made of such signs

ALWAYS = """
231A-231B 23E9-23F3 23F8-23FA 25FD-25FE 2600-2604 2614-2615 2618 261D 2620 2622-2623 2626 262A
262E-262F 2638-263A 2648-2653 265F 2665 2668 267F 2692-2694 2697 269B-269C 26A1 26A7 26AA-26AB
26B0-26B1 26BD-26BE 26C4-26C5 26C8 26CE-26CF 26D1 26D3-26D4 26E9-26EA 26F0-26F5 26F7-26FA 26FD 2705
2708 270A-270D 271D 2721 2728 2744 274C 274E 2753-2755 2757 2763-2764 2795-2797 27B0 27BF 2B1B-2B1C
2B50 2B55 1F004 1F02C-1F02F 1F094-1F09F 1F0AF-1F0B0 1F0C0 1F0CF-1F0D0 1F0F6-1F0FF 1F170-1F171
1F17E-1F17F 1F18E 1F191-1F19A 1F1AF-1F1E5 1F201-1F20F 1F21A 1F22F 1F232-1F23A 1F23C-1F23F
1F249-1F25F 1F266-1F321 1F324-1F393 1F396-1F397 1F399-1F39B 1F39E-1F3F0 1F3F3-1F3F5 1F3F7-1F4FD
1F4FF-1F53D 1F549-1F54E 1F550-1F567 1F56F-1F570 1F573-1F57A 1F587 1F58A-1F58D 1F590 1F595-1F596
1F5A4-1F5A5 1F5A8 1F5B1-1F5B2 1F5BC 1F5C2-1F5C4 1F5D1-1F5D3 1F5DC-1F5DE 1F5E1 1F5E3 1F5E8 1F5EF
1F5F3 1F5FA-1F64F 1F680-1F6C5 1F6CB-1F6D2 1F6D5-1F6E5 1F6E9 1F6EB-1F6F0 1F6F3-1F6FF 1F7DC-1F7F0
1F80C-1F80F 1F848-1F84F 1F85A-1F85F 1F888-1F88F 1F8AE-1F8AF 1F8BC-1F8BF 1F8C2-1F8CF 1F8D9-1F8FF
1F90C-1F93A 1F93C-1F945 1F947-1F9FF 1FA58-1FA5F 1FA6E-1FAFF 1FC00-1FFFD
"""
"""Emoji wherever they stand. Signs with text presentation by default, such as U+2764, are among them when clients
paint them in colour all the same."""

TEXT_SYMBOLS = """
A9 AE 203C 2049 2122 2139 2194-2199 21A9-21AA 2328 23CF 24C2 25AA-25AB 25B6 25C0 25FB-25FC 260E 2611
2640 2642 2660 2663 2666 267B 267E 2695-2696 2699 26A0 2702 2709 270F 2712 2714 2716 2733-2734 2747
27A1 2934-2935 2B05-2B07 3030 303D 3297 3299
"""
"""Typographic signs that business mail uses as text: copyright and trade mark, arrows, check marks, bullets, the
telephone and the envelope of a letterhead, a warning sign. They are emoji only with U+FE0F behind them."""

_EYES = r"[\^T;><°・´`｀ಠ◕•￣≧≦╥ʘ๑✿つノ╯¬]"
KAOMOJI = (
    # A face in brackets: an eye, a nose or mouth, another eye, and perhaps arms. A digit is no part of a face.
    (
        rf"[(（][ ]?[^\s()（）\pL\pN]?[ ]?{_EYES}+[\pL_.\-▽∀∇﹏○□￣＿△‿ ]{{1,6}}{_EYES}+"
        r"[^()（）\n\pN]{0,4}[)）][^\s\pL\pN()（）]{0,8}"
    ),
    r"\^[_.\-oO]?\^",
    r"\^_+\^",
    r">[_.]+<",
    r"T[_.]T",
    r"[oO]_[oO]",
    r"-_+-",
    r";_;",
    r"\*_\*",
    r"ಠ_ಠ",
    r"m\(_+\)m",
    r"¯\\_\([^()\n]{1,4}\)_/¯",
    r"ʕ[^ʔ\n]{1,8}ʔ",
    r"\(╯[^()\n]{1,6}\)╯[^\n]{0,6}",
)
"""Emoticons read upright, as re2 expressions."""
