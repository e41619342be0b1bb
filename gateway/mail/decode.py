"""From a part's wire octets to its content and its characters.

Also the door for other rooms to ``decode_charset`` and ``decode_words``.
Source: RFC 2045, RFC 2046 section 4.1.
"""

import codecs
from typing import Final

from gateway.mail.charset import decode_charset, guess_text
from gateway.mail.declared import Declared
from gateway.mail.errors import AmbiguityError
from gateway.mail.notes import Notes
from gateway.mail.transfer import decode_transfer
from gateway.mail.words import decode_words, without_controls

__all__ = ["decode_charset", "decode_leaf", "decode_words", "without_controls"]

_BYTE_ORDER_MARKS: Final = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def decode_leaf(raw: bytes, declared: Declared, notes: Notes, part: str) -> tuple[bytes, str | None]:
    """Content and, for a part shown as words, its text.

    Args:
        raw: Body of the part, LF line ends.
        declared: Its MIME fields.
        notes: What was put right goes here.
        part: Number of the part.

    Raises:
        AmbiguityError: Readers would decode it differently, or it is not in its charset.
    """
    content = decode_transfer(raw, declared.encoding, notes, part)
    if declared.encoding == "7bit" and not raw.isascii():
        notes.add("8-bit characters under the label 7bit", part)
    if not declared.is_text:
        return content, None
    text = _characters(content, declared.charset, notes, part)
    if "\0" in text:
        raise AmbiguityError("The text holds a NUL character: remove it.", part=part)
    if "\x1b$" in text or "\x1b(" in text:
        # Readers that guess charsets take these for ISO-2022 whatever the label says, and see other letters.
        raise AmbiguityError("The text switches its charset by escape sequences: use utf-8.", part=part)
    text = text.replace("\r\n", "\n")
    if "\r" in text:
        notes.add("carriage return within the text made a line end", part)
        text = text.replace("\r", "\n")
    return content, text


def _characters(content: bytes, charset: str | None, notes: Notes, part: str) -> str:
    # A byte order mark outranks the label for browsers, and not for mail readers (case M25).
    if content.startswith(_BYTE_ORDER_MARKS):
        if not content.startswith(codecs.BOM_UTF8) or charset not in {None, "utf-8", "us-ascii"}:
            raise AmbiguityError("The text's byte order mark and its charset disagree: use utf-8.", part=part)
        notes.add("byte order mark removed", part)
        content, charset = content[len(codecs.BOM_UTF8) :], "utf-8"
    try:
        if charset is None or (charset == "us-ascii" and not content.isascii()):
            text, guessed = guess_text(content)
            if not content.isascii():
                notes.add(f"text without a true charset, read as {guessed}", part)
            return text
        return decode_charset(content, charset)
    except UnicodeDecodeError:
        raise AmbiguityError("The text is not in the charset it names: use utf-8.", part=part) from None
