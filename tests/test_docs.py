"""What the documents name is there."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
_TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
_PATH = re.compile(r"`((?:crypto|tipline|handling)/[\w/.-]+)`")


def _named_tests() -> list[tuple[str, str]]:
    return [(path, name) for path, name in _TEST.findall((ROOT / "SECURITY.md").read_text())]


@pytest.mark.parametrize(("path", "name"), _named_tests())
def test_every_promise_names_a_test_that_exists(path: str, name: str) -> None:
    source = (ROOT / path).read_text()

    assert re.search(rf"def {name}\(" if name else r"def test_", source)


def test_every_promise_has_a_test() -> None:
    promised = (ROOT / "SECURITY.md").read_text().split("## Promised")[1].split("## Not promised")[0]
    rows = [line for line in promised.splitlines() if line.startswith("| ")][1:]

    assert rows
    assert [row for row in rows if "`tests/" not in row] == []


@pytest.mark.parametrize("path", sorted(set(_PATH.findall((ROOT / "docs/architecture.md").read_text()))))
def test_every_file_of_the_architecture_exists(path: str) -> None:
    assert (ROOT / path).exists()


def test_every_dependency_has_its_line_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    for name in ("run.in", "test.in", "node.in"):
        for line in (ROOT / "requirements" / name).read_text().splitlines():
            package = re.split(r"[<>=\[]", line)[0].strip()
            assert package.startswith("-r") or not package or f"`{package}`" in readme, package


def test_every_package_of_the_pages_has_its_line_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    package = json.loads((ROOT / "tipline" / "away" / "package.json").read_text())
    for name in {**package["dependencies"], **package["devDependencies"]}:
        assert f"`{name}`" in readme, name
