"""The gallery over a real socket: what it names and escapes, where its URLs lead, what a browser makes of it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

import pytest
import yaml
from browser import Tab, browsing, needs_browser
from conftest import HERE, QUIET
from serving import Client, Reply, serving
from sites import write_site

from imageserver.catalog.attributes import Attributes
from imageserver.catalog.catalogs import Catalog, Catalogs, Entry, Visitor
from imageserver.catalog.records import Record
from imageserver.config import Limits
from imageserver.protocol.reading import read_pieces
from imageserver.protocol.values import Rect
from imageserver.server.forms import Field, fields_of
from imageserver.server.gallery import PAGE_SIZE, card, position, section

CATALOG = HERE / "catalog.yaml"
UNREADABLE = {"broken", "text", "empty", "gone", "Lb", "Ma", "Cs", "Sn"}
"""What is no image, a catalog whose records are found by generic ids only, and those of videos."""
TEMPLATES = {
    name
    for path in (CATALOG, *(HERE / "other-catalogs").glob("*.yaml"))
    for name, record in yaml.safe_load(path.read_text()).get("images", {}).items()
    if "path" not in record
}
HOSTILE = """<script>alert("1")</script>'&amp; ü?#%41"""
VERSION = re.compile(r'data-fact="image\.version">([0-9A-Za-z]{22})<')


class Page(HTMLParser):
    """Collects the elements of a page, with what `<noscript>` holds."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text += data

    def urls(self) -> set[str]:
        return {values[name] for _, values in self.elements for name in ("src", "href") if name in values}


def read(reply: Reply) -> Page:
    assert reply.status == 200, reply.text[:300]
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    return Page(reply.text)


def write(site: Path, images: dict[str, object], macros: dict[str, str] | None = None) -> None:
    catalog = {"attributes": {"root_path": "images"}, "images": images, "macros": macros or {}}
    (site / "catalogs" / "Co" / "catalog.yaml").write_text(yaml.safe_dump(catalog, allow_unicode=True, sort_keys=False))


def test_names_every_record(server: Client) -> None:
    page = read(server.ask("/"))
    for name in yaml.safe_load((HERE / "catalog.yaml").read_text())["images"]:
        assert name in page.text
    assert "catalogs/Co/catalog.yaml:" in page.text, "the missing file is told with its line"
    assert "$thumb$" in page.text


def test_policy_and_caching(server: Client) -> None:
    headers = server.ask("/").headers
    wanted = (
        "default-src 'none'",
        "img-src 'self' data:",
        "style-src 'self'",
        "script-src 'self'",
        "connect-src 'self'",
    )
    assert set(wanted) <= set(headers["Content-Security-Policy"].split("; "))
    assert headers["Cache-Control"] == "no-cache"


def test_every_url_has_an_answer(server: Client) -> None:
    urls = read(server.ask("/")).urls()
    assert not [url for url in urls if not url.startswith(("/", "#"))], "nothing comes from elsewhere"
    pictures = {url for url in urls if url.startswith("/is/image/")}
    assert len(pictures) > 100
    for url in pictures:
        allowed = {200, 403} if set(re.split("[/?:]", url)) & (UNREADABLE | TEMPLATES) else {200}
        assert server.ask(url).status in allowed, url


def test_files_are_asked_for_again(server: Client) -> None:
    files = {url for url in read(server.ask("/")).urls() if url.startswith("/gallery/")}
    assert len(files) >= 5
    for url in files:
        reply = server.ask(url)
        assert (reply.status, reply.headers["Cache-Control"]) == (200, "no-cache")
        assert server.ask(url, headers={"If-None-Match": reply.headers["Etag"]}).status == 304


@pytest.mark.parametrize("name", ["gallery.html", "nothing.js", "..%2Fgallery.py", "%2e%2e/app.py"])
def test_sends_no_other_file(server: Client, name: str) -> None:
    assert server.ask(f"/gallery/{name}").status == 404


def test_hostile_values_are_only_text(site: Path) -> None:
    record = {"path": "grid.png", "user_data": {"title": HOSTILE}, "crops": {HOSTILE: [0, 0, 9, 9]}, "map": HOSTILE}
    template = {"modifier": f"$t={quote(HOSTILE)}&$c=ff0000&layer=0&size=9,9&color=$c$&map=$t$"}
    write(site, {HOSTILE: record, "a/ü b": {"path": "grid.png"}, "template": template}, {"m": HOSTILE})
    with serving(site, environment=QUIET) as client:
        page = read(client.ask("/"))
        scripts = [values["src"] for tag, values in page.elements if tag == "script"]
        assert [re.sub("[0-9a-f]{16}", "VERSION", one) for one in scripts] == [
            "/viewer/VERSION/viewer.js",
            "/gallery/gallery.js",
        ]
        assert not [name for _, values in page.elements for name in values if name.startswith("on") or name == "style"]
        assert HOSTILE in page.text
        assert HOSTILE in {values.get("value") for tag, values in page.elements if tag == "input"}
        assert "/is/image/Co/a/%C3%BC%20b?req=tmb" in page.urls()
        for url in page.urls():
            if url.startswith("/is/image/"):
                assert client.ask(url).status == 200, url


def test_no_catalog_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "catalogs").mkdir()
    with serving(tmp_path, environment=QUIET) as client:
        assert "No catalog yet" in read(client.ask("/")).text


def test_pages(site: Path) -> None:
    write(site, {f"record-{number}": {"path": "grid.png"} for number in range(PAGE_SIZE + 3)})
    with serving(site, environment=QUIET) as client:
        first = read(client.ask("/"))
        assert f"record-{PAGE_SIZE - 1}" in first.text
        assert f"record-{PAGE_SIZE}" not in first.text
        following = f"?catalog=Co&from={PAGE_SIZE}"
        assert following in first.urls()
        second = read(client.ask(f"/{following}"))
        assert f"record-{PAGE_SIZE}" in second.text
        assert "?catalog=Co&from=0" in second.urls()
        assert "record-" not in read(client.ask("/?from=999999")).text


def test_one_catalog(server: Client) -> None:
    assert "Co/photo" in read(server.ask("/?catalog=Co")).text
    assert "No such catalog" in read(server.ask("/?catalog=%3Cb%3E")).text


@pytest.mark.parametrize(("text", "number"), [("60", 60), ("", 0), ("-1", 0), ("x", 0), ("²", 0), ("9" * 5000, 0)])
def test_position(text: str, number: int) -> None:
    assert position(text) == number


@pytest.mark.parametrize(
    ("record", "labels"),
    [
        (Record(), []),
        (Record(modifier="layer=0&color=ff0000"), ["Thumbnail"]),
        (Record("a.png", crops=(("q", Rect(0, 0, 9, 9)),)), ["Thumbnail", "Crop q", "Mask", "Cut out"]),
        (Record(image_set="a,{b;sw,Co/c},a,(http://x),0xff=1"), ["Member 1", "Member 2", "Member 3"]),
    ],
)
def test_tiles(record: Record, labels: list[str]) -> None:
    default, catalog = Catalog("", Path(), Attributes()), Catalog("Co", Path(), Attributes(), {"x": record})
    shown = card(Catalogs(default, {"Co": catalog}), Limits(), catalog, "x", record)
    assert [tile.label for tile in shown.tiles] == labels
    assert all(tile.base.startswith("/is/image/Co/") for tile in shown.tiles)


@needs_browser
def test_a_browser_shows_versions(server: Client, tmp_path: Path) -> None:
    options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", f"--user-data-dir={tmp_path}"]
    command = ["chromium", "--headless", *options, "--virtual-time-budget=10000", "--dump-dom"]
    url = f"http://127.0.0.1:{server.port}/"
    shown = subprocess.run([*command, url], capture_output=True, check=True, timeout=120)  # noqa: S603, a fixed command
    versions = VERSION.findall(shown.stdout.decode())
    assert versions, "no card shows a version"
    sources = [values.get("src", "") for tag, values in Page(shown.stdout.decode()).elements if tag == "img"]
    assert any(source.endswith(f"id={versions[0]}") for source in sources), "no picture is asked for by its version"


COLORED = "layer=0&size=9,9&color=$c$"


@pytest.mark.parametrize(
    ("modifier", "fields"),
    [
        ("op_blur=1&$large$", ()),
        (f"$c=ff8000&{COLORED}", (Field("c", "color", "ff8000", swatch="#ff8000"),)),
        (f"$c=255,128,0&{COLORED},128", (Field("c", "color", "255,128,0", swatch="#ff8000"),)),
        (f"$c=50&{COLORED}", (Field("c", "color", "50", swatch="#808080"),)),
        (f"$c=nice&{COLORED}", (Field("c", "text", "nice"),)),  # what does not fit is shown all the same
        (f"$c=&{COLORED}", (Field("c", "color", ""),)),
        ("$Dye=102030&op_colorize=$dye$,off,50", (Field("Dye", "color", "102030", swatch="#102030"),)),
        ("$c d=1&color=$c d$", ()),  # no name that anything could be put in for
        ("$c=1&$c=2&$C=3&opac=$c$", (Field("C", "number", "3", low="0", high="100", step="1"),)),  # the last one holds
        ("$n=5&opac=80,$n$", (Field("n", "number", "5", low="0", high="100", step="1"),)),
        ("$n=5,6&opac=$n$", (Field("n", "text", "5,6"),)),
        ("$n=%2B1.50&scale=$n$", (Field("n", "number", "1.5", step="any"),)),
        ("$n=20&opac=$n$&op_hue=$n$", (Field("n", "number", "20", low="0", high="100", step="1"),)),
        ("$n=20&opac=$n$&color=$n$", (Field("n", "text", "20"),)),
        ("$n=2&pos=$n$,9&posN=0,$n$", (Field("n", "number", "2", step="1"),)),
        ("$p=2,3&pos=$p$", (Field("p", "text", "2,3"),)),
        ("$s=a/b&src=$s$", (Field("s", "object", "a/b"),)),
        ("$s=b&src=a/$s$", (Field("s", "text", "b"),)),
        ("$s=a&src=is{$s$?scl=2}", (Field("s", "object", "a"),)),
        ("$m=a&src=is{x?layer=1&src=is{y?mask=$m$&$q=1}}", (Field("m", "object", "a"),)),
        ("$m=a&src=is{x?$m=b&mask=$m$}", (Field("m", "text", "a"),)),  # a nested request has a variable of its own
        ("$c=010203&src=is{Co/inner}", (Field("c", "color", "010203", swatch="#010203"),)),
        (
            "$c=010203&$s=Co/inner&src=is{$s$}",
            (Field("c", "color", "010203", swatch="#010203"), Field("s", "object", "Co/inner")),
        ),
        ("$f=lr&flip=$f$", (Field("f", "text", "lr", words=("lr", "ud", "lrud")),)),
        ("$t=%22%3E%3Cb%3E+%26%2541&op_nothing=$t$", (Field("t", "text", '"><b> &%41'),)),
        ("$dyed$&$c=010203", (Field("c", "color", "010203", swatch="#010203"),)),
        ("$c=010203&$unknown$", ()),
        ("$c=010203&src=is{Co/x}", (Field("c", "text", "010203"),)),  # the record itself
    ],
)
def test_fields(modifier: str, fields: tuple[Field, ...]) -> None:
    inner, record = Record(modifier=f"$c=ffffff&{COLORED}"), Record(modifier=modifier)
    macros = {"large": "wid=900", "dyed": "op_colorize=$c$"}
    default = Catalog("", Path(), Attributes())
    catalog = Catalog("Co", Path(), Attributes(), {"x": record, "inner": inner}, macros=macros)
    assert fields_of(Entry("x", catalog, catalog, record, "x"), Catalogs(default, {"Co": catalog}), Limits()) == fields


def test_a_variable_that_the_record_fixes_has_no_field() -> None:
    record = Record(modifier=f"$c=010203&$d=5&opac=$d$&{COLORED}", post_modifier="$c=ffffff")
    catalog = Catalog("Co", Path(), Attributes(), {"x": record})
    found = fields_of(Entry("x", catalog, catalog, record, "x"), Catalogs(catalog, {"Co": catalog}), Limits())
    assert [field.name for field in found] == ["d"]


TEMPLATE = """
attributes: {root_path: images, max_pix: [0, 0]}
images:
  grid: {path: grid.png, crops: {left: [0, 0, 20, 30]}}
  kept: {path: grid.png, access: private, user_data: {title: Not for everybody}}
  template:
    modifier: "$tint=ff0000&$shown=Co/grid&$veil=100&$note=&\
      layer=0&size=64,48&src=$shown$&layer=1&size=64,48&color=$tint$&opac=$veil$&map=$note$"
"""


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with serving(write_site(tmp_path_factory.mktemp("templates"), {"Co": TEMPLATE}), environment=QUIET) as client:
        yield client


def test_fields_have_labels_and_lists(templates: Client) -> None:
    elements = read(templates.ask("/")).elements
    labelled = {values["for"] for tag, values in elements if tag == "label" and "for" in values}
    inputs = [values for tag, values in elements if tag == "input" and values.get("class") in {"value", "aid"}]
    assert [values["type"] for values in inputs] == ["text", "color", "text", "number", "range", "text"]
    assert all(values.get("id") in labelled or values.get("aria-label") for values in inputs)
    assert len(labelled) == len({values["id"] for values in inputs if "id" in values}) == 4
    lists = {values["id"] for tag, values in elements if tag == "datalist"}
    assert [values["list"] for values in inputs if "list" in values] == list(lists)
    assert [values["value"] for tag, values in elements if tag == "option"] == ["Co/grid", "Co/grid:left"]


def test_records_that_are_not_for_everybody_are_not_shown(templates: Client) -> None:
    page = read(templates.ask("/"))
    assert templates.ask("/is/image/Co/kept").status == 403
    assert "Not for everybody" not in page.text
    assert not [url for url in page.urls() if "kept" in url]


def test_pages_go_on_behind_records_that_are_not_shown() -> None:
    kept = Record("a.png", access="private")
    images = {"kept": kept, **{f"record-{number}": Record("a.png") for number in range(PAGE_SIZE)}}
    catalog = Catalog("Co", Path(), Attributes(), images)
    catalogs = Catalogs(Catalog("", Path(), Attributes()), {"Co": catalog}, Visitor())
    shown = section(catalogs, Limits(), catalog, 0)
    assert [one.record_id for one in shown.cards] == [f"record-{number}" for number in range(PAGE_SIZE - 1)]
    assert shown.next_url == f"?catalog=Co&from={PAGE_SIZE}"


def field(name: str, kind: str = "value") -> str:
    return f'.field[data-variable="{name}"] .{kind}'


async def commands(tab: Tab) -> str:
    return str(await tab.ask("card.querySelector('.play input').value"))


async def shown(tab: Tab, piece: str) -> list[int]:
    """Wait for the picture of a command, and give its middle pixel."""
    address = f"decodeURIComponent(card.querySelector('.stage img').src).includes({piece!r})"
    await tab.until(f"{address} && !card.querySelector('.stage').ariaBusy && card.querySelector('.stage img').complete")
    pixel = await tab.ask(PIXEL)
    assert isinstance(pixel, list)
    return pixel


PIXEL = """(() => {
  const image = card.querySelector('.stage img');
  const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight).getContext('2d');
  canvas.drawImage(image, 0, 0);
  return [...canvas.getImageData(image.naturalWidth / 2, image.naturalHeight / 2, 1, 1).data].slice(0, 3);
})()"""
OPEN = "globalThis.card = document.querySelector('.fields:not([hidden])')?.closest('.card')"


@needs_browser
async def test_a_field_redraws_the_picture(templates: Client, tmp_path: Path) -> None:
    async with browsing(f"http://127.0.0.1:{templates.port}/", tmp_path) as tab:
        await tab.until(f"!!({OPEN})")
        await tab.ask("card.scrollIntoView()")
        first = await commands(tab)
        red = await shown(tab, "wid=640")
        assert red[0] > 245
        assert max(red[1:]) < 10
        assert "$" not in first
        await tab.fill(field("tint"), "0000ff")
        assert await commands(tab) == f"{first}&$tint=0000ff"
        blue = await shown(tab, "$tint=0000ff")
        assert blue[2] > 245
        assert max(blue[:2]) < 10
        assert await tab.ask(f"document.querySelector('{field('tint', 'aid')}').value") == "#0000ff"
        await tab.fill(field("tint"), "ff0000")
        assert await commands(tab) == first, "a default adds nothing"
        await tab.ask(f"document.querySelector('{field('veil', 'aid')}').focus()")
        await tab.press("ArrowLeft")
        assert await commands(tab) == f"{first}&$veil=99"
        await shown(tab, "$veil=99")
        await tab.press("Tab")
        assert await tab.ask(f"document.activeElement === document.querySelector('{field('note')}')")
        await tab.ask("card.querySelector('.defaults').click()")
        assert await commands(tab) == first


@needs_browser
async def test_commands_and_fields_follow_each_other(templates: Client, tmp_path: Path) -> None:
    async with browsing(f"http://127.0.0.1:{templates.port}/", tmp_path) as tab:
        await tab.until(f"!!({OPEN})")
        await tab.fill(field("note"), HOSTILE)
        written = read_pieces(await commands(tab))
        assert [piece.value for piece in written if piece.name == "$note"] == [HOSTILE]
        assert len(written) == 4
        await tab.fill(
            ".card:has(.fields) .play input", "wid=80&%24TINT=0,255,0&layer=1&src=is{Co/grid?$veil=7}&$note=a%26+b%2B"
        )
        await tab.until(f"document.querySelector('{field('tint')}').value === '0,255,0'")
        values = "[...card.querySelectorAll('.fields input')].map(one => one.value)"
        assert await tab.ask(values) == ["0,255,0", "#00ff00", "Co/grid", "100", "100", "a& b+"]
        await tab.fill(field("note"), "")
        assert await commands(tab) == "wid=80&%24TINT=0,255,0&layer=1&src=is{Co/grid?$veil=7}"
        await tab.ask("card.querySelector('.reset').click()")
        assert await tab.ask(values) == ["ff0000", "#ff0000", "Co/grid", "100", "100", ""]


SHOWN = "document.querySelector('#zoom is-viewer')"


@needs_browser
async def test_the_viewer_opens_over_the_gallery(templates: Client, tmp_path: Path) -> None:
    async with browsing(f"http://127.0.0.1:{templates.port}/", tmp_path) as tab:
        button = "document.querySelector('.card[data-base$=grid] .magnify')"
        await tab.until(f"{button}?.hidden === false && !!customElements.get('is-viewer')")
        await tab.ask(
            f"globalThis.told = []; {SHOWN}.addEventListener('is-load', event => told.push(event.detail.name))"
        )
        await tab.ask(f"{button}.scrollIntoView({{behavior: 'instant', block: 'center'}})")
        await tab.click(button)
        await tab.until("told.includes('Co/grid')")
        await tab.press("Escape")
        await tab.until("!document.querySelector('#zoom').open")
        await tab.until(f"!{SHOWN}.item")  # a dialog tells of its closing in a task of its own
