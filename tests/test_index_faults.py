"""What cannot break the index of a catalog: damage, a folder that cannot be written, other processes, a kill."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from indexes import FILES, co, content, home, read, start, write

from imageserver.catalog import checking
from imageserver.catalog.index import CHECKED_WHOLE, open_index
from imageserver.catalog.loading import load
from imageserver.catalog.records import Record
from imageserver.catalog.shelf import Shelf
from imageserver.errors import DamagedIndex


def overwritten(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096:] = b"\x5a" * (len(data) - 4096)
    path.write_bytes(data)


def of_somebody_else(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE about (text TEXT)")
    connection.close()


def of_another_version(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE about SET fingerprint = 'x'")
        connection.execute("DELETE FROM entry")
    connection.close()


def without_sense(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE about SET value = '[1]'")
    connection.close()


DAMAGES: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "noise": lambda path: path.write_bytes(b"noise" * 999),
    "one byte short": lambda path: os.truncate(path, path.stat().st_size - 1),
    "half": lambda path: os.truncate(path, path.stat().st_size // 2),
    "header only": lambda path: os.truncate(path, 100),
    "overwritten": overwritten,
    "of somebody else": of_somebody_else,
    "of another version": of_another_version,
    "without sense": without_sense,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_index_that_cannot_be_used_is_made_anew(folder: Path, damage: str, caplog: pytest.LogCaptureFixture) -> None:
    write(folder, FILES)
    good = content(start(folder))
    DAMAGES[damage](home(folder))
    with caplog.at_level(logging.INFO):
        state = start(folder)
    assert content(state) == good
    assert len(read(state)) == len(FILES)
    assert len(caplog.records) == 1, caplog.text
    assert str(home(folder)) in caplog.text
    assert read(start(folder)) == []


def test_damage_that_shows_only_later_is_repaired(
    folder: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large index is not checked as a whole when it is opened."""
    filler = "x" * 1000
    records = {f"r{number}": {"path": "a.png", "tags": filler} for number in range(CHECKED_WHOLE // 500)}
    write(folder, {"Co/catalog.yaml": json.dumps({"images": records})})
    start(folder)
    data = home(folder).read_bytes()
    home(folder).write_bytes(data.replace(b'"path"', b'"pa\xffh"'))
    monkeypatch.setattr(checking, "FEW", 1)
    state = start(folder)
    with pytest.raises(DamagedIndex):
        co(state).record("r7")
    assert not state.lasting
    again = load(folder, state, Shelf(folder.parent / "state"))
    assert co(again).images["r7"] == Record(path="a.png", tags=filler)
    assert again.lasting
    assert co(start(folder)).images["r7"] == Record(path="a.png", tags=filler)
    assert [record.getMessage() for record in caplog.records] == [
        f"{home(folder)}: damaged; the catalog is compiled anew"
    ]


def test_damage_that_shows_at_once_is_repaired(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(folder, {"Co/catalog.yaml": json.dumps({"images": {f"r{number}": {"path": "a.png"} for number in range(9)}})})
    good = content(start(folder))
    home(folder).write_bytes(home(folder).read_bytes().replace(b'"path"', b'"pa\xffh"'))
    state = start(folder)
    assert content(state) == good
    assert read(state) == ["catalogs/Co/catalog.yaml"]
    assert state.lasting
    assert len(caplog.records) == 1


def test_damage_that_shows_in_compiling_is_repaired(folder: Path) -> None:
    """Last values are taken out of the old index; without them there are the others."""
    records = {f"r{number}": {"path": "a.png", "tags": "x" * 1000} for number in range(CHECKED_WHOLE // 500)}
    write(folder, {"Co/catalog.yaml": json.dumps({"images": records})})
    start(folder)
    home(folder).write_bytes(home(folder).read_bytes().replace(b'"path"', b'"pa\xffh"'))
    records["r7"]["expiration"] = "soon"
    write(folder, {"Co/catalog.yaml": json.dumps({"images": records})})
    state = start(folder)
    assert co(state).images["r7"].path == "a.png"
    assert len(state.problems) == 1


def test_folder_that_cannot_be_written(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """There is one line, and everything works in each process for itself."""
    (folder.parent / "state").write_text("a file where a folder should be")
    write(folder, {**FILES, "Other/catalog.yaml": "images: {r: {}}"})
    shelf = Shelf(folder.parent / "state")
    state = load(folder, shelf=shelf)
    assert content(state) == content(load(folder))
    write(folder, {"Co/one.yaml": "images: {s: {path: b.png, expiration: soon}}", "Other/catalog.yaml": "images: ["})
    state = load(folder, state, shelf)
    assert read(state) == ["catalogs/Co/one.yaml", "catalogs/Other/catalog.yaml"]
    assert co(state).images["s"].path == "b.png"
    assert set(state.catalogs.named) == {"Co", "Other"}
    assert len(caplog.records) == 1, caplog.text
    (folder.parent / "state").unlink()
    write(folder, {"Co/one.yaml": "images: {s: {path: a.png}}"})
    load(folder, state, shelf)
    assert read(start(folder)) == ["catalogs/Other/catalog.yaml"]  # which was not looked at since


def test_while_another_process_compiles_the_last_state_is_served(folder: Path) -> None:
    write(folder, FILES)
    shelf = Shelf(folder.parent / "state")
    state = load(folder, shelf=shelf)
    write(folder, {"Co/one.yaml": "images: {s: {path: b.png}}"})
    with home(folder).with_suffix(".lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        meanwhile = load(folder, state, shelf)
        assert co(meanwhile).images["s"].path == "a.png"
        assert not meanwhile.lasting
        assert load(folder, meanwhile, shelf) is meanwhile
    after = load(folder, meanwhile, shelf)
    assert co(after).images["s"].path == "b.png"
    assert after.lasting
    assert load(folder, after, shelf) is after


PROCESS = """
import json, sys
from pathlib import Path
from imageserver.catalog.loading import load
from imageserver.catalog.shelf import Shelf
print("ready", flush=True)
sys.stdin.readline()
state = load(Path(sys.argv[1]), shelf=Shelf(Path(sys.argv[2])))
files = [name for one in state.loaded.values() for name in one.files]
images = state.catalogs.named["Co"].images
print(json.dumps([files, len(images), images["r0"].path, [str(problem) for problem in state.problems]]), flush=True)
"""


def process(folder: Path) -> subprocess.Popen[str]:
    """Start a process that loads the catalogs when it is told to."""
    command = [sys.executable, "-c", PROCESS, str(folder), str(folder.parent / "state")]
    started = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603, our own
    assert started.stdout
    assert started.stdout.readline() == "ready\n"
    return started


def go(started: subprocess.Popen[str]) -> None:
    assert started.stdin
    started.stdin.write("\n")
    started.stdin.flush()


def many(folder: Path, path: str, count: int = 3000) -> None:
    """Write Co with many records of one picture, the first half of them in one file, the other in another."""
    for name, numbers in (("one.yaml", range(count // 2)), ("two.yaml", range(count // 2, count))):
        lines = "".join(f"  r{number}: {{path: {path}, user_data: {{sku: {number}}}}}\n" for number in numbers)
        write(folder, {f"Co/{name}": f"images:\n{lines}"})
    write(folder, {"Co/catalog.yaml": "include: [one.yaml, two.yaml]"})


def test_processes_that_start_together_compile_once(folder: Path) -> None:
    many(folder, "a.png")
    for turn in (1, 2):
        together = [process(folder) for _ in range(4)]
        for one in together:
            go(one)
        results = [json.loads(one.communicate(timeout=60)[0]) for one in together]
        assert sorted(len(files) for files, *_ in results) == [0, 0, 0, 3 if turn == 1 else 2]
        assert [rest for _, *rest in results] == [[3000, "a.png" if turn == 1 else "b.png", []]] * 4
        many(folder, "b.png")


@pytest.mark.slow
def test_whoever_is_killed_leaves_the_old_state_or_the_new_one(folder: Path) -> None:
    many(folder, "a.png")
    begin = time.monotonic()
    start(folder)
    whole = time.monotonic() - begin
    kills, unfinished = 8, home(folder).with_suffix(".new")
    for number in range(kills):
        old, new = ("b.png", "a.png") if number % 2 else ("a.png", "b.png")
        many(folder, new)
        compiling = process(folder)
        go(compiling)
        if number:
            time.sleep(whole * number / kills)
        else:
            while not unfinished.exists() and compiling.poll() is None:
                time.sleep(0.001)
        compiling.send_signal(signal.SIGKILL)
        compiling.communicate()
        was_early = compiling.returncode == -signal.SIGKILL and unfinished.exists()
        left = open_index(home(folder))
        assert left
        assert list(left.rows("PRAGMA integrity_check")) == [("ok",)]
        assert list(left.rows("SELECT count(*) FROM entry WHERE leads")) == [(3000,)]
        (path,) = {json.loads(text)["path"] for (text,) in left.rows("SELECT written FROM entry")}
        assert path in ({old} if was_early else {old, new})
        state = start(folder)
        assert {record.path for record in co(state).images.values()} == {new}
        assert content(state) == content(load(folder))
        assert state.lasting
    assert not list((folder.parent / "state").glob("*.new"))


def test_killed_at_the_first_time_leaves_nothing_or_all(folder: Path) -> None:
    for number in range(4):
        many(folder, "a.png")
        compiling = process(folder)
        go(compiling)
        time.sleep(0.1 * number)
        compiling.kill()
        compiling.communicate()
        assert content(start(folder)) == content(load(folder))
        shutil.rmtree(folder.parent / "state")
