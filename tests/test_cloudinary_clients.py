"""Cloudinary's own clients, unmodified: from an upload to its restoration, and what becomes of versions meanwhile."""

from __future__ import annotations

import base64
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cloud import (
    BLUE,
    CATALOG,
    GREEN,
    LONG,
    RED,
    address,
    api,
    cloud,
    cloudinary,
    color,
    exceptions,
    fetch,
    form,
    native_version,
    png,
    uploader,
    utils,
    yaml_of,
)
from conftest import HERE
from PIL import Image, ImageChops, ImageStat
from serving import Client

CLIENTS = HERE / "clients"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with cloud(tmp_path_factory.mktemp("cloud")) as client:
        yield client


def test_life_of_an_asset(client: Client) -> None:
    first = uploader.upload(png(RED), public_id="f/pic", tags=["a", "b"], context={"k": "v=1"}, backup=True)
    assert (first["width"], first["height"], first["format"], first["bytes"]) == (60, 40, "png", len(png(RED)))
    assert (first["tags"], first["context"]) == (["a", "b"], {"custom": {"k": "v=1"}})
    assert utils.verify_api_response_signature("f/pic", first["version"], first["signature"])
    reply = fetch(client, first["secure_url"])
    assert (color(reply), reply.headers["Cache-Control"]) == (RED, LONG)
    assert reply.headers["ETag"] == f'"{first["etag"]}"'
    assert CATALOG in yaml_of(client)

    second = uploader.upload(png(BLUE), public_id="f/pic", backup=True)
    assert second["overwritten"]
    assert second["version"] > first["version"]
    assert second["asset_id"] == first["asset_id"]
    assert second["version_id"] != first["version_id"]
    old = fetch(client, first["url"])
    assert (color(old), old.headers["Cache-Control"]) == (BLUE, "public, no-cache")
    assert fetch(client, second["url"]).headers["Cache-Control"] == LONG

    found = api.resource("f/pic", versions=True)
    assert [one["version"] for one in found["versions"]] == [str(second["version"]), str(first["version"])]
    restored = api.restore(["f/pic"], versions=[first["version_id"]])["f/pic"]
    assert restored["version"] > second["version"]
    assert restored["etag"] == first["etag"]
    assert color(fetch(client, restored["url"])) == RED

    assert uploader.rename("f/pic", "g/pic")["asset_id"] == first["asset_id"]
    assert fetch(client, first["url"]).status == 404
    assert uploader.destroy("g/pic")["result"] == "ok"
    assert uploader.destroy("g/pic")["result"] == "not found"
    gone = api.resource("g/pic")
    assert (gone["bytes"], gone["placeholder"]) == (0, True)
    assert client.ask("/demo/image/upload/g/pic").status == 404
    again = api.restore(["g/pic"])["g/pic"]
    assert again["version"] > restored["version"]
    assert color(fetch(client, again["url"])) == RED
    assert api.delete_resources(["g/pic", "nothing"])["deleted"] == {"g/pic": "deleted", "nothing": "not_found"}


def test_versions_across_protocols(client: Client) -> None:
    inner = uploader.upload(png(RED), public_id="cross")
    outer = "?src=is{Co/cross}"
    before = (native_version(client, "cross"), native_version(client, "cross", "metadata.version"))
    outer_before = native_version(client, outer)
    derived = inner["url"].replace("/upload/", "/upload/w_10/")
    etags = (fetch(client, inner["url"]).headers["ETag"], fetch(client, derived).headers["ETag"])

    uploader.add_context({"sku": "7"}, ["cross"])  # metadata only
    assert native_version(client, "cross") == before[0]
    assert native_version(client, "cross", "metadata.version") != before[1]
    assert api.resource("cross")["version"] == inner["version"]
    assert (fetch(client, inner["url"]).headers["ETag"], fetch(client, derived).headers["ETag"]) == etags

    equal = uploader.upload(png(RED), public_id="cross")  # equal bytes, within the same second or so
    assert equal["version"] > inner["version"]
    assert equal["etag"] == inner["etag"]
    assert native_version(client, "cross") == before[0]
    assert fetch(client, derived, If_None_Match=etags[1]).status == 304
    assert fetch(client, inner["url"], If_None_Match=etags[0]).status == 304

    other = uploader.upload(png(BLUE), public_id="cross")  # other bytes
    assert native_version(client, "cross") != before[0]
    assert native_version(client, outer) != outer_before
    for url in (inner["url"], derived, f"/is/image/Co/cross?fmt=png&id={before[0]}"):
        assert color(fetch(client, url)) == BLUE

    newer = other["url"].replace(str(other["version"]), str(other["version"] + 1000))
    assert (color(fetch(client, newer)), fetch(client, newer).headers["Cache-Control"]) == (BLUE, "public, no-cache")
    uploader.upload(png(GREEN), public_id="cross")
    assert color(fetch(client, newer)) == GREEN

    versions = api.resource("cross", versions=True)["versions"]
    api.restore(["cross"], versions=[versions[-1]["version_id"]])
    assert native_version(client, "cross") == before[0]
    assert fetch(client, derived).headers["ETag"] == etags[1]

    last = api.resource("cross")["version"]
    uploader.destroy("cross")
    anew = uploader.upload(png(RED), public_id="cross")
    assert anew["version"] > last
    assert anew["asset_id"] != inner["asset_id"] or anew["version_id"] != inner["version_id"]


def test_what_was_answered_before_follows_edits(client: Client) -> None:
    first = uploader.upload(png(RED), public_id="again")
    url = first["url"].replace("/upload/", "/upload/f_auto,w_10/")
    for kind in ("image/webp", "image/png", "image/webp", "image/png"):
        accept = kind if kind == "image/webp" else "text/html"
        one, two = (fetch(client, url, Accept=accept) for _ in range(2))
        assert one.headers["Content-Type"] == two.headers["Content-Type"] == kind
        assert one.headers["Vary"] == two.headers["Vary"] == "Accept"
        assert one.headers["Cache-Control"] == two.headers["Cache-Control"] == LONG
        assert one.body == two.body
    second = uploader.upload(png(RED), public_id="again")  # equal bytes, another version
    assert fetch(client, url).headers["Cache-Control"] == "public, no-cache"
    newer = second["url"].replace("/upload/", "/upload/f_auto,w_10/")
    assert [fetch(client, newer).headers["Cache-Control"] for _ in range(2)] == [LONG, LONG]
    uploader.destroy("again")
    assert fetch(client, newer).status == 404


def test_coordinates_say_what_is_seen(client: Client) -> None:
    picture = Image.new("RGB", (100, 100), BLUE)
    picture.paste(RED, (70, 10, 90, 30))
    file = io.BytesIO()
    picture.save(file, "PNG")
    faces, custom = "0,90,5,5|70,10,20,20", "70,10,20,20|0,80,10,10"
    told = uploader.upload(file.getvalue(), public_id="seen", face_coordinates=faces, custom_coordinates=custom)
    rows = [
        ("c_crop,g_face", (20, 20), (0, 0, 20, 20)),
        ("c_crop,g_custom", (90, 80), (70, 0, 90, 20)),
        ("c_crop,g_face,h_30,w_20", (20, 30), (0, 5, 20, 25)),
        ("c_crop,g_face,h_40,w_60", (60, 40), (30, 10, 50, 30)),
        ("b_blue,c_fill_pad,g_face,h_300,w_100", (100, 300), (55, 90, 85, 120)),
        ("c_fill,g_face,h_100,w_50", (50, 100), (20, 10, 40, 30)),
        ("c_thumb,g_face,h_40,w_40", (40, 40), (10, 10, 30, 30)),
        ("c_thumb,g_face,h_40,w_40,z_2.0", (40, 40), (0, 0, 40, 40)),
        ("c_thumb,g_faces,h_60,w_60", (60, 60), (42, 6, 54, 18)),
        ("c_thumb,g_custom,h_45,w_45", (45, 45), (35, 0, 45, 10)),
    ]
    for transformation, size, red in rows:
        reply = fetch(client, told["url"].replace("/upload/", f"/upload/{transformation}/"))
        assert (reply.status, reply.image.size) == (200, size), transformation
        colors = Image.new("RGB", size, BLUE)
        colors.paste(RED, red)
        difference = ImageStat.Stat(ImageChops.difference(reply.image.convert("RGB"), colors))
        assert max(difference.mean) < 8, transformation
        assert reply.headers["Cache-Control"] == "public, no-cache"
    url = told["url"].replace("/upload/", "/upload/c_crop,g_face/")
    assert color(fetch(client, url)) == RED
    uploader.explicit("seen", type="upload", face_coordinates="0,0,10,10")
    assert (color(fetch(client, url)), fetch(client, url).image.size) == (BLUE, (10, 10))
    told = uploader.upload(file.getvalue(), public_id="seen", custom_coordinates="70,10,20,20")  # other pixels
    assert (told["coordinates"], "faces" in told) == ({"custom": [[70, 10, 20, 20]]}, False)
    assert fetch(client, url).image.size == (100, 100)
    assert "coordinates" not in uploader.upload(file.getvalue(), public_id="seen")


def test_uploads_of_all_kinds(client: Client, tmp_path: Path) -> None:
    data = "data:image/png;base64," + base64.b64encode(png(RED)).decode()
    assert len(uploader.upload(data)["public_id"]) == 20
    path = tmp_path / "my name.png"
    path.write_bytes(png(RED))
    named = uploader.upload(str(path), use_filename=True, unique_filename=False, folder="in", tags="x")
    assert (named["public_id"], named["original_filename"]) == ("in/my name", "my name")
    assert color(fetch(client, named["url"])) == RED
    kept = uploader.upload(png(BLUE), public_id="in/my name", overwrite=False)
    assert (kept["existing"], kept["version"]) == (True, named["version"])
    changed = uploader.upload(png(RED, (90, 60)), transformation={"width": 30, "crop": "scale"}, format="jpg")
    assert (changed["width"], changed["height"], changed["format"]) == (30, 20, "jpg")
    eager = uploader.upload(png(RED), public_id="eager", eager=[{"width": 10, "crop": "scale"}, {"effect": "sepia"}])
    assert [one["width"] for one in eager["eager"]] == [10, 60]
    assert fetch(client, eager["eager"][0]["url"]).image.size == (10, 7)
    large = tmp_path / "large.png"
    Image.effect_noise((1600, 1600), 90).save(large)
    assert large.stat().st_size > 2**21
    whole = uploader.upload_large(str(large), resource_type="image", public_id="large", chunk_size=2**20)
    assert (whole["bytes"], whole["width"]) == (large.stat().st_size, 1600)


def test_restricted_asset(client: Client) -> None:
    made = uploader.upload(png(RED), public_id="mine", type="authenticated")
    assert color(fetch(client, made["url"])) == RED
    options = {
        "type": "authenticated",
        "cname": f"127.0.0.1:{client.port}",
        "sign_url": True,
        "width": 5,
        "crop": "scale",
    }
    url, _ = utils.cloudinary_url("mine", secure=False, **options)
    long, _ = utils.cloudinary_url("mine", secure=False, long_url_signature=True, **options)
    assert [fetch(client, one).status for one in (url, long)] == [200, 200]
    assert client.ask("/demo/image/authenticated/mine.png").status == 401
    assert client.ask("/is/image/Co/authenticated:mine").status == 403
    public = uploader.upload(png(BLUE), public_id="mine")
    assert public["asset_id"] != made["asset_id"]
    with pytest.raises(exceptions.Error, match="to_type authenticated is not supported"):
        uploader.rename("mine", "other", to_type="authenticated")


@pytest.mark.usefixtures("client")
def test_words_lists_and_search() -> None:
    for name, tags in (("w/one", "red,round"), ("w/two", "red"), ("w/in/three", "")):
        uploader.upload(png(RED), public_id=name, tags=tags)
    assert uploader.add_tag("new", ["w/one", "nothing"])["public_ids"] == ["w/one"]
    uploader.remove_tag("round", ["w/one"])
    assert api.resource("w/one")["tags"] == ["new", "red"]
    assert "tags" not in api.resource("w/in/three")
    assert api.update("w/two", tags="blue")["tags"] == ["blue"]
    assert api.tags(prefix="ne")["tags"] == ["new"]
    assert [one["public_id"] for one in api.resources_by_tag("new")["resources"]] == ["w/one"]
    page = api.resources(prefix="w/", type="upload", max_results=2)
    rest = api.resources(prefix="w/", type="upload", max_results=2, next_cursor=page["next_cursor"])
    ids = {one["public_id"] for one in [*page["resources"], *rest["resources"]]}
    assert ids == {"w/one", "w/two", "w/in/three"}
    assert [one["public_id"] for one in api.resources_by_ids(["w/two", "none"])["resources"]] == ["w/two"]
    assert api.resources(prefix="w/", fields="tags", type="upload")["resources"][0].keys() <= {
        "asset_id",
        "public_id",
        "folder",
        "tags",
    }
    for expression, found in (
        ("folder:w AND tags=blue", {"w/two"}),
        ("folder:w/*", {"w/in/three"}),
        ("public_id=w/one", {"w/one"}),
        ("tags:(none) OR public_id:w/t*", {"w/two"}),
        ("folder:w NOT tags=blue", {"w/one"}),
        ('path="w/one"', {"w/one"}),
        ("width>59 AND width<=60 AND folder=w", {"w/one", "w/two"}),
    ):
        reply = cloudinary.Search().expression(expression).execute()
        assert {one["public_id"] for one in reply["resources"]} == found, expression
        assert reply["total_count"] == len(found)
    assert [one["name"] for one in api.subfolders("w")["folders"]] == ["in"]
    with pytest.raises(exceptions.BadRequest, match="not empty"):
        api.delete_folder("w")
    assert api.create_folder("made")["success"]
    assert api.delete_folder("made")["deleted"] == ["made"]
    with pytest.raises(exceptions.BadRequest, match="at most 200 comparisons"):
        cloudinary.Search().expression("(" * 500).execute()
    assert api.delete_resources(["w/one"], resource_type="raw")["deleted"] == {"w/one": "not_found"}
    assert api.delete_resources_by_prefix("w/")["deleted"].keys() == ids


def test_named_transformations_and_presets(client: Client) -> None:
    uploader.upload(png(RED), public_id="n")
    api.create_transformation("small", {"width": 12, "height": 9, "crop": "fill"})
    assert client.ask("/demo/image/upload/t_small/n.png").image.size == (12, 9)
    assert ".cloudinary=c_fill,h_9,w_12" in yaml_of(client)
    with pytest.raises(exceptions.AlreadyExists):
        api.create_transformation("small", "w_1")
    with pytest.raises(exceptions.BadRequest, match="Invalid width"):
        api.create_transformation("wrong", "w_x")
    assert api.transformation("small")["info"] == [{"crop": "fill", "height": 9, "width": 12}]
    api.delete_transformation("small")
    assert client.ask("/demo/image/upload/t_small/n.png").status == 400

    api.create_upload_preset(name="open", unsigned=True, folder="guests", tags="guest")
    guest = uploader.unsigned_upload(png(RED), "open")
    assert guest["public_id"].startswith("guests/")
    assert guest["tags"] == ["guest"]
    body, headers = form(upload_preset="open", public_id="n", tags="mine")
    assert client.ask("/v1_1/demo/image/explicit", "POST", body, headers).status == 401
    with pytest.raises(exceptions.BadRequest, match="overwrite parameter is not allowed"):
        uploader.unsigned_upload(png(RED), "open", overwrite=True)
    assert api.upload_preset("open")["unsigned"]
    api.delete_upload_preset("open")
    with pytest.raises(exceptions.BadRequest, match="Upload preset not found"):
        uploader.unsigned_upload(png(RED), "open")


def test_answers_of_the_account(client: Client) -> None:
    assert api.ping()["status"] == "ok"
    assert api.usage()["resources"] == len([one for one in yaml_of(client).splitlines() if "path:" in one]) - 1
    assert api.config(settings=True)["settings"]["folder_mode"] == "fixed"
    assert api.ping().rate_limit_allowed > 0


def cld(client: Client, *words: str) -> Any:  # noqa: ANN401, JSON
    """Run the command line client."""
    program = Path(sys.executable).with_name("cld")
    url = f"cloudinary://key:secret@demo?upload_prefix={address(client)}&cname=127.0.0.1:{client.port}"
    done = subprocess.run(  # noqa: S603, a client of the tests
        [str(program), *words],
        env={**os.environ, "CLOUDINARY_URL": url, "HOME": str(client.folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout[done.stdout.index("{") :])


def test_command_line_client(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "cli.png"
    path.write_bytes(png(RED))
    first = cld(client, "uploader", "upload", str(path), "public_id=cli/pic", "backup=true")
    path.write_bytes(png(BLUE))
    second = cld(client, "uploader", "upload", str(path), "public_id=cli/pic", "backup=true")
    assert second["version"] > first["version"]
    assert color(fetch(client, first["url"])) == BLUE
    restored = cld(client, "admin", "restore", "cli/pic", "-o", "versions", first["version_id"])["cli/pic"]
    assert color(fetch(client, restored["url"])) == RED
    assert cld(client, "search", "folder:cli")["total_count"] == 1
    assert cld(client, "uploader", "destroy", "cli/pic")["result"] == "ok"


@pytest.mark.skipif(
    not (shutil.which("node") and (CLIENTS / "node_modules" / "cloudinary").exists()) and not os.environ.get("CI"),
    reason="needs node, and `npm ci` in tests/clients",
)
def test_clients_of_npm(client: Client) -> None:
    host = f"127.0.0.1:{client.port}"

    def node(*calls: object) -> list[Any]:
        environment = {**os.environ, "CLOUDINARY_URL": f"cloudinary://key:secret@demo?upload_prefix={address(client)}"}
        done = subprocess.run(  # noqa: S603, a script of the tests
            [shutil.which("node") or "node", "cloudinary.mjs"],
            cwd=CLIENTS,
            env=environment,
            input=json.dumps(calls),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return list(json.loads(done.stdout))

    red, blue = (base64.b64encode(png(one)).decode() for one in (RED, BLUE))
    options = {"public_id": "node/pic", "backup": True}
    first, second, found, urls, plain, missing = node(
        ("upload", red, {**options, "tags": ["a", "b"]}),
        ("upload", blue, options),
        ("api", "resource", "node/pic", {"versions": True}),
        ("generated", host),
        ("url", "node/pic", {"secure": False, "cname": host, "width": 7, "crop": "scale", "sign_url": True}),
        ("api", "resource", "node/none"),
    )
    assert second["version"] > first["version"]
    assert len(found["versions"]) == 2
    assert "Resource not found - node/none" in str(missing)
    sizes = [fetch(client, url).image.size for url in (*urls, plain)]
    assert sizes == [(20, 10), (16, 11), (60, 40), (7, 5)]
    paper, listed = node(
        ("upload", red, {"public_id": "node/paper.txt", "resource_type": "raw"}),
        ("api", "resources", {"resource_type": "raw", "type": "upload", "prefix": "node/"}),
    )
    assert fetch(client, paper["url"]).body == png(RED)
    assert [one["public_id"] for one in listed["resources"]] == ["node/paper.txt"]
    restored, gone, deleted = node(
        ("api", "restore", ["node/pic"], {"versions": [first["version_id"]]}),
        ("uploader", "destroy", "node/pic"),
        ("api", "delete_resources", ["node/pic"]),
    )
    assert restored["node/pic"]["version"] > second["version"]
    assert gone["result"] == "ok"
    assert deleted["deleted"] == {"node/pic": "not_found"}
