"""Processes of ``endpoint``, forked from one that has imported it: that is most of the time of a start.

They are processes like any other, with arguments, environment and streams of their own, and end as others do;
the template process that a command starts first is forked from it too. One process that forks them,
:func:`serve`, is started by the first of them in each process of the tests.
"""

from __future__ import annotations

import asyncio
import atexit
import gc
import json
import logging
import os
import selectors
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryFile
from threading import Lock, Thread
from typing import IO, Any, Final, NoReturn, cast

from endpoint.cli import lasting, module
from endpoint.cli.main import COMMANDS, main
from endpoint.engine import template_process

_ROOT: Final = Path(__file__).parent.parent
# rdflib 7.6 passes the flags of REPLACE as a count, of which Python warns from 3.13 on; so in pyproject.toml.
_RDFLIB: Final = (
    "ignore:'count' is passed as positional argument:DeprecationWarning:rdflib.plugins.sparql.operators"
)
# Python, with warnings as errors.
PYTHON: Final = (sys.executable, "-W", "error", "-W", _RDFLIB)
_NUMBER: Final = struct.Struct("!i")
# Standard input, output and error, and the socket that tells the process id and the exit code.
_DESCRIPTORS: Final = 4
_ORDERS: Final = Lock()
_spawn: Final = template_process._spawn


class Forked:
    """A process that was forked, with the methods of :class:`subprocess.Popen` that tests use."""

    def __init__(
        self, arguments: Sequence[str], cwd: Path, variables: Mapping[str, str], streams: Sequence[int]
    ) -> None:
        """Run ``endpoint`` with these arguments and environment; ``streams`` are its first descriptors."""
        self.returncode: int | None = None
        self.stdout: IO[str] | None = None
        self._status, theirs = socket.socketpair()
        order = json.dumps([list(arguments), str(cwd), dict(variables)]).encode()
        with theirs, _ORDERS:
            control = _forker()
            socket.send_fds(control, [_NUMBER.pack(len(order))], [*streams, theirs.fileno()])
            control.sendall(order)
        (self.pid,) = _NUMBER.unpack(self._status.recv(_NUMBER.size))

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit code. Raises :class:`subprocess.TimeoutExpired`."""
        if self.returncode is None:
            self._status.settimeout(timeout)
            try:
                told = self._status.recv(_NUMBER.size)
            except (TimeoutError, BlockingIOError):
                raise subprocess.TimeoutExpired("endpoint", timeout or 0.0) from None
            (self.returncode,) = _NUMBER.unpack(told)
            self._status.close()
        return cast(int, self.returncode)

    def poll(self) -> int | None:
        """Return its exit code, or None while it runs."""
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)


def start_forked(arguments: Sequence[str], cwd: Path, variables: Mapping[str, str], errors: int) -> Forked:
    """Start a process that is read at its ``stdout``; the descriptor ``errors`` takes its standard error."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as output, Path(os.devnull).open() as nothing:
        process = Forked(arguments, cwd, variables, (nothing.fileno(), output.fileno(), errors))
    process.stdout = os.fdopen(reading)
    return process


def run_forked(
    arguments: Sequence[str], cwd: Path, variables: Mapping[str, str], text: str, timeout: float
) -> subprocess.CompletedProcess[str]:
    """Run a process to its end; ``text`` comes through a pipe. Raises :class:`subprocess.TimeoutExpired`."""
    reading, writing = os.pipe()
    with TemporaryFile("w+") as output, TemporaryFile("w+") as errors:
        with os.fdopen(reading) as pipe:
            process = Forked(arguments, cwd, variables, (pipe.fileno(), output.fileno(), errors.fileno()))
        feeding = Thread(target=_feed, args=(writing, text))
        feeding.start()
        try:
            code = process.wait(timeout)
        finally:
            process.kill()
            process.wait()
            feeding.join()
        output.seek(0)
        errors.seek(0)
        return subprocess.CompletedProcess(list(arguments), code, output.read(), errors.read())


def _feed(descriptor: int, text: str) -> None:
    # Who reads may have ended, or want none of it.
    with suppress(BrokenPipeError), os.fdopen(descriptor, "w") as pipe:
        pipe.write(text)


@cache
def _forker() -> socket.socket:
    """Start the process that forks; return the socket that takes orders."""
    ours, theirs = socket.socketpair()
    # A process that forks must have no threads, and numpy's linear algebra starts some.
    variables = {**os.environ, "PYTHONPATH": str(_ROOT), "OPENBLAS_NUM_THREADS": "1"}
    with theirs:
        process = subprocess.Popen(
            [*PYTHON, "-m", "tests.forking", str(theirs.fileno())],
            cwd=_ROOT,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


def serve(control: socket.socket) -> None:
    """Fork a process for each order, and tell how it ended, until nobody sends orders any more."""
    waiting = selectors.DefaultSelector()
    waiting.register(control, selectors.EVENT_READ)
    while True:
        for key, _ in waiting.select():
            if key.fileobj is not control:
                pid, status = cast("tuple[int, socket.socket]", key.data)
                waiting.unregister(key.fileobj)
                os.close(cast(int, key.fileobj))
                with status, suppress(BrokenPipeError):
                    _, ended = os.waitpid(pid, 0)
                    status.sendall(_NUMBER.pack(os.waitstatus_to_exitcode(ended)))
                continue
            size, descriptors, _, _ = socket.recv_fds(control, _NUMBER.size, _DESCRIPTORS)
            if not size:
                return
            order = control.recv(_NUMBER.unpack(size)[0], socket.MSG_WAITALL)
            pid = os.fork()
            if pid == 0:
                _run(waiting, json.loads(order), descriptors)
            for descriptor in descriptors[:-1]:
                os.close(descriptor)
            status = socket.socket(fileno=descriptors[-1])
            status.sendall(_NUMBER.pack(pid))
            waiting.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, status))


def _run(waiting: selectors.BaseSelector, order: list[Any], descriptors: list[int]) -> NoReturn:
    """Become what was ordered. Raises SystemExit, with which the process ends."""
    for key in waiting.get_map().values():
        if key.data is None:
            cast(socket.socket, key.fileobj).close()
        else:
            os.close(cast(int, key.fileobj))
            key.data[1].close()
    waiting.close()
    for number, descriptor in enumerate(descriptors[:-1]):
        os.dup2(descriptor, number)
    for descriptor in descriptors:
        os.close(descriptor)
    arguments, folder, variables = order
    os.environ.clear()
    os.environ.update(variables)
    os.chdir(folder)
    sys.argv = ["endpoint", *arguments]
    template_process._spawn = cast(Any, _fork_template)
    main()


class _Child(template_process._Forked):
    """A forked process that is a child of this one, which has to wait for it."""

    def wait(self, timeout: float | None = None) -> None:
        super().wait(timeout)
        with suppress(ChildProcessError):
            os.waitpid(self.pid, 0)


def _fork_template(
    function: str,
) -> tuple[subprocess.Popen[bytes] | template_process._Forked, socket.socket]:
    """Fork a template process before this one has threads or an event loop; start it afterwards."""
    if function != "main" or asyncio._get_running_loop() or len([*Path("/proc/self/task").iterdir()]) > 1:
        return _spawn(function)
    ours, theirs = socket.socketpair()
    server = os.getpid()
    with theirs:
        pid = os.fork()
        if pid == 0:
            try:
                ours.close()
                _become_template(theirs, server)
            finally:
                os._exit(1)
    return _Child(pid), ours


def _become_template(control: socket.socket, server: int) -> None:
    """Do what a template process does that was started."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1):
        os.dup2(nothing, number)
    os.environ.update(template_process.child_environment())
    logging.getLogger("endpoint").handlers.clear()
    sys.argv = ["-c", str(control.fileno()), str(server)]
    gc.disable()
    import_module("endpoint.engine.template").main()


def _prepare() -> None:
    """Import what the commands do, when they are chosen and when they run, and compile the templates."""
    with lasting():
        for name in (*COMMANDS, "serving"):
            module(name)
        for name in ("endpoint.query", "endpoint.engine.template", "endpoint.ingest.publish"):
            import_module(name)
        html: Any = import_module("endpoint.web.http.html")
        asyncio.run(html.compile_templates())


if __name__ == "__main__":
    _prepare()
    with socket.socket(fileno=int(sys.argv[1])) as orders:
        serve(orders)
