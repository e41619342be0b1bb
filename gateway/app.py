"""The only place where the gateway's objects are built and joined.

Order of birth: store, workers, delivery, intake, console, listeners; whatever a thing needs exists before it.
Order of death: listeners (no new mail) together with the queue runner, what watches, the console, workers, the store.
Not here: settings (``config``), signals (``serve``), other settings for a running gateway (``reload``), what any of
the objects does.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Self

from gateway import __version__
from gateway.config.model import Config
from gateway.config.settings import Settings
from gateway.console.server import ConsoleServer
from gateway.filter.pass_on import OTHER
from gateway.intake import Intake
from gateway.keeper import Keeper
from gateway.life.clock import ClockFollower, ClockWatch, utc_now
from gateway.life.disk import DiskRoom
from gateway.life.drain import drain_all
from gateway.life.gate import Gate
from gateway.life.vitals import DISK_EVERY_S, STORE_EVERY_S, WORKERS_EVERY_S, Vital, Vitals
from gateway.life.watch import (
    follow_clock_for_ever,
    keep_at,
    purge_for_ever,
    watch_certificate_for_ever,
    watch_queue_for_ever,
)
from gateway.mail.address import Address
from gateway.mail.cause import Cause
from gateway.mail.delivery import DeliveryResult, TemporaryFailure
from gateway.mail.trace import mark
from gateway.notices import Notices
from gateway.ops import events, metrics
from gateway.outbound import Outbound
from gateway.policy.model import Policy
from gateway.queue.places import Limits
from gateway.queue.runner import Runner
from gateway.recipients import Recipients
from gateway.relay.client import Deliverer
from gateway.relay.hosts import Resolver
from gateway.relay.keys import KeyFault, KeyFolder
from gateway.relay.settings import DeliverySettings
from gateway.relay.signer import Signer
from gateway.review import Review
from gateway.smtp.server import Listener, start_listener
from gateway.smtp.settings import ListenerSettings
from gateway.smtp.tls import Certificate
from gateway.smtp.usage import Usage
from gateway.store.records import StoreError
from gateway.store.store import Store
from gateway.summaries import Summaries
from gateway.worker import WorkerLimits, Workers, WorkerStartError

DRAIN_S = 60.0
"""Seconds for mails under way when the gateway stops; systemd waits 90 before it kills."""

NO_NEXT_HOP = (
    "[other_recipients] has no next_hop any more; set it, or take the mail out with `gateway queue delete`"
)

StartWorkers = Callable[[Mapping[str, Policy], WorkerLimits], Awaitable[Workers]]


class StartError(Exception):
    """The gateway cannot start.

    Attributes:
        sentence: Place, fault and mend.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Gateway:
    """A running gateway.

    Attributes:
        config: The settings in force.
        policies: In force, by name.
        store: The record.
        workers: The processes that examine mail.
        review: Carries out what is decided about held mail.
        signer: Signs what goes out; ``reload`` reads its keys anew.
        keeper: Keeps the deadlines of held mail.
        vitals: What it cannot do without.
        certificate: Of all listeners with TLS, or ``None``.
        addresses: Where it listens, as bound: ``"127.0.0.1:2525"``.
        console_port: Where the console listens, or ``None``.
        is_draining: Whether it takes no new sessions any more.
    """

    def __init__(
        self,
        config: Config,
        policies: Mapping[str, Policy],
        *,
        workers: StartWorkers,
        clock: Callable[[], datetime],
    ) -> None:
        self.config = config
        self.policies = policies
        self.addresses: list[str] = []
        self.console_port: int | None = None
        self.is_draining = False
        self._start_workers = workers
        self._clock = clock
        self._outbound = Outbound(config)
        self._listeners: list[Listener] = []
        self._retiring: dict[Workers, asyncio.Task[None]] = {}
        self._stack = AsyncExitStack()
        self._hurry = asyncio.Event()
        self._cut = 0

    @classmethod
    async def start(
        cls,
        config: Config,
        policies: Mapping[str, Policy],
        *,
        workers: StartWorkers = Workers.start,
        clock: Callable[[], datetime] = utc_now,
    ) -> Self:
        """Builds everything and takes mail.

        Args:
            config: The settings.
            policies: In force, by name.
            workers: Starts the processes that examine mail.
            clock: Aware UTC, and may be set back and forth.

        Raises:
            StartError: A port, a certificate or the store cannot be had.
        """
        gateway = cls(config, policies, workers=workers, clock=clock)
        try:
            await gateway._build()
        except BaseException as error:
            await gateway._stack.aclose()
            raise _explained(error) from error
        listeners = [f"{each.address} ({each.tls}, auth {each.auth})" for each in config.listener]
        events.started(
            version=__version__, listeners=listeners, policies=[policy.stamp for policy in policies.values()]
        )
        return gateway

    async def stop(self, reason: str) -> None:
        """Finishes what is under way and closes everything."""
        events.stopping(reason=reason)
        await self._stack.aclose()
        events.stopped(cut=self._cut)

    def hurry(self) -> None:
        """Cuts off what is under way while it stops: nobody is told 250 for it, and the queue keeps the rest."""
        self._hurry.set()

    async def _build(self) -> None:
        config, stack = self.config, self._stack
        self.store = await Store.open(config.store, instance=config.hostname)
        stack.push_async_callback(self.store.close)
        if self.store.leases_taken_over:
            events.leases_taken_over(count=self.store.leases_taken_over)
        self.workers = await self._start_workers(self.policies, worker_limits(config))
        stack.push_async_callback(self._close_workers)
        self._notices = Notices(self.store, config.notices.from_ if config.notices else None, config.hostname)
        self._follower = ClockFollower(self.store, ClockWatch(self._clock), self._clock)
        gate = await self._start_vitals()
        self._runner = self._join_runner(self._notices)
        await self._bring_forward()
        self._start_keeper(self._notices)
        self._intake = Intake(
            store=self.store,
            workers=self.workers,
            recipients=self._recipients(),
            hostname=config.hostname,
            wake=self._runner.wake,
            refusal=gate.refusal,
        )
        stack.callback(self._intake.close)
        await self._start_console()
        self._start_watches()
        self._start_task(self._runner.run)
        stack.push_async_callback(self._drain)
        await self._start_listeners(self._intake)

    def _recipients(self) -> Recipients:
        return Recipients(self.policies, relays_others=self.config.other_recipients.action == "relay")

    async def _start_vitals(self) -> Gate:
        self._disk = DiskRoom(self.store.folder, self.config.disk)
        disk = Vital("disk", self._disk.look, every_s=DISK_EVERY_S)
        store = Vital("store", self.store.ready, every_s=STORE_EVERY_S)
        workers = Vital("workers", self._probe_worker, every_s=WORKERS_EVERY_S)
        self.vitals = Vitals([disk, store, workers])
        await self.vitals.look()
        self._start_task(self.vitals.watch)
        return Gate(disk=disk, store=store)

    async def _probe_worker(self) -> None:
        await self.workers.probe()

    def _join_runner(self, notices: Notices) -> Runner:
        config = self.config
        settings = DeliverySettings(hostname=config.hostname, concurrency=config.delivery.concurrency)
        resolver = Resolver(own_names=(config.hostname,), servers=config.delivery.dns)
        self._deliverer = Deliverer(settings, resolver=resolver)
        self._stack.push_async_callback(self._deliverer.close)
        self.signer = Signer(KeyFolder(config.dkim.keys))
        self._start_task(self.signer.watch)
        runner = self._outbound.runner(config, self.store, notices, self._deliver, self._clock)
        runner.steady = self._follower.follow
        notices.wake = runner.wake
        summaries = Summaries(self.store, lambda: notices.author, config.hostname, clock=self._clock)
        summaries.wake = runner.wake
        self._start_task(summaries.run)
        return runner

    async def _bring_forward(self) -> None:
        """A clock that was set back while no gateway ran would leave mail waiting for hours."""
        now = self._clock()
        longest = max(self._outbound.longest_retry_s(), Limits().lease_s)
        if count := await self.store.bring_forward(now, now + timedelta(seconds=longest)):
            events.brought_forward(count=count)

    def _start_keeper(self, notices: Notices) -> None:
        self.review = Review(
            store=self.store,
            workers=self.workers,
            policies=self.policies,
            notices=notices,
            hostname=self.config.hostname,
            clock=self._clock,
        )
        self.review.wake = notices.wake
        self.keeper = Keeper(self.store, self.review.at_deadline)
        self.keeper.clock = self._clock
        self.keeper.steady = self._follower.follow
        self._start_task(self.keeper.run)

    def _start_watches(self) -> None:
        store, clock = self.store, self._clock
        self._start_task(lambda: watch_queue_for_ever(store, clock))
        self._start_task(lambda: purge_for_ever(store, lambda: self.config.retention.contents_days, clock))
        self._start_task(lambda: watch_certificate_for_ever(self._certificate_file))
        self._start_task(lambda: follow_clock_for_ever(self._follower, self._runner.wake))

    async def _deliver(
        self, route: str, reverse_path: Address | None, recipients: tuple[Address, ...], octets: bytes
    ) -> Mapping[Address, DeliveryResult]:
        next_hop = self._outbound.next_hop(route)
        if next_hop is None:
            failure = TemporaryFailure(next_hop="", reply=NO_NEXT_HOP, cause=Cause.OUR_FAULT)
            return dict.fromkeys(recipients, failure)
        if route != OTHER:  # what passes unfiltered keeps the signature it may have
            signed = await self.signer.signed(octets)
            if isinstance(signed, TemporaryFailure):
                return dict.fromkeys(recipients, signed)
            octets = mark(self.config.hostname) + signed
        return await self._deliverer.deliver(next_hop, reverse_path, recipients, octets)

    def _certificate_file(self) -> Path | None:
        return self.config.tls.certificate if self.config.tls is not None else None

    async def _start_listeners(self, intake: Intake) -> None:
        config = self.config
        tls = config.tls
        self.certificate = (
            Certificate(tls.certificate, tls.key, minimum=tls.minimum) if tls is not None else None
        )
        usage = Usage(config.limits.shared())
        for each in config.listener:
            settings = ListenerSettings(
                address=each.address,
                hostname=config.hostname,
                tls=each.tls,
                auth=each.auth,
                proxy_from=tuple(ip_network(text) for text in each.proxy_from),
                tls_context=self.certificate.context if self.certificate and each.tls != "none" else None,
                limits=config.limits.of_session(),
            )
            listener = await start_listener(intake, settings, usage)
            self._listeners.append(listener)
            self.addresses.append(f"{settings.address.rpartition(':')[0]}:{listener.port}")

    async def _start_console(self) -> None:
        if self.config.console is not None:
            console = ConsoleServer(self.config.console.address, metrics.REGISTRY, self._unready)
            self.console_port = await console.start()
            self._stack.push_async_callback(console.stop)

    async def _unready(self) -> Sequence[str]:
        """What a load balancer should not send mail to: names only, the log has the rest."""
        failing = self.vitals.failing()
        return ["draining", *failing] if self.is_draining else failing

    async def _drain(self) -> None:
        """All doors are shut before anybody waits for one of them; the queue runner ends beside the sessions."""
        self.is_draining = True
        for listener in self._listeners:
            listener.close()
        drains = [*(listener.drain for listener in self._listeners), self._runner.drain]
        self._cut = await drain_all(drains, DRAIN_S, self._hurry)

    def _start_task(self, work: Callable[[], Awaitable[None]]) -> None:
        task = asyncio.create_task(keep_at(work))

        async def end() -> None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        self._stack.push_async_callback(end)

    # A reload

    async def renew(self, settings: Settings) -> None:
        """Takes other settings as a whole, without dropping a connection.

        Args:
            settings: Of them, what needs a restart is left out by the caller.

        Raises:
            WorkerStartError: No worker can be started with them; nothing has changed.
        """
        config, fresh = settings.config, None
        if settings.policies != self.policies or config.workers != self.config.workers:
            fresh = await self._start_workers(settings.policies, worker_limits(config))
        # From here on nothing waits and nothing fails.
        self.config, self.policies = config, settings.policies
        self._outbound.renew(config)
        self._notices.renew(config.notices.from_ if config.notices else None)
        self._disk.marks = config.disk
        if self.certificate is not None and settings.certificate is not None:
            self.certificate.take_over(settings.certificate)
        if fresh is not None:
            self._replace_workers(fresh)
        self._intake.renew(self._recipients(), self.workers)
        self.review.renew(self.policies, self.workers)

    def _replace_workers(self, fresh: Workers) -> None:
        """The former ones finish the mails that are with them."""
        former, self.workers = self.workers, fresh
        self._retiring[former] = task = asyncio.create_task(former.retire())
        task.add_done_callback(lambda _: self._retiring.pop(former))

    async def _close_workers(self) -> None:
        for task in self._retiring.values():
            task.cancel()
        for each in (self.workers, *self._retiring):
            await each.close()


def worker_limits(config: Config) -> WorkerLimits:
    """``[workers]`` as the workers take it."""
    return WorkerLimits(
        count=config.workers.count,
        deadline_s=config.workers.deadline_s,
        memory_octets=config.workers.memory_mb * 1_000_000,
    )


def _explained(error: BaseException) -> BaseException:
    """What stops a start, as a sentence; what nobody foresaw stays as it is."""
    if isinstance(error, (KeyFault, StoreError, ValueError, WorkerStartError)):
        return StartError(str(error))
    if isinstance(error, ssl.SSLError):
        return StartError(
            f"tls.certificate, tls.key: {error.reason or error}; give a PEM certificate and its key"
        )
    if isinstance(error, OSError):
        return StartError(
            f"{error.strerror or error}: {error.filename or 'a listener or console address'}; change it"
        )
    return error
