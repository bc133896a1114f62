"""What a process that renders may not do: take more memory or time than it is given, reach a network or its neighbours.

The limits are those of the kernel. The filter of system calls needs Linux on x86-64 or ARM64 and no privilege; where
the kernel has none the rest holds all the same, and `confine` tells so. All of it holds for `jpegtran`, too, which
writes some JPEGs.
"""

from __future__ import annotations

import ctypes
import math
import platform
import resource
import socket
import struct
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from errno import EACCES
from typing import TypeVar

from imageserver.errors import TooMuchMemory

T = TypeVar("T")
CORES = 2
"""Seconds of the processor for a second of the clock: libraries that encode have threads of their own."""
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, FILTER = 38, 22, 2
LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | EACCES
ARENA_MAX, ARENAS = -8, 2
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16
"""Where the kernel tells a filter what is called, for which processor, and with what."""
Instruction = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Calls:
    """The numbers of system calls on a processor: what opens a socket, and what is never needed."""

    audit: int
    socket: int
    others: tuple[int, ...]
    beyond: int


PROCESSORS: Mapping[str, Calls] = {
    "x86_64": Calls(0xC000003E, 41, (101, 425, 310, 311), 0x40000000),
    "aarch64": Calls(0xC00000B7, 198, (117, 425, 270, 271), 0x40000000),
}
"""Others are ptrace, io_uring_setup and those that reach into the memory of other processes."""


def confine(memory: int) -> str:
    """Bind this process for good; tells what does not hold here, or nothing."""
    share_arenas()
    lower(resource.RLIMIT_CORE, 0)
    try:
        lower(resource.RLIMIT_AS, memory)
    except (OSError, ValueError):
        return "memory and system calls of renderers are not bound on this system"
    calls = PROCESSORS.get(platform.machine())
    if platform.system() != "Linux" or calls is None:
        return "system calls of renderers are not filtered on this system"
    return filter_calls(program(calls))


def share_arenas() -> None:
    """Let threads share their heaps: each would reserve 64 MiB of addresses, as many times as there are cores."""
    with suppress(AttributeError):  # a C library that has no such heaps
        ctypes.CDLL(None).mallopt(ARENA_MAX, ARENAS)


def lower(kind: int, most: int) -> None:
    """Set a limit, which may be lower already."""
    _, hard = resource.getrlimit(kind)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (most, most))


def program(calls: Calls) -> Sequence[Instruction]:
    """Write the filter: sockets within the machine only, none of the other calls; each jump counts what it skips."""
    refused = [*calls.others]
    count = len(refused)
    return (
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUAL, 0, count + 5, calls.audit),  # another processor's calls: refused
        (LOAD, 0, 0, NUMBER),
        (AT_LEAST, count + 3, 0, calls.beyond),
        *((EQUAL, count + 2 - place, 0, number) for place, number in enumerate(refused)),
        (EQUAL, 0, 3, calls.socket),
        (LOAD, 0, 0, FIRST_ARGUMENT),
        (EQUAL, 1, 0, socket.AF_UNIX),
        (RETURN, 0, 0, REFUSE),
        (RETURN, 0, 0, ALLOW),
    )


class Program(ctypes.Structure):
    """A filter as the kernel takes it."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


def filter_calls(instructions: Sequence[Instruction]) -> str:
    """Filter the system calls of this process from now on; tells why the kernel does not, or nothing."""
    packed = b"".join(struct.pack("=HBBI", *one) for one in instructions)
    code = ctypes.create_string_buffer(packed, len(packed))
    wanted = Program(len(instructions), ctypes.cast(code, ctypes.c_void_p))
    control = ctypes.CDLL(None, use_errno=True).prctl
    if control(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or control(PR_SET_SECCOMP, FILTER, ctypes.byref(wanted), 0, 0):
        return f"system calls of renderers are not filtered: the kernel refuses (errno {ctypes.get_errno()})"
    return ""


def confined(seconds: float, work: Callable[..., T], *arguments: object) -> T:
    """Do a job that may use the processor for so long; raises `TooMuchMemory`, or what `work` raises."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = math.ceil(used.ru_utime + used.ru_stime + CORES * seconds + 1)
    _, bound = resource.getrlimit(resource.RLIMIT_CPU)  # by who started the server; it cannot be raised
    resource.setrlimit(resource.RLIMIT_CPU, (most if bound == resource.RLIM_INFINITY else min(most, bound), bound))
    try:
        return work(*arguments)
    except MemoryError:
        memory, _ = resource.getrlimit(resource.RLIMIT_AS)
    raise TooMuchMemory(memory)
