"""Where lines go, and what libraries may say."""

import asyncio
import io
import json
import logging
import sys

import pytest

from gateway.ops import events, log


@pytest.mark.parametrize(
    ("level", "expected"),
    [("debug", ["stopped", "purged", "notice_failed"]), ("warning", ["notice_failed"]), ("error", [])],
)
def test_level(sink, make_sink, level, expected):
    """Events below the level are not written."""
    stream = make_sink()
    log.configure(level=level, stream=stream)
    events.stopped(cut=0)
    events.purged(count=1)
    events.notice_failed(id="1", kind="failed", reason="no")
    assert [line["event"] for line in stream.events] == expected


def test_unknown_level(sink):
    """A level that is none is refused at once."""
    with pytest.raises(KeyError):
        log.configure(level="loud")


def test_standard_output(sink, monkeypatch):
    """Without a stream, lines go to standard output."""
    out = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr(sys, "stdout", out)
    log.configure()
    events.stopped(cut=0)
    assert json.loads(out.buffer.getvalue())["event"] == "stopped"


def test_terminal(sink, make_sink):
    """On a terminal a line is for eyes, and as safe: escapes of a client do not reach the terminal."""
    stream = make_sink(is_terminal=True)
    log.configure(stream=stream)
    events.login_failed(peer="192.0.2.1", username="a b\x1b[2J\n\x7f\x9bü")
    events.stopped(cut=0)
    first, second = stream.lines
    assert (
        first[8:]
        == b' warning login_failed       peer=192.0.2.1 username="a b\\u001b[2J\\n\\u007f\\u009b\\u00fc"'
    )
    assert second[8:] == b" info    stopped            cut=0"


def test_what_json_cannot_hold(sink):
    """A value JSON cannot hold is told by its class: its text may hold anything."""
    events.stopping(reason=ValueError("secret"))
    assert sink.events[0]["reason"] == "<ValueError>"


@pytest.mark.parametrize("fault", [OSError(28, "disk full"), ValueError("closed file")])
def test_writing_never_raises(sink, grown, make_sink, monkeypatch, fault):
    """A full disk or closed pipe behind the log loses the line and counts it; the mail goes on."""

    def fail(_line):
        raise fault

    stream = make_sink()
    monkeypatch.setattr(stream, "write", fail)
    log.configure(stream=stream)
    events.stopped(cut=0)
    assert grown() == {"log_lines_lost_total": 1}


class TestLibraries:
    """Loggers of libraries write to the same log, from WARNING on, without their text."""

    @pytest.mark.parametrize("name", log.LIBRARY_LOGGERS)
    def test_text_is_left_out(self, sink, grown, name):
        """A warning is told with its place; its text, which may hold addresses, is not."""
        logger = logging.getLogger(name)
        logger.info("RCPT TO:<buyer@marketplace.example>")
        logger.warning("%r refused", "buyer@marketplace.example")
        [line] = sink.events
        assert (line["event"], line["logger"], line["severity"]) == ("library_warned", name, "warning")
        assert line["where"].startswith("ops/test_log.py:")
        assert (line["exception"], line["frames"]) == ("", [])
        assert b"buyer@" not in sink.getvalue()
        assert grown() == {"library_warnings_total": 1}

    def test_exception(self, sink):
        """An exception a library logs is told by class and frames."""
        try:
            {}["buyer@marketplace.example"]
        except KeyError:
            logging.getLogger("mail.log").exception("boom")
        [line] = sink.events
        assert (line["severity"], line["exception"]) == ("error", "KeyError")
        assert line["frames"]
        assert b"buyer@" not in sink.getvalue()

    def test_other_loggers(self, sink):
        """A logger nobody named is heard too."""
        logging.getLogger("somebody").error("x")
        assert sink.events[0]["logger"] == "somebody"

    def test_configuring_twice(self, sink):
        """Configuring again does not double the lines."""
        log.configure(stream=sink)
        logging.getLogger("asyncio").warning("x")
        assert len(sink.events) == 1

    async def test_asyncio_callback(self, sink):
        """A callback that fails on the event loop is told without its exception's text."""
        loop = asyncio.get_running_loop()
        loop.call_exception_handler({"message": "secret text", "exception": ValueError("buyer@x.example")})
        [line] = sink.events
        assert (line["logger"], line["exception"]) == ("asyncio", "ValueError")
        assert b"secret" not in sink.getvalue()
        assert b"buyer" not in sink.getvalue()
