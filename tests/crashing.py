"""Ends, or disturbs, a process at every system call of a commit or an import, and looks at what is left on the disk.

A program of its own, so that the processes which it forks hold nothing of the tests. It prints a line of JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path

from stores import NOW, Clock, opened, picture

from imageserver.errors import EditError
from imageserver.store.edits import Change, ChangeMacros, Edit, Put, Remove, Rename, StoreFile
from imageserver.store.history import digests_once
from imageserver.store.replacing import replace_files
from imageserver.store.store import Store

WRITING = (
    "openat",
    "write",
    "pwrite64",
    "fsync",
    "fdatasync",
    "rename",
    "link",
    "unlink",
    "ftruncate",
    "mkdir",
    "flock",
)
CALLS = {
    "KILL": WRITING,
    "ENOSPC": ("openat", "write", "pwrite64", "fsync", "fdatasync", "rename", "link", "mkdir", "ftruncate"),
    "EIO": (*WRITING, "read", "pread64"),
    "EMFILE": ("openat",),
}
CATALOG = """# Pictures.
attributes: {root_path: images}
include: [more.yaml]
images:
  a: {path: a.jpg}  # the first
  b:
    path: b.jpg
"""
MORE = "images:\n  c: {path: b.jpg, expiration: 3}\n"
IMPORTED = "attributes: {root_path: images}\ninclude: [images.yaml]\nmacros: {n: wid=2}\n"
ACKNOWLEDGED, REFUSED = 0, 3
EDITS: dict[str, Callable[[Path], list[Edit]]] = {
    "edit": lambda _: [Change("b", {("expiration",): 5})],
    "files": lambda folder: [
        StoreFile("a", folder / "new.jpg"),
        StoreFile("deep/new", folder / "other.jpg"),
        Change("c", {("expiration",): 5}),
        ChangeMacros({"m": "wid=1"}),
    ],
    "removal": lambda _: [Remove("a", files=True), Rename("c", "d"), Put("e", {"path": "b.jpg"})],
}


@dataclass(frozen=True)
class State:
    """What readers see: the YAML, and the bytes of the pictures."""

    files: tuple[tuple[str, bytes], ...]


def make(folder: Path) -> None:
    """Write a catalog with a history."""
    images = folder / "catalogs" / "Co" / "images"
    images.mkdir(parents=True)
    (images.parent / "catalog.yaml").write_text(CATALOG)
    (images.parent / "more.yaml").write_text(MORE)
    for path, content in ((images / "a.jpg", "a"), (images / "b.jpg", "b"), (folder / "new.jpg", "new")):
        path.write_bytes(picture(content))
    (folder / "other.jpg").write_bytes(picture("other"))
    store = opened(folder, Clock())
    store.record("a")
    store.commit([Change("b", {("anchor",): "1,2"})])
    store.close()


def state(folder: Path) -> State:
    """Look at the catalog's folder, without temporary files."""
    catalog = folder / "catalogs" / "Co"
    found = [path for path in sorted(catalog.rglob("*")) if path.is_file() and ".imageserver-" not in str(path)]
    return State(tuple((str(path.relative_to(catalog)), path.read_bytes()) for path in found))


def make_change(store: Store, folder: Path, edits: str) -> None:
    """Make a commit, or put all files of the catalog in place as an import does."""
    if edits in EDITS:
        store.commit(EDITS[edits](folder))
        return
    images = "images: {a: {path: b.jpg}, b: {path: b.jpg}, z: {path: a.jpg}}\n"
    catalog = store.home.folder
    texts = {"more.yaml": MORE + "  y: {path: a.jpg}\n", "images.yaml": images, "catalog.yaml": IMPORTED}
    replace_files(store.home, {catalog / name: text.encode() for name, text in texts.items()})


def run(folder: Path, edits: str, inject: tuple[str, ...]) -> tuple[int, str]:
    """Make a commit in another process under strace; gives how it ended, and the trace."""
    process = os.fork()
    if not process:
        code = 1
        try:
            store = opened(folder, Clock(NOW + 60))
            os.kill(os.getpid(), signal.SIGSTOP)
            make_change(store, folder, edits)
            code = ACKNOWLEDGED
        except EditError:
            code = REFUSED
        finally:
            os._exit(code)
    os.waitpid(process, os.WUNTRACED)
    trace = folder / "trace"
    command = ["strace", "-f", "-qq", "-o", str(trace), "-p", str(process), *inject]
    with subprocess.Popen(command) as tracer:  # noqa: S603
        while "TracerPid:\t0\n" in Path(f"/proc/{process}/status").read_text():
            if tracer.poll() is not None:
                os.kill(process, signal.SIGKILL)
                raise SystemExit("strace cannot trace here")
            time.sleep(0.0005)
        os.kill(process, signal.SIGCONT)
        _, status = os.waitpid(process, 0)
    return status, trace.read_text()


def points(folder: Path, edits: str, fault: str) -> Iterator[tuple[str, int]]:
    """Yield each system call of a commit, by its name and its number among those of that name."""
    digests_once.cache_clear()
    names = CALLS[fault]
    _, trace = run(folder, edits, ("-e", f"trace={','.join(names)}"))
    counts = Counter(re.findall(r"^\d+ +(\w+)\(", trace, re.MULTILINE))
    for name in names:
        yield from ((name, number) for number in range(1, counts[name] + 1))


def faults_at(folder: Path, edits: str, fault: str, point: tuple[str, int], ends: tuple[State, State]) -> Iterator[str]:
    """Disturb one system call, and yield what is wrong afterwards."""
    digests_once.cache_clear()
    call, number = point
    what = f"signal={fault}" if fault == "KILL" else f"error={fault}"
    inject = ("-e", f"trace={call}", "-e", f"inject={call}:{what}:when={number}")
    status, trace = run(folder, edits, inject)
    code = os.waitstatus_to_exitcode(status)
    _, new = ends
    if "INJECTED" not in trace and fault != "KILL":
        yield "nothing was injected"
    if code not in {ACKNOWLEDGED, REFUSED, -signal.SIGKILL}:
        yield f"it ended with {code}"
    if code == ACKNOWLEDGED and state(folder) != new:
        yield "it was acknowledged, and is not there"
    store = opened(folder, Clock(NOW + 120))
    seen = state(folder)
    if seen not in ends:
        yield f"neither old nor new: {seen}"
    if code == ACKNOWLEDGED and seen != new:
        yield "it was acknowledged, and is lost"
    yield from ("a temporary file is left" for path in folder.rglob(".imageserver-*") if path)
    images = folder / "catalogs" / "Co" / "images"
    for one in store.records():
        row = store.record(one.name).row
        if row.md5 != md5_of(images / row.source):
            yield f"{one.name} has a wrong hash"
    names = {"a", *(one.name for one in store.records())}  # a may be removed, and has its revisions
    known = {one.row.source_hash for name in names for one in store.revisions(name)}
    if seen == new and edits == "files" and len(store.revisions("a")) != len({"old", "new"}):
        yield "the revision is missing"
    yield from (f"{path.name} is kept for nothing" for path in store.kept.glob("*/*") if path.name not in known)
    with closing(sqlite3.connect(store.home.state / "history.sqlite")) as connection:
        yield from (text for (text,) in connection.execute("PRAGMA integrity_check") if text != "ok")
    store.commit([Change("b", {("expiration",): 9})])
    if store.record("b").fields["expiration"] != "9":
        yield "the next edit is lost"
    store.close()


def md5_of(path: Path) -> str:
    """Hash a file."""
    return md5(path.read_bytes(), usedforsecurity=False).hexdigest()


def main() -> None:
    """Disturb all system calls of some edits with one fault."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("edits", choices=[*EDITS, "import"])
    parser.add_argument("fault", choices=CALLS)
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every Nth call")
    options = parser.parse_args()
    template = options.folder / "template"
    make(template)
    done = options.folder / "done"
    shutil.copytree(template, done)
    run(done, options.edits, ())
    ends = state(template), state(done)
    trial = options.folder / "trial"
    shutil.copytree(template, trial)
    found, count = [], 0
    for call, number in list(points(trial, options.edits, options.fault))[:: options.every]:
        shutil.rmtree(trial)
        shutil.copytree(template, trial)
        count += 1
        found += [
            f"{call} {number}: {one}" for one in faults_at(trial, options.edits, options.fault, (call, number), ends)
        ]
    print(json.dumps({"points": count, "faults": found}))  # noqa: T201


if __name__ == "__main__":
    main()
