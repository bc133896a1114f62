"""The files of imports and exports, one by one: what is written reads the same, and nothing hostile is a trace.

References: r-catalog-attribute-files, r-catalog-data-files, r-text-string, r-property-data, c-rule-set-reference.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imageserver.catalog.fields import CatalogField, Crops, PropertyData, Scalar, Targets
from imageserver.catalog.loading import load
from imageserver.tools.importing.exporting import export_catalogs
from imageserver.tools.importing.ini import read_ini, write_entry
from imageserver.tools.importing.names import ATTRIBUTES, CONTENT, OURS, RECORD, reference_name
from imageserver.tools.importing.paths import Place, from_root
from imageserver.tools.importing.report import Page, Report
from imageserver.tools.importing.rules import read_rules
from imageserver.tools.importing.tables import Cell, Table, write_row
from imageserver.tools.importing.texts import LONGEST
from imageserver.tools.importing.values import cell_of, in_yaml
from imageserver.tools.importing.yaml_writing import Value, node_of, write_yaml
from imageserver.yaml_nodes import Node, YamlFile

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
AWKWARD = st.text("ab\"' \t\r\n\\?=,#&", max_size=12)
ANY = TEXTS | AWKWARD
USER_DATA = RECORD["user_data"]
TARGETS = RECORD["targets"]


def read_ini_text(text: str) -> tuple[dict[str, str], list[str]]:
    report = Report()
    found = {entry.name: entry.value for entry in read_ini(text, Page("a.ini", report))}
    return found, [str(line) for line in report.lines]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A=1\nB=2", {"A": "1", "B": "2"}),
        ("A=1\rB=2\r\nC=3", {"A": "1", "B": "2", "C": "3"}),
        ("  A \t=  1 , 2  \n", {"A": "1 , 2"}),
        ("# A=1\n  #B=2\nC=#3\n", {"C": "#3"}),
        ("A=1\nA=2\n", {"A": "2"}),
        ("A=\n", {"A": ""}),
        ("A=x=y\n", {"A": "x=y"}),
        ('A=\'It\'\'s\'\nB="a ""b"" "\nC=It\'s\n', {"A": "It's", "B": 'a "b" ', "C": "It's"}),
        ('A="open\nB="a"b"\n', {"A": '"open', "B": '"a"b"'}),
        ("A=1,\\\n   2\nB=3", {"A": "1,2", "B": "3"}),
        ('A="1\\\r\n2"\n', {"A": "1\r\n2"}),
        ("# A=C:\\\nB=1", {"B": "1"}),
    ],
)
def test_attribute_files(text: str, found: dict[str, str]) -> None:
    assert read_ini_text(text) == (found, [])


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("a.txt", ["a.txt"]),
        ("a, b ,,c", ["a", "b", "c"]),
        ("\"a,b\" , 'c'", ["a,b", "c"]),
        ('"a,b"', ["a,b"]),
        ("", []),
    ],
)
def test_lists_of_files(text: str, items: list[str]) -> None:
    (entry,) = read_ini(f"CatalogFile={text}", Page("a.ini", Report()))
    assert entry.items == items


@given(st.lists(ANY))
def test_attributes_read_as_they_were_written(values: list[str]) -> None:
    written = "".join(write_entry(f"Name-{number}", value) for number, value in enumerate(values))
    found, problems = read_ini_text(written)
    assert (list(found.values()), problems) == (values, [])


def read_table(text: str, *columns: str) -> tuple[list[dict[str, str]], list[str]]:
    report = Report()
    known = {name.casefold(): name for name in columns}
    rows = Table(text, Page("a.txt", report), known).rows([columns[0].casefold()])
    found = [{known[name]: cell.text for name, cell in row.cells.items()} for row in rows]
    return found, [str(line) for line in report.lines]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Id\tPath\na\tb\n", [{"Id": "a", "Path": "b"}]),
        ("PATH\tid\rb\ta\r\n\n\t\nd\tc", [{"Id": "a", "Path": "b"}, {"Id": "c", "Path": "d"}]),
        ("Id\tPath\na\t\nb\t c \n", [{"Id": "a"}, {"Id": "b", "Path": " c "}]),
        ('Id\tPath\n"a ""x"""\t"1\n2\t3"\n', [{"Id": 'a "x"', "Path": "1\n2\t3"}]),
        ("Id\tPath\n'it''s'\t'b\n", [{"Id": "it's", "Path": "'b"}]),
        ("Id\t.Ours\tPath\na\tx\tb\t\t\n", [{"Id": "a", "Path": "b"}]),
        ("Id\tOther\na\t\n", [{"Id": "a"}]),
        ("Id\n", []),
    ],
)
def test_data_files(text: str, found: list[dict[str, str]]) -> None:
    assert read_table(text, "Id", "Path") == (found, [])


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("", ["a.txt:1: Id: left out: the header line lacks it: the whole file is left out"]),
        ("Path\nb\n", ["a.txt:1: Id: left out: the header line lacks it: the whole file is left out"]),
        ("Id\tPath\na\n", ["a.txt:2: a: note: expected 2 columns, not 1: the others are empty"]),
        ("Id\tPath\na\tb\tc\n", ["a.txt:2: a: left out: expected 2 columns, not 3"]),
        ("Id\tId\na\tb\n", ["a.txt:1: Id: left out: stands here twice; the first one holds"]),
        ("Id\t\na\tb\n", ["a.txt:1: column 2: left out: expected a name of a column"]),
        ("Id\tX\na\tb\nc\td\n", ["a.txt:1: X: left out: unknown column, filled in 2 rows"]),
        (
            'Id\tPath\na\t"b\nc\n',
            [
                "a.txt:2: path: note: a quotation mark begins it and none ends it: taken as it stands",
                "a.txt:3: c: note: expected 2 columns, not 1: the others are empty",
            ],
        ),
        (f"Id\n{'x' * (LONGEST + 1)}\nb", [f"a.txt:2: left out: expected at most {LONGEST} characters in a line"]),
        (
            'Id\n"' + "x\n" * LONGEST + '"\n',
            ["a.txt:2: id: note: a quotation mark begins it and none ends it: taken as it stands"],
        ),
    ],
)
def test_data_files_with_faults(text: str, problems: list[str]) -> None:
    found = read_table(text, "Id", "Path")[1]
    assert found[: len(problems)] == problems


@given(st.lists(st.lists(ANY, min_size=3, max_size=3).filter(any)))
def test_cells_read_as_they_were_written(rows: list[list[str]]) -> None:
    columns = ("A", "B", "C")
    text = "".join(write_row(map(Cell, row)) for row in (columns, *rows))
    expected = [{name: cell for name, cell in zip(columns, row, strict=True) if cell} for row in rows]
    assert read_table(text, *columns) == (expected, [])


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        (Cell("a=1??b=2"), {"a": "1", "b": "2"}),
        (Cell("a=1\r\nb=2", marked=True), {"a": "1", "b": "2"}),
        (Cell("a=1??2", marked=True), {"a": "1??2"}),
        (Cell("a=1??a=2"), "a=1\na=2"),
        (Cell("a=b=c"), {"a": "b=c"}),
        (Cell("no properties"), "no properties"),
        (Cell("a=1??"), "a=1\n"),
    ],
)
def test_property_data(cell: Cell, value: Value) -> None:
    assert in_yaml(USER_DATA, cell) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Target.1.rect=1,2,3,4", [{"rect": ["1", "2", "3", "4"]}]),
        ("Target.2.rect=1,2,3,4", {"Target.2.rect": "1,2,3,4"}),
        ("Target.1.rect=1,2,0,4", {"Target.1.rect": "1,2,0,4"}),
        ("Target.1.label=x", {"Target.1.label": "x"}),
        ("target.1.rect=1,2,3,4", {"target.1.rect": "1,2,3,4"}),
    ],
)
def test_targets(text: str, value: Value) -> None:
    assert in_yaml(TARGETS, Cell(text)) == value


@given(st.dictionaries(st.text("ab.-_1", min_size=1), ANY.map(lambda text: text.replace("\r", "").replace("\n", ""))))
def test_properties_come_back(properties: dict[str, str]) -> None:
    read = USER_DATA.shape.read(node_of(dict(properties)))
    cell = cell_of(USER_DATA, read)
    cells = read_cells(write_row([Cell("x"), cell]))
    assert [USER_DATA.shape.read(node_of(in_yaml(USER_DATA, one))) for one in cells] == ([read] if properties else [])


@given(AWKWARD.map(lambda text: text.replace("\r", "")) | TEXTS.map(lambda text: text.replace("\r", "")))
def test_any_user_data_come_back(text: str) -> None:
    read = USER_DATA.shape.read(Node(text, 1, 1))
    cells = read_cells(write_row([Cell("x"), cell_of(USER_DATA, read)]))
    assert [USER_DATA.shape.read(node_of(in_yaml(USER_DATA, cell))) for cell in cells] == ([read] if read else [])


def read_cells(row: str) -> list[Cell]:
    table = Table(f"Id\tData\n{row}", Page("a.txt", Report()), {"id": "Id", "data": "Data"})
    return [one.cells["data"] for one in table.rows(["id"]) if "data" in one.cells]


VALUES: st.SearchStrategy[Value] = st.recursive(
    st.none() | ANY, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY, inner, max_size=4), max_leaves=12
)


@given(st.dictionaries(st.sampled_from(["images", "attributes", "rules"]), st.dictionaries(ANY, VALUES), min_size=1))
def test_yaml_reads_as_it_was_written(sections: dict[str, Value]) -> None:
    file = YamlFile("a.yaml")
    assert plain(file.read(write_yaml(sections))) == sections
    assert not file.problems


def plain(node: Node) -> Value:
    """Give the values of a node without their places."""
    match node.value:
        case dict(entries):
            return {key: plain(one) for key, one in entries.items()}
        case list(items):
            return [plain(one) for one in items]
        case _:
            return node.value


def rules_of(body: str) -> tuple[list[Value], list[str]]:
    report = Report()
    found = list(read_rules(body.encode(), Page("a.xml", report)))
    return found, [str(line) for line in report.lines]


BOMB = """<?xml version="1.0"?>
<!DOCTYPE ruleset [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<ruleset><rule><expression>&b;</expression></rule></ruleset>"""
OUTSIDE = """<!DOCTYPE ruleset [<!ENTITY x SYSTEM "file:///etc/hostname">]><ruleset><rule Name="&x;"/></ruleset>"""


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (BOMB, "a.xml:2: left out: a document type is refused, and entities with it"),
        (OUTSIDE, "a.xml:1: left out: a document type is refused, and entities with it"),
        ('<!DOCTYPE ruleset SYSTEM "http://127.0.0.1:9/x.dtd"><ruleset/>', "a.xml:1: left out: a document type"),
        ("", "a.xml:1: left out: no XML: no element found"),
        ("<ruleset><rule>", "a.xml:1: left out: no XML: "),
        ("<ruleset>&none;</ruleset>", "a.xml:1: left out: no XML: undefined entity"),
        ('<?xml version="1.0" encoding="utf-99"?><ruleset/>', "a.xml:1: left out: no XML: "),
        ("<rules/>", "a.xml:1: left out: unexpected element <rules>"),
        ("<ruleset><pathrule/></ruleset>", "a.xml:1: left out: unexpected element <pathrule>"),
        ("<ruleset>" * 5000, "a.xml:1: left out: unexpected element <ruleset>"),
        ("<ruleset>\n<rule><query/></rule></ruleset>", "a.xml:2: rule 1: left out: the whole rule, as a part of it"),
        ('<ruleset><rule Name="n" OnMatch="stop"/></ruleset>', "n: left out: the whole rule, as a part of it is wrong"),
        ('<ruleset><rule JpegQuality="9"/></ruleset>', "not JpegQuality"),
        ('<ruleset><rule MaxPix="9"/></ruleset>', "width,height"),
        ("<ruleset><rule><expression>(</expression></rule></ruleset>", "a regular expression"),
        (f"<ruleset><rule><expression>{'(' * 9999}</expression></rule></ruleset>", "expression"),
        ("<ruleset><rule><expression>a{99999999999}</expression></rule></ruleset>", "expression"),
        ("<ruleset><rule><header>x</header></rule></ruleset>", "a header with Name"),
        ("<ruleset><rule><expression>a</expression><expression>b</expression></rule></ruleset>", "once"),
        ("<ruleset><rule>text</rule></ruleset>", "no text between them"),
    ],
)
def test_rule_sets_with_faults(text: str, problem: str) -> None:
    rules, problems = rules_of(text)
    assert rules == []
    assert len(problems) == 1
    assert problem in problems[0]


def test_a_wrong_rule_takes_no_other_away() -> None:
    rules, problems = rules_of('<ruleset><rule Name="a"/><rule Replace="x"/><rule Name="c"/></ruleset>')
    assert rules == [{"name": "a"}, {"name": "c"}]
    assert len(problems) == 1


def test_substitution_that_is_empty_is_not_one_that_is_absent() -> None:
    rules, _ = rules_of("<ruleset><rule><substitution/></rule><rule><expression/></rule></ruleset>")
    assert rules == [{"substitution": ""}, {}]


def test_rules_go_out_as_they_are_meant(tmp_path: Path) -> None:
    """What is absent stays absent, what is empty stays empty, and no request types are all of them."""
    rules = "rules: [{name: a}, {substitution: ''}, {substitution: null}, {request_type: []}, {request_type: static}]\n"
    (tmp_path / "Co").mkdir()
    (tmp_path / "Co" / "catalog.yaml").write_text(rules)
    files = export_catalogs(["Co"], tmp_path, "utf-8", Report())
    ours = [rule for rule, _ in load(tmp_path).catalogs.named["Co"].extras.rules]
    assert [one.substitution for one in ours] == [None, "", "", None, None]
    assert [one.request_type for one in ours] == [("is",), ("is",), ("is",), (), ("static",)]
    found, _ = rules_of(files["Co-rules.xml"].decode())
    assert found == [
        {"name": "a"},
        {"substitution": ""},
        {"substitution": ""},
        {"request_type": "is,static,ir"},
        {"request_type": "static"},
    ]


@pytest.mark.parametrize("name", sorted(set(ATTRIBUTES) - OURS))
def test_names_are_those_of_the_reference(name: str) -> None:
    assert reference_name(name) in REFERENCE_ATTRIBUTES


REFERENCE_ATTRIBUTES = set(
    re.findall(
        r"\w+",
        """AllowDirectAccess AllowDirectUrls ApplyEffectMask Bfc BkgColor CacheValidationPolicy ClientAddressFilter
    DefaultExpiration DefaultExt DefaultFont DefaultImage DefaultImageMode DefaultLocale DefaultPix DefaultThumbPix
    DigimarcId DigimarcInfo ErrorImage ErrorDetail Expiration FullMatch HttpAppleStreamingContext
    HttpFlashStreamingContext IccBlackPointCompensation IccDither IccProfileCmyk IccProfileGray IccProfileRgb
    IccProfileSrcCmyk IccProfileSrcGray IccProfileSrcRgb IccRenderIntent JpegQuality LocaleMap LocaleStrMap MaxPix
    NonImgExpiration PublishInfo PrintResolution RequestLock RequestObfuscation ResMode Resolution RootId RootPath
    RootUrl SavePath StaticContentRootPath SynthesizeFontStyles ThumbBkgColor ThumbHorizAlign ThumbRes ThumbType
    ThumbVertAlign TimeStamp TrustedDomains UseLastModified Watermark""",
    )
)


def test_every_attribute_of_the_reference_has_a_field() -> None:
    assert {reference_name(name) for name in ATTRIBUTES if name not in OURS} == REFERENCE_ATTRIBUTES
    assert {reference_name(name) for name in CONTENT} >= {"VideoBitRate", "AudioBitRate", "TotalStreamBitRate"}


PLACE = Place("/srv/adobe", "/srv/catalogs/Co", "/srv/catalogs")


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("/srv/catalogs/Co/images/", "images"),
        ("/srv/catalogs/shared", "../shared"),
        ("/srv/pictures", "../../pictures"),
        ("/var/images", "/var/images"),
        ("D:\\images\\", "D:/images"),
        ("nowhere\\to\\be", "nowhere/to/be"),
        ("x" * 5000, "x" * 5000),
    ],
)
def test_root_paths(written: str, found: str) -> None:
    assert PLACE.root(written).written == found


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/srv/images/a/b.tif", "a/b.tif"),
        ("/srv/images2/a.tif", "/srv/images2/a.tif"),
        ("a\\b.tif", "a/b.tif"),
        ("../a.tif", "../a.tif"),
        ("C:\\x.tif", "C:/x.tif"),
    ],
)
def test_paths_of_images(path: str, found: str) -> None:
    text, note = from_root(path, "/srv/images")
    assert text == found
    assert bool(note) == found.startswith(("/", "C:"))


def test_quotation_marks_that_delimit_nothing() -> None:
    found, lines = read_table('Id\tPath\n"12" inch"\t"b\nc\td\n', "Id", "Path")
    assert found == [{"Id": '"12" inch"', "Path": '"b'}, {"Id": "c", "Path": "d"}]
    assert len(lines) == 2


@pytest.mark.parametrize("fields", [ATTRIBUTES, RECORD, CONTENT])
def test_fields_have_shapes_that_the_reference_can_write(fields: Mapping[str, CatalogField]) -> None:
    known = (Scalar, PropertyData, Targets, Crops)
    assert not [name for name, field in fields.items() if not isinstance(field.shape, known)]
