"""The requests of the jobs: many that differ, in an order that is the same for all who are asked."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from PIL import Image

from bench.load import Ask
from bench.parties import Sample
from bench.place import QUALITY, TILE, Peer, Tile
from bench.sources import LAYERS, SIZES, levels_of, name, names, smaller

SAMPLE_WIDTHS = range(210, 700, 120)
WIDTHS = range(201, 700, 3)
"""Widths of which the height, two thirds, is a whole number too, so that nobody may round."""


def shuffled(asks: list[Ask]) -> Iterator[Ask]:
    """Give requests in an order by chance, always the same."""
    random.Random(1).shuffle(asks)
    return iter(asks)


def width(peer: Peer, picture: str, wide: int) -> Ask:
    """Ask for a picture at a width."""
    return Ask(peer.width(picture, wide), (wide, wide * 2 // 3))


def widths(kind: str, count: int, peer: Peer) -> Iterator[Ask]:
    """Ask for pictures at many widths."""
    return shuffled([width(peer, one, wide) for one in names(kind, count) for wide in WIDTHS])


def once(kind: str, count: int, wide: int, peer: Peer) -> Iterator[Ask]:
    """Ask for each picture once."""
    return (width(peer, one, wide + 3 * number) for number, one in enumerate(names(kind, count)))


def around(kind: str, count: int, middle: int, peer: Peer) -> Iterator[Ask]:
    """Ask for pictures at widths around one."""
    near = range(middle - 60, middle + 60, 3)
    return shuffled([width(peer, one, wide) for one in names(kind, count) for wide in near])


def widths_samples(kind: str, images: Path, peer: Peer) -> tuple[Sample, ...]:
    """Compare a picture at some widths with a whole decode and Lanczos."""
    picture = name(kind, 0)
    path = images / f"{picture}.jpg"
    return tuple(Sample(width(peer, picture, wide), partial(smaller, path, wide)) for wide in SAMPLE_WIDTHS)


def tiles(kind: str, count: int, peer: Peer) -> Iterator[Ask]:
    """Ask for all whole tiles of the four largest levels of pictures."""
    levels = tuple(levels_of(SIZES[kind], TILE))
    places = [
        Tile(level, column, row, levels)
        for level, (wide, high) in enumerate(levels[:4])
        for column, row in itertools.product(range(wide // TILE), range(high // TILE))
    ]
    tile = peer.tile or (lambda *_: "/")
    return shuffled([Ask(tile(one, place), (TILE, TILE)) for one in names(kind, count) for place in places])


def tile_samples(kind: str, images: Path, peer: Peer) -> tuple[Sample, ...]:
    """Compare a tile of the full size and one of half the size with a whole decode."""
    levels = tuple(levels_of(SIZES[kind], TILE))
    picture = name(kind, 0)
    tile = peer.tile or (lambda *_: "/")

    def cut(place: Tile) -> Image.Image:
        left, top = place.column * TILE, place.row * TILE
        whole = smaller(images / f"{picture}.jpg", levels[place.level][0])
        return whole.crop((left, top, left + TILE, top + TILE))

    places = (Tile(0, 5, 6, levels), Tile(1, 3, 3, levels))
    return tuple(Sample(Ask(tile(picture, place), (TILE, TILE)), partial(cut, place)) for place in places)


WORDS = "&layer=4&textPs=%5Cfs120%20Three%20layers%20and%20words&pos=-450,200"
"""The words of `floors.lettered`, where they are there."""


def composition(number: int, commands: str = "") -> Ask:
    """Ask for three layers over a base, placed as `floors.composed` does."""
    layers = "".join(
        f"&layer={place}&src=bench/{one}&pos={10 * place + number},{place}" for place, one in enumerate(LAYERS, 1)
    )
    return Ask(f"/is/image/bench/{name('base', 0)}?scl=1&qlt={QUALITY}{layers}{commands}", (1000, 1000))


def compositions(commands: str, _: Peer) -> Iterator[Ask]:
    """Ask for compositions that nobody has asked for."""
    return (composition(number, commands) for number in itertools.count(100))


def many_layers(count: int, _: Peer) -> Iterator[Ask]:
    """Ask for a base with so many layers of the same size over it."""
    for number in itertools.count():
        layers = "".join(
            f"&layer={place}&src=bench/{LAYERS[place % 3]}&pos={(place * 37 + number) % 400},{place}"
            for place in range(1, count + 1)
        )
        yield Ask(f"/is/image/bench/{name('base', 0)}?scl=1&qlt={QUALITY}{layers}", (1000, 1000))


def template(view: Callable[[int], str], size: tuple[int, int], _: Peer) -> Iterator[Ask]:
    """Ask for a template of 3000 pixels with two pictures in it, moved at each request."""
    for number in itertools.count():
        layers = "".join(
            f"&layer={place}&src=bench/{name('mid', place)}&size=1800,1200"
            f"&pos={number * place % 600 - 300},{800 * place - 1200}"
            for place in (1, 2)
        )
        yield Ask(f"/is/image/bench/{name('square', 0)}?{view(number)}&qlt={QUALITY}{layers}", size)
