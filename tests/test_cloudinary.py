"""Delivery URLs of Cloudinary: `cloudinary.yaml` against native requests, and what replies say beside the picture."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import QUIET
from PIL import Image
from serving import Client, serving

from imageserver.config import Config
from imageserver.dialects.cloudinary.language.signatures import url_signatures
from imageserver.front_doors import Cloud, Cloudinary, Dialects
from imageserver.tools.cli import with_front_doors

ROWS = yaml.safe_load((Path(__file__).parent / "cloudinary.yaml").read_text())
LONG = "public, no-transform, immutable, max-age=2592000"
SECRET = "b"  # noqa: S105, that of the vectors
TOKEN_KEY = "00112233FF99"  # noqa: S105, likewise
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
        "  grid: {path: grid.png}\n  edged: {path: edged.png}\n  pathed: {path: pathed.tif}\n"
        "  told: {path: grid.png, tags: 'sale, on_top', "
        "user_data: {kind: red_shoe, price: 10, note: '10,5% off / $a', ask: 'a??b'}}\n"
        "  folder/inner: {path: grid.png}\n  'a,b ü&.x': {path: photo.jpg}\n"
        "  private:own: {path: grid.png, access: private}\n"
        "  authenticated:own: {path: grid.png, access: authenticated}\n"
        "  private:kin: {path: grid.png, access: private, user_data: {kind: fl}}\n"
        "  guarded: {path: alpha.png, access: authenticated}\n",
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
    small = folder / "catalogs" / "Small"
    small.mkdir()
    (small / "catalog.yaml").write_text(
        "attributes: {max_pix: [40, 40]}\nimages: {large: {path: large.png}, fits: {path: fits.png}}\n"
    )
    Image.new("RGB", (80, 60), (255, 0, 0)).save(small / "large.png")
    Image.new("RGB", (40, 30), (255, 0, 0)).save(small / "fits.png")
    clouds = f"demo Co key {SECRET} {TOKEN_KEY}, open Co, marked Marked, small Small key {SECRET}"
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
        ("l_text:Arial_0:words/fl_layer_apply/photo", 400, "Invalid text overlay: expected l_text:Font_size:text"),
        ("l_text:saved:words/fl_layer_apply/photo", 404, "Resource not found - saved"),
        ("fl_clip,pg_9/pathed", 400, "Invalid page in transformation: 9"),
        ("fl_clip,l_pathed/fl_layer_apply/photo", 400, "Transformation flag clip is not supported for overlays"),
        ("e_gradient_fade:101/photo", 400, "Invalid effect gradient_fade in transformation: 101"),
        ("if_!a!_in_colours,w_5/photo", 400, "Invalid condition in transformation: !a!_in_colours"),
        ("if_nd:!k!_eq_!v!,w_5/photo", 400, "Invalid condition in transformation: nd:!k!_eq_!v!"),
        ("l_subtitles:x/fl_layer_apply/photo", 400, "Overlays of type subtitles are not supported"),
        ("if_w_gt_1/w_5/if_else/fl_clip/if_end/pathed", 400, "Transformation flag clip is not supported under cond"),
        ("if_w_gt_1,fl_clip/pathed", 400, "Transformation flag clip is not supported under conditions"),
        (f"l_grid,o_{'1' * 5000}/fl_layer_apply/photo", 400, "Invalid opacity in transformation: 111"),
        ("/demo/image/private/d_guarded,w_5/nothing", 404, "Resource not found - nothing"),
        ("/demo/image/private/w_5/l_guarded/fl_layer_apply/own", 401, "expected a signed request"),
        ("/demo/image/private/$a_ctx:!kind!/$(a)_attachment/v1/kin", 401, "Images of type private need a signed URL"),
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
        ("/demo/image/fetch/http://127.0.0.1/a.jpg", 401, "allow_direct_urls"),
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


def token(signed: str, key: str = TOKEN_KEY, *, url: str = "") -> str:
    digest = hmac.new(bytes.fromhex(key), (signed + url).encode(), hashlib.sha256).hexdigest()
    return f"__cld_token__={signed}~hmac={digest}"


OWN = "/demo/image/authenticated/v1/own.png"
UNTIL = 4_000_000_000


@pytest.mark.parametrize(
    ("signed", "url", "path", "status"),
    [
        (f"exp={UNTIL}~acl=%2fimage%2f*", "", OWN, 200),
        (f"exp={UNTIL}~acl=%2fdemo%2f*%2fown.png", "", OWN, 200),
        (f"st=1~exp={UNTIL}~acl=%2fa%2f*!%2fimage%2fauthenticated%2fw_*", "", OWN.replace("v1", "w_5"), 200),
        (f"exp={UNTIL}~acl=%2f*%2fown.png", "", OWN.replace("v1", "l_private:own/fl_layer_apply"), 401),
        (f"exp={UNTIL}~acl=%2f*%2fown.png", "", OWN.replace("v1", "l_guarded/fl_layer_apply"), 401),
        (f"ip=127.0.0.1~exp={UNTIL}~acl=%2f*", "", OWN, 200),
        (f"exp={UNTIL}", "~url=%2fdemo%2fimage%2fauthenticated%2fv1%2fown.png", OWN, 200),
        (f"exp={UNTIL}", "~url=%2fdemo%2fimage%2fauthenticated%2fv1%2fother.png", OWN, 401),
        (f"exp={UNTIL}~acl=%2f*", "", OWN.replace("v1", "l_private:own/fl_layer_apply"), 401),
        (f"exp={UNTIL}~acl=%2f*", "", OWN.replace("v1", "l_grid,w_5/fl_layer_apply"), 200),
        (f"exp={UNTIL}~acl=%2fimage%2fprivate%2f*", "", OWN, 401),
        (f"ip=10.0.0.1~exp={UNTIL}~acl=%2f*", "", OWN, 401),
        (f"st={UNTIL}~exp={UNTIL + 1}~acl=%2f*", "", OWN, 401),
        ("exp=1~acl=%2f*", "", OWN, 401),
        ("acl=%2f*", "", OWN, 401),
        ("exp=1~acl=%2f*", "", "/demo/image/upload/photo.jpg", 200),  # where none is needed
    ],
)
def test_token(clouds: Client, signed: str, url: str, path: str, status: int) -> None:
    for sent in ({}, {"Cookie": token(signed, url=url)}):
        reply = clouds.ask(path if sent else f"{path}?{token(signed, url=url)}", headers=sent)
        assert reply.status == status, reply.headers
        if "authenticated" in path:
            assert reply.headers["Cache-Control"] == ("private, no-cache" if status == 200 else "no-store")
    assert clouds.ask(path).status == (401 if "authenticated" in path else 200)  # nothing of it was remembered
    assert clouds.ask(OWN, headers={"Cookie": token(signed, "00", url=url)}).status == 401


def test_original_is_sent_as_it_is_stored(clouds: Client) -> None:
    stored = (clouds.folder / "catalogs" / "Co" / "images" / "photo.jpg").read_bytes()
    for url in ("photo", "photo.jpg", "v1/photo.jpeg", "fl_attachment/photo.jpg"):
        assert clouds.ask(full(url)).body == stored
    reply = clouds.ask(full("photo.jpg"), headers={"Range": "bytes=2-5"})
    assert (reply.status, reply.body) == (206, stored[2:6])
    assert clouds.ask(full("photo.jpg"), headers={"Range": f"bytes={len(stored)}-"}).status == 416
    again = clouds.ask(full("photo.jpg"), headers={"If-None-Match": reply.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize(
    ("url", "size", "stored"),
    [
        ("fits.png", (40, 30), "fits.png"),
        ("large.png", (40, 30), None),
        ("large.jpg", (40, 30), None),
        ("e_grayscale/large", (40, 30), None),
        ("w_20/large.png", (20, 15), None),
        ("c_fill,g_auto,h_10,w_20/large.png", (20, 10), None),
        ("c_crop,h_50,w_20/large", None, None),
        (f"s--{next(url_signatures('large.png', SECRET))}--/large.png", (80, 60), "large.png"),
    ],
)
def test_originals_are_no_larger_than_the_catalog_allows(
    clouds: Client, url: str, size: tuple[int, int] | None, stored: str | None
) -> None:
    reply = clouds.ask(f"/small/image/upload/{url}")
    if size is None:
        assert (reply.status, "illegal image size 20x50" in reply.headers["X-Cld-Error"]) == (400, True)
        return
    assert (reply.status, reply.image.size) == (200, size), reply.headers
    if stored:
        assert reply.body == (clouds.folder / "catalogs" / "Small" / stored).read_bytes()


@pytest.mark.parametrize(
    ("url", "is_kept"),
    [
        ("/demo/image/upload/{}/photo.jpg", True),
        ("/demo/image/upload/c_fill,g_auto,h_5,w_9/{}/photo.png", True),
        ("/demo/image/upload/d_grid.png,w_9/{}/photo.png", True),
        ("/demo/image/upload/l_photo,w_9/fl_layer_apply/{}/photo.png", True),
        ("/demo/image/upload/l_text:Fira%20Mono_9:a/fl_layer_apply/{}/photo.png", True),
        ("/demo/image/upload/l_text:Arial_9:a/fl_layer_apply/{}/photo.png", False),  # the catalog may have it one day
        ("/demo/image/upload/l_alpha,w_9/fl_layer_apply/{}/photo.png", False),
        ("/demo/image/upload/w_9/u_grid/fl_layer_apply/{}/photo.png", False),
        ("/demo/image/upload/t_small/{}/photo.png", False),
        ("/demo/image/upload/t_native/{}/photo.png", False),
        ("/demo/image/upload/$a_t_small/$a/{}/photo.png", False),
        ("/demo/image/upload/w_9/{}/masked.png", True),
        ("/demo/image/upload/$size_ctx:!price!/w_$size/{}/told.png", False),
        ("/demo/image/upload/if_!sale!_in_tags,w_9/{}/told.png", False),
        ("/marked/image/upload/{}/plain.png", False),
    ],
)
def test_only_what_has_its_version_is_kept_for_long(clouds: Client, url: str, is_kept: bool) -> None:
    modified = parsedate_to_datetime(clouds.ask(url.format("v2")).headers["Last-Modified"])
    current = url.format(f"v{int(modified.timestamp())}")
    for reply in (clouds.ask(current), clouds.ask(current)):  # drawn, and at hand
        assert (reply.status, reply.headers["Cache-Control"]) == (200, LONG if is_kept else "public, no-cache")
        assert reply.headers["ETag"]


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
