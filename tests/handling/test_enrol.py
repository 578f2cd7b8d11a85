"""Founding a unit: what is there afterwards, and what is not."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from crypto import age
from crypto.secret import Secret
from handling import enrol
from handling.rules.keylife import AHEAD
from handling.store import members
from handling.store.keyring import Keyring
from handling.store.vault import OpenVault, VaultError
from tests.practice import LOG_N, practice
from tipline.base import staff
from tipline.base.database import Db
from tipline.base.settings import Settings
from tipline.cli.practice import enrol_if_new
from tipline.envelope import IntakeKey
from tipline.pins import Keys

TODAY = datetime.now(UTC).date()


async def test_the_member_list_is_signed_by_the_root_and_names_everybody(settings: Settings, inside_db: Db) -> None:
    await practice(settings)

    listed = await members.load(inside_db, members.trust(settings.inside, "tests"), TODAY)

    assert [member.name for member in listed.members] == ["amina", "ben", "clara"]
    assert [member.name for member in listed.having(members.Duty.HANDLER)] == ["amina", "ben"]


async def test_a_list_signed_by_another_root_is_refused(settings: Settings, inside_db: Db) -> None:
    await practice(settings)

    with pytest.raises(members.MemberListError):
        await members.load(inside_db, members.Trust(bytes(32), settings.inside / "tests" / "members.pin"), TODAY)


async def test_an_expired_list_is_refused(settings: Settings, inside_db: Db) -> None:
    await practice(settings)

    with pytest.raises(members.MemberListError):
        await members.load(inside_db, members.trust(settings.inside, "tests"), TODAY + timedelta(days=400))


async def test_a_handler_opens_the_corridor_vault_and_an_analysts_key_does_not(
    settings: Settings, inside_db: Db
) -> None:
    cards = await practice(settings)
    listed = await members.load(inside_db, members.trust(settings.inside, "tests"), TODAY)
    keyring = Keyring(settings.inside / "corridor" / "keyring")
    identity = {}
    for process in ("corridor", "desk"):
        content = await staff.unlock(inside_db, process, "amina", cards.passphrase(process, "amina"))
        identity[process] = age.Identity.parse(Secret(content["identity"].encode()))

    vault = _open(keyring, listed, identity["corridor"])
    record = uuid4()
    key = vault.new_record(record)

    assert vault.record(record).matches(key)
    assert str(vault.intake(1).recipient) != str(listed.corridor_vault)
    with pytest.raises(VaultError):
        _open(keyring, listed, identity["desk"])


async def test_a_fresh_vault_reads_the_record_keys_of_an_earlier_session(settings: Settings, inside_db: Db) -> None:
    cards = await practice(settings)
    listed = await members.load(inside_db, members.trust(settings.inside, "tests"), TODAY)
    keyring = Keyring(settings.inside / "corridor" / "keyring")
    record = uuid4()
    opened = []
    for name in ("amina", "ben"):
        content = await staff.unlock(inside_db, "corridor", name, cards.passphrase("corridor", name))
        identity = age.Identity.parse(Secret(content["identity"].encode()))
        opened.append(_open(keyring, listed, identity))

    key = opened[0].new_record(record)

    assert opened[1].record(record).matches(key)


async def test_intake_keys_of_both_units_are_published_for_twelve_weeks_without_a_gap(
    settings: Settings, public_db: Db
) -> None:
    await practice(settings)

    for unit in ("unit", "oversight"):
        rows = await public_db.fetch(
            "SELECT not_before, not_after FROM zone.intake_key WHERE unit = $1 ORDER BY serial", unit
        )
        days = [row["not_before"] + timedelta(days=n) for row in rows for n in range(7)]
        assert len(rows) == AHEAD
        assert days == [TODAY + timedelta(days=n) for n in range(7 * AHEAD)]
        assert all(row["not_after"] == row["not_before"] + timedelta(days=6) for row in rows)


async def test_the_root_signs_whom_a_source_may_seal_to_for_a_year(settings: Settings, public_db: Db) -> None:
    await practice(settings)
    root = bytes.fromhex((settings.public / "root.pub").read_text())
    intake = await public_db.fetch("SELECT statement FROM zone.intake_key")

    keys = Keys(root, (settings.public / "pins.json").read_bytes(), tuple(row["statement"] for row in intake))

    assert (settings.public / "root.pub").read_bytes() == (settings.inside / "root.pub").read_bytes()
    pins = keys.verified(root)
    assert [(unit.unit, unit.role) for unit in pins.units] == [("unit", "unit"), ("oversight", "oversight")]
    assert (pins.good_on(TODAY), pins.good_on(TODAY + timedelta(days=366))) == (True, True)
    assert not pins.good_on(TODAY + timedelta(days=367))
    assert keys.choose(root, "oversight", TODAY).unit == "oversight"


async def test_a_published_intake_key_verifies_against_the_pinned_signer_alone(
    settings: Settings, inside_db: Db, public_db: Db
) -> None:
    await practice(settings)
    listed = await members.load(inside_db, members.trust(settings.inside, "tests"), TODAY)
    statement = await public_db.fetchval("SELECT statement FROM zone.intake_key WHERE unit = 'unit' AND serial = 1")

    key = IntakeKey.read(statement, listed.intake_signer)

    assert key.good_on(TODAY)
    assert key.serial == 1


async def test_a_unit_is_founded_once(settings: Settings) -> None:
    await practice(settings)
    assert settings.public_dsn
    assert settings.inside_dsn

    assert await enrol_if_new(settings, settings.public_dsn, settings.inside_dsn, log_n=LOG_N) is None
    with pytest.raises(enrol.EnrolmentError):
        enrol.found(settings, [], today=TODAY)


async def test_no_sign_in_detail_is_stored_anywhere_in_the_data_folder(settings: Settings) -> None:
    cards = await practice(settings)

    stored = b"".join(path.read_bytes() for path in settings.data.rglob("*") if path.is_file())

    assert not [card.name for card in cards.cards.values() if card.passphrase.expose() in stored]


async def test_an_agreement_and_a_member_list_cannot_be_changed_even_by_the_owner(
    settings: Settings, inside_db: Db
) -> None:
    await practice(settings)

    for change in ("UPDATE unit.agreement SET version = 9", "DELETE FROM unit.member_list"):
        with pytest.raises(Exception, match="never changed"):
            await inside_db.execute(change)


def _open(keyring: Keyring, listed: members.MemberList, member: age.Identity) -> OpenVault:
    """Open the corridor's vault as a session does."""
    return OpenVault.open(
        keyring,
        epoch=listed.corridor_epoch,
        recipient=listed.corridor_vault,
        recovery=listed.recovery,
        member=member,
    )
