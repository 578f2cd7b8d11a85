"""The unit at work while processes die: tips read and replied to, reports written, reviewed, requested and released."""

import asyncio
import random
import re
from collections import defaultdict
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from tests.journeys.answers import ANSWERED
from tests.journeys.browser import JourneyError, Page
from tests.journeys.installation import Installation
from tests.journeys.killing import Killer
from tests.journeys.stubborn import TRIES, Source, Worker

_TIP = re.compile(r"tip (\d{5}): boxes|The first message of this thread has not come yet")
_REPORT = re.compile(r"/reports/([0-9a-f-]{36})$")
_GUARD_KILLS = 1  # around one signature at most
ASKED, YES = "is the shed still in use?", "yes, every night"


@dataclass(frozen=True, slots=True)
class Release:
    """A release that the officer saw leave."""

    id: str
    report: str
    agency: str


@dataclass(slots=True)
class Told:
    """What its people saw done.

    Attributes:
        replies: by the tip's number, each text that the handler saw in the dialogue.
        releases: those that the officer saw released.
    """

    replies: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    releases: list[Release] = field(default_factory=list)


_WEIGHT = 4.0  # of an act of the unit, which costs a passphrase or several pages


class Office:
    """Amina writes reports, ben replies and reviews, clara signs second."""

    def __init__(self, on: Installation, killer: Killer, chance: random.Random) -> None:
        self.told = Told()
        self._killer = killer
        self._chance = chance

        def worker(process: str, name: str) -> Worker:
            return Worker(on, process, name, lambda: killer.heard(_WEIGHT))

        self._amina, self.ben = worker("corridor", "amina"), worker("corridor", "ben")
        self._desk = worker("desk", "amina")
        self._signers = [worker("guard", name) for name in ("ben", "clara")]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in (self._amina, self._desk, self.ben, *self._signers):
            await worker.close()

    async def replies(self, done: asyncio.Event, *, least: int) -> None:
        """Ben looks at the list, which re-seals what has come, and replies to one tip of it after another."""
        while not done.is_set() or sum(map(len, self.told.replies.values())) < least:
            tips = tips_of(await self.ben.look("/"))
            if tips:
                number, path = self._chance.choice(tips)
                await self._reply(number, path)
            await asyncio.sleep(0.5)

    async def come_back(self, sources: list[Source], done: asyncio.Event, *, least: int) -> None:
        """Sources with a reply come back and answer it once they can read it."""
        while not done.is_set() or sum(len(one.answers) for one in sources) < least:
            open_ = [
                (sources[number], reply)
                for number, replies in self.told.replies.items()
                for reply in replies
                if sources[number].codename and answer_to(reply) not in sources[number].answers
            ]
            if open_:
                source, reply = self._chance.choice(open_)
                if await source.answers_to(reply, answer_to(reply)):
                    self._killer.heard()
            await asyncio.sleep(0.3)

    async def releases(self, done: asyncio.Event, *, least: int) -> None:
        """One case after another from a tip to a package that has left: at least *least*, and until *done*."""
        while len(self.told.releases) < least or not done.is_set():
            await self._case(len(self.told.releases))

    async def _reply(self, number: int, path: str) -> None:
        text = f"reply ({number}.{len(self.told.replies[number])}): {ASKED}"

        async def seen(ben: Worker) -> bool:
            return text in (await ben.open(path)).text

        async def send(ben: Worker) -> None:
            await ben.submit("/reply", text=text)

        await self.ben.until(f"reply to tip {number}", seen, send)
        self.told.replies[number].append(text)

    async def _case(self, number: int) -> None:
        title, agency = f"Tusks in the shed, number {number}", ("harbour-customs", "river-parks")[number % 2]
        tip = await self._some_tip()
        await self._items(tip, number)
        report = await self._write(tip, title)
        await self._sign(self._signers[0], f"/reviews/{report}", "It is signed. The report is with the desk.")
        release = await self._request(report, agency, "investigation" if agency == "harbour-customs" else "protection")
        await self._sign(self._signers[0], f"/releases/{release}", "Signed by")
        await self._sign(self._signers[1], f"/releases/{release}", "The package has left.")
        self.told.releases.append(Release(release, report, agency))

    async def _some_tip(self) -> str:
        for _ in range(TRIES):
            if tips := tips_of(await self._amina.look("/")):
                return self._chance.choice(tips)[1]
            await asyncio.sleep(0.5)
        raise JourneyError("no tip comes in, so nobody can begin a report")

    async def _items(self, tip: str, number: int) -> None:
        for text in (f"Tusks lie in a shed, number {number}.", f"They are moved at night, number {number}."):

            async def there(amina: Worker, text: str = text) -> bool:
                return text in (await amina.open(f"{tip}/items")).text

            async def add(amina: Worker, text: str = text) -> None:
                await amina.submit("/items", text=text)

            await self._amina.until("add an item", there, add)
        page = await self._amina.look(f"{tip}/items")
        for link in sorted({href for href, _ in page.links if href.endswith("/grade")}):
            await self._grade(link)

    async def _grade(self, link: str) -> None:
        graded = False

        async def done(_: Worker) -> bool:
            return graded

        async def grade(amina: Worker) -> None:
            nonlocal graded
            await amina.open(link)
            await amina.submit("/grade", source="2", information="C", reason="Told by a cousin who drives there.")
            graded = True

        await self._amina.until("grade an item", done, grade)

    async def _write(self, tip: str, title: str) -> str:
        """Begin a report, finish it and queue it; a draft whose beginning was lost from view stays unfinished."""
        report = ""

        async def begun(_: Worker) -> bool:
            return bool(report)

        async def begin(amina: Worker) -> None:
            nonlocal report
            page = await amina.open(f"{tip}/items")
            page = await amina.submit("/report", item=list(page.form("/report").choices("item")))
            report = _REPORT.search(page.path)[1]  # type: ignore[index] - else it is no report's page, and that is an error

        async def queued(amina: Worker) -> bool:
            return "Waits for review" in (await amina.open(f"/reports/{report}")).text

        async def queue(amina: Worker) -> None:
            await amina.submit(
                f"/reports/{report}",
                title=title,
                summary="Tusks are being stored and moved.",
                handling="P",
                subject=["goods.ivory"],
                agency=["harbour-customs", "river-parks"],
                **ANSWERED,
                sum_of_knowledge="Several people know each part of it.",
                act="queue",
            )

        await self._amina.until("begin a report", begun, begin)
        await self._amina.until("queue a report", queued, queue)
        return report

    async def _request(self, report: str, agency: str, purpose: str) -> str:
        release = ""
        address = f"/reports/{report}/decision?agency={agency}&purpose={purpose}"

        async def requested(_: Worker) -> bool:
            return bool(release)

        async def request(desk: Worker) -> None:
            nonlocal release
            await desk.open("/")  # takes in what was reviewed
            page = await desk.open(f"/reports/{report}")
            before = [href for href, _ in page.links if "/releases/" in href]  # asked for, and the answer was lost
            if not before:
                if not (await desk.open(f"/reports/{report}/share")).ids.get("proposed"):
                    await desk.submit("/deconfliction", asked="Deconfliction centre", answer="clear")
                await desk.open(address)
                before = [(await desk.submit("/decision")).path]
            release = before[0].rsplit("/", 1)[1]

        await self._desk.until("request a release", requested, request)
        return release

    async def _sign(self, signer: Worker, path: str, words: str) -> None:
        kills = self._chance.randrange(_GUARD_KILLS + 1)

        async def signed(one: Worker) -> bool:
            page = await one.open(path)
            return words in page.text and not any(form.action.endswith("/open") for form in page.forms)

        async def sign(one: Worker) -> None:
            nonlocal kills
            await one.submit("/open", passphrase=one.passphrase)
            if not kills:
                await one.submit("/sign", passphrase=one.passphrase)
                return
            kills -= 1
            signing = asyncio.create_task(one.submit("/sign", passphrase=one.passphrase))
            await asyncio.sleep(self._chance.uniform(0.2, 1.2))  # what comes before the signature takes most of this
            self._killer.kill("guard")
            await signing

        await signer.until(f"sign {path}", signed, sign)


def answer_to(reply: str) -> str:
    """What its source answers to a reply."""
    return f"answer {reply.split()[1].rstrip(':')} {YES}"


def tips_of(page: Page) -> list[tuple[int, str]]:
    """Number and address of each tip in a list, but for those whose first message is still on its way."""
    numbers = [found[1] for found in _TIP.finditer(page.text)]
    paths = [href for href, _ in page.links if re.search(r"/tips/[0-9a-f-]{36}$", href)]
    if len(numbers) != len(paths):
        raise JourneyError(f"the list has {len(paths)} tips, and {len(numbers)} texts as sources wrote them")
    return [(int(number), path) for number, path in zip(numbers, paths, strict=True) if number]
