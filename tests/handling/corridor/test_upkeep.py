"""What happens to the corridor's keys when somebody leaves, from the sign-in to the guard and back; and what a sweep removes."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from aiohttp.test_utils import TestServer

from crypto import age
from crypto.canonical import parse
from crypto.digest import sha256
from crypto.errors import AgeError
from crypto.secret import Secret
from crypto.signing import SigningKey
from crypto.statement import Statement
from handling import people
from handling.corridor.main import open_keyring
from handling.corridor.pages.app import NOT_YET
from handling.corridor.pages.common import now
from handling.corridor.session import Handler, NoCorridorError
from handling.corridor.store import keys
from handling.corridor.upkeep import CorridorUpkeep
from handling.rules import member_words, membership
from handling.rules.member_words import groups
from handling.rules.membership import Admit, Change, NewVault, Remove, Replace
from handling.rules.release import Duty
from handling.store import epochs, members, proposals
from handling.store.keyring import Keyring, Kind
from handling.store.upkeep import ORPHAN_SECONDS, sweep
from tests.handling.corridor.conftest import World
from tests.handling.corridor.sources import Source
from tests.handling.store.vaults import SEALED
from tests.journeys.browser import Browser, Page
from tipline.base import accounts

DINA = people.PersonKeys.make(people.Person("dina", "Dina Okello", frozenset({Duty.HANDLER})))


@dataclass
class Unit:
    """The practice unit, whose member list goes on as two handlers sign it."""

    world: World
    signing: dict[str, SigningKey]
    identities: dict[str, age.Identity]

    @classmethod
    async def of(cls, world: World) -> "Unit":
        signing, identities = {"dina": DINA.signing}, {}
        for name in ("amina", "ben"):
            guard = await accounts.unlock(world.inside, "guard", name, world.practice.passphrase("guard", name))
            signing[name] = SigningKey.from_seed(Secret(bytes.fromhex(guard["signing_seed"])))
            corridor = await accounts.unlock(
                world.inside, "corridor", name, world.practice.passphrase("corridor", name)
            )
            identities[name] = age.Identity.parse(corridor["identity"])
        return cls(world, signing, identities)

    async def sign(self, change: Change, *signers: str) -> None:
        """Append the next version as the guard does."""
        newest = await self.world.inside.fetchval(
            "SELECT statement FROM unit.member_list ORDER BY version DESC LIMIT 1"
        )
        body = membership.apply(parse(newest)["body"], change, previous_sha256=sha256(newest))
        statement = Statement.make(members.TYPE, body, *(self.signing[name] for name in signers))
        await members.append(self.world.inside, self.trust(), statement, now().date())

    def trust(self) -> members.Trust:
        return members.trust(self.world.settings.inside, "tests")

    async def waiting(self) -> list[NewVault]:
        found = await proposals.newest(self.world.inside)
        return [one.change for one in found if one.open and isinstance(one.change, NewVault)]

    async def ben_leaves(self) -> None:
        await self.sign(Admit(DINA.entry()), "amina", "ben")
        await self.sign(Remove("ben"), "amina", "dina")


@pytest.fixture
async def unit(world: World) -> Unit:
    return await Unit.of(world)


@pytest.fixture
def upkeep(world: World) -> CorridorUpkeep:
    return CorridorUpkeep(world.pool, open_keyring(world.settings), lambda: now().date())


async def work(upkeep: CorridorUpkeep, handler: Handler) -> None:
    await upkeep.vault.work(handler.vault, handler.members, handler.member.name)


def opens_anything(keyring: Keyring, *identities: age.Identity) -> bool:
    return any(_opens(keyring, kind, name, *identities) for kind in SEALED for name in keyring.names(kind))


def _opens(keyring: Keyring, kind: Kind, name: str, *identities: age.Identity) -> bool:
    try:
        age.open_(keyring.get(kind, name), identities)
    except AgeError:
        return False
    return True


async def test_a_departure_leads_to_a_new_vault_that_the_leaver_opens_nothing_of(
    world: World, unit: Unit, upkeep: CorridorUpkeep
) -> None:
    keyring = open_keyring(world.settings)
    await world.collected(Source().tip(world.intake, "for all", asked=""), Source().tip(world.intake, "for some"))
    await world.resealer.run(await world.handler("ben"))
    ben = unit.identities["ben"]
    vault = epochs.open_(keyring.get("vault", "1"), ben).identity
    await unit.ben_leaves()

    await work(upkeep, await world.handler("amina"))
    (proposed,) = await unit.waiting()
    fingerprint = groups(age.Recipient.parse(proposed.recipient).fingerprint())
    assert len(upkeep.notices()) == 1
    assert upkeep.notices()[0].splitlines()[-1] == fingerprint
    assert upkeep.notices()[0].startswith("Somebody who could open the corridor's vault left, so the corridor gets")
    await work(upkeep, await world.handler("amina"))  # signs in again before anybody has signed
    assert await unit.waiting() == [proposed]
    await unit.sign(proposed, "amina", "dina")
    amina = await world.handler("amina")
    await work(upkeep, amina)

    assert upkeep.notices() == ()
    assert keyring.names("vault") == {"2"}
    assert all(keyring.names(kind) for kind in ("record", "restricted", "intake", "pgp-intake", "signer"))
    assert not opens_anything(keyring, ben, vault)
    assert amina.members.corridor_epoch == 2
    assert {tip.content.text for tip in await world.tips(amina)} == {"for all", "for some"}
    with pytest.raises(NoCorridorError):
        await world.handler("ben")


async def test_after_new_keys_the_notice_says_so_and_names_the_vault_as_the_guard_does(
    world: World, unit: Unit, upkeep: CorridorUpkeep
) -> None:
    await unit.sign(Admit(DINA.entry()), "amina", "ben")
    fresh = people.PersonKeys.make(people.Person("ben", "Ben", frozenset({Duty.HANDLER}))).public()
    await unit.sign(Replace("ben", fresh), "amina", "dina")

    await work(upkeep, await world.handler("amina"))

    (notice,) = upkeep.notices()
    assert "has new keys, so the corridor gets a new vault, number 2." in notice
    assert "left" not in notice
    (proposed,) = await unit.waiting()
    assert "number 2" in member_words.brief(proposed)


async def test_a_session_that_was_open_moves_on_with_todays_list(
    world: World, unit: Unit, upkeep: CorridorUpkeep
) -> None:
    open_before = await world.handler("amina")
    await unit.ben_leaves()
    await work(upkeep, await world.handler("amina"))
    (proposed,) = await unit.waiting()
    await unit.sign(proposed, "amina", "dina")
    listed = await members.load(world.inside, unit.trust(), now().date())

    await upkeep.vault.follow(open_before.vault, listed, "amina")
    await upkeep.vault.stop()
    await work(upkeep, await world.handler("amina"))

    assert open_before.vault.epoch == 2
    open_before.vault.new_record(uuid4())


async def test_nobody_is_asked_for_a_new_vault_when_nobody_left(
    world: World, unit: Unit, upkeep: CorridorUpkeep
) -> None:
    await unit.sign(Admit(DINA.entry()), "amina", "ben")

    await work(upkeep, await world.handler("amina"))

    assert await unit.waiting() == []
    assert upkeep.notices() == ()
    assert _opens(open_keyring(world.settings), "vault", "1", DINA.corridor or age.Identity.generate())


async def test_a_vault_that_an_outsider_put_beside_a_proposal_is_not_the_one_people_are_told_to_compare(
    world: World, unit: Unit, upkeep: CorridorUpkeep
) -> None:
    await unit.ben_leaves()
    outsider = age.Identity.generate()
    await proposals.propose(world.inside, NewVault("corridor", 2, str(outsider.recipient)), "amina")
    amina = await world.handler("amina")
    sealed = age.seal(outsider.encode().expose(), [amina.member.corridor or outsider.recipient])
    open_keyring(world.settings).put("pending-vault", f"2-{amina.members.version}-0123456789abcdef", sealed)

    await work(upkeep, amina)

    assert groups(outsider.recipient.fingerprint()) not in upkeep.notices()[0]
    assert len(await unit.waiting()) == 2


# Keys without a row --------------------------------------------------------------------------------------------------

_KILLED = """
import os, signal, sys
from pathlib import Path
from uuid import UUID
from crypto import age, records
from handling.store.keyring import Keyring
Keyring(Path(sys.argv[1])).put("record", sys.argv[2], records.wrap(records.new_key(), age.Recipient.parse(sys.argv[3])))
os.kill(os.getpid(), signal.SIGKILL)
"""


async def test_a_process_killed_between_key_and_row_leaves_a_key_that_the_sweep_removes(
    world: World, amina: Handler
) -> None:
    folder, record = world.settings.inside / "corridor" / "keyring", uuid4()
    await world.collected(Source().tip(world.intake))
    await world.resealer.run(amina)
    (tip,) = await world.tips(amina)
    arguments = [str(folder), str(record), str(amina.members.corridor_vault)]
    killed = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", _KILLED, *arguments], check=False)
    assert killed.returncode == -signal.SIGKILL
    keyring = open_keyring(world.settings)

    young = await sweep(world.pool, keyring, keys.named)
    _make_old(folder, record, tip.row.thread)
    old = await sweep(world.pool, keyring, keys.named)

    assert (young, old) == (0, 1)
    assert str(record) not in keyring.names("record")
    assert amina.vault.record(tip.row.thread)


async def test_a_restricted_key_and_an_unfinished_file_without_a_row_go_too(world: World, amina: Handler) -> None:
    folder, record = world.settings.inside / "corridor" / "keyring", uuid4()
    amina.vault.new_record(record, readers=[])
    unfinished = folder / "record" / ".half.age.0123456789abcdef"
    unfinished.parent.mkdir(exist_ok=True)
    unfinished.write_bytes(b"half a key")
    past = time.time() - ORPHAN_SECONDS - 60
    os.utime(folder / "restricted" / f"{record}.age", (past, past))
    os.utime(unfinished, (past, past))

    assert await sweep(world.pool, open_keyring(world.settings), keys.named) == 1

    assert not unfinished.exists()
    assert open_keyring(world.settings).names("restricted") == frozenset()


async def test_with_the_wrong_database_behind_it_nothing_is_swept(world: World, amina: Handler) -> None:
    folder = world.settings.inside / "corridor" / "keyring"
    made = [uuid4() for _ in range(40)]
    for record in made:
        amina.vault.new_record(record)
    _make_old(folder, *made)

    assert await sweep(world.pool, open_keyring(world.settings), keys.named) == 0

    assert len(open_keyring(world.settings).names("record")) == 40


def _make_old(folder: Path, *records: UUID) -> None:
    past = time.time() - ORPHAN_SECONDS - 60
    for record in records:
        (file,) = folder.glob(f"re*/{record}.age")
        os.utime(file, (past, past))


async def test_who_is_on_the_list_and_waits_for_the_vault_reads_that_and_nobody_else_does(
    world: World, unit: Unit, site: TestServer
) -> None:
    amina = await world.handler("amina")
    key = amina.member.corridor
    assert key is not None
    amina.vault.refresh([key], version=99)  # as if ben's keys had come after it was sealed

    async with Browser(str(site.make_url("/"))) as browser:
        waits = await enter(world, browser, world.practice.code("corridor", "ben", int(time.time())))
        wrong = await enter(world, browser, "000000")
        await unit.ben_leaves()
        left = await enter(world, browser, world.practice.code("corridor", "ben", int(time.time()) + 30))

    assert NOT_YET in waits.text
    assert "This did not open" not in waits.text
    for page in (wrong, left):
        assert "This did not open" in page.text
        assert NOT_YET not in page.text


async def enter(world: World, browser: Browser, code: str) -> Page:
    """Try to sign in as ben."""
    await browser.open("/sign-in")
    passphrase = world.practice.passphrase("corridor", "ben")
    return await browser.submit("/sign-in", name="ben", passphrase=passphrase, code=code, status=403)
