"""Texts: `text` draws one and stores it, and overlays show other words in its style."""

from __future__ import annotations

from contextlib import ExitStack

from imageserver.catalog.written import Json
from imageserver.dialects.cloudinary.calls import Call, check_signed
from imageserver.dialects.cloudinary.deriving import drawn
from imageserver.dialects.cloudinary.language.components import Component
from imageserver.dialects.cloudinary.language.layers import ALIGNMENTS, SIZE, STYLES, Written, text_request
from imageserver.dialects.cloudinary.looking import Looking, styled
from imageserver.dialects.cloudinary.replies import Failed
from imageserver.dialects.cloudinary.uploading import prepare, take_in

STYLING = ("font_weight", "font_style", "text_decoration", "text_align")
LARGEST, LONGEST = 1000, 5000


async def text(call: Call) -> object:
    """Draw a text, and store the picture with the style that it has."""
    check_signed(call)
    words = call.text("text")
    if not words or call.path[0] != "image":
        raise Failed(400, "Missing required parameter - text" if call.path[0] == "image" else "Texts are images")
    if len(words) > LONGEST:
        raise Failed(400, f"Text too long: {len(words)} characters, expected at most {LONGEST}")
    await prepare(call)
    style = style_of(call)
    layer, component = styled(Written("", 0, (), words), Component(""), style)
    account = call.account
    looking = Looking(account, call.request, account.site.live.state, signed=True)
    written = text_request(layer, component, account.root, looking.font)
    body, _ = await drawn(account, looking.planned(f"{written}&scl=1&fmt=png-alpha"))
    stack = ExitStack()
    try:
        folder = await call.run(lambda: stack.enter_context(account.store().staging()))
        file = folder / "text.png"
        await call.run(file.write_bytes, body)
        told = await take_in(call, file)
    finally:
        await call.run(stack.close)
    if not told.get("existing"):
        await call.run(account.notes.add, "asset", str(told["asset_id"]), {"text": style})
    return told


def style_of(call: Call) -> dict[str, Json]:
    """Read font, size, colours and styles; raises `Failed`."""
    size = call.text("font_size", "12")
    if not SIZE.fullmatch(size) or not 0 < float(size) <= LARGEST:
        raise Failed(400, f"Invalid font_size: {size[:20]}")
    styles = [word for name in STYLING if (word := call.text(name)) in STYLES or word in ALIGNMENTS]
    colors = {"co": call.text("font_color", "black"), "b": call.text("background")}
    return {
        "font": call.text("font_family", "Arial"),
        "size": float(size),
        "styles": list[Json](styles),
        **{name: f"rgb:{color[1:]}" if color.startswith("#") else color for name, color in colors.items() if color},
    }
