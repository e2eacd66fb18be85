"""The fence around a worker process: no network, no core files.

SERVICE and LOAD are refused before evaluation; this is the second fence, below the engine.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import resource
from pathlib import Path

# Per machine: the audit architecture and the numbers of socket(2) and of execve(2).
_SYSTEM_CALLS = {"x86_64": (0xC000003E, 41, 59), "aarch64": (0xC00000B7, 198, 221)}

_PR_SET_SECCOMP = 22
_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_MODE_FILTER = 2
_RETURN_ALLOW = 0x7FFF0000
_RETURN_ERRNO = 0x00050000
_LOAD_WORD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_OFFSET_NUMBER, _OFFSET_ARCHITECTURE = 0, 4


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_ushort),
        ("if_true", ctypes.c_ubyte),
        ("if_false", ctypes.c_ubyte),
        ("constant", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.POINTER(_Instruction)))


def deny_network() -> bool:
    """Make socket(2) and execve(2) fail with EACCES in this process and its children, for good.

    Return whether the kernel installed the filter (Linux on x86-64 and ARM64); elsewhere the refusal
    of SERVICE and LOAD before evaluation is the only fence.
    """
    if platform.system() != "Linux" or platform.machine() not in _SYSTEM_CALLS:
        return False
    architecture, socket_number, execve_number = _SYSTEM_CALLS[platform.machine()]
    instructions = (
        (_LOAD_WORD, 0, 0, _OFFSET_ARCHITECTURE),
        (_JUMP_IF_EQUAL, 0, 3, architecture),
        (_LOAD_WORD, 0, 0, _OFFSET_NUMBER),
        (_JUMP_IF_EQUAL, 1, 0, socket_number),
        (_JUMP_IF_EQUAL, 0, 1, execve_number),
        (_RETURN, 0, 0, _RETURN_ERRNO | errno.EACCES),
        (_RETURN, 0, 0, _RETURN_ALLOW),
    )
    array = (_Instruction * len(instructions))(*(_Instruction(*row) for row in instructions))
    program = _Program(len(instructions), array)
    library = ctypes.CDLL(None, use_errno=True)
    zero = ctypes.c_ulong(0)
    if library.prctl(_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), zero, zero, zero):
        return False
    mode = ctypes.c_ulong(_SECCOMP_MODE_FILTER)
    return bool(library.prctl(_PR_SET_SECCOMP, mode, ctypes.byref(program), zero, zero) == 0)


def deny_core_files() -> None:
    """Let this process leave no core file, which would hold data and can fill a disk."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def prefer_as_victim() -> None:
    """Ask the kernel to end a worker rather than the server when the machine runs out of memory."""
    try:
        Path("/proc/self/oom_score_adj").write_text("1000")
    except OSError:
        return
