"""The pictures of the tests, made in code: each is small, and what its pixels are is plain to see."""

from __future__ import annotations

import io
import struct
from pathlib import Path

from photoshop import box, corners, ellipse, in_jpeg, path_resources
from PIL import Image, ImageCms, ImageDraw

from imageserver.render.built_in_profiles import built_in_bytes

RED, GREEN, BLUE, YELLOW = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)
XMP = (
    b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    b'xmlns:dc="http://purl.org/dc/elements/1.1/" dc:format="image/jpeg"/></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)


def quadrants(width: int = 400, height: int = 300) -> Image.Image:
    """Red, green / blue, yellow."""
    image = Image.new("RGB", (width, height), RED)
    draw = ImageDraw.Draw(image)
    draw.rectangle((width // 2, 0, width - 1, height // 2 - 1), fill=GREEN)
    draw.rectangle((0, height // 2, width // 2 - 1, height - 1), fill=BLUE)
    draw.rectangle((width // 2, height // 2, width - 1, height - 1), fill=YELLOW)
    return image


def ramp(width: int = 400, height: int = 300) -> Image.Image:
    """Brightness grows by 0.5 a pixel to the right in red, and downwards in green."""
    red = Image.linear_gradient("L").rotate(90).resize((width, height))
    green = Image.linear_gradient("L").resize((width, height))
    return Image.merge("RGB", (red, green, Image.new("L", (width, height), 128)))


def disc(width: int = 200, height: int = 200) -> Image.Image:
    """A white disc on black, antialiased."""
    big = Image.new("L", (width * 4, height * 4), 0)
    ImageDraw.Draw(big).ellipse((width, height, width * 3, height * 3), fill=255)
    return big.resize((width, height), Image.Resampling.BOX)


def with_alpha(image: Image.Image, mask: Image.Image) -> Image.Image:
    """Give an image an alpha band."""
    result = image.convert("RGBA")
    result.putalpha(mask)
    return result


def save_associated(image: Image.Image, path: Path) -> None:
    """Write a TIFF whose colours are multiplied with their alpha, and which says so."""
    image = Image.frombytes("RGBA", image.size, image.convert("RGBa").tobytes())
    file = io.BytesIO()
    image.save(file, "TIFF")
    other, associated = (struct.pack("<HHIHH", 338, 3, 1, kind, 0) for kind in (2, 1))
    path.write_bytes(file.getvalue().replace(other, associated))


def photoshop_paths(names: list[str]) -> bytes:
    """Write image resource blocks of paths without any points."""
    blocks = b""
    for number, name in enumerate(names, 2000):
        text = name.encode("latin-1")
        pascal = bytes([len(text)]) + text
        pascal += b"\0" * (len(pascal) % 2)
        blocks += b"8BIM" + number.to_bytes(2, "big") + pascal + (26).to_bytes(4, "big") + b"\0" * 26
    return blocks


def plates() -> Image.Image:
    """Cyan, magenta / yellow, black: each of one ink alone."""
    image = Image.new("CMYK", (100, 80))
    draw = ImageDraw.Draw(image)
    for number in range(4):
        x, y = 50 * (number % 2), 40 * (number // 2)
        draw.rectangle((x, y, x + 49, y + 39), fill=tuple(255 * (ink == number) for ink in range(4)))
    return image


def muted() -> Image.Image:
    """Red, green / blue, yellow that every display and press can show."""
    image = Image.new("RGB", (100, 80), (180, 90, 80))
    draw = ImageDraw.Draw(image)
    draw.rectangle((50, 0, 99, 39), fill=(90, 150, 100))
    draw.rectangle((0, 40, 49, 79), fill=(80, 100, 150))
    draw.rectangle((50, 40, 99, 79), fill=(190, 180, 90))
    return image


def make_profiled(folder: Path) -> None:
    """Write pictures with and without colour profiles, and a profile as a file."""
    (folder / "screen.icc").write_bytes(built_in_bytes("DisplayP3"))
    (folder / "no.icc").write_text("no profile")
    muted().save(folder / "muted.png")
    muted().save(folder / "p3.png", icc_profile=built_in_bytes("DisplayP3"))
    muted().save(folder / "adobe.png", icc_profile=built_in_bytes("AdobeRGB"))
    muted().save(folder / "mistaken.png", icc_profile=built_in_bytes("Cmyk"))
    Image.new("L", (100, 80), 128).save(folder / "gray-22.png", icc_profile=built_in_bytes("GrayGamma22"))
    with_alpha(muted(), disc(100, 80)).save(folder / "p3-alpha.png", icc_profile=built_in_bytes("DisplayP3"))
    plates().save(folder / "plates.tif")
    plates().save(folder / "press.tif", icc_profile=built_in_bytes("Cmyk"))


PATHS = {
    "Box": [box(80, 60, 280, 150)],
    "Round": [ellipse(200, 150, 100, 75)],
    "Right": [box(200, 0, 400, 300)],
    "Ring": [box(20, 20, 380, 280), box(60, 60, 340, 240)],
    "Beyond": [box(300, 200, 500, 400)],
    "Corner": [corners((0, 0), (40, 0), (0, 40))],
}
"""Paths of pictures of 400x300."""


def make_pathed(folder: Path) -> None:
    """Write pictures of 400x300 that have paths."""
    blocks = path_resources(PATHS, (400, 300))
    quadrants().save(folder / "pathed.tif", tiffinfo={34377: blocks})
    file = io.BytesIO()
    quadrants().save(file, "JPEG", quality=95, subsampling=0)
    (folder / "pathed.jpg").write_bytes(in_jpeg(file.getvalue(), blocks))
    exif, file = Image.Exif(), io.BytesIO()
    exif[0x0112] = 6
    quadrants().save(file, "JPEG", quality=95, subsampling=0, exif=exif)
    (folder / "pathed-turned.jpg").write_bytes(in_jpeg(file.getvalue(), blocks))


def make_all(folder: Path) -> None:
    """Write every source file that the tests' catalog names."""
    folder.mkdir(parents=True, exist_ok=True)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    quadrants().save(folder / "photo.jpg", quality=95, subsampling=0, dpi=(300, 300), icc_profile=profile, xmp=XMP)
    quadrants().save(folder / "grid.png")
    ramp().save(folder / "ramp.png")
    ramp(3000, 2000).save(folder / "large.jpg", quality=90)
    with_alpha(quadrants(200, 200), disc()).save(folder / "alpha.png")
    save_associated(with_alpha(quadrants(200, 200), disc()), folder / "associated.tif")
    disc().save(folder / "mask.png")
    quadrants(200, 200).save(folder / "square.png")
    lying = quadrants(300, 400).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    lying.save(folder / "turned.jpg", quality=95, subsampling=0, exif=exif)
    quadrants(100, 80).convert("CMYK").save(folder / "inks.tif")
    quadrants(100, 80).convert("CMYK").save(folder / "inks.jpg", quality=95)
    quadrants(100, 80).quantize(8).save(folder / "palette.png")
    quadrants(100, 80).quantize(8).save(folder / "animal.gif")
    Image.linear_gradient("L").resize((100, 80)).save(folder / "gray.png")
    Image.merge("LA", (Image.new("L", (100, 80), 100), Image.new("L", (100, 80), 128))).save(folder / "gray-alpha.png")
    Image.linear_gradient("L").resize((100, 80)).convert("I").point(lambda v: v * 257).convert("I;16").save(
        folder / "deep.png"
    )
    quadrants(100, 80).save(folder / "web.webp", lossless=True)
    quadrants(100, 80).save(folder / "new.avif", quality=95)
    quadrants(100, 80).save(folder / "old.bmp")
    quadrants(60, 40).save(folder / "paths.tif", tiffinfo={34377: photoshop_paths(["Outline", "Hole"])})
    make_profiled(folder)
    make_pathed(folder)
    whole = io.BytesIO()
    ramp(600, 400).save(whole, "JPEG", quality=90)
    (folder / "broken.jpg").write_bytes(whole.getvalue()[: len(whole.getvalue()) // 2])
    (folder / "notes.txt").write_text("no image")
    (folder / "empty.jpg").write_bytes(b"")
