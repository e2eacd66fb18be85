"""Filters of system calls (seccomp-bpf, Linux): what is not on the list fails with EACCES.

The filter of templates and workers is a list of what is allowed, found by tracing them, with glibc and with
musl in mind. A call that was forgotten is therefore an error in one query and no dead process. That of the
process that writes, which starts programs and whose store may use any call on files, is a list of what is
refused. Calls of other ABIs (32 bits, x32) are refused all.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

# For each machine: its audit architecture, its column in the numbers below, the bit that marks the x32 ABI.
_MACHINES: Final = {"x86_64": (0xC000003E, 0, 0x40000000), "aarch64": (0xC00000B7, 1, 0)}

# The numbers of system calls on x86-64 and ARM64; None where a machine has no such call.
NUMBERS: Final[dict[str, tuple[int | None, int | None]]] = {
    "accept": (43, 202),
    "accept4": (288, 242),
    "access": (21, None),
    "add_key": (248, 217),
    "bpf": (321, 280),
    "brk": (12, 214),
    "chroot": (161, 51),
    "clock_getres": (229, 114),
    "clock_gettime": (228, 113),
    "clock_nanosleep": (230, 115),
    "clock_settime": (227, 112),
    "clone": (56, 220),
    "clone3": (435, 435),
    "close": (3, 57),
    "delete_module": (176, 106),
    "dup": (32, 23),
    "dup2": (33, None),
    "dup3": (292, 24),
    "exit": (60, 93),
    "exit_group": (231, 94),
    "faccessat": (269, 48),
    "faccessat2": (439, 439),
    "fadvise64": (221, 223),
    "fcntl": (72, 25),
    "finit_module": (313, 273),
    "flock": (73, 32),
    "fork": (57, None),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "fstat": (5, 80),
    "fstatfs": (138, 44),
    "futex": (202, 98),
    "get_robust_list": (274, 100),
    "getcpu": (309, 168),
    "getcwd": (79, 17),
    "getdents64": (217, 61),
    "getegid": (108, 177),
    "geteuid": (107, 175),
    "getgid": (104, 176),
    "getpid": (39, 172),
    "getppid": (110, 173),
    "getpriority": (140, 141),
    "getrandom": (318, 278),
    "getrlimit": (97, 163),
    "getrusage": (98, 165),
    "getsockname": (51, 204),
    "getsockopt": (55, 209),
    "gettid": (186, 178),
    "gettimeofday": (96, 169),
    "getuid": (102, 174),
    "init_module": (175, 105),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "ioctl": (16, 29),
    "kexec_file_load": (320, 294),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "kill": (62, 129),
    "landlock_restrict_self": (446, 446),
    "listen": (50, 201),
    "lseek": (8, 62),
    "lstat": (6, None),
    "madvise": (28, 233),
    "membarrier": (324, 283),
    "mincore": (27, 232),
    "mmap": (9, 222),
    "mount": (165, 40),
    "move_mount": (429, 429),
    "mprotect": (10, 226),
    "mremap": (25, 216),
    "msync": (26, 227),
    "munmap": (11, 215),
    "nanosleep": (35, 101),
    "newfstatat": (262, 79),
    "open": (2, None),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "openat": (257, 56),
    "perf_event_open": (298, 241),
    "pidfd_getfd": (438, 438),
    "pivot_root": (155, 41),
    "poll": (7, None),
    "ppoll": (271, 73),
    "prctl": (157, 167),
    "pread64": (17, 67),
    "preadv": (295, 69),
    "prlimit64": (302, 261),
    "process_madvise": (440, 440),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pselect6": (270, 72),
    "ptrace": (101, 117),
    "pwrite64": (18, 68),
    "read": (0, 63),
    "readahead": (187, 213),
    "readlink": (89, None),
    "readlinkat": (267, 78),
    "readv": (19, 65),
    "reboot": (169, 142),
    "recvfrom": (45, 207),
    "recvmsg": (47, 212),
    "request_key": (249, 218),
    "restart_syscall": (219, 128),
    "rseq": (334, 293),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sched_getaffinity": (204, 123),
    "sched_getparam": (143, 121),
    "sched_getscheduler": (145, 120),
    "sched_yield": (24, 124),
    "seccomp": (317, 277),
    "select": (23, None),
    "sendmsg": (46, 211),
    "sendto": (44, 206),
    "set_robust_list": (273, 99),
    "set_tid_address": (218, 96),
    "setns": (308, 268),
    "setrlimit": (160, 164),
    "setsockopt": (54, 208),
    "shutdown": (48, 210),
    "sigaltstack": (131, 132),
    "socket": (41, 198),
    "stat": (4, None),
    "statfs": (137, 43),
    "statx": (332, 291),
    "swapoff": (168, 225),
    "swapon": (167, 224),
    "sysinfo": (99, 179),
    "tgkill": (234, 131),
    "time": (201, None),
    "times": (100, 153),
    "umask": (95, 166),
    "umount2": (166, 39),
    "uname": (63, 160),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
    "wait4": (61, 260),
    "write": (1, 64),
    "writev": (20, 66),
}

# Flags of open(2) with which a file could be changed; the last is the own bit of O_TMPFILE.
WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | 0o20000000

_SET_MODE_FILTER: Final = 1
_ALL_THREADS: Final = 1  # SECCOMP_FILTER_FLAG_TSYNC
_PR_SET_NO_NEW_PRIVS: Final = 38

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW: Final = 0x7FFF0000
_FAIL: Final = 0x00050000
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16

# Code, where to go on if true and if false (in instructions to skip), constant.
_Step = tuple[int, int, int, int]
_ALLOWED: Final[_Step] = (_RETURN, 0, 0, _ALLOW)
_REFUSED: Final[_Step] = (_RETURN, 0, 0, _FAIL | errno.EACCES)
# The C library then falls back on the older call.
_UNKNOWN: Final[_Step] = (_RETURN, 0, 0, _FAIL | errno.ENOSYS)


@dataclass(frozen=True, slots=True)
class Condition:
    """The conditions under which a call is allowed, as the steps that end in a decision."""

    steps: tuple[_Step, ...]


ALWAYS: Final = Condition((_ALLOWED,))
NEVER: Final = Condition((_REFUSED,))
UNKNOWN: Final = Condition((_UNKNOWN,))


def one_of(argument: int, values: Sequence[int]) -> Condition:
    """Allow a call whose argument (an int, counted from 0) is one of ``values``."""
    left = len(values)
    checks = ((_EQUAL, left - place, 0, value) for place, value in enumerate(values))
    return Condition((_load(argument), *checks, _REFUSED, _ALLOWED))


def without(argument: int, bits: int) -> Condition:
    """Allow a call whose argument, an int, has none of ``bits``."""
    return Condition((_load(argument), (_ANY_BIT, 0, 1, bits), _REFUSED, _ALLOWED))


def with_and_without(argument: int, bit: int, bits: int) -> Condition:
    """Allow a call whose argument, an int, has ``bit`` and none of ``bits``."""
    return Condition((_load(argument), (_ANY_BIT, 1, 0, bits), (_ANY_BIT, 1, 0, bit), _REFUSED, _ALLOWED))


def null(argument: int) -> Condition:
    """Allow a call whose argument, a pointer, is null."""
    low, high = _load(argument), (_LOAD, 0, 0, _ARGUMENTS + 8 * argument + 4)
    return Condition((low, (_EQUAL, 0, 2, 0), high, (_EQUAL, 1, 0, 0), _REFUSED, _ALLOWED))


def _load(argument: int) -> _Step:
    # Both machines are little-endian: the lower half of a register comes first.
    return (_LOAD, 0, 0, _ARGUMENTS + 8 * argument)


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_ushort),
        ("if_true", ctypes.c_ubyte),
        ("if_false", ctypes.c_ubyte),
        ("constant", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.POINTER(_Instruction)))


def install(calls: Mapping[str, Condition], others: bool = False) -> bool:
    """Allow only ``calls``, or with ``others`` also all that are not named there, for good.

    That goes for all threads of this process and for what they start. Return whether the kernel did: Linux
    3.17 or newer, on x86-64 and ARM64. Filters add up: what an earlier one refuses stays refused.
    """
    if platform.system() != "Linux" or platform.machine() not in _MACHINES:
        return False
    architecture, column, foreign = _MACHINES[platform.machine()]
    steps = list(_beginning(architecture, foreign))
    for name, condition in calls.items():
        number = NUMBERS[name][column]
        if number is not None:
            steps += [(_EQUAL, 0, len(condition.steps), number), *condition.steps]
    steps.append(_ALLOWED if others else _REFUSED)
    array = (_Instruction * len(steps))(*(_Instruction(*step) for step in steps))
    program = _Program(len(steps), array)
    library = ctypes.CDLL(None, use_errno=True)
    zero = ctypes.c_ulong(0)
    if library.prctl(_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), zero, zero, zero):
        return False
    call = ctypes.c_long(NUMBERS["seccomp"][column] or 0)
    mode, flags = ctypes.c_ulong(_SET_MODE_FILTER), ctypes.c_ulong(_ALL_THREADS)
    return bool(library.syscall(call, mode, flags, ctypes.byref(program)) == 0)


def _beginning(architecture: int, foreign: int) -> Sequence[_Step]:
    right = ((_LOAD, 0, 0, _ARCHITECTURE), (_EQUAL, 1, 0, architecture), _REFUSED, (_LOAD, 0, 0, _NUMBER))
    # The numbers of x32 are those of x86-64 with a bit set.
    return (*right, (_AT_LEAST, 0, 1, foreign), _REFUSED) if foreign else right
