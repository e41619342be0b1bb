"""Examines mail in processes that may be killed.

A mail can be written to stop its reader: minutes of CPU, gigabytes of memory. So each is read in a child process
with a deadline and a memory cap; a child that dies or is killed costs that one mail a 451, and nothing else.
The child is trusted with nothing: it gets the mail and the policies (pickled, parent to child only) and answers in
JSON and octets; it has no socket, no store and no password.

Frames, both ways: two lengths of four octets, big-endian, then a head and the octets of a mail.
Not here: what an examination is (``filter``).
Source: facts of adversary.md 2.4, invariant 6 of ARCHITECTURE.md.
"""

import asyncio
import contextlib
import gc
import json
import os
import pickle
import resource
import secrets
import signal
import struct
import sys
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from typing import Any, BinaryIO, Self

from gateway.filter.codec import dump, load
from gateway.filter.examination import Examination
from gateway.filter.examine import examine
from gateway.ops import events, log, metrics
from gateway.policy.model import OnMatch, Policy
from gateway.rules.context import Profile

LENGTHS = struct.Struct(">II")

MAX_HEAD_OCTETS = 4_194_304
"""Largest head that a child may send: two hundred findings and a thousand changes need a tenth of it."""

START_S = 60.0
"""Seconds for a process to load its libraries; it takes one, on a machine that is not overloaded."""

MAX_WAIT_S = 120.0
"""Seconds that a mail waits for a worker. Clients give up on the reply after some minutes (RFC 5321 section
4.5.3.2.6 gives ten) and send again; a mail taken after that would arrive twice."""

GARBAGE_OBJECTS = 20_000
"""New objects between two looks for circles in a worker; the interpreter's own 700 cost a twentieth of its time."""

MAX_INCIDENT_OCTETS = 64
"""An answer that short is no examination but the id of an incident."""


class WorkerLostError(Exception):
    """This mail was not examined, by our own fault; it must be deferred.

    Attributes:
        incident: Id under which the log holds the cause.
    """

    def __init__(self, incident: str) -> None:
        super().__init__(f"incident {incident}")
        self.incident = incident


class WorkerStartError(OSError):
    """A worker process ended, or hung, before it was ready; what it said is on standard error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLimits:
    """What one worker process may cost.

    Attributes:
        count: Processes.
        deadline_s: Seconds for one mail, wall clock; an ordinary mail takes some milliseconds.
        memory_octets: Address space of a process (RLIMIT_AS); the libraries alone take about 200 MB of it.
    """

    count: int = 2
    deadline_s: float = 10.0
    memory_octets: int = 1_500_000_000


class Workers:
    """A handful of worker processes, each busy with at most one mail."""

    def __init__(self, policies: Mapping[str, Policy], limits: WorkerLimits) -> None:
        self._setup = pickle.dumps((dict(policies), limits))
        self._limits = limits
        self._idle: asyncio.Queue[_Worker | None] = asyncio.Queue()
        self._all: set[_Worker] = set()
        self._under_way = 0
        self._is_quiet = asyncio.Event()

    @classmethod
    async def start(cls, policies: Mapping[str, Policy], limits: WorkerLimits) -> Self:
        """Starts the processes and waits until each has loaded its libraries."""
        workers = cls(policies, limits)
        try:
            for worker in await _all_or_first_fault([workers._spawn() for _ in range(limits.count)]):
                workers._idle.put_nowait(worker)
        except BaseException:
            await workers.close()  # a reload that fails must leave no process behind
            raise
        return workers

    @property
    def process_ids(self) -> tuple[int, ...]:
        """Of the processes that run."""
        return tuple(worker.process.pid for worker in self._all)

    async def examine(
        self,
        octets: bytes,
        policy: str,
        profile: Profile,
        received_at: datetime,
        *,
        hold_as: OnMatch | None = None,
    ) -> Examination:
        """What ``filter.examine`` says of the mail.

        Args:
            octets: The content as received.
            policy: Name of one of the policies.
            profile: What is known of the seller.
            received_at: Aware UTC.
            hold_as: What follows where the policy says ``hold``; ``None`` for just that.

        Raises:
            WorkerLostError: Killed at the deadline, out of memory, crashed, or failed on a fault of ours.
        """
        head = pickle.dumps((policy, profile, received_at, hold_as))
        with self._at_work():
            worker = await self._free()
            began = perf_counter()
            examination = await self._ask(worker, head, octets)
        metrics.EXAMINE_SECONDS.observe(perf_counter() - began)
        if isinstance(examination, str):
            events.worker_lost(incident=examination, reason="fault")
            raise WorkerLostError(examination)
        return examination

    async def probe(self) -> None:
        """Has each idle process answer, and starts one where it is gone.

        A process that is busy is at a mail, under a deadline, and has nothing to prove.

        Raises:
            WorkerLostError: A process does not answer, or cannot be started.
        """
        with self._at_work():
            for _ in range(self._idle.qsize()):
                if not self._idle.empty():  # a mail may have come meanwhile
                    await self._ask(self._idle.get_nowait(), b"", b"")

    async def retire(self) -> None:
        """Ends the processes once the mails that are with them are answered; the caller sends no more."""
        while self._under_way:
            self._is_quiet.clear()
            await self._is_quiet.wait()
        await self.close()

    @contextlib.contextmanager
    def _at_work(self) -> Iterator[None]:
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1
            self._is_quiet.set()

    async def _ask(self, worker: "_Worker | None", head: bytes, octets: bytes) -> Examination | str:
        """What a process answers; it is idle again, or replaced by the next mail."""
        try:
            if worker is None or worker.process.returncode is not None:
                worker = await self._replace(worker)
            async with asyncio.timeout(self._limits.deadline_s):
                answer = await worker.ask(head, octets)
        except (TimeoutError, OSError, EOFError, ValueError) as error:
            raise await self._lost(worker, error) from error
        except asyncio.CancelledError:
            # Its answer would be taken for the next mail's.
            await self._discard(worker)
            raise
        self._idle.put_nowait(worker)
        return answer

    async def close(self) -> None:
        """Ends all processes."""
        for worker in tuple(self._all):
            await worker.kill()
        self._all.clear()

    async def _free(self) -> "_Worker | None":
        """The next worker that is idle, or ``None`` where one is to be started."""
        try:
            async with asyncio.timeout(MAX_WAIT_S):
                return await self._idle.get()
        except TimeoutError as error:
            incident = secrets.token_hex(4)
            events.worker_lost(incident=incident, reason="busy")
            raise WorkerLostError(incident) from error

    async def _replace(self, worker: "_Worker | None") -> "_Worker":
        """A new process for one that is gone."""
        if worker is not None:
            self._all.discard(worker)
        return await self._spawn()

    async def _spawn(self) -> "_Worker":
        worker = await _Worker.spawn(self._setup)
        self._all.add(worker)
        return worker

    async def _discard(self, worker: "_Worker | None") -> None:
        # The place is given back empty: the next mail starts a new process.
        self._idle.put_nowait(None)
        if worker is not None:
            self._all.discard(worker)
            await worker.kill()

    async def _lost(self, worker: "_Worker | None", error: BaseException) -> WorkerLostError:
        incident = secrets.token_hex(4)
        await self._discard(worker)
        events.worker_lost(incident=incident, reason="timeout" if isinstance(error, TimeoutError) else "died")
        return WorkerLostError(incident)


async def _all_or_first_fault(spawning: "Sequence[Coroutine[Any, Any, _Worker]]") -> "list[_Worker]":
    """All of them, once the last has started or failed: none is left half started behind a fault."""
    spawned = await asyncio.gather(*spawning, return_exceptions=True)
    workers = [each for each in spawned if isinstance(each, _Worker)]
    for each in spawned:
        if isinstance(each, BaseException):
            raise each
    return workers


class _Worker:
    """The parent's end of one process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        if process.stdin is None or process.stdout is None:
            raise ValueError("a worker needs both pipes")
        self._stdin = process.stdin
        self._stdout = process.stdout

    @classmethod
    async def spawn(cls, setup: bytes) -> Self:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # the current folder is not on the path: a file named like a library must not be run
            "-m",
            "gateway.worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=1_048_576,
            start_new_session=True,  # Ctrl-C in a terminal is the parent's to handle
        )
        worker = cls(process)
        try:
            async with asyncio.timeout(START_S):
                await worker._send(setup, b"")
                await worker._receive()
        except (OSError, EOFError, TimeoutError) as error:
            await worker.kill()
            raise WorkerStartError(
                "a worker process did not start; see its words on standard error"
            ) from error
        except asyncio.CancelledError:
            await worker.kill()
            raise
        return worker

    async def ask(self, head: bytes, octets: bytes) -> Examination | str:
        """The examination, or the incident under which the process has logged why there is none."""
        await self._send(head, octets)
        answer, composed = await self._receive()
        incident = json.loads(answer).get("incident") if len(answer) < MAX_INCIDENT_OCTETS else None
        return incident if isinstance(incident, str) else load(answer, composed)

    async def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self._stdin.close()
        await self.process.wait()
        with contextlib.suppress(OSError):  # what it left unread; else the loop logs the broken pipe
            await self._stdin.wait_closed()

    async def _send(self, head: bytes, octets: bytes) -> None:
        self._stdin.writelines([LENGTHS.pack(len(head), len(octets)), head, octets])
        await self._stdin.drain()

    async def _receive(self) -> tuple[bytes, bytes]:
        head_length, octets_length = LENGTHS.unpack(await self._stdout.readexactly(LENGTHS.size))
        if head_length > MAX_HEAD_OCTETS:
            raise ValueError("a worker's answer has too long a head")
        head = await self._stdout.readexactly(head_length)
        return head, await self._stdout.readexactly(octets_length)


def main() -> None:
    """The child: one mail after the other until the parent is gone."""
    source, sink = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints must not write into the answer
    log.configure(stream=sys.stderr.buffer, style="json")
    setup, _ = _read(source)
    policies: dict[str, Policy]
    limits: WorkerLimits
    policies, limits = pickle.loads(setup)  # noqa: S301 - the parent's own words
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_octets, limits.memory_octets))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold a buyer's mail
    # The libraries stay; of a mail, next to nothing is left in circles.
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_OBJECTS)
    _write(sink, b"ready", b"")
    with contextlib.suppress(EOFError):
        while True:
            head, octets = _read(source)
            if not head:
                _write(sink, *_no_examination(""))  # a probe: are you there?
                continue
            # Should the parent be killed now, nobody enforces the deadline: the alarm ends the process then.
            signal.setitimer(signal.ITIMER_REAL, 2 * limits.deadline_s)
            name, profile, received_at, hold_as = pickle.loads(head)  # noqa: S301 - the parent's own words
            policy = policies[name] if hold_as is None else policies[name].with_hold_as(hold_as)
            _write(sink, *_answer(octets, policy, profile, received_at))
            signal.setitimer(signal.ITIMER_REAL, 0)


def _answer(octets: bytes, policy: Policy, profile: Profile, received_at: datetime) -> tuple[bytes, bytes]:
    """The examination, or after a fault of ours the incident under which this process has logged it."""
    try:
        return dump(examine(octets, policy, profile, received_at))
    except MemoryError:
        raise  # what else is broken now, nobody knows: the process ends
    except Exception as error:  # noqa: BLE001 - a rule that raises costs one mail a 451, not the process
        incident = secrets.token_hex(4)
        events.fault(incident=incident, where="examine", exception=error)
        return _no_examination(incident)


def _no_examination(incident: str) -> tuple[bytes, bytes]:
    return json.dumps({"incident": incident}).encode(), b""


def _read(source: BinaryIO) -> tuple[bytes, bytes]:
    lengths = source.read(LENGTHS.size)
    if len(lengths) < LENGTHS.size:
        raise EOFError
    head_length, octets_length = LENGTHS.unpack(lengths)
    return source.read(head_length), source.read(octets_length)


def _write(sink: BinaryIO, head: bytes, octets: bytes) -> None:
    sink.write(LENGTHS.pack(len(head), len(octets)))
    sink.write(head)
    sink.write(octets)
    sink.flush()


if __name__ == "__main__":
    main()
