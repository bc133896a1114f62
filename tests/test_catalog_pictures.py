"""Pictures that a catalog brings along: watermarks, error images, default images; and how it masks effects.

References: r-watermarks, r-errorimage, r-is-http-defaultimage, r-effectmask.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from serving import Client, serving
from sites import QUIET, write_site

CATALOG = """
attributes: {root_path: images, watermark: mark, error_image: oops, max_pix: [0, 0]}
images:
  grid: {path: grid.png}
  mark: {modifier: "color=000000&size=10,6&opac=50&align=1,-1"}
  oops: {modifier: "color=ff00ff&size=64,32&fmt=png"}
"""
SCALED = """
attributes: {root_path: images, watermark: mark, error_image: oops/none}
images:
  grid: {path: grid.png}
  mark: {path: grid.png, modifier: "sizeN=0.5,0.5&op_invert=1&align=-1,1&wid=7"}
"""
PLAIN = """
attributes: {root_path: images}
images:
  grid: {path: grid.png}
"""
EVERYWHERE = """
attributes: {watermark: mark, root_path: Co/images}
images:
  mark: {path: ../../Co/images/grid.png, modifier: "size=10,0&op_invert=1&align=-1,-1"}
"""
DEFAULT = """
attributes: {{root_path: images, watermark: null, apply_effect_mask: 0,
             default_image: instead, default_image_mode: {mode}}}
images:
  grid: {{path: grid.png}}
  instead: {{path: grid.png, modifier: "op_invert=1"}}
"""
VEIL = "layer=0&size=40,30&color=ffffff&layer=1&size=20,10&color=00ff00&opac=100,0&effect=-1&color=ff0000&op_grow=2"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = write_site(tmp_path_factory.mktemp("marked"), {"Co": CATALOG, "Scaled": SCALED, "Plain": PLAIN})
    for mode in (0, 1):
        write_site(folder, {f"Mode{mode}": DEFAULT.format(mode=mode)})
    (folder / "catalogs" / "default.yaml").write_text(EVERYWHERE)
    with serving(folder, environment=QUIET) as running:
        yield running


def pixel(client: Client, url: str, x: int, y: int) -> tuple[int, ...]:
    found = client.ask(f"/is/image/{url}").image.convert("RGBA").getpixel((x, y))
    assert isinstance(found, tuple)
    return found


def test_watermark_is_aligned_and_fades(client: Client) -> None:
    whole = "Co/grid?scl=1&fmt=png"
    red, green, blue, alpha = pixel(client, whole, 39, 0)
    assert (red, blue, alpha) == (0, 0, 255)
    assert abs(green - 127.5) <= 1
    assert pixel(client, whole, 29, 0) == pixel(client, whole, 39, 6) == (0, 255, 0, 255)
    assert pixel(client, whole, 0, 0) == (255, 0, 0, 255)
    assert pixel(client, whole, 30, 5) == pixel(client, whole, 39, 0)  # it is 10x6, all of it
    assert pixel(client, whole, 30, 6) == (0, 255, 0, 255)


def test_watermark_of_the_default_catalog_is_on_all_images(client: Client) -> None:
    whole = "Plain/grid?scl=1&fmt=png"
    assert pixel(client, whole, 2, 2) == pytest.approx((0, 255, 255, 255), abs=3)  # the inverse of red, at the top left
    assert pixel(client, whole, 12, 2) == pixel(client, whole, 2, 10) == (255, 0, 0, 255)
    assert pixel(client, "Mode0/grid?scl=1&fmt=png", 2, 2) == (255, 0, 0, 255)  # a catalog may want none


def test_watermark_is_laid_on_once(client: Client) -> None:
    for url in ("Co?src=is{Co/grid}&scl=1&fmt=png", "Co/grid?layer=1&src=is{Co/grid}&scl=1&fmt=png"):
        assert pixel(client, url, 39, 0) == pixel(client, "Co/grid?scl=1&fmt=png", 39, 0)


def test_tiles_of_a_watermarked_image(client: Client) -> None:
    for view in ("scl=1", "wid=27", "wid=90&hei=90&fit=fit,1"):
        whole = client.ask(f"/is/image/Co/grid?{view}&fmt=png").image
        tile = client.ask(f"/is/image/Co/grid?{view}&rect=13,2,12,9&fmt=png").image
        assert tile.tobytes() == whole.crop((13, 2, 25, 11)).tobytes()


def test_watermark_lies_on_the_image_and_not_on_its_margins(client: Client) -> None:
    padded = "Co/grid?wid=60&hei=30&fmt=png"
    assert pixel(client, padded, 59, 0) == (255, 255, 255, 255)
    assert pixel(client, padded, 49, 0) == pixel(client, "Co/grid?scl=1&fmt=png", 39, 0)


def test_watermark_is_scaled_by_the_image(client: Client) -> None:
    width, height = client.ask("/is/image/Scaled/grid?scl=1&fmt=png").image.size
    assert pixel(client, "Scaled/grid?scl=1&fmt=png", 2, height - 3) == (255, 255, 0, 255)  # the inverse of blue
    assert pixel(client, "Scaled/grid?scl=1&fmt=png", 2, height // 2 - 3) == (255, 0, 0, 255)
    assert pixel(client, "Scaled/grid?scl=1&fmt=png", width // 2 + 2, height - 3) == (255, 255, 0, 255)


def test_thumbnails_have_no_watermark(client: Client) -> None:
    assert pixel(client, "Co/grid?req=tmb&wid=40&hei=30&fmt=png", 39, 0) == (0, 255, 0, 255)


@pytest.mark.parametrize("url", ["Co/nothing", "Co/grid?wid=abc", "Co/grid?layer=1", "Co/grid?req=tmb&fit=fit&wid=3"])
def test_error_image_is_sent_instead_of_a_text(client: Client, url: str) -> None:
    reply = client.ask(f"/is/image/{url}")
    assert (reply.status, reply.headers["Content-Type"], reply.image.size) == (200, "image/png", (64, 32))
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["X-Error"]


@pytest.mark.parametrize("url", ["Co/nothing?req=props", "Co/grid?req=props,json&wid=abc", "Scaled/nothing"])
def test_text_is_sent_where_no_picture_was_asked_for_or_there_is_none(client: Client, url: str) -> None:
    reply = client.ask(f"/is/image/{url}")
    assert reply.status == 403
    assert reply.headers["Content-Type"].startswith("text/")


@pytest.mark.parametrize(
    ("url", "size", "pixels"),
    [
        ("Mode0/grid?layer=1&src=Mode0/none&size=20,0", (40, 30), {(2, 2): (0, 255, 255), (35, 25): (0, 0, 255)}),
        ("Mode1/grid?layer=1&src=Mode1/none&size=20,0", (40, 30), {(2, 2): (255, 0, 0), (12, 10): (0, 255, 255)}),
        ("Mode1/grid?layer=1&src=is{Mode1/none?wid=20}", (40, 30), {(2, 2): (255, 0, 0), (12, 10): (0, 255, 255)}),
        ("Mode1/none?layer=1&size=10,10&color=000000", (40, 30), {(2, 2): (0, 255, 255), (20, 15): (0, 0, 0)}),
        ("Mode1/none?rotate=90", (30, 40), {(2, 2): (255, 255, 0)}),
        ("Mode0/none?layer=1&size=10,10&color=000000", (40, 30), {(2, 2): (0, 255, 255), (20, 15): (0, 0, 255)}),
        ("Mode0/none?rotate=90&wid=20", (20, 15), {(2, 2): (0, 255, 255)}),
        ("Mode1/grid?layer=1&src=Mode1/none&defaultImage=Mode1/grid&size=20,0", (40, 30), {(12, 10): (255, 0, 0)}),
    ],
)
def test_default_image(
    client: Client, url: str, size: tuple[int, int], pixels: dict[tuple[int, int], tuple[int, int, int]]
) -> None:
    """It stands for the whole request (mode 0) or for the one image that is missing (mode 1)."""
    reply = client.ask(f"/is/image/{url}&fmt=png")
    assert reply.status == 200, reply.text
    assert reply.headers["X-Default-Image"] == "1"
    assert reply.image.size == size
    for place, color in pixels.items():
        assert reply.image.convert("RGB").getpixel(place) == color, place


@pytest.mark.parametrize(
    "url", ["Mode1/grid?layer=1&src=Mode1/none&defaultImage=", "Mode1/none?defaultImage=Mode1/none"]
)
def test_no_default_image(client: Client, url: str) -> None:
    reply = client.ask(f"/is/image/Mode1/{url}")
    assert reply.status == 403
    assert "X-Default-Image" not in reply.headers


def test_effects_are_cut_out_as_the_catalog_says(client: Client) -> None:
    """attribute::ApplyEffectMask is what `effectMask=` overrides."""
    assert pixel(client, f"Mode0?{VEIL}&fmt=png", 20, 15) == (255, 0, 0, 255)
    assert pixel(client, f"Mode0?{VEIL}&effectMask=1&fmt=png", 20, 15) == (255, 255, 255, 255)
    assert pixel(client, f"Plain?{VEIL}&pos=0,9&fmt=png", 20, 15) == (255, 255, 255, 255)
