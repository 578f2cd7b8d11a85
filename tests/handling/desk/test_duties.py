"""What is owed after a release, at the desk: silence is overdue, a breach calls for a recall, two people review an exception."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from crypto import age
from crypto.canonical import parse
from crypto.signing import SigningKey
from handling.agencyfiles import SealedBreach, SealedDestruction
from handling.rules.copies import Breach, Destruction, Fate, Loss, minute_text
from handling.rules.terms import SpecialCategory
from tests.handling.desk.conftest import TODAY, DeskRoom, a_document, facts_of

NOTICED = datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=UTC) - timedelta(hours=80)
LOST = Breach(Loss.LOST, NOTICED, "A bag with <b>paper</b> copies.").to_body()
GONE = Destruction(Fate.DESTROYED, TODAY).to_body()
KEPT = Destruction(Fate.EXCEPTED, TODAY, "One in the court file, by order.").to_body()
HEARD = {"heard": minute_text(NOTICED + timedelta(hours=75))}
LATER = {"heard": minute_text(NOTICED + timedelta(hours=76))}
BREACH = {"loss": "seen", "noticed_day": TODAY.isoformat(), "noticed_time": "00:00", "happened": "A journalist called."}


async def moved(room: DeskRoom, days: int) -> None:
    room.clock.day = TODAY + timedelta(days=days)


async def signed(room: DeskRoom, state: str = "sent") -> None:
    """A releasing officer signs, or refuses, every notice that waits."""
    await room.db.execute("UPDATE guard.notice SET state = $1 WHERE state = 'waiting'", state)


async def test_what_is_owed_stands_on_the_first_page_and_becomes_overdue_by_silence_alone(room: DeskRoom) -> None:
    amina = await room.sign_in()
    release, sent = await room.released(amina)

    first = await amina.open("/")
    await moved(room, 20)
    late = await amina.open("/")
    listed = await amina.open("/duties")
    told = await room.told(amina, release, "acknowledgement", {"zip_sha256": sent.hex()})

    assert "Agencies owe 5 things" in first.text
    assert "Overdue" not in first.text
    assert "Overdue from agencies: 1 thing" in late.text
    assert f"Release {release[:8]} to Harbour Customs" in listed.text
    assert "Acknowledgement overdue: it was due on" in listed.text
    assert "Acknowledgement: done on" in told.text
    assert "days late" in told.text
    assert "Feedback, acted on due by" in told.text


async def test_the_agencys_word_ends_a_destruction_and_copies_that_stay_do_not(room: DeskRoom) -> None:
    amina = await room.sign_in()
    release, _ = await room.released(amina)

    kept = await room.told(amina, release, "destruction", KEPT | HEARD)
    first = await amina.open("/")
    gone = await room.told(amina, release, "destruction", GONE | LATER)

    assert ": Some copies stay" in kept.text
    assert "One in the court file, by order." in kept.text
    assert "copies stay, as told on" in kept.text
    assert "Copies stay, as told: 1 release" in first.text
    assert ": Every copy is destroyed" in gone.text
    assert "Recall it" not in gone.text
    assert "Copies stay" not in (await amina.open("/")).text


async def test_a_breach_is_measured_calls_for_a_recall_and_that_is_overdue_until_the_agency_confirms(
    room: DeskRoom,
) -> None:
    amina = await room.sign_in()
    release, _ = await room.released(amina)

    told = await room.told(amina, release, "breach", LOST | HEARD)
    await moved(room, 4)
    waits = await amina.open("/duties")
    await amina.open(f"/releases/{release}")
    asked = await amina.submit("/recall", reason="breach")
    unsigned = await amina.open("/duties")
    await signed(room)
    recalled = await amina.open(f"/releases/{release}")
    again = await amina.open("/duties")
    await moved(room, 8)
    silent = await amina.open(f"/releases/{release}")
    done = await room.told(amina, release, "destruction", GONE | LATER)

    assert "Breach, " in told.text
    assert "75 hours; 72 are agreed: 3 hours late" in told.text
    assert b"<b>paper" not in told.body
    assert "Our decision on a recall overdue" in waits.text
    assert "a releasing officer has to sign it at the guard" in asked.text
    assert "A releasing officer's signature under the recall due by" in unsigned.text
    assert "Recall due by" not in unsigned.text
    assert "Recalled Amina" in recalled.text
    assert "Why It was lost, or seen by others Asked Destroy every copy, and tell us" in recalled.text
    assert "Recall due by" in again.text
    assert "Our decision on a recall overdue" not in again.text
    assert "Recall overdue" in silent.text
    assert "Word that every copy is destroyed: done on" in done.text
    assert b"journalist" not in b"".join([row["sealed"] for row in await room.db.fetch("SELECT sealed FROM desk.duty")])


async def test_oversight_reads_what_was_lost_and_what_is_overdue_in_codes_and_days_and_no_word_of_it(
    room: DeskRoom,
) -> None:
    amina, oversight = await room.sign_in(), age.Identity.generate()
    release, _ = await room.released(amina)
    await room.told(amina, release, "breach", LOST | HEARD)
    await moved(room, 4)

    page = await amina.open("/sharing")
    made = await amina.submit("/sharing", recipient=str(oversight.recipient))
    file = next(href for href, _ in made.links if "/sharing/" in href)
    said = parse(age.open_((await amina.open(file)).body, [oversight]))["duties"]

    assert "Overdue here: 1 thing" in page.text
    assert said["count"]["ours_overdue"] == 1
    ((told,), line) = said["releases"][0]["breaches"], said["releases"][0]
    assert (line["release"], line["agency"], told["loss"], told["hours_late"]) == (
        release,
        "harbour-customs",
        "lost",
        3,
    )
    assert ("decision", "overdue") in {(one["duty"], one["state"]) for one in line["duties"]}
    assert "paper" not in str(said)


async def test_a_breach_that_the_desk_learned_of_leaves_the_agency_owing_its_report_and_can_be_decided_against(
    room: DeskRoom,
) -> None:
    amina = await room.sign_in()
    release, _ = await room.released(amina)
    await amina.open(f"/releases/{release}")

    wrong = await amina.submit("/breach", status=400, **{**BREACH, "noticed_day": "2999-01-01"})
    noted = await amina.submit("/breach", **BREACH)
    dropped = await amina.submit("/no-recall", against="sealed")
    told = await room.told(amina, release, "breach", LOST | HEARD)

    assert "Write the day and the time, in UTC" in wrong.text
    assert "Breach, learned of otherwise than from the agency Amina" in noted.text
    assert "A journalist called." in noted.text
    assert "The agency's own report of the breach due by" in noted.text
    assert "Our decision on a recall due by" in noted.text
    assert "Our decision on a recall: decided against on" in dropped.text
    assert "The agency's own report of the breach: done on" in told.text


async def test_nothing_is_recalled_twice_nor_without_a_reason_and_a_clock_set_back_notes_nothing(
    room: DeskRoom,
) -> None:
    amina = await room.sign_in()
    release, _ = await room.released(amina)
    await moved(room, 1)
    page = await room.told(amina, release, "destruction", KEPT | HEARD)

    await amina.submit("/recall", status=400, reason="")
    await moved(room, 0)
    early = await amina.submit("/recall", status=409, reason="wrong")
    await moved(room, 1)
    await amina.submit("/recall", reason="wrong")
    amina.page = page
    twice = await amina.submit("/recall", status=409, reason="wrong")

    assert "Have the time set first." in early.text
    assert "Nothing was noted." in twice.text
    assert await room.db.fetchval("SELECT count(*) FROM desk.duty") == 1


async def test_when_the_agreement_ends_one_act_recalls_all_its_releases_and_each_has_its_own_state(
    room: DeskRoom,
) -> None:
    amina = await room.sign_in()
    one, other, gone = [(await room.released(amina))[0] for _ in range(3)]
    await room.told(amina, gone, "destruction", GONE | LATER)
    await room.next_version(("^suspended = false$", f"suspended = true\nsuspended_since = {TODAY}"))

    page = await amina.open("/agencies/harbour-customs")
    nothing = await amina.submit("/recall", status=400, release=[])
    waits = await amina.submit("/recall", reason="ended")
    await signed(room)
    everything = await amina.open("/agencies/harbour-customs")
    told = await room.told(amina, one, "destruction", GONE | LATER)
    after = await amina.open("/agencies/harbour-customs")

    assert "2 releases under it left copies there: they are ticked below." in page.text
    assert "We shared 3 releases." in page.text
    assert set(page.form("/recall").choices("release")) == {one, other}
    assert "Tick what is recalled." in nothing.text
    assert waits.text.count("A releasing officer's signature under the recall due by") == 2
    assert everything.text.count("Recall due by") == 2
    assert "done on" in told.text
    assert after.text.count("Recall due by") == 1
    assert "left copies there" not in after.text


async def test_a_recall_that_an_officer_refused_binds_nobody_and_can_be_asked_for_again(room: DeskRoom) -> None:
    amina = await room.sign_in()
    release, _ = await room.released(amina)
    await room.told(amina, release, "breach", LOST | HEARD)
    await amina.submit("/recall", reason="breach")

    await signed(room, "refused")
    why = age.seal(b"They have it <b>back</b> already. (Clara)", [(await room.members()).desk_intake])
    await room.db.execute("UPDATE guard.notice SET reason = $1", why)
    page = await amina.open(f"/releases/{release}")
    again = await amina.submit("/recall", reason="conditions")

    assert "Recall that a releasing officer refused" in page.text
    assert "They have it <b>back</b> already. (Clara)" in page.text
    assert b"&lt;b&gt;back" in page.body
    assert "Our decision on a recall due by" in page.text
    assert "Recall due by" not in page.text
    assert "a releasing officer has to sign it at the guard" in again.text


async def test_a_release_under_the_exception_is_owed_a_review_and_one_person_does_not_write_both(
    room: DeskRoom,
) -> None:
    amina = await room.sign_in()
    document = a_document()
    facts = replace(facts_of(document), threat_to_life=True, special_categories=frozenset({SpecialCategory.HEALTH}))
    await room.next_version(('"seizure"]$', '"seizure", "safeguarding"]'))
    release, _ = await room.released(amina, purpose="safeguarding", document=document, facts=facts.to_body())

    page = await amina.open(f"/releases/{release}")
    half = await amina.submit("/review", finding="right", text="He was found alive.")
    amina.page = page
    again = await amina.submit("/review", status=409, finding="right", text="Once more.")
    await moved(room, 8)
    late = await amina.open("/")

    assert "Our review of the exception for a threat to life due by" in page.text
    assert "by a second person due by" in half.text
    assert "Write the second review" not in half.text
    assert "Somebody else writes the second." in again.text
    assert "Overdue here: 1 thing" in late.text


def _signed(release: str, inside: str, key: SigningKey, desk: object, kind: str) -> dict[str, object]:
    """A statement of an agency about *release*; what is sealed in it was written about *inside*."""
    if kind == "breach":
        sealed = SealedBreach.seal(UUID(inside), Breach.from_body(LOST), desk, TODAY)  # type: ignore[arg-type]
    else:
        sealed = SealedDestruction.seal(UUID(inside), Destruction.from_body(GONE), desk, TODAY)  # type: ignore[arg-type,assignment]
    return {"statement": parse(replace(sealed, release=UUID(release)).sign(key)), **HEARD}


@pytest.mark.parametrize("kind", ["destruction", "breach"])
async def test_what_another_agency_signed_or_wrote_about_another_release_confirms_nothing_here(
    room: DeskRoom, kind: str
) -> None:
    amina = await room.sign_in()
    release, _ = await room.released(amina)
    other, _ = await room.released(amina)
    key, theirs = SigningKey.generate(), SigningKey.generate()
    await room.db.execute("UPDATE unit.agency SET acknowledge = $1 WHERE id = 'harbour-customs'", key.public)
    desk = (await room.members()).desk_intake

    async def hand_in(said: dict[str, object]) -> None:
        await room.put(kind, {"release": release, "day": TODAY.isoformat(), **said})

    await hand_in(_signed(release, release, theirs, desk, kind))
    await hand_in(_signed(release, other, key, desk, kind))
    await hand_in(_signed(other, other, key, desk, kind))
    refused = await amina.open("/")
    count = await room.db.fetchval("SELECT count(*) FROM desk.feedback")
    await hand_in(_signed(release, release, key, desk, kind))
    await amina.open("/")
    page = await amina.open(f"/releases/{release}")

    assert "Not taken in: 3" in refused.text
    assert count == 0
    assert "Signed by the agency's key." in page.text


async def test_nobody_takes_back_what_the_desk_noted(room: DeskRoom) -> None:
    amina = await room.sign_in()
    release, _ = await room.released(amina)
    await amina.open(f"/releases/{release}")
    await amina.submit("/recall", reason="danger")

    for change in ("DELETE FROM desk.duty", "UPDATE desk.duty SET noted_by = 'ben'"):
        with pytest.raises(asyncpg.PostgresError):
            await room.db.execute(change)
    await room.db.execute("ALTER TABLE desk.duty DISABLE TRIGGER immutable")
    await room.db.execute("UPDATE desk.duty SET noted_by = 'ben'")
    home = await amina.open("/")

    assert "what was written down about it was changed" in home.text
    assert "Not counted, because it cannot be opened: 1 release" in home.text
