"""Delivery URLs of Cloudinary: `cloudinary.yaml` against native requests, and what replies say beside the picture."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import QUIET
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from serving import Client, serving

from imageserver.config import Config
from imageserver.dialects.cloudinary.language.address import read_address
from imageserver.dialects.cloudinary.language.chain import Known, finished, key_of, read_chain, translate
from imageserver.dialects.cloudinary.language.facts import BadTransformation
from imageserver.dialects.cloudinary.language.picture import Client as Asking
from imageserver.dialects.cloudinary.language.picture import Shown
from imageserver.dialects.cloudinary.language.signatures import call_signatures, call_text, signs_url, url_signatures
from imageserver.errors import RequestError
from imageserver.front_doors import Cloud, Cloudinary, Dialects
from imageserver.protocol.reading import read
from imageserver.protocol.values import Size
from imageserver.tools.cli import with_front_doors

ROWS = yaml.safe_load((Path(__file__).parent / "cloudinary.yaml").read_text())
SECRET = "b"  # noqa: S105, that of the vectors
MACROS = """macros:
  small: '.cloudinary=c_fill,w_40,h_30/e_grayscale'
  grown: .cloudinary=w_80
  endless: .cloudinary=t_endless
  automatic: .cloudinary=f_auto
  native: wid=60&op_invert=1
"""


@pytest.fixture(scope="module")
def clouds(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A server over the tests' catalog with two clouds, of which one has no key."""
    folder = tmp_path_factory.mktemp("clouds")
    shutil.copytree(pictures / "catalogs" / "Co", folder / "catalogs" / "Co")
    path = folder / "catalogs" / "Co" / "catalog.yaml"
    text = path.read_text().replace(
        "  grid: {path: grid.png}\n",
        "  grid: {path: grid.png}\n  edged: {path: edged.png}\n"
        "  folder/inner: {path: grid.png}\n  'a,b ü&.x': {path: photo.jpg}\n"
        "  private:own: {path: grid.png, access: private}\n"
        "  authenticated:own: {path: grid.png, access: authenticated}\n",
    )
    at = text.index("\nmacros:\n") + len("\nmacros:\n")
    path.write_text(text[:at] + MACROS.removeprefix("macros:\n") + text[at:])
    edged = Image.new("RGB", (100, 100), (30, 80, 60))
    edged.paste((200, 30, 40), (20, 20, 80, 80))
    edged.save(path.parent / "images" / "edged.png")
    marked = folder / "catalogs" / "Marked"
    marked.mkdir()
    (marked / "catalog.yaml").write_text(
        "attributes: {watermark: mark}\nimages: {mark: {path: mark.png}, plain: {path: plain.png}}\n"
    )
    Image.new("RGB", (9, 9), (255, 0, 0)).save(marked / "mark.png")
    Image.new("RGB", (30, 20), (0, 0, 255)).save(marked / "plain.png")
    clouds = f"demo Co key {SECRET}, open Co, marked Marked"
    environment = {**QUIET, "IMAGESERVER_DIALECTS__CLOUDINARY__CLOUDS": clouds}
    with serving(folder, environment=environment) as client:
        yield client


def full(url: str) -> str:
    return url if url.startswith("/") else f"/demo/image/upload/{url}"


@pytest.mark.parametrize("row", ROWS, ids=[row["url"] for row in ROWS])
def test_dialect_and_native_request_have_the_same_reply(clouds: Client, row: dict[str, Any]) -> None:
    foreign, native = clouds.ask(full(row["url"])), clouds.ask(f"/is/image/{row['native']}")
    assert (foreign.status, native.status) == (200, 200), (foreign.headers, native.text[:200])
    assert foreign.headers["Content-Type"] == native.headers["Content-Type"]
    assert foreign.body == native.body


@pytest.mark.parametrize(
    ("url", "status", "text"),
    [
        ("nothing.jpg", 404, "Resource not found - nothing"),
        ("w_100/v1/nothing.jpg", 404, "Resource not found - nothing"),
        ("w_100", 404, "Resource not found - w_100"),
        ("v12/w_100/photo", 404, "Resource not found - w_100/photo"),
        ("w_abc/photo", 400, "Invalid width in transformation: abc"),
        ("w_0/photo", 400, "Invalid width in transformation: 0"),
        ("h_-5/photo", 400, "Invalid height in transformation: -5"),
        ("ar_1:0,w_5/photo", 400, "Invalid aspect ratio in transformation: 1:0"),
        ("w_5_div_0/photo", 400, "Division by zero in transformation"),
        ("q_101,w_5/photo", 400, "Invalid quality in transformation: 101"),
        ("a_round/photo", 400, "Invalid angle in transformation: round"),
        ("b_nocolour,c_pad,h_5,w_5/photo", 400, "Invalid background in transformation: nocolour"),
        ("c_wild,w_5/photo", 400, "Invalid crop mode in transformation: wild"),
        ("c_imagga_crop,w_5/photo", 400, "Crop mode imagga_crop is not supported"),
        ("c_pad,g_auto,h_5,w_5/photo", 400, "Invalid gravity auto for crop mode pad"),
        ("c_crop,h_5,w_5,x_900/photo", 400, "Invalid crop: it lies outside of the image"),
        ("e_gen_fill/photo", 400, "Effect gen_fill is not supported"),
        ("e_sepia:abc/photo", 400, "Invalid effect sepia in transformation: abc"),
        ("e_multiply/photo", 400, "Effect multiply needs an overlay"),
        ("fl_nothing/photo", 400, "Unknown transformation flag nothing"),
        ("ki_1/photo", 400, "Transformation parameter ki is not supported for images"),
        ("zz_1/photo", 400, "Unknown transformation parameter zz"),
        ("folder/v1/photo", 400, "Invalid transformation component - folder"),
        ("f_svg/photo", 400, "Invalid extension in transformation: svg"),
        ("photo.exe", 400, "Invalid extension in transformation: exe"),
        ("t_nothing/photo", 400, "Unknown transformation name nothing"),
        ("t_endless/photo", 400, "Invalid transformation: named transformations lie too deep in one another"),
        ("t_automatic/photo", 400, "Invalid named transformation automatic: it has f_auto, dpr_auto or w_auto"),
        ("t_native/w_5/photo", 400, "Invalid transformation: $native$ is a macro, which only formats may follow"),
        ("w_$size/photo", 400, "Undefined variable $size"),
        (f"$a_{'1' * 100}/$b_{'$a' * 11}/w_$b/photo", 400, "more than 1000 characters with its variables put in"),
        ("if_w_gt_5/w_5/photo", 400, "Invalid transformation: a condition without if_end"),
        ("if_end/photo", 400, "Invalid transformation: if_end without a condition"),
        ("fl_layer_apply/photo", 400, "Invalid transformation: fl_layer_apply without a layer"),
        ("l_nothing/fl_layer_apply/photo", 404, "Resource not found - nothing"),
        ("l_text:Arial:words/fl_layer_apply/photo", 400, "Invalid text overlay: expected l_text:Font_size:text"),
        ("l_subtitles:x/fl_layer_apply/photo", 400, "Overlays of type subtitles are not supported"),
        ("l_private:own/fl_layer_apply/photo", 401, "Overlay private:own needs a signed URL"),
        ("/demo/image/private/l_authenticated:own/fl_layer_apply/own", 401, "Overlay authenticated:own needs a signed"),
        ("cs_cmyk/photo", 400, "Invalid color space in transformation: cmyk"),
        ("w_5/private:own.png", 404, "Resource not found - private:own"),
        ("w_5000/photo", 400, "illegal image size 5000x3750"),
        ("s--abcdefghi--/photo", 400, "Invalid signature in URL: abcdefghi"),
        ("s--abcdefgh--/photo", 401, "Invalid signature in URL"),
        ("/open/image/upload/s--Ai4Znfl3--/c_crop,h_20,w_10/image.jpg", 401, "Invalid signature in URL"),
        ("/demo/image/private/own.png", 401, "Images of type private need a signed URL"),
        ("/demo/image/authenticated/w_5/own.png", 401, "Images of type authenticated need a signed URL"),
        ("/demo/image/facebook/65646572251", 404, "Resource not found"),
        ("/demo/video/upload/photo.mp4", 404, "Resource not found - photo"),
        ("/demo/image/fetch/http://127.0.0.1/a.jpg", 400, "allow_direct_urls"),
        ("/demo/", 404, ""),
    ],
)
def test_error(clouds: Client, url: str, status: int, text: str) -> None:
    for method in ("GET", "HEAD"):
        reply = clouds.ask(full(url), method)
        assert reply.status == status, reply.headers
        assert text in reply.headers.get("X-Cld-Error", "")
        assert not text or (reply.body, reply.headers["Cache-Control"]) == (b"", "no-store")


def test_restricted_records_are_for_those_who_sign(clouds: Client) -> None:
    signature = next(url_signatures("own.png", SECRET))
    assert clouds.ask(f"/demo/image/private/s--{signature}--/own.png").status == 200
    assert clouds.ask(f"/demo/image/authenticated/s--{signature}--/v1/own.png").status == 200
    assert clouds.ask("/demo/image/private/w_5/own.png").status == 200  # what is derived is public
    for kind in ("private", "authenticated"):
        native = clouds.ask(f"/is/image/Co/{kind}:own?wid=5")
        assert native.status == 403
        assert "signed" in native.text
        inside = clouds.ask(f"/is/image/Co/photo?layer=1&src=Co/{kind}:own")
        assert inside.status == 403


def test_original_is_sent_as_it_is_stored(clouds: Client) -> None:
    stored = (clouds.folder / "catalogs" / "Co" / "images" / "photo.jpg").read_bytes()
    for url in ("photo", "photo.jpg", "v1/photo.jpeg", "fl_attachment/photo.jpg"):
        assert clouds.ask(full(url)).body == stored
    reply = clouds.ask(full("photo.jpg"), headers={"Range": "bytes=2-5"})
    assert (reply.status, reply.body) == (206, stored[2:6])
    assert clouds.ask(full("photo.jpg"), headers={"Range": f"bytes={len(stored)}-"}).status == 416
    again = clouds.ask(full("photo.jpg"), headers={"If-None-Match": reply.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")


def test_watermark_is_on_what_is_not_changed(clouds: Client) -> None:
    reply = clouds.ask("/marked/image/upload/plain.png")
    assert reply.body == clouds.ask("/is/image/Marked/plain?scl=1&fmt=png").body
    assert (reply.image.getpixel((15, 10)), reply.image.getpixel((0, 0))) == ((255, 0, 0), (0, 0, 255))


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("fl_attachment/photo.jpg", 'attachment; filename="photo.jpg"'),
        ("fl_attachment:my.name,w_9/photo.png", 'attachment; filename="my.name.png"'),
        ("w_9/photo.png", None),
    ],
)
def test_attachment(clouds: Client, url: str, name: str | None) -> None:
    assert clouds.ask(full(url)).headers.get("Content-Disposition") == name


def test_headers(clouds: Client) -> None:
    reply = clouds.ask(full("w_33/photo.jpg"))
    assert reply.headers["Cache-Control"] == "public, no-cache"
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert "X-Cld-Error" in reply.headers["Access-Control-Expose-Headers"]
    assert reply.headers["X-Request-Id"]
    assert len(reply.headers["ETag"]) == 34
    assert "Vary" not in reply.headers
    assert clouds.ask(full("w_33/photo.jpg"), headers={"If-None-Match": reply.headers["ETag"]}).status == 304
    assert clouds.ask(full("w_33/photo.jpg"), "POST", b"").status == 405
    assert clouds.ask(full("w_33/photo.jpg"), "HEAD").headers["ETag"] == reply.headers["ETag"]


@pytest.mark.parametrize(
    ("url", "headers", "kind", "size", "varies"),
    [
        ("f_auto,w_9/photo", {"Accept": "image/avif,image/webp,*/*"}, "image/avif", (9, 7), "Accept"),
        ("f_auto,w_9/photo.png", {"Accept": "image/webp"}, "image/webp", (9, 7), "Accept"),
        ("f_auto,w_9/photo", {"Accept": "text/html"}, "image/jpeg", (9, 7), "Accept"),
        ("f_auto,w_9/alpha", {}, "image/png", (9, 9), "Accept"),
        ("f_auto:image,r_max,w_9/photo", {}, "image/png", (9, 7), "Accept"),
        ("dpr_auto,w_9/photo", {"Sec-CH-DPR": "2"}, "image/jpeg", (18, 14), "Sec-CH-DPR, DPR"),
        ("dpr_auto,w_9/photo", {}, "image/jpeg", (9, 7), "Sec-CH-DPR, DPR"),
        ("w_auto/photo", {"Width": "20"}, "image/jpeg", (20, 15), "Width"),
    ],
)
def test_what_clients_say(  # noqa: PLR0917, the columns of the table
    clouds: Client, url: str, headers: dict[str, str], kind: str, size: tuple[int, int], varies: str
) -> None:
    reply = clouds.ask(full(url), headers=headers)
    assert (reply.headers["Content-Type"], reply.image.size) == (kind, size)
    assert varies in reply.headers["Vary"]


def test_default_image_comes_with_the_error(clouds: Client) -> None:
    reply = clouds.ask(full("d_folder:inner.png,w_9/nothing.jpg"))
    assert (reply.status, reply.image.size) == (200, (9, 7))
    assert reply.headers["X-Cld-Error"] == "Resource not found - nothing"
    assert reply.headers["Cache-Control"] == "public, no-cache"
    assert clouds.ask(full("d_nothing_else.png/nothing.jpg")).status == 404


def test_demo_has_a_cloud_that_is_read_only() -> None:
    assert with_front_doors(Config()).dialects.cloudinary.clouds == (Cloud("demo", "samples"),)
    chosen = Config(dialects=Dialects(Cloudinary(clouds=(Cloud("mine", "Co", "key", "secret"),))))
    assert with_front_doors(chosen) is chosen


@pytest.mark.parametrize(
    ("setting", "text"),
    [
        (
            "IMAGESERVER_DIALECTS__CLOUDINARY__CLOUDS=demo Nowhere",
            "cloud 'demo': no catalog 'Nowhere': expected one of",
        ),
        ("IMAGESERVER_DIALECTS__IIIF=on", "dialects.iiif: expected off: this version has"),
    ],
)
def test_configuration_that_leads_nowhere_is_told_in_one_line(tmp_path: Path, setting: str, text: str) -> None:
    (tmp_path / "catalogs").mkdir()
    name, _, value = setting.partition("=")
    done = subprocess.run(
        [sys.executable, "-m", "imageserver", "serve", "--port", "0"],
        cwd=tmp_path,
        env={**os.environ, name: value},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert text in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_getinfo(clouds: Client) -> None:
    found = json.loads(clouds.ask(full("c_fill,fl_getinfo,h_50,w_60/photo")).text)
    assert found == {"input": {"width": 400, "height": 300}, "output": {"width": 60, "height": 50}}


WORDS = sorted({word for row in ROWS for part in row["url"].split("/")[:-1] for word in part.split(",")})
ODD = (
    "w_" + "9" * 30,
    "h_-1",
    "a_1e5",
    "dpr_0",
    "l_",
    "l_fetch:####",
    "w_iw_pow_9",
    "if_else",
    "if__",
    "e_trim:5",
    "t_x",
)
PARTS = st.lists(st.lists(st.sampled_from([*WORDS, *ODD]), min_size=1, max_size=4).map(",".join), max_size=5)


@settings(max_examples=300)
@given(PARTS, st.text(max_size=4), st.integers(1, 900))
def test_any_transformation_is_a_request_or_an_error(parts: list[str], more: str, side: int) -> None:
    try:
        found = read_address(f"image/upload/{'/'.join(parts)}{more}/x.jpg")
        chain = read_chain(found.transformations, {"x": "w_5/e_tint", "small": "h_3"}.get)
        shown = Shown("Co/photo", Size(side, 300))
        known = Known(shown, "Co", {key_of(one): shown for one in chain.overlays})
        written, _ = finished(translate(chain, known), chain, "", "jpg", Asking())
    except RequestError:
        return
    path, _, query = written.partition("?")
    assert read(path, query).pieces


def test_what_needs_the_picture_twice_does_not_grow_for_ever() -> None:
    chain = read_chain(["e_tint:50:red"] * 50, lambda _: None)
    with pytest.raises(BadTransformation, match="too long once it is written out"):
        translate(chain, Known(Shown("Co/photo", Size(400, 300)), "Co"))


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("image/upload/a", ((), None, "a")),
        ("image/upload/v12", ((), None, "v12")),
        ("image/upload/u_2/band_photo", (("u_2",), None, "band_photo")),
        ("image/upload/band_photo/x", ((), None, "band_photo/x")),
        ("image/upload/w_1,h_2/e_sepia/a/b.jpg", (("w_1,h_2", "e_sepia"), None, "a/b.jpg")),
        ("image/upload/w_1/v2/w_3/x", (("w_1",), 2, "w_3/x")),
        ("image/upload/w_1/v2/v3/x", (("w_1",), 2, "v3/x")),
        ("image/upload/v2/v3", ((), 2, "v3")),
        ("image/upload/$a_1/if_w_gt_$a,w_2/if_end/x", (("$a_1", "if_w_gt_$a,w_2", "if_end"), None, "x")),
        ("image/upload/w_1//x//y", (("w_1",), None, "x/y")),
        ("image/upload/d_x/y.jpg/v1/z", (("d_x", "y.jpg"), 1, "z")),
        ("image/upload/l_text:A_1:a%252Cb,co_red/x%20y%2Cz", (("l_text:A_1:a%2Cb,co_red",), None, "x y,z")),
        ("image/fetch/w_1/http://a.b/c%3Fx%3D1", (("w_1",), None, "http://a.b/c?x=1")),
        ("image/fetch/v1/https%3A%2F%2Fa.b%2Fc", ((), 1, "https://a.b/c")),
        ("images/w_1/v2/x/name.jpg", (("w_1",), 2, "x.jpg")),
        ("files/v2/x.pdf/name", ((), 2, "x.pdf")),
        ("files/x.pdf/name.pdf", ((), None, "x.pdf")),
        ("files/x/name.pdf", ((), None, "x.pdf")),
        ("iu/w_1/x", (("w_1",), None, "x")),
        ("x", ((), None, "x")),
    ],
)
def test_address(path: str, parts: tuple[tuple[str, ...], int | None, str]) -> None:
    found = read_address(path)
    assert (found.transformations, found.version, found.public_id) == parts


@pytest.mark.parametrize(
    ("text", "short", "long"),
    [
        ("c_crop,h_20,w_10/image.jpg", "Ai4Znfl3", "w7DXgwn5wCnfEUqu7i0gnCTHxMzvnVmI"),
        ("image.jpg", "--SjmNDA", "m50khsqq0vFHiDjt9VvvEn8BhKAAIfy8"),
        ("sample.jpg", "v2fTPYTu", "2hbrSMPOjj5BJ4xV7SgFbRDevFaQNUFf"),
        ("http://google.com/path/to/image.png", "hH_YcbiS", "jgO_FadrW3Q05ZLDGIm65q1vNNCaWeby"),
        (
            "co_red,l_text:Times_70_bold:Cool%25F0%259F%2598%258D/image.jpg",
            "Uqk1a-5W",
            "aprLoJbJlL13jbl55ioxIvCg_2h_5Cdu",
        ),
    ],
)
def test_url_signature(text: str, short: str, long: str) -> None:
    assert signs_url(short, text, SECRET)
    assert signs_url(long, text, SECRET)
    assert not signs_url(short, text + "x", SECRET)
    assert not signs_url(short, text, "")
    assert not signs_url("", text, SECRET)


def test_signature_of_a_url_is_that_of_what_is_behind_it() -> None:
    found = read_address("image/upload/s----SjmNDA--/v1234/image.jpg")
    assert (found.signature, found.signed_text) == ("--SjmNDA", "image.jpg")


@pytest.mark.parametrize(
    ("name", "value", "signature"),
    [
        ("username", "user@cloudinary.com", "14c00ba6d0dfdedbc86b316847d95b9e6cd46d94"),
        (
            "username",
            "user@cloudinary.com",
            "45ddaa4fa01f0c2826f32f669d2e4514faf275fe6df053f1a150e7beae58a3bd",
        ),
        (
            "notification_url",
            "https://fake.com/callback?a=1&tags=hello,world",
            "4fdf465dd89451cc1ed8ec5b3e314e8a51695704",
        ),
    ],
)
def test_call_signature(name: str, value: str, signature: str) -> None:
    """The vectors sign the name of the cloud as well, which is not among what a call over HTTP signs."""
    text = call_text({"cloud_name": "dn6ot3ged", "timestamp": "1568810420", name: value})
    secret = "hdcixPpR2iKERPwqvH6sHdK9cyac"  # noqa: S105, that of the vectors
    algorithm = "sha1" if len(signature) == 40 else "sha256"
    assert hashlib.new(algorithm, (text + secret).encode()).hexdigest() == signature


def test_live_call_signature() -> None:
    sent = {"invalidate": "1", "overwrite": "1", "public_id": "f/pic", "tags": "a,b", "timestamp": "1795310601"}
    known = {"api_key": "key", "file": "", "signature": "x", "empty": ""}
    assert "005a7e25989d7f7844a82e4ecad22b2ee41557f9" in set(call_signatures({**sent, **known}, "secret"))
