"""The sockets of the metrics: bound by the settings, or handed over by the service manager."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from endpoint.server import ListenError, listen, listen_for_metrics
from endpoint.server.service_manager import METRICS, Manager
from endpoint.settings import Settings


@pytest.fixture
def sock() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        yield sock


def test_there_is_none_without_the_setting() -> None:
    assert listen_for_metrics(Settings(), Manager()) == []


def test_the_address_of_the_setting_is_bound() -> None:
    (bound,) = listen_for_metrics(Settings(metrics_address=("127.0.0.1", 0)), Manager())
    with bound:
        assert bound.getsockname()[0] == "127.0.0.1"


def test_a_socket_of_the_manager_goes_by_its_name(sock: socket.socket) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        manager = Manager((("endpoint", other), (METRICS, sock)))
        settings = Settings(metrics_address=("127.0.0.1", 1))
        assert listen_for_metrics(settings, manager) == [sock]
        assert listen(settings, manager) == [other]


def test_an_address_that_is_taken_is_said(sock: socket.socket) -> None:
    port = sock.getsockname()[1]
    with pytest.raises(ListenError, match=f"Cannot listen on 127.0.0.1 port {port}: Address already in use"):
        listen_for_metrics(Settings(metrics_address=("127.0.0.1", port)), Manager())
