"""A few questions after a report, without script: step by step, back and on, and what was answered is sealed as a message."""

import aiohttp
import pytest

from tests.journeys.browser import Browser, Page, report
from tests.tipline.source.running import a_zone, collect, messages, running
from tipline.base.database import Db
from tipline.base.settings import Settings
from tipline.envelope import Filled
from tipline.questionnaire import current
from tipline.questionnaire.answers import Listed, When

ASKED = current.default()
TEXT = "They load at night."


async def begun(browser: Browser) -> Page:
    """The first step, after a report."""
    await report(browser, involved="no", message=TEXT)
    return await browser.open("/questions")


async def on(browser: Browser, go: str = "next", *, status: int = 200, **typed: str | list[str]) -> Page:
    return await browser.submit("/questions", status=status, go=go, **typed)


async def test_every_step_is_walked_and_what_was_answered_arrives_as_one_message(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        async with Browser(zone.url) as browser:
            sent = await report(browser, involved="no", message=TEXT)
            first = await browser.open(sent.link("questions"))
            await on(browser, **{"species.words": "tiger"}, state=["parts"])
            goods = await on(browser, parts=["SKI", "BON"], amount="12", unit="kilograms")
            await on(browser, where="pier 7", **{"when.about": "every Friday"})
            await on(browser, transport=["road"])
            await on(browser, numbers="KX 4711")
            await on(browser, who="Two men\r\nin a van")
            await on(browser, others="few")
            done = await on(browser, "send", careful="My cousin told me")

    assert "Part 1 of" in first.text
    assert "Where and when" in goods.text
    assert "is sealed and on its way" in done.text
    tip, answers = messages(await collect(zone, public_db, zone.unit))
    assert tip.counter + 1 == answers.counter
    assert answers.body == Filled(
        ASKED.sha256,
        "en",
        {
            "species": Listed(("Panthera tigris",), ""),
            "state": ("parts",),
            "parts": ("SKI", "BON"),
            "amount": "12",
            "unit": "kilograms",
            "where": "pier 7",
            "when": When("", "every Friday"),
            "transport": ("road",),
            "numbers": "KX 4711",
            "who": "Two men\nin a van",
            "others": "few",
            "careful": "My cousin told me",
        },
    )


async def test_back_keeps_what_was_typed_and_a_hidden_question_keeps_no_answer(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        async with Browser(zone.url) as browser:
            await begun(browser)
            await on(browser, state=["parts"])
            await on(browser, "back", parts=["SKI"], amount="about a dozen")
            again = await on(browser, state=["parts"])
            kept = dict(again.form("/questions").fields)
            wrong = await on(browser, amount="about a dozen", status=400)
            await on(browser, "back", amount="12")
            unasked = await on(browser, state=["living"])
            done = await on(browser, "send")

    assert (kept["amount"], kept["parts"]) == ("about a dozen", "SKI")
    assert "with no sign between thousands" in wrong.ids["amount-problem"]
    assert "Which parts or products?" in again.text
    assert "Which parts or products?" not in unasked.text
    assert "is sealed and on its way" in done.text
    _, answers = messages(await collect(zone, public_db, zone.unit))
    assert isinstance(answers.body, Filled)
    assert answers.body.values == {"state": ("living",), "amount": "12"}


async def test_part_of_a_name_is_offered_once_and_then_kept_as_it_was_typed(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        async with Browser(zone.url) as browser:
            await begun(browser)
            offered = await on(browser, **{"species.words": "eleph, hippo"})
            await on(browser, species=["Hippopotamus amphibius", "Elephas maximus"])
            await on(browser, "back")
            again = await on(browser)
            done = await on(browser, "send")

    assert "We found names like that" in offered.text
    fields = offered.form("/questions").fields
    assert ("species", "Hippopotamus amphibius") in fields
    assert ("species.words", "eleph") in fields
    assert "Part 2 of" in again.text
    assert "is sealed and on its way" in done.text
    _, answers = messages(await collect(zone, public_db, zone.unit))
    assert isinstance(answers.body, Filled)
    assert answers.body.values == {"species": Listed(("Elephas maximus", "Hippopotamus amphibius"), "eleph")}


async def test_the_same_answers_count_once_and_none_are_not_sent(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        async with Browser(zone.url) as browser:
            await begun(browser)
            nothing = await on(browser, "send")
            step = await browser.open("/questions")
            for _ in range(2):
                browser.page = step
                await on(browser, "send", state=["killed"])

    assert "is sealed and on its way" not in nothing.text
    assert len(messages(await collect(zone, public_db, zone.unit))) == 2


async def test_who_is_not_signed_in_is_given_the_answers_back(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        async with Browser(zone.url) as browser:
            step = await begun(browser)
            await browser.open("/leave-now")
            browser.page = step
            given_back = await on(browser, "send", **{"species.words": "a blue bird"}, status=403)
            elsewhere = await browser.open("/questions")

    assert "Which animals or plants?" in given_back.body.decode()
    assert "a blue bird" in given_back.body.decode()
    assert elsewhere.path == "/return"
    assert len(messages(await collect(zone, public_db, zone.unit))) == 1


async def test_answers_that_cannot_stand_are_given_back_too_as_they_were_typed(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_zone(settings, public_db)
    long = "tiger, " + "a blue bird and " * 300 + "the end"

    with running(zone):
        async with Browser(zone.url) as browser:
            first = await begun(browser)
            goods = await on(browser, state=["parts"])
            await browser.open("/leave-now")
            browser.page = goods
            wrong = await on(browser, "send", parts=["SKI"], amount="about a dozen", status=403)
            browser.page = first
            whole = await on(browser, "send", **{"species.words": long}, status=403)

    assert "about a dozen" in wrong.body.decode()
    assert "Skins" in wrong.body.decode()
    assert long in whole.body.decode()


HOSTILE: list[list[tuple[str, str]]] = [
    [("step", "nowhere"), ("go", "next")],
    [("step", "care"), ("step", "what"), ("go", "next")],
    [("go", "<script>"), ("state", "living"), ("state", "living"), ("state", "nothing")],
    [("species", "Homo sapiens"), ("species.words", "\u202e\x1b\x00".replace("\x00", "")), ("go", "next")],
    [("species.words", "," * 100_000), ("go", "next")],
    [("species.words", "a" * 500_000), ("go", "send")],
    [("who", "x" * 900_000), ("go", "send")],
    [(f"who{n}", "x") for n in range(400)],
    [("species.offered", "x" * 100_000), ("species.words", "eleph"), ("go", "next")],
    [("__proto__", "x"), ("amount", "9" * 4000), ("when.day", "9999-99-99"), ("go", "send")],
]


async def test_hostile_fields_get_a_clear_page_and_send_nothing_that_was_not_asked(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        async with Browser(zone.url) as browser:
            step = await begun(browser)
            hidden = [(name, value) for name, value in step.form("/questions").fields if name in ("csrf", "token")]
            for fields in HOSTILE:
                data = aiohttp.FormData(
                    [*hidden, ("step", "what"), *fields] if fields[0][0] != "step" else [*hidden, *fields]
                )
                async with browser._session.post(f"{zone.url}/questions", data=data) as answer:
                    page = await answer.text()
                    assert answer.status in (200, 400), fields
                    assert "<h1>" in page
                    assert "<script>" not in page

    sent = [one.body for one in messages(await collect(zone, public_db, zone.unit))[1:]]
    assert [body.values for body in sent if isinstance(body, Filled) and body.values != {}] == []


async def test_a_unit_asks_what_stands_in_its_own_file(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)
    (settings.data / current.FILE).write_text(
        'format = "tipline/questionnaire/v1"\nname = "own"\n[[section]]\nkey = "a"\ntitle = "Bribes"\n'
        '[[section.question]]\nkey = "sum"\nkind = "number"\nask = "How much was paid?"\n'
        '[language.fr]\nsection.a = "Pots-de-vin"\nsum.ask = "Combien ?"\n'
    )

    with running(zone):
        async with Browser(zone.url) as browser:
            step = await begun(browser)
            french = await browser.open("/fr/questions")
            await on(browser, "send", sum="100")

    assert "How much was paid?" in step.text
    assert "Combien ?" in french.text
    _, answers = messages(await collect(zone, public_db, zone.unit))
    assert answers.body == Filled(current.load(settings.data).sha256, "fr", {"sum": "100"})


@pytest.mark.parametrize("kept", ["token", "step", "csrf"])
async def test_a_form_that_lost_a_hidden_field_sends_nothing_and_says_so(
    settings: Settings, public_db: Db, kept: str
) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        async with Browser(zone.url) as browser:
            step = await begun(browser)
            fields = [(name, value) for name, value in step.form("/questions").fields if name != kept]
            data = aiohttp.FormData([*fields, ("state", "killed"), ("go", "send")])
            async with browser._session.post(f"{zone.url}/questions", data=data) as answer:
                page = await answer.text()

    assert ("too old to send from" in page) is (kept == "csrf")
    assert len(messages(await collect(zone, public_db, zone.unit))) == (1 if kept == "csrf" else 2)


async def test_without_a_valid_key_nothing_is_taken_and_every_answer_is_still_there(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        async with Browser(zone.url) as browser:
            await begun(browser)
            await public_db.execute("DELETE FROM zone.intake_key")
            page = await on(browser, "send", state=["killed"], status=503)

    assert "no valid key to seal it with" in page.text
    assert ("state", "killed") in page.form("/questions").fields
