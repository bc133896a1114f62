"""What tests share: one server over the tests' own catalog."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from contents import make_contents
from guests import OPEN, make_guarded
from hypothesis import HealthCheck, settings
from pictures import RED, make_all
from serving import Client, serving
from sites import plain
from viewing import Stand, complaints, serving_pictures, standing

HERE = Path(__file__).parent
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # however busy the machine is
settings.register_profile("patient", PATIENT)
settings.register_profile("ci", PATIENT, derandomize=True)  # the same examples at every run; elsewhere new ones
settings.load_profile("ci" if os.environ.get("CI") else "patient")
QUIET = {"IMAGESERVER_SERVER__ACCESS_LOG": ""}
os.environ.setdefault("IMAGESERVER_PYRAMIDS__BUILD", "ahead")  # no process but those that a test counts, and kills


def make_site(folder: Path) -> Path:
    """Write the tests' catalog and its pictures into a folder, and beside it those of `other-catalogs`."""
    catalog = folder / "catalogs" / "Co"
    make_all(catalog / "images")
    shutil.copy(HERE / "catalog.yaml", catalog / "catalog.yaml")
    (folder / "catalogs" / "Ma").mkdir()
    shutil.copy(HERE / "managed.yaml", folder / "catalogs" / "Ma" / "catalog.yaml")
    for path in sorted((HERE / "other-catalogs").glob("*.yaml")):
        beside = folder / "catalogs" / path.stem
        beside.mkdir()
        shutil.copy(path, beside / "catalog.yaml")
    make_contents(folder / "catalogs" / "Cs")
    return folder


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tests' catalog, made once; copy it before changing it."""
    return make_site(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="session")
def server(pictures: Path) -> Iterator[Client]:
    """A server that all tests share; they change nothing that it serves."""
    with serving(pictures, environment={**QUIET, "IMAGESERVER_SERVER__WORKERS": "2"}) as client:
        yield client


@pytest.fixture(scope="session")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A server of one process with all doors open, over catalogs that are not for everybody."""
    with serving(make_guarded(tmp_path_factory.mktemp("doors")), environment=OPEN) as client:
        yield client


@pytest.fixture
def site(pictures: Path, tmp_path: Path) -> Path:
    """A copy of the tests' catalog, to be changed."""
    shutil.copytree(pictures / "catalogs" / "Co", tmp_path / "catalogs" / "Co")
    return tmp_path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of catalogs in which Co has pictures."""
    for name in ("a.png", "b.png", "deep/c.png", "with space.png"):
        plain(tmp_path / "catalogs" / "Co" / name, RED)
    return tmp_path / "catalogs"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A server whose pictures and sets pages of another one show."""
    with serving_pictures(tmp_path_factory.mktemp("shop")) as client:
        yield client


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(shop: Client, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stand]:
    """A browser for pages of the shop."""
    async with standing(shop, tmp_path_factory.mktemp("profile")) as stand:
        yield stand


@pytest_asyncio.fixture(loop_scope="module")
async def stand(browser: Stand) -> AsyncIterator[Stand]:
    """The same, where the console has to stay empty and no request may fail."""
    yield browser
    await browser.tab.ask("1")
    assert not complaints(browser.tab)
