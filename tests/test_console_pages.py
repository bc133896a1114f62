"""The console in a browser: people log in, edit, draw, upload, restore and try commands; nothing complains of it."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
import yaml
from browser import needs_browser
from console import TOKENS, console
from serving import Client
from visiting import BOOT, DESKTOP, PHONE, STATE, Stand, enter, frame, standing, text, value, watched

pytestmark = [needs_browser, pytest.mark.asyncio(loop_scope="module")]
AXE = Path(__file__).parent / "clients" / "node_modules" / "axe-core" / "axe.min.js"
PAGES = ("", "catalogs/Co", "catalogs/Co/macros", "catalogs/Co/attributes", BOOT, "playground?url=Co/boot", "server")


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


async def test_login_and_logout(stand: Stand) -> None:
    stand.expected = {403}
    tab = await stand.open("")
    await stand.click(".tools form button")
    await tab.until("location.pathname === '/console/login'")
    await stand.open(BOOT)  # which leads to another form than the one that is there already
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
        assert not os.environ.get("CI"), "axe-core is missing"
        pytest.skip("needs axe-core: `npm ci` in tests/clients")
    await tab.call("Runtime.evaluate", expression=AXE.read_text())
    assert await tab.ask(VIOLATIONS % "{}") == []
    await tab.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    assert await tab.ask(VIOLATIONS % "{runOnly: ['color-contrast']}") == []


VIOLATIONS = """axe.run(%s).then(({violations}) =>
  violations.map(({id, impact, nodes}) => [id, impact, nodes.map(node => node.html)]))"""
