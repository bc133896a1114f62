"""Facts of files that outlive a server: those of this very file, and none that might be old."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import fields, replace
from pathlib import Path

import pytest
from pictures import quadrants
from serving import serving, workers
from sites import QUIET, properties, write_site

from imageserver.config import Limits
from imageserver.layout.facts import Animation, EmbeddedPath, Facts
from imageserver.protocol.values import Size
from imageserver.server.file_versions import Version, version_of
from imageserver.server.remembering import Remembered

FACTS = Facts(
    Size(40, 30),
    "0f" * 16,
    orientation=6,
    format="TIFF",
    pixel_type="CMYK",
    alpha="associated",
    icc_name="Größe \udc80",
    icc_digest="12ab",
    has_xmp=True,
    paths=(EmbeddedPath("Pfad 1", bytes(range(256))),),
    print_resolution=72.5,
    modified=1.25,
    variables=("a", "b"),
    animation=Animation(3, (40, 0, 1000), 2),
    pages=3,
)
CATALOG = "attributes: {root_path: images}\nimages: {grid: {path: grid.png}}\n"
LATER = 10.0


@pytest.fixture
def version(tmp_path: Path) -> Version:
    (tmp_path / "file-\udcff.png").write_bytes(b"content")
    return version_of(tmp_path / "file-\udcff.png")


def test_facts_are_there_for_the_next_process(tmp_path: Path, version: Version) -> None:
    first = Remembered(tmp_path / "state" / "sources.sqlite", Limits())
    second = Remembered(tmp_path / "state" / "sources.sqlite", Limits())
    first.keep("probe", version, FACTS, time.time() + LATER)
    assert second.find("probe", version) == FACTS
    assert second.find("probe_font", version) is None
    assert second.find("probe", (*version[:4], version[4] + 1)) is None, "another time"
    assert second.find("probe", (version[0], 2**64 - 1, *version[2:])) is None, "another device"


def test_every_fact_is_among_those_that_are_tested() -> None:
    usual = Facts(FACTS.size, FACTS.content_hash)
    same = {one.name for one in fields(Facts) if getattr(FACTS, one.name) == getattr(usual, one.name)}
    assert same == {"size", "content_hash", "pyramids"}


@pytest.mark.parametrize("limit", ["file_size", "source_pixels", "whole_pixels", "scans", "frames"])
def test_what_was_allowed_is_looked_at_again_with_other_limits(tmp_path: Path, version: Version, limit: str) -> None:
    file = tmp_path / "sources.sqlite"
    Remembered(file, Limits()).keep("probe", version, FACTS, time.time() + LATER)
    assert Remembered(file, Limits()).find("probe", version) == FACTS
    assert Remembered(file, replace(Limits(), **{limit: 9})).find("probe", version) is None


def test_what_may_change_unseen_is_not_remembered(tmp_path: Path, version: Version) -> None:
    remembered = Remembered(tmp_path / "sources.sqlite", Limits())
    remembered.keep("probe", version, FACTS, time.time())
    assert remembered.find("probe", version) is None, "it was written just now"
    Path(version[0]).write_bytes(b"other content")
    remembered.keep("probe", version, FACTS, time.time() + LATER)
    assert remembered.find("probe", version) is None, "it was replaced while it was looked at"


def test_a_damaged_file_is_begun_anew(tmp_path: Path, version: Version) -> None:
    (tmp_path / "sources.sqlite").write_bytes(b"no database" * 1000)
    remembered = Remembered(tmp_path / "sources.sqlite", Limits())
    remembered.keep("probe", version, FACTS, time.time() + LATER)
    assert remembered.find("probe", version) == FACTS


def test_a_folder_that_cannot_be_used_is_told(
    tmp_path: Path, version: Version, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "state").write_text("a file")
    remembered = Remembered(tmp_path / "state" / "sources.sqlite", Limits())
    remembered.keep("probe", version, FACTS, time.time() + LATER)
    assert remembered.find("probe", version) is None
    assert len(caplog.records) == 1


def test_a_server_knows_files_of_an_earlier_one(tmp_path: Path) -> None:
    folder = write_site(tmp_path, {"Co": CATALOG})
    path = folder / "catalogs" / "Co" / "images" / "grid.png"
    os.utime(path, (1, 1))
    with serving(folder, environment=QUIET) as client:
        told = properties(client, "Co/grid?req=props")
    assert told["image.width"] == "40"
    with serving(folder, environment=QUIET) as client:
        (renderer,) = workers(folder)
        os.kill(renderer, signal.SIGSTOP)
        try:
            assert properties(client, "Co/grid?req=props") == told
        finally:
            os.kill(renderer, signal.SIGCONT)
        quadrants(80, 60).save(path)
        os.utime(path, (1, 1))
        assert properties(client, "Co/grid?req=props")["image.width"] == "80"
