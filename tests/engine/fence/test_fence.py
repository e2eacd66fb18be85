"""The fence around a worker process: what is tried inside of it, and what still works."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from endpoint.engine import fence
from endpoint.engine.fence import Missing, landlock
from tests.children import children, templates
from tests.engine.test_embedded import opened, rows
from tests.live import ROOT, environment
from tests.storage.publishing import publish
from tests.waiting import PATIENCE


def run(code: str, check: bool = True) -> str:
    """What a Python process prints."""
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert not check or ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


# What a worker process is, from its fork on; ``attempts`` runs inside of it and ends it.
FENCED = """
import ctypes, errno, json, os, signal, socket, sys
from pathlib import Path
from endpoint.engine import fence
from endpoint.engine.fence import landlock
folder = Path({folder!r})
library = ctypes.CDLL(None, use_errno=True)
library.syscall.restype = ctypes.c_long

def call(number, *arguments):
    wide = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    if library.syscall(ctypes.c_long(number), *wide) < 0:
        raise OSError(ctypes.get_errno(), "")

template = os.getpid()
inherited = os.open(folder / "readable", os.O_RDONLY)
ruleset = landlock.reading_only(fence.readable(folder))
fence.limit_core_files()
assert not fence.enclose_template()
worker = os.fork()
if worker == 0:
    try:
        fence.end_with(template)
        fence.prefer_as_victim(fence.MOST_LIKELY_VICTIM)
        fence.enclose_worker(ruleset)
        assert fence.seal_worker()
{attempts}
    except BaseException as error:
        print(repr(error), flush=True)
    finally:
        os._exit(9)
print(os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]))
"""


def fenced(folder: Path, attempts: str) -> list[str]:
    """What a worker prints, and at last its exit code or minus its signal."""
    (folder / "readable").write_text("text")
    inside = textwrap.indent(textwrap.dedent(attempts), " " * 8)
    return run(FENCED.format(folder=str(folder), attempts=inside)).splitlines()


# A name, and what is tried. Numbers are those of system calls on x86-64.
REFUSED: dict[str, str] = {
    "socket": "socket.socket()",
    "socket of another family": "socket.socket(socket.AF_UNIX)",
    "socketpair": "socket.socketpair()",
    "execve": "os.execv('/bin/true', ['true'])",
    "execveat": "call(322, -100, b'/bin/true', None, None, 0)",
    "io_uring_setup": "call(425, 8, ctypes.create_string_buffer(200))",
    "io_uring_enter": "call(426, 0, 0, 0, 0)",
    "fork": "os.fork()",
    "vfork": "call(58)",
    "clone of a process": "call(56, signal.SIGCHLD, 0, 0, 0, 0)",
    "clone into a name space": "call(56, 0x10000000 | signal.SIGCHLD, 0, 0, 0, 0)",
    "unshare": "call(272, 0x10000000)",
    "setns": "call(308, 0, 0)",
    "mount": "call(165, b'a', b'/', b'tmpfs', 0, None)",
    "chroot": "os.chroot('/')",
    "ptrace": "call(101, 16, template, 0, 0)",
    "process_vm_readv": "call(310, template, None, 0, None, 0, 0)",
    "process_vm_writev": "call(311, template, None, 0, None, 0, 0)",
    "bpf": "call(321, 0, None, 0)",
    "perf_event_open": "call(298, None, 0, 0, 0, 0)",
    "userfaultfd": "call(323, 0)",
    "keyctl": "call(250, 0, 0)",
    "memfd_create": "call(319, b'a', 0)",
    "kill of the template": "os.kill(template, signal.SIGKILL)",
    "a look whether the front lives": "os.kill(os.getppid(), 0)",
    "kill of the group": "os.kill(0, signal.SIGUSR1)",
    "kill of everybody": "os.kill(-1, 0)",
    "tgkill of the template": "call(234, template, template, signal.SIGKILL)",
    "tkill": "call(200, template, signal.SIGKILL)",
    "rt_sigqueueinfo": "call(129, template, signal.SIGKILL, ctypes.create_string_buffer(128))",
    "pidfd_open": "call(434, template, 0)",
    "pidfd_send_signal": "call(424, 0, signal.SIGKILL, None, 0)",
    "signals by a descriptor": "__import__('fcntl').fcntl(inherited, 8, template)",
    "characters into a terminal": "__import__('fcntl').ioctl(inherited, 0x5412, b'a')",
    "write to a file": "os.open(folder / 'readable', os.O_WRONLY)",
    "write and read": "os.open(folder / 'readable', os.O_RDWR)",
    "append": "os.open(folder / 'readable', os.O_WRONLY | os.O_APPEND)",
    "empty a file": "os.open(folder / 'readable', os.O_RDONLY | os.O_TRUNC)",
    "new file": "os.open(folder / 'new', os.O_RDONLY | os.O_CREAT)",
    "file without a name": "os.open(folder, os.O_TMPFILE | os.O_RDWR)",
    "creat": "call(85, str(folder / 'new').encode(), 0o600)",
    "openat2": "call(437, -100, b'/', ctypes.create_string_buffer(24), 24)",
    "truncate": "os.truncate(folder / 'readable', 0)",
    "mkdir": "os.mkdir(folder / 'new')",
    "mknod": "os.mknod(folder / 'new')",
    "symlink": "os.symlink('a', folder / 'new')",
    "link": "os.link(folder / 'readable', folder / 'new')",
    "rename": "os.rename(folder / 'readable', folder / 'new')",
    "unlink": "os.unlink(folder / 'readable')",
    "chmod": "os.chmod(folder / 'readable', 0o777)",
    "chown": "os.chown(folder / 'readable', 0, 0)",
    "utime": "os.utime(folder / 'readable')",
    "more memory": "__import__('resource').setrlimit(9, (-1, -1))",
    "limits of the template": "__import__('resource').prlimit(template, 9, (1, 1))",
    "another filter": "call(317, 1, 0, None)",
    "dumps again": "call(157, 4, 1, 0, 0, 0)",
    "nice": "os.nice(1)",
    "change of user": "os.setuid(65534)",
    "the x32 ABI": "call(0x40000000 | 39)",
    "a call that nobody knows": "call(9999)",
}
# Only Landlock refuses these.
UNREADABLE: dict[str, str] = {
    "file of the system": "open('/etc/passwd').read()",
    "folder of the system": "os.listdir('/etc')",
    "environment of the template": "open(f'/proc/{template}/environ').read()",
    "memory of the template": "open(f'/proc/{template}/mem', 'rb').read(1)",
}
ATTEMPTS = """
attempts = {attempts!r}
found = dict()
for name, attempt in attempts.items():
    try:
        eval(attempt)
        found[name] = 0
    except OSError as error:
        found[name] = error.errno
    except ValueError:
        # Python's word for a limit that cannot be raised.
        found[name] = errno.EPERM
print(json.dumps(found), flush=True)
os._exit(0)
"""


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """The error numbers of all attempts; 0 where one was not refused."""
    folder = tmp_path_factory.mktemp("fence")
    printed, code = fenced(folder, ATTEMPTS.format(attempts=REFUSED | UNREADABLE))
    assert code == "0"
    assert [file.name for file in folder.iterdir()] == ["readable"]
    assert (folder / "readable").read_text() == "text"
    found: dict[str, int] = json.loads(printed)
    return found


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers of system calls are those of x86-64")
@pytest.mark.parametrize("name", REFUSED)
def test_what_a_worker_may_not(tried: dict[str, int], name: str) -> None:
    assert tried[name] in (1, 13)  # EPERM, EACCES


@pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock")
@pytest.mark.parametrize("name", UNREADABLE)
def test_what_a_worker_may_not_read(tried: dict[str, int], name: str) -> None:
    assert tried[name] in (1, 13)


def test_what_a_worker_needs(tmp_path: Path) -> None:
    printed = fenced(
        tmp_path,
        """
        import decimal, hashlib, sqlite3, threading, time, uuid, zoneinfo, xml.etree.ElementTree
        import endpoint.results.framing, endpoint.results.spreadsheets, pybtex, rispy, snowballstemmer
        done = []
        threads = [threading.Thread(target=done.append, args=(number,)) for number in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        time.sleep(0.001)
        os.urandom(8), uuid.uuid4(), hashlib.md5(b"").digest()
        bytearray(2**26)
        print((folder / "readable").read_text(), sorted(done), flush=True)
        os._exit(0)
        """,
    )
    assert printed == ["text [0, 1, 2]", "0"]


def test_an_abort_is_still_a_signal(tmp_path: Path) -> None:
    assert fenced(tmp_path, "os.abort()") == [str(-signal.SIGABRT)]


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="only x86-64 has a gate for 32 bits")
def test_no_system_call_of_32_bits(tmp_path: Path) -> None:
    # mov eax, 20 (getpid); int 0x80; ret. A kernel without the ABI ends the process instead.
    printed = fenced(
        tmp_path,
        r"""
        import mmap
        page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        page.write(b"\\xb8\\x14\\x00\\x00\\x00\\xcd\\x80\\xc3")
        start = ctypes.addressof(ctypes.c_char.from_buffer(page))
        print(ctypes.CFUNCTYPE(ctypes.c_int)(start)(), flush=True)
        os._exit(0)
        """,
    )
    assert printed in (["-13", "0"], [str(-signal.SIGSEGV)])


def test_few_files_no_core_and_nothing_written(tmp_path: Path) -> None:
    printed = fenced(
        tmp_path,
        """
        import resource
        for kind in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE):
            print(*resource.getrlimit(kind), flush=True)
        opened = 0
        try:
            while True:
                os.open(folder / "readable", os.O_RDONLY)
                opened += 1
        except OSError as error:
            print(error.errno == errno.EMFILE, opened < fence.OPEN_FILES, flush=True)
        os._exit(0)
        """,
    )
    assert printed == ["0 0", "0 0", f"{fence.OPEN_FILES} {fence.OPEN_FILES}", "True True", "0"]


# What the process that writes is; ``network`` is where LOAD is allowed.
WRITER = """
import errno, json, os, socket, subprocess, sys
from pathlib import Path
from endpoint.engine import fence
folder, beside = Path({folder!r}, "data"), Path({folder!r}, "beside")
received = os.open(beside, os.O_RDONLY)
assert not fence.enclose_writer(folder, [], {network})
def outcome(attempt):
    try:
        attempt()
    except OSError as error:
        return errno.errorcode[error.errno]
attempts = dict(
    connection=lambda: socket.create_connection(("127.0.0.1", 9), 1),
    local=lambda: socket.socket(socket.AF_UNIX),
    listen=lambda: socket.socketpair()[0].listen(),
    ptrace=lambda: os.open(f"/proc/{{os.getppid()}}/environ", os.O_RDONLY),
    read=beside.read_text,
    system=Path("/etc/passwd").read_text,
    write=lambda: beside.write_text("changed"),
    make=lambda: beside.with_name("made").touch(),
    away=lambda: (folder / "kept").rename(beside.with_name("kept")),
    program=lambda: subprocess.run([str(beside)], check=True),
)
print(json.dumps(dict((name, outcome(attempt)) for name, attempt in attempts.items())))
(folder / "made").mkdir()
(folder / "kept").rename(folder / "made" / "kept")
os.link(folder / "made" / "kept", folder / "kept")
(folder / "made" / "kept").unlink()
(folder / "kept").write_text("changed")
subprocess.run([sys.executable, "-c", "import numpy"], stdout=subprocess.DEVNULL, check=True)
print(os.pread(received, 9, 0).decode(), sorted(path.name for path in folder.iterdir()))
"""


@pytest.mark.skipif(landlock.version() < 2, reason="this kernel has no Landlock, or its first version")
@pytest.mark.parametrize("network", [False, True])
def test_what_the_process_that_writes_may(tmp_path: Path, network: bool) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "kept").touch()
    (tmp_path / "beside").write_text("#!/bin/sh")
    (tmp_path / "beside").chmod(0o755)
    tried, done = run(WRITER.format(folder=str(tmp_path), network=network)).splitlines()
    outcomes = json.loads(tried)
    # Nobody listens there.
    assert outcomes.pop("connection") == ("ECONNREFUSED" if network else "EACCES")
    assert set(outcomes.values()) == {"EACCES"}, outcomes
    assert done == "#!/bin/sh ['kept', 'made']"
    assert (tmp_path / "beside").read_text() == "#!/bin/sh"


def test_the_kernel_ends_a_worker_before_the_server(tmp_path: Path) -> None:
    printed = fenced(tmp_path, "print(os.getppid() == template, flush=True); os._exit(0)")
    assert printed == ["True", "0"]
    score = run("""
        from pathlib import Path
        from endpoint.engine import fence
        assert not fence.prefer_as_victim(fence.MOST_LIKELY_VICTIM)
        print(Path("/proc/self/oom_score_adj").read_text())
    """)
    assert int(score) == 1000


def test_a_process_ends_with_its_parent() -> None:
    # The grandchild holds the pipe open until it ends, however long it would sleep.
    run("""
        import os, signal, sys, time
        from endpoint.engine import fence
        reading, writing = os.pipe()
        if (child := os.fork()) == 0:
            parent = os.getpid()
            if os.fork() == 0:
                assert not fence.end_with(parent)
                os.write(writing, b"ready")
                time.sleep(600)
            time.sleep(600)
        os.close(writing)
        os.read(reading, 5)
        os.kill(child, signal.SIGKILL)
        assert os.read(reading, 1) == b""
    """)


def test_a_process_whose_parent_has_ended_already_ends_at_once() -> None:
    assert run("from endpoint.engine import fence; fence.end_with(1); print('lives')") == ""


@pytest.mark.parametrize("image", [2**31, 1], ids=["in memory", "on disk"])
def test_every_thread_of_every_worker_is_fenced(tmp_path: Path, image: int) -> None:
    publish(tmp_path, 10)

    async def main() -> None:
        async with opened(tmp_path, image=image) as engine:
            (template,) = templates()
            workers = children(template)
            assert len(workers) == 2
            assert [score(pid) for pid in (template, *workers)] == [500, 1000, 1000]
            for pid in workers:
                for task in Path(f"/proc/{pid}/task").iterdir():
                    status = (task / "status").read_text()
                    assert "NoNewPrivs:\t1\n" in status
                    # The template's filter, and the worker's own.
                    assert "Seccomp_filters:\t2\n" in status
            assert await rows(engine, "SELECT * { ?s ?p ?o } LIMIT 1")

    asyncio.run(main())


def score(pid: int) -> int:
    return int(Path(f"/proc/{pid}/oom_score_adj").read_text())


def test_each_missing_part_has_a_meaning() -> None:
    assert list(fence.warnings(Missing(0))) == []
    every = Missing(0)
    for part in Missing:
        (sentence,) = fence.warnings(part)
        assert "workers" in sentence or "server" in sentence
        every |= part
    assert len(list(fence.warnings(every))) == len(Missing)
