"""What goes wrong costs one request, and tells nothing that it should not."""

from __future__ import annotations

import http.client
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from pathlib import Path

import pytest
from pictures import BLUE, RED, make_all, quadrants
from serving import Client, Reply, serving, stopped, workers
from sites import eventually, plain

CATALOG = """
attributes: {root_path: images, max_pix: [6000, 6000]}
images:
  grid: {path: grid.png}
  large: {path: large.jpg}
  broken: {path: broken.jpg}
  text: {path: notes.txt}
  empty: {path: empty.jpg}
  gone: {path: gone.png}
  folder: {path: .}
  big: {path: big.png}
  long: {path: long.png}
  wrong: {path: grid.png, modifier: $loud$}
macros: {loud: op_blur=999}
"""
HEAVY = "/is/image/Co/large?scl=0.5&wid=5900&hei=3900&op_grow=90&rotate=33&op_noise=90&fmt=png"
"""A minute of work."""
SECOND = "/is/image/Co/large?scl=1&wid=2000&hei=2000&op_grow=20&op_noise={}&fmt=png"
"""About a second of work."""
LIMITS = {
    "IMAGESERVER_SERVER__ACCESS_LOG": "",
    "IMAGESERVER_SERVER__WORKERS": "1",
    "IMAGESERVER_LIMITS__RENDER_SECONDS": "3",
    "IMAGESERVER_LIMITS__QUEUE": "2",
    "IMAGESERVER_LIMITS__SOURCE_PIXELS": "7000000",
    "IMAGESERVER_LIMITS__FILE_SIZE": "1 MiB",
    "IMAGESERVER_LIMITS__URL_LENGTH": "2000",
    "IMAGESERVER_LIMITS__BODY_SIZE": "4 KiB",
    "IMAGESERVER_LIMITS__TEXT": "8 KiB",
    "IMAGESERVER_LIMITS__REPLY_PIXELS": "30000000",
}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def make_faulty_site(folder: Path) -> Path:
    images = folder / "catalogs" / "Co" / "images"
    make_all(images)
    quadrants(3000, 3000).save(images / "big.png")
    (images / "long.png").write_bytes((images / "grid.png").read_bytes() + b"\0" * 2**20)
    (images.parent / "catalog.yaml").write_text(CATALOG)
    for detail in range(4):
        path = folder / "catalogs" / f"Detail{detail}" / "catalog.yaml"
        path.parent.mkdir()
        path.write_text(CATALOG.replace("root_path: images,", f"root_path: ../Co/images, error_detail: {detail},"))
    return folder


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = make_faulty_site(tmp_path_factory.mktemp("faults"))
    with serving(folder, environment=LIMITS) as client:
        yield client


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A server that gives its one worker time, and lets one more request wait."""
    folder = make_faulty_site(tmp_path_factory.mktemp("patient"))
    limits = {"IMAGESERVER_LIMITS__RENDER_SECONDS": "30", "IMAGESERVER_LIMITS__QUEUE": "1"}
    with serving(folder, environment={**LIMITS, **limits}) as client:
        yield client


def assert_short_text(client: Client, reply: Reply, title: str) -> None:
    """One line that names no path and shows no trace."""
    assert reply.text.count("\n") == 1
    assert len(reply.text) < 400
    assert title == reply.headers["X-Error"]
    assert reply.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert reply.headers["Cache-Control"] == "no-store"
    assert_tells_nothing(client, reply)


def assert_tells_nothing(client: Client, reply: Reply) -> None:
    everything = reply.text + repr(reply.headers)
    for secret in (str(client.folder), "images/red", "Co/images", "Traceback", ".py", "site-packages", "0x7f"):
        assert secret not in everything


def test_deadline(client: Client) -> None:
    """What takes too long is ended, and what comes behind it is served."""
    reply = client.ask(HEAVY)
    assert reply.status == 500
    assert_short_text(client, reply, "rendering failed")
    assert "limits.render_seconds" in reply.text
    assert client.ask("/is/image/Co/grid?wid=10").status == 200


def test_killed_worker_costs_one_request(patient: Client) -> None:
    with ThreadPoolExecutor() as threads:
        for number in range(2):
            lost, pause = threads.submit(patient.ask, HEAVY), 0.4
            while not wait([lost], pause).done:  # a worker that is killed too early costs nothing, and starts slowly
                for worker in workers(patient.folder):
                    os.kill(worker, signal.SIGKILL)
                pause *= 2
            reply = lost.result()
            assert reply.status == 500
            assert_short_text(patient, reply, "rendering failed")
            assert patient.ask(f"/is/image/Co/grid?wid={10 + number}").status == 200


def test_worker_that_dies_while_it_is_idle_costs_nothing(patient: Client) -> None:
    """As the kernel does when memory runs out."""
    for number in range(2):
        for worker in workers(patient.folder):
            os.kill(worker, signal.SIGKILL)
        time.sleep(0.5 * number)
        assert patient.ask(f"/is/image/Co/grid?wid={20 + number}").status == 200
        eventually(lambda: len(workers(patient.folder)), 1)


def test_full_queue_is_told_at_once(patient: Client) -> None:
    """One request is drawn and one waits; the others are asked to come again."""
    with ThreadPoolExecutor(6) as threads:
        with stopped(patient.folder):
            asked = [threads.submit(patient.ask, f"/is/image/Co/grid?wid={40 + number}") for number in range(6)]
            eventually(lambda: len([one for one in asked if one.done()]), 4)
        replies = [one.result() for one in asked]
    assert sorted(reply.status for reply in replies) == [200, 200, 503, 503, 503, 503]
    for reply in replies:
        if reply.status == 503:
            assert int(reply.headers["Retry-After"]) >= 1
            assert_short_text(patient, reply, "server is busy")
    assert patient.ask("/is/image/Co/grid?wid=10").status == 200


def test_health_is_told_while_the_workers_are_busy(patient: Client) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", patient.port, timeout=60)) as busy:
        with stopped(patient.folder):
            busy.request("GET", "/is/image/Co/grid?wid=50")
            eventually(lambda: "imageserver_render_queue 1.0" in patient.ask("/metrics").text, wanted=True)
            assert patient.ask("/health").status == 200
        assert busy.getresponse().status == 200


def test_replies_of_a_file_that_is_replaced_all_the_time(client: Client) -> None:
    """Each is the whole picture of one of the versions, under a tag of its own."""
    path = client.folder / "catalogs" / "Co" / "images" / "changing.png"
    pictures = [
        plain(path.with_name(f"{i}.tmp.png"), color, (60, 60)).read_bytes() for i, color in enumerate((RED, BLUE))
    ]
    path.write_bytes(pictures[0])
    stop = threading.Event()

    def change() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            other = path.with_name("other")
            other.write_bytes(pictures[number % 2])
            other.replace(path)
            time.sleep(0.02)

    changer = threading.Thread(target=change)
    changer.start()
    try:
        replies = [client.ask("/is/image/Co/changing.png?fmt=png") for _ in range(40)]
    finally:
        stop.set()
        changer.join()
    assert {reply.status for reply in replies} <= {200, 500}
    shown = {(reply.headers["ETag"], reply.image.getpixel((30, 30))) for reply in replies if reply.status == 200}
    assert {color for _, color in shown} <= {RED, BLUE}
    assert len({tag for tag, _ in shown}) == len(shown)
    assert client.ask("/is/image/Co/changing.png").status == 200


def test_deleted_file_is_missing_and_comes_back(client: Client) -> None:
    path = client.folder / "catalogs" / "Co" / "images" / "square.png"
    data, url = path.read_bytes(), "/is/image/Co/square.png?wid=10"
    first = client.ask(url)
    path.unlink()
    missing = client.ask(url)
    path.write_bytes(data)
    assert (first.status, missing.status) == (200, 403)
    assert_short_text(client, missing, "image not found")
    assert client.ask(url).body == first.body


def test_file_cut_short_under_the_server_is_no_half_picture(client: Client) -> None:
    path = client.folder / "catalogs" / "Co" / "images" / "ramp.png"
    data, url = path.read_bytes(), "/is/image/Co/ramp.png"
    assert client.ask(url).status == 200
    path.write_bytes(data[: len(data) // 2])
    reply = client.ask(url)
    path.write_bytes(data)
    assert reply.status == 403
    assert_short_text(client, reply, "unreadable image")
    assert client.ask(url).status == 200


@pytest.mark.parametrize(
    ("url", "status", "title"),
    [
        ("/is/image/Co/broken", 403, "unreadable image"),
        ("/is/image/Co/text", 403, "unreadable image"),
        ("/is/image/Co/notes.txt", 403, "unreadable image"),
        ("/is/image/Co/empty", 403, "unreadable image"),
        ("/is/image/Co/gone", 403, "image not found"),
        ("/is/image/Co/folder", 403, "image not found"),
        ("/is/image/Co/nothing", 403, "image not found"),
        ("/is/image/Nobody/nothing", 403, "image not found"),
        ("/is/image/Co", 403, None),
        ("/is/image/Co/big", 403, "limit exceeded"),
        ("/is/image/Co/long", 403, "limit exceeded"),
        ("/is/image/Co/wrong", 403, "problem parsing modifier"),
        ("/is/image/Co/grid?wid=7000", 403, "illegal image size"),
        ("/is/image/Co/grid?wid=6000&hei=5001", 403, "illegal image size"),
        ("/is/image/Co/grid?wid=-1", 403, "problem parsing modifier"),
        ("/is/image/Co/grid?$nothing$", 403, "unknown macro"),
        ("/is/image/Co/../../../../etc/passwd", 403, "image not found"),
        ("/is/image/Co/%2e%2e/%2e%2e/%2e%2e/etc/passwd", 403, "image not found"),
        ("/is/image/Co/..%2f..%2f..%2fserver.log", 403, "image not found"),
        ("/is/image//etc/passwd", 403, "image not found"),
        ("/is/image/Co/grid?src=../catalog.yaml", 403, "image not found"),
        ("/is/image/Co/a%00b", 403, "image not found"),
        ("/is/image/Co/" + "x" * 300, 403, "image not found"),
        ("/is/image/Co/grid?fmt=swf", 403, "not supported"),
        ("/is/image/Co/grid?layer=0&src=ir{a/b?c=d}", 403, "not supported"),
        ("/is/image/Co/grid?layer=0&src=fxg{a?c=d}", 403, "not supported"),
        ("/is/images/Co/grid", 404, "not found"),
        ("/elsewhere", 404, "not found"),
        ("/is", 404, "not found"),
        ("/is/imagery", 404, "not found"),
    ],
)
def test_error(client: Client, url: str, status: int, title: str | None) -> None:
    reply = client.ask(url)
    assert reply.status == status, reply.text
    assert_short_text(client, reply, title or reply.headers["X-Error"])


def test_url_that_is_too_long(client: Client) -> None:
    head = "/is/image/Co/grid?wid=10&x="
    assert client.ask(head + "y" * (2000 - len(head))).status == 200
    reply = client.ask(head + "y" * (2001 - len(head)))
    assert reply.status == 414
    assert_short_text(client, reply, "limit exceeded")
    assert "limits.url_length" in reply.text
    assert "2001" in reply.text


def test_url_beyond_anything_is_refused(client: Client) -> None:
    assert client.ask("/is/image/Co/grid?x=" + "y" * 200_000).status in {400, 414}


def test_body_that_is_too_long(client: Client) -> None:
    assert client.ask("/is/image/Co/grid", "POST", b"wid=10&x=" + b"y" * 4000, FORM).status == 200
    reply = client.ask("/is/image/Co/grid", "POST", b"wid=10&x=" + b"y" * 5000, FORM)
    assert reply.status == 413
    assert_short_text(client, reply, "limit exceeded")
    assert "limits.body_size" in reply.text


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", "image/png"])
def test_body_that_is_no_form(client: Client, kind: str) -> None:
    reply = client.ask("/is/image/Co/grid", "POST", b"wid=10", {"Content-Type": kind})
    assert reply.status == 415
    assert_short_text(client, reply, reply.headers["X-Error"])


@pytest.mark.parametrize("method", ["DELETE", "PUT", "PATCH", "TRACE", "PROPFIND"])
@pytest.mark.parametrize("url", ["/is/image/Co/grid", "/is/content/Co/grid", "/health"])
def test_other_methods_are_not_allowed(client: Client, method: str, url: str) -> None:
    reply = client.ask(url, method)
    assert reply.status == 405
    assert {"GET", "HEAD", "POST"} >= {name.strip() for name in reply.headers["Allow"].split(",")} >= {"GET", "HEAD"}
    assert_short_text(client, reply, reply.headers["X-Error"])


@pytest.mark.parametrize("lines", [b"GET\r\n\r\n", b"\x00\xff\r\n\r\n", b"GET /is/image/Co/\x01 HTTP/1.1\r\n\r\n"])
def test_what_is_no_http_is_refused(client: Client, lines: bytes) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=60)
    connection.connect()
    connection.sock.sendall(lines)
    answer = connection.sock.recv(65536)
    connection.close()
    assert answer.startswith(b"HTTP/1.")
    assert b" 400 " in answer.splitlines()[0]
    for secret in (b"Traceback", b".py", str(client.folder).encode()):
        assert secret not in answer
    assert client.ask("/health").status == 200


def test_clients_that_go_away_leave_nothing_behind(patient: Client) -> None:
    """More of them than the queue holds; the server answers all the same."""
    for number in range(5):
        connection = http.client.HTTPConnection("127.0.0.1", patient.port, timeout=60)
        connection.request("GET", SECOND.format(60 + number))
        connection.close()
    eventually(lambda: patient.ask("/is/image/Co/grid?wid=10").status, 200)


def errors_of(client: Client, url: str) -> Sequence[str]:
    """The texts of an error at each level of attribute::ErrorDetail."""
    replies = [client.ask(f"/is/image/Detail{detail}/{url}") for detail in range(4)]
    assert {reply.status for reply in replies} == {403}
    assert len({reply.headers["X-Error"] for reply in replies}) == 1
    return [reply.text for reply in replies]


def test_detail_0_is_the_title_alone(client: Client) -> None:
    title = client.ask("/is/image/Detail0/grid?wid=x").headers["X-Error"]
    assert errors_of(client, "grid?wid=x")[0] == f"{title}\n"


def test_detail_1_is_one_line_with_command_value_and_what_is_allowed(client: Client) -> None:
    assert errors_of(client, "grid?wid=x")[1] == "wid=x: expected an integer of 1 or more\n"


def test_detail_2_adds_where_a_command_came_from(client: Client) -> None:
    texts = errors_of(client, "wrong")
    assert "loud" not in texts[1]
    assert "$loud$" in texts[2]
    assert "op_blur=999" in texts[2]


@pytest.mark.parametrize(("name", "file"), [("gone", "gone.png"), ("broken", "broken.jpg")])
def test_detail_2_adds_paths(client: Client, name: str, file: str) -> None:
    texts = errors_of(client, name)
    assert [f"images/{file}" in text for text in texts] == [False, False, True, True]


def test_detail_3_adds_a_trace(client: Client) -> None:
    texts = errors_of(client, "grid?wid=x")
    assert ["Traceback" in text for text in texts] == [False, False, False, True]


@pytest.mark.parametrize("url", ["gone", "broken", "big", "folder", "empty", "../../catalog.yaml"])
def test_paths_are_no_business_of_a_client(client: Client, url: str) -> None:
    for text in errors_of(client, url)[:2]:
        assert str(client.folder) not in text
        assert "images" not in text


@pytest.mark.parametrize(
    ("suffix", "start"),
    [
        ("&req=props,json&id=77", '/*jsonp*/s7jsonError({"message":"'),
        ("&req=props,json&handler=mine", '/*jsonp*/s7jsonError({"message":"'),
        ("&req=props,xml", '<?xml version="1.0" encoding="UTF-8"?>'),
        ("&req=props", "wid=x: expected"),
    ],
)
def test_error_has_the_form_of_its_request(client: Client, suffix: str, start: str) -> None:
    reply = client.ask(f"/is/image/Co/grid?wid=x{suffix}")
    assert reply.status == 403
    assert reply.text.startswith(start)
    assert_tells_nothing(client, reply)


def test_unreadable_file(client: Client) -> None:
    """A link that leads to nothing, to itself or to a device."""
    images = client.folder / "catalogs" / "Co" / "images"
    (images / "dangling.png").symlink_to("nowhere.png")
    (images / "circle.png").symlink_to("circle.png")
    (images / "device.png").symlink_to("/dev/zero")
    for name in ("dangling", "circle", "device"):
        reply = client.ask(f"/is/image/Co/{name}.png")
        assert reply.status == 403
        assert_short_text(client, reply, "image not found")
