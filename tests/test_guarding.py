"""The file of a record with access is not to be had by its path, on whatever way a native request leads there."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
from guests import CO, RED, SIGNING
from serving import Client
from sites import plain

from imageserver.admission.signing import sign
from imageserver.catalog.catalogs import Visitor
from imageserver.catalog.loading import load
from imageserver.catalog.shelf import Shelf
from imageserver.config import Key
from imageserver.errors import Refused

KEY = Key("k", SIGNING, ("Co",))


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("/is/image/Co/hidden", 403),
        ("/is/image/Co/hidden.png", 403),
        ("/is/image/Co/hidden.png?wid=10", 403),
        ("/is/image/Co/hidden.png?req=props", 403),
        ("/is/image/Co/%68idden.png", 403),
        ("/is/image/Co/sub/../hidden.png", 403),
        ("/is/image/Co/./hidden.png", 403),
        ("/is/image/Co/other.png", 403),
        ("/is/image/Co/short.png", 403),
        ("/is/image/Co/mask.png", 403),
        ("/is/image/Co/open2.png", 403),
        ("/is/image/Co/alias/far.png", 403),
        ("/is/image/Co/sub/far.png", 403),
        ("/is/image/Co/sub/near.png", 403),
        ("/is/image/Co/alias/near.png", 403),
        ("/is/image/Co/typo", 403),
        ("/is/image/Co/typo.png", 403),
        ("/is/image/Co/twice.png", 403),
        ("/is/image/Co/twice", 200),
        ("/is/image/Co/open?layer=1&src=Co/hidden.png", 403),
        ("/is/image/Co/open?mask=Co/hidden.png", 403),
        ("/is/image?src=Co/hidden.png", 403),
        ("/is/image/Co/open?src=is{Co/hidden.png?wid=9}", 403),
        ("/is/image/Co/nothing?defaultImage=Co/hidden.png", 403),
        ("/is/image/Beside/hidden.png", 403),
        ("/is/image/Full/own.png", 403),
        ("/is/content/Static/own.png", 403),
        ("/is/content/Static/free.png", 200),
        ("/is/content/Static/sheet", 403),
        ("/is/content/Static/sheet.txt", 403),
        ("/is/image/Static/drawn", 403),
        ("/is/image/Static/drawn.svg", 403),
        ("/is/content/Static/drawn.svg", 403),
        ("/is/image/Co/open.png", 200),
        ("/is/image/Co/free", 200),
        ("/is/image/Co/later.png", 200),
        ("/is/image/Beside/free.png", 200),
    ],
)
def test_path(doors: Client, url: str, status: int) -> None:
    reply = doors.ask(url)
    assert reply.status == status, reply.body[:200]
    assert (b"record with access" in reply.body or b"(access)" in reply.body) is (status == 403), reply.body[:200]


@pytest.mark.parametrize("name", ["hidden", "hidden.png", "sub/far.png", "mask.png"])
def test_who_signs_sees_it(doors: Client, name: str) -> None:
    path = f"/is/image/Co/{name}"
    assert doors.ask(f"{path}?{sign(KEY, path, 'wid=8')}").image.size[0] == 8
    beside = path.replace("/Co/", "/Beside/")
    assert doors.ask(f"{beside}?{sign(KEY, beside, 'wid=8')}").status in {403, 404}, "the key is for another catalog"


def test_it_follows_the_catalog(tmp_path: Path) -> None:
    """With an index on the disk, of which only what changes is made anew, and that others open."""
    folder, file = tmp_path / "catalogs", tmp_path / "catalogs" / "Co" / "catalog.yaml"
    plain(file.parent / "images" / "later.png", RED)
    plain(file.parent / "others" / "later.png", RED)
    (file.parent / "more.yaml").write_text("images: {later: {path: later.png, access: private}}\n")
    shelf, state = Shelf(tmp_path / "state"), None
    steps = [
        (CO, "images/later", False),
        (CO.replace("later}", "later, access: private}"), "images/later", True),
        (CO.replace("later}", "later, tags: x}"), "images/later", False),
        (f"include: more.yaml\n{CO}", "images/later", True),
        (f"include: more.yaml\n{CO}".replace(": images", ": others"), "images/later", False),
        (f"include: more.yaml\n{CO}".replace(": images", ": others"), "others/later", True),
        (CO, "images/later", False),
    ]
    for number, (text, path, refused) in enumerate(steps):
        file.write_text(text + "#" * number)
        state = load(folder, state, shelf)
        for catalogs in (state.catalogs, load(folder, None, shelf).catalogs):
            with pytest.raises(Refused) if refused else nullcontext():
                replace(catalogs, visitor=Visitor()).check_direct(file.parent / f"{path}.png")
            catalogs.check_direct(file.parent / f"{path}.png")  # those who run the server
