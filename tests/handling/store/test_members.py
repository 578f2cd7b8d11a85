"""The chain of member lists against somebody with full access to the database: nothing they write there is believed."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from crypto import age
from crypto.canonical import canonical, parse
from crypto.digest import sha256
from crypto.secret import Secret
from crypto.signing import SigningKey
from crypto.statement import Statement
from handling import enrol, people
from handling.rules import membership
from handling.rules.membership import Admit, Change, Remove, Renew
from handling.rules.release import Duty
from handling.store import members, pins, proposals
from handling.store.chain import ChainError, verify
from handling.store.members import (
    TYPE,
    ExpiredListError,
    MemberListError,
    OlderListError,
    OvertakenError,
    Trust,
    append,
    load,
    propose,
)
from handling.store.pins import RollbackError
from handling.store.proposals import State
from tests.factories import settings_in
from tests.lists import following, without
from tests.practice import LOG_N
from tipline.base.database import Db
from tipline.base.settings import Settings

TODAY = datetime.now(UTC).date()
DINA = people.PersonKeys.make(people.Person("dina", "Dina Okello", frozenset({Duty.HANDLER})))
GHOST = people.PersonKeys.make(people.Person("ghost", "Ghost", frozenset({Duty.HANDLER})))


@dataclass(frozen=True, slots=True)
class Founded:
    """A unit that was founded once for all tests here, and the signing keys of its people."""

    settings: Settings
    made: enrol.Founded
    keys: dict[str, SigningKey]


@dataclass(frozen=True, slots=True)
class Unit:
    """That unit in a database of its own; *pins* is where its processes note what they have seen."""

    founded: Founded
    db: Db
    pins: Path

    def trust(self, process: str = "tests") -> Trust:
        """A process that starts afresh; what it has seen lies in its pin alone."""
        return Trust(members.root_public(self.founded.settings.inside), self.pins / process / "members.pin")

    async def put(self, statement: Statement, version: int = 2) -> None:
        """Write a version as somebody with the whole database does."""
        await self.db.execute("INSERT INTO unit.member_list VALUES ($1, $2)", version, statement.encode())

    async def signed(
        self, change: Change, *signers: str, edit: Callable[[dict[str, Any]], object] | None = None
    ) -> Statement:
        """The next version with these signatures; *edit* changes its body before they are given."""
        newest = await self.db.fetchval("SELECT statement FROM unit.member_list ORDER BY version DESC LIMIT 1")
        body = membership.apply(parse(newest)["body"], change, previous_sha256=sha256(newest))
        if edit:
            edit(body)
        return Statement.make(TYPE, body, *(self.founded.keys[name] for name in signers))


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Founded:
    settings = settings_in(tmp_path_factory.mktemp("unit") / "data")
    persons = [
        people.Person("amina", "Amina", frozenset({Duty.HANDLER, Duty.ANALYST})),
        people.Person("ben", "Ben", frozenset({Duty.HANDLER})),
        people.Person("clara", "Clara", frozenset({Duty.OFFICER})),
    ]
    made = enrol.found(settings, persons, today=TODAY, log_n=LOG_N)
    cards = {card.name: card.passphrase for card in made.cards if card.process == "guard"}
    keys = {"root": made.root, "dina": DINA.signing, "ghost": GHOST.signing, "stranger": SigningKey.generate()}
    for account in made.accounts:
        if account.process == "guard":
            content = parse(age.open_passphrase(account.sealed, cards[account.name]))
            keys[account.name] = SigningKey.from_seed(Secret(bytes.fromhex(content["signing_seed"])))
    return Founded(settings, made, keys)


@pytest.fixture
async def unit(founded: Founded, inside_db: Db, public_db: Db, tmp_path: Path) -> Unit:
    await enrol.record(founded.made, public_db, inside_db)  # type: ignore[arg-type]  # both are plain connections
    await inside_db.execute("ALTER TABLE unit.member_list DISABLE TRIGGER immutable")  # what the owner can do
    return Unit(founded, inside_db, tmp_path)


async def test_two_handlers_admit_somebody_and_every_process_reads_it(unit: Unit) -> None:
    listed = await append(unit.db, unit.trust(), await unit.signed(Admit(DINA.entry()), "amina", "ben"), TODAY)

    assert listed.version == 2
    for process in ("corridor", "desk", "guard", "exchange", "admin"):
        again = await load(unit.db, unit.trust(process), TODAY)
        assert again.member("dina").signing == DINA.signing.public
        assert again.since == {"amina": 1, "ben": 1, "clara": 1, "dina": 2}
        assert (
            again.body()
            == parse(await unit.db.fetchval("SELECT statement FROM unit.member_list WHERE version = 2"))["body"]
        )


async def test_the_root_alone_may_sign_any_version(unit: Unit) -> None:
    statement = Statement.make(TYPE, await following(unit.db, without("clara")), unit.founded.made.root)

    await append(unit.db, unit.trust(), statement, TODAY)

    assert [member.name for member in (await load(unit.db, unit.trust(), TODAY)).members] == ["amina", "ben"]


Edit = Callable[[dict[str, Any]], object]
LIES: list[tuple[tuple[str, ...], Edit | None]] = [
    ((), None),
    (("amina",), None),
    (("amina", "clara"), None),
    (("clara", "ben"), None),
    (("amina", "dina"), None),
    (("dina", "ghost"), None),
    (("amina", "stranger"), None),
    (("stranger",), None),
    (("amina", "ben", "stranger"), None),
    (("amina", "ben", "clara"), None),
    (("root", "amina"), None),
    (("amina", "ben"), lambda body: body["members"].append(GHOST.entry().body())),
    (("amina", "ben"), lambda body: body.update(recovery=str(GHOST.release.recipient))),
    (("amina", "ben"), lambda body: body["corridor_vault"].update(recipient=str(GHOST.release.recipient))),
    (("amina", "ben"), lambda body: body["desk_intake"].update(recipient=str(GHOST.release.recipient))),
    (("amina", "ben"), lambda body: body.update(package_signer="ab" * 32)),
    (("amina", "ben"), lambda body: body["members"][0].update(release=str(GHOST.release.recipient))),
    (("amina", "ben"), lambda body: body["members"][2].update(display="Somebody")),
    (("amina", "ben"), lambda body: body.update(departed={"corridor": 2, "desk": 0})),
    (("amina", "ben"), lambda body: body.update(members=body["members"][::-1])),
    (("amina", "ben"), lambda body: body.update(unit="other")),
    (("root",), lambda body: body.update(unit="other")),
    (("amina", "ben"), lambda body: body.update(more="")),
    (("root",), lambda body: body.update(more="")),
    (("root",), lambda body: body.update(version=3)),
    (("root",), lambda body: body.update(previous="00" * 32)),
    (("root",), lambda body: body["members"][3].update(corridor=body["members"][0]["corridor"])),
    (("root",), lambda body: body["members"][3].update(release="age1pq1" + "q" * 1952)),
]


async def test_a_version_that_is_not_signed_as_it_must_be_or_says_more_than_one_change_closes_the_list(
    unit: Unit,
) -> None:
    believed = []
    for number, (signers, edit) in enumerate(LIES):
        statement = await unit.signed(Admit(DINA.entry()), *signers, edit=edit)
        with suppress(MemberListError):
            await append(unit.db, unit.trust(), statement, TODAY)
            believed.append((number, "append"))
        await unit.db.execute("DELETE FROM unit.member_list WHERE version > 1")
        await unit.put(statement)
        with suppress(MemberListError):
            await load(unit.db, unit.trust(), TODAY)
            believed.append((number, "load"))
        await unit.db.execute("DELETE FROM unit.member_list WHERE version > 1")

    assert believed == []
    assert (await load(unit.db, unit.trust(), TODAY)).version == 1


async def test_one_handler_who_signs_twice_is_one_handler(unit: Unit) -> None:
    once = await unit.signed(Admit(DINA.entry()), "amina")
    twice = {**once.to_json(), "signatures": once.to_json()["signatures"] * 2}

    await unit.db.execute("INSERT INTO unit.member_list VALUES (2, $1)", canonical(twice))

    with pytest.raises(MemberListError):
        await load(unit.db, unit.trust(), TODAY)


async def test_nobody_signs_their_own_admission_removal_or_new_keys(unit: Unit) -> None:
    await append(unit.db, unit.trust(), await unit.signed(Admit(DINA.entry()), "amina", "ben"), TODAY)
    fresh = people.PersonKeys.make(people.Person("ben", "Ben", frozenset({Duty.HANDLER}))).public()

    for change in (Remove("ben"), membership.Replace("ben", fresh)):
        with pytest.raises(MemberListError):
            await append(unit.db, unit.trust(), await unit.signed(change, "amina", "ben"), TODAY)
    listed = await append(unit.db, unit.trust(), await unit.signed(Remove("ben"), "amina", "dina"), TODAY)
    assert "ben" not in {member.name for member in listed.members}


async def test_somebody_who_was_removed_signs_nothing_any_more(unit: Unit) -> None:
    await append(unit.db, unit.trust(), await unit.signed(Admit(DINA.entry()), "amina", "ben"), TODAY)
    await append(unit.db, unit.trust(), await unit.signed(Remove("ben"), "amina", "dina"), TODAY)

    with pytest.raises(MemberListError):
        await append(unit.db, unit.trust(), await unit.signed(Admit(GHOST.entry()), "amina", "ben"), TODAY)
    await append(unit.db, unit.trust(), await unit.signed(Admit(GHOST.entry()), "amina", "dina"), TODAY)


async def test_a_swapped_recipient_in_a_signed_version_closes_the_list(unit: Unit) -> None:
    row = json.loads(await unit.db.fetchval("SELECT statement FROM unit.member_list"))
    row["body"]["corridor_vault"]["recipient"] = str(age.Identity.generate().recipient)

    await unit.db.execute("UPDATE unit.member_list SET statement = $1", canonical(row))

    with pytest.raises(MemberListError):
        await load(unit.db, unit.trust(), TODAY)


async def three_versions(unit: Unit) -> None:
    await append(unit.db, unit.trust(), await unit.signed(Admit(DINA.entry()), "amina", "ben"), TODAY)
    await append(unit.db, unit.trust(), await unit.signed(Remove("clara"), "amina", "dina"), TODAY)
    await load(unit.db, unit.trust(), TODAY)


async def test_a_missing_version_closes_the_list(unit: Unit) -> None:
    await three_versions(unit)

    for gone in (2, 1):
        await unit.db.execute("DELETE FROM unit.member_list WHERE version = $1", gone)
        with pytest.raises(MemberListError):
            await load(unit.db, unit.trust("another"), TODAY)


async def test_versions_in_another_order_close_the_list(unit: Unit) -> None:
    await three_versions(unit)

    for was, now in ((2, 9), (3, 2), (9, 3)):
        await unit.db.execute("UPDATE unit.member_list SET version = $2 WHERE version = $1", was, now)

    with pytest.raises(MemberListError):
        await load(unit.db, unit.trust("another"), TODAY)


async def test_an_older_list_put_back_is_refused_by_whoever_has_seen_a_newer_one(unit: Unit) -> None:
    before = unit.trust()
    await three_versions(unit)
    await load(unit.db, before, TODAY)

    await unit.db.execute("DELETE FROM unit.member_list WHERE version = 3")

    for trust in (before, unit.trust()):  # the running process, and one that has just started
        with pytest.raises(OlderListError):
            await load(unit.db, trust, TODAY)
        with pytest.raises(OlderListError):
            await append(unit.db, trust, await unit.signed(Remove("clara"), "amina", "dina"), TODAY)


async def test_another_branch_of_the_chain_is_refused_by_whoever_has_seen_the_first(unit: Unit) -> None:
    other = await unit.signed(Admit(GHOST.entry()), "amina", "ben")
    await append(unit.db, unit.trust(), await unit.signed(Admit(DINA.entry()), "amina", "ben"), TODAY)
    await load(unit.db, unit.trust(), TODAY)

    await unit.db.execute("UPDATE unit.member_list SET statement = $1 WHERE version = 2", other.encode())

    with pytest.raises(OlderListError):
        await load(unit.db, unit.trust(), TODAY)


async def test_a_second_chain_under_another_root_is_refused_even_by_whoever_has_seen_none(unit: Unit) -> None:
    stranger = unit.founded.keys["stranger"]
    body = parse(await unit.db.fetchval("SELECT statement FROM unit.member_list"))["body"]
    first = Statement.make(TYPE, body, stranger)
    second = membership.apply(body, Admit(GHOST.entry()), previous_sha256=sha256(first.encode()))

    await unit.db.execute("DELETE FROM unit.member_list")
    await unit.put(first, 1)
    await unit.put(Statement.make(TYPE, second, stranger))

    with pytest.raises(MemberListError):
        await load(unit.db, unit.trust(), TODAY)
    with pytest.raises(ChainError):
        verify(bytes(32), [])


async def test_an_ended_list_is_refused_and_only_a_valid_one_follows_it(unit: Unit) -> None:
    later = TODAY + timedelta(days=400)
    with pytest.raises(ExpiredListError):
        await load(unit.db, unit.trust(), later)
    assert (await members.latest(unit.db, unit.trust())).version == 1

    with pytest.raises(ExpiredListError):
        await append(unit.db, unit.trust(), await unit.signed(Admit(DINA.entry()), "root"), later)
    await append(unit.db, unit.trust(), await unit.signed(Renew(later + timedelta(days=1)), "root"), later)

    assert (await load(unit.db, unit.trust(), later)).version == 2


async def test_of_two_versions_at_once_one_is_taken(unit: Unit, inside_dsn: str) -> None:
    statements = [await unit.signed(Admit(one.entry()), "amina", "ben") for one in (DINA, GHOST)]
    connections = [await asyncpg.connect(inside_dsn) for _ in statements]

    done = await asyncio.gather(
        *(append(db, unit.trust(), one, TODAY) for db, one in zip(connections, statements, strict=True)),
        return_exceptions=True,
    )
    for db in connections:
        await db.close()

    assert [type(one) for one in done if isinstance(one, BaseException)] == [OvertakenError]
    assert await unit.db.fetchval("SELECT count(*) FROM unit.member_list") == 2
    await load(unit.db, unit.trust(), TODAY)


async def test_a_damaged_pin_lets_no_list_in(unit: Unit) -> None:
    await load(unit.db, unit.trust(), TODAY)
    pin = unit.trust().pin

    for damage in (
        b"",
        b"{}",
        b'{"sha256":"00","version":1}',
        b'{"sha256":1,"version":1}',
        b'{"sha256":"","version":true}',
    ):
        pin.write_bytes(damage)
        with pytest.raises(OlderListError):
            await load(unit.db, unit.trust(), TODAY)


def test_a_pin_only_moves_forward_also_when_two_write_at_once(tmp_path: Path) -> None:
    pin = tmp_path / "process" / "members.pin"
    chain = [bytes([number]) * 32 for number in range(1, 6)]

    pins.hold(pin, chain[:3])
    pins.hold(pin, chain)
    with pytest.raises(RollbackError):
        pins.hold(pin, chain[:3])

    assert parse(pin.read_bytes()) == {"version": 5, "sha256": chain[4].hex()}
    assert pin.stat().st_mode & 0o777 == 0o600


async def test_the_same_proposal_waits_once_and_the_winner_is_told_from_the_overtaken(unit: Unit) -> None:
    wanted, other = Admit(DINA.entry()), Admit(GHOST.entry())

    first = await propose(unit.db, wanted, "administrator")
    assert await propose(unit.db, wanted, "amina") == first
    second = await propose(unit.db, other, "administrator")
    await append(unit.db, unit.trust(), await unit.signed(wanted, "amina", "ben"), TODAY)

    states = {one.id: one.state for one in await proposals.newest(unit.db)}
    assert states == {first: State.ACCEPTED, second: State.OVERTAKEN}
    assert await propose(unit.db, other, "administrator") != second


async def test_a_proposal_that_is_no_change_is_shown_as_none(unit: Unit) -> None:
    for number, data in enumerate((b"", b"{}", b'{"kind":"promote"}', b'{ "kind":"remove","name":"ben"}')):
        await unit.db.execute(
            "INSERT INTO unit.proposal (id, version, change, proposed_by) VALUES (gen_random_uuid(), 2, $1, $2)",
            data,
            str(number),
        )

    assert [one.change for one in await proposals.newest(unit.db)] == [None] * 4
    await append(unit.db, unit.trust(), await unit.signed(Admit(DINA.entry()), "amina", "ben"), TODAY)
    assert {one.state for one in await proposals.newest(unit.db)} == {State.OVERTAKEN}
