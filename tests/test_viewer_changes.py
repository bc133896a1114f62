"""What the viewer shows when something changes, is missing or comes late."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from browser import needs_browser
from pictures import GREEN, RED
from PIL import Image
from sites import plain, version
from viewing import (
    QUIET_PART,
    SURFACE,
    VIEWER,
    WINDOW,
    Stand,
    becomes,
    blocks,
    last,
    part,
    settled,
    shows,
)

pytestmark = [needs_browser, pytest.mark.asyncio(loop_scope="module")]


async def replace(stand: Stand, image: Image.Image) -> str:
    """Put another file in place, and give the version that it has, once it is served."""
    before = version(stand.client, "Co/changing")
    image.save(stand.client.folder / "catalogs" / "Co" / "images" / "changing.png.new", "PNG", compress_level=1)
    path = stand.client.folder / "catalogs" / "Co" / "images" / "changing.png"
    path.with_suffix(".png.new").replace(path)
    async with asyncio.timeout(20):
        while (after := version(stand.client, "Co/changing")) == before:  # noqa: ASYNC110, nor has a file
            await asyncio.sleep(0.05)
    return after


@pytest.mark.parametrize("noticed", ["refresh()", "an interval", "a tile"])
async def test_a_version_that_changes_while_it_is_seen(stand: Stand, noticed: str) -> None:
    tab = await stand.view("changing", "refresh='1'" if noticed == "an interval" else "")
    await settled(tab)
    await tab.ask(f"{SURFACE}.focus()")
    await tab.press("1")
    await tab.until(f"Math.abs({VIEWER}.view.scale - 1) < 1e-6")
    await settled(tab)
    shade = 40 + len(noticed)
    fresh = await replace(stand, blocks(shade=shade))
    if noticed == "refresh()":
        assert await tab.ask(f"{VIEWER}.refresh()") is True
    elif noticed == "a tile":
        await tab.press(*["ArrowRight"] * 6)
    await tab.until("told.some(([name]) => name === 'refresh')")
    await settled(tab)
    view: Any = await tab.ask(f"{VIEWER}.view")
    assert view["scale"] == pytest.approx(1), "it stays where it was"
    x, y = round(view["x"]), round(view["y"])
    left, top, right, bottom = QUIET_PART
    wanted = blocks(shade=shade).crop((x + left, y + top, x + right, y + bottom))
    await shows(tab, QUIET_PART, wanted)  # no tile is of the version before
    assert [url for url in stand.asked() if "req=tile" in url][-1].endswith(f"id={fresh}")
    assert await tab.ask(f"{VIEWER}.refresh()") is False


async def test_a_set_that_the_browser_remembers_may_be_old(stand: Stand) -> None:
    await stand.view("changing")
    fresh = await replace(stand, blocks(shade=90))
    await stand.tab.call("Emulation.setDeviceMetricsOverride", **{**WINDOW, "deviceScaleFactor": 2})
    tab = await stand.view("changing")
    assert (await last(tab, "load"))["version"] == fresh
    assert [url.rpartition("id=")[2] == fresh for url in stand.asked() if "fit=constrain" in url] == [False, True]
    await tab.call("Emulation.setDeviceMetricsOverride", **WINDOW)


async def test_a_catalog_may_allow_small_replies_only(browser: Stand) -> None:
    tab = await browser.view("../Small/all")
    await settled(tab)
    assert "wid=320&hei=224&fit=constrain" in browser.asked()[2]
    await tab.ask(f"{VIEWER}.zoomTo(1)")
    await tab.until(f"Math.abs({VIEWER}.view.scale - 1) < 1e-6")
    await settled(tab)
    view: Any = await tab.ask(f"{VIEWER}.view")
    assert view["width"] == pytest.approx(600)


async def test_nothing_is_asked_for_before_it_is_near(stand: Stand) -> None:
    body = '<div class="far"></div><is-viewer src="{co}/blue" loading="lazy"></is-viewer>'
    tab = await stand.show(body)
    await tab.ask("new Promise(done => setTimeout(done, 200))")
    assert stand.asked() == []
    await tab.ask(f"{VIEWER}.scrollIntoView()")
    await tab.until(f"{VIEWER}.item?.name === 'Co/blue'")


async def test_films_and_files(browser: Stand) -> None:
    tab = await browser.view("films", "selected='1'")
    content = f"{browser.server}/is/content/Co"
    player = part("video")
    assert await tab.ask(f"[{player}.src, {player}.controls, {player}.ariaLabel]") == [f"{content}/film", True, "Film"]
    await tab.click(part("next"))
    await tab.until(f"{part('file')}?.href === '{content}/notes'")
    assert await tab.ask(f"{part('file')}.textContent") == "Open the file: Notes"
    await tab.click(part("previous"))
    await tab.click(part("previous"))
    await becomes(tab, RED)


async def test_a_crop_is_a_picture_of_its_own(stand: Stand) -> None:
    tab = await stand.view("cropped:tall")
    await settled(tab)
    await tab.ask(f"{VIEWER}.show({{x: 0, y: 800, width: 300, height: 200}})")
    await tab.until(f"Math.abs({VIEWER}.view.scale - 2) < 1e-6")
    await tab.ask(f"{VIEWER}.zoomTo(1)")
    await tab.until(f"Math.abs({VIEWER}.view.scale - 1) < 1e-6")
    await settled(tab)
    view: Any = await tab.ask(f"{VIEWER}.view")
    left, top, right, bottom = QUIET_PART
    x, y = 100 + round(view["x"]), round(view["y"])
    wanted = blocks().crop((x + left, y + top, x + right, y + bottom))
    await shows(tab, QUIET_PART, wanted)


async def test_what_lies_in_layers_has_a_version_of_its_own(stand: Stand) -> None:
    tab = await stand.view("marked")
    whole_version = version(stand.client, "Co/marked")
    await tab.until(
        f"performance.getEntriesByType('resource').some(one => one.name.endsWith('fit=constrain&id={whole_version}'))"
    )
    await settled(tab)
    await becomes(tab, RED)


async def test_an_error_is_told_and_can_be_tried_again(browser: Stand) -> None:
    tab = await browser.view("coming", until="error")
    failure = part("failure")
    assert "not found" in str(await tab.ask(f"{failure}.textContent"))
    assert await tab.ask(f"{failure}.getAttribute('role')") == "alert"
    plain(browser.client.folder / "catalogs" / "Co" / "images" / "coming.png", GREEN, (300, 200))
    async with asyncio.timeout(20):
        while "exists=0" in browser.client.ask("/is/image/Co/coming?req=exists").text:  # noqa: ASYNC110, nor this one
            await asyncio.sleep(0.05)
    for _ in range(40):
        await tab.click(f"{failure}.querySelector('button')")
        await tab.until(f"{part('stage')}.getAttribute('aria-busy') === 'false'")
        if not await tab.ask(f"{failure} !== null"):
            break
        await asyncio.sleep(0.1)
    await becomes(tab, GREEN)


async def test_a_source_that_is_none_is_told(stand: Stand) -> None:
    tab = await stand.show('<is-viewer src="/pictures/shoe.jpg"></is-viewer>')
    await tab.until(f"{part('failure')} !== null")
    assert "expected a URL such as /is/image/catalog/record" in str(await tab.ask(f"{part('failure')}.textContent"))
