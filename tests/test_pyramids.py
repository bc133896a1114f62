"""Replies made of levels of pyramids are those made of the sources. Reference: README, Pyramids."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import Mock

import pytest
from large import AHEAD, OFF, ask, convert, fidelity, largest_error, photo, writing
from pictures import disc, with_alpha
from PIL import Image, ImageChops
from serving import Client, serving

from imageserver.commands.layer import Layer
from imageserver.config import Config
from imageserver.layout.facts import Animation, Facts
from imageserver.layout.laying import lay_out
from imageserver.plan.picture import Picture, PlannedLayer, Source, ViewRules
from imageserver.protocol.values import Size
from imageserver.server.pyramids import Pyramids

CATALOG = """
attributes: {root_path: images}
images:
  photo: {path: photo.jpg}
  even: {path: even.jpg}
  gray: {path: gray.jpg}
  turned: {path: turned.jpg}
  turned-tif: {path: turned.tif}
  inks: {path: inks.jpg}
  inks-tif: {path: inks.tif}
  writing-jpg: {path: writing.jpg}
  writing: {path: writing.png}
  colors: {path: colors.gif}
  alpha: {path: alpha.png}
  gray-alpha: {path: gray-alpha.png}
  deep: {path: deep.png}
  masked: {path: photo.jpg, mask_path: disc.png}
  small: {path: small.jpg}
"""


def make_pictures(folder: Path) -> None:
    """Write a source of each kind, and one that is too small for a pyramid."""
    folder.mkdir(parents=True)
    image, exif = photo(), Image.Exif()
    exif[0x0112] = 6
    image.save(folder / "photo.jpg", quality=92)
    photo(1600, 1200).save(folder / "even.jpg", quality=92)
    image.convert("L").save(folder / "gray.jpg", quality=90)
    image.save(folder / "turned.jpg", quality=90, exif=exif)
    image.save(folder / "turned.tif", exif=exif)
    image.convert("CMYK").save(folder / "inks.jpg", quality=95)
    image.convert("CMYK").save(folder / "inks.tif")
    writing().save(folder / "writing.jpg", quality=90)
    writing().save(folder / "writing.png")
    writing().quantize(8).save(folder / "colors.gif")
    with_alpha(image, disc(image.width, image.height)).save(folder / "alpha.png")
    Image.merge("LA", (image.convert("L"), disc(image.width, image.height))).save(folder / "gray-alpha.png")
    image.convert("I").point(lambda value: value * 257).convert("I;16").save(folder / "deep.png")
    disc(800, 600).save(folder / "disc.png")
    photo(500, 390).save(folder / "small.jpg", quality=90)
    Image.new("RGB", (1600, 1200), "white").save(folder / "white.png")


@pytest.fixture(scope="module")
def site_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pyramids")
    make_pictures(folder / "catalogs" / "Co" / "images")
    (folder / "catalogs" / "Co" / "catalog.yaml").write_text(CATALOG)
    done = convert(folder)
    assert (done.returncode, done.stderr) == (0, "14 built, 1 too small\n")
    return folder


@pytest.fixture(scope="module")
def from_files(site_folder: Path) -> Iterator[Client]:
    with serving(site_folder, environment=OFF) as client:
        yield client


@pytest.fixture(scope="module")
def from_levels(site_folder: Path) -> Iterator[Client]:
    with serving(site_folder, environment=AHEAD) as client:
        yield client


VIEWS = [
    "wid=97",
    "wid=250",
    "wid=333",
    "wid=500&resMode=bicub",
    "hei=77&op_usm=1,1,2",
    "scl=1&rect=256,512,256,256",
    "scl=1&rect=300,301,207,255",
    "scl=2&rect=64,30,128,128",
    "scl=4&rect=64,30,128,128",
    "scl=2.5&rect=101,33,90,90",
    "crop=211,123,777,555&wid=200",
    "wid=200&rotate=30",
    "wid=200&flip=lrud",
    "wid=200&op_blur=9",
]


@pytest.mark.parametrize("view", [*VIEWS, *(f"{view}&qlt=85&fmt=jpeg" for view in VIEWS[::3])])
@pytest.mark.parametrize("name", ["photo", "even", "gray", "turned", "inks", "writing-jpg"])
def test_replies_from_lossy_levels(from_files: Client, from_levels: Client, name: str, view: str) -> None:
    url = f"{name}?{view}" if "fmt=" in view else f"{name}?{view}&fmt=png"
    one, other = ask(from_files, url), ask(from_levels, url)
    assert fidelity(one, other) >= 46
    assert one.headers["ETag"] != other.headers["ETag"]


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", ["writing", "colors", "alpha", "gray-alpha", "deep", "inks-tif", "turned-tif"])
def test_replies_from_lossless_levels(from_files: Client, from_levels: Client, name: str, view: str) -> None:
    url = f"{name}?{view}&fmt=png-alpha"
    one, other = ask(from_files, url), ask(from_levels, url)
    assert largest_error(one, other) <= 1
    assert one.headers["ETag"] != other.headers["ETag"]


@pytest.mark.parametrize(
    "url",
    [
        "masked?wid=150",
        "masked?wid=150&maskUse=invert",
        "photo?mask=alpha&wid=150",
        "small?layer=1&src=photo&size=300,300&pos=20,20&layer=2&src=alpha&size=200,200&blendMode=mult",
        "small?layer=1&src=is{Co/photo?wid=600&crop=100,100,700,700}&pos=10,10",
        "photo?wid=300&effect=-1&color=200,0,0&op_blur=8&pos=9,9",
        "photo?wid=300&rect=40,40,90,90&op_blur=12&clipPath=M200,200L900,200L900,900L200,900Z",
    ],
)
def test_compositions(from_files: Client, from_levels: Client, url: str) -> None:
    one, other = ask(from_files, f"{url}&fmt=png-alpha"), ask(from_levels, f"{url}&fmt=png-alpha")
    assert fidelity(one, other) >= 46
    assert one.headers["ETag"] != other.headers["ETag"]


TILES = ["0,0,256,256", "256,128,256,256", "17,33,201,99", "512,256,40,200"]


@pytest.mark.parametrize("rect", TILES)
@pytest.mark.parametrize("scale", ["scl=1", "scl=2", "wid=800", "wid=777"])
@pytest.mark.parametrize("name", ["photo", "even", "gray", "writing", "alpha"])
def test_tiles_are_parts_of_the_whole(from_levels: Client, name: str, scale: str, rect: str) -> None:
    """Whether tiles are cut out of a level as they are, or resampled."""
    url = f"{name}?{scale}&fmt=png-alpha"
    left, top, width, height = (int(one) for one in rect.split(","))
    whole, tile = ask(from_levels, url).image, ask(from_levels, f"{url}&rect={rect}").image
    expected = whole.crop((left, top, left + width, top + height))
    counts = ImageChops.difference(expected, tile).histogram()
    assert not any(sum(counts[value::256]) for value in range(2, 256))


PLAIN = [
    "wid=250",
    "scl=2&rect=100,40,256,256",
    "wid=200&hei=300&qlt=91,1",
    "wid=333&resMode=bisharp",
    "crop=8,16,640,320&wid=160",
]


@pytest.mark.parametrize("view", PLAIN)
@pytest.mark.parametrize("name", ["photo", "even", "turned", "writing"])
def test_plain_pictures_are_drawn_as_any_other(from_levels: Client, name: str, view: str) -> None:
    """A layer that does not show makes a picture one that is not plain, and changes nothing else."""
    plain, other = ask(from_levels, f"{name}?{view}"), ask(from_levels, f"{name}?{view}&layer=1&size=1,1&color=9,9,9,0")
    assert plain.headers["ETag"] != other.headers["ETag"]
    assert plain.body == other.body


@pytest.mark.parametrize("use", ["norm", "invert", "off"])
def test_colors_that_alpha_hides_are_not_lost(from_files: Client, from_levels: Client, use: str) -> None:
    url = f"alpha?wid=90&maskUse={use}&fmt=png-alpha"
    assert largest_error(ask(from_files, url), ask(from_levels, url)) <= 1


def test_replies_from_levels_are_always_the_same(from_levels: Client) -> None:
    replies = [ask(from_levels, "photo?wid=321") for _ in range(3)]
    assert len({reply.body for reply in replies}) == len({reply.headers["ETag"] for reply in replies}) == 1


def test_small_source_is_drawn_from_its_file(from_files: Client, from_levels: Client) -> None:
    one, other = ask(from_files, "small?wid=99"), ask(from_levels, "small?wid=99")
    assert (one.body, one.headers["ETag"]) == (other.body, other.headers["ETag"])


def test_white_stays_white(from_files: Client) -> None:
    """Kernels of many small numbers must not add up to less than one."""
    assert ask(from_files, "white.png?wid=20&fmt=png").image.getcolors() == [(300, (255, 255, 255))]


@pytest.mark.parametrize(("frame", "builds"), [(0, True), (1, False), (2, False)])
def test_chosen_frames_want_no_pyramid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, frame: int, builds: bool
) -> None:
    begin = Mock(side_effect=lambda building: building.close())
    monkeypatch.setattr(asyncio, "create_task", begin)
    path, size = tmp_path / "moving.gif", Size(3000, 2000)
    rules = ViewRules(default_size=Size(0, 0), max_size=Size(0, 0), most_pixels=10**12)
    layer = PlannedLayer(0, Source("moving", path), Layer(frame=frame or None))
    picture = Picture((layer,), rules=rules)
    facts = Facts(size, "hash", animation=Animation(3, (40,) * 3, 0))
    Pyramids(Config(state=str(tmp_path))).want(lay_out(picture, {path: facts}))
    assert begin.called is builds
