"""Two handlers decide who belongs to the unit, at the guard; nobody else does, whatever they can write."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from crypto import age
from crypto.canonical import canonical
from crypto.errors import NoMatchError
from crypto.statement import Statement
from handling import people
from handling.guard import admission
from handling.guard.refusal import ChangedError, GuardError, MovedError, NotNowError, RefusedError
from handling.guard.service import Hand, today
from handling.guard.sign import signers
from handling.rules import membership
from handling.rules.membership import Admit, Change, FirstReaders, NewVault, Remove, Renew
from handling.rules.release import Duty
from handling.store import members
from handling.store.keyring import Keyring
from handling.store.members import MemberListError, NotAMemberError
from handling.store.proposals import State
from tests.handling.guard.world import World
from tests.lists import Edit, following, root_key, root_signs, without
from tests.practice import LOG_N
from tipline.base.staff import SignInError


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody whose keys and accounts were made, and who is on no list yet."""

    keys: people.PersonKeys
    passphrase: str

    @property
    def change(self) -> Admit:
        return Admit(self.keys.entry())

    def hand(self, seen: str = "") -> Hand:
        return Hand(self.keys.person.name, self.passphrase, seen)


async def newcomer(world: World, name: str = "dina", *duties: Duty) -> Newcomer:
    keys = people.PersonKeys.make(people.Person(name, name.capitalize(), frozenset(duties or {Duty.HANDLER})))
    enrolled = await asyncio.to_thread(people.seal_accounts, [keys], log_n=LOG_N)
    await people.put_accounts(world.owner, enrolled.accounts)
    (card,) = [card for card in enrolled.cards if card.process == "guard"]
    return Newcomer(keys, card.passphrase.expose().decode())


async def asked(world: World, change: Change) -> UUID:
    return await members.propose(world.owner, change, "administrator")


async def sign(world: World, proposal: UUID, name: str, seen: str | None = None) -> State:
    at = await admission.look(world.guard, proposal, name, today())
    shown = at.next.seen if at.next else ""
    hand = world.hand(name, shown if seen is None else seen)
    return await admission.sign(world.guard, proposal, hand, today())


async def listed(world: World) -> list[str]:
    return [member.name for member in (await members.load(world.owner, world.guard.trust, today())).members]


async def state(world: World, proposal: UUID) -> str:
    found: str = await world.owner.fetchval("SELECT state FROM unit.proposal WHERE id = $1", proposal)
    return found


async def test_two_handlers_admit_somebody_who_then_signs_as_one(world: World) -> None:
    dina = await newcomer(world)
    proposal = await asked(world, dina.change)

    assert await sign(world, proposal, "ben") is State.SIGNED_ONCE
    assert await listed(world) == ["amina", "ben", "clara"]
    assert await sign(world, proposal, "amina") is State.ACCEPTED

    assert await listed(world) == ["amina", "ben", "clara", "dina"]
    assert await state(world, proposal) == "accepted"
    other = await asked(world, Remove("clara"))
    at = await admission.look(world.guard, other, "dina", today())
    assert at.next
    assert await admission.sign(world.guard, other, dina.hand(at.next.seen), today()) is State.SIGNED_ONCE


async def test_an_officer_the_same_handler_twice_and_the_newcomer_sign_nothing(world: World) -> None:
    dina = await newcomer(world)
    proposal = await asked(world, dina.change)
    with pytest.raises(NotNowError):
        await sign(world, proposal, "clara")
    with pytest.raises(NotAMemberError):
        await admission.look(world.guard, proposal, "dina", today())
    await sign(world, proposal, "ben")

    for name in ("ben", "clara"):
        with pytest.raises(NotNowError):
            await sign(world, proposal, name)
    with pytest.raises(NotAMemberError):
        await admission.sign(world.guard, proposal, dina.hand("x"), today())

    assert await listed(world) == ["amina", "ben", "clara"]
    assert await state(world, proposal) == "signed-once"


async def test_who_is_to_leave_neither_signs_nor_refuses_it(world: World) -> None:
    await root_signs(world.settings, world.owner, _admit(await newcomer(world)))
    proposal = await asked(world, Remove("ben"))

    at = await admission.look(world.guard, proposal, "ben", today())

    assert (at.why_not, at.may_refuse, at.signers) == (admission.ABOUT_YOU, False, ("amina", "dina"))
    with pytest.raises(NotNowError):
        await sign(world, proposal, "ben")
    with pytest.raises(NotNowError):
        await admission.refuse(world.guard, proposal, who="ben", reason="No.", today=today())


async def test_who_was_removed_signs_opens_and_reviews_nothing_any_more(world: World) -> None:
    dina = await newcomer(world)
    admit = await asked(world, dina.change)
    await sign(world, admit, "ben")
    await sign(world, admit, "amina")
    review, release, outcome = await world.ask_review(), await world.ask_release(), await world.ask_phrase()
    await world.sign_release(release, "ben")
    await world.sign_phrase(outcome, "ben")

    leaving = await asked(world, Remove("ben"))
    await sign(world, leaving, "amina")
    at = await admission.look(world.guard, leaving, "dina", today())
    assert at.next
    await admission.sign(world.guard, leaving, dina.hand(at.next.seen), today())

    for act in (world.sign_review(review), world.sign_release(release, "ben"), world.sign_phrase(outcome, "ben")):
        with pytest.raises(NotAMemberError):
            await act
    for act in (world.sign_release(release, "clara"), world.sign_phrase(outcome, "clara")):
        with pytest.raises(NotNowError) as refused:
            await act
        assert "does not count under today's member list" in str(refused.value)
    assert await world.packages() == 0
    assert (await world.state("release", release), await world.state("phrase", outcome)) == (
        "signed-once",
        "signed-once",
    )


async def test_what_is_signed_is_what_was_shown(world: World) -> None:
    dina, ghost = await newcomer(world), await newcomer(world, "ghost")
    proposal = await asked(world, dina.change)
    shown = (await admission.look(world.guard, proposal, "ben", today())).next
    assert shown

    await _swap(world, proposal, ghost.change)

    with pytest.raises(ChangedError):
        await sign(world, proposal, "ben", shown.seen)


async def test_a_proposal_edited_between_the_two_signatures_voids_the_first(world: World) -> None:
    dina, ghost = await newcomer(world), await newcomer(world, "ghost")
    proposal = await asked(world, dina.change)
    await sign(world, proposal, "ben")

    await _swap(world, proposal, ghost.change)

    at = await admission.look(world.guard, proposal, "amina", today())
    assert (at.void, at.may_sign, at.may_repeat, at.may_refuse) == (("ben",), False, True, True)
    with pytest.raises(RefusedError) as refused:
        await sign(world, proposal, "amina")
    assert "void" in refused.value.refused.reasons[0]
    assert await listed(world) == ["amina", "ben", "clara"]


async def test_an_edit_while_the_first_signer_types_is_not_signed(world: World) -> None:
    dina, ghost = await newcomer(world), await newcomer(world, "ghost")
    proposal = await asked(world, dina.change)
    sha256 = await world.owner.fetchval("SELECT sha256(change) FROM unit.proposal")
    await _swap(world, proposal, ghost.change)

    async with world.guard.pool.acquire() as db:
        assert not await admission.admission_store.sign_once(db, proposal, sha256=sha256)


async def test_signatures_that_were_written_into_the_table_count_for_nothing(world: World) -> None:
    dina = await newcomer(world)
    proposal = await asked(world, dina.change)
    at = await admission.look(world.guard, proposal, "amina", today())
    assert at.next
    forged = dina.keys.signing.sign(members.TYPE, canonical(at.next.body))
    for name in ("ben", "clara", "dina"):
        await world.owner.execute("INSERT INTO unit.proposal_signature VALUES ($1, $2, $3)", proposal, name, forged)
    await world.owner.execute("UPDATE unit.proposal SET state = 'signed-once'")

    with pytest.raises(RefusedError):
        await sign(world, proposal, "amina")

    assert await listed(world) == ["amina", "ben", "clara"]


async def test_of_two_admissions_at_once_one_is_overtaken_and_proposed_afresh(world: World) -> None:
    dina, eva = await newcomer(world), await newcomer(world, "eva")
    proposals = [await asked(world, one.change) for one in (dina, eva)]
    for proposal in proposals:
        await sign(world, proposal, "ben")

    done = await asyncio.gather(*(sign(world, one, "amina") for one in proposals), return_exceptions=True)

    assert [one for one in done if one is State.ACCEPTED] == [State.ACCEPTED]
    assert all(one is State.ACCEPTED or isinstance(one, (MovedError, RefusedError)) for one in done)
    lost = proposals[0 if await state(world, proposals[0]) != "accepted" else 1]
    assert await state(world, lost) == "overtaken"
    with pytest.raises(GuardError):
        await sign(world, lost, "ben")
    again = await admission.repeat(world.guard, lost, who="ben", today=today())
    for name in ("amina", "ben"):
        await sign(world, again, name)
    assert sorted(await listed(world)) == ["amina", "ben", "clara", "dina", "eva"]


async def test_a_refused_proposal_ends_and_can_be_proposed_afresh(world: World) -> None:
    proposal = await asked(world, (await newcomer(world)).change)

    await admission.refuse(world.guard, proposal, who="ben", reason="The fingerprint was another.", today=today())

    assert await state(world, proposal) == "refused"
    with pytest.raises(NotNowError):
        await sign(world, proposal, "amina")
    with pytest.raises(NotNowError):
        await admission.refuse(world.guard, proposal, who="amina", reason="Again.", today=today())
    with pytest.raises(NotNowError):
        await admission.repeat(world.guard, proposal, who="clara", today=today())
    again = await admission.repeat(world.guard, proposal, who="amina", today=today())
    assert await sign(world, again, "ben") is State.SIGNED_ONCE


async def test_a_proposal_that_is_no_change_or_holds_no_key_can_only_be_refused(world: World) -> None:
    broken, empty = uuid4(), uuid4()
    entry = (await newcomer(world)).keys.entry().body()
    entry["release"] = "age1pq1" + "q" * 1952
    change = canonical({"kind": "admit", "member": entry})
    for proposal, data in ((broken, b"{}"), (empty, change)):
        sql = "INSERT INTO unit.proposal (id, version, change, proposed_by) VALUES ($1, 2, $2, 'x')"
        await world.owner.execute(sql, proposal, data)

    for proposal in (broken, empty):
        with pytest.raises(RefusedError):
            await sign(world, proposal, "ben", "")
        await admission.refuse(world.guard, proposal, who="ben", reason="Broken.", today=today())


async def test_a_new_vault_a_renewal_and_other_first_readers_go_the_same_way(world: World) -> None:
    vault = age.Identity.generate()
    until = world.listed.valid_until + timedelta(days=30)
    for change in (NewVault("corridor", 2, str(vault.recipient)), Renew(until), FirstReaders(("ben",))):
        proposal = await asked(world, change)
        assert await sign(world, proposal, "amina") is State.SIGNED_ONCE
        assert await sign(world, proposal, "ben") is State.ACCEPTED

    now = await members.load(world.owner, world.guard.trust, today())

    assert (now.version, now.corridor_epoch, now.valid_until, now.first_readers) == (4, 2, until, ("ben",))
    assert str(now.corridor_vault) == str(vault.recipient)


async def test_the_package_keys_follow_the_signers_of_the_list(world: World) -> None:
    eva = await newcomer(world, "eva", Duty.OFFICER)
    keyring = Keyring(world.settings.inside / "guard" / "keyring")
    proposal = await asked(world, eva.change)
    before = keyring.get("package", "ed25519")
    await sign(world, proposal, "ben")
    await sign(world, proposal, "amina")

    for name in ("ed25519", "openpgp"):
        assert age.open_(keyring.get("package", name), [eva.keys.release])
    with pytest.raises(NoMatchError):
        age.open_(before, [eva.keys.release])

    clara = age.Identity.parse((await world.account("clara"))["release_identity"])
    leaving = await asked(world, Remove("clara"))
    await sign(world, leaving, "ben")
    await sign(world, leaving, "amina")
    for name in ("ed25519", "openpgp"):
        assert age.open_(keyring.get("package", name), [eva.keys.release])
        with pytest.raises(NoMatchError):
            age.open_(keyring.get("package", name), [clara])


async def test_a_version_that_the_root_signed_reaches_the_package_keys_at_the_next_unlocking(world: World) -> None:
    keyring = Keyring(world.settings.inside / "guard" / "keyring")
    clara = age.Identity.parse((await world.account("clara"))["release_identity"])
    await root_signs(world.settings, world.owner, without("clara"))

    await world.sign_phrase(await world.ask_phrase(), "ben")

    now = await members.load(world.owner, world.guard.trust, today())
    assert {str(key) for key in signers(now)} == {str(now.member(name).release) for name in ("amina", "ben")}
    with pytest.raises(NoMatchError):
        age.open_(keyring.get("package", "ed25519"), [clara])


async def test_after_a_ghost_was_written_into_the_database_nothing_is_sealed_or_signed(world: World) -> None:
    ghost = await newcomer(world, "ghost")
    release = await world.ask_release()
    statement = Statement.make(members.TYPE, await following(world.owner, _admit(ghost)), ghost.keys.signing)
    await world.owner.execute("INSERT INTO unit.member_list VALUES (2, $1)", statement.encode())

    for act in (world.sign_release(release, "ben"), world.sign_phrase(await world.ask_phrase(), "ben")):
        with pytest.raises(MemberListError):
            await act

    assert await world.packages() == 0
    assert await world.owner.fetchval("SELECT count(*) FROM guard.signature") == 0


async def test_a_wrong_passphrase_signs_nothing(world: World) -> None:
    proposal = await asked(world, (await newcomer(world)).change)
    at = await admission.look(world.guard, proposal, "ben", today())
    assert at.next

    with pytest.raises(SignInError):
        await admission.sign(world.guard, proposal, Hand("ben", "wrong words", at.next.seen), today())

    assert await state(world, proposal) == "waiting"


async def test_the_root_may_sign_a_waiting_proposal_instead(world: World) -> None:
    dina = await newcomer(world)
    proposal = await asked(world, dina.change)
    body = membership.apply(world.listed.body(), dina.change, previous_sha256=world.listed.sha256)
    statement = Statement.make(members.TYPE, body, root_key(world.settings))

    await members.append(world.owner, world.guard.trust, statement, today())

    assert await state(world, proposal) == "accepted"
    assert "dina" in await listed(world)


async def _swap(world: World, proposal: UUID, change: Change) -> None:
    data = canonical(membership.to_json(change))
    await world.owner.execute("UPDATE unit.proposal SET change = $2 WHERE id = $1", proposal, data)


def _admit(one: Newcomer) -> Edit:
    def edit(body: dict[str, Any]) -> None:
        body["members"].append(one.keys.entry().body())

    return edit
