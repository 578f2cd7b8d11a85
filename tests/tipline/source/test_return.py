"""A source comes back: the codename opens its own thread, shows what is genuine, and takes answers once."""

from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from crypto.codename import Codename, SourceKeys, keys, new_token
from crypto.secret import Secret
from handling.rules.phrases import PHRASES as OF_THE_UNIT
from tests.journeys.browser import Browser
from tests.tipline.source.running import TODAY, a_zone, collect, messages, running
from tests.tipline.source.test_report import TEXT, report
from tipline import replies
from tipline.base.database import Db
from tipline.base.settings import Settings
from tipline.base.web import Site, make_app
from tipline.bundles import pack_bundle
from tipline.envelope import NO_PREVIOUS, Answer, Place, Reply, ThreadState, Tip
from tipline.source import returning, session
from tipline.source.context import ABOUT
from tipline.source.pages import About

NOT_HERE = "no reports under this codename"


def written(source: SourceKeys, *texts: str, phrase: str = "") -> list[tuple[Reply, bytes]]:
    """Replies as a unit seals them, in one chain."""
    state, made = ThreadState.start(), []
    for text in (*texts, *([phrase] if phrase else [])):
        kind = "phrase" if text == phrase else "reply"
        reply = Reply(kind, source.mailbox, state.counter + 1, state.previous, TODAY, text)
        made.append((reply, reply.seal(source.to_source, source.identity.recipient)))
        state = state.after(reply.encode(source.to_source))
    return made


async def put(db: Db, source: SourceKeys, *inner: bytes) -> None:
    bundle = pack_bundle(inner, source.identity.recipient)
    await db.execute("UPDATE zone.mailbox SET bundle = $2 WHERE id = $1", source.mailbox, bundle)


def one_by_one() -> aiohttp.ClientSession:
    """A client with a connection for each request: a worker closes one that is idle for 4 s, and a form is not sent again."""
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True))


async def a_thread(browser: Browser) -> tuple[str, SourceKeys]:
    page = await report(browser)
    codename = page.ids["codename"]
    return codename, keys(Codename.parse(codename))


async def test_a_source_reads_genuine_replies_and_answers_in_the_same_thread(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        async with Browser(zone.url) as browser:
            codename, source = await a_thread(browser)
            replies_ = written(source, "Which <b>berth</b>?", phrase="received")
            await put(public_db, source, *(inner for _, inner in replies_))
            await browser.open("/return")
            thread = await browser.submit("/return", codename=codename.upper().replace(" ", ",\n"))
            form = thread
            answered = await browser.submit("/answer", answer="Berth 4.\r\nAt night.")
            browser.page = form
            await browser.submit("/answer", answer="Berth 4.\r\nAt night.")
            empty = await browser.submit("/answer", answer=" ", status=400)
            long = await browser.submit("/answer", answer="kept " * 60_000, status=400)

    assert thread.path == "/thread"
    assert "Which <b>berth</b>?" in thread.text
    assert "We have received it." in thread.text
    assert "has not fetched it yet" in thread.text
    assert "on its way" in answered.text
    assert "Write your answer first" in empty.text
    assert dict(long.form("/answer").fields)["answer"] == "kept " * 60_000
    bodies = [m.body for m in messages(await collect(zone, public_db, zone.unit))]
    assert bodies == [Tip(TEXT, "", "", urgent=False), Answer("Berth 4.\nAt night.")]


async def test_a_page_has_as_many_bytes_with_news_as_without_and_is_not_compressed(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_zone(settings, public_db)
    offers = {"Accept-Encoding": "gzip, deflate, br, zstd"}

    with running(zone):
        async with Browser(zone.url) as browser, aiohttp.ClientSession(auto_decompress=False, headers=offers) as http:
            await report(browser)
            codename, source = await a_thread(browser)
            await browser.open("/return")
            quiet = await browser.submit("/return", codename=codename)
            cookie = {"Cookie": "; ".join(f"{one.key}={one.value}" for one in browser.cookies())}
            sizes, shown = {len(quiet.body)}, []
            await public_db.execute("DELETE FROM zone.envelope")
            for texts in ((), ("Which berth?",), ("<&'" * 800, "b" * 900), ("a " * 3_000, "b" * 3_000, "c " * 6_000)):
                await put(public_db, source, *(inner for _, inner in written(source, *texts)))
                for path in ("/thread", "/thread?older=1", "/thread?older=2", "/thread?older=nonsense"):
                    async with http.get(zone.url + path, headers=cookie) as answer:
                        body = await answer.read()
                        assert "Content-Encoding" not in answer.headers
                    sizes.add(len(body))
                    shown.append(body)
            problem = await browser.submit("/answer", answer=" ", status=400)
            await put(public_db, source)
            await browser.open("/thread")
            same = await browser.submit("/answer", answer=" ", status=400)

    assert len(sizes) == 1
    assert len(problem.body) == len(same.body)
    assert "has not fetched it yet" in quiet.text
    assert any(b"Which berth?" in one for one in shown)
    assert sum(b"c c c c" in one for one in shown) > 1  # older pages are there


async def test_an_answer_that_says_who_must_not_learn_travels_as_a_further_tip(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        async with Browser(zone.url) as browser:
            codename, _ = await a_thread(browser)
            await browser.open("/return")
            await browser.submit("/return", codename=codename)
            long = await browser.submit("/answer", answer="More.", must_not_learn="ben " * 20_000, status=400)
            await browser.submit("/answer", answer="More.", must_not_learn="Ben Okello")
            await browser.submit("/answer", must_not_learn="The sergeant")

    assert "Names alone are enough here" in long.text
    assert dict(long.form("/answer").fields)["answer"] == "More."
    assert dict(long.form("/answer").fields)["must_not_learn"] == "ben " * 20_000
    bodies = [m.body for m in messages(await collect(zone, public_db, zone.unit))]
    assert bodies == [
        Tip(TEXT, "", "", urgent=False),
        Tip("More.", "", "Ben Okello", urgent=False),
        Tip("", "", "The sergeant", urgent=False),
    ]


async def test_one_wrong_word_leaves_the_others_in_the_field(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        async with Browser(zone.url) as browser:
            codename, _ = await a_thread(browser)
            wrong = " ".join(["zzzebra", *codename.split()[1:]])
            await browser.open("/return")
            page = await browser.submit("/return", codename=wrong, status=400)

    assert "“zzzebra”" in page.text
    assert dict(page.form("/return").fields)["codename"] == wrong
    assert page.headers["Cache-Control"] == "no-store"


async def test_forged_exchanged_and_missing_replies_are_named(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        async with Browser(zone.url) as browser:
            codename, source = await a_thread(browser)
            (_, one), _, (_, three), *_ = written(source, "one", "two", "three")
            forged = Reply("reply", source.mailbox, 4, NO_PREVIOUS, TODAY, "untrue words")
            exchanged = Reply("reply", source.mailbox, 4, NO_PREVIOUS, TODAY, "four")
            await put(
                public_db,
                source,
                one,
                three,
                forged.seal(Secret.random(), source.identity.recipient),
                exchanged.seal(source.to_source, source.identity.recipient),
                b"no age file",
            )
            await browser.open("/return")
            page = await browser.submit("/return", codename=codename)
            await public_db.execute("UPDATE zone.mailbox SET bundle = $1", b"damaged")
            damaged = await browser.open("/thread")

    assert "Between reply 1 and reply 3 something is missing" in page.text
    assert "Reply 4 does not follow reply 3" in page.text
    assert "2 replies were not written by the unit" in page.text
    assert "untrue words" not in page.text
    assert "has been damaged or changed" in damaged.text


async def test_a_mailbox_set_back_is_named_on_the_page(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        async with Browser(zone.url) as browser:
            codename, source = await a_thread(browser)
            (_, one), (_, two) = written(source, "one", "two")
            await put(public_db, source, one)
            await browser.open("/return")
            first = await browser.submit("/return", codename=codename)
            await put(public_db, source, one, two)
            newest = await browser.open("/thread")
            await browser.submit("/answer", answer="I have read it.")
            await put(public_db, source, one)
            set_back = await browser.open("/thread")
            await public_db.execute("UPDATE zone.mailbox SET thread_state = $1", b"damaged")
            damaged = await browser.open("/thread")
            refused = await browser.submit("/answer", answer="kept words", status=400)

    assert "Careful" not in first.text + newest.text
    assert "Sealed on arrival: what this protects, and what not" in first.text
    assert "If you made this codename with the kit" in first.text
    assert "Reply 2 was shown here before and is missing now" in set_back.text
    assert "memory of your report is damaged" in damaged.text
    assert dict(refused.form("/answer").fields)["answer"] == "kept words"
    answers = messages(await collect(zone, public_db, zone.unit))
    assert [message.heard for message in answers] == [0, 2]


async def test_a_mailbox_that_was_put_under_another_unit_is_named_and_takes_no_answer(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        async with Browser(zone.url) as browser:
            codename, source = await a_thread(browser)
            before = await collect(zone, public_db, zone.unit)
            await put(public_db, source, *(one for _, one in written(source, "one")))
            await public_db.execute("UPDATE zone.mailbox SET unit = 'oversight'")
            await browser.open("/return")
            page = await browser.submit("/return", codename=codename)
            refused = await browser.submit("/answer", answer="kept words", status=400)

    assert "another unit has your report than the one you wrote to" in page.text
    assert "one" in page.text
    assert "another unit has your report than the one you wrote to" in refused.text
    assert dict(refused.form("/answer").fields)["answer"] == "kept words"
    assert len(before) == 1
    assert await collect(zone, public_db, zone.oversight) == {}


async def test_a_wrong_codename_is_told_without_saying_who_has_one(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)
    unknown = " ".join(Codename.from_token(new_token()).words())
    entropy = " ".join(["abandon"] * 12)

    with running(zone):
        async with Browser(zone.url) as browser:
            await browser.open("/return")
            nobody = await browser.submit("/return", codename=unknown, status=404)
            await browser.open("/return")
            checksum = await browser.submit("/return", codename=entropy, status=400)
            misspelt = await browser.submit("/return", codename=unknown + " kestrrel", status=400)
            closed = await browser.open("/thread")

    assert NOT_HERE in nobody.text
    assert "One of these words is wrong" in checksum.text
    assert "“kestrrel”" in misspelt.text
    assert " ".join(unknown.split()[:3]) not in nobody.text.replace(unknown, "")
    assert closed.path == "/return"
    assert await public_db.fetchval("SELECT count(*) FROM zone.session") == 0


async def test_what_is_longer_than_any_codename_is_refused_before_its_words_are_looked_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read: list[str] = []
    monkeypatch.setattr(Codename, "parse", lambda typed: read.append(typed) or Codename.from_token(new_token()))
    app = make_app(Site("source", "Unit", practice=True, style="source", translated=True), returning.ROUTES)
    app[ABOUT] = About("Practice Unit", "Oversight Board", "112", "on working days", "English", 10**9)

    async with TestClient(TestServer(app)) as client:
        long = await client.post("/return", data={"codename": "drum " * 201})
        huge = await client.post("/return", data={"codename": "drum " * 20_000})
        said, refused = await long.text(), await huge.text()

    assert (long.status, huge.status, read) == (400, 400, [])
    assert "longer than any codename" in said
    assert "too long" in refused


async def test_the_cookie_alone_opens_the_session_and_leaving_ends_it(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        async with Browser(zone.url) as browser, one_by_one() as http:
            codename, _ = await a_thread(browser)
            async with http.post(zone.url + "/return", data={"codename": codename}, allow_redirects=False) as answer:
                cookie = answer.headers["Set-Cookie"]
                assert (answer.status, answer.headers["Location"]) == (303, "thread")
            name, value = cookie.split(";")[0].split("=")
            headers = {"Cookie": f"{name}={value}"}
            half = {"Cookie": f"{name}={value[:42]}{'A' * 44}"}
            async with http.get(zone.url + "/thread", headers=headers, allow_redirects=False) as answer:
                opened = answer.status
            async with http.get(zone.url + "/thread", headers=half, allow_redirects=False) as answer:
                other_half = answer.status
            async with http.get(zone.url + "/leave-now", headers=headers) as answer:
                left = answer
                words = await answer.text()
            async with http.get(zone.url + "/thread", headers=headers, allow_redirects=False) as answer:
                after = answer.status

    assert name == "source"
    assert {part.strip().lower() for part in cookie.split(";")[1:]} == {"httponly", "path=/", "samesite=strict"}
    assert (opened, other_half, after) == (200, 303, 303)
    assert left.headers["Clear-Site-Data"] == '"cache", "cookies", "storage"'
    assert not any(word in words.lower() for word in ("tip", "report", "unit", "codename", "practice"))
    assert await public_db.fetchval("SELECT count(*) FROM zone.session") == 1  # that which the report began


async def test_a_browser_that_signs_in_again_has_left_its_last_session_whatever_it_typed(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_zone(settings, public_db)
    counts = []

    with running(zone):
        async with Browser(zone.url) as browser:
            codename, _ = await a_thread(browser)
            other = " ".join(Codename.from_token(new_token()).words())
            for typed, status in ((codename, 200), (other, 404)):
                await browser.open("/return")
                await browser.submit("/return", codename=typed, status=status)
                counts.append(await public_db.fetchval("SELECT count(*) FROM zone.session"))

    assert counts == [1, 0]


async def test_signing_out_ends_the_session_and_an_answer_after_it_is_given_back(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        async with Browser(zone.url) as browser:
            codename, _ = await a_thread(browser)
            await browser.open("/return")
            thread = await browser.submit("/return", codename=codename)
            left = await browser.submit("/leave")
            browser.page = thread
            late = await browser.submit("/answer", answer="too late", status=403)

    assert "signed out" in left.text
    assert left.headers["Clear-Site-Data"] == '"cache", "cookies", "storage"'
    assert b"too late" in late.body
    assert await public_db.fetchval("SELECT count(*) FROM zone.session") == 0
    assert len(messages(await collect(zone, public_db, zone.unit))) == 1


class _Shelf:
    """Sessions in a dict, as `keep` answers."""

    def __init__(self) -> None:
        self.rows: dict[bytes | None, bytes] = {}

    async def add_session(self, name: bytes, sealed: bytes, _day: object, _mailbox: bytes, last: bytes | None) -> bool:
        self.rows[name] = sealed
        self.rows.pop(last, None)
        return True

    async def session(self, name: bytes) -> bytes | None:
        return self.rows.get(name)

    async def delete_session(self, name: bytes) -> None:
        self.rows.pop(name, None)


async def test_a_session_ends_after_half_an_hour_and_shows_nothing_in_its_row() -> None:
    shelf, now = _Shelf(), datetime.now(UTC)
    codename = Codename.from_token(new_token())
    cookie, known = await session.begin(shelf, "", codename, bytes(32), now)

    assert known
    opened = await session.resume(shelf, cookie, now + session.LIFE - timedelta(seconds=1))
    assert opened is not None
    assert opened.codename.words() == codename.words()
    assert codename.entropy.expose() not in next(iter(shelf.rows.values()))
    for wrong in ("", "x", cookie[:-4], "é" * 86, "A" * 86):
        assert await session.resume(shelf, wrong, now) is None
    assert await session.resume(shelf, cookie, now + session.LIFE) is None
    assert shelf.rows == {}


def test_both_ends_word_every_phrase_alike() -> None:
    assert {phrase.code: phrase.text for phrase in OF_THE_UNIT} == dict(replies.PHRASES)


def test_a_phrase_without_words_here_still_says_that_there_is_news() -> None:
    source = keys(Codename.from_token(new_token()))
    inner = [sealed for _, sealed in written(source, phrase="new-code")]

    read = replies.read(pack_bundle(inner, source.identity.recipient), source, Place.start("unit"))

    assert len(read.shown) == 1
    assert "new-code" not in read.shown[0].text
    assert read.troubles == ()
