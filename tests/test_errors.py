"""Every row of errors.yaml, over a real socket; and that there is a row for each error that a request can meet."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest
import yaml
from conftest import HERE
from PIL import Image
from serving import Client, serving
from sites import QUIET, plain

from imageserver import errors
from imageserver.config import Limits

ROWS: list[dict[str, Any]] = yaml.safe_load((HERE / "errors.yaml").read_text())
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
CATALOG = """
attributes: {root_path: images, static_content_root_path: images, save_path: Co, synthesize_font_styles: 0}
images:
  grid: {path: grid.png, crops: {left: [0, 0, 9, 9]}}
  broken: {path: broken.jpg}
  gone: {path: gone.png}
  large: {path: large.png}
  long: {path: long.png}
  whole: {path: whole.bmp}
  scans: {path: scans.jpg}
content: {note: {path: note.txt}}
macros: {small: wid=9, deep: $a$, a: $b$, b: $c$, c: $d$, d: wid=9, wide: WIDE}
rules: [{name: no blurring, expression: op_blur=, on_match: error}]
fonts: [{name: Torn, path: images/note.txt}]
icc_profiles: {Torn: images/note.txt}
""".replace("WIDE", "text=" + "$v$" * 200)
LIMITS: dict[str, int] = {
    "source_pixels": 40_000,
    "whole_pixels": 20_000,
    "scans": 6,
    "file_size": 65_536,
    "reply_pixels": 1_000_000,
    "url_length": 2_000,
    "body_size": 4_096,
    "layers": 6,
    "nesting": 3,
    "text": 1_024,
    "characters": 20,
    "set_items": 4,
    "set_nesting": 2,
}
ELSEWHERE = {
    "render_seconds": "test_faults.py::test_deadline",
    "worker_memory": "test_isolation.py::test_what_renderers_may_not_do",
    "TooMuchMemory": "test_isolation.py::test_what_renderers_may_not_do",
    "worker_jobs": "test_isolation.py::test_renderers_are_replaced_after_some_jobs",
    "header_seconds": "test_hostile_clients.py::test_slow_clients_are_closed",
    "body_seconds": "test_hostile_clients.py::test_slow_clients_are_closed",
    "idle_seconds": "test_hostile_clients.py::test_slow_clients_are_closed",
    "connections": "test_hostile_clients.py::test_all_together_have_so_many_connections",
    "client_connections": "test_hostile_clients.py::test_one_address_has_so_many_connections",
    "queue": "test_faults.py::test_full_queue_is_told_at_once",
    "set_pages": "test_sets.py::test_reply",
    "frames": "test_animations.py::test_limits",
    "animation_pixels": "test_animations.py::test_limits",
    "Unread": "test_failing_disk.py::test_disk_that_fails_is_told_and_forgotten_when_it_works_again",
    "Overloaded": "test_faults.py::test_full_queue_is_told_at_once",
    "RenderFailed": "test_faults.py::test_deadline",
    "DamagedIndex": "test_index_faults.py::test_damage_that_shows_only_later_is_repaired",
    "DamagedPyramid": "test_convert.py::test_damaged_pyramid_is_built_anew_and_never_shown",
}
"""What takes a server of its own, and the test that does it."""
NEVER_TOLD = {"ConfigError", "Mismatch", "BadImageSet", "ImageServerError", "RequestError"}
"""What ends a start, what becomes another error, and what others are made of."""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("errors")
    images = folder / "catalogs" / "Co" / "images"
    plain(images / "grid.png", (200, 30, 30))
    plain(images / "large.png", (200, 30, 30), (300, 300))
    (images / "long.png").write_bytes((images / "grid.png").read_bytes() + bytes(70_000))
    plain(images / "whole.bmp", (200, 30, 30), (142, 142))
    Image.new("RGB", (60, 60)).save(images / "scans.jpg", progressive=True)
    (images / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 and no more")
    (images / "note.txt").write_text("no image\n")
    (images.parent / "catalog.yaml").write_text(CATALOG)
    limits = {f"IMAGESERVER_LIMITS__{name.upper()}": str(value) for name, value in LIMITS.items()}
    (folder / "saved" / "Co").mkdir(parents=True)
    with serving(folder, environment={**QUIET, **limits, "IMAGESERVER_SAVE__FOLDER": "saved"}) as client:
        yield client


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['error']}:{row.get('limit', row['url'])}")
def test_error_says_what_was_wrong_and_what_is_allowed(client: Client, row: dict[str, Any]) -> None:
    url = row["url"] if row["url"].startswith("/") else f"/is/image/{row['url']}"
    body = row["body"].ljust(row["long"], "a").encode() if "body" in row else None
    method = row.get("method", "GET")
    reply = client.ask(
        url if body or "long" not in row else url.ljust(row["long"], "a"),
        method,
        body,
        {**(FORM if body else {}), **row.get("headers", {})},
    )
    leaf = getattr(errors, row["error"])
    assert reply.status == row.get("status", 403), reply.text
    assert reply.text.count("\n") <= 1, reply.text
    assert reply.headers["Cache-Control"] == "no-store"
    if isinstance(leaf.title, str):
        assert reply.headers["X-Error"] == leaf.title, reply.text
    if leaf is errors.LimitExceeded:
        assert f"limits.{row['limit']}" in reply.text
    for part in row["says"]:
        assert part in reply.text


def test_each_error_and_each_limit_has_a_test() -> None:
    leaves = {name for name, one in inspect.getmembers(errors, inspect.isclass) if one.__module__ == errors.__name__}
    limits = {one.name for one in fields(Limits)}
    shown = {row["error"] for row in ROWS} | {row["limit"] for row in ROWS if "limit" in row}
    assert leaves | limits == shown | set(ELSEWHERE) | NEVER_TOLD
    assert not shown & (set(ELSEWHERE) | NEVER_TOLD)


@pytest.mark.parametrize("place", sorted(set(ELSEWHERE.values())))
def test_those_that_are_elsewhere_are_there(place: str) -> None:
    file, _, name = place.partition("::")
    assert f"def {name}(" in (HERE / file).read_text()
