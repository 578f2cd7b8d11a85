"""A release from the first look to the package that leaves: load, decide, sign, store. With anything missing, nothing leaves."""

import asyncio
import base64
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from crypto import age
from crypto.digest import acknowledgement_check, sha256
from handling.guard import agreed, consented, counts, store
from handling.guard.asked import ReleaseAsked
from handling.guard.counts import Question
from handling.guard.keys import Keys
from handling.guard.listed import line_sha256
from handling.guard.refusal import NOT_OVER_THIS, ChangedError, MovedError, NoWordError, Refused, RefusedError
from handling.guard.scan import scan
from handling.guard.seal import seal
from handling.guard.service import Case, Guard, Hand, Turn, case, turn, with_keys
from handling.guard.sign import Signed
from handling.guard.store import SealedRequest, Signature, State
from handling.guard.verify import STATEMENT, Examined, Held, check_signed, examine, verify
from handling.rules import consent
from handling.rules.consent import Given
from handling.rules.manifest import Manifest, ManifestError
from handling.rules.recipient import RecipientKey, sealed_to
from handling.rules.release import Kind
from handling.signing import Handed
from handling.store import agencies, agreements, members
from handling.store.agencies import Agency, AgencyKeyError
from handling.store.agreements import DamagedAgreementError
from handling.store.members import MemberList
from handling.undersigned import Ours, judged
from tipline.base.database import Db, TakenError

_VOID = (
    "The first signature counts for nothing any more, and nobody can add a second one. It has to be asked for again."
)


@dataclass(frozen=True, slots=True)
class ReleaseView:
    """A release as its signer reads it; every check but the missing signatures has passed."""

    turn: Turn
    listed: MemberList
    examined: Examined
    seen: str
    question: Question | None


async def open_(guard: Guard, release: UUID, hand: Hand, today: date) -> ReleaseView:
    """Open a release for one signer; the keys are forgotten before this returns.

    Raises:
        RefusedError: it could not leave whoever signed; with every reason.
    """
    async with guard.pool.acquire() as db:
        before = await case(guard, db, Kind.MANIFEST, release, who=hand.who, today=today)
        async with with_keys(guard, db, before.member, before.listed, hand.passphrase) as keys:
            asked, examined, _ = await _whole(guard, db, keys, before)
    whose = turn(Kind.MANIFEST, before.row.request, before.member, before.listed)
    question = counts.question(before.member, STATEMENT, examined.body)
    return ReleaseView(whose, before.listed, examined, asked.seen, question)


async def sign(guard: Guard, release: UUID, hand: Hand, today: date) -> State:
    """Give the next signature; the second one lets the package out. Returns the state that was reached."""
    async with guard.pool.acquire() as db:
        before = await case(guard, db, Kind.MANIFEST, release, who=hand.who, today=today)
        async with with_keys(guard, db, before.member, before.listed, hand.passphrase) as keys:
            asked, examined, earlier = await _whole(guard, db, keys, before)
            if asked.seen != hand.seen:
                raise ChangedError
            statement = keys.sign(STATEMENT, examined.body)
            answer = counts.answered(before.member, statement, hand.assertion)
            mine = Signature(hand.who, statement.signatures[0].signature, answer)
            if earlier and examined.review.facts.immunity is not False and not hand.immunity:
                raise NoWordError
            return await _add(guard, db, keys, before, examined=examined, signatures=(*earlier, mine))


async def content(guard: Guard, db: Db, keys: Keys, before: Case) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is signed, for somebody who signs on their own machine: the package, and every other thing whose hash is signed."""
    asked, examined, _ = await _whole(guard, db, keys, before)
    return examined.body, {
        "zip": base64.b64encode(asked.archive).decode(),
        "review": asked.review.to_json(),
        "deconfliction": asked.deconfliction.to_body(),
        "agreement": (await agreements.toml(db, examined.agreement)).decode(),
        "members": (await members.statement(db, before.listed)).decode(),
        "consents": {
            digest: one.data.decode()
            for one in asked.consents
            for digest in [sha256(consent.named(examined.manifest.report, one.sha256.hex())).hex()]
            if digest in examined.manifest.consents
        },
    }


async def hand_in(guard: Guard, db: Db, keys: Keys, before: Case, handed: Handed) -> State:
    """Add a signature that was made elsewhere; *keys* are those of who hands it in, and open what it must be over."""
    _, examined, earlier = await _whole(guard, db, keys, before)
    if not handed.is_over(examined.body, before.listed.member(handed.signer).signing):
        raise RefusedError(Refused((NOT_OVER_THIS,)))
    mine = Signature(handed.signer, handed.signature)
    return await _add(guard, db, keys, before, examined=examined, signatures=(*earlier, mine))


async def _add(
    guard: Guard, db: Db, keys: Keys, before: Case, *, examined: Examined, signatures: tuple[Signature, ...]
) -> State:
    """Store the newest of *signatures*; the second one lets the package out, signed with the package keys that *keys* open."""
    if len(signatures) == 1:
        return await _sign_first(db, before.row, signatures[0])
    signed = await asyncio.to_thread(_let_out, guard, examined, signatures, keys, before.listed)
    await _release(db, before.row, signatures[-1], signed, before.today)
    return State.RELEASED


def _let_out(
    guard: Guard, examined: Examined, signatures: tuple[Signature, ...], keys: Keys, listed: MemberList
) -> Signed:
    """Verify, seal and sign, in that order and in no other: each step takes what only the one before can make."""
    verified = verify(examined, signatures, listed)
    if isinstance(verified, Refused):
        raise RefusedError(verified)
    return guard.package_keys.sign(seal(verified), keys, listed)


async def _sign_first(db: Db, row: SealedRequest, mine: Signature) -> State:
    async with db.transaction():
        if not await store.sign_release_once(db, row.request.id, sealed_sha256=sha256(row.sealed)):
            raise MovedError
        await counts.used(db, mine.assertion)
        await store.add_signature(db, row.request.id, Kind.MANIFEST, mine)
    return State.SIGNED_ONCE


async def _release(db: Db, row: SealedRequest, mine: Signature, signed: Signed, today: date) -> None:
    """Signature, state and package: all of them, or none."""
    try:
        async with db.transaction():
            if not await store.mark_released(db, row.request.id, sealed_sha256=sha256(row.sealed)):
                raise MovedError
            await counts.used(db, mine.assertion)
            await store.add_signature(db, row.request.id, Kind.MANIFEST, mine)
            await store.add_package(db, _package(signed, today))
            await store.keep_line(db, row.request.id, _line(signed))
    except TakenError:
        raise RefusedError(Refused(("A package of this release has left already. None leaves twice.",))) from None


def _line(signed: Signed) -> bytes:
    examined = signed.sealed.verified.examined
    return line_sha256(examined.manifest, sha256(examined.scanned.archive).hex())


def _package(signed: Signed, today: date) -> store.Package:
    examined = signed.sealed.verified.examined
    manifest = examined.manifest
    return store.Package(
        id=manifest.release,
        agency=manifest.agency,
        channel=signed.sealed.channel.value,
        sealed=signed.sealed.data,
        signature=signed.signature,
        check=acknowledgement_check(sha256(examined.scanned.archive)),
        released_on=today,
        acknowledge_by=manifest.acknowledge_by,
        feedback_due=manifest.feedback_due,
        delete_by=manifest.delete_by,
    )


async def _whole(
    guard: Guard, db: Db, keys: Keys, before: Case
) -> tuple[ReleaseAsked, Examined, tuple[Signature, ...]]:
    """Everything there is of a release; where it changed after a first signature, that one is void and the request ends."""
    try:
        asked, examined = await _examined(guard, db, keys, before)
        return asked, examined, await _signatures(db, examined, before)
    except RefusedError as error:
        if before.row.request.state is not State.SIGNED_ONCE:
            raise
        reasons = (*error.refused.reasons, _VOID)
        sealed = await asyncio.to_thread(age.seal, " ".join(reasons).encode(), [before.listed.desk_intake])
        await store.void_release(db, before.row.request.id, sealed_sha256=sha256(before.row.sealed), reason=sealed)
        raise RefusedError(Refused(reasons)) from None


async def _examined(guard: Guard, db: Db, keys: Keys, before: Case) -> tuple[ReleaseAsked, Examined]:
    """Open what was asked and hold it against everything the guard reads for itself."""
    asked = ReleaseAsked.read(await asyncio.to_thread(keys.open, before.row.sealed))
    try:
        manifest = Manifest.from_body(asked.manifest)
    except ManifestError:
        raise RefusedError(Refused(("What was asked for has no manifest in the agreed format.",))) from None
    given = await consented.judged(guard, db, manifest, asked, before.listed)
    held = await _held(guard, db, manifest, before, answer=await counts.beside(db, asked.review), consents=given)
    result = await asyncio.to_thread(_check, asked, manifest, held, guard.inside(before.listed), before.today)
    if isinstance(result, Refused):
        raise RefusedError(result)
    return asked, result


def _check(
    asked: ReleaseAsked, manifest: Manifest, held: Held, inside: frozenset[str], today: date
) -> Examined | Refused:
    scanned = scan(asked.archive, inside)
    return scanned if isinstance(scanned, Refused) else examine(scanned, manifest, asked, held, today)


async def _held(
    guard: Guard,
    db: Db,
    manifest: Manifest,
    before: Case,
    *,
    answer: bytes | None,
    consents: tuple[Given, ...] | None,
) -> Held:
    agency = await agencies.get(db, manifest.agency)
    try:
        agreement = await agreements.active(db, manifest.agency, before.today)
    except DamagedAgreementError:
        agreement = None
    rolled_back = False
    if agency is not None and agreement is not None:
        ours = Ours.of(guard.trust.root, before.listed)
        agreement = await judged(db, agreement, agency, ours)
        rolled_back = await agreed.rolled_back(guard, db, agreement, agency, ours=ours, today=before.today)
    return Held(
        release=before.row.request.id,
        requested_by=before.row.request.requested_by,
        members=before.listed,
        agency=agency,
        recipient=sealed_to(manifest.agency, await asyncio.to_thread(_key, agency) if agency else None),
        agreement=agreement,
        rolled_back=rolled_back,
        consents=consents,
        scheme=guard.scheme,
        unit=guard.unit,
        review_answer=answer,
    )


def _key(agency: Agency) -> RecipientKey | None:
    """The enrolled key as it is, whatever stands beside it. Blocking."""
    try:
        keys = agencies.keys_of(agency)
    except AgencyKeyError:
        return None
    return RecipientKey(keys.channel.value, keys.fingerprint, keys.expires_on)


async def _signatures(db: Db, examined: Examined, before: Case) -> tuple[Signature, ...]:
    """The signatures that are there, each still over exactly this manifest; a first one exists only when signed once."""
    signatures = await store.signatures(db, before.row.request.id, Kind.MANIFEST)
    if len(signatures) != (before.row.request.state is State.SIGNED_ONCE):
        raise RefusedError(Refused(("The signatures on this release do not fit its state.",)))
    if refused := check_signed(examined, signatures, before.listed):
        raise RefusedError(refused)
    return signatures
