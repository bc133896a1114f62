"""How a name in a request is looked up, and what no name can break. References: r-object, r-fullmatch."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pictures import RED
from sites import plain

from catalogs import write
from imageserver.catalog.catalogs import Entry
from imageserver.catalog.loading import State, load
from imageserver.errors import NotFound
from imageserver.protocol.values import Rect

DEFAULT = {
    "default.yaml": "attributes: {expiration: 3, default_image: none, root_path: shared}\n"
    "images: {logo: {path: logo.png}, both: {path: logo.png}}\nmacros: {thumb: wid=10, both: wid=1}",
    "Co/catalog.yaml": "attributes: {default_image: null, root_path: .}\n"
    "images: {both: {path: a.png}}\nmacros: {both: wid=2}",
}


@pytest.fixture
def inheriting(folder: Path) -> State:
    plain(folder / "shared" / "logo.png", RED)
    state = write(folder, DEFAULT)
    assert not state.problems, [str(problem) for problem in state.problems]
    return state


def test_default_catalog_supplies_attributes(inheriting: State) -> None:
    attributes = inheriting.catalogs.named["Co"].attributes
    assert attributes.expiration == 3
    assert attributes.default_image == ""  # null: defined, but empty
    assert attributes.root_id == "Co"


def test_default_catalog_supplies_macros(inheriting: State) -> None:
    catalogs = inheriting.catalogs
    assert catalogs.macro("thumb", catalogs.named["Co"]) == "wid=10"
    assert catalogs.macro("THUMB", catalogs.named["Co"]) == "wid=10"
    assert catalogs.macro("both", catalogs.named["Co"]) == "wid=2"
    assert catalogs.macro("both", catalogs.default) == "wid=1"
    assert catalogs.macro("none", catalogs.default) is None


def test_default_catalog_supplies_records(inheriting: State, folder: Path) -> None:
    """With their own files, under the attributes of the catalog that was asked."""
    entry = inheriting.catalogs.look_up("Co/logo")
    assert entry.source() == folder / "shared" / "logo.png"
    assert entry.catalog.name == "Co"
    assert inheriting.catalogs.look_up("logo").source() == folder / "shared" / "logo.png"
    assert inheriting.catalogs.look_up("Co/both").source() == folder / "Co" / "a.png"


def test_leading_slash_asks_for_the_default_catalog(inheriting: State, folder: Path) -> None:
    main = inheriting.catalogs.named["Co"]
    assert inheriting.catalogs.look_up("both", main).source() == folder / "Co" / "a.png"
    assert inheriting.catalogs.look_up("/both", main).source() == folder / "shared" / "logo.png"
    assert inheriting.catalogs.look_up("/logo.png", main).source() == folder / "shared" / "logo.png"
    assert inheriting.catalogs.look_up("/Co/both", main).source() == folder / "Co" / "a.png"


LOOK_UP = {
    "Co/catalog.yaml": """
images:
  a: {path: b.png, crops: {x: [0, 0, 5, 5]}}
  Co/a: {path: a.png}
  "a:x": {path: with space.png}
  sub/b: {path: b.png, crops: {"p:q": [1, 1, 2, 2], y: [0, 0, 9, 9]}}
  Other/r: {path: deep/c.png}
  a.png: {path: b.png}
""",
    "Other/catalog.yaml": "attributes: {root_path: ../Co}\nimages: {r: {path: a.png}, own: {path: b.png}}",
    "Nested/catalog.yaml": "attributes: {root_id: Co/sub, root_path: ../Co}\nimages: {c: {path: a.png}}",
}


@pytest.mark.parametrize(
    ("name", "main", "file", "crop"),
    [
        ("Co/a", "", "b.png", None),  # as an URL path: catalog and id
        ("a", "Co", "b.png", None),
        ("Co/a", "Co", "a.png", None),  # the whole object is an id of the main catalog first
        ("a:x", "Co", "with space.png", None),  # an id wins over a crop
        ("Co/a:x", "", "with space.png", None),
        ("sub/b:y", "Co", "b.png", Rect(0, 0, 9, 9)),
        ("Other/r", "Co", "deep/c.png", None),
        ("Other/r", "", "a.png", None),
        ("Other/own", "Co", "b.png", None),  # then the id of another catalog
        ("own", "Other", "b.png", None),
        ("Co/deep/c.png", "", "deep/c.png", None),  # then a file
        ("deep/c.png", "Co", "deep/c.png", None),
        ("Co/with space.png", "", "with space.png", None),
        ("a.png", "Co", "b.png", None),  # a record hides the file of its name
        ("Co/sub/c", "", "a.png", None),  # the longest root id governs
    ],
)
def test_look_up(folder: Path, name: str, main: str, file: str, crop: Rect | None) -> None:
    catalogs = write(folder, LOOK_UP).catalogs
    entry = catalogs.look_up(name, catalogs.named[main] if main else None)
    assert entry.source().resolve() == folder / "Co" / file
    assert entry.crop == crop


@pytest.mark.parametrize("name", ["co/a", "Co/A", "Co/deep/C.png", "CO/a.png"])
def test_names_are_case_sensitive(folder: Path, name: str) -> None:
    with pytest.raises(NotFound):
        write(folder, LOOK_UP).catalogs.look_up(name).source()


def test_unknown_crop_names_the_known_ones(folder: Path) -> None:
    with pytest.raises(NotFound, match="'Co/Co/a:z'") as caught:
        write(folder, LOOK_UP).catalogs.look_up("Co/Co/a:z")
    assert caught.value.kind == "crop"
    with pytest.raises(NotFound, match="x"):
        write(folder, LOOK_UP).catalogs.look_up("a:z", load(folder).catalogs.named["Co"])


def test_default_ext_is_appended(folder: Path) -> None:
    catalogs = write(folder, {"Co/catalog.yaml": "attributes: {default_ext: .png}\nimages: {r: {path: a}}"}).catalogs
    assert catalogs.look_up("Co/r").source() == folder / "Co" / "a.png"
    assert catalogs.look_up("Co/deep/c").source() == folder / "Co" / "deep" / "c.png"
    assert not load(folder).problems


@pytest.mark.parametrize(("full_match", "found"), [(0, True), (1, False)])
def test_full_match(folder: Path, full_match: int, found: bool) -> None:
    """With it a catalog without such a record is ignored, and so are its files and attributes."""
    files = {
        "default.yaml": "attributes: {root_path: everything, expiration: 7}",
        "Co/catalog.yaml": f"attributes: {{full_match: {full_match}, root_path: ., expiration: 5}}\n"
        "images: {r: {path: a.png}}",
    }
    catalogs = write(folder, files).catalogs
    assert catalogs.look_up("Co/r").source() == folder / "Co" / "a.png"
    entry = catalogs.look_up("Co/b.png")
    if found:
        assert entry.source() == folder / "Co" / "b.png"
        assert entry.catalog.attributes.expiration == 5
        return
    with pytest.raises(NotFound):
        entry.source()
    plain(folder / "everything" / "Co" / "b.png", RED)
    assert entry.source() == folder / "everything" / "Co" / "b.png"
    assert entry.catalog.attributes.expiration == 7


@pytest.mark.parametrize(
    ("rule", "allowed"),
    [
        ("", True),
        ("allow_direct_access: 'exclude:'", True),
        ("allow_direct_access: 'exclude:STATIC,SVG'", True),
        ("allow_direct_access: 'exclude:IS,STATIC'", False),
        ("allow_direct_access: 'exclude: static, is'", False),
        ("allow_direct_access: 'include:IS'", True),
        ("allow_direct_access: 'include:'", False),
        ("allow_direct_access: IS,STATIC", True),  # include is assumed
        ("allow_direct_access: STATIC", False),
        ("allow_direct_access: ''", False),
    ],
)
def test_direct_access(folder: Path, rule: str, allowed: bool) -> None:
    catalogs = write(folder, {"Co/catalog.yaml": f"attributes: {{{rule}}}\nimages: {{r: {{path: a.png}}}}"}).catalogs
    assert catalogs.look_up("Co/r").source()
    entry = catalogs.look_up("Co/b.png")
    if allowed:
        assert entry.source() == folder / "Co" / "b.png"
    else:
        with pytest.raises(NotFound):
            entry.source()


@pytest.mark.parametrize(
    "name",
    [
        "Co/../secret.png",
        "Co/deep/../../secret.png",
        "Co/../../secret.png",
        "../secret.png",
        "Co/link.png",
        "Co/out/secret.png",
        "Co/a\0.png",
        "Co/.",
        "Co/..",
        "Co/deep",
        "Co/" + "x" * 300,
        "Co/" + "x/" * 3000,
    ],
)
def test_no_name_leaves_the_folder(folder: Path, name: str) -> None:
    plain(folder / "secret.png", RED)
    plain(folder.parent / "secret.png", RED)
    (folder / "Co" / "link.png").symlink_to(folder / "secret.png")
    (folder / "Co" / "out").symlink_to(folder)
    catalogs = write(
        folder, {"Co/catalog.yaml": "attributes: {root_path: .}", "default.yaml": "attributes: {root_path: Co}"}
    ).catalogs
    with pytest.raises(NotFound):
        catalogs.look_up(name).source()


def test_link_within_the_folder_is_followed(folder: Path) -> None:
    (folder / "Co" / "link.png").symlink_to("a.png")
    assert (
        write(folder, {"Co/catalog.yaml": ""}).catalogs.look_up("Co/link.png").source().resolve()
        == folder / "Co" / "a.png"
    )


def test_record_may_name_a_file_elsewhere(folder: Path) -> None:
    """Who writes the catalog is trusted; who writes a URL is not."""
    plain(folder / "shared.png", RED)
    catalogs = write(folder, {"Co/catalog.yaml": "images: {r: {path: ../shared.png}}"}).catalogs
    assert catalogs.look_up("Co/r").source().resolve() == folder / "shared.png"


NAMES = st.lists(
    st.sampled_from(["Co", "a", "..", ".", "", "deep", "c.png", "a.png", "~", "*", "\\", "%2e%2e", "a:x"]), max_size=6
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(parts=NAMES, slash=st.booleans())
def test_whatever_is_asked_for_stays_inside(folder: Path, parts: list[str], *, slash: bool) -> None:
    if not (folder / "Co" / "catalog.yaml").exists():
        plain(folder / "outside.png", RED)
        write(folder, {"Co/catalog.yaml": "images: {a: {path: a.png}}"})
    try:
        entry: Entry = load(folder).catalogs.look_up("/" * slash + "/".join(parts))
        assert entry.source().is_relative_to(folder)
    except NotFound:
        pass


KEYS = ["attributes", "images", "macros", "include", "root_id", "expiration", "path", "crops", "targets", "user_data"]
SIGNS = ": |\n|\n  |\n    |- |&a |*a|!!int |<<: |? |# |---\n|..|Co|a.png|null|0x10|-1"
PIECES = st.lists(
    st.sampled_from(KEYS) | st.sampled_from(SIGNS.split("|")) | st.sampled_from("*:{}[],'\"|>%1~é\t\0\ufeff"),
    max_size=30,
).map("".join)
LINE = re.compile(r"catalogs/[^:]+:\d+:\d+: .+")


@settings(
    max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)
@given(text=PIECES | st.text(max_size=80))
@example("a: &a [*a]")
@example("&a [*a, *a]")
@example("images: &a {x: *a}")
@example("images: {? {a: b} : c}")
@example("[" * 2000)
@example("include: ['**/*', '../*', '*/*/../*']")
@example("include: ['[', '/', '']")
@example('images: {r: {path: "a\\0b"}}')
@example("attributes: {root_id: ''}")
@example("attributes: {time_stamp: 99999999999999}")
@example("images: {r: {time_stamp: 0000-00-00}}")
@example("attributes: {expiration: 1e99}")
def test_no_text_breaks_loading(folder: Path, text: str) -> None:
    """It is loaded, or what is wrong with it is told with file, line and column."""
    (folder / "Co" / "catalog.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
    state = load(folder)
    assert load(folder, state).problems == state.problems
    for problem in state.problems:
        assert LINE.match(str(problem))
