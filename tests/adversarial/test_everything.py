"""The search over an installation says what it could not look at, and no journey of a source ends without it."""

import ast
import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adversarial import memory
from tests.adversarial.everything import search_everything
from tests.journeys.installation import Installation
from tipline.base.settings import FILE, Settings

CANARY = "walrus canary 8d, in a crate of ice"
JOURNEYS = Path(__file__).parents[1] / "journeys"
WITHOUT = {
    "test_members.py": "members come and go; no source says anything",
}
"""Journeys through an installation of their own that do not search it, and why."""
_NOBODY = 65534


@contextlib.contextmanager
def not_root() -> Iterator[None]:
    before = os.geteuid()
    if before == 0:
        os.seteuid(_NOBODY)
    try:
        yield
    finally:
        os.seteuid(before)


def test_whoever_is_not_root_may_not_look_into_its_processes() -> None:
    with not_root():
        assert not memory.may_read(1)


@pytest.fixture
def installation(settings: Settings) -> Iterator[Installation]:
    """One that stands still: its folder, its databases, and a process that holds nothing."""
    (settings.data / FILE).write_text('practice = true\nunit = "unit"\nname = "Practice Unit"\n')
    environment = {"TIPLINE_PUBLIC_DSN": settings.public_dsn or "", "TIPLINE_INSIDE_DSN": settings.inside_dsn or ""}
    with subprocess.Popen(["/bin/sleep", "300"]) as process:
        yield Installation(settings.data, environment, settings.ports, {}, process=process)
        process.kill()


async def test_a_test_that_may_not_look_into_memory_does_not_pass(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "may_read", lambda _: False)

    with pytest.raises(pytest.skip.Exception, match="memory and open files were not searched"):
        await search_everything(installation, [CANARY])


async def test_what_was_found_elsewhere_counts_where_memory_may_not_be_looked_into(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "may_read", lambda _: False)
    (installation.data / "left").write_text(CANARY)

    assert [hit.place for hit in await search_everything(installation, [CANARY])] == ["data/left"]


def test_every_journey_through_an_installation_searches_it_or_has_a_reason_not_to() -> None:
    journeys = {path.name: ast.parse(path.read_text("utf-8")) for path in JOURNEYS.glob("test_*.py")}
    installing = {name for name, tree in journeys.items() if "installed" in _imported_from_installation(tree)}
    searching = {name for name, tree in journeys.items() if "search_everything" in _called(tree)}

    assert installing - searching == WITHOUT.keys()
    assert all(WITHOUT.values())


def _imported_from_installation(tree: ast.Module) -> set[str]:
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    return {alias.name for node in imports if node.module == "tests.journeys.installation" for alias in node.names}


def _called(tree: ast.Module) -> set[str]:
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {function.id for function in calls if isinstance(function, ast.Name)}
