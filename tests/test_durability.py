"""What was acknowledged is on the disk, whatever becomes of the process, and two writers lose nothing of each other."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from stores import site

from imageserver.store.edits import Change

HERE = Path(__file__).parent
ALL = bool(os.environ.get("IMAGESERVER_EVERY_FAULT"))
"""Without it errors are tried at every fourth call only; a process is always ended at each."""
LEAST = {"edit": 30, "files": 60, "removal": 50, "import": 30}
CAN_TRACE = bool(shutil.which("strace"))


@pytest.mark.slow
@pytest.mark.skipif(not CAN_TRACE and not os.environ.get("CI"), reason="strace is not installed")
@pytest.mark.parametrize("fault", ["KILL", "ENOSPC", "EIO", "EMFILE"])
@pytest.mark.parametrize("edits", LEAST)
def test_commit_that_is_disturbed_at_any_system_call(tmp_path: Path, edits: str, fault: str) -> None:
    """Old state or new, never a mixture; nothing acknowledged is lost, nothing is left over, and edits go on."""
    every = 1 if ALL or fault == "KILL" else 4
    command = [sys.executable, str(HERE / "crashing.py"), str(tmp_path), edits, fault, "--every", str(every)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE.parent), str(HERE)])}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["faults"] == []
    assert result["points"] >= (2 if fault == "EMFILE" else LEAST[edits] // every)


WRITER = """
import sys, time
from pathlib import Path
from stores import opened
from imageserver.store.edits import Put
name, count, store = sys.argv[1], int(sys.argv[2]), opened(Path(sys.argv[3]), time.time)
for number in range(count):
    store.commit([Put(f"{name}/{number}", {"expiration": number})])
"""


@pytest.mark.slow
def test_two_writers(tmp_path: Path) -> None:
    count = 2000 if ALL else 300
    place = site(tmp_path)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE.parent), str(HERE)])}
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, name, str(count), str(tmp_path)], env=environment)  # noqa: S603
        for name in "ab"
    ]
    assert [one.wait(timeout=900) for one in writers] == [0, 0]
    found = {one.name: one.fields for one in place.store.records()}
    assert found == {f"{name}/{number}": {"expiration": str(number)} for name in "ab" for number in range(count)}
    assert place.store.global_rev() == 1 + 2 * count
    place.store.commit([Change("a/1", {("expiration",): 7})])
    assert place.text.count("expiration: 7}") == 2 + 1
