"""Pictures that a catalog brings along: watermarks and error images. References: r-watermarks, r-errorimage."""

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


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = write_site(tmp_path_factory.mktemp("marked"), {"Co": CATALOG, "Scaled": SCALED})
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
