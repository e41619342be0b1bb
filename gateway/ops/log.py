"""How an event becomes one line.

A line is one JSON object in ASCII: control characters, line separators and direction marks of a hostile
username or peer stand escaped, so that nobody can forge a second line (adversary S39). Writing never raises:
a full disk behind standard output must not turn a committed mail into an error.

*Not here:* what is told (``events.py``).
"""

import json
import logging
import sys
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any, BinaryIO, Literal

import structlog

from gateway.ops import events, metrics
from gateway.ops.frames import place

LIBRARY_LOGGERS = ("mail.log", "aiosmtpd", "asyncio", "uvicorn", "uvicorn.error", "uvicorn.access")
"""Loggers of libraries that write command lines, addresses or exception texts when they are let."""

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def configure(
    *,
    level: str = "info",
    stream: BinaryIO | None = None,
    style: Literal["auto", "json", "console"] = "auto",
) -> None:
    """Send every event from ``level`` on to ``stream``, and the libraries' warnings with them.

    Args:
        level: ``"debug"``, ``"info"``, ``"warning"`` or ``"error"``.
        stream: Where lines go, as octets; standard output when ``None``.
        style: ``"json"``; ``"console"`` for eyes; ``"auto"`` is console on a terminal and JSON elsewhere.

    Raises:
        KeyError: ``level`` is none of the four.
    """
    stream = sys.stdout.buffer if stream is None else stream
    is_console = style == "console" or (style == "auto" and stream.isatty())
    structlog.configure(
        processors=[_stamp, _render_console if is_console else _render_json],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=lambda *_: writer,
        cache_logger_on_first_use=False,
    )
    writer = _LineWriter(stream)
    _route_library_loggers()


class _LineWriter:
    """The end of the chain: one write, one flush, and no exception."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def _write(self, line: bytes) -> None:
        try:
            self._stream.write(line)
            self._stream.flush()
        except (OSError, ValueError):  # disk full, pipe closed, stream closed
            metrics.LOG_LINES_LOST.inc()

    debug = info = warning = error = _write


def _stamp(_logger: object, level: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    return {"at": at, "level": level, "event": event.pop("event"), **event}


def _class_only(value: object) -> str:
    """Stand-in for what JSON cannot hold: its class, never its text."""
    return f"<{type(value).__name__}>"


_encode = json.JSONEncoder(separators=(",", ":"), default=_class_only).encode


def _render_json(_logger: object, _level: str, event: Mapping[str, Any]) -> bytes:
    # json escapes C0 and, with ensure_ascii, everything from U+0080; only DEL is left to us.
    return _encode(event).replace("\x7f", "\\u007f").encode("ascii") + b"\n"


def _render_console(_logger: object, _level: str, event: Mapping[str, Any]) -> bytes:
    rest = " ".join(
        f"{key}={_plain(value)}" for key, value in event.items() if key not in {"at", "level", "event"}
    )
    line = f"{event['at'][11:19]} {event['level']:<7} {event['event']:<18} {rest}".rstrip()
    return line.encode("ascii", "backslashreplace") + b"\n"


def _plain(value: object) -> str:
    """A value as JSON, without quotes where it is a plain word."""
    text = _encode(value).replace("\x7f", "\\u007f")
    inner = text[1:-1]
    is_word = isinstance(value, str) and inner == value and " " not in inner and inner != ""
    return inner if is_word else text


class _LibraryHandler(logging.Handler):
    """Turns a library's log record into an event, without its text."""

    def emit(self, record: logging.LogRecord) -> None:
        exception = record.exc_info[1] if record.exc_info else None
        events.library_warned(
            logger=record.name,
            level=record.levelname.lower(),
            where=place(record.pathname, record.lineno, record.funcName),
            exception=exception,
        )


_HANDLER = _LibraryHandler(logging.WARNING)


def _route_library_loggers() -> None:
    root = logging.getLogger()
    if _HANDLER not in root.handlers:
        root.addHandler(_HANDLER)
    for name in LIBRARY_LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.setLevel(logging.WARNING)
        logger.propagate = True
