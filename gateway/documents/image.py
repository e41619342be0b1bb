"""The header of an image: format, size, frames. Pixels are never decoded here.

Not here: what the picture shows.
Limits: ``MAX_PIXELS``, ``MAX_FRAMES``.
Source: the formats; adversary case R10 (a 20 KB file of 169 million pixels).
"""

import io
import struct
import warnings
from dataclasses import dataclass

MAX_PIXELS = 25_000_000
"""Pixels, width times height, over all frames: above it an image is a bomb and is not opened any further.
25 million is a whole photo of a good telephone; decoded as RGB it takes 75 MB."""

MAX_FRAMES = 1_000
"""Frames that are counted; more are reported as this many."""

MAX_BLOCKS = 200_000
"""Blocks of a GIF that are walked: 50 MB in full blocks."""

_DESCRIPTOR, _EXTENSION = b",!"

_FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP")
"""What Pillow may open: each further format is another parser of hostile octets, and its reader of TIFF writes to the
log."""

_NAMES = {name: name.lower() for name in _FORMATS} | {"MPO": "jpeg"}
"""Our names by Pillow's. MPO is the photo of a telephone: a JPEG with a second one, which no reader shows, behind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFacts:
    """What the header of an image says.

    Attributes:
        format: Name in lower case, ``"png"``.
        width: Pixels.
        height: Pixels.
        frames: Number of frames, 1 for a still image.
        is_animated: Whether it has more than one.
    """

    format: str
    width: int
    height: int
    frames: int
    is_animated: bool

    @property
    def is_bomb(self) -> bool:
        """Whether showing it would take an unreasonable amount of memory."""
        return self.width * self.height * self.frames > MAX_PIXELS


def read_image(content: bytes) -> ImageFacts | None:
    """The facts of a raster image.

    Args:
        content: Octets of the file.

    Returns:
        The facts; ``None`` for what is no image of a known format or cannot be read.
    """
    size = _header_size(content)
    if size is not None and size[1] * size[2] > MAX_PIXELS:
        return ImageFacts(format=size[0], width=size[1], height=size[2], frames=1, is_animated=False)
    return _open(content)


def _header_size(content: bytes) -> tuple[str, int, int] | None:
    """Format, width and height of PNG and GIF, without any library."""
    if content.startswith(b"\x89PNG\r\n\x1a\n") and content[12:16] == b"IHDR" and len(content) >= 24:  # noqa: PLR2004 - end of height
        return ("png", *struct.unpack_from(">II", content, 16))
    if content[:6] in {b"GIF87a", b"GIF89a"} and len(content) >= 10:  # noqa: PLR2004 - end of height
        return ("gif", *struct.unpack_from("<HH", content, 6))
    return None


def _open(content: bytes) -> ImageFacts | None:
    from PIL import Image  # 30 ms to load: only where there is an image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
                name = _NAMES.get(image.format or "", "unknown")
                frames = _count_frames(content, name, image)
                return ImageFacts(
                    format=name, width=image.width, height=image.height, frames=frames, is_animated=frames > 1
                )
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return ImageFacts(format="unknown", width=MAX_PIXELS + 1, height=1, frames=1, is_animated=False)
    except Exception:  # noqa: BLE001 - Pillow raises OSError, SyntaxError, ValueError, struct.error, ... on hostile octets
        return None


def _count_frames(content: bytes, name: str, image: object) -> int:
    """Frames, without asking Pillow where it would walk the whole file frame by frame (GIF)."""
    if name == "gif":
        return _count_gif_frames(content)
    if name in {"png", "webp"}:
        return min(int(getattr(image, "n_frames", 1)), MAX_FRAMES)
    return 1


def _count_gif_frames(content: bytes) -> int:
    """Image descriptors of a GIF (GIF89a specification, sections 15 to 27), at most ``MAX_FRAMES``."""
    at = 13 + _table_octets(content, 10)
    frames = steps = 0
    is_between = True
    while steps < MAX_BLOCKS and frames < MAX_FRAMES and at < len(content):
        steps += 1
        kind = content[at]
        if not is_between:
            at += 1 + kind
            is_between = kind == 0
        elif kind == _DESCRIPTOR:
            frames += 1
            at += 11 + _table_octets(content, at + 9)
            is_between = False
        elif kind == _EXTENSION:
            at += 2
            is_between = False
        else:
            break
    return max(1, frames)


def _table_octets(content: bytes, at: int) -> int:
    """Octets of the colour table that the packed field at this place announces."""
    packed = int.from_bytes(content[at : at + 1], "big")
    return 3 << ((packed & 7) + 1) if packed & 0x80 else 0
