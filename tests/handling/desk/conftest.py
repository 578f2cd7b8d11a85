"""The practice unit with its desk served over HTTP, and the other processes' parts played with the unit's real keys."""

import base64
import re
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiohttp.test_utils import TestServer

from crypto import age
from crypto.canonical import canonical, parse
from crypto.digest import sha256
from crypto.secret import Secret
from crypto.signing import SigningKey
from crypto.statement import Statement
from handling import data
from handling.desk.main import make_desk
from handling.desk.reports import REVIEW, Report
from handling.rules.facts import ReportFacts
from handling.rules.risk import RiskFact
from handling.store import members
from handling.store.members import MemberList
from tests.conftest import RolePool
from tests.handling.rules.samples import STATED
from tests.journeys.browser import Browser, Page
from tests.lists import root_signs, with_duties
from tests.practice import Practice, agree
from tipline.base.database import Db
from tipline.base.settings import Settings

TODAY = datetime.now(UTC).date()


@dataclass(slots=True)
class Clock:
    """The desk's day, moved by a test."""

    day: date = TODAY

    def __call__(self) -> date:
        return self.day


@dataclass(slots=True)
class DeskRoom:
    """The desk of a test. *db* is the owner's connection, for looking and for playing the other processes."""

    settings: Settings
    unit: Practice
    db: Db
    url: str
    clock: Clock
    stack: AsyncExitStack
    signing: Mapping[str, SigningKey]
    release_keys: Mapping[str, age.Identity]
    corridor_vault: age.Identity

    async def sign_in(self, name: str = "amina") -> Browser:
        """The browser of somebody who has signed in at the desk."""
        browser = await self.browser()
        await self.enter(browser, name)
        return browser

    async def enter(self, browser: Browser, name: str) -> Page:
        """Fill the sign-in form."""
        await browser.open("/sign-in")
        code = self.unit.code("desk", name, int(time.time()))
        return await browser.submit("/sign-in", name=name, passphrase=self.unit.passphrase("desk", name), code=code)

    async def browser(self) -> Browser:
        """The browser of somebody who has not signed in."""
        return await self.stack.enter_async_context(Browser(self.url))

    async def members(self) -> MemberList:
        return await members.load(self.db, members.trust(self.settings.inside, "tests"), TODAY)

    async def next_list(self, duties: Mapping[str, Sequence[str]]) -> None:
        """Sign a further member list in which some people hold other duties; nobody is left out."""
        await root_signs(self.settings, self.db, with_duties(duties))

    async def put(self, kind: str, content: object, *, recipient: age.Recipient | None = None) -> UUID:
        """Put something in the desk's inbox as guard or exchange would."""
        row = uuid4()
        sealed = age.seal(canonical(content), [recipient or (await self.members()).desk_intake])
        await self.db.execute("INSERT INTO desk.inbox VALUES ($1, $2, $3, $4)", row, kind, sealed, self.clock.day)
        return row

    async def reviewed(self, document: dict[str, Any] | None = None, **review: Any) -> dict[str, Any]:
        """Put a reviewed report in the inbox; returns its document."""
        document = document or a_document()
        await self.put("report", {"report": document, "statement": self.a_review(document, **review)})
        return document

    def a_review(
        self,
        document: Mapping[str, Any],
        *,
        signer: str = "ben",
        author: str = "amina",
        agencies: Sequence[str] = ("harbour-customs",),
        **changes: Any,
    ) -> dict[str, Any]:
        """A review statement as the guard makes it."""
        body = {
            "report_sha256": sha256(canonical(document)).hex(),
            "urn": document["urn"],
            "facts": facts_of(document).to_body(),
            "agencies": list(agencies),
            "author": author,
            "residue_kept": 0,
            "risk_sha256": None,
            "day": TODAY.isoformat(),
            **changes,
        }
        return Statement.make(REVIEW, body, self.signing[signer]).to_json()

    async def released(self, browser: Browser, *, purpose: str = "seizure", **review: Any) -> tuple[str, bytes]:
        """Have a report reviewed, released to the customs service and let out; its release's id and the hash of its ZIP."""
        document = await self.reviewed(**review)
        path = f"/reports/{document['urn'][9:]}/decision"
        await browser.open("/")
        await deconflict(browser, path.removesuffix("/decision"))
        await browser.open(f"{path}?agency=harbour-customs&purpose={purpose}")
        release = (await browser.submit(path)).path[-36:]
        await self.db.execute("UPDATE guard.release SET state = 'released' WHERE id = $1", UUID(release))
        asked = {one["manifest"]["release"]: one for one in await self.asked()}
        return release, sha256(base64.b64decode(asked[release]["zip"]))

    async def told(self, browser: Browser, release: str, kind: str, said: Mapping[str, Any]) -> Page:
        """Seal what an agency said to the desk as the exchange does, take it in, and look at the release."""
        await self.put(kind, {"release": release, "day": self.clock.day.isoformat(), **said})
        await browser.open("/")
        return await browser.open(f"/releases/{release}")

    async def next_version(self, *changes: tuple[str, str]) -> None:
        """Put a further version of the customs agreement into force."""
        stored = await self.db.fetchval("SELECT toml FROM unit.agreement WHERE agency = 'harbour-customs'")
        text = stored.decode().replace("version = 1", "version = 2")
        for old, new in changes:
            text, count = re.subn(old, new, text, flags=re.MULTILINE)
            assert count == 1
        await agree(self.db, self.settings, text.encode(), today=TODAY)

    async def asked(self, reader: str = "ben") -> list[dict[str, Any]]:
        """What waits at the guard, opened with a signer's release key."""
        rows = await self.db.fetch("SELECT sealed FROM guard.release ORDER BY requested_on, id")
        return [parse(age.open_(row["sealed"], [self.release_keys[reader]])) for row in rows]

    async def counts(self) -> tuple[int, int]:
        """Rows in the desk's ledger and at the guard."""
        desk = await self.db.fetchval("SELECT count(*) FROM desk.release")
        return desk, await self.db.fetchval("SELECT count(*) FROM guard.release")


@pytest.fixture
async def room(
    settings: Settings, practice_unit: Practice, inside_db: Db, role_pool: RolePool
) -> AsyncIterator[DeskRoom]:
    unit = practice_unit
    clock = Clock()
    server = TestServer(make_desk(settings, await role_pool("tipline_desk"), clock))
    contents = {
        name: parse(age.open_passphrase(row["sealed"], unit.cards["guard", name].passphrase))
        for name in ("amina", "ben", "clara")
        for row in [await inside_db.fetchrow("SELECT sealed FROM guard.account WHERE name = $1", name)]
    }
    amina = await inside_db.fetchval("SELECT sealed FROM corridor.account WHERE name = 'amina'")
    corridor = parse(age.open_passphrase(amina, unit.cards["corridor", "amina"].passphrase))["identity"]
    vault = (settings.inside / "corridor" / "keyring" / "vault" / "1.age").read_bytes()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(server)
        yield DeskRoom(
            settings=settings,
            unit=unit,
            db=inside_db,
            url=str(server.make_url("/")),
            clock=clock,
            stack=stack,
            signing={
                name: SigningKey.from_seed(Secret(bytes.fromhex(c["signing_seed"]))) for name, c in contents.items()
            },
            release_keys={name: identity(c["release_identity"]) for name, c in contents.items()},
            corridor_vault=identity(age.open_(vault, [identity(corridor)]).decode()),
        )


async def deconflict(browser: Browser, report: str, answer: str = "clear") -> Page:
    """Answer, on the page of a report's sharing, whether it is somebody's source or operation."""
    await browser.open(f"{report}/share")
    return await browser.submit("/deconfliction", asked="Deconfliction centre", answer=answer)


def identity(text: str) -> age.Identity:
    return age.Identity.parse(Secret(text.encode()))


def a_document(**changes: Any) -> dict[str, Any]:
    """A report document with two facts."""
    return {
        "format": "tipline/report/v1",
        "urn": f"urn:uuid:{uuid4()}",
        "title": "Scales moved as dried fish through a cold store",
        "summary": "Blue drums declared as dried fish leave a cold store near the harbour. They hold pangolin scales.",
        "items": [
            {"text": "Drums were moved before dawn.", "scheme": "3x5x2", "source": "2", "information": "D"},
            {"text": "One drum held scales.", "scheme": "3x5x2", "source": "2", "information": "C"},
        ],
        "handling": "C",
        "action": "A1",
        "sanitisation": "S2",
        "subject": ["goods.pangolin", "wildlife.smuggling"],
        "date": (TODAY - timedelta(days=1)).isoformat(),
        **changes,
    }


def facts_of(document: Mapping[str, Any]) -> ReportFacts:
    """The facts that a review of this document states."""
    report = Report.parse(document)
    return replace(
        STATED,
        agencies=None,
        subjects=frozenset(report.subjects),
        grades=tuple(item.grade for item in report.items),
        handling=report.handling,
        suspected_false=any(data.scheme().is_suspected_false(item.grade) for item in report.items),
        reviewed=True,
        date=report.date,
        risk=RiskFact.ASSESSED,
        immunity=False,
    )
