"""The portal over HTTP: what an agency sees, what it hands in, and what stays closed to it."""

from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from crypto import age
from crypto.errors import NoMatchError
from handling import enrol
from tests.conftest import RolePool
from tests.handling.exchange.conftest import CONTENT, TODAY, Exchange, an_archive
from tests.journeys.browser import JourneyError

MONTH = f"{TODAY:%Y-%m}"
_COPIES = """
    INSERT INTO exchange.package
    SELECT gen_random_uuid(), agency, channel, sealed, signature, "check", released_on - n / 2, acknowledge_by,
           feedback_due, delete_by
      FROM exchange.package, generate_series(0, 44) AS n
"""
_NEWEST = "SELECT id FROM exchange.package ORDER BY released_on DESC, id DESC"
SAID = {"code": "outcome/seizure", "month": MONTH, "tell_source": "yes"}


async def test_without_a_session_every_page_sends_to_the_sign_in_page(exchange: Exchange) -> None:
    released = await exchange.release()
    stranger = await exchange.browser()

    for path in ("/", released.path, f"{released.path}/package.age", "/keys/allowed_signers"):
        page = await stranger.open(path)
        assert page.path == "/sign-in"
        assert released.sealed not in page.body


async def test_an_agency_without_packages_reads_what_will_come_here(exchange: Exchange) -> None:
    elena = await exchange.sign_in("elena")

    page = await elena.open("/")

    assert "Packages for River Parks" in page.text
    assert "No package is here yet." in page.text


async def test_an_agency_sees_its_own_packages_and_no_others(exchange: Exchange) -> None:
    own, foreign = await exchange.release("customs"), await exchange.release("parks")
    dario = await exchange.sign_in("dario")

    page = await dario.open("/")

    assert str(own.id) in page.body.decode()
    assert str(foreign.id) not in page.body.decode()
    assert "River Parks" not in page.text


async def test_a_foreign_package_and_one_that_does_not_exist_give_the_same_answer(exchange: Exchange) -> None:
    foreign = await exchange.release("parks")
    dario = await exchange.sign_in("dario")

    for part in ("", "/package.age", "/package.age.sig", "/package.zip.gpg", "/package.zip.gpg.asc"):
        there = await dario.open(f"{foreign.path}{part}", status=404)
        nowhere = await dario.open(f"/packages/{uuid4()}{part}", status=404)
        malformed = await dario.open(f"/packages/1{part}", status=404)
        assert there.body == nowhere.body == malformed.body
        assert _lasting(there.headers) == _lasting(nowhere.headers)
    assert await exchange.db.fetchval("SELECT downloaded_on FROM exchange.package") is None


@pytest.mark.parametrize("act", ["acknowledge", "answer"])
async def test_nothing_can_be_said_about_a_foreign_package(exchange: Exchange, act: str) -> None:
    own, foreign = await exchange.release("customs"), await exchange.release("parks")
    dario = await exchange.sign_in("dario")
    page = await dario.open(own.path)
    form = next(form for form in page.forms if form.action.endswith(f"/{act}#{act}"))
    form.action = form.action.replace(str(own.id), str(foreign.id))

    if act == "acknowledge":
        await dario.submit("/acknowledge", sha256=foreign.sha256, status=404)
    else:
        await dario.submit("/answer", **SAID, status=404)

    assert await exchange.inbox() == []
    assert await exchange.db.fetchval("SELECT count(*) FROM exchange.answer") == 0


async def test_older_packages_follow_page_by_page_newest_first_and_none_twice(exchange: Exchange) -> None:
    await exchange.release()
    await exchange.db.execute(_COPIES)
    wanted = [str(row["id"]) for row in await exchange.db.fetch(_NEWEST)]
    dario = await exchange.sign_in("dario")

    seen: list[str] = []
    older: str | None = "/"
    pages = 0
    while older and pages < 9:
        page = await dario.open(older)
        seen += [href.rpartition("/")[2] for href, _ in page.links if "/packages/" in href]
        older = next((href for href, _ in page.links if "behind=" in href and "#" not in href), None)
        pages += 1

    assert pages == 3
    assert seen == wanted
    assert len(seen) == 46


async def test_a_damaged_address_of_a_page_is_said_in_words(exchange: Exchange) -> None:
    dario = await exchange.sign_in("dario")

    page = await dario.open("/?behind=2026-11-23_x", status=400)

    assert "This address is damaged" in page.text


async def test_downloads_are_attachments_that_no_browser_interprets_or_keeps(exchange: Exchange) -> None:
    released = await exchange.release()
    dario = await exchange.sign_in("dario")

    for path in (f"{released.path}/package.age", f"{released.path}/package.age.sig", "/keys/allowed_signers"):
        page = await dario.open(path)
        name = path.rpartition("/")[2]
        assert page.headers["Content-Disposition"] == f'attachment; filename="{name}"'
        assert page.headers["Content-Type"] == "application/octet-stream"
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        assert page.headers["Cache-Control"] == "no-store"


async def test_a_package_of_several_pieces_arrives_whole(exchange: Exchange) -> None:
    archive = an_archive(3 * (1 << 20) + 17)
    released = await exchange.release(archive=archive)
    dario = await exchange.sign_in("dario")

    page = await dario.open(f"{released.path}/package.age")

    assert page.headers["Content-Length"] == str(len(released.sealed))
    assert age.open_(page.body, [exchange.unit.customs]) == archive


async def test_the_first_download_is_noted_and_later_ones_change_nothing(exchange: Exchange) -> None:
    released = await exchange.release()
    dario = await exchange.sign_in("dario")

    await dario.open(f"{released.path}/package.age.sig")
    before = await exchange.db.fetchval("SELECT downloaded_on FROM exchange.package")
    await dario.open(f"{released.path}/package.zip.gpg", status=404)
    other_name = await exchange.db.fetchval("SELECT downloaded_on FROM exchange.package")
    await dario.open(f"{released.path}/package.age")
    exchange.clock.day = TODAY + timedelta(days=1)
    await dario.open(f"{released.path}/package.age")

    assert (before, other_name) == (None, None)
    assert await exchange.db.fetchval("SELECT downloaded_on FROM exchange.package") == TODAY


async def test_after_the_last_day_a_package_is_no_longer_handed_out(exchange: Exchange) -> None:
    released = await exchange.release(delete=3)
    dario = await exchange.sign_in("dario")

    exchange.clock.day = TODAY + timedelta(days=3)
    await dario.open(f"{released.path}/package.age")
    exchange.clock.day = TODAY + timedelta(days=4)
    refused = await dario.open(f"{released.path}/package.age", status=410)
    page = await dario.open(released.path)

    assert "Delete every copy" in refused.text
    assert "no longer handed out" in page.text
    assert not [href for href, _ in page.links if href.endswith("package.age")]


async def test_a_wrong_hash_is_refused_at_the_field_and_nothing_is_stored(exchange: Exchange) -> None:
    released, other = await exchange.release(), await exchange.release()
    dario = await exchange.sign_in("dario")

    for wrong in (other.sha256, "0" * 64, "not a hash", ""):
        await dario.open(released.path)
        page = await dario.submit("/acknowledge", sha256=wrong, status=422)
        assert 'aria-invalid="true" required autofocus' in page.body.decode()
    await dario.open(released.path)
    page = await dario.submit("/acknowledge", sha256=other.sha256, status=422)

    assert "This is not the hash of this package's ZIP; you may have hashed the sealed file." in page.text
    assert await exchange.inbox() == []
    assert await exchange.db.fetchval("SELECT count(*) FROM exchange.answer") == 0
    assert await exchange.db.fetchval("SELECT count(acknowledged_on) FROM exchange.package") == 0


async def test_the_right_hash_is_taken_once_and_reaches_the_desk_sealed(exchange: Exchange) -> None:
    released = await exchange.release()
    dario = await exchange.sign_in("dario")
    form_page = await dario.open(released.path)

    page = await dario.submit("/acknowledge", sha256=released.sha256)
    dario.page = form_page
    again = await dario.submit("/acknowledge", sha256=released.sha256)

    day = TODAY.isoformat()
    assert page.path == again.path == released.path
    assert "Acknowledged on" in page.text
    assert await exchange.inbox() == [
        ("acknowledgement", {"release": str(released.id), "zip_sha256": released.sha256, "day": day})
    ]
    rows = await exchange.db.fetch("SELECT package, kind, given_on FROM exchange.answer")
    assert [tuple(row) for row in rows] == [(released.id, "acknowledgement", TODAY)]
    assert await exchange.db.fetchval("SELECT acknowledged_on FROM exchange.package") == TODAY


async def test_a_hash_may_be_pasted_as_any_tool_prints_it(exchange: Exchange) -> None:
    dario = await exchange.sign_in("dario")
    shapes = (
        "{}  package.zip",
        "  {}\t",
        "SHA256 hash of package.zip:{}CertUtil: -hashfile command completed successfully.",
        "SHA256(package.zip)= {}",
    )

    for shape in shapes:
        released = await exchange.release()
        await dario.open(released.path)
        await dario.submit("/acknowledge", sha256=shape.format(released.sha256))
    for change in (str.upper, lambda text: " ".join(text[at : at + 2] for at in range(0, 64, 2))):
        released = await exchange.release()
        await dario.open(released.path)
        await dario.submit("/acknowledge", sha256=change(released.sha256))

    assert await exchange.db.fetchval("SELECT count(acknowledged_on) FROM exchange.package") == len(shapes) + 2


async def test_an_answer_reaches_the_desk_sealed_and_the_portal_keeps_only_its_day(exchange: Exchange) -> None:
    released = await exchange.release()
    dario = await exchange.sign_in("dario")
    marks = {"accuracy": "5", "timeliness": "4", "completeness": "3", "novelty": "2", "actionability": "1"}
    await dario.open(released.path)

    page = await dario.submit("/answer", **SAID, **marks, text="Two crates <b>seized</b>.\r\nThank you.")

    kind, said = (await exchange.inbox())[0]
    assert kind == "feedback"
    assert said == {
        "release": str(released.id),
        "stage": "outcome",
        "code": "seizure",
        "usefulness": {axis: int(mark) for axis, mark in marks.items()},
        "tell_source": True,
        "month": MONTH,
        "text": "Two crates <b>seized</b>.\nThank you.",
        "day": TODAY.isoformat(),
    }
    assert "Answered on" in page.text
    assert "crates" not in page.body.decode()
    assert "seizure" not in page.body.decode().replace('value="outcome/seizure"', "")
    row = await exchange.db.fetchrow("SELECT kind, given_on FROM exchange.answer")
    assert tuple(row) == ("feedback", TODAY)


async def test_an_answer_may_leave_marks_and_words_empty_and_be_followed_by_others(exchange: Exchange) -> None:
    released = await exchange.release()
    dario = await exchange.sign_in("dario")

    for code in ("assessed/new", "actioned/tasked", "outcome/seizure"):
        await dario.open(released.path)
        await dario.submit("/answer", **{**SAID, "code": code, "tell_source": "no"})

    given = [said for _, said in await exchange.inbox()]
    assert {said["stage"] for said in given} == {"assessed", "actioned", "outcome"}
    assert {said["usefulness"] for said in given} == {None}
    assert {said["tell_source"] for said in given} == {False}


async def test_a_page_sent_twice_counts_once_and_an_edited_one_is_a_further_answer(exchange: Exchange) -> None:
    released = await exchange.release()
    dario = await exchange.sign_in("dario")

    form_page = await dario.open(released.path)
    await dario.submit("/answer", **SAID, text="one")
    dario.page = form_page
    await dario.submit("/answer", **SAID, text="one")
    once = len(await exchange.inbox())
    dario.page = form_page
    await dario.submit("/answer", **SAID, text="two")

    assert once == 1
    assert [said["text"] for _, said in sorted(await exchange.inbox(), key=lambda row: str(row[1]["text"]))] == [
        "one",
        "two",
    ]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"code": ""}, "Choose what became of it."),
        ({"code": "received/opened"}, "Choose what became of it."),
        ({"code": "outcome/medal"}, "Choose what became of it."),
        ({"tell_source": "perhaps"}, "Choose yes or no."),
        ({"month": "last month"}, "Write the year and the month, for example"),
        ({"month": "2026-13"}, "Write the year and the month, for example"),
        ({"month": "2999-01"}, "This month is still to come."),
        ({"accuracy": "5"}, "Give all five marks, or none."),
        ({"text": "x" * 4_001}, "This is 1 characters too long. Shorten it to 4,000."),
    ],
)
async def test_a_fault_is_told_at_its_field_and_every_answer_is_kept(
    exchange: Exchange, wrong: dict[str, str], words: str
) -> None:
    released = await exchange.release()
    dario = await exchange.sign_in("dario")
    await dario.open(released.path)

    page = await dario.submit("/answer", **{"text": "kept <words>", **SAID, **wrong}, status=422)

    kept = dict(page.form("/answer").fields)
    assert words in page.text
    assert kept["text"] == {"text": "kept <words>", **wrong}["text"]
    assert kept["month"] == {**SAID, **wrong}["month"]
    assert await exchange.inbox() == []


async def test_what_was_said_opens_with_the_desk_intake_and_with_no_agencys_key(exchange: Exchange) -> None:
    released = await exchange.release()
    dario = await exchange.sign_in("dario")
    await dario.open(released.path)
    await dario.submit("/acknowledge", sha256=released.sha256)

    sealed = await exchange.db.fetchval("SELECT sealed FROM desk.inbox")

    assert len(await exchange.inbox()) == 1
    with pytest.raises(NoMatchError):
        age.open_(sealed, [exchange.unit.customs])


async def test_without_a_valid_member_list_nothing_is_taken_and_the_page_says_so(exchange: Exchange) -> None:
    released = await exchange.release(delete=900)
    dario = await exchange.sign_in("dario")
    page = await dario.open(released.path)
    exchange.clock.day = TODAY + timedelta(days=800)

    for act, typed in (("/acknowledge", {"sha256": released.sha256}), ("/answer", SAID)):
        dario.page = page
        refused = await dario.submit(act, **typed, status=503)
        assert "missing, expired or not signed" in refused.text
    await dario.open("/keys/allowed_signers", status=503)

    assert await exchange.db.fetchval("SELECT count(*) FROM desk.inbox") == 0
    assert await exchange.db.fetchval("SELECT count(acknowledged_on) FROM exchange.package") == 0


async def test_neither_content_nor_the_zips_hash_nor_its_check_value_stands_on_any_page(exchange: Exchange) -> None:
    released = await exchange.release()
    dario = await exchange.sign_in("dario")
    pages = [await dario.open("/"), await dario.open(released.path)]
    pages.append(await dario.submit("/acknowledge", sha256=released.sha256))
    pages.append(await dario.submit("/answer", **SAID))
    pages.append(await dario.open(released.path))
    check = await exchange.db.fetchval('SELECT "check" FROM exchange.package')

    for page in pages:
        for secret in (CONTENT, released.sha256, check.hex()):
            assert secret not in page.body.decode()


async def test_a_post_without_the_sessions_token_is_refused(exchange: Exchange) -> None:
    released = await exchange.release()
    dario = await exchange.sign_in("dario")
    page = await dario.open(released.path)
    form = page.form("/acknowledge")
    form.fields = [("csrf", "x")]

    with pytest.raises(JourneyError, match="403"):
        await dario.submit("/acknowledge", sha256=released.sha256)

    assert await exchange.inbox() == []


async def test_an_account_of_an_agency_that_the_unit_does_not_know_is_turned_away(exchange: Exchange) -> None:
    exchange.cards["nobody"] = await enrol.enrol_officer(exchange.db, "gone", "nobody", "Nobody", log_n=4)  # type: ignore[arg-type]  # a plain connection

    with pytest.raises(JourneyError, match="403"):
        await exchange.sign_in("nobody")


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO exchange.package (id, agency) VALUES (gen_random_uuid(), 'customs')",
        "DELETE FROM exchange.package",
        "UPDATE exchange.package SET agency = 'parks'",
        'UPDATE exchange.package SET "check" = sealed',
        "DELETE FROM exchange.answer",
        "UPDATE exchange.answer SET given_on = now()",
        "SELECT sealed FROM desk.inbox",
        "DELETE FROM desk.inbox",
        "SELECT * FROM desk.release",
        "SELECT * FROM corridor.tip",
        "SELECT * FROM guard.release",
        "SELECT * FROM guard.signature",
        "INSERT INTO unit.agency VALUES ('x', 'x', 'age', '', '', now())",
        "SELECT * FROM unit.agreement",
        "UPDATE exchange.account SET name = 'x'",
        "INSERT INTO exchange.account (name, sealed) VALUES ('x', '')",
    ],
)
async def test_the_exchanges_role_may_not(sql: str, role_pool: RolePool) -> None:
    pool = await role_pool("tipline_exchange")

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.execute(sql)


async def test_every_page_names_its_language_has_one_heading_and_no_script(exchange: Exchange) -> None:
    released = await exchange.release()
    dario = await exchange.sign_in("dario")

    for path in ("/", released.path):
        html = (await dario.open(path)).body.decode()
        assert '<html lang="en" dir="ltr">' in html
        assert html.count("<h1") == 1
        assert "<script" not in html
        assert " style=" not in html


def _lasting(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name != "Date"}
