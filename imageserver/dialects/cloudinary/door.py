"""The door: which paths are Cloudinary's."""

from __future__ import annotations

from functools import partial

from aiohttp import web

from imageserver.dialects.cloudinary.account import Account
from imageserver.dialects.cloudinary.calling import serve
from imageserver.dialects.cloudinary.delivery import deliver
from imageserver.dialects.cloudinary.gathering import KINDS as MADE
from imageserver.dialects.cloudinary.made_delivery import deliver_made
from imageserver.errors import ConfigError, some_of
from imageserver.front_doors import Cloud
from imageserver.server.admin.desk import Desk


def add_door(app: web.Application, desk: Desk) -> None:
    """Add the paths of all clouds; raises `ConfigError` for one whose catalog is not there."""
    for cloud in desk.site.config.dialects.cloudinary.clouds:
        check_catalog(desk, cloud)
        account = Account(desk, cloud)
        app.router.add_route("*", f"/v1_1/{cloud.name}/{{rest:.+}}", partial(serve, account))
        for kind in MADE:
            app.router.add_route("*", f"/{cloud.name}/image/{kind}/{{rest:.+}}", partial(deliver_made, account, kind))
        app.router.add_route("*", f"/{cloud.name}/{{rest:.+}}", partial(deliver, account))


def check_catalog(desk: Desk, cloud: Cloud) -> None:
    """Raise `ConfigError` for a cloud that stands for no catalog."""
    known = desk.catalogs()
    if cloud.catalog not in known:
        reason = f"cloud '{cloud.name}': no catalog '{cloud.catalog}': expected one of {some_of(known)}"
        raise ConfigError("dialects.cloudinary.clouds", reason)
