"""Each format × pixel type × alpha × compression that is read, on real files, judged by the server's pixels."""

from __future__ import annotations

import io
import os
import shutil
import struct
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pillow_heif
import pillow_jxl  # noqa: F401, it registers JPEG XL with Pillow
import pytest
import pyvips
from PIL import Image
from readers import MAGICK, run
from serving import Client, serving
from written import Bands, bmp, dos_eps, eps, psd, tiff

pillow_heif.register_heif_opener()
SIZE = (44, 32)
COLORS = ((200, 60, 40), (40, 160, 80), (50, 70, 190), (220, 210, 60))
"""The quadrants, row by row."""
GRAYS = (30, 90, 160, 230)
INKS = ((0, 200, 200, 40), (200, 0, 150, 60), (180, 150, 0, 30), (10, 10, 200, 0))
ALPHAS = (255, 255, 100, 0)
PLACES = ((10, 7), (33, 7), (10, 24), (33, 24))
Make = Callable[[], bytes]
Color = tuple[int, int, int]


def quarters(*values: int) -> Image.Image:
    """One channel of four values."""
    image = Image.new("L", SIZE)
    for number, value in enumerate(values):
        left, top = number % 2 * 22, number // 2 * 16
        image.paste(value, (left, top, left + 22, top + 16))
    return image


def color_at(x: int, y: int) -> Color:
    """One of the four colours."""
    return COLORS[(x >= 22) + 2 * (y >= 16)]


def channels(colors: tuple[tuple[int, ...], ...]) -> list[Image.Image]:
    return [quarters(*values) for values in zip(*colors, strict=True)]


RGB = Image.merge("RGB", channels(COLORS))
GRAY = quarters(*GRAYS)
CMYK = Image.merge("CMYK", channels(INKS))
ALPHA = quarters(*ALPHAS)
BILEVEL = quarters(0, 255, 255, 0).convert("1")
RGBA = Image.merge("RGBA", (*RGB.split(), ALPHA))
GRAY_ALPHA = Image.merge("LA", (GRAY, ALPHA))
INDEXED = RGB.quantize(8)
IMAGES = {
    "rgb": RGB,
    "gray": GRAY,
    "cmyk": CMYK,
    "rgba": RGBA,
    "graya": GRAY_ALPHA,
    "bilevel": BILEVEL,
    "indexed": INDEXED,
}


def light(inks: tuple[int, ...]) -> tuple[int, ...]:
    """What naive conversion makes of inks."""
    return tuple(round((255 - ink) * (255 - inks[3]) / 255) for ink in inks[:3])


EXPECTED: Mapping[str, tuple[tuple[int, ...], ...]] = {
    "rgb": COLORS,
    "gray": tuple((value,) * 3 for value in GRAYS),
    "cmyk": tuple(light(inks) for inks in INKS),
    "bilevel": ((0, 0, 0), (255, 255, 255), (255, 255, 255), (0, 0, 0)),
    "indexed": COLORS,
}


def by_pillow(kind: str, form: str, **options: object) -> Make:
    def make() -> bytes:
        file = io.BytesIO()
        IMAGES[kind].save(file, form, **options)
        return file.getvalue()

    return make


def by_vips(kind: str, suffix: str, *, deep: bool = False, **options: object) -> Make:
    def make() -> bytes:
        source = IMAGES[kind].convert("L") if kind == "bilevel" else IMAGES[kind]
        image = pyvips.Image.new_from_memory(source.tobytes(), *SIZE, len(source.getbands()), "uchar")
        name = {"rgb": "srgb", "rgba": "srgb", "cmyk": "cmyk"}.get(kind, "b-w")
        if deep:
            image = (image.cast("ushort") * 257).cast("ushort")
            name = {"srgb": "rgb16", "b-w": "grey16"}.get(name, name)
        return bytes(image.copy(interpretation=name).write_to_buffer(suffix, **options))

    return make


def bands_of(kind: str, *, deep: str = "", inverted: bool = False, extra: int = 0) -> Bands:
    """The channels of an image; deep ones have 16 bits in a byte order."""
    bands = [band.tobytes() for band in IMAGES[kind].split()]
    bands += [ALPHA.tobytes() for _ in range(extra)]
    if inverted:
        bands[:4] = [bytes(255 - value for value in band) for band in bands[:4]]
    if deep:
        bands = [b"".join(struct.pack(f"{deep}H", value * 257) for value in band) for band in bands]
    return bands


def sixteen(mask: tuple[int, int, int]) -> list[bytes]:
    """Rows of 16 bits a pixel, red in the upper ones."""
    red, green, blue = mask
    pixels = [color_at(x, y) for y in range(SIZE[1]) for x in range(SIZE[0])]
    values = [(r >> 8 - red) << green + blue | (g >> 8 - green) << blue | b >> 8 - blue for r, g, b in pixels]
    return [struct.pack(f"<{SIZE[0]}H", *values[y * SIZE[0] : (y + 1) * SIZE[0]]) for y in range(SIZE[1])]


def few_bits(bits: int) -> list[bytes]:
    """Rows of 1 or 4 bits a pixel that name colours 0 to 3, or 0 and 1."""
    per_byte = 8 // bits
    rows = []
    for y in range(SIZE[1]):
        numbers = [(x >= 22) + 2 * (y >= 16) if bits > 1 else int((x >= 22) != (y >= 16)) for x in range(SIZE[0])]
        numbers += [0] * (-len(numbers) % per_byte)
        rows.append(
            bytes(
                sum(n << 8 - bits * (i + 1) for i, n in enumerate(numbers[x : x + per_byte]))
                for x in range(0, len(numbers), per_byte)
            )
        )
    return rows


PALETTE = b"".join(bytes((b, g, r, 0)) for r, g, b in COLORS)
RUNS = [bytes((22, y // 16 * 2, 22, y // 16 * 2 + 1, 0, 0)) for y in reversed(range(SIZE[1]))]
LINES = {
    kind: b"".join(b"".join(band[y * 44 : (y + 1) * 44] for band in bands_of(kind)) for y in range(32))
    for kind in ("rgb", "gray", "cmyk")
}
JPEG = by_pillow("rgb", "JPEG", quality=98, subsampling=0)


def psd_palette() -> bytes:
    table = [*COLORS, *[(0, 0, 0)] * 252]
    return bytes(color[band] for band in range(3) for color in table)


def jpeg_2000_stream() -> bytes:
    file = io.BytesIO()
    RGB.save(file, "JPEG2000", no_jp2=True)
    return file.getvalue()


def heic_10_bits() -> bytes:
    file = io.BytesIO()
    data = b"".join(
        struct.pack("<3H", *(value * 257 for value in color_at(x, y))) for y in range(32) for x in range(44)
    )
    pillow_heif.from_bytes("RGB;16", SIZE, data).save(file, quality=-1, chroma=444)
    return file.getvalue()


EXACT, LOSSY = 2, 12
Row = tuple[str, str, Make, int]


def tiffs() -> Iterator[Row]:
    for kind in ("rgb", "gray", "rgba", "graya", "cmyk"):
        for compression in ("none", "lzw", "deflate", "packbits"):
            yield f"{kind}-{compression}.tif", kind, by_vips(kind, ".tif", compression=compression), EXACT
            yield (
                f"{kind}-{compression}-tiled.tif",
                kind,
                by_vips(kind, ".tif", compression=compression, tile=True, tile_width=16, tile_height=16),
                EXACT,
            )
            yield f"{kind}-{compression}-16.tif", kind, by_vips(kind, ".tif", deep=True, compression=compression), EXACT
        yield f"{kind}-large.tif", kind, by_vips(kind, ".tif", bigtiff=True, compression="lzw"), EXACT
        yield f"{kind}-predicted.tif", kind, by_vips(kind, ".tif", compression="lzw", predictor="horizontal"), EXACT
    for kind in ("rgb", "gray", "cmyk"):
        yield f"{kind}-jpeg.tif", kind, by_vips(kind, ".tif", compression="jpeg", Q=98), LOSSY
        yield (
            f"{kind}-jpeg-tiled.tif",
            kind,
            by_vips(kind, ".tif", compression="jpeg", Q=98, tile=True, tile_width=16, tile_height=16),
            LOSSY,
        )
    for compression in ("raw", "tiff_ccitt", "group3", "group4", "tiff_lzw", "packbits", "tiff_adobe_deflate"):
        yield f"bilevel-{compression}.tif", "bilevel", by_pillow("bilevel", "TIFF", compression=compression), EXACT
    for compression in ("raw", "tiff_lzw", "packbits", "tiff_adobe_deflate"):
        yield f"indexed-{compression}.tif", "indexed", by_pillow("indexed", "TIFF", compression=compression), EXACT
    photometric = {"rgb": 2, "gray": 1, "cmyk": 5, "rgba": 2, "graya": 1}
    for kind, number in photometric.items():
        extra = 2 if kind.endswith("a") else None
        for order in "<>":
            for planar in (False, True):
                for deep in (False, True):
                    name = f"{kind}-{'big' if order == '>' else 'little'}-{'planar' * planar}-{16 if deep else 8}"
                    bands = bands_of(kind, deep=order if deep else "")
                    made = tiff(bands, SIZE, number, bits=16 if deep else 8, extra=extra, planar=planar, order=order)
                    yield f"{name}.tif", kind, partial(bytes, made), EXACT
        made = tiff(bands_of(kind), SIZE, number, extra=extra, large=True)
        yield f"{kind}-large-planar.tif", kind, partial(bytes, made), EXACT
    inverted = tiff([bytes(255 - value for value in GRAY.tobytes())], SIZE, 0)
    yield "white-is-zero.tif", "gray", partial(bytes, inverted), EXACT
    inks = tiff(bands_of("cmyk", extra=1), SIZE, 5, extra=2)
    yield "cmyka.tif", "cmyka", partial(bytes, inks), EXACT


def psds() -> Iterator[Row]:
    modes = {"rgb": 3, "gray": 1, "cmyk": 4}
    for kind, mode in modes.items():
        for extra in (0, 1):
            for bits in (8, 16):
                for method in (0, 1, 2):
                    for large in (False, True):
                        bands = bands_of(kind, deep=">" if bits == 16 else "", inverted=kind == "cmyk", extra=extra)
                        made = psd(bands, SIZE, mode, bits=bits, method=method, large=large)
                        name = f"{kind}{'a' * extra}-{bits}-{method}.{'psb' if large else 'psd'}"
                        yield name, kind + "a" * extra, partial(bytes, made), EXACT
    ink = [bytes(value ^ 255 for value in BILEVEL.tobytes())]
    yield "bilevel.psd", "bilevel", lambda: psd(ink, SIZE, 0, bits=1), EXACT
    yield "bilevel-packed.psd", "bilevel", lambda: psd(ink, SIZE, 0, bits=1, method=1), EXACT
    yield "duotone.psd", "gray", lambda: psd(bands_of("gray"), SIZE, 8, palette=b"any"), EXACT
    numbers = [quarters(0, 1, 2, 3).tobytes()]
    yield "indexed.psd", "indexed", lambda: psd(numbers, SIZE, 2, palette=psd_palette()), EXACT
    white = [
        bytes(round(255 - (255 - value) * a / 255) for value, a in zip(band, ALPHA.tobytes(), strict=True))
        for band in bands_of("rgb")
    ]
    yield "blended.psd", "rgba", lambda: psd([*white, ALPHA.tobytes()], SIZE, 3, blended=True), EXACT
    more = [*bands_of("rgb", extra=1), bytes(44 * 32), bytes(44 * 32)]
    yield "more-channels.psd", "rgba", lambda: psd(more, SIZE, 3, method=1), EXACT


def of_the_web() -> Iterator[Row]:
    for kind in ("rgb", "gray", "cmyk"):
        for progressive in (False, True):
            yield (
                f"{kind}-{progressive}.jpg",
                kind,
                by_pillow(kind, "JPEG", quality=98, subsampling=0, progressive=progressive),
                LOSSY,
            )
    for kind in ("rgb", "gray", "rgba", "graya"):
        for deep in (False, True):
            for interlace in (False, True):
                yield (
                    f"{kind}-{deep}-{interlace}.png",
                    kind,
                    by_vips(kind, ".png", deep=deep, interlace=interlace),
                    EXACT,
                )
        yield (
            f"{kind}.webp",
            kind,
            by_pillow(kind, "WEBP", lossless=True, exact=True)
            if kind != "graya"
            else by_vips(kind, ".webp", lossless=True),
            EXACT,
        )
        yield f"{kind}-lossy.webp", kind, by_vips(kind, ".webp", Q=95), LOSSY
        yield f"{kind}.avif", kind, by_vips(kind, ".avif", lossless=True, effort=1), LOSSY
    for bits in (1, 2, 4):
        yield f"bilevel-{bits}.png", "bilevel", by_vips("bilevel", ".png", bitdepth=bits), EXACT
    yield "indexed.png", "indexed", by_pillow("indexed", "PNG"), EXACT
    yield "indexed-2.png", "indexed", by_pillow("indexed", "PNG", bits=4), EXACT
    yield "indexed.gif", "indexed", by_pillow("indexed", "GIF"), EXACT
    yield "interlaced.gif", "indexed", by_pillow("indexed", "GIF", interlace=True), EXACT


def of_cameras() -> Iterator[Row]:
    for kind in ("rgb", "gray", "rgba", "graya"):
        yield f"{kind}.jp2", kind, by_pillow(kind, "JPEG2000"), EXACT
        yield f"{kind}.jxl", kind, by_pillow(kind, "JXL", lossless=True), EXACT
        yield f"{kind}-lossy.jxl", kind, by_pillow(kind, "JXL", quality=95), LOSSY
    for kind in ("rgb", "rgba", "gray"):
        yield f"{kind}.heic", kind, by_pillow(kind, "HEIF", quality=95, chroma=444), LOSSY
    yield "deep.heic", "rgb", heic_10_bits, LOSSY
    yield "stream.j2k", "rgb", jpeg_2000_stream, EXACT
    yield (
        "lossy.jp2",
        "rgb",
        by_pillow("rgb", "JPEG2000", quality_mode="dB", quality_layers=[50], irreversible=True),
        LOSSY,
    )
    yield "cmyk.jp2", "cmyk", by_pillow("cmyk", "JPEG2000"), EXACT


def bmps() -> Iterator[Row]:
    for kind in ("rgb", "gray", "bilevel", "indexed"):
        yield f"{kind}.bmp", kind, by_pillow(kind, "BMP"), EXACT
    yield "four-bits.bmp", "rgb", lambda: bmp(few_bits(4), SIZE, 4, behind=PALETTE), EXACT
    yield "one-bit.bmp", "bilevel", lambda: bmp(few_bits(1), SIZE, 1, behind=bytes(4) + b"\xff\xff\xff\0"), EXACT
    yield "runs.bmp", "rgb", lambda: bmp(RUNS, SIZE, 8, compression=1, behind=PALETTE), EXACT
    yield "555.bmp", "rgb", lambda: bmp(sixteen((5, 5, 5)), SIZE, 16), LOSSY
    masks = struct.pack("<3I", 0xF800, 0x07E0, 0x001F)
    yield "565.bmp", "rgb", lambda: bmp(sixteen((5, 6, 5)), SIZE, 16, compression=3, behind=masks), LOSSY
    yield (
        "32.bmp",
        "rgb",
        lambda: bmp(
            [b"".join(bytes((b, g, r, 0)) for r, g, b in (color_at(x, y) for x in range(44))) for y in range(32)],
            SIZE,
            32,
        ),
        EXACT,
    )


def epss() -> Iterator[Row]:
    for kind, mode in (("rgb", 3), ("gray", 1), ("cmyk", 4)):
        yield f"{kind}.eps", kind, partial(eps, IMAGES[kind].tobytes(), SIZE, mode), EXACT
        yield f"{kind}-lines.eps", kind, partial(eps, LINES[kind], SIZE, mode, block=44), EXACT
        yield (
            f"{kind}-hex.eps",
            kind,
            partial(eps, LINES[kind].hex("\n", 36).encode(), SIZE, mode, block=44, coding=2),
            EXACT,
        )
    yield "jpeg.eps", "rgb", lambda: eps(JPEG(), SIZE, 3, coding=3), LOSSY
    yield "preview.eps", "rgb", lambda: dos_eps(by_vips("rgb", ".tif")()), EXACT


def by_magick(kind: str, suffix: str, *options: str) -> Make:
    """A file that ImageMagick writes, which knows nothing of how we read it."""

    def make() -> bytes:
        with TemporaryDirectory() as folder:
            IMAGES[kind].save(f"{folder}/from.tif")
            run(MAGICK, f"{folder}/from.tif", *options, f"{folder}/to{suffix}")
            return Path(f"{folder}/to{suffix}").read_bytes()

    return make


def magicked() -> Iterator[Row]:
    """Those with alpha are left out: ImageMagick does not lay the merged image on white, as Photoshop does."""
    for kind in ("rgb", "gray", "cmyk", "bilevel", "indexed"):
        yield f"{kind}-magick.psd", kind, by_magick(kind, ".psd", "-compress", "RLE"), EXACT
    for kind in ("rgb", "gray", "cmyk"):
        yield f"{kind}-magick-raw.psd", kind, by_magick(kind, ".psd", "-compress", "None"), EXACT
        yield f"{kind}-magick-16.psd", kind, by_magick(kind, ".psd", "-depth", "16", "-compress", "None"), EXACT
        yield f"{kind}-magick.psb", kind, by_magick(kind, ".psb", "-compress", "RLE"), EXACT
    for kind in ("rgb", "gray"):
        yield f"{kind}-magick.eps", kind, by_magick(kind, ".ept3"), EXACT


CAN_WRITE = bool(os.environ.get("CI") or shutil.which(MAGICK))
ROWS = [*tiffs(), *psds(), *of_the_web(), *of_cameras(), *bmps(), *epss(), *(magicked() if CAN_WRITE else ())]


@pytest.fixture(scope="module")
def formats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("formats")
    images = folder / "catalogs/In/images"
    images.mkdir(parents=True)
    (images.parent / "catalog.yaml").write_text("attributes: {root_id: In, root_path: images}\n")
    for name, _, make, _ in ROWS:
        (images / name).write_bytes(make())
    with serving(folder, environment={"IMAGESERVER_SERVER__ACCESS_LOG": ""}) as client:
        yield client


@pytest.mark.parametrize(("name", "kind", "tolerance"), [(name, kind, limit) for name, kind, _, limit in ROWS])
def test_pixels(formats: Client, name: str, kind: str, tolerance: int) -> None:
    reply = formats.ask(f"/is/image/In/{name}?fmt=png-alpha")
    assert reply.status == 200, reply.text
    image = reply.image.convert("RGBA")
    assert image.size == SIZE
    has_alpha = kind.endswith("a")
    for place, color, alpha in zip(PLACES, EXPECTED[kind.removesuffix("a")], ALPHAS, strict=True):
        pixel: Any = image.getpixel(place)
        assert abs(pixel[3] - (alpha if has_alpha else 255)) <= tolerance, f"{place}: {pixel}"
        if pixel[3]:
            assert max(abs(one - other) for one, other in zip(pixel, color, strict=False)) <= tolerance, (
                f"{place}: {pixel}"
            )


@pytest.mark.parametrize(("name", "kind"), [(name, kind) for name, kind, _, _ in ROWS])
def test_what_is_told(formats: Client, name: str, kind: str) -> None:
    told = formats.ask(f"/is/image/In/{name}?req=imageprops").text
    assert "image.width=44" in told
    assert "image.height=32" in told
    assert ("image.mask=2" in told) is kind.endswith("a"), told
    base = {"gray": "BW", "bilevel": "BW", "cmyk": "CMYK"}.get(kind.removesuffix("a"), "RGB")
    if not (name.endswith((".webp", ".avif", ".bmp", ".heic")) or name in {"indexed.gif", "interlaced.gif"}):
        assert f"image.pixTyp={base}" in told
