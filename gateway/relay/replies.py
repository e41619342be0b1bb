"""SMTP replies as they come over the wire, whole or in pieces: octets in, replies out.

House rules: any octets give replies, then perhaps a fault, and never take more memory than the limits say.
What came before a fault counts, also when it came in one piece with it; after it nothing can be trusted to answer what
it seems to answer, so nothing more is read.

*Not here:* sockets (``wire.py``), what a reply means (``answer.py``).
*Limits:* :data:`MAX_LINE_OCTETS`, :data:`MAX_REPLY_OCTETS`.
*Source:* RFC 5321 section 4.2.
"""

import re
from typing import NamedTuple

MAX_LINE_OCTETS = 8_192
"""Octets of one line of a reply; the RFC says 512, and some next hops tell stories."""

MAX_REPLY_OCTETS = 65_536
"""Octets of one reply with all its lines: a next hop that says ``220-`` for ever must not fill our memory."""

_LINE = re.compile(rb"([2-5][0-9][0-9])(?:([ -])(.*))?", re.DOTALL)


class Answer(NamedTuple):
    """One reply: code, and text with its lines joined by line feeds."""

    code: int
    text: str

    @property
    def is_positive(self) -> bool:
        """Whether the command was carried out (2yz)."""
        return 200 <= self.code < 300  # noqa: PLR2004 - RFC 5321 section 4.2.1


class _MalformedReplyError(Exception):
    """What came is no SMTP reply. The text says in what way, and nothing of what came."""


class ReplyReader:
    """Puts replies together.

    Attributes:
        fault: In what way the last octets were no SMTP reply, or ``""``.
    """

    def __init__(self) -> None:
        self.fault = ""
        self._rest = b""
        self._code = b""
        self._texts: list[bytes] = []
        self._octets = 0

    def feed(self, octets: bytes) -> list[Answer]:
        """The replies that are whole now; look at ``fault`` after each call."""
        answers: list[Answer] = []
        if self.fault:
            return answers
        *lines, self._rest = (self._rest + octets).split(b"\n")
        try:
            for line in lines:
                answer = self._line(line)
                if answer is not None:
                    answers.append(answer)
        except _MalformedReplyError as error:
            self.fault = str(error)
        if len(self._rest) > MAX_LINE_OCTETS:
            self.fault = self.fault or "a line of its reply has no end"
        if self.fault:
            self._rest = b""
        return answers

    def _line(self, line: bytes) -> Answer | None:
        self._octets += len(line)
        if len(line) > MAX_LINE_OCTETS or self._octets > MAX_REPLY_OCTETS:
            raise _MalformedReplyError("its reply is too long")
        found = _LINE.fullmatch(line.rstrip(b"\r"))
        if found is None:
            raise _MalformedReplyError("it sent no SMTP reply")
        code, mark, text = found.groups(b"")
        if self._code not in {b"", code}:
            raise _MalformedReplyError("it sent a reply with two codes")
        if mark == b"-":
            self._code = code
            self._texts.append(text)
            return None
        whole = b"\n".join((*self._texts, text)) if self._texts else text
        self._code, self._octets = b"", 0
        self._texts.clear()
        return Answer(int(code), whole.decode("utf-8", "replace"))
