"""The console over HTTP: catalogs, records, pictures, explanations and numbers, each for whom it is."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from console import BOOT, HOSTILE, PAGES, TOKENS, Guest, Page, console, fields, visitor
from pictures import BLUE, RED
from serving import Client

from imageserver.catalog.reading import ATTRIBUTES, RECORD
from imageserver.commands.groups import DECLARATIONS


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with console(tmp_path_factory.mktemp("console")) as found:
        yield found


@pytest.fixture(scope="module")
def guest(client: Client) -> Guest:
    return visitor(client)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", {"boot", "summer/sandal", "plate", "pair", "cut", "kept", "lost", HOSTILE}),
        ("q=SAND", {"summer/sandal", "pair"}),
        ("kind=template", {"plate"}),
        ("kind=imageset", {"pair"}),
        ("kind=set", {"pair"}),
        ("kind=empty", set()),
        ("tag=Winter", {"boot"}),
        ("wrong=1", {"lost"}),
        ("after=pair", {"plate", "summer/sandal"}),
    ],
)
def test_records_are_found(guest: Guest, query: str, names: set[str]) -> None:
    elements = Page(guest.ask(f"/console/catalogs/Co?{query}").text).elements
    cells = [values["href"] for tag, values in elements if values.get("class") == "cell"]
    assert set(cells) == {f"/console/catalogs/Co/images/{quote(name, safe='')}" for name in names}
    for picture in (values["src"] for tag, values in elements if tag == "img" and "pictures" in values["src"]):
        assert guest.ask(picture).status == 200


def test_a_catalog_is_shown_with_its_problems(guest: Guest) -> None:
    page = guest.ask("/console").text
    assert re.search(r"catalogs/Co/catalog\.yaml:1\d:\d+</code> images\.lost\.path: no such file", page)
    times = [float(one) for one in re.findall(r'data-seconds="([0-9.]+)"', page)]
    assert len(times) == 5
    assert all(0 < time.time() - one < 600 for one in times)


@pytest.mark.parametrize(
    ("name", "status", "saves"),
    [("reader", 403, False), ("writer", 428, True), ("all", 428, True)],
)
def test_a_token_is_for_what_it_is_for(client: Client, name: str, status: int, saves: bool) -> None:
    guest = visitor(client, TOKENS[name])
    assert guest.send(BOOT, "PATCH", {"fields": {"expiration": 1}}).status == status
    assert ('class="primary save"' in guest.ask("/console/catalogs/Co/images/boot").text) is saves
    sees_all = name != "writer"
    assert guest.ask("/console/catalogs/Other").status == (200 if sees_all else 403)
    assert guest.ask("/console/api/catalogs/Other/images/boot").status == (200 if sees_all else 403)
    assert guest.ask("/console/pictures/source/Other/boot").status == (200 if sees_all else 403)
    assert ("/catalogs/Other" in guest.ask("/console").text) is sees_all
    assert json.loads(guest.ask("/console/explain?url=Other/boot").text).get("error", {}).get("status", 200) == (
        200 if sees_all else 403
    )


@pytest.mark.parametrize(
    ("patch", "problems"),
    [
        ({"expiration": 7}, {}),
        ({"expiration": "x", "anchor": "1"}, {"expiration", "anchor"}),
        ({"modifier": "wid=x"}, {"modifier"}),
        ({"path": "nothing.png"}, {"path"}),
        ({"path": "../boot.png"}, {"path"}),
        ({"crops": {"a": [1, 2]}}, {"crops"}),
        ({"colour": "x"}, {"colour"}),
        ({"crops": None}, {}),
    ],
)
def test_a_change_is_checked_field_by_field(guest: Guest, patch: dict[str, object], problems: set[str]) -> None:
    before = fields(guest)
    reply = guest.send("/console/check/Co/boot", "POST", {"fields": patch})
    assert reply.status == 200, reply.text
    told = json.loads(reply.text)
    assert set(told["problems"]) == set(problems)
    assert told["diff"].startswith("" if problems else "--- a/catalog.yaml")
    assert bool(told["diff"]) is not bool(problems)
    assert fields(guest) == before


def test_every_field_and_attribute_is_on_its_page(guest: Guest) -> None:
    for url, known in ((PAGES[6], RECORD), (PAGES[5], ATTRIBUTES)):
        elements = Page(guest.ask(url).text).elements
        assert sorted(values["data-name"] for _, values in elements if "data-name" in values) == sorted(known)


@pytest.mark.parametrize(
    ("name", "modes"),
    [
        ("boot", ["picture", "source", "crops", "targets", "map"]),
        ("cut", ["picture", "source", "mask", "cutout", "crops", "targets", "map"]),
        ("plate", ["picture"]),
        ("lost", []),
        ("pair", []),
    ],
)
def test_a_record_offers_what_can_be_seen_of_it(guest: Guest, name: str, modes: list[str]) -> None:
    elements = Page(guest.ask(f"/console/catalogs/Co/images/{name}").text).elements
    assert [values["data-mode"] for _, values in elements if "data-mode" in values] == modes


@pytest.mark.parametrize(
    ("name", "value", "origin"),
    [("expiration", "5", "own"), ("resolution", "96", "default catalog"), ("default_pix", "400, 400", "built in")],
)
def test_attributes_say_where_they_come_from(guest: Guest, name: str, value: str, origin: str) -> None:
    page = guest.ask("/console/catalogs/Co/attributes").text
    row = page.partition(f'data-name="{name}"')[2].partition("</div>")[0]
    assert f'value="{value}"' in row
    assert re.search(rf'class="origin \w+">{origin}<', row)


def test_macros_say_where_they_come_from(guest: Guest) -> None:
    page = guest.ask("/console/catalogs/Co/macros").text
    assert [page.count(one) for one in ("$thumb$</label>", "Takes the place of <code>color=000000", "$shared$")] == [
        1
    ] * 3
    assert "$glow$" in page.partition("Built in")[2]


@pytest.mark.parametrize(
    ("url", "pixel"),
    [
        ("published/Co/boot?fmt=png&wid=20", RED),
        ("published/Co/plate?fmt=png", (0, 255, 0)),
        ("source/Co/summer%2Fsandal?fmt=png", BLUE),
        ("source/Co/cut?fmt=png", RED),
        ("masked/Co/cut?fmt=png", (255, 255, 255)),
        ("masked/Co/cut?fmt=png&req=mask", (0, 0, 0)),
        ("published/Co/boot?req=tmb&fmt=png", (255, 255, 255)),
    ],
)
def test_pictures(guest: Guest, url: str, pixel: tuple[int, int, int]) -> None:
    reply = guest.ask(f"/console/pictures/{url}")
    assert reply.status == 200, reply.text
    assert reply.image.convert("RGB").getpixel((0, 0)) == pixel
    assert reply.headers["Cache-Control"] == "private, no-cache"
    assert guest.ask(f"/console/pictures/{url}", If_None_Match=reply.headers["ETag"]).status == 304


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("published/Co/nothing", 404),
        ("source/Co/lost", 404),
        ("source/Co/nothing", 404),
        ("source/nothing/boot", 404),
        ("published/Co/boot?req=props", 400),
        ("published/Co/boot?req=saveToFile&name=x", 403),
        ("published/Co/boot?wid=x", 403),
        ("revision/Co/boot/nothing", 404),
    ],
)
def test_pictures_that_there_are_not(guest: Guest, url: str, status: int) -> None:
    reply = guest.ask(f"/console/pictures/{url}")
    assert reply.status == status, reply.text
    assert "\n" not in json.loads(reply.text)["detail"]


@pytest.mark.parametrize(
    ("name", "url", "status"),
    [
        ("all", "Signed/secret?fmt=png", 200),
        ("all", "Co/boot?src=Signed/secret&fmt=png", 200),
        ("reader", "Signed/secret?req=tmb", 200),
        ("writer", "Signed/secret?fmt=png", 403),
        ("writer", "Co/boot?layer=1&src=Signed/secret&fmt=png", 403),
        ("writer", "Co/boot?layer=1&src=Other/boot&fmt=png", 200),
        ("writer", "Co/kept?fmt=png", 200),
        ("writer", "Co/boot?layer=1&src=Other/kept&fmt=png", 403),
    ],
)
def test_a_token_opens_its_own_catalogs_only(client: Client, name: str, url: str, status: int) -> None:
    guest = visitor(client, TOKENS[name])
    assert client.ask("/is/image/Signed/secret").status == 403
    assert guest.ask(f"/console/pictures/published/{url}").status == status
    told = guest.read(f"/console/explain?{urlencode({'url': url})}")
    assert told.get("error", {}).get("status", 200) == status
    assert ("reply" in told) is (status == 200)
    assert bool(told.get("refused")) is (status == 200 and ("Signed" in url or "kept" in url))


def test_an_explanation_says_what_the_reply_is(guest: Guest) -> None:
    url = "/is/image/Co/boot?wid=100&fmt=png&nothing=1&$thumb$"
    told = guest.read(f"/console/explain?{urlencode({'url': url})}")
    reply = guest.client.ask(url)
    assert f'"{told["cache"]["key"]}"' == reply.headers["ETag"]
    assert told["cache"]["headers"]["Cache-Control"] == reply.headers["Cache-Control"] == "public, max-age=18000"
    assert told["reply"]["bytes"] == len(reply.body)
    assert (told["reply"]["width"], told["reply"]["height"], told["reply"]["type"]) == (*reply.image.size, "image/png")
    assert set(told["timing"]) == {"plan", "measure", "draw"}
    assert told["refused"] == ""
    lines = {(one["about"], one["text"]) for one in told["lines"]}
    assert {("request", "Co/boot"), ("", "nothing=1  (ignored)"), ("source", "Co/boot: boot.png, 200x150")} <= lines
    assert [one["place"] for one in told["lines"] if one["about"] == "sent"] == [[0, 0, 100, 75]]


@pytest.mark.parametrize(
    ("url", "status", "lines"),
    [("Co/boot?wid=x", 403, 2), ("Co/nothing", 403, 1), ("Co/lost", 403, 1), ("Co/boot?req=saveToFile&name=a", 403, 1)],
)
def test_an_explanation_tells_what_is_wrong(guest: Guest, url: str, status: int, lines: int) -> None:
    told = guest.read(f"/console/explain?{urlencode({'url': url})}")
    assert told["error"]["status"] == status
    assert told["error"]["message"]
    assert len(told["lines"]) >= lines
    assert "reply" not in told


def test_all_commands_are_told(guest: Guest) -> None:
    told = {one["name"]: one for one in guest.read("/console/commands")["commands"]}
    assert set(told) == {one.name for one in DECLARATIONS.values()} | {"layer", "effect"}
    assert all(one["doc"] and one["expected"] and "`" not in one["doc"] for one in told.values())
    assert "jpeg" in told["fmt"]["words"]
    assert "props" in told["req"]["words"]


def test_numbers_of_the_server(guest: Guest) -> None:
    told = {one["title"]: one for one in guest.read("/console/numbers")["series"]}
    assert told["Records"]["values"] == {"default": 0, "Co": 8, "Other": 8, "Signed": 1}
    assert told["Problems"]["values"] == {"default": 0, "Broken": 1, "Co": 1, "Other": 1, "Signed": 0}
    assert told["Memory"]["values"][""] > 2**24
    assert told["Requests"]["values"]["200"] > 1
    seconds, count = told["Time of a request"]["values"][""]
    assert 0 < seconds < count * 60
    page = guest.ask("/console/server").text
    assert "limits.queue" in page
    assert TOKENS["all"] not in page
    assert "limits.queue" not in visitor(guest.client, TOKENS["writer"]).ask("/console/server").text


def test_a_catalog_that_cannot_be_read_is_shown_with_what_is_wrong(guest: Guest) -> None:
    page = guest.ask("/console/catalogs/Broken").text
    assert "Its records cannot be edited or listed: " in page
    assert re.search(r"catalogs/Broken/catalog\.yaml:\d+:\d+</code>", page)
    assert "not served" in guest.ask("/console").text


def test_a_record_that_was_removed_can_be_restored_from_its_page(guest: Guest) -> None:
    url, page = "/console/api/catalogs/Other/images/plain", "/console/catalogs/Other/images/plain"
    assert guest.ask(page).status == 404
    picture = guest.client.ask("/is/image/Other/boot?fmt=png").body
    made = guest.ask(f"{url}/source?path=p.png", "PUT", picture, Content_Type="image/png", X_CSRF_Token=guest.csrf)
    assert made.status == 201, made.text
    assert guest.ask("/console/pictures/stored/Other/plain?fmt=png").image.size == (200, 150), "at once"
    etag = guest.ask(url).headers["ETag"]
    assert guest.send(f"{url}?files=true", "DELETE", If_Match=etag).status == 204
    removed = guest.ask(page)
    assert removed.status == 200
    assert "This record was removed" in removed.text
    versions = re.findall('data-version="([^"]+)"', removed.text)
    assert guest.ask(f"/console/pictures/revision/Other/plain/{versions[0]}?fmt=png").image.size == (200, 150)
    assert guest.send(f"{url}/revisions/{versions[0]}/restore", "POST").status == 200
    assert "This record was removed" not in guest.ask(page).text


@pytest.mark.parametrize("name", ["base.html", "nothing.js", "..%2Fgallery.css", "%2e%2e/gallery.css"])
def test_sends_no_other_file(client: Client, name: str) -> None:
    assert client.ask(f"/console/files/{name}").status in {303, 404}


def test_files_are_modules_and_styles(client: Client) -> None:
    folder = Path(__file__).parents[1] / "imageserver" / "server" / "pages" / "console"
    for path in folder.glob("*.[jc]s*"):
        reply = client.ask(f"/console/files/{path.name}")
        assert reply.status == 200
        assert len(path.read_text().splitlines()) <= 400
        assert reply.headers["Content-Type"].startswith({".js": "text/javascript", ".css": "text/css"}[path.suffix])
