"""The fence around a worker process, below the engine: what it may still do if a query takes it over.

A worker reads its generation and the code that it runs, evaluates, and writes to the sockets that it was
given. It has no network, opens nothing for writing, starts no program and no process, signals nobody, leaves
no core file, and ends with the template, as the template ends with the server. SERVICE and LOAD are refused
before evaluation; this is the second fence. What the system does not offer is named at the start.

The process that writes has a wider one: it changes files in the data directory, starts programs of Python,
and reaches the network only where LOAD is allowed.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
import socket
import sys
from collections.abc import Iterable, Iterator
from enum import IntFlag
from pathlib import Path
from typing import Final

from endpoint.engine.fence import landlock, seccomp
from endpoint.engine.fence.seccomp import (
    ALWAYS,
    NEVER,
    UNKNOWN,
    Condition,
    null,
    one_of,
    with_and_without,
    without,
)

# Files that a worker may have open at once; a store of hundreds of millions of quads has some hundred.
OPEN_FILES: Final = 1024
# How likely the kernel ends a worker when memory runs out, from -1000 to 1000.
MOST_LIKELY_VICTIM: Final = 1000

_PR_SET_PDEATHSIG, _PR_SET_NAME, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 15, 22, 38
_PR_SET_VMA: Final = 0x53564D41  # names of memory areas, by newer C libraries
_CLONE_THREAD: Final = 0x10000
_CLONE_NAMESPACES: Final = 0x7E020000
_DUPLICATE, _FLAGS, _LOCKS, _DUPLICATE_CLOEXEC = 0, (1, 2, 3, 4), (5, 6, 7, 36, 37, 38), 1030
# Whether it is a terminal, its size, close on exec, not blocking: not who is signalled.
_HARMLESS_IOCTLS: Final = (0x5401, 0x5413, 0x5450, 0x5451, 0x5421)

_EVERYWHERE: Final[dict[str, Condition]] = {
    **dict.fromkeys(
        (
            *("access", "brk", "clock_getres", "clock_gettime", "clock_nanosleep", "close", "dup"),
            *("exit", "exit_group", "faccessat", "faccessat2", "fadvise64", "flock", "fstat", "fstatfs"),
            *("futex", "get_robust_list", "getcpu", "getcwd", "getdents64", "getegid", "geteuid"),
            *("getgid", "getpid", "getppid", "getpriority", "getrandom", "getrlimit", "getrusage"),
            *("getsockname", "getsockopt", "gettid", "gettimeofday", "getuid", "lseek", "lstat"),
            *("madvise", "membarrier", "mincore", "mmap", "mprotect", "mremap", "msync", "munmap"),
            *("nanosleep", "newfstatat", "poll", "ppoll", "pread64", "preadv", "pselect6", "pwrite64"),
            *("read", "readahead", "readlink", "readlinkat", "readv", "recvfrom", "restart_syscall"),
            *("rseq", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sched_getaffinity"),
            *("sched_getparam", "sched_getscheduler", "sched_yield", "select", "sendto"),
            *("set_robust_list", "set_tid_address", "setsockopt", "shutdown", "sigaltstack", "stat"),
            *("statfs", "statx", "sysinfo", "time", "times", "umask", "uname", "write", "writev"),
        ),
        ALWAYS,
    ),
    "clone3": UNKNOWN,  # its flags are in memory, where no filter sees them
    "fcntl": one_of(1, (_DUPLICATE, *_FLAGS, *_LOCKS, _DUPLICATE_CLOEXEC)),
    "ioctl": one_of(1, _HARMLESS_IOCTLS),
}
_TEMPLATE: Final[dict[str, Condition]] = {
    **_EVERYWHERE,
    **dict.fromkeys(("dup2", "dup3", "fork", "kill", "open", "openat", "recvmsg", "sendmsg"), ALWAYS),
    **dict.fromkeys(("landlock_restrict_self", "prlimit64", "seccomp", "setrlimit"), ALWAYS),
    **dict.fromkeys(("tgkill", "wait4"), ALWAYS),
    "clone": without(0, _CLONE_NAMESPACES),
    "prctl": one_of(0, (_PR_SET_PDEATHSIG, _PR_SET_NAME, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS, _PR_SET_VMA)),
}
# The kernel, other processes, and doors around Landlock: nothing that files are written with.
_REFUSED_TO_WRITER: Final[dict[str, Condition]] = dict.fromkeys(
    (
        *("accept", "accept4", "add_key", "bpf", "chroot", "clock_settime", "delete_module", "finit_module"),
        *("fsmount", "fsopen", "init_module", "io_uring_enter", "io_uring_register", "io_uring_setup"),
        *("kexec_file_load", "kexec_load", "keyctl", "listen", "mount", "move_mount", "open_by_handle_at"),
        *("open_tree", "perf_event_open", "pidfd_getfd", "pivot_root", "process_madvise"),
        *("process_vm_readv", "process_vm_writev", "ptrace", "reboot", "request_key", "setns"),
        *("swapoff", "swapon", "umount2", "unshare", "userfaultfd"),
    ),
    NEVER,
)
# The last one is how the C library finds the addresses of this machine.
_OF_LOAD: Final = (socket.AF_INET, socket.AF_INET6, 16)


class Missing(IntFlag):
    """Parts of the fence that the system does not offer."""

    SYSTEM_CALLS = 1
    FILES = 2
    ENDING = 4
    VICTIM = 8


_MEANINGS: Final = {
    Missing.SYSTEM_CALLS: "this system has no seccomp filter (Linux on x86-64 or ARM64): only the query gate "
    "keeps workers off the network, and they may start programs, write files and signal processes",
    Missing.FILES: "this system has no Landlock (Linux 5.13 or newer, with landlock in the kernel's list of "
    "security modules): workers can read every file that the server can read",
    Missing.ENDING: "this system does not end a process with its parent: if the server is killed, workers "
    "stay until they have answered",
    Missing.VICTIM: "the kernel cannot be told to end workers first (oom_score_adj): when memory runs out, "
    "it may end the server",
}


def warnings(missing: Missing) -> Iterator[str]:
    """Yield what each missing part means for the operator."""
    return (text for part, text in _MEANINGS.items() if part in missing)


def end_with(parent: int) -> Missing:
    """End this process when ``parent`` ends, at once if it has; return what is missing."""
    if platform.system() != "Linux":
        return Missing.ENDING
    number, zero = ctypes.c_ulong(signal.SIGKILL), ctypes.c_ulong(0)
    failed = ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number, zero, zero, zero)
    if os.getppid() != parent:
        # It ended before the order was given.
        os._exit(0)
    return Missing.ENDING if failed else Missing(0)


def enclose_template() -> Missing:
    """Keep the template process to what it does from now on: fork, wait, and pass on sockets."""
    limit_core_files()
    return Missing(0) if seccomp.install(_TEMPLATE) else Missing.SYSTEM_CALLS


def limit_core_files() -> None:
    """Let this process leave no core file, which would hold data and can fill a disk."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def readable(generation: Path) -> list[Path]:
    """Return what a worker reads: its generation, Python with its libraries, and facts about the machine."""
    return [generation, *_common()]


def _common() -> list[Path]:
    python = [Path(entry) for entry in (*sys.path, sys.prefix, sys.base_prefix) if entry]
    libraries = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/nix/store", "/gnu/store")
    system = (
        "/etc/ld.so.cache",
        "/etc/ssl",
        "/dev/null",
        "/dev/urandom",
        "/sys/devices/system/cpu",
        "/proc/sys/kernel/random",
    )
    return [*python, *map(Path, (*libraries, *system))]


def prefer_as_victim(score: int) -> Missing:
    """Ask the kernel to end this process before those with a lower score when memory runs out."""
    try:
        # Only root may lower the score again.
        Path("/proc/self/oom_score_adj").write_text(str(score))
    except OSError:
        return Missing.VICTIM
    return Missing(0)


def enclose_worker(ruleset: int | None) -> None:
    """Let this process, a worker without other threads, read only what it needs, and few files at once.

    ``ruleset`` is that of :func:`endpoint.engine.fence.landlock.reading_only`.
    """
    for kind, most in ((resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_NOFILE, OPEN_FILES)):
        _, hard = resource.getrlimit(kind)
        limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (limit, limit))
    if ruleset is not None:
        landlock.restrict(ruleset)
        os.close(ruleset)


def enclose_writer(data: Path, readable: Iterable[Path], network: bool) -> Missing:
    """Leave this process, and the programs that it starts, only what writing needs; return what is missing.

    It may change the data directory ``data``, read what is ``readable``, and with ``network`` make
    connections. Call it while it has one thread.
    """
    limit_core_files()
    calls = {**_REFUSED_TO_WRITER, "socket": one_of(0, _OF_LOAD) if network else NEVER}
    missing = Missing(0) if seccomp.install(calls, others=True) else Missing.SYSTEM_CALLS
    beside = ["/proc/self", "/proc/meminfo", "/proc/sys", "/etc/localtime", "/usr/share/zoneinfo"]
    if network:
        names = ("gai.conf", "host.conf", "hosts", "nsswitch.conf", "pki", "resolv.conf", "services")
        beside += [f"/etc/{name}" for name in names] + ["/usr/share/ca-certificates"]
    reading = [*readable, *_common(), *map(Path, beside)]
    # A folder of another disk may stand in place of that of the generations.
    ruleset = landlock.writing_only(reading, [data, data / "generations", Path("/dev/null")], network)
    if ruleset is None:
        return missing | Missing.FILES
    enclosed = landlock.restrict(ruleset)
    os.close(ruleset)
    return missing if enclosed else missing | Missing.FILES


def seal_worker() -> bool:
    """Leave this worker, all of its threads, only what evaluation needs; return whether the kernel does."""
    own = one_of(0, (os.getpid(),))
    calls = {
        **_EVERYWHERE,
        "clone": with_and_without(0, _CLONE_THREAD, _CLONE_NAMESPACES),
        # abort(3) is a signal to oneself.
        "kill": own,
        "tgkill": own,
        "open": without(1, seccomp.WRITING),
        "openat": without(2, seccomp.WRITING),
        "prctl": one_of(0, (_PR_SET_NAME, _PR_SET_VMA)),
        "prlimit64": null(2),
    }
    return seccomp.install(calls)
