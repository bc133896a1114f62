"""Locks, obfuscation and signatures of requests, and `imageserver sign`."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pictures import RED
from serving import Client, serving
from sites import plain

from catalogs import write
from imageserver.admission.locking import is_locked, lock_value, locked, obfuscated, revealed
from imageserver.admission.signing import read_signature, sign, without_signatures
from imageserver.catalog.attributes import Attributes
from imageserver.catalog.catalogs import Catalog
from imageserver.config import Config, Key, Signing, signing_keys
from imageserver.errors import ConfigError, Refused
from imageserver.tools.cli import main
from imageserver.tools.signing import moment, signed_url

SECRET, OTHER = "correct-horse-battery", "staple-staple-staple"
KEYS = (Key("web", SECRET, ("Co",)), Key("app", OTHER, ("*",)), Key("far", OTHER, ("Else",)))
CO = Catalog("Co", Path(), Attributes())
NOW = 1_800_000_000


@pytest.mark.parametrize(
    ("modifiers", "lock"),
    [  # as the C++ of the reference computes them, on a machine where `char` has a sign
        ("", 0),
        ("a", 97),
        ("ab", 97 * 131 + 98),
        ("wid=300", 0x8D28),
        ("wid=300&fmt=png-alpha&$txt=my%20text", 0x3019),
        ("é", 0xE072),
    ],
)
def test_lock_value(modifiers: str, lock: int) -> None:
    assert lock_value(modifiers) == lock


@given(st.text(st.characters(max_codepoint=126, min_codepoint=33), max_size=80))
def test_what_is_locked_is_locked(modifiers: str) -> None:
    text = locked(modifiers)
    assert text[:-5] == modifiers
    assert is_locked(text)
    assert is_locked(text[:-4] + text[-4:].upper())
    assert not is_locked(f"{modifiers}&{lock_value(modifiers) ^ 1:04x}")


def test_obfuscation_of_the_reference() -> None:
    text = "dHh0PW15IHRleHQgc3RyaW5nJiRpbWc9bXlJbWFnZQ=="  # its first letter, a dollar, is missing on the page, too
    assert revealed(text) == "txt=my text string&$img=myImage"
    assert obfuscated("txt=my text string&$img=myImage") == text
    assert revealed(text.replace("=", "%3D")) == revealed(text)


@pytest.mark.parametrize("text", ["wid=300", "abc", "a b=", "ab==cd==", "ü", "YQ=", "-_-_"])
def test_what_is_no_base64(text: str) -> None:
    assert revealed(text) is None


@given(st.text(max_size=60))
def test_what_is_obfuscated_is_revealed(modifiers: str) -> None:
    if not any("\ud800" <= letter <= "\udfff" for letter in modifiers):
        assert revealed(obfuscated(modifiers)) == modifiers


# --- signatures

MODIFIERS = st.lists(
    st.sampled_from(["wid=300", "hei=9", "$a$", "fmt=png", ".x", "", "src=is{a?b=c}", "t=%20+ü"]), max_size=5
)


def check(path: str, modifiers: str, now: float = NOW) -> str:
    signed = read_signature(path, modifiers, CO, KEYS, now)
    assert signed.key is not None
    return signed.modifiers


@given(MODIFIERS, st.sampled_from(["/is/image/Co/a", "/is/content/Co/a%20b"]), st.none() | st.integers(NOW + 1, 10**11))
def test_what_is_signed_is_admitted(pieces: list[str], path: str, expires: int | None) -> None:
    modifiers = "&".join(pieces)
    assert check(path, sign(KEYS[0], path, modifiers, expires)) == modifiers


@given(MODIFIERS, st.data())
def test_any_change_is_refused(pieces: list[str], data: st.DataObject) -> None:
    """Whatever one letter of the signed part of a URL becomes, goes, or comes in between."""
    path = "/is/image/Co/photo"
    url = f"{path}?{sign(KEYS[0], path, '&'.join(pieces), NOW + 60)}"
    place = data.draw(st.integers(len("/is/image/"), len(url) - 1))
    put = data.draw(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=2))
    gone = data.draw(st.integers(0, 2))
    changed = url[:place] + put + url[place + gone :]
    new_path, _, modifiers = changed.partition("?")
    if changed == url:
        return
    if "signature=" not in modifiers:
        assert read_signature(new_path, modifiers, CO, KEYS, NOW).key is None
        return
    try:
        signed = read_signature(new_path, modifiers, CO, KEYS, NOW)
    except Refused:
        return
    assert signed.key is None


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda text: text.replace("wid=300", "wid=301"), "does not match"),
        (lambda text: text + "&wid=9", "as the last modifier"),
        (lambda text: text.replace("web.", "app."), "does not match"),
        (lambda text: text.replace("web.", "far."), "with a key of this catalog"),
        (lambda text: text.replace("web.", "none."), "with a key of this catalog"),
        (lambda text: text.replace(str(NOW + 60), str(NOW + 61)), "does not match"),
        (lambda text: text.replace(f".{NOW + 60}.", ".."), "does not match"),
        (lambda text: text[:-1], "expected signature=KEY.EXPIRES.MAC"),
        (lambda text: text.rpartition(".")[0] + "." + text.rpartition(".")[2].upper(), "expected signature="),
        (lambda text: text + "&" + text.rpartition("&")[2], "does not match"),
        (lambda text: "signature=&" + text, "does not match"),
        (lambda text: text.rpartition("=")[0] + "=", "expected signature="),
    ],
)
def test_refused(change: object, error: str) -> None:
    path = "/is/image/Co/photo"
    text = change(sign(KEYS[0], path, "wid=300", NOW + 60))  # type: ignore[operator]
    with pytest.raises(Refused, match=error):
        read_signature(path, text, CO, KEYS, NOW)


def test_signatures_expire() -> None:
    text = sign(KEYS[0], "/is/image/Co/a", "", NOW)
    assert check("/is/image/Co/a", text, NOW - 0.5) == ""
    with pytest.raises(Refused, match="the signature has expired"):
        check("/is/image/Co/a", text, NOW)


def test_the_description_makes_the_same_signature() -> None:
    """As docs/signing.md has it, in plain Python."""
    text = "imageserver-1\nweb\n1900000000\n/is/image/Co/photo\nwid=300&fmt=webp"
    expected = hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
    signed = sign(KEYS[0], "/is/image/Co/photo", "wid=300&fmt=webp", 1900000000)
    assert signed == f"wid=300&fmt=webp&signature=web.1900000000.{expected}"
    description = (Path(__file__).parents[1] / "docs" / "signing.md").read_text()
    assert f"/is/image/Co/photo?{signed}" in description


def test_logs_have_no_signatures() -> None:
    text = f"/is/image/Co/a?wid=9&{sign(KEYS[0], '/is/image/Co/a', '')}&x=1"
    assert without_signatures(text) == "/is/image/Co/a?wid=9&signature=…&x=1"


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 0), (f"web {SECRET} Co", 1), (f"web {SECRET} Co Other,app {OTHER} *", 2)],
)
def test_keys(text: str, count: int) -> None:
    assert len(signing_keys(text)) == count
    assert SECRET not in repr(signing_keys(text))


@pytest.mark.parametrize(
    "text", ["web short Co", f"web {SECRET}", f"we.b {SECRET} Co", f"a {SECRET} *,a {OTHER} *", "x"]
)
def test_wrong_keys(text: str) -> None:
    with pytest.raises(ValueError, match="a list of `ID SECRET CATALOG…`"):
        signing_keys(text)


# --- over a real socket

LOCKED = "attributes: {request_lock: 1}\nimages: {r: {path: r.png}}"
CATALOGS = {
    "Co/catalog.yaml": "attributes: {request_signing: 1, expiration: 10}\nimages: {r: {path: r.png}}\n"
    "content: {r: {path: r.png}}",
    "Else/catalog.yaml": "attributes: {request_signing: 1}\nimages: {r: {path: r.png}, t: {modifier: src=Co/r}}",
    "Open/catalog.yaml": "images: {r: {path: r.png}}",
    "Locked/catalog.yaml": LOCKED,
    "Hidden/catalog.yaml": LOCKED.replace("request_lock", "request_obfuscation"),
    "Both/catalog.yaml": LOCKED.replace("request_lock: 1", "request_lock: 1, request_obfuscation: 1"),
    "Ruled/catalog.yaml": "attributes: {request_lock: 1}\nimages: {r: {path: r.png}}\nrules: "
    + json.dumps(
        [
            {"expression": "req=tmb", "attributes": {"request_lock": 0}},
            {"expression": "_hg", "substitution": "", "on_match": "continue"},
            {"expression": "wid=8", "substitution": "wid=4"},
        ]
    ),
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("signing")
    for name in CATALOGS:
        plain(folder / "catalogs" / Path(name).parent / "r.png", RED)
    write(folder / "catalogs", CATALOGS)
    keys = ",".join(f"{key.id} {key.secret} {' '.join(key.catalogs)}" for key in KEYS)
    environment = {"IMAGESERVER_SIGNING__KEYS": keys, "IMAGESERVER_SERVER__ACCESS_LOG": str(folder / "access.log")}
    with serving(folder, environment=environment) as client:
        yield client


def signed(path: str, modifiers: str, key: int = 0, expires: int | None = None) -> str:
    return f"{path}?{sign(KEYS[key], path, modifiers, expires)}"


def test_only_signed_requests_are_served(client: Client) -> None:
    path = "/is/image/Co/r"
    assert "expected a request signed with one of its keys" in client.ask(f"{path}?wid=9").text
    for _ in range(3):
        assert client.ask(signed(path, "wid=9")).status == 200
        assert client.ask(f"{path}?wid=9").status == 403
    assert client.ask(signed(path, "wid=9", 1)).status == 200
    assert client.ask(signed(path, "wid=9", 2)).status == 403
    tags = {client.ask(signed(path, "wid=9", key)).headers["ETag"] for key in (0, 1)}
    assert len(tags) == 1


@pytest.mark.parametrize(
    "url", ["Open?src=Co/r", "Open/r?layer=1&src=is{Co/r}", "Open/x?defaultImage=Co/r", "Open/r?mask=Co/r"]
)
def test_no_other_way_leads_to_a_signed_catalog(client: Client, url: str) -> None:
    reply = client.ask(f"/is/image/{url}")
    assert (reply.status, reply.headers["X-Error"]) == (403, "request refused")


def test_a_key_opens_its_catalogs_only(client: Client) -> None:
    assert client.ask(signed("/is/image/Else/t", "", 2)).status == 403
    assert client.ask(signed("/is/image/Else/t", "", 1)).status == 200


def test_a_wrong_signature_is_refused_also_where_none_is_needed(client: Client) -> None:
    assert client.ask("/is/image/Open/r?signature=web..00").status == 403
    assert client.ask(signed("/is/image/Open/r", "", 1)).status == 200


@pytest.mark.parametrize("modifiers", ["wid=7", "req=exists"])
@pytest.mark.parametrize("path", ["/is/image/Co/r", "/is/content/Co/r"])
def test_replies_are_not_kept_longer_than_their_signature(client: Client, path: str, modifiers: str) -> None:
    url = signed(path, modifiers, expires=int(time.time()) + 100)
    for _ in range(3):
        kept = client.ask(url).headers["Cache-Control"]
        assert 80 <= int(kept.removeprefix("public, max-age=")) <= 100


def test_signatures_expire_over_a_socket(client: Client) -> None:
    in_time = False
    while not in_time:
        expires = int(time.time()) + 2
        url = signed("/is/image/Co/r", "wid=6", expires=expires)
        status, in_time = client.ask(url).status, time.time() < expires
    assert status == 200
    time.sleep(expires + 0.1 - time.time())
    assert "the signature has expired" in client.ask(url).text


def test_nothing_secret_is_logged(client: Client) -> None:
    client.ask(signed("/is/image/Co/r", "wid=5"), headers={"Referer": "http://a/" + signed("/is/image/Co/r", "wid=4")})
    client.ask(signed("/is/image/Co/r", "wid=x"))
    logged = (client.folder / "access.log").read_text() + (client.folder / "server.log").read_text()
    assert "wid=5" in logged
    assert sign(KEYS[0], "/is/image/Co/r", "wid=5").rpartition(".")[2] not in logged
    assert sign(KEYS[0], "/is/image/Co/r", "wid=4").rpartition(".")[2] not in logged
    assert SECRET not in logged


@pytest.mark.parametrize(
    ("url", "status"),
    [
        (f"Locked/r?{locked('wid=9')}", 200),
        (f"Locked/r?{locked('')}", 200),
        ("Locked/r?wid=9", 403),
        ("Locked/r", 403),
        (f"Locked/r?{locked('wid=9').replace('wid=9', 'wid=8')}", 403),
        (f"Locked/r?{locked('wid=9')}&wid=9", 403),
        (f"Hidden/r?{obfuscated('wid=9')}", 200),
        ("Hidden/r", 200),
        ("Hidden/r?wid=9", 403),
        (f"Both/r?{obfuscated(locked('wid=9'))}", 200),
        (f"Both/r?{locked(obfuscated('wid=9'))}", 403),
        (f"Both/r?{obfuscated('wid=9')}", 403),
        ("Ruled/r?req=tmb", 200),
        ("Ruled/r?wid=9", 403),
        (f"Ruled/r_hg?{locked('wid=9')}", 200),
        (f"Ruled/r?{locked('wid=8')}", 200),
    ],
)
def test_locks(client: Client, url: str, status: int) -> None:
    reply = client.ask(f"/is/image/{url}")
    assert reply.status == status, reply.text
    if status == 403:
        assert reply.headers["X-Error"] == "request refused"


def test_what_is_locked_is_what_was_sent(client: Client) -> None:
    assert client.ask(f"/is/image/Ruled/r?{locked('wid=8')}").image.size[0] == 4
    assert client.ask(f"/is/image/Both/r?{obfuscated(locked('wid=9&fmt=png'))}").image.size[0] == 9


def test_sign_on_the_command_line(
    client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(client.folder)
    monkeypatch.setenv("IMAGESERVER_SIGNING__KEYS", f"web {SECRET} Co")
    monkeypatch.setenv("IMAGESERVER_STATE", str(tmp_path))
    assert main(["sign", "http://images.example/is/image/Co/r?wid=9", "--expires", "+1h"]) == 0
    printed = capsys.readouterr().out.strip()
    assert printed.startswith("http://images.example/is/image/Co/r?wid=9&signature=web.")
    assert client.ask(printed.removeprefix("http://images.example")).status == 200
    for wrong in (["sign", "/elsewhere"], ["sign", "/is/image/Open/r"], ["sign", "/is/image/Co/r", "--key", "none"]):
        assert main(wrong) == 2
        assert SECRET not in capsys.readouterr().err


def test_moments() -> None:
    assert [moment(text, NOW) for text in ("7", "+30m", "+2d")] == [7, NOW + 1800, NOW + 172800]
    with pytest.raises(ConfigError, match="expected seconds since 1970"):
        moment("tomorrow", NOW)
    with pytest.raises(ConfigError, match="without signature="):
        signed_url("/is/image/Co/r?signature=x", Config(signing=Signing(KEYS)), None, None)


def test_base64_is_that_of_the_standard() -> None:
    assert revealed(base64.b64encode(b"\xfb\xff").decode()) is not None
