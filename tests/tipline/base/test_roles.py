"""Each role is refused what it must not do, by trying. The database is the second wall behind the processes."""

from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from tipline.base.accounts import SCHEMAS
from tipline.base.database import INSIDE_ROLES, PUBLIC_ROLES, Db, Pool

RolePool = Callable[[str], Awaitable[Pool]]

_REFUSED = {
    "tipline_keep": (
        "SELECT sha256 FROM zone.envelope",
        "DELETE FROM zone.envelope",
        "UPDATE zone.mailbox SET bundle = ''",
        "UPDATE zone.mailbox SET handed_out = false",
        "DELETE FROM zone.mailbox",
        "INSERT INTO zone.intake_key VALUES ('unit', 1, '', now(), now())",
        "INSERT INTO zone.pgp_key VALUES ('unit', 1, '', now(), now())",
        "DELETE FROM zone.pgp_key",
        "UPDATE zone.submission SET day = now()",
        "TRUNCATE zone.envelope",
        "CHECKPOINT",
        "SELECT pg_switch_wal()",
        "SELECT pg_stat_reset()",
        "CREATE FUNCTION zone.mine() RETURNS void LANGUAGE sql AS ''",
    ),
    "tipline_drop": (
        "SELECT * FROM zone.session",
        "SELECT thread_state FROM zone.mailbox",
        "UPDATE zone.mailbox SET thread_state = ''",
        "INSERT INTO zone.envelope (id) VALUES (gen_random_uuid())",
        "DELETE FROM zone.mailbox",
        "SELECT * FROM zone.submission",
        "SELECT zone.rewrite()",
        "SELECT zone.forget()",
        "DELETE FROM zone.intake_key",
        "UPDATE zone.pgp_key SET statement = ''",
        "DELETE FROM zone.pgp_key",
    ),
    "tipline_corridor": (
        "UPDATE corridor.opened SET sealed = ''",
        "DELETE FROM corridor.opened",
        "DELETE FROM corridor.interests",
        "UPDATE corridor.interests SET id = gen_random_uuid()",
        "INSERT INTO corridor.interest_arrived (id, sealed) VALUES (gen_random_uuid(), '')",
        "UPDATE corridor.pgp_key SET not_after = current_date",
        "DELETE FROM corridor.pgp_key",
        "DELETE FROM guard.phrase",
        "DELETE FROM guard.signature",
        "UPDATE guard.signature SET assertion = NULL",
        "SELECT * FROM guard.authenticator",
        "UPDATE unit.proposal SET state = 'accepted'",
        "INSERT INTO unit.proposal (id, state) VALUES (gen_random_uuid(), 'signed-once')",
        "SELECT * FROM unit.proposal_signature",
        "INSERT INTO unit.proposal_signature VALUES (gen_random_uuid(), 'x', '')",
        "SELECT * FROM desk.report",
        "SELECT * FROM desk.attachment",
        "UPDATE corridor.attachment SET sealed = ''",
        "SELECT * FROM desk.material",
        "SELECT * FROM exchange.material",
        "INSERT INTO corridor.material (id) VALUES (gen_random_uuid())",
        "UPDATE corridor.material SET agency = 'x'",
        "DELETE FROM corridor.material_gone",
        "SELECT * FROM desk.material_gone",
        "SELECT * FROM desk.withholding",
        "SELECT * FROM desk.duty",
        "SELECT * FROM desk.inbox",
        "SELECT * FROM exchange.package",
        "SELECT * FROM guard.notice",
        "SELECT * FROM exchange.notice",
        "INSERT INTO exchange.notice (id) VALUES (gen_random_uuid())",
        "SELECT sealed FROM guard.review",
        "UPDATE guard.review SET state = 'signed'",
        "UPDATE guard.phrase SET state = 'approved'",
        "INSERT INTO guard.signature VALUES (gen_random_uuid(), 'review', 'x', '')",
        "INSERT INTO guard.review (id, state) VALUES (gen_random_uuid(), 'signed')",
        "SELECT * FROM guard.account",
        "UPDATE desk.account SET sealed = sealed",
        "UPDATE guard.account SET sealed = sealed",
        "UPDATE exchange.account SET sealed = sealed",
        "UPDATE corridor.account SET name = 'x'",
        "DELETE FROM corridor.account",
        "INSERT INTO corridor.account (name, sealed) VALUES ('x', '')",
        "UPDATE corridor.grade SET source = '1'",
        "UPDATE corridor.immunity SET claimed_by = 'x'",
        "DELETE FROM corridor.immunity",
        "DELETE FROM corridor.tip",
        "UPDATE corridor.intake_key SET not_after = current_date",
        "DELETE FROM corridor.intake_key",
        "DELETE FROM corridor.day",
        "INSERT INTO unit.member_list VALUES (2, '')",
        "UPDATE guard.review SET sealed = ''",
        "UPDATE guard.phrase SET phrase = 'x'",
        "UPDATE unit.agency SET parent = NULL",
        "INSERT INTO desk.inbox (id) VALUES (gen_random_uuid())",
    ),
    "tipline_desk": (
        "SELECT guard.clear_refused_phrase(gen_random_uuid())",
        "SELECT guard.withdraw_reviews('{}')",
        "SELECT guard.withdraw_phrases('{}')",
        "UPDATE unit.proposal SET state = 'accepted'",
        "INSERT INTO unit.proposal (id, state) VALUES (gen_random_uuid(), 'signed-once')",
        "SELECT * FROM unit.proposal_signature",
        "INSERT INTO unit.proposal_signature VALUES (gen_random_uuid(), 'x', '')",
        "INSERT INTO unit.member_list VALUES (2, '')",
        "SELECT * FROM corridor.tip",
        "SELECT * FROM corridor.message",
        "SELECT * FROM corridor.opened",
        "SELECT * FROM corridor.attachment",
        "SELECT * FROM corridor.interests",
        "SELECT * FROM corridor.interest_arrived",
        "UPDATE desk.attachment SET sealed = ''",
        "SELECT * FROM corridor.material",
        "SELECT mark FROM exchange.material",
        "UPDATE desk.material SET sealed = ''",
        "DELETE FROM desk.material_gone",
        "SELECT * FROM corridor.material_gone",
        "DELETE FROM corridor.material",
        "DELETE FROM desk.attachment",
        "SELECT * FROM corridor.outcome",
        "UPDATE corridor.outcome SET report = gen_random_uuid()",
        "UPDATE unit.agency SET parent = NULL",
        "UPDATE corridor.account SET sealed = sealed",
        "UPDATE guard.account SET sealed = sealed",
        "UPDATE exchange.account SET sealed = sealed",
        "UPDATE desk.account SET name = 'x'",
        "DELETE FROM desk.account",
        "DELETE FROM desk.withholding",
        "DELETE FROM desk.statement",
        "UPDATE desk.statement SET made_on = '2000-01-01'",
        "DELETE FROM desk.duty",
        "UPDATE desk.duty SET noted_by = 'x'",
        "UPDATE exchange.package SET recalled_on = current_date",
        "DELETE FROM desk.deconfliction",
        "UPDATE desk.deconfliction SET answered_by = 'x'",
        "UPDATE desk.withholding SET withheld_by = 'x'",
        "INSERT INTO desk.account (name, sealed) VALUES ('x', '')",
        "INSERT INTO desk.inbox (id) VALUES (gen_random_uuid())",
        "SELECT sealed FROM guard.release",
        "UPDATE guard.release SET state = 'released'",
        "INSERT INTO guard.signature VALUES (gen_random_uuid(), 'manifest', 'x', '')",
        "SELECT assertion FROM guard.signature",
        "UPDATE guard.authenticator SET counter = 0",
        "INSERT INTO exchange.package (id) VALUES (gen_random_uuid())",
        "SELECT * FROM exchange.package",
        "SELECT sealed FROM guard.notice",
        "UPDATE guard.notice SET state = 'sent'",
        "INSERT INTO exchange.notice (id) VALUES (gen_random_uuid())",
        "SELECT * FROM exchange.notice",
        "UPDATE desk.notice SET sealed = ''",
        "UPDATE desk.list_notice SET requested_by = 'x'",
        "UPDATE exchange.list_request SET answered_on = current_date",
        "INSERT INTO exchange.list_request (id) VALUES (gen_random_uuid())",
        "SELECT * FROM guard.released",
        "INSERT INTO guard.released (release) VALUES (gen_random_uuid())",
        "DELETE FROM desk.notice",
        "UPDATE guard.notice SET state = 'void'",
        "UPDATE unit.agreement SET toml = ''",
    ),
    "tipline_guard": (
        "SELECT guard.clear_refused_phrase(gen_random_uuid())",
        "SELECT guard.withdraw_reviews('{}')",
        "SELECT guard.withdraw_phrases('{}')",
        "SELECT guard.withdraw_notices('{}', '')",
        "UPDATE unit.proposal SET change = ''",
        "DELETE FROM unit.proposal",
        "UPDATE unit.proposal_signature SET signer = 'x'",
        "DELETE FROM unit.proposal_signature",
        "UPDATE unit.member_list SET statement = ''",
        "UPDATE unit.member_list SET assertions = NULL",
        "UPDATE guard.signature SET assertion = NULL",
        "DELETE FROM guard.authenticator",
        "DELETE FROM unit.member_list",
        "SELECT * FROM corridor.tip",
        "SELECT * FROM corridor.interests",
        "SELECT * FROM desk.report",
        "SELECT * FROM desk.material",
        "SELECT * FROM corridor.material",
        "SELECT * FROM desk.withholding",
        "SELECT * FROM desk.duty",
        "SELECT * FROM desk.inbox",
        "SELECT * FROM exchange.package",
        "UPDATE corridor.account SET sealed = sealed",
        "UPDATE desk.account SET sealed = sealed",
        "UPDATE exchange.account SET sealed = sealed",
        "UPDATE guard.account SET name = 'x'",
        "DELETE FROM guard.account",
        "INSERT INTO guard.account (name, sealed) VALUES ('x', '')",
        "INSERT INTO guard.release (id) VALUES (gen_random_uuid())",
        "INSERT INTO guard.notice (id) VALUES (gen_random_uuid())",
        "SELECT sealed FROM exchange.notice",
        "UPDATE exchange.notice SET sealed = ''",
        "SELECT * FROM desk.notice",
        "SELECT * FROM desk.list_notice",
        "INSERT INTO exchange.list_request (id) VALUES (gen_random_uuid())",
        "UPDATE guard.released SET line = ''",
        "DELETE FROM guard.released",
        "DELETE FROM guard.signature",
        "UPDATE guard.signature SET signer = 'x'",
        "UPDATE guard.phrase SET phrase = 'x'",
    ),
    "tipline_exchange": (
        "SELECT subject FROM exchange.notice",
        "SELECT toml FROM unit.agreement",
        "SELECT signature FROM unit.agreement_signature",
        "SELECT * FROM guard.released",
        "SELECT * FROM desk.list_notice",
        "UPDATE exchange.list_request SET answered_on = current_date",
        "INSERT INTO exchange.list_request (id, notice) VALUES (gen_random_uuid(), gen_random_uuid())",
        "DELETE FROM exchange.list_request",
        "SELECT * FROM desk.material",
        "UPDATE exchange.material SET opened_on = current_date",
        "INSERT INTO exchange.material (id, opened_on) VALUES (gen_random_uuid(), current_date)",
        "DELETE FROM exchange.material",
        "SELECT guard.clear_refused_phrase(gen_random_uuid())",
        "SELECT guard.withdraw_reviews('{}')",
        "SELECT guard.withdraw_phrases('{}')",
        "SELECT guard.withdraw_notices('{}', '')",
        "SELECT * FROM unit.proposal",
        "INSERT INTO unit.proposal (id) VALUES (gen_random_uuid())",
        "INSERT INTO unit.member_list VALUES (2, '')",
        "SELECT * FROM corridor.tip",
        "SELECT * FROM desk.report",
        "SELECT * FROM guard.release",
        "SELECT * FROM unit.agreement",
        "INSERT INTO exchange.package (id) VALUES (gen_random_uuid())",
        "UPDATE exchange.package SET sealed = ''",
        "INSERT INTO exchange.notice (id) VALUES (gen_random_uuid())",
        "UPDATE exchange.notice SET sealed = ''",
        "SELECT * FROM guard.notice",
        "DELETE FROM exchange.package",
        "UPDATE corridor.account SET sealed = sealed",
        "UPDATE desk.account SET sealed = sealed",
        "UPDATE guard.account SET sealed = sealed",
        "UPDATE exchange.account SET name = 'x'",
        "DELETE FROM exchange.account",
        "INSERT INTO exchange.account (name, sealed) VALUES ('x', '')",
        "SELECT * FROM desk.inbox",
    ),
}
_REFUSED_TO_ALL = (
    "CREATE TABLE public.mine (x int)",
    "CREATE SCHEMA mine",
    "CREATE TEMPORARY TABLE mine (x int)",
    "CREATE ROLE other",
    "SELECT pg_read_file('PG_VERSION')",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "SELECT rolpassword FROM pg_authid",
    "UPDATE migration.ledger SET sha256 = ''",
    "SELECT * FROM migration.ledger",
)


@pytest.mark.parametrize("role", [*PUBLIC_ROLES, *INSIDE_ROLES])
async def test_a_role_is_refused_what_it_must_not_do(role: str, role_pool: RolePool) -> None:
    pool = await role_pool(role)

    for sql in (*_REFUSED[role], *_REFUSED_TO_ALL):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute(sql)


@pytest.mark.parametrize("schema", SCHEMAS)
async def test_a_process_exchanges_the_sealed_file_of_its_own_accounts_for_an_age_file_alone(
    schema: str, role_pool: RolePool, inside_db: Db
) -> None:
    await inside_db.execute(f"INSERT INTO {schema}.account (name, sealed) VALUES ('x', $1)", b"age-encryption.org/v1\n")
    pool = await role_pool(f"tipline_{schema}")

    changed = await pool.execute(f"UPDATE {schema}.account SET sealed = $1", b"age-encryption.org/v1\n-> scrypt")
    with pytest.raises(asyncpg.CheckViolationError):
        await pool.execute(f"UPDATE {schema}.account SET sealed = $1", b"a passphrase in clear")

    assert changed == "UPDATE 1"


@pytest.mark.parametrize("role", [*PUBLIC_ROLES, *INSIDE_ROLES])
async def test_a_role_has_no_power_over_the_server(role: str, role_pool: RolePool) -> None:
    pool = await role_pool(role)

    row = await pool.fetchrow(
        "SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, rolconnlimit "
        "FROM pg_roles WHERE rolname = current_user"
    )
    memberships = await pool.fetchval(
        "SELECT count(*) FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member WHERE r.rolname = current_user"
    )

    assert tuple(row) == (False, False, False, False, False, 20)
    assert memberships == 0


@pytest.mark.parametrize(
    ("zone", "stranger"), [("public", "tipline_corridor"), ("inside", "tipline_keep"), ("inside", "nobody")]
)
async def test_a_role_of_the_other_zone_does_not_exist_here(
    zone: str, stranger: str, request: pytest.FixtureRequest
) -> None:
    db = await asyncpg.connect(request.getfixturevalue(f"{zone}_dsn"))

    known = await db.fetchval("SELECT count(*) FROM pg_roles WHERE rolname = $1", stranger)
    await db.close()

    assert known == 0
