"""Animated sources: their frames, durations and plays in replies that can hold them, the first frame in all others."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pyvips
from conftest import QUIET
from PIL import Image, ImageChops, ImageDraw
from serving import Client, Reply, serving

from imageserver.render.built_in_profiles import built_in_bytes
from imageserver.render.encoders.moving import in_ticks

SIZE = (40, 30)
COLORS = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0))
DURATIONS = [100, 50, 0, 320]
CATALOG = """
attributes: {root_path: ., max_pix: [4000, 4000], bkg_color: '101010'}
images:
  masked: {path: moving.gif, mask_path: mask.png}
  overlaid: {path: moving.gif, modifier: "layer=1&src=frame-0.png"}
"""
PLAYS = {"moving.gif": 3, "once.gif": 1, "through.gif": 0, "moving.webp": 2, "moving.png": 5, "apart.png": 5}


def frames(*, through: bool, count: int = 4) -> list[Image.Image]:
    """A bar that jumps from left to right and changes its colour, over gray or over nothing."""
    made = []
    for number in range(count):
        frame = Image.new("RGBA", SIZE, (0, 0, 0, 0) if through else (120, 120, 120, 255))
        left = number % 4 * 10
        ImageDraw.Draw(frame).rectangle((left, 5, left + 9, 24), fill=COLORS[number % 4])
        made.append(frame)
    return made


def save(path: Path, made: list[Image.Image], **options: Any) -> None:  # noqa: ANN401, what Pillow's writers take
    """Write an animation."""
    made[0].save(path, save_all=True, append_images=made[1:], **{"duration": DURATIONS, **options})


def make(folder: Path) -> None:
    """Write the sources, and each frame as a picture of its own."""
    folder.mkdir(parents=True)
    plain, through = frames(through=False), frames(through=True)
    for number in range(4):
        plain[number].convert("RGB").save(folder / f"frame-{number}.png")
        through[number].save(folder / f"through-{number}.png")
    save(folder / "moving.gif", plain, loop=2)
    save(folder / "once.gif", plain)
    save(folder / "through.gif", through, loop=0, disposal=2)
    save(folder / "moving.webp", through, loop=2, lossless=True)
    save(folder / "moving.png", through, loop=5)
    apart = Image.new("RGBA", SIZE, (9, 9, 9, 255))
    save(folder / "apart.png", [apart, *through], loop=5, default_image=True)
    save(folder / "long.gif", frames(through=False, count=9), duration=100)
    save(folder / "large.gif", [one.resize((200, 200)) for one in frames(through=False)])
    first, *pages = frames(through=True, count=3)
    first.save(folder / "pages.tif", save_all=True, append_images=[*pages, first.resize((20, 15))])
    Image.linear_gradient("L").resize(SIZE).save(folder / "mask.png")
    exif = Image.Exif()
    exif[0x0112] = 6
    save(folder / "turned.webp", plain, lossless=True, exif=exif, icc_profile=built_in_bytes("DisplayP3"), xmp=b"<x/>")
    for name, kept in (("moving.gif", 0.7), ("moving.png", 0.8)):
        data = (folder / name).read_bytes()
        (folder / f"cut-{name}").write_bytes(data[: int(len(data) * kept)])
    still = (folder / "frame-0.png").read_bytes()
    (folder / "cut-still.png").write_bytes(still[: still.index(b"IDAT") + 12])
    whole = (folder / "moving.gif").read_bytes()
    third = [match.start() for match in re.finditer(rb"!\xf9\x04", whole)][2]
    (folder / "parted.gif").write_bytes(whole[:third] + b"\x01" + whole[third:])  # libvips reads no further
    whole = (folder / "moving.webp").read_bytes()
    place = whole.rindex(b"VP8L") + 13
    (folder / "damaged.webp").write_bytes(whole[:place] + bytes(255 - byte for byte in whole[place:]))
    (folder / "catalog.yaml").write_text(CATALOG)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("animations")
    make(folder / "catalogs" / "A")
    still = folder / "catalogs" / "B"
    still.mkdir()
    (still / "catalog.yaml").write_text("attributes: {root_path: ../A, animation: 0}\n")
    marked = folder / "catalogs" / "M"
    marked.mkdir()
    mark = "mark: {modifier: 'size=4,4&color=ffffff&align=-1,-1'}"
    (marked / "catalog.yaml").write_text(f"attributes: {{root_path: ../A, watermark: mark}}\nimages: {{{mark}}}\n")
    limits = {"IMAGESERVER_LIMITS__FRAMES": "8", "IMAGESERVER_LIMITS__ANIMATION_PIXELS": "40000"}
    with serving(folder, environment={**QUIET, **limits}) as running:
        yield running


def read(reply: Reply) -> tuple[list[Image.Image], list[int], int]:
    """Frames, durations and plays of a reply, as libvips reads them."""
    assert reply.status == 200, reply.text
    every = {} if reply.headers["Content-Type"] == "image/png" else {"n": -1}
    strip = pyvips.Image.new_from_buffer(reply.body, "", **every).colourspace("srgb")
    strip = strip if strip.hasalpha() else strip.bandjoin(255)
    fields = set(strip.get_fields())
    height = strip.get("page-height") if "page-height" in fields else strip.height
    found = [
        Image.frombytes("RGBA", (strip.width, height), bytes(strip.crop(0, top, strip.width, height).write_to_memory()))
        for top in range(0, strip.height, height)
    ]
    return found, strip.get("delay") if "delay" in fields else [], strip.get("loop") if "loop" in fields else 0


def seen(image: Image.Image) -> Image.Image:
    """The picture over gray, as colours that are hidden by alpha need not be kept."""
    ground = Image.new("RGBA", image.size, (128, 128, 128, 255))
    return Image.alpha_composite(ground, image.convert("RGBA"))


def differ(one: Image.Image, other: Image.Image) -> int:
    """The largest difference of two pictures of one size, over gray and in their alpha."""
    assert one.size == other.size
    shown = ImageChops.difference(seen(one).convert("RGB"), seen(other).convert("RGB"))
    hidden = ImageChops.difference(one.getchannel("A"), other.convert("RGBA").getchannel("A"))
    most: int = max(*shown.tobytes(), *hidden.tobytes())
    return most


@pytest.mark.parametrize("source", PLAYS)
@pytest.mark.parametrize("fmt", ["gif", "gif-alpha", "webp,,lossless", "webp-alpha,,lossless"])
def test_frames_are_kept_with_their_durations(client: Client, source: str, fmt: str) -> None:
    reply = client.ask(f"/is/image/A/{source}?fmt={fmt}")
    found, durations, plays = read(reply)
    expected = frames(through=source not in {"moving.gif", "once.gif"})
    if "alpha" not in fmt:
        ground = Image.new("RGBA", SIZE, (16, 16, 16, 255))
        expected = [Image.alpha_composite(ground, one) for one in expected]
    assert [differ(one, other) for one, other in zip(found, expected, strict=True)] == [0] * 4
    assert (durations, plays) == (DURATIONS, PLAYS[source])
    assert reply.headers["Content-Type"] == f"image/{fmt[:4].strip('-')}"


@pytest.mark.parametrize(
    ("source", "commands"),
    [
        ("moving.gif", "wid=20"),
        ("moving.gif", "wid=30&hei=30&bgc=00ff00"),
        ("moving.gif", "rect=10,0,25,20"),
        ("moving.gif", "rotate=30"),
        ("moving.gif", "op_invert=1"),
        ("moving.gif", "req=tmb&wid=20"),
        ("moving.gif", "resMode=bisharp&wid=13"),
        ("moving.webp", "hei=60&fit=fit,1"),
        ("moving.webp", "scl=2"),
        ("moving.webp", "wid=30&hei=30&fit=crop,1"),
        ("moving.webp", "crop=5,5,20,20"),
        ("moving.webp", "rgn=4,4,30,20"),
        ("moving.webp", "flip=lrud"),
        ("moving.webp", "rotate=90&size=17,17"),
        ("moving.webp", "extend=3,3,3,3&bgColor=0000ff"),
        ("moving.webp", "op_blur=4&op_brightness=10&op_usm=1,2,3"),
        ("moving.webp", "effect=-1&pos=2,2&op_blur=2&color=ff00ff"),
        ("moving.webp", "mask=mask.png"),
        ("moving.webp", "req=tile&rect=8,8,16,16"),
    ],
)
def test_each_frame_is_drawn_as_a_picture_of_its_own(client: Client, source: str, commands: str) -> None:
    still = "frame" if source == "moving.gif" else "through"
    found, _, _ = read(client.ask(f"/is/image/A/{source}?{commands}&fmt=webp-alpha,,lossless"))
    alone = [client.ask(f"/is/image/A/{still}-{number}.png?{commands}&fmt=png-alpha").image for number in range(4)]
    assert [differ(one, other) <= 1 for one, other in zip(found, alone, strict=True)] == [True] * 4


def test_the_first_frame_decides_what_is_seen_of_all(client: Client) -> None:
    found, _, _ = read(
        client.ask("/is/image/A/moving.gif?wid=40&hei=10&fit=crop,1&focus=entropy&fmt=webp-alpha,,lossless")
    )
    whole = [Image.open(client.folder / f"catalogs/A/frame-{number}.png").convert("RGBA") for number in range(4)]
    boxes = [(0, top, whole[0].width, top + 10) for top in range(whole[0].height - 9)]
    assert any(
        all(differ(one, all_of.crop(box)) <= 1 for one, all_of in zip(found, whole, strict=True)) for box in boxes
    )


@pytest.mark.parametrize(
    ("url", "pixels"),
    [
        ("A/moving.gif?fmt=png", "frame"),
        ("A/moving.png?fmt=png-alpha", "through"),
        ("A/moving.gif?fmt=gif&layer=1&src=mask.png&opac=0", "frame"),
        ("A/overlaid?fmt=gif", "frame"),
        ("A?src=is{A/moving.gif}&fmt=gif", "frame"),
        ("B/moving.gif?fmt=gif", "frame"),
        ("B/moving.webp?fmt=webp-alpha,,lossless", "through"),
    ],
)
def test_the_first_frame_elsewhere(client: Client, url: str, pixels: str) -> None:
    found, _, _ = read(client.ask(f"/is/image/{url}"))
    expected = Image.open(client.folder / f"catalogs/A/{pixels}-0.png")
    assert [differ(one, expected) for one in found] == [0]


@pytest.mark.parametrize(
    ("url", "pixels"),
    [
        ("A/moving.gif?frame=1&fmt=webp,,lossless", "frame-0"),
        ("A/moving.gif?frame=4&fmt=gif", "frame-3"),
        ("A/moving.webp?frame=3&fmt=png-alpha", "through-2"),
        ("A/moving.png?frame=2&fmt=png-alpha", "through-1"),
        ("A/apart.png?frame=1&fmt=png-alpha", "through-0"),
        ("A/through.gif?frame=3&fmt=png-alpha", "through-2"),
        ("B/moving.gif?frame=2&fmt=png", "frame-1"),
        ("A?src=is{A/moving.gif?frame=2}&fmt=gif", "frame-1"),
        ("A/frame-2.png?layer=1&src=moving.gif&frame=4&fmt=png", "frame-3"),
        ("A/pages.tif?frame=1&fmt=png-alpha", "through-0"),
        ("A/pages.tif?frame=3&fmt=png-alpha", "through-2"),
        ("A/frame-1.png?frame=1&fmt=png", "frame-1"),
    ],
)
def test_one_frame_or_page_as_a_still(client: Client, url: str, pixels: str) -> None:
    found, _, _ = read(client.ask(f"/is/image/{url}"))
    assert [differ(one, Image.open(client.folder / f"catalogs/A/{pixels}.png")) for one in found] == [0]
    smaller = [client.ask(f"/is/image/{one}&wid=9&fmt=png-alpha") for one in (url, f"A/{pixels}.png?wid=9")]
    assert differ(smaller[0].image, smaller[1].image) <= 1


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("moving.gif?frame=5", "frame=5: expected 1 to 4"),
        ("moving.gif?frame=0", "frame=0: expected"),
        ("pages.tif?frame=4", "frame=4: expected 1 to 3"),
        ("frame-0.png?frame=2", "frame=2: expected 1, as there"),
        ("frame-0.png?layer=1&color=ff0000&size=9,9&frame=2", "frame=2: expected 1, as there"),
        ("frame-0.png?layer=1&src=is{A/moving.gif?frame=5}", "frame=5: expected 1 to 4"),
        ("frame-0.png?layer=1&src=is{A/moving.gif}&frame=2", "frame=2: expected 1, as there"),
        ("long.gif?frame=2", "limits.frames: 9 is more than the 8 allowed"),
        ("large.gif?frame=2", "limits.animation_pixels: 80000 is more than the 40000 allowed"),
        ("cut-moving.png?frame=4", "frame 4 cannot be read"),
        ("moving.png?frame=2&layer=1&src=cut-still.png", "source 'cut-still.png' cannot be read"),
    ],
)
def test_a_frame_that_cannot_be_shown(client: Client, url: str, told: str) -> None:
    reply = client.ask(f"/is/image/A/{url}")
    assert (reply.status, told in reply.text) == (403, True), reply.text


def test_a_mask_does_not_move(client: Client) -> None:
    found, _, _ = read(client.ask("/is/image/A/moving.webp?req=mask&fmt=gif"))
    assert len(found) == 1


def test_a_picture_asked_for_as_jpeg_does_not_move_in_a_better_format(client: Client) -> None:
    reply = client.ask("/is/image/A/moving.gif?bfc=on", headers={"Accept": "image/webp"})
    assert reply.headers["Content-Type"] == "image/webp"
    assert len(read(reply)[0]) == 1


def test_a_mask_of_its_record_lies_over_each_frame(client: Client) -> None:
    found, _, _ = read(client.ask("/is/image/A/masked?fmt=webp-alpha,,lossless"))
    mask = Image.open(client.folder / "catalogs/A/mask.png")
    assert [one.getchannel("A").tobytes() == mask.tobytes() for one in found] == [True] * 4


def test_orientation_profile_and_packet_hold_for_all_frames(client: Client) -> None:
    reply = client.ask("/is/image/A/turned.webp?fmt=webp,,lossless&icc=sRGB&iccEmbed=1&xmpEmbed=1")
    found, _, _ = read(reply)
    assert found[0].size == (30, 40)
    assert found[1].getpixel((15, 15)) == (0, 255, 0, 255)  # the green of Display P3 is outside of sRGB
    assert found[1].getpixel((15, 25)) == (120, 120, 120, 255)
    assert reply.image.info["icc_profile"] == built_in_bytes("sRGB")
    assert reply.image.info["xmp"] == b"<x/>"


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("long.gif?fmt=gif", "limits.frames: 9 is more than the 8 allowed"),
        ("moving.gif?fmt=webp&wid=120&fit=fit,1", "limits.animation_pixels: 43200 is more than the 40000 allowed"),
    ],
)
def test_limits(client: Client, url: str, told: str) -> None:
    reply = client.ask(f"/is/image/A/{url}")
    assert (reply.status, told in reply.text) == (403, True)
    assert client.ask(f"/is/image/A/{url}&fmt=png").status == 200


@pytest.mark.parametrize("source", ["cut-moving.gif", "parted.gif", "cut-moving.png", "damaged.webp"])
def test_a_broken_frame_is_an_error_and_not_half_an_animation(client: Client, source: str) -> None:
    for fmt in ("gif", "webp"):
        reply = client.ask(f"/is/image/A/{source}?fmt={fmt}")
        assert (reply.status, source in reply.text) == (403, True), reply.text


def test_a_frame_that_is_not_shown_may_be_broken(client: Client) -> None:
    assert client.ask("/is/image/A/cut-moving.gif?fmt=png").image.size == SIZE


def test_a_shorter_source_makes_another_reply(client: Client) -> None:
    path = client.folder / "catalogs/A/changing.gif"
    save(path, frames(through=False), loop=0)
    before = client.ask("/is/image/A/changing.gif?fmt=gif")
    save(path, frames(through=False), loop=0, duration=90)
    after = client.ask("/is/image/A/changing.gif?fmt=gif")
    assert before.headers["ETag"] != after.headers["ETag"]
    assert read(after)[1] == [90] * 4
    told = client.ask("/is/image/A/changing.gif?fmt=gif&req=props").text
    assert f"image.length={len(after.body)}\n" in told


def in_turn(count: int, catalog: str = "A", source: str = "frame-{}.png") -> str:
    layers = "".join(f"&layer={number + 1}&src={source.format(number % 4)}" for number in range(count))
    return f"/is/image/{catalog}?size=40,30&color=000000&hide=1{layers}&layer=comp"


@pytest.mark.parametrize("fmt", ["gif", "webp-alpha,,lossless"])
def test_layers_are_shown_in_turn(client: Client, fmt: str) -> None:
    found, durations, plays = read(client.ask(f"{in_turn(4)}&animate=70,3&fmt={fmt}"))
    assert [differ(one, other) for one, other in zip(found, frames(through=False), strict=True)] == [0] * 4
    assert (durations, plays) == ([70] * 4, 3)
    assert read(client.ask(f"{in_turn(4)}&animate=70&fmt={fmt}"))[2] == 0
    inverted, _, _ = read(client.ask(f"{in_turn(3, source='is{{A/through-{}.png}}')}&op_invert=1&animate=9&fmt={fmt}"))
    for number, one in enumerate(inverted):
        shown = tuple(255 - band for band in COLORS[number])
        assert one.getpixel((number * 10 + 5, 15)) == (*shown, 255)


@pytest.mark.parametrize(
    ("catalog", "commands"),
    [("A", "fmt=png"), ("A", "fmt=jpeg,gray"), ("A", "fmt=gif&req=mask"), ("B", "fmt=gif")],
)
def test_only_the_first_has_its_turn_where_nothing_moves(client: Client, catalog: str, commands: str) -> None:
    reply = client.ask(f"{in_turn(3, catalog)}&animate=70&{commands}")
    assert (reply.status, reply.body) == (200, client.ask(f"{in_turn(1, catalog)}&{commands}").body)


def test_the_first_that_has_its_turn_decides_what_is_seen_of_all(client: Client) -> None:
    layers = "&layer=1&src=frame-0.png&pos=0,-45&layer=2&src=frame-1.png&pos=0,45&layer=3&src=frame-2.png&pos=0,35"
    url = f"/is/image/A?size=40,120&color=787878{layers}&layer=comp&wid=40&hei=40&fit=crop,1&focus=entropy&animate=70"
    found, _, _ = read(client.ask(f"{url}&fmt=webp,,lossless"))
    assert found[0].getcolors() != [(1600, (120, 120, 120, 255))]
    assert differ(found[0], client.ask(f"{url}&fmt=png").image.convert("RGBA")) == 0


def test_layers_in_a_request_within_another_have_no_turn(client: Client) -> None:
    nested = in_turn(3).removeprefix("/is/image/")
    asked = [client.ask(f"/is/image/A?src=is{{{nested}{more}}}&fmt=gif").body for more in ("&animate=70", "")]
    assert asked[0] == asked[1]


def test_each_layer_that_has_its_turn_is_watermarked(client: Client) -> None:
    found, _, _ = read(client.ask(f"{in_turn(3, 'M')}&animate=70&fmt=webp,,lossless"))
    expected = frames(through=False, count=3)
    for one in expected:
        one.paste((255, 255, 255, 255), (0, 0, 4, 4))
    assert [differ(one, other) for one, other in zip(found, expected, strict=True)] == [0] * 3


def test_layers_are_pages(client: Client) -> None:
    for catalog in ("A", "B"):
        body = client.ask(f"{in_turn(3, catalog)}&animate=70&fmt=pdf,,zip&icc=sRGB&iccEmbed=1").body
        streams = re.findall(rb"/FlateDecode >>\nstream\n(.*?)\nendstream", body, re.DOTALL)
        pages = [Image.frombytes("RGB", SIZE, zlib.decompress(one)) for one in streams]
        assert [one.getpixel((number * 10 + 5, 15)) for number, one in enumerate(pages)] == list(COLORS[:3])
        places = [body.index(b"\n%d 0 obj" % number) + 1 for number in range(1, 13)]
        assert body[body.index(b"xref\n0 13\n") :].count(b" 00000 n ") == len(places)
        assert all(b"%010d 00000 n" % place in body for place in places)
        assert re.findall(rb"ICCBased (\d+)", body) == [b"12"] * 3
        assert b"/Kids [3 0 R 6 0 R 9 0 R] /Count 3" in body


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (f"{in_turn(9)}&animate=9&fmt=gif", "limits.frames: 9 is more than the 8 allowed"),
        (f"{in_turn(9)}&animate=9&fmt=pdf", "limits.frames: 9 is more than the 8 allowed"),
        (f"{in_turn(8)}&animate=9&fmt=webp&wid=120&fit=fit,1", "limits.animation_pixels: 86400 is more than the 40000"),
        (f"{in_turn(2)}&animate=0&fmt=gif", "animate=0: expected delay[,plays] with delay an integer from 1 to 600000"),
    ],
)
def test_limits_of_layers_that_have_their_turn(client: Client, url: str, told: str) -> None:
    reply = client.ask(url)
    assert (reply.status, told in reply.text) == (403, True), reply.text


@pytest.mark.parametrize(
    ("durations", "ticks"),
    [([100, 50], [10, 5]), ([33, 33, 34], [3, 4, 3]), ([4, 4, 4], [0, 1, 0]), ([10**6], [65535])],
)
def test_frames_begin_on_time_in_hundredths_of_a_second(durations: list[int], ticks: list[int]) -> None:
    assert list(in_ticks(durations)) == ticks
