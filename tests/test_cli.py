"""The command line, as a user runs it. Reference: README, Configuration."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from commanding import run
from serving import Client, serving
from sites import eventually, write_site

from imageserver.config import Config
from imageserver.tools import cli

GOOD = "attributes: {root_path: images}\nimages: {grid: {path: grid.png}, other: {path: grid.png}}\n"
BAD = """attributes:
  root_path: images
  jpeg_quality: [850, 0]
images:
  grid: {path: grid.png, expiraton: 3}
  gone: {path: gone.png}
macros:
  loud: op_blur=999
"""
PROBLEM = re.compile(r"(?P<file>[^:]+):(?P<line>\d+):(?P<column>\d+): (?P<message>.+)")


def test_check_of_good_catalogs(tmp_path: Path) -> None:
    done = run(write_site(tmp_path, {"Co": GOOD, "Other": GOOD}), "check")
    assert (done.returncode, done.stdout) == (0, "")
    assert "Traceback" not in done.stderr


def test_check_shows_every_problem_where_it_stands(tmp_path: Path) -> None:
    done = run(write_site(tmp_path, {"Good": GOOD, "Bad": BAD}), "check")
    assert done.returncode == 1
    found = [PROBLEM.fullmatch(line) for line in done.stdout.splitlines()]
    places = {(one["file"], int(one["line"]), int(one["column"])): one["message"] for one in found if one}
    assert len(places) == len(found) == 4
    file = "catalogs/Bad/catalog.yaml"
    assert "jpeg_quality" in places[file, 3, 17]
    assert "unknown key 'expiraton'" in places[next(place for place in places if place[1] == 5)]
    assert "did you mean 'expiration'" in places[next(place for place in places if place[1] == 5)]
    assert "no such file 'gone.png'" in places[file, 6, 9]
    assert "op_blur=999" in places[file, 8, 9]


def test_check_of_one_catalog(tmp_path: Path) -> None:
    folder = write_site(tmp_path, {"Good": GOOD, "Bad": BAD})
    assert run(folder, "check", "Good").returncode == 0
    bad = run(folder, "check", "Bad")
    assert bad.returncode == 1
    assert len(bad.stdout.splitlines()) == 4


def test_check_of_a_catalog_by_its_root_id(tmp_path: Path) -> None:
    folder = write_site(tmp_path, {"folder": GOOD.replace("root_path:", "root_id: Named/Co, root_path:")})
    assert run(folder, "check", "Named/Co").returncode == 0
    assert run(folder, "check", "folder").returncode == 2


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["check", "Nobody"], "no catalog 'Nobody'"),
        (["check", "--catalogs", "nowhere"], "nowhere"),
        (["check", "--config", "nowhere.yaml"], "nowhere.yaml"),
    ],
)
def test_check_that_cannot_be_done(tmp_path: Path, arguments: list[str], part: str) -> None:
    done = run(write_site(tmp_path, {"Co": GOOD}), *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert part in done.stderr


@pytest.mark.parametrize("text", ["images: [", "a:\n\tb: 1", "[1, 2]", "images: {grid: 1}", "root: 1"])
def test_check_of_a_broken_file(tmp_path: Path, text: str) -> None:
    done = run(write_site(tmp_path, {"Co": text, "Good": GOOD}), "check")
    assert done.returncode == 1
    assert done.stdout
    for line in done.stdout.splitlines():
        match = PROBLEM.fullmatch(line)
        assert match
        assert match["file"] == "catalogs/Co/catalog.yaml"


def test_check_reads_another_folder(tmp_path: Path) -> None:
    folder = write_site(tmp_path, {"Co": GOOD})
    (folder / "catalogs").rename(folder / "elsewhere")
    assert run(folder, "check", "--catalogs", "elsewhere").returncode == 0
    assert run(folder, "check", environment={"IMAGESERVER_CATALOGS": "elsewhere"}).returncode == 0
    (folder / "other.yaml").write_text("catalogs: elsewhere")
    assert run(folder, "check", "--config", "other.yaml").returncode == 0


@pytest.mark.parametrize("arguments", [[], ["nothing"], ["serve", "--nothing"], ["check", "a", "b"]])
def test_usage_is_shown(tmp_path: Path, arguments: list[str]) -> None:
    done = run(tmp_path, *arguments)
    assert done.returncode == 2
    assert "usage: imageserver" in done.stderr


def test_help_names_the_commands(tmp_path: Path) -> None:
    done = run(tmp_path, "--help")
    assert done.returncode == 0
    for command in ("serve", "check", "demo"):
        assert command in done.stdout


def test_serve_says_where_it_is_once_it_answers(tmp_path: Path) -> None:
    folder = write_site(tmp_path, {"Co": GOOD})
    command = [sys.executable, "-m", "imageserver", "serve", "--port", "0"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=log, text=True)  # noqa: S603
        try:
            assert process.stdout is not None
            match = re.search(r"http://127\.0\.0\.1:(\d+)/", process.stdout.readline())
            assert match
            assert Client(int(match[1]), folder).ask("/is/image/Co/grid?wid=5&.x=y").status == 200
        finally:
            process.send_signal(signal.SIGTERM)
            rest, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    lines = [json.loads(line) for line in rest.splitlines()]  # the access log is all that follows
    assert [(line["method"], line["url"], line["status"]) for line in lines] == [
        ("GET", "/is/image/Co/grid?wid=5&.x=y", 200)
    ]


def test_the_demo_keeps_its_front_doors_when_it_reads_the_configuration_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[Config] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cli, "serve", lambda config, read_again: found.extend((config, read_again())))
    monkeypatch.setattr(cli, "log_to_stderr", lambda: None)
    assert cli.main(["demo", "--port", "8123"]) == 0
    assert [(one.server.port, one.dialects.on) for one in found] == [(8123, ("cloudinary", "rest4d"))] * 2


def test_serve_over_a_unix_socket(tmp_path: Path) -> None:
    folder = write_site(tmp_path, {"Co": GOOD})
    (folder / "config.yaml").write_text("server: {socket: here.socket, access_log: ''}")
    command = [sys.executable, "-m", "imageserver", "serve"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=log, text=True)  # noqa: S603
        try:
            assert process.stdout is not None
            assert "here.socket" in process.stdout.readline()
            assert (folder / "here.socket").is_socket()
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=120)
    assert process.returncode == 0


def test_cache_stats_and_clear(tmp_path: Path) -> None:
    write_site(tmp_path, {"Co": GOOD})
    assert "no replies are kept there yet" in run(tmp_path, "cache", "stats").stderr
    with serving(tmp_path, environment={"IMAGESERVER_SERVER__ACCESS_LOG": ""}) as client:
        for width in (10, 11, 12):
            client.ask(f"/is/image/Co/grid?wid={width}")
        eventually(lambda: run(tmp_path, "cache", "stats").stdout.split(" ")[0], "3")
        assert re.fullmatch(r"3 replies removed, \d+\.\d MiB\n", run(tmp_path, "cache", "clear").stdout)
        assert run(tmp_path, "cache", "stats").stdout.startswith("0 of 200000 replies, 0.0 of 2048.0 MiB")
        assert client.ask("/is/image/Co/grid?wid=10").status == 200, "the server goes on"


def test_cache_warm_asks_for_what_was_asked_before(tmp_path: Path) -> None:
    write_site(tmp_path, {"Co": GOOD})
    environment = {"IMAGESERVER_SERVER__ACCESS_LOG": "access.log"}
    with serving(tmp_path, environment=environment) as client:
        for url in ("Co/grid?wid=10", "Co/grid?wid=11", "Co/grid?wid=10", "Co/nothing", "Co/grid?req=props"):
            client.ask(f"/is/image/{url}")
    own = (tmp_path / "access.log").read_text()
    combined = (
        '127.0.0.1 - - [22/Nov/2026:10:00:00 +0000] "GET /is/image/Co/other?wid=9 HTTP/1.1" 200 900 "-" "curl"\n'
        '127.0.0.1 - - [22/Nov/2026:10:00:01 +0000] "GET /is/image/Co/gone?wid=9 HTTP/1.1" 200 900 "-" "curl"\n'
        '127.0.0.1 - - [22/Nov/2026:10:00:01 +0000] "POST /is/image/Co/other?wid=7 HTTP/1.1" 200 900 "-" "curl"\n'
        "not a line of a log\n{broken\n"
    )
    (tmp_path / "old.log").write_text(own + combined)
    (tmp_path / "access.log").unlink()
    shutil.rmtree(tmp_path / "cache")
    with serving(tmp_path, environment=environment) as client:
        done = run(tmp_path, "cache", "warm", "old.log", "--server", f"http://127.0.0.1:{client.port}")
        assert done.returncode == 1
        assert done.stdout.splitlines()[0] == "403 /is/image/Co/gone?wid=9"
        assert done.stdout.splitlines()[-1].startswith("4 of 5 URLs answered")
        asked = [json.loads(line)["url"] for line in (tmp_path / "access.log").read_text().splitlines()]
        assert sorted(asked) == sorted(
            f"/is/image/Co/{one}"
            for one in ("grid?wid=10", "grid?wid=11", "grid?req=props", "other?wid=9", "gone?wid=9")
        )
        client.ask("/is/image/Co/grid?wid=11")
    assert json.loads((tmp_path / "access.log").read_text().splitlines()[-1])["cache"] == "memory"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("cache", "warm", "nowhere.log"), "nowhere.log: No such file or directory"),
        (("cache", "warm", "a.log", "--server", "ftp://x"), "expected a URL such as http://127.0.0.1:8080"),
        (("cache", "warm", "a.log", "--server", "http://127.0.0.1:9"), "does not answer"),
    ],
)
def test_cache_warm_says_what_is_wrong(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    write_site(tmp_path, {"Co": GOOD})
    (tmp_path / "a.log").write_text('"GET /is/image/Co/grid HTTP/1.1" 200\n')
    done = run(tmp_path, *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
