"""docs/format.md says what the code does: each label and each folder of vectors stands in it."""

import re
from pathlib import Path

import pytest

import crypto
from crypto import age
from crypto.age.format import end_of_header
from crypto.age.stream import CHUNK, TAG

ROOT = Path(crypto.__file__).parents[1]
FORMAT = (ROOT / "docs" / "format.md").read_text()
LABELS = sorted(
    {
        label.rstrip("/")
        for module in (ROOT / "crypto").rglob("*.py")
        for label in re.findall(r'"((?:tipline|age-encryption\.org)/[a-z0-9/-]+)"', module.read_text())
    }
)
FOLDERS = sorted({path.parent.name for path in (ROOT / "tests" / "vectors").glob("*/*.txt")})


def test_there_are_labels_to_look_for() -> None:
    assert {"tipline/codename/v1", "tipline/token/v1", "tipline/blob/v1", "tipline/columns"} <= set(LABELS)


@pytest.mark.parametrize("label", LABELS)
def test_every_label_in_the_code_is_documented(label: str) -> None:
    if label != "age-encryption.org/v1/scrypt":  # the age specification's own, like its version line
        assert label in FORMAT


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_folder_of_vectors_is_named_where_its_format_is(folder: str) -> None:
    named = {name for line in re.findall(r"^Vectors: (.*?)\. ", FORMAT, re.MULTILINE) for name in line.split(", ")}

    assert f"`{folder}`" in named


@pytest.mark.parametrize("recipients", [1, 2, 5])
def test_lengths_are_as_documented(recipients: int) -> None:
    sealed = age.seal(b"x" * (CHUNK + 1), [age.Identity.generate().recipient for _ in range(recipients)])

    assert end_of_header(sealed) == 70 + 1557 * recipients
    assert len(sealed) == 70 + 1557 * recipients + 16 + CHUNK + 1 + 2 * TAG


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"`((?:crypto|tipline|handling|tests)/[a-z_/]+(?:\.py)?)`", FORMAT)))
)
def test_every_file_that_the_document_points_to_exists(path: str) -> None:
    assert (ROOT / path).exists()
