"""The console over HTTP: who is let in, what a forged request is told, what pages and scripts are given."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import escape
from urllib.parse import urlencode

import pytest
from console import BOOT, HOSTILE, PAGES, TOKENS, Guest, Page, console, csrf_in, fields, visitor
from serving import Client

from imageserver.config import Token
from imageserver.server.attempts import MOST_FAILURES, WINDOW
from imageserver.server.console.sessions import LASTS, begun, found

ASKED = (
    "/console/session",
    "/console/commands",
    "/console/numbers",
    "/console/explain?url=Co/boot",
    "/console/pictures/published/Co/boot",
    "/console/api/catalogs/Co/images/boot",
)
FORM = "application/x-www-form-urlencoded"
ALL = Token("all-1", write=True, catalogs=("*",))
NOW = 1_700_000_000.0


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with console(tmp_path_factory.mktemp("console")) as found:
        yield found


@pytest.fixture(scope="module")
def guest(client: Client) -> Guest:
    return visitor(client)


@pytest.mark.parametrize("url", PAGES)
def test_strangers_are_led_to_the_login(client: Client, url: str) -> None:
    reply = client.ask(url)
    assert reply.status == 303
    to = "" if url == "/console" else f"?{urlencode({'to': url})}"
    assert reply.headers["Location"] == f"/console/login{to}"
    assert not reply.body


@pytest.mark.parametrize("url", [*ASKED, "/console/api/catalogs/nothing"])
@pytest.mark.parametrize("cookie", ["", "imageserver_console=x", "imageserver_console=99999999999.a.b"])
def test_strangers_are_told_nothing(client: Client, url: str, cookie: str) -> None:
    reply = client.ask(url, headers={"Cookie": cookie} if cookie else {})
    assert reply.status == 401
    assert json.loads(reply.text)["detail"] == "the session has ended: log in again"


def test_the_token_of_the_api_is_no_session(client: Client) -> None:
    assert client.ask(ASKED[-1], headers={"Authorization": f"Bearer {TOKENS['all']}"}).status == 401


def test_a_login_sets_a_cookie_that_nobody_else_can_use(client: Client) -> None:
    guest = Guest(client)
    reply = guest.enter()
    assert (reply.status, reply.headers["Location"]) == (303, "/console")
    assert TOKENS["all"] not in "".join(guest.given)
    assert set(guest.cookies) == {"imageserver_console"}
    assert guest.ask("/console/login").headers["Location"] == "/console"


@pytest.mark.parametrize(
    ("name", "proto", "flags"),
    [
        ("console", "", ["HttpOnly", "Max-Age=43200", "Path=/console", "SameSite=Strict"]),
        ("console", "https", ["HttpOnly", "Max-Age=43200", "Path=/console", "SameSite=Strict", "Secure"]),
        ("guest", "", ["HttpOnly", "Max-Age=3600", "Path=/console/login", "SameSite=Strict"]),
    ],
)
def test_flags_of_cookies(client: Client, name: str, proto: str, flags: list[str]) -> None:
    guest = Guest(client)
    page = guest.ask("/console/login")
    if name == "console":
        body = urlencode({"token": TOKENS["all"], "csrf": csrf_in(page.text)}).encode()
        guest.ask("/console/login", "POST", body, Content_Type=FORM, X_Forwarded_Proto=proto)
    cookie = next(one for one in guest.given if one.startswith(f"imageserver_{name}="))
    assert sorted(cookie.split("; ")[1:]) == flags


@pytest.mark.parametrize(
    ("to", "place"),
    [
        ("/console/catalogs/Co?q=a", "/console/catalogs/Co?q=a"),
        ("//example.org", "/console"),
        ("/console\\@example.org", "/console"),
        ("/consoles", "/console"),
        ("https://example.org/console", "/console"),
        ("/console/a\r\nX: y", "/console"),
    ],
)
def test_a_login_leads_to_a_page_of_the_console(client: Client, to: str, place: str) -> None:
    assert Guest(client).enter(to=to).headers["Location"] == place


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 303),
        ({"token": "wrong"}, 403),
        ({"token": ""}, 403),
        ({"csrf": "0" * 64}, 403),
        ({"csrf": ""}, 403),
        ({"origin": "http://example.org"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": ""}, 403),
        ({"cookie": "imageserver_guest=another"}, 403),
        ({"kind": "text/plain"}, 415),
        ({"token": "x" * 9000}, 413),
    ],
)
def test_a_login_that_is_forged_or_wrong_is_refused(client: Client, change: dict[str, str], status: int) -> None:
    guest = Guest(client, f"192.0.2.{50 + len(str(change))}")
    csrf = csrf_in(guest.ask("/console/login").text)
    body = urlencode({"token": change.get("token", TOKENS["all"]), "csrf": change.get("csrf", csrf)}).encode()
    more = {"Cookie": change["cookie"]} if "cookie" in change else {}
    kind = change.get("kind", FORM)
    reply = guest.ask(
        "/console/login", "POST", body, Content_Type=kind, Origin=change.get("origin", guest.origin), **more
    )
    assert reply.status == status, reply.text
    assert ("imageserver_console" in guest.cookies) is (status == 303)
    assert "Traceback" not in reply.text


def test_after_some_failures_an_address_has_to_wait(client: Client) -> None:
    guest = Guest(client, "198.51.100.7")
    assert [guest.enter(f"wrong-{one}").status for one in range(MOST_FAILURES + 1)] == [403] * MOST_FAILURES + [429]
    reply = guest.enter()
    assert reply.status == 429, "the right token, too: else guessing would go on"
    assert 0 < int(reply.headers["Retry-After"]) <= WINDOW
    assert Guest(client, "198.51.100.8").enter().status == 303


def test_a_session_is_known_to_whoever_has_the_token_until_it_ends() -> None:
    session = begun(ALL, NOW)
    other = Token("other", write=True, catalogs=("*",))
    assert found(session.cookie, [other, ALL], NOW + LASTS - 1) == session, "another process, or after a restart"
    assert found(session.cookie, [ALL], NOW + LASTS) is None
    assert found(session.cookie, [other], NOW) is None, "the token was changed"
    longer = session.cookie.replace(str(session.expires), str(session.expires + 1))
    assert found(longer, [ALL], NOW) is None
    assert session.renewed(NOW + 60) is None
    renewed = session.renewed(NOW + LASTS * 0.6)
    assert renewed is not None
    assert renewed.csrf == session.csrf, "pages that are open can go on"
    assert found(renewed.cookie, [ALL], NOW + LASTS * 1.5) == renewed
    assert begun(ALL, NOW).csrf != session.csrf


@pytest.mark.parametrize(
    "change",
    [
        {"X_CSRF_Token": ""},
        {"X_CSRF_Token": "0" * 64},
        {"Origin": ""},
        {"Origin": "null"},
        {"Origin": "http://example.org"},
        {"Origin": "http://127.0.0.1:1"},
    ],
)
@pytest.mark.parametrize(
    ("url", "method"),
    [(BOOT, "PATCH"), (BOOT, "DELETE"), (f"{BOOT}/rename", "POST"), ("/console/check/Co/boot", "POST")],
)
def test_a_forged_request_changes_nothing(guest: Guest, change: dict[str, str], url: str, method: str) -> None:
    before = fields(guest)
    reply = guest.send(url, method, {"fields": {"expiration": 1}}, If_Match="*", **change)
    assert reply.status == 403
    assert re.search("CSRF token|Origin", json.loads(reply.text)["detail"])
    assert fields(guest) == before


def test_a_logout_needs_the_token_and_takes_the_cookie_away(client: Client) -> None:
    guest = visitor(client)
    assert guest.form("/console/logout").status == 403
    assert guest.form("/console/logout", csrf="0" * 64).status == 403
    assert guest.ask("/console").status == 200
    assert guest.form("/console/logout", csrf=guest.csrf).headers["Location"] == "/console/login"
    assert guest.ask("/console").status == 303


@pytest.mark.parametrize("url", [*PAGES, "/console/nothing", "/console/catalogs/nothing", "/console/catalogs/%FF"])
def test_pages_hold_nothing_that_their_policy_forbids(guest: Guest, url: str) -> None:
    reply = guest.ask(url)
    assert reply.status == (404 if url.endswith(("nothing", "%FF")) else 200), reply.text
    policy = reply.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert {"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"} <= set(policy.split("; "))
    assert reply.headers["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in reply.headers
    for tag, values in Page(reply.text).elements:
        assert not [name for name in values if name == "style" or name.startswith("on")], (tag, values)
        assert tag != "style"
        assert tag != "script" or values["src"].startswith("/console/files/")
    assert HOSTILE not in reply.text


def test_hostile_values_are_only_text(guest: Guest) -> None:
    page = guest.ask(PAGES[10]).text
    assert escape(HOSTILE).replace("&#x27;", "&#39;").replace("&quot;", "&#34;") in page
