"""`imageserver catalog`, as a user runs it: what it prints, what it exits with, and what becomes of the YAML."""

from __future__ import annotations

import re
import subprocess
from difflib import unified_diff
from pathlib import Path

import commanding
import pytest
from pictures import BLUE, RED
from serving import serving
from sites import QUIET, eventually, plain

CATALOG = """# Ours.
attributes: {root_path: images}
images:
  shoe-1: {path: one.png}  # the first
  shoe-2: {path: two.png, expiration: 3}
  hat: {path: one.png}
macros:
  thumb: wid=100
"""
HAT = "  hat: {path: one.png}\n"
SHOES = "  shoe-1: {path: one.png}  # the first\n  shoe-2: {path: two.png, expiration: 3}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("one", "two", "three"):
        plain(tmp_path / "catalogs" / "Co" / "images" / f"{name}.png", RED)
    (tmp_path / "catalogs" / "Co" / "catalog.yaml").write_text(CATALOG)
    for name in "ab":
        plain(tmp_path / "new" / f"{name}.png", BLUE)
    (tmp_path / "new" / "notes.png").write_text("no picture")
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = commanding.run(folder, "catalog", *arguments)
    assert "Traceback" not in done.stderr
    return done


def text(folder: Path) -> str:
    return (folder / "catalogs" / "Co" / "catalog.yaml").read_text()


SET: list[tuple[list[str], str, str]] = [
    (["set", "Co", "hat", "expiration=2"], "  hat: {path: one.png}", "  hat: {path: one.png, expiration: 2}"),
    (["set", "Co", "shoe-2", "expiration=2"], "expiration: 3", "expiration: 2"),
    (["set", "Co", "hat", "crops.toe=[1, 2, 3, 4]"], HAT, "  hat: {path: one.png, crops: {toe: [1, 2, 3, 4]}}\n"),
    (["set", "Co", "hat", "shoe-1", "path=three.png"], "one.png", "three.png"),
    (["set", "Co", "attributes.max_pix=[9, 9]"], "path: images}", "path: images, max_pix: [9, 9]}"),
    (["set", "Co", "macros.thumb=wid=50&hei=50"], "wid=100", "wid=50&hei=50"),
    (["unset", "Co", "shoe-*", "expiration"], ", expiration: 3", ""),
    (["unset", "Co", "macros.thumb"], "macros:\n  thumb: wid=100", "macros: {}"),
    (["rename", "Co", "hat", "hats/top"], "  hat:", "  hats/top:"),
    (["remove", "Co", "shoe-*"], SHOES, ""),
    (["add", "Co", "catalogs/Co/images/three.png"], HAT, f"{HAT}  three: {{path: three.png}}\n"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "old", "new"), SET, ids=lambda one: one if isinstance(one, str) else " ".join(one)
)
def test_edit(folder: Path, arguments: list[str], old: str, new: str) -> None:
    """What is only tried shows the difference, and changes nothing."""
    tried = run(folder, *arguments, "--dry-run")
    assert (tried.returncode, text(folder)) == (0, CATALOG)
    wanted = CATALOG.replace(old, new)
    before, after = (one.splitlines(keepends=True) for one in (CATALOG, wanted))
    assert tried.stdout == "".join(unified_diff(before, after, "a/catalog.yaml", "b/catalog.yaml"))
    done = run(folder, *arguments)
    assert done.returncode == 0, done.stderr
    assert text(folder) == wanted


WRONG: list[tuple[list[str], int, str]] = [
    (["set", "Co", "hat", "expiration=soon"], 1, "images.hat.expiration: expected hours: 0 or more"),
    (["set", "Co", "hat", "expiraton=1"], 1, "did you mean 'expiration'?"),
    (["set", "Co", "nobody", "expiration=1"], 1, "catalog 'Co' has no record 'nobody'"),
    (["set", "Co", "x*", "expiration=1"], 1, "catalog 'Co' has no record that matches 'x*'"),
    (["set", "Co", "hat"], 2, "expected ids first, then at least one FIELD=VALUE"),
    (["set", "Co", "path=one.png"], 2, "expected attributes.NAME=VALUE or macros.NAME=VALUE"),
    (["set", "Co", "hat", "crops=[1"], 2, "crops=[1: not valid YAML"),
    (["set", "Nobody", "hat", "expiration=1"], 2, "no catalog 'Nobody': expected one of Co, default"),
    (["unset", "Co", "hat", "expiration"], 1, "catalog 'Co' has no field 'hat.expiration'"),
    (["unset", "Co", "hat"], 2, "expected an id and at least one field"),
    (["rename", "Co", "hat", "shoe-1"], 1, "there is a record 'shoe-1' already"),
    (["remove", "Co", "nobody"], 1, "catalog 'Co' has no record 'nobody'"),
    (["add", "Co", "nothing.png"], 1, "nothing.png: no such file"),
    (["add", "Co", "new/*.jpg"], 1, "new/*.jpg: no such file"),
    (["add", "Co", "new/notes.png"], 1, "new/notes.png: source 'notes.png' cannot be read"),
    (["add", "Co", "catalogs/Co/images/one.png", "--id-template", "hat"], 1, "there is a record 'hat' already"),
    (["add", "Co", "new/a.png", "--id-template", "{stam}"], 2, "expected a text with some of {stem}, {name}"),
    (["add", "Co", "new/a.png", "new/b.png", "--id-template", "x"], 1, "give another --id-template"),
    (["show", "Co", "nobody"], 1, "catalog 'Co' has no record 'nobody'"),
    (["history", "Co", "nobody"], 1, "catalog 'Co' has no record 'nobody'"),
    (["restore", "Co", "hat", "zzz"], 1, "no version 'zzz' of 'hat'"),
    (["diff", "Co", "nobody"], 1, "catalog 'Co' has no record 'nobody'"),
]


@pytest.mark.parametrize(
    ("arguments", "code", "part"), WRONG, ids=lambda one: " ".join(one) if isinstance(one, list) else ""
)
def test_mistake_is_one_line(folder: Path, arguments: list[str], code: int, part: str) -> None:
    done = run(folder, *arguments)
    assert (done.returncode, done.stdout, text(folder)) == (code, "", CATALOG)
    assert len(done.stderr.splitlines()) == 1
    assert part in done.stderr


def test_files_are_added_and_pictures_only(folder: Path) -> None:
    done = run(folder, "add", "Co", "new/*.png", "--id-template", "{folder}/{stem}")
    assert done.returncode == 1
    assert done.stderr.splitlines()[0].startswith("imageserver: new/notes.png: source 'notes.png' cannot be read")
    added = "  new/a: {path: new/a.png}\n  new/b: {path: new/b.png}\n"
    assert text(folder) == CATALOG.replace("macros", f"{added}macros")
    images = folder / "catalogs" / "Co" / "images"
    assert (images / "new" / "a.png").read_bytes() == (folder / "new" / "a.png").read_bytes()
    assert sorted(path.name for path in images.iterdir()) == ["new", "one.png", "three.png", "two.png"]


def test_versions_of_a_file(folder: Path) -> None:
    image = folder / "catalogs" / "Co" / "images" / "a.png"
    assert run(folder, "add", "Co", "new/a.png").returncode == 0
    first = image.read_bytes()
    plain(folder / "new" / "a.png", RED)
    assert run(folder, "add", "Co", "new/a.png").returncode == 1
    assert run(folder, "add", "Co", "new/a.png", "--replace").returncode == 0
    assert image.read_bytes() != first
    lines = run(folder, "history", "Co", "a").stdout.splitlines()
    assert [line.rpartition("  ")[2] for line in lines] == ["current", "restorable"]
    assert all(re.fullmatch(r"[0-9a-f]{32}  \d+  [0-9TZ:-]+  png  \d+ bytes  \w+", line) for line in lines)
    assert run(folder, "restore", "Co", "a", lines[1][:8]).returncode == 0
    assert image.read_bytes() == first


def test_lists(folder: Path) -> None:
    assert run(folder, "list").stdout == "Co\t3 records\n"
    assert run(folder, "list", "Co").stdout == "hat\tone.png\nshoe-1\tone.png\nshoe-2\ttwo.png\n"
    assert run(folder, "list", "Co", "shoe-?").stdout == "shoe-1\tone.png\nshoe-2\ttwo.png\n"
    assert run(folder, "list", "Co", "x*").returncode == 1
    shown = run(folder, "show", "Co", "shoe-2").stdout.splitlines()
    assert shown[0] == "shoe-2: {path: two.png, expiration: 3}"
    assert re.fullmatch(r"# revision \d+, of the image \d+, of the metadata \d+; uid [0-9a-f]{32}", shown[1])
    assert run(folder, "show", "Co", "macros").stdout == "macros: {thumb: wid=100}\n"
    assert run(folder, "show", "Co", "attributes.root_path").stdout == "attributes: {root_path: images}\n"


def test_difference(folder: Path) -> None:
    """Of the last change, whoever made it."""
    assert run(folder, "diff", "Co").stdout == ""
    run(folder, "set", "Co", "hat", "expiration=5")
    change = "--- a/images.hat\n+++ b/images.hat\n@@ -1,2 +1,3 @@\n hat:\n   path: one.png\n+  expiration: 5\n"
    assert run(folder, "diff", "Co").stdout == change
    path = folder / "catalogs" / "Co" / "catalog.yaml"
    path.write_text(path.read_text().replace("expiration: 3", "expiration: 4").replace("wid=100", "wid=1"))
    both = run(folder, "diff", "Co").stdout
    assert "-  expiration: 3\n+  expiration: 4\n" in both
    assert "-thumb: wid=100\n+thumb: wid=1\n" in both
    assert run(folder, "diff", "Co", "hat").stdout == change


def test_default_catalog_is_edited_by_its_name(folder: Path) -> None:
    assert run(folder, "set", "default", "attributes.expiration=5", "macros.tiny=wid=10").returncode == 0
    written = (folder / "catalogs" / "default.yaml").read_text()
    assert written == "attributes: {expiration: 5}\nmacros: {tiny: wid=10}\n"


def test_running_server_takes_edits_up(folder: Path) -> None:
    with serving(folder, environment=QUIET) as client:
        assert client.ask("/is/image/Co/cap").status == 403
        assert run(folder, "add", "Co", "new/a.png", "--id-template", "cap").returncode == 0
        eventually(lambda: client.ask("/is/image/Co/cap").status, 200)
        assert run(folder, "remove", "Co", "cap", "--files").returncode == 0
        eventually(lambda: client.ask("/is/image/Co/cap").status, 403)
