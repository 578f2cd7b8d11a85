"""Two installations that live the same history, one of them with a tip more, and what of them can be compared."""

import itertools
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlencode, urljoin, urlsplit
from uuid import UUID, uuid4

import asyncpg
from aiohttp.test_utils import TestServer

from crypto import age
from crypto.canonical import canonical
from handling.corridor import interests, items, outcomes, reading, reports, threads
from handling.corridor.document import Draft
from handling.corridor.main import open_blobs
from handling.corridor.reseal import Resealer
from handling.corridor.session import Handler
from handling.corridor.stating import Stated
from handling.corridor.tips import OpenTip
from handling.data import countries, scheme, subjects
from handling.desk.main import make_desk
from handling.guard.main import app as make_guard
from handling.rules.interests import Conflict
from tests.conftest import Clusters, _copied
from tests.factories import settings_in
from tests.handling.corridor.conftest import World, corridor_of
from tests.handling.corridor.sources import AT, TODAY, Source, intake_recipient
from tests.journeys.answers import ANSWERED
from tests.journeys.browser import Browser, Form
from tests.practice import practice
from tipline import envelope
from tipline.base import database
from tipline.base.database import INSIDE_ROLES, PUBLIC_ROLES

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_CSRF = re.compile(r'name="csrf" value="[^"]*"')
_RANDOM = re.compile(
    r"-----BEGIN .*?-----END [A-Z ]+-----|age1pq1\w+|[0-9a-fA-F]{32,}"
    r"|\b(?:[0-9a-f]{8}|[0-9A-F]{16})\b|[0-9a-fA-F]{4}( +[0-9a-fA-F]{4}){7,}|localhost:\d+",  # short references, fingerprints, ports
    re.DOTALL,
)
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
async def a_site(world: World, process: str = "corridor") -> AsyncIterator[str]:
    """The pages of one process of one world."""
    pool = await database.pool(database.dsn_for(world.settings, f"tipline_{process}"), size=4)
    try:
        made = {
            "corridor": lambda: corridor_of(world),
            "guard": lambda: make_guard(world.settings, pool),
            "desk": lambda: make_desk(world.settings, pool),
        }
        async with TestServer(made[process]()) as server:
            yield str(server.make_url("/"))
    finally:
        await pool.close()


async def history(world: World, handler: Handler, *, tips: int) -> UUID:
    """What both worlds live through: tips on days of their own, one of them worked on to its outcome; its report."""
    for number in range(tips):
        source = Dated(day=TODAY - timedelta(days=number + 1))
        await world.collected(source.tip(world.intake, f"Tip {number} of boxes", asked=""))
    await world.resealer.run(handler)
    return await work(world, handler, (await world.tips(handler))[0])


async def hidden(world: World, handler: Handler, name: str) -> OpenTip:
    """A tip that names a member, urgent and so first in every list, with everything that can derive from one."""
    source = Dated(day=TODAY - timedelta(days=3))
    first = source.tip(world.intake, f"{name} takes the money", urgent=True, asked=name)
    parts = source.file(world.intake, b"a photograph")
    await world.collected(first, *parts)
    await world.resealer.run(handler)
    (tip,) = [one for one in await world.tips(handler) if one.row.urgent]
    await work(world, handler, tip)
    waiting = source.file(world.intake, b"half of another one")
    await world.collected(*waiting[:-1], source.answer(world.intake, "More of it"))
    refused = await world.inside.fetchval("SELECT id FROM corridor.envelope WHERE urgent")
    await world.inside.execute("UPDATE corridor.envelope SET state = 'refused' WHERE id = $1", refused)
    return tip


async def taken_away(world: World, handler: Handler, name: str) -> None:
    """Two more that a member must not learn of: a conflict was stated ahead of one, and they declare one with the other.

    A report from the other one waits at the guard by then.
    """
    by = handler.member.name
    await interests.declare(
        world.pool, handler, Conflict(str(uuid4()), name, ("Lena Otto",), None, None, "", by, TODAY)
    )
    for text in ("Lena Otto signs the papers", "A friend of theirs takes the boxes"):
        source = Dated(day=TODAY - timedelta(days=2))
        await world.collected(source.tip(world.intake, text, asked=""))
        await world.resealer.run(handler)
        (tip,) = [one for one in await world.tips(handler) if one.content.text == text]
        report = await work(world, handler, tip)
    await ask_review(world, handler, report)
    await reading.recuse(world.pool, await world.handler(name), tip.row.id, "", TODAY)


async def work(world: World, handler: Handler, tip: OpenTip) -> UUID:
    """Reply, item, grade, report, outcome, and a phrase before the guard."""
    by = handler.member.name
    async with world.pool.acquire() as db, db.transaction():
        await threads.send(db, handler.vault, tip.row.thread, kind="reply", text="Thank you.", author=by, now=AT)
    await items.add(world.pool, handler, tip.row.id, "Boxes stand there.", AT)
    async with world.pool.acquire() as db:
        (item,) = await items.of_tip(db, handler.vault, tip.row.id, tip.row.thread)
    await items.grade(world.pool, handler, item.id, scheme(), source="2", information="D", reason="", now=AT)
    report = await reports.begin(world.pool, handler, tip.row.id, [item.id], TODAY)
    link = {"urn": f"urn:uuid:{report}", "stage": "outcome", "code": "seizure", "tell_source": True, "month": "2026-11"}
    outcome = uuid4()
    await world.inside.execute(
        "INSERT INTO corridor.outcome (id, sealed, received_on, report) VALUES ($1, $2, $3, $4)",
        outcome,
        age.seal(canonical(link), [handler.members.corridor_vault]),
        TODAY,
        report,
    )
    await outcomes.propose(world.pool, handler, outcome, "helped", TODAY)
    await outcomes.reseal(world.pool, handler)
    return report


async def ask_review(world: World, handler: Handler, report: UUID, *agencies: str) -> None:
    """Finish a report, for the customs unless other agencies are named, and ask the guard to have it reviewed."""
    async with world.pool.acquire() as db:
        draft = finished((await reports.get(db, handler.vault, report)).draft)
    await reports.save(world.pool, handler, report, replace(draft, agencies=agencies or draft.agencies))
    await queue(world, handler, report)


def finished(draft: Draft) -> Draft:
    """A draft with all that a review asks for."""
    return replace(
        draft,
        title="Ivory in a warehouse",
        summary="Boxes stand there.",
        subjects=("goods.ivory",),
        agencies=("harbour-customs",),
        stated=Stated.of_form(ANSWERED),
        sum_of_knowledge="Several people know each part of it.",
    )


async def queue(world: World, handler: Handler, report: UUID) -> None:
    """Ask the guard to have a finished report reviewed."""
    await reports.queue(
        world.pool, handler, report, scheme=scheme(), subjects=subjects(), countries=countries(), today=TODAY
    )


async def crawl(browser: Browser) -> dict[str, str]:
    """Every page that links lead to, and every choice of a form that asks for a page, by address, without anything random."""
    names, seen, ahead = Names(), {}, ["/"]
    while ahead:
        address = ahead.pop(0)
        plain = names.plain(address)
        if plain in seen:
            continue
        page = await browser.open(address)
        seen[plain] = f"{page.status} {names.plain(page.body.decode('utf-8', 'replace'))}"
        found = [href for href, _ in page.links]
        found += [asked for form in page.forms if form.method == "get" for asked in _asked(form)]
        links = [urlsplit(urljoin(page.url, href))._replace(scheme="", netloc="", fragment="") for href in found]
        ahead += [link.geturl() for link in links if not link.path.startswith("/account")]
    return seen


def _asked(form: Form) -> Iterator[str]:
    """Each address that a form leads to; one into which somebody types would be a search, and there is none."""
    offered = [[(name, value) for value in form.choices(name)] for name in form.names]
    assert all(offered), f"what is typed into {form.action} may find what nobody is shown"
    for chosen in itertools.product(*offered):
        yield f"{form.action}?{urlencode(chosen)}"


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
