"""The table of the other front doors; the code of one is loaded only where its key of the configuration is on."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from aiohttp import web

from imageserver.errors import ConfigError
from imageserver.front_doors import Dialects
from imageserver.server.admin.desk import Desk

DIALECTS: Mapping[str, str] = {
    "cloudinary": "imageserver.dialects.cloudinary.door",
    "rest4d": "imageserver.dialects.rest4d.door",
}
"""Names of keys below `dialects`, and the modules whose `add_door(app, desk)` adds the routes."""


def check_dialects(dialects: Dialects) -> None:
    """Raise `ConfigError` for one that is on and that this version does not have."""
    for name in dialects.on:
        if name not in DIALECTS:
            known = ", ".join(DIALECTS)
            raise ConfigError(f"dialects.{name}", f"expected off: this version has {known} and no other")


def add_dialects(app: web.Application, desk: Desk) -> None:
    """Add the front doors that are on."""
    for name in desk.site.config.dialects.on:
        import_module(DIALECTS[name]).add_door(app, desk)
