"""The desk's keyring: a report's key stays, a key whose row never came goes, and a departure asks for a new vault."""

import asyncio
import os
import time
from typing import Any
from uuid import uuid4

from crypto import age, records
from handling.desk import store
from handling.rules.member_words import groups
from handling.rules.membership import NewVault
from handling.store import proposals
from handling.store.keyring import Keyring
from handling.store.upkeep import ORPHAN_SECONDS, sweep
from tests.conftest import RolePool
from tests.handling.desk.conftest import DeskRoom
from tests.lists import root_signs


async def test_only_a_key_without_a_report_is_swept(room: DeskRoom, role_pool: RolePool) -> None:
    await room.reviewed()
    await (await room.sign_in()).open("/")
    keyring, orphan = Keyring(room.settings.inside / "desk" / "keyring"), str(uuid4())
    keyring.put("record", orphan, records.wrap(records.new_key(), (await room.members()).desk_vault))
    past = time.time() - ORPHAN_SECONDS - 60
    for name in keyring.names("record"):
        os.utime(room.settings.inside / "desk" / "keyring" / "record" / f"{name}.age", (past, past))

    removed = await sweep(await role_pool("tipline_desk"), keyring, store.named)

    assert removed == 1
    assert keyring.names("record") == {str(await room.db.fetchval("SELECT id FROM desk.report"))}


async def test_after_an_analyst_left_the_next_sign_in_asks_for_a_new_vault_and_says_so(room: DeskRoom) -> None:
    await root_signs(room.settings, room.db, _somebody_left)
    browser = await room.sign_in()
    async with asyncio.timeout(60):
        while "vault left, so the desk gets a new vault, number 2." not in (await browser.open("/")).text:  # noqa: ASYNC110
            await asyncio.sleep(0.05)  # the work is done in the background

    (proposed,) = await proposals.newest(room.db)
    home = await browser.open("/")
    assert isinstance(proposed.change, NewVault)
    assert (proposed.change.zone, proposed.change.epoch, proposed.proposed_by) == ("desk", 2, "amina")
    assert f"<br>{groups(age.Recipient.parse(proposed.change.recipient).fingerprint())}</p>" in home.body.decode()


def _somebody_left(body: dict[str, Any]) -> None:
    body["departed"]["desk"] = body["version"]
