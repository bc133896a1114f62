"""The editing API: who is let in, what is read, and how errors are told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from admin import TOKENS, Api, api, problem
from serving import serving
from sites import QUIET, write_site


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A server whose catalogs nobody changes."""
    with api(tmp_path_factory.mktemp("admin")) as found:
        yield found


def test_without_a_token_there_is_no_api(tmp_path: Path) -> None:
    with serving(write_site(tmp_path, {"Co": ""}), environment=QUIET) as client:
        for path in ("/admin/v1/openapi.json", "/admin/v1/catalogs", "/console", "/console/login"):
            reply = client.ask(path, headers={"Authorization": "Bearer "})
            assert reply.status == 404
            assert "images are at" in reply.text


@pytest.mark.parametrize(
    ("token", "url", "method", "status"),
    [
        ("", "images/boot", "GET", 401),
        ("wrong", "images/boot", "GET", 401),
        ("all-1x", "images/boot", "GET", 401),
        ("", "/admin/v1/nothing", "GET", 401),
        ("all", "images/boot", "GET", 200),
        ("all", "images/boot", "HEAD", 200),
        ("reader", "images/boot", "GET", 200),
        ("writer", "images/boot", "GET", 200),
        ("all", "/admin/v1/catalogs/default/attributes", "GET", 200),
        ("writer", "/admin/v1/catalogs/default/attributes", "GET", 403),
        ("writer", "/admin/v1/catalogs/nowhere", "GET", 403),
        ("all", "/admin/v1/catalogs/nowhere", "GET", 404),
        ("all", "images/nothing", "GET", 404),
        ("all", "content/boot", "GET", 404),
        ("all", "images/", "GET", 200),
        ("all", "sounds", "GET", 404),
        ("all", "/admin/v1", "GET", 404),
        ("all", "/admin/v1/", "GET", 404),
        ("all", "images/boot", "OPTIONS", 405),
        ("all", "images", "POST", 405),
        ("all", "images/%FF", "GET", 404),
        ("all", "images/%00", "GET", 404),
        ("all", "images?limit=0", "GET", 400),
        ("all", "images?limit=x", "GET", 400),
        ("all", "images?limit=1001", "GET", 400),
        ("all", "images?limt=1", "GET", 400),
        ("all", "images?q=a&q=b", "GET", 400),
        ("all", "images?q=%0a", "GET", 400),
        ("all", f"images?q={'x' * 256}", "GET", 400),
    ],
)
def test_status(shared: Api, token: str, url: str, method: str, status: int) -> None:
    reply = Api(shared.client, TOKENS.get(token, token)).ask(url, method)
    assert reply.status == status, reply.text
    if status >= 400:
        problem(reply)
        assert ("WWW-Authenticate" in reply.headers) == (status in {401, 403})
        assert ("Allow" in reply.headers) == (status == 405)


@pytest.mark.parametrize("header", ["Basic YWxsLTE6", "all-1", "Bearer", "Bearer\tall-1", "bearer wrong"])
def test_what_is_no_token(shared: Api, header: str) -> None:
    reply = Api(shared.client, "").ask("images", Authorization=header)
    assert reply.status == 401
    problem(reply)


def test_catalogs_are_those_of_the_token(shared: Api) -> None:
    def names(token: str) -> list[tuple[str, bool]]:
        found = Api(shared.client, TOKENS[token]).read("/admin/v1/catalogs")["catalogs"]
        return [(one["name"], one["write"]) for one in found]

    assert names("all") == [("default", True), ("Co", True), ("Other", True)]
    assert names("reader") == [("default", False), ("Co", False), ("Other", False)]
    assert names("writer") == [("Co", True), ("Other", True)]


def test_record_is_shown_as_it_is_written(shared: Api) -> None:
    found = shared.read("images/boot")
    assert found["fields"] == {
        "path": "red.png",
        "user_data": {"color": "red", "sku": "0123"},
        "crops": {"square": ["0", "0", "10", "10"]},
    }
    assert (found["id"], found["section"]) == ("boot", "images")
    assert len(found["content_hash"]) == len(found["md5"]) == 32
    assert shared.read("images/summer%2Fsandal")["fields"] == {"path": "blue.png", "expiration": "3"}


def test_named_are_those_of_the_catalog_itself(shared: Api) -> None:
    assert shared.read("attributes")["attributes"] == {"root_path": "images"}
    assert shared.read("macros")["macros"] == {"thumb": "wid=100"}
    assert shared.read("")["name"] == "Co"


@pytest.mark.parametrize("url", ["images/boot", "attributes", "macros", ""])
def test_what_the_client_has_is_not_sent_again(shared: Api, url: str) -> None:
    tag = shared.tag(url)
    assert shared.ask(url, If_None_Match=tag).status == 304
    assert shared.ask(url, If_None_Match=f'"x", W/{tag}').status == 304
    assert shared.ask(url, If_None_Match='"rev-1"').status == 200


@pytest.mark.parametrize("url", ["/admin/v1/catalogs", "images", "images?limit=1", "svg", "images/boot/revisions"])
def test_list_that_the_client_has_is_not_sent_again(shared: Api, url: str) -> None:
    reply = shared.ask(url)
    tag = reply.headers["ETag"]
    assert reply.headers["Cache-Control"] == "no-cache"
    assert shared.ask(url, "HEAD").headers["ETag"] == tag
    known = shared.ask(url, If_None_Match=f'"x", W/{tag}')
    assert (known.status, known.text, known.headers["ETag"]) == (304, "", tag)
    assert shared.ask(url, If_None_Match='"x"').text == reply.text


@pytest.mark.parametrize(
    ("query", "ids", "following"),
    [
        ("", ["boot", "summer/sandal"], None),
        ("?limit=1", ["boot"], "boot"),
        ("?limit=1&after=boot", ["summer/sandal"], None),
        ("?after=summer/sandal", [], None),
        ("?prefix=summer/", ["summer/sandal"], None),
        ("?prefix=summer/&after=z", [], None),
        ("?prefix=bo&limit=1", ["boot"], None),
        ("?q=SANDAL", ["summer/sandal"], None),
        ("?q=sku", ["boot"], None),
        ("?q=png&limit=1", ["boot"], "boot"),
        ("?q=nothing", [], None),
    ],
)
def test_page(shared: Api, query: str, ids: list[str], following: str | None) -> None:
    reply = shared.ask(f"images{query}")
    found = json.loads(reply.text)
    assert [one["id"] for one in found["records"]] == ids
    assert found["next"] == following
    assert ("Link" in reply.headers) == (following is not None)
    if following:
        link = reply.headers["Link"].partition(">")[0].removeprefix("<")
        assert [one["id"] for one in shared.read(link)["records"]] == ["summer/sandal"]


def test_description_is_served_to_all(shared: Api) -> None:
    reply = shared.client.ask("/admin/v1/openapi.json")
    assert reply.status == 200
    description = json.loads(reply.text)
    assert description["openapi"] == "3.1.0"
    assert "/catalogs/{catalog}/images/{id}" in description["paths"]
    fields = description["components"]["schemas"]["ImagesBody"]["properties"]["fields"]["properties"]
    assert fields["modifier"]["description"]
    limits = [one["schema"] for one in description["paths"]["/catalogs/{catalog}/images"]["get"]["parameters"]]
    assert {"type": "integer", "minimum": 1, "maximum": 1000} in limits


@pytest.mark.parametrize(
    ("name", "body", "fits"),
    [
        ("ImagesBody", {"fields": {"path": "a.png", "expiration": 1.5, "crops": {"x": [0, 0, 1, 2]}}}, True),
        ("ImagesBody", {"fields": {"crops": {"x": [0, 0, 1]}}}, False),
        ("ImagesBody", {"fields": {"crops": {"x": None}}}, False),
        ("ImagesPatch", {"fields": {"crops": {"x": None}, "path": None, "user_data": {"a": None}}}, True),
        ("ImagesPatch", {"fields": {"crops": {"x": [0, 0, 1]}}}, False),
        ("ImagesPatch", {"fields": {"pth": "a.png"}}, False),
        ("AttributesBody", {"attributes": {"max_pix": [1, 1]}}, True),
        ("AttributesBody", {"attributes": {"max_pix": [1, -1]}}, False),
        ("AttributesPatch", {"attributes": {"max_pix": None}}, True),
        ("MacrosBody", {"macros": {"a": None}}, False),
        ("MacrosPatch", {"macros": {"a": None}}, True),
        ("MacrosPatch", {"macros": {"a b": "wid=1"}}, False),
    ],
)
def test_description_says_what_a_body_is(shared: Api, name: str, body: object, fits: bool) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="pip install -e '.[dev]'")
    schemas = json.loads(shared.client.ask("/admin/v1/openapi.json").text)["components"]["schemas"]
    validator = jsonschema.Draft202012Validator(schemas[name])
    validator.check_schema(schemas[name])
    assert validator.is_valid(body) is fits
