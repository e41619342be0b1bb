"""The gateway that the client programs are tried against."""

import os

import pytest

from .site import Site
from .table import CLIENTS


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """A gateway process with one seller, and a stand-in relay behind it."""
    site = Site(_folder(tmp_path_factory)).start()
    yield site
    site.stop()


@pytest.fixture
def fresh_site(tmp_path_factory):
    """One of its own: for wrong passwords, since the answers to them come later and later."""
    site = Site(_folder(tmp_path_factory)).start()
    yield site
    site.stop()


@pytest.fixture
def client(request):
    """The program of that name, if it is here."""
    found = CLIENTS[request.param]
    if found.lacks and os.environ.get("TEST_CLIENTS") == "all":
        pytest.fail(found.lacks)
    if found.lacks:
        pytest.skip(f"{found.lacks}; .ci/clients installs it")
    return found


def _folder(factory):
    """A folder that other users may look into: Postfix and Exim drop their rights."""
    folder = factory.mktemp("clients")
    for each in (folder, *folder.parents[:3]):
        if each.stat().st_uid == os.geteuid() and each.parent != each:
            each.chmod(each.stat().st_mode | 0o055)
    return folder
