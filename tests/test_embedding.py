"""What replies carry of the file of layer 0: its XMP packet, and its paths, moved as the pixels are."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import pillow_heif
import pillow_jxl  # noqa: F401, it registers JPEG XL with Pillow
import pytest
from photoshop import box, path_resources, paths_in, records, resource
from pictures import PATHS, XMP, quadrants
from serving import Client, serving
from written import eps, psd

from imageserver.layout.converting import EQUALS, equal

pillow_heif.register_heif_opener()
BOX = [(80, 60), (280, 60), (280, 150), (80, 150)]
ROUND = [(200, 75), (300, 150), (200, 225), (100, 150)]
MORE = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
    b'xmlns:tiff="http://ns.adobe.com/tiff/1.0/"><rdf:Description rdf:about="" tiff:Make="Camera"/></rdf:RDF>'
    b"</x:xmpmeta>"
)


@pytest.mark.parametrize(
    ("query", "name", "expected"),
    [
        ("fmt=jpeg", "Box", BOX),
        ("fmt=tif", "Box", BOX),
        ("fmt=tif-alpha,rgb,lzw", "Box", BOX),
        ("fmt=pjpeg,gray", "Box", BOX),
        ("fmt=jpeg,cmyk", "Box", BOX),
        ("fmt=jpeg", "Round", ROUND),
        ("wid=200", "Box", [(40, 30), (140, 30), (140, 75), (40, 75)]),
        ("layer=0&scale=0.25", "Box", [(20, 15), (70, 15), (70, 37.5), (20, 37.5)]),
        ("crop=40,30,300,200", "Box", [(40, 30), (240, 30), (240, 120), (40, 120)]),
        ("cropPathE=Box", "Box", [(0, 0), (200, 0), (200, 90), (0, 90)]),
        ("rgn=60,40,100,80", "Box", [(20, 20), (220, 20), (220, 110), (20, 110)]),  # beyond what is sent, as it was
        ("flip=lr", "Box", [(320, 60), (120, 60), (120, 150), (320, 150)]),
        ("layer=0&flip=ud", "Box", [(80, 240), (280, 240), (280, 150), (80, 150)]),
        ("layer=0&rotate=90", "Box", [(240, 80), (240, 280), (150, 280), (150, 80)]),
        ("fit=stretch&wid=100&hei=150", "Box", [(20, 30), (70, 30), (70, 75), (20, 75)]),
        ("layer=0&extend=10,20,0,0&scl=1", "Box", [(90, 80), (290, 80), (290, 170), (90, 170)]),
    ],
)
def test_paths_go_where_the_pixels_go(server: Client, query: str, name: str, expected: list[tuple[int, int]]) -> None:
    image = server.ask(f"/is/image/Co/pathed.tif?{query}&pathEmbed=1").image
    found = paths_in(image)
    assert list(found) == list(PATHS)
    assert [value for point in found[name] for value in point] == pytest.approx(
        [value for point in expected for value in point], abs=0.01
    )


def test_an_embedded_path_clips_again_as_it_did(server: Client, site: Path) -> None:
    """The curve of the reply is that of the source: a server that reads the reply cuts out the same."""
    reply = server.ask("/is/image/Co/pathed.tif?wid=200&fmt=tif&pathEmbed=1")
    (site / "catalogs/Co/images/again.tif").write_bytes(reply.body)
    with serving(site) as other:
        again = other.ask("/is/image/Co/again.tif?clipPathE=Round&fmt=png-alpha").image
    expected = server.ask("/is/image/Co/pathed.tif?wid=200&clipPathE=Round&fmt=png-alpha").image
    pairs = zip(again.getchannel("A").tobytes(), expected.getchannel("A").tobytes(), strict=True)
    assert max(abs(one - other) for one, other in pairs) <= 32


@pytest.mark.parametrize("form", ["psd", "eps"])
def test_photoshops_own_files_are_clipped_alike(server: Client, site: Path, form: str) -> None:
    picture, size, blocks = quadrants(), (400, 300), path_resources(PATHS, (400, 300))
    told = b"%%BeginPhotoshop: %d\n%% %b\n%%EndPhotoshop\n" % (len(blocks), blocks.hex("\n", 32).encode())
    made = {
        "psd": psd([band.tobytes() for band in picture.split()], size, 3, blocks=blocks),
        "eps": eps(picture.tobytes(), size, 3, extra=told),
    }
    (site / f"catalogs/Co/images/pathed.{form}").write_bytes(made[form])
    query = "clipPathE=Round&cropPathE=Box&fmt=png-alpha"
    with serving(site) as client:
        clipped = client.ask(f"/is/image/Co/pathed.{form}?{query}").image
    assert clipped.tobytes() == server.ask(f"/is/image/Co/pathed.tif?{query}").image.tobytes()


@pytest.mark.parametrize(
    "query",
    ["Co/pathed.tif", "Co/pathed.tif?pathEmbed=0", "Co/grid?pathEmbed=1", "Co?src=is{Co/pathed.tif?pathEmbed=1}"],
)
def test_no_paths_where_none_are_asked_for_or_to_be_had(server: Client, query: str) -> None:
    assert not paths_in(server.ask(f"/is/image/{query}").image)


@pytest.mark.parametrize("fmt", ["png", "gif", "webp", "avif", "pdf"])
def test_formats_without_paths_ignore_them(server: Client, fmt: str) -> None:
    one, other = (server.ask(f"/is/image/Co/pathed.tif?fmt={fmt}&pathEmbed={flag}") for flag in (1, 0))
    assert one.status == other.status == 200
    assert one.headers["ETag"] == other.headers["ETag"]


def test_open_paths_are_left_out(site: Path) -> None:
    blocks = resource(2000, "Open", records([box(0, 0, 9, 9)], (400, 300), is_open=True))
    blocks += path_resources({"Closed": [box(0, 0, 9, 9)]}, (400, 300))
    quadrants().save(site / "catalogs/Co/images/open.tif", tiffinfo={34377: blocks})
    with serving(site) as client:
        reply = client.ask("/is/image/Co/open.tif?pathEmbed=1")
        clipped = client.ask("/is/image/Co/open.tif?clipPathE=Open&fmt=png-alpha").image
        told = client.ask("/is/image/Co/open.tif?req=imageprops").text
    assert list(paths_in(reply.image)) == ["Closed"]
    assert clipped.getpixel((4, 4))[3] == 255  # type: ignore[index]
    assert clipped.getpixel((20, 20))[3] == 0  # type: ignore[index]
    assert "photoshopPathNames=Open,Closed" in told


@pytest.mark.parametrize(
    ("blocks", "names"),
    [
        (resource(1025, "", records([box(0, 0, 9, 9)], (400, 300))), "Work Path"),
        (resource(2000, "", records([box(0, 0, 9, 9)], (400, 300))), "Path 1"),
        (resource(2000, "A", records([box(0, 0, 9, 9)], (400, 300))[:-10]), "A"),  # less than it says
        (resource(2997, "Last", b"") + resource(2998, "Other", b""), "Last"),
        (resource(2000, "A", b"x" * 50) + b"8BIM" + b"\x07\xd1\x01B" + struct.pack(">I", 2**31), "A"),  # cut off
        (b"rubbish", ""),
        (b"8BIM\x07", ""),
    ],
)
def test_names_are_told_whatever_the_blocks_hold(site: Path, blocks: bytes, names: str) -> None:
    quadrants().save(site / "catalogs/Co/images/odd.tif", tiffinfo={34377: blocks})
    with serving(site) as client:
        told = client.ask("/is/image/Co/odd.tif?req=imageprops").text
        drawn = client.ask("/is/image/Co/odd.tif?clipPathE=A,Last,Path%201&cropPathE=A&fmt=png")
    assert f"photoshopPathNames={names}\n" in told
    assert drawn.status == 200


def in_gif(packet: bytes) -> bytes:
    """Write a GIF with a packet, as Adobe's programs do."""
    file = io.BytesIO()
    quadrants(40, 30).quantize(8).save(file, "GIF")
    data = file.getvalue()
    tail = b"\x01" + bytes(range(255, -1, -1)) + b"\0"
    return data[:-1] + b"\x21\xff\x0bXMP DataXMP" + packet + tail + b";"


def in_jpeg2000(packet: bytes) -> bytes:
    file = io.BytesIO()
    quadrants(40, 30).save(file, "JPEG2000")
    content = bytes.fromhex("be7acfcb97a942e89c71999491e3afac") + packet
    return file.getvalue() + struct.pack(">I4s", len(content) + 8, b"uuid") + content


def in_extended_jpeg(packet: bytes, parts: int = 3) -> bytes:
    """Write a JPEG whose packet goes on in further segments, the last one first."""
    guid = b"A" * 32
    main = packet.replace(
        b'rdf:about=""',
        b'rdf:about="" xmlns:xmpNote="http://ns.adobe.com/xmp/note/" xmpNote:HasExtendedXMP="' + guid + b'"',
    )
    step = -(-len(MORE) // parts)
    starts = range(0, len(MORE), step)
    segments = [b"http://ns.adobe.com/xap/1.0/\0" + main] + [
        b"http://ns.adobe.com/xmp/extension/\0"
        + guid
        + struct.pack(">II", len(MORE), start)
        + MORE[start : start + step]
        for start in reversed(starts)
    ]
    file = io.BytesIO()
    quadrants(40, 30).save(file, "JPEG")
    written = b"".join(b"\xff\xe1" + struct.pack(">H", len(one) + 2) + one for one in segments)
    return file.getvalue()[:2] + written + file.getvalue()[2:]


def in_pillows(form: str, packet: bytes, **options: object) -> bytes:
    file = io.BytesIO()
    quadrants(40, 30).save(file, form, **options, **({} if form in {"PNG", "TIFF"} else {"xmp": packet}))
    return file.getvalue()


def in_png(packet: bytes) -> bytes:
    from PIL.PngImagePlugin import PngInfo  # noqa: PLC0415, used here alone

    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", packet.decode())
    return in_pillows("PNG", packet, pnginfo=info)


def in_block(packet: bytes) -> bytes:
    """Write a PSD with a packet among its resources, padded as Photoshop does."""
    return psd([bytes(12)] * 3, (4, 3), 3, blocks=resource(1060, "", packet + b" " * 2000))


def in_svg(packet: bytes) -> bytes:
    return b'<svg xmlns="http://www.w3.org/2000/svg" width="4" height="3"><metadata>' + packet + b"</metadata></svg>"


FILES = {
    "a.jpg": in_pillows("JPEG", XMP),
    "a.png": in_png(XMP),
    "a.tif": in_pillows("TIFF", XMP, tiffinfo={700: XMP}),
    "a.webp": in_pillows("WEBP", XMP),
    "a.avif": in_pillows("AVIF", XMP),
    "a.gif": in_gif(XMP),
    "a.jp2": in_jpeg2000(XMP),
    "a.heic": in_pillows("HEIF", XMP),
    "a.jxl": in_pillows("JXL", XMP),
    "a.psd": in_block(XMP),
    "a.eps": eps(bytes(36), (4, 3), 3, extra=b"%begin_xml_code\n" + XMP + b"\n"),
    "a.svg": in_svg(XMP),
    "extended.jpg": in_extended_jpeg(XMP),
}


@pytest.fixture(scope="module")
def packets(tmp_path_factory: pytest.TempPathFactory) -> object:
    folder = tmp_path_factory.mktemp("packets")
    images = folder / "catalogs/Xmp/images"
    images.mkdir(parents=True)
    (images.parent / "catalog.yaml").write_text("attributes: {root_id: Xmp, root_path: images}\n")
    for name, content in FILES.items():
        (images / name).write_bytes(content)
    short = in_extended_jpeg(XMP).replace(b"Camera", b"Camera" + b"\0" * 4, 1)  # not as long as it says
    (images / "short.jpg").write_bytes(short)
    with serving(folder) as client:
        yield client


@pytest.mark.parametrize("name", FILES)
def test_xmp_of_each_format(packets: Client, name: str) -> None:
    reply = packets.ask(f"/is/image/Xmp/{name}?req=xmp")
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert 'dc:format="image/jpeg"' in reply.text
    assert "embeddedXmpData=1" in packets.ask(f"/is/image/Xmp/{name}?req=imageprops").text


def test_extended_xmp_is_put_into_the_packet(packets: Client) -> None:
    text = packets.ask("/is/image/Xmp/extended.jpg?req=xmp").text
    assert 'tiff:Make="Camera"' in text
    assert "HasExtendedXMP" not in text
    assert text.count("<rdf:RDF") == text.count("<x:xmpmeta") == 1
    assert 'dc:format="image/jpeg"' in packets.ask("/is/image/Xmp/short.jpg?req=xmp").text


@pytest.mark.parametrize("fmt", ["jpeg", "pjpeg", "tif", "png", "png8", "webp", "avif"])
@pytest.mark.parametrize("name", ["a.jpg", "a.gif"])
def test_xmp_is_embedded_as_it_is(packets: Client, name: str, fmt: str) -> None:
    reply = packets.ask(f"/is/image/Xmp/{name}?fmt={fmt}&xmpEmbed=1")
    image = reply.image
    found = image.info.get("xmp") or getattr(image, "tag_v2", {}).get(700) or b""
    assert (found.encode() if isinstance(found, str) else bytes(found)).strip(b"\0 \n") == XMP
    assert "image.xmpEmbed=1" in packets.ask(f"/is/image/Xmp/{name}?req=props&fmt={fmt}&xmpEmbed=1").text


@pytest.mark.parametrize(
    ("query", "told"),
    [("fmt=jpeg", 0), ("fmt=jpeg&xmpEmbed=0", 0), ("fmt=gif&xmpEmbed=1", 0), ("fmt=eps&xmpEmbed=1", 0)],
)
def test_no_xmp_where_none_is_asked_for_or_held(packets: Client, query: str, told: int) -> None:
    assert b"xmpmeta" not in packets.ask(f"/is/image/Xmp/a.jpg?{query}").body
    assert f"image.xmpEmbed={told}" in packets.ask(f"/is/image/Xmp/a.jpg?req=props&{query}").text


def test_a_page_carries_xmp(packets: Client) -> None:
    assert XMP in packets.ask("/is/image/Xmp/a.jpg?fmt=pdf&xmpEmbed=1").body
    assert "image.xmpEmbed=1" in packets.ask("/is/image/Xmp/a.jpg?req=props&fmt=pdf&xmpEmbed=1").text


def test_what_takes_the_place_of_a_format_carries_its_profile(server: Client) -> None:
    """Paths it cannot carry, and asking for them makes no other reply."""
    webp, quality = {"Accept": "image/webp"}, equal(85, EQUALS["webp"])
    for query, carried in (
        (f"fmt=webp&qlt={quality}&iccEmbed=1", True),
        ("bfc=on&iccEmbed=1", True),
        ("bfc=on", False),
    ):
        reply = server.ask(f"/is/image/Ma/p3?{query}&wid=31", headers=webp)
        assert reply.headers["Content-Type"] == "image/webp"
        assert ("icc_profile" in reply.image.info) is carried
    one, two = (server.ask(f"/is/image/Co/pathed.tif?bfc=on&pathEmbed={flag}", headers=webp) for flag in (1, 0))
    assert one.headers["Content-Type"] == "image/webp"
    assert one.headers["ETag"] == two.headers["ETag"]


@pytest.mark.parametrize("fmt", ["gif", "jpeg2000"])
def test_a_profile_that_is_asked_for_in_vain_makes_no_other_reply(server: Client, fmt: str) -> None:
    one, other = (server.ask(f"/is/image/Ma/p3?fmt={fmt}&iccEmbed={flag}") for flag in (1, 0))
    assert one.status == other.status == 200
    assert one.headers["ETag"] == other.headers["ETag"]


def test_xmp_follows_the_file(site: Path) -> None:
    """A reply is never kept with the packet of another content of its file."""
    path = site / "catalogs/Co/images/changing.jpg"
    with serving(site) as client:
        for word in ("first", "second"):
            path.write_bytes(in_pillows("JPEG", XMP.replace(b"image/jpeg", word.encode())))
            assert word.encode() in client.ask("/is/image/Co/changing.jpg?xmpEmbed=1").body
        quadrants(40, 30).save(path)
        assert b"xmpmeta" not in client.ask("/is/image/Co/changing.jpg?xmpEmbed=1").body


def test_props_tell_of_paths(server: Client) -> None:
    assert "image.pathEmbed=1" in server.ask("/is/image/Co/pathed.tif?req=props&pathEmbed=1").text
    assert "image.pathEmbed=0" in server.ask("/is/image/Co/pathed.tif?req=props&pathEmbed=1&fmt=png").text
    assert "image.pathEmbed=0" in server.ask("/is/image/Co/grid?req=props&pathEmbed=1").text
