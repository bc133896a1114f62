"""What compositions keep: tiles match the whole, templates fit the size asked for, caches notice changes."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat
from serving import Client, most_memory, serving, workers

QUIET = {"IMAGESERVER_SERVER__ACCESS_LOG": ""}
CLIP = "&clipPath=M5,5L160,20C150,60,140,120,80,130L10,110Z"
LAYERED = (
    "Co/grid?scl=1&layer=1&src=Co/alpha&rotate=30&op_blur=3&pos=-60,20&opac=80"
    "&effect=-1&color=000000&op_grow=4&op_blur=6&pos=8,8&opac=60"
    f"&layer=2&src=Co/webp&size=170,0&pos=90,-40{CLIP}&blendMode=mult"
    "&effect=1&color=ffffff&op_grow=3"
    "&layer=3&src=Co/square&perspective=20,30,120,50,100,150,10,120&opac=70"
)
TURNED = LAYERED.replace("scl=1", "scl=1&rotate=25&bgColor=204060")
GRAINY = f"{TURNED}&layer=1&blendMode=dissolve&layer=3&op_noise=40&effect=-1&color=ff0000&op_grow=5&op_noise=40"
MASKED = (
    f"{LAYERED}&layer=4&src=Co/masked&op_growMask=5&pos=100,50"
    "&layer=5&src=Co/square&mask=Co/mask.png&maskUse=invert&size=90,0&pos=-120,-80&op_growMaskR=-2"
)
MEMORY = 600_000_000
"""Bytes that the workers of a server may hold together."""
LAYERS = "Co?layer=0&size=1000,1000&color=ffffff" + "".join(
    f"&layer={number}&src=Co/large&crop={number},{number},1000,1000&pos={number},{number}" for number in range(1, 100)
)


def picture(server: Client, request: str) -> Image.Image:
    """The picture that answers a request, with alpha."""
    reply = server.ask(f"/is/image/{request}")
    assert reply.status == 200, reply.text
    return Image.open(io.BytesIO(reply.body)).convert("RGBA")


def far(one: Image.Image, other: Image.Image) -> int:
    """By how much the two differ where they differ most."""
    assert one.size == other.size
    return max(int(band[1]) for band in ImageChops.difference(one, other).getextrema())  # type: ignore[index]


def etag(server: Client, request: str) -> str:
    reply = server.ask(f"/is/image/{request}")
    assert reply.status == 200, reply.text
    return reply.headers["ETag"]


@pytest.mark.parametrize(
    "request_",
    [
        LAYERED,
        f"{LAYERED}&flip=lr",
        f"{LAYERED}&layer=comp&flip=lrud",
        f"{LAYERED}&layer=comp&op_usm=1,1",
        f"{LAYERED}&layer=comp&op_blur=4",
        f"{LAYERED}&rgn=50,50,250,200",
        TURNED,
        f"{TURNED}&layer=comp&op_usm=2,3",
        f"{TURNED}&layer=comp&op_usmR=2,2",
        f"{TURNED}&layer=comp&op_sharpen=1",
        f"{TURNED}&layer=1&op_usm=3,4&layer=2&op_sharpen=1",
        f"{TURNED}&layer=comp&effect=-1&$shadow$&layer=comp&opac=50&flip=lr",
        f"{TURNED}&layer=2&op_colorize=ff8000",
        GRAINY,
        MASKED,
        *(
            f"{request}&wid={width}".replace("scl=1&", "")
            for request, width in [
                (LAYERED, 200),
                (LAYERED, 133),
                (TURNED, 151),
                (f"{TURNED}&layer=comp&op_usm=2,3", 170),
                (f"{TURNED}&layer=comp&op_sharpen=1", 170),
                (f"{TURNED}&layer=2&op_usm=3,4", 170),
                (GRAINY, 170),
                (MASKED, 170),
            ]
        ),
    ],
)
def test_tiles(server: Client, request_: str) -> None:
    request = f"{request_}&fmt=png-alpha"
    whole = picture(server, request)
    for x, y in [(0, 0), (whole.width // 2 - 20, whole.height // 2 - 20), (37, 53), (whole.width - 70, 0)]:
        tile = picture(server, f"{request}&rect={x},{y},70,60")
        assert far(tile, whole.crop((x, y, x + 70, y + 60))) <= 1, f"{x},{y}"


def test_small_template(server: Client) -> None:
    whole = picture(server, f"{LAYERED}&fmt=png")
    small = picture(server, f"{LAYERED.replace('scl=1&', '')}&wid=100&fmt=png")
    reduced = whole.resize(small.size, Image.Resampling.BOX)
    assert small.size == (100, 75)
    assert max(ImageStat.Stat(ImageChops.difference(small, reduced)).mean) < 3


@pytest.mark.parametrize(("view", "size"), [("wid=500", (500, 500)), ("scl=1", (1000, 1000))])
def test_many_layers(site: Path, view: str, size: tuple[int, int]) -> None:
    """Within the deadline that a server has by default, beyond which it answers 500, and in bounded memory."""
    with serving(site, environment=QUIET) as server:
        reply = server.ask(f"/is/image/{LAYERS}&{view}&fmt=png")
        assert reply.status == 200, reply.text
        held = [most_memory(process) for process in workers(site)]
    assert reply.image.size == size
    assert reply.image.getpixel((0, 0)) == (255, 255, 255)  # even the first layer begins beside it
    assert reply.image.getpixel((size[0] - 1, size[1] - 1)) != (255, 255, 255)
    assert held
    assert sum(held) < MEMORY


@pytest.mark.parametrize(("resampling", "blends"), [("R1", False), ("R2", True), ("R3", True), ("R3T200", True)])
def test_resampling_of_a_perspective(server: Client, resampling: str, blends: bool) -> None:
    """The nearest pixel is none but a pixel of the source; the others mix what lies around."""
    layer = f"src=Co/webp&perspective=60,20,140,20,180,140,20,140,{resampling}"
    found = picture(server, f"Co?layer=0&size=200,160&color=ffffff&layer=1&{layer}&fmt=png").getcolors() or []
    plain = {(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (255, 255, 255)}
    assert ({color[:3] for _, color in found if isinstance(color, tuple)} != plain) == blends


@pytest.mark.parametrize("file", ["grid.png", "web.webp", "mask.png", "alpha.png"])
def test_etag(site: Path, file: str) -> None:
    request = "Co/grid?layer=1&src=Co/webp&mask=Co/mask.png&layer=2&src=is{Co/alpha}"
    with serving(site, environment=QUIET) as server:
        before = etag(server, request)
        assert etag(server, request) == before
    path = site / "catalogs" / "Co" / "images" / file
    image = Image.open(path)
    image.load()
    image.putpixel((0, 0), tuple([7] * len(image.getbands())) if len(image.getbands()) > 1 else 7)
    image.save(path)
    with serving(site, environment=QUIET) as server:
        assert etag(server, request) != before


def test_etag_of_others(site: Path) -> None:
    request = "Co/grid?layer=1&src=Co/webp"
    with serving(site, environment=QUIET) as server:
        before = etag(server, request)
    Image.new("RGB", (9, 9)).save(site / "catalogs" / "Co" / "images" / "square.png")
    with serving(site, environment=QUIET) as server:
        assert etag(server, request) == before


@pytest.mark.parametrize(
    ("request_", "age"),
    [
        ("Co/for-ever?layer=1&src=Co/brief", 1800),
        ("Co/brief?layer=1&src=Co/for-ever", 1800),
        ("Co/for-ever?layer=1&src=is{Co/brief}", 1800),
        ("Co/for-ever?layer=1&src=is{?src=is{Co/brief}}", 1800),
        ("Co/for-ever?mask=Co/brief", 1800),
        ("Co?size=9,9&color=ff0000&layer=1&src=Co/brief", 1800),
    ],
)
def test_lifetime(server: Client, request_: str, age: int) -> None:
    reply = server.ask(f"/is/image/{request_}")
    assert reply.status == 200, reply.text
    assert f"max-age={age}" in reply.headers["Cache-Control"]


def test_lifetime_of_never(server: Client) -> None:
    plain = server.ask("/is/image/Co/never").headers["Cache-Control"]
    assert server.ask("/is/image/Co/for-ever?layer=1&src=Co/never").headers["Cache-Control"] == plain


def test_what_never_expires_does_not_make_its_layers_so(server: Client) -> None:
    """The lifetime is the smallest of all layers, so a reply with others than the path's is looked at."""
    alone = server.ask("/is/image/Co/for-ever?wid=50", headers={"If-None-Match": '"other"'})
    assert alone.status == 304
    for others in ("layer=1&src=Co/brief", "mask=Co/mask.png", "src=Co/brief"):
        assert server.ask(f"/is/image/Co/for-ever?wid=50&{others}", headers={"If-None-Match": '"other"'}).status == 200
