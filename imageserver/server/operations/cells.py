"""Numbers of several processes in memory that they share, so that each can read what all have counted.

The memory belongs to the supervisor. Each process writes to a part of its own, without a lock; whoever takes the place
of one that has ended goes on with its part, so what was counted is never lost and never falls.
"""

from __future__ import annotations

import mmap
from collections import defaultdict
from collections.abc import Collection, Mapping
from ctypes import c_double
from itertools import count

RECORD, NUMBER = 128, 8
"""Bytes of a record: a number, and behind it its name, which ends with a zero; a part ends where a name is empty."""
RECORDS = 8192
"""Records of a process; the last one has no name, and takes what has no record of its own."""
STEP = RECORD // NUMBER
PART = RECORD * RECORDS
SPARE = (RECORDS - 1) * STEP


class Cells:
    """The numbers of one process; `values[place(name)] += 1` counts."""

    def __init__(self, memory: memoryview) -> None:
        self._memory = memory
        self.values = (c_double * (PART // NUMBER)).from_buffer(memory)
        self._places = {name: number * STEP for number, name in enumerate(names_in(memory))}

    def place(self, name: str) -> int:
        """Give the place of a number, made when there is none; that of all which there is no room for is the spare."""
        found = self._places.get(name)
        if found is None:
            number = len(self._places)
            if number + 1 == RECORDS:
                return SPARE
            data = name.encode("ascii")
            if len(data) >= RECORD - NUMBER:
                raise ValueError(name)
            start = number * RECORD + NUMBER
            self._memory[start : start + len(data)] = data
            found = self._places[name] = number * STEP
        return found

    def read(self) -> dict[str, float]:
        """Give all numbers by their names, as they are now."""
        return {name: self.values[number * STEP] for number, name in enumerate(names_in(self._memory))}

    def clear(self, names: Collection[str]) -> None:
        """Set numbers back to nothing: those that say what a process does at the moment, once it has ended."""
        for number, name in enumerate(names_in(self._memory)):
            if name in names:
                self.values[number * STEP] = 0.0


class Board:
    """Room for the numbers of some processes, shared with all that are forked after it was made."""

    def __init__(self, processes: int) -> None:
        self.processes = processes
        self._memory = memoryview(mmap.mmap(-1, processes * PART))

    def cells(self, number: int) -> Cells:
        """Give the part of one process."""
        return Cells(self._part(number))

    def total(self, largest: Collection[str] = ()) -> Mapping[str, float]:
        """Add up what all processes have counted; of the numbers named `largest` give the largest."""
        found: defaultdict[str, float] = defaultdict(float)
        for number in range(self.processes):
            for name, value in self.cells(number).read().items():
                found[name] = max(found[name], value) if name in largest else found[name] + value
        return found

    def _part(self, number: int) -> memoryview:
        return self._memory[number * PART : (number + 1) * PART]


def names_in(memory: memoryview) -> list[str]:
    """Read the names of a part."""
    names: list[str] = []
    for start in count(NUMBER, RECORD):
        if start > PART or not memory[start]:
            return names
        data = bytes(memory[start : start + RECORD - NUMBER])
        names.append(data.partition(b"\0")[0].decode("ascii"))
    return names
