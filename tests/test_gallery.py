"""The gallery over a real socket: what it names and escapes, where its URLs lead, what a browser makes of it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml
from conftest import HERE, QUIET
from serving import Client, Reply, serving

from imageserver.catalog.attributes import Attributes
from imageserver.catalog.catalogs import Catalog, Catalogs
from imageserver.catalog.records import Record
from imageserver.protocol.values import Rect
from imageserver.server.gallery import PAGE_SIZE, card, position

CATALOG = Path(__file__).parent / "catalog.yaml"
UNREADABLE = {"broken", "text", "empty", "gone"}
TEMPLATES = {name for name, record in yaml.safe_load(CATALOG.read_text())["images"].items() if "path" not in record}
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
    write(site, {HOSTILE: record, "a/ü b": {"path": "grid.png"}}, {"m": HOSTILE})
    with serving(site, environment=QUIET) as client:
        page = read(client.ask("/"))
        assert [values["src"] for tag, values in page.elements if tag == "script"] == ["/gallery/gallery.js"]
        assert not [name for _, values in page.elements for name in values if name.startswith("on") or name == "style"]
        assert HOSTILE in page.text
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
    shown = card(Catalogs(default, {"Co": catalog}), catalog, "x", record)
    assert [tile.label for tile in shown.tiles] == labels
    assert all(tile.base.startswith("/is/image/Co/") for tile in shown.tiles)


@pytest.mark.skipif(not shutil.which("chromium") and not os.environ.get("CI"), reason="chromium is not installed")
def test_a_browser_shows_versions(server: Client, tmp_path: Path) -> None:
    options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", f"--user-data-dir={tmp_path}"]
    command = ["chromium", "--headless", *options, "--virtual-time-budget=10000", "--dump-dom"]
    url = f"http://127.0.0.1:{server.port}/"
    shown = subprocess.run([*command, url], capture_output=True, check=True, timeout=120)  # noqa: S603, a fixed command
    versions = VERSION.findall(shown.stdout.decode())
    assert versions, "no card shows a version"
    sources = [values.get("src", "") for tag, values in Page(shown.stdout.decode()).elements if tag == "img"]
    assert any(source.endswith(f"id={versions[0]}") for source in sources), "no picture is asked for by its version"
