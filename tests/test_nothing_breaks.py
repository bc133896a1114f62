"""Whatever combination of legal commands is asked for: a picture or a clear 403, and never a failure of the server."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from serving import Client

INTEGERS = st.sampled_from([0, 1, -1, 3, 7, 50, 99, 133, 400, -50, 1000, 5000])
POSITIVE = st.sampled_from([1, 2, 7, 33, 100, 400, 999])
NUMBERS = st.sampled_from([0.1, 0.5, 1, 1.7, 3, -0.3, 0, 10, 0.01])
SHARES = st.sampled_from([-1, -0.3, 0, 0.5, 1])


def several(values: st.SearchStrategy[float], count: int) -> st.SearchStrategy[str]:
    return st.lists(values, min_size=count, max_size=count).map(lambda found: ",".join(map(str, found)))


def one_of(*texts: str) -> st.SearchStrategy[str]:
    return st.sampled_from(texts)


RECTS = st.tuples(several(INTEGERS, 2), several(POSITIVE | st.just(0), 2)).map(",".join)
COLORS = one_of("ff0000", "00ff0080", "10,20,30", "50", "10,20,30,40k")
COMMANDS: dict[str, st.SearchStrategy[str]] = {
    **dict.fromkeys(("wid", "hei", "res"), POSITIVE.map(str)),
    **dict.fromkeys(("anchor", "pos", "origin"), several(INTEGERS, 2)),
    **dict.fromkeys(("anchorN", "posN", "originN"), several(NUMBERS, 2)),
    **dict.fromkeys(("crop", "rgn", "rect"), RECTS),
    **dict.fromkeys(("bgc", "color", "bgColor"), COLORS),
    "scl": one_of("0.1", "1", "2.4", "90"),
    "scale": one_of("0.01", "0.5", "3"),
    "size": several(POSITIVE | st.just(0), 2),
    "fit": one_of("fit", "fit,1", "crop", "wrap,1", "constrain", "stretch", "stretch,1", "hfit,1", "vfit"),
    "align": several(SHARES, 2),
    "flip": one_of("lr", "ud", "lrud"),
    "rotate": one_of("0", "90", "180", "270", "45", "-30", "359.9"),
    "extend": several(INTEGERS, 4),
    "extendN": several(SHARES, 4),
    "opac": one_of("0", "50", "100,30"),
    "maskUse": one_of("off", "invert", "norm"),
    "mask": one_of("Co/mask.png", "Co/gray", "Co/alpha", "is{Co/alpha?scl=2}"),
    "src": one_of("Co/grid", "Co/alpha", "Co/gray-alpha", "Co/inks", "is{Co/photo?rotate=10&wid=90}", "Co/turned"),
    "layer": one_of("0", "1", "2", "comp"),
    "effect": one_of("-1", "1"),
    "blendMode": one_of("norm", "mult", "dissolve", "softlight", "divide"),
    "clipPath": one_of("M0,0L100,0L50,80Z", "M10,10C50,0,90,90,20,120Z"),
    "perspective": one_of("10,10,200,30,180,150,20,120"),
    "op_blur": one_of("0", "1", "40"),
    "op_usm": one_of("1,1", "5,30,5,1"),
    "op_grow": one_of("-5", "20"),
    "op_noise": one_of("30,gaussian,1"),
    "op_hue": one_of("-90"),
    "op_colorize": one_of("200,10,10,norm,50"),
    "op_growMask": one_of("-5", "5"),
    "resMode": one_of("bilin", "bicub", "sharp2", "bisharp"),
    "quantize": one_of("web,off", "adaptive,diffuse,5", "adaptive,off,2,000000,ffffff", "mac"),
    "fmt": one_of("png-alpha", "gif-alpha", "png8-alpha", "tif,cmyk,lzw", "jpeg,gray", "webp-alpha", "pdf", "gif"),
    "req": one_of("img", "mask", "tmb", "map", "props", "resolve"),
}
PIECES = st.sampled_from(sorted(COMMANDS)).flatmap(lambda name: COMMANDS[name].map(lambda value: f"{name}={value}"))
RECORDS = one_of("photo", "grid", "alpha", "masked", "turned", "inks", "gray-alpha", "deep", "palette", "photo:Square")


@settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(record=RECORDS, pieces=st.lists(PIECES, min_size=1, max_size=8))
def test_request_is_answered(server: Client, record: str, pieces: list[str]) -> None:
    reply = server.ask(f"/is/image/Co/{record}?{'&'.join(pieces)}")
    assert reply.status in {200, 403}, reply.text
    if reply.status == 403:
        assert not reply.text.startswith("source "), reply.text
    elif reply.headers["Content-Type"] in {"image/jpeg", "image/png", "image/webp", "image/tiff", "image/gif"}:
        assert min(reply.image.size) >= 1
