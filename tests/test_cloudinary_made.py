"""Cloudinary's sprites and animations of several pictures, by its own client: what they show, to whom, and how long."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from cloud import BLUE, GREEN, LONG, RED, address, api, auth_token, cloud, color, exceptions, fetch, png, uploader
from PIL import Image, ImageChops, ImageSequence
from remote import remote_server
from serving import Client, Reply

from imageserver.dialects.cloudinary.language.signatures import url_signatures

CATALOG = """attributes: {root_path: images, max_pix: [600, 200]}
images:
  here: {path: here.png}
  guarded: {path: here.png, tags: 'logos,secrets', access: authenticated}
macros: {tiny: .cloudinary=w_10}
"""
SHORTLY = "public, no-cache"
WHITE, CLEAR = (255, 255, 255, 255), (0, 0, 0, 0)
COLORS = {"c": GREEN, "f/a": BLUE, "f/b": RED}
Infos = Mapping[str, Mapping[str, int]]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    limits = {"IMAGESERVER_LIMITS__LAYERS": "17", "IMAGESERVER_LIMITS__ANIMATION_PIXELS": "70000"}
    with cloud(tmp_path_factory.mktemp("cloud"), CATALOG, **limits) as client:
        yield client


@pytest.fixture(scope="module")
def logos(client: Client) -> dict[str, str]:
    """URLs of three pictures with the tag `logos`, and of two with the same that are not for everybody."""
    made = (
        ("f/b", RED, (60, 40), "upload"),
        ("f/a", BLUE, (30, 50), "upload"),
        ("c", GREEN, (20, 10), "upload"),
        ("own", RED, (9, 9), "private"),
        ("seen", RED, (9, 9), "authenticated"),
    )
    assert client.port
    return {
        name: uploader.upload(png(shade, size), public_id=name, tags=["logos"], type=type_)["url"]
        for name, shade, size, type_ in made
    }


def differ(one: Image.Image, other: Image.Image) -> int:
    """The largest difference of what two pictures of one size show over gray."""
    assert one.size == other.size
    ground = Image.new("RGBA", one.size, (128, 128, 128, 255))
    seen = [Image.alpha_composite(ground, image.convert("RGBA")).convert("RGB") for image in (one, other)]
    most: int = max(ImageChops.difference(*seen).tobytes())
    return most


def sheet(size: tuple[int, int], infos: Infos, colors: Mapping[str, Any], ground: Any = CLEAR) -> Image.Image:  # noqa: ANN401
    """A picture with colours in the places that are told, and nothing anywhere else."""
    made = Image.new("RGBA", size, ground)
    for name, one in infos.items():
        made.paste((*colors[name], 255), (one["x"], one["y"], one["x"] + one["width"], one["y"] + one["height"]))
    return made


def frames(reply: Reply) -> list[Image.Image]:
    assert reply.status == 200, reply.headers
    return [frame.convert("RGBA") for frame in ImageSequence.Iterator(Image.open(io.BytesIO(reply.body)))]


def signed(path: str) -> str:
    return f"s--{next(url_signatures(path, 'secret'))}--/{path}"


def test_sprite_of_a_tag(client: Client, logos: Mapping[str, str]) -> None:
    assert len(logos) == 5
    told = uploader.generate_sprite(tag="logos")
    assert told["image_infos"] == {
        "c": {"x": 0, "y": 0, "width": 20, "height": 10},
        "f/a": {"x": 0, "y": 12, "width": 30, "height": 50},
        "f/b": {"x": 0, "y": 64, "width": 60, "height": 40},
    }
    path = f"/demo/image/sprite/v{told['version']}/logos"
    for name, extension in (("css_url", "css"), ("image_url", "png"), ("json_url", "json")):
        assert told[name] == told[f"secure_{name}"] == f"{address(client)}{path}.{extension}"
    image, css, facts = (fetch(client, told[name]) for name in ("image_url", "css_url", "json_url"))
    assert image.image.mode == "RGBA"
    assert differ(image.image, sheet((60, 104), told["image_infos"], COLORS)) == 0
    assert css.text == (
        f".c, .f_a, .f_b {{ background: url('{path}.png') no-repeat; }}\n"
        ".c { background-position: 0px 0px; width: 20px; height: 10px; }\n"
        ".f_a { background-position: 0px -12px; width: 30px; height: 50px; }\n"
        ".f_b { background-position: 0px -64px; width: 60px; height: 40px; }\n"
    )
    assert css.headers["Content-Type"] == "text/css; charset=utf-8"
    assert json.loads(facts.text) == {
        "public_id": "logos",
        "version": told["version"],
        "image_url": f"{path}.png",
        "image_infos": told["image_infos"],
    }
    for name, reply in (("image_url", image), ("css_url", css), ("json_url", facts)):
        assert reply.headers["Cache-Control"] == LONG
        assert fetch(client, told[name], If_None_Match=reply.headers["ETag"]).status == 304
        assert client.ask(told[name].removeprefix(address(client)), "HEAD").body == b""
        other = fetch(client, told[name].replace(f"v{told['version']}", f"v{told['version'] + 1000}"))
        assert (other.body, other.headers["Cache-Control"]) == (reply.body, SHORTLY)


@pytest.mark.usefixtures("logos")
def test_each_picture_of_a_sprite_is_changed(client: Client) -> None:
    told = uploader.generate_sprite("logos", format="jpg", width=15, height=15, crop="fill", prefix="my-")
    assert told["css_url"].endswith(f"/c_fill,f_jpg,h_15,p_my-,w_15/v{told['version']}/logos.css")
    assert told["image_url"].endswith("/logos.jpg")
    reply = fetch(client, told["image_url"])
    assert (reply.headers["Content-Type"], reply.headers["Cache-Control"]) == ("image/jpeg", LONG)
    assert [(one["width"], one["height"]) for one in told["image_infos"].values()] == [(15, 15)] * 3
    for name, one in told["image_infos"].items():
        middle = reply.image.crop((one["x"] + 4, one["y"] + 4, one["x"] + 11, one["y"] + 11))
        assert differ(middle, Image.new("RGB", (7, 7), COLORS[name])) < 16
    assert ".my-f_a {" in fetch(client, told["css_url"]).text
    webp = fetch(client, told["image_url"].replace("f_jpg", "f_auto"), Accept="image/webp")
    assert (webp.headers["Content-Type"], webp.headers["Vary"]) == ("image/webp", "Accept")
    named = uploader.generate_sprite("logos", transformation="tiny")  # what stands in the catalog has no version
    assert [one["width"] for one in named["image_infos"].values()] == [10] * 3
    for name in ("image_url", "css_url"):
        assert fetch(client, named[name]).headers["Cache-Control"] == SHORTLY


def test_the_version_follows_the_pictures(client: Client) -> None:
    for name, shade in (("v1", RED), ("v2", BLUE)):
        uploader.upload(png(shade, (20, 20)), public_id=name, tags="versions")
    first = uploader.generate_sprite("versions")
    assert uploader.generate_sprite("versions")["version"] == first["version"]
    for _ in range(3):  # also when it is at hand
        reply = fetch(client, first["image_url"])
        assert (color(reply), reply.headers["Cache-Control"]) == (RED, LONG)
    uploader.upload(png(GREEN, (30, 20)), public_id="v1", tags="versions")
    for _ in range(3):
        reply = fetch(client, first["image_url"])
        assert (color(reply), reply.headers["Cache-Control"]) == (GREEN, SHORTLY)
    css = fetch(client, first["css_url"])
    assert css.headers["Cache-Control"] == SHORTLY
    assert "url('/demo/image/sprite/versions.png')" in css.text
    second = uploader.generate_sprite("versions")
    assert second["version"] > first["version"]
    assert fetch(client, second["image_url"]).headers["Cache-Control"] == LONG
    uploader.upload(png(GREEN, (20, 20)), public_id="v0", tags="versions")
    assert list(second["image_infos"]) == ["v1", "v2"]
    third = uploader.generate_sprite("versions")
    assert (list(third["image_infos"]), third["version"] > second["version"]) == (["v0", "v1", "v2"], True)
    assert fetch(client, second["image_url"]).headers["Cache-Control"] == SHORTLY
    assert fetch(client, third["image_url"]).headers["Cache-Control"] == LONG
    uploader.destroy("v1")
    left = fetch(client, third["json_url"])
    assert (list(json.loads(left.text)["image_infos"]), left.headers["Cache-Control"]) == (["v0", "v2"], SHORTLY)
    api.delete_resources(["v0", "v2"])
    gone = fetch(client, third["image_url"])
    assert (gone.status, gone.headers["X-Cld-Error"]) == (404, "Resource not found - versions")


def test_what_nobody_has_made_needs_a_signature(client: Client, logos: Mapping[str, str]) -> None:
    uploader.upload(png(RED), public_id="quiet", tags=["quiet tag"])
    for kind in ("sprite", "multi"):
        for tag in ("quiet%20tag", "nothing"):
            reply = client.ask(f"/demo/image/{kind}/v1/{tag}.png")
            assert (reply.status, reply.headers["X-Cld-Error"]) == (
                401,
                f"Images of type {kind} need a signed URL, or a call of {kind} before",
            )
    reply = client.ask(f"/demo/image/sprite/{signed('w_30/quiet%20tag.png')}")
    assert (color(reply), reply.image.size, reply.headers["Cache-Control"]) == (RED, (30, 20), SHORTLY)
    css = client.ask(f"/demo/image/sprite/{signed('w_30/quiet%20tag.css')}").text
    assert client.ask(css.partition("'")[2].partition("'")[0]).body == reply.body
    assert client.ask(f"/demo/image/sprite/{signed('nothing.png')}").status == 404
    assert client.ask("/demo/image/sprite/s--abcdefgh--/quiet%20tag.png").status == 401
    assert client.ask(f"/demo/image/sprite/{signed('secrets.png')}").status == 404
    with pytest.raises(exceptions.NotFound, match="secrets"):
        uploader.generate_sprite("secrets")
    for url in (logos["own"], logos["seen"]):
        with pytest.raises(exceptions.BadRequest, match="expected images of type upload or fetch"):
            uploader.multi(urls=[url])
    with pytest.raises(exceptions.NotFound, match="guarded"):
        uploader.multi(urls=[f"{address(client)}/demo/image/upload/guarded.png"])


def test_what_was_made_of_a_picture_does_not_show_it_to_everybody_later(client: Client) -> None:
    for name in ("open", "shut"):
        uploader.upload(png(RED), public_id=name, tags=["shutting"])
    told = uploader.generate_sprite("shutting")
    path = client.folder / "catalogs" / "Co" / "catalog.yaml"
    text = path.read_text()
    line = next(line for line in text.splitlines() if line.strip().startswith("shut:"))
    path.write_text(
        text.replace(
            line, f"{line}\n    access: private" if line.endswith(":") else line.replace("{", "{access: private, ", 1)
        )
    )
    uploader.upload(png(BLUE), public_id="anything")  # what a call stores is served at once, and so is the edit
    reply = fetch(client, told["json_url"])
    assert (list(json.loads(reply.text)["image_infos"]), reply.headers["Cache-Control"]) == (["open"], SHORTLY)
    assert fetch(client, told["image_url"]).image.size == (60, 40)


def test_a_sprite_has_columns_where_it_would_be_too_tall(client: Client) -> None:
    shades = [(number * 30, 0, 255 - number * 30) for number in range(8)]
    for number, shade in enumerate(shades):
        uploader.upload(png(shade, (70, 60)), public_id=f"t{number}", tags=["tall", *(["taller"] if number else [])])
    told = uploader.generate_sprite("tall")
    infos = told["image_infos"]
    assert [(one["x"], one["y"]) for one in infos.values()] == [(x, y) for x in (0, 72, 144) for y in (0, 62, 124)][:8]
    reply = fetch(client, told["image_url"])
    colors = dict(zip(infos, shades, strict=True))
    assert differ(reply.image, sheet((214, 184), infos, colors)) == 0
    uploader.upload(png(RED, (700, 100)), public_id="wide", tags=["wide"])  # as large as it would be by itself
    assert uploader.generate_sprite("wide")["image_infos"] == {"wide": {"x": 0, "y": 0, "width": 600, "height": 85}}
    with pytest.raises(
        exceptions.BadRequest, match=r"Sprite of 712x180 pixels: expected at most 600x200 .attribute::Max"
    ):
        uploader.generate_sprite("taller", width=100, height=180, crop="scale")
    with pytest.raises(exceptions.BadRequest, match=r"Too many images: 9, expected at most 8 .limits.layers."):
        uploader.multi(urls=[f"{address(client)}/demo/image/upload/t0.png"] * 9)
    with pytest.raises(exceptions.BadRequest, match=r"limits.animation_pixels: 82720 is more than the 70000 allowed"):
        uploader.multi("tall", width=110)
    with pytest.raises(exceptions.BadRequest, match=r"limits.layers: 18 is more than the 17 allowed"):
        uploader.multi("tall", transformation=[{"width": 9}, {"width": 8, "crop": "crop"}, {"width": 7}])


@pytest.mark.usefixtures("logos")
def test_pictures_are_shown_in_turn(client: Client) -> None:
    told = uploader.multi(tag="logos")
    assert told["url"] == told["secure_url"] == f"{address(client)}/demo/image/multi/v{told['version']}/logos.gif"
    reply = fetch(client, told["url"])
    assert (reply.headers["Content-Type"], reply.headers["Cache-Control"]) == ("image/gif", LONG)
    found = frames(reply)
    sides = {"c": (20, 20, 20, 10), "f/a": (15, 0, 30, 50), "f/b": (0, 5, 60, 40)}
    for name, frame in zip(sides, found, strict=True):
        infos = {name: dict(zip(("x", "y", "width", "height"), sides[name], strict=True))}
        assert differ(frame, sheet((60, 50), infos, COLORS)) == 0
    assert (Image.open(io.BytesIO(reply.body)).info["duration"], Image.open(io.BytesIO(reply.body)).info["loop"]) == (
        100,
        0,
    )

    told = uploader.multi(
        tag="logos", delay=250, effect="loop:2", width=20, height=20, crop="fill", format="webp", flags="awebp"
    )
    assert told["url"].endswith(f"/c_fill,dl_250,e_loop:2,f_webp,fl_awebp,h_20,w_20/v{told['version']}/logos.webp")
    reply = fetch(client, told["url"])
    assert reply.headers["Content-Type"] == "image/webp"
    assert [
        differ(frame, Image.new("RGB", (20, 20), shade)) < 8
        for frame, shade in zip(frames(reply), COLORS.values(), strict=True)
    ] == [True] * 3
    image = Image.open(io.BytesIO(reply.body))
    assert image.info["loop"] == 3
    for number in range(3):
        image.seek(number)
        image.load()
        assert image.info["duration"] == 250

    url = f"/demo/image/multi/f_auto,w_20/v{told['version']}/logos.gif"
    for accept, kind in (("image/avif,image/webp", "image/webp"), ("text/html", "image/gif")):
        reply = client.ask(url, headers={"Accept": accept})
        assert (reply.headers["Content-Type"], reply.headers["Vary"], len(frames(reply))) == (kind, "Accept", 3)
    behind = client.ask(f"/demo/image/multi/v{told['version']}/w_20/logos.gif")
    assert behind.body == client.ask("/demo/image/multi/w_20/logos.gif").body
    paged = fetch(client, uploader.multi("logos", format="pdf", width=111)["url"])
    assert (paged.headers["Content-Type"], b"/Count 3 >>" in paged.body) == ("application/pdf", True)
    assert paged.body.count(b"/MediaBox [0 0 111.0000 185.0000]") == 3


@pytest.mark.usefixtures("logos")
@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("multi/logos.zip", "Format zip is not supported for multi: expected one of gif, webp, pdf"),
        ("multi/f_mp4/logos", "Format mp4 is not supported for multi"),
        ("multi/logos.png", "Format png is not supported for multi"),
        ("multi/dl_0/logos.gif", "Invalid delay in transformation: 0"),
        ("multi/e_loop:x/logos.gif", "Invalid effect loop in transformation: x"),
        ("sprite/logos.ico", "Format ico is not supported for sprite"),
        ("sprite/c_wild,w_3/logos.css", "Invalid crop mode in transformation: wild"),
        ("sprite/logos.exe", "Invalid extension in transformation: exe"),
    ],
)
def test_errors_of_delivery(client: Client, path: str, told: str) -> None:
    uploader.generate_sprite("logos")
    uploader.multi("logos")
    reply = client.ask(f"/demo/image/{path}")
    assert (reply.status, reply.body, reply.headers["Cache-Control"]) == (400, b"", "no-store")
    assert reply.headers["X-Cld-Error"].startswith(told)


def test_pictures_by_their_urls(client: Client, logos: Mapping[str, str]) -> None:
    urls = [logos["f/b"].replace("/upload/", "/upload/c_crop,h_10,w_10/"), logos["c"], logos["c"]]
    told = uploader.generate_sprite(urls=urls)
    assert [(name, one["width"]) for name, one in told["image_infos"].items()] == [("f/b", 10), ("c", 20), ("c_2", 20)]
    reply = fetch(client, told["image_url"])
    colors = {"f/b": RED, "c": GREEN, "c_2": GREEN}
    assert differ(reply.image, sheet((20, 34), told["image_infos"], colors)) == 0
    assert reply.headers["Cache-Control"] == LONG
    again = uploader.generate_sprite(urls=[url.replace("/v1", "/v2") for url in urls])
    assert (again["public_id"], again["version"]) == (told["public_id"], told["version"])
    assert uploader.generate_sprite(urls=urls[1:])["public_id"] != told["public_id"]
    for bad, text in (
        ("ftp://example.org/a.png", "expected one that begins with http"),
        ("http://example.org/a.png", "sources.allow_hosts"),
        (f"{address(client)}/demo/image/upload/nothing.png", "Resource not found - nothing"),
    ):
        with pytest.raises(exceptions.Error, match=text):
            uploader.multi(urls=[logos["c"], bad])


def test_downloads(client: Client, logos: Mapping[str, str]) -> None:
    sprite = uploader.download_generated_sprite(tag="logos", width=10)
    multi = uploader.download_multi(urls=[logos["c"], logos["f/a"]])
    for url, kind, ending in ((sprite, "image/png", 'filename="logos.png"'), (multi, "image/gif", '.gif"')):
        reply = fetch(client, url)
        assert (reply.status, reply.headers["Content-Type"]) == (200, kind)
        assert reply.headers["Content-Disposition"].startswith("attachment")
        assert reply.headers["Content-Disposition"].endswith(ending)
        assert reply.headers["Cache-Control"] == "no-store"
        wrong = fetch(client, url.replace("mode=download", "mode=other"))
        assert (wrong.status, "Invalid Signature" in wrong.headers["X-Cld-Error"]) == (401, True)
    assert fetch(client, sprite).image.size == (10, 33)
    assert len(frames(fetch(client, multi))) == 2


def test_what_was_made_can_be_taken_away(client: Client) -> None:
    uploader.upload(png(RED), public_id="kept", tags=["going"])
    first = uploader.generate_sprite("going")
    notes = client.folder / "state" / "cloudinary" / "demo.sqlite"
    os.utime(notes, (0, 0))  # what has not changed for long is answered from memory
    assert [color(fetch(client, first["image_url"])) for _ in range(3)] == [RED] * 3
    assert uploader.destroy("going", type="multi")["result"] == "not found"
    assert [uploader.destroy("going", type="sprite")["result"] for _ in range(2)] == ["ok", "not found"]
    for name in ("image_url", "css_url"):
        assert fetch(client, first[name]).status == 404
    again = uploader.generate_sprite("going")
    assert again["version"] > first["version"]
    assert color(fetch(client, first["image_url"])) == RED


def test_pictures_from_elsewhere_and_strict_transformations(tmp_path: Path) -> None:
    catalog = "attributes: {root_path: images, allow_direct_urls: 1}\nimages: {}\n"
    with remote_server() as remote:
        remote.bodies["/far.png"] = png(BLUE, (30, 20))
        more = {
            "IMAGESERVER_SOURCES__ALLOW_HOSTS": f"127.0.0.1:{remote.port}",
            "IMAGESERVER_DIALECTS__CLOUDINARY__CLOUDS": "demo Co key secret 00112233FF99",
            "IMAGESERVER_DIALECTS__CLOUDINARY__STRICT": "on",
            "IMAGESERVER_DIALECTS__CLOUDINARY__BASE_URL": "https://img.example/",
        }
        with cloud(tmp_path, catalog, **more) as client:
            near = uploader.upload(png(RED, (20, 10)), public_id="near")["url"]
            assert near.startswith("https://img.example/demo/")
            told = uploader.generate_sprite(urls=[remote.url("/far.png"), near], width=10)
            assert [(name, one["height"]) for name, one in told["image_infos"].items()] == [("far", 7), ("near", 5)]
            url = told["image_url"].removeprefix("https://img.example")
            assert url.startswith("/demo/image/sprite/s--")
            reply = client.ask(url)
            assert differ(reply.image, sheet((10, 14), told["image_infos"], {"far": BLUE, "near": RED})) == 0
            assert reply.headers["Cache-Control"] == SHORTLY  # nobody knows when what is elsewhere changes
            unsigned = "/".join(one for one in url.split("/") if not one.startswith("s--"))
            assert client.ask(unsigned).status == 401
            token = auth_token.generate(key="00112233FF99", acl="/image/sprite/*", duration=300)
            let_in = client.ask(f"{unsigned}?{token}")
            assert (let_in.body, let_in.headers["Cache-Control"]) == (reply.body, "private, no-cache")
            uploader.upload(png(RED), public_id="own", type="private")
            overlaid = unsigned.replace("/w_10/", "/l_private:own/fl_layer_apply/")
            assert (
                client.ask(f"{overlaid}?{token}").headers["X-Cld-Error"].startswith("Overlay private:own needs a sig")
            )
            css = client.ask(told["css_url"].removeprefix("https://img.example"))
            assert (f"url('{told['image_url']}')" in css.text, css.headers["Cache-Control"]) == (True, SHORTLY)
            api.create_transformation("tiny", {"width": 10})
            uploader.upload(png(RED), public_id="tag", tags=["tag"])
            assert uploader.generate_sprite("tag")["version"] > 1
            assert uploader.multi("tag")["url"].endswith("/tag.gif")
            for path in ("multi/tag.gif", "sprite/t_tiny/tag.css", f"sprite/w_9/tag.css?{token}"):
                reply = client.ask(f"/demo/image/{path}")
                assert (path, reply.status, b"s--" in reply.body) == (path, 200, False)  # a signature would open more
            for direction in ("dl_9", "e_loop:3", "t_tiny/dl_9"):
                assert client.ask(f"/demo/image/multi/{direction}/tag.gif").status == 401
            remote.bodies["/other.txt"] = b"words"
            with pytest.raises(exceptions.BadRequest, match=r"other.txt"):
                uploader.multi(urls=[remote.url("/other.txt")])
