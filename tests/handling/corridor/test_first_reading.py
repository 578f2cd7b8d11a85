"""First reading: a tip that names somebody is for few, what derives from it too, and a decision lets others in or takes them out."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from urllib.parse import urljoin
from uuid import UUID, uuid4

import pytest
from aiohttp.test_utils import TestServer

from crypto import age
from crypto.canonical import canonical
from crypto.secret import Secret
from handling.corridor import items, outcomes, reading, reports, seen, tips
from handling.corridor.errors import NotThereError, RefusedError
from handling.corridor.pages.app import ROUTES
from handling.corridor.parts import CHUNK
from handling.corridor.session import Handler
from handling.corridor.store import envelopes, files
from handling.corridor.tips import OpenTip
from handling.data import scheme
from handling.rules.exclusions import Decision
from handling.store.keyring import MissingKeyError
from tests.adversarial.worlds import crawl, finished, queue
from tests.handling.corridor.conftest import World, sign_in
from tests.handling.corridor.sources import AT, TODAY, Source
from tests.journeys.browser import Browser
from tipline import envelope
from tipline.source import submit
from tipline.source.form import Report

BEN = "Ben must not know"
EVERYBODY = Decision(None, (), {}, "")
AMINA_ALONE = Decision(("amina",), (), {}, "a friend of Ben's is in it")


async def test_whom_the_source_names_is_left_out_whoever_reseals(world: World, amina: Handler, ben: Handler) -> None:
    source = Source()
    await world.collected(source.tip(world.intake, asked=BEN), *source.file(world.intake, bytes(CHUNK + 1)))
    await world.collected(Source().tip(world.intake, "Another tip", asked=""))

    await world.resealer.run(ben)

    assert [tip.content.text for tip in await world.tips(ben)] == ["Another tip"]
    assert await _not_opened(world, ben) == 0
    (waiting,) = await _waiting(world, amina)
    assert waiting.content.named == ("ben",)
    assert len(await world.tips(amina)) == 2
    assert await _waiting(world, ben) == ()

    await world.resealer.run(amina)  # the file's parts waited for somebody who can open the thread

    async with world.pool.acquire() as db:
        file = await files.get(db, await world.inside.fetchval("SELECT id FROM corridor.file"), [])
    assert file is not None
    assert file.state is files.FileState.WHOLE


async def test_a_tip_that_names_everybody_is_for_recovery_alone(world: World, amina: Handler, ben: Handler) -> None:
    await world.collected(Source().tip(world.intake, asked="Amina and Ben"))

    await world.resealer.run(amina)
    await world.resealer.run(ben)

    assert [await world.tips(handler) for handler in (amina, ben)] == [(), ()]
    thread = await world.inside.fetchval("SELECT id FROM corridor.thread")
    key = world.settings.inside / "corridor" / "keyring" / "restricted" / f"{thread}.age"
    recovery = age.Identity.parse(Secret((world.settings.data / "practice" / "recovery.txt").read_bytes().strip()))
    assert age.open_(key.read_bytes(), [recovery])


async def test_a_later_message_takes_away_and_never_lets_in(world: World, amina: Handler, ben: Handler) -> None:
    source = Source()
    await world.collected(source.tip(world.intake, asked=""))
    await world.resealer.run(ben)
    assert len(await world.tips(amina)) == 1

    await world.collected(source.answer(world.intake, "I heard that Amina gets a share."))
    await world.resealer.run(amina)

    assert await world.tips(amina) == ()
    (tip,) = await _waiting(world, ben)
    await world.collected(source.tip(world.intake, asked="Ben is in it"))
    await world.resealer.run(amina)  # cannot open the thread: the message waits
    assert len(await world.dialogue(ben, tip)) == 2
    await world.resealer.run(ben)
    assert [await world.tips(handler) for handler in (amina, ben)] == [(), ()]


async def test_a_reader_with_new_keys_stays_one_before_the_records_key_has_been_sealed_to_them(
    amina: Handler, ben: Handler
) -> None:
    record, fresh = uuid4(), age.Identity.generate().recipient
    hers, his = amina.member.corridor, ben.member.corridor
    assert hers
    assert his
    amina.vault.new_record(record, readers=[hers, his])
    listed = replace(
        amina.members,
        members=tuple(replace(one, corridor=fresh) if one.name == "ben" else one for one in amina.members.members),
        former={his.fingerprint(): fresh},
    )

    assert reading.readers(amina.vault, listed, record) == ("amina", "ben")
    assert reading.like(amina.vault, listed, record) == [hers, fresh]


async def test_a_changed_form_that_names_somebody_takes_away_like_a_first_one(
    world: World, amina: Handler, ben: Handler
) -> None:
    source = Source()
    await world.collected(source.tip(world.intake, asked=""))
    await world.resealer.run(amina)
    assert len(await world.tips(ben)) == 1
    form = Report(bytes(32), involved=False, urgent=False, message="And more.", how_known="", must_not_learn="ben")

    await world.collected(source.send(world.intake, submit.further_message(form)))
    await world.resealer.run(ben)

    assert await world.tips(ben) == ()
    (tip,) = await _waiting(world, amina)
    assert tip.content.must_not_learn == "ben"


async def test_an_answer_that_names_somebody_in_its_own_field_takes_away_like_a_first_form(
    world: World, amina: Handler, ben: Handler
) -> None:
    source = Source()
    await world.collected(source.tip(world.intake, asked=""))
    await world.resealer.run(amina)
    assert len(await world.tips(ben)) == 1

    await world.collected(source.send(world.intake, envelope.answer_message("And more.", "Ben")))
    await world.resealer.run(ben)

    assert await world.tips(ben) == ()
    assert len(await _waiting(world, amina)) == 1


async def test_a_message_that_somebody_sends_again_undoes_no_decision(
    world: World, amina: Handler, ben: Handler
) -> None:
    sent = Source().tip(world.intake, asked=BEN)
    await world.collected(sent)
    await world.resealer.run(amina)
    (tip,) = await _waiting(world, amina)
    await reading.decide(world.pool, amina, tip.row.id, EVERYBODY, TODAY)

    await world.collected(replace(sent, id=uuid4()))
    await world.resealer.run(ben)

    assert await _waiting(world, amina) == ()
    assert len(await world.tips(ben)) == 1


async def test_a_decision_on_a_page_that_was_opened_before_somebody_was_named_is_asked_again(
    world: World, amina: Handler, ben: Handler, browser: Browser
) -> None:
    source = Source()
    await world.collected(source.tip(world.intake))
    await world.resealer.run(amina)
    (tip,) = await _waiting(world, amina)
    await browser.open(f"/tips/{tip.row.id}/readers")
    await world.collected(source.tip(world.intake, asked=BEN))
    await world.resealer.run(amina)

    again = await browser.submit("/readers", who="everybody", status=400)

    assert "Somebody else changed this meanwhile" in again.text
    assert BEN in again.text
    assert await world.tips(ben) == ()
    await browser.submit("/readers", who="everybody")
    assert len(await world.tips(ben)) == 1


async def test_until_the_message_that_may_name_somebody_has_come_first_readers_alone_read(
    world: World, amina: Handler, ben: Handler
) -> None:
    source = Source()
    tip = source.tip(world.intake, asked="")
    file = source.file(world.intake, b"a photo")
    await world.collected(*file)
    await world.resealer.run(amina)
    (waiting,) = await _waiting(world, amina)
    assert waiting.content.text is None

    await world.collected(tip)
    await world.resealer.run(ben)

    assert await _waiting(world, amina) == ()
    assert ben.vault.readers_kind(waiting.row.thread) == "vault"


async def test_a_decision_takes_a_record_and_all_that_derives_from_it_away_and_gives_it_back(
    world: World, amina: Handler, ben: Handler
) -> None:
    await world.collected(Source().tip(world.intake, asked=""))
    await world.resealer.run(amina)
    (tip,) = await world.tips(amina)
    before, item = await _report(world, amina, tip)
    outcome = await _outcome(world, amina, before)
    assert [one.id for one in await _items(world, ben, tip)] == [item]

    assert await reading.decide(world.pool, amina, tip.row.id, AMINA_ALONE, TODAY)

    after, _ = await _report(world, amina, tip)
    async with world.pool.acquire() as db:
        for look in (
            tips.get(db, ben.vault, tip.row.id),
            items.find(db, ben.vault, item),
            reports.get(db, ben.vault, before),
            reports.get(db, ben.vault, after),
            outcomes.case(db, ben, outcome),
        ):
            with pytest.raises(NotThereError):
                await look
        assert await reports.listing(db, ben.vault, after=None) == ()
        assert await outcomes.listing(db, ben.vault) == ()
        assert len(await outcomes.listing(db, amina.vault)) == 1
    with pytest.raises(MissingKeyError):
        ben.vault.record(tip.row.thread)
    with pytest.raises(NotThereError):
        await reading.decide(world.pool, ben, tip.row.id, EVERYBODY, TODAY)

    assert await reading.decide(world.pool, amina, tip.row.id, EVERYBODY, TODAY)

    async with world.pool.acquire() as db:
        assert len(await reports.listing(db, ben.vault, after=None)) == 2
        found = await tips.get(db, ben.vault, tip.row.id)
    assert [(one.author, one.on, one.decision.readers) for one in found.content.decisions] == [
        ("amina", TODAY.isoformat(), ("amina",)),
        ("amina", TODAY.isoformat(), None),
    ]


async def test_a_crash_in_a_decision_lets_nobody_in_and_is_asked_again(
    world: World, amina: Handler, ben: Handler
) -> None:
    await world.collected(Source().tip(world.intake, asked=""))
    await world.resealer.run(amina)
    (tip,) = await world.tips(amina)

    amina.vault.restrict(tip.row.thread, reading.recipients(amina.members, ["amina"]))  # and no more of the decision

    assert await world.tips(ben) == ()
    assert [one.row.id for one in await _waiting(world, amina)] == [tip.row.id]


async def test_the_guard_is_asked_for_those_who_may_read_alone(world: World, amina: Handler) -> None:
    await world.collected(Source().tip(world.intake, asked=BEN))
    await world.resealer.run(amina)
    (tip,) = await world.tips(amina)
    report, _ = await _report(world, amina, tip)
    outcome = await _outcome(world, amina, report)

    async with world.pool.acquire() as db:
        draft = (await reports.get(db, amina.vault, report)).draft
    await reports.save(world.pool, amina, report, finished(draft))
    with pytest.raises(RefusedError, match="Nobody else in this unit may review it"):
        await queue(world, amina, report)
    await outcomes.propose(world.pool, amina, outcome, "helped", TODAY)
    assert await world.inside.fetchval("SELECT shown_to FROM guard.phrase") == ["amina", "clara"]

    await reading.decide(world.pool, amina, tip.row.id, EVERYBODY, TODAY)
    await queue(world, amina, report)

    assert await world.inside.fetchval("SELECT shown_to FROM guard.phrase") is None
    assert await world.inside.fetchval("SELECT shown_to FROM guard.review") is None
    await reading.decide(world.pool, amina, tip.row.id, AMINA_ALONE, TODAY)

    assert await world.inside.fetchval("SELECT count(*) FROM guard.review") == 0  # Ben alone could have reviewed it
    assert await world.inside.fetchval("SELECT state FROM corridor.report") == "draft"
    assert await world.inside.fetchval("SELECT shown_to FROM guard.phrase") == ["amina", "clara"]


async def test_what_waits_at_the_guard_is_withdrawn_and_asked_again_of_those_who_may_still_read(
    world: World, amina: Handler
) -> None:
    await world.collected(Source().tip(world.intake, asked=""))
    await world.resealer.run(amina)
    (tip,) = await world.tips(amina)
    report, _ = await _report(world, amina, tip)
    outcome = await _outcome(world, amina, report)
    async with world.pool.acquire() as db:
        draft = (await reports.get(db, amina.vault, report)).draft
    await reports.save(world.pool, amina, report, finished(draft))
    await queue(world, amina, report)
    await outcomes.propose(world.pool, amina, outcome, "helped", TODAY)
    await world.inside.execute("UPDATE guard.phrase SET state = 'signed-once'")
    await world.inside.execute("INSERT INTO guard.signature VALUES ($1, 'phrase', 'ben', $2)", outcome, bytes(64))
    before = await world.inside.fetchrow("SELECT sealed, requested_by, requested_on FROM guard.review")

    await reading.decide(world.pool, amina, tip.row.id, replace(AMINA_ALONE, readers=("amina", "ben")), TODAY)

    after = await world.inside.fetchrow("SELECT sealed, requested_by, requested_on, shown_to FROM guard.review")
    assert after["sealed"] != before["sealed"]
    assert (after["requested_by"], after["requested_on"]) == (before["requested_by"], before["requested_on"])
    assert after["shown_to"] == ["amina", "ben"]
    assert await world.inside.fetchval("SELECT state FROM guard.phrase") == "waiting"
    assert await world.inside.fetchval("SELECT count(*) FROM guard.signature") == 0

    await world.inside.execute("UPDATE guard.review SET state = 'signed'")  # what was decided stays
    await world.inside.execute("UPDATE guard.phrase SET state = 'approved'")
    await reading.decide(world.pool, amina, tip.row.id, AMINA_ALONE, TODAY)
    assert await world.inside.fetchval("SELECT state FROM guard.review") == "signed"
    assert await world.inside.fetchval("SELECT state FROM guard.phrase") == "approved"


async def test_the_guard_is_asked_before_or_after_a_decision_and_never_beside_it(world: World, amina: Handler) -> None:
    await world.collected(Source().tip(world.intake, asked=""))
    await world.resealer.run(amina)
    (tip,) = await world.tips(amina)
    report, _ = await _report(world, amina, tip)
    outcome = await _outcome(world, amina, report)
    async with world.pool.acquire() as db:
        draft = (await reports.get(db, amina.vault, report)).draft
    await reports.save(world.pool, amina, report, finished(draft))

    async with world.pool.acquire() as db, db.transaction():  # somebody takes the tip away from Ben
        await tips.locked(db, amina.vault, tip.row.id)
        asked = [
            asyncio.create_task(queue(world, amina, report)),
            asyncio.create_task(outcomes.propose(world.pool, amina, outcome, "helped", TODAY)),
        ]
        _, waiting = await asyncio.wait(asked, timeout=1)
        assert len(waiting) == len(asked)
        for record in (tip.row.thread, report):
            await asyncio.to_thread(amina.vault.restrict, record, reading.recipients(amina.members, ["amina"]))

    with pytest.raises(RefusedError, match="Nobody else in this unit may review it"):
        await asked[0]
    await asked[1]
    assert await world.inside.fetchval("SELECT shown_to FROM guard.phrase") == ["amina", "clara"]


async def test_an_excluded_agency_and_what_stands_above_it_cannot_be_ticked(
    world: World, amina: Handler, browser: Browser
) -> None:
    await world.inside.execute("UPDATE unit.agency SET parent = 'river-parks' WHERE id = 'harbour-customs'")
    await world.collected(Source().tip(world.intake))
    home = await browser.open("/")
    assert "1 tip waits for first reading" in home.text
    assert "River Unit: corridor" in home.text
    assert home.text.count("Received First reading") == 1
    listed = await browser.open("/first-reading")
    form = await browser.open(listed.link("/tips/"))
    assert "the source's words may mean it" in form.text

    decided = await browser.submit("/readers", who="everybody", agency=["harbour-customs"])
    (tip,) = await world.tips(amina)
    report, _ = await _report(world, amina, tip)
    assert (await browser.open("/first-reading", status=404)).text
    assert "First reading" not in (await browser.open("/")).text
    page = await browser.open(f"/reports/{report}")

    assert "Everybody in the corridor" in decided.text
    assert "cannot be ticked. Excluded: it must not learn of this tip." in page.text
    assert "It stands above Harbour Customs Service, which is excluded." in page.text
    draft = page.form(f"/reports/{report}")
    assert "agency" not in draft.names
    by_hand = {**dict(draft.fields), "act": "save", "agency": "river-parks"}
    async with browser._session.post(draft.action, data=by_hand) as answer:
        assert answer.status == 400
        assert "must not learn of this tip, or stands above" in await answer.text()
    await browser.open(f"/tips/{tip.row.id}/readers")
    narrowed: dict[str, str] = {"narrowed-river-parks": "Its inspector asked"}
    await browser.submit("/readers", who="everybody", agency=["harbour-customs"], **narrowed)  # type: ignore[arg-type]
    saved = await browser.open(f"/reports/{report}")
    await browser.submit(saved.path, act="save", agency=["river-parks"])


async def test_a_conflict_of_interest_leaves_a_corridor_as_if_the_tip_had_never_come(
    world: World, amina: Handler, site: TestServer
) -> None:
    await world.collected(Source().tip(world.intake, "Another tip", asked=""))
    await world.resealer.run(amina)
    async with Browser(str(site.make_url("/"))) as his:
        await sign_in(world, his, "ben")
        before = await crawl(his)
        await world.collected(Source().tip(world.intake, "A tip about a friend", asked=""))
        await world.resealer.run(amina)
        (tip,) = [one for one in await world.tips(amina) if one.content.text == "A tip about a friend"]
        report, _ = await _report(world, amina, tip)
        await _outcome(world, amina, report)
        seen = await his.open(f"/tips/{tip.row.id}/readers")
        gone = await his.submit("/recuse", conflict="A friend of mine.")
        after = await crawl(his)
        await his.open(f"/tips/{tip.row.id}", status=404)
        await his.open(f"/reports/{report}", status=404)

    assert "You have a conflict of interest" in seen.text
    assert "A tip about a friend" not in gone.text
    assert after == before
    (kept,) = [one for one in await world.tips(amina) if one.row.id == tip.row.id]
    assert kept.content.conflicted == ("ben",)
    assert kept.content.decisions[-1].decision.reason == "A friend of mine."


async def test_only_a_first_reader_undoes_a_conflict_and_nobody_leaves_a_tip_without_a_reader(
    world: World, amina: Handler, ben: Handler
) -> None:
    await world.collected(Source().tip(world.intake, asked=""))
    await world.resealer.run(amina)
    (tip,) = await world.tips(ben)
    await reading.recuse(world.pool, ben, tip.row.id, "", TODAY)

    assert await world.tips(ben) == ()
    with pytest.raises(RefusedError):
        await reading.recuse(world.pool, amina, tip.row.id, "", TODAY)
    await reading.decide(world.pool, amina, tip.row.id, AMINA_ALONE, TODAY)
    assert (await world.tips(amina))[0].content.conflicted == ("ben",)
    await reading.decide(world.pool, amina, tip.row.id, EVERYBODY, TODAY)
    assert [one.content.conflicted for one in await world.tips(ben)] == [()]


async def test_the_form_warns_of_a_single_reader_and_refuses_none(
    world: World, amina: Handler, browser: Browser
) -> None:
    await world.collected(Source().tip(world.intake, asked=BEN))
    await browser.open("/")
    (tip,) = await world.tips(amina)
    page = await browser.open(f"/tips/{tip.row.id}/readers")
    assert "Fewer than two handlers can read it" in page.text
    assert "the source's words name this person" in page.text

    refused = await browser.submit("/readers", who="some", reader=[], status=400)
    gone = await browser.submit("/readers", who="some", reader=["ben"])

    assert "Choose at least one handler" in refused.text
    assert "No tips here" in gone.text


async def test_every_address_of_a_hidden_record_answers_as_one_that_does_not_exist(
    world: World, amina: Handler, site: TestServer
) -> None:
    source = Source()
    await world.collected(source.tip(world.intake, asked=BEN), *source.file(world.intake, b"a photo"))
    await world.resealer.run(amina)
    (tip,) = await world.tips(amina)
    report, item = await _report(world, amina, tip)
    hidden = {
        "tips": tip.row.id,
        "items": item,
        "reports": report,
        "outcomes": await _outcome(world, amina, report),
        "files": await world.inside.fetchval("SELECT id FROM corridor.file"),
        "material": uuid4(),  # of agencies, and for every handler
        "not-opened": await world.inside.fetchval("SELECT id FROM corridor.envelope LIMIT 1"),
    }
    await world.inside.execute("UPDATE corridor.envelope SET state = 'refused' WHERE id = $1", hidden["not-opened"])

    async with Browser(str(site.make_url("/"))) as ben:
        await sign_in(world, ben, "ben")
        csrf = dict((await ben.open("/")).form("/sign-out").fields)["csrf"]
        walked = 0
        for route in ROUTES:
            if "{id}" not in route.path:
                continue
            answers = [
                await _answer(ben, route.method, _path(route.path, record), csrf)
                for record in (hidden[route.path.split("/")[1]], uuid4())
            ]
            assert answers[0] == answers[1], route.path
            assert answers[0][0] == 404, route.path
            walked += 1

    assert walked >= 17
    assert await world.state_of(hidden["not-opened"]) == "refused"


def _path(path: str, record: object) -> str:
    return path.replace("{id}", str(record)).replace("{attachment}", str(uuid4()))


async def _answer(browser: Browser, method: str, path: str, csrf: str) -> tuple[int, bytes]:
    form = {"csrf": csrf, "text": "x", "phrase": "received", "move": "open", "reason": "x", "who": "everybody"}
    data = (
        {**form, "message": str(uuid4()), "act": "save", "source": "2", "information": "D"}
        if method == "POST"
        else None
    )
    async with browser._session.request(
        method, urljoin(browser.site, path), data=data, allow_redirects=False
    ) as answer:
        return answer.status, (await answer.read()).replace(path.encode(), b"")


async def _waiting(world: World, handler: Handler) -> tuple[OpenTip, ...]:
    async with world.pool.acquire() as db:
        return await reading.waiting(db, handler)


async def _not_opened(world: World, handler: Handler) -> int:
    async with world.pool.acquire() as db:
        return len(await envelopes.not_opened(db, limit=10, hidden=await seen.hidden(handler.vault)))


async def _items(world: World, handler: Handler, tip: OpenTip) -> Sequence[items.OpenItem]:
    async with world.pool.acquire() as db:
        return await items.of_tip(db, handler.vault, tip.row.id, tip.row.thread)


async def _report(world: World, handler: Handler, tip: OpenTip) -> tuple[UUID, UUID]:
    """A report from a new graded item."""
    await items.add(world.pool, handler, tip.row.id, "Tusks are stored in a warehouse.", AT)
    item = (await _items(world, handler, tip))[-1].id
    await items.grade(world.pool, handler, item, scheme(), source="2", information="D", reason="", now=AT)
    return await reports.begin(world.pool, handler, tip.row.id, [item], TODAY), item


async def _outcome(world: World, handler: Handler, report: UUID) -> UUID:
    """An outcome as the desk hands it over, taken in."""
    body = {"urn": f"urn:uuid:{report}", "stage": "outcome", "code": "seizure", "tell_source": True, "month": "2026-11"}
    outcome = uuid4()
    await world.inside.execute(
        "INSERT INTO corridor.outcome (id, sealed, received_on, report) VALUES ($1, $2, $3, $4)",
        outcome,
        age.seal(canonical(body), [handler.members.corridor_vault]),
        date(2026, 11, 24),
        report,
    )
    await outcomes.reseal(world.pool, handler)
    assert await world.inside.fetchval("SELECT resealed FROM corridor.outcome WHERE id = $1", outcome)
    return outcome
