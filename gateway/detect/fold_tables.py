"""Which letters of other scripts look like which ASCII letter or digit.

Not here: when a letter is read as its twin (``fold``).
Source: Unicode confusables 15 (UTS 39) as packaged by confusable-homoglyphs 3.3.1, cut to single letters whose
twin is one ASCII letter or digit and whose script is written with such letters; small capitals and a few
Cyrillic and Greek letters that only look alike in lower case were added by hand.
"""

# ruff: noqa: RUF001 - look-alikes are the very subject

LOOK_ALIKES: tuple[tuple[str, str], ...] = (
    ("2", "ƧϨᒿꙄꝚ"),
    ("3", "ƷȜЗзӠⳌꝪꞫ𑣊𖼻"),
    ("4", "чᏎ𑢯"),
    ("5", "Ƽ𑢻"),
    ("6", "бᏮⳒ𑣕"),
    ("7", "𐓒𑣆"),
    ("8", "Ȣȣ𐌚"),
    ("9", "ⳊꝮ𑢬𑣌𑣖"),
    ("A", "ΑАᎪᗅꓮ𐊠𖽀"),
    ("B", "ΒВᏴᗷꓐꞴ𐊂𐊡𐌁"),
    ("C", "СᏟⲤꓚ𐊢𐌂𐐕𐔜"),
    ("D", "Ꭰᗞᗪꓓ"),
    ("E", "ΕЕᎬⴹꓰ𐊆𑢦𑢮"),
    ("F", "ϜᖴꓝꞘ𐊇𐊥𐔥𑢢𑣂"),
    ("G", "ԌᏀᏳꓖ"),
    ("H", "ΗНᎻᕼⲎꓧ𐋏"),
    ("I", "ΙІӀᛁⲒⵏꓲ"),
    ("J", "ͿЈᎫᒍꓙꞲ"),
    ("K", "ΚКᏦᛕⲔꓗ𐔘"),
    ("L", "ᏞᒪⳐꓡ𐐛𐔦𑢣𑢲𖼖"),
    ("M", "ΜϺМᎷᗰᛖⲘꓟ𐊰𐌑"),
    ("N", "ΝⲚꓠ𐔓"),
    ("O", "ΟОՕⲞⵔꓳ𐊒𐊫𐐄𐓂𐔖𑢵"),
    ("P", "ΡРᏢᑭⲢꓑ𐊕"),
    ("Q", "ⵕ"),
    ("R", "ƦᎡᏒᖇꓣ𐒴𖼵"),
    ("S", "ЅՏᏕᏚꓢ𐊖𐐠𖼺"),
    ("T", "ΤТᎢⲦꓔ𐊗𐊱𐌕𑢼𖼊"),
    ("U", "Սᑌꓴ𐓎𑢸𖽂"),
    ("V", "ѴᏙᐯⴸꓦꛟ𐔝𑢠𖼈"),
    ("W", "ԜᎳᏔꓪ"),
    ("X", "ΧХᚷⲬⵝꓫꞳ𐊐𐊴𐌗𐔧"),
    ("Y", "ΥУҮᎩᎽⲨꓬ𐊲𑢤𖽃"),
    ("Z", "ΖᏃꓜ𑢩"),
    ("a", "ɑαаᴀ"),
    ("b", "ƄʙβЬвᏏᑲᖯ"),
    ("c", "сᴄⲥꮯ𐐽"),
    ("d", "ԁᏧᑯᴅꓒ"),
    ("e", "εеҽᴇꬲ"),
    ("f", "քẝꜰꞙꬵ"),
    ("g", "ƍɡɢցᶃ"),
    ("h", "ʜнһհᏂ"),
    ("i", "ıɩɪιіӏᎥꙇꭵ𑣃"),
    ("j", "ϳјᴊ"),
    ("k", "κкᴋ"),
    ("l", "Ɩǀʟ𐊊𐌉𖼨"),
    ("m", "мᴍ"),
    ("n", "ɴηпոռ"),
    ("o", "οσоօᴏᴑⲟꬽ𐐬𐓪𑣈𑣗"),
    ("p", "ρрᴘⲣ"),
    ("q", "ԛգզ"),
    ("r", "ʀгᴦⲅꭇꭈꮁ"),
    ("s", "ƽѕꜱꮪ𐑈𑣁"),
    ("t", "τтᴛ"),
    ("u", "ʋμυиսᴜꞟꭎꭒ𐓶𑣘"),
    ("v", "νѵᴠꮩ𑜆𑣀"),
    ("w", "ɯωѡԝաᴡꮃ𑜊𑜎𑜏"),
    ("x", "χхᕁᕽ"),
    ("y", "ɣʏγуүᶌỿꭚ𑣜"),
    ("z", "ᴢꮓ𑣄"),
)
"""Each ASCII character with the letters that are read as it."""

DOT_LIKE = "\u3002\u06d4\ua4f8\u0701\u0702\u2e33"
"""Full stops of other scripts; between Latin labels they stand for the dot of a domain (UTS 46 maps U+3002)."""
