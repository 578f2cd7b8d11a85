"""The list of all that an agency was sent: the guard writes it from what it let out; a desk that lies changes no line of it."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from crypto import age
from crypto.canonical import canonical, parse
from crypto.digest import sha256
from crypto.secret import Secret
from handling.exchange import list_store
from handling.guard import notices
from handling.guard.refusal import GuardError, RefusedError
from handling.guard.service import today
from handling.guard.store import State
from handling.rules.notices import Notice, listed
from tests.conftest import RolePool
from tests.handling.guard.noticed import ask as ask_notice
from tests.handling.guard.noticed import sign
from tests.handling.guard.test_recalls import let_out, recall_of
from tests.handling.guard.world import CUSTOMS, PARKS, Forgery, World

Edit = Callable[[dict[str, Any]], None]


def unchanged(_: dict[str, Any]) -> None:
    """Leave it as it is."""


@dataclass(slots=True)
class Sent:
    """What left in a test: the ledger's lines as the desk keeps them."""

    lines: list[dict[str, Any]] = field(default_factory=list)

    async def release(self, world: World, agency: str = CUSTOMS) -> UUID:
        content = await world.release_content(Forgery(agency=agency))
        release = await world.ask_release(content=content)
        await world.sign_release(release, "ben")
        assert await world.sign_release(release, "clara") is State.RELEASED
        zip_sha256 = sha256(base64.b64decode(content["zip"])).hex()
        self.lines.append({"manifest": content["manifest"], "zip_sha256": zip_sha256})
        return release


async def wanted(role_pool: RolePool, agency: str = CUSTOMS) -> UUID:
    """An agency asks under the portal's own role."""
    pool = await role_pool("tipline_exchange")
    request = uuid4()
    async with pool.acquire() as db:
        assert await list_store.is_given(db, agency)
        await list_store.add(db, request, agency, today())
    return request


async def ask(world: World, request: UUID, sent: Sent, edit: Edit = unchanged, *, requested_by: str = "amina") -> UUID:
    """Put it where the desk puts it; *edit* changes the whole of what is asked."""
    notice = {
        "format": "tipline/notice/v1",
        "id": str(uuid4()),
        "kind": "dissemination-list",
        "agency": CUSTOMS,
        "reference": f"urn:uuid:{request}",
        "words": "",
        "day": (today() + timedelta(days=30)).isoformat(),
        "on": today().isoformat(),
        "about": {"packages": []},
    }
    content = {"notice": notice, "released": list(sent.lines)}
    edit(content)
    readers = [member.release for member in world.listed.members if member.name == "clara"]
    sql = "INSERT INTO guard.notice (id, sealed, requested_by, requested_on) VALUES ($1, $2, $3, $4)"
    await world.desk.execute(sql, UUID(notice["id"]), age.seal(canonical(content), readers), requested_by, today())
    return UUID(notice["id"])


async def opened(world: World, notice: UUID) -> tuple[str, Notice]:
    """What customs open."""
    sealed = await world.owner.fetchval("SELECT sealed FROM exchange.notice WHERE id = $1", notice)
    key = (world.settings.data / "practice" / CUSTOMS / "key.txt").read_text().strip()
    text = age.open_(sealed, [age.Identity.parse(Secret(key.encode()))]).decode()
    return text, Notice.from_body(parse(text.splitlines()[-1].encode()))


async def test_an_agency_that_asked_gets_every_package_that_left_to_it_and_no_other_as_an_officer_saw_it(
    world: World, role_pool: RolePool
) -> None:
    sent = Sent()
    first, second, theirs = await sent.release(world), await sent.release(world), await sent.release(world, PARKS)
    await sign(world, await ask_notice(world, recall_of(first)))
    request = await wanted(role_pool)
    notice = await ask(world, request, sent)

    view = await notices.open_(world.guard, notice, world.hand("clara"), today())
    assert await sign(world, notice) is State.SENT

    text, read = await opened(world, notice)
    lines = {line.release: line for line in listed(read)}
    assert set(lines) == {first, second}
    assert (lines[first].recalled_on, lines[second].recalled_on) == (today(), None)
    assert [lines[release].zip_sha256 for release in (first, second)] == [one["zip_sha256"] for one in sent.lines[:2]]
    assert text.encode() == view.examined.text
    assert str(theirs) not in text
    row = await world.owner.fetchrow("SELECT notice, answered_on FROM exchange.list_request WHERE id = $1", request)
    assert tuple(row) == (notice, today())


def leaves_one_out(content: dict[str, Any]) -> None:
    content["released"].pop(0)


def another_hash(content: dict[str, Any]) -> None:
    content["released"][0] = {**content["released"][0], "zip_sha256": "0" * 64}


def another_purpose(content: dict[str, Any]) -> None:
    one = content["released"][0]
    content["released"][0] = {**one, "manifest": {**one["manifest"], "purpose": "seizure"}}


@pytest.mark.parametrize("lie", [leaves_one_out, another_hash, another_purpose])
async def test_a_desk_that_keeps_a_package_back_or_tells_it_otherwise_sends_nothing(
    world: World, role_pool: RolePool, lie: Edit
) -> None:
    sent = Sent()
    first = await sent.release(world)
    await sent.release(world)
    notice = await ask(world, await wanted(role_pool), sent, lie)

    with pytest.raises(RefusedError) as refused:
        await sign(world, notice)

    assert refused.value.refused.reasons == (
        f"The desk did not hand over what left as package {first}, or not as it left.",
    )
    assert await world.owner.fetchval("SELECT count(*) FROM exchange.notice") == 0
    assert await world.owner.fetchval("SELECT answered_on FROM exchange.list_request") is None


async def test_what_never_left_and_lines_that_the_desk_wrote_itself_do_not_stand_in_the_list(
    world: World, role_pool: RolePool
) -> None:
    sent = Sent()
    first = await sent.release(world)
    never = (await world.release_content())["manifest"]

    def adds(content: dict[str, Any]) -> None:
        content["released"].append({"manifest": never, "zip_sha256": "0" * 64})

    notice = await ask(world, await wanted(role_pool), sent, adds)
    await sign(world, notice)
    assert [line.release for line in listed((await opened(world, notice))[1])] == [first]

    forged = (await opened(world, notice))[1].to_body()["about"]
    forged["packages"][0]["zip_sha256"] = "0" * 64

    def writes(content: dict[str, Any]) -> None:
        content["notice"]["about"] = forged

    again = await ask(world, await wanted(role_pool), sent, writes)
    await sign(world, again)
    assert listed((await opened(world, again))[1])[0].zip_sha256 == sent.lines[0]["zip_sha256"]


async def test_a_list_that_nobody_asked_for_or_another_agency_did_or_that_was_sent_before_does_not_leave(
    world: World, role_pool: RolePool
) -> None:
    sent = Sent()
    request = await wanted(role_pool)
    await sign(world, await ask(world, request, sent))

    for asked in (uuid4(), await wanted(role_pool, PARKS), request):
        with pytest.raises(RefusedError) as refused:
            await sign(world, await ask(world, asked, sent))
        assert refused.value.refused.reasons == (
            "No request of this agency for the list of all that it was sent stands.",
        )


async def test_a_package_that_left_before_hashes_were_kept_stops_the_list(world: World, role_pool: RolePool) -> None:
    older = await let_out(world)

    with pytest.raises(RefusedError) as refused:
        await sign(world, await ask(world, await wanted(role_pool), Sent()))

    assert str(older) in refused.value.refused.reasons[0]


@pytest.mark.parametrize("changes", [{"words": "Meet the boat at nine."}, {"about": {}}, {"kind": "recall"}])
async def test_a_list_with_words_of_the_desk_or_in_another_form_is_no_notice(
    world: World, role_pool: RolePool, changes: dict[str, Any]
) -> None:
    notice = await ask(world, await wanted(role_pool), Sent(), lambda content: content["notice"].update(changes))

    with pytest.raises(GuardError):
        await sign(world, notice)

    assert await world.owner.fetchval("SELECT count(*) FROM exchange.notice") == 0


async def test_who_asked_for_a_list_does_not_sign_it(world: World, role_pool: RolePool) -> None:
    notice = await ask(world, await wanted(role_pool), Sent())

    with pytest.raises(GuardError):
        await sign(world, notice, "amina")
