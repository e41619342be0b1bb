"""A log that can be read, and metrics as differences."""

import io
import json
import logging
from collections.abc import Callable, Iterator

import pytest
import structlog

from gateway.ops import log, metrics


class Sink(io.BytesIO):
    """A stream that may be a terminal."""

    def __init__(self, *, is_terminal: bool = False) -> None:
        super().__init__()
        self.is_terminal = is_terminal

    def isatty(self) -> bool:
        """Whether it plays a terminal."""
        return self.is_terminal

    @property
    def lines(self) -> list[bytes]:
        """What was written, by line."""
        return self.getvalue().splitlines()

    @property
    def events(self) -> list[dict[str, object]]:
        """What was written, as JSON objects."""
        return [json.loads(line) for line in self.lines]


@pytest.fixture
def make_sink() -> type[Sink]:
    return Sink


@pytest.fixture
def sink() -> Iterator[Sink]:
    """A configured JSON log; logging and structlog are put back afterwards."""
    root = logging.getLogger()
    before = list(root.handlers)
    stream = Sink()
    log.configure(level="debug", stream=stream)
    yield stream
    root.handlers[:] = before
    structlog.reset_defaults()


@pytest.fixture
def grown() -> Callable[[], dict[str, float]]:
    """Says by how much each counter has grown since the test began; those that have not are left out."""

    def read() -> dict[str, float]:
        return {
            sample.name.removeprefix("gateway_")
            + "".join(f"|{value}" for value in sample.labels.values()): sample.value
            for metric in metrics.REGISTRY.collect()
            for sample in metric.samples
            if not sample.name.endswith(("_created", "_bucket"))
        }

    before = read()
    return lambda: {
        key: value - before.get(key, 0) for key, value in read().items() if value != before.get(key, 0)
    }
