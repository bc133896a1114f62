"""Faults in what is imported and exported: a line for each, an exit code, and never a trace or a lost catalog."""

from __future__ import annotations

import codecs
import os
from pathlib import Path

import pytest

from imageserver.catalog.loading import load
from imageserver.tools.cli import main
from imageserver.tools.importing.importing import Imported, import_catalogs
from imageserver.tools.importing.report import Report
from imageserver.tools.importing.texts import LONGEST


def bring(folder: Path, files: dict[str, bytes], *, encoding: str = "auto") -> tuple[Imported, list[str]]:
    """Write an attribute file `Co.ini` and others, and import it."""
    for name, data in files.items():
        (folder / name).write_bytes(data)
    report = Report()
    found = import_catalogs([folder / "Co.ini"], folder / "catalogs", encoding, report)  # type: ignore[arg-type]
    prefix = f"{folder}{os.sep}"
    return found, [str(line).removeprefix(prefix) for line in report.lines]


INI = b"RootId=Co\nCatalogFile=data.txt\n"


@pytest.mark.parametrize(
    ("ini", "data", "problems"),
    [
        (b"RootId=Co\nNothing=1\n", b"", ["Co.ini:2: Nothing: left out: unknown attribute"]),
        (b"RootId=Co\nVideoSize=1,2", b"", ["Co.ini:2: VideoSize: left out: belongs to records of static content"]),
        (b"RootId=Co\nMaxPix=many\n", b"", ["Co.ini:2: MaxPix: left out: expected width,height"]),
        (b"RootId=Co\nMaxPix\n[part]\n", b"", ["Co.ini:2: MaxPix: left out: expected name=value", "Co.ini:3: [part]"]),
        (b"RootId=Co\nPublishInfo=a\0b", b"", ["Co.ini:2: PublishInfo: left out: expected a text without the char"]),
        (b"Expiration=1\n", b"", ["Co.ini:1: RootId: note: there is none: the catalog is named 'Co' after its file"]),
        (b"RootId=Co\nCatalogFile=none.txt", b"", ["Co.ini:2: CatalogFile: left out: no such file 'none.txt'"]),
        (b"RootId=Co\nCatalogFile=a\0b", b"", ["Co.ini:2: CatalogFile: left out: "]),
        (b"RootId=Co\nCatalogFile=" + b"x" * 9999, b"", ["Co.ini:2: CatalogFile: left out: "]),
        (b"RootId=Co\nCatalogFile=.", b"", ["Co.ini:2: CatalogFile: left out: no such file '.'"]),
        (b"RootId=Co\nCatalogFile=/dev/zero", b"", ["Co.ini:2: CatalogFile: left out: no such file '/dev/zero'"]),
        (INI, b"Id\tAnchor\na\tx,y\n", ["data.txt:2: a: Anchor: left out: expected x,y, each an integer, not 'x,y'"]),
        (INI, b"Id\tPath\n\tx\n", ["data.txt:2: Id: left out: empty: the whole row is left out"]),
        (INI, b"Id\na\0\n", ["data.txt:2: a\\x00: left out: the whole row: expected a text without the character NUL"]),
        (INI, b"Id\tMap\na\tb\0\n", ["data.txt:2: a: Map: left out: expected a text without the character NUL"]),
        (INI, codecs.BOM_UTF8 + b"Id\tMap\na\t\xff\nb\tx\n", ["data.txt:2: a: Map: left out: expected UTF-8, not"]),
        (INI, codecs.BOM_UTF8 + b"Id\n\xe9\n", ["data.txt:2: \\udce9: left out: the whole row: expected UTF-8"]),
        (INI, "Id\nä".encode("utf-16"), ["data.txt:1: left out: UTF-16 is no encoding"]),
        (INI, "Id\nä".encode(), ["data.txt:1: note: read as UTF-8 though it has no byte order mark"]),
        (INI, b"Id\tMap\na\t" + b"x" * LONGEST, ["data.txt:2: left out: expected at most"]),
        (
            INI,
            b"Id\tModifier\na\top_blur=x&text=y\n",
            ["data.txt:2: a: Modifier: note: kept as text, but wrong: op_blur"],
        ),
        (
            INI,
            b"Id\tDigimarcInfo\na\t1,5,0,0\n",
            ["data.txt:2: a: DigimarcInfo: note: kept as text, but not supported"],
        ),
        (INI, b'Id\tUserData\na\t"x??y"\n', ["data.txt:2: a: UserData: left out: expected properties without ??"]),
        (INI, b"Id\tPath\na\t/far/a.tif\n", ["data.txt:2: a: Path: note: outside of the root path, stays /far/a.tif"]),
        (INI, b"Id\tTimeStamp\na\tyesterday\n", ["data.txt:2: a: TimeStamp: left out: expected a date"]),
        (INI, b"\x1b[2J\tId\nx\ta\n", ["data.txt:1: \\x1b[2J: left out: unknown column, filled in 1 rows"]),
        (INI, bytes(range(256)) * 20, ["data.txt:"]),
    ],
)
def test_faults_are_told_where_they_stand(tmp_path: Path, ini: bytes, data: bytes, problems: list[str]) -> None:
    found, lines = bring(tmp_path, {"Co.ini": ini, "data.txt": data})
    assert found.catalogs == 1
    assert len(lines) >= len(problems)
    for line, problem in zip(lines, problems, strict=False):
        assert problem in line
        assert line.isprintable()


def test_fields_beside_a_wrong_one_go_over(tmp_path: Path) -> None:
    found, _ = bring(tmp_path, {"Co.ini": INI, "data.txt": b"Id\tAnchor\tMap\na\tx\tmap\nb\t1,2\t\n"})
    text = found.files[tmp_path / "catalogs" / "Co" / "catalog.yaml"].decode()
    assert "a: {map: map}\n" in text
    assert "b: {anchor: [1, 2]}\n" in text


@pytest.mark.parametrize(
    ("data", "encoding", "name"),
    [
        ("Id\nStück\n".encode("latin-1"), "auto", "Stück"),
        ("Id\nStück\n".encode(), "auto", "Stück"),
        ("Id\nStück\n".encode(), "latin-1", "StÃ¼ck"),
        ("Id\nStück\n".encode(), "utf-8", "Stück"),
        (codecs.BOM_UTF8 + "Id\nStück\n".encode(), "latin-1", "Stück"),
    ],
)
def test_encodings(tmp_path: Path, data: bytes, encoding: str, name: str) -> None:
    found, _ = bring(tmp_path, {"Co.ini": INI, "data.txt": data}, encoding=encoding)
    assert f"  {name}: {{}}\n" in found.files[tmp_path / "catalogs" / "Co" / "catalog.yaml"].decode()


@pytest.mark.parametrize(
    ("root_id", "folder"), [("Co", "Co"), ("../../x", "_._.._x"), ("a/b", "a_b"), (".", "_"), ("/etc", "_etc")]
)
def test_a_catalog_stays_in_its_folder(tmp_path: Path, root_id: str, folder: str) -> None:
    found, _ = bring(tmp_path, {"Co.ini": f"RootId={root_id}\n".encode()})
    assert list(found.files) == [tmp_path / "catalogs" / folder / "catalog.yaml"]
    assert f"root_id: {root_id}\n" in next(iter(found.files.values())).decode().replace('"', "").replace("'", "")


def test_two_catalogs_of_one_root_id(tmp_path: Path) -> None:
    (tmp_path / "a.ini").write_text("RootId=Co\n")
    (tmp_path / "b.ini").write_text("RootId=Co\n")
    report = Report()
    assert import_catalogs([tmp_path], tmp_path / "catalogs", "auto", report).catalogs == 1
    assert [line.lost for line in report.lines] == [True]


def test_many_records_have_a_file_of_their_own(tmp_path: Path) -> None:
    rows = "".join(f"r{number}\n" for number in range(500))
    found, _ = bring(tmp_path, {"Co.ini": INI, "data.txt": f"Id\n{rows}".encode()})
    home = tmp_path / "catalogs" / "Co"
    assert list(found.files) == [home / "images.yaml", home / "catalog.yaml"]
    assert found.records == 500


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["import", "nowhere"], "nowhere: no such file or folder"),
        (["import", "empty"], "nothing to import"),
        (["import", "bad.ini"], "UTF-16"),
        (["import", "good.ini", "--to", "good.ini"], "cannot be written"),
        (["export", "Nobody", "--to", "out"], "no catalog 'Nobody': expected one of"),
        (["export", "--to", "out", "--catalogs", "nowhere"], "no such folder"),
        (["export", "--to", "out", "--catalogs", "broken"], "not valid YAML"),
    ],
)
def test_what_cannot_be_done(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("empty", "catalogs", "broken/Co"):
        Path(name).mkdir(parents=True)
    Path("broken/Co/catalog.yaml").write_text("images: [")
    Path("bad.ini").write_bytes("RootId=ä".encode("utf-16"))
    Path("good.ini").write_text("RootId=Co\n")
    assert main(arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert len(shown.err.splitlines()) == 1
    assert said in shown.err
    assert not Path("out").exists()


def test_nothing_is_written_over_unless_forced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("Co.ini").write_text("RootId=Co\nExpiration=1\n")
    target = Path("catalogs/Co/catalog.yaml")
    assert main(["import", "Co.ini", "--dry-run"]) == 0
    assert not target.exists()
    assert main(["import", "Co.ini"]) == 0
    first = target.read_text()
    Path("Co.ini").write_text("RootId=Co\nExpiration=2\nOther=1\n")
    assert main(["import", "Co.ini"]) == 2
    assert target.read_text() == first
    assert main(["import", "Co.ini", "--force"]) == 1  # something was left out
    assert load(Path("catalogs")).catalogs.named["Co"].attributes.expiration == 2.0
    assert os.listdir(target.parent) == ["catalog.yaml"]  # noqa: PTH208, and nothing that was on its way
    assert main(["export", "Co", "--to", "back"]) == 0
    assert main(["export", "Co", "--to", "back"]) == 2
    assert main(["export", "Co", "--to", "back", "--force"]) == 0


def test_what_is_imported_over_a_catalog_goes_into_its_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("catalogs/Co").mkdir(parents=True)
    Path("catalogs/Co/catalog.yaml").write_text("images: {a: {expiration: 1}, b: {}}\n")
    assert main(["catalog", "show", "Co", "a"]) == 0
    Path("Co.ini").write_text("RootId=Co\nCatalogFile=images\n")
    Path("images").write_text("Id\tExpiration\na\t2\nb\t\n")
    Path("catalogs/Co/catalog.yaml").write_text("images: {broken\n")
    assert main(["import", "Co.ini", "--force"]) == 0
    assert sorted(os.listdir("catalogs/Co")) == ["catalog.yaml"]  # noqa: PTH208
    capsys.readouterr()
    assert main(["catalog", "diff", "Co", "a"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if "expiration" in line] == ["-  expiration: 1", "+  expiration: 2"]


AWKWARD_CATALOG = r"""
attributes: {publish_info: '', default_image: null, bkg_color: "0x80g", time_stamp: "2024-01-01T00:00:00.0001Z", x: 1}
images:
  "": {path: a.png}
  "n\0": {path: a.png}
  ok: {path: 'a\b.png', user_data: "a=1\r\nb=2", expiration: never, time_stamp: 1969-12-31}
macros: {m: [1]}
fonts: [{name: F}]
rules:
  - {expression: "a\u0001"}
  - {name: fine, expression: a, attributes: {expiration: 1}}
  - {attributes: {jpeg_quality: [9, 0]}}
"""


def test_what_the_reference_cannot_say_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("catalogs/Co").mkdir(parents=True)
    Path("catalogs/Co/catalog.yaml").write_text(AWKWARD_CATALOG)
    assert main(["export", "--to", "back"]) == 1
    lines = capsys.readouterr().out.splitlines()
    for part in (
        "attributes.publish_info: left out: the reference takes an empty one",
        "catalog.yaml:2: x: left out: unknown field",
        "attributes.time_stamp: note: its form in the reference is another value",
        "images.: left out: expected a name",
        "left out: expected a text without the character NUL",
        "images.ok.path: note: its backslashes",
        "images.ok.user_data: note: its form in the reference is another value",
        "images.ok.expiration: left out",
        "macros.m: left out: expected a text",
        "fonts: left out: expected a name and a path",
        "rules: left out: expected characters that XML has",
        "rules.attributes.jpeg_quality: left out: rules of the reference cannot set it",
    ):
        assert [line for line in lines if part in line], part
    assert "BkgColor=0x80g\n" in Path("back/Co.ini").read_text()
    assert "DefaultImage=\n" in Path("back/Co.ini").read_text()
    assert "12/31/1969 00:00:00 GMT" in Path("back/Co-images.txt").read_text()
    assert Path("back/Co-rules.xml").read_text().count("<rule ") == 1
