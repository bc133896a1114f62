"""What all requests to the API share: the stores of the catalogs, and the threads in which they are used."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import ParamSpec, TypeVar

from imageserver.catalog.loading import Loaded
from imageserver.catalog.shelf import shelf_of
from imageserver.errors import ConfigError, EditError
from imageserver.server.admin.problems import Refused
from imageserver.server.reloading import INTERVAL
from imageserver.server.site import Site
from imageserver.store.history import new_id
from imageserver.store.home import Home, find_home
from imageserver.store.store import HISTORY, Store

P = ParamSpec("P")
T = TypeVar("T")
THREADS = 4
"""Of their own, so that who waits for the lock of a catalog does not keep anybody from being served."""
DEFAULT = "default"
log = logging.getLogger("imageserver.admin")


class Desk:
    """The stores that this process has open. They are handles: all that is known is on the disk."""

    def __init__(self, site: Site, folder: Path) -> None:
        self.site = site
        self.folder = folder
        self.tokens = site.config.admin.all_tokens
        self._shelf = shelf_of(site.config)
        self._threads = ThreadPoolExecutor(THREADS, "admin")
        self._stores: dict[Home, Store] = {}
        self._opening = threading.Lock()

    async def run(self, work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Do something that may wait for the disk, or for another process."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(work, *arguments, **named))

    def store(self, catalog: str) -> Store:
        """Open the store of a catalog, in a thread; raises `Refused` when there is no such catalog."""
        try:
            home = find_home(self.folder, catalog, self._shelf)
        except ConfigError as error:
            raise Refused(HTTPStatus.NOT_FOUND, f"there is no catalog '{catalog}'") from error
        with self._opening:
            if home not in self._stores:
                store = Store(home, time.time, new_id, self.site.config.history.max_size)
                self._stores[home] = store
            return self._stores[home]

    async def follow(self) -> None:
        """Take edits by hand into the histories that there are, whenever catalogs were read again, for ever."""
        seen: Mapping[Path, Loaded] = {}
        while True:
            loaded = self.site.live.state.loaded
            for path, one in loaded.items():
                if one.catalog and one is not seen.get(path):
                    await self.run(self.take_in, one.catalog.name or DEFAULT)
            seen = loaded
            await asyncio.sleep(INTERVAL)

    def take_in(self, catalog: str) -> None:
        """Bring a history that has begun up to date; of all processes, the first one does it while the others wait."""
        try:
            if (find_home(self.folder, catalog, self._shelf).state / HISTORY).exists():
                self.store(catalog).global_rev()
        except (ConfigError, EditError, Refused) as error:  # the next edit is told, or the next reading mends it
            log.warning("catalog '%s': what was changed by hand is not in its history yet: %s", catalog, error)
        except Exception:  # following must outlive whatever an edit brings
            log.exception("catalog '%s': its history cannot follow", catalog)

    def catalogs(self) -> list[str]:
        """Name all catalogs that are served, the default one first."""
        return [DEFAULT, *sorted(self.site.catalogs.named)]

    def close(self) -> None:
        """Finish what is being done, and close the stores."""
        self._threads.shutdown(wait=True)
        for store in self._stores.values():
            store.close()
