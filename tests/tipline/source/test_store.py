"""A submission is stored whole, or nothing is changed and it is said why."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from crypto.digest import sha256
from tests.conftest import RolePool
from tests.tipline.source.running import TODAY, a_submission, a_zone
from tipline.base.database import Db
from tipline.base.settings import Settings
from tipline.source import store
from tipline.source.store import LATE_DAYS, Envelope, Outcome

_AFTER = TODAY + timedelta(days=6)  # the first day on which the zone's key is over

_CASES = {
    "the same form": (Outcome.REPEAT, {"was": b"sealed"}),
    "a form that makes a mailbox that is there": (Outcome.MOVED, {"mac": bytes([1] * 32), "was": None}),
    "one that follows another place": (Outcome.MOVED, {"mac": bytes([1] * 32), "was": b"older"}),
    "one handed in that follows another place": (
        Outcome.MOVED,
        {"mac": bytes([1] * 32), "was": sha256(b"older"), "handed_in": True},
    ),
    "one handed in for another unit": (
        Outcome.MOVED,
        {"mac": bytes([1] * 32), "was": sha256(b"sealed"), "handed_in": True, "unit": "oversight"},
    ),
    "one sealed to a key that is not there": (Outcome.RETIRED, {"serial": 9, "was": b"sealed"}),
    "one sealed to a key that is over": (Outcome.RETIRED, {"day": _AFTER, "was": b"sealed"}),
    "one handed in for a key that is long over": (
        Outcome.RETIRED,
        {"day": _AFTER + timedelta(days=LATE_DAYS), "was": sha256(b"sealed"), "handed_in": True},
    ),
}


@pytest.mark.parametrize(("outcome", "changed"), _CASES.values(), ids=_CASES.keys())
async def test_a_submission_that_is_refused_leaves_the_thread_where_it_stood(
    settings: Settings, public_db: Db, role_pool: RolePool, outcome: Outcome, changed: dict[str, object]
) -> None:
    zone = await a_zone(settings, public_db)
    first = a_submission(zone)
    if "unit" in changed:
        changed = changed | {"unit": zone.oversight.id}
    then = replace(first, now=b"further", envelopes=(Envelope(uuid4(), "message", 6, bytes(32)),), **changed)
    pool = await role_pool("tipline_keep")

    async with pool.acquire() as db:
        assert await store.submit(db, first) is Outcome.STORED
        assert await store.submit(db, then) is outcome

    assert await public_db.fetch("SELECT id FROM zone.envelope") == [(first.envelopes[0].id,)]
    assert await public_db.fetch("SELECT thread_state FROM zone.mailbox") == [(b"sealed",)]
    assert await public_db.fetch("SELECT mac FROM zone.submission") == [(first.mac,)]


async def test_what_was_handed_in_follows_by_the_hash_of_its_place_and_counts_for_two_weeks_more(
    settings: Settings, public_db: Db, role_pool: RolePool
) -> None:
    zone = await a_zone(settings, public_db)
    first = a_submission(zone)
    late = replace(
        first,
        mac=bytes([1] * 32),
        was=sha256(b"sealed"),
        now=b"further",
        new=None,
        handed_in=True,
        day=_AFTER - timedelta(days=1) + timedelta(days=LATE_DAYS),
        envelopes=(Envelope(uuid4(), "message", 6, bytes(32)),),
    )
    pool = await role_pool("tipline_keep")

    async with pool.acquire() as db:
        assert await store.submit(db, first) is Outcome.STORED
        assert await store.submit(db, late) is Outcome.STORED

    assert await public_db.fetchval("SELECT thread_state FROM zone.mailbox") == b"further"
    assert await public_db.fetchval("SELECT count(*) FROM zone.envelope") == 2


async def test_a_submission_has_no_transaction_beneath_its_own_which_would_mark_the_order_of_forms_for_months(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_zone(settings, public_db)

    async with public_db.transaction():
        await store.add(public_db, a_submission(zone))
        whole = await public_db.fetchval("SELECT pg_current_xact_id()::text::bigint % (1::bigint << 32)")
        rows = [
            await public_db.fetchval(f"SELECT xmin::text::bigint FROM zone.{name}")
            for name in ("mailbox", "submission", "envelope")
        ]

    assert rows == [whole] * 3
