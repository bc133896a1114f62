"""The compiled index of a catalog: what makes it anew and what does not, and that it holds the same."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from indexes import FILES, co, content, generation, read, start, write
from pictures import RED
from serving import serving
from sites import QUIET, plain, write_site

from imageserver.catalog import checking
from imageserver.catalog.checking import MOST_PROBLEMS
from imageserver.catalog.compiling import GAP, places
from imageserver.catalog.index import KEPT
from imageserver.catalog.loading import load
from imageserver.catalog.records import Record
from imageserver.catalog.shelf import Shelf
from imageserver.errors import NotFound
from imageserver.protocol.values import Rect


def spoiled(path: Path) -> None:
    """Make a file unreadable as YAML in such a way that it looks as before."""
    status = path.stat()
    with path.open("r+b") as file:
        file.write(b"[" * status.st_size)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_unchanged_files_are_not_read_again(folder: Path) -> None:
    write(folder, FILES)
    first = start(folder)
    assert read(first) == [f"catalogs/Co/{name}" for name in ("catalog.yaml", "one.yaml", "more/1.yaml", "more/2.yaml")]
    for name in FILES:
        spoiled(folder / name)
    second = start(folder)
    assert read(second) == []
    assert content(second) == content(first)
    assert generation(folder) == 1
    assert len(load(folder).problems) == 1  # they are unreadable indeed


def test_one_changed_file_is_read_alone(folder: Path) -> None:
    write(folder, FILES)
    start(folder)
    for name in set(FILES) - {"Co/more/1.yaml"}:
        spoiled(folder / name)
    write(folder, {"Co/more/1.yaml": "images: {t: {path: b.png}, s: {path: b.png}, v: {}}"})
    state = start(folder)
    assert read(state) == ["catalogs/Co/more/1.yaml"]
    assert not state.problems
    assert list(co(state).record_ids()) == ["r", "s", "t", "v", "u"]
    assert [co(state).images[name].path for name in "rstvu"] == ["a.png", "b.png", "b.png", "", "a.png"]


def test_file_of_the_same_content_is_not_read_again(folder: Path) -> None:
    """As after a checkout, or in a container that was started anew."""
    write(folder, FILES)
    start(folder)
    for name in FILES:
        copy = folder / "copy"
        shutil.copyfile(folder / name, copy)
        copy.replace(folder / name)
    assert read(start(folder)) == []
    assert generation(folder) == 2
    assert read(start(folder)) == []
    assert generation(folder) == 2


PICTURES = ("a.png", "b.png", "gone.png", "deep/c.png", "late.png")
RECORDS = st.dictionaries(
    st.sampled_from(["r", "s", "t", "u", "a/b"]),
    st.fixed_dictionaries(
        {"path": st.sampled_from(PICTURES)},
        optional={
            "crops": st.just({"x": [1, 2, 3, 4]}),
            "tags": st.just(["a", "b"]),
            "anchor": st.just("1,2"),
            "wrong": st.just(1),
        },
    ),
    max_size=4,
)
RECORD_FILE = st.fixed_dictionaries(
    {},
    optional={
        "images": RECORDS,
        "content": st.just({"c": {"path": "a.png"}}),
        "macros": st.dictionaries(st.sampled_from("mn"), st.sampled_from(["wid=1", "wid=x"])),
        "fonts": st.just([{"name": "F", "path": "late.png"}]),
        "rules": st.just([{"name": "x", "expression": "a", "attributes": {"expiration": 3}}]),
    },
)
INCLUDES = [["*-x.yaml", "more.yaml"], ["more.yaml", "*-x.yaml"], ["more.yaml"], ["gone.yaml"], []]
ATTRIBUTES = [{}, {"root_path": "deep"}, {"default_ext": ".png"}, {"expiration": 7}]
EDIT = st.one_of(
    st.tuples(st.sampled_from(["1-x.yaml", "2-x.yaml", "3-x.yaml", "more.yaml"]), st.none() | RECORD_FILE),
    st.tuples(
        st.just("catalog.yaml"),
        st.builds(
            lambda rest, include, attributes: {**rest, "include": include, "attributes": attributes},
            RECORD_FILE,
            st.sampled_from(INCLUDES),
            st.sampled_from(ATTRIBUTES),
        ),
    ),
    st.tuples(st.just("../default.yaml"), st.sampled_from([{"attributes": one} for one in ATTRIBUTES])),
    st.tuples(st.just("late.png"), st.sampled_from([None, ""])),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
@given(edits=st.lists(EDIT, min_size=1, max_size=6), restarted=st.booleans())
def test_after_any_edits_it_is_as_if_made_anew(folder: Path, edits: list[tuple[str, Any]], *, restarted: bool) -> None:
    for path in [*folder.glob("*.yaml"), *folder.glob("Co/*.yaml"), folder / "Co" / "late.png"]:
        path.unlink(missing_ok=True)
    write(folder, {"Co/catalog.yaml": json.dumps({"include": INCLUDES[0], "images": {"r": {"path": "a.png"}}})})
    shelf, state = Shelf(folder.parent / "state"), None
    for name, text in edits:
        if text is None:
            (folder / "Co" / name).unlink(missing_ok=True)
        else:
            write(folder / "Co", {name: json.dumps(text)})
        state = load(folder, None if restarted else state, shelf)
        anew = load(folder)
        assert content(state) == content(anew)
        assert state.problems == anew.problems
        assert state.lasting


@pytest.mark.parametrize(
    ("names", "known", "kept"),
    [
        (["a", "b"], {}, []),
        (["a", "b", "c"], {"a": GAP, "c": 2 * GAP}, ["a", "c"]),
        (["x", "a"], {"a": GAP}, ["a"]),
        (["b", "a"], {"a": GAP, "b": 2 * GAP}, ["b"]),
        (["a", "x", "y", "b"], {"a": 1, "b": 3}, []),  # there is no room
        (["a", "x", "b"], {"a": 1, "b": 3}, ["a", "b"]),
        ([], {"a": 1}, []),
    ],
)
def test_places(names: list[str], known: dict[str, int], kept: list[str]) -> None:
    found = places(names, known)
    assert list(found) == sorted(found, key=lambda name: found[name])
    assert set(found) == set(names)
    assert len({0, *found.values()}) == len(names) + 1
    assert [name for name in names if found[name] == known.get(name)] == kept


def test_last_good_state_outlives_a_restart(folder: Path) -> None:
    write(folder, FILES)
    good = content(start(folder))
    write(folder, {"Co/more/1.yaml": "images: {t: ["})
    for number in (1, 0, 0):  # the broken file is read once
        state = start(folder)
        assert len(read(state)) == number
        assert content(state) == good
        assert [str(problem).split(": ")[0] for problem in state.problems] == ["catalogs/Co/more/1.yaml:2:1"]
    assert generation(folder) == 2
    write(folder, {"Co/more/1.yaml": "images: {t: {path: b.png, expiration: soon}}"})
    state = start(folder)
    assert (co(state).images["t"].path, co(state).images["t"].expiration) == ("b.png", 1)
    assert [problem.message.split(": ")[0] for problem in state.problems] == ["images.t.expiration"]
    assert start(folder).problems == state.problems
    write(folder, {"Co/more/1.yaml": "images: {t: 7}"})
    assert co(start(folder)).images["t"] == Record(path="b.png", expiration=1)


def test_broken_from_the_beginning_is_told_at_every_start(folder: Path) -> None:
    write(folder, {"Co/catalog.yaml": "images: ["})
    for number in (1, 0):
        state = start(folder)
        assert (len(read(state)), len(state.problems), list(state.catalogs.named)) == (number, 1, [])
    write(folder, {"Co/catalog.yaml": "images: {r: {path: a.png}}"})
    assert content(start(folder)) == content(load(folder))


def test_file_that_cannot_be_read_is_tried_at_every_start(folder: Path) -> None:
    """Permission to read it, for one, changes nothing that shows."""
    write(folder, {"Co/catalog.yaml": "include: [x]", "Co/x/a.yaml": ""})
    first = start(folder)
    assert [problem.message for problem in first.problems] == ["cannot be read: Is a directory"]
    assert load(folder, first).problems == first.problems
    assert start(folder).problems == first.problems
    assert generation(folder) == 2


def test_server_that_starts_over_a_broken_catalog_serves_the_last_good_one(tmp_path: Path) -> None:
    site = write_site(tmp_path, {"Co": "attributes: {root_path: images}\nimages: {a: {path: grid.png}}\n"})
    with serving(site, environment=QUIET) as client:
        assert client.ask("/is/image/Co/a").status == 200
    (site / "catalogs" / "Co" / "catalog.yaml").write_text("images: {a: {path: grid.png")
    with serving(site, environment=QUIET) as client:
        assert client.ask("/is/image/Co/a").status == 200
        health = json.loads(client.ask("/health").text)
        assert (health["status"], health["catalogs"], len(health["problems"])) == ("degraded", {"Co": 1}, 1)
    assert list((site / "state" / "catalogs").glob("Co-*.sqlite"))


def test_state_stays_what_it_is(folder: Path) -> None:
    """Requests go on with the one that they began with, whatever becomes of the files."""
    write(folder, {"Co/catalog.yaml": json.dumps({"images": {f"r{i}": {"path": "a.png"} for i in range(2 * KEPT)}})})
    old = start(folder)
    write(folder, {"Co/catalog.yaml": "images: {r0: {path: b.png}}"})
    new = load(folder, old, Shelf(folder.parent / "state"))
    shutil.rmtree(folder.parent / "state")
    assert {record.path for record in co(old).images.values()} == {"a.png"}
    assert len(co(old).images) == 2 * KEPT
    assert list(co(new).images.items()) == [("r0", Record(path="b.png"))]
    third = load(folder, new, Shelf(folder.parent / "state"))
    assert list(co(third).images.items()) == [("r0", Record(path="b.png"))]


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are listed by Linux alone")
def test_state_that_nobody_holds_is_closed(folder: Path) -> None:
    """Old generations take neither memory nor files."""
    write(folder, FILES)
    shelf = Shelf(folder.parent / "state")
    state = load(folder, shelf=shelf)
    assert co(state).images["s"]
    for number in range(5):
        write(folder, {"Co/one.yaml": f"images: {{s: {{path: a.png, modifier: wid={number + 2}}}}}"})
        state = load(folder, state, shelf)
        assert co(state).images["s"].modifier == f"wid={number + 2}"
    opened = [str(one.readlink()) for one in Path("/proc/self/fd").iterdir() if one.is_symlink()]
    assert len([name for name in opened if str(folder.parent) in name and "sqlite" in name]) == 1
    del state
    opened = [str(one.readlink()) for one in Path("/proc/self/fd").iterdir() if one.is_symlink()]
    assert not [name for name in opened if str(folder.parent) in name]


@pytest.mark.slow
def test_a_hundred_thousand_records(folder: Path) -> None:
    count = 100_000

    def picture(number: int) -> str:
        return ("a.png", "b.png", "deep/c.png")[number % 3]

    for part in range(4):
        with (folder / "Co" / f"part-{part}.yaml").open("w") as file:
            file.write("images:\n")
            for number in range(part * count // 4, (part + 1) * count // 4):
                file.write(f"  r/{number}: {{path: {picture(number)}, user_data: {{n: {number}}}, ")
                file.write(f"crops: {{x: [0, 0, 1, {number + 1}]}}}}\n")
    write(folder, {"Co/catalog.yaml": "include: ['part-*.yaml']"})
    for _ in range(2):
        state = start(folder)
        images = co(state).images
        assert len(images) == count
        assert list(images) == [f"r/{number}" for number in range(count)]
        for number in (*range(0, count, 7), count - 1):
            crops = (("x", Rect(0, 0, 1, number + 1)),)
            assert images[f"r/{number}"] == Record(path=picture(number), user_data=f"n={number}", crops=crops)
        assert co(state).page(count - 1, 60) == [(f"r/{count - 1}", images[f"r/{count - 1}"])]
        assert co(state).record(f"r/{count}") is None
    assert read(state) == []


def test_missing_files_of_a_large_catalog(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that were missing are looked for whenever it is opened, all of them by `imageserver check`."""
    monkeypatch.setattr(checking, "FEW", 1)
    write(folder, {"Co/catalog.yaml": "images: {r: {path: a.png}, late: {path: late.png}, gone: {path: gone.png}}"})

    def missing(*, thorough: bool = False) -> list[str]:
        return [problem.message.split("'")[1] for problem in start(folder, thorough=thorough).problems]

    assert missing() == ["late.png", "gone.png"]
    plain(folder / "Co" / "late.png", RED)
    assert missing() == ["gone.png"]
    (folder / "Co" / "a.png").unlink()
    assert missing() == ["gone.png"]
    assert missing(thorough=True) == ["a.png", "gone.png"]
    assert generation(folder) == 1
    write(folder, {"default.yaml": "attributes: {default_ext: .x}"})
    assert missing() == ["a.png", "gone.png"]  # another suffix, another look at all of them
    write(folder, {"default.yaml": "attributes: {root_path: Co/deep}"})
    assert missing() == ["a.png", "late.png", "gone.png"]
    assert read(start(folder)) == []


def test_a_server_keeps_some_of_very_many_problems(folder: Path) -> None:
    text = "".join(f"  r{number}: {{path: gone.png}}\n" for number in range(MOST_PROBLEMS + 5))
    write(folder, {"Co/catalog.yaml": f"images:\n{text}"})
    state = start(folder)
    assert len(state.problems) == MOST_PROBLEMS + 1
    assert "imageserver check" in state.problems[-1].message
    assert len(start(folder, thorough=True).problems) == MOST_PROBLEMS + 5


def test_catalogs_of_two_folders_share_a_state_folder(folder: Path) -> None:
    write(folder, FILES)
    other = folder.parent / "other" / "catalogs"
    shutil.copytree(folder, other)
    write(other, {"Co/one.yaml": "images: {s: {path: b.png}}"})
    shelf = Shelf(folder.parent / "state")
    for _ in range(2):
        assert co(load(folder, shelf=shelf)).images["s"].path == "a.png"
        assert co(load(other, shelf=shelf)).images["s"].path == "b.png"
    assert read(load(folder, shelf=shelf)) == []


@pytest.mark.parametrize("name", ["Co/\udcff", "Co/r\0", "Co/\0", "\udcff/r", "Co/r:\udcff", "Co/' OR 1=1 --"])
def test_names_that_are_no_text(folder: Path, name: str) -> None:
    write(folder, FILES)
    with pytest.raises(NotFound):
        start(folder).catalogs.look_up(name).source()


def test_aliases_and_large_sections(folder: Path) -> None:
    """However a section is written, its records are the same."""
    text = """
images: &all
  r: &r {path: a.png, expiration: 1}
  s: *r
svg: *all
content: {? [a] : {path: a.png}, "b": {path: b.png}}
"""
    write(folder, {"Co/catalog.yaml": text})
    state = start(folder)
    assert co(state).images["s"] == Record(path="a.png", expiration=1)
    assert [co(state).svg[name].path for name in co(state).svg] == ["a.png", "a.png"]
    assert list(co(state).content) == ["?", "b"]
    assert [path.path for path in co(start(folder)).content.values()] == ["a.png", "b.png"]
