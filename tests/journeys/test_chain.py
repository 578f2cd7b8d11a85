"""The whole chain, from an anonymous tip to what its source reads, and what is left in clear on the way: nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adversarial.everything import search_everything, until_idle
from tests.journeys import demo, screens
from tests.journeys.acts import CANARY_FILE, CANARY_MESSAGE, CANARY_NAME, Story
from tests.journeys.coastguard import MATERIAL
from tests.journeys.elsewhere import BROWSER_MESSAGE, BROWSER_REPLY, COMMAND_ANSWER, COMMAND_MESSAGE, KIT_MESSAGE
from tests.journeys.installation import Installation, installed
from tests.journeys.pgp_tip import CANARY as PGP_CANARY


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with installed(tmp_path) as running:
        yield running


NEEDS_A_BROWSER = [
    "an agency's key",
    "material of an agency",
    "an agency without tools",
    "sealed by the source: kit",
    "sealed by the source: browser",
]


async def test_the_chain_is_whole_and_leaves_nothing_in_clear(installation: Installation, tmp_path: Path) -> None:
    async with Story(installation, tmp_path / "hands") as story:
        left_out = await demo.walk(story)
        codename = story.codename
        secrets, paper = story.secrets, story.paper.values()
    canaries = [CANARY_MESSAGE, CANARY_FILE, CANARY_NAME, "canary about the unit", "canary in the answer", codename]
    canaries += [COMMAND_MESSAGE, COMMAND_ANSWER, KIT_MESSAGE, BROWSER_MESSAGE, BROWSER_REPLY, PGP_CANARY]
    canaries += [MATERIAL, *secrets, *paper]

    assert left_out == ([] if screens.is_here() else NEEDS_A_BROWSER)
    await until_idle(installation)
    assert await search_everything(installation, canaries, signed_in=True) == []
    assert installation.stop() == 0
    assert await search_everything(installation, canaries) == []


async def test_without_a_browser_the_demo_says_what_it_leaves_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    story = Story(Installation(tmp_path, {}, {"source": 0}, {}), tmp_path)
    (tmp_path / "public").mkdir()
    (tmp_path / "public" / "root.pub").write_text("00")

    left_out = await demo.walk(story, [hop for hop in demo.HOPS if hop[0] in NEEDS_A_BROWSER])

    assert left_out == NEEDS_A_BROWSER
    assert capsys.readouterr().out.count("LEFT OUT, for neither Firefox nor Chromium") == len(NEEDS_A_BROWSER)
