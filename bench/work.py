"""The table of jobs: what is done, by whom, and what the aim is."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Literal

from PIL import Image

from bench import asks, floors
from bench.load import Ask
from bench.nginx import BEHIND_CACHE, IIPSRV_BEHIND_NGINX, IMAGE_FILTER_OF_NGINX, STATIC
from bench.ours import OURS
from bench.parties import Entrant, Sample, asked, asked_again, started, worked
from bench.peers import BARE, IPX, THUMBOR, THUMBOR_THAT_KEEPS
from bench.place import Peer, Place, first_line
from bench.sources import HOT_WIDTH, name

BIG, MID = 24, 51
WARM = 3.0
"""Seconds after which a server has opened its pyramids, and keeps of them what it keeps."""
Pictures = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Goal:
    """An aim: a measure of `report.MEASURES`, its bound, who is compared with whom; without `who` it is the first."""

    measure: Literal["rate", "CPU", "PSNR", "MB", "seconds"]
    bound: float
    beside: str = ""
    who: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """Work that all who take part do in turn; the first of them is the one whom the others are compared with."""

    key: str
    title: str
    pictures: Pictures
    entrants: Callable[[Path], tuple[Entrant, ...]]
    goals: tuple[Goal, ...] = ()
    grows: str = ""
    rounds: int | None = None


def pyvips_version(_: Place) -> str:
    """Give the version of pyvips and of its libvips."""
    import pyvips  # noqa: PLC0415

    return f"{metadata.version('pyvips')} with libvips {pyvips.version(0)}.{pyvips.version(1)}.{pyvips.version(2)}"


def pillow_version(_: Place) -> str:
    """Give the version of Pillow."""
    return metadata.version("Pillow")


def libjpeg_version(_: Place) -> str:
    """Give the version of djpeg when cjpeg is there, too."""
    return first_line("djpeg", "-version", pattern=r"\d+\.[\d.]+") if shutil.which("cjpeg") else ""


FLOORS = (
    worked("djpeg+cjpeg", "libjpeg-turbo", libjpeg_version, name="djpeg 1/8 + cjpeg"),
    worked("pyvips", "pyvips", pyvips_version, name="pyvips alone"),
    worked("pillow", "Pillow", pillow_version, name="Pillow alone"),
)
WITHOUT_PYRAMIDS = (OURS, IPX, THUMBOR, IMAGE_FILTER_OF_NGINX)


def first(images: Path) -> tuple[Entrant, ...]:
    """Ask for each picture once."""
    return (
        *(
            asked(
                peer,
                partial(asks.once, "big", BIG, 402),
                asks.widths_samples("big", images, peer),
                most=(BIG - 1) // 3,
            )
            for peer in (*WITHOUT_PYRAMIDS, IIPSRV_BEHIND_NGINX)
        ),
        *FLOORS,
    )


def cold(kind: str, count: int, floors_too: tuple[Entrant, ...], images: Path) -> tuple[Entrant, ...]:
    """Ask for pictures at many widths; whoever can has pyramids."""
    peers = (OURS, IPX, THUMBOR, IMAGE_FILTER_OF_NGINX, IIPSRV_BEHIND_NGINX)
    found = (
        asked(
            peer,
            partial(asks.widths, kind, count),
            asks.widths_samples(kind, images, peer),
            converted=True,
            warm=WARM,
        )
        for peer in peers
    )
    return (*found, *floors_too)


def tiles(images: Path) -> tuple[Entrant, ...]:
    """Zoom like a viewer."""
    peers = (OURS, IPX, THUMBOR, IIPSRV_BEHIND_NGINX)
    return tuple(
        asked(peer, partial(asks.tiles, "big", BIG), asks.tile_samples("big", images, peer), converted=True, warm=WARM)
        for peer in peers
    )


def first_byte(images: Path) -> tuple[Entrant, ...]:
    """Ask for large replies as one client."""
    del images
    return tuple(
        asked(peer, partial(asks.around, "big", 5, 1602), connections=1, first_byte=True) for peer in WITHOUT_PYRAMIDS
    )


def hot_ask(peer: Peer) -> Ask:
    """Ask for the reply of 30 KB."""
    return Ask(peer.width(name("mid", 0), HOT_WIDTH), (HOT_WIDTH, HOT_WIDTH * 2 // 3))


def hot(peers: tuple[Peer, ...], known: bool, _: Path) -> tuple[Entrant, ...]:
    """Ask for the same reply again and again."""
    return tuple(asked_again(peer, hot_ask(peer), known=known) for peer in peers)


def properties(_: Path) -> tuple[Entrant, ...]:
    """Ask for the properties of a picture again and again."""
    return (
        asked_again(OURS, Ask(f"/is/image/bench/{name('mid', 0)}?req=props"), name="ours, req=props"),
        asked_again(OURS, hot_ask(OURS), name="ours, hot hit"),
        asked_again(BARE, hot_ask(BARE)),
    )


def layered(commands: str, work: str, images: Path) -> tuple[Entrant, ...]:
    """Compose what a plain program composes."""

    def reference() -> Image.Image:
        picture = floors.WORKS[work](images, 7)
        return floors.opened(picture)

    sample = Sample(asks.composition(7, commands), reference)
    return (
        asked(OURS, partial(asks.compositions, commands), (sample,)),
        worked(work, "Pillow", pillow_version, name="Pillow script"),
        worked(work, "Pillow", pillow_version, name="Pillow script, one process", processes=1),
    )


def template(_: Path) -> tuple[Entrant, ...]:
    """Show a part of a template, or all of it small."""
    views: tuple[tuple[str, Callable[[int], str], tuple[int, int]], ...] = (
        ("ours, whole", lambda _: "scl=1", (3000, 3000)),
        ("ours, wid=300", lambda _: "wid=300", (300, 300)),
        ("ours, rect= tile of 256²", lambda _: "scl=1&rect=1024,768,256,256", (256, 256)),
    )
    return tuple(asked(OURS, partial(asks.template, view, size), name=title) for title, view, size in views)


def start(_: Path) -> tuple[Entrant, ...]:
    """Start, answer, rest."""
    peers = (OURS, IPX, THUMBOR, IMAGE_FILTER_OF_NGINX, IIPSRV_BEHIND_NGINX, BARE)
    return tuple(started(peer, hot_ask(peer)) for peer in peers)


def source_sizes(converted: bool, _: Path) -> tuple[Entrant, ...]:
    """Ask for the same reply from larger and larger pictures."""
    kinds = (("one", 1, 5), ("mid", 4, 5), ("big", 24, 5), ("huge", 96, 3))
    return tuple(
        asked(
            OURS,
            partial(asks.around, kind, count, 402),
            name=f"{megapixels} Mpx",
            amount=megapixels,
            converted=converted,
        )
        for kind, megapixels, count in kinds
    )


def reply_sizes(_: Path) -> tuple[Entrant, ...]:
    """Ask for larger and larger replies from pictures of one size."""
    return tuple(
        asked(OURS, partial(asks.around, "big", 5, wide), name=f"{wide} px", amount=wide**2, converted=True)
        for wide in (201, 402, 801, 1602, 3201)
    )


def layer_counts(_: Path) -> tuple[Entrant, ...]:
    """Ask for more and more layers of 1 Mpx."""
    counts = (1, 2, 4, 8, 16, 32)
    return tuple(
        asked(OURS, partial(asks.many_layers, count), name=f"{count} layer{'s' * (count > 1)}", amount=count)
        for count in counts
    )


def catalog_sizes(_: Path) -> tuple[Entrant, ...]:
    """Start with larger and larger catalogs."""
    ask = Ask("/is/image/bench/record7?req=props")
    counts = (10, 100, 1000, 10_000, 100_000)
    return tuple(started(OURS, ask, name=f"{count} records", records=count) for count in counts)


HOT = (OURS, BARE, STATIC, BEHIND_CACHE, THUMBOR_THAT_KEEPS, IPX, IIPSRV_BEHIND_NGINX)
KNOWN = (OURS, BARE, STATIC, THUMBOR_THAT_KEEPS, IPX)
JOBS = (
    Job(
        "first",
        "24 Mpx JPEG to about 400 px, each picture for the first time",
        (("big", BIG),),
        first,
        (Goal("rate", 1.15, "ipx"), Goal("CPU", 1.15, "djpeg 1/8 + cjpeg")),
    ),
    Job(
        "cold",
        "24 Mpx JPEG to 201 – 699 px, every request another",
        (("big", BIG),),
        partial(cold, "big", BIG, FLOORS),
        (Goal("rate", 18, "ipx"), Goal("rate", 1.1, "iipsrv"), Goal("PSNR", 4, "iipsrv"), Goal("MB", 600)),
    ),
    Job(
        "many",
        "50 images of 4 Mpx to 201 – 699 px, every request another",
        (("mid", MID),),
        partial(cold, "mid", MID, ()),
        (Goal("rate", 4.5, "ipx"), Goal("rate", 1.25, "iipsrv")),
    ),
    Job("tiles", "tiles of 256² of 24 Mpx at four zoom levels", (("big", BIG),), tiles, (Goal("rate", 1.2, "iipsrv"),)),
    Job("first-byte", "first byte of a reply of about 1600 px of 24 Mpx, one client", (("big", 5),), first_byte),
    Job(
        "hot",
        "the same reply of 30 KB again",
        (("mid", 1),),
        partial(hot, HOT, False),
        (
            Goal("rate", 0.95, "bare aiohttp handler"),
            Goal("rate", 0.85, "nginx, the file", "ours behind nginx's cache"),
        ),
    ),
    Job(
        "304",
        "the same, known already",
        (("mid", 1),),
        partial(hot, KNOWN, True),
        (Goal("rate", 0.95, "bare aiohttp handler"),),
    ),
    Job("props", "properties of a known image", (("mid", 1),), properties, (Goal("rate", 0.5, "ours, hot hit"),)),
    Job(
        "layers",
        "three layers of 1000² over a base",
        (("base", 1), ("layers", 1)),
        partial(layered, "", "composition"),
        (Goal("CPU", 1, "Pillow script"),),
    ),
    Job(
        "layers-text",
        "the same with words and an unsharp mask",
        (("base", 1), ("layers", 1)),
        partial(layered, f"{asks.WORDS}&layer=comp&op_usm=1,2", "composition-text"),
        (Goal("CPU", 1, "Pillow script"),),
    ),
    Job("template", "a template of 3000², whole, small and in part", (("square", 1), ("mid", 3)), template),
    Job(
        "start",
        "from start to the first answer; memory at rest",
        (("mid", 1),),
        start,
        (Goal("seconds", 1.5), Goal("MB", 250)),
    ),
    Job(
        "grow-source",
        "cost against source size, first request or no pyramid",
        (("one", 5), ("mid", 5), ("big", 5), ("huge", 3)),
        partial(source_sizes, False),
        grows="source size",
        rounds=1,
    ),
    Job(
        "grow-source-pyramids",
        "cost against source size, pyramids present",
        (("one", 5), ("mid", 5), ("big", 5), ("huge", 3)),
        partial(source_sizes, True),
        grows="source size",
        rounds=1,
    ),
    Job("grow-reply", "cost against reply size", (("big", 5),), reply_sizes, grows="reply area", rounds=1),
    Job(
        "grow-layers",
        "cost against the number of layers",
        (("base", 1), ("layers", 1)),
        layer_counts,
        grows="layers",
        rounds=1,
    ),
    Job("grow-catalog", "cost of a start against catalog size", (), catalog_sizes, grows="records", rounds=1),
)
