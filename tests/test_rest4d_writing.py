"""4D's REST server over HTTP: saving, locks, users and entity sets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from entities import (
    BLUE,
    CATALOG,
    GREEN,
    KEY,
    RED,
    TOKEN,
    USERS,
    YEAR,
    ask,
    codes,
    datastore,
    get,
    png,
    post,
    sent,
)
from serving import Client, Reply


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with datastore(tmp_path_factory.mktemp("rest4d")) as client:
        yield client


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
