"""The console in a browser: what is drawn on pictures, dropped on pages and restored."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from browser import Tab, needs_browser
from console import console
from pictures import BLUE, GREEN, RED
from serving import Client
from sites import eventually, plain
from visiting import BOOT, READY, SUMMARY, Stand, frame, standing, text, value, watched

pytestmark = [needs_browser, pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with console(tmp_path_factory.mktemp("console")) as found:
        yield found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(client: Client, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stand]:
    async with standing(client, tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest_asyncio.fixture(loop_scope="module")
async def stand(browser: Stand) -> AsyncIterator[Stand]:
    async with watched(browser) as found:
        yield found


async def test_crops_are_drawn_moved_named_and_taken_away(stand: Stand) -> None:
    tab = await stand.open(BOOT)
    await stand.click("[data-mode=crops]")
    x, y, unit = await frame(tab)
    await tab.drag((x + 110 * unit, y + 20 * unit), (x + 150 * unit, y + 50 * unit))
    await tab.until(f"{SUMMARY} === 'toe, crop1'")
    await tab.press("ArrowRight", "ArrowDown", "ArrowDown")
    assert await tab.ask("document.activeElement.ariaLabel") == "crop1: 111, 22, 40, 30"
    await tab.ask("document.querySelectorAll('.shapes .fact-name')[1].setAttribute('id', 'crop-name')")
    await tab.fill("#crop-name", "toe")
    assert (
        await tab.ask("document.querySelectorAll('.shapes .wrong')[1].textContent")
        == "There are two crops of that name."
    )
    await tab.fill("#crop-name", "side")
    await tab.until(f"{SUMMARY} === 'toe, side'")
    await stand.save()
    assert stand.fields()["crops"] == {"toe": [0, 0, 40, 30], "side": [111, 22, 40, 30]}
    eventually(lambda: stand.client.ask("/is/image/Co/boot:side?fmt=png").status, 200)
    assert stand.shows("Co/boot:side?fmt=png", (5, 5), GREEN)
    x, y, unit = await frame(tab)
    await tab.drag((x + 20 * unit, y + 15 * unit), (x + 30 * unit, y + 35 * unit))
    assert await tab.ask("document.activeElement.ariaLabel") == "toe: 10, 20, 40, 30"
    await tab.drag((x + 50 * unit, y + 50 * unit), (x + 60 * unit, y + 40 * unit))
    assert await tab.ask("document.querySelector('.shape').ariaLabel") == "toe: 10, 20, 50, 20"
    await delete(tab)
    assert await tab.ask(SUMMARY) == "side"
    await stand.save()
    assert stand.fields()["crops"] == {"side": [111, 22, 40, 30]}


async def delete(tab: Tab) -> None:
    for kind in ("rawKeyDown", "keyUp"):
        await tab.call("Input.dispatchKeyEvent", type=kind, key="Delete", code="Delete", windowsVirtualKeyCode=46)


async def test_a_map_and_targets_are_drawn(stand: Stand) -> None:
    stand.edit(map='<area shape="rect" coords="0,0,100,50" href="/a" alt="Top"><area shape="default" href="/rest">')
    tab = await stand.open(BOOT)
    await stand.click("[data-mode=map]")
    x, y, unit = await frame(tab)
    await tab.drag((x + 50 * unit, y + 25 * unit), (x + 60 * unit, y + 30 * unit))
    await stand.click("[data-shape=circle]")
    assert await tab.ask(value("#field-map")) == (
        '<area shape="rect" coords="10,5,110,55" href="/a" alt="Top">\n<area shape="default" href="/rest">\n'
        '<area shape="circle" coords="100,76,38" href="" alt="">'
    )
    await tab.ask("document.querySelectorAll('.shapes .fact-href')[2].setAttribute('id', 'link')")
    await tab.fill("#link", '/b?x=1&y="2"')
    await stand.type("#field-map", (await area(tab)).replace("Top", "Upper"))
    assert await tab.ask(text(".shapes legend")) == "Upper"
    await stand.click("[data-mode=targets]")
    await stand.click(".shapes .add")
    await tab.ask("document.querySelectorAll('.shapes .fact-label')[1].setAttribute('id', 'label')")
    await tab.fill("#label", "Sole")
    await stand.save()
    assert re.findall('href="([^"]*)"', stand.fields()["map"]) == ["/a", "/rest", "/b?x=1&amp;y=&quot;2&quot;"]
    assert [(one["rect"], one["label"]) for one in stand.fields()["targets"]] == [
        ([10, 10, 50, 40], "Heel"),
        ([50, 38, 100, 75], "Sole"),
    ]


async def area(tab: Tab) -> str:
    return str(await tab.ask(value("#field-map")))


async def choose(tab: Tab, selector: str, *files: Path) -> None:
    """Choose files in a file input, as its dialog would."""
    found = await tab.call("Runtime.evaluate", expression=f"document.querySelector({json.dumps(selector)})")
    await tab.call("DOM.setFileInputFiles", files=[str(one) for one in files], objectId=found["result"]["objectId"])


async def test_a_file_is_uploaded_compared_and_the_one_before_restored(stand: Stand, tmp_path: Path) -> None:
    tab = await stand.open(BOOT)
    picture = plain(tmp_path / "new.png", RED, (200, 150))
    await choose(tab, ".record .drop input[type=file]", picture)
    await tab.until(f"document.querySelectorAll('.revisions li').length === 2 && {READY}")
    eventually(lambda: stand.shows("Co/boot?fmt=png&wid=20", (15, 12), RED), wanted=True)
    assert stand.fields()["path"] == "boot.png"
    await stand.click(".revisions .compare")
    await tab.until(
        "[...document.querySelectorAll('.pair img')].every(one => one.complete && one.naturalWidth === 200)"
    )
    assert await tab.ask(COLORS) == ["yellow", "red"]
    await stand.click("[data-how=difference]")
    assert await tab.ask("document.querySelector('.pair').classList.contains('difference')")
    await stand.click(".revisions .restore")
    await tab.until(f"document.querySelectorAll('.revisions li').length === 3 && {READY}")
    eventually(lambda: stand.shows("Co/boot?fmt=png&wid=20", (2, 12), BLUE), wanted=True)


COLORS = """[...document.querySelectorAll('.pair img')].map(image => {
  const canvas = new OffscreenCanvas(200, 150).getContext('2d');
  canvas.drawImage(image, 0, 0);
  const [red, green, blue] = canvas.getImageData(190, 140, 1, 1).data.map(one => Math.round(one / 85));
  return {'3,3,0': 'yellow', '3,0,0': 'red'}[`${red},${green},${blue}`];
})"""
DROP = """(async zone => {
  const canvas = new OffscreenCanvas(30, 20);
  canvas.getContext('2d').fillRect(0, 0, 30, 20);
  const transfer = new DataTransfer();
  transfer.items.add(new File([await canvas.convertToBlob()], 'dropped.png', {type: 'image/png'}));
  transfer.items.add(new File(['no picture'], 'broken.png', {type: 'image/png'}));
  transfer.items.add(new File([await canvas.convertToBlob()], 'boot.png', {type: 'image/png'}));
  for (const name of ['dragenter', 'dragover', 'drop']) {
    zone.dispatchEvent(new DragEvent(name, {dataTransfer: transfer, bubbles: true, cancelable: true}));
  }
})(document.querySelector('.drop'))"""


async def test_dropped_pictures_become_records(stand: Stand) -> None:
    stand.expected = {422, 428}
    tab = await stand.open("catalogs/Co")
    await tab.ask(DROP)
    await tab.until("document.querySelectorAll('.uploads li :is(.done, .wrong)').length === 3")
    told = await tab.ask("[...document.querySelectorAll('.uploads li :is(.done, .wrong)')].map(one => one.textContent)")
    assert isinstance(told, list)
    assert told[0] == "Stored as dropped"
    assert "no image" in told[1]
    assert told[2] == "There is a record 'boot' already; replace its file on its own page."
    assert stand.fields("dropped") == {"path": "dropped.png"}
    await stand.click(".uploads .done")
    await tab.until(f"location.pathname.endsWith('/images/dropped') && {READY}")
    await tab.until("document.querySelector('.canvas img')?.naturalWidth === 30")
    await stand.click(".rename")
    await stand.type("#new-id", "a/b")
    await stand.click(".rename-dialog .primary")
    await tab.until(f"location.pathname.endsWith('/images/a%2Fb') && {READY}")
    await tab.until("!!document.querySelector('.saver .state')?.textContent")
    await stand.click(".heading .delete")
    await tab.ask("document.querySelector('.delete-dialog .files').click()")
    await stand.click(".delete-dialog .danger")
    await tab.until("location.pathname === '/console/catalogs/Co'")
    assert not (stand.client.folder / "catalogs" / "Co" / "images" / "dropped.png").exists()
