"""The drill: everybody's keys are lost. Other people read every tip, the old cards open nothing, and a stop loses nothing."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from crypto import age, shares, totp
from crypto.errors import CryptoError
from crypto.secret import Secret
from crypto.signing import SigningKey
from crypto.statement import Statement
from handling import recovery
from handling.corridor import reading, tips
from handling.corridor.main import open_blobs, open_keyring
from handling.corridor.reseal import Resealer
from handling.corridor.session import Handler, NoCorridorError, open_corridor
from handling.desk.session import open_desk
from handling.guard.keys import unlocked
from handling.guard.sign import NAMESPACE, PackageKeys
from handling.people import Card, Person
from handling.recovery import Keys, Recovered, RecoveryError
from handling.rules.triage import State
from handling.store import epochs, members
from handling.store.keyring import Keyring
from handling.store.members import Duty, MemberList
from handling.store.vault import OpenVault
from tests.conftest import RolePool
from tests.handling.corridor.conftest import World
from tests.handling.corridor.sources import Source, intake_recipient
from tests.practice import LOG_N, Practice
from tipline import envelope
from tipline.base import accounts, files
from tipline.base.accounts import SignInError
from tipline.base.database import Db
from tipline.base.settings import Settings

NEW = (
    Person("nia", "Nia Otieno", frozenset({Duty.HANDLER, Duty.ANALYST})),
    Person("omar", "Omar Diallo", frozenset({Duty.HANDLER})),
    Person("pia", "Pia Lind", frozenset({Duty.OFFICER})),
)
_PHOTO = b"\xff\xd8" + bytes(range(256)) * 40


@dataclass(slots=True)
class Unit:
    """A practice unit with tips that somebody has read, its offline keys, and what its people held."""

    world: World
    db: Db
    keys: Keys
    texts: dict[UUID, str] = field(default_factory=dict)
    held: list[age.Identity] = field(default_factory=list)
    contents: dict[tuple[str, str], object] = field(default_factory=dict)
    desk_record: UUID = field(default_factory=uuid4)
    cards: dict[tuple[str, str], Card] = field(default_factory=dict)

    async def recover(self, persons: Sequence[Person] = NEW, first_readers: Sequence[str] = ()) -> Recovered:
        def give_out(made: Sequence[Card]) -> None:
            self.cards = {(card.process, card.name): card for card in made}

        return await recovery.recover(
            self.world.settings,
            self.db,
            self.keys,
            persons,
            first_readers=first_readers,
            today=datetime.now(UTC).date(),
            give_out=give_out,
            log_n=LOG_N,
        )

    async def listed(self) -> MemberList:
        trust = members.trust(self.world.settings.inside, "tests")
        return await members.load(self.db, trust, datetime.now(UTC).date())

    async def handler(self, name: str) -> Handler:
        """Sign a new handler in with the card."""
        card = self.cards["corridor", name]
        now = datetime.now(UTC)
        await self.db.execute("UPDATE corridor.account SET last_step = 0")
        opened = await accounts.sign_in(
            self.world.pool,
            "corridor",
            name,
            card.passphrase.expose().decode(),
            totp.code(card.totp, int(now.timestamp())),
            now=now,
        )
        return open_corridor(name, opened.content, await self.listed(), open_keyring(self.world.settings))

    async def read(self, vault: OpenVault) -> dict[UUID, str]:
        """Every tip that this vault shows, by id."""
        found = await tips.listing(self.db, vault, states=tuple(State), urgent_only=False, after=None)
        return {tip.row.id: tip.content.text or "" for tip in found.tips}

    async def readable_by_recovery(self) -> dict[UUID, str]:
        """What the recovery identity can read now, whatever was left half done."""
        listed = await self.listed()
        keyring = open_keyring(self.world.settings)
        vault = OpenVault.open(
            keyring,
            epoch=listed.corridor_epoch,
            recipient=listed.corridor_vault,
            recovery=listed.recovery,
            member=self.keys.recovery,
        )
        return await self.read(vault)


@pytest.fixture
async def unit(settings: Settings, practice_unit: Practice, role_pool: RolePool, inside_db: Db, public_db: Db) -> Unit:
    """Four tips, one with a file, one that names Ben; the desk has a record. Then everybody is gone."""
    pool, blobs = await role_pool("tipline_corridor"), open_blobs(settings)
    world = World(
        settings=settings,
        practice=practice_unit,
        pool=pool,
        blobs=blobs,
        resealer=Resealer(pool, blobs),
        intake=intake_recipient(settings.inside),
        inside=inside_db,
        public=public_db,
    )
    unit = Unit(world, inside_db, _joined(settings.data / "practice"))
    for process, name in practice_unit.cards:
        if process != "exchange":
            content = await accounts.unlock(inside_db, process, name, practice_unit.passphrase(process, name))
            unit.contents[process, name] = content
            unit.held.append(age.Identity.parse(str(content.get("identity") or content["release_identity"])))
    for zone in ("corridor", "desk"):
        identity = age.Identity.parse(str(unit.contents[zone, "amina"]["identity"]))
        vault = Keyring(settings.inside / zone / "keyring").get("vault", "1")
        unit.held.append(epochs.open_(vault, identity).identity)
    await _tell(unit)
    keyring = Keyring(settings.inside / "desk" / "keyring")
    desk = open_desk("amina", unit.contents["desk", "amina"], await unit.listed(), keyring)  # type: ignore[arg-type]
    desk.vault.new_record(unit.desk_record)
    for process in ("corridor", "desk", "guard"):
        await inside_db.execute(f"DELETE FROM {process}.account")  # type: ignore[arg-type] - a constant of three
    return unit


def _joined(folder: Path) -> Keys:
    """Both keys as their holders would join them: two of three shares each, in any order."""
    root = shares.split(Secret(bytes.fromhex((folder / "root.key").read_text())), 2, 3)
    identity = age.Identity.parse((folder / "recovery.txt").read_text().strip())
    other = shares.split(identity.seed, 2, 3)
    return Keys(
        SigningKey.from_seed(shares.join([root[2], root[0]])), age.Identity.from_seed(shares.join([other[1], other[2]]))
    )


def a_tip(text: str, must_not_learn: str = "") -> envelope.Tip:
    return envelope.Tip(text, "I saw it myself", must_not_learn, urgent=False)


async def _tell(unit: Unit) -> None:
    """Tips arrive, Amina opens everything, and an answer comes to one of them."""
    world = unit.world
    amina = await world.handler("amina")
    first, second, third = Source(), Source(), Source()
    silent = a_tip("The customs officer is paid for each container.", "Ben must not learn of this")
    await world.collected(
        first.send(world.intake, a_tip("Boxes with tusks stand in the blue warehouse.")),
        *first.file(world.intake, _PHOTO),
        second.send(world.intake, a_tip("Every Friday a lorry comes without plates.")),
        third.send(world.intake, silent),
    )
    await world.resealer.run(amina)
    await world.collected(second.answer(world.intake, "It came again, this time at night."))
    await world.resealer.run(amina)
    unit.texts = await unit.read(amina.vault)
    assert len(unit.texts) == 3
    ben = await world.handler("ben")
    assert len(await unit.read(ben.vault)) == 2


async def test_the_drill(unit: Unit, capsys: pytest.CaptureFixture[str]) -> None:
    """Everybody is gone; two of three holders of each key come, and other people go on."""
    before = await unit.listed()
    began = time.monotonic()
    done = await unit.recover()
    took = time.monotonic() - began
    with capsys.disabled():
        print(f"\n  drill: {took:.1f} s for {len(unit.texts)} tips and {done.corridor.moved + done.desk.moved} keys")  # noqa: T201 - the drill's time, for whoever plans one

    listed = await unit.listed()
    nia, omar = await unit.handler("nia"), await unit.handler("omar")
    assert await unit.read(nia.vault) == await unit.read(omar.vault) == unit.texts
    assert (listed.version, [one.name for one in listed.members]) == (before.version + 1, ["nia", "omar", "pia"])
    assert (done.corridor.unreadable, done.desk.unreadable) == (0, 0)
    assert done.corridor.moved >= 2 + 12  # threads of the two open tips, and the intake seeds
    assert (done.restricted.tips, done.restricted.closed) == (1, 0)
    assert listed.recovery == before.recovery


async def test_what_was_sealed_before_and_was_on_its_way_is_opened_by_the_new_people(unit: Unit) -> None:
    late = Source()
    await unit.world.collected(late.send(unit.world.intake, a_tip("Collected before, opened after.")))
    await unit.recover()

    nia = await unit.handler("nia")
    await unit.world.resealer.run(nia)

    assert "Collected before, opened after." in (await unit.read(nia.vault)).values()


async def test_files_and_messages_of_every_thread_are_readable(unit: Unit) -> None:
    await unit.recover()
    nia = await unit.handler("nia")

    words = [
        message.content["body"].get("text")
        for tip in (await tips.listing(unit.db, nia.vault, states=tuple(State), urgent_only=False, after=None)).tips
        for message in await tips.dialogue(unit.db, nia.vault, tip.row.thread)
    ]
    rows = await unit.db.fetch("SELECT state FROM corridor.file")

    assert "It came again, this time at night." in words
    assert [row["state"] for row in rows] == ["whole"]


async def test_the_old_cards_and_the_old_keys_open_nothing(unit: Unit) -> None:
    await unit.recover()

    world = unit.world
    for process, name in world.practice.cards:
        if process != "exchange":
            with pytest.raises(SignInError):
                await accounts.unlock(unit.db, process, name, world.practice.passphrase(process, name))
    with pytest.raises(NoCorridorError):
        open_corridor("amina", unit.contents["corridor", "amina"], await unit.listed(), open_keyring(world.settings))  # type: ignore[arg-type]
    opened = []
    for path in world.settings.inside.rglob("keyring/**/*.age"):
        try:
            age.open_(path.read_bytes(), unit.held)
        except CryptoError:
            continue
        opened.append(path.name)
    assert opened == []


async def test_a_restricted_tip_goes_to_new_first_readers_whom_it_does_not_name_and_they_decide_again(
    unit: Unit,
) -> None:
    benedict = Person("benedict", "Otto Okoro", frozenset({Duty.HANDLER, Duty.ANALYST}))
    done = await unit.recover((*NEW, benedict), first_readers=("omar", "benedict"))

    nia, omar, ben = [await unit.handler(name) for name in ("nia", "omar", "benedict")]

    assert done.restricted.tips == 1
    assert len(await unit.read(nia.vault)) == 2
    assert len(await unit.read(omar.vault)) == 3
    # The tip names Ben; a sign-in name is found as a whole only, so Benedict is somebody else.
    assert len(await unit.read(ben.vault)) == 3
    (waiting,) = await reading.waiting(unit.db, omar)
    assert waiting.content.waiting
    assert "ben" in waiting.content.named


async def test_who_is_named_gets_no_key_even_as_the_only_first_reader(unit: Unit) -> None:
    again = Person("ben", "Ben", frozenset({Duty.HANDLER, Duty.ANALYST}))
    await unit.recover((*NEW, again), first_readers=("ben",))

    assert len(await unit.read((await unit.handler("ben")).vault)) == 2
    assert len(await unit.read((await unit.handler("nia")).vault)) == 3


async def test_a_tip_that_names_every_new_handler_stays_closed_and_is_counted(unit: Unit) -> None:
    again = Person("ben", "Ben", frozenset({Duty.HANDLER, Duty.ANALYST}))
    done = await unit.recover((again, NEW[2]))

    assert (done.restricted.tips, done.restricted.closed) == (1, 1)
    assert len(await unit.read((await unit.handler("ben")).vault)) == 2
    assert await unit.readable_by_recovery() == unit.texts


async def test_the_package_keys_are_new_and_open_for_the_new_signers_alone(unit: Unit) -> None:
    before = await unit.listed()
    done = await unit.recover()

    listed = await unit.listed()
    keyring = Keyring(unit.world.settings.inside / "guard" / "keyring")
    card = unit.cards["guard", "pia"]
    content = await accounts.unlock(unit.db, "guard", "pia", card.passphrase.expose().decode())
    pia = age.Identity.parse(content["release_identity"])
    signer = SigningKey.from_seed(Secret(age.open_(keyring.get("package", "ed25519"), [pia])))
    assert signer.public == listed.package_signer == done.package_signer != before.package_signer
    assert listed.package_pgp == done.package_pgp != before.package_pgp
    assert age.open_(keyring.get("package", "openpgp"), [pia])


async def test_the_guards_next_unlocking_keeps_the_new_package_keys(unit: Unit) -> None:
    """The guard seals its package keys to today's signers; what a recovery left is what it starts from."""
    await unit.recover()
    listed = await unit.listed()
    folder = unit.world.settings.inside / "guard"
    package = PackageKeys(Keyring(folder / "keyring"), folder / "gnupg", folder / "package-keys.json")
    card = unit.cards["guard", "pia"]

    async with unlocked(unit.db, listed.member("pia"), card.passphrase.expose().decode()) as keys:
        package.reseal(keys, listed)
        assert package._ssh(b"data", keys, listed, NAMESPACE)
        assert package._openpgp(b"data", keys, listed)


class Killed(BaseException):
    """The machine stopped."""


async def test_a_stop_at_any_write_loses_nothing_and_the_next_run_recovers(
    unit: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stop before the first file, before the second, and later; each run finds what the one before left half done."""
    real = files.replace_private
    stopped = 0
    for at in (0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 14, 24, 1_000):
        left = at

        def counted(file: Path, content: bytes) -> None:
            nonlocal left
            if left == 0:
                raise Killed
            left -= 1
            real(file, content)

        version = (await unit.listed()).version
        monkeypatch.setattr(files, "replace_private", counted)
        try:
            await unit.recover()
        except Killed:
            stopped += 1
        else:
            break
        finally:
            monkeypatch.setattr(files, "replace_private", real)
        assert await unit.readable_by_recovery() == unit.texts, at
        assert (await unit.listed()).version - version in {0, 1}

    assert stopped >= 6
    for name in ("nia", "omar"):
        assert await unit.read((await unit.handler(name)).vault) == unit.texts


async def test_a_stop_inside_the_database_changes_nothing_there(unit: Unit) -> None:
    await unit.db.execute("CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE; END'")
    await unit.db.execute("CREATE TRIGGER stop BEFORE INSERT ON guard.account FOR EACH ROW EXECUTE FUNCTION stop()")
    before = await unit.listed()
    with pytest.raises(Exception, match="database"):
        await unit.recover()
    assert (await unit.listed()).version == before.version
    assert unit.cards == {}
    await unit.db.execute("DROP TRIGGER stop ON guard.account")

    await unit.recover()

    assert await unit.read((await unit.handler("nia")).vault) == unit.texts


@pytest.mark.parametrize(
    ("people", "words"),
    [
        (NEW[1:], "analyst"),
        ((NEW[0], NEW[0]), "sign-in name"),
        ((Person("x", "X", frozenset({Duty.OFFICER})),), "handler"),
    ],
)
async def test_people_who_could_not_run_a_unit_are_refused_and_nothing_changes(
    unit: Unit, people: Sequence[Person], words: str
) -> None:
    before = (await unit.listed()).version

    with pytest.raises(RecoveryError, match=words):
        await unit.recover(people)

    assert (await unit.listed()).version == before


async def test_a_list_that_has_ended_is_no_hindrance(unit: Unit) -> None:
    trust = members.trust(unit.world.settings.inside, "tests")
    newest = await members.latest(unit.db, trust)
    ended = newest.body() | {
        "version": newest.version + 1,
        "previous": newest.sha256.hex(),
        "valid_from": "2020-01-01",
        "valid_until": "2020-12-31",
    }
    statement = Statement.make(members.TYPE, ended, unit.keys.root).encode()
    await unit.db.execute("INSERT INTO unit.member_list VALUES ($1, $2)", newest.version + 1, statement)

    await unit.recover()

    assert await unit.read((await unit.handler("nia")).vault) == unit.texts


async def test_a_second_recovery_puts_others_in_the_place_of_the_first(unit: Unit) -> None:
    await unit.recover()
    first = await unit.handler("nia")
    await unit.recover((Person("uma", "Uma Rao", frozenset({Duty.HANDLER, Duty.ANALYST})), NEW[2]))

    uma = await unit.handler("uma")
    assert await unit.read(uma.vault) == unit.texts
    opened = []
    for path in unit.world.settings.inside.rglob("corridor/keyring/**/*.age"):
        try:
            age.open_(path.read_bytes(), [first.vault._member, *first.vault._identities])
        except CryptoError:
            continue
        opened.append(path.name)
    assert opened == []


@pytest.mark.parametrize("wrong", ["root", "recovery"])
async def test_another_units_key_recovers_nothing(unit: Unit, wrong: str) -> None:
    other = {"root": SigningKey.generate(), "recovery": age.Identity.generate()}[wrong]
    unit.keys = Keys(**{"root": unit.keys.root, "recovery": unit.keys.recovery, wrong: other})  # type: ignore[arg-type]

    with pytest.raises(RecoveryError):
        await unit.recover()


async def test_what_waited_for_lost_signatures_is_asked_for_again(unit: Unit) -> None:
    review, release, outcome = uuid4(), uuid4(), uuid4()
    await unit.db.execute(
        "INSERT INTO guard.review (id, sealed, requested_by, requested_on) VALUES ($1, 'x', 'amina', now())", review
    )
    await unit.db.execute(
        "INSERT INTO guard.release (id, sealed, requested_by, requested_on, state) VALUES ($1, 'x', 'amina', now(), 'signed-once')",
        release,
    )
    await unit.db.execute(
        "INSERT INTO corridor.outcome (id, sealed, received_on, state, report) VALUES ($1, 'x', now(), 'proposed', $2)",
        outcome,
        uuid4(),
    )
    await unit.db.execute(
        "INSERT INTO guard.phrase (id, phrase, requested_by, requested_on, state) VALUES ($1, 'used', 'amina', now(), 'signed-once')",
        outcome,
    )
    await unit.db.execute("INSERT INTO guard.signature VALUES ($1, 'phrase', 'ben', $2)", outcome, bytes(64))

    done = await unit.recover()

    assert done.asked_again == 3
    row = await unit.db.fetchrow("SELECT state, reason, sealed FROM guard.review WHERE id = $1", review)
    nia = await unit.handler("nia")
    assert row is not None
    assert (row["state"], row["sealed"]) == ("refused", b"")
    assert b"Ask for it again" in nia.vault.unseal(row["reason"])
    assert await unit.db.fetchval("SELECT state FROM guard.release") == "refused"
    assert await unit.db.fetchval("SELECT count(*) FROM guard.phrase") == 0
    assert await unit.db.fetchval("SELECT state FROM corridor.outcome") == "received"
