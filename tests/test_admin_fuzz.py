"""The editing API is asked whatever its own description allows, and what it does not, by schemathesis."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from admin import TOKENS, Api, api

CONFIG = """
[parameters]
"path.catalog" = "Co"
{parameters}

[checks]
# Grammars, and files that must be there, are beyond a schema: what fits it may be refused as 422, and never as 400.
positive_data_acceptance.expected-statuses = ["2xx", 401, 403, 404, 409, 410, 412, 422, 428]
missing_required_header.expected-statuses = [401, 428]
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 409, 412, 413, 415, 422, 428]
"""
REPEATABLE = ["--generation-deterministic"] if os.environ.get("CI") else ["--generation-database", "none"]
CASES: dict[str, tuple[Mapping[str, str], list[str]]] = {
    "whatever there is": ({}, ["--phases", "coverage,fuzzing", "--max-examples", "3"]),
    "what is there": (
        {"path.id": "boot", "header.If-Match": "*"},
        ["--phases", "fuzzing", "--max-examples", "6", "--exclude-checks", "missing_required_header"],
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_server_does_what_it_says(tmp_path: Path, case: str) -> None:
    parameters, options = CASES[case]
    lines = "\n".join(f'"{name}" = "{value}"' for name, value in parameters.items())
    (tmp_path / "schemathesis.toml").write_text(CONFIG.format(parameters=lines))
    with api(tmp_path, workers=2) as shoes:
        asked = subprocess.run(  # noqa: S603, our own server is asked
            [
                *(sys.executable, "-m", "schemathesis.cli", "--config-file", "schemathesis.toml", "run"),
                *(f"http://127.0.0.1:{shoes.client.port}/admin/v1/openapi.json", "--no-color"),
                *("--header", f"Authorization: Bearer {TOKENS['writer']}"),
                *(*REPEATABLE, *options),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert asked.returncode == 0, asked.stdout + asked.stderr
        assert "Tested: 36" in asked.stdout
        check_sound(shoes)


def check_sound(shoes: Api) -> None:
    """See that every edit that was taken left a catalog behind that is read without a problem."""
    health = json.loads(shoes.client.ask("/health").text)
    assert health["problems"] == []
    assert shoes.ask("images/after", "PUT", {"fields": {"modifier": "wid=1"}}).status == 201
    assert "  after: {modifier: wid=1}\n" in shoes.text
