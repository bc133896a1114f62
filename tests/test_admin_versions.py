"""What edits over HTTP do to the tokens that clients see: rows of docs/versions.md, "tests that cross the three".

Scene7's tokens are `image.version` and `metadata.version`; `rev` and `stored_at` are what other URL languages hand out.
"""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from admin import Api, api, encoded
from pictures import BLUE, RED
from PIL import Image
from serving import serving
from sites import QUIET, eventually, properties

NEW = encoded()
CATALOG = """
attributes: {root_path: images}
images:
  boot: {path: red.png, user_data: {color: red}}
  plain: {path: blue.png, user_data: {round: ROUND}}
"""
ROUNDS = itertools.count(1)
MARKED = "attributes: {root_path: images, watermark: Co/boot}\n"


class Tokens(NamedTuple):
    """What a client may have kept of the record `boot`."""

    image: str
    metadata: str
    tags: tuple[str, ...]
    rev: int
    image_rev: int
    meta_rev: int
    stored_at: int
    uid: str


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with api(tmp_path_factory.mktemp("admin")) as found:
        yield found


@pytest.fixture
def shoes(running: Api) -> Api:
    """A catalog as it is at the beginning, once it is served."""
    number = str(next(ROUNDS))
    for name, text in {"Other": MARKED, "Co": CATALOG.replace("ROUND", number)}.items():
        (running.client.folder / "catalogs" / name / "catalog.yaml").write_text(text)
    Image.new("RGB", (40, 30), RED).save(running.image("red.png"))
    Image.new("RGB", (40, 30), BLUE).save(running.image("blue.png"))
    served(running, f"round={number}", "plain")
    return running


def served(shoes: Api, data: str, name: str = "boot") -> None:
    """Wait until a record is served with some user data."""
    eventually(lambda: data in shoes.client.ask(f"/is/image/Co/{name}?req=userdata").text, wanted=True)


def tokens(shoes: Api, name: str = "boot") -> Tokens:
    seen, record = properties(shoes.client, f"Co/{name}?req=props"), shoes.read(f"images/{name}")
    tags = tuple(shoes.client.ask(f"/is/image/Co/{name}?{one}").headers["ETag"] for one in ("", "wid=9", "req=tmb"))
    numbers = (record[key] for key in ("rev", "image_rev", "meta_rev", "stored_at", "uid"))
    return Tokens(seen["image.version"], seen["metadata.version"], tags, *numbers)


def red(shoes: Api) -> bytes:
    return shoes.image("red.png").read_bytes()


def test_other_bytes_change_all_but_the_metadata(shoes: Api) -> None:
    before = tokens(shoes)
    assert "immutable" in shoes.client.ask(f"/is/image/Co/boot?fmt=png&id={before.image}").headers["Cache-Control"]
    assert shoes.ask("images/boot/source", "PUT", NEW, "*").status == 200
    after = tokens(shoes)
    assert not {before.image, *before.tags} & {after.image, *after.tags}
    assert (after.metadata, after.meta_rev, after.uid) == (before.metadata, before.meta_rev, before.uid)
    assert after.rev == after.image_rev == before.rev + 1
    assert after.stored_at > before.stored_at
    for token in (f"id={before.image}", f"id={before.image[:6]}", "id=x"):
        reply = shoes.client.ask(f"/is/image/Co/boot?fmt=png&{token}")
        assert (reply.image.size, "immutable" in reply.headers["Cache-Control"]) == ((60, 40), False)


def test_metadata_change_no_picture(shoes: Api) -> None:
    before = tokens(shoes)
    assert shoes.ask("images/boot", "PATCH", {"fields": {"user_data": {"color": "new"}}}, "*").status == 200
    served(shoes, "color=new")
    after = tokens(shoes)
    assert after.metadata != before.metadata
    assert after.rev == after.meta_rev == before.rev + 1
    assert after._replace(metadata=before.metadata, rev=before.rev, meta_rev=before.meta_rev) == before


def test_equal_bytes_change_the_numbers_alone(shoes: Api) -> None:
    before = tokens(shoes)
    assert shoes.ask("images/boot/source", "PUT", red(shoes), "*").status == 200
    after = tokens(shoes)
    assert (after.rev, after.stored_at > before.stored_at) == (before.rev + 1, True)
    assert after._replace(rev=before.rev, stored_at=before.stored_at) == before
    for url, tag in zip(("", "?wid=9", "?req=tmb"), before.tags, strict=True):
        assert shoes.client.ask(f"/is/image/Co/boot{url}", headers={"If-None-Match": tag}).status == 304


def test_stores_within_a_second_are_told_apart(shoes: Api) -> None:
    seen = [tokens(shoes)]
    for content in (NEW, red(shoes), NEW):
        assert shoes.ask("images/boot/source", "PUT", content, "*").status == 200
        seen.append(tokens(shoes))
    assert seen[1].image == seen[3].image != seen[2].image == seen[0].image
    assert all(one.stored_at < other.stored_at for one, other in itertools.pairwise(seen))


def test_record_that_is_made_again_has_other_numbers(shoes: Api) -> None:
    before, content = tokens(shoes), red(shoes)
    assert shoes.ask("images/boot?files=true", "DELETE", etag="*").status == 204
    assert shoes.ask("images/boot/source?path=red.png", "PUT", content).status == 201
    assert shoes.ask("images/boot", "PATCH", {"fields": {"user_data": {"color": "again"}}}, "*").status == 200
    served(shoes, "color=again")
    after = tokens(shoes)
    assert after.image == before.image  # it is made of the content
    assert min(after.rev, after.image_rev, after.meta_rev) > before.rev
    assert after.stored_at > before.stored_at
    assert after.uid != before.uid
    assert shoes.ask("images/boot/source", "PUT", NEW, f'"rev-{before.rev}"').status == 412
    assert red(shoes) == content


def test_another_id_is_no_other_picture(shoes: Api) -> None:
    before = tokens(shoes)
    assert shoes.ask("images/boot/rename", "POST", {"id": "clog"}, "*").status == 200
    served(shoes, "color=red", "clog")
    after = tokens(shoes, "clog")
    assert after.rev == after.meta_rev == before.rev + 1
    assert after._replace(rev=before.rev, meta_rev=before.meta_rev) == before


USERS = {
    "nested request": "Co/plain?layer=1&src=is{Co/boot?wid=5}",
    "layer": "Co/plain?layer=1&src=boot&size=5,5",
    "mask": "Co/plain?mask=boot",
    "nested mask": "Co/plain?mask=is{Co/boot}",
    "the picture of another record": "Co/plain?src=boot",
    "watermark": "Other/blue.png?fmt=png",
}


def test_whatever_shows_a_picture_changes_with_it(shoes: Api) -> None:
    def seen(url: str) -> tuple[str, str]:
        version = properties(shoes.client, f"{url}&req=props")["image.version"]
        return version, shoes.client.ask(f"/is/image/{url}").headers["ETag"]

    def seen_by_all() -> dict[str, tuple[str, str]]:
        return {case: seen(url) for case, url in USERS.items()}

    def with_other_versions() -> list[str]:
        return [
            case for case, (version, _) in seen_by_all().items() if version not in {before[case][0], changed[case][0]}
        ]

    other, content = "Co/plain?wid=9", red(shoes)
    before, alone = seen_by_all(), seen(other)
    blue = encoded(image=Image.new("RGB", (40, 30), (1, 2, 3)))
    assert shoes.ask("images/boot/source", "PUT", blue, "*").status == 200
    changed = seen_by_all()
    assert [case for case in USERS if not set(before[case]) & set(changed[case])] == [*USERS]
    assert shoes.ask("images/boot", "PATCH", {"fields": {"modifier": "op_blur=2"}}, "*").status == 200
    eventually(with_other_versions, [*USERS])
    assert shoes.ask("images/boot", "PATCH", {"fields": {"modifier": None}}, "*").status == 200
    assert shoes.ask("images/boot/source", "PUT", content, "*").status == 200
    eventually(seen_by_all, before)
    assert seen(other) == alone


def test_revision_that_is_restored_is_what_it_was(shoes: Api) -> None:
    before = tokens(shoes)
    url = "images/boot/revisions"
    first = shoes.read(url)["revisions"][0]["version_id"]
    assert shoes.ask("images/boot/source", "PUT", NEW, "*").status == 200
    middle = tokens(shoes)
    assert shoes.ask(f"{url}/{first}/restore", "POST", etag="*").status == 200
    after = tokens(shoes)
    assert (after.image, after.metadata, after.tags) == (before.image, before.metadata, before.tags)
    assert after.rev == after.image_rev == middle.rev + 1
    assert after.stored_at > middle.stored_at


def test_server_that_was_never_edited_agrees(shoes: Api, tmp_path: Path) -> None:
    """Versions and tags are those of the content, however it came to be, and without a history."""
    assert shoes.ask("images/boot/source", "PUT", NEW, "*").status == 200
    body = {"fields": {"modifier": "op_blur=2", "user_data": {"color": "blue"}}}
    assert json.loads(shoes.ask("images/boot", "PATCH", body, "*").text)["fields"]["modifier"] == "op_blur=2"
    served(shoes, "color=blue")
    ours = tokens(shoes)
    shutil.copytree(shoes.client.folder / "catalogs", tmp_path / "catalogs")
    with serving(tmp_path, environment=QUIET) as other:
        found = properties(other, "Co/boot?req=props")
        assert (found["image.version"], found["metadata.version"]) == (ours.image, ours.metadata)
        assert other.ask("/is/image/Co/boot").headers["ETag"] == ours.tags[0]
