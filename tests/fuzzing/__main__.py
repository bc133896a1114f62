"""Looks for data that break a reader: `PYTHONPATH=.:tests python -m fuzzing [TARGET [SECONDS]]`.

With atheris installed (`pip install atheris`), what is tried next for one target depends on which code the last did
reach; without it, and for all targets, data are changed by chance. What breaks a target is written to a file whose name
is printed, and belongs into the rows of `tests/test_fuzzing.py`.
"""

from __future__ import annotations

import importlib.util
import random
import sys
import tempfile
import time
import traceback
from pathlib import Path

from fuzzing.bending import bent

SLOW = 1.0
"""Seconds that no data may take."""
MOST_SEEDS = 1000


def by_chance(name: str, seconds: float) -> int:
    """Try changed data until the time is over or something breaks."""
    from fuzzing.targets import TARGETS, run  # noqa: PLC0415, by_coverage imports it in its own way

    seeds, count = list(TARGETS[name][2]()), 0
    chance, end = random.Random(time.time()), time.monotonic() + seconds  # noqa: S311
    while time.monotonic() < end:
        data, start = bent(chance.choice(seeds), chance), time.monotonic()
        count += 1
        try:
            run(name, data)
            if time.monotonic() - start > SLOW:
                raise TimeoutError(f"it took {time.monotonic() - start:.1f} s")  # noqa: TRY301
        except Exception:  # noqa: BLE001, whatever it is
            traceback.print_exc()
            kept = Path(f"crash-{name}-{count}")
            kept.write_bytes(data)
            print(f"{name}: {kept} breaks it, after {count}")  # noqa: T201
            return 1
        if len(seeds) < MOST_SEEDS and not chance.randrange(50):
            seeds.append(data)
    print(f"{name}: {count} tried, nothing breaks")  # noqa: T201
    return 0


def by_coverage(name: str, seconds: float) -> None:
    """Let atheris look; it ends the process."""
    import atheris  # noqa: PLC0415, where it is installed

    with atheris.instrument_imports(include=["imageserver", "fuzzing"]):
        from fuzzing.targets import TARGETS, run  # noqa: PLC0415
    folder = Path(tempfile.mkdtemp(prefix=f"fuzzing-{name}-"))
    for number, seed in enumerate(TARGETS[name][2]()):
        (folder / str(number)).write_bytes(seed)
    options = [f"-max_total_time={seconds:.0f}", "-timeout=5", "-rss_limit_mb=1500", "-max_len=20000"]
    atheris.Setup([sys.argv[0], str(folder), *options], lambda data: run(name, data))
    atheris.Fuzz()


def main() -> int:
    """Fuzz one target, or all by chance."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 60.0
    if name and importlib.util.find_spec("atheris"):
        by_coverage(name, seconds)
    from fuzzing.targets import TARGETS  # noqa: PLC0415

    return max(by_chance(one, seconds) for one in ([name] if name else TARGETS))


if __name__ == "__main__":
    sys.exit(main())
