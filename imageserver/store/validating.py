"""New content is judged by the grammar of the catalogs, with the words of a catalog that is loaded."""

from __future__ import annotations

from collections.abc import Container, Mapping
from pathlib import Path, PurePosixPath

from imageserver.catalog.checking import is_there
from imageserver.catalog.reading import ATTRIBUTES, Rest, read_fields, read_macros, read_record
from imageserver.catalog.written import Written, node_of
from imageserver.store.errors import InvalidEdit
from imageserver.store.home import Surroundings
from imageserver.store.writing import Plain
from imageserver.yaml_nodes import YamlFile

LONGEST_ID = 255


class NothingBefore:
    """A book in which nothing stands, so that nothing replaces what is wrong."""

    def holds(self, _section: int, _name: str) -> bool:
        """Tell that a record is new."""
        return False

    def last_good(self, _name: str) -> Written:
        """Give no fields."""
        return {}


def check_record(section: str, name: str, fields: Mapping[str, Plain]) -> None:
    """Raise `InvalidEdit` for fields that a record may not have."""
    file = YamlFile("")
    read_record(file, section, name, node_of(dict(fields)), NothingBefore())
    refuse(file)


def check_attributes(attributes: Mapping[str, Plain]) -> None:
    """Raise `InvalidEdit` for attributes that a catalog may not have."""
    file = YamlFile("")
    read_fields(file, {key: node_of(value) for key, value in attributes.items()}, ATTRIBUTES)
    refuse(file)


def check_macros(macros: Mapping[str, Plain]) -> None:
    """Raise `InvalidEdit` for macros that a catalog may not have."""
    file = YamlFile("")
    read_macros(file, node_of(dict(macros)), Rest())
    refuse(file)


def refuse(file: YamlFile) -> None:
    """Raise the first problem that was noted."""
    if file.problems:
        where, _, reason = file.problems[0].message.partition(": ")
        raise InvalidEdit(where, reason)


def check_id(section: str, name: str) -> None:
    """Raise `InvalidEdit` for an id that no URL could name."""
    parts = name.split("/")
    wrong = not name.isprintable() or name.strip() != name or not all(parts) or {".", ".."} & set(parts)
    if wrong or len(name) > LONGEST_ID:
        allowed = f"1 to {LONGEST_ID} printable characters, in parts separated by '/', none of them '.' or '..'"
        raise InvalidEdit(f"{section}.{name[:40]!r}", f"expected an id of {allowed}")


def check_path(where: str, path: str, around: Surroundings) -> None:
    """Raise `InvalidEdit` for a path that leads out of the folder of the catalog's files."""
    inner = PurePosixPath(path)
    if not path or "\0" in path or inner.is_absolute() or ".." in inner.parts:
        raise InvalidEdit(where, f"expected a path below attribute::RootPath, not '{path[:60]}'")
    try:
        inside = (around.root / path).parent.resolve().is_relative_to(around.root.resolve())
    except (OSError, RuntimeError) as error:
        raise InvalidEdit(where, f"'{path[:60]}' cannot be followed: {error}") from error
    if not inside:
        raise InvalidEdit(where, f"expected a path below attribute::RootPath, and '{path[:60]}' is a link out of it")


def check_files(
    section: str, name: str, fields: Mapping[str, Plain], around: Surroundings, coming: Container[tuple[Path, str]]
) -> None:
    """Raise `InvalidEdit` for a file that is neither there nor stored by the same commit."""
    for key in ("path", "mask_path"):
        path = around.written_path(fields.get(key))
        if not path:
            continue
        where = f"{section}.{name}.{key}"
        check_path(where, path, around)
        if (around.root, path) not in coming and not is_there(around.root, path):
            raise InvalidEdit(where, f"no such file '{path}'")
