"""The desk can never open a raw tip: its role reads no corridor table, and no key it can reach opens a corridor key."""

import time

import asyncpg
import pytest

from crypto import age
from crypto.canonical import parse
from crypto.errors import HeaderError, NoMatchError
from handling.desk.handlers import NOT_YET
from handling.desk.session import NoDeskError, open_desk
from handling.store import epochs
from handling.store.keyring import Keyring
from tests.conftest import RolePool
from tests.handling.desk.conftest import DeskRoom, identity


async def test_the_desks_role_reads_changes_and_empties_no_corridor_table(room: DeskRoom, role_pool: RolePool) -> None:
    pool = await role_pool("tipline_desk")
    tables = await room.db.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'corridor'")

    assert {"tip", "message", "thread", "report", "outcome"} <= {row["tablename"] for row in tables}
    for row in tables:
        for statement in ("SELECT count(*) FROM", "DELETE FROM", "TRUNCATE"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await pool.execute(f"{statement} corridor.{row['tablename']}")


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE desk.report SET sealed = ''",
        "DELETE FROM desk.report",
        "DELETE FROM desk.release",
        "INSERT INTO desk.inbox VALUES (gen_random_uuid(), 'report', '', now())",
        "SELECT sealed FROM guard.release",
        "UPDATE guard.release SET state = 'released'",
        (
            "INSERT INTO guard.release (id, sealed, requested_by, requested_on, state) "
            "VALUES (gen_random_uuid(), '', 'amina', now(), 'released')"
        ),
        "INSERT INTO guard.signature VALUES (gen_random_uuid(), 'manifest', 'ben', '')",
        "SELECT * FROM exchange.package",
        "INSERT INTO unit.agency VALUES ('x', 'x', 'age', '', '', now())",
        "UPDATE corridor.account SET sealed = ''",
    ],
)
async def test_the_desks_role_may_not(role_pool: RolePool, sql: str) -> None:
    pool = await role_pool("tipline_desk")

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.execute(sql)


async def test_no_corridor_key_opens_with_what_a_desk_session_holds(room: DeskRoom) -> None:
    content = await _account(room, "amina")
    desk = open_desk("amina", content, await room.members(), Keyring(room.settings.inside / "desk" / "keyring"))
    files = list((room.settings.inside / "corridor" / "keyring").rglob("*.age"))

    assert set(content) == {"totp", "identity"}
    assert len(files) > 10
    for path in files:
        for opened in (lambda data: age.open_(data, [identity(content["identity"]), desk.intake]), desk.vault.unseal):
            with pytest.raises((NoMatchError, HeaderError)):
                opened(path.read_bytes())


async def test_a_corridor_identity_opens_no_desk(room: DeskRoom) -> None:
    sealed = await room.db.fetchval("SELECT sealed FROM corridor.account WHERE name = 'amina'")
    content = parse(age.open_passphrase(sealed, room.unit.cards["corridor", "amina"].passphrase))

    with pytest.raises(NoDeskError):
        open_desk("amina", content, await room.members(), Keyring(room.settings.inside / "desk" / "keyring"))


async def test_the_name_of_a_member_without_a_desk_key_opens_no_desk(room: DeskRoom) -> None:
    content = await _account(room, "amina")

    for name in ("ben", "nobody"):
        with pytest.raises(NoDeskError):
            open_desk(name, content, await room.members(), Keyring(room.settings.inside / "desk" / "keyring"))


async def test_every_page_is_closed_to_somebody_who_has_not_signed_in(room: DeskRoom) -> None:
    document = await room.reviewed()
    report = f"/reports/{document['urn'][9:]}"
    browser = await room.browser()

    for path in ("/", report, f"{report}/match?purpose=seizure", f"{report}/outcome"):
        page = await browser.open(path)
        assert page.path == "/sign-in"
        assert document["title"] not in page.text


async def test_the_vault_is_dropped_when_the_analyst_signs_out(room: DeskRoom) -> None:
    await room.reviewed()
    browser = await room.sign_in()

    await browser.submit("/sign-out")

    assert (await browser.open("/")).path == "/sign-in"


async def _account(room: DeskRoom, name: str) -> dict[str, str]:
    sealed = await room.db.fetchval("SELECT sealed FROM desk.account WHERE name = $1", name)
    content: dict[str, str] = parse(age.open_passphrase(sealed, room.unit.cards["desk", name].passphrase))
    return content


async def test_an_analyst_on_the_list_whom_the_vault_does_not_know_yet_reads_that(room: DeskRoom) -> None:
    keyring, stranger = Keyring(room.settings.inside / "desk" / "keyring"), age.Identity.generate()
    keyring.put("vault", "1", epochs.seal(stranger, [stranger.recipient], version=1))
    browser = await room.browser()
    await browser.open("/sign-in")
    code, passphrase = room.unit.code("desk", "amina", int(time.time())), room.unit.passphrase("desk", "amina")

    page = await browser.submit("/sign-in", name="amina", passphrase=passphrase, code=code, status=403)

    assert NOT_YET in page.text
    assert "This did not open" not in page.text
