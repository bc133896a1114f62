"""4D's REST server over HTTP: reading, lists, entity sets, pictures by version, saving, locks and errors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from entities import (
    KEY,
    RED,
    YEAR,
    ask,
    datastore,
    get,
    png,
)
from hypothesis import HealthCheck, example, given
from hypothesis import settings as settings_of
from hypothesis import strategies as st
from serving import Client, Reply


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with datastore(tmp_path_factory.mktemp("rest4d")) as client:
        yield client


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


@settings_of(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
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
