"""What an agency tells of its copies: sealed to the desk, counted once, for its own packages alone; a recall ends the handing out."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from handling.agencyfiles import SealedBreach, SealedDestruction
from handling.rules.copies import Breach, Destruction, Fate, Loss
from tests.handling.exchange.conftest import TODAY, Exchange

GONE = Destruction(Fate.DESTROYED, TODAY)
LOST = Breach(Loss.LOST, datetime(2026, 11, 26, 9, 30, tzinfo=UTC), "A bag, petrel.")


async def test_an_officer_tells_what_became_of_the_copies_and_the_package_is_not_handed_out_any_more(
    exchange: Exchange,
) -> None:
    released = await exchange.release()
    dario = await exchange.sign_in("dario")
    first = await dario.open(released.path)

    nothing = await dario.submit("/copies", status=422)
    unsaid = await dario.submit("/copies", status=422, fate="excepted", done_on=TODAY.isoformat())
    early = await dario.submit("/copies", status=422, fate="destroyed", done_on=f"{TODAY + timedelta(days=1)}")
    page = await dario.submit(
        "/copies", fate="excepted", done_on=TODAY.isoformat(), copies_text="One in court, petrel."
    )
    dario.page = first
    await dario.submit("/copies", fate="destroyed")
    dario.page = first
    await dario.submit("/copies", fate="destroyed")

    assert "Delete every copy by" in first.text
    assert "Choose what became of them." in nothing.text
    assert "Say which copies stay, and why." in unsaid.text
    assert "This day is still to come." in early.text
    assert "Told on" in page.text
    assert "Delete every copy by" not in page.text
    await dario.open(f"{released.path}/package.age", status=410)
    told = [said for kind, said in await exchange.inbox() if kind == "destruction"]
    assert sorted(said["fate"] for said in told if isinstance(said["fate"], str)) == ["destroyed", "excepted"]
    assert all(said["release"] == str(released.id) for said in told)
    rows = await exchange.db.fetch("SELECT * FROM exchange.answer")
    assert "petrel" not in str(rows)


async def test_a_breach_goes_to_the_desk_with_the_minute_at_which_it_was_told(exchange: Exchange) -> None:
    released = await exchange.release()
    dario = await exchange.sign_in("dario")
    await dario.open(released.path)
    before = datetime.now(UTC).replace(second=0, microsecond=0)

    wrong = await dario.submit("/breach", status=422, loss="lost", noticed_time="25:00")
    page = await dario.submit("/breach", loss="lost", noticed_time="00:00", breach_text="A bag, petrel.")

    assert "Write the time in UTC, for example 09:30." in wrong.text
    assert "Say what happened, and what was done about it." in wrong.text
    assert "Told on" in page.text
    ((kind, said),) = await exchange.inbox()
    assert (kind, said["loss"], said["noticed"], said["text"]) == (
        "breach",
        "lost",
        f"{TODAY}T00:00Z",
        "A bag, petrel.",
    )
    assert datetime.strptime(str(said["heard"]), "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC) >= before


@pytest.mark.parametrize("kind", ["destruction", "breach"])
async def test_what_open_html_sealed_reaches_the_desk_as_it_is_and_counts_once(exchange: Exchange, kind: str) -> None:
    released = await exchange.release("coast")
    desk, key = exchange.unit.desk_intake, exchange.unit.coast_signer
    sealed = (
        SealedBreach.seal(released.id, LOST, desk.recipient, TODAY)
        if kind == "breach"
        else SealedDestruction.seal(released.id, GONE, desk.recipient, TODAY)
    )
    text = sealed.sign(key).decode()
    farid = await exchange.sign_in("farid")
    await farid.open(released.path)

    shown = await farid.submit("/hand-in", text=text)
    page = await farid.submit("/hand-in")
    farid.page = shown
    again = await farid.submit("/hand-in", status=422)

    assert "This site cannot read it." in shown.text
    assert "Told on" in page.text
    assert "counts once" in again.text
    ((taken, said),) = await exchange.inbox()
    assert (taken, said["statement"]) == (kind, json.loads(text))


async def test_nobody_tells_anything_of_another_agencys_package(exchange: Exchange) -> None:
    mine, theirs = await exchange.release("coast"), await exchange.release("customs")
    farid = await exchange.sign_in("farid")
    page = await farid.open(mine.path)
    desk, key = exchange.unit.desk_intake, exchange.unit.coast_signer
    sealed = SealedDestruction.seal(theirs.id, GONE, desk.recipient, TODAY)

    refused = await farid.submit("/hand-in", status=422, text=sealed.sign(key).decode())
    for form in page.forms:
        form.action = form.action.replace(str(mine.id), str(theirs.id))
    for act, typed in (("/copies", {"fate": "destroyed"}), ("/breach", {"loss": "lost", "breach_text": "x"})):
        farid.page = page
        await farid.submit(act, status=404, **({"noticed_time": "00:00"} | typed if act == "/breach" else typed))

    assert "not released to your agency" in refused.text
    assert await exchange.inbox() == []


async def test_no_more_than_a_hundred_words_of_one_kind_are_taken_about_one_package(exchange: Exchange) -> None:
    released = await exchange.release()
    dario = await exchange.sign_in("dario")
    await dario.open(released.path)
    sql = "INSERT INTO exchange.answer SELECT gen_random_uuid(), $1, 'breach', $2 FROM generate_series(1, 100)"
    await exchange.db.execute(sql, released.id, TODAY)

    refused = await dario.submit("/breach", status=409, loss="lost", noticed_time="00:00", breach_text="Again.")
    await dario.open(released.path)
    await dario.submit("/copies", fate="destroyed", done_on=TODAY.isoformat())

    assert "Nothing was taken. Call the unit" in refused.text
    assert await exchange.db.fetchval("SELECT count(*) FROM exchange.answer WHERE kind = 'breach'") == 100
    assert [kind for kind, _ in await exchange.inbox()] == ["destruction"]


async def test_a_recalled_package_says_so_with_its_day_and_nothing_of_why(exchange: Exchange) -> None:
    released = await exchange.release()
    dario = await exchange.sign_in("dario")
    await exchange.guard.execute(
        "UPDATE exchange.package SET recalled_on = $2, delete_by = $3 WHERE id = $1",
        released.id, TODAY, TODAY + timedelta(days=3),
    )  # fmt: skip

    listed = await dario.open("/")
    await dario.open(f"{released.path}/package.age", status=410)
    page = await dario.open(released.path)
    done = await dario.submit("/copies", fate="destroyed")

    assert "Recalled: delete every copy and say so by" in listed.text
    assert "a releasing officer signed that" in page.text
    assert "Nothing more is owed." in done.text
