"""Error images: attribute::ErrorImage names what is sent instead of a text. Reference: r-errorimage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from imageserver.catalog.catalogs import UNTRANSLATED, Catalogs
from imageserver.commands.groups import asked_kind
from imageserver.commands.reply import PICTURES
from imageserver.config import Limits
from imageserver.plan.pictures import picture_of
from imageserver.plan.plan import Lifetime, Plan
from imageserver.plan.question import Surroundings, ask
from imageserver.protocol.request import Request


def plan_error_image(request: Request, catalogs: Catalogs, limits: Limits, variables: Mapping[str, str]) -> Plan | None:
    """Plan the picture that is sent for a request that failed, if its catalog has one; it is never kept.

    Its template finds what went wrong in `$error.title$` and `$error.message$`.
    """
    main, _ = catalogs.governing(request.object)
    name = main.attributes.error_image
    if not name or not wants_picture(request):
        return None
    entry = catalogs.look_up(name, main)
    plan = picture_of(ask(Request(name), catalogs, limits, Surroundings(main, variables, locale=UNTRANSLATED)), entry)
    return replace(plan, lifetime=Lifetime())


def wants_picture(request: Request) -> bool:
    """Tell whether a request, however wrong, asks for an image."""
    return asked_kind(request.pieces) in PICTURES
