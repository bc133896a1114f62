"""The compiled index of a catalog: what makes it anew, what does not, and what cannot break it."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pictures import RED
from serving import serving
from sites import QUIET, plain, write_site

from imageserver.catalog import checking
from imageserver.catalog.catalogs import Catalog
from imageserver.catalog.checking import MOST_PROBLEMS
from imageserver.catalog.compiling import GAP, places
from imageserver.catalog.index import CHECKED_WHOLE, KEPT, open_index
from imageserver.catalog.loading import State, load
from imageserver.catalog.records import Record
from imageserver.catalog.shelf import Shelf
from imageserver.errors import DamagedIndex, NotFound
from imageserver.protocol.values import Rect

MAIN = "include: [one.yaml, 'more/*.yaml']\nimages: {r: {path: a.png}}\nmacros: {m: wid=1}\n"
FILES = {
    "Co/catalog.yaml": MAIN,
    "Co/one.yaml": "images: {s: {path: a.png, modifier: wid=1}}",
    "Co/more/1.yaml": "images: {t: {path: a.png, expiration: 1}}",
    "Co/more/2.yaml": "images: {u: {path: a.png, crops: {x: [0, 0, 1, 2]}}}",
}


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def start(folder: Path, *, thorough: bool = False) -> State:
    """Load as a process does that has just been started."""
    return load(folder, shelf=Shelf(folder.parent / "state"), thorough=thorough)


def read(state: State) -> list[str]:
    """Name the files that had to be read for a state."""
    return [name for one in state.loaded.values() for name in one.files]


def co(state: State) -> Catalog:
    return state.catalogs.named["Co"]


def generation(folder: Path) -> int:
    index = open_index(home(folder))
    assert index
    return index.about.generation


def home(folder: Path) -> Path:
    """Give the file of the index of Co."""
    (path,) = (folder.parent / "state").glob("Co-*.sqlite")
    return path


def spoiled(path: Path) -> None:
    """Make a file unreadable as YAML in such a way that it looks as before."""
    status = path.stat()
    with path.open("r+b") as file:
        file.write(b"[" * status.st_size)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def content(state: State) -> Any:  # noqa: ANN401, whatever a catalog holds
    """Give all that a state holds, to be compared."""
    return {
        name: (
            list(one.images.items()),
            list(one.content.items()),
            len(one.images),
            one.page(1, 2),
            one.macros,
            one.extras,
            one.attributes,
            one.modified,
        )
        for name, one in {**state.catalogs.named, "": state.catalogs.default}.items()
    }


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


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
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


def overwritten(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096:] = b"\x5a" * (len(data) - 4096)
    path.write_bytes(data)


def of_somebody_else(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE about (text TEXT)")
    connection.close()


def of_another_version(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE about SET fingerprint = 'x'")
        connection.execute("DELETE FROM entry")
    connection.close()


def without_sense(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE about SET value = '[1]'")
    connection.close()


DAMAGES: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "noise": lambda path: path.write_bytes(b"noise" * 999),
    "one byte short": lambda path: os.truncate(path, path.stat().st_size - 1),
    "half": lambda path: os.truncate(path, path.stat().st_size // 2),
    "header only": lambda path: os.truncate(path, 100),
    "overwritten": overwritten,
    "of somebody else": of_somebody_else,
    "of another version": of_another_version,
    "without sense": without_sense,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_index_that_cannot_be_used_is_made_anew(folder: Path, damage: str, caplog: pytest.LogCaptureFixture) -> None:
    write(folder, FILES)
    good = content(start(folder))
    DAMAGES[damage](home(folder))
    with caplog.at_level(logging.INFO):
        state = start(folder)
    assert content(state) == good
    assert len(read(state)) == len(FILES)
    assert len({record.getMessage() for record in caplog.records}) == 1, caplog.text
    assert str(home(folder)) in caplog.text
    assert read(start(folder)) == []


def test_damage_that_shows_only_later_is_repaired(
    folder: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large index is not checked as a whole when it is opened."""
    filler = "x" * 1000
    records = {f"r{number}": {"path": "a.png", "tags": filler} for number in range(CHECKED_WHOLE // 500)}
    write(folder, {"Co/catalog.yaml": json.dumps({"images": records})})
    start(folder)
    data = home(folder).read_bytes()
    home(folder).write_bytes(data.replace(b'"path"', b'"pa\xffh"'))
    monkeypatch.setattr(checking, "FEW", 1)
    state = start(folder)
    with pytest.raises(DamagedIndex):
        co(state).record("r7")
    assert not state.lasting
    again = load(folder, state, Shelf(folder.parent / "state"))
    assert co(again).images["r7"] == Record(path="a.png", tags=filler)
    assert again.lasting
    assert co(start(folder)).images["r7"] == Record(path="a.png", tags=filler)
    assert "Traceback" not in caplog.text


def test_damage_that_shows_at_once_is_repaired(folder: Path) -> None:
    write(folder, {"Co/catalog.yaml": json.dumps({"images": {f"r{number}": {"path": "a.png"} for number in range(9)}})})
    good = content(start(folder))
    home(folder).write_bytes(home(folder).read_bytes().replace(b'"path"', b'"pa\xffh"'))
    state = start(folder)
    assert content(state) == good
    assert read(state) == ["catalogs/Co/catalog.yaml"]
    assert state.lasting


def test_damage_that_shows_in_compiling_is_repaired(folder: Path) -> None:
    """Last values are taken out of the old index; without them there are the others."""
    records = {f"r{number}": {"path": "a.png", "tags": "x" * 1000} for number in range(CHECKED_WHOLE // 500)}
    write(folder, {"Co/catalog.yaml": json.dumps({"images": records})})
    start(folder)
    home(folder).write_bytes(home(folder).read_bytes().replace(b'"path"', b'"pa\xffh"'))
    records["r7"]["expiration"] = "soon"
    write(folder, {"Co/catalog.yaml": json.dumps({"images": records})})
    state = start(folder)
    assert co(state).images["r7"].path == "a.png"
    assert len(state.problems) == 1


def test_folder_that_cannot_be_written(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """There is one line, and everything works in each process for itself."""
    (folder.parent / "state").write_text("a file where a folder should be")
    write(folder, {**FILES, "Other/catalog.yaml": "images: {r: {}}"})
    shelf = Shelf(folder.parent / "state")
    state = load(folder, shelf=shelf)
    assert content(state) == content(load(folder))
    write(folder, {"Co/one.yaml": "images: {s: {path: b.png, expiration: soon}}", "Other/catalog.yaml": "images: ["})
    state = load(folder, state, shelf)
    assert read(state) == ["catalogs/Co/one.yaml", "catalogs/Other/catalog.yaml"]
    assert co(state).images["s"].path == "b.png"
    assert set(state.catalogs.named) == {"Co", "Other"}
    assert len(caplog.records) == 1, caplog.text
    (folder.parent / "state").unlink()
    write(folder, {"Co/one.yaml": "images: {s: {path: a.png}}"})
    load(folder, state, shelf)
    assert read(start(folder)) == ["catalogs/Other/catalog.yaml"]  # which was not looked at since


def test_while_another_process_compiles_the_last_state_is_served(folder: Path) -> None:
    write(folder, FILES)
    shelf = Shelf(folder.parent / "state")
    state = load(folder, shelf=shelf)
    write(folder, {"Co/one.yaml": "images: {s: {path: b.png}}"})
    with home(folder).with_suffix(".lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        meanwhile = load(folder, state, shelf)
        assert co(meanwhile).images["s"].path == "a.png"
        assert not meanwhile.lasting
    after = load(folder, meanwhile, shelf)
    assert co(after).images["s"].path == "b.png"
    assert after.lasting


PROCESS = """
import json, sys
from pathlib import Path
from imageserver.catalog.loading import load
from imageserver.catalog.shelf import Shelf
print("ready", flush=True)
sys.stdin.readline()
state = load(Path(sys.argv[1]), shelf=Shelf(Path(sys.argv[2])))
files = [name for one in state.loaded.values() for name in one.files]
images = state.catalogs.named["Co"].images
print(json.dumps([files, len(images), images["r0"].path, [str(problem) for problem in state.problems]]), flush=True)
"""


def process(folder: Path) -> subprocess.Popen[str]:
    """Start a process that loads the catalogs when it is told to."""
    command = [sys.executable, "-c", PROCESS, str(folder), str(folder.parent / "state")]
    started = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603, our own
    assert started.stdout
    assert started.stdout.readline() == "ready\n"
    return started


def go(started: subprocess.Popen[str]) -> None:
    assert started.stdin
    started.stdin.write("\n")
    started.stdin.flush()


def many(folder: Path, path: str, count: int = 3000) -> None:
    """Write Co with many records of one picture, the first half of them in one file, the other in another."""
    for name, numbers in (("one.yaml", range(count // 2)), ("two.yaml", range(count // 2, count))):
        lines = "".join(f"  r{number}: {{path: {path}, user_data: {{sku: {number}}}}}\n" for number in numbers)
        write(folder, {f"Co/{name}": f"images:\n{lines}"})
    write(folder, {"Co/catalog.yaml": "include: [one.yaml, two.yaml]"})


def test_processes_that_start_together_compile_once(folder: Path) -> None:
    many(folder, "a.png")
    for turn in (1, 2):
        together = [process(folder) for _ in range(4)]
        for one in together:
            go(one)
        results = [json.loads(one.communicate(timeout=60)[0]) for one in together]
        assert sorted(len(files) for files, *_ in results) == [0, 0, 0, 3 if turn == 1 else 2]
        assert [rest for _, *rest in results] == [[3000, "a.png" if turn == 1 else "b.png", []]] * 4
        many(folder, "b.png")


@pytest.mark.slow
def test_whoever_is_killed_leaves_the_old_state_or_the_new_one(folder: Path) -> None:
    many(folder, "a.png")
    begin = time.monotonic()
    start(folder)
    whole = time.monotonic() - begin
    kills = 8
    seen = set()
    for number in range(kills):
        many(folder, "a.png" if number % 2 else "b.png")
        compiling = process(folder)
        go(compiling)
        time.sleep(whole * (number + 0.5) / kills)
        compiling.send_signal(signal.SIGKILL)
        compiling.communicate()
        left = open_index(home(folder))
        assert left
        assert len(list(left.rows("SELECT name FROM entry WHERE leads"))) == 3000
        assert left.rows("PRAGMA integrity_check").__next__() == ("ok",)
        paths = {json.loads(text)["path"] for (text,) in left.rows("SELECT written FROM entry")}
        assert len(paths) == 1
        seen |= paths
        state = start(folder)
        assert content(state) == content(load(folder))
        assert state.lasting
    assert seen == {"a.png", "b.png"}
    assert not list((folder.parent / "state").glob("*.new"))


def test_killed_at_the_first_time_leaves_nothing_or_all(folder: Path) -> None:
    for number in range(4):
        many(folder, "a.png")
        compiling = process(folder)
        go(compiling)
        time.sleep(0.1 * number)
        compiling.kill()
        compiling.communicate()
        assert content(start(folder)) == content(load(folder))
        shutil.rmtree(folder.parent / "state")


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
