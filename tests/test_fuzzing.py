"""Readers of what comes from outside, given data that are changed by chance: a few hundred here, more by `fuzzing`."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from fuzzing.bending import bent
from fuzzing.targets import TARGETS, run

from imageserver.render.claims import claims_of

EACH = 200
FOUND: tuple[tuple[str, bytes], ...] = (
    ("claims", b"II+\0\x08\0\0\0" + b"\xff" * 8),  # a place beyond what a place can be
    ("request", b"Co/grid?$a=$a$&$$a$$=1&wid=$a$"),
    ("rich_text", rb"{\rtf1\bin999999999999 }"),
    ("yaml", b"images: {a: *x}\n"),
)
"""What broke something once, or is close to it."""


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_breaks(name: str) -> None:
    chance, seeds = random.Random(name), TARGETS[name][2]()  # noqa: S311
    for seed in seeds:
        run(name, seed)
    for number in range(EACH):
        run(name, bent(seeds[number % len(seeds)], chance))


@pytest.mark.parametrize(("name", "data"), FOUND)
def test_what_was_found(name: str, data: bytes) -> None:
    run(name, data)


def test_claims_beyond_anything_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(FOUND[0][1])
    with pytest.raises(ValueError, match="ends too early"):
        claims_of(path, "TIFF")
