"""Responsive images and OpenSeadragon on a page of another server, and how the modules of all front ends are sent."""

from __future__ import annotations

import gzip
import re
from functools import partial
from typing import Any

import pytest
from browser import needs_browser
from PIL import Image, ImageChops
from serving import Client
from sites import version
from viewing import WINDOW, Stand, blocks, needs_clients

in_one_loop = pytest.mark.asyncio(loop_scope="module")
IMAGE = "document.querySelector('is-image img')"


@needs_browser
@in_one_loop
async def test_an_image_offers_all_widths_that_it_has(stand: Stand) -> None:
    tab = await stand.show('<is-image src="{co}/detail" alt="Blocks" commands="op_usm=0.5,1,2"></is-image>')
    await tab.until(f"{IMAGE}?.complete && {IMAGE}.srcset && {IMAGE}.naturalWidth")
    short = version(stand.client, "Co/detail")[:6]
    sources: Any = await tab.ask(f"{IMAGE}.srcset.split(', ').map(one => one.split(' '))")
    assert [int(width.removesuffix("w")) for _, width in sources] == [
        160,
        240,
        320,
        480,
        640,
        800,
        1040,
        1280,
        1600,
        2000,
    ]
    for url, width in sources:
        assert "," not in url
        assert url.endswith(f"&id={short}")
        reply = stand.client.ask(url.removeprefix(stand.server))
        assert (f"{reply.image.width}w", "immutable" in reply.headers["Cache-Control"]) == (width, True)
    assert await tab.ask(f"[{IMAGE}.alt, {IMAGE}.sizes, {IMAGE}.loading]") == ["Blocks", "860px", "auto"]
    assert "wid=1040&" in str(await tab.ask(f"{IMAGE}.currentSrc"))
    await tab.until(f"{IMAGE}.style.background === ''")  # the placeholder goes by an event of its own


@needs_browser
@in_one_loop
async def test_a_small_image_is_not_enlarged(stand: Stand) -> None:
    tab = await stand.show('<is-image src="{co}/red" widths="100,200,900"></is-image>')
    await tab.until(f"{IMAGE}?.complete && {IMAGE}.srcset && {IMAGE}.naturalWidth")
    assert await tab.ask(f"{IMAGE}.srcset.match(/ [0-9]+w/g)") == [" 100w", " 200w", " 300w"]
    assert await tab.ask(f"{IMAGE}.clientWidth") == 300


@needs_browser
@in_one_loop
async def test_the_window_chooses_the_crop(stand: Stand) -> None:
    crops = "tall (max-width: 500px), wide (min-width: 501px) and (max-width: 950px), none (max-width: 1px)"
    tab = await stand.show(f'<is-image src="{{co}}/cropped" crops="{crops}"></is-image>')
    await tab.until(f"{IMAGE}?.complete && /:wide/.test({IMAGE}.currentSrc) && {IMAGE}.naturalWidth === 860")
    await tab.call("Emulation.setDeviceMetricsOverride", **{**WINDOW, "width": 400})
    await tab.until(f"/:tall/.test({IMAGE}.currentSrc) && {IMAGE}.complete")
    await tab.call("Emulation.setDeviceMetricsOverride", **{**WINDOW, "width": 1200})
    await tab.until(f"/cropped[?]/.test({IMAGE}.currentSrc)")
    await tab.call("Emulation.setDeviceMetricsOverride", **WINDOW)


@needs_browser
@in_one_loop
async def test_an_image_below_the_window_is_not_asked_for_yet(stand: Stand) -> None:
    tab = await stand.show('<div class="far"></div><is-image src="{co}/blue"></is-image>')
    await tab.ask("new Promise(done => setTimeout(done, 200))")
    assert stand.asked() == []
    await tab.ask("document.querySelector('is-image').scrollIntoView()")
    await tab.until(f"{IMAGE}.complete && {IMAGE}.naturalWidth")
    assert stand.asked()[0] == "/is/image/Co/blue?req=set,json"


@needs_browser
@in_one_loop
@needs_clients
async def test_openseadragon_shows_the_source(stand: Stand) -> None:
    body = (
        """<div id="osd"></div><script src="/openseadragon.js"></script><script type="module" src="/osd.js"></script>"""
    )
    script = """import { tileSource } from "{server}/viewer/openseadragon.js";
        const source = await tileSource("{server}/is/image/Co/detail", { commands: "fmt=png" });
        globalThis.viewer = OpenSeadragon({ id: "osd", drawer: "canvas", showNavigationControl: false,
            immediateRender: true, animationTime: 0, crossOriginPolicy: "Anonymous", tileSources: source });
        viewer.addHandler("tile-load-failed", event => console.error(event.message));
        globalThis.shows = (x, y) => { viewer.viewport.zoomTo(viewer.viewport.imageToViewportZoom(1), null, true);
            viewer.viewport.panTo(viewer.viewport.imageToViewportCoordinates(x, y), true); };"""
    stand.pages.bodies["/osd.js"] = script.replace("{server}", stand.server).encode()
    stand.pages.headers["/osd.js"] = {"Content-Type": "text/javascript"}
    tab = await stand.show(body, styles="'unsafe-inline'")  # as OpenSeadragon wants it
    done = "globalThis.viewer?.world.getItemCount() === 1 && viewer.world.getItemAt(0).getFullyLoaded()"
    await tab.until(done)
    box: Any = await tab.ask("(({x, y}) => [x, y])(document.querySelector('#osd').getBoundingClientRect())")
    for x, y in ((1000, 800), (2300, 1700)):
        await tab.ask(f"shows({x}, {y})")
        await tab.until(
            f"Math.abs(viewer.viewport.getZoom() - viewer.viewport.imageToViewportZoom(1)) < 1e-9 && {done}"
        )
        await tab.ask(
            "viewer.forceRedraw(), new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )
        await tab.until(f"{done} && !viewer.world.needsDraw()")
        place = (int(box[0]), int(box[1]), int(box[0]) + 600, int(box[1]) + 400)
        wanted = blocks().crop((x - 300, y - 200, x + 300, y + 200))
        await tab.looks(partial(is_seen, place, wanted))
    short = version(stand.client, "Co/detail")
    assert all(url.endswith(f"&id={short}") for url in stand.asked() if "req=tile" in url)


def is_seen(place: tuple[int, int, int, int], wanted: Image.Image, screen: Image.Image) -> bool:
    return not ImageChops.difference(screen.crop(place), wanted).getbbox()


def test_modules_are_small_and_may_be_kept(shop: Client) -> None:
    seen_modules: dict[str, bytes] = {}
    waiting = ["viewer.js"]
    while waiting:
        name = waiting.pop()
        reply = shop.ask(f"/viewer/{name}", headers={"Accept-Encoding": "gzip"})
        assert reply.status == 200
        assert reply.headers["Content-Type"] == "text/javascript; charset=utf-8"
        assert reply.headers["Content-Encoding"] == "gzip"
        assert reply.headers["Cache-Control"] == "public, no-cache"
        seen_modules[name] = reply.body
        imported = re.findall(r'from "\./([\w.]+)"', gzip.decompress(reply.body).decode())
        waiting += [one for one in imported if one not in seen_modules and one not in waiting]
    assert len(seen_modules) > 10
    assert sum(map(len, seen_modules.values())) <= 30 * 1024


def test_versions_of_modules_may_be_kept_for_ever(shop: Client) -> None:
    page = shop.ask("/").text
    found = re.search(r"/viewer/[0-9a-f]{16}/viewer\.js", page)
    assert found
    plain_reply, packed = shop.ask(found[0]), shop.ask(found[0], headers={"Accept-Encoding": "br, gzip;q=0.5"})
    assert plain_reply.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert plain_reply.body == gzip.decompress(packed.body)
    tags = plain_reply.headers["ETag"], packed.headers["ETag"]
    assert tags[0] != tags[1]
    for tag, coding in zip(tags, ("identity", "gzip"), strict=True):
        assert re.fullmatch(r'"[0-9a-f]{32}(-gzip)?"', tag)
        headers = {"If-None-Match": tag, "Accept-Encoding": coding}
        assert shop.ask(found[0], headers=headers).status == 304
    other = re.sub("[0-9a-f]{16}", "0" * 16, found[0])
    assert shop.ask(other).headers["Cache-Control"] == "public, no-cache", "of another version this is what there is"
    assert shop.ask("/viewer/nothing.js").status == 404
    assert shop.ask("/viewer/..%2Fapp.py").status == 404
    assert shop.ask("/viewer/viewer.js", method="HEAD").headers["Content-Length"] == str(len(plain_reply.body))
