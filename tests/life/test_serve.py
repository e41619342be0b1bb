"""A gateway as a service: its signals, and who says that it is alive, and when not."""

import asyncio
import os
import signal
import socket
from functools import partial
from types import SimpleNamespace

import pytest

from gateway.app import StartError
from gateway.config.settings import read_settings
from gateway.life.systemd import Notifier
from gateway.serve import Service


@pytest.mark.parametrize("is_answering", [True, False], ids=["all answer", "one hangs"])
async def test_the_watchdog_is_fed_while_all_answer(tmp_path, is_answering):
    """The loop alone is no proof: where the store or the workers hang, the service manager hears nothing of life."""
    vitals = SimpleNamespace(are_answering=lambda: is_answering, failing=lambda: ["store"])
    gateway = SimpleNamespace(vitals=vitals, is_draining=False)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.setblocking(False)
        service = Service(lambda: None, Notifier(str(tmp_path / "notify"), watchdog_s=0.02))
        telling = asyncio.create_task(service._tell_for_ever(gateway))
        heard = [(await asyncio.get_running_loop().sock_recv(manager, 4096)).decode() for _ in range(4)]
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
    assert heard == (
        ["WATCHDOG=1", "STATUS=failing: store"] * 2 if is_answering else ["STATUS=failing: store"] * 4
    )


@pytest.fixture
async def service(tmp_path, log_lines):
    """A service in this process, whose signals are this process's; ``kill`` sends one."""

    class Here:
        def __init__(self):
            self.path = tmp_path / "gateway.toml"
            self.write("")
            self.service = Service(partial(read_settings, self.path, {}), Notifier(None))

        def write(self, extra):
            listener = '[[listener]]\naddress = "127.0.0.1:0"\ntls = "none"\nauth = "none"\n'
            self.path.write_text(
                f'hostname = "gw.example"\nstore = "sqlite:///{tmp_path}/g.db"\n{listener}'
                f'[console]\naddress = "127.0.0.1:0"\n[workers]\ncount = 1\n{extra}'
            )

        def start(self):
            self.task = asyncio.create_task(self.service.run(self.service._read()))

        async def end(self):
            async with asyncio.timeout(30):
                await self.task

    yield Here()
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().remove_signal_handler(number)


def kill(number):
    os.kill(os.getpid(), number)


async def test_signals(service, told, until):
    """SIGHUP reloads, as often as it comes; SIGTERM ends, and nothing is taken after it."""
    service.start()
    await until(lambda: told("started"))
    for number, extra in enumerate(("[disk]\nlow_mb = 1\n", "[disk]\nlow_mb = 2\n"), start=1):
        service.write(extra)
        kill(signal.SIGHUP)
        await until(lambda number=number: len(told("reloaded")) == number)
    service.write("nonsense = 1\n")
    kill(signal.SIGHUP)
    await until(lambda: told("reload_failed"))
    assert service.service._gateway.config.disk.low_mb == 2
    assert service.service._status(service.service._gateway).endswith("the last reload failed, see the log")
    kill(signal.SIGTERM)
    await service.end()
    assert [line["reason"] for line in told("stopping")] == ["SIGTERM"]


async def test_a_second_signal(service, told, until, connect):
    """The second signal cuts off the client that the first one waits for."""
    service.start()
    await until(lambda: told("started"))
    gateway = service.service._gateway
    client = await connect(gateway)
    await client.begin()
    kill(signal.SIGINT)
    await until(lambda: gateway.is_draining)
    assert service.service._status(gateway) == "finishing what is under way"
    assert not service.task.done()
    kill(signal.SIGTERM)
    await service.end()
    assert await client.reply() == ""


async def test_an_end_before_there_is_a_gateway(service, told, until):
    """Told to end while it starts, a service ends without having served."""
    service.start()
    await asyncio.sleep(0)
    kill(signal.SIGTERM)
    kill(signal.SIGTERM)
    await service.end()
    assert told("started") == told("stopped") == []


async def test_what_keeps_it_from_starting(service, told, until):
    """A gateway that cannot start is told by its own error."""
    service.path.write_text('store = "sqlite:////nowhere/at/all.db"\n')
    service.start()
    with pytest.raises(StartError, match="make the folder"):
        await service.end()
