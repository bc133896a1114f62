"""Commits: what they change in YAML, in the history and on the disk, and what they refuse."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from stores import CATALOG, NOW, Site, picture, site

from imageserver.store.edits import (
    Change,
    ChangeAttributes,
    ChangeMacros,
    Edit,
    Put,
    Remove,
    Rename,
    Restore,
)
from imageserver.store.errors import AlreadyThere, EditError, InvalidEdit, NoSuchRecord, StaleEdit
from imageserver.store.store import Store


@pytest.fixture
def shoes(tmp_path: Path) -> Site:
    return site(tmp_path, CATALOG, boot="boot", sandal="sandal", other="other")


EDITS: dict[str, tuple[list[Edit], str, str]] = {
    "a field": ([Change("boot", {("path",): "other.jpg"})], "'boot.jpg'", "'other.jpg'"),
    "a field in braces": ([Change("sandal", {("expiration",): 4})], "expiration: 3}", "expiration: 4}"),
    "a field more": (
        [Change("boot", {("modifier",): "op_usm=1,2&wid=3"})],
        "  # the toe\n",
        "  # the toe\n    modifier: op_usm=1,2&wid=3\n",
    ),
    "a field more in braces": (
        [Change("sandal", {("anchor",): [1, 2]})],
        "expiration: 3}",
        "expiration: 3, anchor: [1, 2]}",
    ),
    "a field less": ([Change("boot", drop=(("user_data",),))], "    user_data: {color: red, sku: 0123}\n", ""),
    "a field less in braces": ([Change("sandal", drop=(("expiration",),))], ", expiration: 3", ""),
    "a crop": (
        [Change("boot", {("crops", "square"): [1, 2, 3, 4]})],
        "[0, 0, 10, 10]  # the toe",
        "[1, 2, 3, 4]  # the toe",
    ),
    "a crop more": (
        [Change("boot", {("crops", "wide"): [1, 2, 3, 4]})],
        "  # the toe\n",
        "  # the toe\n      wide: [1, 2, 3, 4]\n",
    ),
    "an attribute": ([ChangeAttributes({("max_pix",): [9, 9]})], "they are\n", "they are\n  max_pix: [9, 9]\n"),
    "a macro": ([ChangeMacros({"THUMB": "wid=50"})], "thumb: wid=100", "thumb: wid=50"),
    "a macro more": ([ChangeMacros({"big": "wid=500"})], "wid=100}", "wid=100, big: wid=500}"),
    "a macro less": ([ChangeMacros(drop=("Thumb",))], "{thumb: wid=100}", "{}"),
    "another id": ([Rename("boot", "winter/boot")], "  boot:   # warm", "  winter/boot:   # warm"),
    "another id in quotes": ([Rename("sandal", "a: b")], '  "sandal":', "  'a: b':"),
    "a record less": ([Remove("sandal")], '  "sandal": {path: sandal.jpg, expiration: 3}   # light\n', ""),
    "a record more": (
        [Put("mule", {"path": "other.jpg"})],
        "   # light\n",
        "   # light\n  mule: {path: other.jpg}\n",
    ),
    "another record": (
        [Put("sandal", {"path": "sandal.jpg", "expiration": 7})],
        "expiration: 3",
        "expiration: 7",
    ),
    "several": (
        [Put("mule", {}), Change("mule", {("modifier",): "wid=1"}), Rename("mule", "clog"), Remove("sandal")],
        '  "sandal": {path: sandal.jpg, expiration: 3}   # light\n',
        "  clog: {modifier: wid=1}\n",
    ),
    "nothing": ([Change("sandal", {("expiration",): "3"}), Put("mule", {}), Remove("mule")], "", ""),
}


@pytest.mark.parametrize("case", EDITS)
def test_edit_leaves_all_else_as_it_is(shoes: Site, case: str) -> None:
    edits, old, new = EDITS[case]
    assert not old or CATALOG.count(old) == 1
    tried = shoes.store.commit(edits, dry_run=True)
    assert shoes.text == CATALOG
    assert bool(tried.diff) == (old != new)
    shoes.store.commit(edits)
    assert shoes.text == CATALOG.replace(old, new)


def status(store: Store, name: str = "r") -> tuple[int, int, int, int, int]:
    row = store.record(name).row
    revisions = len(store.revisions(name))
    return row.rev, row.image_rev, row.meta_rev, row.stored_at - NOW, revisions


def restored(number: int) -> Callable[[Site], Edit]:
    return lambda place: Restore("r", place.store.revisions("r")[-number].row.version_id)


Make = Callable[[Site], Edit]
EVENTS: dict[str, tuple[list[Make], tuple[int, int, int, int, int]]] = {
    "created": ([], (1, 1, 1, 0, 1)),
    "other bytes": ([lambda s: s.file("r", "b")], (2, 2, 1, 1, 2)),
    "the same bytes": ([lambda s: s.file("r", "a")], (2, 1, 1, 1, 2)),
    "metadata": ([lambda _: Change("r", {("user_data",): {"a": 1}})], (2, 1, 2, 0, 1)),
    "tags": ([lambda _: Change("r", {("tags",): ["x", "y"]})], (2, 1, 2, 0, 1)),
    "pixels": ([lambda _: Change("r", {("modifier",): "wid=5"})], (2, 2, 1, 0, 1)),
    "nothing": ([lambda _: Change("r", drop=(("tags",),))], (1, 1, 1, 0, 1)),
    "restored": ([lambda s: s.file("r", "b"), restored(1)], (3, 3, 1, 2, 3)),
    "restored to the same": ([restored(1)], (2, 1, 1, 1, 2)),
    "deleted and made again": ([lambda _: Remove("r", files=True), lambda s: s.file("r", "a")], (3, 3, 3, 1, 1)),
    "deleted and restored": ([restored(1), lambda _: Remove("r", files=True), restored(1)], (4, 4, 4, 2, 3)),
}


@pytest.mark.parametrize("case", EVENTS)
def test_event(tmp_path: Path, case: str) -> None:
    """The table of docs/versions.md, while the clock stands still."""
    edits, expected = EVENTS[case]
    place = site(tmp_path)
    place.store.commit([place.file("r", "a")])
    for make in edits:
        place.store.commit([make(place)])
    assert status(place.store) == expected
    assert status(place.again()) == expected


def test_rename_keeps_history_and_old_names_keep_their_numbers(tmp_path: Path) -> None:
    place = site(tmp_path)
    place.store.commit([place.file("r", "a")])
    before = place.store.record("r").row
    place.store.commit([Rename("r", "s")])
    after = place.store.record("s").row
    assert (after.uid, after.rev, after.image_rev, after.meta_rev) == (before.uid, 2, 1, 2)
    assert (after.stored_at, after.content_hash) == (before.stored_at, before.content_hash)
    assert len(place.store.revisions("s")) == 1
    place.store.commit([place.file("r", "b", path="again.jpg")])
    assert place.store.record("r").row.rev == 3
    assert place.store.record("r").row.uid != before.uid


def test_tokens_never_come_back(tmp_path: Path) -> None:
    """Not after a removal, nor when the clock is set back, nor without the store."""
    place = site(tmp_path)
    seen: list[tuple[int, int]] = []

    def look() -> None:
        row = place.store.record("r").row
        assert not seen or (row.rev > seen[-1][0] and row.stored_at > seen[-1][1])
        seen.append((row.rev, row.stored_at))

    for content in "abc":
        place.store.commit([place.file("r", content)])
        look()
    place.clock.now -= 3600
    place.store.commit([place.file("r", "d")])
    look()
    place.store.commit([Remove("r", files=True)])
    place.store.commit([place.file("r", "e")])
    look()
    place.clock.now = NOW + 100
    digest = place.store.record("r").row.content_hash
    shutil.rmtree(tmp_path / "state")
    look()
    assert place.store.record("r").row.content_hash == digest
    place.store.commit([place.file("r", "f")])
    look()
    assert len(seen) == 7


def test_hand_edits_are_changes(shoes: Site) -> None:
    boot, sandal = (shoes.store.record(name).row for name in ("boot", "sandal"))
    shoes.yaml("catalog.yaml").write_text(CATALOG.replace("color: red", "color: blue"))
    assert shoes.store.record("boot").row.meta_rev == boot.rev + 1
    assert shoes.store.record("sandal").row == sandal
    shoes.image("sandal.jpg").write_bytes(picture("new sandal"))
    after = shoes.store.record("sandal").row
    assert (after.rev, after.image_rev, after.meta_rev) == (sandal.rev + 1, sandal.rev + 1, sandal.rev)
    assert (after.stored_at, after.content_hash == sandal.content_hash) == (sandal.stored_at + 1, False)
    assert [one.restorable for one in shoes.store.revisions("sandal")] == [True, False]
    shoes.yaml("catalog.yaml").write_text("images: {}\n")
    with pytest.raises(NoSuchRecord):
        shoes.store.record("boot")


def test_touched_file_is_no_change(shoes: Site) -> None:
    before = shoes.store.record("sandal").row
    data = shoes.image("sandal.jpg").read_bytes()
    shoes.image("sandal.jpg").unlink()
    shoes.image("sandal.jpg").write_bytes(data)
    rev = shoes.store.reconcile()
    assert shoes.store.record("sandal").row.rev == before.rev
    assert shoes.store.reconcile() == rev


def test_file_that_two_records_have(tmp_path: Path) -> None:
    """Whoever stores it, both of them have changed."""
    place = site(tmp_path, "attributes: {root_path: images}\nimages: {a: {path: x.jpg}, b: {path: x.jpg}}\n", x="x")
    before = place.store.record("b").row
    place.store.commit([place.file("a", "y")])
    after = place.store.record("b").row
    assert (after.image_rev, after.content_hash) == (before.rev + 1, place.store.record("a").row.content_hash)
    place.store.commit([Remove("a", files=True)])
    assert place.image("x.jpg").read_bytes() == picture("y")


def test_revisions(tmp_path: Path) -> None:
    place = site(tmp_path)
    for content in ("one", "two", "three"):
        place.store.commit([place.file("r", content)])
    revisions = place.store.revisions("r")
    assert [(one.row.rev, one.row.size, one.row.format, one.current, one.restorable) for one in revisions] == [
        (3, 8, "jpeg", True, True),
        (2, 6, "jpeg", False, True),
        (1, 6, "jpeg", False, True),
    ]
    place.store.commit([Restore("r", revisions[-1].row.version_id)])
    assert place.image("r.jpg").read_bytes() == picture("one")
    assert place.store.record("r").row.content_hash == revisions[-1].row.hash
    with pytest.raises(NoSuchRecord):
        place.store.commit([Restore("r", "nothing")])


def test_mask_and_source_are_one_content(tmp_path: Path) -> None:
    place = site(tmp_path)
    place.store.commit([place.file("r", "a"), place.file("r", "m", "mask")])
    before = place.store.record("r")
    assert before.fields == {"path": "r.jpg", "mask_path": "r-mask.jpg"}
    assert before.row.rev == 1
    place.store.commit([place.file("r", "n", "mask")])
    assert place.store.record("r").row.content_hash != before.row.content_hash
    place.store.commit([Restore("r", place.store.revisions("r")[-1].row.version_id)])
    assert place.image("r-mask.jpg").read_bytes() == picture("m")
    assert place.store.record("r").row.content_hash == before.row.content_hash


WRONG: dict[str, tuple[Edit, type[EditError], str]] = {
    "type": (Change("boot", {("expiration",): "soon"}), InvalidEdit, "images.boot.expiration: expected hours: 0 or mo"),
    "key": (Put("new", {"pth": "x"}), InvalidEdit, "unknown key 'pth' in images.new: did you mean 'path'?"),
    "command": (Change("boot", {("modifier",): "op_blur=999"}), InvalidEdit, "op_blur=999: expected a number from 0"),
    "no file": (Put("new", {"path": "gone.jpg"}), InvalidEdit, "images.new.path: no such file 'gone.jpg'"),
    "no mask": (Change("boot", {("mask_path",): "gone.jpg"}), InvalidEdit, "no such file 'gone.jpg'"),
    "outside": (Put("new", {"path": "../catalog.yaml"}), InvalidEdit, "expected a path below attribute::RootPath"),
    "absolute": (Put("new", {"path": "/etc/passwd"}), InvalidEdit, "expected a path below attribute::RootPath"),
    "id": (Put("a//b", {}), InvalidEdit, "expected an id of 1 to 255 printable characters"),
    "dots": (Rename("boot", "../boot"), InvalidEdit, "none of them '.' or '..'"),
    "attribute": (ChangeAttributes({("max_pix",): "big"}), InvalidEdit, "attributes.max_pix: expected width,height"),
    "attribute's name": (ChangeAttributes({("maxpix",): "1,1"}), InvalidEdit, "did you mean 'max_pix'?"),
    "macro": (ChangeMacros({"x": "wid=0"}), InvalidEdit, "macros.x: wid=0: expected an integer of 1 or more"),
    "macro's name": (ChangeMacros({"x y": "wid=1"}), InvalidEdit, "expected a name of letters"),
    "record": (Change("nobody", {("path",): "x"}), NoSuchRecord, "catalog 'Co' has no record 'nobody'"),
    "removed": (Remove("nobody"), NoSuchRecord, "catalog 'Co' has no record 'nobody'"),
    "renamed": (Rename("boot", "sandal"), AlreadyThere, "there is a record 'sandal' already"),
    "created": (Put("boot", {}, replace=False), AlreadyThere, "there is a record 'boot' already"),
    "replaced": (Put("nobody", {}, create=False), NoSuchRecord, "catalog 'Co' has no record 'nobody'"),
    "unset": (ChangeAttributes(drop=(("max_pix",),)), NoSuchRecord, "no attribute of its own 'max_pix'"),
    "no macro": (ChangeMacros(drop=("x",)), NoSuchRecord, "catalog 'Co' has no macro 'x'"),
}


@pytest.mark.parametrize("case", WRONG)
def test_refused_edit_changes_nothing(shoes: Site, case: str) -> None:
    edit, kind, part = WRONG[case]
    before = shoes.store.reconcile()
    with pytest.raises(kind) as caught:
        shoes.store.commit([Change("sandal", {("expiration",): 9}), edit])
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)
    assert (shoes.text, shoes.store.reconcile()) == (CATALOG, before)


def test_stale_edit_changes_nothing(shoes: Site) -> None:
    edit, rev = Change("boot", {("expiration",): 1}), shoes.store.record("boot").row.rev
    seen = shoes.store.global_rev()
    for expected in ({"boot": rev + 1}, {"boot": rev - 1}, {"sandal": 0}, {"nobody": 1}):
        with pytest.raises(StaleEdit):
            shoes.store.commit([edit], expected)
    with pytest.raises(StaleEdit):
        shoes.store.commit([edit], expected_global=seen - 1)
    assert shoes.text == CATALOG
    done = shoes.store.commit([edit], {"boot": rev, "nobody": 0}, seen)
    assert done.global_rev == seen + 1
    with pytest.raises(StaleEdit) as caught:
        shoes.store.commit([edit], {"boot": rev})
    assert caught.value.actual == done.records["images", "boot"].rev == rev + 1


def test_hand_edit_makes_a_revision_stale(shoes: Site) -> None:
    rev = shoes.store.record("boot").row.rev
    shoes.yaml("catalog.yaml").write_text(CATALOG.replace("warm", "warm!").replace("color: red", "color: blue"))
    with pytest.raises(StaleEdit):
        shoes.store.commit([Change("boot", {("expiration",): 1})], {"boot": rev})


def test_files_that_define_a_record(tmp_path: Path) -> None:
    """The last one holds and is edited; removing removes all."""
    place = site(tmp_path, "include: [a.yaml, b.yaml]\n")
    place.yaml("a.yaml").write_text("images:\n  r: {expiration: 1}\n")
    place.yaml("b.yaml").write_text("images:\n  r: {expiration: 2}\n")
    place.store.commit([Change("r", {("expiration",): 3}), Put("s", {})])
    assert place.yaml("a.yaml").read_text() == "images:\n  r: {expiration: 1}\n"
    assert place.yaml("b.yaml").read_text() == "images:\n  r: {expiration: 3}\n  s: {}\n"
    place.store.commit([Remove("r")])
    assert place.yaml("a.yaml").read_text() == "images:\n"
    assert place.yaml("b.yaml").read_text() == "images:\n  s: {}\n"
    assert place.text == "include: [a.yaml, b.yaml]\n"


def test_kept_bytes_have_a_bound(tmp_path: Path) -> None:
    place = site(tmp_path)
    place.store._max_size = 25
    for number in range(6):
        place.clock.now += 1
        place.store.commit([place.file("r", f"bytes {number}")])
    assert [one.restorable for one in place.store.revisions("r")] == [True, True, True, False, False, False]
    assert sum(path.stat().st_size for path in place.store.kept.glob("*/*")) == 20


def test_pages_are_put_together_of_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a long search, each page looks through so many records only, and says where to go on."""
    monkeypatch.setattr("imageserver.store.store.SCANNED", 3)
    place = site(tmp_path)
    place.store.commit([Put(f"r{number}", {"tags": f"t{number}"}) for number in range(8)])
    seen, after = [], ""
    for _ in range(3):
        page, after = place.store.page(2, after, "r", "T6")
        seen.append(([one.name for one in page], after))
    assert seen == [([], "r2"), ([], "r5"), (["r6"], "")]
    assert place.store.page(2) == (place.store.records("r[01]"), "r1")


def test_yaml_that_is_broken_meanwhile_is_left_to_people(shoes: Site) -> None:
    shoes.yaml("catalog.yaml").write_text("images: {boot: [")
    with pytest.raises(EditError) as caught:
        shoes.store.commit([Put("mule", {})])
    assert "catalog.yaml:2:1: not valid YAML" in str(caught.value)
    assert shoes.text == "images: {boot: ["


def test_created_is_when_a_record_got_its_first_name(shoes: Site) -> None:
    shoes.store.commit([Put("mule", {"path": "other.jpg"})])
    for second, (name, to) in enumerate((("mule", "clog"), ("clog", "mule"), ("mule", "pump")), 1):
        shoes.clock.now = NOW + second
        shoes.store.commit([Rename(name, to)])
    shoes.store.commit([Put("clog", {})])
    assert shoes.store.created(["boot", "pump"]) == {"boot": NOW * 1000, "pump": NOW * 1000}
    assert shoes.store.created(["clog"]) == {"clog": (NOW + 3) * 1000}
    shoes.clock.now = NOW + 9
    together = [Rename(name, f"re/{name}") for name in ("clog", "boot", "pump")]
    shoes.store.commit([*together, Put("boot", {}), Rename("re/pump", "re/created")])
    assert shoes.store.created(["re/clog", "re/boot", "re/created", "boot"]) == {
        "re/clog": (NOW + 3) * 1000,
        "re/boot": NOW * 1000,
        "re/created": NOW * 1000,
        "boot": (NOW + 9) * 1000,
    }
