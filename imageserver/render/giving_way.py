"""Letting those who answer go first: who renders or builds has a low priority, and gives its core up at once."""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from collections.abc import Mapping
from contextlib import suppress

NICE = 13
"""A twentieth of the processor beside those who answer; more when they have nothing to do."""
LAST = 19
"""That of who builds what may be of use later: a fifth beside those who render."""
SLICE = 100_000
"""Nanoseconds for which it keeps the core when another one wakes up; else that is until the next tick, up to 4 ms."""
SET_ATTRIBUTES: Mapping[str, int] = {"x86_64": 314, "aarch64": 274}
ATTRIBUTES = struct.Struct("=IIQiIQQQ")


def give_way(nice: int = NICE) -> None:
    """Step back by so many steps with this thread, and with all threads that it starts."""
    nice = os.nice(nice)
    number = SET_ATTRIBUTES.get(platform.machine())
    if platform.system() != "Linux" or number is None:
        return
    packed = ATTRIBUTES.pack(ATTRIBUTES.size, os.SCHED_OTHER, 0, nice, 0, SLICE, 0, 0)
    with suppress(AttributeError, OSError):  # Linux before 6.12 takes it and keeps its own
        ctypes.CDLL(None).syscall(number, 0, packed, 0)
