"""The fence around a worker process, tested in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import textwrap

from tests.live import ROOT, environment


def run(code: str) -> str:
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return ended.stdout.strip()


def test_no_socket_and_no_program() -> None:
    printed = run("""
        import os, socket
        from endpoint.engine import fence
        assert fence.deny_network()
        for attempt in (socket.socket, lambda: os.execv("/bin/true", ["true"])):
            try:
                attempt()
            except PermissionError as error:
                print(error.errno)
        print(open("/proc/self/status").read().count("NoNewPrivs:\\t1"))
    """)
    assert printed.split() == ["13", "13", "1"]


def test_the_fence_holds_in_children_and_leaves_given_sockets_alone() -> None:
    printed = run("""
        import os, socket
        from endpoint.engine import fence
        ours, theirs = socket.socketpair()
        fence.deny_network()
        if os.fork() == 0:
            try:
                socket.socket()
            except PermissionError:
                theirs.sendall(b"denied")
            os._exit(0)
        print(ours.recv(10).decode())
    """)
    assert printed == "denied"


def test_no_core_file() -> None:
    printed = run("""
        import resource
        from endpoint.engine import fence
        fence.deny_core_files()
        print(resource.getrlimit(resource.RLIMIT_CORE))
    """)
    assert printed == "(0, 0)"
