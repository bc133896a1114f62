"""`imageserver import` and `export`: a catalog made by hand in Adobe's formats goes over, is served, and comes back.

References: c-file-formats and the pages of all attributes and fields.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from commanding import run
from pictures import RED, disc
from serving import Client, serving
from sites import plain

from imageserver.catalog.attributes import Attributes
from imageserver.catalog.catalogs import Catalog
from imageserver.catalog.extras import Font
from imageserver.catalog.loading import load
from imageserver.catalog.records import ContentRecord, Record
from imageserver.commands.delivery import Quality
from imageserver.protocol.color import Color
from imageserver.protocol.values import Point, Rect, Size
from imageserver.render.built_in_profiles import built_in_bytes

ADOBE = Path(__file__).parent / "adobe"
QUIET = {"IMAGESERVER_SERVER__ACCESS_LOG": ""}
NOTES = """\
adobe/default.ini:19: DigimarcId: note: kept as text, but not supported
adobe/default.ini:20: DigimarcInfo: note: kept as text, but not supported
adobe/default.ini:56: TrustedDomains: note: kept as text, but not supported
"""


def make_site(folder: Path) -> Path:
    """Copy the catalogs, and make all files that they name."""
    shutil.copytree(ADOBE, folder / "adobe")
    pictures = folder / "adobe" / "pictures"
    for name in ("shoe.png", "shoe-de.png", "sub/hat.png"):
        plain(pictures / name, RED)
    disc(40, 30).save(pictures / "shoe-mask.png")
    files = [f"fonts/{name}.ttf" for name in ("hand", "hand-bold", "hand-bold-italic", "m")]
    for name in (*files, "logo.svg"):
        (pictures / name).parent.mkdir(exist_ok=True)
        (pictures / name).write_bytes(b"x")
    (pictures / "profiles").mkdir()
    for name, profile in (("screen", "DisplayP3"), ("press", "Cmyk")):
        (pictures / "profiles" / f"{name}.icc").write_bytes(built_in_bytes(profile))
    (folder / "adobe" / "statics").mkdir()
    return folder


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the catalogs have been imported; it is not to be changed."""
    folder = make_site(tmp_path_factory.mktemp("adobe"))
    done = run(folder, "import", "adobe")
    assert (done.returncode, done.stdout) == (0, NOTES)
    assert done.stderr == "3 catalogs, 72 records written to catalogs; 0 left out, 3 notes\n"
    return folder


@pytest.fixture(scope="module")
def fashion(imported: Path) -> Catalog:
    return catalogs(imported)["Fashion"]


def catalogs(folder: Path, name: str = "catalogs") -> dict[str, Catalog]:
    """Load all catalogs, which have nothing wrong with them."""
    state = load(folder / name)
    assert not state.problems, [str(problem) for problem in state.problems]
    return {"default": state.catalogs.default, **state.catalogs.named}


def content_of(catalog: Catalog) -> dict[str, Any]:
    """Give all of a catalog that does not depend on when its files were written."""
    mappings = {name: dict(getattr(catalog, name)) for name in ("images", "content", "svg", "macros")}
    attributes, root = catalog.attributes, catalog.root.resolve()
    return {"name": catalog.name, "root": root, "attributes": attributes, "extras": catalog.extras, **mappings}


def test_files_of_the_catalogs(imported: Path) -> None:
    folder = imported / "catalogs"
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert files == ["Fashion/catalog.yaml", "Möbel/catalog.yaml", "Möbel/images.yaml", "default.yaml"]
    assert (folder / "default.yaml").stat().st_mode & 0o777 == 0o666 & ~umask()


def umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_check_finds_nothing_wrong(imported: Path) -> None:
    assert (run(imported, "check").returncode, run(imported, "check").stdout) == (0, "")


DEFAULT_ATTRIBUTES: Mapping[str, object] = {
    "root_id": "",
    "root_path": "",
    "allow_direct_access": "exclude:FXG",
    "bkg_color": Color("rgb", (0xF0, 0xF0, 0xFF)),
    "cache_validation_policy": 1,
    "default_ext": ".png",
    "default_pix": Size(300, 200),
    "default_thumb_pix": Size(64, 64),
    "digimarc_id": "404407,32,,,4",
    "expiration": 24.0,
    "icc_profile_rgb": "DisplayP3",
    "icc_profile_gray": "",
    "icc_render_intent": "relative",
    "icc_black_point_compensation": True,
    "jpeg_quality": Quality(90, full_chroma=True),
    "non_img_expiration": 0.25,
    "publish_info": "It's the default",
    "resolution": 150.5,
    "res_mode": "bicub",
    "thumb_horiz_align": 0,
    "thumb_vert_align": -1,
    "thumb_type": "fit",
    "trusted_domains": "example.com,example.org",
    "bfc": False,
}


@pytest.mark.parametrize(("name", "value"), DEFAULT_ATTRIBUTES.items())
def test_attributes_of_the_default_catalog(imported: Path, name: str, value: object) -> None:
    assert getattr(catalogs(imported)["default"].attributes, name) == value


def test_attributes_of_a_catalog(imported: Path, fashion: Catalog) -> None:
    default = catalogs(imported)["default"].attributes
    assert fashion.attributes == replace(
        default,
        root_id="Fashion",
        root_path="../../adobe/pictures",
        static_content_root_path="../../adobe/statics",
        expiration=12.5,
        time_stamp=1_700_000_000.0,
        publish_info='Frühjahr "Ω"\nsecond line',
        default_locale="de_DE",
        locale_map="de_DE,_DE,|fr_FR,_FR,|,",
        locale_str_map="de_DE,de|fr_FR,fr|,",
        thumb_type="crop",
        thumb_res=72.0,
        watermark="",
        default_image="missing",
        default_image_mode=1,
        bkg_color=Color("rgb", (255, 255, 255)),
    )


RECORDS = {
    "shoe": Record(
        path="shoe.png",
        mask_path="shoe-mask.png",
        modifier="op_blur=1",
        post_modifier="qlt=80",
        expiration=0.5,
        time_stamp=1_704_092_399.0,
        anchor=Point(20, 15),
        resolution=72.5,
        print_resolution=300,
        size=Size(40, 30),
        thumb_res=18.0,
        thumb_type="texture",
        map='<AREA SHAPE="rect" COORDS="0,0,20,15" HREF="/left">',
        targets=(
            "Target.1.rect=1,2,3,4\nTarget.1.label=^loc=de^Schnürsenkel^loc=fr^Lacets^loc^laces\n"
            "Target.2.frame=1\nTarget.2.rect=5,6,7,8\nTarget.2.userData=sku 1"
        ),
        user_data="color=red\nsku=0815\ntitle=^loc=de^Schuh^loc^Shoe",
        user_type="product",
        crops=(("square", Rect(5, 0, 30, 30)), ("left half", Rect(0, 0, 20, 30))),
    ),
    "shoe_DE": Record(path="shoe-de", user_data="only text"),
    "shop/hat ": Record(path="sub/hat.png", expiration=-1.0, user_data='a=1\nb=two ?\nc=with "marks"'),
    "spin": Record(image_set="Fashion/shoe;Fashion/shoe_DE", asset_type="spinset", user_type="set"),
    "template": Record(
        modifier="layer=0&size=40,30&color=ffffff&layer=1&src=$object$&size=20,15&$object=Fashion/shoe&$small$"
    ),
    "shoe2": Record(path="shoe.png", user_data="new=1"),
    "0815": Record(path="shoe.png"),
    "NO": Record(path="shoe.png", modifier="   "),
    "colon: #hash": Record(path="shoe.png"),
}


def test_records(fashion: Catalog) -> None:
    assert dict(fashion.images) == RECORDS


def test_static_content_and_svg(fashion: Catalog) -> None:
    film = ContentRecord(
        path="film.mp4",
        expiration=48.0,
        time_stamp=1_577_963_045.0,
        user_type="video",
        user_data="length=90\ntitle=Läufer",
        video_bit_rate=800_000,
        audio_bit_rate=64_000,
        total_stream_bit_rate=864_000,
        video_size=Size(512, 288),
    )
    assert dict(fashion.content) == {"film": film, "shoe": ContentRecord(path="shoe.pdf")}
    assert dict(fashion.svg) == {"logo": ContentRecord("logo.svg", 3.0, 1_600_000_000.0)}


def test_macros_fonts_and_profiles(imported: Path, fashion: Catalog) -> None:
    assert dict(fashion.macros) == {"zoom": "scl=2&qlt=95,1", "title-1.a_b": '$name="x"&$zoom$'}
    assert dict(catalogs(imported)["default"].macros) == {"small": "wid=10&hei=10", "tiny": "$small$&qlt=50"}
    pictures = "../../adobe/pictures"
    assert fashion.extras.fonts == (
        Font("Handwriting", f"{pictures}/fonts/hand.ttf"),
        Font("Handwriting", f"{pictures}/fonts/hand-bold.ttf", bold=True),
        Font("Handwriting", f"{pictures}/fonts/hand-bold-italic.ttf", bold=True, italic=True),
        Font("Müller", f"{pictures}/fonts/m.ttf"),
    )
    assert fashion.extras.profiles == (
        ("Screen", f"{pictures}/profiles/screen.icc"),
        ("Press", f"{pictures}/profiles/press.icc"),
    )


def test_rules(fashion: Catalog) -> None:
    (high, named, quiet, refused), overridden = zip(*fashion.extras.rules, strict=True)
    assert (high.name, high.on_match, high.replace, high.request_type) == (
        "high quality",
        "continue",
        "all",
        ("is", "static"),
    )
    assert (high.expression, high.substitution) == ("(?i)_hg$", r"\?&qlt=95,1&resmode=bicub")
    assert (named.on_match, named.replace) == ("break", "first")
    assert named.substitution == "$2Template?src=sample/$1&text=<ü>"
    assert quiet.address_filter == "192.168.0.0/16,10.0.0.1"
    assert quiet.headers == (("Edge-Control", "set", "$Edge-Control$"), ("X-Seen", "add", "a & b"))
    assert (refused.on_match, refused.expression) == ("error", "forbidden")
    assert [len(one) for one in overridden] == [0, 0, 9, 0]
    assert dict(overridden[2])["max_pix"] == Size(500, 400)
    assert dict(overridden[2])["watermark"] == ""


@pytest.fixture(scope="module")
def client(imported: Path) -> Any:  # noqa: ANN401, a generator of one client
    with serving(imported, environment=QUIET) as client:
        yield client


@pytest.mark.parametrize(
    ("url", "size"),
    [
        ("Fashion/shoe?scl=1&fmt=png", (40, 30)),
        ("Fashion/shoe:square?scl=1&locale=others", (30, 30)),
        ("Fashion/shop/hat%20?wid=20&hei=15", (20, 15)),
        ("Fashion/template", (10, 10)),  # $small$ of the default catalog
        ("Fashion/shoe?$zoom$", (20, 15)),
        ("Fashion/NO?scl=2", (20, 15)),
        (quote("Möbel/Stück-042") + "?wid=8", (8, 6)),
    ],
)
def test_it_is_served(client: Client, url: str, size: tuple[int, int]) -> None:
    reply = client.ask(f"/is/image/{url}")
    assert reply.status == 200, reply.text
    assert reply.image.size == size


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("Fashion/shoe?req=userdata&locale=others", "color=red\r\nsku=0815\r\n"),
        ("Fashion/shoe?req=targets&locale=others", "Target.2.rect=5,6,7,8"),
        ("Fashion/shoe?req=map&locale=others", 'HREF="/left"'),
        ("Fashion/shoe?req=userdata", "only text"),  # attribute::DefaultLocale leads to shoe_DE
        ("Fashion/spin?req=imageset", "Fashion/shoe;Fashion/shoe_DE"),
        (quote("Möbel/Stück-007") + "?req=userdata&fmt=text,utf-8", "7"),
    ],
)
def test_its_data_are_served(client: Client, url: str, part: str) -> None:
    reply = client.ask(f"/is/image/{url}")
    assert reply.status == 200, reply.text
    assert part.replace("\r\n", "") in reply.text.replace("\r\n", "").replace("\n", "")


@pytest.mark.parametrize(
    ("encoding", "lost"),
    [("auto", []), ("utf-8", []), ("latin-1", ["PublishInfo"])],  # there is no Ω in ISO-8859-1
)
def test_what_is_exported_imports_as_the_same(imported: Path, tmp_path: Path, encoding: str, lost: list[str]) -> None:
    site = tmp_path / "site"
    shutil.copytree(imported, site)
    before = catalogs(site)
    done = run(site, "export", "--to", "back", "--encoding", encoding)
    assert done.returncode == bool(lost), done.stderr
    assert [line.split(": ")[1] for line in done.stdout.splitlines() if ": left out:" in line] == lost
    assert run(site, "import", "back").returncode == 2
    again = run(site, "import", "back", "--force", "--encoding", encoding)
    assert again.returncode == 0, again.stdout
    after = catalogs(site)
    assert list(after) == list(before)
    for name, catalog in before.items():
        expected = content_of(catalog)
        if lost and name == "Fashion":
            expected["attributes"] = replace(catalog.attributes, publish_info="It's the default")
        assert content_of(after[name]) == expected


def test_catalogs_of_the_tests_come_back(site: Path) -> None:
    """The catalog that all tests share has everything that people write in YAML."""
    before = content_of(load(site / "catalogs").catalogs.named["Co"])
    assert len(before["images"]) > 20
    done = run(site, "export", "Co", "--to", "back")
    assert done.returncode == 0, done.stdout
    again = run(site, "import", "back", "--force")
    assert again.returncode == 0, again.stdout
    assert content_of(load(site / "catalogs").catalogs.named["Co"]) == before


def test_the_default_catalog_is_exported_in_full(tmp_path: Path) -> None:
    (tmp_path / "catalogs").mkdir()
    (tmp_path / "catalogs" / "default.yaml").write_text("attributes: {expiration: 3}\n")
    assert run(tmp_path, "export", "default", "--to", "back").returncode == 0
    text = (tmp_path / "back" / "default.ini").read_text()
    assert "Expiration=3\n" in text
    assert "DefaultPix=400,400\n" in text
    assert "ResMode=4\n" in text
    assert run(tmp_path, "import", "back", "--to", "other").returncode == 0
    assert load(tmp_path / "other").catalogs.default.attributes == replace(Attributes(), expiration=3.0)
