"""Ceilings: what waits to be collected stays within bounds, words longer than files, and who came before today longest."""

from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.journeys.browser import Browser, Page, Upload
from tests.tipline.source.early import handing_in
from tests.tipline.source.elsewhere import a_gate, in_one_process, intake, multipart, seal, send
from tests.tipline.source.running import TODAY, Zone, a_zone, collect, messages, running
from tests.tipline.source.sending import TEXT
from tests.tipline.source.test_handin_orders import PHOTOS, split
from tipline.base import nearing as nearing_file
from tipline.base.database import Db
from tipline.base.settings import Settings
from tipline.source.ceilings import Ceilings, Claim, Filling, has_room, nearing

MOST = Ceilings(bytes=1000, envelopes=100, mailboxes=10, free=200)
EMPTY = Filling(bytes=0, envelopes=0, mailboxes=0, free=10_000)
FILL = "UPDATE zone.envelope SET size = $1"


@pytest.mark.parametrize(
    ("filling", "taken"),
    [
        (EMPTY, {Claim.FILE, Claim.WORDS, Claim.RETURNING}),
        (replace(EMPTY, bytes=800), {Claim.FILE, Claim.WORDS, Claim.RETURNING}),
        (replace(EMPTY, bytes=801), {Claim.WORDS, Claim.RETURNING}),
        (replace(EMPTY, bytes=951), {Claim.RETURNING}),
        (replace(EMPTY, bytes=1001), set()),
        (replace(EMPTY, envelopes=80), {Claim.WORDS, Claim.RETURNING}),
        (replace(EMPTY, envelopes=95), {Claim.RETURNING}),
        (replace(EMPTY, envelopes=100), set()),
        (replace(EMPTY, free=399), {Claim.WORDS, Claim.RETURNING}),
        (replace(EMPTY, free=199), {Claim.RETURNING}),
        (replace(EMPTY, free=99), set()),
    ],
)
def test_each_ceiling_alone_stops_files_first_then_new_words_then_everything(
    filling: Filling, taken: set[Claim]
) -> None:
    assert {claim for claim in Claim if has_room(MOST, filling, claim)} == taken


def test_the_mailboxes_of_a_day_stop_new_ones_and_nobody_who_has_one() -> None:
    full = replace(EMPTY, mailboxes=10)

    assert not has_room(MOST, full, Claim.WORDS, new=True)
    assert has_room(MOST, full, Claim.WORDS)
    assert has_room(MOST, full, Claim.FILE)


@given(
    st.builds(Filling, st.integers(0, 1200), st.integers(0, 120), st.integers(0, 12), st.integers(0, 1000)),
    st.integers(0, 1200),
)
def test_no_file_gets_room_that_words_do_not_get_and_more_never_fits_where_less_does_not(
    filling: Filling, size: int
) -> None:
    room = [has_room(MOST, filling, claim, size=size) for claim in Claim]

    assert room == sorted(room)
    for claim in Claim:
        if not has_room(MOST, filling, claim):
            assert not has_room(MOST, filling, claim, size=size)
        if has_room(MOST, filling, claim, size=size):
            assert filling.bytes + size <= MOST.bytes
            assert filling.free - size >= MOST.free // 2


@pytest.mark.parametrize(
    ("filling", "names"),
    [
        (EMPTY, ()),
        (replace(EMPTY, bytes=800), ("waiting_gigabytes",)),
        (replace(EMPTY, envelopes=80, mailboxes=8), ("waiting_envelopes", "mailboxes_a_day")),
        (replace(EMPTY, free=399), ("free_gigabytes",)),
    ],
)
def test_what_comes_near_is_named_by_its_setting(filling: Filling, names: tuple[str, ...]) -> None:
    assert nearing(MOST, filling) == names


async def a_place(settings: Settings, db: Db, **ceilings: int) -> Zone:
    return await a_zone(replace(settings, **ceilings), db)  # type: ignore[arg-type] - whole numbers all of them


async def reported(browser: Browser, message: str = TEXT, status: int = 200) -> Page:
    await browser.open("/")
    return await browser.submit("/", status=status, involved="no", message=message)


async def came_back(browser: Browser, codename: str) -> Page:
    await browser.open("/return")
    return await browser.submit("/return", codename=codename)


async def test_above_the_mailboxes_of_a_day_a_page_says_what_to_do_and_keeps_every_word(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_place(settings, public_db, mailboxes_a_day=1)

    with running(zone):
        async with Browser(zone.url) as known, Browser(zone.url) as new:
            code = (await reported(known)).ids["codename"]
            full = await reported(new, "The horns go tonight.", status=503)
            again = await new.submit("/", status=503)
            await came_back(known, code)
            await known.submit("/answer", answer="A further word.")

    assert "Nothing of this was stored: try again in some hours. Everything you typed is still here." in full.text
    assert "If someone is in danger, call 112." in full.text
    assert dict(again.form("/").fields)["message"] == "The horns go tonight."
    found = messages(await collect(zone, public_db, zone.unit))
    assert [getattr(message.body, "text", "") for message in found] == [TEXT, "A further word."]
    assert len(list((settings.public / "blobs").iterdir())) == 2


async def test_a_form_that_is_stored_is_known_again_above_every_ceiling(settings: Settings, public_db: Db) -> None:
    zone = await a_place(settings, public_db, mailboxes_a_day=1, waiting_envelopes=2)

    with running(zone):
        async with Browser(zone.url) as browser:
            form = dict((await browser.open("/")).form("/").fields)
            hidden = {name: form[name] for name in ("token", "ticket")}
            shown = set()
            for _ in range(2):
                await browser.open("/")
                shown.add((await browser.submit("/", involved="no", message=TEXT, **hidden)).ids["codename"])

    assert len(shown) == 1
    assert await public_db.fetchval("SELECT count(*) FROM zone.envelope") == 1


async def test_junk_files_lock_out_no_words_and_a_flood_of_today_nobody_of_before(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_place(settings, public_db, waiting_gigabytes=1)
    with running(zone):
        async with Browser(zone.url) as old:
            before = (await reported(old)).ids["codename"]
    await public_db.execute("UPDATE zone.mailbox SET created_on = $1", TODAY - timedelta(days=1))

    await public_db.execute(FILL, 850_000_000)
    with running(zone):
        async with Browser(zone.url) as browser:
            await reported(browser)
            await browser.open("/files")
            no_file = await browser.submit("/files", files=[Upload("files", "a.jpg", b"a photo")], status=503)
    await public_db.execute("UPDATE zone.envelope SET size = CASE WHEN size > 100000 THEN 960000000 ELSE size END")
    with running(zone):
        async with Browser(zone.url) as new, Browser(zone.url) as old:
            await reported(new, status=503)
            await came_back(old, before)
            kept = await old.submit("/answer", answer="A further word.")
    await public_db.execute("UPDATE zone.envelope SET size = CASE WHEN size > 100000 THEN 1000000000 ELSE size END")
    with running(zone):
        async with Browser(zone.url) as old:
            await came_back(old, before)
            full = await old.submit("/answer", answer="One more word.", status=503)

    assert "no files are taken just now, and nothing of this one was kept" in no_file.text
    assert "Words are taken for longer: write what it shows" in no_file.text
    assert kept.status == HTTPStatus.OK
    assert "try again in some hours" in full.text
    assert dict(full.form("/answer").fields)["answer"] == "One more word."


async def test_who_reported_today_is_not_let_in_as_somebody_of_before(settings: Settings, public_db: Db) -> None:
    zone = await a_place(settings, public_db, waiting_gigabytes=1)
    with running(zone):
        async with Browser(zone.url) as browser:
            code = (await reported(browser)).ids["codename"]
    await public_db.execute(FILL, 960_000_000)

    with running(zone):
        async with Browser(zone.url) as browser:
            await came_back(browser, code)
            await browser.submit("/answer", answer="A further word.", status=503)


async def test_the_disk_is_not_filled_to_its_end(settings: Settings, public_db: Db) -> None:
    zone = await a_place(settings, public_db, free_gigabytes=1_000_000)

    with running(zone):
        async with Browser(zone.url) as browser:
            await reported(browser, status=503)

    assert list((settings.public / "blobs").iterdir()) == []


async def test_what_is_handed_in_sealed_meets_the_same_ceilings(settings: Settings, public_db: Db) -> None:
    zone = await a_place(settings, public_db, mailboxes_a_day=1)
    first, second = seal(intake(zone.unit)), seal(intake(zone.unit))

    async with in_one_process(zone.settings) as server:
        assert server.port
        answers = [await send(server.port, multipart(*one.files)) for one in (first, second, first)]

    assert [answer and answer["status"] for answer in answers] == ["complete", "full", "complete"]


async def test_what_a_slip_promised_while_there_was_room_is_asked_again_as_its_parts_come(
    settings: Settings, public_db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    split(monkeypatch)
    zone = await a_place(settings, public_db, waiting_gigabytes=1)
    begun, other = seal(intake(zone.unit), *PHOTOS), seal(intake(zone.unit))
    slip, *parts = begun.files

    async with handing_in(zone) as hand_in:
        some = await hand_in(slip, parts[0])
        await hand_in(*other.files)
    await public_db.execute(FILL, 850_000_000)
    async with handing_in(zone) as hand_in:
        full = [await hand_in(*files) for files in ((parts[1],), (parts[0],), (slip,), (slip, parts[2]))]
    kept = zone.blobs.names()
    await public_db.execute(FILL, 1)
    async with handing_in(zone) as hand_in:
        done = await hand_in(*parts[1:])

    assert some["hand_ins"] == [{"status": "partial", "files": 4, "missing": [3, 4]}]
    assert [answer["status"] for answer in full] == ["full", "partial", "partial", "full"]
    assert full[0]["refused"] == [{"file": "a.tip", "reason": "full"}]
    assert full[2]["hand_ins"] == [{"status": "partial", "files": 4, "missing": [3, 4]}]
    assert len(kept) == len(zone.blobs.names()) - 2
    assert done["status"] == "complete"


async def test_parts_before_their_slip_leave_the_disk_its_room(
    settings: Settings, public_db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    split(monkeypatch)
    zone = await a_place(settings, public_db, free_gigabytes=1_000_000)

    async with handing_in(zone) as hand_in:
        answer = await hand_in(*seal(intake(zone.unit), *PHOTOS).files[1:])

    assert answer["status"] == "full"
    assert await public_db.fetchval("SELECT count(*) FROM zone.hand_in_envelope") == 0
    assert zone.blobs.names() == set()


async def test_hand_ins_begun_together_make_no_more_mailboxes_than_a_day_has_and_the_others_wait(
    settings: Settings, public_db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    split(monkeypatch)
    zone = await a_place(settings, public_db, mailboxes_a_day=1)
    first, second = (seal(intake(zone.unit), PHOTOS[0]) for _ in range(2))

    async with handing_in(zone) as hand_in:
        begun = [await hand_in(*one.files[:-1]) for one in (first, second)]
        ended = [await hand_in(one.files[-1]) for one in (first, second, second)]
    mailboxes = await public_db.fetchval("SELECT count(*) FROM zone.mailbox")
    await public_db.execute("UPDATE zone.mailbox SET created_on = $1", TODAY - timedelta(days=1))
    async with handing_in(zone) as hand_in:
        done = await hand_in(second.files[-1])

    assert [answer["status"] for answer in begun] == ["partial", "partial"]
    assert [answer["status"] for answer in ended] == ["complete", "full", "full"]
    assert mailboxes == 1
    assert done["status"] == "complete"
    assert await public_db.fetchval("SELECT count(*) FROM zone.envelope") == sum(
        len(one.slip.envelopes) for one in (first, second)
    )


async def test_files_that_are_on_their_way_count_and_those_that_broke_off_do_not(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_place(settings, public_db, waiting_gigabytes=1)
    today = TODAY
    gate = a_gate(zone.settings)

    with gate.worker() as one, gate.worker() as another:
        assert await one.room(public_db, "a", here=790_000_000, more=0, today=today)
        assert not await another.room(public_db, "b", here=0, more=20_000_000, today=today)
        assert await one.room(public_db, "a", here=0, more=0, today=today)
        assert await another.room(public_db, "b", here=790_000_000, more=0, today=today)
    with gate.worker() as third:
        assert await third.room(public_db, "c", here=0, more=700_000_000, today=today)


async def test_what_comes_near_is_told_once_and_taken_back_when_there_is_room(
    settings: Settings, public_db: Db, caplog: pytest.LogCaptureFixture
) -> None:
    zone = await a_place(settings, public_db, free_gigabytes=1_000_000)
    gate = a_gate(zone.settings)

    for day in (TODAY, TODAY + timedelta(days=1)):  # the second one is measured anew
        await gate.filling(public_db, day)
    told = nearing_file.read(settings.public)
    await a_gate(settings).filling(public_db, TODAY)

    assert [record.getMessage().split()[0] for record in caplog.records] == ["free_gigabytes"]
    assert told == ("free_gigabytes",)
    assert nearing_file.read(settings.public) == ()
