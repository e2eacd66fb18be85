"""The template process as its starter sees it: started ahead of its order, ended in any state."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self, cast

from endpoint.engine import wire
from endpoint.errors import StoreError

_PACKAGES: Final = Path(__file__).absolute().parents[2]
# Seconds for a fork, imports included.
_FORK_TIMEOUT: Final = 30.0
# What is imported lasts: to look through it again and again would take the collector a quarter of the time.
_START: Final = "import gc; gc.disable(); from endpoint.engine.template import {0}; {0}()"


class TemplateProcess:
    """A process that imports what workers need, then waits at the other end of ``control`` for its order.

    The imports take most of the time until it is ready, so it is started as soon as it is known to be needed.
    It ends with the block that it is used in.
    """

    def __init__(self, forked: tuple[_Forked, socket.socket] | None = None) -> None:
        """Start the process, unless it was ``forked``. Raises :class:`StoreError`."""
        self._process: subprocess.Popen[bytes] | _Forked
        try:
            self._process, self.control = forked or _spawn("main")
        except OSError as error:
            raise StoreError(f"The template process cannot be started: {error.strerror}.") from None

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    def send(self, order: wire.TemplateOrder) -> None:
        """Send its order. Nothing happens where it has ended: the end of ``control`` tells."""
        with suppress(BrokenPipeError, ConnectionResetError):
            self.control.sendall(wire.pack_json(wire.TEMPLATE, cast("dict[str, object]", order)))

    def kill(self) -> None:
        """End it at once, with all workers."""
        self._process.kill()

    def wait(self) -> None:
        """Wait for the end of a process whose socket is closed; after a second, end it."""
        try:
            self._process.wait(timeout=1.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.control.close()
        self.kill()
        self._process.wait()


class _Forked:
    """A process that is no child of this one, with the methods of :class:`subprocess.Popen` used above."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        # It stands for this process, and never for another one that gets its id.
        self._descriptor = os.pidfd_open(pid)

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> None:
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        if not poll.poll(None if timeout is None else timeout * 1000):
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)

    def __del__(self) -> None:
        with suppress(AttributeError):
            os.close(self._descriptor)


class TemplateForks:
    """A process that has imported what template processes need, and forks them in a hundredth of the time.

    Only where the system has descriptors of processes (Linux 5.3).
    """

    def __init__(self) -> None:
        """Start the process. Raises :class:`StoreError`."""
        try:
            self._process, self._control = _spawn("fork_templates")
        except OSError as error:
            raise StoreError(f"The template process cannot be started: {error.strerror}.") from None
        # It has no order, and does not answer before its imports are done.
        self._control.settimeout(_FORK_TIMEOUT)

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    def fork(self) -> TemplateProcess:
        """Return a new template process. Blocks while this one imports; raises :class:`StoreError`."""
        ours, theirs = socket.socketpair()
        with theirs, ExitStack() as undo:
            undo.callback(ours.close)
            try:
                socket.send_fds(self._control, [b"1"], [theirs.fileno()])
                reply = self._control.recv(wire.FORKED.size)
                if len(reply) < wire.FORKED.size:
                    raise StoreError("The process that forks template processes has ended.")
                (pid,) = wire.FORKED.unpack(reply)
                process = TemplateProcess((_Forked(pid), ours))
            except OSError as error:
                raise StoreError(f"No template process can be forked: {error}.") from None
            undo.pop_all()
        return process

    def close(self) -> None:
        """Let it end as soon as those have that it forked."""
        self._control.close()

    def kill(self) -> None:
        """End it at once, and all that it forked."""
        self.close()
        self._process.kill()

    def wait(self) -> None:
        """Wait for its end."""
        self._process.wait()


def _spawn(function: str) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Run a function of the template; return its process and our end of its socket. Raises OSError."""
    ours, theirs = socket.socketpair()
    # -P keeps the working folder out of the module path, through which alone this package may be importable.
    command = [sys.executable, "-P", "-c", _START.format(function), str(theirs.fileno()), str(os.getpid())]
    with theirs, ExitStack() as undo:
        undo.callback(ours.close)
        process = subprocess.Popen(  # noqa: S603 (our own module, no shell)
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            env=child_environment(),
        )
        undo.pop_all()
    return process, ours


def child_environment() -> dict[str, str]:
    """Return the environment of a process of our own, in which this package can be imported."""
    path = os.pathsep.join(filter(None, [str(_PACKAGES), os.environ.get("PYTHONPATH")]))
    # A process that forks must have no threads, and numpy's linear algebra starts some.
    return {**os.environ, "PYTHONPATH": path, "RUST_BACKTRACE": "0", "OPENBLAS_NUM_THREADS": "1"}
