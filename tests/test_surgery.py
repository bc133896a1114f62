"""Edits of YAML text: they mean what they should, and change nothing else, in whatever style a file is written."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imageserver.store.errors import Uneditable
from imageserver.store.file_draft import FileDraft
from imageserver.store.outline import outline
from imageserver.store.writing import entry, inline
from imageserver.yaml_nodes import BrokenYaml, YamlFile


def draft(text: str) -> FileDraft:
    data = text.encode()
    pieces = outline(YamlFile("f"), data).pieces
    return FileDraft("f", data, [(i * 10, one.section, one.name, len(one.text)) for i, one in enumerate(pieces, 1)])


def records(text: str) -> dict[str, Any]:
    file = YamlFile("f")
    found = {
        name: value for (section, name), value in outline(file, text.encode()).entries.items() if section == "images"
    }
    assert not file.problems
    return found


WORDS: st.SearchStrategy[Any] = st.sampled_from(
    ["a.jpg", "", "null", "~", "a: b", "a #b", "#", "x,y", "[1]", "{", "'", '"', "- a", "?", "!x", "&a", "*a", " a ",
     "a\nb", "a\n\n b\n", "\t", "0123", "yes", "größe", "\u2028", "\U0001f600", "%a", "@a", "`a", "|", ">", "a\\b", ":",
     "---", "...", "x" * 200]
)  # fmt: skip
NAMES = st.sampled_from(
    ["r", "s", "t", "a/b", "with space", "a: b", "null", "0123", "#x", "é", "'q'", "x" * 150, "- a"]
)
FIELDS = st.sampled_from(["path", "modifier", "tags", "crops"])
VALUES = st.one_of(
    WORDS,
    st.none(),
    st.lists(WORDS, max_size=3),
    st.dictionaries(WORDS.filter(bool), WORDS | st.lists(WORDS, max_size=2), max_size=3),
)
RECORD: st.SearchStrategy[dict[str, Any]] = st.dictionaries(FIELDS, VALUES, max_size=4)


@st.composite
def styled(draw: st.DrawFn) -> str:
    """Write records in one style or another, with comments and empty lines."""
    names = draw(st.lists(NAMES, unique=True, max_size=4))
    indent = draw(st.sampled_from([1, 2, 4]))
    newline = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    text = draw(st.sampled_from(["", "# head\n", "---\n", "macros: {m: wid=1}\n", "\n\n"])) + "images:"
    if not names:
        text += draw(st.sampled_from(["\n", " {}\n", "  # none\n", " null\n"]))
    elif draw(st.integers(0, 5)) == 0:
        text += f" {inline({name: draw(RECORD) for name in names}, flow=True)}  # all\n"
    else:
        text += draw(st.sampled_from(["\n", "  # some\n", "\n  # more\n\n"]))
        for name in names:
            fields = draw(RECORD)
            style = draw(st.sampled_from(["flow", "block", "entry"]))
            if style == "entry" or not fields:
                text += entry(name, fields, indent, "\n")
            elif style == "flow":
                text += f"{' ' * indent}{inline(name, flow=False)}:   {inline(fields, flow=True)}   # of {{it}}: yes\n"
            else:
                text += f"{' ' * indent}{inline(name, flow=False)}:  # block\n"
                for key, value in fields.items():
                    text += entry(key, value, indent + 3, "\n")
                    text += draw(st.sampled_from(["", f"{' ' * (indent + 3)}# inner\n", "\n"]))
            text += draw(st.sampled_from(["", "\n", "  # between\n", "# left\n\n"]))
    text += draw(st.sampled_from(["", "svg: {}\n", "fonts:\n  - {name: n}  # two\n", "# end"]))
    return text.replace("\n", newline)


EDIT = st.one_of(
    st.tuples(st.just("set"), NAMES, st.tuples(FIELDS) | st.just(("crops", "x")), VALUES),
    st.tuples(st.just("drop"), NAMES, st.just(()) | st.tuples(FIELDS), st.none()),
    st.tuples(st.just("rename"), NAMES, NAMES, st.none()),
)


def apply(file: FileDraft, wanted: dict[str, Any], edit: tuple[str, str, Any, Any]) -> dict[str, Any]:  # noqa: PLR0911
    """Make an edit, and say what should come of it; one that makes no sense is left out."""
    kind, name, where, value = edit
    fields = wanted.get(name)
    if kind == "set":
        if fields is None and name in wanted:
            fields = {}
        if len(where) == 2 and not isinstance((fields or {}).get("crops"), dict | None):
            return wanted
        file.set("images", (name, *where), value)
        inner = {**((fields or {}).get("crops") or {}), "x": value} if len(where) == 2 else value
        return {**wanted, name: {**(fields or {}), where[0]: inner}}
    if name not in wanted:
        return wanted
    if kind == "rename":
        if where in wanted:
            return wanted
        file.rename("images", name, where)
        return {where if key == name else key: one for key, one in wanted.items()}
    if where and where[0] not in (fields or {}):
        return wanted
    file.drop("images", (name, *where))
    if not where:
        return {key: one for key, one in wanted.items() if key != name}
    return {**wanted, name: {key: one for key, one in (fields or {}).items() if key != where[0]}}


@settings(deadline=None)
@given(text=styled(), edits=st.lists(EDIT, min_size=1, max_size=5))
def test_edits_mean_what_they_should(text: str, edits: list[tuple[str, str, Any, Any]]) -> None:
    wanted = records(text)
    file = draft(text)
    for edit in edits:
        before = file.data.decode()
        wanted = apply(file, wanted, edit)
        after = file.data.decode()
        found = records(after)
        assert found == wanted
        pieces = {one.name: one.text for one in outline(YamlFile("f"), before.encode()).pieces if one.name}
        touched = {edit[1], edit[2]} if edit[0] == "rename" else {edit[1]}
        for name, piece in pieces.items():
            own = re.sub(r"(\s*#[^\n]*)*\s*$", "", piece)  # without the comments that follow it
            assert name in touched or own in after
        for comment in ("# head", "# all", "# left", "# between", "# end", "name: n}  # two", "{m: wid=1}"):
            assert before.count(comment) == after.count(comment)
    statements = [values for statement, values in file.statements() if statement.startswith("INSERT")]
    lengths = {place: length for _, place, _, _, length in statements}
    assert all(lengths.values())


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a: &a {path: x}\nimages: {r: *a, s: &s {path: y}, t: *s}", "t"),
        ("images:\n  r: &r {path: y}\n  s: *r\n  t: {path: z}\n", "s"),
        ("images:\n  r: &r {path: y}\n  s: *r\n  t: {path: z}\n", "t"),
    ],
)
def test_aliases(text: str, name: str) -> None:
    """What stands for others is left alone; a record that is an alias is written out when it is changed."""
    wanted, file = records(text), draft(text)
    file.set("images", (name, "expiration"), "1")
    assert records(file.data.decode()) == {**wanted, name: {**wanted[name], "expiration": "1"}}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("images:\n  r: {path: x, path: y}\n", "'path' stands here twice"),
        ("images: {r: {}}\nimages: {r: {}}\n", "'images' stands here twice"),
        ("images:\n  r: &r {path: y}\n  s: *r\n", "its layout is not understood"),
    ],
)
def test_refused(text: str, reason: str) -> None:
    """What cannot be done without taking something else away is not done."""
    file = draft(text)
    with pytest.raises(Uneditable) as caught:
        file.drop("images", ("r",))
    assert reason in str(caught.value)
    assert file.data.decode() == text


def laughs(levels: int) -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, levels)]
    return "\n".join(lines)


HOSTILE = {
    "brackets": ("a: " + "[" * 30_000, "nested more than 50 levels deep"),
    "braces": ("a: " + "{" * 300_000, "nested more than 50 levels deep"),
    "dashes": ("- " * 30_000, "nested more than 50 levels deep"),
    "questions": ("? " * 30_000, "nested more than 50 levels deep"),
    "lines": ("\n".join(" " * i + "-" for i in range(3000)), "nested more than 50 levels deep"),
    "aliases": (laughs(40), "its aliases stand for more than the file is long"),
    "itself": ("a: &a [*a]", "undefined alias"),
    "code": ("a: !!python/object/apply:os.system ['true']", "without a tag such as '!!python/object/apply:os.system'"),
    "a key with a tag": ("!own a: 1", "without a tag such as '!own'"),
    "a text": ('a: "' + "x" * 50_000_000, "one key with its value is longer than 1048576 characters"),
    "a comment": ("#" * 50_000_000, "one key with its value is longer than 1048576 characters"),
    "a list": ("a: [" + "x," * 5_000_000, "more than 50000 values in one list"),
    "no text": ("a: \x00", "control characters are not allowed"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_file_is_refused_at_once(case: str) -> None:
    text, reason = HOSTILE[case]
    start = time.process_time()
    for read in (lambda: YamlFile("f").read(text.encode()), lambda: outline(YamlFile("f"), text.encode())):
        with pytest.raises(BrokenYaml) as caught:
            read()
        assert reason in str(caught.value)
    assert time.process_time() - start < 2


def test_aliases_that_people_use_are_read() -> None:
    text = "a: &a {b: [1, 2, 3]}\n" + "".join(f"k{i}: *a\n" for i in range(20_000))
    assert len(YamlFile("f").read(text.encode()).value or ()) == 20_001


def test_keys_that_come_twice_by_the_thousand() -> None:
    file = YamlFile("f")
    file.read(b"a: 1\n" * 20_000)
    assert len(file.problems) == 19_999
