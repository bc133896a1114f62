"""Paint the pictures of the demo catalog into `images/`: those that are missing, or with `--force` all."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pictures import (
    bottle,
    city,
    doll,
    fabrics,
    finch,
    garments,
    globes,
    graphics,
    lighthouse,
    mountains,
    nebula,
    shoe,
    stationery,
    travel,
)
from pictures.files import at, credited, for_press, lying, moving, write

if TYPE_CHECKING:
    from collections.abc import Callable

    from pictures.brush import Image
    from PIL import Image as Pil

IMAGES = Path(__file__).resolve().parent / "images"
SCREEN_DPI, CLOTH_DPI, PRINT_DPI = 72, 100, 300


def dusk() -> Image:
    """Paint the mountains, ready for print and with credits."""
    return credited(
        at(PRINT_DPI, mountains.scene()),
        title="Dusk over the lake",
        creator="The imageserver project",
        rights="Free to use for any purpose",
    )


def paint(name: str) -> str:
    """Paint one picture, write its file and tell about it."""
    start = time.monotonic()
    path = IMAGES / name
    write(PICTURES[name](), path)
    return f"{name:20} {path.stat().st_size / 1e6:6.2f} MB {time.monotonic() - start:6.1f} s"


def main() -> None:
    """Paint what is asked for, on all processors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--force", action="store_true", help="paint the existing ones anew as well")
    parser.add_argument("names", nargs="*", metavar="NAME", help="the only ones to paint, such as shoe.jpg")
    options = parser.parse_args()
    if unknown := set(options.names) - set(PICTURES):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; expected some of {', '.join(PICTURES)}")
    IMAGES.mkdir(exist_ok=True)
    asked = [name for name in PICTURES if name in options.names or not options.names]
    wanted = [name for name in asked if options.force or not (IMAGES / name).exists()]
    context = multiprocessing.get_context("spawn")  # the imaging library does not survive a fork
    with ProcessPoolExecutor(max_workers=os.cpu_count(), mp_context=context) as painters:
        for done in as_completed([painters.submit(paint, name) for name in wanted]):
            print(done.result(), flush=True)


PICTURES: dict[str, Callable[[], Image | Pil.Image]] = {  # the slowest first
    "mountains.jpg": dusk,
    "moon.png": lambda: at(SCREEN_DPI, globes.moon()),
    "portrait.jpg": lambda: lying(at(SCREEN_DPI, lighthouse.scene())),
    "nebula.jpg": lambda: at(SCREEN_DPI, nebula.nebula()),
    "globe-turning.webp": lambda: moving(globes.turning(), globes.MOVING_FRAMES, milliseconds=80),
    "shoe.jpg": lambda: at(SCREEN_DPI, shoe.product()),
    "shoe-mask.png": lambda: at(SCREEN_DPI, shoe.mask()),
    "bottle.png": lambda: at(SCREEN_DPI, bottle.bottle()),
    "city.png": lambda: at(SCREEN_DPI, city.town()),
    "poster.jpg": lambda: at(PRINT_DPI, graphics.poster()),
    "ink.tif": lambda: for_press(at(PRINT_DPI, finch.four_inks())),
    "badge.png": lambda: at(SCREEN_DPI, graphics.badge()),
    "gradient.png": lambda: at(SCREEN_DPI, graphics.veil()),
    "icon.png": graphics.icon,
    "fabric-denim.jpg": lambda: at(CLOTH_DPI, fabrics.woven(fabrics.DENIM)),
    "fabric-linen.jpg": lambda: at(CLOTH_DPI, fabrics.woven(fabrics.LINEN)),
    "fabric-tartan.jpg": lambda: at(CLOTH_DPI, fabrics.woven(fabrics.TARTAN)),
    "doll-figure.png": lambda: at(SCREEN_DPI, doll.figure()),
    "doll-scarf.png": lambda: at(SCREEN_DPI, garments.scarf()),
    "doll-shirt.png": lambda: at(SCREEN_DPI, garments.shirt()),
    "doll-sweater.png": lambda: at(SCREEN_DPI, garments.sweater()),
    "doll-beanie.png": lambda: at(SCREEN_DPI, garments.beanie()),
    "doll-fedora.png": lambda: at(SCREEN_DPI, garments.fedora()),
    "doll-stripes.png": lambda: at(SCREEN_DPI, doll.stripes()),
    "doll-checks.png": lambda: at(SCREEN_DPI, doll.checks()),
    "doll-dots.png": lambda: at(SCREEN_DPI, doll.dots()),
    "doll-wall.png": lambda: at(SCREEN_DPI, doll.backdrop()),
    "travel-sheet.png": lambda: at(PRINT_DPI, travel.sheet()),
    "travel-emblem.png": lambda: at(PRINT_DPI, travel.emblem()),
    "travel-fade.png": lambda: at(SCREEN_DPI, travel.fade()),
    "card-table.jpg": lambda: at(SCREEN_DPI, stationery.table()),
    "card-paper.jpg": lambda: at(PRINT_DPI, stationery.paper()),
    "logo-beacon.png": lambda: at(SCREEN_DPI, stationery.beacon()),
    "logo-waves.png": lambda: at(SCREEN_DPI, stationery.waves()),
} | {
    f"globe-{frame + 1:02}.jpg": partial(lambda frame: at(SCREEN_DPI, globes.globe(frame)), frame)
    for frame in range(globes.FRAMES)
}

if __name__ == "__main__":
    main()
