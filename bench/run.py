"""`make bench`: our server beside the plainest program that does the same work, in one run; only ratios count.

The picture is 24 megapixels of noise at several scales, made anew. Each job runs one after the other over one
connection, so that latency is compared, not the number of cores. Nothing is cached between requests: widths differ.
"""

from __future__ import annotations

import http.client
import io
import itertools
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import pyvips
from PIL import Image

WIDTHS = itertools.count(380)
REPEATS = 15
LAYERS = ("one", "two", "three")
BARE = """
from aiohttp import web
body = bytes(30000)
async def serve(request): return web.Response(body=body, content_type="image/jpeg")
app = web.Application(); app.router.add_get("/", serve)
web.run_app(app, host="127.0.0.1", port={port}, print=None, access_log=None)
"""


def main() -> None:
    """Run all jobs and print a table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        picture = make_site(folder)
        with served(folder) as ours, bare_handler() as bare:
            rows = [
                ("24 Mpx JPEG to about 400 px", cold(ours), ("pyvips thumbnail", lambda: thumbnail(picture))),
                ("24 Mpx JPEG to about 400 px", cold(ours), ("Pillow draft", lambda: draft(picture))),
                ("512 px tile at full size", tile(ours), ("pyvips crop", lambda: crop(picture))),
                ("three layers of 1 Mpx, whole", layers(ours, "scl=1"), ("Pillow", lambda: pasted(picture.parent))),
                (
                    "three layers of 1 Mpx, 300 px",
                    layers(ours, "wid=300"),
                    ("Pillow", lambda: pasted(picture.parent, 300)),
                ),
                ("req=props", asked(ours, "/is/image/bench/big?req=props"), ("bare aiohttp handler", asked(bare, "/"))),
                ("304", known(ours, "/is/image/bench/big?wid=400"), ("bare aiohttp handler", asked(bare, "/"))),
            ]
            print(f"{'work':32}{'ours':>10}{'other':>10}{'ratio':>8}  beside")
            for work, job, (other, beside) in rows:
                one, two = measured(job, beside)
                print(f"{work:32}{one * 1000:8.2f}ms{two * 1000:8.2f}ms{two / one:8.2f}  {other}")


def measured(job: Callable[[], object], beside: Callable[[], object]) -> tuple[float, float]:
    """Time two jobs in turn and give the median of each, in seconds."""
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(REPEATS + 2):
        for one, found in zip((job, beside), times, strict=True):
            start = time.perf_counter()
            one()
            if number > 1:
                found.append(time.perf_counter() - start)
    return median(times[0]), median(times[1])


def make_site(folder: Path) -> Path:
    """Write a catalog with one large picture."""
    images = folder / "catalogs" / "bench" / "images"
    images.mkdir(parents=True)
    (images.parent / "catalog.yaml").write_text("attributes: {root_path: images}\nimages: {big: {path: big.jpg}}\n")
    layers = [pyvips.Image.perlin(6000, 4000, cell_size=size, seed=size) for size in (500, 80, 16)]
    gray = layers[0] * 100 + layers[1] * 60 + layers[2] * 40 + 128
    image = gray.bandjoin([gray * 0.8 + 20, gray * 0.6 + 60]).cast("uchar").copy(interpretation="srgb")
    image.write_to_file(str(images / "big.jpg"), Q=92)
    square = image.crop(0, 0, 1000, 1000)
    square.write_to_file(str(images / "base.jpg"), Q=92)
    for name, layer in (("one", square.fliphor()), ("two", square.flipver()), ("three", square.invert())):
        layer.bandjoin(layer[1]).write_to_file(str(images / f"{name}.png"), compression=1)
    return images / "big.jpg"


@contextmanager
def served(folder: Path) -> Iterator[int]:
    """Run our server and give its port."""
    command = [sys.executable, "-m", "imageserver", "serve", "--port", "0"]
    environment = {**os.environ, "IMAGESERVER_SERVER__ACCESS_LOG": ""}
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True, env=environment) as process:
        line = process.stdout.readline() if process.stdout else ""
        yield int(re.findall(r":(\d+)/", line)[0])
        process.terminate()


@contextmanager
def bare_handler() -> Iterator[int]:
    """Run an aiohttp handler that sends 30 KB and give its port."""
    port = 18999
    with subprocess.Popen([sys.executable, "-c", BARE.format(port=port)]) as process:
        time.sleep(1)
        yield port
        process.terminate()


def fetch(port: int, url: str, headers: dict[str, str] | None = None) -> http.client.HTTPResponse:
    """Ask over a connection that stays open."""
    connection = CONNECTIONS.setdefault(port, http.client.HTTPConnection("127.0.0.1", port))
    connection.request("GET", url, headers=headers or {})
    response = connection.getresponse()
    response.read()
    return response


CONNECTIONS: dict[int, http.client.HTTPConnection] = {}


def cold(port: int) -> Callable[[], object]:
    """Ask for a width that nobody has asked for."""
    return lambda: fetch(port, f"/is/image/bench/big?wid={next(WIDTHS)}")


def tile(port: int) -> Callable[[], object]:
    """Ask for a tile out of the middle."""
    return lambda: fetch(port, f"/is/image/bench/big?scl=1&rect={2000 + next(WIDTHS)},1800,512,512")


def layers(port: int, view: str) -> Callable[[], object]:
    """Ask for three pictures with alpha over one another, at an opacity that nobody has asked for."""
    marks = itertools.cycle(range(50, 100))
    parts = "&".join(f"layer={i}&src=bench/{name}.png&pos={10 * i},0" for i, name in enumerate(LAYERS, 1))
    return lambda: fetch(port, f"/is/image/bench/base.jpg?{view}&qlt={next(marks)}&{parts}")


def pasted(images: Path, width: int = 1000) -> bytes:
    """Make the same composition with Pillow alone."""
    base = Image.open(images / "base.jpg").convert("RGBA")
    for i, name in enumerate(LAYERS, 1):
        canvas = Image.new("RGBA", base.size)
        canvas.paste(Image.open(images / f"{name}.png"), (10 * i, 0))
        base = Image.alpha_composite(base, canvas)
    result = base.convert("RGB").resize((width, width), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    result.save(file, "JPEG", quality=85)
    return file.getvalue()


def asked(port: int, url: str) -> Callable[[], object]:
    """Ask the same again and again."""
    return lambda: fetch(port, url)


def known(port: int, url: str) -> Callable[[], object]:
    """Ask whether what we have is still right."""
    tag = fetch(port, url).headers["ETag"]
    return lambda: fetch(port, url, {"If-None-Match": tag})


def thumbnail(path: Path) -> bytes:
    """Make the picture with libvips alone."""
    return bytes(pyvips.Image.thumbnail(str(path), next(WIDTHS), height=10000).jpegsave_buffer(Q=85))


def draft(path: Path) -> bytes:
    """Make the picture with Pillow alone."""
    width = next(WIDTHS)
    with Image.open(path) as image:
        image.draft("RGB", (width * 2, width * 2))
        small = image.resize((width, round(image.height * width / image.width)), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    small.save(file, "JPEG", quality=85)
    return file.getvalue()


def crop(path: Path) -> bytes:
    """Cut the tile with libvips alone."""
    image = pyvips.Image.new_from_file(str(path), access="sequential")
    return bytes(image.crop(2000 + next(WIDTHS), 1800, 512, 512).jpegsave_buffer(Q=85))


if __name__ == "__main__":
    main()
