"""SMTP replies as values: code, enhanced status code, text.

Not here: which reply belongs to which verdict (``filter.py``), how it is written to a socket (``smtp/``).
Source: RFC 5321 section 4.2, RFC 3463, RFC 2034.
"""

from dataclasses import dataclass

MAX_TEXT_OCTETS = 480
"""Octets of text in one reply line: RFC 5321 section 4.5.3.1.5 allows 512 with code, status and CRLF."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One SMTP reply.

    Attributes:
        code: Three-digit reply code, 200 to 559.
        status: Enhanced status code as ``"5.7.1"``; empty where RFC 2034 wants none (220, 250 to EHLO, 354).
        text: Public text. Never an exception's text, never a line break.
    """

    code: int
    status: str
    text: str

    def __post_init__(self) -> None:
        if self.status and self.status[0] != str(self.code)[0]:
            raise ValueError(f"status {self.status} does not belong to code {self.code}")

    @property
    def is_positive(self) -> bool:
        """Whether the command was carried out (2yz)."""
        return 200 <= self.code < 300  # noqa: PLR2004 - RFC 5321 section 4.2.1

    @property
    def is_permanent(self) -> bool:
        """Whether the same command must not be tried again unchanged (5yz)."""
        return self.code >= 500  # noqa: PLR2004 - RFC 5321 section 4.2.1

    def __str__(self) -> str:
        text = "".join(c if c.isprintable() else " " for c in self.text)
        while len(text.encode()) > MAX_TEXT_OCTETS:
            text = text[:-1]
        return f"{self.code} {self.status} {text}" if self.status else f"{self.code} {text}"
