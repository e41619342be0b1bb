"""What the service manager hears, on real sockets."""

import os
import re
import socket

import pytest

from gateway.life.systemd import Notifier


@pytest.fixture(params=["path", "abstract"])
def manager(request, tmp_path):
    """A socket as the service manager has it, and its name as in ``NOTIFY_SOCKET``."""
    name = str(tmp_path / "notify") if request.param == "path" else f"@gateway-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(name.replace("@", "\0"))
        sock.settimeout(10)
        yield sock, name


def test_messages(manager):
    """Each change of state is one datagram, over a path and over an abstract name."""
    sock, name = manager
    notifier = Notifier(name)
    notifier.ready("taking mail\nREADY=0")
    notifier.reloading()
    notifier.stopping("ending")
    notifier.alive()
    notifier.status("fine")
    heard = [sock.recv(4096).decode() for _ in range(5)]
    assert heard[0] == "READY=1\nSTATUS=taking mail READY=0"
    assert re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=\d+", heard[1])
    assert heard[2:] == ["STOPPING=1\nSTATUS=ending", "WATCHDOG=1", "STATUS=fine"]


@pytest.mark.parametrize("name", [None, "/nowhere/notify", "@nobody-listens-here", "/" + "x" * 200])
def test_nobody_listens(name):
    """Without a service manager, or with one that is gone, nothing happens."""
    Notifier(name).ready("taking mail")


def test_a_manager_that_does_not_read(manager):
    """A full socket loses messages rather than time."""
    _, name = manager
    notifier = Notifier(name)
    for _ in range(2000):
        notifier.alive()


PID = str(os.getpid())
ENVIRONMENTS = {
    "none": ({}, False, None),
    "a path": ({"NOTIFY_SOCKET": "/run/n"}, True, None),
    "an abstract name": ({"NOTIFY_SOCKET": "@n", "WATCHDOG_USEC": "60000000"}, True, 60.0),
    "a virtual machine's": ({"NOTIFY_SOCKET": "vsock:2:1"}, False, None),
    "our watchdog": ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": PID}, False, 0.5),
    "another's watchdog": ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": "1"}, False, None),
    "no number": ({"WATCHDOG_USEC": "soon"}, False, None),
    "zero": ({"WATCHDOG_USEC": "0"}, False, None),
}


@pytest.mark.parametrize("given, is_heard, watchdog_s", ENVIRONMENTS.values(), ids=ENVIRONMENTS)
def test_environment(given, is_heard, watchdog_s):
    """The variables are read, and taken out: a worker must not speak to the service manager."""
    environment = {"PATH": "/bin", **given}
    notifier = Notifier.from_environment(environment)
    assert (notifier.is_heard, notifier.watchdog_s) == (is_heard, watchdog_s)
    assert environment == {"PATH": "/bin"}
