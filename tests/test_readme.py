"""What README says is what the code says."""

from __future__ import annotations

import re
from pathlib import Path

from imageserver.config import Config, keys, load_config
from imageserver.tools.reference import main

ROOT = Path(__file__).parents[1]


def test_tables_are_generated() -> None:
    assert main(["--check", str(ROOT / "README.md")]) == 0, "run `make reference`"


def test_files_that_are_named_exist() -> None:
    text = (ROOT / "README.md").read_text()
    named = re.findall(r"`((?:imageserver|tests)/[a-z_/]+(?:\.py)?)`", text)
    assert len(named) > 10
    assert not [name for name in named if not (ROOT / name).exists()]


def test_config_file_names_all_keys() -> None:
    words = set(re.findall(r"[a-z0-9_]+", (ROOT / "config.yaml").read_text()))
    assert not [key for key in keys(Config) if not words >= set(key.split("."))]


def test_config_file_has_only_known_keys_with_their_defaults() -> None:
    written = load_config(ROOT / "config.yaml", {}, {})
    assert written == Config()
    assert {"server.port", "limits.queue"} <= set(keys(Config))
