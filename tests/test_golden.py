"""Each picture of `golden.yaml` looks as it did when a person judged it right; and what says so can fail."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import golden
import pytest
import yaml
from PIL import Image
from scenes import make_scenes
from serving import Client, serving
from sites import QUIET

CASES: dict[str, str] = yaml.safe_load((Path(__file__).parent / "golden.yaml").read_text())
LARGEST = 300
"""Pixels of a side: what a person can look at in one glance."""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with serving(make_scenes(tmp_path_factory.mktemp("scenes")), environment=QUIET) as running:
        yield running


@pytest.mark.parametrize("name", CASES)
def test_golden(client: Client, name: str) -> None:
    reply = client.ask(f"/is/image/{CASES[name]}")
    assert reply.status == 200, reply.text
    assert max(reply.image.size) <= LARGEST
    golden.check(name, reply.image)


@pytest.fixture
def reference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Image.Image:
    """A picture whose reference is written to a folder of the test's own."""
    monkeypatch.setattr(golden, "GOLDEN", tmp_path / "golden")
    monkeypatch.setattr(golden, "FAILURES", tmp_path / "failures")
    image = Image.new("RGBA", (4, 4), (200, 100, 50, 100))
    monkeypatch.setenv(golden.WRITES, "1")
    golden.check("kind/case", image)
    monkeypatch.delenv(golden.WRITES)
    return image


def test_equal_pictures_pass(reference: Image.Image) -> None:
    golden.check("kind/case", reference, tolerance=0)
    assert not golden.FAILURES.exists()


@pytest.mark.parametrize("pixel", [(203, 100, 50, 100), (200, 97, 50, 100), (200, 100, 53, 100), (200, 100, 50, 103)])
def test_a_pixel_that_differs_fails(reference: Image.Image, pixel: tuple[int, int, int, int]) -> None:
    reference.putpixel((3, 2), pixel)
    golden.check("kind/case", reference, tolerance=3)
    with pytest.raises(AssertionError, match="differs by 3, not 2: see ") as failure:
        golden.check("kind/case", reference)
    for kind in ("actual", "expected", "difference"):
        path = golden.FAILURES / f"kind-case-{kind}.png"
        assert path.is_file()
        assert str(path) in str(failure.value)
    with Image.open(golden.FAILURES / "kind-case-difference.png") as difference:
        assert difference.getbbox() == (3, 2, 4, 3)


@pytest.mark.parametrize("other", [Image.new("RGBA", (4, 5)), Image.new("RGB", (4, 4))])
def test_another_size_or_mode_fails(reference: Image.Image, other: Image.Image) -> None:
    assert reference.size != other.size or reference.mode != other.mode
    with pytest.raises(AssertionError, match="has another size or mode"):
        golden.check("kind/case", other)


@pytest.mark.usefixtures("reference")
def test_a_missing_reference_fails() -> None:
    with pytest.raises(AssertionError, match="write it with GOLDEN_WRITE=1"):
        golden.check("kind/none", Image.new("RGB", (4, 4)))
