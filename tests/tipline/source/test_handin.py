"""What was sealed on a source's own device is taken whole or not at all, in any order, and refused in words that help."""

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from html import unescape
from uuid import UUID

import aiohttp
import pytest

from tests.journeys.browser import Browser, Upload
from tests.tipline.source.elsewhere import TEXT, HandIn, intake, seal
from tests.tipline.source.running import (
    TODAY,
    Taken,
    Zone,
    a_zone,
    collect_handed_in,
    joined,
    messages,
    publish,
    running,
)
from tipline.base.database import Db
from tipline.base.settings import Settings
from tipline.base.web import Site, render_text
from tipline.envelope import File, Tip
from tipline.handin import FILE_MAX
from tipline.source import handed
from tipline.source.pages import About, HandedIn, HandInPage, NotTaken
from tipline.source.pieces import Fault
from tipline.source.ways import KIT

LARGE = bytes(range(256)) * 70_000  # two parts: three files to hand in


async def hand_in(browser: Browser, files: Sequence[Upload], status: int = 200) -> str:
    await browser.open("/hand-in")
    return (await browser.submit("/hand-in", files=files, status=status)).text


async def by_script(zone: Zone, *files: bytes) -> tuple[int, dict[str, object]]:
    """Send as a script does, and return status and answer."""
    form = aiohttp.FormData()
    for number, data in enumerate(files):
        form.add_field("files", io.BytesIO(data), filename=f"{number}.tip", content_type="application/octet-stream")
    async with aiohttp.ClientSession() as http:
        answer = await http.post(f"{zone.url}/hand-in", data=form, headers={"Accept": "application/json"})
        return answer.status, json.loads(await answer.read())


async def nothing_is_left(zone: Zone, db: Db) -> None:
    assert await db.fetchval("SELECT count(*) FROM zone.hand_in") == 0
    assert await db.fetchval("SELECT count(*) FROM zone.hand_in_envelope") == 0
    kept = {row["id"] for row in await db.fetch("SELECT id FROM zone.envelope")}
    assert zone.blobs.names() == kept


def one_report(taken: dict[str, Taken], *contents: bytes, text: str = TEXT) -> None:
    """Check that exactly this report with these files is there."""
    tip, *files = (message.body for message in messages(taken))
    assert tip == Tip(text, "", "", urgent=False)
    assert [joined(file, taken) for file in files if isinstance(file, File)] == list(contents)


async def test_a_small_hand_in_is_one_file_and_arrives_at_once(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)
    sealed = seal(intake(zone.unit), b"a photo")

    with running(zone):
        async with Browser(zone.url) as browser:
            text = await hand_in(browser, sealed.uploads())

    assert len(sealed.files) == 1
    assert "It has arrived" in text
    assert all(words in text for words in (KIT.label, KIT.protects, KIT.not_against, KIT.same))
    assert " ".join(sealed.codename.words()) not in text
    one_report(await collect_handed_in(zone, public_db, zone.unit), b"a photo")
    assert await public_db.fetchval("SELECT recipient FROM zone.mailbox") == str(sealed.slip.recipient)
    await nothing_is_left(zone, public_db)


async def test_files_come_in_any_order_over_several_requests_and_again(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)
    sealed = seal(intake(zone.oversight), LARGE)

    with running(zone):
        async with Browser(zone.url) as browser:
            alone = await hand_in(browser, sealed.uploads(3))
            some = await hand_in(browser, sealed.uploads(3, 1))
            waiting = await public_db.fetchval("SELECT count(*) FROM zone.envelope")
            again = await hand_in(browser, sealed.uploads(1))
            done = await hand_in(browser, sealed.uploads(2))
            repeated = await hand_in(browser, sealed.uploads(2, 3, 1))

    assert len(sealed.files) == 3
    assert "hand-in-3-of-3.tip" in alone
    assert "Send the first file too" in alone
    assert "2 of 3 files are here" in some
    assert "hand-in-2-of-3.tip" in some
    assert "hand-in-2-of-3.tip" in again
    assert waiting == 0
    assert "It has arrived" in done
    assert "It has arrived" in repeated
    one_report(await collect_handed_in(zone, public_db, zone.oversight), LARGE)
    await nothing_is_left(zone, public_db)


async def test_a_script_reads_status_and_missing_numbers(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)
    sealed = seal(intake(zone.unit), LARGE)

    with running(zone):
        some = await by_script(zone, sealed.files[1], sealed.files[0])
        foreign = await by_script(zone, b"not sealed at all")
        async with Browser(zone.url) as browser:
            none = await hand_in(browser, [], status=400)
            shown = await hand_in(browser, [Upload("files", "a.tip", b"not sealed at all")], status=400)
        done = await by_script(zone, sealed.files[2])

    assert some == (
        200,
        {
            "status": "partial",
            "hand_ins": [{"status": "partial", "files": 3, "missing": [3]}],
            "waiting": [],
            "refused": [],
        },
    )
    assert foreign == (
        400,
        {"status": "no-hand-in", "hand_ins": [], "waiting": [], "refused": [{"file": "0.tip", "reason": "no-hand-in"}]},
    )
    assert "Choose at least one file first" in none
    assert "This is not a file to hand in" in shown
    assert done == (
        200,
        {
            "status": "complete",
            "hand_ins": [{"status": "complete", "files": 3, "missing": []}],
            "waiting": [],
            "refused": [],
        },
    )


SENTENCES = {
    "erased": "You have erased this report",
    "no-hand-in": "Choose the files that were made when you sealed",
    "damaged": "It was damaged, and nothing of it was kept. Send it once more",
    "too-large": "One report takes at most 20 files and 2 GB together",
    "first-file-missing": "Choose the first file too",
    "retired-key": "The key that it was sealed with has ended",
    "answered-meanwhile": "Pick up again, then seal your answer once more",
    "already-begun": "There is a report under this codename already",
    "other-unit": "It was sealed for somebody else than the report belongs to",
    "used-id": "A number in it is used already",
    "full": "What is here already stays: send the files again in some hours",
    "gone": "It was not complete in time and was forgotten",
}


def test_every_reason_that_a_program_reads_has_a_sentence() -> None:
    refusals = {one.value for one in (*handed.Standing, *Fault)} - {"complete", "partial"}

    assert refusals == set(SENTENCES)


@pytest.mark.parametrize("code", SENTENCES)
def test_a_refusal_shows_its_own_sentence_for_a_file_and_for_a_hand_in_and_no_other(code: str) -> None:
    site = Site(name="source", title="Tipline", practice=False, style="source")
    about = About("unit", None, "112", "on working days", "English", 10**9)
    for page in (
        HandInPage(about, refused=(NotTaken("a.tip", code),)),
        HandInPage(about, handed_in=(HandedIn(code, 0, ()),)),
    ):
        shown = unescape(render_text(site, page))

        assert {one for one, sentence in SENTENCES.items() if sentence in shown} == {code}
        assert "It has arrived" not in shown


async def test_an_answer_follows_the_place_that_was_picked_up_and_no_other(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)
    first = seal(intake(zone.unit))
    answer = seal(intake(zone.unit), codename=first.codename, follows=first.slip.now, text="Berth ten.")
    late = seal(intake(zone.unit), codename=first.codename, follows=first.slip.now, text="Berth eleven.")
    twice = seal(intake(zone.unit), codename=first.codename, text="From the start.")
    elsewhere = seal(intake(zone.oversight), codename=first.codename, follows=answer.slip.now, text="To others.")
    unknown = seal(intake(zone.unit), follows=None)
    orphan = seal(intake(zone.unit), codename=unknown.codename, follows=unknown.slip.now, text="No mailbox.")

    with running(zone):
        answers = [
            (await by_script(zone, *one.files))[1]["status"] for one in (first, answer, late, twice, elsewhere, orphan)
        ]

    assert answers == [
        "complete",
        "complete",
        "answered-meanwhile",
        "already-begun",
        "other-unit",
        "answered-meanwhile",
    ]
    taken = await collect_handed_in(zone, public_db, zone.unit)
    assert [message.counter for message in messages(taken)] == [1, 2]
    assert bytes(await public_db.fetchval("SELECT thread_state FROM zone.mailbox")) == answer.slip.now
    await nothing_is_left(zone, public_db)


@pytest.mark.parametrize(("ended", "status"), [(0, "complete"), (14, "complete"), (15, "retired-key")])
async def test_a_key_counts_for_14_days_after_its_end(
    settings: Settings, public_db: Db, ended: int, status: str
) -> None:
    zone = await a_zone(settings, public_db)
    await public_db.execute("DELETE FROM zone.intake_key")
    key = intake(zone.unit, ended=ended)
    await publish(public_db, zone.unit, key)

    with running(zone):
        answered = await by_script(zone, *seal(key).files)
        other = await by_script(zone, *seal(replace(key, serial=9)).files)
        nobody = await by_script(zone, *seal(replace(key, unit="nobody")).files)

    assert answered[1]["status"] == status
    assert other[1]["status"] == "retired-key"
    assert nobody[1]["status"] == "other-unit"
    await nothing_is_left(zone, public_db)


def damaged(sealed: HandIn, other: HandIn, photo: HandIn) -> dict[str, bytes]:
    """One small hand-in, broken in every place that can be told from outside."""
    (file,) = sealed.files
    slip = sealed.slip.encode()
    at = len(slip)

    def flipped(where: int) -> bytes:
        return file[:where] + bytes([file[where] ^ 1]) + file[where + 1 :]

    return {
        "the slip": flipped(40),
        "the slip's end": flipped(at - 2),
        "a wrapper": flipped(at + 30),
        "an age header": flipped(at + 256 + 40),
        "a body": flipped(at + 4_000),
        "the last byte": flipped(len(file) - 1),
        "cut in the slip": file[:2_000],
        "cut behind the slip": slip,
        "cut in an envelope": file[:-1],
        "more than it lists": file + b"x",
        "a message alone": file[at:],
        "another slip's envelopes": slip + other.files[0][at:],
        "its envelopes in another order": swapped(photo),
    }


def swapped(sealed: HandIn) -> bytes:
    """Its message and its sidecar, which have one size, stand in each other's place."""
    (file,) = sealed.files
    at, size = len(sealed.slip.encode()), sealed.slip.envelopes[0].size
    first, second = file[at : at + size], file[at + size : at + 2 * size]
    assert len(first) == len(second) == sealed.slip.envelopes[1].size
    return file[:at] + second + first + file[at + 2 * size :]


async def test_whatever_is_damaged_is_refused_and_nothing_of_it_is_stored(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)
    key = intake(zone.unit)
    broken = damaged(seal(key), seal(key), seal(key, b"a photo"))

    with running(zone):
        found = {name: (await by_script(zone, data))[1]["status"] for name, data in broken.items()}
        foreign = [
            (await by_script(zone, data))[1]["status"] for data in (b"\n", b"a" * 300_000, b"age-encryption.org/v1\n")
        ]
        large = await by_script(zone, seal(intake(zone.unit), b"x").files[0] + bytes(FILE_MAX))

    assert found == dict.fromkeys(broken, "damaged")
    assert foreign == ["no-hand-in"] * 3
    assert large[1]["status"] in ("damaged", "too-large")
    assert zone.blobs.names() == set()
    assert not list((settings.public / "blobs").iterdir())
    assert await public_db.fetchval("SELECT count(*) FROM zone.mailbox") == 0


async def test_a_hand_in_has_room_for_words_answers_and_twenty_files_and_no_more(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_zone(settings, public_db)
    slip = seal(intake(zone.unit)).slip
    (message,) = slip.envelopes

    def of(count: int) -> bytes:
        listed = tuple(replace(message, id=UUID(int=number), sha256=bytes([number] * 32)) for number in range(count))
        return replace(slip, envelopes=listed).encode()

    with running(zone):
        found = [(await by_script(zone, of(count)))[1]["status"] for count in (22, 23)]

    assert found == ["damaged", "too-large"]  # nothing follows the slip: so far does the reader of a good one come


async def test_a_part_that_was_exchanged_belongs_to_no_slip(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)
    key = intake(zone.unit)
    sealed = seal(key, LARGE)
    others = seal(key, LARGE, codename=sealed.codename)

    with running(zone):
        answered = await by_script(zone, sealed.files[0], others.files[1], sealed.files[2])

    assert answered[1]["hand_ins"] == [{"status": "partial", "files": 3, "missing": [2]}]
    assert (answered[1]["waiting"], answered[1]["refused"]) == (["1.tip"], [])


async def test_an_id_that_is_used_is_refused_and_no_blob_is_replaced(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)
    key = intake(zone.unit)
    first, second = seal(key), seal(key)
    stolen = replace(second.slip, envelopes=(replace(second.slip.envelopes[0], id=first.slip.envelopes[0].id),))
    thief = replace(second, slip=stolen, files=(stolen.encode() + second.files[0][len(second.slip.encode()) :],))

    with running(zone):
        arrived = await by_script(zone, *first.files)
        refused = await by_script(zone, *thief.files)

    assert arrived[1]["status"] == "complete"
    assert refused[1]["status"] == "used-id"
    one_report(await collect_handed_in(zone, public_db, zone.unit))
    await nothing_is_left(zone, public_db)


async def test_a_day_on_which_too_much_waits_says_so(
    settings: Settings, public_db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handed, "PENDING_MAX", 1)
    zone = await a_zone(settings, public_db)
    slip = seal(intake(zone.unit), LARGE).slip

    assert await handed.begin(public_db, slip, TODAY) is handed.Standing.FULL
    assert await public_db.fetchval("SELECT count(*) FROM zone.hand_in") == 0
