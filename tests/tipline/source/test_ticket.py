"""A form is let in once it is old enough, for some hours, and for one mailbox; nobody reads from it when it was fetched."""

import time
from base64 import urlsafe_b64decode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from multiprocessing.pool import ThreadPool
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.secret import Secret
from tests.journeys.browser import Browser, Page
from tests.tipline.source.running import TODAY, Zone, a_zone, collect, messages, running
from tests.tipline.source.sending import TEXT
from tipline.base.database import Db
from tipline.base.settings import Settings
from tipline.source.ticket import LIFE_SECONDS, DayKeys, Standing, Tickets, goes_on, kept, shared_key, turn_keys

KEY = Secret(bytes(range(32)))
TICKETS = Tickets(lambda _: KEY, least=3)
NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("after", "standing"),
    [
        (-1, Standing.OLD),
        (0, Standing.YOUNG),
        (2, Standing.YOUNG),
        (3, Standing.GOOD),
        (LIFE_SECONDS - 1, Standing.GOOD),
        (LIFE_SECONDS, Standing.OLD),
    ],
)
def test_a_form_is_let_in_from_its_least_age_to_its_greatest(after: int, standing: Standing) -> None:
    assert TICKETS.judge("a", TICKETS.new("a", at=NOW), at=NOW + after) is standing


@given(st.integers(0, 3 * LIFE_SECONDS))
def test_who_has_waited_once_is_let_in_with_the_next_form_at_the_latest(after: int) -> None:
    ticket = TICKETS.new("a", at=NOW)
    again = TICKETS.again("a", ticket, at=NOW + after)

    waited = after >= TICKETS.least
    assert (TICKETS.judge("a", again, at=NOW + after) is Standing.GOOD) is waited
    assert TICKETS.judge("a", again, at=NOW + after + TICKETS.least) is Standing.GOOD


@pytest.mark.parametrize(
    "other",
    ["", "x", "é", TICKETS.new("b", at=NOW), Tickets(lambda _: Secret(bytes(32)), 3).new("a", at=NOW)],
    ids=["none", "short", "not ours", "another form's", "another place's"],
)
def test_the_ticket_of_another_form_or_place_and_what_is_none_let_nothing_in_and_get_one_that_waits(other: str) -> None:
    assert TICKETS.judge("a", other, at=NOW + 60) is Standing.OLD
    again = TICKETS.again("a", other, at=NOW + 60)
    assert TICKETS.judge("a", again, at=NOW + 60) is Standing.YOUNG


def test_two_tickets_of_one_moment_look_like_chance_and_have_one_length() -> None:
    first, second = (urlsafe_b64decode(TICKETS.new("a", at=at) + "==") for at in (NOW, NOW))

    assert len(first) == len(second)
    assert first[1:25] != second[1:25]
    assert first[25:] != second[25:]
    assert int(NOW).to_bytes(8, "big") not in first + second


def test_processes_that_start_together_share_one_key(tmp_path: Path) -> None:
    with ThreadPool(8) as starting:
        keys = starting.map(lambda _: DayKeys(tmp_path).of(TODAY), range(8))

    assert len({key.expose() for key in keys}) == 1
    (file,) = tmp_path.iterdir()
    assert file.name == f"form-{TODAY}.key"
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_form_fetched_before_midnight_is_let_in_after_it_by_another_process_that_forgot_older_days(
    tmp_path: Path,
) -> None:
    midnight = datetime.combine(TODAY, clock_time(), UTC).timestamp()
    ticket = Tickets(DayKeys(tmp_path).of, 3).new("a", at=midnight - 60)

    turn_keys(tmp_path, TODAY)
    tickets = Tickets(DayKeys(tmp_path).of, 3)

    assert tickets.judge("a", ticket, at=midnight + 60) is Standing.GOOD
    assert tickets.judge("a", tickets.again("a", ticket, at=midnight + 60), at=midnight + 60) is Standing.GOOD
    assert tickets.judge("a", tickets.again("a", ticket, at=midnight + 1), at=midnight + 3) is Standing.GOOD


def test_a_page_that_was_saved_tells_no_time_to_whoever_has_the_disk_two_days_later(tmp_path: Path) -> None:
    days = [TODAY + timedelta(days=number) for number in range(3)]
    tickets = Tickets(DayKeys(tmp_path).of, 3)
    noons = [datetime.combine(day, clock_time(12), UTC).timestamp() for day in days]
    saved = tickets.new("a", at=noons[0])
    (tmp_path / f".form-{TODAY}.key.0123456789abcdef").write_bytes(
        tickets.key_of(TODAY).expose()
    )  # of a killed process
    told = []
    for day, noon in zip(days, noons, strict=True):
        turn_keys(tmp_path, day)
        tickets.judge("b", tickets.new("b", at=noon), at=noon)
        keys = [Secret(file.read_bytes()) for file in tmp_path.iterdir()]
        assert f"form-{day + timedelta(days=1)}.key" in {file.name for file in tmp_path.iterdir()}  # made ahead
        told.append(
            {
                Tickets(lambda _, key=key: key, 3).judge("a", saved, at=noons[0] + 60)
                for key in [*keys, *in_memory(tickets)]
            }
        )

    assert [Standing.GOOD in standings for standings in told] == [True, True, False]


def test_the_key_of_a_day_goes_on_the_day_that_is_told_of_it(tmp_path: Path) -> None:
    shared_key(tmp_path, TODAY)

    turn_keys(tmp_path, goes_on(TODAY) - timedelta(days=1))
    assert TODAY in kept(tmp_path)
    turn_keys(tmp_path, goes_on(TODAY))
    assert kept(tmp_path) == {goes_on(TODAY) + timedelta(days=number) for number in (-1, 0, 1)}


def in_memory(tickets: Tickets) -> list[Secret]:
    """The keys that a process of that day still holds."""
    return list(tickets.key_of.__self__._known.values())  # type: ignore[attr-defined] - of DayKeys


TYPED = {"involved": "no", "urgent": "yes", "message": TEXT, "how_known": "seen", "must_not_learn": "him"}


def waiting(settings: Settings, seconds: int = 60) -> Settings:
    """A place whose form must have been open for so long."""
    return replace(settings, form_seconds=seconds)


def a_ticket(zone: Zone, token: str, *, age: int) -> str:
    """What the form with this token would have held, fetched *age* seconds ago."""
    return Tickets(DayKeys(zone.settings.public).of, 0).new(token, at=time.time() - age)


def fields(page: Page) -> dict[str, str]:
    return dict(page.form("/").fields)


async def texts(zone: Zone, db: Db) -> list[str]:
    return [getattr(one.body, "text", "") for one in messages(await collect(zone, db, zone.unit))]


@pytest.mark.parametrize("age", [0, LIFE_SECONDS + 60])
async def test_a_form_sent_too_early_or_too_late_comes_back_whole_and_is_let_in_once_it_has_waited(
    settings: Settings, public_db: Db, age: int
) -> None:
    zone = await a_zone(waiting(settings), public_db)

    with running(zone):
        async with Browser(zone.url) as browser:
            token = fields(await browser.open("/"))["token"]
            ticket = a_ticket(zone, token, age=age)
            back = await browser.submit("/", status=400, ticket=ticket, **TYPED)
            before = await public_db.fetchval("SELECT count(*) FROM zone.mailbox")
            waited = {"ticket": a_ticket(zone, token, age=60)} if age < 60 else {}
            done = await browser.submit("/", **waited)

    assert "press “Send safely” once more. Everything you typed is still here." in back.text
    assert {**fields(back), "ticket": ""} == {**TYPED, "token": token, "ticket": ""}
    assert before == 0
    assert len(done.ids["codename"].split()) == 12
    assert await texts(zone, public_db) == [TEXT]


async def test_a_form_without_a_ticket_or_with_that_of_another_form_stores_nothing(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_zone(waiting(settings, 0), public_db)

    with running(zone):
        async with Browser(zone.url) as browser:
            other = fields(await browser.open("/"))["ticket"]
            for ticket in ("", "x", other):
                await browser.open("/")
                await browser.submit("/", status=400, **TYPED, ticket=ticket)

    assert await public_db.fetchval("SELECT count(*) FROM zone.mailbox") == 0


async def test_a_ticket_lets_in_one_mailbox_and_every_resend_of_it(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(waiting(settings), public_db)

    with running(zone):
        async with Browser(zone.url) as browser:
            form = fields(await browser.open("/"))
            old = {"token": form["token"], "ticket": a_ticket(zone, form["token"], age=LIFE_SECONDS - 60)}
            shown = []
            for message in (TEXT, TEXT, "A further word."):
                await browser.open("/")
                shown.append((await browser.submit("/", **{**TYPED, **old, "message": message})).ids["codename"])
            fresh = fields(await browser.open("/"))["token"]
            await browser.submit("/", status=400, **{**TYPED, **old, "token": fresh})

    assert len(set(shown)) == 1
    assert await public_db.fetchval("SELECT count(*) FROM zone.mailbox") == 1
    assert len(await collect(zone, public_db, zone.unit)) == 2


async def test_a_form_fetched_before_a_restart_or_from_another_process_is_let_in(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_zone(waiting(settings, 0), public_db)
    ports = {**zone.settings.ports, "source": zone.settings.ports["guard"]}
    other = replace(zone, settings=replace(zone.settings, ports=ports))

    with running(zone):
        async with Browser(zone.url) as browser:
            form = fields(await browser.open("/"))
    hidden = {name: form[name] for name in ("token", "ticket")}
    with running(zone), running(other):
        async with Browser(other.url) as browser:
            await browser.open("/")
            sent = await browser.submit("/", **TYPED, **hidden)

    assert len(sent.ids["codename"].split()) == 12
