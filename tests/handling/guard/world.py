"""A unit with its guard over real databases, and requests as corridor and desk put them there, honest or forged."""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from crypto import age
from crypto.canonical import canonical
from crypto.digest import sha256
from crypto.passphrase import normalise
from crypto.secret import Secret
from crypto.signing import SigningKey
from crypto.statement import Statement
from handling.consents import SignedAnswer
from handling.data import scheme
from handling.desk.reports import Report, Review, Reviewed
from handling.desk.request import package_members
from handling.guard import phrases, releases, reviews
from handling.guard.main import app
from handling.guard.pages import GUARD
from handling.guard.service import Guard, Hand, today
from handling.guard.store import State
from handling.rules import attachments
from handling.rules.agreements import Agreement, Purpose
from handling.rules.attachments import Kind
from handling.rules.consent import Consented, named
from handling.rules.facts import ReportFacts
from handling.rules.grading import Grade, Handling
from handling.rules.manifest import manifest_of
from handling.rules.material import Piece
from handling.rules.package import MANIFEST, pack
from handling.rules.policy import evaluate
from handling.rules.risk import RiskFact
from handling.store import agreements, members
from handling.store.members import MemberList
from tests.handling.rules.samples import STATED
from tests.practice import Practice
from tipline.base import jsons
from tipline.base.database import Db, Pool
from tipline.base.settings import Settings

CUSTOMS, PARKS = "harbour-customs", "river-parks"
Edit = Callable[[dict[str, Any]], None]


def attach(document: dict[str, Any], copies: Sequence[tuple[Kind, bytes]]) -> None:
    """List copies in a report's document."""
    if copies:
        document["attachments"] = [one.to_body() for one, _ in attachments.listed(copies)]


def rest_on(document: dict[str, Any], sent: Sequence[Piece]) -> None:
    """List material in a report's document."""
    if sent:
        document["material"] = [piece.listed() for piece in sent]


def unchanged(_: dict[str, Any]) -> None:
    """Leave it as it is."""


@dataclass(frozen=True, slots=True)
class Forgery:
    """How a request differs from what an honest desk sends. Each part edits what it is named after, in this order."""

    attached: tuple[tuple[Kind, bytes], ...] = ()  # copies that were reviewed with the report
    document: Edit = unchanged  # of the report that is reviewed
    sent: tuple[Piece, ...] = ()  # material that was reviewed with it
    report: Edit = unchanged
    review: Edit = unchanged
    reviewer: SigningKey | None = None
    manifest: Edit = unchanged
    members: Edit = unchanged  # after the manifest was made, so their hashes no longer fit
    archive: Callable[[bytes], bytes] = bytes
    deconfliction: Edit = unchanged
    row: UUID | None = None
    agency: str = CUSTOMS
    requested_by: str = "amina"
    day: date = field(default_factory=today)
    written: Mapping[str, Any] | None = None  # the report, where it is another one than any
    originators: tuple[str, ...] = ()  # whose material the report rests on, by its review
    answers: tuple[SignedAnswer, ...] = ()  # which the desk hands over, and says of each that it holds


HONEST = Forgery()


@dataclass(frozen=True, slots=True)
class World:
    """The unit: amina (handler, analyst), ben (handler), clara (officer)."""

    settings: Settings
    practice: Practice
    listed: MemberList
    guard: Guard
    owner: Db
    corridor: Pool
    desk: Pool

    def passphrase(self, name: str) -> str:
        return self.practice.passphrase("guard", name)

    def hand(self, name: str, seen: str = "") -> Hand:
        return Hand(name, self.passphrase(name), seen)

    async def account(self, name: str) -> Mapping[str, Any]:
        sealed = await self.owner.fetchval("SELECT sealed FROM guard.account WHERE name = $1", name)
        return jsons.parse_object(age.open_passphrase(sealed, normalise(self.passphrase(name))))

    async def signing_key(self, name: str) -> SigningKey:
        return SigningKey.from_seed(Secret(bytes.fromhex((await self.account(name))["signing_seed"])))

    async def agreement(self, agency: str = CUSTOMS) -> Agreement:
        found = await agreements.active(self.owner, agency, today())
        assert found
        return found

    # Reviews ------------------------------------------------------------------------------------------------------

    async def ask_review(
        self, *, author: str = "amina", requested_by: str = "amina", edit: Edit = unchanged, row: UUID | None = None
    ) -> UUID:
        """Put a review where the corridor puts it; *edit* changes the whole request."""
        document = a_report()
        content = {
            "report": document,
            "facts": facts_of(document),
            "agencies": [CUSTOMS],
            "author": author,
            "kept": [],
            "risk": None,
        }
        content["sum_of_knowledge"] = {"earlier": {}, "reason": "Several people know each part of it."}
        edit(content)
        review = row or UUID(content["report"]["urn"])
        readers = [member.release for member in self.listed.members if member.name != requested_by]
        sealed = age.seal(canonical(content), readers)
        sql = "INSERT INTO guard.review (id, sealed, requested_by, requested_on) VALUES ($1, $2, $3, $4)"
        await self.corridor.execute(sql, review, sealed, requested_by, today())
        return review

    async def sign_review(self, review: UUID, name: str = "ben") -> None:
        view = await reviews.open_(self.guard, review, self.hand(name), today())
        await reviews.sign(self.guard, review, self.hand(name, view.asked.seen), today())

    # Releases -----------------------------------------------------------------------------------------------------

    async def ask_release(self, forged: Forgery = HONEST, content: dict[str, Any] | None = None) -> UUID:
        """Put a release where the desk puts it; *content* as `release_content` made it."""
        content = content or await self.release_content(forged)
        row = forged.row or UUID(content["manifest"]["release"])
        readers = [member.release for member in self.listed.members if member.name != forged.requested_by]
        sealed = age.seal(canonical(content), readers)
        sql = "INSERT INTO guard.release (id, sealed, requested_by, requested_on) VALUES ($1, $2, $3, $4)"
        await self.desk.execute(sql, row, sealed, forged.requested_by, today())
        return row

    async def release_content(self, forged: Forgery = HONEST) -> dict[str, Any]:
        """What the desk seals for the signers."""
        document = dict(forged.written or a_report())
        forged.document(document)
        attach(document, forged.attached)
        rest_on(document, forged.sent)
        statement = await self._review(document, forged)
        forged.report(document)
        agreement = await self.agreement(forged.agency)
        report = Report.parse(document)
        review = Review.parse(statement.body, reviewer="ben", statement=statement)
        facts = as_the_desk_says(document, forged)
        decision = evaluate(facts, agreement, agreement.recipient(), Purpose.INTELLIGENCE.value, forged.day)
        assert decision.permits, decision.failing
        assert decision.obligations
        built = package_members(
            Reviewed(report, review, today()),
            agreement,
            decision.obligations,
            purpose=Purpose.INTELLIGENCE,
            unit=self.settings.name,
            copies={one.name: copy for one, copy in attachments.listed(forged.attached)},
        )
        manifest = manifest_of(
            decision,
            agreement,
            release=uuid4(),
            report=report.urn,
            purpose=Purpose.INTELLIGENCE.value,
            facts=facts,
            scheme=scheme(),
            members=built,
            day=forged.day,
        ).to_body()
        forged.manifest(manifest)
        files: dict[str, Any] = {**built, MANIFEST: canonical(manifest)}
        forged.members(files)
        archive = forged.archive(pack(files))
        said = {"asked": "Deconfliction centre", "answer": "clear", "by": "amina", "on": today().isoformat()}
        forged.deconfliction(said)
        return {
            "zip": base64.b64encode(archive).decode(),
            "manifest": manifest,
            "review": statement.to_json(),
            "deconfliction": said,
            **({"consents": [one.to_body() for one in forged.answers]} if forged.answers else {}),
        }

    async def _review(self, document: Mapping[str, Any], forged: Forgery) -> Statement:
        body = {
            "report_sha256": sha256(canonical(dict(document))).hex(),
            "urn": document["urn"],
            "facts": facts_of(document, forged.agency, forged.sent) | _originators(forged),
            "agencies": [forged.agency],
            "author": "amina",
            "residue_kept": 0,
            "risk_sha256": None,
            "day": today().isoformat(),
        }
        forged.review(body)
        return Statement.make("tipline/review/v1", body, forged.reviewer or await self.signing_key("ben"))

    def to_sign(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """The body that a signer of *content* signs under the list of the world's first day."""
        review = Statement.from_json(content["review"]).encode()
        listed = self.listed.sha256.hex()
        return {
            "manifest": content["manifest"],
            "review_sha256": sha256(review).hex(),
            "deconfliction_sha256": sha256(canonical(content["deconfliction"])).hex(),
            "members_sha256": listed,
            "immunity_claimed": False,
        }

    async def sign_release(self, release: UUID, name: str, *, immunity: bool = False) -> State:
        view = await releases.open_(self.guard, release, self.hand(name), today())
        hand = replace(self.hand(name, view.seen), immunity=immunity)
        return await releases.sign(self.guard, release, hand, today())

    async def packages(self) -> int:
        count: int = await self.owner.fetchval("SELECT count(*) FROM exchange.package")
        return count

    async def state(self, table: str, subject: UUID) -> str:
        state: str = await self.owner.fetchval(f"SELECT state FROM guard.{table} WHERE id = $1", subject)
        return state

    async def signed_by(self, subject: UUID) -> list[str]:
        rows = await self.owner.fetch("SELECT signer FROM guard.signature WHERE subject = $1 ORDER BY 1", subject)
        return [row["signer"] for row in rows]

    # Phrases ------------------------------------------------------------------------------------------------------

    async def ask_phrase(self, code: str = "helped") -> UUID:
        outcome = uuid4()
        sql = "INSERT INTO guard.phrase (id, phrase, requested_by, requested_on) VALUES ($1, $2, 'amina', $3)"
        await self.corridor.execute(sql, outcome, code, today())
        return outcome

    async def sign_phrase(self, outcome: UUID, name: str, seen: str = "helped") -> State:
        return await phrases.sign(self.guard, outcome, self.hand(name, seen), today())


async def founded(settings: Settings, practice: Practice, owner: Db, pools: Callable[[str], Any]) -> World:
    """The world over an enrolled practice unit."""
    guard_pool = await pools("tipline_guard")
    listed = await members.load(owner, members.trust(settings.inside, "tests"), today())
    return World(
        settings=settings,
        practice=practice,
        listed=listed,
        guard=app(settings, guard_pool)[GUARD],
        owner=owner,
        corridor=await pools("tipline_corridor"),
        desk=await pools("tipline_desk"),
    )


def a_report() -> dict[str, Any]:
    """A report document with every field."""
    return {
        "format": "tipline/report/v1",
        "urn": f"urn:uuid:{uuid4()}",
        "title": "Ivory moved through the harbour",
        "summary": "Two containers are said to hold worked ivory under furniture.\nThey are expected next week.",
        "items": [
            {"text": "Worked ivory lies under furniture.", "scheme": "3x5x2", "source": "2", "information": "D"},
            {"text": "The agent <Sun & Co> files the papers.", "scheme": "3x5x2", "source": "2", "information": "C"},
        ],
        "handling": "P",
        "action": None,
        "sanitisation": None,
        "subject": ["goods.ivory"],
        "date": (today() - timedelta(days=1)).isoformat(),
    }


def as_the_desk_says(document: Mapping[str, Any], forged: Forgery) -> ReportFacts:
    """The facts from which a desk makes a manifest, where it believes every answer and hides whose material it is else."""
    facts = ReportFacts.from_body(facts_of(document, forged.agency, forged.sent)).as_reviewed()
    consents = frozenset(
        Consented(originator, forged.agency, Purpose.INTELLIGENCE.value, date.max, sha256(name).hex())
        for one in forged.answers
        for name in [named(document["urn"], one.sha256.hex())]
        for originator in forged.originators
    )
    believed = forged.originators and (consents or set(forged.originators) <= {forged.agency})
    return replace(facts, originators=frozenset(forged.originators), consents=consents) if believed else facts


def _originators(forged: Forgery) -> dict[str, Any]:
    """Whose material the review says it rests on, beside that of what was sent."""
    return {"originators": list(forged.originators)} if forged.originators else {}


def facts_of(document: Mapping[str, Any], agency: str = CUSTOMS, sent: Sequence[Piece] = ()) -> dict[str, Any]:
    """The facts that are true of a document."""
    return replace(
        STATED,
        subjects=frozenset(document["subject"]),
        grades=tuple(Grade(item["scheme"], item["source"], item["information"]) for item in document["items"]),
        handling=Handling.of(document["handling"], document["action"], document["sanitisation"]),
        agencies=frozenset({agency}),
        material=tuple(sent),
        originators=frozenset(piece.agency for piece in sent),
        date=date.fromisoformat(document["date"]),
        risk=RiskFact.NOT_NEEDED,
        immunity=False,
    ).to_body()
