"""The console in a browser: people log in, edit, draw, upload, restore and try commands; nothing complains of it."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import pytest_asyncio
import yaml
from browser import Tab, browsing, needs_browser
from console import TOKENS, Guest, console, visitor
from pictures import BLUE, GREEN, RED
from serving import Client
from sites import eventually, plain

pytestmark = [needs_browser, pytest.mark.asyncio(loop_scope="module")]
AXE = Path(__file__).parent / "clients" / "node_modules" / "axe-core" / "axe.min.js"
DESKTOP = {"width": 1280, "height": 900, "deviceScaleFactor": 1, "mobile": False}
PHONE = {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True}
BOOT = "catalogs/Co/images/boot"
PAGES = ("", "catalogs/Co", "catalogs/Co/macros", "catalogs/Co/attributes", BOOT, "playground?url=Co/boot", "server")
READY = "document.readyState === 'complete'"
SUMMARY = "document.querySelector('[data-name=crops] .summary').textContent"
STATE = "document.querySelector('.saver .state').textContent"


@dataclass
class Stand:
    """A browser in which somebody has logged in, the server, and somebody else who edits meanwhile.

    `expected` are the statuses that a test provokes; no other request may fail.
    """

    tab: Tab
    client: Client
    other: Guest
    expected: set[int] = field(default_factory=set)

    async def open(self, page: str) -> Tab:
        """Open a page of the console, with all that its scripts bring."""
        address = f"http://127.0.0.1:{self.client.port}/console" + (f"/{page}" if page else "")
        await self.tab.ask("document.querySelector('.saver .undo')?.click()")  # else the browser asks whether to stay
        await self.tab.ask("globalThis.isOld = true")
        await self.tab.call("Page.navigate", url=address)
        await self.tab.until(f"!globalThis.isOld && {READY}")
        return self.tab

    async def type(self, selector: str, text: str) -> None:
        """Write into a field that may stand in a fold."""
        await self.tab.ask(
            f"document.querySelector({json.dumps(selector)}).closest('details')?.setAttribute('open', '')"
        )
        await self.tab.fill(selector, text)

    async def click(self, selector: str) -> None:
        """Click on an element with the mouse."""
        element = f"document.querySelector({json.dumps(selector)})"
        await self.tab.ask(f"{element}.scrollIntoView({{block: 'center'}})")
        await self.tab.click(element)

    async def save(self) -> None:
        await self.click(".saver .save")
        await self.tab.until(f"{STATE} === 'No changes.'")

    def fields(self, name: str = "boot") -> dict[str, Any]:
        """What stands in the catalog's file."""
        text = (self.client.folder / "catalogs" / "Co" / "catalog.yaml").read_text()
        found = yaml.safe_load(text)["images"][name]
        assert isinstance(found, dict)
        return found

    def edit(self, name: str = "boot", **fields: object) -> None:
        """Have somebody else change a record."""
        url = f"/console/api/catalogs/Co/images/{quote(name, safe='')}"
        etag = self.other.ask(url).headers["ETag"]
        reply = self.other.send(url, "PATCH", {"fields": fields}, If_Match=etag)
        assert reply.status == 200, reply.text

    def shows(self, url: str, at: tuple[int, int], color: tuple[int, int, int]) -> bool:
        """Whether what everybody is sent has that colour there."""
        reply = self.client.ask(f"/is/image/{url}")
        assert reply.status == 200, reply.text
        return reply.image.convert("RGB").getpixel(at) == color


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with console(tmp_path_factory.mktemp("console")) as found:
        yield found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(client: Client, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stand]:
    async with browsing("about:blank", tmp_path_factory.mktemp("profile")) as tab:
        for domain in ("Runtime", "Log", "Network", "Page", "DOM"):
            await tab.call(f"{domain}.enable")
        await tab.call("Emulation.setDeviceMetricsOverride", **DESKTOP)
        stand = Stand(tab, client, visitor(client))
        await tab.call("Page.navigate", url=f"http://127.0.0.1:{client.port}/console")
        await enter(tab, TOKENS["all"])
        await tab.until(f"location.pathname === '/console' && {READY}")
        yield stand


@pytest_asyncio.fixture(loop_scope="module")
async def stand(browser: Stand) -> AsyncIterator[Stand]:
    """The browser, of which the console has to stay empty, and in which no request may fail unless it is expected."""
    browser.expected = set()
    browser.tab.events.clear()
    yield browser
    await browser.tab.ask("1")
    assert not complaints(browser)


def complaints(stand: Stand) -> list[Any]:
    told = [(event["method"], event["params"]) for event in stand.tab.events]
    statuses = [params["response"]["status"] for method, params in told if method == "Network.responseReceived"]
    texts = [params["entry"] for method, params in told if method == "Log.entryAdded"]
    return [
        *[params for method, params in told if method in {"Runtime.exceptionThrown", "Runtime.consoleAPICalled"}],
        *[params for method, params in told if method == "Network.loadingFailed" and not params["canceled"]],
        *[status for status in statuses if status >= 400 and status not in stand.expected],
        *[one for one in texts if one["level"] == "error" and not (one["source"] == "network" and stand.expected)],
    ]


async def enter(tab: Tab, token: str) -> None:
    await tab.until("!!document.querySelector('#token')")
    await tab.fill("#token", token)
    await tab.press("Enter")


def text(selector: str) -> str:
    return f"document.querySelector({json.dumps(selector)})?.textContent.trim()"


def value(selector: str) -> str:
    return f"document.querySelector({json.dumps(selector)}).value"


async def test_login_and_logout(stand: Stand) -> None:
    stand.expected = {403}
    tab = await stand.open("")
    await stand.click(".tools form button")
    await tab.until("location.pathname === '/console/login'")
    await stand.tab.call("Page.navigate", url=f"http://127.0.0.1:{stand.client.port}/console/{BOOT}")
    await enter(tab, "wrong")
    await tab.until(f"{text('.login .wrong')} === 'There is no such token.'")
    await enter(tab, TOKENS["all"])
    await tab.until(f"location.pathname === '/console/{BOOT}'")
    assert await tab.ask("document.cookie") == "", "no script can read it"


async def test_fields_are_checked_saved_and_undone(stand: Stand) -> None:
    tab = await stand.open(BOOT)
    await stand.type("#field-expiration", "soon")
    await tab.until(f"{text('#field-expiration-wrong')}.includes('hours: 0 or more')")
    assert await tab.ask("document.querySelector('#field-expiration').ariaInvalid") == "true"
    await stand.type("#field-expiration", "12")
    await tab.until("document.querySelector('.diff pre').textContent.includes('+    expiration: 12')")
    assert await tab.ask(text("#field-expiration-wrong")) == ""
    await stand.type("#field-tags", "other")
    await stand.click(".undo")
    assert await tab.ask(f"{STATE} + {value('#field-tags')}") == "No changes.winter, warm"
    await stand.type("#field-user_data", "color=green\nsku=4715\nsole=white")
    await stand.type("#field-expiration", "12")
    await stand.save()
    assert (
        stand.fields() | {"expiration": 12, "user_data": {"color": "green", "sku": 4715, "sole": "white"}}
        == stand.fields()
    )
    assert "# warm" in (stand.client.folder / "catalogs" / "Co" / "catalog.yaml").read_text()
    await stand.type("#field-expiration", "")
    await stand.save()
    assert "expiration" not in stand.fields()


async def test_values_keep_the_form_in_which_they_are_written(stand: Stand) -> None:
    stand.edit("summer/sandal", tags=["light", "flat"], user_data={"sizes": [36, 37], "color": "blue"}, targets=None)
    tab = await stand.open("catalogs/Co/images/summer%2Fsandal")
    assert await tab.ask(f"[{value('#field-tags')}, {value('#field-user_data')}].join(';')") == (
        "light, flat;sizes=36, 37\ncolor=blue"
    )
    await stand.type("#field-tags", "light, flat, open")
    await stand.type("#field-user_data", "sizes=36, 37\ncolor=navy")
    await stand.save()
    found = stand.fields("summer/sandal")
    assert found["tags"] == ["light", "flat", "open"]
    assert found["user_data"] == {"sizes": [36, 37], "color": "navy"}
    stand.edit("summer/sandal", tags=None, user_data="a=1??b=2")
    tab = await stand.open("catalogs/Co/images/summer%2Fsandal")
    await stand.type("#field-user_data", "a=1??b=3")
    await stand.save()
    assert stand.fields("summer/sandal") == {"path": "blue.png", "user_data": "a=1??b=3"}


async def test_a_refused_save_is_told_beside_its_field(stand: Stand) -> None:
    stand.expected = {422}
    tab = await stand.open(BOOT)
    await stand.type("#field-path", "nothing.png")
    await stand.click(".saver .save")
    await tab.until(f"{text('#field-path-wrong')}?.includes('no such file')")
    assert await tab.ask("document.activeElement.id") == "field-path"
    await stand.click(".undo")


async def test_a_conflict_is_shown_and_nothing_is_lost(stand: Stand) -> None:
    stand.expected = {412}
    tab = await stand.open(BOOT)
    await stand.type("#field-tags", "mine")
    await stand.type("#field-modifier", "op_blur=1")
    stand.edit(tags="theirs", user_type="boots", map=None)
    before = stand.fields()
    await stand.click(".saver .save")
    await tab.until("!document.querySelector('.conflict').hidden")
    assert stand.fields() == before, "what they stored is there"
    assert await tab.ask(value("#field-tags")) == "mine"
    assert await tab.ask(value("#field-modifier")) == "op_blur=1"
    assert await tab.ask(value("#field-user_type")) == "boots", "what only they changed is taken over"
    assert await tab.ask(value("#field-map")) == ""
    parts = "[...one.querySelectorAll('dd, h3')].map(part => part.textContent)"
    shown = await tab.ask(f"[...document.querySelectorAll('.conflict article')].map(one => {parts})")
    assert shown == [["tags", "winter, warm", "theirs", "mine"]]
    assert "user_type: boots" in str(await tab.ask(text(".conflict .taken")))
    assert await tab.ask("document.activeElement === document.querySelector('.conflict h2')")
    stand.edit(tags="theirs again")
    await stand.click(".saver .save")
    await tab.until("document.querySelectorAll('.conflict dd')[1]?.textContent === 'theirs again'")
    await stand.save()
    assert stand.fields()["tags"] == "mine"
    assert stand.fields()["modifier"] == "op_blur=1"
    assert stand.fields()["user_type"] == "boots"
    assert await tab.ask("document.querySelector('.conflict').hidden")


async def test_the_other_value_can_be_taken(stand: Stand) -> None:
    stand.expected = {412}
    tab = await stand.open(BOOT)
    await stand.type("#field-tags", "mine again")
    stand.edit(tags="theirs", modifier=None)
    await stand.click(".saver .save")
    await tab.until("!document.querySelector('.conflict').hidden")
    await stand.click(".conflict .actions button")
    assert await tab.ask(value("#field-tags")) == "theirs"
    assert await tab.ask(STATE) == "No changes."


async def test_what_is_typed_outlives_the_end_of_the_session(stand: Stand) -> None:
    stand.expected = {401}
    tab = await stand.open(BOOT)
    await stand.type("#field-tags", "kept")
    cookies = (await tab.call("Network.getAllCookies"))["cookies"]
    await tab.call("Network.clearBrowserCookies")
    await stand.click(".saver .save")
    await tab.until(f"{STATE}.startsWith('The session has ended.')")
    assert await tab.ask(value("#field-tags")) == "kept"
    await tab.call("Network.setCookies", cookies=[{**one, "expires": -1} for one in cookies])
    await stand.save()
    assert stand.fields()["tags"] == "kept"


async def frame(tab: Tab) -> tuple[float, float, float]:
    """Give the corner of the stage's drawing on the screen, and how large a pixel of the source is."""
    await tab.until(
        "!document.querySelector('.canvas').ariaBusy && document.querySelector('.canvas.sized img')?.complete"
    )
    await tab.ask("document.querySelector('.canvas').scrollIntoView({block: 'center'})")
    box = await tab.ask(
        "(({x, y, width}) => [x, y, width / 200])(document.querySelector('.canvas svg').getBoundingClientRect())"
    )
    assert isinstance(box, list)
    return float(box[0]), float(box[1]), float(box[2])


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
    assert eventually(lambda: stand.client.ask("/is/image/Co/boot:side?fmt=png").status, 200) < 20
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
    assert eventually(lambda: stand.shows("Co/boot?fmt=png&wid=20", (15, 12), RED), True) < 20
    assert stand.fields()["path"] == "boot.png"
    await stand.click(".revisions .compare")
    await tab.until("[...document.querySelectorAll('.pair img')].every(one => one.naturalWidth === 200)")
    assert await tab.ask(COLORS) == ["yellow", "red"]
    await stand.click("[data-how=difference]")
    assert await tab.ask("document.querySelector('.pair').classList.contains('difference')")
    await stand.click(".revisions .restore")
    await tab.until(f"document.querySelectorAll('.revisions li').length === 3 && {READY}")
    assert eventually(lambda: stand.shows("Co/boot?fmt=png&wid=20", (2, 12), BLUE), True) < 20


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


async def test_attributes_and_macros_are_edited(stand: Stand) -> None:
    tab = await stand.open("catalogs/Co/attributes")
    origin = text("[data-name=resolution] .origin")
    assert [await tab.ask(origin), await tab.ask(value("#attribute-resolution"))] == ["default catalog", "96"]
    await stand.click("[data-name=resolution] input.own")
    await stand.type("#attribute-resolution", "144")
    await stand.click("[data-name=expiration] input.own")
    assert await tab.ask(value("#attribute-expiration")) == "10"
    await stand.save()
    assert await tab.ask(origin) == "own"
    written = yaml.safe_load((stand.client.folder / "catalogs" / "Co" / "catalog.yaml").read_text())
    assert written["attributes"] == {"root_path": "images", "resolution": 144}
    tab = await stand.open("catalogs/Co/macros")
    await stand.click("[data-name=shadow] .remove")
    await tab.fill(".new-name", "big")
    await tab.fill(".new-text", "wid=800")
    await stand.click(".adding .add")
    await stand.save()
    written = yaml.safe_load((stand.client.folder / "catalogs" / "Co" / "catalog.yaml").read_text())
    assert written["macros"] == {"thumb": "wid=100", "big": "wid=800"}
    assert (
        await tab.ask("[...document.querySelectorAll('form .macro')].map(one => one.dataset.name).join()")
        == "thumb,big"
    )


async def test_the_playground_completes_explains_and_copies(stand: Stand) -> None:
    tab = await stand.open("playground")
    await tab.until("document.querySelectorAll('#adding option').length > 50")
    await tab.fill("#request", "Co/boot?op_bl")
    await tab.until("!document.querySelector('#options').hidden")
    await tab.press("ArrowDown", "Enter")
    assert await tab.ask(value("#request")) == "Co/boot?op_blur="
    assert str(await tab.ask(text("#doc"))).startswith("op_blur: Blurs")
    await tab.call("Input.insertText", text="3&wid=100&fmt=web")
    await tab.press("ArrowDown", "Enter")
    await tab.until(f"{text('.facts')}.includes('100 × 75')")
    assert re.fullmatch("Co/boot[?]op_blur=3&wid=100&fmt=webp(-alpha)?", str(await tab.ask(value("#request"))))
    await tab.until("document.querySelector('.answer img').naturalWidth === 100")
    assert "layer" in str(await tab.ask(text(".lines")))
    await tab.ask("document.querySelectorAll('.builder .value')[1].setAttribute('id', 'width')")
    await tab.fill("#width", "80")
    await tab.until(f"{text('.facts')}.includes('80 × 60')")
    await tab.ask("document.querySelector('#adding').value = 'bgc'")
    await tab.ask("document.querySelector('#adding').dispatchEvent(new Event('change'))")
    assert str(await tab.ask(value("#request"))).endswith("&bgc=ff0000")
    await tab.ask("navigator.clipboard.writeText = async text => { globalThis.copied = text }")
    await stand.click("[data-copy=srcset]")
    sizes = re.findall(r"wid=(\d+)\S* (\d+)w", str(await tab.ask("copied")))
    assert sizes == [(width, width) for width in ("40", "80", "120", "160", "240")]
    await stand.click("[data-copy=curl]")
    assert str(await tab.ask("copied")).startswith(
        f"curl --globoff --output picture 'http://127.0.0.1:{stand.client.port}/is/image/Co/boot?"
    )
    await tab.fill("#request", "Co/boot?wid=x")
    await tab.until(f"{text('.answer .wrong')}.includes('wid=x: expected an integer')")


async def test_numbers_are_plotted(stand: Stand) -> None:
    tab = await stand.open("server")
    await tab.until("document.querySelectorAll('.plots path').length >= 6")
    assert str(await tab.ask(text(".plots [aria-label=Records] ul"))).startswith("default: 0Co: ")


async def test_the_theme_is_chosen(stand: Stand) -> None:
    tab = await stand.open("")
    seen = []
    for _ in range(4):
        seen.append(await tab.ask("getComputedStyle(document.body).backgroundColor"))
        await stand.click(".theme")
    await tab.ask("localStorage.clear()")
    assert seen == ["rgb(245, 245, 242)", "rgb(245, 245, 242)", "rgb(16, 18, 20)", "rgb(245, 245, 242)"]


@pytest_asyncio.fixture(loop_scope="module")
async def phone(stand: Stand) -> AsyncIterator[Stand]:
    """The browser of a telephone."""
    await stand.tab.call("Emulation.setDeviceMetricsOverride", **PHONE)
    yield stand
    await stand.tab.call("Emulation.setEmulatedMedia", features=[])
    await stand.tab.call("Emulation.setDeviceMetricsOverride", **DESKTOP)


@pytest.mark.parametrize("page", PAGES)
async def test_pages_fit_a_phone_and_axe_finds_nothing(phone: Stand, page: str) -> None:
    tab = await phone.open(page)
    if page == BOOT:
        await phone.click("[data-mode=map]")
        await frame(tab)
    assert await tab.ask("[document.documentElement.scrollWidth, innerWidth]") == [360, 360]
    if not AXE.exists():
        pytest.skip("needs axe-core: `npm ci` in tests/clients")
    await tab.call("Runtime.evaluate", expression=AXE.read_text())
    assert await tab.ask(VIOLATIONS % "{}") == []
    await tab.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    assert await tab.ask(VIOLATIONS % "{runOnly: ['color-contrast']}") == []


VIOLATIONS = """axe.run(%s).then(({violations}) =>
  violations.map(({id, impact, nodes}) => [id, impact, nodes.map(node => node.html)]))"""
