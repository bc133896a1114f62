"""Raw files of Cloudinary's: what the official client uploads is static content, and is sent as it came."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cloud import (
    CATALOG,
    GREEN,
    LONG,
    RED,
    TOKEN_KEY,
    api,
    cloud,
    cloudinary,
    exceptions,
    fetch,
    form,
    png,
    uploader,
    utils,
    yaml_of,
)
from serving import Client

from imageserver.dialects.cloudinary.language.signatures import url_signatures
from imageserver.tools.cli import main

PDF = b"%PDF-1.4\n" + bytes(range(256)) * 8
PAGE = b"<script>alert(1)</script>"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with cloud(tmp_path_factory.mktemp("cloud")) as client:
        yield client


def stored(body: bytes, public_id: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401, whatever a client takes
    return dict(uploader.upload(body, public_id=public_id, resource_type="raw", **options))


def kept(client: Client, name: str) -> str:
    """What YAML says of a record."""
    return next(line for line in yaml_of(client).splitlines() if line.strip().startswith(name))


def test_life_of_a_raw_file(client: Client) -> None:
    first = stored(PDF, "f/doc.pdf", tags=["a"], context={"k": "v"}, backup=True)
    assert (first["resource_type"], first["bytes"], first["tags"]) == ("raw", len(PDF), ["a"])
    assert not {"width", "height", "format", "pages"} & first.keys()
    assert first["url"].endswith(f"/demo/raw/upload/v{first['version']}/f/doc.pdf")
    reply = fetch(client, first["secure_url"])
    assert (reply.body, reply.headers["Cache-Control"]) == (PDF, LONG)
    assert reply.headers["ETag"] == f'"{hashlib.md5(PDF).hexdigest()}"'  # noqa: S324, what clients expect
    assert CATALOG in yaml_of(client)

    second = stored(PDF + b"2", "f/doc.pdf", backup=True)
    assert second["overwritten"]
    assert (second["asset_id"], second["version"] > first["version"]) == (first["asset_id"], True)
    old = fetch(client, first["url"])
    assert (old.body, old.headers["Cache-Control"]) == (PDF + b"2", "public, no-cache")
    assert stored(PDF, "f/doc.pdf", overwrite=False)["existing"]

    found = api.resource("f/doc.pdf", resource_type="raw", versions=True)
    assert [one["version"] for one in found["versions"]] == [str(second["version"]), str(first["version"])]
    restored = api.restore(["f/doc.pdf"], resource_type="raw", versions=[first["version_id"]])["f/doc.pdf"]
    assert restored["version"] > second["version"]
    assert fetch(client, restored["url"]).body == PDF
    assert fetch(client, first["url"].replace("/raw/", "/image/")).status == 404

    moved = uploader.rename("f/doc.pdf", "g/doc.pdf", resource_type="raw")
    assert (moved["asset_id"], moved["version"]) == (first["asset_id"], restored["version"])
    assert uploader.destroy("g/doc.pdf")["result"] == "not found"  # of images
    assert uploader.destroy("g/doc.pdf", resource_type="raw")["result"] == "ok"
    assert not [path for path in (client.folder / "catalogs" / "Co" / "raw").rglob("*") if path.is_file()]
    gone = api.resource("g/doc.pdf", resource_type="raw")
    assert (gone["bytes"], gone["placeholder"], gone["resource_type"]) == (0, True, "raw")
    again = api.restore(["g/doc.pdf"], resource_type="raw")["g/doc.pdf"]
    assert (fetch(client, again["url"]).body, again["tags"]) == (PDF, ["a"])
    deleted = api.delete_resources(["g/doc.pdf", "x"], resource_type="raw")["deleted"]
    assert deleted == {"g/doc.pdf": "deleted", "x": "not_found"}


def test_one_public_id_is_several_assets(client: Client) -> None:
    picture = uploader.upload(png(RED), public_id="same")
    open_, secret = stored(b"open", "same"), stored(b"secret", "same", type="private")
    assert len({one["asset_id"] for one in (picture, open_, secret)}) == 3
    assert [fetch(client, one["url"]).body for one in (picture, open_, secret)] == [png(RED), b"open", b"secret"]
    assert uploader.add_tag("only", ["same"], resource_type="raw")["public_ids"] == ["same"]
    assert "tags" not in api.resource("same")
    uploader.destroy("same", resource_type="raw")
    assert [fetch(client, one["url"]).status for one in (picture, open_, secret)] == [200, 404, 200]
    assert client.ask("/is/image/Co/same?fmt=png").image.getpixel((0, 0)) == RED


@pytest.mark.parametrize("kind", ["private", "authenticated"])
def test_restricted_files_need_a_signature(client: Client, kind: str) -> None:
    one = stored(b"secret", f"{kind}.txt", type=kind)
    assert fetch(client, one["url"]).body == b"secret"
    signature = next(url_signatures(f"{kind}.txt", "secret"))
    statuses = {
        f"{kind}.txt": 401,
        f"fl_attachment/{kind}.txt": 401,
        f"s--abcdefgh--/{kind}.txt": 401,
        f"s--{signature}--/v1/{kind}.txt": 200,
    }
    assert {url: client.ask(f"/demo/raw/{kind}/{url}").status for url in statuses} == statuses
    native = client.ask(f"/is/content/Co/{kind}:{kind}.txt")
    assert (native.status, "signed" in native.text) == (403, True)
    path = kept(client, f"{kind}:{kind}.txt").partition("path: ")[2].partition(",")[0].rstrip("}")
    assert path.startswith("restricted/")
    assert client.ask(f"/is/content/Co/{path}").status == 403


@pytest.mark.parametrize(
    ("acl", "key", "status"),
    [
        ("/raw/authenticated/*", TOKEN_KEY, 200),
        ("/demo/raw/*/token.txt", TOKEN_KEY, 200),
        ("/image/*", TOKEN_KEY, 401),
        ("/raw/*", "0011", 401),
    ],
)
def test_a_token_lets_in_to_a_restricted_file(client: Client, acl: str, key: str, status: int) -> None:
    stored(b"secret", "token.txt", type="authenticated")
    token = utils.generate_auth_token(key=key, acl=acl, duration=3600)
    url = "/demo/raw/authenticated/token.txt"
    for reply in (client.ask(f"{url}?{token}"), client.ask(url, headers={"Cookie": token, "Range": "bytes=0-9"})):
        assert reply.status in ({200: (200, 206)}.get(status, (status,)))
        assert (reply.body, reply.headers["Cache-Control"]) == (
            (b"secret", "private, no-cache") if status == 200 else (b"", "no-store")
        )
    assert client.ask(url).status == 401


def test_delivery(client: Client) -> None:
    one = stored(PDF, "my_docs/a b.pdf")
    url = "/demo/raw/upload/v1/my_docs/a%20b.pdf"
    part = client.ask(url, headers={"Range": "bytes=4-9"})
    assert (part.status, part.body, part.headers["Content-Range"]) == (206, PDF[4:10], f"bytes 4-9/{len(PDF)}")
    assert client.ask(url, headers={"Range": "bytes=99999-"}).status == 416
    head = client.ask(url, "HEAD")
    assert (head.body, head.headers["Content-Length"], head.headers["Content-Type"]) == (
        b"",
        str(len(PDF)),
        "application/pdf",
    )
    assert (head.headers["X-Content-Type-Options"], "Content-Disposition" in head.headers) == ("nosniff", False)
    assert client.ask(url, headers={"If-None-Match": f'"{one["etag"]}"'}).status == 304
    saved = client.ask("/demo/raw/upload/fl_attachment:book/v1/my_docs/a%20b.pdf")
    assert saved.headers["Content-Disposition"] == 'attachment; filename="book.pdf"'
    assert client.ask("/demo/raw/upload/my_docs/a%20b.pdf").body == PDF  # a folder, and no transformation
    assert client.ask("/demo/files/my_docs/a%20b.pdf/good-book").body == PDF
    for part_ in ("w_100", "fl_attachment,w_5", "f_auto"):
        wrong = client.ask(f"/demo/raw/upload/{part_}/v1/my_docs/a%20b.pdf")
        assert (wrong.status, wrong.headers["X-Cld-Error"]) == (
            400,
            f"Transformations of raw files are not supported: {part_}",
        )
    for missing in ("upload/none.pdf", "upload/v1/private:none.pdf", "fetch/http://127.0.0.1/none.pdf"):
        reply = client.ask(f"/demo/raw/{missing}")
        assert (reply.status, reply.body) == (404, b"")
        assert reply.headers["X-Cld-Error"].startswith("Resource not found - ")


@pytest.mark.parametrize(
    ("name", "media_type", "harmless"),
    [
        ("page.html", "text/html; charset=utf-8", True),
        ("drawing.SVG", "image/svg+xml", True),
        ("page.xhtml", "application/xhtml+xml", True),
        ("feed.xml", "text/xml", True),
        ("words.txt", "text/plain; charset=utf-8", False),
        ("data.json", "application/json; charset=utf-8", False),
        ("film.mp4", "video/mp4", False),
        ("program.exe", "application/octet-stream", False),
        ("none", "application/octet-stream", False),
    ],
)
def test_no_file_runs_on_our_origin(client: Client, name: str, media_type: str, harmless: bool) -> None:
    reply = fetch(client, stored(PAGE, f"kinds/{name}")["url"])
    assert (reply.body, reply.headers["Content-Type"]) == (PAGE, media_type)
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    policy, disposition = (reply.headers.get(one, "") for one in ("Content-Security-Policy", "Content-Disposition"))
    assert ("sandbox" in policy, disposition.startswith("attachment")) == (harmless, harmless)


def test_public_ids_keep_the_extension_of_files(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "my report.pdf"
    path.write_bytes(PDF)
    made = uploader.upload(str(path), resource_type="raw")
    assert made["public_id"].endswith(".pdf")
    assert made["original_filename"] == "my report"
    named = uploader.upload(str(path), resource_type="raw", use_filename=True, folder="in")
    assert named["public_id"].startswith("in/my report_")
    assert named["public_id"].endswith(".pdf")
    exact = uploader.upload(str(path), resource_type="raw", use_filename=True, unique_filename=False)
    assert exact["public_id"] == "my report.pdf"
    large = uploader.upload_large(str(path), public_id="large.bin", chunk_size=1000)
    assert (large["resource_type"], large["bytes"], fetch(client, large["url"]).body) == ("raw", len(PDF), PDF)


def test_auto_stores_pictures_as_images_and_all_else_raw(client: Client) -> None:
    kinds = [
        (png(RED), "image"),
        (PDF, "raw"),
        (PAGE, "raw"),
        (b"BMW, a list", "raw"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "raw"),
    ]
    for body, kind in kinds:
        one = uploader.upload(body, resource_type="auto")
        assert (one["resource_type"], fetch(client, one["url"]).body) == (kind, body)


def test_no_file_becomes_one_of_a_catalog(client: Client) -> None:
    before = yaml_of(client)
    evil = b"images: {evil: {path: evil.png}}"
    for name in ("catalog.yaml", "Co/catalog.yaml", "images/here.png", ".imageserver-0.tmp"):
        assert fetch(client, stored(evil, name)["url"]).body == evil
        path = kept(client, name).partition("path: ")[2].rstrip("}")
        assert path.startswith("raw/")
        assert not path.endswith(".yaml")
    assert fetch(client, stored(evil, "ü/" * 20 + "ß" * 200)["url"]).body == evil
    assert before.rstrip() in yaml_of(client)
    assert client.ask("/is/image/Co/here?fmt=png").image.getpixel((0, 0)) == GREEN
    assert client.ask("/is/image/Co/evil").status == 403


def test_lists_search_and_account(client: Client) -> None:
    stored(b"1", "l/one.txt", tags=["paper"], context={"sku": "7"})
    stored(b"2", "l/two.txt", type="private", tags=["paper"])
    uploader.upload(png(RED), public_id="l/pic", tags=["paper"])
    raw = {"resource_type": "raw"}
    names = {one["public_id"] for one in api.resources(prefix="l/", type="upload", **raw)["resources"]}
    assert names == {"l/one.txt"}
    assert len(api.resources_by_tag("paper", **raw)["resources"]) == 2
    assert len(api.resources_by_context("sku", "7", **raw)["resources"]) == 1
    assert api.resources_by_ids(["l/one.txt", "l/pic"], **raw)["resources"][0]["resource_type"] == "raw"
    assert "paper" in api.tags(**raw)["tags"]
    assert api.update("l/one.txt", tags="paper,ink", **raw)["tags"] == ["ink", "paper"]
    uploader.explicit("l/one.txt", type="upload", context={"sku": "8"}, **raw)
    details = api.resource("l/one.txt", **raw)
    assert (details["context"], details["resource_type"]) == ({"custom": {"sku": "8"}}, "raw")
    assert api.resource_by_asset_id(details["asset_id"])["public_id"] == "l/one.txt"
    for expression, found in (
        ("folder:l AND resource_type:raw", {"l/one.txt", "l/two.txt"}),
        ("folder:l AND resource_type:image", {"l/pic"}),
        ("folder:l AND bytes<5", {"l/one.txt", "l/two.txt"}),
    ):
        reply = cloudinary.Search().expression(expression).execute()
        assert {one["public_id"] for one in reply["resources"]} == found, expression
    assert api.rename_folder("l", "m")["to"]["path"] == "m"
    assert client.ask("/demo/raw/upload/m/one.txt").body == b"1"
    gone = api.delete_resources_by_tag("paper", **raw)["deleted"]
    assert gone.keys() == {"m/one.txt", "m/two.txt"}
    assert api.resource("m/pic")["resource_type"] == "image"
    with pytest.raises(exceptions.NotFound):
        api.resource("m/one.txt", **raw)


def test_native_requests_and_the_gallery_live_with_raw_files(
    client: Client, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stored(PAGE, "native.html")
    stored(PDF, "native.pdf")
    page, pdf = client.ask("/is/content/Co/native.html"), client.ask("/is/content/Co/native.pdf")
    assert (page.body, page.headers["Content-Disposition"]) == (PAGE, 'attachment; filename="native.html"')
    assert (pdf.body, pdf.headers["Content-Type"]) == (PDF, "application/pdf")
    assert "path=raw/native-" in client.ask("/is/content/Co/native.pdf?req=props").text
    missing = client.ask("/is/image/Co/native.pdf")
    assert (missing.status, "no such record or file" in missing.text) == (403, True)
    assert client.ask("/is/image/Co/here?fmt=png").status == 200
    gallery = client.ask("/")
    assert (gallery.status, "native.pdf" in gallery.text) == (200, False)
    monkeypatch.chdir(client.folder)
    assert main(["check"]) == 0
    assert main(["catalog", "list", "--section", "content", "Co", "native*"]) == 0
    assert "native.pdf" in capsys.readouterr().out


def test_preset_lets_everybody_upload_what_it_allows(client: Client) -> None:
    api.create_upload_preset(name="papers", unsigned=True, folder="guests", allowed_formats="pdf")
    body, headers = form(upload_preset="papers", file="data:application/pdf,x", public_id="a.pdf")
    reply = json.loads(client.ask("/v1_1/demo/raw/upload", "POST", body, headers).text)
    assert (reply["public_id"], reply["resource_type"]) == ("guests/a.pdf", "raw")
    body, headers = form(upload_preset="papers", file="data:application/pdf,x", public_id="a.html")
    refused = client.ask("/v1_1/demo/raw/upload", "POST", body, headers)
    assert (refused.status, "Raw file format html not allowed" in refused.text) == (400, True)
