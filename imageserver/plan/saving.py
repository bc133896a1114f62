"""`req=saveToFile`: the picture of a request, written to a file. Reference: r-savetofile."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import PurePosixPath

from imageserver.commands.delivery import Delivery
from imageserver.commands.groups import read_group
from imageserver.errors import BadValue, Refused
from imageserver.plan.pictures import plan_picture
from imageserver.plan.plan import Plan, Saving
from imageserver.plan.question import Question

MILLISECONDS = re.compile(r"0*[1-9][0-9]{0,8}")
UNFIT = re.compile(r"[\x00-\x1f\\:]")


def plan_saving(question: Question) -> Plan:
    """Plan a picture, and the file that it goes to, below attribute::SavePath."""
    catalog, _ = question.catalogs.governing(question.request.object)
    folder = catalog.attributes.save_path
    if not folder:
        raise Refused(catalog.name, "saving to files is off (save_path)")
    asked = read_group(Delivery, question.pieces, question.control)
    planned = plan_picture(question)
    return replace(planned, saving=Saving(checked(folder, "save_path"), checked(asked.name, "name"), seconds_of(asked)))


def checked(path: str, what: str) -> str:
    """Give a relative path that leads nowhere but down, or raise `BadValue`."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or path.endswith("/") or UNFIT.search(path):
        raise BadValue(what, path, "a relative path of a file or folder, without ..")
    return path


def seconds_of(asked: Delivery) -> float | None:
    """Read `timeout=`."""
    if not asked.timeout:
        return None
    if not MILLISECONDS.fullmatch(asked.timeout.strip()):
        raise BadValue("timeout", asked.timeout, "milliseconds, 1 or more")
    return int(asked.timeout) / 1000
