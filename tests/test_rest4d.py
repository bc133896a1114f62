"""4D's REST server over HTTP: reading, lists, entity sets, pictures by version, saving, locks and errors."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from conftest import QUIET
from hypothesis import HealthCheck, example, given
from hypothesis import settings as settings_of
from hypothesis import strategies as st
from PIL import Image
from serving import Client, Reply, serving

RED, BLUE, GREEN = (255, 0, 0), (0, 0, 255), (0, 128, 0)
CATALOG = """attributes: {root_path: images}   # mine
images:
  '1': {path: one.png, user_data: {name: Anna, age: 31}, tags: 'a,b'}   # first
  '2': {path: two.jpg, user_data: 'name=Bert??age=7'}
  '3': {user_data: {name: carla's (x), age: 100}}
  '10': {path: sub/clear.png, user_data: {name: Änne}, expiration: 5}
  a/b (1): {path: one.png}
  drawn: {path: two.jpg, modifier: 'op_invert=1'}
  both: {path: two.jpg, modifier: 'layer=1&src=Co/1&size=9,9'}
  hidden: {path: one.png, access: private}
"""
USERS = "ann secret write *, bob secret2 write Co, eve secret3 read *, zoe secret4 write Other"
TOKEN = "a-token-of-this-test"  # noqa: S105, of this test
YEAR = "max-age=31536000, immutable"


def png(color: tuple[int, ...], size: tuple[int, int] = (60, 40), form: str = "PNG") -> bytes:
    stream = io.BytesIO()
    Image.new("RGBA" if len(color) == 4 else "RGB", size, color).save(stream, form)
    return stream.getvalue()


def make(folder: Path) -> None:
    images = folder / "catalogs" / "Co" / "images"
    (images / "sub").mkdir(parents=True)
    (images / "one.png").write_bytes(png(RED))
    (images / "two.jpg").write_bytes(png(BLUE, (30, 50), "JPEG"))
    (images / "sub" / "clear.png").write_bytes(png((0, 0, 0, 0), (20, 20)))
    (images.parent / "catalog.yaml").write_text(CATALOG)
    other = folder / "catalogs" / "Other"
    other.mkdir()
    (other / "catalog.yaml").write_text("attributes: {client_address_filter: 10.0.0.0/8}\nimages:\n  x: {}\n")


def settings(**more: str) -> dict[str, str]:
    on = {"IMAGESERVER_DIALECTS__REST4D__ENABLED": "on", "IMAGESERVER_DIALECTS__REST4D__USERS": USERS}
    return {**QUIET, **on, "IMAGESERVER_ADMIN__TOKEN": TOKEN, **more}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("rest4d")
    make(folder)
    with serving(folder, environment=settings()) as client:
        yield client


def ask(client: Client, url: str, **headers: str) -> Reply:
    return client.ask(f"/rest/{url}", headers={name.replace("_", "-"): value for name, value in headers.items()})


def get(client: Client, url: str, **headers: str) -> Any:  # noqa: ANN401, JSON
    reply = ask(client, url, **headers)
    assert reply.status == 200, reply.text
    return json.loads(reply.body)


def post(client: Client, url: str, body: object = None, who: str = TOKEN, **headers: str) -> Reply:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    own = {"Authorization": f"Bearer {who}"} if who else {}
    return client.ask(f"/rest/{url}", "POST", data, {**own, **{k.replace("_", "-"): v for k, v in headers.items()}})


def sent(client: Client, url: str, body: object = None, who: str = TOKEN) -> Any:  # noqa: ANN401, JSON
    reply = post(client, url, body, who)
    assert reply.status == 200, reply.text
    return json.loads(reply.body)


def codes(found: Mapping[str, Any]) -> list[int]:
    return [one["errCode"] for one in found["__ERROR"]]


def test_catalog(client: Client) -> None:
    found = get(client, "$catalog")
    assert found["dataClasses"] == [{"name": "Co", "uri": "/rest/$catalog/Co", "dataURI": "/rest/Co"}]
    assert len(found["__UNIQID"]) == 32
    one = get(client, "$catalog/Co")
    assert get(client, "$catalog/$all") == {"dataClasses": [one]}
    assert (one["collectionName"], one["key"], one["dataURI"]) == ("CoSelection", [{"name": "ID"}], "/rest/Co")
    attributes = {each["name"]: each for each in one["attributes"]}
    assert (attributes["image"]["type"], attributes["userdata"]["type"]) == ("image", "object")
    assert attributes["width"]["readOnly"]
    assert get(client, "$catalog/Co,Co")["dataClasses"][1] == one


def test_entity(client: Client) -> None:
    found = get(client, "Co(1)")
    stamp = found["__STAMP"]
    assert list(found)[:4] == ["__entityModel", "__KEY", "__TIMESTAMP", "__STAMP"]
    assert (found["__KEY"], found["ID"], found["width"], found["height"]) == ("1", "1", 60, 40)
    assert (found["format"], found["bytes"], found["tags"]) == ("png", len(png(RED)), "a,b")
    assert found["userdata"] == {"name": "Anna", "age": "31"}
    assert found["image"]["__deferred"] == {
        "uri": f"/rest/Co(1)/image?$imageformat=best&$version={stamp}&$expand=image",
        "image": True,
        "mediatype": "image/png",
        "width": 60,
        "height": 40,
    }
    assert get(client, "Co(3)")["image"] is None
    assert get(client, "Co(2)")["userdata"] == {"name": "Bert", "age": "7"}


KEY = "a/b (1)"


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("Co('1')", "1"),
        ('Co("1")/', "1"),
        ("Co(%221%22)", "1"),
        ("Co[1]", "1"),
        ("Co%281%29", "1"),
        (f"Co('{quote(KEY)}')", KEY),
        (f"Co({quote(KEY, safe='')})/", KEY),
        ("Co('a/b%20(1)')/ID", KEY),
        ("Co:ID(1)", "1"),
        ("Co:format(jpeg)", "2"),
        ("Co:userdata.name('%C3%A4nne')/", "10"),
        ("Co(1)?$filter=width=60", "1"),
    ],
)
def test_key(client: Client, url: str, key: str) -> None:
    assert get(client, url)["__KEY"] == key


PUBLIC = ["1", "10", "2", "3", KEY, "both", "drawn"]


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("", PUBLIC),
        ('$filter="ID>2"', ["10", "3", KEY, "both", "drawn"]),
        ('$filter="ID>=2 and ID<10"', ["2", "3"]),
        ("%24filter=%22ID%20%3D%201%22", ["1"]),
        ("filter=ID==1", ["1"]),
        ("$filter=userdata.name=ANNA", ["1"]),
        ("$filter=userdata.name='an@'", ["1"]),
        ("$filter=userdata.name = *e", ["10"]),
        ("$filter=userdata.name begin b", ["2"]),
        ("$filter=userdata.name='carla\\u0027s (x)'", ["3"]),
        ('$filter="userdata.name=:1 OR userdata.age<:2"&$params=\'["carla\\u0027s (x)",10]\'', ["2", "3"]),
        ("$filter=userdata.name=null", [KEY, "both", "drawn"]),
        ("$filter=userdata.age != null", ["1", "2", "3"]),
        ("$filter=userdata.age>7", ["1", "3"]),
        ("$filter=(ID=1 OR ID=2) AND width=60", ["1"]),
        ("$filter=width>0 EXCEPT format=png", ["2", "both", "drawn"]),
        ("$filter=ID=1 OR ID=2 AND width=60", ["1"]),
        ("$filter=modified>2001-01-01 and ID=1", ["1"]),
        ("$filter=expiration=5", ["10"]),
        ("$filter=tags=@b", ["1"]),
        ("$orderby=ID", ["1", "2", "3", "10", KEY, "both", "drawn"]),
        ('$filter="width!=null"&$orderby="width desc, ID asc"', ["1", KEY, "2", "both", "drawn", "10"]),
        ("$top=2", ["1", "10"]),
        ("$limit=2&$skip=1", ["10", "2"]),
        ("$top=0", []),
        ("$top=-1", PUBLIC),
        ("$skip=-2", PUBLIC),
        ("$skip=99", []),
        ("$version=3&$filter=ID=1", ["1"]),
        ("$filter=ID=hidden", []),
    ],
)
def test_list(client: Client, query: str, keys: list[str]) -> None:
    found = get(client, f"Co/?{query}".replace(" ", "%20"))
    assert [one["__KEY"] for one in found["__ENTITIES"]] == keys
    assert found["__SENT"] == len(keys)
    assert list(found) == ["__entityModel", "__GlobalStamp", "__COUNT", "__FIRST", "__ENTITIES", "__SENT"]


def test_list_counts_all_that_match(client: Client) -> None:
    found = get(client, "Co?$top=1&$skip=2")
    assert (found["__COUNT"], found["__FIRST"], found["__SENT"]) == (len(PUBLIC), 2, 1)
    assert get(client, "Co?$skip=-2")["__FIRST"] == 0
    one = get(client, "Co/ID,image?$filter=ID=1")["__ENTITIES"][0]
    assert set(one) == {"__KEY", "__TIMESTAMP", "__STAMP", "ID", "image"}
    assert f"$version={one['__STAMP']}&" in one["image"]["__deferred"]["uri"]
    assert "image" not in get(client, "Co?$attributes=ID,tags&$top=1")["__ENTITIES"][0]
    assert get(client, "Co(1)?$attributes=tags&$asArray=true")[0]["__KEY"]["ID"] == "1"
    key = {"ID": "1", "__STAMP": get(client, "Co(1)")["__STAMP"]}
    assert get(client, "Co/ID?$asArray=true&$top=1") == [{"__KEY": key, "ID": "1"}]


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("Co/format?$distinct=true", ["jpeg", "png"]),
        ("Co/width?$distinct=true&$filter=ID!=10", [30, 60]),
        ("Co/width?$distinct=true&$skip=1&$top=1", [30]),
        ("Co/width?$compute=sum&$filter=ID=1 or ID=2", 90),
        ("Co/width?$compute=average&$filter=ID=1 or ID=2", 45),
        (
            "Co/width?$compute=$all&$filter=ID=1",
            {"width": {"count": 1, "sum": 60, "average": 60, "min": 60, "max": 60}},
        ),
        ("Co/format?$compute=$all", {"format": {"count": 6, "min": "jpeg", "max": "png"}}),
        ("Co/ID?$compute=count", 7),
    ],
)
def test_values(client: Client, url: str, wanted: object) -> None:
    assert get(client, url.replace(" ", "%20")) == wanted


def test_distinct_pictures_are_told_by_their_bytes(client: Client) -> None:
    assert len(get(client, "Co/image?$distinct=true")) == 3


@pytest.mark.parametrize(
    ("url", "status", "code", "text"),
    [
        ("co", 404, 1800, "no dataclass 'co'"),
        ("Other", 404, 1800, "no dataclass"),
        ("$catalog/Nothing", 404, 1800, "no dataclass"),
        ("$nothing", 404, 1800, "nothing at"),
        ("", 404, 1800, "nothing at"),
        ("Co/ID/more", 404, 1800, "nothing at"),
        ("Co(99)", 404, 1543, "'99'"),
        ("Co(hidden)", 404, 1543, "'hidden'"),
        ("Co(99)/image?$expand=image", 404, 1543, "'99'"),
        ("Co(hidden)/image?$expand=image", 404, 1543, "hidden"),
        ("Co(1)/image?$expand=image&$filter=ID=2", 404, 1543, "'1'"),
        ("Co/Width", 404, 1801, "expected ID, width"),
        ("Co?$filter=Width=1", 500, 1500, "expected one of ID, width"),
        ("Co?$filter=width", 500, 1500, "expected = == != > >= < <= or begin at the end"),
        ("Co?$filter=width=", 500, 1500, "expected a value"),
        ("Co?$filter=width=abc", 500, 1500, "expected a number"),
        ("Co?$filter=(width=1", 500, 1500, "closing parenthesis"),
        ("Co?$filter=modified>soon", 500, 1500, "expected a date"),
        ("Co?$filter=ID=:1", 500, 1500, ":1 has no value"),
        ("Co?$filter=ID=:1&$params=x", 500, 1500, "expected a list in JSON"),
        ("Co?$filter=ID>null", 500, 1500, "expected = or !="),
        ("Co?$orderby=ID up", 500, 1500, "asc, desc"),
        ("Co?$top=many", 500, 1500, "whole number"),
        ("Co?$format=looker", 500, 1500, "expected json"),
        ("Co?$distinct=true", 500, 1500, "exactly one attribute"),
        ("Co/format?$compute=sum", 500, 1500, "expected $all or one of count, min, max"),
        ("Co/$entityset/0123456789abcdef0123456789ABCDEF", 404, 1802, "no entity set"),
        ("Co(1)?$lock=true", 401, 1558, "expected a session"),
        ("$info", 401, 1558, "may write all"),
    ],
)
def test_error(client: Client, url: str, status: int, code: int, text: str) -> None:
    reply = ask(client, url.replace(" ", "%20"))
    assert reply.status == status, reply.text
    found = json.loads(reply.body)["__ERROR"][0]
    assert (found["errCode"], found["componentSignature"]) == (code, "dbmg")
    assert text in found["message"]
    assert ask(client, url.replace(" ", "%20")).headers["Content-Type"].startswith("application/json")


def picture(client: Client, query: str, **headers: str) -> Reply:
    return ask(client, f"Co({query}", **headers)


def test_picture_is_kept_for_long_only_under_its_version(client: Client) -> None:
    uri = get(client, "Co(1)")["image"]["__deferred"]["uri"].removeprefix("/rest/")
    reply = ask(client, uri)
    assert (reply.body, reply.headers["Content-Type"]) == (png(RED), "image/png")
    assert reply.headers["Cache-Control"] == f"public, {YEAR}"
    assert reply.headers["Content-Location"] == f"/rest/{uri}"
    assert "Accept" in reply.headers["Vary"]
    assert ask(client, uri, If_None_Match=reply.headers["ETag"]).status == 304
    assert client.ask(f"/rest/{uri}", "HEAD").headers["ETag"] == reply.headers["ETag"]
    stamp = get(client, "Co(1)")["__STAMP"]
    for version in ("", f"&$version={stamp - 1}", f"&$version={stamp + 1000}", "&$version=abc", "&$version=-1"):
        other = ask(client, f"Co(1)/image?$expand=image{version}")
        assert (other.status, other.body) == (200, png(RED))
        assert (other.headers["Cache-Control"], other.headers["Content-Location"]) == ("no-cache", f"/rest/{uri}")


@pytest.mark.parametrize(
    ("url", "kind", "form"),
    [
        ("Co(1)/image?$expand=image&$imageformat=jpeg", "image/jpeg", "JPEG"),
        ("Co(1)/image?$expand=image&$imageformat=.GIF", "image/gif", "GIF"),
        ("Co(2)/image?$expand=image", "image/jpeg", "JPEG"),
        ("Co(2)/image?%24expand=%22image%22&$imageformat=image/png", "image/png", "PNG"),
        ("Co(10)/image?$expand=image&$imageformat=tif", "image/tiff", "TIFF"),
        ("Co(drawn)/image?$expand=image", "image/jpeg", "JPEG"),
    ],
)
def test_picture_in_a_format(client: Client, url: str, kind: str, form: str) -> None:
    reply = ask(client, url)
    assert (reply.status, reply.headers["Content-Type"], reply.image.format) == (200, kind, form)


def test_picture_that_shows_another_record_is_asked_for_each_time(client: Client) -> None:
    kept = {
        name: ask(client, get(client, f"Co({name})")["image"]["__deferred"]["uri"].removeprefix("/rest/")).headers
        for name in ("drawn", "both")
    }
    assert kept["drawn"]["Cache-Control"] == f"public, {YEAR}"
    assert kept["both"]["Cache-Control"] == "no-cache"


def test_pixels_are_those_of_the_native_protocol(client: Client) -> None:
    for url, native in (("2", "2?wid=30&hei=50&fmt=png-alpha"), ("drawn", "drawn?wid=30&hei=50&fmt=png-alpha")):
        drawn = ask(client, f"Co({url})/image?$expand=image&$imageformat=png")
        assert drawn.body == client.ask(f"/is/image/Co/{native}").body
    clear = ask(client, "Co(10)/image?$expand=image&$imageformat=jpeg").image
    assert clear.convert("RGB").getpixel((3, 3)) == (255, 255, 255)


@pytest.mark.parametrize(
    "url",
    ["Co(1)/image", "Co(1)/image?$expand=other", "Co(1)/ID,image?$expand=image", "Co(1)?$expand=image"],
)
def test_picture_is_deferred_unless_it_alone_is_asked_for(client: Client, url: str) -> None:
    assert "__deferred" in get(client, url)["image"]


def test_picture_as_json(client: Client) -> None:
    stamp = get(client, "Co(1)")["__STAMP"]
    url = "Co(1)/image?$imageformat=jpeg&$version=2&$expand=image"
    uri = f"/rest/Co(1)/image?$imageformat=jpeg&$version={stamp}&$expand=image"
    for found in (get(client, url, Accept="application/json"), get(client, f"{url}&$format=json")):
        told = found["image"]
        assert (told["__KEY"], told["__STAMP"], told["uri"], told["__deferred"]["uri"]) == ("1", stamp, uri, uri)
    for accept in ("*/*", "image/png, application/json"):
        assert ask(client, url, Accept=accept).headers["Content-Type"] == "image/jpeg"
    assert get(client, "Co(1)/image?$imageformat=svg&$expand=image") == {}
    assert get(client, "Co(3)/image?$expand=image", Accept="application/json") == {}
    assert (ask(client, "Co(3)/image?$expand=image").status, ask(client, "Co(3)/image?$expand=image").body) == (
        200,
        b"",
    )


ODD = st.sampled_from(
    [
        *"/()[]:?&=$%'\"@*,.~",
        "Co",
        "(1)",
        "image",
        "$catalog",
        "$entityset",
        "0" * 32,
        "$filter=",
        "$params=",
        "$orderby=",
        "$expand=image",
        "$imageformat=",
        "$top=",
        "$skip=",
        "$method=",
        "$compute=",
        "$distinct=true",
        "$asArray=true",
        "ID",
        "%00",
        "%ff",
        "%ED%A0%80",
        "%22%5Cud800%22",
        "[%22%5Cud800%22]",
        ":1",
        "9" * 40,
        "null",
        "$savedfilter=",
        "%2F",
        "..",
    ]
)


@settings_of(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ODD, max_size=9).map("".join), st.sampled_from(["GET", "HEAD", "POST"]))
@example("Co?$filter=ID=:1&$params=[%22%5Cud800%22]", "GET")
@example("Co?$filter=width=:1&$params=[%22%5Cud800%22]", "GET")
@example("Co(%00)/image?$expand=image", "GET")
@example("Co(1)?$orderby=%00", "GET")
def test_whatever_comes_is_answered_or_refused(client: Client, url: str, method: str) -> None:
    reply = client.ask(f"/rest/{url}", method, b"" if method == "POST" else None)
    assert reply.status in {200, 400, 401, 404, 500}
    assert b"internal error" not in reply.body


def test_off_unless_configured(server: Client) -> None:
    assert server.ask("/rest/$catalog").status == 404


def log_in(client: Client, name: str, password: str) -> str:
    reply = client.ask(
        "/rest/$directory/login", "POST", b"", {"username-4D": name, "password-4D": password, "session-4D-length": "60"}
    )
    assert (reply.status, reply.text) == (200, '{"result": true}')
    cookie = reply.headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/rest"} <= set(cookie.split("; "))
    return cookie.partition(";")[0]


def as_user(client: Client, cookie: str, url: str, body: object = None, method: str = "POST") -> Reply:
    data = json.dumps(body).encode() if method == "POST" else None
    return client.ask(f"/rest/{url}", method, data, {"Cookie": cookie})


def yaml_of(client: Client) -> str:
    return (client.folder / "catalogs" / "Co" / "catalog.yaml").read_text()


def test_life_of_an_entity(client: Client) -> None:
    made = sent(client, "Co?$method=update", {"ID": "new/one", "userdata": {"name": "Zoë", "age": 4}, "tags": "x"})
    assert (made["__KEY"], made["image"], made["uri"]) == ("new/one", None, "/rest/Co(%22new%2Fone%22)")
    first = made["__STAMP"]
    assert get(client, made["uri"].removeprefix("/rest/"))["userdata"] == {"name": "Zoë", "age": "4"}
    parked = sent(client, "$upload?$rawPict=true", png(GREEN))["ID"]
    body = {"__KEY": "new/one", "__STAMP": first, "image": {"ID": parked}, "tags": None}
    refused = post(client, "Co?$method=update", {**body, "assetType": "wrong"})  # the upload waits on
    assert (refused.status, codes(json.loads(refused.body))) == (500, [1570, 1517])
    second = sent(client, "Co?$method=update", body)
    assert (second["__STAMP"], second["width"], second["tags"]) == (first + 1, 60, None)
    uri = second["image"]["__deferred"]["uri"].removeprefix("/rest/")
    assert ask(client, uri).body == png(GREEN)
    assert ask(client, uri).headers["Cache-Control"] == f"public, {YEAR}"

    used = post(client, "Co?$method=update", {**body, "__STAMP": first + 1})
    assert (used.status, codes(json.loads(used.body))) == (500, [1570, 1517])  # an upload can be used once
    for seen in ({"__KEY": "new/one", "__STAMP": first}, {"__KEY": {"ID": "new/one", "__STAMP": first}}):
        stale = sent(client, "Co?$method=update", {**seen, "tags": "lost"})
        assert (codes(stale), stale["__STAMP"], stale["__STATUS"]["status"]) == ([1263, 1046, 1517], first + 1, 2)
    assert get(client, "Co('new%2Fone')")["tags"] is None

    etag = ask(client, uri).headers["ETag"]
    third = sent(client, "Co('new/one')", {"__STAMP": first + 1, "tags": "only words"})
    assert third["__STAMP"] == first + 2
    old = ask(client, uri)
    assert (old.headers["ETag"], old.headers["Cache-Control"]) == (etag, "no-cache")
    assert f"$version={first + 2}&" in old.headers["Content-Location"]
    assert sent(client, "Co('new/one')/image?$rawPict=image/png", png(BLUE)) == {"ok": True}
    fourth = get(client, "Co('new/one')")
    assert fourth["__STAMP"] == first + 3
    assert (ask(client, uri).body, ask(client, uri).headers["Cache-Control"]) == (png(BLUE), "no-cache")
    assert CATALOG.splitlines()[2] in yaml_of(client)

    gone = sent(client, "Co('new/one')", {"__STAMP": first + 3, "image": None})
    assert (gone["image"], gone["__STAMP"]) == (None, first + 4)
    assert sent(client, "Co('new/one')?$method=delete") == {"ok": True}
    assert post(client, "Co('new/one')?$method=delete").status == 404
    late = sent(client, "Co?$method=update", {"__KEY": "new/one", "__STAMP": first + 4, "tags": "late"})
    assert (late["__STATUS"]["status"], codes(late)[0]) == (5, 1263)
    again = sent(client, "Co?$method=update", {"ID": "new/one"})
    assert again["__STAMP"] > first + 4
    assert sent(client, "Co?$method=delete&$filter=ID='new/one'") == {"ok": True}
    assert yaml_of(client) == CATALOG


def test_key_is_made_up_where_there_is_none(client: Client) -> None:
    made = sent(client, "Co?$method=update", [{"ID": None, "tags": "made"}, {"tags": "made"}])["__ENTITIES"]
    assert len({one["__KEY"] for one in made}) == 2
    assert sent(client, "Co?$method=delete&$filter=tags=made") == {"ok": True}
    assert get(client, "Co?$filter=tags=made")["__COUNT"] == 0


def test_all_or_nothing(client: Client) -> None:
    bodies = [{"ID": "p", "tags": "t"}, {"ID": "q", "assetType": "wrong"}]
    both = sent(client, "Co?$method=update&$atomic=true", bodies)["__ENTITIES"]
    assert "__ERROR" not in both[0]
    assert codes(both[1]) == [1570, 1517]
    assert get(client, "Co?$filter=ID=p")["__COUNT"] == 0
    each = sent(client, "Co?$method=update", bodies)["__ENTITIES"]
    assert (each[0]["__KEY"], codes(each[1])) == ("p", [1570, 1517])
    changed = [{"__KEY": "p", "__STAMP": each[0]["__STAMP"], "tags": "u"}, {"ID": "q"}]
    both = sent(client, "Co?$method=update&$atOnce=true", changed)["__ENTITIES"]
    assert both[0]["__STAMP"] == each[0]["__STAMP"] + 1
    sent(client, "Co?$method=delete&$filter=ID=p or ID=q".replace(" ", "%20"))


@pytest.mark.parametrize(
    ("url", "body", "wanted", "text"),
    [
        ("Co?$method=update", {"ID": "1"}, (500, 1534), "already"),
        ("Co?$method=update", {"wrong": 1}, (500, 1570), "expected one of ID"),
        ("Co?$method=update", {"ID": "../x"}, (500, 1570), "expected an id"),
        ("Co?$method=update", {"ID": [1]}, (500, 1570), "expected a text or a number"),
        ("Co?$method=update", {"__KEY": "1", "__STAMP": "x"}, (500, 1570), "__STAMP"),
        ("Co?$method=update", {"__KEY": "1", "__STAMP": 1, "ID": "2"}, (500, 1570), "does not change"),
        ("Co?$method=update", {"image": {"ID": "0" * 32}}, (500, 1570), "no upload"),
        ("Co?$method=update", {"image": "x"}, (500, 1570), "expected null"),
        ("Co?$method=update", {"userdata": [1]}, (500, 1570), "expected an object"),
        ("Co?$method=update", {"access": "all"}, (500, 1570), "private"),
        ("Co?$method=update", [1], (500, 1500), "list of entities"),
        ("Co?$method=update", b"{", (500, 1500), "no JSON"),
        ("Co?$method=update", b"", (500, 1500), "expected a body"),
        ("Co?$method=wrong", {}, (500, 1500), "expected update"),
        ("Co?$method=validate", {"ID": "1"}, (500, 1534), "already"),
        ("Co?$method=validate", {"expiration": "x"}, (500, 1570), "expiration"),
        ("Co?$method=delete", None, (500, 1046), "expected a key"),
        ("Co(99)?$method=delete", None, (404, 1543), "'99'"),
        ("Co(1)/image?$rawPict=image/png", b"no picture", (500, 1570), "no image"),
        ("$upload?$rawPict=true", b"no picture", (500, 1570), "no image"),
        ("$upload?$binary=true", b"x", (500, 1500), "$rawPict"),
        ("Nothing?$method=update", {}, (404, 1800), "no dataclass"),
    ],
)
def test_refused(client: Client, url: str, body: object, wanted: tuple[int, int], text: str) -> None:
    before = yaml_of(client)
    reply = post(client, url, body)
    found = json.loads(reply.body)
    assert (reply.status, codes(found)[0]) == wanted, reply.text
    assert text in found["__ERROR"][0]["message"]
    assert yaml_of(client) == before


def test_validate_and_refresh_change_nothing(client: Client) -> None:
    before = yaml_of(client)
    assert sent(client, "Co?$method=validate", {"ID": "fine", "tags": "x"}) == {"ok": True}
    stamp = get(client, "Co(1)")["__STAMP"]
    found = sent(client, "Co?$method=update&$refresh=true", {"__KEY": "1", "__STAMP": stamp, "tags": "other"})
    assert (found["tags"], get(client, "Co(1)")["tags"]) == ("other", "a,b")
    assert yaml_of(client) == before


@pytest.mark.parametrize(
    ("who", "status"),
    [("", 401), ("wrong", 401), (TOKEN, 200)],
)
def test_only_those_with_credentials_write(client: Client, who: str, status: int) -> None:
    assert post(client, "Co?$method=validate", {"ID": "z"}, who).status == status
    assert post(client, "$upload?$rawPict=true", png(RED, (1, 1)), who).status == status


def test_users(client: Client) -> None:
    ann, bob, eve, zoe = (log_in(client, *one.split()[:2]) for one in USERS.split(", "))
    assert client.ask("/rest/$directory/login", "POST", b'["ann","wrong",60]').status == 401
    assert client.ask("/rest/$directory/login", "POST", rb'["\ud800","wrong",60]').status == 401
    assert client.ask("/rest/$directory/login", "POST", b'["ann","secret",60]').status == 200
    rights = [as_user(client, one, "Co?$method=validate", {"ID": "z"}).status for one in (ann, bob, eve, zoe)]
    assert rights == [200, 200, 401, 401]
    assert [as_user(client, one, "Co(hidden)", method="GET").status for one in (ann, eve, zoe)] == [200, 200, 404]
    assert as_user(client, ann, "Co(hidden)/image?$expand=image", method="GET").body == png(RED)
    assert (
        as_user(client, ann, "Co(hidden)/image?$expand=image", method="GET").headers["Cache-Control"]
        == "private, no-cache"
    )
    assert json.loads(as_user(client, bob, "$directory/currentUser", method="GET").body)["result"]["ID"] == "bob"
    info = json.loads(as_user(client, ann, "$info", method="GET").body)
    assert {one["userName"] for one in info["sessionInfo"]} >= {"ann", "bob", "eve"}
    assert as_user(client, bob, "$info", method="GET").status == 401
    assert as_user(client, eve, "$directory/logout", method="GET").text == '{"result": true}'
    assert as_user(client, eve, "Co(hidden)", method="GET").status == 404
    assert client.ask("/rest/Co(1)", headers={"Authorization": "Basic YW5uOndyb25n"}).status == 401
    assert client.ask("/rest/Co(hidden)", headers={"Authorization": "Basic YW5uOnNlY3JldA=="}).status == 200


def test_lock(client: Client) -> None:
    ann, bob = log_in(client, "ann", "secret"), log_in(client, "bob", "secret2")
    stamp = get(client, "Co(2)")["__STAMP"]

    def lock(who: str, query: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(as_user(client, who, f"Co(2)/?{query}", method="GET").body)
        return found

    assert lock(ann, f"$lock=true&$version={stamp + 1}")["__STATUS"]["status"] == 2
    assert lock(ann, f"$lock=true&$version={stamp}") == {"result": True, "__STATUS": {"success": True}}
    assert lock(ann, "$lock=true")["result"]
    refused = lock(bob, "$lock=true")
    assert (refused["result"], refused["__STATUS"]["status"], refused["__STATUS"]["lockKind"]) == (False, 3, 7)
    body = {"__KEY": "2", "__STAMP": stamp, "tags": "mine"}
    assert as_user(client, bob, "Co?$method=update", body).text.count("locked by another session") == 1
    assert as_user(client, bob, "Co(2)?$method=delete").status == 500
    assert post(client, "Co(2)/image?$rawPict=image/png", png(RED)).status == 500
    assert json.loads(as_user(client, ann, "Co?$method=update", body).body)["__STAMP"] == stamp + 1
    assert lock(ann, "$lock=false")["result"]
    assert lock(bob, "$lock=true")["result"]
    as_user(client, bob, "$directory/logout", method="GET")
    assert lock(ann, "$lock=true")["result"]
    lock(ann, "$lock=false")


def test_entity_set(client: Client) -> None:
    reply = ask(client, "Co?$filter=width>0&$orderby=ID&$method=entityset&$top=2")
    found = json.loads(reply.body)
    uri = found["__ENTITYSET"]
    assert next(iter(found)) == "__ENTITYSET"
    assert (reply.headers["Content-Location"], len(uri.split("/"))) == (uri, 5)
    assert (found["__COUNT"], found["__SENT"]) == (6, 2)
    path = uri.removeprefix("/rest/")
    keys = ["1", "2", "10", KEY, "both", "drawn"]
    assert [one["__KEY"] for one in get(client, path)["__ENTITIES"]] == keys
    name = path.replace("Co/", "Co/ID/")
    assert [
        one["ID"] for one in get(client, f'{name}?$orderby="ID desc"&$skip=1&$top=2'.replace(" ", "%20"))["__ENTITIES"]
    ] == ["both", KEY]
    assert get(client, f"{path}?$method=subentityset&$filter=format=png")["__COUNT"] == 3
    other = get(client, "Co?$filter=format=png&$method=entityset")["__ENTITYSET"].rpartition("/")[2]
    for operator, wanted in (("and", ["1", "10", KEY]), ("EXCEPT", ["2", "both", "drawn"]), ("OR", keys)):
        both = get(client, f"{path}?$logicOperator={operator}&$otherCollection={other}")
        assert [one["__KEY"] for one in both["__ENTITIES"]] == wanted
    assert get(client, f"{path}?$logicOperator=INTERSECT&$otherCollection={other}") is True
    sent(client, "Co?$method=update", {"ID": "brief", "tags": "s"})
    brief = get(client, "Co?$filter=tags=s&$method=entityset")["__ENTITYSET"].removeprefix("/rest/")
    assert get(client, brief)["__COUNT"] == 1
    sent(client, f"{brief}?$method=delete")
    assert get(client, brief)["__COUNT"] == 0
    assert get(client, f"{path}?$method=release") == {"ok": True}
    assert ask(client, f"{path}?$method=release").status == 404
    assert ask(client, path).status == 404
    again = get(client, f'{path}?$savedfilter="width>0"&$savedorderby="ID desc"'.replace(" ", "%20"))
    assert [one["__KEY"] for one in again["__ENTITIES"]] == keys[::-1]
    assert get(client, path)["__COUNT"] == 6


def test_body_of_clients_that_call_json_a_form(client: Client) -> None:
    body = b'{"ID":"form","userdata":{"name":"it%27s %28new%29%21%20"}}'
    reply = post(client, "Co?$method=update", body, Content_Type="application/x-www-form-urlencoded")
    assert json.loads(reply.body)["userdata"]["name"] == "it's (new)!%20"
    sent(client, "Co(form)?$method=delete")
