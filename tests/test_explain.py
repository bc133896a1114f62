"""`imageserver explain URL` says how a request is read and where everything of its picture lies, or what is wrong."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from commanding import run

from imageserver.config import Config
from imageserver.tools.explain import explain


def explained(folder: Path, url: str) -> subprocess.CompletedProcess[str]:
    return run(folder, "explain", url)


@pytest.mark.parametrize(
    ("url", "lines"),
    [
        (
            "/is/image/Co/grid?wid=100&unknown=1",
            ["request   Co/grid", "unknown=1  (ignored)", "source    Co/grid: grid.png, 400x300", "sent      100x75"],
        ),
        ("Co/half", ["layer     0: 200x150 at 0,0, norm, 100%", "quality 40"]),
        ("Co/grid?layer=1&src=Co/webp&opac=50&rotate=90", ["layer     1: ", "turned by 90, norm, 50%", "of web.webp"]),
        (
            "Co?size=200,60&textPs=\\fs40 Hello {\\b World} and more",
            ["text set at 72 dpi", "line      from 0,", "characters 0-", "font      FiraGO"],
        ),
        ("Co?size=60,10&textPs=\\fs40 too large", ["text set at 72 dpi, not all of it fits"]),
        ("Co/grid?layer=1&src=is{Co/webp?wid=30}", ["shows 100x80 at 0,0 of web.webp"]),
        ("Co/grid?req=props", ["reply     req=props"]),
    ],
)
def test_explanation(pictures: Path, tmp_path: Path, url: str, lines: list[str]) -> None:
    config = Config(catalogs=str(pictures / "catalogs"), state=str(tmp_path))
    told = "\n".join(explain(url, config))
    for line in lines:
        assert line in told, told


def test_an_explanation_is_printed(pictures: Path) -> None:
    done = explained(pictures, "Co/half")
    assert done.returncode == 0, done.stderr
    assert "quality 40" in done.stdout


@pytest.mark.parametrize(
    ("url", "message"),
    [("Co/grid?wid=x", "wid=x: expected an integer"), ("Co/nowhere", "nowhere"), ("Co/text", "notes.txt")],
)
def test_what_cannot_be_explained_is_told_in_a_line(pictures: Path, url: str, message: str) -> None:
    done = explained(pictures, url)
    assert done.returncode != 0
    assert message in done.stderr
    assert "Traceback" not in done.stderr
