"""After the message come files, one by one: each is kept once it is whole, and whatever goes wrong costs that one alone."""

import asyncio
import re
from dataclasses import replace
from datetime import UTC, datetime

import aiohttp
import pytest

from crypto.codename import Codename, new_token
from crypto.secret import Secret
from tests.journeys.browser import Browser, Page, Upload
from tests.tipline.source.running import Zone, a_zone, collect, joined, messages, running, until
from tests.tipline.source.sending import TEXT, Sending, SignedIn
from tipline.base.database import Db
from tipline.base.settings import Settings
from tipline.envelope import File, Tip
from tipline.source import session
from tipline.source.session import Session

MB = 1_000_000


async def kept(zone: Zone, db: Db) -> list[bytes]:
    """The files that the unit has, the message before them checked."""
    taken = await collect(zone, db, zone.unit)
    tip, *sidecars = (message.body for message in messages(taken))
    assert isinstance(tip, Tip)
    return [joined(body, taken) for body in sidecars if isinstance(body, File)]


async def test_files_come_one_by_one_and_the_page_says_how_many_and_how_large(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        async with Browser(zone.url) as browser:
            await browser.open("/")
            sent = await browser.submit("/", involved="no", message=TEXT, urgent="yes")
            before = await collect(zone, public_db, zone.unit)
            first = await browser.open(sent.link("files"))
            nothing = await browser.submit("/files", status=400, files=[Upload("files", "", b"")])
            await browser.submit("/files", files=[Upload("files", "kestrel.jpg", b"k" * 2_100_000)])
            page = await browser.submit("/files", files=[Upload("files", "owl.txt", b"o" * 90)])
            again = await browser.submit("/files", files=[Upload("files", "owl.txt", b"o" * 90)])
            left = await browser.submit("/leave")

    assert len(before) == 1  # the message was kept before any file came
    assert "up to 2 GB" in first.text
    assert "10 MB about ten" in first.text
    assert "Choose a file first" in nothing.text
    assert "2 files are sealed" in page.text
    assert "2 MB" in page.text
    assert "1 kB" in page.text
    assert "kestrel" not in page.text + again.text
    assert "2 files are sealed" in again.text  # the same file counts once
    assert "signed out" in left.text
    assert await kept(zone, public_db) == [b"k" * 2_100_000, b"o" * 90]
    assert all(one.wrapper.urgent for one in (await collect(zone, public_db, zone.unit)).values())


async def test_a_file_that_says_it_is_too_large_is_refused_before_its_first_byte(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_zone(settings, public_db)
    settings = zone.settings

    with running(zone):
        who = await SignedIn.of(zone)
        told = Sending(zone, who, 0, says=3_000 * MB)
        await told.begin()
        at_once = await told.answer()
        asking = Sending(zone, who, 0, says=3_000 * MB)
        await asking.begin(Expect="100-continue")
        unsent = await asking.answer()

    assert at_once[0] == unsent[0] == 413
    assert "too large" in at_once[1]
    assert "2 GB" in at_once[1]
    assert await kept(zone, public_db) == []
    assert not list((settings.public / "blobs").glob(".*"))


async def test_a_file_that_does_not_say_how_large_it_is_is_refused_in_the_middle_and_the_next_one_is_taken(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_zone(replace(settings, file_megabytes=1), public_db)

    with running(zone):
        who = await SignedIn.of(zone)
        long = Sending(zone, who, 3 * MB, chunked=True)
        await long.begin()
        await long.send(bytes(3 * MB))  # and never its end: it is answered in the middle
        status, page = await long.answer()
        await until(lambda: not list((zone.settings.public / "blobs").glob(".*")))
        next_ = Sending(zone, who, 4, name="b", chunked=True)
        await next_.begin()
        await next_.send(b"next")
        taken, _ = await next_.finish()

    assert status == 413
    assert "This file is too large, and nothing of it was kept" in page
    assert "1 MB" in page
    assert taken == 303
    assert await kept(zone, public_db) == [b"next"]


async def test_a_line_that_breaks_costs_the_file_that_was_under_way(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        who = await SignedIn.of(zone)
        whole, broken = Sending(zone, who, 5), Sending(zone, who, 40 * MB, name="b")
        await whole.begin()
        await whole.send(b"whole")
        await whole.finish()
        await broken.begin()
        await broken.send(bytes(20 * MB))
        await until(lambda: list((settings.public / "blobs").glob(".*")))
        broken.drop()
        await until(lambda: not list((settings.public / "blobs").glob(".*")))
        again = Sending(zone, who, 4, name="b")
        await again.begin()
        await again.send(b"then")
        status, _ = await again.finish()

    assert status == 303
    assert await kept(zone, public_db) == [b"whole", b"then"]


async def test_two_files_that_end_at_the_same_moment_are_both_kept_and_both_told(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        who = await SignedIn.of(zone)
        several = [Sending(zone, who, 3, name=f"{n}") for n in range(6)]
        for n, one in enumerate(several):
            await one.begin()
            await one.send(b"%3d" % n)
        statuses = await asyncio.gather(*(one.finish() for one in several))
        async with aiohttp.ClientSession(headers={"Cookie": who.cookie}) as http, http.get(zone.url + "/files") as page:
            words = await page.text()

    assert {status for status, _ in statuses} == {303}
    assert sorted(await kept(zone, public_db)) == [b"%3d" % n for n in range(6)]
    assert "6 files are" in words


@pytest.mark.parametrize("wrong", ["key", "mailbox", "unit", "memory", "left", "page"])
async def test_what_changes_during_an_upload_is_said_and_nothing_of_the_file_stays(
    settings: Settings, public_db: Db, wrong: str
) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        who = await SignedIn.of(zone)
        if wrong == "page":
            who = SignedIn(who.cookie, "00" * 32)
        if wrong == "left":
            await public_db.execute("DELETE FROM zone.session")
        one = Sending(zone, who, 4 * MB)
        await one.begin()
        await one.send(bytes(2 * MB))
        if wrong in ("key", "mailbox", "unit", "memory"):
            await until(lambda: list((settings.public / "blobs").glob(".*")))
        if wrong == "key":
            await public_db.execute("DELETE FROM zone.intake_key")
        elif wrong == "mailbox":
            await public_db.execute("DELETE FROM zone.envelope")
            await public_db.execute("DELETE FROM zone.mailbox")
        elif wrong == "unit":
            await public_db.execute("UPDATE zone.mailbox SET unit = 'oversight'")
        elif wrong == "memory":
            await public_db.execute("UPDATE zone.mailbox SET thread_state = 'damaged'")
        await one.send(bytes(2 * MB))
        status, page = await one.finish()

    told = {
        "key": (503, "no valid key"),
        "mailbox": (303, ""),
        "unit": (400, "another unit"),
        "memory": (400, "memory of your report is damaged"),
        "left": (303, ""),
        "page": (403, "too old to send from"),
    }
    assert status == told[wrong][0]
    assert told[wrong][1] in page
    rows = {row["id"] for row in await public_db.fetch("SELECT id FROM zone.envelope")}
    assert len(rows) == (0 if wrong == "mailbox" else 1)
    await until(lambda: not list((settings.public / "blobs").glob(".*")))
    assert zone.blobs.names() >= rows
    assert len(zone.blobs.names()) == 1


async def test_a_mailbox_that_another_unit_has_gets_no_byte_of_a_file(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        who = await SignedIn.of(zone)
        await public_db.execute("UPDATE zone.mailbox SET unit = 'oversight'")
        one = Sending(zone, who, 40 * MB)
        await one.begin()
        await one.send(bytes(20 * MB))
        status, page = await one.answer()

    assert status == 400
    assert "another unit" in page
    assert not list((settings.public / "blobs").glob(".*"))


async def test_the_codename_shows_again_to_who_has_just_reported_and_to_nobody_who_came_back_with_it(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        async with Browser(zone.url) as browser:
            await browser.open("/")
            sent = await browser.submit("/", involved="no", message=TEXT)
            again = await browser.open("/code")
            await browser.open("/return")
            await browser.submit("/return", codename=sent.ids["codename"])
            later = await browser.open("/code")
            check = await browser.open("/check")

    assert again.ids["codename"] == sent.ids["codename"]
    assert later.path == check.path == "/thread"
    assert not any(word in sent.headers["Set-Cookie"] for word in sent.ids["codename"].split())


async def test_who_comes_back_with_the_codename_adds_a_file_to_the_same_thread(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        async with Browser(zone.url) as browser:
            await browser.open("/")
            sent = await browser.submit("/", involved="no", message=TEXT)
            await browser.open("/files")
            await browser.submit("/leave")
        async with Browser(zone.url) as another_day:
            await another_day.open("/return")
            thread = await another_day.submit("/return", codename=sent.ids["codename"])
            await another_day.open(thread.link("files"))
            page = await another_day.submit("/files", files=[Upload("files", "owl.txt", b"owl")])

    assert "1 file is sealed" in page.text
    assert await kept(zone, public_db) == [b"owl"]
    taken = await collect(zone, public_db, zone.unit)
    assert len({one.wrapper.mailbox for one in taken.values()}) == 1


async def test_two_words_typed_back_are_right_or_named_by_their_number_and_never_shown(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        async with Browser(zone.url) as browser, Browser(zone.url) as somebody_else:
            words, one, two, wrong = await _half_right(browser)
            right = await browser.submit("/check", **{one: words[_place(one)], two: words[_place(two)][:4]})
            asked = {tuple(await _asked(browser)) for _ in range(8)}
            *_, of_another = await _half_right(somebody_else)

    assert len(asked) > 1
    assert "This one was right" in wrong.text
    assert f"not word number {_place(two) + 1}" in wrong.text
    own = _words_in(wrong) - _words_in(of_another)  # “paper” and “code” are words of the page, and of codenames too
    assert not own & set(words)
    assert "Both words are right" in right.text


async def _half_right(browser: Browser) -> tuple[list[str], str, str, Page]:
    """Report, and type one of the two words right: the codename, both fields, what the page says."""
    await browser.open("/")
    words = (await browser.submit("/", involved="no", message=TEXT)).ids["codename"].split()
    one, two = await _asked(browser)
    typed = {one: words[_place(one)].upper() + ",", two: "kestrel"}
    return words, one, two, await browser.submit("/check", status=400, **typed)


async def _asked(browser: Browser) -> list[str]:
    page = await browser.open("/check")
    return [name for name, _ in page.form("/check").fields if name != "csrf"]


def _words_in(page: Page) -> set[str]:
    return set(re.findall(r"[a-z]+", page.body.decode().lower()))


def _place(name: str) -> int:
    return int(name.removeprefix("word_")) - 1


def test_a_session_has_room_for_the_sizes_of_all_its_files_and_shows_no_number() -> None:
    rows = {
        len(
            Session(
                bytes(32),
                codename,
                reported=True,
                urgent=True,
                kept=kept,
                expires=datetime.now(UTC),
                _key=Secret.random(32),
            ).seal()
        )
        for codename in (Codename.from_token(new_token()),)
        for kept in ((), (10**11,) * session.FILES_MAX)
    }

    assert len(rows) == 1
