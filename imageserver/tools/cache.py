"""`imageserver cache`: what the response cache holds, how to empty it, and how to fill it from an access log."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from imageserver.cache.disk import Disk, opened
from imageserver.config import Cache
from imageserver.errors import ConfigError

COMMON_LOG = re.compile(r'"(?P<method>[A-Z]+) (?P<url>/\S*) HTTP/[0-9.]+" (?P<status>[0-9]{3})')
"""What the log formats that are called common and combined have in each line."""
ANSWERED = frozenset({200, 304})
MIB = 2**20
PATIENCE = 120


@dataclass(frozen=True, slots=True)
class Logged:
    """A request that somebody made."""

    method: str
    url: str
    status: int


def existing(config: Cache) -> Disk:
    """Open the cache on disk; raises `ConfigError` when there is none, or its folder cannot be used."""
    if not config.max_size:
        raise ConfigError("cache.max_size", "it is 0, so there is no cache on disk")
    if not Path(config.path).is_dir():
        raise ConfigError(f"cache.path: {config.path}", "no replies are kept there yet")
    return opened(config)


def stats(config: Cache) -> str:
    """Say what the cache holds."""
    usage = existing(config).usage()
    size, most = usage.size / MIB, config.max_size / MIB
    return f"{usage.entries} of {config.max_entries} replies, {size:.1f} of {most:.1f} MiB, in {config.path}"


def clear(config: Cache) -> str:
    """Remove all replies, and say how much that was."""
    usage = existing(config).clear()
    return f"{usage.entries} replies removed, {usage.size / MIB:.1f} MiB"


def read_log(lines: Iterable[str]) -> Iterator[Logged]:
    """Yield the requests of an access log, ours or one in the common or combined format; other lines are passed by."""
    for line in lines:
        if line.startswith("{"):
            try:
                entry = json.loads(line)
                yield Logged(str(entry["method"]), str(entry["url"]), int(entry["status"]))
            except (ValueError, KeyError, TypeError):
                continue
        elif match := COMMON_LOG.search(line):
            yield Logged(match["method"], match["url"], int(match["status"]))


def worth_asking(requests: Iterable[Logged]) -> list[str]:
    """Give the URLs that were answered with pictures or properties, each once, in the order of the log."""
    good = (one for one in requests if one.method == "GET" and one.status in ANSWERED and one.url.startswith("/is/"))
    return list(dict.fromkeys(one.url for one in good))


def warm(log: Path, server: str, jobs: int) -> Iterator[str]:
    """Ask a server for everything in a log; yield a line for each URL that it refuses, and at the end what was done.

    Raises `ConfigError` for a log that cannot be read, or a server that does not answer.
    """
    parts = urlsplit(server)
    if parts.scheme != "http" or not parts.hostname:
        raise ConfigError(f"--server {server}", "expected a URL such as http://127.0.0.1:8080")
    try:
        with log.open(encoding="utf-8", errors="replace") as lines:
            urls = worth_asking(read_log(lines))
    except OSError as error:
        raise ConfigError(str(log), error.strerror or "cannot be read") from error
    size = failed = 0
    with ThreadPoolExecutor(jobs) as threads:
        answers = threads.map(lambda url: ask(parts.hostname or "", parts.port or 80, url), urls)
        for url, (status, length) in zip(urls, answers, strict=True):
            size += length
            if status != http.client.OK:
                failed += 1
                yield f"{status} {url}"
    yield f"{len(urls) - failed} of {len(urls)} URLs answered, {size / MIB:.1f} MiB"


def ask(host: str, port: int, url: str) -> tuple[int, int]:
    """Ask for a URL, and give status and length of the reply; raises `ConfigError` when nobody answers."""
    connection = http.client.HTTPConnection(host, port, timeout=PATIENCE)
    try:
        connection.request("GET", url)
        response = connection.getresponse()
        return response.status, len(response.read())
    except (OSError, http.client.HTTPException) as error:
        raise ConfigError(f"http://{host}:{port}", f"does not answer: {error}") from error
    finally:
        connection.close()
