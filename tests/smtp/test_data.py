import asyncio
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.smtp.data import (
    CHUNK_OCTETS,
    MAX_COMMAND_OCTETS,
    MAX_LINE_OCTETS,
    Content,
    Disconnected,
    LineTooLong,
    Wire,
    has_long_line,
)

MIB = 1_048_576


def fed(*chunks: bytes, message_octets: int = MIB) -> tuple[Content, bytes]:
    content = Content(message_octets)
    rest = b""
    for chunk in chunks:
        rest += content.feed(chunk)
    return content, rest


@pytest.mark.parametrize(
    "wire, octets",
    [
        pytest.param(b".\r\n", b"", id="nothing"),
        pytest.param(b"a\r\n.\r\n", b"a\r\n", id="one-line"),
        pytest.param(b"\r\n.\r\n", b"\r\n", id="empty-line"),
        pytest.param(b"..\r\n.\r\n", b".\r\n", id="stuffed-dot-first"),
        pytest.param(b".a\r\n.\r\n", b"a\r\n", id="dot-that-needed-none-first"),
        pytest.param(b"a\r\n..\r\n...\r\n.\r\n", b"a\r\n.\r\n..\r\n", id="stuffed-dots"),
        pytest.param(b"a.\r\n.\r\n", b"a.\r\n", id="dot-at-line-end"),
        pytest.param(b"a\r\n.b\r\n.\r\n", b"a\r\nb\r\n", id="dot-before-text"),
        pytest.param(b"a\n.\nb\r\n.\r\n", b"a\n.\nb\r\n", id="bare-lf-stays"),
        pytest.param(b"a\r.\rb\0\r\n.\r\n", b"a\r.\rb\0\r\n", id="bare-cr-and-nul-stay"),
        pytest.param(b"\xff\xfe\r\n.\r\n", b"\xff\xfe\r\n", id="8-bit"),
    ],
)
def test_octets(wire: bytes, octets: bytes) -> None:
    """A message is what stands before CRLF.CRLF, with the first dot of a line taken out and nothing else changed."""
    content, rest = fed(wire)

    assert (content.is_complete, content.octets(), rest) == (True, octets, b"")


WIRE = b".a\r\n..b\r\n.\n\r.\r\n\r\n.\r\nQUIT\r\n"


@pytest.mark.parametrize("cut", range(1, len(WIRE)))
def test_split_anywhere(cut: int) -> None:
    """Where the network cuts the stream in two changes nothing."""
    content, rest = fed(WIRE[:cut], WIRE[cut:]) if cut < WIRE.index(b"QUIT") else fed(WIRE)

    assert content.octets() == b"a\r\n.b\r\n\n\r.\r\n\r\n"
    assert rest == b"QUIT\r\n"


def test_octet_by_octet() -> None:
    """A stream that comes one octet at a time is the same message."""
    end = WIRE.index(b"QUIT")
    content, rest = fed(*(WIRE[at : at + 1] for at in range(end)))

    assert (content.is_complete, content.octets(), rest) == (True, b"a\r\n.b\r\n\n\r.\r\n\r\n", b"")


@pytest.mark.parametrize("cut", range(1, 9))
def test_end_across_three_chunks(cut: int) -> None:
    """An end of data spread over small chunks is found."""
    wire = b"ab\r\n.\r\n"
    content, _ = fed(*(wire[at : at + cut] for at in range(0, len(wire), cut)))

    assert (content.is_complete, content.octets()) == (True, b"ab\r\n")


def read_by_line(wire: bytes) -> tuple[bool, bytes, bytes]:
    """The same by another way: line after line, as RFC 5321 section 4.5.2 puts it."""
    octets, left = b"", wire
    while b"\r\n" in left:
        line, _, left = left.partition(b"\r\n")
        if line == b".":
            return True, octets, left
        octets += line.removeprefix(b".") + b"\r\n"
    return False, b"", b""


@given(
    pieces=st.lists(st.sampled_from([b"\r\n", b"\r", b"\n", b".", b"a", b"\0"]), max_size=30),
    cuts=st.lists(st.integers(1, 5), min_size=1, max_size=10),
)
def test_agrees_with_reading_by_line(pieces: list[bytes], cuts: list[int]) -> None:
    """Any stream, cut anyhow, is the same message as when read line by line."""
    wire = b"".join(pieces)
    content, rest, at = Content(MIB), b"", 0
    for cut in itertools.cycle(cuts):
        if at >= len(wire) or content.is_complete:
            break
        rest = content.feed(wire[at : at + cut])
        at += cut
    rest += wire[at:] if content.is_complete else b""
    octets = content.octets() if content.is_complete else b""

    assert (content.is_complete, octets, rest) == read_by_line(wire)


@pytest.mark.parametrize(
    "wire", [b"", b".", b".\r", b"a\r\n.\r", b"a\r\n. \r\n", b"a\n.\r\n", b"\r.\r\n", b"x.\r\n"]
)
def test_not_complete(wire: bytes) -> None:
    """Nothing but CRLF.CRLF ends a message; the CRLF of the DATA command may be its first."""
    content, _ = fed(wire)

    assert not content.is_complete


@pytest.mark.parametrize(
    "size, is_too_large",
    [pytest.param(100, False, id="at-the-limit"), pytest.param(101, True, id="one-octet-above")],
)
def test_message_octets(size: int, is_too_large: bool) -> None:
    """A message above the limit is marked, and its end is found all the same."""
    content, rest = fed(b"x" * (size - 2) + b"\r\n", b".\r\nNOOP", message_octets=100)

    assert (content.is_complete, content.is_too_large, rest) == (True, is_too_large, b"NOOP")


@pytest.mark.parametrize(
    "octets, expected",
    [
        pytest.param(b"", False, id="empty"),
        pytest.param(b"x" * MAX_LINE_OCTETS, False, id="at-the-limit-without-end"),
        pytest.param(b"x" * MAX_LINE_OCTETS + b"\r\n", False, id="at-the-limit"),
        pytest.param(b"x" * (MAX_LINE_OCTETS + 1) + b"\r\n", True, id="one-above"),
        pytest.param(b"x\r\n" * 100_000, False, id="many-short"),
        pytest.param(
            b"x\r\n" * 50_000 + b"x" * MAX_LINE_OCTETS + b"\r\n" + b"y\r\n", False, id="long-among-short"
        ),
        pytest.param(
            b"x\r\n" * 50_000 + b"x" * (MAX_LINE_OCTETS + 1) + b"\r\ny", True, id="too-long-among-short"
        ),
        pytest.param(b"y\r\n" + b"x" * (MAX_LINE_OCTETS + 1), True, id="too-long-last"),
        pytest.param(b"x\n" * 100_000, False, id="bare-lf-ends-a-line-here"),
    ],
)
def test_has_long_line(octets: bytes, expected: bool) -> None:
    """Lines up to 64 KiB pass, wherever they stand."""
    assert has_long_line(octets) == expected


def wire_of(*chunks: bytes) -> Wire:
    reader = asyncio.StreamReader()
    for chunk in chunks:
        reader.feed_data(chunk)
    reader.feed_eof()
    return Wire(reader)


async def test_lines() -> None:
    """Lines come with their ends, one after the other, however they arrived."""
    wire = wire_of(b"EHLO x\r\nNO", b"OP\n", b"half")

    assert [await wire.line(), await wire.line()] == [b"EHLO x\r\n", b"NOOP\n"]
    with pytest.raises(Disconnected):
        await wire.line()


async def test_line_over_several_reads() -> None:
    """A line may come in pieces."""
    reader = asyncio.StreamReader()
    wire = Wire(reader)
    reader.feed_data(b"EH")
    pending = asyncio.ensure_future(wire.line())
    await asyncio.sleep(0)
    reader.feed_data(b"LO x\r\n")

    assert await pending == b"EHLO x\r\n"


async def test_line_too_long() -> None:
    """Octets without a line feed are not gathered for ever."""
    with pytest.raises(LineTooLong):
        await wire_of(b"x" * (MAX_COMMAND_OCTETS + 1)).line()


async def test_chunk_and_put_back() -> None:
    """What was read ahead comes first, and what was put back comes next."""
    wire = wire_of(b"DATA\r\ncontent")
    await wire.line()

    assert await wire.chunk() == b"content"
    wire.put_back(b"tent")
    assert await wire.chunk() == b"tent"
    with pytest.raises(Disconnected):
        await wire.chunk()


async def test_chunk_is_bounded() -> None:
    """One chunk is what a socket read gives, not all there is."""
    wire = wire_of(b"x" * (CHUNK_OCTETS + 1))

    assert len(await wire.chunk()) == CHUNK_OCTETS


async def test_has_pending() -> None:
    """Octets in the reader's own buffer count as pending, and octets read ahead."""
    wire = wire_of(b"a\r\nb")

    assert wire.has_pending
    await wire.line()
    assert wire.has_pending
    await wire.chunk()
    assert not wire.has_pending
