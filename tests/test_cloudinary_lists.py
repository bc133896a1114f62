"""Cloudinary's calls beside single assets: breakpoints, derived pictures, lists of transformations, upload mappings."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import shake_128
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from cloud import (
    BLUE,
    GREEN,
    RED,
    address,
    api,
    cloudinary,
    color,
    exceptions,
    fetch,
    png,
    uploader,
    utils,
    yaml_of,
)
from conftest import QUIET
from PIL import Image
from remote import Remote, redirecting, remote_server
from serving import Client, serving

from imageserver.dialects.cloudinary.language.signatures import url_signatures


@pytest.fixture(scope="module")
def remote() -> Iterator[Remote]:
    with remote_server() as remote:
        yield remote


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, remote: Remote) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("mapped")
    for name, says in (
        ("Co", "allow_direct_urls: 1"),
        ("Shut", "allow_direct_urls: 0"),
        ("Veil", "request_obfuscation: 1"),
    ):
        (folder / "catalogs" / name / "images").mkdir(parents=True)
        (folder / "catalogs" / name / "catalog.yaml").write_text(
            f"attributes: {{root_path: images, {says}}}\nimages: {{}}\n"
        )
    more = {
        "IMAGESERVER_SOURCES__ALLOW_HOSTS": f"127.0.0.1:{remote.port}",
        "IMAGESERVER_DIALECTS__CLOUDINARY__CLOUDS": "demo Co key secret, shut Shut key secret, veil Veil key secret",
    }
    with serving(folder, environment={**QUIET, **more}) as client:
        cloudinary.config(cloud_name="demo", api_key="key", api_secret="secret", upload_prefix=address(client))  # noqa: S106
        uploader.upload(jpeg(), public_id="lively")
        yield client
    cloudinary.reset_config()


def jpeg() -> bytes:
    """A picture of 600 x 300 with detail at every size."""
    image = Image.new("RGB", (1, 1))
    for side in (4, 16, 64, 256):
        finer = Image.frombytes("RGB", (side, side), shake_128(bytes(side)).digest(3 * side * side)).resize((600, 300))
        image = Image.blend(image.resize((600, 300)), finer, 0.5)
    stream = io.BytesIO()
    image.save(stream, "JPEG")
    return stream.getvalue()


def breakpoints(**wanted: object) -> list[dict[str, Any]]:
    told = uploader.explicit("lively", type="upload", responsive_breakpoints={"create_derived": False, **wanted})
    return told["responsive_breakpoints"][0]["breakpoints"]  # type: ignore[no-any-return]


def test_breakpoints_are_as_many_bytes_apart_as_is_asked_for(client: Client) -> None:
    found = breakpoints(min_width=100, max_width=500, bytes_step=4000)
    widths, sizes = [one["width"] for one in found], [one["bytes"] for one in found]
    assert (widths[0], widths[-1]) == (500, 100)
    steps = [more - less for more, less in pairwise(sizes)]
    assert len(steps) == (sizes[0] - sizes[-1]) // 4000 > 2
    even = (sizes[0] - sizes[-1]) / len(steps)
    assert all(0.6 * even < step < 1.4 * even for step in steps), steps
    for one in (found[0], found[1], found[-1]):
        reply = fetch(client, one["url"])
        assert (len(reply.body), reply.image.size) == (one["bytes"], (one["width"], one["height"]))
        assert f"/c_scale,w_{one['width']}/v" in one["url"] == one["secure_url"]


@pytest.mark.parametrize(
    ("wanted", "widths"),
    [
        ({}, [600, 50]),  # it is 600 wide, and less than twice 20000 bytes more than at 50
        ({"max_images": 1}, [600]),
        ({"max_width": 700, "min_width": 650}, [600]),
        ({"max_width": 300, "min_width": 300}, [300]),
        ({"transformation": {"angle": 90}}, [300, 50]),
        ({"format": "ico"}, [256, 50]),
        ({"transformation": {"width": 200, "crop": "scale"}, "format": "png", "bytes_step": 10**8}, [200, 50]),
    ],
)
def test_breakpoints_at_the_ends(client: Client, wanted: dict[str, object], widths: list[int]) -> None:
    found = breakpoints(**wanted)
    assert [found[0]["width"], *([found[-1]["width"]] if len(found) > 1 else [])] == widths
    extension = wanted.get("format", "jpg")
    assert {fetch(client, one["url"]).image.width for one in found} == {one["width"] for one in found}
    assert all(one["url"].endswith(f"lively.{extension}") for one in found)


def test_breakpoints_are_no_more_than_is_asked_for(client: Client) -> None:
    assert client.port
    assert len(breakpoints(bytes_step=1, max_images=4)) == 4


def test_breakpoints_of_an_upload_and_what_is_remembered_of_them(client: Client) -> None:
    sets = [{"create_derived": False, "max_images": 2}, {"create_derived": True, "transformation": {"angle": 90}}]
    told = uploader.upload(png(RED), public_id="flat", eager={"width": 5}, responsive_breakpoints=sets)
    first, second = told["responsive_breakpoints"]
    assert ("transformation" in first, second["transformation"]) == (False, "a_90")
    assert [[one["width"] for one in each["breakpoints"]] for each in (first, second)] == [[60, 50], [40]]
    assert color(fetch(client, second["breakpoints"][0]["url"])) == RED
    remembered = [one["transformation"] for one in api.resource("flat")["derived"]]
    assert remembered == ["w_5", "a_90/c_scale,w_40"]


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ("no JSON", "expected JSON"),
        ("[1]", "expected objects"),
        (json.dumps([{}] * 6), "at most 5"),
        ('{"min_width": 0}', "min_width 0"),
        ('{"max_images": "many"}', "max_images many"),
        ('{"min_width": 1500}', "min_width 1500 is more than max_width"),
        ('{"bytes_step": 1e99}', "bytes_step 1e"),
        ('{"format": "exe"}', "format exe"),
        ('{"transformation": ["w_5"]}', "transformation as a text"),
        ('{"transformation": "w_x"}', "width"),
    ],
)
def test_breakpoints_that_make_no_sense_are_refused_before_anything_is_stored(
    client: Client, wanted: str, reason: str
) -> None:
    sent = {"public_id": "refused", "responsive_breakpoints": wanted, "timestamp": utils.now()}
    with pytest.raises(exceptions.BadRequest, match=reason):
        uploader.call_api("upload", sent, file=png(RED))
    assert fetch(client, f"{address(client)}/demo/image/upload/refused").status == 404


def names_of(**asked: object) -> list[str]:
    return [one["name"] for one in api.transformations(max_results=100, **asked)["transformations"]]


def test_transformations_by_which_pictures_were_derived_are_listed(client: Client) -> None:
    api.create_transformation("small", {"width": 9, "crop": "scale"})
    wanted = [{"width": 7, "crop": "scale"}, {"width": 8, "format": "png"}, {"transformation": "small"}]
    uploader.upload(png(RED), public_id="one", eager=wanted)
    uploader.upload(png(RED), public_id="two", type="private", eager=wanted[0])
    assert {"c_scale,w_7", "w_8/png", "t_small"} <= set(names_of())
    assert "t_small" in names_of(named=True)
    assert "c_scale,w_7" not in names_of(named=True)
    assert "t_small" not in names_of(named=False)
    first = api.transformations(max_results=1, named=False)
    rest = api.transformations(max_results=100, named=False, next_cursor=first["next_cursor"])
    assert [first["transformations"][0]["name"], *(one["name"] for one in rest["transformations"])] == names_of(
        named=False
    )
    told = api.transformation(wanted[0])
    assert (told["named"], told["used"], told["info"]) == (False, True, [{"crop": "scale", "width": 7}])
    assert {(one["public_id"], one["type"]) for one in told["derived"]} == {("one", "upload"), ("two", "private")}
    for one in told["derived"]:
        assert fetch(client, one["url"]).image.size == (7, 5)
    assert api.transformation("w_8/png")["info"] == [{"width": 8}, {"format": "png"}]
    named = api.transformation("small")
    assert (named["used"], [one["public_id"] for one in named["derived"]]) == (True, ["one"])
    with pytest.raises(exceptions.BadRequest, match="no name"):
        api.update_transformation(wanted[0], allowed_for_strict=True)
    api.delete_transformation(wanted[0])
    with pytest.raises(exceptions.NotFound):
        api.transformation(wanted[0])
    assert [one["transformation"] for one in api.resource("one")["derived"]] == ["w_8/png", "t_small"]
    api.delete_transformation("small")
    assert [one["transformation"] for one in api.resource("one")["derived"]] == ["w_8/png"]


def derived_of(public_id: str) -> list[str]:
    return [one["transformation"] for one in api.resource(public_id)["derived"]]


def test_derived_pictures_of_an_asset(client: Client) -> None:
    uploader.upload(png(RED), public_id="three", eager=[{"width": 3}, {"width": 4}])
    uploader.explicit("three", type="upload", eager=[{"width": 5}, {"width": 3}])
    assert derived_of("three") == ["w_4", "w_5", "w_3"]
    uploader.rename("three", "four")
    (four, *_) = api.resource("four")["derived"]
    assert four["url"].endswith("/four.png")
    assert fetch(client, four["url"]).image.width == 4
    assert api.delete_derived_resources([four["id"], "none"])["deleted"] == {four["id"]: "deleted", "none": "not_found"}
    assert derived_of("four") == ["w_5", "w_3"]
    told = api.delete_resources(["four"], transformations=[{"width": 5}])
    assert told["deleted_counts"] == {"four": {"original": 0, "derived": 1}}
    assert derived_of("four") == ["w_3"]
    assert api.delete_derived_by_transformation(["four"], {"width": 3})["deleted"] == {"four": "deleted"}
    assert derived_of("four") == []
    uploader.explicit("four", type="upload", eager={"width": 6})
    first = api.resource("four", versions=True)["versions"][0]["version_id"]
    uploader.upload(png(BLUE), public_id="four")
    assert derived_of("four") == []
    uploader.explicit("four", type="upload", eager={"width": 6})
    api.restore(["four"], versions=[first])
    assert derived_of("four") == []


def test_mappings_are_made_changed_and_taken_away(client: Client) -> None:
    assert client.port
    assert api.create_upload_mapping("there/deep/", template="https://one.example/a?id=")["folder"] == "there/deep"
    with pytest.raises(exceptions.AlreadyExists):
        api.create_upload_mapping("there/deep", template="https://one.example")
    api.update_upload_mapping("there/deep", template="http://two.example")
    assert api.upload_mapping("there/deep")["template"] == "http://two.example"
    assert {"folder": "there/deep", "template": "http://two.example"} in api.upload_mappings()["mappings"]
    api.delete_upload_mapping("there/deep")
    for call in (api.upload_mapping, api.delete_upload_mapping):
        with pytest.raises(exceptions.NotFound, match="there/deep"):
            call("there/deep")
    with pytest.raises(exceptions.NotFound):
        api.update_upload_mapping("there/deep", template="http://two.example")
    for folder, template, reason in (
        ("", "http://two.example", "parameter - folder"),
        ("a", "", "Invalid template"),
        ("a", "ftp://two.example/", "Invalid template"),
        ("a", "file:///etc/", "Invalid template"),
        ("a", "http://user:secret@two.example/", "without a user"),
        ("a", "http://two.example/" + "x" * 1000, "Invalid template"),
        ("a", "http://two.example)/", "Invalid template"),
        ("a", "http://two.example:99999/", "Invalid template"),
    ):
        with pytest.raises(exceptions.BadRequest, match=reason):
            api.create_upload_mapping(folder, template=template)
    assert client.ask("/v1_1/demo/upload_mappings").status == 401


def test_picture_of_a_mapped_folder_is_stored_when_it_is_first_asked_for(client: Client, remote: Remote) -> None:
    api.create_upload_mapping("far", template=remote.url("/pictures"))
    remote.bodies["/pictures/a%20b/shoe.png"] = png(RED)
    assert color(client.ask("/demo/image/upload/c_scale,w_30/far/a%20b/shoe.png")) == RED
    told = api.resource("far/a b/shoe.png")
    assert (told["format"], told["original_filename"]) == ("png", "shoe")
    for url in (told["url"], f"{address(client)}/is/image/Co/far/a%20b/shoe.png?fmt=png"):
        assert color(fetch(client, url)) == RED
    assert client.ask("/demo/image/upload/f_jpg/far/a%20b/shoe.png").image.format == "JPEG"
    assert remote.asked["/pictures/a%20b/shoe.png"] == 1
    assert len(api.resource("far/a b/shoe.png", versions=True)["versions"]) == 1
    api.delete_upload_mapping("far")
    remote.bodies["/pictures/late.png"] = png(BLUE)
    assert client.ask("/demo/image/upload/far/late.png").status == 404
    assert color(client.ask("/demo/image/upload/far/a%20b/shoe.png")) == RED


def test_inner_mapping_holds_and_all_who_ask_at_once_get_one_record(client: Client, remote: Remote) -> None:
    api.create_upload_mapping("out", template=remote.url("/outer/"))
    api.create_upload_mapping("out/in", template=remote.url("/found?id="))
    remote.bodies |= {"/outer/in/x.png": png(BLUE), "/found?id=x.png": png(GREEN)}
    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(client.ask, ["/demo/image/upload/out/in/x.png"] * 8))
    assert {color(reply) for reply in replies} == {GREEN}
    assert len(api.resource("out/in/x.png", versions=True)["versions"]) == 1
    assert yaml_of(client).count("out/in/x.png:") == 1


@pytest.mark.parametrize(
    ("path", "status", "asked"),
    [
        ("demo/image/upload/bad/none.png", 404, "/bad/none.png"),
        ("demo/image/upload/bad/words.png", 400, "/bad/words.png"),
        ("demo/image/upload/bad/moved.png", 400, "/bad/moved.png"),
        ("demo/image/upload/bad/%2E%2E/secret.png", 404, ""),
        ("demo/image/upload/bad/a%3Fb.png", 404, ""),
        ("demo/image/private/c_scale,w_5/bad/good.png", 404, ""),
        ("demo/image/upload/host/w.png", 404, ""),
        ("demo/image/upload/badly/good.png", 404, ""),
        ("shut/image/upload/bad/good.png", 404, ""),
    ],
)
def test_what_does_not_come_by_a_mapping(client: Client, remote: Remote, path: str, status: int, asked: str) -> None:
    remote.bodies |= {"/bad/words.png": b"words", "/bad/good.png": png(RED), "/secret.png": png(RED)}
    remote.faults["/bad/moved.png"] = redirecting("http://127.0.0.1:1/x.png")
    before = remote.asked.total()
    for cloud in ("demo", "shut"):
        for folder, url in (("bad", remote.url("/bad/")), ("host", f"http://127.0.0.1:{client.port}/is/image/")):
            if not [one for one in api.upload_mappings(cloud_name=cloud)["mappings"] if one["folder"] == folder]:
                api.create_upload_mapping(folder, template=url, cloud_name=cloud)
    reply = client.ask(f"/{path}")
    assert reply.status == status, reply.headers
    assert (remote.asked.total() - before, remote.asked[asked]) == ((1, 1) if asked else (0, 0))
    told = reply.headers["X-Cld-Error"]
    assert str(remote.port) not in told
    assert "127.0.0.1" not in told
    assert Path(path).name not in yaml_of(client)


def test_nothing_is_told_of_a_sprite_that_may_not_be_seen(client: Client) -> None:
    uploader.upload(png(RED), public_id="seen", tags=["veiled"], cloud_name="veil")
    told = uploader.generate_sprite("veiled", cloud_name="veil")
    for name in ("image_url", "css_url", "json_url"):
        reply = fetch(client, told[name])
        assert (reply.status, reply.body, reply.headers["Cache-Control"]) == (401, b"", "no-store")
    signature = next(url_signatures("veiled.css", "secret"))
    reply = client.ask(f"/veil/image/sprite/s--{signature}--/veiled.css")
    assert reply.text.startswith(".seen { background: url('/veil/image/sprite/s--")


def test_sprite_does_without_a_picture_that_another_process_has_just_taken_away(client: Client) -> None:
    for name in ("left", "taken"):
        uploader.upload(png(RED), public_id=name, tags=["both"])
    told = uploader.generate_sprite("both")
    folder = client.folder / "catalogs" / "Co"
    lines = yaml_of(client).splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith("  taken:")]
    assert len(kept) == len(lines) - 1
    (folder / "images" / "taken.png").unlink()
    (folder / "catalog.yaml").write_text("".join(kept))
    assert fetch(client, told["image_url"]).image.size == (60, 40)
