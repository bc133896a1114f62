"""Formats, sizes and qualities that follow from what the client says of itself; and caches that do not mix them up."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from PIL import Image
from serving import Client, Reply, serving
from sites import QUIET, eventually, properties, write_site

from imageserver.commands.formats import Codec
from imageserver.layout.converting import EQUALS, equal
from imageserver.plan.hints import Hints
from imageserver.server.hints import read_hints

CATALOG = """
attributes: {root_path: images, max_pix: [2400, 2400], default_pix: [400, 400]}
images: {photo: {path: photo.png}, cut: {path: cut.png}, grid: {path: grid.png}, wide: {path: wide.png}}
"""
SMART = CATALOG.replace("attributes: {", "attributes: {bfc: true, expiration: -1, ")
CHROME = {"Accept": "image/avif,image/webp,image/apng,image/*,*/*;q=0.8"}
SAFARI = {"Accept": "image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5"}
CURL = {"Accept": "*/*"}
AVIF, WEBP, JPEG, PNG = "image/avif", "image/webp", "image/jpeg", "image/png"


def photo(width: int, height: int) -> Image.Image:
    """Soft shapes with some grain, as photos have."""
    small = Image.merge("RGB", [Image.effect_noise((24, 18), 90) for _ in range(3)])
    grain = Image.effect_noise((width, height), 12).convert("RGB")
    return Image.blend(small.resize((width, height), Image.Resampling.BICUBIC), grain, 0.2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = write_site(tmp_path_factory.mktemp("smart"), {"Co": CATALOG, "Smart": SMART})
    for name in ("Co", "Smart"):
        images = made / "catalogs" / name / "images"
        photo(800, 600).save(images / "photo.png")
        photo(2400, 1200).save(images / "wide.png")
        cut = photo(400, 300).convert("RGBA")
        cut.putalpha(Image.linear_gradient("L").resize((400, 300)))
        cut.save(images / "cut.png")
    return made


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[Client]:
    with serving(folder, environment=QUIET) as running:
        yield running


def ask(client: Client, url: str, headers: Mapping[str, str]) -> Reply:
    reply = client.ask(f"/is/image/{url}", headers=headers)
    assert reply.status == 200, reply.text
    return reply


def kind(reply: Reply) -> str:
    """The content type, which must be what the bytes are."""
    with Image.open(io.BytesIO(reply.body)) as image:
        assert Image.MIME[image.format or ""] == reply.headers["Content-Type"]
    return reply.headers["Content-Type"]


@pytest.mark.parametrize(
    ("url", "headers", "sent"),
    [
        ("Co/photo?bfc=on", CHROME, AVIF),
        ("Co/photo?bfc=on", SAFARI, WEBP),
        ("Co/photo?bfc=on", CURL, JPEG),
        ("Co/photo?bfc=on", {}, JPEG),
        ("Co/photo?bfc=on", {"Accept": "image/avif;q=0,image/webp"}, WEBP),
        ("Co/photo?bfc=on", {"Accept": "IMAGE/AVIF ; q=0.1"}, AVIF),
        ("Co/photo?bfc=on&fmt=pjpeg", CHROME, AVIF),
        ("Co/photo?bfc=on&fmt=png", SAFARI, WEBP),
        ("Co/cut?bfc=on&fmt=png-alpha", CHROME, AVIF),
        ("Co/cut?bfc=on&fmt=png-alpha", SAFARI, WEBP),
        ("Co/cut?bfc=on&fmt=png-alpha", CURL, PNG),
        ("Co/photo?bfc=on&wid=80", CHROME, WEBP),  # small
        ("Co/photo?bfc=on&wid=80", {"Accept": "image/avif"}, AVIF),
        ("Co/wide?bfc=on&wid=2200", CHROME, WEBP),  # large
        ("Co/photo", CHROME, JPEG),
        ("Co/photo?bfc=off", CHROME, JPEG),
        ("Co/photo?bfc=on&fmt=tif", CHROME, "image/tiff"),
        ("Co/photo?bfc=on&fmt=gif", CHROME, "image/gif"),
        ("Co/photo?bfc=on&fmt=png8", CHROME, PNG),
        ("Co/photo?bfc=on&fmt=jpeg,gray", CHROME, JPEG),
        ("Co/photo?bfc=on&jpegSize=100", CHROME, JPEG),
        ("Co/cut?bfc=on&req=mask", CHROME, JPEG),
        ("Smart/photo", CHROME, AVIF),
        ("Smart/photo?bfc=off", CHROME, JPEG),
        ("Co?src=is{Co/photo?bfc=on}&size=300,300", CHROME, JPEG),  # a nested request decides nothing
    ],
)
def test_the_format_follows_from_what_is_accepted(
    client: Client, url: str, headers: Mapping[str, str], sent: str
) -> None:
    for _ in range(2):  # the second one is remembered
        assert kind(ask(client, url, headers)) == sent


@pytest.mark.parametrize(
    ("url", "varies"),
    [
        ("Co/photo?bfc=on", "Accept"),
        ("Co/photo?bfc=on&req=props", "Accept"),
        ("Smart/photo", "Accept"),
        ("Co/photo", None),
        ("Co/photo?bfc=on&fmt=webp", None),
        ("Co/photo?dpr=on&wid=100", "Sec-CH-DPR, DPR"),
        ("Co/photo?dpr=on,2&wid=100", None),
        ("Co/photo?network=on", "Save-Data, ECT, Downlink"),
        ("Co/photo?network=on&bfc=on&dpr=on", "Accept, Sec-CH-DPR, DPR, Save-Data, ECT, Downlink"),
    ],
)
def test_caches_are_told_what_a_reply_depends_on(client: Client, url: str, varies: str | None) -> None:
    for headers in (CHROME, CURL, CURL):
        reply = client.ask(f"/is/image/{url}", headers=headers)
        assert reply.headers.get("Vary") == varies
        wanted = (varies or "").removeprefix("Accept").removeprefix(", ") or None
        assert reply.headers.get("Accept-CH") == wanted
    again = client.ask(f"/is/image/{url}", headers={**CURL, "If-None-Match": reply.headers["ETag"]})
    assert (again.status, again.headers.get("Vary")) == (304, varies)


def test_each_format_is_one_entry_of_the_cache(client: Client) -> None:
    """However the header is written; and what is chosen is the same reply as what is asked for."""
    url = "Co/photo?wid=333&bfc=on"
    accepts = [
        "image/avif",
        "image/avif,*/*",
        "*/*,image/avif;q=0.9",
        "image/webp,image/avif",
        "image/webp",
        "*/*",
        "text/html",
    ]
    replies = [ask(client, url, {"Accept": accept}) for accept in accepts for _ in range(2)]
    tags = {
        reply.headers["Content-Type"]: {
            r.headers["ETag"] for r in replies if r.headers["Content-Type"] == reply.headers["Content-Type"]
        }
        for reply in replies
    }
    assert {name: len(found) for name, found in tags.items()} == {AVIF: 1, WEBP: 1, JPEG: 1}
    assert tags[JPEG] == {ask(client, "Co/photo?wid=333", {}).headers["ETag"]}
    quality = equal(85, EQUALS["avif"])
    assert tags[AVIF] == {ask(client, f"Co/photo?wid=333&fmt=avif&qlt={quality}", {}).headers["ETag"]}


def test_a_reply_of_another_format_is_not_known(client: Client) -> None:
    """Also where replies never expire: a cache that has AVIF asks again for a client that cannot read it."""
    for url in ("Co/photo?bfc=on&wid=200", "Smart/photo?wid=200"):
        seen = ask(client, url, CHROME).headers["ETag"]
        assert client.ask(f"/is/image/{url}", headers={**CHROME, "If-None-Match": seen}).status == 304
        other = client.ask(f"/is/image/{url}", headers={**CURL, "If-None-Match": seen})
        assert (other.status, other.headers["Content-Type"]) == (200, JPEG)


def test_what_was_saved_is_told(client: Client) -> None:
    plain = len(ask(client, "Co/photo?wid=320", CHROME).body)
    for headers in (CHROME, SAFARI):
        for _ in range(3):
            reply = ask(client, "Co/photo?wid=320&bfc=on", headers)
            assert int(reply.headers["X-Smart-Imaging"]) == plain - len(reply.body) > 0
    assert "X-Smart-Imaging" not in ask(client, "Co/photo?wid=320&bfc=on", CURL).headers


def test_what_was_saved_is_told_after_a_restart(folder: Path) -> None:
    told = []
    for _ in range(2):
        with serving(folder, environment=QUIET) as client:
            reply = ask(client, "Co/photo?wid=310&bfc=on", CHROME)
            told.append((reply.headers["X-Smart-Imaging"], reply.body))
    assert told[0] == told[1]


def test_properties_tell_of_what_is_sent(client: Client) -> None:
    reply = client.ask("/is/image/Co/photo?bfc=on&req=props", headers=CHROME)
    assert "image.type=image/avif\n" in reply.text
    assert properties(client, "Co/photo?bfc=on&req=props")["image.type"] == JPEG


@pytest.mark.parametrize(
    ("url", "headers", "width"),
    [
        ("Co/photo?dpr=on&wid=200", {"Sec-CH-DPR": "2"}, 400),
        ("Co/photo?dpr=on&wid=200", {"DPR": "1.5"}, 300),
        ("Co/photo?dpr=on&wid=200", {"DPR": "1", "Sec-CH-DPR": "3"}, 600),
        ("Co/photo?dpr=on&wid=200", {"DPR": "1.100000023841858"}, 250),  # in steps of a quarter
        ("Co/photo?dpr=on&wid=200", {}, 200),
        ("Co/photo?dpr=on&wid=200", {"DPR": "sharp"}, 200),
        ("Co/photo?dpr=on&wid=200", {"DPR": "-2"}, 200),
        ("Co/photo?dpr=on&wid=200", {"DPR": "nan"}, 200),
        ("Co/photo?dpr=on,{dpr}&wid=200", {"DPR": "2"}, 200),
        ("Co/photo?dpr=on,3&wid=200", {"DPR": "2"}, 600),
        ("Co/photo?dpr=off&wid=200", {"DPR": "2"}, 200),
        ("Co/photo?wid=200", {"DPR": "2"}, 200),
        ("Co/photo?dpr=on,3&network=on&wid=200", {"Save-Data": "on"}, 200),
        ("Co/photo?dpr=on&network=on&wid=200", {"ECT": "2g", "DPR": "2"}, 200),
        ("Co/photo?dpr=on&network=on&wid=200", {"ECT": "3g", "DPR": "2"}, 400),
        ("Co/photo?dpr=on,3&network=on&wid=200", {"ECT": "4g"}, 600),
    ],
)
def test_sizes_follow_the_device(client: Client, url: str, headers: Mapping[str, str], width: int) -> None:
    for _ in range(2):
        assert ask(client, url, headers).image.width == width


@pytest.mark.parametrize(
    ("headers", "quality"),
    [
        ({}, 80),
        ({"ECT": "4g", "Downlink": "10"}, 80),
        ({"ECT": "3g"}, 64),
        ({"Downlink": "1.2"}, 64),
        ({"ECT": "2g"}, 48),
        ({"ECT": '"slow-2g"'}, 48),
        ({"Downlink": "0.3", "ECT": "4g"}, 48),
        ({"Save-Data": "on", "ECT": "4g"}, 48),
        ({"Save-Data": "off", "Downlink": "much"}, 80),
    ],
)
def test_quality_follows_the_network(client: Client, headers: Mapping[str, str], quality: int) -> None:
    wanted = ask(client, f"Co/photo?qlt={quality}", {})
    for _ in range(2):
        assert ask(client, "Co/photo?qlt=80&network=on", headers).headers["ETag"] == wanted.headers["ETag"]
    assert (
        ask(client, "Co/photo?qlt=80&network=off", headers).headers["ETag"]
        == ask(client, "Co/photo?qlt=80", {}).headers["ETag"]
    )


def test_headers_are_a_small_value() -> None:
    """What does not matter, or cannot be read, leaves nothing behind."""
    assert read_hints({"Accept": "image/webp;q=x, ;;,, image/avif ", "DPR": "1e999", "Downlink": "inf"}) == Hints(
        ("avif",)
    )
    assert read_hints({"Accept": "image/*"}) == read_hints({}) == Hints()


@pytest.mark.parametrize("codec", sorted(EQUALS))
def test_qualities_that_look_the_same_grow_together(codec: Codec) -> None:
    found = [equal(quality, EQUALS[codec]) for quality in range(1, 101)]
    assert found == sorted(found)
    assert (found[0], found[-1]) == (1, 100)


def test_nginx_sends_no_file_in_place_of_a_choice(folder: Path) -> None:
    """It would drop `Vary`."""
    with serving(folder, environment={**QUIET, "IMAGESERVER_CACHE__ACCEL": "/kept"}) as client:
        for _ in range(3):
            reply = ask(client, "Co/photo?wid=290&bfc=on", CHROME)
            assert (reply.headers["Vary"], "X-Accel-Redirect" in reply.headers) == ("Accept", False)
            assert kind(reply) == AVIF
        eventually(lambda: "X-Accel-Redirect" in ask(client, "Co/photo?wid=290", CHROME).headers, wanted=True)
