"""Pictures are saved to files: below the folder of the configuration, where a catalog says. Reference: r-savetofile."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from imageserver.config import Save
from imageserver.errors import NotFound, Refused, SavingFailed
from imageserver.plan.plan import Saving


def store(config: Save, saving: Saving, body: bytes) -> None:
    """Write a file in place of what is there; its folder has to exist, and links may not lead out of it."""
    name = f"{saving.folder}/{saving.file}"
    if not config.folder:
        raise Refused("", "saving to files is off (save.folder)")
    try:
        root = (Path(config.folder) / saving.folder).resolve(strict=True)
        target = root / saving.file
        folder = target.parent.resolve(strict=True)
    except (OSError, RuntimeError, ValueError) as error:
        raise NotFound("folder", name, "it has to exist before anything is saved there") from error
    try:
        if not folder.is_relative_to(root) or not root.is_relative_to(Path(config.folder).resolve()) or target.is_dir():
            raise NotFound("folder", name, "it is not below save_path")
        write(folder, target.name, body)
    except OSError as error:
        raise SavingFailed(name, error.strerror or "the disk refuses") from error


def write(folder: Path, name: str, body: bytes) -> None:
    """Write a file beside its place, then put it there."""
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".saving-", delete=False) as file:
        draft = Path(file.name)
        try:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
            draft.chmod(0o644)
            draft.replace(folder / name)
        except OSError:
            draft.unlink(missing_ok=True)
            raise
