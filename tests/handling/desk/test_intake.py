"""What the desk believes of what arrives: a report only with a handler's review of exactly it, an answer only to a release."""

from uuid import uuid4

import pytest

from crypto import age
from crypto.signing import SigningKey
from crypto.statement import Statement
from handling.desk.reports import REVIEW
from handling.signing import OutsideCard
from tests.handling.desk.conftest import DeskRoom, a_document
from tests.lists import root_signs


async def _refused(room: DeskRoom) -> str:
    """Open the list; nothing may have been taken in, and the row must still be there. Returns the page's words."""
    page = await (await room.sign_in()).open("/")
    assert await room.db.fetchval("SELECT count(*) FROM desk.report") == 0
    assert await room.db.fetchval("SELECT count(*) FROM desk.inbox") == 1
    assert "Not taken in: 1" in page.text
    return page.text


async def test_a_reviewed_report_is_taken_in_once_and_shown(room: DeskRoom) -> None:
    document = await room.reviewed()
    browser = await room.sign_in()

    page = await browser.open("/")

    assert document["title"] in page.text
    assert "Not shared yet" in page.text
    assert await room.db.fetchval("SELECT count(*) FROM desk.inbox") == 0
    assert await room.db.fetchval("SELECT count(*) FROM desk.report") == 1
    assert document["title"] in (await browser.open("/")).text


async def test_the_record_key_lies_in_the_keyring_and_nothing_in_clear_in_the_row(room: DeskRoom) -> None:
    document = await room.reviewed()
    await (await room.sign_in()).open("/")

    row = await room.db.fetchrow("SELECT id, sealed FROM desk.report")

    assert (room.settings.inside / "desk" / "keyring" / "record" / f"{row['id']}.age").is_file()
    assert document["title"].encode() not in row["sealed"]


async def test_a_report_handed_over_twice_is_one_report(room: DeskRoom) -> None:
    document = await room.reviewed()
    await room.reviewed(document)

    page = await (await room.sign_in()).open("/")

    assert page.text.count(document["title"]) == 1
    assert await room.db.fetchval("SELECT count(*) FROM desk.inbox") == 0


async def test_a_review_forged_by_a_stranger_is_refused(room: DeskRoom) -> None:
    document = a_document()
    genuine = Statement.from_json(room.a_review(document))
    forged = Statement.make(REVIEW, genuine.body, SigningKey.generate())
    await room.put("report", {"report": document, "statement": forged.to_json()})

    assert "not signed by a member of this unit" in await _refused(room)


async def test_a_review_whose_signature_was_moved_to_another_body_is_refused(room: DeskRoom) -> None:
    document = a_document()
    statement = room.a_review(document, agencies=["harbour-customs"])
    statement["body"] = {**statement["body"], "agencies": ["harbour-customs", "river-parks"]}
    await room.put("report", {"report": document, "statement": statement})

    assert "the signature is wrong" in await _refused(room)


async def test_the_authors_own_review_is_refused(room: DeskRoom) -> None:
    await room.reviewed(signer="amina", author="amina")

    assert "the report's own author" in await _refused(room)


async def test_a_review_by_somebody_who_is_no_handler_is_refused(room: DeskRoom) -> None:
    await room.reviewed(signer="clara")

    assert "somebody who is not a handler" in await _refused(room)


async def test_a_review_by_an_outside_second_is_taken_in_while_the_unit_has_another_handler(room: DeskRoom) -> None:
    ruth = SigningKey.generate()
    card = OutsideCard("ruth", "Ruth Okello, Lake Unit", str(age.Identity.generate().recipient), ruth.public.hex())
    await root_signs(room.settings, room.db, lambda body: body["members"].append(card.entry().body()))
    room.signing = {**room.signing, "ruth": ruth}
    document = await room.reviewed(signer="ruth")
    browser = await room.sign_in()

    assert document["title"] in (await browser.open("/")).text

    await room.next_list({"ben": ["officer"]})
    await room.reviewed(signer="ruth")
    assert "somebody who is not a handler" in (await browser.open("/")).text


async def test_a_review_that_names_an_author_nobody_knows_is_refused(room: DeskRoom) -> None:
    await room.reviewed(author="nobody")

    assert "author is not on the signed member list" in await _refused(room)


async def test_a_review_of_another_report_is_refused(room: DeskRoom) -> None:
    document = a_document()
    other = {**document, "summary": "Another summary."}
    await room.put("report", {"report": other, "statement": room.a_review(document)})

    assert "another report than the one it came with" in await _refused(room)


async def test_facts_that_are_not_the_reports_are_refused(room: DeskRoom) -> None:
    document = a_document()
    facts = {**room.a_review(document)["body"]["facts"], "subjects": ["crime.customs"]}
    await room.reviewed(document, facts=facts)

    assert "facts that were signed are not those of the report" in await _refused(room)


async def test_another_report_under_a_known_reference_is_refused(room: DeskRoom) -> None:
    document = await room.reviewed()
    browser = await room.sign_in()
    await room.reviewed({**document, "title": "Something else"})

    page = await browser.open("/")

    assert "the same reference is here already" in page.text
    assert "Something else" not in page.text


async def test_what_is_sealed_to_another_key_is_refused(room: DeskRoom) -> None:
    document = a_document()
    content = {"report": document, "statement": room.a_review(document)}
    await room.put("report", content, recipient=age.Identity.generate().recipient)

    assert "does not open with this desk's intake key" in await _refused(room)


@pytest.mark.parametrize("content", [[], {"report": {}}, {"report": {}, "statement": {}, "more": 1}, "text"])
async def test_what_is_no_reviewed_report_is_refused(room: DeskRoom, content: object) -> None:
    await room.put("report", content)

    assert "not in the agreed format" in await _refused(room)


async def test_an_answer_to_a_release_that_was_never_made_is_refused(room: DeskRoom) -> None:
    day = room.clock.day.isoformat()
    await room.put("acknowledgement", {"release": str(uuid4()), "zip_sha256": "00" * 32, "day": day})

    assert "a release that this desk did not make" in await _refused(room)
