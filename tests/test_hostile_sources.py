"""SVG as a source, and files that are cut off, too large, or reach for what is not theirs: each gets one clear line."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from PIL import Image
from serving import Client, serving
from sites import QUIET
from test_formats_in import ROWS
from written import dos_eps, eps, psd

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="40" height="30">'
DATA = "data:image/png;base64,"
CATALOG = """
attributes: {root_id: V, root_path: images}
images:
  both: {path: red.png}
  shown: {modifier: "$fill=0000ff&src=V/label.svg"}
svg:
  logo: {path: logo.svg, expiration: 2}
  both: {path: logo.svg}
  label: {path: label.svg}
"""


def svg(body: str, head: str = HEAD) -> bytes:
    return f"{head}{body}</svg>".encode()


def cut_square(x: int) -> str:
    return f'<rect x="{x}" width="20" height="30" fill="#ff0000"/>'


GOOD: Mapping[str, bytes] = {
    "logo.svg": svg(cut_square(0)),
    "declared.svg": b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- a -->\n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" '
    b'"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">\n' + svg(cut_square(0)),
    "script.svg": svg("<script>while(true);</script>" + cut_square(0) + '<a xlink:href="http://example.com/"><g/></a>'),
    "handler.svg": svg('<g onload="alert(1)" onclick="x">' + cut_square(0) + "</g>"),
    "prefixed.svg": b'<s:svg xmlns:s="http://www.w3.org/2000/svg" width="40" height="30">'
    b'<s:rect width="20" height="30" fill="#ff0000"/></s:svg>',
    "inner.svg": svg('<defs><rect id="r" width="20" height="30" fill="#ff0000"/></defs><use xlink:href="#r"/>'),
    "gradient.svg": svg(
        '<defs><linearGradient id="g"><stop stop-color="#ff0000"/></linearGradient></defs>'
        '<rect width="20" height="30" fill="url(#g)"/>'
    ),
    "spaced-gradient.svg": svg(
        '<defs><linearGradient id="g"><stop stop-color="#ff0000"/></linearGradient></defs>'
        '<rect width="20" height="30" fill="url( #g )"/>'
    ),
    "packets.svg": svg(f"<!--{'<?xpacket begin=' * 50_000}-->{cut_square(0)}"),
    "styled.svg": svg("<style>rect { fill: #ff0000 }</style><rect width='20' height='30'/>"),
    "foreign.svg": svg(cut_square(0) + '<foreignObject width="9" height="9"><b>x</b></foreignObject>'),
}
LABEL = svg('<rect width="20" height="30" fill="#$fill$" id="$name$"/><text x="22" y="20">$name$</text>')
BAD: Mapping[str, tuple[bytes, str]] = {
    "entity.svg": (
        b'<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>' + svg("<text>&b;</text>"),
        "without entities",
    ),
    "external.svg": (b'<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + svg("<text>&a;</text>"), "entities"),
    "parameter.svg": (b'<!DOCTYPE svg [<!ENTITY % a SYSTEM "file:///etc/passwd">%a;]>' + svg(""), "entities"),
    "file.svg": (svg('<image xlink:href="file:///etc/hostname" width="9" height="9"/>'), "outside of itself"),
    "sibling.svg": (svg('<image href="red.png" width="9" height="9"/>'), "outside of itself"),
    "web.svg": (svg('<image xlink:href="http://127.0.0.1:9/a.png"/>'), "outside of itself"),
    "request.svg": (svg('<image xlink:href="/is/image/V/red"/>'), "outside of itself"),
    "use.svg": (svg('<use xlink:href="logo.svg#r"/>'), "outside of itself"),
    "spaced.svg": (svg('<rect fill="url( http://example.com/#b)" width="9" height="9"/>'), "load nothing"),
    "svg-in-data.svg": (svg('<image href="data:image/svg+xml;base64,AAAA"/>'), "outside of itself"),
    "base.svg": (svg('<g xml:base="file:///etc/"/>'), "outside of itself"),
    "fill.svg": (svg('<rect fill="url(http://example.com/a#b)" width="9" height="9"/>'), "load nothing"),
    "style.svg": (svg("<rect style=\"fill:url( 'other.svg#a')\"/>"), "load nothing"),
    "import.svg": (svg("<style>@import 'other.css';</style>"), "load nothing"),
    "hidden.svg": (svg("<style>@\\69mport 'other.css';</style>"), "load nothing"),
    "css.svg": (svg("<style>rect { fill: url(http://example.com/) }</style>"), "load nothing"),
    "deep.svg": (svg("<g>" * 300 + "</g>" * 300), "within one another"),
    "many.svg": (svg("<g/>" * 100_001), "elements"),
    "long.svg": (svg(" " * 2**20), "at most 1048576 bytes"),
    "torn.svg": (svg("<g>")[:-7], "well-formed"),
    "unbound.svg": (b'<svg xmlns="http://www.w3.org/2000/svg"><image xlink:href="#a"/></svg>', "well-formed"),
    "sized.svg": (svg("", '<svg xmlns="http://www.w3.org/2000/svg" width="$w$" height="9">'), "cannot be a variable"),
    "huge.svg": (svg("", '<svg xmlns="http://www.w3.org/2000/svg" width="30000" height="30000">'), "source_pixels"),
    "late.svg": (svg('<image href="$link$" width="9" height="9"/>'), "outside of itself"),
    "vector.eps": (
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) run\nshowpage\n",
        "that Photoshop has written",
    ),
    "wmf.eps": (
        b"\xc5\xd0\xd3\xc6" + struct.pack("<6IH", 30, 11, 41, 9, 0, 0, 0) + b"%!PS-Adobe-" + bytes(9),
        "Photoshop",
    ),
    "size.eps": (eps(b"", (999_999, 9), 3), "size makes no sense"),
    "preview.eps": (dos_eps(b"MM\0*" + bytes(20)), "cannot be"),
    "lab32.psd": (psd([bytes(9)], (3, 3), 7), "expected bitmap, gray"),
    "float.psd": (psd([bytes(36)], (3, 3), 1, bits=32), "of 1, 8, 16 bits"),
    "deep-palette.psd": (
        psd([bytes(18)], (3, 3), 2, bits=16, palette=bytes(768)),
        "expected indexed colours of 8 bits",
    ),
    "wide.psd": (psd([b""], (300_001, 1), 1), "makes no sense"),
    "method.psd": (
        psd([bytes(9)], (3, 3), 1, method=7),
        "raw, packed or zipped",
    ),
    "many.psd": (psd([b""], (30_000, 30_000), 1), "source_pixels"),
    "many.jxl": (b"\xff\x0a\xfe" + b"\xff" * 8, "source_pixels"),
    "short.jxl": (b"\xff\x0a\x00", "ends too early"),
    "box.jxl": (b"\0\0\0\x0cJXL \r\n\x87\n" + struct.pack(">I4s", 2**31, b"jxlc"), "expected a JPEG XL"),
    "pdf.pdf": (b"%PDF-1.7\n", "expected one of JPEG, PNG"),
    "gzip.svgz": (b"\x1f\x8b\x08\0", "expected one of JPEG, PNG"),
}


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("sources")
    images = folder / "catalogs/V/images"
    images.mkdir(parents=True)
    (images.parent / "catalog.yaml").write_text(CATALOG)
    Image.new("RGB", (40, 30), (0, 255, 0)).save(images / "red.png")
    for name, content in {**GOOD, "label.svg": LABEL, **{name: data for name, (data, _) in BAD.items()}}.items():
        (images / name).write_bytes(content)
    pixel = io.BytesIO()
    Image.new("RGB", (1, 1), (255, 0, 0)).save(pixel, "PNG")
    import base64  # noqa: PLC0415, used here alone

    embedded = f'<image href="{DATA}{base64.b64encode(pixel.getvalue()).decode()}" width="20" height="30"/>'
    (images / "embedded.svg").write_bytes(svg(embedded.replace("<image", '<image preserveAspectRatio="none"')))
    with serving(folder, environment=QUIET) as client:
        yield client


@pytest.mark.parametrize("name", [*GOOD, "embedded.svg", "logo"])
def test_svg_is_drawn(sources: Client, name: str) -> None:
    image = sources.ask(f"/is/image/V/{name}?fmt=png-alpha").image
    assert image.size == (40, 30)
    assert image.getpixel((10, 15)) == (255, 0, 0, 255)
    assert image.getpixel((30, 15))[3] == 0  # type: ignore[index]


@pytest.mark.parametrize(
    ("query", "size", "edge"),
    [
        ("scale=8&scl=1", (320, 240), 160),
        ("scl=0.125&wid=320", (320, 240), 160),
        ("layer=0&size=200,150", (200, 150), 100),
        ("scale=8&scl=1&rgn=150,100,40,40", (40, 40), 10),
        ("layer=0&crop=10,5,20,20&scale=10&scl=1", (200, 200), 100),
        ("wid=20", (20, 15), 10),
    ],
)
def test_svg_is_sharp_at_every_size(sources: Client, query: str, size: tuple[int, int], edge: int) -> None:
    """The edge lies between two pixels, of which neither knows of the other."""
    image = sources.ask(f"/is/image/V/logo?{query}&fmt=png-alpha").image
    assert image.size == size
    middle = size[1] // 2
    assert image.getpixel((edge - 2, middle)) == (255, 0, 0, 255)
    assert image.getpixel((edge + 1, middle))[3] == 0  # type: ignore[index]


def test_variables_are_put_in(sources: Client) -> None:
    assert sources.ask("/is/image/V/label?$fill=00ff00&fmt=png").image.getpixel((10, 15)) == (0, 255, 0)
    assert sources.ask("/is/image/V/label?$fill=0000ff&fmt=png").image.getpixel((10, 15)) == (0, 0, 255)
    assert sources.ask("/is/image/V/shown?fmt=png").image.getpixel((10, 15)) == (0, 0, 255)  # the record's own
    assert sources.ask("/is/image/V/shown?$fill=ff00ff&fmt=png").image.getpixel((10, 15)) == (255, 0, 255)
    plain, named = (sources.ask(f"/is/image/V/label?$fill=00ff00&$name={name}") for name in ("", "M%26%3Cb%3E"))
    assert named.status == 200  # what is put in is text, whatever it looks like
    assert plain.body != named.body
    mask = sources.ask("/is/image/V/red.png?mask=V/label&$fill=ffffff&fmt=png-alpha").image
    assert mask.getpixel((10, 15))[3] == 255  # type: ignore[index]


def test_variables_that_are_not_shown_change_nothing(sources: Client) -> None:
    one, other = (sources.ask(f"/is/image/V/logo?$any={value}") for value in (1, 2))
    assert one.headers["ETag"] == other.headers["ETag"]


@pytest.mark.parametrize(
    "link", ["red.png", "file:///etc/hostname", "http://127.0.0.1:9/", "%20../images/red.png", "DATA:text/html,x"]
)
def test_variables_cannot_lead_outside(sources: Client, link: str) -> None:
    reply = sources.ask(f"/is/image/V/late.svg?$link={link}")
    assert reply.status == 403
    assert "outside of itself" in reply.text


def test_svg_records_are_records(sources: Client) -> None:
    told = sources.ask("/is/image/V/logo?req=imageprops").text
    assert "image.width=40" in told
    assert "image.expiration=2" in told
    assert sources.ask("/is/image/V/both?fmt=png").image.getpixel((10, 15)) == (0, 255, 0)  # the image wins
    assert sources.ask("/is/image/V/red.png?layer=1&src=logo&fmt=png").image.getpixel((10, 15)) == (255, 0, 0)


@pytest.mark.parametrize(("name", "reason"), [(name, reason) for name, (_, reason) in BAD.items()])
def test_what_is_refused(sources: Client, name: str, reason: str) -> None:
    reply = sources.ask(f"/is/image/V/{name}")
    assert reply.status == 403
    assert reason in reply.text
    assert reply.text.count("\n") == 1
    assert "Traceback" not in reply.text
    assert "/images/" not in reply.text


CUT = {
    name: make
    for name, _, make, _ in ROWS
    if name != "more-channels.psd" and name.endswith((".psd", ".psb", ".jxl", ".heic", ".jp2", ".eps", ".bmp"))
}
KEPT = (0.2, 0.6, 0.9)


@pytest.fixture(scope="module")
def torn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("torn")
    images: Path = folder / "catalogs/T/images"
    images.mkdir(parents=True)
    (images.parent / "catalog.yaml").write_text("attributes: {root_id: T, root_path: images}\n")
    for name, make in CUT.items():
        data = make()
        for share in KEPT:
            (images / f"{share}-{name}").write_bytes(data[: int(len(data) * share)])
    with serving(folder, environment=QUIET) as client:
        yield client


@pytest.mark.parametrize("name", CUT)
def test_half_a_file_is_an_error(torn: Client, name: str) -> None:
    for share in KEPT:
        reply = torn.ask(f"/is/image/T/{share}-{name}")
        assert reply.status == 403, share
        assert reply.text.count("\n") == 1
        assert "Traceback" not in reply.text
