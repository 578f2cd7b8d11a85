"""An agency asks for the list of all that it was sent: the desk asks, the guard writes it, an officer signs, the agency has it."""

from tests.journeys.acts import Story, need

_AGENCY, _OFFICER = "harbour-customs", "dario"


async def all_that_was_sent(story: Story) -> tuple[str, str]:
    """Walk from the button to the list, over the pages that people see."""
    portal = await story.signed_in("exchange", _OFFICER)
    await portal.open("/")
    asked = await portal.submit("/list")
    need("That stands until the list is here" in asked.text, "the agency's request does not stand")

    desk = await story.signed_in("desk", "amina")
    owed = await desk.open("/duties")
    need("Lists that agencies asked for: 1" in owed.text, "the desk does not see that a list is owed")
    await desk.open(f"/agencies/{_AGENCY}")
    await desk.submit("/list")

    guard = await story.signed_in("guard", "clara")
    await guard.open((await guard.open("/")).link("/notices/"))
    shown = await guard.submit("/open", passphrase=story.on.cards["guard", "clara"].passphrase)
    need(str(story.releases[_AGENCY]) in shown.text, "the officer does not read which packages stand in the list")
    need("The guard wrote them itself" in shown.text, "the officer does not read who wrote the list")
    await guard.submit("/sign", passphrase=story.on.cards["guard", "clara"].passphrase)

    listed = await portal.open("/")
    need("and it came on" in listed.text, "the list has not reached the agency")
    done = await desk.open(f"/agencies/{_AGENCY}")
    need("The list of all that they were sent: done on" in done.text, "the ledger does not say that the list was given")
    return (
        "a list asked for with a button, written by the guard, signed by an officer, there for the agency alone",
        "that the agency asked for its list, and on which day it came",
    )
