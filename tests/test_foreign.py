"""Foreign images: which are allowed, how they are fetched and kept, and servers with every fault."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest
import remote as faults
from hypothesis import given
from hypothesis import strategies as st
from pictures import BLUE, GREEN, RED
from PIL import Image
from remote import Remote, remote_server
from serving import Client, serving
from sites import plain

from catalogs import write
from imageserver.admission.foreign import allows_address, allows_host, foreign_url
from imageserver.catalog.attributes import Attributes
from imageserver.catalog.catalogs import Catalog
from imageserver.config import Sources, hosts
from imageserver.errors import BadValue, Refused
from imageserver.server.foreign_files import Kept, read_kept, sweep, write_kept
from imageserver.server.freshness import freshness

LISTED = hosts("images.example, *.cdn.example, odd.example:8080, 10.1.0.0/16, [::1]:9000, 127.0.0.1:8000")


@pytest.mark.parametrize(
    ("host", "port", "allowed"),
    [
        ("images.example", 80, True),
        ("IMAGES.example.", 443, True),
        ("images.example", 8080, False),
        ("evil-images.example", 80, False),
        ("images.example.evil", 80, False),
        ("a.cdn.example", 443, True),
        ("a.b.cdn.example", 443, True),
        ("cdn.example", 443, False),
        ("evilcdn.example", 443, False),
        ("odd.example", 8080, True),
        ("odd.example", 80, False),
        ("10.1.2.3", 80, True),
        ("10.1.2.3", 22, False),
        ("10.2.0.1", 80, False),
        ("8.8.8.8", 80, False),
        ("127.0.0.1", 8000, True),
        ("127.0.0.1", 80, False),
        ("::1", 9000, True),
        ("::1", 80, False),
        ("2130706433", 8000, False),
        ("127.1", 8000, False),
    ],
)
def test_hosts(host: str, port: int, allowed: bool) -> None:
    assert allows_host(host, port, LISTED) is allowed


@pytest.mark.parametrize(
    ("address", "port", "allowed"),
    [
        ("8.8.8.8", 80, True),
        ("2606:4700::1111", 443, True),
        ("10.1.9.9", 80, True),
        ("127.0.0.1", 8000, True),
        *[(address, 80, False) for address in (
            "127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
            "0.0.0.0",  # noqa: S104, no socket is bound to it
            "255.255.255.255", "224.0.0.1", "240.0.0.1", "::", "::1", "fe80::1", "fc00::1", "fd12::1", "ff02::1",
            "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1",
        )],
    ],
)  # fmt: skip
def test_addresses(address: str, port: int, allowed: bool) -> None:
    assert allows_address(ip_address(address), port, LISTED) is allowed


@given(st.ip_addresses())
def test_no_private_address_is_connected_to_unless_it_is_listed(address: object) -> None:
    one = ip_address(str(address))
    if one.is_private or one.is_loopback or one.is_link_local or one.is_multicast:
        assert not allows_address(one, 80, ())


@pytest.mark.parametrize("text", ["a b", "http://a.example", "*", "*.*.a", "a.example:x", "10.0.0.0/99", "[::1", "a/b"])
def test_wrong_lists(text: str) -> None:
    with pytest.raises(ValueError, match="hosts such as"):
        hosts(text)


OPEN = {"allow_direct_urls": True}
ROOTED = {"root_url": "http://images.example/shop/"}


@pytest.mark.parametrize(
    ("attributes", "text", "url"),
    [
        (OPEN, "http://images.example/a.jpg", "http://images.example/a.jpg"),
        (OPEN, "https://Images.Example/a b/ü.jpg?x=1&y=%20", "https://images.example/a%20b/%C3%BC.jpg?x=1&y=%20"),
        (OPEN, "http://images.example", "http://images.example/"),
        (OPEN, "http://images.example/a.jpg#top", "http://images.example/a.jpg"),
        (OPEN, "http://odd.example:8080/a", "http://odd.example:8080/a"),
        (OPEN, "http://[::1]:9000/a", "http://[::1]:9000/a"),
        (ROOTED, "a.jpg", "http://images.example/shop/a.jpg"),
        (ROOTED, "/b/a.jpg?v=1", "http://images.example/shop/b/a.jpg?v=1"),
    ],
)
def test_urls(attributes: dict[str, object], text: str, url: str) -> None:
    catalog = Catalog("Co", Path(), Attributes(**attributes))  # type: ignore[arg-type]
    assert foreign_url(text, "src", catalog, Sources(allow_hosts=LISTED)) == url


@pytest.mark.parametrize(
    ("attributes", "text", "error"),
    [
        (OPEN, "a.jpg", "is relative, and there is no root_url"),
        (ROOTED, "http://images.example/a.jpg", "absolute URLs are not allowed"),
        (ROOTED, "HTTP://images.example/a.jpg", "absolute URLs are not allowed"),
        (ROOTED, "//images.example/a.jpg", "absolute URLs are not allowed"),
        (ROOTED, "../a.jpg", "a URL below root_url"),
        (ROOTED, "a/%2e%2E/b.jpg", "a URL below root_url"),
        (ROOTED, r"a\..\b.jpg", "a URL below root_url"),
        (OPEN, "//images.example/a.jpg", "an http or https URL"),
        (OPEN, "ftp://images.example/a.jpg", "an http or https URL"),
        (OPEN, "file:///etc/passwd", "an http or https URL"),
        (OPEN, "http://user:word@images.example/a.jpg", "an http or https URL without a user"),
        (OPEN, "http://images.example:99999/a.jpg", "an http or https URL"),
        (OPEN, "http://images.example:0/a.jpg", "an http or https URL"),
        (OPEN, "http://images.example\\@evil.example/", "an http or https URL"),
        (OPEN, "http://", "an http or https URL"),
        (OPEN, "http://[::1/a", "an http or https URL"),
        (OPEN, "http://evil.example/a.jpg", "evil.example:80 is not one of sources.allow_hosts"),
        (OPEN, "http://169.254.169.254/latest", "169.254.169.254:80 is not one of"),
    ],
)
def test_urls_that_are_refused(attributes: dict[str, object], text: str, error: str) -> None:
    catalog = Catalog("Co", Path(), Attributes(**attributes))  # type: ignore[arg-type]
    with pytest.raises((Refused, BadValue)) as raised:
        foreign_url(text, "src", catalog, Sources(allow_hosts=LISTED))
    assert error in str(raised.value)


NOW = 1_700_000_000.0
DATE, LATER = "Tue, 14 Nov 2023 22:13:20 GMT", "Tue, 14 Nov 2023 22:15:00 GMT"


@pytest.mark.parametrize(
    ("headers", "fresh", "at_worst"),
    [
        ({"Cache-Control": "max-age=60"}, 60, 560),
        ({"Cache-Control": "public, max-age=60, s-maxage=90"}, 90, 590),
        ({"Cache-Control": "max-age=60", "Age": "40"}, 20, 520),
        ({"Cache-Control": "max-age=60", "Expires": LATER}, 60, 560),
        ({"Expires": LATER, "Date": DATE}, 100, 600),
        ({"Expires": LATER}, 100, 600),
        ({"Expires": "0"}, 0, 500),
        ({"ETag": '"a"'}, 70, 570),
        ({"Last-Modified": DATE}, 70, 570),
        ({}, 0, 500),
        ({"Cache-Control": "no-cache", "ETag": '"a"'}, 0, 500),
        ({"Cache-Control": "no-store, max-age=60"}, 0, 0),
        ({"Cache-Control": "max-age=60, must-revalidate"}, 60, 60),
        ({"Cache-Control": "max-age=99999999999999"}, 31536000, 31536500),
        ({"Cache-Control": "max-age=-5"}, 0, 500),
    ],
)
def test_freshness(headers: dict[str, str], fresh: float, at_worst: float) -> None:
    found = freshness(headers, NOW, Sources(expiration=70, stale=500))
    assert (found.until - NOW, found.at_worst - NOW) == (fresh, at_worst)


def test_the_oldest_files_go_first(tmp_path: Path) -> None:
    for number in range(4):
        path = tmp_path / f"image{number}"
        path.write_bytes(b"x" * 100)
        write_kept(path, Kept("u", "d", "", "", 0, 0, 0))
        os.utime(path.with_suffix(".json"), (1000 + number, 1000 + number))
    sweep(tmp_path, 250, 1000.0)
    assert len(list(tmp_path.glob("*.json"))) == 4  # all were used just now
    sweep(tmp_path, 250, 9000.0)
    assert sorted(path.name for path in tmp_path.glob("*.json")) == ["image2.json", "image3.json"]
    (tmp_path / "image2.json").write_text("{")
    assert read_kept(tmp_path / "image2") is None
    assert read_kept(tmp_path / "image3") is not None


# --- over real sockets


def png(color: tuple[int, int, int]) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (40, 30), color).save(file, "PNG")
    return file.getvalue()


@pytest.fixture(scope="module")
def remote() -> Iterator[Remote]:
    with remote_server() as server:
        yield server


@pytest.fixture(scope="module")
def client(remote: Remote, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("foreign")
    plain(folder / "catalogs" / "Co" / "r.png", RED)
    write(
        folder / "catalogs",
        {
            "Co/catalog.yaml": f"attributes: {{allow_direct_urls: 1, root_url: '{remote.url('/shop')}'}}\n"
            "images: {r: {path: r.png}}\nrules: [{expression: 'far/(.*)$', substitution: '?src=($1)'}]",
            "Kind/catalog.yaml": "attributes: {allow_direct_urls: 1, default_image: r}\n"
            "images: {r: {path: ../Co/r.png}}",
            "Shut/catalog.yaml": "images: {r: {path: r.png}}",
        },
    )
    environment = {
        "IMAGESERVER_SERVER__ACCESS_LOG": "",
        "IMAGESERVER_SERVER__WORKERS": "2",
        "IMAGESERVER_SOURCES__ALLOW_HOSTS": f"127.0.0.1:{remote.port},localhost:{remote.port}",
        "IMAGESERVER_SOURCES__TIMEOUT": "2",
        "IMAGESERVER_SOURCES__FILE_SIZE": "100 KiB",
    }
    with serving(folder, environment=environment) as client:
        yield client


def show(client: Client, url: str, more: str = "") -> tuple[int, ...]:
    reply = client.ask(f"/is/image/Co?src=({url})&fmt=png{more}")
    assert reply.status == 200, reply.text
    pixel = reply.image.convert("RGB").getpixel((1, 1))
    assert isinstance(pixel, tuple)
    return pixel


def test_foreign_images_are_sources_like_others(client: Client, remote: Remote) -> None:
    remote.bodies["/a.png?x=1&y=2"] = remote.bodies["/shop/b.png"] = png(GREEN)
    remote.headers["/a.png?x=1&y=2"] = {"Cache-Control": "max-age=600"}
    url = remote.url("/a.png?x=1&y=2")
    assert show(client, url) == GREEN
    assert show(client, url, "&wid=10") == GREEN
    assert show(client, "b.png") == GREEN
    assert client.ask(f"/is/image/Co?src={{{url}}}").status == 200
    assert client.ask("/is/image/Co/far/b.png?").status == 200
    assert client.ask(f"/is/image/Co?src=is{{Co?src=({url})}}&layer=1&src=({url})").status == 200
    assert client.ask(f"/is/image/Co/r?mask=({url})").status == 200
    assert client.ask(f"/is/image/Co?src=({url})&req=props").text.count("image.width=40") == 1
    assert remote.asked["/a.png?x=1&y=2"] == 1


def test_a_fresh_image_is_not_asked_for_and_another_one_is_noticed(client: Client, remote: Remote) -> None:
    for path, headers in (("/fresh", "max-age=600"), ("/stale", "max-age=0")):
        remote.bodies[path], remote.headers[path] = png(GREEN), {"Cache-Control": headers, "ETag": '"1"'}
        assert [show(client, remote.url(path)) for _ in range(3)] == [GREEN] * 3
    assert (remote.asked["/fresh"], remote.asked["/stale"], remote.conditional["/stale"]) == (1, 3, 2)
    for path in ("/fresh", "/stale"):
        remote.bodies[path] = png(BLUE)
        remote.headers[path] = {"Cache-Control": "max-age=0", "ETag": '"2"'}
    assert [show(client, remote.url(path)) for path in ("/fresh", "/stale")] == [GREEN, BLUE]


def test_an_image_without_validators_is_fetched_each_time(client: Client, remote: Remote) -> None:
    remote.bodies["/plain"] = png(GREEN)
    tags = {client.ask(f"/is/image/Co?src=({remote.url('/plain')})").headers["ETag"] for _ in range(3)}
    assert (len(tags), remote.asked["/plain"]) == (1, 3)


def test_one_fetch_at_a_time(client: Client, remote: Remote) -> None:
    remote.bodies["/many"], remote.headers["/many"] = png(GREEN), {"Cache-Control": "max-age=600"}
    url = f"/is/image/Co?src=({remote.url('/many')})"
    statuses: list[int] = []
    threads = [threading.Thread(target=lambda: statuses.append(client.ask(url).status)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (statuses, remote.asked["/many"]) == ([200] * 8, 1)


def test_an_old_image_is_used_while_its_server_is_away(client: Client, remote: Remote) -> None:
    for path, control in (("/old", "max-age=0"), ("/strict", "max-age=0, must-revalidate")):
        remote.bodies[path], remote.headers[path] = png(GREEN), {"Cache-Control": control, "ETag": '"1"'}
        assert show(client, remote.url(path)) == GREEN
    remote.alive = False
    try:
        assert show(client, remote.url("/old")) == GREEN
        asked = remote.asked["/old"]
        assert show(client, remote.url("/old"), "&wid=9") == GREEN
        assert remote.asked["/old"] == asked  # it is left alone for a while
        assert client.ask(f"/is/image/Co?src=({remote.url('/strict')})").status == 403
    finally:
        remote.alive = True
    remote.faults["/strict"] = faults.failing(404)
    assert "its server answers 404" in client.ask(f"/is/image/Co?src=({remote.url('/strict')})").text


@pytest.mark.parametrize(
    ("path", "fault", "error"),
    [
        ("/slow", faults.slow, "it took longer than 2 s (sources.timeout)"),
        ("/silent", faults.silent, "it took longer than 2 s"),
        ("/endless", faults.endless, "limits"),
        ("/huge", faults.huge, "99999999999 is more than the 102400 allowed"),
        ("/dying", faults.dying, "the connection ended too early"),
        ("/failing", faults.failing(500), "its server answers 500"),
        ("/busy", faults.failing(503), "its server answers 503"),
        ("/forbidden", faults.failing(401), "its server answers 401"),
        ("/empty", faults.failing(200), "its server answers nothing"),
        ("/elsewhere", faults.redirecting("http://images.example/a.png"), "redirects elsewhere are not followed"),
        ("/port", faults.redirecting("http://127.0.0.1:1/a.png"), "redirects elsewhere are not followed"),
        ("/round", faults.redirecting("/round"), "more than 3 redirects"),
        ("/file", faults.redirecting("file:///etc/passwd"), "redirects elsewhere are not followed"),
    ],
)
def test_faults(client: Client, remote: Remote, path: str, fault: object, error: str) -> None:
    remote.faults[path] = fault  # type: ignore[assignment]
    reply = client.ask(f"/is/image/Co?src=({remote.url(path)})")
    assert reply.status == 403
    assert error.replace("limits", "sources.file_size") in reply.text
    assert len(reply.text.splitlines()) == 1
    assert reply.headers["Cache-Control"] == "no-store"
    left = [one.name for one in (client.folder / "foreign").glob("*.new")]
    assert not left


@pytest.mark.parametrize(
    ("path", "sent", "error"),
    [
        ("/page", (b"<html>", {"Content-Type": "text/html"}), "its server sends text/html, and no image"),
        ("/packed", (png(RED), {"Content-Encoding": "gzip"}), "it is compressed"),
        ("/lie", (b"<html>no image</html>", {}), "expected one of JPEG, PNG"),
        ("/half", (png(RED)[:60], {}), "cannot be read"),
        ("/svg", (b"<svg xmlns='http://www.w3.org/2000/svg'/>", {"Content-Type": "image/svg+xml"}), "cannot be read"),
    ],
)
def test_what_is_no_image(
    client: Client, remote: Remote, path: str, sent: tuple[bytes, dict[str, str]], error: str
) -> None:
    remote.bodies[path], remote.headers[path] = sent
    reply = client.ask(f"/is/image/Co?src=({remote.url(path)})")
    assert reply.status == 403
    assert error in reply.text
    assert remote.url(path) in reply.text


@pytest.mark.parametrize("mode", ["", "&defaultImage=Co/r"])
def test_a_default_image_stands_for_no_foreign_one(client: Client, remote: Remote, mode: str) -> None:
    """Reference: r-is-http-defaultimage, restrictions."""
    assert client.ask("/is/image/Kind/nothing").status == 200
    reply = client.ask(f"/is/image/Kind?src=({remote.url('/not-there')}){mode}")
    assert (reply.status, "its server answers 404" in reply.text) == (403, True), reply.text


def test_redirects_within_a_server_are_followed(client: Client, remote: Remote) -> None:
    remote.bodies["/there"] = png(GREEN)
    remote.faults["/here"] = faults.redirecting("/there")
    assert show(client, remote.url("/here")) == GREEN


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("Co?src=(http://images.example/a.png)", "images.example:80 is not one of sources.allow_hosts"),
        ("Co?src=(http://127.0.0.1:1/a.png)", "127.0.0.1:1 is not one of"),
        ("Shut?src=(http://127.0.0.1:1/a.png)", "absolute URLs are not allowed (allow_direct_urls)"),
        ("Shut?src=(a.png)", "there is no root_url"),
        ("Co?src=(http://127.0.0.1/a.png", "a URL that ends with )"),
    ],
)
def test_refused(client: Client, url: str, error: str) -> None:
    reply = client.ask(f"/is/image/{url}")
    assert (reply.status, error in reply.text) == (403, True), reply.text


def test_a_name_that_leads_to_a_private_address_is_not_followed(remote: Remote, tmp_path: Path) -> None:
    """Its name is allowed, but what it resolves to is looked at when the connection is made."""
    write(tmp_path / "catalogs", {"Co/catalog.yaml": "attributes: {allow_direct_urls: 1}"})
    remote.bodies["/private"] = png(GREEN)
    environment = {"IMAGESERVER_SOURCES__ALLOW_HOSTS": f"localhost:{remote.port}"}
    with serving(tmp_path, environment=environment) as client:
        reply = client.ask(f"/is/image/Co?src=(http://localhost:{remote.port}/private)")
    assert (reply.status, remote.asked["/private"]) == (403, 0)
    assert "its address is not public, and not one of sources.allow_hosts" in reply.text
