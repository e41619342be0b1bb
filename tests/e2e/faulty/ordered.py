"""Faults inside a gateway process that a test orders while it runs, by writing a word into a file of one folder.

====== ==============================================================================================================
file   its word
====== ==============================================================================================================
die    a point of ``POINTS``: the process is gone (SIGKILL) the next time it comes by; the file goes first
disk   ``full``, ``read-only`` or ``failing``: what SQLite's writes meet from now on
clock  seconds, by which the wall clock is wrong from now on
====== ==============================================================================================================

The folder is named by FAULTY_ORDERS. FAULTY_PATIENCE_S is how long the gateway waits for next hops and DNS instead of
minutes; FAULTY_MX_PORT is where hosts that DNS names take mail, instead of 25.
"""

import copyreg
import dataclasses
import datetime  # noqa: ICN001 - it is changed here
import functools
import ipaddress
import os
import signal
import time
from pathlib import Path

import apsw

POINTS = {
    "mail": "the sender is approved, MAIL not answered yet",
    "rcpt": "the recipient is approved, RCPT not answered yet",
    "data": "the content is read up to the final dot",
    "examined": "the worker has answered",
    "accept: commit": "the mail is written, and about to be committed",
    "accept: log": "half of the commit is written to the disk",
    "accept: sync": "the commit is written, and not synchronised yet",
    "accept: committed": "the mail is on disk, the final dot not answered yet",
    "claimed": "the runner has taken the mail to send it",
    "answered": "the next hop has taken the mail, nothing of it is written down yet",
    "settle: commit": "the delivery is written down, and about to be committed",
    "settle: committed": "the delivery is on disk",
    "notice: commit": "a failure notice is written, and about to be committed",
    "notice: committed": "a failure notice is on disk, the failure itself not yet",
    "release: commit": "a release of a held mail is written, and about to be committed",
    "release: committed": "a release of a held mail is on disk",
}


def _word(name):
    try:
        return (Path(os.environ["FAULTY_ORDERS"]) / name).read_text().strip()
    except FileNotFoundError:
        return ""


def at(point):
    """Dies here, if that was ordered."""
    if _word("die") == point:
        (Path(os.environ["FAULTY_ORDERS"]) / "die").unlink()
        os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(60)


def install():
    """Makes every fault possible; none is ordered yet. The clock comes first: what is imported keeps its own."""
    _install_clock()
    _install_disk()
    _install_patience()
    _install_points()


# The clock


class _AnyDatetime(type):
    def __instancecheck__(cls, value):
        return isinstance(value, _datetime)


_datetime = datetime.datetime


class _Jumping(_datetime, metaclass=_AnyDatetime):
    @classmethod
    def now(cls, tz=None):
        return _datetime.now(tz) + datetime.timedelta(seconds=float(_word("clock") or 0))


def read_time(text):
    """A time as a worker, whose clock is right, reads it."""
    return _datetime.fromisoformat(text)


def _written(at):
    return read_time, (at.isoformat(),)


def _install_clock():
    datetime.datetime = _Jumping
    for kind in (_datetime, _Jumping):  # workers have the ordinary class
        copyreg.pickle(kind, _written)


# The disk


class _File(apsw.VFSFile):
    def __init__(self, name, flags):
        super().__init__("unix", name, flags)

    def xWrite(self, data, offset):  # noqa: N802 - SQLite's name
        if _commits.kind == "accept":
            at("accept: log")
        word = _word("disk")
        if word == "full":
            raise apsw.FullError("ordered")
        if word == "read-only":
            raise apsw.ReadOnlyError("ordered")
        super().xWrite(data, offset)

    def xSync(self, flags):  # noqa: N802 - SQLite's name
        if _commits.kind == "accept":
            at("accept: sync")
        if _word("disk") == "failing":
            raise apsw.IOError("ordered")
        super().xSync(flags)


class _Disk(apsw.VFS):
    def __init__(self):
        super().__init__("ordered", "unix", makedefault=True)

    def xOpen(self, name, flags):  # noqa: N802 - SQLite's name
        return _File(name, flags)


def _install_disk():
    _commits.disk = _Disk()


class _Commits:
    """What the writer's thread is about to commit, or is committing."""

    written = ""
    kind = ""
    disk = None


_commits = _Commits()


# Patience


def _install_patience():
    from gateway.relay import hosts, settings

    patience = float(os.environ["FAULTY_PATIENCE_S"])
    seconds = {
        field.name: min(field.default, patience)
        for field in dataclasses.fields(settings.Timeouts)
        if isinstance(field.default, float)
    }
    defaults = settings.DeliverySettings.__init__.__kwdefaults__
    defaults["timeouts"] = settings.Timeouts(**seconds)
    if port := os.environ.get("FAULTY_MX_PORT"):
        defaults["mx_port"] = int(port)
        # Hosts on loopback are ourselves, to whom nothing is sent; this one plays somebody else.
        is_loopback = ipaddress.IPv4Address.is_loopback
        stranger = property(lambda self: str(self) != "127.0.0.2" and is_loopback.fget(self))
        ipaddress.IPv4Address.is_loopback = stranger
    hosts.LOOKUP_SECONDS = patience


# Points


def _install_points():
    from gateway.intake import Intake
    from gateway.store import hold, messages, queue, sqlite
    from gateway.store.store import Store
    from gateway.worker import Workers

    _after(Intake, "reverse_path", "mail")
    _after(Intake, "recipient", "rcpt")
    _before(Intake, "message", "data")
    _after(Workers, "examine", "examined")
    _after(Store, "claim", "claimed", only_if=bool)
    _before(Store, "settle", "answered")
    _writes(messages, "accept", lambda message: "notice" if message.route == "notices" else "accept")
    _writes(queue, "settle", lambda *_, **__: "settle")
    _writes(hold, "release", lambda *_: "release")
    commit = sqlite._commit

    def watched(connection):
        _commits.kind, _commits.written = _commits.written, ""
        at(f"{_commits.kind}: commit")
        commit(connection)
        at(f"{_commits.kind}: committed")
        _commits.kind = ""

    sqlite._commit = watched


def _after(owner, name, point, only_if=lambda _: True):
    method = getattr(owner, name)

    @functools.wraps(method)
    async def wrapped(*arguments, **options):
        result = await method(*arguments, **options)
        if only_if(result):
            at(point)
        return result

    setattr(owner, name, wrapped)


def _before(owner, name, point):
    method = getattr(owner, name)

    @functools.wraps(method)
    async def wrapped(*arguments, **options):
        at(point)
        return await method(*arguments, **options)

    setattr(owner, name, wrapped)


def _writes(module, name, kind):
    operation = getattr(module, name)

    @functools.wraps(operation)
    def wrapped(*arguments, **options):
        result = yield from operation(*arguments, **options)
        _commits.written = kind(*arguments, **options)
        return result

    setattr(module, name, wrapped)
