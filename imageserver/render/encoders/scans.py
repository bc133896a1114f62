"""The scans of a progressive JPEG: in how many passes the picture appears. Reference: r-pscan.

No library for Python writes scans as they are told; jpegtran, of libjpeg-turbo, rearranges them without loss.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from functools import cache

from imageserver.errors import RenderFailed

BANDS: Mapping[int, tuple[tuple[int, int], ...]] = {
    3: ((1, 5), (6, 63)),
    4: ((1, 2), (3, 9), (10, 63)),
    5: ((1, 2), (3, 9), (10, 27), (28, 63)),
}
"""The frequencies that each pass behind the first one adds; the first brings the mean of every block."""
PATIENCE = 60.0


def in_passes(jpeg: bytes, passes: int, components: int) -> bytes:
    """Give a progressive JPEG that appears in so many passes, each over all of the picture.

    A pass behind the first one takes a scan for each component: JPEG cannot mix them. It stays as libjpeg writes it
    for `auto` (0), and on a machine without jpegtran.
    """
    program = jpegtran()
    if not passes or program is None:
        return jpeg
    with tempfile.NamedTemporaryFile("w", suffix=".scans") as file:
        file.write(script(passes, components))
        file.flush()
        done = subprocess.run(  # noqa: S603, a fixed program with a file of ours
            [program, "-copy", "all", "-scans", file.name],
            input=jpeg,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
    if done.returncode:
        raise RenderFailed(f"jpegtran: {done.stderr.decode('utf-8', 'replace').strip()}")
    return done.stdout


@cache
def jpegtran() -> str | None:
    """Find the program, if the machine has it."""
    return shutil.which("jpegtran")


def script(passes: int, components: int) -> str:
    """Write the scans as jpegtran reads them: components, frequencies, and no bits held back."""
    everything = ",".join(map(str, range(components)))
    lines = [f"{everything}: 0-0, 0, 0;"]
    lines += [f"{one}: {low}-{high}, 0, 0;" for low, high in BANDS[passes] for one in range(components)]
    return "\n".join(lines)
