"""What rules cost whose expressions would keep a backtracking engine busy for ever: the time of a reply, beside none.

`python bench/rules.py [REQUESTS]` runs a server over a catalog for each rule, in a temporary folder, and asks for URLs
as long as a line of HTTP may be, each another one, so that nothing is answered from memory.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LENGTH = 8000
RULES: dict[str, dict[str, str]] = {
    "none": {},
    "(a+)+$": {},
    "(a|aa)+$": {},
    "(.*)*x$": {},
    "^(([a-z])+.)+[A-Z]([a-z])+$": {},
    "(x+x+)+y": {},
    "(a?){200}a{200}$": {},
    "(a|b)*a(a|b){14}c": {},
    "(a+)+b|a": {"replace": "all", "substitution": "a"},
}


def main() -> None:
    """Run all of it."""
    requests = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number, (expression, more) in enumerate(RULES.items()):
            rules = [] if expression == "none" else [{"expression": expression, **more}]
            catalog = folder / "catalogs" / f"c{number}" / "catalog.yaml"
            catalog.parent.mkdir(parents=True)
            catalog.write_text(f"rules: {json.dumps(rules)}\nimages: {{one: {{}}}}\n")
        command = [sys.executable, "-m", "imageserver", "serve", "--port", "0"]
        settings = {
            "PYTHONPATH": str(Path.cwd()),
            "IMAGESERVER_SERVER__ACCESS_LOG": "",
            "IMAGESERVER_SERVER__WORKERS": "1",
        }
        environment = {**os.environ, **settings}
        with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as server:
            line = server.stdout.readline() if server.stdout else ""
            try:
                measure(int(re.findall(r":(\d+)/", line)[0]), requests)
            finally:
                server.terminate()


def measure(port: int, requests: int) -> None:
    """Ask, and say how long each rule took."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    print(f"req=exists with {LENGTH} characters behind it, ms: half of {requests} requests, and the slowest")
    for number, expression in enumerate(RULES):
        times = []
        for turn in range(requests):
            start = time.perf_counter()
            connection.request("GET", f"/is/image/c{number}/one?req=exists&.{turn}={'a' * LENGTH}")
            response = connection.getresponse()
            response.read()
            times.append((time.perf_counter() - start) * 1000)
            if response.status not in {200, 403}:  # too much to replace is refused
                raise SystemExit(f"{expression}: {response.status}")
        print(f"  {response.status} {expression:30} {sorted(times)[len(times) // 2]:6.1f} {max(times):6.1f}")


if __name__ == "__main__":
    main()
