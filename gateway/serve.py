"""A gateway as a service: started, reloaded and ended by signals, and what the service manager hears of it.

SIGHUP reads all settings again. SIGTERM or SIGINT ends: no new session, mails under way judged and answered,
deliveries under way finished, the queue kept. A second one cuts short what is still under way; a third kills.
Not here: what is built (``app``), what a reload takes (``reload``).
"""

import asyncio
import signal
from collections.abc import Callable
from typing import TypeVar

from gateway.app import Gateway
from gateway.config.settings import Settings
from gateway.life.systemd import Notifier
from gateway.ops import log
from gateway.reload import reload

T = TypeVar("T")

STATUS_S = 10.0
"""Seconds between status lines for the service manager, where no watchdog asks for them more often."""


def run(read: Callable[[], Settings]) -> None:
    """Runs the gateway until SIGTERM or SIGINT, on uvloop where there is one.

    Args:
        read: Reads and checks all files; asked now, and again at each SIGHUP.

    Raises:
        ConfigError: The settings hold faults.
        StartError: It cannot start with them.
    """
    settings = read()
    log.configure()
    notifier = Notifier.from_environment()
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(Service(read, notifier).run(settings))


class Service:
    """From the first signal handler to the last."""

    def __init__(self, read: Callable[[], Settings], notifier: Notifier) -> None:
        self._read = read
        self._notifier = notifier
        self._gateway: Gateway | None = None
        self._reason = ""
        self._is_end_wanted = asyncio.Event()
        self._is_reload_wanted = asyncio.Event()
        self._is_reload_failed = False

    async def run(self, settings: Settings) -> None:
        """Serves until it is told to end.

        Raises:
            StartError: It cannot start.
        """
        self._take_signals()
        gateway = self._gateway = await self._start(settings)
        if gateway is None:
            return
        self._notifier.ready(self._status(gateway))
        telling = asyncio.create_task(self._tell_for_ever(gateway))
        reloading = asyncio.create_task(self._reload_for_ever(gateway))
        await self._is_end_wanted.wait()
        await _end(reloading)
        self._notifier.stopping("finishing what is under way")
        await gateway.stop(self._reason)
        await _end(telling)

    async def _start(self, settings: Settings) -> Gateway | None:
        """The gateway; ``None`` if it was told to end meanwhile."""
        starting = asyncio.create_task(Gateway.start(settings.config, settings.policies))
        ended = asyncio.create_task(self._is_end_wanted.wait())
        await asyncio.wait({starting, ended}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            await _end(ended)
            return starting.result()
        await _end(starting)
        return None

    def _take_signals(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, self._is_reload_wanted.set)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._on_end, number)

    def _on_end(self, number: signal.Signals) -> None:
        if not self._is_end_wanted.is_set():
            self._reason = number.name
            self._is_end_wanted.set()
            return
        if self._gateway is not None:
            self._gateway.hurry()
        for each in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().remove_signal_handler(each)

    async def _reload_for_ever(self, gateway: Gateway) -> None:
        """One reload at a time; any number of signals during one make one more."""
        while True:
            await self._is_reload_wanted.wait()
            self._is_reload_wanted.clear()
            self._notifier.reloading()
            self._is_reload_failed = not await reload(gateway, self._read)
            self._notifier.ready(self._status(gateway))

    async def _tell_for_ever(self, gateway: Gateway) -> None:
        """The proof of life: this loop turns, and the disk, the store and a worker have answered lately."""
        watchdog_s = self._notifier.watchdog_s
        every_s = min(STATUS_S, watchdog_s / 2) if watchdog_s else STATUS_S
        while self._notifier.is_heard:
            if watchdog_s and gateway.vitals.are_answering():
                self._notifier.alive()
            self._notifier.status(self._status(gateway))
            await asyncio.sleep(every_s)

    def _status(self, gateway: Gateway) -> str:
        """For ``systemctl status``."""
        if gateway.is_draining:
            return "finishing what is under way"
        failing = gateway.vitals.failing()
        status = (
            f"failing: {', '.join(failing)}" if failing else f"taking mail on {', '.join(gateway.addresses)}"
        )
        return f"{status}; the last reload failed, see the log" if self._is_reload_failed else status


async def _end(task: "asyncio.Task[T]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
