"""Replies that were made before, over real sockets: made once, never stale, and there whatever happens to others."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image
from serving import Client, Reply, serving, stopped, workers
from sites import eventually, plain, properties, write_site

from imageserver.cache.disk import UNFINISHED, Bounds, Disk

CATALOG = (
    "attributes: {root_path: images, max_pix: [4000, 4000]}\nimages: {grid: {path: grid.png}, one: {path: one.png}}\n"
)
SLOW = "/is/image/Co/grid?scl=0.08&op_grow=9&op_noise=50&fmt=png"
"""Some tenths of a second of work."""
QUIET = {"IMAGESERVER_SERVER__ACCESS_LOG": ""}
TWO = {**QUIET, "IMAGESERVER_SERVER__WORKERS": "2"}
RED, BLUE = (255, 0, 0), (0, 0, 255)
PIXEL = "/is/image/Co/one?fmt=png&wid=8&hei=8"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_site(tmp_path, {"Co": CATALOG})
    plain(tmp_path / "catalogs" / "Co" / "images" / "one.png", RED)
    return tmp_path


def logged(folder: Path) -> dict[str, str]:
    """The environment of a server that writes an access log into a folder."""
    return {"IMAGESERVER_SERVER__ACCESS_LOG": str(folder / "access.log")}


def origins(folder: Path) -> list[str]:
    """Where the replies came from, by the access log."""
    return [json.loads(line)["cache"] for line in (folder / "access.log").read_text().splitlines()]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A server that writes an access log, for tests that change nothing and ask for replies of their own."""
    folder = write_site(tmp_path_factory.mktemp("shared"), {"Co": CATALOG})
    with serving(folder, environment=logged(folder)) as client:
        yield client


def origin(client: Client, request_id: str) -> str:
    """Where one reply came from, by the access log, once it tells."""

    def found() -> list[str]:
        whole = (client.folder / "access.log").read_text().rpartition("\n")[0]  # the last one may be half written
        return [one["cache"] for one in map(json.loads, whole.splitlines()) if one["id"] == request_id]

    eventually(lambda: len(found()), 1)
    return found()[0]


def replace(path: Path, color: tuple[int, int, int]) -> None:
    """Put a picture in place of another, as an upload does."""
    new = path.with_name("new.png")
    Image.new("RGB", (40, 30), color).save(new)
    new.replace(path)


def color(reply: Reply) -> tuple[int, ...]:
    pixel = Image.open(io.BytesIO(reply.body)).convert("RGB").getpixel((4, 4))
    assert isinstance(pixel, tuple)
    return pixel


def without_times(reply: Reply) -> dict[str, str]:
    return {name: value for name, value in reply.headers.items() if name not in {"Date", "Expires", "X-Request-Id"}}


@pytest.mark.parametrize(
    "commands", ["fmt=png", "fmt=png&req=props", "fmt=png&req=imageprops,json", "fmt=png&req=exists", "id=x"]
)
@pytest.mark.parametrize(("method", "width"), [("GET", 9), ("HEAD", 10)])
def test_a_hit_is_like_the_first_reply(shared: Client, commands: str, method: str, width: int) -> None:
    shared.ask(f"/is/image/Co/grid?fmt=png&wid={width}")  # so that image.length is known
    url = f"/is/image/Co/grid?{commands}&wid={width}"
    first, second = (shared.ask(url, method) for _ in range(2))
    assert (first.status, second.status) == (200, 200)
    assert without_times(first) == without_times(second)
    assert {"Date", "ETag", "Expires", "Content-Length", "X-Content-Type-Options"} <= set(second.headers)
    assert [line for line in first.body.splitlines() if not line.startswith(b"#")] == [
        line for line in second.body.splitlines() if not line.startswith(b"#")
    ]
    tag = {"If-None-Match": first.headers["ETag"]}
    assert shared.ask(url, method, headers=tag).status == 304
    assert shared.ask(url, method, headers={"If-None-Match": '"other"'}).status == 200


def test_hits_do_not_touch_the_renderer(folder: Path) -> None:
    with serving(folder, environment=logged(folder)) as client:
        urls = ["/is/image/Co/grid?fmt=png", "/is/image/Co/grid?wid=17", "/is/image/Co/grid?req=props"]
        before = [client.ask(url).body for url in urls]
        assert len(workers(folder)) == 1
        with stopped(folder):
            for _ in range(20):
                assert [client.ask(url).body for url in urls[:2]] == before[:2]
            assert properties(client, "Co/grid?req=props")["image.width"] == "40"


def test_hits_go_on_while_rendering_is_dead(folder: Path) -> None:
    with serving(folder, environment=logged(folder)) as client:
        before = client.ask("/is/image/Co/grid?fmt=png").body
        for _ in range(5):
            for process in workers(folder):
                os.kill(process, signal.SIGKILL)
            assert client.ask("/is/image/Co/grid?fmt=png").body == before
        assert set(origins(folder)) == {"miss", "memory"}


@pytest.mark.parametrize("processes", ["1", "2"])
def test_equal_requests_are_made_once(folder: Path, processes: str) -> None:
    with serving(folder, environment={**logged(folder), "IMAGESERVER_SERVER__WORKERS": processes}) as client:
        with ThreadPoolExecutor(50) as threads:
            replies = list(threads.map(client.ask, [SLOW] * 200))
        assert {reply.status for reply in replies} == {200}
        assert len({reply.body for reply in replies}) == 1
    assert origins(folder).count("miss") == 1
    assert len(origins(folder)) == 200


def test_a_reply_survives_a_restart(folder: Path) -> None:
    bodies = []
    for _ in range(2):
        with serving(folder, environment=logged(folder)) as client:
            bodies.append(client.ask("/is/image/Co/grid?fmt=png").body)
    assert bodies[0] == bodies[1]
    assert origins(folder) == ["miss", "disk"]


def test_a_damaged_entry_is_made_anew(folder: Path) -> None:
    url = "/is/image/Co/grid?fmt=png"
    with serving(folder, environment=logged(folder)) as client:
        good = client.ask(url).body
    (entry,) = (folder / "cache" / "replies").glob("???/*")
    assert entry.read_bytes() == good
    entry.write_bytes(good[:-9])
    with serving(folder, environment=logged(folder)) as client:
        assert client.ask(url).body == good
    assert origins(folder) == ["miss", "miss"]
    assert entry.read_bytes() == good


def test_no_old_pixels(folder: Path) -> None:
    """After a source was replaced, no worker sends what it showed before."""
    path = folder / "catalogs" / "Co" / "images" / "one.png"
    with serving(folder, environment=TWO) as client:
        for turn in range(8):
            wanted = (RED, BLUE)[turn % 2]
            replace(path, wanted)
            with ThreadPoolExecutor(8) as threads:
                replies = list(threads.map(client.ask, [PIXEL] * 24))
            assert {color(reply) for reply in replies} == {wanted}, turn


def test_a_link_that_leads_elsewhere_is_a_change(folder: Path) -> None:
    images = folder / "catalogs" / "Co" / "images"
    plain(images / "releases" / "1.png", RED)
    plain(images / "releases" / "2.png", BLUE)
    (images / "one.png").unlink()
    (images / "one.png").symlink_to("releases/1.png")
    with serving(folder, environment=QUIET) as client:
        assert [color(client.ask(PIXEL)) for _ in range(2)] == [RED, RED]
        (images / "link").symlink_to("releases/2.png")
        (images / "link").replace(images / "one.png")
        assert color(client.ask(PIXEL)) == BLUE


def test_an_edit_of_the_catalog_is_seen(folder: Path) -> None:
    catalog = folder / "catalogs" / "Co" / "catalog.yaml"
    with serving(folder, environment=QUIET) as client:
        assert color(client.ask(PIXEL)) == RED
        catalog.write_text(CATALOG.replace("one: {path: one.png}", "one: {path: one.png, modifier: op_invert=1}"))
        eventually(lambda: color(client.ask(PIXEL)) == (0, 255, 255), wanted=True)


def test_a_failure_is_not_remembered(folder: Path) -> None:
    path = folder / "catalogs" / "Co" / "images" / "one.png"
    good = path.read_bytes()
    with serving(folder, environment=QUIET) as client:
        for _ in range(2):
            path.write_bytes(good[:-30])
            assert client.ask(PIXEL).status >= 400
            path.write_bytes(good)
            assert color(client.ask(PIXEL)) == RED


def test_who_goes_away_takes_nothing_from_the_others(folder: Path) -> None:
    """Nothing is drawn before it has gone; each answer about health says that what came before it was looked at."""
    with serving(folder, environment=logged(folder)) as client:
        with stopped(folder), socket.create_connection(("127.0.0.1", client.port)) as gone:
            gone.sendall(f"GET {SLOW} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            eventually(lambda: "imageserver_render_queue 1.0" in client.ask("/metrics").text, wanted=True)
            waiting = http.client.HTTPConnection("127.0.0.1", client.port, timeout=60)
            waiting.request("GET", SLOW)
            assert {client.ask("/health/live").status for _ in range(20)} == {200}
            gone.close()
            assert {client.ask("/health/live").status for _ in range(20)} == {200}
        found = waiting.getresponse()
        assert found.status == 200
        assert client.ask(SLOW).body == found.read()
        waiting.close()
    assert origins(folder).count("miss") <= 1
    assert origins(folder)[-2:] in (["shared", "memory"], ["memory", "memory"])


CACHE = {"on": "memory", "off": "", "on,off": "", "off,on": "memory", "validate": "memory", "update": "miss"}


@pytest.mark.parametrize(("width", "cache"), list(enumerate(CACHE, 20)))
def test_cache_command(shared: Client, width: int, cache: str) -> None:
    url, again = f"/is/image/Co/grid?fmt=png&wid={width}&cache={cache}", CACHE[cache]
    bodies = {shared.ask(url, headers={"X-Request-Id": f"{width}-{turn}"}).body for turn in range(2)}
    assert len(bodies) == 1
    assert [origin(shared, f"{width}-{turn}") for turn in range(2)] == ["miss" if again else "", again]


def test_loadcache_makes_what_is_sent_later(folder: Path) -> None:
    with serving(folder, environment=logged(folder)) as client:
        assert properties(client, "Co/grid?fmt=png&req=props")["image.length"] == "0"
        length = properties(client, "Co/grid?fmt=png&req=loadcache")["image.length"]
        assert properties(client, "Co/grid?fmt=png&req=props")["image.length"] == length
        assert len(client.ask("/is/image/Co/grid?fmt=png").body) == int(length) > 0
    assert origins(folder) == ["", "miss", "", "memory"]


def test_a_cache_that_cannot_be_written_costs_nobody_a_reply(folder: Path) -> None:
    (folder / "cache").write_text("a file where a folder should be")
    with serving(folder, environment={**TWO, **logged(folder)}) as client:
        for width in (10, 11, 12, 12):
            assert client.ask(f"/is/image/Co/grid?wid={width}").status == 200
    lines = [line for line in (folder / "server.log").read_text().splitlines() if "not kept" in line]
    assert 1 <= len(lines) <= 2, "each process tells it once"


def test_the_bound_holds_under_many_requests(folder: Path) -> None:
    """Which make thirteen times as much as there is room for, some sixty replies at a time."""
    bounds = Bounds(100_000, 1000)
    disk = Disk(folder / "cache" / "replies", bounds)
    small = {"IMAGESERVER_CACHE__MAX_SIZE": str(bounds.size), "IMAGESERVER_CACHE__MEMORY": "4000"}
    urls = [f"/is/image/Co/one?fmt=tif&wid={12 + number % 40}&hei={8 + number // 40}" for number in range(800)]
    with serving(folder, environment={**TWO, **small}) as client, ThreadPoolExecutor(4) as threads:
        running = [threads.submit(ask_all, client.port, urls[start::4]) for start in range(4)]
        while not all(one.done() for one in running):
            assert bounds.hold(disk.usage())
            time.sleep(0.2)  # nobody writes while it counts
        assert [status for one in running for status in one.result()] == [200] * 800


def ask_all(port: int, urls: list[str]) -> list[int]:
    """Ask for one after the other over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    statuses = []
    for url in urls:
        connection.request("GET", url)
        response = connection.getresponse()
        response.read()
        statuses.append(response.status)
    connection.close()
    return statuses


def test_who_does_not_read_takes_no_memory(folder: Path) -> None:
    Image.effect_noise((300, 300), 90).save(folder / "catalogs" / "Co" / "images" / "one.png")
    url = "/is/image/Co/one?fmt=png&scl=1"
    with serving(folder, environment=QUIET) as client:
        assert 50_000 < len(client.ask(url).body) < 2**18
        before = memory(folder)
        with socket.create_connection(("127.0.0.1", client.port)) as greedy:
            greedy.settimeout(2)
            with contextlib.suppress(TimeoutError):
                greedy.sendall(f"GET {url} HTTP/1.1\r\nHost: x\r\n\r\n".encode() * 3000)
            time.sleep(1)
            assert memory(folder) - before < 40 * 2**20, "3,000 replies are 200 MB"
            assert client.ask(url).status == 200


def memory(folder: Path) -> int:
    """The memory of the processes that run in a folder, in bytes."""
    total = 0
    for process in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if process.name.isdigit() and (process / "cwd").resolve() == folder.resolve():
                total += int((process / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return total


NESTED = "/is/image/Co/grid?fmt=png&layer=1&src=is{{Co/one?rotate=30{cache}}}&opac={opacity}"


def test_nested_pictures_are_kept_when_they_ask_for_it(folder: Path) -> None:
    kept = [NESTED.format(cache="&cache=on", opacity=opacity) for opacity in (50, 60, 70)]
    anew = [NESTED.format(cache="", opacity=opacity) for opacity in (50, 60, 70)]
    with serving(folder, environment=QUIET) as client:
        bodies = [client.ask(url + "&cache=off").body for url in anew]
        assert [client.ask(url).body for url in kept] == bodies
        wait_for_files(folder, 4)
        found = (folder / "cache" / "replies").glob("???/*")
        (nested,) = (path for path in found if not path.read_bytes().startswith(b"\x89PNG"))
        nested.write_bytes(nested.read_bytes()[:-4] + b"\0\0\0\0")
        assert client.ask(kept[0] + "&cache=update").body == bodies[0], "a damaged one is drawn anew"
        replace(folder / "catalogs" / "Co" / "images" / "one.png", BLUE)
        changed = client.ask(kept[0]).body
        assert changed != bodies[0]
        assert changed == client.ask(anew[0] + "&cache=off").body


def test_a_web_server_in_front_may_send_the_files(folder: Path) -> None:
    with serving(folder, environment={**QUIET, "IMAGESERVER_CACHE__ACCEL": "/kept/"}) as client:
        body = client.ask("/is/image/Co/grid?fmt=png&cache=on,off").body
        client.ask("/is/image/Co/grid?fmt=png")
        wait_for_files(folder, 1)
        for method in ("GET", "HEAD"):
            reply = client.ask("/is/image/Co/grid?fmt=png", method)
            assert (reply.body, reply.headers["Content-Type"]) == (b"", "image/png")
            assert "max-age" in reply.headers["Cache-Control"]
            location = reply.headers["X-Accel-Redirect"]
            assert location.startswith("/kept/replies/")
            assert (folder / "cache" / location.removeprefix("/kept/")).read_bytes() == body


def wait_for_files(folder: Path, count: int) -> None:
    """Wait until the cache holds so many replies; they are written after they are sent."""
    found = folder / "cache" / "replies"
    eventually(lambda: len([one for one in found.glob("???/*") if one.suffix != UNFINISHED]), count)
