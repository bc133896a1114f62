"""What replies carry besides their pixels, as exiftool and Pillow find it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image as Pillow
from PIL import ImageCms
from readers import EXIFTOOL, POPPLER_IMAGES, needs_readers, run, told

from imageserver.commands.formats import Output
from imageserver.plan.picture import Encoding
from imageserver.render.encode import ENCODERS
from imageserver.render.exchange import from_pillow
from imageserver.render.metadata import NONE, Metadata, segments

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
PACKET = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"></rdf:RDF></x:xmpmeta>'
PATHS = b"8BIM" + (2000).to_bytes(2) + b"\x05Shape" + (26).to_bytes(4) + b"\0\6" + bytes(24)
TITLE = (
    b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title><rdf:Alt>'
    b'<rdf:li xml:lang="x-default">Words</rdf:li></rdf:Alt></dc:title></rdf:Description>'
)
ALL = Metadata(PROFILE, PACKET, PATHS)


def written(name: str, metadata: Metadata) -> bytes:
    compressions = Output(name).format.compressions
    encoding = Encoding(Output(name, "rgb", compressions[0] if compressions else ""))
    picture = from_pillow(Pillow.effect_noise((40, 30), 50).convert("RGB"))
    return ENCODERS[encoding.output.format.codec](picture, encoding, metadata)


@pytest.mark.parametrize("name", ["jpeg", "pjpeg", "png", "png8", "tif", "webp", "avif"])
def test_profile_and_xmp_are_embedded(name: str) -> None:
    picture = Pillow.open(io.BytesIO(written(name, ALL)))
    picture.load()
    assert picture.info["icc_profile"] == PROFILE
    found = picture.info["xmp"]
    assert (found.encode() if isinstance(found, str) else found).startswith(PACKET)


@needs_readers
@pytest.mark.parametrize("name", ["jpeg", "png", "png8", "tif", "webp", "avif", "heic", "pdf", "eps"])
def test_exiftool_finds_the_profile(name: str, tmp_path: Path) -> None:
    file = tmp_path / f"reply.{name}"
    file.write_bytes(written(name, ALL))
    facts = told(file)
    if name == "pdf":  # where exiftool does not look
        assert "icc" in run(POPPLER_IMAGES, "-list", file).decode()
    else:
        assert facts["ProfileDescription"] == "sRGB built-in"


@needs_readers
@pytest.mark.parametrize("name", ["jpeg", "png", "png8", "tif", "webp", "avif", "heic", "pdf", "jxl"])
@pytest.mark.parametrize("filler", [0, 150_000])
def test_exiftool_finds_the_packet(name: str, filler: int, tmp_path: Path) -> None:
    file = tmp_path / f"reply.{name}"
    long = PACKET.replace(b"</rdf:RDF>", b"<!--" + b"x" * filler + b"-->" + TITLE + b"</rdf:RDF>")
    file.write_bytes(written(name, Metadata(xmp=long)))
    assert told(file)["Title"] == "Words"


@needs_readers
@pytest.mark.parametrize("name", ["jpeg", "tif", "eps"])
def test_exiftool_finds_the_paths(name: str, tmp_path: Path) -> None:
    file = tmp_path / f"reply.{name}"
    file.write_bytes(written(name, ALL))
    assert b"Shape" in run(EXIFTOOL, "-v2", file) or "Shape" in str(told(file))


@pytest.mark.parametrize("name", ["jpeg", "tif"])
def test_paths_are_embedded(name: str) -> None:
    assert PATHS in written(name, ALL)


@pytest.mark.parametrize("name", ["jpeg", "png", "png8", "tif", "webp", "avif", "gif"])
def test_nothing_is_embedded_unless_asked(name: str) -> None:
    info = Pillow.open(io.BytesIO(written(name, NONE))).info
    assert not {"icc_profile", "xmp", "photoshop"} & set(info)


def test_a_long_packet_is_spread_over_segments() -> None:
    long = PACKET.replace(b"<rdf:RDF", b"<!--" + b"x" * 150_000 + b"--><rdf:RDF")
    content = segments(Metadata(xmp=long))
    assert content.count(b"http://ns.adobe.com/xmp/extension/\0") == 3
    assert Pillow.open(io.BytesIO(written("jpeg", Metadata(xmp=long)))).size == (40, 30)
