"""The acts of an agency that has no tools: it makes its key in open.html, and opens and answers its package there."""

import asyncio
import shutil
from pathlib import Path

from tests.journeys.acts import Story, need
from tests.journeys.installation import printed_cards
from tests.journeys.openpage import CONDITION, Officer
from tests.journeys.screens import NoBrowserError, some_browser

AGENCY = "coast-guard"
MATERIAL = "The dhow quillfeather lay off the point with drums on deck."
_STICK = "stick"


async def enrol(story: Story) -> tuple[str, str]:
    """The officer makes the agency's key and reads its fingerprint aloud; the unit enrols it under an agreement."""
    story.paper["agency"], spoken = await asyncio.to_thread(_makes_a_key, story.folder / _STICK)
    file = story.folder / _STICK / "agency-enrolment.json"
    told = story.on.tipline("agency", "add", AGENCY, "--name", "Coast Guard", "--key", str(file))
    need(spoken in told, "the fingerprint that the officer reads aloud is not the one that the unit sees")
    cards = dict(printed_cards(story.on.tipline("agency", "officer", AGENCY, "farid", "--display", "Farid")))
    story.on.cards = {**story.on.cards, ("exchange", "farid"): cards["agency portal"]}
    toml, customs = await story.agreement("harbour-customs")
    agreed = story.folder / "coast.toml"
    ours = toml.replace("customs-2026", "coast-2026").replace("harbour-customs", AGENCY)
    agreed.write_text(ours.replace(customs, spoken.replace(" ", "")))
    story.on.tipline("agreement", "add", str(agreed))
    root = story.on.data / "practice" / "root.key"
    story.on.tipline("root", "agreement", str(agreed), "--key", str(root), "--yes")
    shutil.copy(agreed, story.folder / _STICK)
    signature = await asyncio.to_thread(_signs, story.folder / _STICK, story.paper["agency"], agreed.name)
    told = story.on.tipline("agreement", "add", str(agreed), "--signature", str(signature))
    need("Not signed" not in told, f"the agreement is not signed by both sides: {told}")
    story.agencies[AGENCY] = "investigation"
    return (
        "key made in open.html with the network off, fingerprint compared, agency enrolled under its agreement",
        "public keys; the agency's own key never leaves the agency",
    )


def _makes_a_key(stick: Path) -> tuple[str, str]:
    with some_browser(online=False) as browser:
        officer = Officer(browser, stick).sits_down()
        spoken = officer.makes_a_key("Coast Guard")
        return officer.words, spoken


def _signs(stick: Path, words: str, agreement: str) -> Path:
    with some_browser(online=False) as browser:
        officer = Officer(browser, stick, words).sits_down()
        return officer.signs(agreement)


async def sends(story: Story) -> tuple[str, str]:
    """The officer sends material that two agencies may have unasked; an analyst reads it and hands it to the corridor."""
    if AGENCY not in story.agencies:
        raise NoBrowserError  # and so it was not enrolled
    stick = story.folder / _STICK
    portal = await story.signed_in("exchange", "farid")
    (stick / "unit-keys.json").write_bytes((await portal.open("/keys/unit-keys.json")).body)
    text = await asyncio.to_thread(_sends, stick, story.paper["agency"])
    await portal.open("/material")
    handed = await portal.submit("/material", text=text)
    need("not opened yet" in handed.text, f"the portal does not take it: {handed.text[:300]}")
    desk = await story.signed_in("desk", "amina")
    read = await desk.open((await desk.open("/material")).link("/material/"))
    need(MATERIAL in read.text and "It holds" in read.text, f"the desk does not read it: {read.text[:300]}")
    need("harbour-customs, river-parks" in read.text and CONDITION in read.text, "its conditions are not shown")
    await desk.submit("/corridor")
    story.opened = (await portal.open("/material")).text
    need("opened by the unit" in story.opened, "its agency does not see that it was opened")
    story.condition = CONDITION
    return (
        "material written, signed and sealed in open.html with the network off, read at the desk, handed to the corridor",
        "a sealed file that only the desk opens; at the portal whose it is, a day and a mark",
    )


def _sends(stick: Path, words: str) -> str:
    with some_browser(online=False) as browser:
        officer = Officer(browser, stick, words).sits_down()
        may = "harbour-customs river-parks"
        file = officer.sends("CG/2026/114", MATERIAL, pass_on="may", agencies=may, unit="unit-keys.json")
        return file.read_text()


async def opens_and_answers(story: Story) -> tuple[str, str]:
    """The officer downloads, opens offline, acknowledges and answers; the unit's desk reads both as signed by the agency."""
    if AGENCY not in story.agencies:
        raise NoBrowserError  # and so it was not enrolled
    portal = await story.signed_in("exchange", "farid")
    package = (await portal.open("/")).link("/packages/")
    page = await portal.open(package)
    for part in ("/package.age.sig", "/package.age", "/keys/unit-keys.json"):
        href = next(href for href, _ in page.links if href.endswith(part))
        (story.folder / _STICK / part.rpartition("/")[2]).write_bytes((await portal.open(href)).body)
    read, *written = await asyncio.to_thread(_opens, story.folder / _STICK, story.paper["agency"])
    need(story.title in read, f"open.html does not show the report: {read[:300]}")
    need(CONDITION not in read, "an agency is bound by a condition of its own material")
    need((await portal.open("/material")).text == story.opened, "the portal tells of the use of material")
    for text in written:
        await portal.open(package)
        shown = await portal.submit("/hand-in", text=text)
        need("Nothing has been handed in yet." in shown.text, f"what open.html wrote is not taken: {shown.text[:300]}")
        await portal.submit("/hand-in")
    desk = await story.signed_in("desk", "amina")
    await desk.open("/")
    told = (await desk.open(f"/releases/{story.releases[AGENCY]}")).text
    for words in ("opened the exact bytes we sent", "From the agency, in its own words", "Nine drums at sea."):
        need(words in told, f"the desk does not read “{words}”")
    need(told.count("Signed by the agency's key.") == 2, "acknowledgement and answer are not both signed by the agency")
    return (
        "package checked and opened in open.html with the network off, read, acknowledged and answered by two pasted texts",
        "a package sealed to that agency, and two statements that its key has signed",
    )


def _opens(stick: Path, words: str) -> tuple[str, str, str]:
    with some_browser(online=False) as browser:
        officer = Officer(browser, stick, words).sits_down()
        officer.opens()
        return officer.reads(), officer.acknowledges(), officer.answers("outcome/seizure", "Nine drums at sea.")
