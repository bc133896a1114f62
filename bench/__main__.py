"""`make bench`: our server and each peer that is installed, side by side in one run on the same work."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.encoding import encoded
from bench.measuring import Result, measure
from bench.place import Place
from bench.report import as_json, circumstances, table, tables
from bench.work import JOBS

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "build" / "bench"
ENCODE = "encode"
RESULTS = ROOT / "bench" / "results"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the jobs that were chosen, print their tables, and write them down; a run of all goes into bench/."""
    options = parser().parse_args(arguments)
    if not Path("/proc/self/smaps_rollup").exists():
        print("bench: CPU and memory are read from /proc, so it runs on Linux only", file=sys.stderr)
        return 2
    jobs = [one for one in JOBS if not options.only or one.key in options.only]
    place = Place(options.folder.resolve(), options.peers.resolve(), options.processes)
    shutil.rmtree(place.converted, ignore_errors=True)
    results: list[Result] = []
    for job in jobs:
        results.append(measure(job, place, tuple(options.beside), options.rounds, options.seconds))
        print("\n".join(table(results[-1])), flush=True)
    extra = list(encoded(options.photos)) if not options.only or ENCODE in options.only else []
    print("\n".join(extra), flush=True)
    date = dt.datetime.now(tz=dt.UTC).date().isoformat()
    about = list(circumstances(results, place, date))
    print("\n".join(about))
    whole = not options.only and not options.beside
    if options.write or whole:
        path = options.write or RESULTS
        text = ["# Measured", "", *about, "", *tables(results), *extra]
        path.with_suffix(".md").write_text("\n".join(text).rstrip() + "\n")
        path.with_suffix(".json").write_text(as_json(results, place, date))
    return 1 if any(row.problem.startswith("failed") for one in results for row in one.rows) else 0


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    keys = [*(one.key for one in JOBS), ENCODE]
    found = argparse.ArgumentParser(prog="bench", description=__doc__)
    found.add_argument("--only", nargs="+", choices=keys, metavar="JOB", help=f"some jobs of {', '.join(keys)}")
    found.add_argument("--beside", nargs="+", default=[], metavar="NAME", help="some peers and floors, by their names")
    found.add_argument("--rounds", type=int, default=3, help="turns of each who takes part (default: 3)")
    found.add_argument("--seconds", type=float, default=1.0, help="length of a turn (default: 1)")
    found.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1), help="processes of a server")
    found.add_argument("--folder", type=Path, default=KEPT, help="where pictures are kept (default: build/bench)")
    found.add_argument("--peers", type=Path, default=KEPT / "peers", help="where ipx and thumbor are installed")
    found.add_argument("--photos", type=Path, help="a folder of pictures for `encode` (default: a painted one)")
    found.add_argument("--write", type=Path, metavar="FILE", help="write FILE.md and FILE.json")
    return found


if __name__ == "__main__":
    sys.exit(main())
