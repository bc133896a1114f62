"""The processes that render: what they may not do, whatever a file makes them do; and files that claim too much."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from subprocess import CalledProcessError

import pytest
from bad_icons import ICON_REASONS
from bad_images import BOMBS, bad_images, good_images
from serving import Client, most_memory, serving, workers
from sites import QUIET, eventually

from imageserver.config import Config, Limits
from imageserver.errors import TooMuchMemory
from imageserver.server.rendering import Renderer

MIB = 2**20
SOME = 80
"""Bad images beside the bombs; `bench/hostile.py` sends thousands."""
ANSWERED: Mapping[str, int] = {
    "gray.png": 200,
    "deep.png": 200,
    "claims.jpg": 200,
    "segments.jpg": 200,
    "frames.gif": 200,
    "side.webp": 200,
    "zeros.tif": 200,
    "loop.tif": 200,
    "side.avif": 200,
    "list.ico": 200,
    **dict.fromkeys(("size.svg", "blur.svg", "noise.svg", "pattern.svg", "path.svg", "dashes.svg", "billion.svg"), 200),
}
"""The bombs that are pictures after all, only large ones."""
REASONS: Mapping[str, str] = {
    "claims-more.png": "limits.source_pixels",
    "claims-more.jpg": "limits.source_pixels",
    "scans.jpg": "limits.scans",
    "large-scans.jpg": "limits.scans",
    "large-frames.gif": "limits.whole_pixels",
    "screen.gif": "limits.source_pixels",
    "frame.gif": "limits.source_pixels",
    "canvas.webp": "limits.whole_pixels",
    "canvas-more.webp": "limits.source_pixels",
    "claims.tif": "limits.whole_pixels",
    "claims-more.tif": "limits.source_pixels",
    "strip.tif": "limits.whole_pixels",
    "claims.bmp": "limits.whole_pixels",
    "claims-more.bmp": "limits.source_pixels",
    "runs.bmp": "limits.whole_pixels",
    "zipped.psd": "limits.whole_pixels",
    "packed.psd": "limits.whole_pixels",
    "wide.psd": "limits.whole_pixels",
    "claims.avif": "limits.whole_pixels",
    "claims-more.avif": "limits.source_pixels",
    "box.jp2": "limits.whole_pixels",
    "stream.jp2": "limits.whole_pixels",
    "stream-more.jp2": "limits.source_pixels",
    "claims.eps": "limits.whole_pixels",
    **ICON_REASONS,
    "uses.svg": "draws at most 100000 elements",
}
"""What is said of those that are refused because of what they claim."""


def make_site(folder: Path) -> Path:
    images = folder / "catalogs/B/images"
    images.mkdir(parents=True)
    (images.parent / "catalog.yaml").write_text("attributes: {root_id: B, root_path: images}\n")
    for name, data in bad_images(len(BOMBS) + SOME):
        (images / name).write_bytes(data)
    for name, data in good_images().items():
        (images / name).write_bytes(data)
        for share in KEPT:
            (images / f"{share}-{name}").write_bytes(data[: int(len(data) * share)])
    return folder


KEPT = (0.3, 0.6, 0.85)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with serving(make_site(tmp_path_factory.mktemp("bad")), environment=QUIET) as client:
        yield client


@pytest.mark.parametrize("name", BOMBS)
def test_bomb(client: Client, name: str) -> None:
    reply = client.ask(f"/is/image/B/bomb-{name}?wid=200")
    assert reply.status == ANSWERED.get(name, 403), reply.text
    if reply.status == 200:
        assert reply.image.width == 200
    else:
        assert REASONS.get(name, "cannot be read") in reply.text
        assert reply.text.count("\n") == 1


@pytest.mark.parametrize("name", [name for name in good_images() if name != "n.gif"])
def test_half_a_picture_is_an_error(client: Client, name: str) -> None:
    assert client.ask(f"/is/image/B/{name}").status == 200
    for share in KEPT:
        reply = client.ask(f"/is/image/B/{share}-{name}")
        assert reply.status == 403, share
        assert "cannot be read" in reply.text


def test_bad_images_are_answered(client: Client) -> None:
    """By a picture or one line; no process that serves dies, and those that render keep within their memory."""
    names = [path.name for path in (client.folder / "catalogs/B/images").iterdir() if path.name[0].isdigit()]
    for name in sorted(names):
        reply = client.ask(f"/is/image/B/{name}?wid=90")
        assert reply.status in {200, 403}, (name, reply.text)
        assert reply.status == 200 or reply.text.count("\n") == 1
    assert 0 < max(map(most_memory, workers(client.folder))) < 700 * MIB
    assert "Traceback" not in (client.folder / "server.log").read_text()


def test_renderers_are_bound(client: Client) -> None:
    """As the kernel tells it, for all of their threads."""
    eventually(lambda: len(workers(client.folder)), 1)
    assert client.ask("/is/image/B/a.svg?wid=33").status == 200
    (worker,) = workers(client.folder)
    limits = Path(f"/proc/{worker}/limits").read_text()
    assert re.search(rf"Max address space\s+{1024 * MIB}\s", limits)
    assert re.search(r"Max core file size\s+0\s", limits)
    assert not re.search(r"Max cpu time\s+unlimited", limits)
    for status in Path(f"/proc/{worker}/task").glob("*/status"):
        assert "NoNewPrivs:\t1\n" in status.read_text()
        assert "Seccomp:\t2\n" in status.read_text()
    assert os.getpriority(os.PRIO_PROCESS, worker) > os.getpriority(os.PRIO_PROCESS, 0)


NETWORK = "import socket; socket.socket()"
ATTEMPTS: tuple[tuple[Callable[..., object], tuple[object, ...], type], ...] = (
    (socket.create_connection, (("127.0.0.1", 9),), PermissionError),
    (socket.socket, (socket.AF_INET6, socket.SOCK_DGRAM), PermissionError),
    (subprocess.check_output, ([sys.executable, "-c", NETWORK],), CalledProcessError),  # it inherits all that
    (subprocess.check_output, ([sys.executable, "-c", "print(1)"],), bytes),
    (bytearray, (700 * MIB,), TooMuchMemory),
    (str, (1,), str),
)


async def test_what_renderers_may_not_do() -> None:
    """Whatever it is, the next job is done."""
    renderer = Renderer(Limits(worker_memory=600 * MIB))
    try:
        for work, arguments, wanted in ATTEMPTS:
            (found,) = await asyncio.gather(renderer.run(work, *arguments), return_exceptions=True)
            assert isinstance(found, wanted), work
    finally:
        await asyncio.to_thread(renderer.stop)


async def test_renderers_are_replaced_after_some_jobs() -> None:
    renderer = Renderer(Limits(worker_jobs=2))
    try:
        seen = [await renderer.run(os.getpid) for _ in range(4)]
        assert seen[0] == seen[1] != seen[2] == seen[3]
    finally:
        await asyncio.to_thread(renderer.stop)


def test_time_of_the_processor_is_bound() -> None:
    """Also where nobody is left who looks at the clock."""
    code = "from imageserver.render.confining import confined; confined(0.1, sum, iter(int, 1))"
    ended = subprocess.run([sys.executable, "-c", code], check=False, timeout=60)  # noqa: S603
    assert ended.returncode == -signal.SIGXCPU


def test_defaults_fit_together() -> None:
    """A picture in memory as a whole, and a copy of it, with room for the libraries."""
    limits = Config().limits
    assert limits.whole_pixels * 4 * 2 < limits.worker_memory
