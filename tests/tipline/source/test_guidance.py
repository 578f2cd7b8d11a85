"""What a person is told before writing and before sending a file: who reads, whom to call, what protects them, what does not."""

from dataclasses import replace

from tests.journeys.browser import Browser, report
from tests.tipline.source.running import a_zone, running
from tests.tipline.source.sending import TEXT
from tipline.base.database import Db
from tipline.base.settings import Settings

PROTECTS = (
    "We keep no address and no time of your visit, only the day.",
    "Your report is sealed the moment it arrives. This server cannot open it again.",
)
DOES_NOT = (
    "While it arrives, this server sees it. If somebody had taken the server over, they could too.",
    "What you write can point to you. Who else knows it? Leave out what only you could know, if you can.",
    "Use Tor Browser, not a phone or line of your workplace. Photos can hold the place and time they were taken.",
)
OF_FILES = (
    "A photo can hold the place, the time and the phone it was taken with. The unit gets it as it is.",
    "Who else has this file? If only you could have it, it points to you.",
    "name is passed on too, sealed. Take your own name out of it.",
)


async def test_the_first_page_and_that_for_files_say_what_a_person_has_to_know(
    settings: Settings, public_db: Db
) -> None:
    told = replace(settings, emergency="1199", reading_hours="each morning at 7", reads=("Kiswahili", "Français"))
    zone = await a_zone(told, public_db)

    with running(zone):
        async with Browser(zone.url) as browser:
            first = (await browser.open("/")).text
            await report(browser, involved="no", message=TEXT)
            files = (await browser.open("/files")).text

    before = first.partition("What happened")[0]
    assert "The people of Practice Unit read what you send" in before
    assert "They read Kiswahili, Français. Write in any language" in before
    assert "Call 1199. Nobody reads this page at every hour: reports are read each morning at 7" in before
    assert "This comes first because it decides who can open your report. With “yes”, Practice Unit cannot" in before
    assert all(line in before for line in (*PROTECTS, *DOES_NOT))
    assert all(line in files for line in OF_FILES)
