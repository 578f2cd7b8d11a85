"""The pages of tips over HTTP: what a handler sees, may do, and what is refused."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from crypto.secret import Secret
from handling.corridor.main import open_keyring
from handling.corridor.pages.views import attachment
from handling.corridor.session import NoCorridorError, open_corridor
from handling.corridor.words import age, size
from handling.store import members
from tests.handling.corridor.conftest import World, sign_in
from tests.handling.corridor.sources import TODAY, Envelope, Source
from tests.journeys.browser import Browser
from tipline import envelope
from tipline.base import accounts

HOSTILE = '<script>alert(1)</script> "quoted" \u202eevil'


async def test_the_empty_list_says_what_will_come_and_how(browser: Browser) -> None:
    page = await browser.open("/")

    assert "fetched from the drop" in page.text
    assert "on working days" in page.text


async def test_the_list_says_state_age_urgency_and_owner_in_words(world: World, browser: Browser) -> None:
    await world.collected(Source().tip(world.intake, urgent=True))

    page = await browser.open("/")

    for words in ("Boxes with tusks", "Received", "Urgent", "Nobody yet"):
        assert words in page.text


async def test_urgent_tips_come_first_and_the_list_goes_on_behind_its_last_row(world: World, browser: Browser) -> None:
    for number in range(26):
        await world.collected(Source().tip(world.intake, f"calm {number}"))
    await world.collected(Source().tip(world.intake, "burning", urgent=True))

    first = await browser.open("/")
    rows = [href for href, _ in first.links if "/tips/" in href]
    second = await browser.open(first.link("after="))
    more = [href for href, _ in second.links if "/tips/" in href]

    assert first.text.index("burning") < first.text.index("calm")
    assert len(rows) == 25
    assert len(set(rows) | set(more)) == 27


async def test_filters_in_the_address_choose_state_and_urgency(world: World, browser: Browser) -> None:
    await world.collected(Source().tip(world.intake, "calm one"), Source().tip(world.intake, "hot one", urgent=True))

    urgent = await browser.open("/?urgent=1")
    parked = await browser.open("/?state=parked")
    await browser.open("/?state=nonsense", status=404)
    await browser.open("/?after=nonsense", status=404)

    assert "hot one" in urgent.text
    assert "calm one" not in urgent.text
    assert "calm one" not in parked.text


async def test_the_sources_words_are_framed_escaped_and_never_in_a_title_or_address(
    world: World, browser: Browser
) -> None:
    await world.collected(Source().tip(world.intake, HOSTILE))

    tip = await browser.open((await browser.open("/")).link("/tips/"))
    html = tip.body.decode()

    assert "<script>" not in html
    assert '<div class="words" dir="auto">&lt;script&gt;alert(1)' in html
    assert "From the source" in tip.text
    assert "alert" not in html[html.index("<title>") : html.index("</title>")]
    assert "alert" not in tip.url
    assert "Sealed on arrival" in tip.text


async def test_every_text_of_a_source_is_shown_to_its_handler_as_text(world: World, browser: Browser) -> None:
    source = Source()
    await world.collected(
        source.send(
            world.intake, envelope.Tip(f"message {HOSTILE}", f"known {HOSTILE}", f"asked {HOSTILE}", urgent=False)
        ),
        source.send(world.intake, envelope.Answer(f"answer {HOSTILE}")),
        source.send(world.intake, envelope.Filled(bytes(32), "en", {"who": f"who {HOSTILE}"})),
        *source.file(world.intake, b"x", name=f"name {HOSTILE}"),
    )

    tip = await browser.open((await browser.open("/")).link("/tips/"))
    html = tip.body.decode()

    assert "<script" not in html
    for words in ("message", "known", "asked", "answer", "who"):
        assert f"{words} &lt;script&gt;alert(1)&lt;/script&gt;" in html


async def test_a_tip_shows_how_it_is_known_and_who_must_not_learn(world: World, browser: Browser) -> None:
    await world.collected(Source().tip(world.intake))

    tip = await browser.open((await browser.open("/")).link("/tips/"))

    assert "I saw it myself" in tip.text
    assert "Customs officer Marek" in tip.text


async def test_a_message_sealed_another_way_than_its_thread_began_is_named(world: World, browser: Browser) -> None:
    source = Source()
    await world.collected(source.tip(world.intake), source.send(world.intake, envelope.Answer("x"), way="kit", heard=2))

    page = await browser.open((await browser.open("/")).link("/tips/"))

    assert (
        "Sealed another way. This thread began as “Sealed on arrival”; this message says “Sealed before it" in page.text
    )
    assert "Same codename" in page.text[page.text.index("Dialogue") :]
    assert "Same person's device" not in page.text[page.text.index("Dialogue") :]
    assert "The source had been shown our replies up to number 2." in page.text


async def test_forged_and_replayed_messages_and_gaps_are_named_on_the_page(world: World, browser: Browser) -> None:
    source = Source()
    tip = source.tip(world.intake)
    source.answer(world.intake, "never arrives")
    stranger = envelope.Thread(Secret(bytes(32)), Secret(bytes(32)))
    after_gap = source.answer(world.intake, "after the gap")
    forged = source.send(world.intake, envelope.Answer("by a stranger"), thread=stranger)
    await world.collected(tip, Envelope(forged.id, forged.wrapper, forged.data), after_gap)
    await world.collected(Envelope(uuid4(), tip.wrapper, tip.data))

    page = await browser.open((await browser.open("/")).link("/tips/"))

    for words in ("Same codename", "Forged", "Replayed", "Gap before it"):
        assert words in page.text


async def test_a_reply_is_kept_under_its_limit_and_says_when_it_is_visible(world: World, browser: Browser) -> None:
    await world.collected(Source().tip(world.intake))
    tip = (await browser.open("/")).link("/tips/")

    await browser.open(tip)
    empty = await browser.submit("/reply", text="   ", status=400)
    long = await browser.submit("/reply", text="x" * 2001, status=400)
    sent = await browser.submit("/reply", text="Which door?\r\nThe red one?")

    assert "Write the reply first" in empty.text
    assert "this one has 2001" in long.text
    assert "x" * 2001 in long.body.decode()
    assert "Which door?" in sent.text
    assert " UTC, when all mailboxes are next replaced" in sent.text
    assert await world.inside.fetchval("SELECT count(*) FROM corridor.outgoing") == 1


async def test_a_status_phrase_is_sent_at_once_and_an_outcome_phrase_is_not(world: World, browser: Browser) -> None:
    await world.collected(Source().tip(world.intake))
    await browser.open((await browser.open("/")).link("/tips/"))

    refused = await browser.submit("/status", phrase="helped", status=400)
    sent = await browser.submit("/status", phrase="received")

    assert "Choose one of the sentences" in refused.text
    assert "We have received it." in sent.text
    assert await world.inside.fetchval("SELECT count(*) FROM corridor.outgoing") == 1


async def test_replies_at_once_keep_one_chain(world: World, browser: Browser) -> None:
    source = Source()
    await world.collected(source.tip(world.intake))
    tip = await browser.open((await browser.open("/")).link("/tips/"))
    csrf = dict(tip.form("/reply").fields)["csrf"]

    await asyncio.gather(
        *(
            browser._session.post(f"{tip.url}/reply", data={"csrf": csrf, "text": f"reply {number}"})
            for number in range(5)
        )
    )

    rows = await world.inside.fetch("SELECT counter FROM corridor.message WHERE direction = 'out' ORDER BY counter")
    assert [row["counter"] for row in rows] == [1, 2, 3, 4, 5]


async def test_triage_moves_by_its_table_and_keeps_author_and_reason(world: World, browser: Browser) -> None:
    await world.collected(Source().tip(world.intake))
    await browser.open((await browser.open("/")).link("/tips/"))

    opened = await browser.submit("/move", move="open")
    refused = await browser.submit("/move", move="park", status=400)
    parked = await browser.submit("/move", move="park", reason="Waits for the harbour's answer")

    assert "owner Amina" in opened.text
    assert "Write down why" in refused.text
    assert "parked it. Reason: Waits for the harbour's answer" in parked.text


async def test_a_move_that_the_table_does_not_list_changes_nothing(world: World, browser: Browser) -> None:
    await world.collected(Source().tip(world.intake))
    tip = await browser.open((await browser.open("/")).link("/tips/"))
    csrf = dict(tip.form("/move").fields)["csrf"]

    async with browser._session.post(f"{tip.url}/move", data={"csrf": csrf, "move": "close", "reason": "x"}) as answer:
        status = answer.status

    assert status == 400
    assert await world.inside.fetchval("SELECT state FROM corridor.tip") == "received"


async def test_a_file_is_handed_out_whole_as_bytes_to_save_under_a_harmless_name(
    world: World, browser: Browser
) -> None:
    source, data = Source(), bytes(range(256)) * 2048
    await world.collected(
        source.tip(world.intake), *source.file(world.intake, data, name='../../e"vil\r\n\u202e.html', part_max=200_000)
    )
    tip = await browser.open((await browser.open("/")).link("/tips/"))

    saved = await browser.open(tip.link("/files/"))

    assert saved.body == data
    assert saved.headers["Content-Type"] == "application/octet-stream"
    assert saved.headers["X-Content-Type-Options"] == "nosniff"
    disposition = saved.headers["Content-Disposition"]
    assert disposition == "attachment; filename=\"_.._e_vil.html\"; filename*=UTF-8''_.._e_vil.html"


async def test_a_damaged_file_is_named_and_not_handed_out(world: World, browser: Browser) -> None:
    source = Source()
    part, sidecar = source.file(world.intake, b"x" * 1000)
    await world.collected(source.tip(world.intake), sidecar, Envelope(part.id, part.wrapper, part.data[:-1]))

    tip = await browser.open((await browser.open("/")).link("/tips/"))

    assert "Damaged" in tip.text
    assert not [href for href, _ in tip.links if "/files/" in href]
    await browser.open(f"/files/{sidecar.id}", status=404)


async def test_what_could_not_be_opened_is_listed_and_can_be_tried_again(world: World, browser: Browser) -> None:
    seed = world.settings.inside / "corridor" / "keyring" / "intake" / "1.age"
    away = seed.with_suffix(".away")
    seed.rename(away)
    await world.collected(Source().tip(world.intake, "Behind a missing key"))
    listed = await browser.open("/")
    shown = await browser.open(listed.link("/not-opened"))

    away.rename(seed)
    await browser.submit("/again")

    assert "1 envelope not in any thread" in listed.text
    assert "that key is not in the keyring" in shown.text
    assert "Behind a missing key" in (await browser.open("/")).text


async def test_nobody_reads_anything_without_signing_in(world: World, site: TestServer) -> None:
    await world.collected(Source().tip(world.intake))
    async with aiohttp.ClientSession() as stranger:
        for path in ("/", "/reports", "/outcomes", "/not-opened"):
            async with stranger.get(site.make_url(path), allow_redirects=False) as answer:
                assert answer.status == 303
                assert answer.headers["Location"] == "/sign-in"


async def test_a_releasing_officer_has_no_way_into_the_corridor(world: World, site: TestServer) -> None:
    async with Browser(str(site.make_url("/"))) as clara:
        await clara.open("/sign-in")
        refused = await clara.submit(
            "/sign-in",
            name="clara",
            passphrase=world.practice.passphrase("guard", "clara"),
            code=world.practice.code("guard", "clara", 0),
            status=403,
        )

    assert "This did not open" in refused.text
    assert "whether somebody else has signed in here since" in refused.text


async def test_a_key_that_the_member_list_does_not_name_opens_no_session(world: World) -> None:
    async with world.pool.acquire() as db:
        content = await accounts.unlock(db, "corridor", "amina", world.practice.passphrase("corridor", "amina"))
        listed = await members.load(db, members.trust(world.settings.inside, "tests"), datetime.now(UTC).date())

    for name in ("ben", "clara", "nobody"):
        with pytest.raises(NoCorridorError):
            open_corridor(name, content, listed, open_keyring(world.settings))


async def test_a_form_without_the_sessions_token_is_refused(world: World, browser: Browser) -> None:
    await world.collected(Source().tip(world.intake))
    tip = await browser.open((await browser.open("/")).link("/tips/"))

    async with browser._session.post(f"{tip.url}/reply", data={"text": "no token"}) as answer:
        status = answer.status

    assert status == 403
    assert await world.inside.fetchval("SELECT count(*) FROM corridor.outgoing") == 0


async def test_both_handlers_see_the_same_tip(world: World, browser: Browser, site: TestServer) -> None:
    await world.collected(Source().tip(world.intake, "For both"))
    await browser.open("/")

    async with Browser(str(site.make_url("/"))) as ben:
        home = await sign_in(world, ben, "ben")

    assert "For both" in home.text


async def test_expired_trust_stops_every_act(world: World, browser: Browser) -> None:
    await world.inside.execute("ALTER TABLE unit.member_list DISABLE TRIGGER immutable; DELETE FROM unit.member_list")

    stopped = await browser.open("/", status=400)

    assert "signed member list is missing" in stopped.text


@pytest.mark.parametrize(
    ("name", "plain"),
    [("", "file"), ("...", "file"), ("a/b\\c.txt", "a_b_c.txt"), ("déjà.pdf", "d_j_.pdf"), ("x" * 300 + ".jpeg", None)],
)
def test_a_sources_file_name_is_made_harmless(name: str, plain: str | None) -> None:
    header = attachment(name)

    assert "\n" not in header
    assert plain is None or f'filename="{plain}"' in header
    assert len(header) < 400


def test_ages_and_sizes_are_words() -> None:
    assert age(TODAY, TODAY) == "today"
    assert age(TODAY.replace(day=22), TODAY) == "yesterday"
    assert age(TODAY.replace(month=10), TODAY) == "4 weeks ago"
    assert age(TODAY.replace(year=2024), TODAY) == "2 years ago"
    assert (size(1), size(812), size(4096), size(1_300_000)) == ("1 byte", "812 bytes", "4 KiB", "1.2 MiB")
