"""What `bench.hostile` asks of: a folder of catalogs with bad images in it, a server over them, and who asks."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from bench.processes import running, stat, tree

HERE = Path(__file__).parents[1]
sys.path.insert(0, str(HERE / "tests"))  # the tests' own generator of bad images
from bad_images import BOMBS, bad_images  # noqa: E402

CATALOG = "attributes: {root_id: Co, root_path: images, max_pix: [4000, 4000]}\nimages:\n  grid: {path: grid.png}\n"
TOKEN = "bench-hostile"  # noqa: S105, of a server that lives for a minute
HIT = "/is/image/Co/grid?wid=200"
HEAVY = "/is/image/Co/grid?wid=1{:03}&hei=1{:03}&op_blur=9&fmt=png"
PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of a request; status 0 is no answer at all."""

    status: int
    seconds: float
    body: bytes = b""
    kind: str = ""
    problem: str = ""


@dataclass(slots=True)
class Server:
    """A server that runs, and the process that looks after the others."""

    port: int
    folder: Path
    supervisor: int
    local: threading.local = field(default_factory=threading.local)

    def ask(
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        keep: bool = True,
    ) -> Asked:
        """Send a request over the connection of this thread, or over one of its own."""
        start = time.perf_counter()
        found = getattr(self.local, "connection", None) if keep else None
        one = found or http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            one.request(method, url, body, dict(headers or {}) | ({} if keep else {"Connection": "close"}))
            reply = one.getresponse()
            data = reply.read()
        except (OSError, http.client.HTTPException) as error:
            one.close()
            self.local.connection = None
            return Asked(0, time.perf_counter() - start, problem=type(error).__name__)
        if keep and not reply.will_close:
            self.local.connection = one
        else:
            one.close()
            self.local.connection = None
        return Asked(reply.status, time.perf_counter() - start, data, reply.headers.get("Content-Type", ""))

    def serving(self) -> tuple[int, ...]:
        """Give the processes that answer."""
        return tuple(one for one in tree((self.supervisor,))[1:] if not renders(one) and parent(one) == self.supervisor)

    def rendering(self) -> tuple[int, ...]:
        """Give the processes that render."""
        return tuple(one for one in tree((self.supervisor,)) if renders(one))

    def wait_until_complete(self) -> None:
        """Wait until there are as many processes as at the start, and each has had the time to begin."""
        end = time.monotonic() + PATIENCE
        while (len(self.serving()), len(self.rendering())) != (2, 2) and time.monotonic() < end:
            self.ask("/health/ready", keep=False)  # who has nothing to draw waits with a new renderer
            time.sleep(0.05)
        for _ in range(8):  # whoever takes it
            self.ask("/health/ready", keep=False)
            time.sleep(0.05)

    def wait(self) -> float:
        """Wait until a request is answered, and give the seconds that it took."""
        start = time.monotonic()
        while time.monotonic() < start + PATIENCE:
            if self.ask(HIT, keep=False).status == 200:
                break
            time.sleep(0.01)
        return time.monotonic() - start


def renders(process: int) -> bool:
    """Tell whether a process is one that renders."""
    try:
        return b"spawn_main" in Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return False


def parent(process: int) -> int:
    """Give the process that started another."""
    fields = stat(process)
    return int(fields[1]) if fields else 0


def peak(process: int) -> int:
    """Give the most bytes of memory that a process has held."""
    return told(process, "VmHWM")


def told(process: int, name: str) -> int:
    """Give a number of bytes that the kernel tells of a process; 0 of one that has ended."""
    try:
        match = re.search(rf"{name}:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    except OSError:
        return 0
    return int(match[1]) * 1024 if match else 0


def private(process: int) -> int:
    """Give the memory that a process shares with nobody, and its part of what it shares."""
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith("Pss:"))


def make_site(folder: Path, count: int) -> list[str]:
    """Write the catalogs; gives the names of the bad images."""
    images = folder / "catalogs/Co/images"
    images.mkdir(parents=True)
    Image.effect_mandelbrot((400, 300), (-2, -1.5, 1, 1.5), 60).convert("RGB").save(images / "grid.png")
    records = "".join(f"  e{number}: {{path: grid.png}}\n" for number in range(9))
    (images.parent / "catalog.yaml").write_text(CATALOG + records)
    bad = folder / "catalogs/B/images"
    bad.mkdir(parents=True)
    (bad.parent / "catalog.yaml").write_text("attributes: {root_id: B, root_path: images}\n")
    (folder / "secret.txt").write_text("nobody may see this")
    names = []
    for name, data in bad_images(max(count, len(BOMBS))):
        (bad / name).write_bytes(data)
        names.append(name)
    return names


@contextmanager
def site(count: int) -> Iterator[tuple[Path, list[str]]]:
    """Make a site for as long as the block runs."""
    folder = Path(tempfile.mkdtemp(prefix="hostile-"))
    try:
        yield folder, make_site(folder, count)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def serving(
    folder: Path, settings: Mapping[str, str] | None = None, before: Sequence[str] = (), processes: int = 2
) -> Iterator[Server]:
    """Run a server over a site; `before` is a program that runs it."""
    port = free()
    chosen = {
        "SERVER__ACCESS_LOG": "",
        "SERVER__WORKERS": str(processes),
        "ADMIN__TOKEN": TOKEN,
        "PYRAMIDS__BUILD": "off",
        **(settings or {}),
    }
    environment = {f"IMAGESERVER_{name}": value for name, value in chosen.items()} | {"PYTHONPATH": str(HERE)}
    command = [*before, sys.executable, "-m", "imageserver", "serve", "--port", str(port)]
    with running(command, port, folder, environment) as process:
        server = Server(port, folder, process if not before else only_child(process))
        server.wait()
        yield server


def only_child(process: int) -> int:
    """Give the process that another one runs."""
    return tree((process,))[1]


def free() -> int:
    """Give a port that nobody listens at."""
    from bench.processes import free_port  # noqa: PLC0415

    return free_port()


def edited(server: Server, number: int, value: int) -> bool:
    """Change a record; tells whether that was acknowledged."""
    body = json.dumps({"fields": {"path": "grid.png", "expiration": value}}).encode()
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json", "If-Match": "*"}
    return server.ask(f"/admin/v1/catalogs/Co/images/e{number}", "PUT", body, headers, keep=False).status in {200, 201}


def share(values: Sequence[float], part: float) -> float:
    """Give the value below which this part of others are; 0 of none."""
    found = sorted(values)
    return found[min(len(found) - 1, int(len(found) * part))] if found else 0.0


def in_threads(count: int, work: Callable[[int], None]) -> list[threading.Thread]:
    """Start some threads that work, each with its number."""
    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    return threads


def cores() -> int:
    """Give the number of cores."""
    return os.cpu_count() or 1


def traced() -> bool:
    """Tell whether system calls can be seen here."""
    if not shutil.which("strace"):
        return False
    return not subprocess.run(["strace", "-qq", "true"], check=False, capture_output=True).returncode  # noqa: S607
