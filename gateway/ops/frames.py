"""Where an exception came from, without what it says.

An exception's text and its frames' locals may hold mail, addresses or passwords; class names, files, lines
and function names cannot.
*Limits:* :data:`MAX_FRAMES`.
"""

from pathlib import Path
from traceback import walk_tb
from types import TracebackType

MAX_FRAMES = 12
"""Frames kept, the innermost ones: where the fault is."""

_PACKAGE = Path(__file__).parents[1]
_ROOT = _PACKAGE.parent


def class_name(exception: BaseException) -> str:
    """Class of ``exception`` with its module, ``"KeyError"`` for a built-in one."""
    kind = type(exception)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def frames(exception: BaseException) -> list[str]:
    """Frames of our package, outermost first, as ``"gateway/mail/parse.py:120:parse"``.

    The frame that raised is kept whoever's it is, with the last two segments of its path.
    """
    places = _places(exception.__traceback__)
    last = len(places) - 1
    kept = [
        f"{name}:{line}:{function}"
        for i, (is_ours, name, line, function) in enumerate(places)
        if is_ours or i == last
    ]
    return kept[-MAX_FRAMES:]


def place(path: str, line: int, function: str) -> str:
    """``path`` shortened as :func:`frames` does, with line and function."""
    return f"{_shorten(path)[1]}:{line}:{function}"


def _places(traceback: TracebackType | None) -> list[tuple[bool, str, int, str]]:
    walked = ((frame.f_code, line) for frame, line in walk_tb(traceback))
    return [(*_shorten(code.co_filename), line, code.co_name) for code, line in walked]


def _shorten(path: str) -> tuple[bool, str]:
    where = Path(path)
    if where.is_relative_to(_PACKAGE):
        return True, where.relative_to(_ROOT).as_posix()
    return False, "/".join(where.parts[-2:])
