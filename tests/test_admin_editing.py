"""Edits over HTTP: what they change in YAML and in what is served, and what they refuse."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from admin import CATALOG, TOKENS, Api, api, problem
from sites import eventually, properties

THERE = {"path": "red.png"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with api(tmp_path_factory.mktemp("admin")) as found:
        yield found


@pytest.fixture
def shoes(running: Api) -> Api:
    """A catalog as it is at the beginning."""
    (running.client.folder / "catalogs" / "Co" / "catalog.yaml").write_text(CATALOG)
    return running


def body(**fields: object) -> dict[str, object]:
    return {"fields": fields}


def test_whole_life_of_a_record(shoes: Api) -> None:
    made = shoes.ask("images/a%2Fb", "PUT", body(path="red.png", modifier="wid=7"))
    assert made.status == 201
    assert made.headers["Location"] == "/admin/v1/catalogs/Co/images/a%2Fb"
    first = made.headers["ETag"]
    assert shoes.tag("images/a%2Fb") == first
    assert "  a/b: {path: red.png, modifier: wid=7}\n" in shoes.text
    eventually(lambda: shoes.client.ask("/is/image/Co/a/b?req=exists").text.count("exists=1"), 1)

    changed = shoes.ask("images/a%2Fb", "PATCH", body(modifier=None, tags=["x"], crops={"s": [0, 0, 1, 1]}), first)
    assert changed.status == 200
    found = json.loads(changed.text)
    assert found["fields"] == {"path": "red.png", "tags": ["x"], "crops": {"s": ["0", "0", "1", "1"]}}
    second = changed.headers["ETag"]
    assert second == f'"rev-{found["rev"]}"' != first

    inner = shoes.ask("images/a%2Fb", "PATCH", body(crops={"s": None, "t": [1, 1, 2, 2]}), second)
    assert json.loads(inner.text)["fields"]["crops"] == {"t": ["1", "1", "2", "2"]}

    renamed = shoes.ask("images/a%2Fb/rename", "POST", {"id": "c d"}, inner.headers["ETag"])
    assert renamed.status == 200
    assert renamed.headers["Content-Location"] == "/admin/v1/catalogs/Co/images/c%20d"
    assert json.loads(renamed.text)["uid"] == found["uid"]
    assert shoes.ask("images/a%2Fb").status == 404

    replaced = shoes.ask("images/c%20d", "PUT", body(path="blue.png"), renamed.headers["ETag"])
    assert replaced.status == 200
    assert json.loads(replaced.text)["fields"] == {"path": "blue.png"}

    gone = shoes.ask("images/c%20d", "DELETE", etag=replaced.headers["ETag"])
    assert (gone.status, gone.body) == (204, b"")
    assert shoes.ask("images/c%20d").status == 404
    assert shoes.text == CATALOG
    again = shoes.ask("images/c%20d", "PUT", body(**THERE))
    assert again.status == 201
    assert json.loads(again.text)["rev"] > json.loads(replaced.text)["rev"]


def test_edit_leaves_comments_and_all_else_as_it_is(shoes: Api) -> None:
    reply = shoes.ask("images/boot", "PATCH", body(crops={"square": [1, 2, 3, 4]}), shoes.tag())
    assert reply.status == 200
    assert shoes.text == CATALOG.replace("[0, 0, 10, 10]  # the toe", "[1, 2, 3, 4]  # the toe")


def test_edit_changes_the_tag_of_the_list_it_is_in(shoes: Api) -> None:
    tags = {url: shoes.tag(url) for url in ("images", "images?prefix=summer", "content")}
    assert shoes.ask("images/boot", "PATCH", body(expiration=7), shoes.tag()).status == 200
    statuses = {url: shoes.ask(url, If_None_Match=tag).status for url, tag in tags.items()}
    assert statuses == {"images": 200, "images?prefix=summer": 304, "content": 304}


def test_edit_that_changes_nothing_keeps_the_tag(shoes: Api) -> None:
    tag = shoes.tag()
    assert shoes.ask("images/boot", "PATCH", body(path="red.png"), tag).headers["ETag"] == tag
    assert shoes.text == CATALOG


@pytest.mark.parametrize(
    ("method", "url", "sent"),
    [
        ("PUT", "images/boot", body(**THERE)),
        ("PATCH", "images/boot", body(tags="x")),
        ("DELETE", "images/boot", None),
        ("POST", "images/boot/rename", {"id": "shoe"}),
        ("PUT", "attributes", {"attributes": {"root_path": "images"}}),
        ("PATCH", "attributes", {"attributes": {"expiration": "1"}}),
        ("PUT", "macros", {"macros": {}}),
        ("PATCH", "macros", {"macros": {"m": "wid=1"}}),
    ],
)
def test_edit_needs_the_revision_that_was_seen(shoes: Api, method: str, url: str, sent: object) -> None:
    seen = shoes.tag(url.removesuffix("/rename"))
    missing = shoes.ask(url, method, sent)
    assert (missing.status, problem(missing)["title"]) == (428, "precondition required")
    for stale in ('"rev-1"', '"x"', f"W/{seen}", "rev", "", '"rev-99999999999999999999"'):
        refused = shoes.ask(url, method, sent, stale)
        assert (refused.status, problem(refused)["status"]) == (412, 412), stale
    assert shoes.text == CATALOG
    assert shoes.ask(url, method, sent, f'"rev-1", {seen}').status in {200, 204}
    assert shoes.text != CATALOG or method == "PUT"


REFUSALS: list[tuple[str, str, object, dict[str, str], int]] = [
    ("PUT", "images/new", body(**THERE), {"If_Match": "*"}, 412),
    ("PUT", "images/new", body(**THERE), {"If_Match": '"rev-1"'}, 412),
    ("PUT", "images/boot", body(**THERE), {"If_None_Match": "*"}, 412),
    ("PUT", "images/boot", body(**THERE), {"If_Match": "*"}, 200),
    ("PUT", "images/new1", body(**THERE), {"If_None_Match": "*"}, 201),
    ("PATCH", "images/new", body(tags="x"), {}, 404),
    ("PATCH", "images/new", body(tags="x"), {"If_Match": "*"}, 404),
    ("DELETE", "images/new", None, {"If_Match": "*"}, 404),
    ("DELETE", "images/boot?files=yes", None, {"If_Match": "*"}, 400),
    ("POST", "images/boot/rename", {"id": "summer/sandal"}, {"If_Match": "*"}, 409),
    ("POST", "images/boot/rename", {"id": "../x"}, {"If_Match": "*"}, 422),
    ("POST", "images/boot/rename", {"id": 7}, {"If_Match": "*"}, 400),
    ("POST", "images/boot/rename", {"to": "x"}, {"If_Match": "*"}, 400),
    ("PUT", "images/new", {}, {}, 400),
    ("PUT", "images/new", {"fields": {}, "rev": 1}, {}, 400),
    ("PUT", "images/new", [1], {}, 400),
    ("PUT", "images/new", b"{", {}, 415),
    ("PUT", "images/new", b"{", {"Content_Type": "application/json"}, 400),
    ("PUT", "images/new", b"", {"Content_Type": "application/json"}, 400),
    ("PUT", "images/new", b"\xff", {"Content_Type": "application/json"}, 400),
    ("PUT", "images/new", b'{"fields": {"tags": NaN}}', {"Content_Type": "application/json"}, 400),
    ("PUT", "images/new", b'{"fields": {"tags": 1e999}}', {"Content_Type": "application/json"}, 400),
    ("PUT", "images/new", b'{"fields": {"a": 1, "a": 1}}', {"Content_Type": "application/json"}, 400),
    ("PUT", "images/new", b'{"fields": {"tags": "\\ud800"}}', {"Content_Type": "application/json"}, 400),
    ("PUT", "images/new", b'{"fields": {"tags": %s1}}' % (b"9" * 5000), {"Content_Type": "application/json"}, 400),
    ("PUT", "images/new", b'{"fields": %s' % (b"[" * 9000), {"Content_Type": "application/json"}, 400),
    ("PUT", "images/new", b'{"fields": %s1%s}' % (b"[" * 10, b"]" * 10), {"Content_Type": "application/json"}, 400),
    ("PUT", "images/new", b" " * 10_001, {"Content_Type": "application/json"}, 413),
    ("PUT", "images/new", b"{}", {"Content_Type": "text/plain"}, 415),
    ("PUT", "images/new", body(pth="x"), {}, 422),
    ("PUT", "images/new", body(expiration="soon"), {}, 422),
    ("PUT", "images/new", body(path="nothing.png"), {}, 422),
    ("PUT", "images/new", body(path="../catalog.yaml"), {}, 422),
    ("PUT", "images/new", body(path="/etc/passwd"), {}, 422),
    ("PUT", "images/a%2F%2Fb", body(**THERE), {}, 422),
    ("PUT", "images/%0A", body(**THERE), {}, 422),
    ("PUT", f"images/{'x' * 256}", body(**THERE), {"If_Match": "*"}, 422),
    ("PATCH", "attributes", {"attributes": {"expiration": "soon"}}, {"If_Match": "*"}, 422),
    ("PATCH", "attributes", {"attributes": {"nothing": "1"}}, {"If_Match": "*"}, 422),
    ("PATCH", "macros", {"macros": {"m": 1}}, {"If_Match": "*"}, 422),
    ("PATCH", "macros", {"macros": {"m": "wid=1", "M": "wid=2"}}, {"If_Match": "*"}, 422),
]


@pytest.mark.parametrize("row", REFUSALS, ids=str)
def test_refused(shoes: Api, row: tuple[str, str, object, dict[str, str], int]) -> None:
    method, url, sent, headers, status = row
    reply = shoes.ask(url, method, sent, **headers)
    assert reply.status == status, reply.text
    if status >= 400:
        assert problem(reply)["detail"]
        assert shoes.text == CATALOG


@pytest.mark.parametrize(
    ("token", "catalog", "status"),
    [("reader", "Co", 403), ("writer", "default", 403), ("writer", "Co", 200), ("", "Co", 401)],
)
def test_who_may_write(shoes: Api, token: str, catalog: str, status: int) -> None:
    asking = replace(shoes, token=TOKENS.get(token, ""), catalog=catalog)
    reply = asking.ask("images/boot", "PATCH", body(tags="x"), "*")
    assert reply.status == status, reply.text
    assert (shoes.text != CATALOG) == (status == 200)


@pytest.mark.parametrize("name", ["root_id", "root_path", "static_content_root_path", "save_path", "default_ext"])
def test_token_of_a_catalog_cannot_lead_it_elsewhere(shoes: Api, name: str) -> None:
    writer = replace(shoes, token=TOKENS["writer"])
    reply = writer.ask("attributes", "PATCH", {"attributes": {name: "../Other"}}, "*")
    assert reply.status == 403
    assert name in problem(reply)["detail"]
    assert shoes.text == CATALOG
    assert writer.ask("attributes", "PUT", {"attributes": {}}, "*").status == 403
    same = {"attributes": {"root_path": "images", "expiration": 2}}
    assert writer.ask("attributes", "PUT", same, "*").status == 200


def test_attributes_and_macros(shoes: Api) -> None:
    tag = shoes.tag("attributes")
    changed = shoes.ask("attributes", "PATCH", {"attributes": {"max_pix": [9, 9]}}, tag)
    assert json.loads(changed.text)["attributes"] == {"root_path": "images", "max_pix": ["9", "9"]}
    assert changed.headers["ETag"] == shoes.tag("macros") == shoes.tag("") != tag
    macros = shoes.ask("macros", "PATCH", {"macros": {"THUMB": "wid=50", "big": "wid=9"}}, changed.headers["ETag"])
    assert json.loads(macros.text)["macros"] == {"thumb": "wid=50", "big": "wid=9"}
    fewer = shoes.ask("macros", "PUT", {"macros": {"Big": "wid=9"}}, macros.headers["ETag"])
    assert json.loads(fewer.text)["macros"] == {"big": "wid=9"}
    assert "# where they are\n  max_pix: [9, 9]\n" in shoes.text
    none = shoes.ask("attributes", "PATCH", {"attributes": {"max_pix": None}}, fewer.headers["ETag"])
    assert json.loads(none.text)["attributes"] == {"root_path": "images"}


def test_hand_edit_makes_a_tag_stale(shoes: Api) -> None:
    tag = shoes.tag()
    path = shoes.client.folder / "catalogs" / "Co" / "catalog.yaml"
    path.write_text(CATALOG.replace("color: red", "color: green"))
    assert shoes.ask("images/boot", "DELETE", etag=tag).status == 412
    assert shoes.ask("images/boot", "DELETE", etag=shoes.tag()).status == 204


def test_hand_edits_go_into_the_history_without_being_asked_for(tmp_path: Path) -> None:
    with api(tmp_path, workers=2) as shoes:
        assert shoes.ask("images/boot").status == 200
        catalog = shoes.client.folder / "catalogs" / "Co" / "catalog.yaml"
        for which in ("blue", "green"):
            catalog.write_text(CATALOG.replace("red,", f"{which},"))
            eventually(lambda: written_in_history(shoes, "boot")[-1]["user_data"]["color"], which)
        events = [one["user_data"]["color"] for one in written_in_history(shoes, "boot")]
    assert events == ["red", "blue", "green"]


def written_in_history(shoes: Api, name: str) -> list[Any]:
    """Read what a record was, without a store that would look at the files itself."""
    (path,) = (shoes.client.folder / "state" / "catalogs").glob("Co-*.history/history.sqlite")
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT written FROM change WHERE name = ? ORDER BY global_rev", (name,))
        return [json.loads(text) for (text,) in rows]


def test_catalog_that_is_broken_is_told(shoes: Api) -> None:
    path = shoes.client.folder / "catalogs" / "Co" / "catalog.yaml"
    path.write_text("images: [")
    for method in ("GET", "DELETE"):
        reply = shoes.ask("images/boot", method, etag="*")
        assert reply.status == 409
        assert "catalog.yaml" in problem(reply)["detail"]


def test_of_edits_made_at_once_one_wins(tmp_path: Path) -> None:
    """From several processes, each of which has a store of its own."""
    with api(tmp_path, workers=2) as shoes:
        tag = shoes.tag()

        def edit(number: int) -> int:
            return shoes.ask("images/boot", "PATCH", body(tags=str(number)), tag).status

        def make(number: int) -> int:
            return shoes.ask(f"images/new{number % 4}", "PUT", body(**THERE)).status

        with ThreadPoolExecutor(8) as threads:
            assert sorted(threads.map(edit, range(8))) == [200, *[412] * 7]
            assert sorted(threads.map(make, range(8))) == [*[201] * 4, *[428] * 4]
        assert len(shoes.read("images")["records"]) == 6
        eventually(lambda: properties(shoes.client, "Co/new3?req=exists")["catalogRecord.exists"], "1")


LAYOUTS = (
    "  item-{n}:   # no. {n}\n    path: 'red.png'   # always this one\n    expiration: {n}\n",
    '  "item-{n}": {{path: red.png, expiration: {n}}}   # on one line\n',
    "\n  # ---- {n} ----\n  item-{n}:\n      expiration: {n} # deeper\n      path:   red.png\n      # its end\n",
    "  item-{n}:\r\n    path: red.png\t# other line ends\r\n    expiration: {n}\r\n",
)


@pytest.mark.slow
def test_edits_of_a_large_file_leave_all_else_to_the_byte(tmp_path: Path) -> None:
    count = 20_000
    records = [LAYOUTS[number % len(LAYOUTS)].format(n=number) for number in range(count)]
    with api(tmp_path) as shoes:
        catalog = shoes.client.folder / "catalogs" / "Co" / "catalog.yaml"

        def text() -> bytes:
            return (
                "# Shoes.\nattributes: {root_path: images}\n\nimages:\n" + "".join(records) + "# the end\n"
            ).encode()

        catalog.write_bytes(text())
        for number in (0, 1, 2, 3, 9_998, 9_999, 10_000, 10_001, count - 1):
            records[number] = records[number].replace(f"expiration: {number}", f"expiration: {number}.5")
            url = f"images/item-{number}"
            reply = shoes.ask(url, "PATCH", body(expiration=f"{number}.5"), shoes.tag(url))
            assert reply.status == 200, reply.text
            assert catalog.read_bytes() == text()
        records[5_001] = ""
        assert shoes.ask("images/item-5001", "DELETE", etag="*").status == 204
        assert catalog.read_bytes() == text()
