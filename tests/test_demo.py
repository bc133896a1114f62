"""The compositions of the demo catalog, served from freshly painted pictures, against their reference pictures.

The pictures are kept small by leaving out the last bits of their colours: `STEP` is what that may differ by.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import golden
import pytest
from PIL import Image
from serving import Client, serving
from sites import QUIET

SAMPLES = Path(__file__).parents[1] / "catalogs" / "samples"
STEP = 8
PAINTED = (
    *(f"doll-{part}.png" for part in ("figure", "wall", "sweater", "shirt", "fedora", "beanie", "scarf")),
    *(f"doll-{pattern}.png" for pattern in ("stripes", "checks", "dots")),
    *(f"travel-{part}.png" for part in ("sheet", "emblem", "fade")),
    *("card-table.jpg", "card-paper.jpg", "logo-beacon.png", "logo-waves.png"),
    *("badge.png", "poster.jpg"),
)

CHECKED = "$top=samples/doll-shirt&$topColor=f1f1f1&$pattern=samples/doll-checks&$patternColor=2f6f4f"
CAPPED = "$hat=samples/doll-beanie&$hatColor=e0a526&$hatTilt=3&$scarfOpacity=0"
VEILED = "$accent=274c77&$veilMode=overlay&$veil=60&$badge=samples/badge&$badgeTilt=10"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A server over the demo catalog, with those of its pictures that take no time to paint."""
    folder = tmp_path_factory.mktemp("demo")
    samples = folder / "catalogs" / "samples"
    shutil.copytree(SAMPLES, samples, ignore=shutil.ignore_patterns("images", "__pycache__"))
    shutil.copy(SAMPLES.parent / "default.yaml", samples.parent)
    command = [sys.executable, "make_pictures.py", *PAINTED]
    subprocess.run(command, cwd=samples, check=True, capture_output=True, timeout=300)  # noqa: S603, our own script
    with serving(folder, environment=QUIET) as client:
        yield client


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "request_"),
    [
        ("paper-doll", "paper-doll?"),
        ("paper-doll-changed", f"paper-doll?{CHECKED}&{CAPPED}"),
        ("travel-poster", "travel-poster?$picture=samples/poster"),
        ("travel-poster-changed", f"travel-poster?$picture=samples/card-table&{VEILED}"),
        ("business-card", "business-card?$photo=samples/poster"),
        ("business-card-changed", "business-card?$photo=samples/badge&$brand=5b2a86&$logo=samples/logo-waves"),
        ("business-card-front", "business-card-front?$photo=samples/poster"),
    ],
)
def test_compositions(demo: Client, name: str, request_: str) -> None:
    reply = demo.ask(f"/is/image/samples/{request_}&wid=240&hei=240&fit=constrain&fmt=png")
    assert reply.status == 200, reply.text
    golden.check(f"demo/{name}", coarse(reply.image), STEP)


def coarse(image: Image.Image) -> Image.Image:
    """Leave out the last bits of the colours."""
    return image.convert("RGB").point(lambda value: value // STEP * STEP)
