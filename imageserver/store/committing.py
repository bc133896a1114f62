"""A draft → what is to be done for it: files that are ready to be moved in place, and what the book will say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from imageserver.catalog.reading import RECORDS, sign
from imageserver.store.book import Book, FileRow, RecordRow, Statement, note, put
from imageserver.store.deciding import Intent, Move
from imageserver.store.drafting import Draft, Fate, Id
from imageserver.store.durable import write_beside
from imageserver.store.edits import Edit, Remove, Restore, StoreFile
from imageserver.store.errors import Uneditable
from imageserver.store.file_draft import FileDraft
from imageserver.store.filing import Filing
from imageserver.store.history import (
    Bytes,
    Look,
    as_text,
    begun,
    bytes_of,
    changed,
    combined,
    fields_of,
    look,
    removed,
)
from imageserver.store.home import Home, Surroundings
from imageserver.store.outline import outline
from imageserver.store.seeing import Reckoning, digest_of, mapping_in, paths_of, text_of
from imageserver.store.validating import check_files
from imageserver.yaml_nodes import BrokenYaml, YamlFile

CHECKED_WHOLE = 2**15
"""Bytes of a YAML file up to which all of it is read again, and not only the records that an edit names."""


def draft_of(home: Home, book: Book, edits: Sequence[Edit], kept: Path, *, dry: bool) -> tuple[Draft, Filing]:
    """Take in all edits, one after the other; raises an `EditError`."""
    draft = Draft(home, book)
    filing = Filing(draft, kept, dry=dry)
    for edit in edits:
        match edit:
            case StoreFile():
                filing.store(edit, draft.around().of(edit.section))
            case Restore():
                filing.restore(edit, draft.around().of(edit.section))
            case Remove(files=True):
                draft.apply(edit)
                filing.leave((edit.section, edit.name), draft.around().of(edit.section))
            case _:
                draft.apply(edit)
    around = draft.around()
    for key, fate in draft.fates.items():
        if fate.checked and key[0] in RECORDS:
            check_files(*key, draft.record(key), around.of(key[0]), draft.coming)
    for file in draft.files.values():
        check_whole(draft, file)
    return draft, filing


def check_whole(draft: Draft, file: FileDraft) -> None:
    """See that a small file says what it should as a whole; raises `Uneditable`."""
    if not file.changed or len(file.before) > CHECKED_WHOLE:
        return
    try:
        found = outline(YamlFile(file.name), file.data).entries
    except BrokenYaml as broken:
        raise Uneditable(file.name, f"its layout is not understood ({broken.problem.message})") from broken
    rows = draft.book.rows("SELECT section, name, written FROM entry WHERE file = ?", file.name)
    wanted = {(section, name): written for section, name, written in rows}
    for key, definitions in draft.definitions.items():
        said = dict(definitions)
        wanted.pop(key, None)
        if file.name in said:
            wanted[key] = text_of(said[file.name])
    if {key: text_of(value) for key, value in found.items()} != wanted:
        raise Uneditable(file.name, "its layout is not understood")


def intent_of(draft: Draft, filing: Filing, reckoning: Reckoning) -> Intent | None:
    """Write all files under temporary names, and say what is then to be done; None when nothing changes."""
    around = draft.around()
    written = [(file, file.data) for file in draft.files.values() if file.changed]
    files = [(file, data) for file, data in written if data != file.before]
    if not files and not filing.arrivals and not any(fate.stored for fate in draft.fates.values()):
        return None
    filing.take_over()
    reckon(draft, filing, reckoning, around)
    statements = [*draft.statements(), *kept_rows(filing, reckoning)]
    moves = [Move(str(one.temporary), str(one.target), one.replaced, one.hash) for one in filing.arrivals.values()]
    for file, data in files:
        path = draft.home.file(file.name)
        if path.exists() and path.read_bytes() != file.before:
            raise Uneditable(file.name, "it is being edited by somebody else at this moment; try again")
        temporary = write_beside(path, data)
        filing.made.append(temporary)
        before, after = digest_of(file.before) if path.exists() else "", digest_of(data)
        moves.append(Move(str(temporary), str(path), before, after))
        (ordinal,) = next(draft.book.rows("SELECT ordinal FROM file WHERE name = ?", file.name))
        statements.append(put(FileRow(file.name, ordinal, as_text(sign(temporary)), after)))
    made = tuple(str(path) for path in filing.made)
    leaving = tuple(str(path) for path in filing.leaving)
    return Intent(tuple(moves), leaving, made, (*statements, *reckoning.close()))


def kept_rows(filing: Filing, reckoning: Reckoning) -> Iterator[Statement]:
    """Give the rows of the files that are kept."""
    for strong, size in filing.sizes().items():
        yield "INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", (strong, size, reckoning.now.milliseconds)


def reckon(draft: Draft, filing: Filing, reckoning: Reckoning, around: Surroundings) -> None:
    """Say what becomes of every record that the edits name, or that has a file which they replace."""
    for key, fate in draft.gone.items():
        row = draft.book.record(*key)
        if row and not draft.defined(key) and key[0] in RECORDS:
            row = reckoning.settled(row, around) if fate.drop_files else row
            reckoning.note(removed(row, reckoning.now), "removed", None)
    for key, fate in draft.fates.items():
        if key[0] in RECORDS and draft.defined(key):
            reckon_record(draft, key, fate, filing, reckoning, around=around)
    for root, path in filing.arrivals:
        for row in draft.book.select(RecordRow, "deleted = 0 AND (source = ? OR mask = ?)", path, path):
            key = (row.section, row.name)
            if around.of(row.section).root == root and key not in reckoning.rows and draft.defined(key):
                reckon_record(draft, key, Fate(key), filing, reckoning, around=around)
    reckon_named(draft, reckoning)


def reckon_named(draft: Draft, reckoning: Reckoning) -> None:
    """Say what becomes of attributes and macros."""
    for key, definitions in draft.definitions.items():
        text = text_of(definitions[0][1]) if definitions else None
        before = next((written for _, written in draft.book.entries(*key)), None)
        if key[0] not in RECORDS and text != before:
            reckoning.note_named(key, "changed" if definitions else "removed", text)
    if any(section == "attributes" for section, _ in draft.definitions):
        reckoning.statements.append(note("attributes", text_of(draft.attributes())))


def reckon_record(
    draft: Draft, key: Id, fate: Fate, filing: Filing, reckoning: Reckoning, *, around: Surroundings
) -> None:
    """Say what becomes of one record."""
    around = around.of(key[0])
    text = text_of(draft.defined(key)[0][1])
    written = mapping_in(text)
    fields, paths = fields_of(key[0], written), paths_of(written, around)
    before = draft.book.record(*fate.origin) if fate.origin else None
    if before is None or before.deleted:
        tombstone = draft.book.record(*key)
        held = bytes_then(paths, filing, around)
        uid = tombstone.uid if tombstone and fate.restored else reckoning.new_id()
        row = begun(key, fields, held, tombstone, now=reckoning.now, uid=uid)
        reckoning.note(row, "restored" if fate.restored else "created", text)
        reckoning.store(row, held)
        return
    arriving = any((around.root, path) in filing.arrivals for path in paths)
    fresh = fate.stored or arriving or paths != (before.source, before.mask)
    held_then = bytes_then(paths, filing, around) if fresh else None
    if fresh:
        before = reckoning.settled(before, around)
    row = changed(before, fields, held_then, reckoning.now, renamed=fate.renamed, stored=fate.stored)
    if fate.renamed:
        old, tombstone = removed(before, reckoning.now), draft.book.record(*key)
        if not draft.defined((before.section, before.name)):
            reckoning.note(replace(old, uid=""), "renamed", None)
        row = replace(row, name=key[1], rev=max(row.rev, tombstone.rev + 1) if tombstone else row.rev)
    if row.rev != before.rev:
        event = "restored" if fate.restored else "stored" if fate.stored else "changed"
        if fate.renamed:  # that it was stored as well is said by its revisions
            event = f"renamed from {before.name}"
        reckoning.note(row, event, text)
        if held_then and row.stored_at != before.stored_at:
            reckoning.store(row, held_then)


def bytes_then(paths: tuple[str, str], filing: Filing, around: Surroundings) -> Bytes:
    """Describe the files of a record as they will be once the commit is made."""
    source, mask = paths
    if not any((around.root, path) in filing.arrivals for path in paths):
        return bytes_of(around.root, source, mask)
    return combined(file_then(source, filing, around), file_then(mask, filing, around))


def file_then(path: str, filing: Filing, around: Surroundings) -> Look:
    """Describe one file as it will be."""
    one = filing.arrivals.get((around.root, path))
    if one is None:
        return look(around.root, path)
    return Look(path, as_text(sign(one.temporary)), one.hash, one.md5, one.size, one.format)
