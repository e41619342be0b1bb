"""The gateway that the client programs are tried against."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .site import Site, make_record
from .table import CLIENTS


@contextmanager
def running(record: Path) -> Iterator[Site]:
    """A gateway process with one seller, and a stand-in relay behind it."""
    # Not pytest's own folder: nobody but its owner may look into that, and Postfix and Exim drop their rights.
    with tempfile.TemporaryDirectory(prefix="clients-") as folder:
        Path(folder).chmod(0o755)
        site = Site(Path(folder), record).start()
        try:
            yield site
        finally:
            site.stop()


@pytest.fixture(scope="session")
def record(tmp_path_factory):
    """A database with the seller."""
    return make_record(tmp_path_factory.mktemp("record"))


@pytest.fixture(scope="session")
def site(record):
    """One gateway for all."""
    with running(record) as site:
        yield site


@pytest.fixture
def fresh_site(record):
    """One of its own: for wrong passwords, since the answers to them come later and later."""
    with running(record) as site:
        yield site


@pytest.fixture
def client(request):
    """The program of that name, if it is here."""
    found = CLIENTS[request.param]
    if found.lacks and os.environ.get("TEST_CLIENTS") == "all":
        pytest.fail(found.lacks)
    if found.lacks:
        pytest.skip(f"{found.lacks}; .ci/clients installs it")
    return found
