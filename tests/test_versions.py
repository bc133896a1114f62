"""Versions in `req=props`, and what `id=` does with them. References: docs/versions.md, r-id."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from pictures import BLUE, RED, make_all
from serving import Client, serving
from sites import QUIET, eventually, plain, properties, version, write_site

IMAGE, METADATA = "image.version", "metadata.version"
CATALOGS = {
    "Co": """
attributes: {root_path: images}
images:
  photo: {path: photo.jpg, map: '<area coords="1,1,9,9">', user_data: {a: 1}, targets: "Target.1.rect=1,1,5,5"}
  brief: {path: grid.png, expiration: 0.05}
  never: {path: grid.png, expiration: 0}
  for-ever: {path: grid.png, expiration: -1}
""",
    "Plain": """
attributes: {root_path: images, versioned_expiration: null}
images: {grid: {path: grid.png}, for-ever: {path: grid.png, expiration: -1}}
""",
    "Days": """
attributes: {root_path: images, versioned_expiration: 48, non_img_expiration: 0.5}
images: {grid: {path: grid.png}}
""",
}
FOR_EVER = "public, max-age=31536000, immutable"
TEN_HOURS = "public, max-age=36000"
SIX_MINUTES = "public, max-age=360"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = write_site(tmp_path_factory.mktemp("versions"), CATALOGS)
    make_all(folder / "catalogs" / "Co" / "images")
    with serving(folder, environment=QUIET) as client:
        yield client


def lifetime(client: Client, url: str) -> str:
    reply = client.ask(f"/is/image/{url}")
    assert reply.status == 200, reply.text
    return reply.headers["Cache-Control"]


def test_versions_are_22_digits_of_base_62(client: Client) -> None:
    found = properties(client, "Co/photo?req=props")
    assert re.fullmatch(r"[0-9A-Za-z]{22}", found[IMAGE])
    assert re.fullmatch(r"[0-9A-Za-z]{22}", found[METADATA])
    assert found[IMAGE] != found[METADATA]


VERSIONED = [
    *((kind, IMAGE, METADATA) for kind in ("img", "mask", "tmb", "tile", "xmp")),
    *((kind, METADATA, IMAGE) for kind in ("map", "targets", "userdata")),
]


@pytest.mark.parametrize(("kind", "own", "other"), VERSIONED)
def test_id_is_compared_with_the_version_of_its_kind(client: Client, kind: str, own: str, other: str) -> None:
    versions = properties(client, "Co/photo?req=props")
    url = f"Co/photo?req={kind}"
    assert lifetime(client, url) == TEN_HOURS
    assert lifetime(client, f"{url}&id={versions[own]}") == FOR_EVER
    assert lifetime(client, f"{url}&id={versions[own][:6]}") == FOR_EVER
    assert lifetime(client, f"{url}&id={versions[other]}") == SIX_MINUTES
    assert lifetime(client, f"{url}&id={versions[other][:6]}") == SIX_MINUTES


@pytest.mark.parametrize("spelling", ["id=0123", "ID=0123", "id=ffffffffffffffffffffff", "id=%C3%A4", "id=1&id=2"])
def test_id_that_is_not_current_shortens_the_lifetime(client: Client, spelling: str) -> None:
    assert lifetime(client, f"Co/photo?{spelling}") == SIX_MINUTES


@pytest.mark.parametrize("length", [1, 5, 7, 21])
def test_other_parts_of_the_version_are_not_current(client: Client, length: int) -> None:
    assert lifetime(client, f"Co/photo?id={version(client, 'Co/photo')[:length]}") == SIX_MINUTES


def test_case_of_a_version_counts(client: Client) -> None:
    assert lifetime(client, f"Co/photo?id={version(client, 'Co/photo').swapcase()}") == SIX_MINUTES


def test_empty_id_says_nothing(client: Client) -> None:
    assert lifetime(client, "Co/photo?id=") == TEN_HOURS


@pytest.mark.parametrize("kind", ["props", "imageprops", "exists", "imageset"])
def test_kinds_without_a_version_ignore_id(client: Client, kind: str) -> None:
    assert lifetime(client, f"Co/photo?req={kind}&id={version(client, 'Co/photo')}") == SIX_MINUTES


@pytest.mark.parametrize("kind", ["validate", "resolve", "loadcache", "message"])
def test_kinds_that_are_never_kept_ignore_id(client: Client, kind: str) -> None:
    assert lifetime(client, f"Co/photo?req={kind}&id={version(client, 'Co/photo')}") == "no-store"


@pytest.mark.parametrize(
    ("name", "current", "stale"),
    [
        ("Co/brief", FOR_EVER, "public, max-age=180"),  # its own 3 minutes are the smaller
        ("Co/never", FOR_EVER, "no-cache"),
        ("Co/for-ever", FOR_EVER, SIX_MINUTES),
        ("Plain/grid", TEN_HOURS, TEN_HOURS),  # null: id= is ignored
        ("Plain/for-ever", FOR_EVER, FOR_EVER),
        ("Days/grid", "public, max-age=172800", "public, max-age=1800"),
    ],
)
def test_lifetime_by_record(client: Client, name: str, current: str, stale: str) -> None:
    assert lifetime(client, f"{name}?id={version(client, name)}") == current
    assert lifetime(client, f"{name}?id=stale1") == stale


def test_current_id_does_not_keep_old_pixels_in_a_cache(client: Client) -> None:
    """The record may change: a cache that holds other content under this URL is given the new one."""
    url = f"/is/image/Co/photo?id={version(client, 'Co/photo')}"
    assert client.ask(url, headers={"If-None-Match": '"old"'}).status == 200
    assert client.ask(url, headers={"If-None-Match": client.ask(url).headers["ETag"]}).status == 304


def test_stale_id_is_not_kept_for_ever_by_asking_again(client: Client) -> None:
    url = "/is/image/Co/for-ever?id=stale1"
    first = client.ask(url)
    again = client.ask(url, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.headers["Cache-Control"]) == (304, SIX_MINUTES)


def test_cache_off_wins_over_a_current_id(client: Client) -> None:
    assert lifetime(client, f"Co/photo?cache=off&id={version(client, 'Co/photo')}") == "no-store"


def test_id_never_changes_pixels_or_tag(client: Client) -> None:
    replies = [
        client.ask(f"/is/image/Co/photo?wid=50{suffix}")
        for suffix in ("", "&id=stale1", f"&id={version(client, 'Co/photo')}")
    ]
    assert len({reply.body for reply in replies}) == 1
    assert len({reply.headers["ETag"] for reply in replies}) == 1


def test_current_id_is_that_of_all_layers(client: Client) -> None:
    """`src=` shows another record, so the version is that record's."""
    assert lifetime(client, f"Co/photo?src=never&id={version(client, 'Co/never')}") == FOR_EVER
    assert lifetime(client, f"Co/photo?src=never&id={version(client, 'Co/photo')}") == "no-cache"


@pytest.mark.parametrize("commands", ["wid=10", "scl=2&fmt=png", "op_blur=4&rotate=30", "id=x", "$a=1", "crop=0,0,9,9"])
def test_versions_do_not_depend_on_commands(client: Client, commands: str) -> None:
    plain, commanded = (properties(client, f"Co/photo?{text}&req=props") for text in ("", commands))
    assert (commanded[IMAGE], commanded[METADATA]) == (plain[IMAGE], plain[METADATA])


OVER = "modifier: 'layer=0&size=20,20&color=ff0000&layer=1&src=a.png&{}'"
CHANGES: Mapping[str, tuple[str, str, bool, bool]] = {
    # record: fields before, after, whether image.version and metadata.version change
    "same": ("path: a.png", "path: a.png", False, False),
    "path": ("path: a.png", "path: b.png", True, False),
    "same-content": ("path: a.png", "path: copy.png", False, False),
    "mask": ("path: a.png, mask_path: b.png", "path: a.png, mask_path: c.png", True, False),
    "no-mask": ("path: a.png, mask_path: b.png", "path: a.png", True, False),
    "modifier": ("path: a.png, modifier: wid=9", "path: a.png, modifier: wid=8", True, False),
    "post-modifier": ("path: a.png, post_modifier: wid=9", "path: a.png", True, False),
    "macro": ("path: a.png, modifier: $shape$", "path: a.png, modifier: $shape$", True, False),
    "nested-macro": ("path: a.png, post_modifier: $outer$", "path: a.png, post_modifier: $outer$", True, False),
    "other-macro": ("path: a.png, modifier: $kept$", "path: a.png, modifier: $kept$", False, False),
    "anchor": ("path: a.png", "path: a.png, anchor: [1, 2]", True, False),
    "resolution": ("path: a.png, resolution: 72", "path: a.png, resolution: 100", True, False),
    "print-resolution": ("path: a.png", "path: a.png, print_resolution: 300", True, False),
    "thumb": ("path: a.png, thumb_type: fit", "path: a.png, thumb_type: crop", True, False),
    "crops": ("path: a.png, crops: {x: [0, 0, 5, 5]}", "path: a.png, crops: {x: [0, 0, 5, 6]}", True, False),
    "profile": ("path: a.png", "path: a.png, icc_profile: sRGB", True, False),
    "user-data": ("path: a.png, user_data: {a: 1}", "path: a.png, user_data: {a: 2}", False, True),
    "map": ("path: a.png", "path: a.png, map: '<area coords=\"1,1,2,2\">'", False, True),
    "targets": ("path: a.png", 'path: a.png, targets: "Target.1.rect=1,1,2,2"', False, True),
    "set": ("path: a.png", 'path: a.png, image_set: "Co/a,Co/b"', False, True),
    "tags": ("path: a.png", "path: a.png, tags: [x, y]", False, True),
    "lifetime": ("path: a.png", "path: a.png, expiration: 5", False, False),
    "date": ("path: a.png", "path: a.png, time_stamp: '2020-01-01'", False, False),
    "template": (OVER.format("size=5,5"), OVER.format("size=6,6"), True, False),
    "template-macro": (OVER.format("$shape$"), OVER.format("$shape$"), True, False),
    "nested-template": ('modifier: "src=is{Co/template}"', 'modifier: "src=is{Co/template}"', True, False),
    "both": ("path: a.png, user_data: {a: 1}", "path: b.png, user_data: {a: 2}", True, True),
}
Versions = Mapping[str, tuple[str, str]]


def write_records(catalog: Path, which: int) -> None:
    """Write the catalog as it is before (0) or after (1) the changes."""
    macros = f"macros: {{shape: wid={8 + which}, outer: $shape$&fmt=png, kept: wid=7}}\n"
    records = "".join(f"  {name}: {{{row[which]}}}\n" for name, row in CHANGES.items())
    catalog.write_text(f"attributes: {{root_path: images}}\n{macros}images:\n{records}  marker: {{tags: t{which}}}\n")


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Versions, Versions]:
    """The versions of all records before and after the catalog was edited under a running server."""
    folder = tmp_path_factory.mktemp("changes")
    catalog = folder / "catalogs" / "Co" / "catalog.yaml"
    images = catalog.parent / "images"
    for name, color in {"a": RED, "b": BLUE, "c": (9, 9, 9)}.items():
        plain(images / f"{name}.png", color)
    shutil.copy(images / "a.png", images / "copy.png")
    write_records(catalog, 0)
    with serving(folder, environment=QUIET) as client:
        before = versions_of_all(client)
        write_records(catalog, 1)
        eventually(lambda: version(client, "Co/user-data", METADATA) != before["user-data"][1], wanted=True)
        return before, versions_of_all(client)


def versions_of_all(client: Client) -> Versions:
    found = {name: properties(client, f"Co/{name}?req=props") for name in CHANGES}
    return {name: (values[IMAGE], values[METADATA]) for name, values in found.items()}


@pytest.mark.parametrize("record", CHANGES)
def test_edit_changes_the_version_of_what_it_changes(changed: tuple[Versions, Versions], record: str) -> None:
    before, after = changed
    _, _, pixels, metadata = CHANGES[record]
    assert (before[record][0] != after[record][0]) is pixels
    assert (before[record][1] != after[record][1]) is metadata


def test_other_bytes_change_the_version_and_the_old_ones_bring_it_back(tmp_path: Path) -> None:
    images = tmp_path / "catalogs" / "Co" / "images"
    text = "attributes: {root_path: images}\nimages: {a: {path: a.png, mask_path: m.png, user_data: {a: 1}}}"
    plain(images / "a.png", RED)
    plain(images / "m.png", (200, 200, 200))
    (images.parent / "catalog.yaml").write_text(text)
    with serving(tmp_path, environment=QUIET) as client:
        first = properties(client, "Co/a?req=props")
        tag = client.ask("/is/image/Co/a").headers["ETag"]
        old = {name: (images / name).read_bytes() for name in ("a.png", "m.png")}
        for name, data in old.items():
            plain(images / name, BLUE)
            changed = properties(client, "Co/a?req=props")
            assert changed[IMAGE] != first[IMAGE]
            assert changed[METADATA] == first[METADATA]
            assert lifetime(client, f"Co/a?id={first[IMAGE]}") == SIX_MINUTES
            assert lifetime(client, f"Co/a?id={changed[IMAGE]}") == FOR_EVER
            (images / name).write_bytes(data)
            assert version(client, "Co/a") == first[IMAGE]
        assert client.ask("/is/image/Co/a").headers["ETag"] == tag
        assert client.ask("/is/image/Co/a", headers={"If-None-Match": tag}).status == 304


def test_two_servers_agree(tmp_path: Path, client: Client) -> None:
    """The same bytes and records give the same version and tag on every server, wherever its folders are."""
    folder = tmp_path / "elsewhere"
    write_site(folder, CATALOGS)
    for path in (client.folder / "catalogs" / "Co" / "images").iterdir():
        shutil.copyfile(path, folder / "catalogs" / "Co" / "images" / path.name)
    with serving(folder, environment=QUIET) as other:
        for name in ("Co/photo", "Co/brief", "Plain/grid"):
            assert version(other, name) == version(client, name)
            assert version(other, name, METADATA) == version(client, name, METADATA)
        tags = {one.ask("/is/image/Co/photo?wid=50&rotate=5").headers["ETag"] for one in (client, other)}
        assert len(tags) == 1


def test_metadata_version_of_a_map_is_that_of_its_record(client: Client) -> None:
    """A composite map with commands is versioned by the same metadata."""
    current = version(client, "Co/photo", METADATA)
    assert lifetime(client, f"Co/photo?req=map&wid=50&id={current}") == FOR_EVER
