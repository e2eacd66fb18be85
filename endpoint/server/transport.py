"""The layer between uvicorn and the transport of a connection: heads kept, reading paused."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from fcntl import ioctl
from termios import TIOCOUTQ
from typing import Final

from uvicorn.protocols.http.flow_control import FlowControl

# Bytes of one write from which on it matters how much all clients leave unread.
_LARGE: Final = 2**16
_IN_KERNEL: Final = 2**17


def limit_kernel(sock: socket.socket, patience: float) -> None:
    """Bound what the kernel keeps for connections accepted on this socket, which inherit the bounds.

    It takes 128 kB more than are on their way to the client, and gives up a client that has taken
    none of them for twice ``patience`` seconds, also when this process has closed the connection.
    """
    with suppress(OSError):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _IN_KERNEL)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(2 * patience * 1000))


class Flow(FlowControl):
    """Flow control in which nothing is read while the connection is held."""

    held = False

    def resume_reading(self) -> None:
        """Read again, unless the connection is held."""
        if not self.held:
            super().resume_reading()

    def hold(self) -> None:
        """Read nothing until it is let go."""
        self.held = True
        self.pause_reading()

    def let_go(self) -> None:
        """Read again."""
        self.held = False
        self.resume_reading()


class OneWrite:
    """A transport that sends the head of a response together with the first piece of its body.

    uvicorn writes them one after the other, and each write is a system call and a packet. ``relieve`` is
    called after a large write.
    """

    def __init__(self, transport: asyncio.Transport, relieve: Callable[[], None]) -> None:
        self._transport = transport
        self._relieve = relieve
        self._head = b""
        self._written = 0
        # Bytes that the client had taken when it was last seen to take enough, and when that was.
        self._taken = 0
        self._took: float | None = None

    def write(self, data: bytes) -> None:
        """Send the bytes, or keep them where they are a head, until the next ones come in this turn."""
        if self._head:
            data, self._head = self._head + data, b""
        elif data.startswith(b"HTTP/1.1 ") and data.endswith(b"\r\n\r\n"):
            self._head = data
            asyncio.get_running_loop().call_soon(self.flush)
            return
        self.write_whole(data)

    def write_whole(self, data: bytes) -> None:
        """Send the bytes now: they are more than a head, or nothing follows them."""
        self._written += len(data)
        self._transport.write(data)
        if len(data) > _LARGE:
            self._relieve()

    def flush(self) -> None:
        """Send the head that was kept."""
        if self._head:
            self.write(b"")

    def close(self) -> None:
        """Send the head that was kept, and close when all was read."""
        self.flush()
        self._transport.close()

    def unsent(self) -> int:
        """Return the bytes that wait in this process until the client takes what was sent before."""
        return self._transport.get_write_buffer_size()

    def lags(self, now: float, patience: float, rate: int) -> bool:
        """Return whether the client took less than ``rate`` bytes per second for ``patience`` seconds.

        It is to be asked again and again, ``now`` in the seconds of the event loop.
        """
        if not (unsent := self.unsent()):
            self._took = None
            return False
        taken = self._written - unsent - self._unacknowledged()
        if self._took is None or taken - self._taken >= rate * patience:
            self._taken, self._took = taken, now
        return now - self._took > patience

    def waited(self, now: float) -> float | None:
        """Return for how many seconds the client has not taken enough; None where it was not seen to lag."""
        return None if self._took is None else now - self._took

    def _unacknowledged(self) -> int:
        """Return the bytes in the kernel that the client has not taken."""
        sock: socket.socket | None = self._transport.get_extra_info("socket")
        with suppress(OSError):
            if sock is not None:
                return int(struct.unpack("i", ioctl(sock.fileno(), TIOCOUTQ, b"\0" * 4))[0])
        return 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._transport, name)
