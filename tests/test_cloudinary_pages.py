"""Pages and frames in Cloudinary's URLs: which one is seen, and what stays animated."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from cloud import BLUE, GREEN, LONG, RED, api, cloud, fetch, uploader
from PIL import Image
from serving import Client

COLORS = (RED, BLUE, GREEN)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A cloud with an animation, and with a file of several pages."""
    with cloud(tmp_path_factory.mktemp("cloud")) as client:
        for name, form in (("moving", "GIF"), ("paged", "TIFF")):
            stream = io.BytesIO()
            first, *more = [Image.new("RGB", (60, 40), color) for color in COLORS]
            first.save(stream, form, save_all=True, append_images=more)
            told = uploader.upload(stream.getvalue(), public_id=name)
            assert (told["pages"], told["width"]) == (3, 60)
        yield client


@pytest.mark.parametrize(
    ("url", "color"),
    [
        ("pg_1,w_30/moving.png", RED),
        ("pg_3/moving.png", GREEN),
        ("pg_2,c_fill,w_10,h_10/moving.webp", BLUE),
        ("w_30/o_100/pg_2/moving.gif", BLUE),
        ("pg_2/paged.png", BLUE),
        ("pg_3,w_30/paged.jpg", GREEN),
        ("if_pc_eq_3,w_10/paged.png", RED),
        ("l_moving,pg_3/fl_layer_apply/here.png", GREEN),
        ("l_moving/pg_2,w_60/fl_layer_apply/here.png", BLUE),
        ("fl_clip,pg_2/moving.png", RED),
    ],
)
def test_one_page_is_seen(client: Client, url: str, color: tuple[int, int, int]) -> None:
    reply = client.ask(f"/demo/image/upload/{url}")
    assert reply.status == 200, reply.headers
    seen = reply.image.convert("RGB")
    middle = seen.getpixel((seen.width // 2, seen.height // 2))
    assert isinstance(middle, tuple)
    assert max(abs(one - other) for one, other in zip(middle, color, strict=True)) < 12
    assert getattr(reply.image, "n_frames", 1) == 1


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("pg_4/moving", "Invalid page in transformation: 4: the image has 3"),
        ("pg_0/paged", "Invalid page in transformation: 0: the image has 3"),
        ("pg_2/here", "Invalid page in transformation: 2: the image has 1"),
        ("pg_1-2/paged", "Invalid page in transformation: 1-2"),
        ("l_moving,pg_9/fl_layer_apply/here", "Invalid page in transformation: 9: the image has 3"),
        ("if_w_gt_1/pg_2/if_end/moving", "parameter pg is not supported under conditions"),
        ("e_trim/pg_2/moving", "Effect trim and background auto are for the first page"),
        ("b_auto,c_pad,h_90,pg_2,w_90/moving", "Effect trim and background auto are for the first page"),
        ("if_w_gt_1,pg_2/moving", "parameter pg is not supported under conditions"),
    ],
)
def test_a_page_that_cannot_be_seen(client: Client, url: str, text: str) -> None:
    reply = client.ask(f"/demo/image/upload/{url}")
    assert (reply.status, text in reply.headers["X-Cld-Error"]) == (400, True), reply.headers


@pytest.mark.parametrize(
    ("url", "accept", "kind", "count"),
    [
        ("w_30/moving", "", "gif", 3),
        ("fl_animated,w_30/moving.webp", "", "webp", 3),
        ("fl_awebp,f_webp,w_30/moving", "", "webp", 3),
        ("fl_awebp,w_30/moving.png", "", "png", 1),
        ("f_auto,w_30/moving", "image/avif,image/webp", "webp", 3),
        ("f_auto,w_30/moving", "image/avif", "gif", 3),
        ("f_auto,pg_2,w_30/moving", "image/avif", "avif", 1),
        ("f_auto,w_30/paged", "image/avif", "avif", 1),
    ],
)
def test_what_stays_animated(client: Client, url: str, accept: str, kind: str, count: int) -> None:
    reply = client.ask(f"/demo/image/upload/{url}", headers={"Accept": accept})
    assert (reply.headers["Content-Type"], getattr(reply.image, "n_frames", 1)) == (f"image/{kind}", count)


def test_a_page_may_be_kept_as_long_as_its_file(client: Client) -> None:
    api.create_transformation("second", "pg_2,w_9")
    assert client.ask("/demo/image/upload/t_second/moving.png").image.convert("RGB").getpixel((5, 5)) == BLUE
    told = uploader.explicit("moving", type="upload", eager="pg_2,w_9/png")
    assert fetch(client, told["eager"][0]["url"]).image.convert("RGB").getpixel((5, 5)) == BLUE
    assert fetch(client, told["url"].replace("/upload/", "/upload/pg_2/")).headers["Cache-Control"] == LONG
    assert client.ask("/is/image/Co/moving?frame=2&fmt=png").image.convert("RGB").getpixel((5, 5)) == BLUE
