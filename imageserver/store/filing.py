"""The files of a commit: which temporary file goes where, and what is kept of those that it replaces."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from imageserver.store.book import Book, RevisionRow
from imageserver.store.drafting import Draft, Id, Place
from imageserver.store.durable import copy_beside, digests, flush, fresh_name, keep, same_disk
from imageserver.store.edits import Restore, StoreFile
from imageserver.store.errors import AlreadyThere, InvalidEdit, NoSuchRecord
from imageserver.store.home import Surroundings
from imageserver.store.validating import check_id, check_path
from imageserver.store.writing import Plain

FIELD = {"source": "path", "mask": "mask_path"}
LONGEST_NAME = 200
"""Bytes of a name that is made of an id; file systems take 255, and something comes behind it."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A temporary file, what it holds, and what it replaces; both hashes are those of versions."""

    temporary: Path
    target: Path
    hash: str
    md5: str
    size: int
    format: str
    replaced: str


@dataclass(slots=True)
class Filing:
    """What a commit does to files that are not YAML."""

    draft: Draft
    kept: Path
    arrivals: dict[Place, Arrival] = field(default_factory=dict)
    made: list[Path] = field(default_factory=list)
    """Copies that were made for this commit, to be taken away when nothing comes of it."""
    saved: dict[str, Path] = field(default_factory=dict)
    """Files that are kept, by their hashes."""
    leaving: list[Path] = field(default_factory=list)
    dry: bool = False
    """Whether this is only tried, so that no file may be made."""

    def store(self, edit: StoreFile, around: Surroundings) -> None:
        """Take in a file that is to be the source or the mask of a record."""
        key = (edit.section, edit.name)
        where = f"{edit.section}.{edit.name}.{FIELD[edit.kind]}"
        new = not self.draft.defined(key)
        if new and edit.kind == "mask":
            raise NoSuchRecord(self.draft.home.name, edit.name)
        check_id(*key)
        before = {} if new else self.draft.record(key)
        written = before.get(FIELD[edit.kind])
        strong, weak, size, kind = digests(edit.temporary)
        if not size:
            raise InvalidEdit(where, "the file is empty")
        path = edit.path or (written if isinstance(written, str) and written else "")
        path = path or self.free_path(edit, kind, around)
        actual = around.written_path(path)
        check_path(where, actual, around)
        self.refuse_of_others(key, actual, around)
        self.arrive(actual, edit.temporary, (strong, weak, size, kind), around)
        if new:
            self.draft.fate(key)
            self.draft.add(key, {FIELD[edit.kind]: path})
        elif written != path:
            self.draft.fate(key)
            self.draft.set(key, (FIELD[edit.kind],), path)
        self.draft.fate(key).stored = True

    def free_path(self, edit: StoreFile, kind: str, around: Surroundings) -> str:
        """Make a path out of the id of a record at which nothing is: no file of another record, nor of nobody."""
        suffix = {"jpeg": "jpg", "tiff": "tif"}.get(kind, kind)
        stem = "/".join(map(shortened, edit.name.split("/"))) + ("-mask" if edit.kind == "mask" else "")
        names = (f"{stem}{number}.{suffix}" for number in ("", *(f"-{count}" for count in range(2, 10_000))))
        key = (edit.section, edit.name)
        return next(name for name in names if self.is_free(around.written_path(name), key, around))

    def is_free(self, path: str, key: Id, around: Surroundings) -> bool:
        """Tell whether a file may be stored at a path without taking anybody's place."""
        return not (around.root / path).exists() and not list(self.users(path, key, around))

    def users(self, path: str, but: Id, around: Surroundings) -> Iterator[str]:
        """Name the other records whose source or mask is at a path of the same folder."""
        statement = "SELECT section, name FROM record WHERE deleted = 0 AND (source = ? OR mask = ?)"
        for section, name in list(self.draft.book.rows(statement, path, path)):
            elsewhere = self.draft.around().of(section).root != around.root
            if (section, name) != but and (section, name) not in self.draft.gone and not elsewhere:
                yield name
        if (around.root, path) in self.arrivals:
            yield path

    def refuse_of_others(self, key: Id, path: str, around: Surroundings) -> None:
        """Raise `AlreadyThere` for the file of another record, unless the record has it already."""
        row = self.draft.book.record(*key)
        if row and not row.deleted and path in {row.source, row.mask}:
            return
        if list(self.users(path, key, around)):
            raise AlreadyThere(path, "file of another record")

    def arrive(self, path: str, temporary: Path, found: tuple[str, str, int, str], around: Surroundings) -> None:
        """Note where a file goes, and keep what is there."""
        target = around.root / path
        if target.is_dir():
            raise InvalidEdit(path, "expected a file, and this is a folder")
        self.draft.coming[around.root, path] = temporary
        if self.dry:
            return
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise InvalidEdit(
                path, "expected a path of folders and a file, and one of the folders is a file"
            ) from error
        if not same_disk(temporary, target.parent):
            temporary = copy_beside(temporary, folder_for(target, around.root))
            self.made.append(temporary)
        flush(temporary)
        self.arrivals[around.root, path] = Arrival(temporary, target, *found, replaced=self.save(target))

    def take_over(self) -> None:
        """Make the temporary files those of the commit, which stay when their folder goes."""
        for (root, path), one in list(self.arrivals.items()):
            if one.temporary not in self.made:
                own = fresh_name(folder_for(one.target, root))
                one.temporary.replace(own)
                self.made.append(own)
                self.arrivals[root, path] = replace(one, temporary=own)

    def save(self, target: Path) -> str:
        """Keep the bytes of a file that will be replaced, and give their hash; nothing when there is none."""
        if not target.exists():
            return ""
        strong, *_ = digests(target)
        self.saved[strong] = self.place(strong)
        keep(target, self.place(strong))
        return strong

    def place(self, strong: str) -> Path:
        """Say where bytes of that hash are kept."""
        return self.kept / strong[:2] / strong

    def restore(self, edit: Restore, around: Surroundings) -> None:
        """Take in the files of a revision again; a record that was removed is written anew."""
        key = (edit.section, edit.name)
        book = self.draft.book
        row = book.record(*key)
        found = book.select(RevisionRow, "uid = ? AND version_id = ?", row.uid, edit.version_id) if row else []
        if row is None or not found or not row.uid:
            raise NoSuchRecord(self.draft.home.name, f"{edit.name} {edit.version_id}", "revision")
        revision = found[0]
        fate = self.draft.fate(key)
        fate.restored, fate.stored = edit.version_id, True
        if not self.draft.defined(key):
            self.draft.add(key, self.last_fields(book, key))
        for name, path, strong in (
            ("path", revision.source, revision.source_hash),
            ("mask_path", revision.mask, revision.mask_hash),
        ):
            now = around.written_path(self.draft.record(key).get(name))
            if path != now and path:
                self.draft.set(key, (name,), path)
            elif now and not path:
                self.draft.drop(key, (name,))
            if path:
                self.refuse_of_others(key, path, around)
                self.bring_back(path, strong, around)

    @staticmethod
    def last_fields(book: Book, key: Id) -> dict[str, Plain]:
        """Give the fields that a removed record had."""
        statement = (
            "SELECT written FROM change WHERE section = ? AND name = ? AND written IS NOT NULL "
            "ORDER BY global_rev DESC LIMIT 1"
        )
        found = book.connection.execute(statement, key).fetchone()
        return dict(json.loads(found[0])) if found else {}

    def bring_back(self, path: str, strong: str, around: Surroundings) -> None:
        """Copy kept bytes to where they were, unless they are there."""
        target = around.root / path
        if target.is_file() and digests(target)[0] == strong:
            return
        place = self.place(strong)
        if not strong or not place.exists():
            raise InvalidEdit(path, "the bytes of this revision are not kept any more")
        if self.dry:
            self.draft.coming[around.root, path] = place
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        copy = copy_beside(place, folder_for(target, around.root))
        self.made.append(copy)
        self.arrive(path, copy, digests(copy), around)

    def leave(self, key: Id, around: Surroundings) -> None:
        """Take away the files of a record that goes, unless another one has them; their bytes are kept."""
        row = self.draft.book.record(*key)
        for path in (row.source, row.mask) if row else ():
            target = around.root / path
            if path and target.is_file() and not list(self.users(path, key, around)):
                check_path(path, path, around)
                if self.dry:
                    continue
                self.save(target)
                self.leaving.append(target)

    def sizes(self) -> dict[str, int]:
        """Give the lengths of the files that are kept."""
        return {strong: path.stat().st_size for strong, path in self.saved.items()}


def shortened(part: str) -> str:
    """Give a part of an id as the name of a file, which is shorter than an id may be in bytes."""
    return part.encode()[:LONGEST_NAME].decode(errors="ignore")


def folder_for(target: Path, root: Path) -> Path:
    """Give the folder for the temporary file of a target: the root, where leftovers are found, if that is its disk."""
    return root if same_disk(root, target.parent) else target.parent
