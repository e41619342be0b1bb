"""Octets off the wire: where a line ends, where a message ends.

House rules: only CRLF ends a command and only CRLF.CRLF ends a message. A server that takes anything else for an
end, beside a client that does not, lets one mail smuggle another (CVE-2023-51764, CVE-2024-27305).
What lies between is handed on as it came, dots taken out; ``mail/parse`` judges stray CR, LF and NUL.

aiosmtpd reads DATA a line at a time, 22 ms a MB; chunks, one search and one replacement cost a fifth of that.

*Limits:* :data:`CHUNK_OCTETS`, :data:`MAX_LINE_OCTETS`, :data:`MAX_COMMAND_OCTETS`.
*Source:* RFC 5321 sections 2.3.8, 4.1.1.4, 4.5.2.
"""

import asyncio

from gateway.mail.line_ends import has_dotted_line

END_OF_DATA = b"\r\n.\r\n"

CHUNK_OCTETS = 262_144
"""Octets asked of the socket at a time: what asyncio reads at once."""

MAX_LINE_OCTETS = 65_536
"""Octets of one line of a message without its end. RFC 5321 allows 998, but 6 of 100 real mails have longer ones; we
compose anew with short ones. Longer still is refused, as ``mail/parse`` would."""

MAX_COMMAND_OCTETS = 16_384
"""Octets without a line feed where a command is expected: above every length in ``limits``, so that a long command
is answered and the session goes on; above this the connection ends."""


class Disconnected(Exception):  # noqa: N818 - nothing went wrong on our side
    """The client is gone."""


class LineTooLong(Exception):  # noqa: N818 - answered, not reported
    """No line feed within :data:`MAX_COMMAND_OCTETS`."""


class Wire:
    """The incoming octets of one connection, read ahead: commands may be pipelined behind a message."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._ahead = bytearray()

    @property
    def has_pending(self) -> bool:
        """Whether octets have come that nobody has asked for."""
        # The reader's own buffer has no public face; aiosmtpd clears it the same way.
        return bool(self._ahead or self._reader._buffer)  # type: ignore[attr-defined] # noqa: SLF001

    async def line(self) -> bytes:
        """The next line up to and with its LF, whether or not a CR stands before it.

        Raises:
            Disconnected: The client has gone, perhaps inside a line: half a command is never carried out.
            LineTooLong: Too many octets without LF.
        """
        searched = 0
        while (end := self._ahead.find(b"\n", searched)) < 0:
            searched = len(self._ahead)
            if searched > MAX_COMMAND_OCTETS:
                raise LineTooLong
            self._ahead += await self._read()
        line = bytes(self._ahead[: end + 1])
        del self._ahead[: end + 1]
        return line

    async def chunk(self) -> bytes:
        """At least one octet, at most :data:`CHUNK_OCTETS` and what was read ahead. Raises ``Disconnected``."""
        if not self._ahead:
            return await self._read()
        chunk = bytes(self._ahead)
        self._ahead.clear()
        return chunk

    def put_back(self, octets: bytes) -> None:
        """Octets of the last chunk that belong to what comes next."""
        self._ahead[:0] = octets

    async def _read(self) -> bytes:
        octets = await self._reader.read(CHUNK_OCTETS)
        if not octets:
            raise Disconnected
        return octets


class Content:
    """One message, put together from chunks; does no IO.

    Attributes:
        is_complete: The end was found.
        is_too_large: More than ``message_octets`` on the wire.
        is_dropped: Its octets are gone; the search for its end goes on.
        wire_octets: How much came so far, the end included.
    """

    def __init__(self, message_octets: int) -> None:
        self.is_complete = False
        self.is_too_large = False
        self.is_dropped = False
        self.wire_octets = 0
        self._message_octets = message_octets
        self._chunks: list[bytes] = []
        # The CRLF of the DATA command counts: a message may be ended by ".CRLF" alone (RFC 5321 section 4.1.1.4).
        self._tail = END_OF_DATA[:2]

    def feed(self, chunk: bytes) -> bytes:
        """Take one more chunk; what stands behind the end of the message, ``b""`` while there is none."""
        end = self._find_end(chunk)
        taken = chunk if end < 0 else chunk[:end]
        self.is_complete = end >= 0
        self.wire_octets += len(taken)
        self._keep(taken)
        return b"" if end < 0 else chunk[end:]

    def _find_end(self, chunk: bytes) -> int:
        """Index behind the end of data in ``chunk``, or -1: one search across the border, one in the chunk."""
        reach = len(END_OF_DATA) - 1
        at = (self._tail + chunk[:reach]).find(END_OF_DATA)
        if at >= 0:
            return at + len(END_OF_DATA) - len(self._tail)
        self._tail = (self._tail + chunk[-reach:])[-reach:]
        at = chunk.find(END_OF_DATA)
        return at + len(END_OF_DATA) if at >= 0 else -1

    def drop(self) -> None:
        """Keep none of it: it will be refused."""
        self.is_dropped = True
        self._chunks.clear()

    def _keep(self, taken: bytes) -> None:
        if self.wire_octets > self._message_octets + len(b".\r\n"):
            self.is_too_large = True
            self.drop()
        elif not self.is_dropped:
            self._chunks.append(taken)

    def octets(self) -> bytes:
        """The message without its end, the first dot of each line that has one taken out (RFC 5321 section 4.5.2).

        Can be asked once: of 25 MiB, no copy is kept longer than the next one takes to make.
        """
        stuffed = b"".join(self._chunks)
        self._chunks.clear()
        stuffed = stuffed[: -len(b".\r\n")].removeprefix(b".")
        return stuffed.replace(b"\r\n.", b"\r\n") if has_dotted_line(stuffed) else stuffed


def has_long_line(octets: bytes) -> bool:
    """Whether any line is longer than :data:`MAX_LINE_OCTETS`; one backward search per 64 KiB."""
    start, size = 0, len(octets)
    while size - start > MAX_LINE_OCTETS:
        end = octets.rfind(b"\n", start, start + MAX_LINE_OCTETS + 2)
        if end < 0:
            return True
        start = end + 1
    return False
