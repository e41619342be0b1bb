"""Headers of images."""

import io
import struct
import zlib

import pytest
from PIL import Image

from gateway.documents.image import MAX_FRAMES, MAX_PIXELS, ImageFacts, read_image


def image(kind: str, size=(20, 10), frames: int = 1, **options) -> bytes:
    out = io.BytesIO()
    first, *more = [Image.new("RGB", size, (40 * i, 255 - 60 * i, 10)) for i in range(frames)]
    if more:
        options |= {"save_all": True, "append_images": more}
    first.save(out, kind, **options)
    return out.getvalue()


def png(width: int, height: int) -> bytes:
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP"])
def test_still(kind):
    """Format and size come from the header."""
    expected = ImageFacts(format=kind.lower(), width=20, height=10, frames=1, is_animated=False)
    assert expected == read_image(image(kind))
    assert not expected.is_bomb


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_animated(kind):
    """Frames are counted."""
    facts = read_image(image(kind, frames=3, duration=50))
    assert facts is not None
    assert (facts.frames, facts.is_animated) == (3, True)


def test_photo_with_a_second_picture():
    """The hidden second picture in a telephone's photo is no animation."""
    facts = read_image(image("MPO", frames=2))
    assert facts is not None
    assert (facts.format, facts.is_animated) == ("jpeg", False)


BOMBS = {
    "png": png(13_000, 13_000),
    "gif": b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + b"\0\0\0;",
    "jpeg, warned of": image("JPEG").replace(struct.pack(">HH", 10, 20), struct.pack(">HH", 10_000, 10_000)),
    "jpeg, refused": image("JPEG").replace(struct.pack(">HH", 10, 20), struct.pack(">HH", 65_000, 65_000)),
    "jpeg, small enough for Pillow": image("JPEG").replace(
        struct.pack(">HH", 10, 20), struct.pack(">HH", 6_000, 6_000)
    ),
}


@pytest.mark.parametrize("content", BOMBS.values(), ids=BOMBS)
def test_bombs(content):
    """Too many pixels are seen in the header."""
    facts = read_image(content)
    assert facts is not None
    assert facts.is_bomb


def test_limit():
    """An image of just as many pixels as allowed is no bomb."""
    facts = ImageFacts(format="png", width=MAX_PIXELS, height=1, frames=1, is_animated=False)
    assert not facts.is_bomb


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        image("TIFF"),
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a",
        png(5, 5)[:20],
        b"\xff\xd8\xff\xe0",
        b"\0\0\1\0",
    ],
    ids=["empty", "text", "tiff", "png cut", "gif cut", "png header cut", "jpeg cut", "icon"],
)
def test_unreadable(content):
    """What cannot be read has no facts."""
    assert read_image(content) is None


def frame(data: bytes = b"\x02\x02L\x01\0") -> bytes:
    return b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + data


GIF = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + bytes(6)


@pytest.mark.parametrize(
    "content, frames",
    [
        (GIF + frame() + b"\x21\xf9\x04\0\0\0\0\0" + frame() + b";", 2),
        (GIF + frame(b"\x02\x01,\0") + b";" + frame(), 1),
        (GIF + frame() * (MAX_FRAMES + 5) + b";", MAX_FRAMES),
        (GIF + b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0x80) + bytes(6) + b"\x02\x02L\x01\0" + frame(), 2),
    ],
    ids=["two", "comma in the data", "many", "own colours"],
)
def test_gif_frames(content, frames):
    """Frames of a GIF are counted block by block."""
    facts = read_image(content)
    assert facts is not None
    assert frames == facts.frames
