"""What a large catalog costs: compiling it, opening it unchanged, a look-up in it, an edit of one file, and memory.

`python bench/catalog.py [RECORDS]` makes catalogs of a thousand and of RECORDS (a million when not given) in a
temporary folder. Each number is taken in a process of its own, as a server would be.
"""

from __future__ import annotations

import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from imageserver.catalog.loading import load
from imageserver.catalog.shelf import Shelf

FILES = 100
"""Files that the large catalog is made of."""
LOOK_UPS = 20_000
RECORD = (
    "  item-{number:07d}:\n    path: {folder}.jpg\n    modifier: op_sharpen=1&qlt={quality}\n    expiration: 24\n"
    "    user_data: {{color: red, sku: '{number}', name: Number {number}}}\n"
)


def main() -> None:
    """Run all of it."""
    if len(sys.argv) > 2:
        JOBS[sys.argv[1]](Path(sys.argv[2]))
        return
    records = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as name:
        for count in (1000, records):
            folder = Path(name) / str(count)
            write(folder, count, FILES if count > 1000 else 1)
            size = sum(path.stat().st_size for path in folder.rglob("*.yaml"))
            print(f"{count} records, {size / 2**20:.1f} MiB of YAML")
            for job in ("open", "open", "look", "edit"):
                subprocess.run([sys.executable, __file__, job, str(folder)], check=True)
            index = sum(path.stat().st_size for path in (folder / "state").glob("*.sqlite"))
            print(f"  index {index / 2**20:.1f} MiB")


def write(folder: Path, count: int, files: int) -> None:
    """Write a catalog whose records lie in some files, and name a few pictures."""
    big = folder / "catalogs" / "big"
    big.mkdir(parents=True)
    for number in range(100):
        (big / f"{number:02d}.jpg").touch()
    (big / "catalog.yaml").write_text("include: ['records-*.yaml']\n")
    for file in range(files):
        write_records(big / f"records-{file:03d}.yaml", range(count * file // files, count * (file + 1) // files))


def write_records(path: Path, numbers: range) -> None:
    """Write one file of records."""
    with path.open("w") as file:
        file.write("images:\n")
        for number in numbers:
            file.write(RECORD.format(number=number, folder=f"{number % 100:02d}", quality=number % 50 + 50))


def timed_load(folder: Path, what: str) -> None:
    """Load the catalogs and say how long it took, and how much memory the process has used at most."""
    start = time.perf_counter()
    state = load(folder / "catalogs", shelf=Shelf(folder / "state"))
    seconds = time.perf_counter() - start
    files = len(state.loaded[folder / "catalogs" / "big" / "catalog.yaml"].files)
    read = f"{files} files read" if files else "nothing read"
    rate = f", {len(state.catalogs.named['big'].images) / seconds:.0f} records/s" if files > 1 else ""
    print(f"  {what}: {seconds:.3f} s, {read}{rate}, {memory()}")


def look(folder: Path) -> None:
    """Look records up that were not looked up before, and some again, and pages at both ends."""
    catalogs = load(folder / "catalogs", shelf=Shelf(folder / "state")).catalogs
    catalog = catalogs.named["big"]
    count = len(catalog.images)
    numbers = random.Random(1).sample(range(count), min(count, LOOK_UPS))
    names = [f"big/item-{number:07d}" for number in numbers]
    for what, wanted in (("first", names), ("again", names[:500] * 40), ("no such", [f"{name}x" for name in names])):
        start = time.perf_counter()
        for name in wanted:
            catalogs.look_up(name)
        print(f"  look-up, {what}: {(time.perf_counter() - start) / len(wanted) * 1e6:.1f} µs")
    for first in (0, count - 60):
        start = time.perf_counter()
        catalog.page(first, 60)
        print(f"  page from {first}: {(time.perf_counter() - start) * 1000:.1f} ms, {memory()}")


def edit(folder: Path) -> None:
    """Change the last file by a word."""
    path = max((folder / "catalogs" / "big").glob("records-*.yaml"))
    path.write_text(path.read_text().replace("color: red", "color: blue", 1))
    timed_load(folder, "one file changed")


def memory() -> str:
    """Say how much memory the process has used at most."""
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB at most"


JOBS = {"open": lambda folder: timed_load(folder, "open"), "look": look, "edit": edit}


if __name__ == "__main__":
    main()
