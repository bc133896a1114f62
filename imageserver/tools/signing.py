"""`imageserver sign URL`: a URL with its signature. `docs/signing.md` describes both."""

from __future__ import annotations

import argparse
import re
import time
from pathlib import Path
from typing import Any

from imageserver.admission.admitting import DOORS
from imageserver.admission.signing import ANYWHERE, NAME, sign
from imageserver.catalog.loading import load
from imageserver.catalog.shelf import shelf_of
from imageserver.config import Config, Key
from imageserver.errors import ConfigError
from imageserver.protocol.reading import read_object

URL = re.compile(rf"([a-z]+://[^/]+)?({'|'.join(DOORS.values())})(/[^?#]*|)(?:\?([^#]*))?")
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
SPAN = re.compile(r"\+([0-9]{1,9})([smhd])")


def describe_signing(commands: Any, common: argparse.ArgumentParser) -> None:  # noqa: ANN401, argparse has no name
    """Describe `imageserver sign`."""
    signing = commands.add_parser("sign", parents=[common], help="sign a URL with one of signing.keys")
    signing.add_argument("url", metavar="URL", help="a URL, or its part from /is/ on")
    signing.add_argument("--key", metavar="ID", help="the key; without it, the first one for the URL's catalog")
    signing.add_argument("--expires", metavar="TIME", help="seconds since 1970, or +30m, +12h, +7d from now")
    signing.set_defaults(command=print_signed)


def signed_url(url: str, config: Config, key_id: str | None, expires: int | None) -> str:
    """Sign a URL; raises `ConfigError` when there is no key for it, or it is no URL of ours."""
    match = URL.fullmatch(url)
    if match is None or ANYWHERE.search(match[4] or ""):
        raise ConfigError("sign", f"expected a URL of /is/image or /is/content without {NAME}=, not '{url}'")
    server, door, path, modifiers = match.groups()
    key = chosen(config, path, key_id)
    return f"{server or ''}{door}{path}?{sign(key, door + path, modifiers or '', expires)}"


def chosen(config: Config, path: str, key_id: str | None) -> Key:
    """Give the key that is asked for, or the first one for the catalog of a path."""
    catalogs = load(Path(config.catalogs), shelf=shelf_of(config)).catalogs
    catalog, _ = catalogs.governing(read_object(path))
    keys = [key for key in config.signing.keys if key.reaches(catalog.name)]
    for key in keys:
        if key_id in {None, key.id}:
            return key
    known = ", ".join(key.id for key in keys) or "none"
    raise ConfigError("signing.keys", f"expected a key for catalog '{catalog.name}' (* is all): {known}")


def moment(text: str, now: float) -> int:
    """Read a time; raises `ConfigError`."""
    span = SPAN.fullmatch(text)
    if span:
        return int(now) + int(span[1]) * UNITS[span[2]]
    if not re.fullmatch(r"[0-9]{1,12}", text):
        raise ConfigError("--expires", f"expected seconds since 1970, or +30m, +12h, +7d, not '{text}'")
    return int(text)


def print_signed(config: Config, options: argparse.Namespace) -> int:
    """Print the signed URL."""
    expires = None if options.expires is None else moment(options.expires, time.time())
    print(signed_url(options.url, config, options.key, expires))  # noqa: T201
    return 0
