"""req=saveToFile, requests without a catalog, and attributes that are read and change nothing."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from pictures import RED
from PIL import Image
from serving import Client, serving
from sites import plain

from catalogs import write

CATALOGS = {
    "Co/catalog.yaml": "attributes: {save_path: shop}\n"
    "images: {r: {path: r.png}, d: {path: r.png, digimarc_info: '1,5,0,0'}}",
    "Off/catalog.yaml": "attributes: {digimarc_id: '404407,32,,,4'}\nimages: {r: {path: r.png}}",
    "Out/catalog.yaml": "attributes: {save_path: ../other}\nimages: {r: {path: r.png}}",
    "Link/catalog.yaml": "attributes: {save_path: link}\nimages: {r: {path: r.png}}",
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("saving")
    for name in CATALOGS:
        plain(folder / "catalogs" / Path(name).parent / "r.png", RED)
    plain(folder / "catalogs" / "r.png", RED)
    write(folder / "catalogs", CATALOGS)
    (folder / "saved" / "shop" / "deep").mkdir(parents=True)
    (folder / "other").mkdir()
    (folder / "saved" / "link").symlink_to(folder / "other")
    (folder / "saved" / "shop" / "away").symlink_to(folder / "other")
    environment = {
        "IMAGESERVER_SERVER__ACCESS_LOG": "",
        "IMAGESERVER_SAVE__FOLDER": "saved",
        "IMAGESERVER_SERVER__DEFAULT_CATALOG_REQUESTS": "off",
    }
    with serving(folder, environment=environment) as client:
        yield client


@pytest.mark.parametrize("name", ["a.png", "deep/b.png", "c%20d.png", "deep//e.png"])
def test_saved(client: Client, name: str) -> None:
    client.ask(f"/is/image/Co/r?req=saveToFile&name={name}&wid=5")  # what is there is replaced
    reply = client.ask(f"/is/image/Co/r?req=saveToFile&name={name}&wid=10&hei=8&fmt=png&timeout=60000")
    assert reply.status == 200, reply.text
    lines = dict(line.split("=") for line in reply.text.splitlines() if "=" in line)
    assert (lines["status"], lines["pixelsTotal"]) == ("done", "80")
    assert int(lines["lastUpdated"]) > 10**12
    assert (reply.headers["Content-Type"], reply.headers["Cache-Control"]) == ("text/plain; charset=utf-8", "no-store")
    path = client.folder / "saved" / "shop" / name.replace("%20", " ")
    assert Image.open(io.BytesIO(path.read_bytes())).size == (10, 8)


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("Off/r?req=saveToFile&name=a.png", "saving to files is off (save_path)"),
        ("Co/r?req=saveToFile", "name=: expected a relative path"),
        ("Co/r?req=saveToFile&name=../a.png", "name=../a.png: expected a relative path"),
        ("Co/r?req=saveToFile&name=deep/../../a.png", "expected a relative path"),
        ("Co/r?req=saveToFile&name=/a.png", "expected a relative path"),
        ("Co/r?req=saveToFile&name=a%00.png", "expected a relative path"),
        ("Co/r?req=saveToFile&name=a%5Cb.png", "expected a relative path"),
        ("Co/r?req=saveToFile&name=deep/", "expected a relative path"),
        ("Co/r?req=saveToFile&name=deep", "is not below save_path"),
        ("Co/r?req=saveToFile&name=away/a.png", "is not below save_path"),
        ("Co/r?req=saveToFile&name=none/a.png", "it has to exist"),
        ("Co/r?req=saveToFile&name=a.png&timeout=x", "timeout=x: expected milliseconds"),
        ("Co/nothing?req=saveToFile&name=x.png", "image 'Co/nothing' not found"),
        ("Out/r?req=saveToFile&name=a.png", "save_path=../other: expected a relative path"),
        ("Link/r?req=saveToFile&name=a.png", "is not below save_path"),
    ],
)
def test_not_saved(client: Client, url: str, error: str) -> None:
    before = sorted((client.folder / "saved").rglob("*"))
    reply = client.ask(f"/is/image/{url}")
    assert (reply.status, error in reply.text) == (403, True), reply.text
    assert sorted((client.folder / "saved").rglob("*")) == before
    assert not list((client.folder / "other").iterdir())


def test_who_asks_for_headers_only_saves_nothing(client: Client) -> None:
    reply = client.ask("/is/image/Co/r?req=saveToFile&name=head.png", "HEAD")
    assert (reply.status, reply.headers["Allow"]) == (405, "GET, POST")
    assert not list((client.folder / "saved").rglob("head.png"))


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("Co/r", 200),
        ("Co/r?layer=1&src=is{r}", 200),
        ("r.png", 403),
        ("?src=Co/r", 403),
        ("?req=validate", 403),
        ("?req=catalogprops", 200),
        ("Nothing/r?req=catalogprops,json", 200),
        ("", 200),
    ],
)
def test_requests_without_a_catalog(client: Client, url: str, status: int) -> None:
    reply = client.ask(f"/is/image/{url}")
    assert reply.status == status, reply.text
    if status == 403:
        assert "expected the id of a catalog in the path (server.default_catalog_requests)" in reply.text


@pytest.mark.parametrize(("url", "ignored"), [("Co/d", "digimarc_info"), ("Off/r", "digimarc_id"), ("Co/r", "")])
def test_digimarc_is_reported_as_ignored(client: Client, url: str, ignored: str) -> None:
    assert client.ask(f"/is/image/{url}?fmt=png").body == client.ask("/is/image/Co/r?fmt=png").body
    text = client.ask(f"/is/image/{url}?req=validate").text
    assert ("catalog.ignored" in text) is bool(ignored)
    assert ignored in text
    assert ("# ignored: " in client.ask(f"/is/image/{url}?req=resolve").text) is bool(ignored)
