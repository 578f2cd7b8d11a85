"""Outcomes: what the source is told goes out only with two good signatures of the right people over exactly that."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from crypto import age
from crypto.canonical import canonical
from crypto.secret import Secret
from crypto.signing import SigningKey
from handling.corridor import outcomes
from handling.corridor.session import Handler
from handling.corridor.store.outcomes import Proposal
from tests.handling.corridor.conftest import World
from tests.handling.corridor.sources import Source
from tests.journeys.browser import Browser
from tipline import bundles, envelope
from tipline.base import accounts


@dataclass(frozen=True, slots=True)
class Told:
    """One outcome before a handler, and the source it came from."""

    id: UUID
    source: Source

    @property
    def path(self) -> str:
        return f"/outcomes/{self.id}"


@pytest.fixture
async def told(world: World, browser: Browser, amina: Handler) -> Told:
    """An outcome that the desk filed on a report from one source's tip."""
    source = Source()
    await world.collected(source.tip(world.intake))
    tip = (await browser.open("/")).link("/tips/")
    await browser.open(f"{tip}/items")
    page = await browser.submit("/items", text="Tusks are stored in a warehouse.")
    await browser.open(page.link("/grade"))
    page = await browser.submit("/grade")
    report = await browser.submit("/report")
    await browser.submit(report.path, act="save", title="Ivory in a warehouse")
    body = {
        "urn": f"urn:uuid:{report.path.rsplit('/', 1)[1]}",
        "stage": "outcome",
        "code": "seizure",
        "tell_source": True,
        "month": "2026-11",
    }
    return Told(await _file(world, amina, canonical(body), UUID(report.path.rsplit("/", 1)[1])), source)


async def test_the_empty_list_says_what_will_come(browser: Browser) -> None:
    assert "an analyst files it" in (await browser.open("/outcomes")).text


@pytest.mark.usefixtures("told")
async def test_an_outcome_shows_its_report_items_and_thread(browser: Browser) -> None:
    listed = await browser.open("/outcomes")
    page = await browser.open(listed.link("/outcomes/"))

    for words in ("Seizure", "November 2026", "Ivory in a warehouse", "Tusks are stored in a warehouse."):
        assert words in page.text
    assert page.link("/tips/")


@pytest.mark.parametrize("content", [b"not what was agreed", b"[]", b"[" * 100_000], ids=["text", "list", "brackets"])
async def test_an_outcome_that_does_not_open_is_shown_as_such(
    world: World, browser: Browser, amina: Handler, content: bytes
) -> None:
    await _file(world, amina, content)

    listed = await browser.open("/outcomes")
    page = await browser.open(listed.link("/outcomes/"))

    assert "Cannot be opened" in listed.text
    assert "cannot be opened with the corridor's key" in page.text


async def test_an_outcome_of_an_unknown_report_can_be_kept_and_not_told(
    world: World, browser: Browser, amina: Handler
) -> None:
    unknown = uuid4()
    body = {"urn": f"urn:uuid:{unknown}", "stage": "outcome", "code": "none", "tell_source": False, "month": "2026-10"}
    outcome = await _file(world, amina, canonical(body), unknown)

    page = await browser.open(f"/outcomes/{outcome}")

    assert "Its report is not in this corridor" in page.text
    assert not [form for form in page.forms if form.action.endswith("/propose")]


async def test_a_phrase_with_both_signatures_reaches_the_source_once(
    world: World, browser: Browser, told: Told
) -> None:
    await _propose(browser, told)
    for name in ("ben", "clara"):
        await _sign(world, told, name)
    await _approve(world)

    for _ in range(3):
        await browser.open("/")

    assert [(reply.kind, reply.text) for reply in await _replies(world, told)] == [("phrase", "helped")]
    assert "The source is told" in (await browser.open(told.path)).text


async def test_the_handler_who_proposed_a_phrase_may_be_the_one_who_signs(
    world: World, browser: Browser, told: Told
) -> None:
    await _propose(browser, told)
    for name in ("amina", "clara"):
        await _sign(world, told, name)
    await _approve(world)

    await browser.open("/")

    assert len(await _replies(world, told)) == 1


async def test_a_phrase_with_one_signature_is_not_sent(world: World, browser: Browser, told: Told) -> None:
    await _propose(browser, told)
    await _sign(world, told, "clara")
    await _approve(world)

    await browser.open("/outcomes")

    assert await _replies(world, told) == []
    assert await _state(world) == "proposed"


async def test_two_handlers_without_the_officer_are_not_enough(world: World, browser: Browser, told: Told) -> None:
    await _propose(browser, told)
    for name in ("amina", "ben"):
        await _sign(world, told, name)
    await _approve(world)

    await browser.open("/")

    assert await _replies(world, told) == []


async def test_a_forged_signature_stops_the_phrase(world: World, browser: Browser, told: Told) -> None:
    await _propose(browser, told)
    await _sign(world, told, "ben")
    await _sign(world, told, "clara", key=SigningKey.generate())
    await _approve(world)

    await browser.open("/")

    assert await _replies(world, told) == []


async def test_another_members_name_on_a_good_signature_stops_the_phrase(
    world: World, browser: Browser, told: Told
) -> None:
    await _propose(browser, told)
    await _sign(world, told, "ben")
    await _sign(world, told, "clara", key=await _key(world, "ben"))
    await _approve(world)

    await browser.open("/")

    assert await _replies(world, told) == []


async def test_a_signature_over_another_phrase_or_outcome_stops_the_phrase(
    world: World, browser: Browser, told: Told
) -> None:
    await _propose(browser, told)
    await _sign(world, told, "ben")
    await _sign(world, told, "clara", body={"outcome": str(told.id), "phrase": "received"})
    await _approve(world)

    await browser.open("/")

    assert await _replies(world, told) == []


async def test_signatures_are_judged_by_name_duty_phrase_and_outcome(world: World, amina: Handler, told: Told) -> None:
    proposal = Proposal(told.id, "helped", "amina", "approved", None)
    payload = canonical({"outcome": str(told.id), "phrase": "helped"})
    signed = {name: (await _key(world, name)).sign("tipline/phrase/v1", payload) for name in ("amina", "ben", "clara")}
    stranger = SigningKey.generate().sign("tipline/phrase/v1", payload)
    as_review = (await _key(world, "clara")).sign("tipline/review/v1", payload)
    good = {"ben": signed["ben"], "clara": signed["clara"]}

    def approved(signatures: Mapping[str, bytes]) -> bool:
        return outcomes.is_approved(amina.members, proposal, {name: (it, None) for name, it in signatures.items()})

    assert approved(good)
    assert not approved({})
    assert not approved({**good, "amina": signed["amina"]})
    assert not approved({"clara": signed["clara"]})
    assert not approved({"ben": signed["clara"], "clara": signed["ben"]})
    assert not approved({**good, "clara": as_review})
    assert not approved({**good, "nobody": stranger})


async def test_a_refused_phrase_shows_why_and_the_outcome_can_be_kept(
    world: World, browser: Browser, amina: Handler, told: Told
) -> None:
    await _propose(browser, told)
    reason = age.seal(b"The operation is still open.", [amina.members.corridor_vault])
    await world.inside.execute("UPDATE guard.phrase SET state = 'refused', reason = $1", reason)

    refused = await browser.open(told.path)
    kept = await browser.submit("/keep", reason="Nothing can be said before the trial.")

    assert "The operation is still open." in refused.text
    assert "Nothing can be said before the trial." in kept.text
    assert await _state(world) == "kept"


async def test_after_a_refusal_another_phrase_is_proposed_and_waits_without_the_old_signatures(
    world: World, browser: Browser, told: Told
) -> None:
    await _propose(browser, told)
    outcome = await world.inside.fetchval("SELECT id FROM guard.phrase")
    sql = "INSERT INTO guard.signature (subject, kind, signer, signature) VALUES ($1, 'phrase', 'ben', $2)"
    await world.inside.execute(sql, outcome, bytes(64))
    for state in ("waiting", "signed-once", "approved"):
        await world.inside.execute("UPDATE guard.phrase SET state = $1", state)
        assert not await world.pool.fetchval("SELECT guard.clear_refused_phrase($1)", outcome)
    await world.inside.execute("UPDATE guard.phrase SET state = 'refused', reason = 'x'")

    await _propose(browser, told)

    row = await world.inside.fetchrow("SELECT id, state, reason FROM guard.phrase")
    assert tuple(row) == (outcome, "waiting", None)
    assert await world.inside.fetchval("SELECT count(*) FROM guard.signature") == 0
    assert await _state(world) == "proposed"


async def test_keeping_needs_a_reason_and_sends_nothing(world: World, browser: Browser, told: Told) -> None:
    await browser.open(told.path)

    refused = await browser.submit("/keep", reason=" ", status=400)
    await browser.submit("/keep", reason="It would show who told us.")

    assert "Write down why" in refused.text
    assert await _state(world) == "kept"
    assert await _replies(world, told) == []
    sealed = await world.inside.fetchval("SELECT sealed FROM corridor.outcome")
    assert b"It would show" not in sealed


async def test_a_phrase_outside_the_list_is_refused(world: World, browser: Browser, told: Told) -> None:
    await browser.open(told.path)

    refused = await browser.submit("/propose", phrase="You get a reward", status=400)

    assert "Choose one of the phrases" in refused.text
    assert await world.inside.fetchval("SELECT count(*) FROM guard.phrase") == 0


async def test_one_outcome_is_proposed_once(browser: Browser, told: Told) -> None:
    page = await browser.open(told.path)
    form = page.form("/propose")
    await browser.submit("/propose", phrase="helped")

    other = {**dict(form.fields), "phrase": "known"}
    async with browser._session.post(form.action, data=other) as answer:
        status = answer.status

    assert status == 400


async def _file(world: World, amina: Handler, body: bytes, report: UUID | None = None) -> UUID:
    """Hand the corridor an outcome as the desk does: sealed to its vault."""
    outcome = uuid4()
    await world.inside.execute(
        "INSERT INTO corridor.outcome (id, sealed, received_on, report) VALUES ($1, $2, $3, $4)",
        outcome,
        age.seal(body, [amina.members.corridor_vault]),
        datetime.now(UTC).date(),
        report or uuid4(),
    )
    return outcome


async def _propose(browser: Browser, told: Told) -> None:
    await browser.open(told.path)
    page = await browser.submit("/propose", phrase="helped")
    assert "It helped." in page.text


async def _sign(
    world: World, told: Told, name: str, *, key: SigningKey | None = None, body: Mapping[str, str] | None = None
) -> None:
    """Put a signature where the guard puts it."""
    payload = canonical(body or {"outcome": str(told.id), "phrase": "helped"})
    signature = (key or await _key(world, name)).sign("tipline/phrase/v1", payload)
    await world.inside.execute(
        "INSERT INTO guard.signature (subject, kind, signer, signature) VALUES ($1, 'phrase', $2, $3)",
        told.id,
        name,
        signature,
    )


async def _approve(world: World) -> None:
    await world.inside.execute("UPDATE guard.phrase SET state = 'approved'")


async def _key(world: World, name: str) -> SigningKey:
    content = await accounts.unlock(world.inside, "guard", name, world.practice.passphrase("guard", name))
    return SigningKey.from_seed(Secret(bytes.fromhex(content["signing_seed"])))


async def _replies(world: World, told: Told) -> list[envelope.Reply]:
    rows = await world.inside.fetch("SELECT inner_file FROM corridor.outgoing ORDER BY position")
    bundle = bundles.pack_bundle([row["inner_file"] for row in rows], told.source.keys.identity.recipient)
    return told.source.replies(bundle)


async def _state(world: World) -> str:
    state: str = await world.inside.fetchval("SELECT state FROM corridor.outcome")
    return state
