"""Who is known at the other doors sees catalogs that natively serve signed, locked or obfuscated requests only."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha1

import pytest
from guests import PASSWORD, READER, SECRET, TOKEN, basic
from serving import Client

ANN, WEB, ADMIN = basic("ann", PASSWORD), basic("web", READER), f"Bearer {TOKEN}"
PICTURE = "image?$expand=image"


@pytest.mark.parametrize(
    ("who", "entity", "statuses"),
    [
        ("", "Lock(own)", (200, 401, 401)),
        ("", "Veil(own)", (200, 200, 401)),
        ("", "Sign(own)", (404, 404, 404)),
        ("", "Co(hidden)", (404, 404, 404)),
        ("", "Full(own)", (404, 404, 404)),
        (WEB, "Lock(own)", (200, 200, 200)),
        (WEB, "Veil(own)", (200, 200, 401)),
        (WEB, "Sign(own)", (404, 404, 404)),
        (WEB, "Co(hidden)", (200, 200, 200)),
        (WEB, "Full(own)", (404, 404, 404)),
        *((who, entity, (200, 200, 200)) for who in (ANN, ADMIN) for entity in ("Lock(own)", "Veil(own)", "Sign(own)")),
        *(
            (who, entity, (200, 200, 200))
            for who in (ANN, ADMIN)
            for entity in ("Co(hidden)", "Co(short)", "Full(own)")
        ),
    ],
)
def test_entity_and_picture(doors: Client, who: str, entity: str, statuses: tuple[int, ...]) -> None:
    """Whoever has rights to a catalog sees it all, and what they see is kept for nobody else."""
    headers = {"Authorization": who} if who else {}
    told = doors.ask(f"/rest/{entity}/ID,image", headers=headers)
    assert told.status == statuses[0], told.text
    uri = json.loads(told.body)["image"]["__deferred"]["uri"] if told.status == 200 else f"/rest/{entity}/{PICTURE}"
    stored, drawn = (doors.ask(f"{uri}{more}", headers=headers) for more in ("", "&$imageformat=jpeg"))
    assert (stored.status, drawn.status) == statuses[1:]
    for reply in (one for one in (stored, drawn) if one.status == 200):
        assert reply.image.size == (40, 30)
        assert reply.headers["Cache-Control"].startswith("private" if statuses == (200, 200, 200) else "public"), uri


def test_what_everybody_sees_is_kept_by_everybody(doors: Client) -> None:
    uri = json.loads(doors.ask("/rest/Co(later)/image").body)["image"]["__deferred"]["uri"]
    kinds = [doors.ask(uri, headers=headers).headers["Cache-Control"] for headers in ({}, {"Authorization": WEB})]
    assert [one.partition(",")[0] for one in kinds] == ["public", "private"]


@pytest.mark.parametrize(
    ("url", "status"),
    [("/closed/own.png", 401), ("/closed/w_9/own.png", 401), ("/demo/later.png", 200), ("/demo/hidden.png", 401)],
)
def test_cloudinarys_signature_opens_a_catalog_of_signed_requests(doors: Client, url: str, status: int) -> None:
    cloud, _, rest = url.strip("/").partition("/")
    assert doors.ask(f"/{cloud}/image/upload/{rest}").status == status
    seal = urlsafe_b64encode(sha1(f"{rest}{SECRET}".encode()).digest()).decode()[:8]  # noqa: S324, as the service has it
    assert doors.ask(f"/{cloud}/image/upload/s--{seal}--/{rest}").status == 200


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("Co?$method=delete&$filter=ID=open", "$method=delete: expected entityset or POST"),
        ("Co?$method=release", "$method=release: expected entityset or POST"),
        ("Co(open)?$method=update", "$method=update: expected POST"),
        ("$nothing", "there is nothing at /rest/$nothing"),
    ],
)
def test_a_get_that_would_change_something_says_so(doors: Client, url: str, expected: str) -> None:
    reply = doors.ask(f"/rest/{url}", headers={"Authorization": ANN})
    assert (reply.status, expected in reply.text) == (404 if url == "$nothing" else 500, True), reply.text


def save(doors: Client, entity: Mapping[str, object]) -> Mapping[str, str]:
    reply = doors.ask("/rest/Co?$method=update", "POST", json.dumps(entity).encode(), {"Authorization": ANN})
    assert reply.status == 200, reply.text
    return {name: value for name, value in json.loads(reply.body).items() if not name.startswith("__ERROR")}


def test_created_stays_what_it_was(doors: Client) -> None:
    made = save(doors, {"ID": "made"})
    time.sleep(0.002)
    changed = save(doors, {"__KEY": "made", "__STAMP": made["__STAMP"], "tags": "x"})
    assert made["created"] == made["modified"] == changed["created"] < changed["modified"]
    newest = json.loads(doors.ask("/rest/Co?$orderby=created%20desc&$top=1").body)["__ENTITIES"][0]
    assert (newest["ID"], newest["created"]) == ("made", made["created"])
    since = doors.ask(f"/rest/Co/ID?$filter=created>='{made['created']}'").body
    assert [one["ID"] for one in json.loads(since)["__ENTITIES"]] == ["made"]
    assert doors.ask("/rest/Co(made)?$method=delete", "POST", b"", {"Authorization": ANN}).status == 200


def test_both_doors_read_what_catalogs_may_have(doors: Client) -> None:
    """Property data in the reference's text, and a path without its suffix."""
    assert json.loads(doors.ask("/rest/Co(open)").body)["userdata"] == {"a": "1", "b": "2"}
    told = doors.ask("/v1_1/demo/resources/image/upload/open", headers={"Authorization": basic("key", SECRET)})
    assert json.loads(told.body)["context"] == {"custom": {"a": "1", "b": "2"}}
    assert json.loads(doors.ask("/rest/Co(later)/width").body)["width"] == 40


@pytest.mark.parametrize("url", [f"/rest/Co(later)/{PICTURE}", "/demo/image/upload/later"])
def test_ranges(doors: Client, url: str) -> None:
    whole = doors.ask(url)
    part = doors.ask(url, headers={"Range": "bytes=2-5"})
    assert (part.status, part.body) == (206, whole.body[2:6])
    beyond = doors.ask(url, headers={"Range": "bytes=999999-"})
    assert (beyond.status, beyond.headers["Content-Range"]) == (416, f"bytes */{len(whole.body)}")
    other = doors.ask(url, headers={"If-Match": '"another"'})
    assert other.status == 412
    assert {one.headers["Cache-Control"] for one in (beyond, other)} == {"no-store"}
