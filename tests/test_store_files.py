"""Files of commits: where they go, what is kept of those that they replace, and what is left of them: nothing."""

from __future__ import annotations

from dataclasses import replace
from hashlib import md5
from pathlib import Path

import pytest
from stores import CATALOG, Site, picture, site

from imageserver.store.edits import Put, Remove, Restore, StoreFile
from imageserver.store.errors import AlreadyThere, InvalidEdit


@pytest.fixture
def shoes(tmp_path: Path) -> Site:
    return site(tmp_path, CATALOG, boot="boot", sandal="sandal", other="other")


def test_temporary_file_is_used_up_and_leftovers_go(tmp_path: Path) -> None:
    place = site(tmp_path)
    with place.store.staging() as folder:
        for name in "ab":
            (folder / name).write_bytes(picture(name))
        place.again()
        place.store.commit([StoreFile("r", folder / "a")])
        assert [path.name for path in folder.iterdir()] == ["b"]
    left = [
        folder,
        place.yaml(".imageserver-1.tmp"),
        place.image(".imageserver-1.tmp"),
        place.store.kept / "aa" / "aab",
    ]
    assert not folder.exists()
    folder.mkdir()
    for path in left[1:]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("left")
    place.again()
    assert not [path for path in left if path.exists()]
    assert place.image("r.jpg").read_bytes() == picture("a")


@pytest.mark.parametrize("root", ["", ", static_content_root_path: static"])
def test_static_content_has_a_folder_of_its_own(tmp_path: Path, root: str) -> None:
    place = site(tmp_path, f"attributes: {{root_path: images, default_ext: .jpg{root}}}\n", r="picture")
    folder = place.yaml("static" if root else ".")
    assert place.store.root("content") == folder

    def stored(content: str, path: str = "raw/r") -> StoreFile:
        return replace(place.file("r", content, path=path), section="content")

    place.store.commit([Put("r", {"path": "r.jpg"}), stored("one")])
    place.store.commit([stored("two", "")])
    assert (folder / "raw" / "r").read_bytes() == picture("two")
    assert place.image("r.jpg").read_bytes() == picture("picture")
    new, old = place.store.revisions("r", "content")
    assert (old.row.md5, old.restorable, new.current) == (md5(picture("one")).hexdigest(), True, True)  # noqa: S324
    place.store.commit([Restore("r", old.row.version_id, "content")])
    assert (folder / "raw" / "r").read_bytes() == picture("one")
    (folder / "raw" / "r").write_bytes(picture("by hand"))
    assert place.again().record("r", "content").row.md5 == md5(picture("by hand")).hexdigest()  # noqa: S324
    with pytest.raises(AlreadyThere, match="another record"):
        place.store.commit([replace(stored("three"), name="other")])
    if root:  # the same path in another folder is another file
        place.store.commit([replace(stored("four", "r.jpg"), name="four")])
        place.store.commit([Remove("four", "content", files=True)])
        assert not (folder / "r.jpg").exists()
    with pytest.raises(InvalidEdit, match="no such file"):
        place.store.commit([Put("none", {"path": "none.pdf"}, "content")])
    place.store.commit([Remove("r", "content", files=True)])
    assert ((folder / "raw" / "r").exists(), place.image("r.jpg").exists()) == (False, True)
    assert len(place.store.revisions("r")) == 1


def test_link_to_a_file_elsewhere_is_replaced_and_its_bytes_are_kept(tmp_path: Path) -> None:
    place = site(tmp_path, CATALOG, boot="boot", sandal="sandal")
    shared = tmp_path / "shared.jpg"
    place.image("boot.jpg").rename(shared)
    place.image("boot.jpg").symlink_to(shared)
    place.store.commit([place.file("boot", "new")])
    assert (shared.read_bytes(), place.image("boot.jpg").is_symlink()) == (picture("boot"), False)
    shared.write_bytes(b"gone")
    new, old = place.store.revisions("boot")
    place.store.commit([Restore("boot", old.row.version_id)])
    assert place.image("boot.jpg").read_bytes() == picture("boot")
    place.image("boot.jpg").write_bytes(picture("by hand"))
    place.store.commit([Restore("boot", new.row.version_id)])
    assert place.image("boot.jpg").read_bytes() == picture("new")
    by_hand = place.store.revisions("boot")[1]
    place.store.kept.joinpath(by_hand.row.hash[:2], by_hand.row.hash).unlink()
    with pytest.raises(InvalidEdit, match="not kept any more"):
        place.store.commit([Restore("boot", by_hand.row.version_id)])


def test_file_of_another_record_is_not_overwritten(shoes: Site) -> None:
    with pytest.raises(AlreadyThere):
        shoes.store.commit([shoes.file("boot", "x", path="sandal.jpg")])
    with pytest.raises(InvalidEdit):
        shoes.store.commit([shoes.file("boot", "x", path="../catalog.yaml")])
    assert shoes.image("sandal.jpg").read_bytes() == picture("sandal")
    shoes.store.commit([shoes.file("sandals", "new"), shoes.file("sandal/1", "one")])
    assert shoes.store.record("sandal/1").fields == {"path": "sandal/1.jpg"}


def test_file_of_nobody_is_not_overwritten(shoes: Site) -> None:
    """It may be asked for by its path, or be part of a template."""
    shoes.image("banner.jpg").write_bytes(picture("by hand"))
    shoes.store.commit([shoes.file("banner", "new"), Remove("boot", files=True), shoes.file("boot", "again")])
    assert shoes.image("banner.jpg").read_bytes() == picture("by hand")
    assert shoes.store.record("banner").fields == {"path": "banner-2.jpg"}
    path = str(shoes.store.record("boot").fields["path"])
    assert shoes.image(path).read_bytes() == picture("again")


def test_ids_that_make_no_file_names(shoes: Site) -> None:
    name = "é" * 200
    shoes.store.commit([replace(shoes.file("long", "x"), name=name)])
    assert shoes.image(str(shoes.store.record(name).fields["path"])).read_bytes() == picture("x")
    with pytest.raises(InvalidEdit, match="one of the folders is a file"):
        shoes.store.commit([shoes.file("boot.jpg/toe", "y")])
