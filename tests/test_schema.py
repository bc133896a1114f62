"""The JSON Schema of catalog files: it is current, and it says the same as the reader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from serving import Client

from imageserver.catalog.schema import written_schema

jsonschema = pytest.importorskip("jsonschema", reason="pip install -e '.[dev]'")
ROOT = Path(__file__).parents[1]
CATALOGS = [*sorted(ROOT.glob("catalogs/**/*.yaml")), ROOT / "tests" / "catalog.yaml"]


def faults(document: Any) -> list[str]:  # noqa: ANN401, YAML
    validator = jsonschema.Draft7Validator(json.loads(written_schema()))
    return [error.message for error in validator.iter_errors(document)]


def test_committed_schema_is_current() -> None:
    """`make reference` writes it."""
    assert (ROOT / "docs" / "catalog.schema.json").read_text() == written_schema()


def test_server_publishes_it(server: Client) -> None:
    reply = server.ask("/catalog.schema.json")
    assert (reply.status, reply.text) == (200, written_schema())
    assert reply.headers["Content-Type"].startswith("application/schema+json")


def test_schema_is_one() -> None:
    jsonschema.Draft7Validator.check_schema(json.loads(written_schema()))


@pytest.mark.parametrize("loader", [yaml.SafeLoader, yaml.BaseLoader], ids=["typed", "texts"])
@pytest.mark.parametrize("path", CATALOGS, ids=lambda path: path.stem)
def test_catalogs_fit(path: Path, loader: type[yaml.SafeLoader]) -> None:
    assert len(CATALOGS) > 3
    assert faults(json.loads(json.dumps(yaml.load(path.read_text(), loader), default=str))) == []  # noqa: S506, ours


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("{}", True),
        ("images: {r: {path: a.jpg, expiration: -2, crops: {x: [0, 0, 1, 2]}, tags: [a, b]}, s: null}", True),
        ("images: {r: {size: '400,300', user_data: 'a=1??b=2', thumb_type: 1}}", True),
        ("attributes: {jpeg_quality: 85, default_fit: 'fit,1', bkg_color: ff0000, use_last_modified: true}", True),
        ("rules: [{name: x, expression: a, request_type: [is], attributes: {expiration: 1}}]", True),
        ("pictures: {}", False),
        ("images: {r: {pth: a.jpg}}", False),
        ("images: {r: {crops: {x: [0, 0, 1]}}}", False),
        ("images: {r: {resolution: 0}}", False),
        ("images: {r: {targets: [{label: x}]}}", False),
        ("images: {r: {asset_type: cube}}", False),
        ("attributes: {max_pix: [1, -2]}", False),
        ("attributes: {error_detail: 4}", False),
        ("macros: {a b: wid=1}", False),
        ("rules: [{on_match: jump}]", False),
    ],
)
def test_fits(text: str, fits: bool) -> None:
    assert (not faults(yaml.safe_load(text))) is fits
