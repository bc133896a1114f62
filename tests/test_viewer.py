"""The viewer in a browser, on a page of another server: what people do with it, and what they then see."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from browser import needs_browser
from pictures import BLUE, GREEN, RED, YELLOW
from PIL import Image, ImageChops
from sites import version
from viewing import (
    HIGH,
    QUIET_PART,
    SURFACE,
    VIEWER,
    WIDE,
    WINDOW,
    Stand,
    becomes,
    blocks,
    corner,
    last,
    needs_clients,
    part,
    scale,
    seen,
    settled,
    shows,
)

pytestmark = [needs_browser, pytest.mark.asyncio(loop_scope="module")]
FAULTS = """axe.run({elementRef: false}).then(({violations}) => violations
    .filter(({impact}) => ["serious", "critical"].includes(impact))
    .map(({id, nodes}) => [id, nodes.map(({html}) => html)]))"""
"""A part of the surface on which no button lies."""


async def test_asks_for_the_set_then_for_pictures_of_its_versions(stand: Stand) -> None:
    tab = await stand.view("detail")
    await settled(tab)
    short = version(stand.client, "Co/detail")[:6]
    assert stand.asked()[:2] == [
        "/is/image/Co/detail?req=set,json",
        f"/is/image/Co/detail?fmt=png&wid=640&hei=448&fit=constrain&id={short}",
    ]
    assert not [url for url in stand.asked() if "req=tile" in url], "what fits needs no tiles"
    assert await tab.ask(f"{part('picture')}.getAttribute('aria-label')") == "All the details"


async def test_fine_screens_get_more_pixels(stand: Stand) -> None:
    await stand.tab.call("Emulation.setDeviceMetricsOverride", **{**WINDOW, "deviceScaleFactor": 2})
    tab = await stand.view("detail")
    await settled(tab)
    assert "wid=1216&hei=832&" in stand.asked()[1]
    await tab.call("Emulation.setDeviceMetricsOverride", **WINDOW)


async def test_full_resolution_is_the_source(stand: Stand) -> None:
    tab = await stand.view("detail")
    await settled(tab)
    await tab.ask(f"{SURFACE}.focus()")
    await tab.press("1")
    await tab.until(f"Math.abs({VIEWER}.view.scale - 1) < 1e-6")
    for _ in range(2):
        await settled(tab)
        view: Any = await tab.ask(f"{VIEWER}.view")
        x, y = round(view["x"]), round(view["y"])
        left, top, right, bottom = QUIET_PART
        wanted = blocks().crop((x + left, y + top, x + right, y + bottom))
        await shows(tab, QUIET_PART, wanted)
        await tab.press(*["ArrowRight"] * 4, *["ArrowDown"] * 3)
    whole_version = version(stand.client, "Co/detail")
    tiles = [url for url in stand.asked() if "req=tile" in url]
    assert tiles
    assert all(url.endswith(f"id={whole_version}") for url in tiles)


async def test_the_whole_picture_shows_every_place(stand: Stand) -> None:
    tab = await stand.view("detail")
    await settled(tab)
    width = round(400 * WIDE / HIGH)
    margin = (600 - width) // 2
    whole = (await seen(tab)).crop((margin, 70, margin + width, 330))
    wanted = blocks().resize((width, 400), Image.Resampling.BOX).crop((0, 70, width, 330))
    parts = [image.resize((12, 6), Image.Resampling.BOX) for image in (whole, wanted)]
    assert max(ImageChops.difference(*parts).tobytes()) < 12


@pytest.mark.parametrize("way", ["wheel", "keys", "double click", "button", "pinch"])
async def test_ways_to_zoom(stand: Stand, way: str) -> None:
    tab = await stand.view("detail")
    await settled(tab)
    before = await scale(tab)
    x, y = await tab.middle(SURFACE)
    match way:
        case "wheel":
            await tab.mouse("mouseWheel", (x - 100, y - 50), deltaX=0, deltaY=-300)
        case "keys":
            await tab.ask(f"{SURFACE}.focus()")
            await tab.press("+", "+")
        case "double click":
            await tab.click(SURFACE, clicks=2)
        case "button":
            await tab.click(part("in"))
        case "pinch":
            await tab.touch(((x - 20, y), (x - 120, y)), ((x + 20, y), (x + 120, y)))
    await tab.until(f"{VIEWER}.view.scale > {before * 1.3}")
    await settled(tab)
    wide: Any = await tab.ask(f"{VIEWER}.view")
    await tab.drag((x, y), (x - 90, y - 40))
    moved: Any = await tab.ask(f"{VIEWER}.view")
    assert moved["x"] == pytest.approx(wide["x"] + 90 / wide["scale"], abs=0.01)
    assert moved["y"] == pytest.approx(wide["y"] + 40 / wide["scale"], abs=0.01)
    await tab.click(part("whole"))
    await tab.until(f"Math.abs({VIEWER}.view.scale - {before}) < 1e-6")


async def test_the_wheel_keeps_the_point_under_it(stand: Stand) -> None:
    tab = await stand.view("detail")
    await settled(tab)
    x, y = await tab.middle(SURFACE)
    point = f"(v => [v.x + 200 / v.scale, v.y + 150 / v.scale])({VIEWER}.view)"
    before: Any = await tab.ask(point)
    await tab.mouse("mouseWheel", (x - 100, y - 50), deltaX=0, deltaY=-400)
    await tab.until("told.filter(([name]) => name === 'view').length > 1")
    assert await tab.ask(point) == pytest.approx(before, abs=0.5)


async def test_a_finger_moves_what_is_zoomed(stand: Stand) -> None:
    tab = await stand.view("detail")
    await settled(tab)
    x, y = await tab.middle(SURFACE)
    await tab.touch(((x - 20, y), (x - 150, y)), ((x + 20, y), (x + 150, y)))
    await settled(tab)
    before: Any = await tab.ask(f"{VIEWER}.view")
    await tab.touch(((x, y), (x - 80, y)))
    after: Any = await tab.ask(f"{VIEWER}.view")
    assert after["x"] - before["x"] == pytest.approx(80 / before["scale"], rel=0.1)


async def test_targets_are_buttons(stand: Stand) -> None:
    tab = await stand.view("aimed")
    button = part("target")
    await tab.until(f"{button}?.textContent === 'The middle'")
    await tab.ask(f"{button}.focus()")
    await tab.press("Enter")
    where = {"x": 1300, "y": 900, "width": 200, "height": 150}
    assert await last(tab, "target") == {"number": 0, "label": "The middle", **where}
    await tab.until(f"{VIEWER}.view.scale === 2")
    view: Any = await tab.ask(f"{VIEWER}.view")
    assert view["x"] + view["width"] / 2 == pytest.approx(1400, abs=1)
    assert view["y"] + view["height"] / 2 == pytest.approx(975, abs=1)


async def test_hot_spots_are_links_that_keys_reach(stand: Stand) -> None:
    tab = await stand.view("linked")
    await tab.until(f"{VIEWER}.shadowRoot.querySelectorAll('.keyed a').length === 3")
    await tab.ask(f"{SURFACE}.focus()")
    active = f"{VIEWER}.shadowRoot.activeElement.getAttribute('aria-label')"
    reached = []
    for _ in range(3):
        await tab.press("Tab")
        reached.append(await tab.ask(active))
    assert reached == ["Left part", "Right part", "A script"]
    await tab.ask(f"{VIEWER}.shadowRoot.querySelector('.keyed a').focus()")
    await tab.press("Enter")
    await tab.until("location.hash === '#left'")
    assert (await last(tab, "hotspot"))["href"] == "#left"
    x, y = await corner(tab)
    view: Any = await tab.ask(f"{VIEWER}.view")
    where = (x + (1900 - view["x"]) * view["scale"], y + (1000 - view["y"]) * view["scale"])
    await tab.drag(where, (where[0] - 30, where[1]))
    assert await tab.ask("location.hash") == "#left", "a drag follows no link"
    for kind in ("mousePressed", "mouseReleased"):
        await tab.mouse(kind, where, button="left", clickCount=1)
    await tab.until("location.hash === '#right'")
    links = f"[...{VIEWER}.shadowRoot.querySelectorAll('a')]"
    assert not await tab.ask(f"{links}.some(link => /script:/.test(link.getAttribute('href')))")


async def test_the_hot_spot_that_has_the_focus_is_seen(stand: Stand) -> None:
    tab = await stand.view("linked")
    await tab.until(f"{VIEWER}.shadowRoot.querySelectorAll('.keyed a').length === 3")
    await tab.ask(f"{VIEWER}.show({{x: 2000, y: 1500, width: 300, height: 200}})")
    await tab.until(f"{VIEWER}.view.scale === 2")
    await tab.ask(f"{SURFACE}.focus()")
    await tab.press("Tab")
    await tab.until(f"{VIEWER}.view.scale < 1")
    await settled(tab)
    view: Any = await tab.ask(f"{VIEWER}.view")
    assert (view["x"], view["y"]) <= (200, 400)
    assert view["x"] + view["width"] >= 899
    assert view["y"] + view["height"] >= 999


async def test_a_page_can_follow_hot_spots_itself(stand: Stand) -> None:
    tab = await stand.view("linked")
    await tab.until(f"{VIEWER}.shadowRoot.querySelectorAll('.keyed a').length === 3")
    await tab.ask("document.addEventListener('is-hotspot', event => event.preventDefault())")
    await tab.ask(f"{VIEWER}.shadowRoot.querySelector('.keyed a').focus()")
    await tab.press("Enter")
    await tab.until("told.some(([name]) => name === 'hotspot')")
    assert await tab.ask("location.hash") == ""


async def test_a_spin_turns(stand: Stand) -> None:
    tab = await stand.view("spin", until="spin-ready")
    await becomes(tab, RED)
    x, y = await tab.middle(SURFACE)
    assert not [url for url in stand.asked() if "req=props" in url], "a frame is not measured before it is looked at"
    await tab.drag((x, y), (x - 160, y))  # more than a quarter of the surface, of a turn of four frames
    await becomes(tab, GREEN)
    await tab.ask(f"{SURFACE}.focus()")
    await tab.press("ArrowRight")
    await becomes(tab, BLUE)
    await tab.press("ArrowLeft", "ArrowLeft", "ArrowLeft")
    await becomes(tab, YELLOW)
    await tab.ask(f"{part('slider')}.focus()")
    await tab.press("Home", "ArrowRight")
    await becomes(tab, GREEN)
    assert await tab.ask(f"{part('slider')}.getAttribute('aria-valuetext')") == "View 2 / 4"
    await tab.touch(((x, y), (x - 160, y)))
    await becomes(tab, BLUE)


async def test_a_spin_turns_by_itself_until_it_is_stopped(stand: Stand) -> None:
    tab = await stand.view("spin", "autospin='1'", until="turn")
    await tab.until("new Set(told.filter(([name]) => name === 'turn').map(([, {column}]) => column)).size === 4")
    await tab.click(part("play"))
    assert await tab.ask(f"{part('play')}.getAttribute('aria-label')") == "Turn by itself"
    turns = "told.filter(([name]) => name === 'turn').length"
    before = await tab.ask(turns)
    await asyncio.sleep(0.6)
    assert await tab.ask(turns) == before


async def test_nothing_moves_by_itself_where_that_is_not_wanted(stand: Stand) -> None:
    calm = [{"name": "prefers-reduced-motion", "value": "reduce"}]
    await stand.tab.call("Emulation.setEmulatedMedia", features=calm)
    tab = await stand.view("spin", "autospin='1'", until="spin-ready")
    assert await tab.ask(f"{part('play')}.getAttribute('aria-label')") == "Turn by itself"
    await tab.ask(f"{VIEWER}.zoomTo(1)")
    assert await scale(tab) == 1, "at once"
    await tab.call("Emulation.setEmulatedMedia", features=[])


THUMBNAILS = f"[...{VIEWER}.shadowRoot.querySelectorAll('.strip button')]"


async def test_swatches_are_chosen_by_pointer_and_keys(stand: Stand) -> None:
    tab = await stand.view("swatches")
    await becomes(tab, RED)
    assert await tab.ask(f"{THUMBNAILS}.map(one => one.getAttribute('aria-label'))") == ["Red", "Grass", "Blue"]
    chip = f"getComputedStyle({THUMBNAILS}[1].firstChild).backgroundColor"
    assert await tab.ask(chip) == "rgb(0, 255, 0)"
    await tab.click(f"{THUMBNAILS}[1]")
    await becomes(tab, GREEN)
    await tab.press("ArrowRight")
    await becomes(tab, BLUE)
    assert await tab.ask(f"{THUMBNAILS}.map(one => one.getAttribute('aria-pressed'))") == ["false", "false", "true"]
    await tab.click(part("previous"))
    await becomes(tab, GREEN)
    x, y = await tab.middle(SURFACE)
    await tab.touch(((x, y), (x + 150, y)), steps=3)
    await becomes(tab, RED)
    thumbnails = [url for url in stand.asked() if "req=tmb" in url]
    assert thumbnails
    assert all(re.search(r"&id=\w{6}$", url) for url in thumbnails)


async def test_scripts_from_the_right(stand: Stand) -> None:
    tab = await stand.view("swatches", lang="ar", direction="rtl")
    await becomes(tab, RED)
    places: Any = await tab.ask(f"{THUMBNAILS}.map(one => one.getBoundingClientRect().x)")
    assert places == sorted(places, reverse=True)
    await tab.ask(f"{THUMBNAILS}[0].focus()")
    await tab.press("ArrowLeft")
    await becomes(tab, GREEN)
    x, _ = await tab.middle(part("controls"))
    assert x < (await tab.middle(SURFACE))[0]
    assert (await tab.middle(part("next")))[0] < (await tab.middle(part("previous")))[0]
    await tab.ask(f"{SURFACE}.focus()")
    await tab.press("ArrowLeft")
    await becomes(tab, BLUE)


async def test_sets_of_sets(stand: Stand) -> None:
    tab = await stand.view("mixed", "selected='1.2'")
    await becomes(tab, BLUE)
    strips = f"[...{VIEWER}.shadowRoot.querySelectorAll('.strip')].map(one => one.children.length)"
    assert await tab.ask(strips) == [3, 3]
    await tab.click(f"{THUMBNAILS}[2]")
    await becomes(tab, RED)
    assert await tab.ask(strips) == [3]
    await tab.press("Tab")
    assert await last(tab, "load") == {"name": "Co/spin", "label": "Red", "kind": "spin", "version": "", "path": [2]}


async def test_facing_pages_are_pages(stand: Stand) -> None:
    tab = await stand.view("pages")
    for wanted in (RED, GREEN, BLUE, YELLOW):
        await becomes(tab, wanted)
        await tab.ask(f"{SURFACE}.focus()")
        await tab.press("PageDown")
    await becomes(tab, YELLOW)


async def test_fly_out_zoom(stand: Stand) -> None:
    tab = await stand.view("detail", "zoom='flyout'")
    await settled(tab)
    x, y = await tab.middle(SURFACE)
    await tab.mouse("mouseMoved", (x, y))
    await tab.mouse("mouseMoved", (x + 40, y + 10))
    await tab.until(f"!{part('flyout')}.hidden && !{part('lens')}.hidden")
    middle = f"(({{x, y, width, height}}) => [x + width / 2, y + height / 2])({part('lens')}.getBoundingClientRect())"
    await tab.until(f"{middle}[0] > 100")
    assert await tab.ask(middle) == pytest.approx([x + 40, y + 10], abs=3)
    await tab.mouse("mouseMoved", (5, 5))
    assert await tab.ask(f"{part('flyout')}.hidden")
    await tab.ask(f"{SURFACE}.focus()")
    await tab.press("Enter")
    await tab.until(f"!{part('lens')}.hidden")
    before: Any = await tab.ask(middle)
    await tab.press("ArrowRight")
    after: Any = await tab.ask(middle)
    assert after[0] > before[0] + 5
    await tab.press("Escape")
    assert await tab.ask(f"{part('flyout')}.hidden")


async def test_full_screen(stand: Stand) -> None:
    tab = await stand.view("detail")
    await settled(tab)
    await tab.click(part("full"))
    await tab.until(f"document.fullscreenElement === {VIEWER}")
    await tab.until(f"{SURFACE}.clientWidth > 700")
    await tab.until(f"{part('full')}.getAttribute('aria-label') === 'Leave full screen'")  # by an event of its own
    await tab.click(part("full"))
    await tab.until("!document.fullscreenElement")


async def test_it_can_go_and_come_back(stand: Stand) -> None:
    tab = await stand.view("swatches")
    await becomes(tab, RED)
    await tab.ask(
        f"globalThis.one = {VIEWER}; const place = one.parentElement; one.remove(); told.length = 0; place.append(one)"
    )
    await tab.until("told.some(([name]) => name === 'load')")
    await becomes(tab, RED)
    await tab.ask(f"{VIEWER}.setAttribute('src', {VIEWER}.getAttribute('src').replace('swatches', 'blue'))")
    await becomes(tab, BLUE)
    assert await tab.ask(f"{THUMBNAILS}.length") == 0


@needs_clients
@pytest.mark.parametrize("name", ["linked", "aimed", "mixed", "spin", "missing"])
async def test_axe_finds_nothing_serious(browser: Stand, name: str) -> None:
    tab = await browser.view(name, until="error" if name == "missing" else "load")
    await settled(tab)
    assert await tab.ask(FAULTS) == []
