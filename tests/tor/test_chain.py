"""A tip and its answer, through two onions: the source's, and the drop's with the unit's key.

The story is that of a unit's first tip, so this file comes before the others, as its name does.
"""

from pathlib import Path

from tests.adversarial.canary import in_files
from tests.adversarial.everything import search_everything, until_idle
from tests.journeys.acts import CANARY_FILE, CANARY_MESSAGE, CANARY_NAME, Story
from tests.journeys.browser import Browser
from tests.tor.place import Place

_REPLY = "Is the store still in use?"


class OnionStory(Story):
    """The story of one tip whose source comes through Tor."""

    def __init__(self, place: Place, folder: Path) -> None:
        super().__init__(place.unit, folder)
        self._place = place

    def _browser(self, process: str) -> Browser:
        if process == "source" and process not in self._browsers:
            self._browsers[process] = self._place.browser("the source")
        return super()._browser(process)

    async def comes_back(self) -> None:
        """The source reads the reply and answers, and the answer arrives."""
        self.on.tipline("mailboxes")
        await self._source_reads(_REPLY)
        await self._source_answers(await self.signed_in("corridor", "amina"))


async def test_a_report_with_files_goes_in_and_its_reply_comes_back(place: Place, tmp_path: Path) -> None:
    async with OnionStory(place, tmp_path) as story:
        await story.report()
        await story.collect()
        await story.work()
        await story.comes_back()

    canaries = [CANARY_MESSAGE, CANARY_FILE, CANARY_NAME, story.codename]
    assert [*in_files(place.folder, canaries)] == []
    await until_idle(place.unit)
    assert await search_everything(place.unit, canaries, signed_in=True) == []
