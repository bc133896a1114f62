"""Text layers of catalogs with fonts of their own: which face is drawn, what is refused, and what is never stale."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from PIL import Image, ImageChops
from serving import Client, serving
from sites import QUIET, properties, write_site
from typefaces import collection

from imageserver.plan.faces import BUILT_IN, built_in_bytes

CATALOG = """
attributes: {default_font: House, synthesize_font_styles: %s}
fonts:
  - {name: House, path: fonts/house.otf}
  - {name: Full, path: fonts/full.ttf}
  - {name: Full, bold: true, path: fonts/full-bold.ttf}
  - {name: Set, path: fonts/set.ttc, index: 1}
  - {name: Lost, path: fonts/lost.ttf}
  - {name: Odd, path: fonts/odd.ttf}
images:
  poster:
    modifier: layer=0&size=120,40&color=ffffff&layer=1&text=\\fs40 $words$&$words=Sale
    post_modifier: fmt=png
"""
LIGHT = "[{name: House, path: fonts/house.otf}]"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_site(tmp_path_factory.mktemp("fonts"), {"Co": CATALOG % 1, "Strict": CATALOG % 0})
    for name in ("Co", "Strict"):
        fonts = folder / "catalogs" / name / "fonts"
        fonts.mkdir()
        (fonts / "house.otf").write_bytes(built_in_bytes("SourceSerifPro"))
        (fonts / "full.ttf").write_bytes(built_in_bytes("fimo"))
        (fonts / "full-bold.ttf").write_bytes(built_in_bytes("fimbo"))
        (fonts / "set.ttc").write_bytes(collection("figo", "fimo"))
        (fonts / "odd.ttf").write_bytes(b"\0\1\0\0 not much of a font")
    return folder


@pytest.fixture(scope="module")
def client(site: Path) -> Iterator[Client]:
    with serving(site, environment=QUIET) as client:
        yield client


def drawn(client: Client, text: str, catalog: str = "Co", more: str = "") -> Image.Image:
    written = quote(text, safe="\\{};")
    reply = client.ask(f"/is/image/{catalog}?size=200,60&textPs={written}&fmt=png{more}")
    assert reply.status == 200, reply.text
    return reply.image.convert("L")


def alike(one: Image.Image, other: Image.Image) -> bool:
    return ImageChops.difference(one, other).getbbox() is None


def in_font(name: str, words: str = "Hamburg") -> str:
    return f"{{\\fonttbl{{\\f0 {name};}}}}\\f0\\fs48 {words}"


SERIF, MONO = in_font("Source Serif Pro"), in_font("Fira Mono")


@pytest.mark.parametrize(
    ("text", "same_as"),
    [
        ("\\fs48 Hamburg", SERIF),  # attribute::DefaultFont
        (in_font("House"), SERIF),
        (in_font("hOUSE"), SERIF),
        (in_font("Full"), MONO),
        (in_font("Full", "\\b Hamburg"), in_font("Fira Mono", "\\b Hamburg")),
        (in_font("Set"), MONO),  # the second face of a collection
        (in_font("Full", "مرحبا"), in_font("FiraGO", "مرحبا")),  # from another face, since this one lacks the letters
    ],
)
def test_face(client: Client, text: str, same_as: str) -> None:
    assert alike(drawn(client, text), drawn(client, same_as))


def ink(image: Image.Image) -> float:
    """How much is drawn, in pixels."""
    return sum((255 - level) * count for level, count in enumerate(image.histogram())) / 255


def test_styles_are_made_up(client: Client) -> None:
    regular, bold, italic = (drawn(client, in_font("House", word + " Hill")) for word in ("", "\\b", "\\i"))
    assert ink(bold) > 1.1 * ink(regular)
    assert not alike(italic, regular)
    assert ink(italic) == pytest.approx(ink(regular), rel=0.02)
    real = drawn(client, in_font("Source Serif Pro", "\\b Hill"))
    assert not alike(bold, real)


@pytest.mark.parametrize("style", ["\\b", "\\i", "\\b\\i"])
def test_styles_are_not_made_up_where_the_catalog_forbids_it(client: Client, style: str) -> None:
    written = quote(in_font("House", f"{style} x"), safe="\\{};")
    reply = client.ask(f"/is/image/Strict?size=9,9&text={written}")
    name = {"\\b": "bold", "\\i": "italic", "\\b\\i": "bold italic"}[style]
    assert (reply.status, reply.headers["X-Error"]) == (403, "unknown font")
    assert reply.text.startswith(f"font House {name}: expected a font of catalog 'Strict': Full, House, Lost")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Lost", "'lost.ttf' cannot be read"),
        ("Odd", "font 'odd.ttf' cannot be read: the file is cut off or damaged"),
        ("Nowhere", "font Nowhere: expected a font of catalog 'Co': Full, House, Lost, Odd, Set, FiraGO"),
    ],
)
def test_bad_font(client: Client, name: str, message: str) -> None:
    reply = client.ask(f"/is/image/Co?size=9,9&text={quote(in_font(name), safe=';{}')}")
    assert reply.status == 403
    assert message in reply.text


def test_bad_fonts_hurt_nobody_who_does_not_ask_for_them(client: Client) -> None:
    assert not alike(drawn(client, in_font("Full", "中")), drawn(client, in_font("Full", " ")))


@pytest.mark.parametrize(("count", "status"), [(10_000, 200), (10_001, 403)])
def test_characters_of_a_request_are_limited(client: Client, count: int, status: int) -> None:
    layers = f"layer=0&size=900,900&textPs={'word ' * (count // 10)}&layer=1&textPs={'x' * (count - count // 10 * 5)}"
    reply = client.ask("/is/image/Co", "POST", layers.encode(), {"Content-Type": "application/x-www-form-urlencoded"})
    assert reply.status == status
    if status == 403:
        assert "limits.characters: 10001 is more than the 10000" in reply.text


def test_replaced_font_is_drawn_and_is_another_version(tmp_path: Path) -> None:
    site = write_site(tmp_path, {"Co": f"fonts: {LIGHT}\n"})
    file = site / "catalogs" / "Co" / "fonts" / "house.otf"
    file.parent.mkdir()
    file.write_bytes(built_in_bytes("SourceSerifPro"))
    with serving(site, environment=QUIET) as client:
        url = f"Co?size=200,60&text={quote(in_font('House'), safe=';{}')}"
        before = client.ask(f"/is/image/{url}")
        first = properties(client, f"{url}&req=props")["image.version"]
        new = file.with_name("new.otf")
        new.write_bytes(built_in_bytes("fimo"))
        new.replace(file)
        after, second = client.ask(f"/is/image/{url}"), properties(client, f"{url}&req=props")["image.version"]
        assert before.body != after.body
        assert before.headers["ETag"] != after.headers["ETag"]
        assert first != second


def test_fonts_of_the_default_catalog_are_in_reach_of_all(tmp_path: Path) -> None:
    site = write_site(tmp_path, {"Co": "{}\n", "Own": f"fonts: {LIGHT}\n"})
    for folder, code in (("", "fimo"), ("Own", "SourceSerifPro")):
        fonts = site / "catalogs" / folder / "fonts"
        fonts.mkdir()
        (fonts / "house.otf").write_bytes(built_in_bytes(code))
    (site / "catalogs" / "default.yaml").write_text(f"attributes: {{default_font: House}}\nfonts: {LIGHT}\n")
    with serving(site, environment=QUIET) as client:
        assert alike(drawn(client, in_font("House")), drawn(client, MONO))
        assert alike(drawn(client, "\\fs48 Hamburg"), drawn(client, MONO))
        assert alike(drawn(client, in_font("House"), "Own"), drawn(client, SERIF, "Own"))  # a catalog's own goes first


def test_words_of_a_template_are_a_variable(client: Client) -> None:
    sale, more = client.ask("/is/image/Co/poster"), client.ask("/is/image/Co/poster?$words=Sold%20out")
    nothing = client.ask("/is/image/Co/poster?$words=")
    assert ink(sale.image.convert("L")) < ink(more.image.convert("L"))
    assert ink(nothing.image.convert("L")) == 0


def test_built_in_faces_are_there() -> None:
    assert {one.name for one in BUILT_IN} == {"FiraGO", "Fira Mono", "Source Serif Pro"}
    assert all(built_in_bytes(one.code)[:4] in {b"\0\1\0\0", b"OTTO", b"true"} for one in BUILT_IN)
