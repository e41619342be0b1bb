"""SMTP replies as they come over the wire, whole or in pieces: octets in, replies out.

House rule: any octets give replies or one ``MalformedReplyError``, and never take more memory than the limits say.
After that error nothing that follows can be trusted to answer what it seems to answer.

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


class MalformedReplyError(Exception):
    """What came is no SMTP reply. The text says in what way, and nothing of what came."""


class ReplyReader:
    """Puts replies together."""

    def __init__(self) -> None:
        self._rest = b""
        self._code = b""
        self._texts: list[bytes] = []
        self._octets = 0

    def feed(self, octets: bytes) -> list[Answer]:
        """The replies that are whole now.

        Raises:
            MalformedReplyError: No reply code, two codes in one reply, or over a limit.
        """
        *lines, self._rest = (self._rest + octets).split(b"\n")
        if len(self._rest) > MAX_LINE_OCTETS:
            raise MalformedReplyError("a line of its reply has no end")
        answers = []
        for line in lines:
            answer = self._line(line)
            if answer is not None:
                answers.append(answer)
        return answers

    def _line(self, line: bytes) -> Answer | None:
        self._octets += len(line)
        if len(line) > MAX_LINE_OCTETS or self._octets > MAX_REPLY_OCTETS:
            raise MalformedReplyError("its reply is too long")
        found = _LINE.fullmatch(line.rstrip(b"\r"))
        if found is None:
            raise MalformedReplyError("it sent no SMTP reply")
        code, mark, text = found.groups(b"")
        if self._code not in {b"", code}:
            raise MalformedReplyError("it sent a reply with two codes")
        if mark == b"-":
            self._code = code
            self._texts.append(text)
            return None
        whole = b"\n".join((*self._texts, text)) if self._texts else text
        self._code, self._octets = b"", 0
        self._texts.clear()
        return Answer(int(code), whole.decode("utf-8", "replace"))
