"""What an officer's open.html wrote, pasted or uploaded: shown first, taken once, and refused by its cause."""

import json
from collections.abc import Callable
from uuid import uuid4

import pytest

from crypto.canonical import canonical, parse
from crypto.digest import sha256
from crypto.signing import SigningKey
from crypto.statement import Statement
from handling.agencyfiles import Acknowledged, AgencyKey, SealedAnswer, UnitKeys
from handling.exchange.handed import Refusal
from handling.rules.feedback import Feedback
from handling.rules.member_words import groups
from tests.handling.exchange.conftest import TODAY, Exchange, Released
from tests.journeys.browser import Browser, Upload
from tipline import openpage

SAID = Feedback("outcome", "seizure", "Eleven drums, quillfeather.", f"{TODAY:%Y-%m}", tell_source=True)


def acknowledgement(exchange: Exchange, released: Released, key: SigningKey | None = None) -> str:
    said = Acknowledged(released.id, sha256(released.archive), TODAY)
    return said.sign(key or exchange.unit.coast_signer).decode()


def answer(exchange: Exchange, released: Released, key: SigningKey | None = None) -> str:
    sealed = SealedAnswer.seal(released.id, SAID, exchange.unit.desk_intake.recipient, TODAY)
    return sealed.sign(key or exchange.unit.coast_signer).decode()


async def at_package(exchange: Exchange, released: Released) -> Browser:
    farid = await exchange.sign_in("farid")
    await farid.open(released.path)
    return farid


async def nothing_was_taken(exchange: Exchange) -> bool:
    rows = await exchange.db.fetchval("SELECT count(*) FROM exchange.answer")
    return rows == 0 and await exchange.inbox() == []


async def test_an_acknowledgement_is_shown_first_and_taken_on_the_second_press(exchange: Exchange) -> None:
    released = await exchange.release("coast")
    text = acknowledgement(exchange, released)
    farid = await at_package(exchange, released)

    shown = await farid.submit("/hand-in", text=text)
    before = await nothing_was_taken(exchange)
    page = await farid.submit("/hand-in")

    assert before
    assert "Nothing has been handed in yet." in shown.text
    assert "Signed by the key that your agency enrolled" in shown.text
    assert sha256(released.archive).hex() in shown.text
    assert page.path == released.path
    assert "Acknowledged on" in page.text
    ((kind, said),) = await exchange.inbox()
    assert kind == "acknowledgement"
    assert said == {
        "release": str(released.id),
        "zip_sha256": released.sha256,
        "day": TODAY.isoformat(),
        "statement": json.loads(text),
    }


async def test_an_answer_reaches_the_desk_as_it_was_sealed_away_from_here(exchange: Exchange) -> None:
    released = await exchange.release("coast")
    text = answer(exchange, released)
    farid = await at_package(exchange, released)

    shown = await farid.submit("/hand-in", text=text)
    page = await farid.submit("/hand-in")

    assert "This site cannot read it." in shown.text
    assert "Answered on" in page.text
    ((kind, said),) = await exchange.inbox()
    assert kind == "feedback"
    assert said == {"release": str(released.id), "day": TODAY.isoformat(), "statement": json.loads(text)}
    statement = Statement.from_json(said["statement"])
    assert SealedAnswer.read(statement, exchange.unit.coast_signer.public).open(exchange.unit.desk_intake) == SAID


async def test_a_file_counts_as_pasted_text_and_broken_lines_do_not_matter(exchange: Exchange) -> None:
    released = await exchange.release("coast")
    text = acknowledgement(exchange, released)
    farid = await at_package(exchange, released)

    broken = "\r\n".join(f"  {text[at : at + 60]}" for at in range(0, len(text), 60))
    pasted = await farid.submit("/hand-in", text=f"\n{broken}\n\n")
    await farid.open(released.path)
    chosen = await farid.submit("/hand-in", files=[Upload("file", "acknowledgement.json", text.encode() + b"\n")])
    await farid.submit("/hand-in")

    assert "Nothing has been handed in yet." in pasted.text
    assert "Nothing has been handed in yet." in chosen.text
    assert await exchange.db.fetchval("SELECT count(acknowledged_on) FROM exchange.package") == 1


def _changed(text: str) -> str:
    value = parse(text.encode())
    value["body"]["on"] = "2020-01-01"
    return canonical(value).decode()


def _body(exchange: Exchange, type_: str, **body: object) -> str:
    return Statement.make(type_, body, exchange.unit.coast_signer).encode().decode()


Make = Callable[[Exchange, Released], str]
REFUSED: dict[Refusal, Make] = {
    Refusal.NOTHING: lambda _, __: "  \n ",
    Refusal.UNREADABLE: lambda e, r: acknowledgement(e, r)[:-9],
    Refusal.ENROLMENT: lambda e, _: (
        AgencyKey("x", e.unit.coast.recipient, e.unit.coast_signer.public, TODAY).sign(e.unit.coast_signer).decode()
    ),
    Refusal.OTHER_TYPE: lambda e, _: _body(e, "tipline/review/v1"),
    Refusal.OTHER_KEY: lambda e, r: acknowledgement(e, r, SigningKey.generate()),
    Refusal.CHANGED: lambda e, r: _changed(acknowledgement(e, r)),
    Refusal.FORMAT: lambda e, r: _body(e, Acknowledged.TYPE, release=str(r.id), zip_sha256=r.sha256, on="today"),
    Refusal.NOT_YOURS: lambda e, r: acknowledgement(e, Released(uuid4(), r.archive, b"")),
    Refusal.OTHER_ZIP: lambda e, r: acknowledgement(e, Released(r.id, b"another", b"")),
}


@pytest.mark.parametrize("refusal", REFUSED, ids=lambda refusal: refusal.name)
async def test_each_fault_is_named_at_the_box_and_nothing_is_taken(exchange: Exchange, refusal: Refusal) -> None:
    released = await exchange.release("coast")
    farid = await at_package(exchange, released)

    page = await farid.submit("/hand-in", text=REFUSED[refusal](exchange, released), status=422)

    assert refusal.value in page.text
    assert b'aria-invalid="true" autofocus' in page.body
    assert await nothing_was_taken(exchange)


async def test_a_statement_about_another_package_says_where_it_belongs(exchange: Exchange) -> None:
    released, other, foreign = [await exchange.release(agency) for agency in ("coast", "coast", "customs")]
    farid = await at_package(exchange, released)

    mine = await farid.submit("/hand-in", text=acknowledgement(exchange, other), status=422)
    theirs = await farid.submit("/hand-in", text=acknowledgement(exchange, foreign), status=422)

    assert Refusal.OTHER_PACKAGE.value in mine.text
    assert Refusal.NOT_YOURS.value in theirs.text
    assert await nothing_was_taken(exchange)


async def test_what_was_taken_is_taken_once(exchange: Exchange) -> None:
    released = await exchange.release("coast")
    acknowledged, answered = acknowledgement(exchange, released), answer(exchange, released)
    farid = await at_package(exchange, released)
    for text in (acknowledged, answered):
        await farid.open(released.path)
        await farid.submit("/hand-in", text=text)
        await farid.submit("/hand-in")

    page = await farid.open(released.path)
    again = await farid.submit("/hand-in", text=acknowledged, status=422)
    await farid.open(released.path)
    await farid.submit("/hand-in", text=answered)
    once = await farid.submit("/hand-in", status=422)
    await farid.open(released.path)
    await farid.submit("/hand-in", text=answer(exchange, released))
    further = await farid.submit("/hand-in")

    assert page.status == 200
    assert Refusal.ACKNOWLEDGED.value in again.text
    assert Refusal.ANSWERED.value in once.text
    assert further.path == released.path
    assert [kind for kind, _ in await exchange.inbox()] == ["acknowledgement", "feedback", "feedback"]


async def test_an_agency_without_such_a_key_has_no_box_and_is_told_the_other_way(exchange: Exchange) -> None:
    released = await exchange.release("customs")
    dario = await exchange.sign_in("dario")
    page = await dario.open(released.path)
    form = page.form("/acknowledge")
    form.action, form.multipart = form.action.replace("/acknowledge", "/hand-in"), True
    form.names["text"] = None

    refused = await dario.submit("/hand-in", text=acknowledgement(exchange, released), status=422)

    assert not [one for one in page.forms if "/hand-in" in one.action and one is not form]
    assert Refusal.NO_KEY.value in refused.text
    assert await nothing_was_taken(exchange)


async def test_the_hash_alone_acknowledges_for_an_agency_with_a_key_too(exchange: Exchange) -> None:
    released = await exchange.release("coast")
    farid = await at_package(exchange, released)

    page = await farid.submit("/acknowledge", sha256=released.sha256)

    assert "Acknowledged on" in page.text
    ((_, said),) = await exchange.inbox()
    assert "statement" not in said


async def test_a_file_that_is_no_text_is_refused_in_words(exchange: Exchange) -> None:
    released = await exchange.release("coast")
    farid = await at_package(exchange, released)

    page = await farid.submit("/hand-in", files=[Upload("file", "package.age", released.sealed)], status=422)
    await farid.open(released.path)
    both = await farid.submit("/hand-in", text="a", files=[Upload("file", "a.json", b"b")], status=422)

    assert Refusal.UNREADABLE.value in page.text
    assert Refusal.BOTH.value in both.text


async def test_the_units_keys_are_those_of_the_signed_list_and_the_page_shows_their_fingerprint(
    exchange: Exchange,
) -> None:
    released = await exchange.release("coast")
    farid = await at_package(exchange, released)
    shown = farid.page

    downloaded = await farid.open("/keys/unit-keys.json")

    keys = UnitKeys.parse(downloaded.body)
    assert keys.package_signer == exchange.unit.signer.public
    assert keys.desk_intake == exchange.unit.desk_intake.recipient
    assert shown is not None
    assert groups(keys.fingerprint()) in shown.text


async def test_the_portal_hands_out_open_html_as_a_file_to_save(exchange: Exchange) -> None:
    farid = await exchange.sign_in("farid")

    page = await farid.open("/open.html")

    assert page.body == openpage.build()
    assert page.headers["Content-Disposition"] == 'attachment; filename="open.html"'
