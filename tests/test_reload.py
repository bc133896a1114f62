"""Changes of catalogs and files under a running server, each seen within two seconds. Reference: README, Catalogs."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pictures import BLUE, GREEN, RED
from serving import Client, serving
from sites import PATIENCE, QUIET, eventually, plain, properties

from imageserver.catalog.shelf import Shelf
from imageserver.server import reloading
from imageserver.server.operations.metrics import counts_of_its_own
from imageserver.server.reloading import LiveCatalogs

ATTRIBUTES = "attributes: {root_path: images}\n"


CATALOGS = 40
"""Catalogs made before the server starts; each test edits one of its own."""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("reload")
    for number in range(CATALOGS):
        write_catalog(folder / "catalogs" / f"Co{number}")
    with serving(folder, environment=QUIET) as client:
        yield client


def write_catalog(folder: Path, modifier: str = "wid=40") -> None:
    """Write a catalog whose record `a` is red, and 40 wide unless it says otherwise."""
    plain(folder / "images" / "red.png", RED)
    plain(folder / "images" / "blue.png", BLUE)
    (folder / "catalog.yaml").write_text(f"{ATTRIBUTES}images:\n  a: {{path: red.png, modifier: {modifier}}}\n")


@pytest.fixture(scope="module")
def numbers() -> Iterator[int]:
    return iter(range(CATALOGS))


@pytest.fixture
def catalog(client: Client, numbers: Iterator[int]) -> Path:
    """The catalog of one test alone."""
    return client.folder / "catalogs" / f"Co{next(numbers)}" / "catalog.yaml"


def status(client: Client, name: str) -> int:
    return client.ask(f"/is/image/{name}").status


def width(client: Client, name: str) -> str:
    return properties(client, f"{name}?req=props")["image.width"]


def health(client: Client) -> Any:  # noqa: ANN401, JSON
    return json.loads(client.ask("/health").text)


def records(client: Client, name: str) -> int | None:
    """How many records `/health` says that the catalog has."""
    found: int | None = health(client)["catalogs"].get(name)
    return found


def problems(client: Client, name: str) -> list[str]:
    """What `/health` says is wrong with the files of one catalog."""
    return [problem for problem in health(client)["problems"] if f"/{name}/" in problem]


def replaced(path: Path, text: str) -> None:
    """Write a file atomically, as editors and git do."""
    other = path.with_name(".new")
    other.write_text(text)
    other.replace(path)


async def test_an_edit_is_read_within_two_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the server's own waiting, which is the same on every machine."""
    write_catalog(tmp_path / "Co")
    catalogs = LiveCatalogs(tmp_path, Shelf(tmp_path / "state"), counts_of_its_own())
    before, waited = catalogs.state, 0.0

    async def sleep(seconds: float) -> None:
        nonlocal waited
        waited += seconds
        if catalogs.state is not before:
            raise asyncio.CancelledError

    monkeypatch.setattr(reloading, "asyncio", SimpleNamespace(sleep=sleep, to_thread=asyncio.to_thread))
    write_catalog(tmp_path / "Co", "wid=30")
    with pytest.raises(asyncio.CancelledError):
        await catalogs.follow()
    assert waited - reloading.INTERVAL < 2


def test_edit_in_place(client: Client, catalog: Path) -> None:
    name = f"{catalog.parent.name}/a"
    assert width(client, name) == "40"
    catalog.write_text(catalog.read_text().replace("wid=40", "wid=30"))
    eventually(lambda: width(client, name), "30")


def test_edit_of_the_same_length_and_time_stamp(client: Client, catalog: Path) -> None:
    """A checkout may set the old time again; the new file is another one nevertheless."""
    name, old = f"{catalog.parent.name}/a", catalog.stat()
    other = catalog.with_name("new")
    other.write_text(catalog.read_text().replace("wid=40", "wid=30"))
    os.utime(other, ns=(old.st_atime_ns, old.st_mtime_ns))
    other.replace(catalog)
    eventually(lambda: width(client, name), "30")


def test_atomic_replace(client: Client, catalog: Path) -> None:
    name = f"{catalog.parent.name}/a"
    replaced(catalog, catalog.read_text().replace("wid=40", "wid=20"))
    eventually(lambda: width(client, name), "20")
    replaced(catalog, catalog.read_text().replace("wid=20", "wid=10"))
    eventually(lambda: width(client, name), "10")


def test_new_and_removed_catalog(client: Client) -> None:
    folder = client.folder / "catalogs" / "Fresh"
    plain(folder / "red.png", RED)
    (folder / "catalog.yaml").write_text("images: {a: {path: red.png}}")
    eventually(lambda: status(client, "Fresh/a"), 200)
    assert records(client, "Fresh") == 1
    shutil.rmtree(folder)
    eventually(lambda: records(client, "Fresh"), None)
    assert status(client, "Fresh/a") == 403


def test_new_and_removed_record(client: Client, catalog: Path) -> None:
    name = catalog.parent.name
    assert status(client, f"{name}/b") == 403
    with catalog.open("a") as file:
        file.write("  b: {path: blue.png}\n")
    eventually(lambda: status(client, f"{name}/b"), 200)
    catalog.write_text(f"{ATTRIBUTES}images:\n  b: {{path: blue.png}}\n")
    eventually(lambda: status(client, f"{name}/a"), 403)


def test_new_included_file(client: Client, catalog: Path) -> None:
    name = catalog.parent.name
    catalog.write_text(f"{catalog.read_text()}include: ['more/*.yaml']\n")
    (catalog.parent / "more").mkdir()
    (catalog.parent / "more" / "first.yaml").write_text("images: {b: {path: blue.png}}")
    eventually(lambda: status(client, f"{name}/b"), 200)
    (catalog.parent / "more" / "first.yaml").write_text("images: {b: {path: blue.png, modifier: wid=7}}")
    eventually(lambda: width(client, f"{name}/b"), "7")


def test_new_file_of_a_glob_in_the_folder_of_the_catalog(client: Client, catalog: Path) -> None:
    name = catalog.parent.name
    catalog.write_text(f"{catalog.read_text()}include: ['more-*.yaml']\n")
    (catalog.parent / "more-1.yaml").write_text("images: {b: {path: blue.png}}")
    eventually(lambda: status(client, f"{name}/b"), 200)
    (catalog.parent / "more-2.yaml").write_text("images: {c: {path: blue.png}}")
    eventually(lambda: status(client, f"{name}/c"), 200)
    (catalog.parent / "more-1.yaml").unlink()
    eventually(lambda: status(client, f"{name}/b"), 403)


def test_default_catalog(client: Client, catalog: Path) -> None:
    """What the default catalog supplies changes in all catalogs."""
    name, default = f"{catalog.parent.name}/a", client.folder / "catalogs" / "default.yaml"
    assert client.ask(f"/is/image/{name}?$small$").status == 403
    default.write_text("attributes: {expiration: 7}\nmacros: {small: hei=6}\n")
    eventually(lambda: client.ask(f"/is/image/{name}?$small$").status, 200)
    assert client.ask(f"/is/image/{name}").headers["Cache-Control"] == "public, max-age=25200"
    default.unlink()
    eventually(lambda: client.ask(f"/is/image/{name}?$small$").status, 403)


BROKEN = {
    b"attributes: {root_path: images}\nimages:\n  a: {path: red.png\n": "catalog.yaml:",
    b"images: [\n\t}": "catalog.yaml:2:",
    b"a: &x [*x": "catalog.yaml:",
    b"\0": "catalog.yaml:1:1: ",
    b"a: " + b"[" * 100 + b"]" * 100: "catalog.yaml:1:",
    b"images: {b\xe4r: {path: red.png}}": "catalog.yaml:1:",
}


def test_broken_file_keeps_the_last_good_state(client: Client, numbers: Iterator[int]) -> None:
    """One catalog for each way to be broken, all at once."""
    folders = {broken: client.folder / "catalogs" / f"Co{next(numbers)}" for broken in BROKEN}
    for broken, folder in folders.items():
        (folder / "catalog.yaml").write_bytes(broken)
    eventually(lambda: [len(problems(client, one.name)) for one in folders.values()], [1] * len(BROKEN))
    assert health(client)["status"] == "degraded"
    for broken, folder in folders.items():
        assert BROKEN[broken] in problems(client, folder.name)[0]
        assert width(client, f"{folder.name}/a") == "40"
        write_catalog(folder, "wid=30")
    eventually(lambda: {width(client, f"{one.name}/a") for one in folders.values()}, {"30"})
    eventually(lambda: sum(len(problems(client, one.name)) for one in folders.values()), 0)


def test_broken_included_file_keeps_the_last_good_state(client: Client, catalog: Path) -> None:
    name, other = catalog.parent.name, catalog.parent / "more.yaml"
    other.write_text("images: {b: {path: blue.png}}")
    catalog.write_text(f"{catalog.read_text()}include: [more.yaml]\n")
    eventually(lambda: status(client, f"{name}/b"), 200)
    other.write_text("images: {b: {path: ")
    eventually(lambda: len(problems(client, name)), 1)
    assert "/more.yaml:" in problems(client, name)[0]
    assert (status(client, f"{name}/a"), status(client, f"{name}/b")) == (200, 200)


def test_bad_field_keeps_its_old_value(client: Client, catalog: Path) -> None:
    """The other fields, and the other records, change all the same."""
    name, bad = catalog.parent.name, ("soon", "-3", "{a: 1}", "[1, 2]")
    good = [f"  r{number}: {{path: red.png, modifier: wid=40, expiration: 3}}\n" for number in range(len(bad))]
    catalog.write_text(f"{ATTRIBUTES}images:\n{''.join(good)}")
    eventually(lambda: lifetimes(client, name, len(bad)), {"public, max-age=10800"})
    text = [one.replace("40", "30").replace(" 3}", f" {field}}}") for one, field in zip(good, bad, strict=True)]
    catalog.write_text(f"{ATTRIBUTES}images:\n{''.join(text)}  b: {{path: blue.png}}\n")
    eventually(lambda: width(client, f"{name}/r0"), "30")
    assert status(client, f"{name}/b") == 200
    assert lifetimes(client, name, len(bad)) == {"public, max-age=10800"}
    eventually(lambda: len(problems(client, name)), len(bad))
    for number, problem in enumerate(problems(client, name)):
        assert f"catalog.yaml:{number + 3}:" in problem
        assert f"images.r{number}.expiration: expected" in problem


def lifetimes(client: Client, name: str, count: int) -> set[str]:
    return {client.ask(f"/is/image/{name}/r{number}").headers.get("Cache-Control", "") for number in range(count)}


def test_bad_record_of_a_new_catalog_takes_no_other_record_away(client: Client, catalog: Path) -> None:
    name = catalog.parent.name
    catalog.write_text(f"{catalog.read_text()}  bad: {{path: [[1]], wrong: 1}}\n  b: {{path: blue.png}}\n")
    eventually(lambda: status(client, f"{name}/b"), 200)
    assert status(client, f"{name}/a") == 200


def test_half_written_file_is_no_edit(client: Client, catalog: Path) -> None:
    """Most parts are valid YAML, so only waiting for quiet tells an edit from a part of one."""
    name = catalog.parent.name
    parts = (
        ATTRIBUTES,
        "images:\n  a: {path: blue.png, modifier: wid=30}\n",
        "  b: {path: blue",
        ".png}\n",
        "macros: {}\n",
    )

    def shown() -> tuple[str, int]:
        return width(client, f"{name}/a"), status(client, f"{name}/b")

    before = catalog.read_text()
    while not written_without_a_pause(catalog, parts, shown):  # then half of it was an edit
        catalog.write_text(before)
        eventually(shown, ("40", 403))
    seen = set()
    start = time.monotonic()
    while time.monotonic() - start < PATIENCE and ("30", 200) not in seen:
        seen.add(shown())
        assert problems(client, name) == []
    assert seen - {("40", 200)} <= {("40", 403), ("30", 200)}  # the edit may come between the two questions
    assert ("30", 200) in seen


def written_without_a_pause(path: Path, parts: Sequence[str], shown: Callable[[], tuple[str, int]]) -> bool:
    """Write a file in parts, and look in between; tell whether no pause was so long that the file seemed whole."""
    seen, longest, begun = set(), 0.0, time.monotonic()
    with path.open("w") as file:
        for part in parts:
            before, begun = begun, time.monotonic()
            file.write(part)
            file.flush()
            longest = max(longest, time.monotonic() - before)
            seen.add(shown())
            time.sleep(0.2)
            seen.add(shown())
    if max(longest, time.monotonic() - begun) >= reloading.INTERVAL:
        return False
    assert seen == {("40", 403)}
    return True


def test_replaced_picture_is_seen_at_once(client: Client, catalog: Path) -> None:
    """Files are looked at for every request; the next reply is of the new one."""
    path = catalog.parent / "images" / "red.png"
    url = f"/is/image/{catalog.parent.name}/a?fmt=png"
    for color in (GREEN, BLUE, RED):
        plain(path.with_name("new.png"), color).replace(path)
        assert client.ask(url).image.getpixel((5, 5)) == color
        plain(path, color)  # in place, too
        assert client.ask(url).image.getpixel((5, 5)) == color


def test_picture_of_another_size_is_seen_at_once(client: Client, catalog: Path) -> None:
    name = catalog.parent.name
    plain(catalog.parent / "images" / "blue.png", BLUE, (17, 23))
    assert properties(client, f"{name}/blue.png?req=imageprops")["image.width"] == "17"


def test_picture_that_comes_later(client: Client, catalog: Path) -> None:
    """A record may stand in the catalog before its file is there; that is a problem until it is."""
    name = catalog.parent.name
    with catalog.open("a") as file:
        file.write("  late: {path: late.png}\n")
    eventually(lambda: len(problems(client, name)), 1)
    assert "no such file 'late.png'" in problems(client, name)[0]
    assert status(client, f"{name}/late") == 403
    plain(catalog.parent / "images" / "late.png", RED)
    assert status(client, f"{name}/late") == 200
    eventually(lambda: len(problems(client, name)), 0)


def test_folder_that_is_away_for_a_moment_changes_nothing(client: Client, catalog: Path) -> None:
    """As while a volume is mounted again."""
    name, folder = catalog.parent.name, client.folder / "catalogs"
    away = folder.with_name("away")
    folder.rename(away)
    try:
        time.sleep(1.2)
        assert records(client, name) == 1
    finally:
        away.rename(folder)
    assert status(client, f"{name}/a") == 200
