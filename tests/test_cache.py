"""The cache on disk: what is read is what was written, bounds hold at every moment, and no fault costs a reply."""

from __future__ import annotations

import errno
import logging
import os
import signal
import subprocess
import sys
import time
from hashlib import blake2b
from pathlib import Path

import pytest

from imageserver.cache.disk import UNFINISHED, Bounds, Disk, Usage
from imageserver.cache.memory import Memory

PLENTY = Bounds(10**9, 10**6)
WRITER = """
import random, sys
from pathlib import Path
from imageserver.cache.disk import Bounds, Disk
disk = Disk(Path(sys.argv[1]), Bounds(200_000, 100), lambda: 0.0)
chance = random.Random(int(sys.argv[2]))
print("writing", flush=True)
for _ in range(int(sys.argv[3])):
    disk.write(f"{chance.getrandbits(128):032x}", chance.randbytes(chance.randrange(1, 9000)))
"""


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path / "replies", PLENTY, Clock())


def key(number: int) -> str:
    return blake2b(str(number).encode(), digest_size=16).hexdigest()


def entries(folder: Path) -> list[Path]:
    return [path for path in folder.glob("???/*") if path.is_file()]


def writer(folder: Path, seed: int, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(folder), str(seed), str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603, the program above


def test_what_is_read_is_what_was_written(disk: Disk, tmp_path: Path) -> None:
    for number, body in enumerate((b"", b"a", bytes(10**6))):
        assert disk.read(key(number)) is None
        disk.write(key(number), body)
        assert disk.read(key(number)) == body
        assert disk.length(key(number)) == len(body)
    assert Disk(tmp_path / "replies", PLENTY, Clock()).read(key(1)) == b"a", "it is there after a restart"
    path = disk.path(key(1))
    assert path is not None
    assert path.read_bytes() == b"a", "another program can send the file as it is"


def test_the_same_again_is_one_entry(disk: Disk) -> None:
    for body in (b"old", b"old", b"newer"):
        disk.write(key(0), body)
    assert disk.read(key(0)) == b"newer"
    assert disk.usage() == Usage(5, 1)


def test_no_damaged_entry_is_served(disk: Disk, tmp_path: Path) -> None:
    damages = (
        lambda body: body[:-1],
        lambda _: b"",
        lambda body: body + b"\0",
        lambda body: bytes([body[0] ^ 1]) + body[1:],
        lambda body: body[: len(body) // 2] + bytes(len(body) - len(body) // 2),
    )
    for number in range(10_000):
        disk.write(key(number), str(number).encode() + b"xxx")
    for number, path in enumerate(sorted(entries(tmp_path / "replies"))):
        path.write_bytes(damages[number % len(damages)](path.read_bytes()))
    assert [number for number in range(10_000) if disk.read(key(number)) is not None] == []
    assert entries(tmp_path / "replies") == []


@pytest.mark.parametrize("bounds", [Bounds(50_000, 10**6), Bounds(10**9, 40)])
def test_bounds_hold_at_every_moment(tmp_path: Path, bounds: Bounds) -> None:
    disk = Disk(tmp_path, bounds, Clock())
    for number in range(1000):
        disk.write(key(number), bytes(number * 7 % 2000))
        assert number % 10 or bounds.hold(disk.usage()), number
    assert disk.usage().entries >= 30, "it is not emptied either"
    assert disk.read(key(999)) is not None


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    disk = Disk(tmp_path, Bounds(10**9, 20), Clock())
    for number in range(20):
        disk.write(key(number), b"x")
        path = disk.path(key(number))
        assert path is not None
        os.utime(path, (number, number))
    assert disk.read(key(0)) == b"x"
    disk.write(key(20), b"x")
    there = {number for number in range(21) if disk.read(key(number)) is not None}
    assert there == {0, *range(4, 21)}


def test_a_very_large_body_is_not_kept(tmp_path: Path) -> None:
    disk = Disk(tmp_path, Bounds(1000, 10), Clock())
    disk.write(key(0), bytes(251))
    assert disk.read(key(0)) is None
    disk.write(key(0), bytes(250))
    assert disk.read(key(0)) == bytes(250)


def test_processes_share_the_bounds(tmp_path: Path) -> None:
    writers = [writer(tmp_path, seed, 400) for seed in range(3)]
    disk = Disk(tmp_path, Bounds(200_000, 100), Clock())
    while any(one.poll() is None for one in writers):
        assert Bounds(200_000, 100).hold(disk.usage())
    assert [one.communicate()[0] and one.returncode for one in writers] == [0, 0, 0]
    assert all(disk.read(path.name.partition("-")[0]) is not None for path in entries(tmp_path))


def test_a_killed_writer_leaves_nothing_that_is_wrong(tmp_path: Path) -> None:
    for seed in range(12):
        process = writer(tmp_path, seed, 10**6)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.01 * seed)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    disk = Disk(tmp_path, Bounds(200_000, 100), Clock())
    disk.write(key(0), b"x")
    assert disk.read(key(0)) == b"x", "the turn of the dead is over"
    for path in entries(tmp_path):
        if not path.name.endswith(UNFINISHED):
            assert disk.read(path.name.partition("-")[0]) is not None
    for number in range(200):
        disk.write(key(number), bytes(3000))
        assert Bounds(200_000, 100).hold(disk.usage())
    assert not [path for path in entries(tmp_path) if path.name.endswith(UNFINISHED)]


def test_a_folder_that_cannot_be_used_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("no folder")
    clock = Clock()
    disk = Disk(tmp_path / "file" / "replies", PLENTY, clock)
    for number in range(5):
        disk.write(key(number), b"x")
        assert disk.read(key(number)) is None
        assert disk.take(key(number)), "everybody may make what nobody can keep"
        disk.give_back(key(number))
    assert len(caplog.records) == 1
    assert "replies are not kept" in caplog.text
    (tmp_path / "file").unlink()
    clock.now += 61
    disk.write(key(0), b"x")
    assert disk.read(key(0)) == b"x", "once it can be used again, it is"


def test_a_full_disk_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    disk = Disk(tmp_path, PLENTY, Clock())
    disk.write(key(0), b"kept")

    def full(path: Path, body: bytes) -> int:
        with path.open("wb") as file:
            file.write(body[:1])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    with caplog.at_level(logging.INFO):
        for number in range(1, 5):
            disk.write(key(number), b"lost")
    assert [record.getMessage().rpartition(": ")[2] for record in caplog.records] == ["No space left on device"]
    assert disk.read(key(0)) == b"kept"
    assert disk.usage() == Usage(4, 1)


def test_clear(disk: Disk) -> None:
    for number in range(3):
        disk.write(key(number), b"xx")
    assert disk.clear() == Usage(6, 3)
    assert disk.usage() == Usage()
    disk.write(key(5), b"x")
    assert disk.usage() == Usage(1, 1)


def test_only_one_process_has_the_right_to_make(tmp_path: Path) -> None:
    program = """
import sys
from pathlib import Path
from imageserver.cache.disk import Bounds, Disk
disk = Disk(Path(sys.argv[1]), Bounds(10**9, 10**6), lambda: 0.0)
print(disk.take("a"), disk.take("b"), flush=True)
sys.stdin.read()
"""
    disk = Disk(tmp_path, PLENTY, Clock())
    assert disk.take("b")
    command = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:  # noqa: S603
        assert other.stdout is not None
        assert other.stdout.readline() == "True False\n"
        assert not disk.take("a")
        other.send_signal(signal.SIGKILL)
        other.wait()
    assert disk.take("a"), "who dies gives it back"


def test_memory_is_bounded() -> None:
    memory = Memory(100_000)
    for number in range(1000):
        memory.write(str(number), bytes(800))
        assert memory.read("0") is not None, "what is used stays"
    kept = [number for number in range(1000) if memory.read(str(number)) is not None]
    assert kept == [0, *range(901, 1000)]
    memory.write("large", bytes(20_000))
    assert memory.read("large") is None
    memory.remove("0")
    memory.remove("0")
    assert memory.read("0") is None
