"""Versions of a record as the three protocols tell them: `image.version` and `id=`, `v…`, `__STAMP` and `$version`."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cloudinary
import cloudinary.api
import cloudinary.uploader
import pytest
from conftest import QUIET
from PIL import Image
from serving import Client, serving
from versioning import BEGIN, END, PAGE, sessions, toys

from imageserver.config import Config
from imageserver.store.edits import StoreFile
from imageserver.store.store import open_store

RED, BLUE, GREEN = (255, 0, 0), (0, 0, 255), (0, 128, 0)
TOKEN = "a-token-of-this-test"  # noqa: S105, of this test
YEAR, MONTH = "max-age=31536000", "max-age=2592000"
CATALOG = "attributes: {root_path: images}\nimages:\n  here: {path: here.png}   # stays\n"
uploader, api = cloudinary.uploader, cloudinary.api


def png(color: tuple[int, int, int]) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (12, 8), color).save(stream, "PNG")
    return stream.getvalue()


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the three protocols say of a record's version, and the URLs in which clients repeat it."""

    image: str
    metadata: str
    v: int
    stamp: int
    etags: tuple[str, ...]
    urls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Three:
    """A server with three doors to one catalog."""

    client: Client

    def native(self, name: str, which: str) -> str:
        """Read a property of a record, of which another process may have to hear first."""
        text = self.client.ask(f"/is/image/Co/{name}?req=props").text
        return next(line.partition("=")[2] for line in text.splitlines() if line.startswith(which))

    def entity(self, name: str) -> dict[str, Any]:
        """Read an entity."""
        found: dict[str, Any] = json.loads(self.client.ask(f"/rest/Co({name})").body)
        return found

    def save(self, url: str, body: bytes) -> dict[str, Any]:
        """Write through 4D."""
        reply = self.client.ask(f"/rest/{url}", "POST", body, {"Authorization": f"Bearer {TOKEN}"})
        found: dict[str, Any] = json.loads(reply.body)
        return found

    def tokens(self, name: str) -> Tokens:
        """Read the tokens of a record, and what is at their URLs."""
        image, v = self.native(name, "image.version"), api.resource(name)["version"]
        entity = self.entity(name)
        urls = (
            f"/is/image/Co/{name}?fmt=png&id={image}",
            f"/demo/image/upload/v{v}/{name}.png",
            f"/demo/image/upload/w_6/v{v}/{name}.png",
            entity["image"]["__deferred"]["uri"],
            entity["image"]["__deferred"]["uri"].replace("=best", "=jpeg"),
        )
        etags = tuple(self.client.ask(url).headers["ETag"] for url in urls)
        return Tokens(image, self.native(name, "metadata.version"), v, entity["__STAMP"], etags, urls)

    def shows(self, url: str) -> tuple[int, int, int]:
        """Give the colour of a picture."""
        reply = self.client.ask(url)
        assert reply.status == 200, reply.headers
        pixel = reply.image.convert("RGB").getpixel((0, 0))
        return next(one for one in (RED, BLUE, GREEN) if is_near(one, pixel))

    def kept(self, url: str) -> str:
        """Give how long a reply may be kept."""
        return str(self.client.ask(url).headers["Cache-Control"])


def is_near(one: tuple[int, int, int], pixel: object) -> bool:
    """Tell whether a colour is another one after it went through JPEG."""
    return isinstance(pixel, tuple) and all(abs(a - b) < 9 for a, b in zip(one, pixel, strict=True))


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Three]:
    folder = tmp_path_factory.mktemp("three")
    images = folder / "catalogs" / "Co" / "images"
    images.mkdir(parents=True)
    (images / "here.png").write_bytes(png(GREEN))
    (images.parent / "catalog.yaml").write_text(CATALOG)
    settings = {
        **QUIET,
        "IMAGESERVER_DIALECTS__CLOUDINARY__CLOUDS": "demo Co key secret",
        "IMAGESERVER_DIALECTS__REST4D__ENABLED": "on",
        "IMAGESERVER_ADMIN__TOKEN": TOKEN,
    }
    with serving(folder, environment=settings) as client:
        prefix = f"http://127.0.0.1:{client.port}"
        cloudinary.config(cloud_name="demo", api_key="key", api_secret="secret", upload_prefix=prefix)  # noqa: S106
        yield Three(client)
    cloudinary.reset_config()


def test_1_all_tokens_change_with_the_pixels_and_old_ones_give_the_new_picture(three: Three) -> None:
    uploader.upload(png(RED), public_id="one")
    before = three.tokens("one")
    assert {three.shows(url) for url in before.urls} == {RED}
    lifetimes = [three.kept(url) for url in before.urls]
    assert all(one in text for one, text in zip((YEAR, MONTH, MONTH, YEAR, YEAR), lifetimes, strict=True))
    assert three.save("Co(one)/image?$rawPict=image/png", png(BLUE)) == {"ok": True}
    after = three.tokens("one")
    assert before.image != after.image
    assert (before.v < after.v, before.stamp + 1) == (True, after.stamp)
    assert not {*before.etags} & {*after.etags}
    assert {three.shows(url) for url in (*before.urls, *after.urls)} == {BLUE}
    assert not any(one in three.kept(url) for url in before.urls for one in (YEAR, MONTH))
    assert (
        three.save("Co?$method=update", json.dumps({"__KEY": "one", "__STAMP": before.stamp, "tags": "x"}).encode())[
            "__STATUS"
        ]["status"]
        == 2
    )


def test_2_metadata_change_the_metadata_version_and_the_stamp_only(three: Three) -> None:
    uploader.upload(png(RED), public_id="two")
    before = three.tokens("two")
    body = {"__KEY": "two", "__STAMP": before.stamp, "userdata": {"color": "red"}}
    assert three.save("Co?$method=update", json.dumps(body).encode())["__STAMP"] == before.stamp + 1
    after = three.tokens("two")
    assert before.metadata != after.metadata
    assert (before.image, before.v, before.etags) == (after.image, after.v, after.etags)
    assert (after.stamp, three.kept(before.urls[3])) == (before.stamp + 1, "no-cache")
    assert api.resource("two")["context"]["custom"] == {"color": "red"}


def test_3_equal_bytes_change_v_and_stamp_but_neither_image_version_nor_etag(three: Three) -> None:
    uploader.upload(png(RED), public_id="three")
    before = three.tokens("three")
    three.save("Co(three)/image?$rawPict=image/png", png(RED))
    after = three.tokens("three")
    assert (before.image, before.etags) == (after.image, after.etags)
    assert (before.v < after.v, before.stamp < after.stamp) == (True, True)
    for url, etag in zip(after.urls, before.etags, strict=True):
        assert three.client.ask(url, headers={"If-None-Match": etag}).status == 304


def test_4_v_grows_with_each_store_also_when_the_clock_is_set_back(three: Three) -> None:
    found = [uploader.upload(png(color), public_id="four")["version"] for color in (RED, BLUE, GREEN)]
    assert found[0] < found[1] < found[2]
    folder = three.client.folder
    config = Config(catalogs=str(folder / "catalogs"), state=str(folder / "state"))
    ahead = open_store(config, "Co", lambda: time.time() + 3600)
    with ahead.staging() as staging:
        (staging / "source").write_bytes(png(RED))
        ahead.commit([StoreFile("four", staging / "source")])
    ahead.close()
    later = three.tokens("four").v
    assert later >= found[2] + 3000  # v grows by one at a time, also when that is ahead of the clock
    three.save("Co(four)/image?$rawPict=image/png", png(BLUE))  # an hour before that, as the server's clock has it
    assert three.tokens("four").v == later + 1


def test_5_what_is_made_again_has_new_and_larger_tokens(three: Three) -> None:
    uploader.upload(png(RED), public_id="five")
    before = three.tokens("five")
    assert three.save("Co(five)?$method=delete", b"") == {"ok": True}
    late = three.save("Co?$method=update", json.dumps({"__KEY": "five", "__STAMP": before.stamp}).encode())
    assert (late["__STATUS"]["status"], late["__ERROR"][0]["errCode"]) == (5, 1263)
    assert [three.client.ask(url).status for url in before.urls[1:]] == [404] * 4
    uploader.upload(png(RED), public_id="five")
    after = three.tokens("five")
    assert (after.v > before.v, after.stamp > before.stamp) == (True, True)
    late = three.save("Co?$method=update", json.dumps({"__KEY": "five", "__STAMP": before.stamp, "tags": "x"}).encode())
    assert late["__STATUS"]["status"] == 2


def test_6_an_inner_image_changes_the_version_of_what_is_made_of_it(three: Three) -> None:
    uploader.upload(png(RED), public_id="six")
    outer = "?src=is{Co/six}"
    before = three.native(outer, "image.version")
    three.save("Co(six)/image?$rawPict=image/png", png(BLUE))
    assert three.native(outer, "image.version") != before


def test_7_restoring_gives_the_first_bytes_and_etags_under_new_numbers(three: Three) -> None:
    uploader.upload(png(RED), public_id="seven")
    first = three.tokens("seven")
    three.save("Co(seven)/image?$rawPict=image/png", png(BLUE))
    second = three.tokens("seven")
    oldest = api.resource("seven", versions=True)["versions"][-1]["version_id"]
    api.restore(["seven"], versions=[oldest])
    third = three.tokens("seven")
    assert (third.image, third.etags) == (first.image, first.etags)
    assert (third.v > second.v, third.stamp > second.stamp) == (True, True)
    assert {three.shows(url) for url in third.urls} == {RED}


def test_8_a_version_of_the_future_is_not_kept_so_it_shows_what_comes(three: Three) -> None:
    uploader.upload(png(RED), public_id="eight")
    now = three.tokens("eight")
    future = (
        f"/is/image/Co/eight?fmt=png&id={'z' * 22}",
        f"/demo/image/upload/v{now.v + 2}/eight.png",
        now.urls[3].replace(f"={now.stamp}&", f"={now.stamp + 2}&"),
    )
    assert {three.shows(url) for url in future} == {RED}
    assert not any(one in three.kept(url) for url in future for one in (YEAR, MONTH))
    for color in (GREEN, BLUE):
        uploader.upload(png(color), public_id="eight")
    assert {three.shows(url) for url in future} == {BLUE}
    assert three.kept(future[2]) == f"public, {YEAR}, immutable"


def test_page_shows_sessions_as_they_are(tmp_path: Path) -> None:
    with toys(tmp_path) as client:
        found = sessions(client)
    assert PAGE.read_text().partition(BEGIN)[2].partition(END)[0] == found, "python tests/versioning.py writes it anew"
