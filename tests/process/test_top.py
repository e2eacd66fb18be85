"""``endpoint top`` as a process: a table, JSON, a terminal, and a sentence for whatever is wrong."""

from __future__ import annotations

import fcntl
import http.server
import json
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.live import ROOT, Server, command, environment
from tests.process.operator import (
    CULPRIT,
    ENDLESS,
    SECRET,
    asking,
    operated,
    ordinary_traffic,
    state,
)
from tests.waiting import PATIENCE, until


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with operated(tmp_path_factory.mktemp("watched"), "--timeout", "300") as server:
        yield server


def top(*arguments: str, token: str | None = SECRET) -> subprocess.CompletedProcess[str]:
    """Run ``endpoint top`` to its end."""
    own = {} if token is None else {"ENDPOINT_TOKEN": token}
    return subprocess.run(
        command("top", *arguments),
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**environment(), **own},
        timeout=PATIENCE,
        check=False,
    )


def named(server: Server) -> bool:
    """Whether the culprit is known to the server as the most expensive one."""
    seen = state(server)
    return bool(seen["queries"]) and seen["queries"][0]["client"] == CULPRIT == seen["clients"][0]["client"]


def test_the_first_row_names_the_culprit_of_an_incident(watched: Server) -> None:
    with ordinary_traffic(watched), asking(watched, ENDLESS, CULPRIT):
        until(lambda: named(watched))
        seen = json.loads(top(watched.url, "--once", "--json").stdout)
        assert seen["queries"][0]["client"] == CULPRIT
        assert "?endless" in seen["queries"][0]["text"]
        table = top(watched.url, "--once")
        assert (table.returncode, table.stderr) == (0, "")
        _, _, first, *rest = table.stdout.splitlines()
        assert first.startswith(CULPRIT)
        assert "SELECT (COUNT(*) AS ?endless)" in first
        (head,) = (number for number, line in enumerate(rest) if line.startswith("client"))
        columns = " ".join(rest[head].split())
        assert columns == (
            "client seconds in 5 min left of budget connections running waiting queries refused"
        )
        (row,) = (line for line in rest[head:] if line.startswith(CULPRIT))
        assert "of 60 s" in row
        watched.request("DELETE", seen["queries"][0]["url"], headers={"Authorization": f"Bearer {SECRET}"})


@contextmanager
def terminal(*arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """``endpoint top`` in a terminal of 140 columns, and the other end of it."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 140, 0, 0))
    # A shell starts its background jobs with this signal ignored, and so would be what they start.
    process = subprocess.Popen(
        ["env", "--default-signal=INT", *command("top", *arguments)],
        cwd=ROOT,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**environment(), "ENDPOINT_TOKEN": SECRET, "TERM": "xterm"},
        start_new_session=True,
    )
    os.close(slave)
    try:
        yield process, master
    finally:
        process.kill()
        process.wait()
        os.close(master)


def drained(master: int, written: bytearray, wanted: bytes) -> bool:
    """Read what the terminal shows; return whether the wanted is among it."""
    while select.select([master], [], [], 0)[0]:
        try:
            written += os.read(master, 65536)
        except OSError:  # the process has ended
            break
    return wanted in written


def test_the_table_lives_in_a_terminal_until_it_is_interrupted(watched: Server) -> None:
    with terminal(watched.url, "--interval", "0.2") as (process, master):
        written = bytearray()
        until(lambda: drained(master, written, b"evaluating"))
        with asking(watched, ENDLESS, CULPRIT):
            until(lambda: drained(master, written, b"?endless"))
            for query in state(watched)["queries"]:
                watched.request("DELETE", query["url"], headers={"Authorization": f"Bearer {SECRET}"})
        process.send_signal(signal.SIGINT)
        until(lambda: drained(master, written, b"") and process.poll() is not None)
        assert process.returncode == 0
        # The screen from before is there again.
        assert written.count(b"\x1b[?1049h") == written.count(b"\x1b[?1049l") == 1


class Proxy(http.server.BaseHTTPRequestHandler):
    """A proxy that serves the server below a path, and a few answers of its own."""

    server_url = ""
    authorized: list[str] = []  # noqa: RUF012  shared on purpose

    def do_GET(self) -> None:
        own: Mapping[str, tuple[int, bytes]] = {
            "/html/-/admin": (200, b"<p>hello</p>"),
            "/json/-/admin": (200, b"[]"),
            "/away/-/admin": (302, b""),
            "/broken/-/admin": (500, b"oh"),
        }
        if self.path.startswith("/below/"):
            host, _, port = self.server_url.removeprefix("http://").partition(":")
            connection = HTTPConnection(host, int(port))
            connection.request("GET", self.path.removeprefix("/below"), headers=dict(self.headers))
            response = connection.getresponse()
            status, body = response.status, response.read()
            connection.close()
        else:
            status, body = own[self.path]
        self.send_response(status)
        self.send_header("Location", "http://elsewhere.example/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def proxy(watched: Server) -> Iterator[str]:
    Proxy.server_url = watched.url
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


@pytest.mark.parametrize("path", ["/below", "/below/", "/below/-/admin"])
def test_it_works_over_the_path_of_a_proxy(proxy: str, path: str) -> None:
    shown = top(proxy + path, "--once", "--json")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert json.loads(shown.stdout)["ready"] is True


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/html", "does not answer in JSON"),
        ("/json", "not as a server of this kind"),
        ("/away", "redirects to http://elsewhere.example/. Give that URL."),
        ("/broken", "answered 500"),
    ],
)
def test_what_is_no_such_server_is_told(proxy: str, path: str, sentence: str) -> None:
    shown = top(proxy + path, "--once")
    assert shown.returncode == 1
    assert sentence in shown.stderr
    assert shown.stderr.count("\n") == 1


def test_a_token_that_does_not_fit_is_told(watched: Server, server: Server, tmp_path: Path) -> None:
    for token, sentence in (
        (None, "needs a token: give --token-file, or set ENDPOINT_TOKEN."),
        ("wrong", "does not know this token."),
        ("other", 'answered 403: The token "reader" does not have the scope "admin".'),
    ):
        shown = top(watched.url, "--once", token=token)
        assert (shown.returncode, sentence in shown.stderr) == (1, True), shown.stderr
    assert "answered 404" in top(server.url, "--once").stderr
    file = tmp_path / "token"
    assert "cannot be read (No such file" in top(watched.url, "--token-file", str(file)).stderr
    file.write_text("\n")
    assert "is no token" in top(watched.url, "--token-file", str(file)).stderr
    file.write_text(f"{SECRET}\n")
    assert top(watched.url, "--once", "--token-file", str(file), token=None).returncode == 0


@pytest.mark.parametrize(
    ("url", "code", "sentence"),
    [
        ("http://127.0.0.1:1", 1, "http://127.0.0.1:1 cannot be reached: Connection refused."),
        ("http://nowhere.invalid/path", 1, "http://nowhere.invalid/path cannot be reached:"),
        ("endpoint.example", 2, "is not the URL of a server"),
        ("http://me:secret@endpoint.example", 2, "is not the URL of a server"),
        ("ftp://endpoint.example", 2, "is not the URL of a server"),
        ("http://[endpoint", 2, "is not the URL of a server"),
    ],
)
def test_a_server_that_is_not_there_is_told(url: str, code: int, sentence: str) -> None:
    shown = top(url, "--once")
    assert (shown.returncode, sentence in shown.stderr) == (code, True), shown.stderr
