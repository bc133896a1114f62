"""YAML → catalogs: reading, checking, inheriting and looking up. References: r-object, r-fullmatch."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalogs import one, problems, record, write
from imageserver.catalog.attributes import Attributes
from imageserver.catalog.loading import load
from imageserver.commands.delivery import Quality
from imageserver.commands.view import Fit
from imageserver.errors import ConfigError
from imageserver.protocol.color import WHITE, Color
from imageserver.protocol.values import Point, Rect, Size

DEFAULTS = {
    "expiration": 10.0,
    "default_expiration": 1.0,
    "non_img_expiration": 0.1,
    "versioned_expiration": -1.0,
    "default_pix": Size(400, 400),
    "default_thumb_pix": Size(100, 100),
    "max_pix": Size(2000, 2000),
    "bkg_color": WHITE,
    "thumb_bkg_color": WHITE,
    "jpeg_quality": Quality(85),
    "res_mode": "sharp2",
    "default_fit": Fit("fit"),
    "thumb_type": "fit",
    "thumb_horiz_align": 0,
    "thumb_vert_align": 0,
    "resolution": 72.0,
    "print_resolution": 72,
    "full_match": False,
    "error_detail": 1,
    "default_image_mode": 0,
    "apply_orientation": True,
    "missing_image_status": 403,
    "default_image": "",
    "default_ext": "",
    "use_last_modified": False,
}


@pytest.mark.parametrize("name", DEFAULTS)
def test_built_in_value(folder: Path, name: str) -> None:
    assert getattr(one(folder, "").attributes, name) == DEFAULTS[name]
    assert getattr(Attributes(), name) == DEFAULTS[name]


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("publish_info: NO", "publish_info", "NO"),
        ("publish_info: 0123", "publish_info", "0123"),
        ("publish_info: 1:20", "publish_info", "1:20"),
        ("publish_info: 1e3", "publish_info", "1e3"),
        ("publish_info: 1_000", "publish_info", "1_000"),
        ("publish_info: 2020-01-02", "publish_info", "2020-01-02"),
        ("publish_info: true", "publish_info", "true"),
        ("publish_info: .5", "publish_info", ".5"),
        ("publish_info: 'null'", "publish_info", "null"),
        ("publish_info: null", "publish_info", ""),
        ("publish_info: ~", "publish_info", ""),
        ("publish_info:", "publish_info", ""),
        ("publish_info: |\n    two\n    lines", "publish_info", "two\nlines"),
        ("bkg_color: 000000", "bkg_color", Color("rgb", (0, 0, 0))),
        ("bkg_color: 0xff0080", "bkg_color", Color("rgb", (255, 0, 128))),
        ("bkg_color: [1, 2, 3]", "bkg_color", Color("rgb", (1, 2, 3))),
        ("bkg_color: 1,2,3", "bkg_color", Color("rgb", (1, 2, 3))),
        ("bkg_color: 100000", "bkg_color", Color("rgb", (16, 0, 0))),
        ("expiration: 1e3", "expiration", 1000.0),
        ("expiration: 0010", "expiration", 10.0),
        ("expiration: -1", "expiration", -1.0),
        ("versioned_expiration: null", "versioned_expiration", None),
        ("default_pix: [10, 20]", "default_pix", Size(10, 20)),
        ("default_pix: '10,20'", "default_pix", Size(10, 20)),
        ("default_pix: 10,20", "default_pix", Size(10, 20)),
        ("default_pix: [0, 0]", "default_pix", Size(0, 0)),
        ("jpeg_quality: 70", "jpeg_quality", Quality(70)),
        ("jpeg_quality: [70, 1]", "jpeg_quality", Quality(70, full_chroma=True)),
        ("full_match: 1", "full_match", True),
        ("full_match: true", "full_match", True),
        ("full_match: True", "full_match", True),
        ("full_match: 0", "full_match", False),
        ("thumb_type: 1", "thumb_type", "crop"),
        ("thumb_type: 2", "thumb_type", "fit"),
        ("thumb_type: 3", "thumb_type", "texture"),
        ("thumb_type: Crop", "thumb_type", "crop"),
        ("res_mode: 4", "res_mode", "sharp2"),
        ("res_mode: 2", "res_mode", "bilin"),
        ("res_mode: bicub", "res_mode", "bicub"),
        ("icc_render_intent: relative", "icc_render_intent", "relative"),
        ("icc_render_intent: 0", "icc_render_intent", "perceptual"),
        ("thumb_horiz_align: 1", "thumb_horiz_align", -1),
        ("thumb_vert_align: bottom", "thumb_vert_align", 1),
        ("default_fit: [constrain, 0]", "default_fit", Fit("constrain")),
        ("missing_image_status: 404", "missing_image_status", 404),
    ],
)
def test_attribute(folder: Path, text: str, name: str, value: object) -> None:
    assert getattr(one(folder, f"attributes:\n  {text}").attributes, name) == value


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("user_data: {color: red, sku: 0123, on: NO, none: null}", "user_data", "color=red\nsku=0123\non=NO\nnone="),
        ("user_data: 'color=red??sku=0123'", "user_data", "color=red\nsku=0123"),
        ("user_data: {list: [a, b]}", "user_data", "list=a,b"),
        ("user_data: null", "user_data", ""),
        ("targets: [{rect: [1, 2, 3, 4], label: Laces}]", "targets", "Target.1.rect=1,2,3,4\nTarget.1.label=Laces"),
        (
            "targets: [{rect: [1, 2, 3, 4]}, {rect: '5,6,7,8', frame: 1, user_data: x}]",
            "targets",
            "Target.1.rect=1,2,3,4\nTarget.2.rect=5,6,7,8\nTarget.2.frame=1\nTarget.2.userData=x",
        ),
        ("targets: 'Target.1.rect=1,2,3,4??Target.1.label=x'", "targets", "Target.1.rect=1,2,3,4\nTarget.1.label=x"),
        (
            "crops: {square: [80, 0, 480, 480], w: '0,1,2,3'}",
            "crops",
            (("square", Rect(80, 0, 480, 480)), ("w", Rect(0, 1, 2, 3))),
        ),
        ("crops: {}", "crops", ()),
        ("anchor: [320, 240]", "anchor", Point(320, 240)),
        ("anchor: -1,5", "anchor", Point(-1, 5)),
        ("resolution: 72", "resolution", 72.0),
        ("expiration: -2", "expiration", None),  # the catalog's value
        ("expiration: null", "expiration", None),
        ("expiration: 0", "expiration", 0.0),
        ("asset_type: spinset", "asset_type", "spinset"),
        ("thumb_type: 1", "thumb_type", "crop"),
        ("tags: [a, b]", "tags", "a,b"),
        ('map: \'<area shape="rect" coords="1,2,3,4">\'', "map", '<area shape="rect" coords="1,2,3,4">'),
        ("modifier: op_usm=1.2,1,4", "modifier", "op_usm=1.2,1,4"),
    ],
)
def test_field(folder: Path, text: str, name: str, value: object) -> None:
    assert getattr(record(folder, text), name) == value


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1577934245000", 1577934245),
        ("1577934245500", 1577934245.5),
        ("'2020-01-02T03:04:05Z'", 1577934245),
        ("2020-01-02T03:04:05Z", 1577934245),
        ("2020-01-02T04:04:05+01:00", 1577934245),
        ("2020-01-02", 1577923200),
        ("2020-01-02 03:04:05", 1577934245),
        ("'01/02/2020 03:04:05 GMT'", 1577934245),
        ("'1/2/2020 3:04:05 GMT'", 1577934245),
        ("'01/02/2020 05:04:05 GMT+2'", 1577934245),
        ("'01/02/2020 05:34:05 GMT+02:30'", 1577934245),
        ("'01/01/2020 19:04:05 PST'", 1577934245),
        ("'01/01/2020 22:04:05 EST'", 1577934245),
        ("0", 0),
    ],
)
def test_time_stamp(folder: Path, text: str, seconds: float) -> None:
    assert record(folder, f"time_stamp: {text}").time_stamp == seconds


@pytest.mark.parametrize(
    "text", ["soon", "2020-13-01", "'13/01/2020 00:00:00 GMT'", "'01/02/2020'", "-5", "'01/02/2020 03:04:05 XYZ'", "''"]
)
def test_time_stamp_that_is_none(folder: Path, text: str) -> None:
    (problem,) = problems(folder, f"images:\n  r: {{path: a.png, time_stamp: {text}}}")
    assert "images.r.time_stamp: expected a date" in problem


@pytest.mark.parametrize(
    ("text", "place", "parts"),
    [
        ("imags: {}", "1:8", ["unknown key 'imags'", "did you mean 'images'?"]),
        ("nonsense: 1", "1:11", ["unknown key 'nonsense'", "expected one of attributes, include, images"]),
        ("attributes:\n  expiraton: 3", "2:14", ["attributes", "'expiraton'", "did you mean 'expiration'?"]),
        ("images:\n  r:\n    path: a.png\n    colour: red", "4:13", ["images.r", "unknown key 'colour'"]),
        ("attributes:\n  expiration: soon", "2:15", ["attributes.expiration", "'soon'", "expected"]),
        ("attributes: {expiration: -3}", "1:26", ["attributes.expiration", "'-3'"]),
        ("attributes: {expiration: -2}", "1:26", ["attributes.expiration"]),  # only a record has a default to take
        ("attributes: {expiration: {a: 1}}", "1:26", ["attributes.expiration", "expected"]),
        ("attributes: {default_pix: 400}", "1:27", ["attributes.default_pix", "width,height"]),
        ("attributes: {default_pix: [1, 2, 3]}", "1:27", ["attributes.default_pix"]),
        ("attributes: {full_match: maybe}", "1:26", ["attributes.full_match", "one of 0, 1"]),
        ("attributes: {thumb_type: 4}", "1:26", ["attributes.thumb_type", "one of crop, fit, texture"]),
        ("attributes: {bkg_color: blue}", "1:25", ["attributes.bkg_color", "expected a colour", "'blue'"]),
        ("attributes: {missing_image_status: 500}", "1:36", ["one of 403, 404"]),
        ("attributes: [1]", "1:13", ["attributes: expected a mapping"]),
        ("images: [a]", "1:9", ["images: expected a mapping"]),
        ("images: {r: a.png}", "1:13", ["images.r: expected a mapping"]),
        ("images: {r: {crops: [1]}}", "1:21", ["images.r.crops", "mapping of crop names"]),
        ("images: {r: {crops: {x: [0, 0, 0, 1]}}}", "1:21", ["images.r.crops"]),
        ("images: {r: {targets: [{label: x}]}}", "1:23", ["images.r.targets", "rect required"]),
        ("images: {r: {targets: [{rect: [1, 1, 1, 1], colour: x}]}}", "1:23", ["images.r.targets"]),
        ("images: {r: {user_data: {a: {b: c}}}}", "1:25", ["images.r.user_data"]),
        ("images: {r: {path: {a: b}}}", "1:20", ["images.r.path"]),
        ("images: {r: {path: gone.png}}", "1:13", ["images.r.path: no such file 'gone.png'"]),
        ("images: {r: {path: a.png, mask_path: gone.png}}", "1:13", ["images.r.mask_path: no such file 'gone.png'"]),
        ("images: {r: {path: deep}}", "1:13", ["images.r.path: no such file 'deep'"]),
        ("images: {r: {modifier: wid=x}}", "1:24", ["images.r.modifier: wid=x: expected an integer of 1 or more"]),
        ("macros: {m: op_blur=101}", "1:13", ["macros.m: op_blur=101: expected a number from 0 to 100"]),
        ("macros: {'m m': wid=1}", "1:17", ["macros.m m: expected a name"]),
        ("macros: {m: [1]}", "1:13", ["macros.m: expected"]),
        ("images:\n  r: {path: a.png}\n  r: {path: b.png}", "3:3", ["'r' stands here twice"]),
        ("attributes: {expiration: 1, expiration: 2}", "1:29", ["'expiration' stands here twice"]),
        ("images: {}\nimages: {}", "2:1", ["'images' stands here twice"]),
        ("include: [gone.yaml]", "1:11", ["include: no such file 'gone.yaml'"]),
        ("include: [/etc/passwd]", "1:11", ["include: no such file"]),
    ],
)
def test_problem_is_told_where_it_stands(folder: Path, text: str, place: str, parts: list[str]) -> None:
    (problem,) = problems(folder, text)
    assert problem.startswith(f"{place}: "), problem
    for part in parts:
        assert part in problem


@pytest.mark.parametrize("text", ["macros: {m: wid=$w$}", "macros: {m: '$other$&wid=1'}", "macros: {m: unknown=x}"])
def test_what_may_be_right_in_a_request_is_no_problem(folder: Path, text: str) -> None:
    assert problems(folder, text) == []


def test_duplicate_keeps_the_first(folder: Path) -> None:
    state = write(folder, {"Co/catalog.yaml": "images:\n  r: {path: a.png}\n  r: {path: b.png}"})
    found = state.catalogs.named["Co"].record("r")
    assert found
    assert found.path == "a.png"


def test_bad_record_keeps_the_others(folder: Path) -> None:
    text = (
        "images:\n  a: {path: a.png}\n  b: {path: [[x]], nonsense: 1, expiration: never}\n  c: {path: b.png}\n  d: 7\n"
    )
    state = write(folder, {"Co/catalog.yaml": text, "Other/catalog.yaml": "images: ["})
    assert len(state.problems) == 5
    catalog = state.catalogs.named["Co"]
    assert [catalog.images[name].path for name in ("a", "c")] == ["a.png", "b.png"]


def test_bad_catalog_keeps_the_others(folder: Path) -> None:
    state = write(folder, {"Co/catalog.yaml": "images: {a: {path: a.png}}", "Other/catalog.yaml": "a: b: c"})
    assert [str(problem).split(":")[0] for problem in state.problems] == ["catalogs/Other/catalog.yaml"]
    assert list(state.catalogs.named) == ["Co"]


def test_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such folder"):
        load(tmp_path / "nowhere")


def test_empty_folder_is_none(tmp_path: Path) -> None:
    assert load(tmp_path).problems == ()


def test_root_id_is_the_name_of_the_folder_unless_it_is_given(folder: Path) -> None:
    state = write(folder, {"Co/catalog.yaml": "", "x/catalog.yaml": "attributes: {root_id: Other/Co}"})
    assert set(state.catalogs.named) == {"Co", "Other/Co"}


def test_two_catalogs_of_one_root_id(folder: Path) -> None:
    files = {"Co/catalog.yaml": "images: {a: {path: a.png}}", "x/catalog.yaml": "attributes: {root_id: Co}"}
    state = write(folder, files)
    assert len(state.problems) == 1
    assert str(state.problems[0]).startswith("catalogs/x/catalog.yaml:")
    assert "'Co'" in state.problems[0].message
    assert state.catalogs.named["Co"].record("a")


def test_included_files(folder: Path) -> None:
    files = {
        "Co/catalog.yaml": "images: {r: {path: a.png}, s: {path: a.png}}\nmacros: {m: wid=1}\n"
        "include: [one.yaml, 'more/*.yaml']",
        "Co/one.yaml": "images: {r: {path: b.png}, t: {path: b.png}}",
        "Co/more/2.yaml": "images: {t: {path: a.png, expiration: 2}}\nmacros: {M: wid=2}",
        "Co/more/1.yaml": "images: {t: {path: a.png, expiration: 1}}",
    }
    state = write(folder, files)
    assert not state.problems
    catalog = state.catalogs.named["Co"]
    assert list(catalog.record_ids()) == ["r", "s", "t"]
    assert catalog.images["r"].path == "b.png"  # a later file wins
    assert catalog.images["s"].path == "a.png"
    assert catalog.images["t"].expiration == 2  # globs in the order of their names
    assert catalog.macro("m") == "wid=2"


def test_glob_may_find_nothing(folder: Path) -> None:
    assert problems(folder, "include: 'more/*.yaml'") == []


def test_included_file_has_no_attributes(folder: Path) -> None:
    state = write(folder, {"Co/catalog.yaml": "include: [x.yaml]", "Co/x.yaml": "attributes: {expiration: 1}"})
    (problem,) = state.problems
    assert str(problem).startswith("catalogs/Co/x.yaml:1:")
    assert "attributes" in problem.message
