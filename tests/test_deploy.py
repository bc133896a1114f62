"""What is deployed: the unit, the container file, and that they say what the server understands."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from imageserver.config import Config, keys, load_config
from imageserver.tools.cli import parser

ROOT = Path(__file__).parents[1]
UNIT = ROOT / "deploy" / "imageserver.service"
CONTAINER = (ROOT / "deploy" / "Dockerfile").read_text().replace("\\\n", "")


def unit() -> configparser.SectionProxy:
    read = configparser.ConfigParser(strict=True, interpolation=None)
    read.optionxform = str  # type: ignore[assignment,method-assign]
    read.read(UNIT)
    return read["Service"]


def test_unit_starts_and_reloads_the_server() -> None:
    program, *arguments = unit()["ExecStart"].split()
    assert program.endswith("/bin/imageserver")
    assert str(parser().parse_args(arguments).config).startswith(unit()["WorkingDirectory"])
    assert unit()["ExecReload"] == "/bin/kill -HUP $MAINPID"
    assert int(unit()["TimeoutStopSec"]) > Config().server.grace


def test_unit_gives_up_what_the_server_does_not_need() -> None:
    wanted = {"NoNewPrivileges": "yes", "ProtectSystem": "strict", "CapabilityBoundingSet": "", "PrivateDevices": "yes"}
    assert {name: unit()[name] for name in wanted} == wanted
    assert unit()["ReadWritePaths"] == unit()["WorkingDirectory"]
    assert unit()["User"] != "root"


@pytest.mark.skipif(
    not shutil.which("systemd-analyze") and not os.environ.get("CI"), reason="systemd-analyze is not installed"
)
def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    there = tmp_path / UNIT.name
    there.write_text(re.sub("^ExecStart=.*$", "ExecStart=/bin/true", UNIT.read_text(), flags=re.MULTILINE))
    done = subprocess.run(["systemd-analyze", "verify", there], capture_output=True, text=True, check=False)  # noqa: S603, S607
    assert UNIT.name not in done.stdout + done.stderr, done.stderr
    assert done.returncode == 0


def instructions(name: str) -> list[str]:
    return re.findall(rf"^{name} +(.*)$", CONTAINER, re.MULTILINE)


def test_container_runs_the_server_as_nobody_special() -> None:
    assert instructions("FROM")[-1] == "python:3.11-slim"
    assert not instructions("USER")[-1].startswith(("0", "root"))
    assert instructions("ENTRYPOINT") == ['["/opt/imageserver/bin/imageserver"]']
    assert parser().parse_args(["serve"])
    assert "/health/ready" in instructions("HEALTHCHECK")[0]


def test_container_sets_keys_that_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    environment = dict(word.split("=", 1) for word in instructions("ENV")[0].split())
    assert load_config(None, environment, {}).server.host == "0.0.0.0"  # noqa: S104, all of the container's
    assert len(environment) == 4


def test_container_copies_what_there_is() -> None:
    sources = [word for line in instructions("COPY") if "--from" not in line for word in line.split()[:-1]]
    assert {"pyproject.toml", "imageserver"} <= set(sources)
    assert not [name for name in sources if not (ROOT / name).exists()]


def test_document_names_keys_and_files_that_there_are() -> None:
    text = (ROOT / "docs" / "operations.md").read_text()
    sections = "|".join({key.partition(".")[0] for key in keys(Config) if "." in key})
    named = set(re.findall(rf"`((?:{sections})\.[a-z_]+)[:`]", text))
    assert len(named) > 8
    assert named <= set(keys(Config))
    linked = re.findall(r"\]\(([^)]+)\)", text)
    assert not [path for path in linked if not (ROOT / "docs" / path).exists()]
    assert os.access(UNIT, os.R_OK)
