"""What Cloudinary's calls derive from an asset: breakpoints, and the lists of what was derived."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from hashlib import shake_128
from itertools import pairwise
from typing import Any

import pytest
from cloud import RED, address, api, cloud, color, exceptions, fetch, png, uploader, utils
from PIL import Image
from serving import Client


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with cloud(tmp_path_factory.mktemp("cloud")) as client:
        uploader.upload(jpeg(), public_id="lively")
        yield client


def jpeg() -> bytes:
    """A picture of 600 x 300 with detail at every size."""
    image = Image.new("RGB", (1, 1))
    for side in (4, 16, 64, 256):
        finer = Image.frombytes("RGB", (side, side), shake_128(bytes(side)).digest(3 * side * side)).resize((600, 300))
        image = Image.blend(image.resize((600, 300)), finer, 0.5)
    stream = io.BytesIO()
    image.save(stream, "JPEG")
    return stream.getvalue()


def breakpoints(**wanted: object) -> list[dict[str, Any]]:
    told = uploader.explicit("lively", type="upload", responsive_breakpoints={"create_derived": False, **wanted})
    return told["responsive_breakpoints"][0]["breakpoints"]  # type: ignore[no-any-return]


def test_breakpoints_are_as_many_bytes_apart_as_is_asked_for(client: Client) -> None:
    found = breakpoints(min_width=100, max_width=500, bytes_step=4000)
    widths, sizes = [one["width"] for one in found], [one["bytes"] for one in found]
    assert (widths[0], widths[-1]) == (500, 100)
    steps = [more - less for more, less in pairwise(sizes)]
    assert len(steps) == (sizes[0] - sizes[-1]) // 4000 > 2
    even = (sizes[0] - sizes[-1]) / len(steps)
    assert all(0.6 * even < step < 1.4 * even for step in steps), steps
    for one in (found[0], found[1], found[-1]):
        reply = fetch(client, one["url"])
        assert (len(reply.body), reply.image.size) == (one["bytes"], (one["width"], one["height"]))
        assert f"/c_scale,w_{one['width']}/v" in one["url"] == one["secure_url"]


@pytest.mark.parametrize(
    ("wanted", "widths"),
    [
        ({}, [600, 50]),  # it is 600 wide, and less than twice 20000 bytes more than at 50
        ({"max_images": 1}, [600]),
        ({"max_width": 700, "min_width": 650}, [600]),
        ({"max_width": 300, "min_width": 300}, [300]),
        ({"transformation": {"angle": 90}}, [300, 50]),
        ({"transformation": {"width": 200, "crop": "scale"}, "format": "png", "bytes_step": 10**8}, [200, 50]),
    ],
)
def test_breakpoints_at_the_ends(client: Client, wanted: dict[str, object], widths: list[int]) -> None:
    found = breakpoints(**wanted)
    assert [found[0]["width"], *([found[-1]["width"]] if len(found) > 1 else [])] == widths
    extension = wanted.get("format", "jpg")
    assert {fetch(client, one["url"]).image.width for one in found} == {one["width"] for one in found}
    assert all(one["url"].endswith(f"lively.{extension}") for one in found)


def test_breakpoints_are_no_more_than_is_asked_for(client: Client) -> None:
    assert client.port
    assert len(breakpoints(bytes_step=1, max_images=4)) == 4


def test_breakpoints_of_an_upload_and_what_is_remembered_of_them(client: Client) -> None:
    sets = [{"create_derived": False, "max_images": 2}, {"create_derived": True, "transformation": {"angle": 90}}]
    told = uploader.upload(png(RED), public_id="flat", eager={"width": 5}, responsive_breakpoints=sets)
    first, second = told["responsive_breakpoints"]
    assert ("transformation" in first, second["transformation"]) == (False, "a_90")
    assert [[one["width"] for one in each["breakpoints"]] for each in (first, second)] == [[60, 50], [40]]
    assert color(fetch(client, second["breakpoints"][0]["url"])) == RED
    remembered = [one["transformation"] for one in api.resource("flat")["derived"]]
    assert remembered == ["w_5", "a_90/c_scale,w_40"]


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ("no JSON", "expected JSON"),
        ("[1]", "expected objects"),
        (json.dumps([{}] * 6), "at most 5"),
        ('{"min_width": 0}', "min_width 0"),
        ('{"max_images": "many"}', "max_images many"),
        ('{"min_width": 1500}', "min_width 1500 is more than max_width"),
        ('{"bytes_step": 1e99}', "bytes_step 1e"),
        ('{"format": "exe"}', "format exe"),
        ('{"transformation": ["w_5"]}', "transformation as a text"),
        ('{"transformation": "w_x"}', "width"),
    ],
)
def test_breakpoints_that_make_no_sense_are_refused_before_anything_is_stored(
    client: Client, wanted: str, reason: str
) -> None:
    sent = {"public_id": "refused", "responsive_breakpoints": wanted, "timestamp": utils.now()}
    with pytest.raises(exceptions.BadRequest, match=reason):
        uploader.call_api("upload", sent, file=png(RED))
    assert fetch(client, f"{address(client)}/demo/image/upload/refused").status == 404
