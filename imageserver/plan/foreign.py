"""Foreign images: where they come from, and the file that they are fetched into. Reference: r-src."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from imageserver.admission.foreign import foreign_url
from imageserver.catalog.catalogs import Catalog, Catalogs
from imageserver.commands.objects import Foreign
from imageserver.plan.picture import Source


def plan_foreign(foreign: Foreign, command: str, catalog: Catalog, catalogs: Catalogs) -> Source:
    """Describe a foreign image; its file is named by its URL, and is there once it was fetched."""
    url = foreign_url(foreign.text, command, catalog, catalogs.sources)
    attributes = catalog.attributes
    return Source(
        name=url,
        path=Path(catalogs.sources.path) / sha256(url.encode()).hexdigest(),
        url=url,
        resolution=attributes.resolution,
        apply_orientation=attributes.apply_orientation,
    )
