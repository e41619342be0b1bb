"""From wire octets to characters: what other rooms need of it, in one place."""

from gateway.mail.charset import decode_charset
from gateway.mail.words import decode_words, without_controls

__all__ = ["decode_charset", "decode_words", "without_controls"]
