"""An agency loses its package: it tells, the desk recalls, an officer signs, the agency confirms, and the ledger says so."""

from datetime import UTC, datetime

from tests.journeys.acts import Story, need

_AGENCY, _OFFICER = "harbour-customs", "dario"


async def breach_and_recall(story: Story) -> tuple[str, str]:
    """Walk from the loss to the last copy, over the pages that people see."""
    release, now = story.releases[_AGENCY], datetime.now(UTC)
    portal = await story.signed_in("exchange", _OFFICER)
    await portal.open(f"/packages/{release}")
    await portal.submit(
        "/breach",
        loss="lost",
        noticed_day=now.date().isoformat(),
        noticed_time="00:00",
        breach_text="A bag on a train.",
    )

    desk = await story.signed_in("desk", "amina")
    await desk.open("/")
    page = await desk.open(f"/releases/{release}")
    need("A bag on a train." in page.text, "the breach has not reached the desk")
    need("Our decision on a recall due by" in page.text, "the breach calls for no recall")
    await desk.submit("/recall", reason="breach")
    waits = await portal.open(f"/packages/{release}")
    need("recalled" not in waits.text.lower(), "the desk recalls without an officer's signature")

    guard = await story.signed_in("guard", "clara")
    place = (await guard.open("/")).link("/notices/")
    await guard.open(place)
    shown = await guard.submit("/open", passphrase=story.on.cards["guard", "clara"].passphrase)
    need("It was lost, or seen by others" in shown.text, "the officer does not read why it is recalled")
    await guard.submit("/sign", passphrase=story.on.cards["guard", "clara"].passphrase)

    listed = await portal.open("/")
    need("Recalled: delete every copy and say so by" in listed.text, "the agency does not see that it is recalled")
    need("Read it, and answer by" in listed.text, "the notice has not reached the agency")
    await portal.open(f"/packages/{release}/package.age", status=410)
    await portal.open(f"/packages/{release}")
    await portal.submit("/copies", fate="destroyed", done_on=now.date().isoformat())
    await desk.open("/")
    done = await desk.open(f"/releases/{release}")
    need("Word that every copy is destroyed: done on" in done.text, "the ledger does not say that the copies are gone")
    return (
        "a loss told in the portal, a recall asked for, signed by an officer, read by the agency, every copy confirmed destroyed",
        "that a package was lost, recalled and its copies told to be gone, with days; no word of what or why",
    )
