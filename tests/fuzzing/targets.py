"""What is fuzzed: readers of what comes from outside, with the errors that each may raise and where to begin."""

from __future__ import annotations

import contextlib
import struct
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.parsers.expat import ExpatError

from bad_images import good_images

from catalogs import write
from imageserver.catalog.catalogs import Catalogs
from imageserver.config import Limits
from imageserver.errors import ImageServerError, Mismatch, RequestError
from imageserver.file_formats import format_of
from imageserver.layout.embedded_paths import decoded
from imageserver.plan.hints import Hints
from imageserver.plan.planning import plan
from imageserver.protocol.image_set import read_image_set
from imageserver.protocol.reading import read, read_pieces
from imageserver.protocol.request import Piece
from imageserver.render.claims import READERS
from imageserver.render.packets import joined, packet_in, parsed
from imageserver.render.photoshop import paths_of, resolution_in, resources
from imageserver.render.psd import read_start
from imageserver.render.svg import checked, written
from imageserver.render.svg import parsed as parsed_svg
from imageserver.richtext.reading import read_rich_text
from imageserver.yaml_nodes import BrokenYaml, YamlFile

CATALOG = """
attributes: {root_id: Co, root_path: images, max_pix: [2000, 2000]}
macros: {small: wid=20, twice: $small$&$small$}
images:
  grid: {path: grid.png, modifier: "$a=1&wid=$a$", crops: {all: [0, 0, 9, 9]}}
  other: {path: grid.png, image_set: "Co/grid,Co/grid;;2"}
"""
COMMANDS = (
    b"wid=20&$small$&layer=0&src=is{Co/grid?crop=0,0,9,9}&text=a&fmt=png-alpha,rgb&op_usm=1,1,1,1&imageSet={a,b;c}"
)
PACKET = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta>'


@cache
def catalogs() -> Catalogs:
    """Give a small catalog."""
    return write(Path(tempfile.mkdtemp(prefix="fuzzing-")), {"Co/catalog.yaml": CATALOG}).catalogs


def request(data: bytes) -> None:
    """Read a request and say what it means; what was read is read again as it was when it is written."""
    path, _, query = data.decode("latin-1").partition("?")
    pieces = read_pieces(query)
    assert read_pieces("&".join(map(printed, pieces))) == pieces
    plan(read(path, query), catalogs(), Limits(), Hints())


def printed(piece: Piece) -> str:
    """Write a piece as a URL has it."""
    if piece.value is None:
        return quote(piece.name, safe="")
    return f"{quote(piece.name, safe='')}={piece.nested or quote(piece.value, safe='')}"


def image_set(data: bytes) -> None:
    """Read a set."""
    read_image_set(data.decode("utf-8", "replace"))


def rich_text(data: bytes) -> None:
    """Read text of both dialects."""
    for dialect in ("text", "textPs"):
        read_rich_text(data.decode("utf-8", "replace"), dialect)


def photoshop(data: bytes) -> None:
    """Read image resources, the paths among them, and the header of a file that holds them."""
    found = tuple(resources(data))
    resolution_in(found)
    for path in paths_of(found):
        decoded(path.records)
    decoded(data)
    read_start(BytesIO(good_images()["a.psd"][:30] + struct.pack(">I", len(data)) + data))


def packets(data: bytes) -> None:
    """Find packets, and join one with its extension."""
    packet_in(data)
    joined(data, PACKET)
    joined(PACKET, data)
    parsed(data)


def yaml(data: bytes) -> None:
    """Read YAML, whole and entry by entry."""
    YamlFile("any").read(data)
    for _ in YamlFile("any").entries(BytesIO(data), "a catalog", {"images"}):
        pass


def claims(data: bytes) -> None:
    """Read how large an image says that it is."""
    reader: Any = READERS.get(format_of(data[:1024]))
    if reader:
        reader(data)


def svg(data: bytes) -> None:
    """Check a drawing."""
    written(checked(parsed_svg(data)))


def images_of(*formats: str) -> tuple[bytes, ...]:
    """Give pictures of some formats."""
    return tuple(data for data in good_images().values() if format_of(data[:1024]) in formats)


Target = tuple[Callable[[bytes], None], tuple[type[Exception], ...], Callable[[], tuple[bytes, ...]]]
TARGETS: Mapping[str, Target] = {
    "request": (
        request,
        (ImageServerError,),
        lambda: (b"Co/grid?" + COMMANDS, b"Co/other?req=set,json&$twice$=&b=%7b"),
    ),
    "image_set": (image_set, (Mismatch, RequestError), lambda: (b"{a;b},{c:1,2;{d}},0xff0000", b"a;b;c")),
    "rich_text": (
        rich_text,
        (),
        lambda: (rb"{\rtf1\ansi{\fonttbl{\f0 A;}}\f0\fs24 a\u8364?\'e9{\b b}\par}", b"<b>&amp;"),
    ),
    "photoshop": (
        photoshop,
        (ValueError,),
        lambda: (b"8BIM" + struct.pack(">HBxI", 2000, 0, 52) + bytes(52), b"8BIM\3\xed\0\0\0\0\0\x10" + bytes(16)),
    ),
    "packets": (
        packets,
        (ValueError, ExpatError),
        lambda: (PACKET, b"<?xpacket begin=''?>" + PACKET + b"<?xpacket end='w'?>"),
    ),
    "yaml": (yaml, (BrokenYaml,), lambda: (CATALOG.encode(), b"a: &x [1, {b: *x}]\n? - c\n: |\n  d\n")),
    "claims": (claims, (ValueError, struct.error, IndexError, OverflowError), lambda: images_of(*READERS)),
    "svg": (svg, (ValueError,), lambda: images_of("SVG")),
}
"""What is called, the errors that it may raise, and where to begin."""


def run(name: str, data: bytes) -> None:
    """Give data to a target; raises what it must not."""
    call, allowed, _ = TARGETS[name]
    with contextlib.suppress(*allowed):
        call(data)
