"""Two installations that live the same history, one of them with a tip more, and what of them can be compared."""

import re
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urljoin, urlsplit
from uuid import UUID, uuid4

import asyncpg
from aiohttp.test_utils import TestServer

from crypto import age
from crypto.canonical import canonical
from handling.corridor import interests, items, outcomes, reading, reports, threads
from handling.corridor.main import open_blobs
from handling.corridor.reseal import Resealer
from handling.corridor.session import Handler
from handling.corridor.tips import OpenTip
from handling.data import scheme
from handling.rules.interests import Conflict
from tests.conftest import Clusters, _copied
from tests.factories import settings_in
from tests.handling.corridor.conftest import World, corridor_of
from tests.handling.corridor.sources import AT, TODAY, Source, intake_recipient
from tests.journeys.browser import Browser
from tests.practice import practice
from tipline import envelope
from tipline.base import database
from tipline.base.database import INSIDE_ROLES, PUBLIC_ROLES

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_CSRF = re.compile(r'name="csrf" value="[^"]*"')
_RANDOM = re.compile(r"-----BEGIN .*?-----END [A-Z ]+-----|age1pq1\w+|[0-9a-fA-F]{32,}", re.DOTALL)
_TABLES = """
    SELECT format('%I.%I', schemaname, tablename) AS name
      FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
     ORDER BY 1
"""


@dataclass(slots=True)
class Dated(Source):
    """A source whose messages bear a day of their own: lists go by day, and ids are random."""

    day: date = TODAY

    def wrapper(self, kind: envelope.Kind, *, urgent: bool = False) -> envelope.Wrapper:
        return replace(Source.wrapper(self, kind, urgent=urgent), day=self.day)


class Names:
    """Random ids become numbers in the order in which they appear, so that two worlds spell them alike."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def plain(self, text: str) -> str:
        """Return *text* without anything random."""
        text = _UUID.sub(lambda found: self._known.setdefault(found[0], f"<{len(self._known)}>"), text)
        return _RANDOM.sub("<random>", _CSRF.sub("<csrf>", text))


@asynccontextmanager
async def a_world(clusters: Clusters, folder: Path) -> AsyncIterator[World]:
    """A practice unit with databases of its own."""
    with (
        _copied(clusters.public, PUBLIC_ROLES) as public_dsn,
        _copied(clusters.inside, INSIDE_ROLES) as inside_dsn,
    ):
        shutil.copytree(clusters.secrets, folder / "data" / "secrets")
        settings = settings_in(folder / "data", public_dsn, inside_dsn)
        made = await practice(settings)
        pool = await database.pool(database.dsn_for(settings, "tipline_corridor"), size=4)
        inside, public = await asyncpg.connect(inside_dsn), await asyncpg.connect(public_dsn)
        blobs = open_blobs(settings)
        try:
            yield World(
                settings=settings,
                practice=made,
                pool=pool,
                blobs=blobs,
                resealer=Resealer(pool, blobs),
                intake=intake_recipient(settings.inside),
                inside=inside,
                public=public,
            )
        finally:
            await pool.close()
            await inside.close()
            await public.close()


@asynccontextmanager
async def a_site(world: World) -> AsyncIterator[str]:
    """The corridor's pages of one world."""
    async with TestServer(corridor_of(world)) as server:
        yield str(server.make_url("/"))


async def history(world: World, amina: Handler, *, tips: int) -> None:
    """What both worlds live through: tips on days of their own, one of them worked on to its outcome."""
    for number in range(tips):
        source = Dated(day=TODAY - timedelta(days=number + 1))
        await world.collected(source.tip(world.intake, f"Tip {number} of boxes", asked=""))
    await world.resealer.run(amina)
    await work(world, amina, (await world.tips(amina))[0])


async def hidden(world: World, amina: Handler) -> OpenTip:
    """A tip that names Ben, urgent and so first in every list, with everything that can derive from one."""
    source = Dated(day=TODAY - timedelta(days=3))
    first = source.tip(world.intake, "Ben takes the money", urgent=True, asked="Ben")
    parts = source.file(world.intake, b"a photograph")
    await world.collected(first, *parts)
    await world.resealer.run(amina)
    (tip,) = [one for one in await world.tips(amina) if one.row.urgent]
    await work(world, amina, tip)
    waiting = source.file(world.intake, b"half of another one")
    await world.collected(*waiting[:-1], source.answer(world.intake, "More of it"))
    refused = await world.inside.fetchval("SELECT id FROM corridor.envelope WHERE urgent")
    await world.inside.execute("UPDATE corridor.envelope SET state = 'refused' WHERE id = $1", refused)
    return tip


async def taken_away(world: World, amina: Handler) -> None:
    """Two more that Ben must not learn of: a conflict was stated ahead of one, and he declares one with the other."""
    await interests.declare(
        world.pool, amina, Conflict(str(uuid4()), "ben", ("Lena Otto",), None, None, "", "amina", TODAY)
    )
    for text in ("Lena Otto signs the papers", "A friend of his takes the boxes"):
        source = Dated(day=TODAY - timedelta(days=2))
        await world.collected(source.tip(world.intake, text, asked=""))
        await world.resealer.run(amina)
        (tip,) = [one for one in await world.tips(amina) if one.content.text == text]
        await work(world, amina, tip)
    await reading.recuse(world.pool, await world.handler("ben"), tip.row.id, "", TODAY)


async def work(world: World, amina: Handler, tip: OpenTip) -> UUID:
    """Reply, item, grade, report, outcome, and a phrase before the guard."""
    async with world.pool.acquire() as db, db.transaction():
        await threads.send(db, amina.vault, tip.row.thread, kind="reply", text="Thank you.", author="amina", now=AT)
    await items.add(world.pool, amina, tip.row.id, "Boxes stand there.", AT)
    async with world.pool.acquire() as db:
        (item,) = await items.of_tip(db, amina.vault, tip.row.id, tip.row.thread)
    await items.grade(world.pool, amina, item.id, scheme(), source="2", information="D", reason="", now=AT)
    report = await reports.begin(world.pool, amina, tip.row.id, [item.id], TODAY)
    link = {"urn": f"urn:uuid:{report}", "stage": "outcome", "code": "seizure", "tell_source": True, "month": "2026-11"}
    outcome = uuid4()
    await world.inside.execute(
        "INSERT INTO corridor.outcome (id, sealed, received_on, report) VALUES ($1, $2, $3, $4)",
        outcome,
        age.seal(canonical(link), [amina.members.corridor_vault]),
        TODAY,
        report,
    )
    await outcomes.propose(world.pool, amina, outcome, "helped", TODAY)
    await outcomes.reseal(world.pool, amina)
    return report


async def crawl(browser: Browser) -> dict[str, str]:
    """Every page that links lead to, by address, without anything random."""
    names, seen, ahead = Names(), {}, ["/"]
    while ahead:
        address = ahead.pop(0)
        plain = names.plain(address)
        if plain in seen:
            continue
        page = await browser.open(address)
        seen[plain] = f"{page.status} {names.plain(page.body.decode('utf-8', 'replace'))}"
        links = [
            urlsplit(urljoin(page.url, href))._replace(scheme="", netloc="", fragment="") for href, _ in page.links
        ]
        ahead += [link.geturl() for link in links if not link.path.startswith("/account")]
    return seen


async def rows(db: database.Db) -> dict[str, list[str]]:
    """Every row of every table, without anything random: bytes by their length, ids and keys by a mark."""
    found = {}
    for (table,) in await db.fetch(_TABLES):
        of_table = await db.fetch(f"SELECT * FROM {table}")
        found[table] = sorted(
            "; ".join(f"{name}={_value(value)}" for name, value in row.items() if name != "last_step")
            for row in of_table
        )
    return found


def _value(value: object) -> str:
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    return _RANDOM.sub("<random>", _UUID.sub("<id>", str(value)))


def files(folder: Path) -> Iterator[str]:
    """Names of all files below *folder*, ids and random parts by a mark."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield _RANDOM.sub("<random>", _UUID.sub("<id>", str(path.relative_to(folder))))
