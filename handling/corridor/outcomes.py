"""What became of a report, and what its source is told: a fixed phrase that two people signed, or nothing with a reason."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from crypto import age, signing, webauthn
from crypto.canonical import canonical
from crypto.errors import CryptoError, SignatureError
from handling.corridor import items, reading, reports, sealed, seen, threads, tips
from handling.corridor.errors import MeanwhileError, NotThereError, RefusedError
from handling.corridor.items import OpenItem
from handling.corridor.reports import OpenReport
from handling.corridor.session import Handler
from handling.corridor.store import outcomes
from handling.corridor.store.outcomes import Outcome, OutcomeState, Proposal
from handling.rules import feedback, phrases, release
from handling.store.keyring import MissingKeyError
from handling.store.members import MemberList, NotAMemberError
from handling.store.vault import OpenVault
from tipline.base.database import Db, Pool, TakenError
from tipline.base.jsons import JsonError, parse_object

PHRASE = "tipline/phrase/v1"
SHOWN = 100
_REASON_LIMIT = 500  # characters

_log = logging.getLogger("corridor")


@dataclass(frozen=True, slots=True)
class Link:
    """What the desk says of a report: which one, how far it came at an agency, and since which month."""

    report: UUID
    stage: str
    code: str
    tell_source: bool
    month: str
    kept: str = ""
    kept_by: str = ""

    @property
    def label(self) -> str:
        """The agency's answer in words."""
        try:
            return feedback.code(self.stage, self.code).label
        except feedback.FeedbackError:
            return f"{self.stage}: {self.code}"

    @property
    def proposed(self) -> tuple[phrases.Phrase, ...]:
        """Phrases that fit this answer, best first."""
        try:
            fitting = feedback.code(self.stage, self.code).phrases
        except feedback.FeedbackError:
            fitting = ()
        return tuple(phrases.phrase(code) for code in fitting)


@dataclass(frozen=True, slots=True)
class OpenOutcome:
    """One outcome link in clear, or *link* None when it cannot be opened or read."""

    row: Outcome
    link: Link | None


@dataclass(frozen=True, slots=True)
class Case:
    """Everything a handler needs to decide what the source is told."""

    outcome: OpenOutcome
    report: OpenReport | None
    items: tuple[OpenItem, ...]
    proposal: Proposal | None
    refusal: str
    signers: tuple[str, ...]


async def listing(db: Db, vault: OpenVault, *, limit: int = SHOWN) -> tuple[OpenOutcome, ...]:
    """Open the newest outcome links."""

    async def look(hidden: Sequence[UUID]) -> tuple[OpenOutcome, ...]:
        rows = await outcomes.newest(db, limit=limit, hidden=hidden)
        return await asyncio.to_thread(lambda: tuple(_open(vault, row) for row in rows))

    return await seen.steadily(vault, look)


async def reseal(pool: Pool, handler: Handler) -> None:
    """Put links that came sealed to the vault under their reports' record keys; from then on they are hidden with them.

    A link that names another report than the desk said stays as it came, and is shown as one that cannot be opened.
    """
    hidden = await seen.hidden(handler.vault)
    async with pool.acquire() as db:
        for row in await outcomes.unsealed(db, hidden):
            found = (await asyncio.to_thread(_open, handler.vault, row)).link
            if found is None:
                continue
            with suppress(MissingKeyError):
                content = await asyncio.to_thread(_under_report, handler.vault, row, found)
                await outcomes.reseal(db, row.id, content)


async def case(db: Db, handler: Handler, outcome: UUID) -> Case:
    """Open one outcome with its report, the items it was written from and what was proposed."""
    found = await _get(db, handler.vault, outcome)
    report: OpenReport | None = None
    chosen: tuple[OpenItem, ...] = ()
    if found.link is not None:
        known = await reports.some(db, handler.vault, [found.link.report])
        report = known[0] if known else None
    if report is not None:
        of_tip = await items.of_tip(db, handler.vault, report.draft.tip, report.draft.thread)
        used = {item.item for item in report.draft.items}
        chosen = tuple(item for item in of_tip if item.id in used)
    proposal = await outcomes.proposal(db, outcome)
    reason = "" if proposal is None or proposal.reason is None else reports.refusal(handler.vault, proposal.reason)
    signers = tuple(sorted(await outcomes.signatures(db, outcome)))
    return Case(found, report, chosen, proposal, reason, signers)


async def propose(pool: Pool, handler: Handler, outcome: UUID, code: str, today: date) -> None:
    """Ask the guard for the two signatures on a phrase, for the first time or after one that was refused.

    Raises:
        NotThereError, RefusedError, MeanwhileError: no such outcome; no such phrase or thread; decided already.
    """
    async with pool.acquire() as db, db.transaction():
        found = await case(db, handler, outcome)
        if found.report is None:
            raise RefusedError("The report of this outcome is not in the corridor, so nobody can be told.")
        try:
            phrase = phrases.phrase(code)
        except phrases.NoSuchPhraseError:
            raise RefusedError("Choose one of the phrases.") from None
        await tips.locked(db, handler.vault, found.report.draft.tip)  # a decision on its readers comes before or after
        try:
            allowed = await asyncio.to_thread(reading.readers, handler.vault, handler.members, found.report.row.id)
            again = await outcomes.clear_refused(db, outcome)
            await outcomes.propose(
                db,
                outcome=outcome,
                phrase=phrase.code,
                requested_by=handler.member.name,
                requested_on=today,
                shown_to=reading.shown_to(handler.members, allowed),
            )
        except TakenError:
            raise MeanwhileError from None
        was = OutcomeState.PROPOSED if again else OutcomeState.RECEIVED
        if not await outcomes.set_state(db, outcome, was=was, now=OutcomeState.PROPOSED):
            raise MeanwhileError


async def keep(pool: Pool, handler: Handler, outcome: UUID, reason: str) -> None:
    """Decide that the source is told nothing of this, and keep why.

    Raises:
        NotThereError, RefusedError, MeanwhileError: no such outcome; no reason; decided already.
    """
    reason = reason.strip()
    if not reason or len(reason) > _REASON_LIMIT:
        raise RefusedError(f"Write down why the source is told nothing, in at most {_REASON_LIMIT} characters.")
    async with pool.acquire() as db, db.transaction():
        found = await _get(db, handler.vault, outcome)
        if found.link is None:
            raise RefusedError("This outcome cannot be opened, so nothing can be decided on it.")
        decided = replace(found.link, kept=reason, kept_by=handler.member.name)
        try:
            content, resealed = await asyncio.to_thread(_under_report, handler.vault, found.row, decided), True
        except MissingKeyError:  # the report is not in the corridor, so its link stays under the vault
            vault = [handler.members.corridor_vault]
            content, resealed = await asyncio.to_thread(age.seal, canonical(_body(decided)), vault), False
        if not await outcomes.keep(db, outcome, content, resealed=resealed):
            raise MeanwhileError


async def send_approved(pool: Pool, handler: Handler, now: datetime) -> int:
    """Queue each phrase whose two signatures verify against today's member list; return how many.

    The guard's word that a phrase is approved counts for nothing here: signatures, signers and duties are checked anew.
    """
    sent = 0
    async with pool.acquire() as db:
        approved = await outcomes.approved(db, await seen.hidden(handler.vault))
    for outcome, proposal in approved:
        async with pool.acquire() as db, db.transaction():
            sent += await _send(db, handler, outcome, proposal, now)
    return sent


async def _send(db: Db, handler: Handler, outcome: Outcome, proposal: Proposal, now: datetime) -> bool:
    signatures = await outcomes.signatures(db, outcome.id)  # 1 load
    link = (await asyncio.to_thread(_open, handler.vault, outcome)).link
    if not is_approved(handler.members, proposal, signatures) or link is None:  # 2 decide
        _log.warning("a phrase is called approved without two good signatures of this unit's members; it is not sent")
        return False
    known = await reports.some(db, handler.vault, [link.report])
    if not known:
        return False
    if not await outcomes.set_state(db, outcome.id, was=OutcomeState.PROPOSED, now=OutcomeState.TOLD):  # 3 store
        return False
    await threads.send(
        db,
        handler.vault,
        known[0].draft.thread,
        kind="phrase",
        text=proposal.phrase,
        author=handler.member.name,
        now=now,
    )
    return True


def is_approved(members: MemberList, proposal: Proposal, signatures: Mapping[str, tuple[bytes, bytes | None]]) -> bool:
    """Whether the right people have signed exactly this phrase for exactly this outcome, with their authenticators if any."""
    payload = canonical({"outcome": str(proposal.id), "phrase": proposal.phrase})
    duties = {member.name: {duty.value for duty in member.duties} for member in members.members}
    try:
        phrases.phrase(proposal.phrase)
        for name, (signature, answer) in signatures.items():
            member = members.member(name)
            signing.verify(member.signing, PHRASE, payload, signature)
            if not webauthn.answered(member.authenticators, PHRASE, payload, answer):
                return False
    except (SignatureError, NotAMemberError, phrases.NoSuchPhraseError):
        return False
    return release.is_complete(release.Kind.PHRASE, proposal.requested_by, tuple(signatures), duties)


async def _get(db: Db, vault: OpenVault, outcome: UUID) -> OpenOutcome:
    async def look(hidden: Sequence[UUID]) -> OpenOutcome:
        row = await outcomes.get(db, outcome, hidden)
        if row is None:
            raise NotThereError
        return await asyncio.to_thread(_open, vault, row)

    return await seen.steadily(vault, look)


def _open(vault: OpenVault, row: Outcome) -> OpenOutcome:
    """Open a link under whichever key it is; one that names another report than the desk said is not believed."""
    try:
        if row.resealed:
            link = _link(sealed.unseal(vault.record(row.report), row.sealed, table="outcome", row=row.id))
        else:
            link = _link(parse_object(vault.unseal(row.sealed)))
    except (CryptoError, JsonError, KeyError, TypeError, ValueError, AttributeError):
        return OpenOutcome(row, None)
    return OpenOutcome(row, link if link.report == row.report else None)


def _under_report(vault: OpenVault, row: Outcome, link: Link) -> bytes:
    return sealed.seal(vault.record(row.report), _body(link), table="outcome", row=row.id)


def _link(body: Mapping[str, Any]) -> Link:
    return Link(
        report=UUID(body["urn"].removeprefix("urn:uuid:")),
        stage=str(body["stage"]),
        code=str(body["code"]),
        tell_source=body["tell_source"] is True,
        month=str(body["month"]),
        kept=str(body.get("kept", "")),
        kept_by=str(body.get("kept_by", "")),
    )


def _body(link: Link) -> dict[str, Any]:
    return {
        "urn": f"urn:uuid:{link.report}",
        "stage": link.stage,
        "code": link.code,
        "tell_source": link.tell_source,
        "month": link.month,
        "kept": link.kept,
        "kept_by": link.kept_by,
    }
