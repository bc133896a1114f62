"""Sets over a real socket: every row of set_replies.yaml; what clients take apart; limits, versions, `check`.

A row has a `url`, all of the `body`, a `status` unless it is 200, and a `type` unless it is JSON or XML. In a body
`@name@` stands for what `iv` is of that record: the first six characters of its `image.version`.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from commanding import run
from pictures import BLUE, GREEN, RED
from serving import Client, serving
from sites import QUIET, eventually, plain, version

from imageserver.catalog.loading import load
from imageserver.catalog.members import KINDS, kind_of, known_set, references

HERE = Path(__file__).parent
ROWS: list[dict[str, Any]] = yaml.safe_load((HERE / "set_replies.yaml").read_text())
DEFAULT = """
attributes: {root_id: Spare, root_path: ../Set/images, default_image: c}
images: {a: {path: a.png}, c: {path: c.png}, set: {image_set: "a;a,nothing;none"}, only: {image_set: "nothing"}}
"""
Json = dict[str, Any]


def write(folder: Path) -> Path:
    catalog = folder / "catalogs" / "Set"
    for name, color, size in (
        ("a", RED, (40, 30)),
        ("b", BLUE, (60, 20)),
        ("c", GREEN, (20, 50)),
        ("d", (9, 9, 9), (30, 30)),
    ):
        plain(catalog / "images" / f"{name}.png", color, size)
    (catalog / "images" / "torn.png").write_bytes(b"no image")
    (catalog / "static").mkdir()
    (catalog / "static" / "clip.mp4").write_bytes(b"moving")
    shutil.copy(HERE / "sets" / "catalog.yaml", catalog)
    spare = folder / "catalogs" / "Spare"
    spare.mkdir()
    (spare / "catalog.yaml").write_text(DEFAULT)
    return folder


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = write(tmp_path_factory.mktemp("sets"))
    limits = {"IMAGESERVER_LIMITS__SET_PAGES": "2", "IMAGESERVER_LIMITS__SET_ITEMS": "40"}
    with serving(folder, environment={**QUIET, **limits}) as client:
        yield client


@pytest.fixture
def changing(tmp_path: Path) -> Iterator[Client]:
    with serving(write(tmp_path), environment=QUIET) as client:
        yield client


def filled(client: Client, body: str) -> str:
    return re.sub(r"@([\w.:%/-]+)@", lambda match: version(client, match[1])[:6], body)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["url"])
def test_reply(client: Client, row: dict[str, Any]) -> None:
    reply = client.ask(f"/is/image/{row['url']}")
    assert reply.text == filled(client, row["body"])
    assert reply.status == row.get("status", 200)
    kind = row.get("type", "text/javascript" if row["body"].startswith("/*jsonp*/") else "text/xml")
    assert reply.headers["Content-Type"] == f"{kind}; charset=utf-8"


def data(client: Client, url: str) -> Json:
    """Take a reply apart as the front end of AEM does."""
    reply = client.ask(f"/is/image/{url}")
    assert reply.status == 200, reply.text
    match = re.search(
        r'^(?:/\*jsonp\*/)?\s*([^()]+)\(([\s\S]+),\s*"[0-9]*"\);?$', reply.text, re.MULTILINE | re.IGNORECASE
    )
    assert match, reply.text
    found: Json = json.loads(match[2])
    return found


def test_the_front_end_of_aem_finds_the_crops(client: Client) -> None:
    relations = data(client, "Set/d?req=set,json")["set"]["relation"]
    widths = {int(float(one["userdata"]["SmartCropWidth"])): one["userdata"]["SmartCropDef"] for one in relations}
    assert widths == {15: "Left", 10: "Swatch"}
    assert "relation" not in data(client, "Set/a?req=set,json")["set"]


def test_clients_that_cut_the_text_find_the_names(client: Client) -> None:
    text = client.ask("/is/image/Set?req=set,json&imageSet={c;d,d;c}&handler=s7Res&id=imgSet").text
    assert json.loads(text.split("s7Res(")[1].split(',"imgSet");')[0])["set"]["item"][0]["i"]["n"] == "Set/c"
    assert [part.split('"')[0] for part in text.split('{"i":{"n":"')[1:]] == ["Set/c", "Set/d"]
    assert re.findall(r's":{"n":[^>]*?"(.*?)"},', text) == ["Set/d", "Set/c"]
    assert re.findall("{.*}", text) == [text[text.index("{") : text.rindex("}") + 1]]
    block = re.search(r"\[([\w\W]*?)\]", text)
    assert block
    assert re.findall(r'"i":\{(?:"mod":"crop[\w\W]*?)?"n":"([^"]*)"\}', block[1], re.IGNORECASE) == ["Set/c", "Set/d"]


def test_clients_that_ask_for_a_record_by_image_set_find_its_name(client: Client) -> None:
    text = client.ask("/is/image/Set?req=set,json&imageSet=one").text
    assert re.findall('"img_set","n":"(.*)","item', text) == ["Set/one"]
    found = json.loads(text.replace("/*jsonp*/", "").replace("s7jsonResponse(", "").replace(',"");', ""))
    assert found["set"]["item"]["i"]["n"] == "Set/a"


def test_a_zoom_viewer_of_an_older_kind_finds_its_way_to_a_picture(client: Client) -> None:
    text = client.ask("/is/image/Set/c?req=fvctx,xml,UTF-8,4&scl=1&fmt=swf&labelKey=label").text
    wanted = [
        re.search(pattern, text) for pattern in ('<fset [^>]*iv="(.*?)"', '<fset [^>]*dx="(.*?)"', '<i [^>]*n="(.*?)"')
    ]
    identity, width, name = (match[1] if match else "" for match in wanted)
    reply = client.ask(f"/is/image/{name}?scl={int(width) / 10}&id={identity}&fmt=png")
    assert reply.image.size == (10, 25)
    assert "immutable" in reply.headers["Cache-Control"]


def test_every_name_can_be_asked_for(client: Client) -> None:
    for one in data(client, "Set/mixed?req=ctx,json")["ctx"]["i"]:
        assert client.ask(f"/is/image/{one['n']}?wid=5&id={one['iv']}").headers["Cache-Control"].endswith("immutable")


def test_a_set_is_kept_as_long_as_what_is_no_image(client: Client) -> None:
    reply = client.ask("/is/image/Set/swatches?req=set,json")
    assert reply.headers["Cache-Control"] == "public, max-age=360"
    tag = {"If-None-Match": reply.headers["ETag"]}
    assert client.ask("/is/image/Set/swatches?req=set,json", headers=tag).status == 304
    assert client.ask("/is/image/Set/swatches?req=set,json&id=7").headers["Cache-Control"] == "public, max-age=360"


def test_another_encoding_is_another_spelling_of_the_same(client: Client) -> None:
    for encoding in ("UTF-16", "UTF-16LE", "UTF-16BE", "ISO-8859-1"):
        reply = client.ask(f"/is/image/Set/c?req=set,xml,{encoding}")
        assert f'encoding="{encoding}"' in reply.body.decode(encoding)
        assert reply.headers["Content-Type"] == f"text/xml; charset={encoding.lower()}"


def versions(client: Client, url: str) -> list[str]:
    found = data(client, url)["set"]["item"]
    return [one["iv"] for one in found]


def test_a_version_follows_its_own_picture(changing: Client) -> None:
    url = "Set/spin?req=set,json"
    before, tag = versions(changing, url), changing.ask(f"/is/image/{url}").headers["ETag"]
    plain(changing.folder / "catalogs/Set/images/b.png", RED, (60, 20))
    after = versions(changing, url)
    assert [one == other for one, other in zip(before, after, strict=True)] == [True, False, True]
    assert changing.ask(f"/is/image/{url}").headers["ETag"] != tag
    plain(changing.folder / "catalogs/Set/images/b.png", BLUE, (60, 20))
    assert versions(changing, url) == before


def test_an_edit_of_a_set_or_of_a_member_is_seen(changing: Client) -> None:
    path = changing.folder / "catalogs/Set/catalog.yaml"
    text = path.read_text()
    path.write_text(text.replace('spin: {path: a.png, image_set: "a,b,c"', 'spin: {path: a.png, image_set: "c,a"'))
    eventually(lambda: data(changing, "Set/spin?req=set,json")["set"]["item"][0]["i"]["n"], "Set/c")
    before = version(changing, "Set/spin", "metadata.version")
    path.write_text(text.replace("title: First", "title: Another"))
    eventually(lambda: data(changing, "Set/a?req=set,json")["set"]["item"]["userdata"]["title"], "Another")
    assert version(changing, "Set/spin", "metadata.version") != before


def test_a_file_that_comes_or_goes_is_seen_though_no_record_names_it(changing: Client) -> None:
    pictures, url = changing.folder / "catalogs/Set/images", "Set?req=set,json&imageSet={a,late.png}&defaultImage="
    assert list(data(changing, url)["set"]["item"]["i"].values()) == ["Set/a"]
    plain(pictures / "late.png", BLUE)
    assert len(data(changing, url)["set"]["item"]) == 2
    assert data(changing, "Set/clip.mp4?req=set,json")["set"]["type"] == "video"
    (changing.folder / "catalogs/Set/static/clip.mp4").unlink()
    assert changing.ask("/is/image/Set/clip.mp4?req=set,json").status == 403


def test_a_picture_of_a_set_that_goes_is_missed(changing: Client) -> None:
    for _ in range(2):
        data(changing, "Set/mixed?req=set,json")
    (changing.folder / "catalogs/Set/images/a.png").unlink()
    assert "'Set/a' not found" in changing.ask("/is/image/Set/mixed?req=set,json").text


def test_a_set_with_a_wrong_text_keeps_the_one_it_had(changing: Client) -> None:
    path = changing.folder / "catalogs/Set/catalog.yaml"
    path.write_text(path.read_text().replace('list: {image_set: "a,b"}', 'list: {image_set: "a,{b"}'))
    eventually(lambda: "images.list.image_set" in changing.ask("/health").text, True)
    assert len(data(changing, "Set/list?req=set,json")["set"]["item"]) == 2


def check(folder: Path) -> tuple[int, list[str]]:
    done = run(folder, "check")
    return done.returncode, done.stdout.splitlines()


def test_check_tells_of_ids_that_nothing_answers_to(tmp_path: Path) -> None:
    code, lines = check(write(tmp_path))
    told = [line.partition(": ")[2] for line in lines]
    assert code == 1
    assert told == [
        "images.gap.image_set: nothing is called 'nothing', at character 3",
        "images.gaps.image_set: nothing is called 'nothing', at character 1",
        "images.set.image_set: nothing is called 'nothing', at character 5",
        "images.set.image_set: nothing is called 'none', at character 13",
        "images.only.image_set: nothing is called 'nothing', at character 1",
    ]
    number = (HERE / "sets" / "catalog.yaml").read_text().splitlines().index('  gap: {image_set: "a,nothing,b"}') + 1
    assert lines[0].startswith(f"catalogs/Set/catalog.yaml:{number}:8: ")


def test_check_takes_ids_that_are_there_in_one_locale_only(tmp_path: Path) -> None:
    plain(tmp_path / "catalogs/Co/a.png", RED)
    (tmp_path / "catalogs/Co/catalog.yaml").write_text(
        'attributes: {locale_map: "de,_D,|,"}\nimages: {a_D: {path: a.png}, s: {image_set: "a,b"}}\n'
    )
    code, lines = check(tmp_path)
    assert (code, [line.partition(": ")[2] for line in lines]) == (
        1,
        ["images.s.image_set: nothing is called 'b', at character 3"],
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a,{b", "expected '}' for the bracket at character 3, not 'a,{b'"),
        ("a;{0xff}", "expected 0xrrggbb and perhaps a label at character 4, not 'a;{0xff}'"),
        ("a:a:a:a", "expected at most 3 pages, separated by ':' at character 7, not 'a:a:a:a'"),
    ],
)
def test_check_tells_of_a_text_that_is_no_set(tmp_path: Path, text: str, told: str) -> None:
    plain(tmp_path / "catalogs/Co/a.png", RED)
    (tmp_path / "catalogs/Co/catalog.yaml").write_text(
        f"images:\n  a: {{path: a.png}}\n  s:\n    image_set: '{text}'\n"
    )
    assert check(tmp_path) == (1, [f"catalogs/Co/catalog.yaml:4:16: images.s.image_set: {told}"])


def test_the_demo_has_a_set_of_each_type_that_needs_no_video() -> None:
    catalogs = load(HERE.parent / "catalogs").catalogs
    demo = catalogs.named["samples"]
    kinds = set()
    for name, record in demo.images.items():
        if record.image_set:
            own = kind_of(known_set(record.image_set), catalogs, demo, f"samples/{name}")
            kinds.add(KINDS[record.asset_type])
            assert own in {KINDS[record.asset_type], "unknown"}, name
            for one in references(known_set(record.image_set), own):
                assert demo.record(one.name), f"{name}: {one.name}"
    assert kinds == {"img_set", "spin", "ecat", "media_set"}


def test_deep_and_wide_sets_end_in_an_error_soon(client: Client) -> None:
    wide = "{" + ",".join(["{mixed,mixed}"] * 9) + "}"
    assert "limits.set_items" in client.ask(f"/is/image/Set?req=set,json&imageSet={wide}").text
    deep = "{" * 30 + "a" + "}" * 30
    assert "limits.set_nesting" in client.ask(f"/is/image/Set?req=set,json&imageSet={deep}").text
    deeper = "{" * 5000 + "a" + "}" * 5000
    assert "at most 64 brackets" in client.ask(f"/is/image/Set?req=set,json&imageSet={deeper}").text


def test_broken_and_odd_texts_are_errors_of_the_request(client: Client) -> None:
    for text in (
        "%00",
        "a%00",
        "{%00;a}",
        "{a;%FF}",
        "%F0%9F%98%80",
        "{../Set/a}",
        "{/etc/passwd}",
        "{a?%00}",
        "{",
        "{}",
        "}",
    ):
        reply = client.ask(f"/is/image/Set?req=set,json&imageSet={text}&id=3")
        assert reply.status in {200, 403}, (text, reply.text)
        assert reply.text.endswith(',"3");')
        assert "root:" not in reply.text
