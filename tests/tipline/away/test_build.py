"""The scripts as they are served: the same bytes from every build, whole in themselves, and asking nothing that no page may ask."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.tipline.away.node import AWAY

ASKS = {"browser.js": {"fetch", "XMLHttpRequest"}, "residue.js": {"fetch"}}
"""What a page's script asks its own server with; every other script asks nothing of anybody. (`fetch` alone is a codename's word.)"""

NEVER = r"\beval\(|\bFunction\(|\bimport\(|WebAssembly|localStorage|sessionStorage|indexedDB|innerHTML|sourceMappingURL|https?://(?!www\.w3\.org)"


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folders = [tmp_path_factory.mktemp("built") for _ in range(2)]
    for folder in folders:
        subprocess.run(["node", AWAY / "build.mjs", folder], check=True, cwd=folder.parent)
    return folders


def scripts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in folder.glob("*.js")}


def test_two_builds_are_the_same_bytes(builds: list[Path]) -> None:
    one, two = map(scripts, builds)

    assert one == two
    assert set(one) == {path.name for path in (AWAY / "src" / "pages").glob("*.js")}


def test_a_script_asks_for_nothing_beyond_its_table_and_runs_no_text(builds: list[Path]) -> None:
    for name, script in scripts(builds[0]).items():
        assert set(
            re.findall(r"\b(?:fetch(?=\()|XMLHttpRequest|WebSocket|EventSource|sendBeacon)\b", script)
        ) == ASKS.get(name, set())
        assert re.findall(NEVER, re.sub(r"/\*.*?\*/", "", script, flags=re.DOTALL)) == []
