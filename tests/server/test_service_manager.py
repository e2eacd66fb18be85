"""The variables and datagrams of a service manager."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from endpoint.errors import ConfigurationError
from endpoint.server import service_manager
from endpoint.server.service_manager import Manager
from tests.waiting import PATIENCE

OWN = str(os.getpid())
SILENT = Manager()


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A listening socket that stands where the manager would have put the first one."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        monkeypatch.setattr(service_manager, "FIRST", sock.fileno())
        yield sock


def test_without_variables_there_is_no_manager() -> None:
    assert Manager.read({"PATH": "/bin"}) == SILENT
    SILENT.notify("READY=1")


@pytest.mark.parametrize("pid", ["", "1", f"{OWN}0"], ids=["none", "another", "longer"])
def test_variables_for_another_process_are_only_removed(pid: str) -> None:
    environ = {"LISTEN_FDS": "1", "LISTEN_PID": pid, "PATH": "/bin"}
    assert Manager.read(environ) == SILENT
    assert environ == {"PATH": "/bin"}


def test_a_socket_is_taken_over_and_hidden_from_children(listener: socket.socket) -> None:
    os.set_inheritable(listener.fileno(), True)
    environ = {"LISTEN_FDS": "1", "LISTEN_PID": OWN, "LISTEN_FDNAMES": "http"}
    manager = Manager.read(environ)
    assert environ == {}
    (taken,) = manager.listening
    try:
        assert taken.getsockname() == listener.getsockname()
        assert not os.get_inheritable(listener.fileno())
    finally:
        taken.detach()


@pytest.mark.parametrize(
    ("names", "listening"), [("", 1), ("http", 1), ("metrics", 0), ("endpoint.socket", 1)]
)
def test_a_name_says_what_a_socket_is_for(listener: socket.socket, names: str, listening: int) -> None:
    environ = {"LISTEN_FDS": "1", "LISTEN_PID": OWN, "LISTEN_FDNAMES": names}
    manager = Manager.read(environ)
    assert len(manager.listening) == listening
    manager.sockets[0][1].detach()


def test_what_is_no_listening_tcp_socket_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environ = {"LISTEN_FDS": "1", "LISTEN_PID": OWN}
    with (tmp_path / "file").open("w") as file:
        monkeypatch.setattr(service_manager, "FIRST", file.fileno())
        with pytest.raises(ConfigurationError, match="is no socket"):
            Manager.read(dict(environ))
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.bind(str(tmp_path / "socket"))
        sock.listen()
        monkeypatch.setattr(service_manager, "FIRST", sock.fileno())
        with pytest.raises(ConfigurationError, match="no listening TCP socket"):
            Manager.read(dict(environ))
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        monkeypatch.setattr(service_manager, "FIRST", sock.fileno())
        with pytest.raises(ConfigurationError, match="no listening TCP socket"):
            Manager.read(dict(environ))


@pytest.mark.parametrize(
    ("variables", "interval"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": OWN}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, 0.0),
        ({"WATCHDOG_USEC": "soon"}, 0.0),
    ],
    ids=["any", "own", "another", "wrong"],
)
def test_the_watchdog_is_of_this_process(variables: dict[str, str], interval: float) -> None:
    assert Manager.read(variables).watchdog == interval


@pytest.mark.parametrize("abstract", [False, True])
def test_a_notification_is_one_datagram(tmp_path: Path, abstract: bool) -> None:
    name = f"@endpoint-{OWN}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(name.replace("@", "\0", 1) if abstract else name)
        sock.settimeout(PATIENCE)
        manager = Manager.read({"NOTIFY_SOCKET": name})
        manager.notify("READY=1", "STATUS=Serving")
        assert sock.recv(100) == b"READY=1\nSTATUS=Serving"
        manager.reloading()
        assert sock.recv(100).startswith(b"RELOADING=1\nMONOTONIC_USEC=")


def test_a_manager_that_is_gone_changes_nothing(tmp_path: Path) -> None:
    Manager(address=str(tmp_path / "nowhere")).notify("READY=1")
