"""The language of Cloudinary's delivery URLs: any text is a request or an error; addresses and signatures."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from imageserver.dialects.cloudinary.language.address import read_address
from imageserver.dialects.cloudinary.language.chain import Known, finished, key_of, read_chain, translate
from imageserver.dialects.cloudinary.language.facts import BadTransformation
from imageserver.dialects.cloudinary.language.picture import Client as Asking
from imageserver.dialects.cloudinary.language.picture import Shown
from imageserver.dialects.cloudinary.language.signatures import call_signatures, call_text, signs_url
from imageserver.dialects.cloudinary.language.tokens import lets_in
from imageserver.errors import RequestError
from imageserver.protocol.reading import read
from imageserver.protocol.values import Size

ROWS = yaml.safe_load((Path(__file__).parent / "cloudinary.yaml").read_text())
SECRET = "b"  # noqa: S105, that of the vectors
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
    "c_thumb,g_faces,h_9,w_90,z_0.1",
    "c_crop,g_custom,z_9",
    "fl_clip",
    "if_!a!_in_tags",
    "if_ctx:!a!_gt_!b!",
    "if_md:!a!_gt_!b!",
    "if_!a!_nin_md:!b!",
    "if_fc_gt_pc",
    "w_iw_div_fc",
    "$a_md:!x!",
    "t_x",
)
PARTS = st.lists(st.lists(st.sampled_from([*WORDS, *ODD]), min_size=1, max_size=4).map(",".join), max_size=5)


@settings(max_examples=300, deadline=None)
@given(PARTS, st.text(max_size=4), st.integers(1, 900))
def test_any_transformation_is_a_request_or_an_error(parts: list[str], more: str, side: int) -> None:
    try:
        found = read_address(f"image/upload/{'/'.join(parts)}{more}/x.jpg")
        chain = read_chain(found.transformations, {"x": "w_5/e_tint", "small": "h_3"}.get)
        shown = Shown("Co/photo", Size(side, 300))
        asking = Asking(faces=((3, 3, 900, 9),), custom=((0, 0, 5, 5000),))
        known = Known(shown, "Co", {key_of(one): shown for one in chain.overlays}, asking)
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


@pytest.mark.parametrize(
    ("signed", "key", "digest"),
    [
        (
            "st=1111111111~exp=1111111411~acl=%2fimage%2f*",
            "00112233FF99",
            "1751370bcc6cfe9e03f30dd1a9722ba0f2cdca283fa3e6df3342a00a7528cc51",
        ),
    ],
)
def test_token_of_the_clients_tests(signed: str, key: str, digest: str) -> None:
    path = "/demo/image/upload/sample.jpg"
    for now, is_right in ((1111111110, False), (1111111111, True), (1111111411, False)):
        assert lets_in(f"{signed}~hmac={digest}", key, path, "", now) is is_right
    assert not lets_in(f"{signed}~hmac={digest}", "", path, "", 1111111111)
    assert not lets_in(f"{signed}~hmac={digest}", key, "/demo/video/upload/sample.mp4", "", 1111111111)
