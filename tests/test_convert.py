"""Building pyramids, in the background and ahead; what becomes of them. References: r-ic; README, Pyramids."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from large import AHEAD, BACKGROUND, OFF, THRESHOLD, ask, convert, counted, fidelity, photo, pyramids, writing
from pictures import BLUE, RED
from PIL import Image
from serving import serving
from sites import eventually, plain

from imageserver.render.container import Reader
from imageserver.server.pyramids import QUIET_FOR, USED


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A site with one large picture, and no pyramid."""
    images = tmp_path / "catalogs" / "Co" / "images"
    images.mkdir(parents=True)
    photo().save(images / "photo.jpg", quality=92)
    (images.parent / "catalog.yaml").write_text("attributes: {root_path: images}\nimages: {photo: {path: photo.jpg}}\n")
    return tmp_path


def test_first_use_builds_in_the_background(folder: Path) -> None:
    with serving(folder, environment=BACKGROUND) as client:
        first = ask(client, "photo?wid=200&cache=on,off")
        eventually(counted(folder), (1, 0))
        second = ask(client, "photo?wid=200&cache=on,off")
        assert second.headers["ETag"] != first.headers["ETag"]
        assert fidelity(first, second) >= 46
        held = {"If-None-Match": first.headers["ETag"]}
        assert client.ask("/is/image/Co/photo?wid=200&cache=on,off", headers=held).status == 200
        held = {"If-None-Match": second.headers["ETag"]}
        assert client.ask("/is/image/Co/photo?wid=200&cache=on,off", headers=held).status == 304


def test_building_waits_until_no_process_draws(folder: Path) -> None:
    """Also one that has nothing to draw itself does not take the cores from those that have."""
    used = folder / "state" / "pyramids" / USED
    with serving(folder, environment=BACKGROUND) as idle, serving(folder, environment=BACKGROUND) as busy:
        ask(idle, "photo?wid=200")
        before = used.stat().st_mtime_ns
        ask(busy, "photo?wid=100")
        assert used.stat().st_mtime_ns > before, "each tells the others"
        built = 0
        while not kept_from_building(folder, used):  # then it builds, as it should, and once more with another picture
            built += 1
            eventually(counted(folder), (built, 0))
            photo(901, 602 + built).save(folder / "catalogs" / "Co" / "images" / "photo.jpg")
            ask(idle, "photo?wid=200")
        eventually(counted(folder), (built + 1, 0))


def kept_from_building(folder: Path, used: Path) -> bool:
    """Draw, as others see it, for longer than they wait; tell whether no pause was so long that they might begin."""
    before, latest = counted(folder)(), time.monotonic()
    end = latest + 3 * QUIET_FOR
    while latest < end:
        used.touch()
        time.sleep(0.05)
        now = counted(folder)()
        if time.monotonic() - latest > QUIET_FOR / 2:
            return False
        assert now == before
        latest = time.monotonic()
    return True


def test_what_was_sent_before_the_pyramid_is_still_right(folder: Path) -> None:
    with serving(folder, environment=BACKGROUND) as client:
        first = ask(client, "photo?wid=200")
        eventually(counted(folder), (1, 0))
        again = ask(client, "photo?wid=200")
        assert (again.headers["ETag"], again.body) == (first.headers["ETag"], first.body)


@pytest.mark.parametrize("build", [AHEAD, OFF])
def test_nothing_is_built_without_being_asked_for(folder: Path, build: dict[str, str]) -> None:
    with serving(folder, environment=build) as client:
        ask(client, "photo?wid=200")
        assert not (folder / "state" / "pyramids" / USED).exists(), "it is what comes before all building"
        assert counted(folder)() == (0, 0)


def test_replaced_source_is_never_drawn_from_the_old_levels(folder: Path) -> None:
    source = folder / "catalogs" / "Co" / "images" / "photo.jpg"
    with serving(folder, environment=BACKGROUND) as client:
        for number, color in enumerate((RED, BLUE, RED), 1):
            fresh = plain(source.with_name("new.jpg"), color, (900, 700))
            fresh.replace(source)
            red, _, blue = ask(client, "photo?wid=10&fmt=png").image.getpixel((5, 5))  # type: ignore[misc]
            assert (red > 200, blue > 200) == (color == RED, color == BLUE)
            eventually(counted(folder), (min(number, 2), 0))
            red, _, blue = ask(client, "photo?wid=10&fmt=png").image.getpixel((5, 5))  # type: ignore[misc]
            assert (red > 200, blue > 200) == (color == RED, color == BLUE)


def spoiled(data: bytes, kind: str) -> bytes:
    match kind:
        case "cut":
            return data[: len(data) // 2]
        case "empty":
            return b""
        case "tiles":
            return data[:200] + bytes(byte ^ 255 for byte in data[200:-4000]) + data[-4000:]
        case "index":
            return data[:-100] + b"?" + data[-99:]
        case _:
            return b"no pyramid " * 1000


def test_damaged_pyramid_is_built_anew_and_never_shown(folder: Path) -> None:
    assert convert(folder).returncode == 0
    (path,) = pyramids(folder)
    whole, url = path.read_bytes(), "photo?wid=222&fmt=png&cache=on,off"
    damaged = {kind: spoiled(whole, kind) for kind in ("cut", "empty", "tiles", "index", "other")}
    with serving(folder, environment=OFF) as client:
        from_file = ask(client, url).body
    with serving(folder, environment=AHEAD) as client:
        for kind, data in damaged.items():
            path.write_bytes(data)
            assert ask(client, url).body == from_file, kind
            assert not pyramids(folder), kind
    with serving(folder, environment=BACKGROUND) as client:
        for kind, data in damaged.items():
            path.write_bytes(data)
            assert ask(client, url).body == from_file, kind
            eventually(counted(folder), (1, 0))
            assert path.read_bytes() == whole, kind


def test_pyramid_that_goes_while_it_is_used(folder: Path) -> None:
    assert convert(folder).returncode == 0
    with serving(folder, environment=AHEAD) as client:
        from_level = ask(client, "photo?wid=200&cache=on,off")
        pyramids(folder)[0].unlink()
        from_file = ask(client, "photo?wid=200&cache=on,off")
        assert fidelity(from_level, from_file) >= 46
        assert from_level.headers["ETag"] != from_file.headers["ETag"]


def children(parent: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(path.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(path.parent.name))
    return found


def has_begun(folder: Path) -> bool:
    """Whether something is written of a pyramid that is not whole yet."""
    with contextlib.suppress(FileNotFoundError):
        return any(path.stat().st_size for path in pyramids(folder, "part"))
    return False


def test_killed_build_leaves_nothing_that_is_used(folder: Path) -> None:
    """It is begun again, where a half-written file is left, too."""
    photo(5000, 4000).save(folder / "catalogs" / "Co" / "images" / "photo.jpg", quality=92)
    command = [sys.executable, "-m", "imageserver", "convert", "--jobs", "1"]
    with subprocess.Popen(command, cwd=folder, env={**os.environ, **THRESHOLD}, stdout=subprocess.DEVNULL) as process:  # noqa: S603
        eventually(partial(has_begun, folder), wanted=True)
        os.kill(process.pid, signal.SIGSTOP)  # so that it starts nobody in place of those that die
        for number in (*children(process.pid), process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
    assert counted(folder)() == (0, 1)
    done = convert(folder)
    assert (done.returncode, counted(folder)()) == (0, (1, 0))
    assert Reader(pyramids(folder)[0]).levels[0].width == 5000


def test_convert_goes_on_where_it_was(folder: Path) -> None:
    images = folder / "catalogs" / "Co" / "images"
    assert convert(folder).stderr == "1 built\n"
    photo(300, 200).save(images / "small.jpg")
    writing().save(images / "writing.png")
    names = [str(images / name) for name in ("photo.jpg", "small.jpg", "writing.png")]
    done = convert(folder, "--jobs", "1", *names)
    assert (done.returncode, done.stderr) == (0, "1 built, 1 there already, 1 too small\n")
    done = convert(folder, "--force", "--dry-run", *names)
    assert (done.returncode, done.stderr) == (0, "2 would build, 1 too small\n")


@pytest.mark.parametrize(
    ("options", "crop"),
    [
        (["--autocrop", "ul"], "crop=100,50,300,200"),
        (["--autocrop", "lr", "--tolerance", "0.1"], "crop=100,50,300,200"),
        (["--autocrop", "ul", "--tolerance", "1"], ""),  # nothing is left
        (["--autocrop", "alpha"], ""),  # has none
    ],
)
def test_convert_tells_what_lies_within_a_border(folder: Path, options: list[str], crop: str) -> None:
    image = Image.new("RGB", (900, 600), "white")
    image.paste(photo(300, 200).point(lambda value: value // 2), (100, 50))
    image.save(folder / "framed.png")
    done = convert(folder, "--dry-run", *options, str(folder / "framed.png"))
    assert done.returncode == 0
    assert done.stdout.rstrip().endswith(crop or "would build")


def test_convert_tells_each_failure_in_a_line(folder: Path) -> None:
    images = folder / "catalogs" / "Co" / "images"
    data = (images / "photo.jpg").read_bytes()
    (images / "half.jpg").write_bytes(data[: len(data) // 2])
    (images / "notes.jpg").write_text("no image")
    done = convert(folder, *(str(images / name) for name in ("half.jpg", "notes.jpg", "photo.jpg")))
    assert done.returncode == 1
    assert sorted(line.partition(": ")[0] for line in done.stderr.splitlines() if "failed" in line)[:2] == [
        str(images / "half.jpg"),
        str(images / "notes.jpg"),
    ]
    assert "Traceback" not in done.stderr
    assert counted(folder)() == (1, 0)


@pytest.mark.parametrize(
    ("options", "part"),
    [(["nowhere"], "nowhere: no such file"), (["--quality", "0"], "1 to 100"), (["--jobs", "x"], "1 or more")],
)
def test_convert_with_wrong_options(folder: Path, options: list[str], part: str) -> None:
    done = convert(folder, *options)
    assert done.returncode == 2
    assert part in done.stderr


def test_options_change_how_levels_are_written(folder: Path) -> None:
    sizes = []
    for options in (["--compression=jpeg", "--quality=60"], ["--compression=jpeg"], ["--compression=lossless"]):
        assert convert(folder, "--force", *options).returncode == 0
        (path,) = pyramids(folder)
        sizes.append(path.stat().st_size)
        first, *smaller = (level.codec for level in Reader(path).levels)
        assert (first, set(smaller)) == (("WEBP", {"RAW"}) if "lossless" in options[0] else ("JPEG", {"JPEG"}))
    assert sizes[0] < sizes[1] < sizes[2]


def test_pyramids_keep_to_their_bounds(folder: Path) -> None:
    """What was used least lately goes first."""
    images = folder / "catalogs" / "Co" / "images"
    for number in range(3):
        photo(700, 500 + number).save(images / f"{number}.jpg", quality=90)
        assert convert(folder, str(images / f"{number}.jpg")).returncode == 0
    found = pyramids(folder)
    for number, path in enumerate(found):
        os.utime(path, (2_000_000_000 - number, path.stat().st_mtime))
    photo(300, 200).save(images / "small.jpg")
    most = sum(path.stat().st_size for path in found[:2])
    done = convert(folder, str(images / "small.jpg"), IMAGESERVER_PYRAMIDS__MAX_SIZE=str(most))
    assert "1 pyramids removed" in done.stderr
    assert pyramids(folder) == found[:2]
