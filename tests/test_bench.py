"""`make bench` measures and reports: its rows, its checks of replies and its comparisons; not what it measures."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from serving import Client

from bench import encoding
from bench.load import Ask, ask_many, without_chunks
from bench.measuring import Result, Row
from bench.report import aim, table
from bench.work import JOBS, Goal

ROOT = Path(__file__).parents[1]
HOT = next(job for job in JOBS if job.key == "hot")
OURS = Row("ours", requests=10, rate=40.0, p50=0.1, p99=0.2, cpu=0.02, memory=2**20 * 90, quality=38.0)
OTHER = Row("other", requests=5, rate=20.0, p50=0.1, p99=0.2, cpu=0.05, memory=2**20, quality=33.0, rate_ratio=2.0)


@pytest.mark.slow
def test_one_job(tmp_path: Path) -> None:
    places = ["--folder", str(tmp_path / "kept"), "--peers", str(tmp_path), "--write", str(tmp_path / "results")]
    short = ["--only", "hot", "--beside", "bare", "thumbor", "--rounds", "1", "--seconds", "0.5"]
    command = [sys.executable, "-m", "bench", *short, *places]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)  # noqa: S603
    assert done.returncode == 0, done.stdout + done.stderr
    rows = {row["name"]: row for row in json.loads((tmp_path / "results.json").read_text())["jobs"]["hot"]["rows"]}
    for name in ("ours", "bare aiohttp handler"):
        assert not rows[name]["problem"]
        assert rows[name]["requests"] > 0
        assert rows[name]["memory"] > 2**20
    assert rows["bare aiohttp handler"]["rate_ratio"] > 0
    assert rows["thumbor"]["problem"] in {"not installed", ""}
    written = (tmp_path / "results.md").read_text()
    assert "| bare aiohttp handler" in written
    assert "| bare aiohttp handler" in done.stdout
    assert "Aim: at least 0.95 × the rate of bare aiohttp handler; " in written


@pytest.mark.parametrize(
    ("ask", "problem"),
    [
        (Ask("/is/image/Co/photo?wid=40", (40, 30)), ""),
        (Ask("/is/image/Co/photo?wid=40", (40, 40)), "(40, 30) instead of (40, 40): /is/image/Co/photo?wid=40"),
        (Ask("/is/image/Co/photo?wid=none"), "403 instead of 200: /is/image/Co/photo?wid=none"),
    ],
)
def test_replies_are_checked(server: Client, ask: Ask, problem: str) -> None:
    load = ask_many(server.port, iter([ask]), 10, 1)
    assert load.count == 1
    assert load.problem == problem


def test_all_that_differ_are_asked_once(server: Client) -> None:
    asks = [Ask(f"/is/image/Co/photo?wid={wide}&hei=9&fit=stretch", (wide, 9)) for wide in range(20, 29)]
    load = ask_many(server.port, iter(asks), 60, 3)
    assert (load.count, load.problem) == (9, "")
    assert len(load.times) == 9
    assert all(first <= whole for first, whole in zip(load.first_bytes, load.times, strict=True))


def test_a_server_that_is_gone_is_a_problem() -> None:
    assert ask_many(1, iter([Ask("/x")]), 1, 1).problem == "ConnectionRefusedError: /x"


def test_chunks_are_taken_together() -> None:
    assert without_chunks(b"3\r\nabc\r\nA;x=1\r\n0123456789\r\n0\r\n\r\n") == b"abc0123456789"


@pytest.mark.parametrize(
    ("goal", "said"),
    [
        (Goal("rate", 1.5, "other"), "Aim: at least 1.5 × the rate of other; reached: 2.00."),
        (Goal("rate", 18, "other"), "Aim: at least 18 × the rate of other; missed: 2.00."),
        (Goal("CPU", 1, "other"), "Aim: at most 1 × the CPU of other; reached: 0.40."),
        (Goal("PSNR", 4, "other"), "Aim: at least 4 dB more than other; reached: 5.00."),
        (Goal("MB", 60), "Aim: at most 60 MB; missed: 90.0."),
        (Goal("seconds", 0.5), "Aim: at most 0.5 s; reached: 0.10."),
        (Goal("rate", 3, "other", "third"), "Aim for third: at least 3 × the rate of other; reached: 4.00."),
        (Goal("rate", 1, "absent"), "Aim: at least 1 × the rate of absent; not measured."),
        (Goal("rate", 1, "broken"), "Aim: at least 1 × the rate of broken; not measured."),
    ],
)
def test_aims(goal: Goal, said: str) -> None:
    result = Result(
        HOT,
        (OURS, OTHER, replace(OTHER, name="third", rate_ratio=0.5), Row("broken", "failed: 500 instead of 200: /x")),
    )
    assert aim(goal, result) == said


def test_growth_is_compared_with_the_first_step() -> None:
    job = replace(HOT, grows="layers", goals=())
    rows = (replace(OURS, name="1 layer", amount=1), replace(OURS, name="4 layers", amount=4, p50=0.3, cpu=0.05))
    *_, last, _ = table(Result(job, rows))
    assert [cell.strip() for cell in last.split("|")[5:9]] == ["90.0", "4.00", "3.00", "2.50"]


def test_a_row_says_why_there_are_no_numbers() -> None:
    lines = list(table(Result(replace(HOT, goals=()), (OURS, Row("iipsrv", "not installed")))))
    assert [cell.strip() for cell in lines[-2].split("|")[1:-1]] == ["iipsrv", *["–"] * 8, "not installed"]


@pytest.mark.slow
def test_settings_of_encoders_are_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each row says what its encoder gives; lossless ones give the pixels, and one setting of each is ours."""
    monkeypatch.setattr(encoding, "SIDES", (64,))
    monkeypatch.setattr(encoding, "TURNS", 1)
    Image.effect_noise((64, 64), 60).convert("RGB").save(tmp_path / "photo.png")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in encoding.encoded(tmp_path)][4:-1]
    assert len(rows) == len(encoding.CHOICES)
    for name, side, size, _, quality, _ in rows:
        assert (side, float(size) > 0) == ("64", True)
        assert (quality == "99.0") == name.startswith(("PNG", "WebP lossless"))
    ours = [name.split()[0] for name, *_, told in rows if told == "ours"]
    assert ours == ["JPEG", "JPEG", "PNG", "WebP", "WebP", "AVIF"]
