"""JPEG as it is asked for: no larger than jpegSize=, in as many passes as pscan=, at a print resolution."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from readers import GHOSTSCRIPT, POPPLER, needs_readers, run, told
from serving import Client, serving
from sites import QUIET, write_site

CATALOG = (
    "attributes: {root_path: images, max_pix: [2000, 2000], default_pix: [0, 0]}\nimages: {noise: {path: noise.png}}\n"
)
START_OF_SCAN = b"\xff\xda"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = write_site(tmp_path_factory.mktemp("jpeg"), {"Co": CATALOG})
    noise = [Image.effect_noise((300, 200), 60) for _ in range(3)]
    Image.merge("RGB", noise).save(folder / "catalogs" / "Co" / "images" / "noise.png")
    with serving(folder, environment=QUIET) as running:
        yield running


def size_of(client: Client, commands: str) -> int:
    reply = client.ask(f"/is/image/Co/noise?{commands}")
    assert reply.status == 200, reply.text
    assert reply.image.size == (300, 200)
    return len(reply.body)


def test_no_reply_is_larger_than_asked(client: Client) -> None:
    """The more kilobytes there are, the more are used; none are lost that a better quality would have filled."""
    whole = size_of(client, "qlt=95")
    limits = range(8, whole // 1024 + 1, 9)
    sizes = [size_of(client, f"qlt=95&jpegSize={limit}") for limit in limits]
    assert all(size <= limit * 1024 for size, limit in zip(sizes, limits, strict=True))
    assert sizes == sorted(sizes)
    assert all(size > 0.7 * limit * 1024 for size, limit in zip(sizes, limits, strict=True))
    assert size_of(client, f"qlt=95&jpegSize={whole // 1024 + 1}") == whole
    assert size_of(client, "qlt=95&jpegSize=0") == whole


@pytest.mark.parametrize("form", ["jpeg,gray", "pjpeg", "jpeg,cmyk"])
def test_every_kind_of_jpeg_has_its_size(client: Client, form: str) -> None:
    assert size_of(client, f"fmt={form}&jpegSize=40") <= 40 * 1024 < size_of(client, f"fmt={form}&qlt=100")


def test_what_cannot_be_that_small_is_an_error(client: Client) -> None:
    reply = client.ask("/is/image/Co/noise?jpegSize=1")
    assert reply.status == 403
    smallest = re.fullmatch(r"jpegSize=1: expected at least (\d+), the size at the lowest quality\n", reply.text)
    assert smallest, reply.text
    assert size_of(client, f"jpegSize={smallest[1]}") <= int(smallest[1]) * 1024
    assert client.ask(f"/is/image/Co/noise?jpegSize={int(smallest[1]) - 1}").status == 403


@needs_readers
@pytest.mark.parametrize(("form", "components"), [("pjpeg", 3), ("pjpeg,gray", 1), ("pjpeg,cmyk", 4)])
@pytest.mark.parametrize("passes", [3, 4, 5])
def test_a_picture_appears_in_as_many_passes(client: Client, form: str, components: int, passes: int) -> None:
    """The first pass is one scan, each other one of every component; the pixels are those of `auto`."""
    automatic = client.ask(f"/is/image/Co/noise?fmt={form}&pscan=auto")
    reply = client.ask(f"/is/image/Co/noise?fmt={form}&pscan={passes}")
    assert reply.body.count(START_OF_SCAN) == 1 + (passes - 1) * components
    assert reply.image.info["progressive"]
    assert reply.image.tobytes() == automatic.image.tobytes()


@needs_readers
def test_scans_keep_what_a_picture_carries(client: Client) -> None:
    reply = client.ask("/is/image/Co/noise?fmt=pjpeg&pscan=4&printRes=200&jpegSize=30")
    assert reply.image.info["dpi"] == (200, 200)
    assert len(reply.body) <= 30 * 1024


@pytest.mark.parametrize("commands", ["fmt=png", "fmt=jpeg", "fmt=webp"])
def test_only_progressive_jpeg_has_scans(client: Client, commands: str) -> None:
    whole = client.ask(f"/is/image/Co/noise?{commands}")
    assert client.ask(f"/is/image/Co/noise?{commands}&pscan=3").headers["ETag"] == whole.headers["ETag"]


@needs_readers
@pytest.mark.parametrize("form", ["jpeg", "pjpeg,gray", "png", "png8", "tif", "tif,cmyk,lzw"])
def test_print_resolution_is_embedded(client: Client, tmp_path: Path, form: str) -> None:
    file = tmp_path / "reply"
    file.write_bytes(client.ask(f"/is/image/Co/noise?fmt={form}&printRes=254").body)
    facts = told(file)
    if "PixelsPerUnitX" in facts:  # PNG counts in metres
        assert (facts["PixelsPerUnitX"], facts["PixelsPerUnitY"], facts["PixelUnits"]) == ("10000", "10000", "meters")
    else:
        assert (facts["XResolution"], facts["YResolution"], facts["ResolutionUnit"]) == ("254", "254", "inches")


@needs_readers
@pytest.mark.parametrize("form", ["pdf", "pdf,cmyk,zip", "eps", "eps,gray"])
def test_a_page_is_as_large_as_its_print_resolution_says(client: Client, tmp_path: Path, form: str) -> None:
    """300x200 pixels at 150 dpi are 2 inches wide: 200 pixels at 100 dpi."""
    file = tmp_path / f"reply.{form[:3]}"
    file.write_bytes(client.ask(f"/is/image/Co/noise?fmt={form}&printRes=150").body)
    if form.startswith("pdf"):
        run(POPPLER, "-r", "100", "-png", "-singlefile", file, tmp_path / "page")
        image = (tmp_path / "page.png").read_bytes()
    else:
        options = ["-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-dEPSCrop", "-r100", "-sDEVICE=png16m", "-sOutputFile=-"]
        image = run(GHOSTSCRIPT, *options, file)
        assert b"%%BoundingBox: 0 0 144 96\n" in file.read_bytes()
    assert Image.open(io.BytesIO(image)).size in {(200, 133), (200, 134)}
