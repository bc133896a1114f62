"""Every format with every pixel type, alpha and compression it has, read by programs that did not write it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat
from readers import READERS, needs_readers, read_inks_with_alpha, read_with_magick, told
from serving import Client

from imageserver.commands.formats import FORMATS, Output

pytestmark = needs_readers

LOSSLESS = {"none", "lzw", "zip", "lossless"}
EXACT = {"png", "heic", "eps", "bmp", "ico"}
MODES = {
    ("rgb", False): "RGB",
    ("gray", False): "L",
    ("cmyk", False): "CMYK",
    ("rgb", True): "RGBA",
    ("gray", True): "LA",
}
TYPES = {
    "jpeg": "JPEG",
    "tif": "TIFF",
    "gif": "GIF",
    "webp": "(Extended )?WEBP",
    "avif": "AVIF",
    "pdf": "PDF",
    "eps": "EPS",
    "jpeg2000": "JP2",
    "heic": "HEI[CF]",
    "jxl": "JXL( Codestream)?",
    "bmp": "BMP",
    "ico": "ICO",
    "png": "PNG",
    "png8": "PNG",
}


def cases() -> list[Output]:
    return [
        Output(name, pixel_type, compression)
        for name, form in FORMATS.items()
        for pixel_type in form.pixel_types
        for compression in (form.compressions or ("",))
    ]


def is_exact(output: Output) -> bool:
    return output.compression in LOSSLESS or output.format.codec in EXACT


def expected(server: Client, output: Output, source: str) -> Image.Image:
    """The pixels as PNG has them, or as inks by TIFF without compression, which other tests know to be right."""
    alpha = "-alpha" if output.format.alpha else ""
    written = "tif,cmyk" if output.pixel_type == "cmyk" else f"png{alpha},{output.pixel_type}"
    return server.ask(f"/is/image/{source}&fmt={written}").image


@pytest.mark.parametrize("output", cases(), ids=lambda one: f"{one.name},{one.pixel_type},{one.compression}")
def test_every_format_is_read_by_others(server: Client, tmp_path: Path, output: Output) -> None:
    source = f"Co/{'alpha?wid=90&hei=90' if output.format.alpha else 'ramp?wid=120&hei=90'}&qlt=95,1&printRes=72"
    reply = server.ask(f"/is/image/{source}&fmt={output.name},{output.pixel_type},{output.compression}")
    assert (reply.status, reply.headers["Content-Type"]) == (200, output.format.media_type), reply.body[:200]
    file = tmp_path / f"reply.{output.format.codec.replace('jpeg2000', 'jp2').replace('png8', 'png')}"
    file.write_bytes(reply.body)
    if output.pixel_type == "cmyk" and output.format.alpha:
        pictures = (server.ask(f"/is/image/{source}&fmt={name}").image for name in ("tif,cmyk", "png-alpha"))
        assert_inks_with_alpha(file, *pictures)
        return
    wanted = expected(server, output, source)
    mode = MODES[output.pixel_type or "rgb", output.format.alpha]
    seen = READERS.get(output.format.codec, read_with_magick)(file, mode, wanted.size)
    assert seen.size == wanted.size
    if output.format.codec in {"gif", "png8"}:
        assert_palette(seen, wanted)
    else:
        assert_alike(seen, wanted.convert(seen.mode), 0 if is_exact(output) else 2.5)
    facts = told(file)
    assert re.fullmatch(TYPES[output.format.codec], facts["FileType"]), facts
    assert "Warning" not in facts
    assert "Error" not in facts


def premultiplied(image: Image.Image) -> Image.Image:
    """What is seen of a picture: colours count as far as their alpha shows them."""
    return image.convert("RGBA").convert("RGBa") if image.mode in {"RGBA", "LA"} else image


def assert_alike(seen: Image.Image, wanted: Image.Image, tolerance: float) -> None:
    one, other = premultiplied(seen), premultiplied(wanted)
    bands = [ImageChops.difference(a, b) for a, b in zip(one.split(), other.split(), strict=True)]
    assert max(ImageStat.Stat(band).mean[0] for band in bands) <= tolerance
    if not tolerance:
        assert max(band.getextrema()[1] for band in bands) == 0


def assert_palette(seen: Image.Image, wanted: Image.Image) -> None:
    """Colours of a palette are near, and what has none is hidden."""
    if "A" in wanted.getbands():
        hidden = ImageChops.difference(seen.getchannel("A"), wanted.getchannel("A"))
        assert ImageStat.Stat(hidden).mean[0] < 3
        black = Image.new("RGB", seen.size)
        seen = Image.composite(seen.convert("RGB"), black, wanted.getchannel("A").point(lambda v: 255 * (v == 255)))
        wanted = Image.composite(wanted.convert("RGB"), black, wanted.getchannel("A").point(lambda v: 255 * (v == 255)))
    assert_alike(seen, wanted, 6)


def assert_inks_with_alpha(file: Path, opaque: Image.Image, visible: Image.Image) -> None:
    """Where all is shown, the inks are those of the picture without alpha, and the alpha is that of PNG."""
    facts = told(file)
    assert (facts["SamplesPerPixel"], facts["PhotometricInterpretation"]) == ("5", "CMYK")
    assert facts["ExtraSamples"] == "Unassociated Alpha"
    inks, alpha = read_inks_with_alpha(file, opaque.size)
    assert_alike(alpha, visible.getchannel("A"), 0)
    shown = alpha.point(lambda value: 255 * (value == 255))
    nothing = Image.new("CMYK", inks.size)
    assert_alike(Image.composite(inks, nothing, shown), Image.composite(opaque, nothing, shown), 0)
