"""Calls of Cloudinary's APIs without a client: who may call, and what is refused."""

from __future__ import annotations

import base64
import io
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from cloud import (
    BLUE,
    GREEN,
    LONG,
    RED,
    api,
    cloud,
    color,
    exceptions,
    fetch,
    form,
    png,
    uploader,
    utils,
    yaml_of,
)
from conftest import QUIET
from PIL import Image
from remote import remote_server
from serving import Client, Reply, serving

from imageserver.config import Config
from imageserver.dialects.cloudinary.language.signatures import url_signatures

MOST = Config().limits.file_size


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with cloud(tmp_path_factory.mktemp("cloud")) as client:
        yield client


def signed(age: int = 0, **parameters: str) -> dict[str, str]:
    sent = {**parameters, "timestamp": str(int(time.time()) - age)}
    return {**sent, "api_key": "key", "signature": utils.api_sign_request(sent, "secret")}


DATA = "data:image/png;base64," + base64.b64encode(png(RED)).decode()


def test_texts_are_stored_with_their_style(client: Client) -> None:
    told = uploader.text(
        "Hello", public_id="style", font_family="Fira Mono", font_size=40, font_color="#ff0000", font_weight="bold"
    )
    assert (told["public_id"], told["format"]) == ("style", "png")
    assert 80 < told["width"] < 200
    assert fetch(client, told["url"]).image.size == (told["width"], told["height"])
    uploader.upload(png(GREEN, (300, 100)), public_id="under")
    asked = ("l_text:style:{}", "l_text:Fira%20Mono_40_bold:{},co_red")
    urls = [f"/demo/image/upload/{one.format('Bye')}/fl_layer_apply/under.png" for one in asked]
    one, other = (client.ask(url) for url in urls)
    assert (one.status, one.body) == (200, other.body)
    assert "no-cache" in one.headers["Cache-Control"]
    body, headers = form(**signed(text="Hidden", public_id="style", type="private"))
    hidden = json.loads(client.ask("/v1_1/demo/image/text", "POST", body, headers).text)
    assert (hidden.get("type"), hidden.get("public_id")) == ("private", "style")
    uploader.text("Hello", public_id="style", font_size=20)
    assert client.ask(urls[0]).body != one.body
    uploader.upload(png(RED), public_id="style")  # which is no text any more
    assert client.ask(urls[0]).status == 404
    mine = client.ask("/v1_1/demo/image/text", "POST", *form(**signed(text="Hello", public_id="mine", type="private")))
    assert (mine.status, json.loads(mine.text)["type"]) == (200, "private")
    for wrong, parameters in (
        ("font_size", {"font_size": "0"}),
        ("color", {"font_color": "nocolour"}),
        ("text", {"text": ""}),
    ):
        with pytest.raises(exceptions.BadRequest, match=wrong):
            uploader.text(**{"text": "a", "public_id": "wrong", **parameters})


def test_conditions_on_what_is_noted(client: Client) -> None:
    metadata = {"stock": "30", "color": "red", "kinds": ["a", "b"], "empty": ""}
    told = uploader.upload(
        png(RED), public_id="noted", metadata=metadata, context={"k": "v"}, face_coordinates="0,0,5,5|9,9,5,5"
    )
    rows = {
        "if_md:!stock!_lt_50,w_10": 10,
        "if_md:!stock!_gt_50/w_10/if_else/w_20/if_end": 20,
        "if_md:!color!_eq_!red!_and_w_gt_9,w_10": 10,
        "if_md:!none!_eq_!!,w_10": 10,
        "if_!stock:color!_in_md,w_10": 10,
        "if_!empty!_in_md,w_10": 60,
        "if_!none!_nin_md,w_10": 10,
        "if_!b!_in_md:!kinds!,w_10": 10,
        "if_!b:c!_in_md:!kinds!,w_10": 60,
        "if_fc_gt_1,w_10": 10,
        "if_fc_eq_0,w_10": 60,
        "w_iw_div_fc": 30,
        "if_pc_eq_1,w_10": 10,
        "$w_md:!stock!/w_$w": 30,
        "$w_md:!stock!/$k_ctx:!k!/if_!$(k)!_eq_!v!,w_$w": 30,
    }
    replies = {one: fetch(client, told["url"].replace("/upload/", f"/upload/{one}/")) for one in rows}
    assert {one: reply.image.width for one, reply in replies.items()} == rows
    long = {one for one, reply in replies.items() if reply.headers["Cache-Control"] == LONG}
    assert long == {"if_pc_eq_1,w_10"}  # all else changes without its version
    coming = uploader.upload(png(RED), raw_transformation="$k_ctx:!k!/if_!$(k)!_eq_!!,w_10", context={"k": "v"})
    assert coming["width"] == 10  # nothing is said yet of a picture that is changed before it is stored
    uploader.update_metadata("stock=70", ["noted"])
    assert [fetch(client, told["url"].replace("/upload/", f"/upload/{one}/")).image.width for one in [*rows][:2]] == [
        60,
        10,
    ]


def test_what_follows_notes_is_remembered_until_these_change(client: Client) -> None:
    told = uploader.upload(png(RED), public_id="followed", metadata={"m": "x"})
    place = told["url"].replace("/upload/", "/upload/if_md:!m!_eq_!x!,w_10/")
    face = told["url"].replace("/upload/", "/upload/c_crop,g_face/")
    notes = client.folder / "state" / "cloudinary" / "demo.sqlite"
    os.utime(notes, (time.time() - 60,) * 2)  # long enough ago for the next change to look like another one
    for url, size in ((place, (10, 7)), (face, (60, 40))):
        replies = (fetch(client, url) for _ in range(100))
        known = next(one for one in replies if one.headers.get("Server-Timing") == 'cache;desc="memory"')
        assert known.image.size == size
    uploader.update_metadata("m=y", ["followed"])
    assert fetch(client, place).image.size == (60, 40)
    os.utime(notes, (time.time() - 60,) * 2)
    assert [fetch(client, face).image.size for _ in range(3)] == [(60, 40)] * 3
    uploader.explicit("followed", type="upload", face_coordinates="0,0,9,8")
    assert fetch(client, face).image.size == (9, 8)


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="9" height="9"/></svg>'


def test_formats_that_browsers_may_not_show_are_sent_as_they_are_or_as_ones_that_they_do(client: Client) -> None:
    stream = io.BytesIO()
    Image.new("RGB", (40, 20), RED).save(stream, "JPEG2000")
    for body, extension, changed in ((stream.getvalue(), "jp2", "jp2"), (SVG, "svg", "png")):
        told = uploader.upload(body, public_id=extension)
        assert (told["format"], told["url"].rpartition(".")[2]) == (extension, extension)
        assert fetch(client, told["url"]).body == body
        smaller = client.ask(f"/demo/image/upload/w_20/{extension}")
        assert (smaller.status, smaller.image.size) == (200, (20, 10))
        assert smaller.headers["Content-Type"] == f"image/{changed}"


@pytest.mark.parametrize(
    ("path", "parts", "status", "text"),
    [
        ("image/upload", {"file": DATA}, 401, "Missing required parameter - api_key"),
        (
            "image/upload",
            {"file": DATA, "api_key": "key", "signature": "x", "timestamp": "1"},
            401,
            "Invalid Signature x",
        ),
        ("image/upload", {"file": DATA, **signed(3700)}, 400, "Stale request"),
        (
            "image/upload",
            {"file": DATA, **signed(), "public_id": "more"},
            401,
            "String to sign - 'public_id=more&timestamp=",
        ),
        ("image/upload", {"file": DATA, **signed(), "api_key": "other"}, 401, "Unknown API key other"),
        ("image/upload", signed(), 400, "Missing required parameter - file"),
        ("image/upload", {"file": "data:image/png;base64,", **signed()}, 400, "Empty file"),
        ("image/upload", {"file": "data:text/plain,words", **signed()}, 400, "Invalid image file"),
        ("image/upload", {"file": "data:image/png", **signed()}, 400, "Invalid data URI"),
        ("image/upload", {"file": DATA, **signed(custom_coordinates="9" * 5000 + ",1,1,1")}, 400, "Invalid coord"),
        ("image/upload", {"file": DATA, **signed(), "context": "a=" + "b" * 9000}, 401, "Invalid Signature"),
        ("image/upload", {"file": "/etc/passwd", **signed()}, 400, "Invalid file parameter"),
        ("image/upload", {"file": "http://127.0.0.1:1/a.png", **signed()}, 400, "Remote URLs are not allowed"),
        ("image/upload", {"file": DATA, **signed(public_id="a?b")}, 400, "public_id (a?b) is invalid"),
        ("image/upload", {"file": DATA, **signed(public_id="../a")}, 400, "expected an id"),
        ("image/upload", {"file": DATA, **signed(public_id="private:a")}, 404, "Resource not found - private:a"),
        ("image/upload", {"file": DATA, **signed(allowed_formats="jpg")}, 400, "Image file format png not allowed"),
        ("image/upload", {"file": DATA, **signed(face_coordinates=f"{'1' * 5000},1,1,1")}, 400, "Invalid coordinates"),
        ("image/upload", {"file": DATA, **signed(raw_convert="x")}, 400, "Raw convert is invalid"),
        ("image/upload", {"file": DATA, **signed(detection="x")}, 400, "Detection invalid model 'x'"),
        (
            "image/upload",
            {"file": DATA, **signed(eager="w_x", public_id="e")},
            400,
            "Invalid width in transformation: x",
        ),
        ("video/upload", {"file": DATA, **signed()}, 400, "resource type video are not supported: expected image, raw"),
        ("raw/upload", {"file": "data:,", **signed()}, 400, "Empty file"),
        ("raw/upload", {"file": DATA, **signed(public_id="../a.txt")}, 400, "expected an id"),
        ("raw/upload", {"file": DATA, **signed(public_id="private:a")}, 404, "Resource not found - private:a"),
        ("raw/upload", {"file": DATA, **signed(eager="w_5")}, 400, "Parameter eager is for images"),
        (
            "raw/upload",
            {"file": DATA, **signed(public_id="a.exe", allowed_formats="pdf,txt")},
            400,
            "Raw file format exe not allowed",
        ),
        ("auto/upload", {"file": "data:,words", **signed(allowed_formats="png")}, 400, "Raw file format  not allowed"),
        (
            "auto/upload",
            {"file": "data:image/png;base64," + base64.b64encode(png(RED)[:60]).decode(), **signed()},
            400,
            "Invalid image file",
        ),
        ("raw/explicit", signed(public_id="here", type="upload"), 404, "Resource not found - here"),
        ("raw/explicit", signed(public_id="here", type="upload", eager="w_5"), 400, "Parameter eager is for images"),
        ("image/rename", signed(from_public_id="none", to_public_id="b"), 404, "Resource not found - none"),
        ("image/rename", signed(from_public_id="here", to_public_id="here"), 200, '"public_id": "here"'),
        ("image/explicit", signed(public_id="none", type="upload"), 404, "Resource not found - none"),
        ("image/tags", signed(command="wild", tag="a"), 400, "Invalid command"),
        ("image/explode", signed(), 404, "Action explode is not supported"),
        ("raw/destroy", signed(public_id="here"), 200, '{"result": "not found"}'),
        ("raw/rename", signed(from_public_id="here", to_public_id="b"), 404, "Resource not found - here"),
        ("raw/tags", signed(command="add", tag="a", public_ids="here"), 200, '{"public_ids": []}'),
    ],
)
def test_refused(client: Client, path: str, parts: dict[str, str], status: int, text: str) -> None:
    before = yaml_of(client)
    body, headers = form(**parts)
    reply = client.ask(f"/v1_1/demo/{path}", "POST", body, headers)
    assert reply.status == status, reply.text
    assert text in (reply.text if status == 200 else json.loads(reply.text)["error"]["message"])
    assert reply.headers["X-Request-Id"]
    assert len(reply.headers.get("X-Cld-Error", "")) <= 1000
    if "eager" not in parts:
        assert yaml_of(client) == before


def test_who_may_call(client: Client) -> None:
    basic = "Basic " + base64.b64encode(b"key:secret").decode()
    wrong = "Basic " + base64.b64encode(b"key:wrong").decode()
    assert client.ask("/v1_1/demo/ping", headers={"Authorization": basic}).status == 200
    assert client.ask("/v1_1/demo/ping", headers={"Authorization": wrong}).status == 401
    assert client.ask("/v1_1/demo/ping", headers={"Authorization": "Bearer x"}).status == 401
    assert client.ask("/v1_1/demo/ping").status == 401
    assert client.ask("/v1_1/other/ping", headers={"Authorization": basic}).status == 401  # a cloud without a key
    assert client.ask("/v1_1/other/ping", headers={"Authorization": "Basic Og=="}).status == 401
    assert client.ask("/v1_1/demo/nothing", headers={"Authorization": basic}).status == 404


def test_call_in_json(client: Client) -> None:
    basic = "Basic " + base64.b64encode(b"key:secret").decode()
    body = json.dumps({"file": DATA, "public_id": "in/json", "tags": ["a", "b"], "overwrite": True}).encode()
    headers = {"Authorization": basic, "Content-Type": "application/json"}
    reply = client.ask("/v1_1/demo/image/upload", "POST", body, headers)
    assert json.loads(reply.text)["tags"] == ["a", "b"]
    assert client.ask("/v1_1/demo/image/upload", "POST", b"[1", headers).status == 400


def test_preset_that_comes_as_a_form(client: Client) -> None:
    basic = "Basic " + base64.b64encode(b"key:secret").decode()
    headers = {"Authorization": basic, "Content-Type": "application/x-www-form-urlencoded"}
    body = b"name=told&unsigned=true&context=who%3Dguest"
    assert client.ask("/v1_1/demo/upload_presets", "POST", body, headers).status == 200
    assert uploader.unsigned_upload(png(RED), "told")["context"] == {"custom": {"who": "guest"}}


def test_preset_tells_nobody_of_what_is_not_for_everybody(client: Client) -> None:
    basic = "Basic " + base64.b64encode(b"key:secret").decode()
    headers = {"Authorization": basic, "Content-Type": "application/x-www-form-urlencoded"}
    body = b"name=closed&unsigned=true&type=private"
    assert client.ask("/v1_1/demo/upload_presets", "POST", body, headers).status == 200
    body, headers = form(upload_preset="closed", public_id="guest", file="data:image/png," + quote(png(RED)))
    first, second = (client.ask("/v1_1/demo/image/upload", "POST", body, headers) for _ in range(2))
    assert (first.status, color(fetch(client, json.loads(first.text)["url"]))) == (200, RED)
    assert (second.status, json.loads(second.text)) == (400, {"error": {"message": "guest already exists"}})


def test_macro_in_native_commands_is_no_transformation_to_be_made(client: Client) -> None:
    path = client.folder / "catalogs" / "Co" / "catalog.yaml"
    path.write_text(f"{path.read_text()}macros: {{Mine: wid=9}}\n")
    basic = "Basic " + base64.b64encode(b"key:secret").decode()
    headers = {"Authorization": basic, "Content-Type": "application/x-www-form-urlencoded"}
    reply = client.ask("/v1_1/demo/transformations/mine", "POST", b"transformation=w_5", headers)
    assert (reply.status, "already exists" in reply.text) == (409, True)
    assert "Mine: wid=9" in path.read_text()


def test_form_with_two_files(client: Client) -> None:
    body, headers = form(file=DATA, **signed())
    twice = body.replace(b"--x--\r\n", b"") + body
    reply = client.ask("/v1_1/demo/image/upload", "POST", twice, headers)
    assert (reply.status, "more than one file" in reply.text) == (400, True)


def part(client: Client, name: str, span: str, parts: dict[str, str], body: bytes = b"x") -> Reply:
    """Send a part of an upload."""
    text, headers = form(**{"file": "FILE", **parts})
    text = text.replace(b'name="file"', b'name="file"; filename="a.png"').replace(b"FILE", body)
    more = {"Content-Range": f"bytes {span}", "X-Unique-Upload-Id": name}
    return client.ask("/v1_1/demo/image/upload", "POST", text, {**headers, **more})


def test_chunk_out_of_order(client: Client) -> None:
    reply = part(client, "one", "5-9/10", signed())
    assert reply.status == 400
    assert "expected the bytes from 0 on" in reply.text


def unfinished(client: Client) -> Path:
    return client.folder / "state" / "cloudinary" / "uploads"


def test_chunks_are_no_more_than_a_file_may_be(client: Client) -> None:
    whole = unfinished(client) / "demo+signed+many"
    whole.parent.mkdir(parents=True, exist_ok=True)
    with whole.open("wb") as file:
        file.truncate(MOST)
    reply = part(client, "many", f"{MOST}-{MOST}/{2 * MOST}", signed())
    assert (reply.status, "limits.file_size" in reply.text, whole.exists()) == (400, True, False)


def test_uploads_in_parts_are_bounded_and_strangers_push_nobody_out(client: Client) -> None:
    unsigned = {"upload_preset": "parts"}
    api.create_upload_preset(name="parts", unsigned=True)
    folder, picture = unfinished(client), png(BLUE)
    head, tail, span = picture[:40], picture[40:], f"40-{len(picture) - 1}/{len(picture)}"
    assert part(client, "mine", "0-39/-1", signed(), head).status == 200
    for name in ("mine", "other"):  # by that name, a stranger adds nothing to what is not theirs
        assert part(client, name, "0-0/-1", unsigned).status == 200
    (folder / "elsewhere+signed+old").touch()
    assert {one.name for one in folder.glob("*+*")} == {
        "demo+signed+mine",
        "demo+open+mine",
        "demo+open+other",
        "elsewhere+signed+old",
    }
    refused = part(client, "third", "0-0/-1", unsigned)
    assert (refused.status, "unfinished_uploads" in refused.headers["X-Cld-Error"]) == (420, True)
    for name, age in (("demo+open+mine", 3600), ("demo+open+other", 3000), ("elsewhere+signed+old", 90000)):
        os.utime(folder / name, (time.time() - age,) * 2)
    assert part(client, "third", "0-0/-1", unsigned).status == 200
    assert {one.name for one in folder.glob("*+*")} == {"demo+signed+mine", "demo+open+other", "demo+open+third"}
    assert "expected the bytes from 0 on" in part(client, "mine", "1-1/-1", unsigned).text
    whole = part(client, "mine", span, signed(public_id="parts"), tail)
    assert color(fetch(client, json.loads(whole.text)["url"])) == BLUE


def test_pictures_from_elsewhere_where_they_are_allowed(tmp_path: Path) -> None:
    with remote_server() as remote:
        remote.bodies["/a.png?x=1"] = png(BLUE)
        (tmp_path / "catalogs" / "Co" / "images").mkdir(parents=True)
        (tmp_path / "catalogs" / "Co" / "catalog.yaml").write_text(
            "attributes: {root_path: images, allow_direct_urls: 1}\nimages: {}\nmacros: {small: .cloudinary=w_30}\n"
        )
        more = {
            "IMAGESERVER_SOURCES__ALLOW_HOSTS": f"127.0.0.1:{remote.port}",
            "IMAGESERVER_DIALECTS__CLOUDINARY__CLOUDS": "demo Co key secret",
            "IMAGESERVER_DIALECTS__CLOUDINARY__STRICT": "on",
            "IMAGESERVER_LIMITS__FILE_SIZE": "4000",
        }
        with serving(tmp_path, environment={**QUIET, **more}) as client:
            url, layer = remote.url("/a.png?x=1"), base64.urlsafe_b64encode(remote.url("/a.png?x=1").encode()).decode()
            body, headers = form(file=url, **signed(public_id="remote"))
            stored = client.ask("/v1_1/demo/image/upload", "POST", body, headers)
            assert color(fetch(client, json.loads(stored.text)["url"])) == BLUE
            remote.bodies["/paper.txt"], remote.headers["/paper.txt"] = b"words", {"Content-Type": "text/plain"}
            body, headers = form(file=remote.url("/paper.txt"), **signed(use_filename="1", unique_filename="0"))
            paper = json.loads(client.ask("/v1_1/demo/raw/upload", "POST", body, headers).text)
            assert (paper["public_id"], fetch(client, paper["url"]).body) == ("paper.txt", b"words")
            body, headers = form(file="data:," + "x" * 4001, **signed())
            large = client.ask("/v1_1/demo/raw/upload", "POST", body, headers)
            assert (large.status, "expected at most 4000 (limits.file_size)" in large.text) == (400, True)
            written = quote(url, safe="")
            assert client.ask(f"/demo/image/fetch/{written}").image.getpixel((0, 0)) == BLUE
            for parts, id_ in (("c_scale,w_30", "remote.png"), (f"l_fetch:{layer}/fl_layer_apply", "remote.png")):
                assert client.ask(f"/demo/image/upload/{parts}/{id_}").status == 401  # strict
                signature = next(url_signatures(f"{parts}/{id_}", "secret"))
                reply = client.ask(f"/demo/image/upload/s--{signature}--/{parts}/{id_}")
                assert color(reply) == BLUE
            body, headers = form(**signed(public_id="remote", type="upload", eager="c_scale,w_20"))
            (eager,) = json.loads(client.ask("/v1_1/demo/image/explicit", "POST", body, headers).text)["eager"]
            assert fetch(client, eager["url"]).image.width == 20
            named = ("t_small", "t_small,w_31")
            assert [client.ask(f"/demo/image/upload/{one}/remote.png").status for one in named] == [200, 401]
            gone = client.ask(f"/demo/image/fetch/{quote(remote.url('/none.png'), safe='')}")
            assert (gone.status, gone.headers["X-Cld-Error"]) == (
                404,
                f"Resource not found - {remote.url('/none.png')}",
            )
