"""The only place where the gateway's objects are built and joined: start, run, drain.

Order of birth: store, workers, delivery, intake, listeners, console; whatever a thing needs exists before it.
Order of death: listeners (no new mail), mails being judged, queue runner, and the store last.
Not here: settings (``config``), what any of the objects does.
"""

import asyncio
import math
import signal
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from typing import Self

from gateway import __version__
from gateway.config.model import Config
from gateway.config.next_hops import next_hops
from gateway.console.server import ConsoleServer
from gateway.intake import Intake
from gateway.keeper import Keeper
from gateway.mail.address import Address
from gateway.mail.delivery import DeliveryResult
from gateway.notices import NOTICES_ROUTE, Notices
from gateway.ops import events, log, metrics
from gateway.outbound import make_runner
from gateway.policy.model import Policy
from gateway.queue.runner import Runner
from gateway.relay.client import Deliverer
from gateway.relay.hosts import Resolver
from gateway.relay.route import NextHop, parse_next_hop
from gateway.relay.settings import DeliverySettings
from gateway.review import Review
from gateway.smtp.server import Listener, start_listener
from gateway.smtp.settings import ListenerSettings
from gateway.smtp.tls import server_context
from gateway.store.records import StoreError
from gateway.store.store import Store
from gateway.summaries import Summaries
from gateway.worker import WorkerLimits, Workers, WorkerStartError

DRAIN_S = 30.0
"""Seconds for mails under way when the gateway stops; systemd waits 90 before it kills."""

QUEUE_WATCH_S = 5.0
"""Seconds between looks at the queue for /metrics; scrapes come every 15 or 30."""

PURGE_EVERY_S = 3600.0
"""Seconds between purges of old copies."""


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
        store: The record.
        workers: The processes that examine mail.
        review: Carries out what is decided about held mail.
        keeper: Keeps the deadlines of held mail.
        addresses: Where it listens, as bound: ``"127.0.0.1:2525"``.
        console_port: Where the console listens, or ``None``.
    """

    def __init__(self, config: Config, policies: Mapping[str, Policy]) -> None:
        self._config = config
        self._policies = policies
        self._next_hops = next_hops(config)
        self._listeners: list[Listener] = []
        self._stack = AsyncExitStack()
        self._queue = metrics.QueueState()
        self.addresses: list[str] = []
        self.console_port: int | None = None

    @classmethod
    async def start(
        cls,
        config: Config,
        policies: Mapping[str, Policy],
        *,
        workers: Callable[[Mapping[str, Policy], WorkerLimits], Awaitable[Workers]] = Workers.start,
    ) -> Self:
        """Builds everything and takes mail.

        Args:
            config: The settings.
            policies: In force, by name.
            workers: Starts the processes that examine mail.

        Raises:
            StartError: A port, a certificate or the store cannot be had.
        """
        gateway = cls(config, policies)
        try:
            await gateway._build(workers)
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
        events.stopped()

    async def _build(
        self, start_workers: Callable[[Mapping[str, Policy], WorkerLimits], Awaitable[Workers]]
    ) -> None:
        config, stack = self._config, self._stack
        self.store = await Store.open(config.store, instance=config.hostname)
        stack.push_async_callback(self.store.close)
        if self.store.leases_taken_over:
            events.leases_taken_over(count=self.store.leases_taken_over)
        self.workers = await start_workers(self._policies, _worker_limits(config))
        stack.push_async_callback(self.workers.close)
        notices = Notices(self.store, config.notices.from_ if config.notices else None, config.hostname)
        runner = self._start_runner(notices)
        self._start_keeper(notices)
        intake = Intake(
            store=self.store,
            workers=self.workers,
            policies=self._policies,
            hostname=config.hostname,
            wake=runner.wake,
        )
        stack.callback(intake.close)
        await self._start_console()
        metrics.watch_queue(lambda: self._queue)
        self._start_task(self._watch_queue_for_ever())
        self._start_task(self._purge_for_ever())
        await self._start_listeners(intake)

    def _start_runner(self, notices: Notices) -> Runner:
        config = self._config
        settings = DeliverySettings(hostname=config.hostname, concurrency=config.delivery.concurrency)
        resolver = Resolver(own_names=(config.hostname,), servers=config.delivery.dns)
        self._deliverer = Deliverer(settings, resolver=resolver)
        self._stack.push_async_callback(self._deliverer.close)
        runner = make_runner(config, self.store, notices, self._deliver)
        notices.wake = runner.wake
        self._start_task(runner.run())
        self._stack.push_async_callback(runner.drain, DRAIN_S)
        if notices.author is not None:
            summaries = Summaries(self.store, notices.author, config.hostname)
            summaries.wake = runner.wake
            self._start_task(summaries.run())
        return runner

    def _start_keeper(self, notices: Notices) -> None:
        self.review = Review(
            store=self.store,
            workers=self.workers,
            policies=self._policies,
            notices=notices,
            hostname=self._config.hostname,
        )
        self.review.wake = notices.wake
        self.keeper = Keeper(self.store, self.review.at_deadline)
        self._start_task(self.keeper.run())

    async def _deliver(
        self, route: str, reverse_path: Address | None, recipients: tuple[Address, ...], octets: bytes
    ) -> Mapping[Address, DeliveryResult]:
        return await self._deliverer.deliver(self._next_hop(route), reverse_path, recipients, octets)

    def _next_hop(self, route: str) -> NextHop:
        notices = self._config.notices
        if route == NOTICES_ROUTE and notices is not None:
            return notices.hop()
        return self._next_hops.get(route) or parse_next_hop("mx")

    async def _start_listeners(self, intake: Intake) -> None:
        config = self._config
        context = server_context(config.tls.certificate, config.tls.key) if config.tls is not None else None
        for each in config.listener:
            settings = ListenerSettings(
                address=each.address,
                hostname=config.hostname,
                tls=each.tls,
                auth=each.auth,
                tls_context=context if each.tls != "none" else None,
            )
            listener = await start_listener(intake, settings)
            self._stack.push_async_callback(listener.drain, DRAIN_S)
            self.addresses.append(f"{settings.address.rpartition(':')[0]}:{listener.port}")

    async def _start_console(self) -> None:
        if self._config.console is not None:
            console = ConsoleServer(self._config.console.address, metrics.REGISTRY, self._unready)
            self.console_port = await console.start()
            self._stack.push_async_callback(console.stop)

    async def _unready(self) -> Sequence[str]:
        """What a load balancer should not send mail to: names only, the log has the rest."""
        try:
            await self.store.ready()
        except StoreError:
            return ("store",)
        return ()

    async def _watch_queue_for_ever(self) -> None:
        """Keeps the numbers that a scrape of /metrics reads; the scrape itself must not wait for the disk."""
        while True:
            with suppress(StoreError):  # /readyz tells
                depth, due = await self.store.depth(), await self.store.next_due()
                now = datetime.now(UTC)
                waited = (now - due).total_seconds() if due is not None else 0.0
                until = depth.held_until
                self._queue = metrics.QueueState(
                    waiting=depth.waiting,
                    leased=depth.leased,
                    held=depth.held,
                    oldest_seconds=max(0.0, waited),
                    hold_seconds=(until - now).total_seconds() if until is not None else math.inf,
                )
            await asyncio.sleep(QUEUE_WATCH_S)

    async def _purge_for_ever(self) -> None:
        while True:
            before = datetime.now(UTC) - timedelta(days=self._config.retention.contents_days)
            try:
                count = await self.store.purge(before)
            except StoreError as error:
                events.fault(incident="purge", where="store", exception=error)
            else:
                if count:
                    events.purged(count=count)
            await asyncio.sleep(PURGE_EVERY_S)

    def _start_task(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)

        async def end() -> None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        self._stack.push_async_callback(end)


def run(config: Config, policies: Mapping[str, Policy]) -> None:
    """Runs the gateway until SIGTERM or SIGINT, on uvloop where there is one.

    Raises:
        StartError: It cannot start.
    """
    log.configure()
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(config, policies))


async def _serve(config: Config, policies: Mapping[str, Policy]) -> None:
    loop = asyncio.get_running_loop()
    wanted: asyncio.Future[str] = loop.create_future()

    def stop(name: str) -> None:
        if not wanted.done():
            wanted.set_result(name)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, number.name)
    gateway = await Gateway.start(config, policies)
    await gateway.stop(await wanted)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def _worker_limits(config: Config) -> WorkerLimits:
    return WorkerLimits(
        count=config.workers.count,
        deadline_s=config.workers.deadline_s,
        memory_octets=config.workers.memory_mb * 1_000_000,
    )


def _explained(error: BaseException) -> BaseException:
    """What stops a start, as a sentence; what nobody foresaw stays as it is."""
    if isinstance(error, (StoreError, ValueError, WorkerStartError)):
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
