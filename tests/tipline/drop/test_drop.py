"""The drop obeys the collector of a pinned unit, once per signature, and nobody else."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest

from crypto.canonical import canonical
from crypto.digest import sha256
from crypto.signing import SigningKey
from tests.tipline.source.running import TestUnit, Zone, a_zone, running
from tipline.base.database import Db
from tipline.base.settings import Settings
from tipline.base.ticks import DELETED_BYTES, FRAME, LIST_BYTES, PAGE, answer_size
from tipline.bundles import SEALED_BUNDLE_BYTES
from tipline.drop.signed import REQUEST_TYPE
from tipline.envelope import IntakeKey
from tipline.pgpkey import PgpKey

MAILBOX = sha256(b"a mailbox")
LIST = f"/v1/envelopes?urgent=0&after={UUID(int=0)}"


def signed(method: str, path: str, body: bytes, *, unit: str, key: SigningKey, at: int | None = None) -> dict[str, str]:
    at = int(time.time()) if at is None else at
    stated = {"method": method, "path": path, "body_sha256": sha256(body).hex(), "time": at, "unit": unit}
    return {
        "Tipline-Unit": unit,
        "Tipline-Time": str(at),
        "Tipline-Signature": key.sign(REQUEST_TYPE, canonical(stated)).hex(),
    }


class Collector:
    """One unit's collector; `ask` returns the status and what the answer holds."""

    def __init__(self, zone: Zone, unit: TestUnit) -> None:
        self.zone = zone
        self.unit = unit
        self._at = int(time.time()) - 200  # each request a second later than the one before

    async def ask(self, method: str, path: str, body: bytes = b"", **how: Any) -> tuple[int, Any]:
        self._at += 1
        headers = signed(
            method, path, body, **({"unit": self.unit.id, "key": self.unit.collector, "at": self._at} | how)
        )
        return await self.send(method, path, body, headers)

    async def fetch(self, *envelopes: UUID) -> list[bytes]:
        status, answer = await self.ask("POST", "/v1/envelopes", canonical({"ids": [str(one) for one in envelopes]}))
        assert status == 200
        found = []
        for _ in envelopes:
            size = int.from_bytes(answer[:FRAME], "big")
            found.append(answer[FRAME : FRAME + size])
            answer = answer[FRAME + size :]
        assert not any(answer)
        return found

    async def send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, Any]:
        url = self.zone.drop + path
        async with (
            aiohttp.ClientSession() as http,
            http.request(method, url, data=BytesIO(body), headers=headers) as answer,
        ):
            assert answer.headers["Cache-Control"] == "no-store"
            assert "Server" not in answer.headers
            if answer.content_type == "application/json":
                return answer.status, await answer.json()
            return answer.status, await answer.read()


@contextmanager
def dropping(zone: Zone) -> Iterator[Collector]:
    with running(zone, "drop"):
        yield Collector(zone, zone.unit)


async def an_envelope(zone: Zone, db: Db, unit: str = "unit", *, urgent: bool = False, content: bytes = b"") -> UUID:
    """Put one envelope into the store as `keep` would."""
    envelope, data = uuid4(), content or uuid4().bytes * 1000
    await db.execute(
        """INSERT INTO zone.mailbox (id, unit, recipient, bundle, thread_state, created_on)
           VALUES ($1, $2, 'age1pq1', 'b', 's', '2026-11-23') ON CONFLICT DO NOTHING""",
        sha256(unit.encode()),
        unit,
    )
    with zone.blobs.create() as writer:
        writer.write(data)
        writer.publish(envelope)
    await db.execute(
        """INSERT INTO zone.envelope (id, mailbox, unit, serial, kind, urgent, size, sha256, day)
           VALUES ($1, $2, $3, 1, 'message', $4, $5, $6, '2026-11-23')""",
        envelope,
        sha256(unit.encode()),
        unit,
        urgent,
        len(data),
        sha256(data),
    )
    return envelope


async def test_a_unit_lists_fetches_and_receipts_its_own_envelopes(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)
    plain = await an_envelope(zone, public_db, content=b"p" * 700_000)
    urgent = await an_envelope(zone, public_db, urgent=True)
    foreign = await an_envelope(zone, public_db, "oversight")

    with dropping(zone) as collector:
        _, listed = await collector.ask("GET", LIST)
        _, listed_urgent = await collector.ask("GET", LIST.replace("urgent=0", "urgent=1"))
        _, behind = await collector.ask("GET", f"/v1/envelopes?urgent=0&after={max(plain, urgent)}")
        content, not_ours = await collector.fetch(plain, foreign)
        receipts = [
            {"id": str(plain), "sha256": sha256(content).hex()},
            {"id": str(urgent), "sha256": bytes(32).hex()},
            {"id": str(foreign), "sha256": bytes(32).hex()},
        ]
        _, first = await collector.ask("POST", "/v1/receipts", canonical({"receipts": receipts}))
        _, again = await collector.ask("POST", "/v1/receipts", canonical({"receipts": receipts}))
        (gone,) = await collector.fetch(plain)

    assert {entry["id"] for entry in listed["envelopes"]} == {str(plain), str(urgent)}
    assert [entry["id"] for entry in listed_urgent["envelopes"]] == [str(urgent)]
    assert behind == {"envelopes": [], "more": False, "nearing": []}
    assert content == b"p" * 700_000
    assert (not_ours, gone) == (b"", b"")
    assert first == again == {"deleted": [str(plain)]}
    assert zone.blobs.names() == {urgent, foreign}
    assert await public_db.fetchval("SELECT count(*) FROM zone.envelope") == 2


async def test_what_is_unsigned_stale_repeated_or_another_units_is_refused(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)
    envelope = await an_envelope(zone, public_db)
    path, now = LIST, int(time.time())
    key, other = zone.unit.collector, zone.oversight.collector
    good = signed("GET", path, b"", unit="unit", key=key)

    with dropping(zone) as collector:
        refused = {
            "unsigned": await collector.send("GET", path, b"", {}),
            "nobody": await collector.ask("GET", path, unit="nobody"),
            "wrong key": await collector.ask("GET", path, key=other),
            "old": await collector.ask("GET", path, at=now - 3600),
            "early": await collector.ask("GET", path, at=now + 3600),
            "other path": await collector.send("GET", path + "&urgent=1", b"", good),
            "other method": await collector.send("HEAD", path, b"", good),
            "other body": await collector.send("GET", path, b"x", good),
            "too large": await collector.ask("POST", "/v1/receipts", b"x" * (2 << 20)),
            "no time": await collector.send("GET", path, b"", good | {"Tipline-Time": "-1"}),
            "no signature": await collector.send("GET", path, b"", good | {"Tipline-Signature": "zz"}),
        }
        first = await collector.send("GET", path, b"", good)
        repeated = await collector.send("GET", path, b"", good)
        unknown = await collector.ask("GET", "/v1/elsewhere")

    assert {name: status for name, (status, _) in refused.items()} == dict.fromkeys(refused, 401)
    assert first[0] == 200
    assert first[1]["envelopes"][0]["id"] == str(envelope)
    assert repeated[0] == 409
    assert unknown[0] == 404


async def test_a_list_has_one_size_and_goes_on_behind_its_last_id(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)

    with dropping(zone) as collector:
        sizes, pages = [], []
        for waiting in (0, 1, PAGE + 1):
            for _ in range(waiting - await public_db.fetchval("SELECT count(*) FROM zone.envelope")):
                await an_envelope(zone, public_db)
            headers = signed("GET", LIST, b"", unit="unit", key=zone.unit.collector, at=int(time.time()) + waiting)
            async with aiohttp.ClientSession() as http, http.get(zone.drop + LIST, headers=headers) as answer:
                sizes.append(len(await answer.read()))
                pages.append(await answer.json())
        last = max(entry["id"] for entry in pages[-1]["envelopes"])
        _, rest = await collector.ask("GET", f"/v1/envelopes?urgent=0&after={last}")
        refused = await collector.ask("GET", "/v1/envelopes?urgent=0")
        _, nothing = await collector.ask("POST", "/v1/receipts", canonical({"receipts": []}))

    assert sizes == [LIST_BYTES] * 3
    assert [(len(page["envelopes"]), page["more"]) for page in (*pages, rest)] == [
        (0, False),
        (1, False),
        (PAGE, True),
        (1, False),
    ]
    assert refused[0] == 400
    assert nothing == {"deleted": []}
    assert DELETED_BYTES > PAGE * 40


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"ids":1}',
        b'{"ids":["x"]}',
        canonical({"ids": [str(UUID(int=1))] * 2}),
        canonical({"ids": [str(UUID(int=n)) for n in range(PAGE + 1)]}),
    ],
)
async def test_what_is_no_list_of_a_pages_ids_fetches_nothing(settings: Settings, public_db: Db, body: bytes) -> None:
    zone = await a_zone(settings, public_db)

    with dropping(zone) as collector:
        status, _ = await collector.ask("POST", "/v1/envelopes", body)

    assert status == 400


def test_answers_have_few_sizes_and_nothing_one_and_forty_small_tips_have_the_same() -> None:
    tip = 256 + 1_627 + 16 + 4_096 + 16 + FRAME

    assert answer_size(0) == answer_size(tip) == answer_size(40 * tip) == 256 * 1024
    assert answer_size(256 * 1024 + 1) == 1 << 20
    assert answer_size((16 << 20) + 1) == 32 << 20
    assert len({answer_size(used) for used in range(0, 64 << 20, 4099)}) == 7


@pytest.mark.parametrize("body", [b"", b"[]", b'{"receipts":1}', b'{"receipts":[{"id":"x","sha256":"00"}]}', b"\xff"])
async def test_a_malformed_list_of_receipts_deletes_nothing(settings: Settings, public_db: Db, body: bytes) -> None:
    zone = await a_zone(settings, public_db)
    envelope = await an_envelope(zone, public_db)

    with dropping(zone) as collector:
        status, _ = await collector.ask("POST", "/v1/receipts", body)

    assert status == 400
    assert zone.blobs.names() == {envelope}


async def test_a_bundle_goes_only_into_a_mailbox_of_the_unit_and_only_in_its_one_size(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_zone(settings, public_db)
    await an_envelope(zone, public_db)
    await an_envelope(zone, public_db, "oversight")
    bundle, own, foreign = b"n" * SEALED_BUNDLE_BYTES, sha256(b"unit"), sha256(b"oversight")
    bodies = [own + bundle + foreign + bundle, own + bundle + b"n", own + bundle[1:], 2 * (own + bundle), b""]

    with dropping(zone) as collector:
        _, listed = await collector.ask("GET", "/v1/mailboxes")
        answers = [await collector.ask("PUT", "/v1/bundles", body) for body in bodies]

    assert listed == {"mailboxes": [{"id": own.hex(), "recipient": "age1pq1"}]}
    assert answers[0] == (200, {"missing": [foreign.hex()]})
    assert [status for status, _ in answers[1:]] == [400, 400, 400, 400]
    assert await public_db.fetchval("SELECT bundle FROM zone.mailbox WHERE unit = 'unit'") == bundle
    assert await public_db.fetchval("SELECT bundle FROM zone.mailbox WHERE unit = 'oversight'") == b"b"


async def test_only_a_usable_openpgp_key_of_the_units_signer_is_published(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)
    today, signer = datetime.now(UTC).date(), zone.unit.signer
    armour = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDMEawYl\n-----END PGP PUBLIC KEY BLOCK-----\n"
    key = PgpKey("unit", 2, "A" * 40, "B" * 40, armour, today, today + timedelta(days=9))
    past = today - timedelta(days=1)
    tries = [
        (2, key.sign(signer)),
        (2, replace(key, not_after=today).sign(signer)),
        (3, key.sign(signer)),
        (3, replace(key, serial=3, unit="oversight").sign(signer)),
        (3, replace(key, serial=3).sign(zone.oversight.signer)),
        (3, replace(key, serial=3, not_before=past, not_after=past).sign(signer)),
        (3, zone.unit.statement(serial=3).sign(signer)),
    ]

    with dropping(zone) as collector:
        statuses = [(await collector.ask("PUT", f"/v1/pgp-keys/{serial}", one))[0] for serial, one in tries]

    assert statuses == [200, 409, 400, 400, 400, 400, 400]
    assert await public_db.fetchval("SELECT statement FROM zone.pgp_key") == key.sign(signer)


async def test_only_a_usable_intake_key_of_the_units_signer_is_published(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)
    key = zone.unit.statement(serial=2, start=6)
    past = datetime.now(UTC).date() - timedelta(days=1)
    tries: list[tuple[int, IntakeKey, SigningKey]] = [
        (2, key, zone.unit.signer),
        (2, key, zone.unit.signer),
        (2, replace(key, not_after=key.not_after + timedelta(days=1)), zone.unit.signer),
        (3, key, zone.unit.signer),
        (3, replace(key, serial=3, unit="oversight"), zone.unit.signer),
        (3, replace(key, serial=3), zone.oversight.signer),
        (3, replace(key, serial=3, not_before=past, not_after=past), zone.unit.signer),
    ]

    with dropping(zone) as collector:
        statuses = [
            (await collector.ask("PUT", f"/v1/intake-keys/{serial}", one.sign(signer)))[0]
            for serial, one, signer in tries
        ]

    assert statuses == [200, 200, 409, 400, 400, 400, 400]
    rows = await public_db.fetch("SELECT serial, statement FROM zone.intake_key WHERE unit = 'unit' ORDER BY serial")
    assert [row["serial"] for row in rows] == [1, 2]
    assert rows[1]["statement"] == key.sign(zone.unit.signer)
