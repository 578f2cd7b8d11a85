"""Agencies and agreements in PostgreSQL: keys are pinned, bytes never change, versions only grow."""

from datetime import date, timedelta

import asyncpg
import pytest

from crypto import age, pgp
from crypto.secret import Secret
from handling.data import codes
from handling.rules.agreement_document import AgreementError, parse
from handling.rules.agreements import Channel, Side
from handling.store import agencies, agreements
from handling.store.agreements import AgreementRefusedError, DamagedAgreementError, Refusal
from tests.handling.rules.samples import AGENCY, TODAY, TOML
from tipline.base.database import StoreError

KEY = str(age.Identity.generate().recipient)
FINGERPRINT = age.Recipient.parse(KEY).fingerprint()
PINNED = TOML.replace("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", FINGERPRINT)


def version(number: int, *, valid_from: date = date(2026, 1, 1), text: str = PINNED) -> bytes:
    changed = text.replace("version = 1", f"version = {number}").replace("2026-01-01", valid_from.isoformat())
    return changed.encode()


@pytest.fixture
async def enrolled(inside_db):
    """The inside database with one agency whose key the agreement pins."""
    await agencies.add(inside_db, AGENCY, name="Harbour Customs Service", key=KEY, today=TODAY)
    return inside_db


async def count(db) -> int:
    return await db.fetchval("SELECT count(*) FROM unit.agreement")


async def test_an_agency_is_kept_with_the_fingerprint_of_its_key(enrolled):
    agency = await agencies.get(enrolled, AGENCY)

    assert agency.channel is Channel.AGE
    assert agency.key == KEY
    assert agency.fingerprint == FINGERPRINT
    assert agency.added_on == TODAY
    assert await agencies.all_(enrolled) == (agency,)


async def test_an_agency_with_an_openpgp_key_is_told_apart(inside_db, tmp_path_factory):
    home = tmp_path_factory.mktemp("g")
    with pgp.Gpg(home) as gpg:
        fingerprint = gpg.generate("River Parks", Secret(b"a passphrase of this test"))
        key = gpg.public_key(fingerprint)

    agency = await agencies.add(inside_db, "river-parks", name="River Parks", key=key, today=TODAY)

    assert (agency.channel, agency.fingerprint) == (Channel.OPENPGP, fingerprint)
    assert pgp.fingerprint(agency.key) == fingerprint


async def test_enrolling_the_same_agency_again_changes_nothing(enrolled):
    again = await agencies.add(
        enrolled, AGENCY, name="Harbour Customs Service", key=f"\n{KEY}\n", today=TODAY + timedelta(days=9)
    )

    assert again.added_on == TODAY
    assert len(await agencies.all_(enrolled)) == 1


@pytest.mark.parametrize(("name", "key"), [("Other", KEY), ("Harbour Customs Service", None)])
async def test_an_agency_is_never_replaced_in_place(enrolled, name, key):
    key = key or str(age.Identity.generate().recipient)

    with pytest.raises(agencies.AgencyTakenError):
        await agencies.add(enrolled, AGENCY, name=name, key=key, today=TODAY)

    assert (await agencies.get(enrolled, AGENCY)).key == KEY


@pytest.mark.parametrize(
    "key",
    [
        "",
        "hello",
        KEY[:-1],
        KEY.upper(),
        "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kudu5fqzsy7yzqk",
        "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nnot a key\n-----END PGP PUBLIC KEY BLOCK-----",
    ],
)
async def test_what_no_package_can_be_sealed_to_is_no_key(inside_db, key):
    with pytest.raises(agencies.AgencyKeyError):
        await agencies.add(inside_db, AGENCY, name="X", key=key, today=TODAY)

    assert await agencies.all_(inside_db) == ()


async def test_an_identity_given_by_mistake_is_refused_and_not_stored(inside_db):
    secret = age.Identity.generate().encode().expose().decode()

    with pytest.raises(agencies.AgencyKeyError) as caught:
        await agencies.add(inside_db, AGENCY, name="X", key=secret, today=TODAY)

    assert secret not in str(caught.value)
    assert await agencies.all_(inside_db) == ()


async def test_an_agency_that_is_not_there_is_none(inside_db):
    assert await agencies.get(inside_db, "nobody") is None


async def test_an_agreement_is_kept_byte_for_byte(enrolled):
    stored = await agreements.add(enrolled, version(1), today=TODAY)

    row = await enrolled.fetchrow("SELECT toml, sha256 FROM unit.agreement")
    assert row["toml"] == version(1)
    assert row["sha256"].hex() == stored.sha256
    assert await agreements.active(enrolled, AGENCY, TODAY) == stored


async def test_the_same_bytes_again_change_nothing(enrolled):
    first = await agreements.add(enrolled, version(1), today=TODAY)

    assert await agreements.add(enrolled, version(1), today=TODAY + timedelta(days=1)) == first
    assert [listed.added_on for listed in await agreements.list_(enrolled)] == [TODAY]


async def test_an_older_version_given_again_changes_nothing(enrolled):
    await agreements.add(enrolled, version(1), today=TODAY)
    await agreements.add(enrolled, version(2), today=TODAY)

    await agreements.add(enrolled, version(1), today=TODAY)

    assert await count(enrolled) == 2


@pytest.mark.parametrize("number", [1, 2])
async def test_an_equal_or_lower_version_with_other_bytes_is_refused(enrolled, number):
    await agreements.add(enrolled, version(2), today=TODAY)

    with pytest.raises(AgreementRefusedError) as caught:
        await agreements.add(enrolled, version(number) + b"\n", today=TODAY)

    assert caught.value.refusal is Refusal.OLD_VERSION
    assert await count(enrolled) == 1


async def test_the_database_itself_refuses_to_change_or_delete_an_agreement(enrolled):
    await agreements.add(enrolled, version(1), today=TODAY)

    for sql in ("UPDATE unit.agreement SET toml = '\\x00'", "DELETE FROM unit.agreement"):
        with pytest.raises(asyncpg.RaiseError):
            await enrolled.execute(sql)


async def test_an_agreement_with_an_unknown_agency_is_refused(inside_db):
    with pytest.raises(AgreementRefusedError) as caught:
        await agreements.add(inside_db, version(1), today=TODAY)

    assert caught.value.refusal is Refusal.NO_AGENCY


async def test_an_agreement_that_pins_another_key_is_refused(enrolled):
    with pytest.raises(AgreementRefusedError) as caught:
        await agreements.add(enrolled, TOML.encode(), today=TODAY)

    assert caught.value.refusal is Refusal.OTHER_KEY
    assert await count(enrolled) == 0


async def test_an_agency_has_one_agreement_and_an_agreement_one_agency(enrolled):
    await agencies.add(enrolled, "river-parks", name="River Parks", key=KEY, today=TODAY)
    await agreements.add(enrolled, version(1), today=TODAY)
    second = PINNED.replace("customs-2026", "customs-2027")
    other = PINNED.replace('id = "harbour-customs"', 'id = "river-parks"')

    for toml in (version(1, text=second), version(2, text=other)):
        with pytest.raises(AgreementRefusedError) as caught:
            await agreements.add(enrolled, toml, today=TODAY)
        assert caught.value.refusal is Refusal.OTHER_AGREEMENT


async def test_without_a_lawful_basis_it_is_not_put_into_force(enrolled):
    draft = PINNED.replace('lawful_basis = "Customs Act, section 3"\n', "")

    with pytest.raises(AgreementError) as caught:
        await agreements.add(enrolled, draft.encode(), today=TODAY)

    assert [problem.path for problem in caught.value.problems] == ["agency.lawful_basis"]
    assert await count(enrolled) == 0


async def test_where_there_is_no_agreement_none_is_active(enrolled):
    assert await agreements.active(enrolled, AGENCY, TODAY) is None
    assert await agreements.all_active(enrolled, TODAY) == {}


async def test_the_highest_version_that_has_begun_decides(enrolled):
    await agreements.add(enrolled, version(1), today=TODAY)
    await agreements.add(enrolled, version(2), today=TODAY)
    await agreements.add(enrolled, version(3, valid_from=TODAY + timedelta(days=1)), today=TODAY)

    assert (await agreements.active(enrolled, AGENCY, TODAY)).version == 2
    assert (await agreements.active(enrolled, AGENCY, TODAY + timedelta(days=1))).version == 3


async def test_before_any_version_has_begun_the_highest_answers(enrolled):
    await agreements.add(enrolled, version(1, valid_from=TODAY + timedelta(days=1)), today=TODAY)

    assert (await agreements.active(enrolled, AGENCY, TODAY)).version == 1


async def test_an_older_version_never_steps_in_for_an_expired_or_suspended_one(enrolled):
    await agreements.add(enrolled, version(1), today=TODAY)
    ended = PINNED.replace("2027-06-30", "2026-03-01").replace("2027-12-31", "2026-03-01")
    await agreements.add(enrolled, version(2, text=ended), today=TODAY)

    assert (await agreements.active(enrolled, AGENCY, TODAY)).expires_on == date(2026, 3, 1)

    paused = PINNED.replace("suspended = false", "suspended = true\nsuspended_since = 2026-11-01")
    await agreements.add(enrolled, version(3, text=paused), today=TODAY)

    assert (await agreements.active(enrolled, AGENCY, TODAY)).suspended


async def test_what_is_active_is_found_for_all_agencies_at_once(enrolled):
    await agencies.add(enrolled, "river-parks", name="River Parks", key=KEY, today=TODAY)
    other = PINNED.replace('id = "harbour-customs"', 'id = "river-parks"').replace("customs-2026", "parks-2026")
    for toml in (version(1), version(2), version(1, text=other)):
        await agreements.add(enrolled, toml, today=TODAY)

    found = await agreements.all_active(enrolled, TODAY)

    assert {agency: agreement.version for agency, agreement in found.items()} == {AGENCY: 2, "river-parks": 1}
    for agency, agreement in found.items():
        assert await agreements.active(enrolled, agency, TODAY) == agreement


@pytest.mark.parametrize(
    "change",
    ["sha256 = sha256(toml || 'x'::bytea)", "toml = 'x', sha256 = sha256('x')", "id = 'other'", "version = 7"],
)
async def test_a_row_that_no_longer_says_what_was_stored_decides_nothing(enrolled, change):
    await agreements.add(enrolled, version(1), today=TODAY)
    await enrolled.execute("ALTER TABLE unit.agreement DISABLE TRIGGER immutable")
    await enrolled.execute(f"UPDATE unit.agreement SET {change}")

    with pytest.raises(DamagedAgreementError):
        await agreements.active(enrolled, AGENCY, TODAY)
    with pytest.raises(DamagedAgreementError):
        await agreements.all_active(enrolled, TODAY)


@pytest.mark.parametrize("role", ["tipline_corridor", "tipline_desk", "tipline_guard"])
async def test_every_deciding_process_reads_agreements_and_may_write_none(enrolled, role_pool, role):
    await agreements.add(enrolled, version(1), today=TODAY)
    pool = await role_pool(role)

    async with pool.acquire() as db:
        assert await agreements.active(db, AGENCY, TODAY) is not None
        assert await agencies.get(db, AGENCY) is not None
        with pytest.raises(StoreError):
            await agreements.add(db, version(2), today=TODAY)
        with pytest.raises(StoreError):
            await agencies.add(db, "mallory", name="M", key=KEY, today=TODAY)


@pytest.mark.usefixtures("enrolled")
async def test_the_exchange_reads_agencies_and_no_agreement(role_pool):
    pool = await role_pool("tipline_exchange")

    async with pool.acquire() as db:
        assert await agencies.get(db, AGENCY) is not None
        with pytest.raises(StoreError):
            await agreements.active(db, AGENCY, TODAY)


async def test_every_statement_is_typed_by_the_real_server(inside_db):
    for module in (agencies, agreements):
        statements = [value for name, value in vars(module).items() if name.isupper() and isinstance(value, str)]
        assert statements
        for sql in statements:
            await inside_db.prepare(sql)


async def test_a_version_says_beside_which_signatures_it_is_kept(enrolled):
    agreement = await agreements.add(enrolled, PINNED.encode(), today=TODAY)
    assert (await agreements.active(enrolled, AGENCY, TODAY)).signed == frozenset()

    await agreements.sign(enrolled, agreement, Side.AGENCY, b"one", today=TODAY)
    await agreements.sign(enrolled, agreement, Side.AGENCY, b"one", today=TODAY)
    await agreements.sign(enrolled, agreement, Side.AGENCY, b"another", today=TODAY)

    assert (await agreements.active(enrolled, AGENCY, TODAY)).signed == {Side.AGENCY}
    assert (await agreements.all_active(enrolled, TODAY))[AGENCY].signed == {Side.AGENCY}
    toml, kept = await agreements.signed(enrolled, agreement)
    assert toml == PINNED.encode()
    assert set(kept) == {(Side.AGENCY, b"one"), (Side.AGENCY, b"another")}
    assert [listed.signed for listed in await agreements.list_(enrolled)] == [("agency",)]


async def test_a_signature_is_of_one_version_and_never_changes(enrolled):
    first = await agreements.add(enrolled, PINNED.encode(), today=TODAY)
    await agreements.sign(enrolled, first, Side.UNIT, b"one", today=TODAY)
    await agreements.add(enrolled, PINNED.replace("version = 1", "version = 2").encode(), today=TODAY)

    assert (await agreements.active(enrolled, AGENCY, TODAY)).signed == frozenset()
    for sql in ("UPDATE unit.agreement_signature SET side = 'agency'", "DELETE FROM unit.agreement_signature"):
        with pytest.raises(asyncpg.PostgresError, match="never changed"):
            await enrolled.execute(sql)


async def test_signatures_are_asked_for_of_stored_versions_alone(enrolled):
    with pytest.raises(agreements.DamagedAgreementError):
        await agreements.signed(enrolled, parse(PINNED.encode(), codes()))
