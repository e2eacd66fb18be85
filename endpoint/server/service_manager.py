"""The service manager that started this process: sockets taken over from it, and notifications to it.

These are the protocols of systemd's sd_listen_fds(3), sd_notify(3) and sd_watchdog_enabled(3), which other
supervisors speak as well. They are a few variables of the environment and one datagram for each notification.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from endpoint.errors import ConfigurationError
from endpoint.telemetry import log

# The first descriptor that is handed over (SD_LISTEN_FDS_START).
FIRST: Final = 3
# The name of a socket of the metrics (FileDescriptorName=); any other name is a socket of the server itself.
METRICS: Final = "metrics"
_VARIABLES: Final = (
    "LISTEN_FDS",
    "LISTEN_PID",
    "LISTEN_FDNAMES",
    "NOTIFY_SOCKET",
    "WATCHDOG_USEC",
    "WATCHDOG_PID",
)


@dataclass(frozen=True, slots=True)
class Manager:
    """The manager of this process; without one there are no sockets and nobody is notified.

    ``sockets`` are listening sockets with their names. ``watchdog`` is the time in seconds within which the
    manager wants a sign of life, 0 where it wants none.
    """

    sockets: tuple[tuple[str, socket.socket], ...] = ()
    address: str = ""
    watchdog: float = 0.0

    @classmethod
    def read(cls, environ: MutableMapping[str, str] | None = None) -> Manager:
        """Take the manager's variables out of the environment, so that no child process sees them.

        Raises :class:`ConfigurationError` where a descriptor is no listening TCP socket.
        """
        environ = os.environ if environ is None else environ
        given = {name: environ.pop(name, "") for name in _VARIABLES}
        sockets = _inherited(given) if _meant(given["LISTEN_PID"], required=True) else ()
        watchdog = _number(given["WATCHDOG_USEC"]) / 1e6 if _meant(given["WATCHDOG_PID"]) else 0.0
        return cls(sockets, given["NOTIFY_SOCKET"], watchdog)

    @property
    def listening(self) -> list[socket.socket]:
        """The sockets of the server itself."""
        return [sock for name, sock in self.sockets if name != METRICS]

    @property
    def metrics(self) -> list[socket.socket]:
        """The sockets on which everybody gets the metrics."""
        return [sock for name, sock in self.sockets if name == METRICS]

    def notify(self, *lines: str) -> None:
        """Send assignments such as ``READY=1``. A manager that does not listen changes nothing here."""
        if not self.address:
            return
        # An address that begins with @ is of the abstract namespace.
        address = f"\0{self.address[1:]}" if self.address.startswith("@") else self.address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
            try:
                sock.sendto("\n".join(lines).encode(), address)
            except OSError as error:
                log.debug("the service manager was not notified: %s", error.strerror)

    def reloading(self) -> None:
        """Say that the settings are being read again; ``READY=1`` says that it is over."""
        self.notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")


def _meant(pid: str, required: bool = False) -> bool:
    """Return whether the variables are for this process; they may be left over from a parent."""
    return pid == str(os.getpid()) if pid else not required


def _number(text: str) -> int:
    return int(text[:18]) if text.isascii() and text.isdigit() else 0


def _inherited(given: MutableMapping[str, str]) -> tuple[tuple[str, socket.socket], ...]:
    count = _number(given["LISTEN_FDS"])
    names = given["LISTEN_FDNAMES"].split(":") if given["LISTEN_FDNAMES"] else []
    names += ["unknown"] * (count - len(names))
    return tuple((names[index], _listening(FIRST + index)) for index in range(count))


def _listening(descriptor: int) -> socket.socket:
    try:
        os.set_inheritable(descriptor, False)
        sock = socket.socket(fileno=descriptor)
        listening = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError as error:
        raise ConfigurationError(
            f"LISTEN_FDS: descriptor {descriptor} is no socket ({error.strerror})."
        ) from None
    if (
        not listening
        or sock.type != socket.SOCK_STREAM
        or sock.family not in (socket.AF_INET, socket.AF_INET6)
    ):
        with suppress(OSError):
            sock.detach()
        raise ConfigurationError(
            f"LISTEN_FDS: descriptor {descriptor} is no listening TCP socket. In a systemd socket unit, "
            "write ListenStream= with a port."
        )
    return sock
