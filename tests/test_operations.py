"""What a server tells of itself: health, metrics that outlive processes, its log, and how long stages took."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_prometheus
from serving import Client, serving, workers
from sites import eventually, write_site

from imageserver.cache.disk import UNFINISHED
from imageserver.server.operations.access_log import SHOWN
from imageserver.server.operations.cells import RECORDS, Board
from imageserver.server.operations.metrics import METRICS, QUEUE, RENDERS, REQUESTS, Counts, values_of
from imageserver.server.operations.readiness import KEPT
from imageserver.server.operations.stages import STAGES

ROOT = Path(__file__).parents[1]
CATALOG = "attributes: {root_path: images, max_pix: [4000, 4000]}\nimages: {grid: {path: grid.png}}\n"
TOKEN = "a-token-for-the-tests"  # noqa: S105
ELSEWHERE = "127.0.0.2"
PROXY = "127.0.0.3"
"""Other addresses that are this machine's."""
ENVIRONMENT = {
    "IMAGESERVER_SERVER__WORKERS": "2",
    "IMAGESERVER_SERVER__ACCESS_LOG": "access.log",
    "IMAGESERVER_SERVER__TIMING": "on",
    "IMAGESERVER_LIMITS__QUEUE": "1",
    "IMAGESERVER_METRICS__ALLOW": f"{ELSEWHERE},unix",
    "IMAGESERVER_SERVER__TRUSTED_PROXIES": PROXY,
    "IMAGESERVER_METRICS__TOKEN": TOKEN,
}
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = write_site(tmp_path_factory.mktemp("operations"), {"Co": CATALOG})
    with serving(folder, environment=ENVIRONMENT) as client:
        yield client


def samples(client: Client) -> Samples:
    text = client.ask("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text
    families = read_prometheus(text)
    return {(one.name, tuple(sorted(one.labels.items()))): one.value for found in families for one in found.samples}


def value(client: Client, name: str, **labels: str) -> float:
    return samples(client).get((name, tuple(sorted(labels.items()))), 0.0)


def serving_processes(folder: Path) -> set[int]:
    """The processes that answer: parents of those that render."""
    found = (Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()[1] for one in workers(folder))
    return {int(one) for one in found}


def lines(client: Client) -> list[dict[str, object]]:
    whole = (client.folder / "access.log").read_text().rpartition("\n")[0]  # the last one may be half written
    return [json.loads(line) for line in whole.splitlines()]


def line_of(client: Client, request_id: str) -> dict[str, object]:
    eventually(lambda: len([one for one in lines(client) if one["id"] == request_id]), 1)
    return next(one for one in lines(client) if one["id"] == request_id)


@pytest.mark.parametrize("url", ["/health/live", "/health/ready"])
def test_health(client: Client, url: str) -> None:
    reply = client.ask(url)
    assert (reply.status, json.loads(reply.text)) == (200, {"status": "ok"})
    assert reply.headers["Cache-Control"] == "no-store"
    assert client.ask(url, "DELETE").status == 405


def test_health_tells_of_catalogs_as_before(client: Client) -> None:
    assert json.loads(client.ask("/health").text) == {"status": "ok", "catalogs": {"Co": 1}, "problems": []}


def test_not_ready_while_nothing_can_be_drawn(client: Client) -> None:
    """With the processes that render stopped, and their queues full; ready again when they go on."""
    stopped, images = workers(client.folder), client.folder / "catalogs" / "Co" / "images"
    with ExitStack() as stack:
        for one in stopped:
            os.kill(one, signal.SIGSTOP)
            stack.callback(os.kill, one, signal.SIGCONT)
        since = time.monotonic()
        for number in range(12):
            shutil.copy(images / "grid.png", images / f"{number}.png")
            stack.enter_context(closing(connected(client, f"/is/image/Co/{number}.png")))
        eventually(lambda: value(client, "imageserver_render_queue") >= 2, True)  # by one process, or by both
        eventually(lambda: time.monotonic() > since + KEPT, True)  # nobody holds what it was before
        eventually(lambda: {client.ask("/health/ready").status for _ in range(6)}, {503})
        told = client.ask("/health/ready")
        assert (told.status, told.headers["Cache-Control"]) == (503, "no-store")
        reasons = ("the queue for rendering is full (limits.queue)", "a small picture was not drawn within 5 s")
        assert json.loads(told.text) in [{"status": "not ready", "reason": reason} for reason in reasons]
        assert client.ask("/health/live").status == 200
    eventually(lambda: {client.ask("/health/ready").status for _ in range(6)}, {200})
    eventually(lambda: value(client, "imageserver_render_queue"), 0.0)


def connected(client: Client, url: str) -> http.client.HTTPConnection:
    """Ask without waiting for the reply."""
    connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=60)
    connection.request("GET", url)
    return connection


@pytest.mark.parametrize(
    ("url", "status", "labels"),
    [
        ("/is/image/Co/grid?wid=31", 200, ("image", "img")),
        ("/is/image/Co/grid?wid=31&", 200, ("image", "img")),
        ("/is/image/Co/grid?req=props", 200, ("image", "props")),
        ("/is/image/Co/nothing?req=tmb", 403, ("image", "tmb")),
        ("/is/image/Co/grid?wid=x", 403, ("image", "img")),
        ("/is/image/Co/grid?req=nonsense", 403, ("image", "")),
        ("/is/content/Co/nothing", 403, ("content", "img")),
        ("/health", 200, ("health", "")),
        ("/elsewhere", 404, ("page", "")),
        ("/", 200, ("page", "")),
    ],
)
def test_requests_are_counted(client: Client, url: str, status: int, labels: tuple[str, str]) -> None:
    names = {"dialect": labels[0], "req": labels[1]}

    def seen() -> tuple[float, float, float]:
        found = samples(client)
        key = tuple(sorted(names.items()))
        with_status = tuple(sorted({**names, "status": str(status)}.items()))
        counted = found.get(("imageserver_requests_total", with_status), 0.0)
        size = found.get(("imageserver_reply_bytes_total", key), 0.0)
        return counted, size, found.get(("imageserver_request_seconds_count", key), 0.0)

    before = seen()
    reply = client.ask(url)
    assert reply.status == status
    eventually(seen, (before[0] + 1, before[1] + len(reply.body), before[2] + 1))


def test_cache_is_counted(client: Client) -> None:
    def seen() -> dict[str, float]:
        found = samples(client)
        results = ("memory", "disk", "miss")
        return {one: found.get(("imageserver_cache_requests_total", (("result", one),)), 0.0) for one in results}

    before, on_disk = seen(), kept(client)
    url = "/is/image/Co/grid?wid=33"
    for _ in range(6):
        assert client.ask(url).status == 200
        eventually(lambda: kept(client), on_disk + 1)  # where the other process finds it
    eventually(lambda: sum(seen().values()) - sum(before.values()), 6.0)
    assert seen()["miss"] == before["miss"] + 1
    assert seen()["disk"] <= before["disk"] + 1  # by the other process, if that was asked, too
    assert seen()["memory"] >= before["memory"] + 4


def kept(client: Client) -> int:
    """How many replies the cache holds on the disk; they are written after they are sent."""
    return len([path for path in (client.folder / "cache" / "replies").glob("???/*") if path.suffix != UNFINISHED])


def test_counts_outlive_processes_and_any_process_tells_them(client: Client) -> None:
    labels = {"dialect": "image", "req": "img", "status": "200"}
    before = value(client, "imageserver_requests_total", **labels) + 1
    client.ask("/is/image/Co/grid?wid=34")
    eventually(lambda: value(client, "imageserver_requests_total", **labels), before)
    ends = value(client, "imageserver_worker_ends_total", kind="serving", reason="died")
    for one in serving_processes(client.folder):
        os.kill(one, signal.SIGKILL)
    eventually(lambda: ends_told(client), ends + 2)
    eventually(lambda: value(client, "imageserver_workers"), 2.0)
    assert {value(client, "imageserver_requests_total", **labels) for _ in range(8)} == {before}
    assert client.ask("/is/image/Co/grid?wid=35").status == 200
    eventually(lambda: value(client, "imageserver_requests_total", **labels), before + 1)


def ends_told(client: Client) -> float:
    """How many serving processes have died, or nothing when the one that was asked is among them."""
    try:
        return value(client, "imageserver_worker_ends_total", kind="serving", reason="died")
    except (OSError, http.client.HTTPException):
        return -1


def test_catalogs_are_told(client: Client) -> None:
    generation = value(client, "imageserver_catalog_generation")
    path = client.folder / "catalogs" / "Co" / "catalog.yaml"
    path.write_text(CATALOG + "macros: {more: wid=}\nunknown: 1\n")
    eventually(lambda: {value(client, "imageserver_catalog_problems") for _ in range(6)}, {1.0})
    path.write_text(CATALOG)
    eventually(lambda: {value(client, "imageserver_catalog_problems") for _ in range(6)}, {0.0})
    assert value(client, "imageserver_catalog_generation") > generation
    assert abs(value(client, "imageserver_catalog_last_read_timestamp_seconds") - time.time()) < 600
    assert value(client, "imageserver_catalog_records", catalog="Co") == 1


def test_both_formats_have_what_is_declared(client: Client) -> None:
    token = {"Authorization": f"Bearer {TOKEN}"}
    plain = client.ask("/metrics", headers=token)
    modern = client.ask("/metrics", headers={**token, "Accept": "application/openmetrics-text; version=1.0.0"})
    assert plain.headers["Content-Type"].startswith("text/plain; version=")
    assert modern.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    modern_families = openmetrics.text_string_to_metric_families(modern.text)  # type: ignore[no-untyped-call]
    for families in (read_prometheus(plain.text), modern_families):
        found = {one.name: (one.type, one.documentation) for one in families}
        assert found == {one.name: (one.kind, one.doc) for one in METRICS}


@pytest.mark.parametrize(
    ("source", "headers", "status"),
    [
        ("127.0.0.1", {}, 401),
        ("127.0.0.1", {"Authorization": "Bearer another"}, 401),
        ("127.0.0.1", {"Authorization": f"Basic {TOKEN}"}, 401),
        ("127.0.0.1", {"X-Forwarded-For": ELSEWHERE}, 401),
        ("127.0.0.1", {"Authorization": f"Bearer {TOKEN}"}, 200),
        ("127.0.0.1", {"Authorization": f"bearer {TOKEN}", "Via": "1.1 proxy"}, 200),
        (ELSEWHERE, {}, 200),
        (ELSEWHERE, {"X-Forwarded-For": "203.0.113.9"}, 401),
        (ELSEWHERE, {"Forwarded": "for=203.0.113.9"}, 401),
        (ELSEWHERE, {"Authorization": "Bearer another"}, 401),
        (PROXY, {}, 401),
        (PROXY, {"X-Forwarded-For": ELSEWHERE}, 200),
        (PROXY, {"X-Forwarded-For": "203.0.113.9"}, 401),
        (PROXY, {"X-Forwarded-For": "unknown"}, 401),
    ],
)
def test_who_may_read_metrics(client: Client, source: str, headers: Mapping[str, str], status: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=60, source_address=(source, 0))
    connection.request("GET", "/metrics", headers=dict(headers))
    reply = connection.getresponse()
    text = reply.read().decode()
    connection.close()
    assert reply.status == status
    assert ("imageserver_requests" in text) == (status == 200)
    assert ("WWW-Authenticate" in reply.headers) == (status == 401)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("abc-1.2_3:4/5=", True),
        ("x" * 128, True),
        ("x" * 129, False),
        ("a b", False),
        ('"}{', False),
        ("ä".encode().decode("latin-1"), False),
        ("", False),
    ],
)
def test_request_id(client: Client, given: str, *, kept: bool) -> None:
    """One that is plain is kept, for hits as for others; the log has the one that is sent back."""
    for url in ("/is/image/Co/grid?wid=36", "/is/image/Co/grid?wid=36", "/is/image/Co/nothing", "/"):
        found = client.ask(url, headers={"X-Request-Id": given}).headers["X-Request-Id"]
        assert (found == given) == kept
        assert re.fullmatch(r"[A-Za-z0-9._~+/=:@-]{1,128}", found)


def test_made_request_ids_differ(client: Client) -> None:
    found = [
        client.ask(url).headers["X-Request-Id"] for url in ("/is/image/Co/grid?wid=36", "/health") for _ in range(9)
    ]
    assert len(set(found)) == 18


def test_log_of_a_request(client: Client) -> None:
    url = "/is/image/Co/grid?wid=37&signature=web.1.abcdef"
    referer = "https://me:pass@shop.example/page?signature=web.1.abcdef&q=1"
    headers = {"Authorization": "Bearer hidden", "Referer": referer, "User-Agent": "test/1"}
    replies = [client.ask(url, headers={**headers, "X-Request-Id": f"log-{number}"}) for number in range(6)]
    first, *later = (line_of(client, f"log-{number}") for number in range(6))
    assert first | {"time": 0, "seconds": 0, "stages": {}} == {
        "time": 0,
        "id": "log-0",
        "client": "127.0.0.1",
        "method": "GET",
        "url": "/is/image/Co/grid?wid=37&signature=…",
        "dialect": "image",
        "req": "img",
        "status": 200,
        "bytes": len(replies[0].body),
        "seconds": 0,
        "cache": "miss",
        "agent": "test/1",
        "referer": "https://shop.example/page?signature=…&q=1",
        "stages": {},
    }
    stages = first["stages"]
    assert isinstance(stages, dict)
    assert set(stages) == {"read", "plan", "measure", "wait", "draw"}
    assert stages["draw"] > 0
    assert "memory" in {one["cache"] for one in later}
    text = (client.folder / "access.log").read_text()
    assert not [secret for secret in ("abcdef", "hidden", "me:pass", TOKEN) if secret in text]


def test_log_of_what_is_not_sent(client: Client) -> None:
    url = "/is/image/Co/grid?wid=38"
    for number, method in enumerate(["GET", "HEAD", "HEAD", "HEAD", "HEAD"]):
        assert client.ask(url, method, headers={"X-Request-Id": f"head-{number}"}).status == 200
        assert (line_of(client, f"head-{number}")["bytes"] == 0) == (method == "HEAD")


@pytest.mark.parametrize(
    ("mode", "url", "shown"),
    [
        ("full", "/is/image/Co/a?wid=3", {"url": "/is/image/Co/a?wid=3"}),
        ("full", "/is/image/Co/a?wid=3&signature=k.1.2", {"url": "/is/image/Co/a?wid=3&signature=…"}),
        ("hashed", "/is/image/Co/a", {"url": "/is/image/Co/a"}),
        ("hashed", "/is/image/Co/a?wid=3", {"path": "/is/image/Co/a", "query_hash": "c1b78577ae2b2880"}),
        ("none", "/is/image/Co/a", {"url": "/is/image/Co/a"}),
        ("none", "/is/image/Co/a?wid=3", {"path": "/is/image/Co/a"}),
        ("full", "/demo/image/upload/s--k.1_2--/w_3/a.png", {"url": "/demo/image/upload/s--…--/w_3/a.png"}),
        ("hashed", "/demo/image/upload/s--k.1_2--/a.png", {"url": "/demo/image/upload/s--…--/a.png"}),
        ("none", "/demo/image/upload/s--k.1_2--/a.png?b", {"path": "/demo/image/upload/s--…--/a.png"}),
        ("full", "/demo/a.png?__cld_token__=exp=9~hmac=0f&a=1", {"url": "/demo/a.png?__cld_token__=exp=9~hmac=…&a=1"}),
    ],
)
def test_how_commands_are_logged(mode: str, url: str, shown: Mapping[str, str]) -> None:
    assert SHOWN[mode](url) == shown


def test_equal_commands_have_equal_hashes() -> None:
    urls = ("/a?text=Juno&signature=k.1.2", "/b?text=Juno&signature=k.3.4", "/a?text=Jun")
    first, second, third = (SHOWN["hashed"](url)["query_hash"] for url in urls)
    assert first == second != third


def test_server_timing(client: Client) -> None:
    """Whatever is drawn tells its stages, what is at hand that it is; nothing of it is kept."""
    url = "/is/image/Co/grid?wid=39"
    replies = [client.ask(url) for _ in range(6)]
    first, *later = (reply.headers["Server-Timing"] for reply in replies)
    assert first.startswith('cache;desc="miss", read;dur=')
    assert set(re.findall(r"(\w+);dur=\d+\.\d", first)) == {"read", "plan", "measure", "wait", "draw"} <= set(STAGES)
    assert 'cache;desc="memory"' in later
    assert {reply.body for reply in replies} == {replies[0].body}
    assert replies[0].headers["Timing-Allow-Origin"] == "*"
    kept = [path for path in (client.folder / "cache").rglob("*") if path.is_file()]
    assert len(kept) > 1
    assert not [path for path in kept if b"Server-Timing" in path.read_bytes() or b"dur=" in path.read_bytes()]


def test_parts_of_processes_add_up_and_go_on() -> None:
    board = Board(3)
    first, second = (Counts(board, board.cells(number)) for number in (1, 2))
    first.add(RENDERS, "draw", "process", "done")
    second.add(RENDERS, "draw", "process", "done", amount=2)
    second.add(QUEUE, amount=5)
    first.answer(("image", "img"), 200, "memory", 0.01, 100)
    board.cells(2).clear({QUEUE.name})
    again = Counts(board, board.cells(2))
    again.add(RENDERS, "draw", "process", "done")
    again.answer(("image", "img"), 200, "", 0.01, 100)
    found = values_of(board)
    assert found[RENDERS.name] == {("draw", "process", "done"): 4}
    assert found[QUEUE.name] == {(): 0}
    assert found[REQUESTS.name] == {("image", "img", "200"): 2}


def test_what_has_no_room_is_not_counted() -> None:
    board = Board(2)
    counts = Counts(board, board.cells(0))
    for number in range(RECORDS + 10):
        counts.add(RENDERS, str(number), "process", "done")
    found = values_of(board)[RENDERS.name]
    assert len(found) == RECORDS - 1
    assert set(found.values()) == {1.0}
    assert board.cells(1).read() == {}


def test_table_of_metrics_and_stages() -> None:
    """The document tells what the declarations do."""
    text = (ROOT / "docs" / "operations.md").read_text()
    rows = {
        (name, kind, labels, doc)
        for name, kind, labels, doc in re.findall(r"\| `(imageserver_\w+)` \| (\w+) \| (.*?) \| (.*?) \|", text)
    }
    assert rows == {
        (f"{one.name}{'_total' if one.kind == 'counter' else ''}", one.kind, ", ".join(one.labels), one.doc)
        for one in METRICS
    }
    stages = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|$", text, re.MULTILINE))
    assert {name: stages.get(name) for name in STAGES} == STAGES
