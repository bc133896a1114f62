"""Cloudinary's upload mappings: who makes them, and the pictures that come by them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cloud import BLUE, GREEN, RED, address, api, cloudinary, color, exceptions, fetch, png, yaml_of
from conftest import QUIET
from remote import Remote, redirecting, remote_server
from serving import Client, serving


@pytest.fixture(scope="module")
def remote() -> Iterator[Remote]:
    with remote_server() as remote:
        yield remote


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, remote: Remote) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("mapped")
    for name, allows in (("Co", 1), ("Shut", 0)):
        (folder / "catalogs" / name / "images").mkdir(parents=True)
        (folder / "catalogs" / name / "catalog.yaml").write_text(
            f"attributes: {{root_path: images, allow_direct_urls: {allows}}}\nimages: {{}}\n"
        )
    more = {
        "IMAGESERVER_SOURCES__ALLOW_HOSTS": f"127.0.0.1:{remote.port}",
        "IMAGESERVER_DIALECTS__CLOUDINARY__CLOUDS": "demo Co key secret, shut Shut key secret, bare Co",
    }
    with serving(folder, environment={**QUIET, **more}) as client:
        cloudinary.config(cloud_name="demo", api_key="key", api_secret="secret", upload_prefix=address(client))  # noqa: S106
        yield client
    cloudinary.reset_config()


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
        ("bare/image/upload/bad/good.png", 404, ""),
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
