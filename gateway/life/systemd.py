"""What the service manager is told: a datagram for each change of state.

Telling never fails and never waits: a gateway must not stop because nobody listens.
The variables are taken out of the environment when they are read, since worker processes would inherit them, and
who has read hostile mail must not speak to the service manager.
Source: sd_notify(3), sd_watchdog_enabled(3), systemd.service(5) for ``Type=notify-reload``.
"""

import contextlib
import os
import socket
import time
from collections.abc import MutableMapping
from typing import Self


class Notifier:
    """Speaks to the service manager, where there is one.

    Attributes:
        watchdog_s: Seconds within which ``WATCHDOG=1`` must be said, or ``None``.
    """

    def __init__(self, address: str | None, *, watchdog_s: float | None = None) -> None:
        """Speak to a socket: a path, or ``@`` and an abstract name; ``None`` for nobody."""
        self._address = f"\0{address[1:]}" if address and address[0] == "@" else address
        self.watchdog_s = watchdog_s

    @classmethod
    def from_environment(cls, environment: MutableMapping[str, str] = os.environ) -> Self:
        """As the service manager says in ``NOTIFY_SOCKET`` and ``WATCHDOG_USEC``, which are taken out."""
        address = environment.pop("NOTIFY_SOCKET", "")
        micros = environment.pop("WATCHDOG_USEC", "")
        is_ours = environment.pop("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        is_socket = address[:1] in {"/", "@"}  # vsock:… is for virtual machines
        return cls(
            address if is_socket else None,
            watchdog_s=int(micros) / 1_000_000 if is_ours and micros.isdecimal() and int(micros) else None,
        )

    @property
    def is_heard(self) -> bool:
        """Whether there is anybody to tell."""
        return self._address is not None

    def ready(self, status: str) -> None:
        """Started, or the reload is over, well or not."""
        self._tell("READY=1", f"STATUS={status}")

    def reloading(self) -> None:
        """A reload begins; the time lets the manager tell it from an earlier one."""
        self._tell("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self, status: str) -> None:
        """The end begins."""
        self._tell("STOPPING=1", f"STATUS={status}")

    def alive(self) -> None:
        """All that must answer has answered."""
        self._tell("WATCHDOG=1")

    def status(self, status: str) -> None:
        """One line for ``systemctl status``."""
        self._tell(f"STATUS={status}")

    def _tell(self, *lines: str) -> None:
        if self._address is None:
            return
        octets = "\n".join(line.replace("\n", " ") for line in lines).encode()
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            sock.sendto(octets, self._address)
