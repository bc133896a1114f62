"""Image files that mean harm, made by numbers: small ones cut, bent and patched, and bombs of each format.

The same seed gives the same files; whatever is answered is right as long as somebody answers, soon, and goes on.
"""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial

from bad_icons import ICON_BOMBS, good_icons
from pictures import quadrants, with_alpha
from PIL import Image
from written import eps, psd, tiff

HUGE = 19_999
"""Pixels of a side of bombs; two of them together stay just below the default of `limits.source_pixels`."""
WEIRD = (0, 1, 2, 3, 4, 0x7F, 0x80, 0xFE, 0xFF)
MARKS = (b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0", bytes(4), b"\xff\xff", b"\0\1", b"\xff\xff\xff\x7f")


@cache
def good_images() -> Mapping[str, bytes]:
    """Give a small picture of each format that is read, under a name that ends like it."""
    plain, clear = quadrants(40, 30), with_alpha(quadrants(40, 30), quadrants(40, 30).convert("L"))
    found = {
        "a.jpg": saved(plain, "JPEG"),
        "p.jpg": saved(plain, "JPEG", progressive=True),
        "k.jpg": saved(plain.convert("CMYK"), "JPEG"),
        "a.png": saved(clear, "PNG"),
        "i.png": saved(plain.quantize(9), "PNG"),
        "a.gif": saved(plain, "GIF"),
        "n.gif": saved(plain, "GIF", save_all=True, append_images=[plain.rotate(90), plain.rotate(180)], duration=90),
        "a.webp": saved(clear, "WEBP"),
        "n.webp": saved(plain, "WEBP", save_all=True, append_images=[plain.rotate(90)], lossless=True),
        "a.tif": saved(plain, "TIFF", compression="tiff_lzw"),
        "j.tif": saved(plain, "TIFF", compression="jpeg"),
        "z.tif": saved(clear, "TIFF", compression="tiff_adobe_deflate"),
        "b.tif": tiff([bytes(1200)] * 4, (40, 30), 5, large=True),
        "a.bmp": saved(plain, "BMP"),
        "a.avif": saved(clear, "AVIF"),
        "a.jp2": saved(plain, "JPEG2000"),
        "a.psd": psd([bytes(range(30)) * 40] * 3, (40, 30), 3),
        "r.psd": psd([bytes(range(30)) * 40] * 3, (40, 30), 3, method=1),
        "a.eps": eps(bytes(3600), (40, 30), 3),
        "a.svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"><g fill="red">'
        b'<rect id="a" width="20" height="30"/><text x="3" y="9">$name$</text></g></svg>',
    }
    return {**found, **good_icons(), **with_extras(plain)}


def with_extras(plain: Image.Image) -> dict[str, bytes]:
    """Give the formats whose codecs are extras."""
    found = {}
    try:
        import pillow_heif  # noqa: PLC0415, an extra

        pillow_heif.register_heif_opener(thumbnails=False)
        found["a.heic"] = saved(plain, "HEIF")
        import pillow_jxl  # noqa: F401, PLC0415, an extra

        found["a.jxl"] = saved(plain, "JXL")
    except ImportError:
        pass
    return found


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    """Write an image by Pillow."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def bad_images(count: int, seed: int = 9) -> Iterator[tuple[str, bytes]]:
    """Yield files that are broken in some way, each under a name of its own: all bombs, and then others by chance."""
    yield from list(bombs())[:count]
    chance = random.Random(seed)  # noqa: S311, the same files at every run
    kinds = list(good_images())
    for number in range(count - len(list(bombs()))):
        kind = kinds[number % len(kinds)]
        bend = chance.choice(BENT)
        yield f"{number}-{bend.__name__}-{kind}", bend(good_images()[kind], chance)


def cut(data: bytes, chance: random.Random) -> bytes:
    """End too early."""
    return data[: chance.randrange(len(data))]


def flipped(data: bytes, chance: random.Random) -> bytes:
    """Turn some bits over."""
    bent = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 8, 64))):
        bent[chance.randrange(len(bent))] ^= 1 << chance.randrange(8)
    return bytes(bent)


def early_flipped(data: bytes, chance: random.Random) -> bytes:
    """Change bytes of the headers alone."""
    bent = bytearray(data)
    for _ in range(chance.choice((1, 2, 4))):
        bent[chance.randrange(min(len(bent), 200))] = chance.choice(WEIRD)
    return bytes(bent)


def marked(data: bytes, chance: random.Random) -> bytes:
    """Write a number that means much over one that does not."""
    place, mark = chance.randrange(len(data)), chance.choice(MARKS)
    return data[:place] + mark + data[place + len(mark) :]


def doubled(data: bytes, chance: random.Random) -> bytes:
    """Repeat a part."""
    start = chance.randrange(len(data))
    end = chance.randrange(start, len(data)) + 1
    return data[:end] + data[start:end] * chance.choice((1, 2, 50)) + data[end:]


def without(data: bytes, chance: random.Random) -> bytes:
    """Leave out a part."""
    start = chance.randrange(len(data))
    return data[:start] + data[min(len(data), start + chance.choice((1, 4, 16, 99))) :]


def blank(data: bytes, chance: random.Random) -> bytes:
    """Write nothing over a part."""
    start = chance.randrange(len(data))
    end = min(len(data), start + chance.choice((4, 16, 400)))
    return data[:start] + bytes(end - start) + data[end:]


def mixed(data: bytes, chance: random.Random) -> bytes:
    """Begin like one format, and go on like another."""
    other = chance.choice(list(good_images().values()))
    place = chance.choice((8, 16, 32, 64, 200))
    return data[:place] + other[chance.choice((0, place)) :]


BENT: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    cut,
    flipped,
    early_flipped,
    early_flipped,
    marked,
    doubled,
    without,
    blank,
    mixed,
)


@cache
def bombs() -> tuple[tuple[str, bytes], ...]:
    """Give small files that claim, or are, much."""
    return tuple((f"bomb-{name}", make()) for name, make in BOMBS.items())


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """Write a chunk."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, bits: int, color: int, *, rows: int, between: bytes = b"") -> bytes:
    """Write a PNG of zeros; `rows` of them are really there."""
    row = 1 + (width * bits * {0: 1, 2: 3, 6: 4}[color] + 7) // 8
    data = zeros_deflated(row * rows) if row * rows > 2**21 else zlib.compress(bytes(row * rows))
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + between + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")


def png_texts(count: int) -> bytes:
    """Texts that deflate well: each is a megabyte."""
    text = png_chunk(b"zTXt", b"a\0\0" + zlib.compress(b"a" * 2**20))
    profile = png_chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(2**26)))
    return png(40, 30, 8, 2, rows=30, between=profile + text * count)


def jpeg(width: int, height: int) -> bytes:
    """Claim another size than there is."""
    data = bytearray(good_images()["a.jpg"])
    place = data.index(b"\xff\xc0")
    data[place + 5 : place + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def jpeg_scans(side: int, scans: int) -> bytes:
    """Repeat a small scan of a large picture many times."""
    data = saved(Image.new("L", (side, side)), "JPEG", progressive=True)
    first = data.rindex(b"\xff\xda")
    return data[:first] + data[first:-2] * scans + b"\xff\xd9"


def jpeg_segments(count: int) -> bytes:
    """Have many comments, and profiles in parts of which most are missing."""
    data = good_images()["a.jpg"]
    part = b"\xff\xe2" + struct.pack(">H", 16 + 4) + b"ICC_PROFILE\0\xff\xff" + bytes(4)
    return data[:2] + (b"\xff\xfe\0\2" + part) * count + data[2:]


def gif_frames(count: int, side: int) -> bytes:
    """Have many frames of a large screen."""
    frame = b"\x21\xf9\4\0\1\0\0\0" + b"\x2c" + struct.pack("<HHHH", 0, 0, 1, 1) + b"\0\2\2\x44\1\0"
    return b"GIF89a" + struct.pack("<HHBBB", side, side, 0x80, 0, 0) + bytes(6) + frame * count + b";"


def gif_frame(screen: int, side: int) -> bytes:
    """Have a frame that is larger than the screen."""
    image = b"\x2c" + struct.pack("<HHHH", 0, 0, side, side) + b"\0\2\2\x44\1\0"
    return b"GIF89a" + struct.pack("<HHBBB", screen, screen, 0x80, 0, 0) + bytes(6) + image + b";"


def webp_canvas(side: int) -> bytes:
    """Claim a large canvas around a small picture."""
    data = good_images()["a.webp"]
    inner = data[data.index(b"VP8 ") :] if b"VP8 " in data else data[12:]
    head = b"VP8X" + struct.pack("<I", 10) + b"\2\0\0\0" + struct.pack("<I", side - 1)[:3] * 2
    anim = b"ANIM" + struct.pack("<IIH", 6, 0, 0)
    frame = b"ANMF" + struct.pack("<I", 16 + len(inner)) + bytes(6) + struct.pack("<I", 39)[:3]
    frame += struct.pack("<I", 29)[:3] + bytes(4) + inner
    body = b"WEBP" + head + anim + frame
    return b"RIFF" + struct.pack("<I", len(body)) + body


def webp_side(side: int) -> bytes:
    """Be one colour, losslessly, and large."""
    return saved(Image.new("RGB", (side, side)), "WEBP", lossless=True, quality=0, method=0)


def tiff_of(width: int, height: int, strips: int) -> bytes:
    """Claim a size, with strips that are all the same bytes."""
    count = width * -(-height // strips)
    packed = zeros_deflated(count) if count > 2**21 else zlib.compress(bytes(count), 1)
    tags = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (259, 3, 1, 8), (262, 3, 1, 1), (277, 3, 1, 1)]
    tags += [(278, 4, 1, -(-height // strips))]
    count = len(tags) + 2
    behind = 8 + 2 + 12 * count + 4
    tags += [(273, 4, strips, behind + 8 * strips if strips == 1 else behind)]
    tags += [(279, 4, strips, len(packed) if strips == 1 else behind + 4 * strips)]
    body = b"".join(struct.pack("<HHII", *tag) for tag in sorted(tags))
    data = behind + 8 * strips
    lists = struct.pack(f"<{strips}I", *[data] * strips) + struct.pack(f"<{strips}I", *[len(packed)] * strips)
    return b"II*\0" + struct.pack("<IH", 8, count) + body + bytes(4) + lists + packed


def tiff_loop() -> bytes:
    """Be followed by itself."""
    data = bytearray(tiff([bytes(1200)], (40, 30), 1, planar=False))
    (place,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, place)
    struct.pack_into("<I", data, place + 2 + 12 * count, place)
    return bytes(data)


def tiff_pages(count: int) -> bytes:
    """Have many pages of nothing."""
    one = struct.pack("<H", 2) + struct.pack("<HHII", 256, 4, 1, 1) + struct.pack("<HHII", 257, 4, 1, 1)
    size = len(one) + 4
    return b"II*\0" + struct.pack("<I", 8) + b"".join(one + struct.pack("<I", 8 + size * (n + 1)) for n in range(count))


def bmp_of(width: int, height: int, *, runs: int = 0) -> bytes:
    """Claim a size; with runs, of one byte each."""
    kind = 1 if runs else 0
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, kind, 0, 0, 0, 0, 0) + bytes(1024)
    row = b"\xff\0" * -(-width // 255) + b"\0\0"
    return b"BM" + struct.pack("<IHHI", 0, 0, 0, 14 + len(head)) + head + row * runs


def psd_zipped(width: int, height: int) -> bytes:
    """Deflate well."""
    return psd_start(width, height, 3) + struct.pack(">H", 2) + zeros_deflated(width * height * 3)


def psd_start(width: int, height: int, channels: int) -> bytes:
    """Write all that stands in front of a merged image."""
    return struct.pack(">4sH6xHIIHH", b"8BPS", 2, channels, height, width, 8, 3) + bytes(4) + bytes(4) + bytes(8)


def psd_packed(width: int, height: int) -> bytes:
    """Pack well: 128 bytes in two."""
    row = b"\x81\0" * -(-width // 128)
    lengths = struct.pack(">I", len(row)) * (3 * height)
    return psd_start(width, height, 3) + struct.pack(">H", 1) + lengths + row * height


def zeros_deflated(count: int) -> bytes:
    """Deflate zeros: a block of a mebibyte of them is the same each time."""
    packing = zlib.compressobj(1)
    start = packing.compress(bytes(2**20)) + packing.flush(zlib.Z_FULL_FLUSH)
    block = packing.compress(bytes(2**20)) + packing.flush(zlib.Z_FULL_FLUSH)
    blocks, rest = divmod(count - 2**20, 2**20)
    ends = packing.compress(bytes(max(0, rest))) + packing.flush()
    return start + block * max(0, blocks) + ends[:-4] + struct.pack(">I", (count % 65521) << 16 | 1)


def boxed(name: str, side: int) -> bytes:
    """Claim a large size in the box that tells it."""
    data = bytearray(good_images()[name])
    place = data.index(b"ispe") + 8
    data[place : place + 8] = struct.pack(">II", side, side)
    return bytes(data)


def avif_of(side: int) -> bytes:
    """Be one colour, and large."""
    return saved(Image.new("L", (side, side)), "AVIF", speed=10, quality=1)


def jp2_of(side: int, *, codestream: bool) -> bytes:
    """Claim a large size, in the box that tells it or in the image's data."""
    data = bytearray(good_images()["a.jp2"])
    place = data.index(b"\xff\x51") + 6 if codestream else data.index(b"ihdr") + 4
    data[place : place + 8] = struct.pack(">II", side, side)
    return bytes(data)


SVGS = ("size", "uses", "blur", "noise", "pattern", "path", "dashes", "billion")


def svg_of(kind: str) -> bytes:
    """Draw much with little."""
    head = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
    uses = [f'<g id="a{n}">' + f'<use xlink:href="#a{n - 1}"/>' * 10 + "</g>" for n in range(1, 9)]
    body = {
        "size": f'width="{HUGE}" height="{HUGE}"><rect width="100%" height="100%"/>',
        "uses": 'width="40" height="30"><g id="a0"><rect width="1" height="1"/></g>' + "".join(uses),
        "blur": 'width="4000" height="4000"><filter id="f"><feGaussianBlur stdDeviation="900"/></filter>'
        + '<rect width="4000" height="4000" filter="url(#f)"/>' * 50,
        "noise": 'width="9000" height="9000"><filter id="f"><feTurbulence numOctaves="99"/></filter>'
        '<rect width="9000" height="9000" filter="url(#f)"/>',
        "pattern": 'width="40" height="30"><pattern id="p" width=".001" height=".001" patternUnits="userSpaceOnUse">'
        '<rect width="1" height="1"/></pattern><rect width="40" height="30" fill="url(#p)"/>',
        "path": 'width="40" height="30"><path d="M0,0' + "L9,9 " * 200_000 + '"/>',
        "dashes": 'width="40" height="30"><path stroke="red" stroke-dasharray="0.000001" d="M0,0L1e6,1e6"/>',
        "billion": 'width="1e9" height="1e9">',
    }[kind]
    return f"{head}{body}</svg>".encode()


def heif_items(count: int) -> bytes:
    """Say that there are many items."""
    ftyp = struct.pack(">I", 24) + b"ftypavif" + bytes(4) + b"mif1avif"
    entries = (struct.pack(">I", 21) + b"infe\2\0\0\0" + struct.pack(">HH", 1, 0) + b"av01\0") * count
    iinf = struct.pack(">I", 14 + len(entries)) + b"iinf" + bytes(4) + struct.pack(">H", count & 0xFFFF) + entries
    return ftyp + struct.pack(">I", 12 + len(iinf)) + b"meta" + bytes(4) + iinf


BOMBS: Mapping[str, Callable[[], bytes]] = {
    "claims.png": lambda: png(HUGE, HUGE, 8, 6, rows=9),
    "claims-more.png": lambda: png(2**31 - 1, 2**31 - 1, 8, 6, rows=0),
    "gray.png": lambda: png(HUGE, HUGE, 1, 0, rows=HUGE),
    "deep.png": lambda: png(5_000, 5_000, 16, 6, rows=5_000),
    "texts.png": lambda: png_texts(200),
    "claims.jpg": lambda: jpeg(HUGE, HUGE),
    "claims-more.jpg": lambda: jpeg(65_500, 65_500),
    "scans.jpg": lambda: jpeg_scans(2_000, 2_000),
    "large-scans.jpg": lambda: jpeg_scans(7_000, 200),
    "segments.jpg": lambda: jpeg_segments(40_000),
    "frames.gif": lambda: gif_frames(200_000, 9),
    "large-frames.gif": lambda: gif_frames(20_000, HUGE),
    "screen.gif": lambda: gif_frames(1, 65_500),
    "frame.gif": lambda: gif_frame(9, 65_500),
    "canvas.webp": lambda: webp_canvas(HUGE - 9),
    "canvas-more.webp": lambda: webp_canvas(2**24),
    "side.webp": lambda: webp_side(7_000),
    "claims.tif": lambda: tiff_of(HUGE, HUGE, 1)[:200],
    "claims-more.tif": lambda: tiff_of(9, 9, 1).replace(struct.pack("<HII", 4, 1, 9), struct.pack("<HII", 4, 1, 2**31)),
    "zeros.tif": lambda: tiff_of(HUGE, HUGE, HUGE),
    "strip.tif": lambda: tiff_of(9_000, 9_000, 1),
    "loop.tif": tiff_loop,
    "pages.tif": lambda: tiff_pages(100_000),
    "claims.bmp": lambda: bmp_of(HUGE, HUGE),
    "claims-more.bmp": lambda: bmp_of(2**31 - 1, -(2**31) + 1),
    "runs.bmp": lambda: bmp_of(HUGE, HUGE, runs=HUGE),
    "zipped.psd": lambda: psd_zipped(HUGE, HUGE),
    "packed.psd": lambda: psd_packed(HUGE, HUGE),
    "wide.psd": lambda: psd_packed(299_999, 1_300),
    "claims.avif": lambda: boxed("a.avif", HUGE),
    "claims-more.avif": lambda: boxed("a.avif", 2**31),
    "side.avif": lambda: avif_of(4_000),
    "items.avif": lambda: heif_items(60_000),
    "box.jp2": lambda: jp2_of(HUGE, codestream=False),
    "stream.jp2": lambda: jp2_of(HUGE, codestream=True),
    "stream-more.jp2": lambda: jp2_of(2**31, codestream=True),
    "claims.eps": lambda: eps(b"", (HUGE, HUGE), 3),
    **ICON_BOMBS,
    **{f"{kind}.svg": partial(svg_of, kind) for kind in SVGS},
}
"""What makes each bomb, under a name that ends like its format."""
