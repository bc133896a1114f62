"""Icons: which of the pictures in a file is shown, and what is no icon."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping

import pytest
from PIL import Image
from serving import Client, serving
from test_formats_in import (
    ALPHAS,
    CAN_WRITE,
    COLORS,
    EXACT,
    EXPECTED,
    LOSSY,
    PALETTE,
    PLACES,
    SIZE,
    Color,
    Make,
    by_magick,
    by_pillow,
    by_vips,
    color_at,
    few_bits,
    sixteen,
)
from written import ico, icon

OPAQUE, HALF = [bytes(6)] * SIZE[1], [b"\xff" * 6] * 16 + [bytes(6)] * 16
"""Masks: what has a bit is not there."""


def small(form: str = "PNG", mode: str = "RGB") -> bytes:
    """A red picture of 20 x 20."""
    file = io.BytesIO()
    Image.new("RGB", (20, 20), "red").convert(mode).save(file, form)
    return file.getvalue()


ICONS: Mapping[str, Make] = {
    "rgba.ico": by_pillow("rgba", "ICO", sizes=[SIZE]),
    "rgba-32.ico": by_pillow("rgba", "ICO", sizes=[SIZE], bitmap_format="bmp"),
    **({"magick.ico": by_magick("rgba", ".ico")} if CAN_WRITE else {}),
    "24.ico": lambda: ico(icon(rows_of_24(), SIZE, 24, HALF)),
    "4.ico": lambda: ico(icon(few_bits(4), SIZE, 4, HALF, behind=PALETTE)),
    "555.ico": lambda: ico(icon(sixteen((5, 5, 5)), SIZE, 16, HALF)),
    "indexed-png.ico": lambda: ico(by_pillow("indexed", "PNG")()),
    "gray.ico": lambda: ico(by_pillow("gray", "PNG")()),
    "deep.ico": lambda: ico(by_vips("rgb", ".png", deep=True)()),
    "largest.ico": lambda: ico(small(), by_pillow("rgb", "PNG")(), small(), sides=(0, 0)),
    "most-colours.ico": lambda: ico(
        icon([bytes(6)] * 32, SIZE, 1, OPAQUE, behind=bytes(8)), icon(rows_of_24(), SIZE, 24, OPAQUE)
    ),
    "larger-than-said.ico": lambda: ico(by_vips("rgb", ".png")(), sides=(9, 9)),
    "cursor.ico": lambda: ico(small(), kind=2),
    "no-icons.ico": ico,
    "jpeg.ico": lambda: ico(small("JPEG")),
    "next-is-cut.ico": lambda: ico(small(), by_pillow("rgb", "PNG")())[:-9],
}


def rows_of_24() -> list[bytes]:
    return [b"".join(bytes(color_at(x, y)[::-1]) for x in range(SIZE[0])) for y in range(SIZE[1])]


@pytest.fixture(scope="module")
def formats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("icons")
    images = folder / "catalogs/In/images"
    images.mkdir(parents=True)
    (images.parent / "catalog.yaml").write_text("attributes: {root_id: In, root_path: images}\n")
    for name, make in ICONS.items():
        (images / name).write_bytes(make())
    with serving(folder, environment={"IMAGESERVER_SERVER__ACCESS_LOG": ""}) as client:
        yield client


@pytest.mark.parametrize(
    ("name", "colors", "alphas"),
    [
        ("rgba.ico", COLORS, ALPHAS),
        ("rgba-32.ico", COLORS, ALPHAS),
        *([("magick.ico", COLORS, ALPHAS)] if CAN_WRITE else []),
        ("24.ico", COLORS, (0, 0, 255, 255)),
        ("4.ico", COLORS, (0, 0, 255, 255)),
        ("555.ico", COLORS, (0, 0, 255, 255)),
        ("indexed-png.ico", COLORS, (255,) * 4),
        ("gray.ico", EXPECTED["gray"], (255,) * 4),
        ("deep.ico", COLORS, (255,) * 4),
        ("largest.ico", COLORS, (255,) * 4),
        ("most-colours.ico", COLORS, (255,) * 4),
        ("larger-than-said.ico", COLORS, (255,) * 4),
    ],
)
def test_icons_show_their_largest_picture(
    formats: Client, name: str, colors: tuple[Color, ...], alphas: tuple[int, ...]
) -> None:
    reply = formats.ask(f"/is/image/In/{name}?fmt=png-alpha")
    assert reply.status == 200, reply.text
    told = formats.ask(f"/is/image/In/{name}?req=imageprops").text
    assert all(one in told for one in ("image.width=44", "image.height=32", "image.mask=2", "image.pixTyp=RGB")), told
    image = reply.image.convert("RGBA")
    assert image.size == SIZE
    limit = LOSSY if name.startswith("555") else EXACT
    for place, color, alpha in zip(PLACES, colors, alphas, strict=True):
        *found, seen = image.getpixel(place)  # type: ignore[misc]  # four bands
        assert seen == alpha
        assert not seen or max(abs(one - other) for one, other in zip(found, color, strict=True)) <= limit


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("cursor.ico", "expected one of"),
        ("no-icons.ico", "expected icons"),
        ("jpeg.ico", "expected icons that are PNG or bitmaps"),
        ("next-is-cut.ico", "it ends too early"),
    ],
)
def test_icons_that_are_none(formats: Client, name: str, reason: str) -> None:
    reply = formats.ask(f"/is/image/In/{name}")
    assert (reply.status, reason in reply.text) == (403, True), reply.text
