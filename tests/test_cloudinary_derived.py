"""What Cloudinary's calls derive from an asset: breakpoints, and the lists of what was derived."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from hashlib import shake_128
from itertools import pairwise
from typing import Any

import pytest
from cloud import BLUE, RED, address, api, cloud, color, exceptions, fetch, png, uploader, utils
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


def names_of(**asked: object) -> list[str]:
    return [one["name"] for one in api.transformations(max_results=100, **asked)["transformations"]]


def test_transformations_by_which_pictures_were_derived_are_listed(client: Client) -> None:
    api.create_transformation("small", {"width": 9, "crop": "scale"})
    wanted = [{"width": 7, "crop": "scale"}, {"width": 8, "format": "png"}, {"transformation": "small"}]
    uploader.upload(png(RED), public_id="one", eager=wanted)
    uploader.upload(png(RED), public_id="two", type="private", eager=wanted[0])
    assert {"c_scale,w_7", "w_8/png", "t_small"} <= set(names_of())
    assert "t_small" in names_of(named=True)
    assert "c_scale,w_7" not in names_of(named=True)
    assert "t_small" not in names_of(named=False)
    first = api.transformations(max_results=1, named=False)
    rest = api.transformations(max_results=100, named=False, next_cursor=first["next_cursor"])
    assert [first["transformations"][0]["name"], *(one["name"] for one in rest["transformations"])] == names_of(
        named=False
    )
    told = api.transformation(wanted[0])
    assert (told["named"], told["used"], told["info"]) == (False, True, [{"crop": "scale", "width": 7}])
    assert {(one["public_id"], one["type"]) for one in told["derived"]} == {("one", "upload"), ("two", "private")}
    for one in told["derived"]:
        assert fetch(client, one["url"]).image.size == (7, 5)
    assert api.transformation("w_8/png")["info"] == [{"width": 8}, {"format": "png"}]
    named = api.transformation("small")
    assert (named["used"], [one["public_id"] for one in named["derived"]]) == (True, ["one"])
    with pytest.raises(exceptions.BadRequest, match="no name"):
        api.update_transformation(wanted[0], allowed_for_strict=True)
    api.delete_transformation(wanted[0])
    with pytest.raises(exceptions.NotFound):
        api.transformation(wanted[0])
    assert [one["transformation"] for one in api.resource("one")["derived"]] == ["w_8/png", "t_small"]
    api.delete_transformation("small")
    assert [one["transformation"] for one in api.resource("one")["derived"]] == ["w_8/png"]


def derived_of(public_id: str) -> list[str]:
    return [one["transformation"] for one in api.resource(public_id)["derived"]]


def test_derived_pictures_of_an_asset(client: Client) -> None:
    uploader.upload(png(RED), public_id="three", eager=[{"width": 3}, {"width": 4}])
    uploader.explicit("three", type="upload", eager=[{"width": 5}, {"width": 3}])
    assert derived_of("three") == ["w_4", "w_5", "w_3"]
    uploader.rename("three", "four")
    (four, *_) = api.resource("four")["derived"]
    assert four["url"].endswith("/four.png")
    assert fetch(client, four["url"]).image.width == 4
    assert api.delete_derived_resources([four["id"], "none"])["deleted"] == {four["id"]: "deleted", "none": "not_found"}
    assert derived_of("four") == ["w_5", "w_3"]
    told = api.delete_resources(["four"], transformations=[{"width": 5}])
    assert told["deleted_counts"] == {"four": {"original": 0, "derived": 1}}
    assert derived_of("four") == ["w_3"]
    assert api.delete_derived_by_transformation(["four"], {"width": 3})["deleted"] == {"four": "deleted"}
    assert derived_of("four") == []
    uploader.explicit("four", type="upload", eager={"width": 6})
    first = api.resource("four", versions=True)["versions"][0]["version_id"]
    uploader.upload(png(BLUE), public_id="four")
    assert derived_of("four") == []
    uploader.explicit("four", type="upload", eager={"width": 6})
    api.restore(["four"], versions=[first])
    assert derived_of("four") == []
