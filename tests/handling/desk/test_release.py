"""Asking for a release: only what the agreement permits is built, and only those who may sign can open it."""

import base64
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from crypto import age
from crypto.canonical import canonical, parse
from crypto.digest import sha256
from crypto.errors import NoMatchError
from crypto.statement import Statement
from handling import data
from handling.desk.reports import REVIEW
from handling.desk.request import missing_signers
from handling.guard import markup
from handling.rules import attachments, docx
from handling.rules.attachments import Kind
from handling.rules.manifest import Manifest
from handling.rules.package import MANIFEST, READ_FIRST, REPORT_HTML, REPORT_JSON, pack, unpack
from handling.rules.policy import CLAUSES
from tests.handling.desk.conftest import TODAY, DeskRoom, a_document, deconflict
from tests.handling.rules.test_attachments import JPEG
from tests.handling.rules.test_mp4 import MP4
from tests.journeys.browser import Browser


async def _at_the_desk(room: DeskRoom, document: dict[str, Any] | None = None, **review: Any) -> tuple[Browser, str]:
    """A signed-in analyst and the path of a report that was taken in."""
    taken = await room.reviewed(document, **review)
    browser, path = await room.sign_in(), f"/reports/{str(taken['urn']).removeprefix('urn:uuid:')}"
    await deconflict(browser, path)
    return browser, path


async def _ask(browser: Browser, path: str, agency: str = "harbour-customs", purpose: str = "seizure") -> str:
    """Press the button on the decision page; returns the path of the release."""
    await browser.open(f"{path}/decision?agency={agency}&purpose={purpose}")
    page = await browser.submit(f"{path}/decision")
    return page.path


async def _force(browser: Browser, path: str, *, agency: str, purpose: str = "seizure", status: int = 409) -> str:
    """Send another page's form with other values, as somebody would who goes round the page; returns the answer."""
    await browser.open(f"{path}/decision?agency=harbour-customs&purpose=seizure")
    page = await browser.submit(f"{path}/decision", status=status, agency=agency, purpose=purpose)
    return page.text


async def test_a_permitted_release_is_built_once_and_waits_for_two_signatures(room: DeskRoom) -> None:
    browser, path = await _at_the_desk(room)

    release = await _ask(browser, path)

    assert await room.counts() == (1, 1)
    page = await browser.open(release)
    assert "Waiting for two signatures" in page.text
    (asked,) = await room.asked()
    archive = base64.b64decode(asked["zip"])
    assert sha256(archive).hex() in page.text
    members = unpack(archive)
    manifest = Manifest.from_body(asked["manifest"])
    assert members[MANIFEST] == canonical(asked["manifest"])
    assert manifest.describes(members)
    assert release.endswith(str(manifest.release))


async def test_the_review_travels_with_the_request_and_names_the_same_report(room: DeskRoom) -> None:
    document = a_document()
    browser, path = await _at_the_desk(room, document)

    await _ask(browser, path)

    (asked,) = await room.asked()
    body = Statement.from_json(asked["review"]).verify(REVIEW, [room.signing["ben"].public])
    assert unpack(base64.b64decode(asked["zip"]))[REPORT_JSON] == canonical(document)
    assert body["report_sha256"] == asked["manifest"]["report_sha256"] == sha256(canonical(document)).hex()


async def test_those_who_may_sign_can_open_the_request_and_the_requester_cannot(room: DeskRoom) -> None:
    browser, path = await _at_the_desk(room)

    await _ask(browser, path)

    sealed = await room.db.fetchval("SELECT sealed FROM guard.release")
    for name in ("ben", "clara"):
        assert age.open_(sealed, [room.release_keys[name]])
    with pytest.raises(NoMatchError):
        age.open_(sealed, [room.release_keys["amina"]])


async def test_the_decision_page_names_every_clause_and_who_could_sign(room: DeskRoom) -> None:
    browser, path = await _at_the_desk(room)

    page = await browser.open(f"{path}/decision?agency=harbour-customs&purpose=seizure")

    assert "Answer: P Permit" in page.text
    assert page.text.count("P Permit") == 1 + len(CLAUSES)
    assert "Ben (handler 2)" in page.text
    assert "Clara (releasing officer)" in page.text
    assert "Keep the report apart from the case file." in page.text


async def test_an_agency_that_is_not_on_the_list_meets_a_handler_restriction(room: DeskRoom) -> None:
    browser, path = await _at_the_desk(room)

    shown = (await browser.open(f"{path}/match?purpose=protection")).text
    text = await _force(browser, path, agency="river-parks", purpose="protection")

    assert "Handler restriction: this report is not for this agency." in shown
    assert "Only one clause stands in the way: Handler's list" in shown
    assert "The agreement does not permit this release. Nothing was stored or sent." in text
    assert await room.counts() == (0, 0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            [
                ("^valid_from = .*$", "valid_from = 2020-01-01"),
                ("^review_by = .*$", "review_by = 2021-01-01"),
                ("^expires_on = .*$", f"expires_on = {TODAY - timedelta(days=1)}"),
            ],
            "The agreement has expired.",
        ),
        ([("^suspended = false$", f"suspended = true\nsuspended_since = {TODAY}")], "The agreement is suspended."),
        ([("^subjects = .*$", 'subjects = ["crime.customs"]')], "something outside the agreement's scope"),
        ([("^handling = .*$", 'handling = ["P"]')], "does not cover this handling code"),
        (
            [("^unknown_source_may_go = true$", "unknown_source_may_go = false")],
            "does not meet the agreement's minimum",
        ),
    ],
)
async def test_an_agreement_that_denies_meanwhile_refuses_and_nothing_is_stored(
    room: DeskRoom, changes: list[tuple[str, str]], words: str
) -> None:
    browser, path = await _at_the_desk(room)
    await browser.open(f"{path}/decision?agency=harbour-customs&purpose=seizure")
    await room.next_version(*changes)

    page = await browser.submit(f"{path}/decision", status=409)

    assert "Answer: D Deny" in page.text
    assert words in page.text
    assert "No release can be asked for" in page.text
    assert await room.counts() == (0, 0)


async def test_without_a_valid_member_list_nothing_is_done(room: DeskRoom) -> None:
    browser, path = await _at_the_desk(room)
    await browser.open(f"{path}/decision?agency=harbour-customs&purpose=seizure")
    room.clock.day = TODAY + timedelta(days=400)

    page = await browser.submit(f"{path}/decision", status=503)

    assert "The signed member list is missing, has expired" in page.text
    assert await room.counts() == (0, 0)


@pytest.mark.parametrize(
    ("duties", "words"),
    [
        ({"clara": ["analyst"]}, "No releasing officer other than you can give the second signature."),
        ({"ben": ["analyst"]}, "The review no longer counts. Its review is signed by somebody who is not a handler."),
        ({"clara": ["analyst"], "ben": ["handler", "officer"]}, "are one person. Two people must sign."),
    ],
)
async def test_a_request_that_nobody_could_sign_is_refused_with_what_is_missing(
    room: DeskRoom, duties: dict[str, list[str]], words: str
) -> None:
    browser, path = await _at_the_desk(room)
    await browser.open(f"{path}/decision?agency=harbour-customs&purpose=seizure")
    await room.next_list(duties)

    page = await browser.submit(f"{path}/decision", status=409)

    assert words in page.text
    assert await room.counts() == (0, 0)


async def test_without_a_second_handler_the_first_signature_is_what_is_missing(room: DeskRoom) -> None:
    await room.next_list({"ben": ["analyst"]})

    missing = missing_signers(await room.members(), "amina")

    assert missing.startswith("No handler other than you can give the first signature.")


async def test_a_purpose_outside_the_agreement_is_refused_and_nothing_is_stored(room: DeskRoom) -> None:
    browser, path = await _at_the_desk(room)

    text = await _force(browser, path, agency="harbour-customs", purpose="safeguarding")

    assert "The agreement does not cover this purpose." in text
    assert await room.counts() == (0, 0)


async def test_a_purpose_that_nobody_defined_is_no_request(room: DeskRoom) -> None:
    browser, path = await _at_the_desk(room)

    await _force(browser, path, agency="harbour-customs", purpose="anything", status=400)

    assert await room.counts() == (0, 0)


async def test_an_agency_that_is_not_enrolled_is_not_found(room: DeskRoom) -> None:
    browser, path = await _at_the_desk(room)

    await _force(browser, path, agency="nobody", status=404)

    assert await room.counts() == (0, 0)


async def test_asking_twice_makes_one_request(room: DeskRoom) -> None:
    browser, path = await _at_the_desk(room)
    release = await _ask(browser, path)

    text = await _force(browser, path, agency="harbour-customs")

    assert "Asked for already" in text
    assert await room.counts() == (1, 1)
    await room.db.execute("UPDATE guard.release SET state = 'refused' WHERE id = $1", UUID(release[-36:]))
    await _ask(browser, path)
    assert await room.counts() == (2, 2)


async def test_a_refusal_is_shown_with_its_reason(room: DeskRoom) -> None:
    browser, path = await _at_the_desk(room)
    release = await _ask(browser, path)
    reason = age.seal(b"It names a <place>.", [(await room.members()).desk_intake])
    await room.db.execute("UPDATE guard.release SET state = 'refused', reason = $1", reason)

    page = await browser.open(release)

    assert "Refused" in page.text
    assert "It names a <place>." in page.text
    assert b"<place>" not in page.body


async def test_the_package_has_the_same_bytes_whenever_it_is_built(room: DeskRoom) -> None:
    browser, path = await _at_the_desk(room)
    await _ask(browser, path)
    await room.db.execute("UPDATE guard.release SET state = 'refused'")
    await _ask(browser, path)

    first, second = (unpack(base64.b64decode(asked["zip"])) for asked in await room.asked())

    for name in (READ_FIRST, REPORT_HTML, REPORT_JSON):
        assert first[name] == second[name]
    assert pack(first) == pack(dict(reversed(first.items())))


async def test_the_package_names_nobody_of_the_unit_and_passes_the_guards_list(room: DeskRoom) -> None:
    browser, path = await _at_the_desk(room, a_document(title="<script>alert(1)</script> & more"))

    await _ask(browser, path)

    (asked,) = await room.asked()
    for name, content in unpack(base64.b64decode(asked["zip"])).items():
        assert not any(word in content.lower() for word in (b"amina", b"ben ", b"clara", b"127.0.0.1"))
        assert b"<script>" not in content.replace(canonical("<script>alert(1)</script> & more"), b"")
        if name.endswith(".html"):
            assert markup.read(content.decode()).faults == ()


async def test_every_condition_of_the_manifest_stands_in_both_documents(room: DeskRoom) -> None:
    browser, path = await _at_the_desk(room)

    await _ask(browser, path)

    (asked,) = await room.asked()
    members = unpack(base64.b64decode(asked["zip"]))
    for name in (READ_FIRST, REPORT_HTML):
        text = markup.read(members[name].decode()).text
        assert all(condition in text for condition in asked["manifest"]["conditions"])
        assert f"Handling {data.scheme().name} C A1 S2" in text
        assert asked["manifest"]["report"] in text


LETTER = docx.write(docx.Document((docx.Paragraph((docx.Run("Tusks lie in the cold room."),)),)))
COPIES = ((Kind.JPEG, JPEG), (Kind.DOCX, LETTER))


async def _with_attachments(room: DeskRoom, **changed: bytes) -> tuple[Browser, str]:
    """A report with two attachments in the inbox; *changed* are other bytes than those it lists."""
    listed = attachments.listed(COPIES)
    document = a_document(attachments=[one.to_body() for one, _ in listed])
    copies = {one.name: base64.b64encode(copy).decode() for one, copy in listed}
    copies |= {f"attachment-{name}": base64.b64encode(copy).decode() for name, copy in changed.items()}
    content = {"report": document, "statement": room.a_review(document), "attachments": copies}
    await room.put("report", content)
    return await room.sign_in(), f"/reports/{str(document['urn']).removeprefix('urn:uuid:')}"


async def test_attachments_are_kept_sealed_shown_as_pixels_and_words_and_packed_as_reviewed(room: DeskRoom) -> None:
    browser, path = await _with_attachments(room)
    assert "attachment-1.jpg: picture (JPEG)" in (await browser.open(path)).text

    shown = await browser.open(f"{path}/attachments")
    await deconflict(browser, path)
    await _ask(browser, path)

    assert base64.b64encode(JPEG) in shown.body
    assert "img-src data:" in shown.headers["Content-Security-Policy"]
    assert "Tusks lie in the cold room." in shown.text
    rows = await room.db.fetch("SELECT sealed FROM desk.attachment ORDER BY number")
    assert len(rows) == 2
    assert b"Tusks" not in rows[1]["sealed"]
    members = unpack(base64.b64decode((await room.asked())[0]["zip"]))
    assert members["attachments/attachment-1.jpg"] == JPEG
    assert members["attachments/attachment-2.docx"] == LETTER
    manifest = Manifest.from_body(parse(members[MANIFEST]))
    assert manifest.members["attachments/attachment-1.jpg"] == sha256(JPEG).hex()
    assert markup.read(members[REPORT_HTML].decode()).faults == ()


async def test_a_video_is_saved_from_the_desks_page_and_nothing_else_is_handed_out(room: DeskRoom) -> None:
    ((listed, _),) = attachments.listed(((Kind.MP4, MP4),))
    document = a_document(attachments=[listed.to_body()])
    copies = {listed.name: base64.b64encode(MP4).decode()}
    await room.put("report", {"report": document, "statement": room.a_review(document), "attachments": copies})
    browser, path = await room.sign_in(), f"/reports/{str(document['urn']).removeprefix('urn:uuid:')}"

    shown = await browser.open(f"{path}/attachments")
    saved = await browser.open(shown.link("attachment-1.mp4"))

    assert "watch all of it with its sound" in shown.text
    assert (saved.body, saved.headers["Content-Type"]) == (MP4, "application/octet-stream")
    await browser.open(f"{path}/attachments/attachment-2.mp4", status=404)


async def test_a_report_with_other_attachments_than_it_lists_is_not_taken_in(room: DeskRoom) -> None:
    browser, _ = await _with_attachments(room, **{"1.jpg": JPEG.replace(b"pixels", b"others")})

    page = await browser.open("/")

    assert "Its attachments are not those that the report lists" in page.text
    assert await room.db.fetchval("SELECT count(*) FROM desk.report") == 0
