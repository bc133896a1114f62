"""The same request again and again: by `wrk` where it is installed, which costs less than our own client."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
from pathlib import Path

from bench.load import Ask, Load, ask_many, ask_one

SCRIPT = """
done = function(summary, latency, requests)
  local times = {}
  for percent = 1, 99 do times[percent] = latency:percentile(percent) end
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format('\\n{"count": %d, "microseconds": %d, "failed": %d, "times": [%s]}\\n',
    summary.requests, summary.duration, failed, table.concat(times, ",")))
end
"""


def is_installed() -> bool:
    """Whether wrk can be used."""
    return shutil.which("wrk") is not None


def ask_again(port: int, ask: Ask, seconds: float, connections: int, folder: Path) -> Load:
    """Send a request again and again over some connections until the time is over."""
    problem = ask_one(port, ask).problem
    if problem:
        return Load(problem=problem)
    if not is_installed():
        return ask_many(port, itertools.repeat(ask), seconds, connections)
    script = folder / "report.lua"
    script.write_text(SCRIPT)
    headers = [part for header in ask.headers for part in ("-H", header)]
    place = f"http://127.0.0.1:{port}{ask.url}"
    command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "-s", str(script), *headers, place]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        return Load(problem=f"wrk: {done.stderr.strip() or 'no result'}")
    found = json.loads(lines[-1])
    times = [one / 1e6 for one in found["times"]]
    failed = f"{found['failed']} requests failed" if found["failed"] else ask_one(port, ask).problem
    return Load(found["count"], found["microseconds"] / 1e6, times, times, failed)
