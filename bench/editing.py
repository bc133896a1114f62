"""What an edit over HTTP costs in a catalog of 20,000 records that lie in one file: half of the edits, and nearly all.

`python bench/editing.py [RECORDS [EDITS]]` runs a server over a catalog in a temporary folder, and changes a field of a
record now here, now there.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.catalog import write

TOKEN = "token-of-the-benchmark"  # noqa: S105, of a server that lives for a minute
SETTINGS = {"IMAGESERVER_ADMIN__TOKEN": TOKEN, "IMAGESERVER_SERVER__ACCESS_LOG": ""}


def main() -> None:
    """Run all of it."""
    records = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    edits = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, records, 1)
        command = [sys.executable, "-m", "imageserver", "serve", "--port", "0"]
        environment = {**os.environ, "PYTHONPATH": str(Path.cwd()), **SETTINGS}
        with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as server:
            line = server.stdout.readline() if server.stdout else ""
            try:
                measure(int(re.findall(r":(\d+)/", line)[0]), records, edits)
            finally:
                server.terminate()


def measure(port: int, records: int, edits: int) -> None:
    """Change records, and say how long that took."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    chance, times = random.Random(1), []
    start = time.perf_counter()
    ask(connection, "GET", "/admin/v1/catalogs/big")
    opening = time.perf_counter() - start
    for number in range(edits + 1):
        url = f"/admin/v1/catalogs/big/images/item-{chance.randrange(records):07d}"
        tag = ask(connection, "GET", url).headers["ETag"]
        start = time.perf_counter()
        ask(connection, "PATCH", url, {"If-Match": tag}, {"fields": {"expiration": number + 1}})
        times.append(time.perf_counter() - start)
    later = sorted(times[1:])
    print(f"{records} records in a file: {edits} edits, one after the other")
    print(f"  the history begun in {opening * 1000:.0f} ms")
    print(f"  first {times[0] * 1000:.0f} ms, then p50 {later[len(later) // 2] * 1000:.0f} ms", end=", ")
    print(f"p99 {later[len(later) * 99 // 100] * 1000:.0f} ms, slowest {later[-1] * 1000:.0f} ms")


def ask(
    connection: http.client.HTTPConnection,
    method: str,
    url: str,
    headers: dict[str, str] | None = None,
    body: object = None,
) -> http.client.HTTPResponse:
    """Ask the editing API; anything but success ends the benchmark."""
    sent = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json", **(headers or {})}
    connection.request(method, url, json.dumps(body) if body is not None else None, sent)
    response = connection.getresponse()
    text = response.read()
    if response.status != 200:
        raise SystemExit(f"{method} {url}: {response.status} {text[:200]!r}")
    return response


if __name__ == "__main__":
    main()
