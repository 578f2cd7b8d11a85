"""The matrix: reports by agencies, each answer a letter that leads to its explanation, in as many queries for many as for one."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from crypto import age
from crypto.canonical import parse
from handling.desk import matching, matrix
from handling.desk.case import Lost
from handling.desk.matching import Party
from handling.desk.session import open_desk
from handling.rules.agreements import Purpose
from handling.rules.policy import Answer
from handling.store import agencies
from handling.store.keyring import Keyring
from tests.handling.desk.conftest import TODAY, DeskRoom, a_document
from tests.handling.rules.samples import AGREEMENT, FACTS, RECIPIENT
from tests.handling.rules.samples import TODAY as DAY
from tipline.base.database import Db

PARTY = Party("Harbour Customs Service", RECIPIENT, AGREEMENT)


def test_the_mildest_purpose_decides_and_of_equal_ones_the_first() -> None:
    only = Party("Harbour", RECIPIENT, replace(AGREEMENT, purposes=frozenset({Purpose.SEIZURE})))

    assert matching.best(FACTS, PARTY, tuple(Purpose), DAY)[0] is Purpose.INTELLIGENCE
    purpose, match = matching.best(FACTS, only, tuple(Purpose), DAY)
    assert (purpose, match.decision.outcome) == (Purpose.SEIZURE, Answer.PERMIT)
    assert matching.best(FACTS, only, (Purpose.COMPLIANCE,), DAY)[1].decision.outcome is Answer.DENY


async def test_each_letter_leads_to_its_explanation(room: DeskRoom) -> None:
    document = await room.reviewed()
    browser = await room.sign_in()

    page = await browser.open("/matrix")

    title = document["title"]
    assert f"P Permit: {title}, Harbour Customs Service" in page.text
    assert f"D Deny: {title}, River Parks Authority" in page.text
    why = await browser.open(page.link("agency=river-parks"))
    assert "Handler restriction: this report is not for this agency." in why.text
    assert "What will bind the agency" in (await browser.open(page.link("agency=harbour-customs"))).text
    only = await browser.open("/matrix?purpose=protection")
    assert f"D Deny: {title}, Harbour Customs Service" in only.text
    assert "agency=harbour-customs&purpose=protection" in only.link("agency=harbour-customs")


async def test_an_empty_matrix_says_what_will_come_and_a_foreign_address_is_refused(room: DeskRoom) -> None:
    browser = await room.sign_in()

    assert "No report is here yet." in (await browser.open("/matrix")).text
    for query in ("purpose=evidence", "after=UPPER", "before=now"):
        await browser.open(f"/matrix?{query}", status=400)


async def _counted(room: DeskRoom, db: Db, **place: str) -> tuple[matrix.Matrix, int]:
    """Load a page as a session does, and count what the database was asked."""
    sealed = await room.db.fetchval("SELECT sealed FROM desk.account WHERE name = 'amina'")
    content = parse(age.open_passphrase(sealed, room.unit.cards["desk", "amina"].passphrase))
    desk = open_desk("amina", content, await room.members(), Keyring(room.settings.inside / "desk" / "keyring"))
    asked: list[object] = []
    with db.query_logger(asked.append):
        found = await matrix.load(db, desk, TODAY, **place)
    return found, len(asked)


async def test_a_page_of_many_asks_as_much_as_one_of_one_and_both_sides_are_paged(room: DeskRoom) -> None:
    for number in range(30):
        await room.reviewed(a_document(title=f"Report number {number}"))
    for number in range(10):
        key = str(age.Identity.generate().recipient)
        await agencies.add(room.db, f"agency-{number}", name=f"Agency {number}", key=key, today=TODAY)
    browser = await room.sign_in()
    await browser.open("/")
    await room.db.execute("INSERT INTO desk.report VALUES ($1, $2, '\\x00')", uuid4(), TODAY + timedelta(days=1))

    many, asked = await _counted(room, room.db)
    page = await browser.open("/matrix")
    older = await browser.open(page.link("before="))
    further = await browser.open(page.link("after="))

    assert asked == 3
    assert (len(many.rows), len(many.parties)) == (25, matrix.AGENCIES)
    assert isinstance(many.rows[0].report, Lost)
    assert "Cannot be opened" in page.text
    assert older.text.count("Report number") == 6 * (1 + matrix.AGENCIES)
    assert "River Parks Authority" in further.text
    assert "River Parks Authority" not in page.text
    one, asked = await _counted(room, room.db, after="harbour-customs")
    assert asked == 3
    assert [party.id for party in one.parties] == ["river-parks"]


@pytest.mark.parametrize("path", ["/matrix", "/sharing"])
async def test_it_is_closed_to_whoever_has_not_signed_in(room: DeskRoom, path: str) -> None:
    assert (await (await room.browser()).open(path)).path == "/sign-in"
