"""Whose consent a release may rest on: the exchange says which answers there are, and each is judged here under the agency's own key."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from handling import consents
from handling.consents import SignedAnswer
from handling.guard import notice_store
from handling.guard.asked import FormatError, ReleaseAsked, Review
from handling.guard.service import Guard
from handling.rules.agreements import Purpose
from handling.rules.consent import Asked, ConsentError, Given, Token
from handling.rules.manifest import Manifest
from handling.store import agencies
from handling.store.members import MemberList
from handling.undersigned import Ours, newest_signed
from tipline.base.database import Db


async def judged(
    guard: Guard, db: Db, manifest: Manifest, asked: ReleaseAsked, members: MemberList
) -> tuple[Given, ...] | None:
    """Return the answers about one release that count, in their order; None where the desk did not hand over all there are.

    About it are those about its report, and about each that the review says it is a new version of. Which there are, and in
    which order they came, is read from the exchange, which alone takes them; so none is kept back that takes an earlier one
    back. What the desk hands over beside these counts for nothing.
    """
    purpose = Purpose(manifest.purpose)
    enrolled = {agency.id: agency for agency in await agencies.all_(db)}
    subjects = {
        consents.digest(Asked(one, manifest.agency, purpose, report, manifest.report_sha256).subject)
        for one in enrolled
        for report in (manifest.report, *_version_of(asked))
    }
    known = await notice_store.consents(db, subjects)
    if not known:
        return ()
    by_hash = {one.sha256: one for one in asked.consents}
    if not set(known) <= by_hash.keys():
        return None
    ordered = [by_hash[one] for one in known]
    ours = Ours.of(guard.trust.root, members)
    pinned = {
        name: enrolled[name]
        for name in enrolled.keys() & _originators(ordered)
        if await newest_signed(db, enrolled[name], ours) is not None
    }

    def counts(answer: SignedAnswer, token: Token) -> bool:
        agency = pinned.get(token.asked.originator)
        about = consents.digest(token.asked.subject) in subjects
        return about and agency is not None and consents.is_signed(answer, agency)

    return await asyncio.to_thread(consents.judged, ordered, counts)


def _version_of(asked: ReleaseAsked) -> tuple[str, ...]:
    """What the review says, whoever signed it: `verify` refuses a release whose review does not hold."""
    try:
        return Review.read(asked.review.body).version_of
    except FormatError:
        return ()


def _originators(handed: Sequence[SignedAnswer]) -> set[str]:
    found = set()
    for one in handed:
        with suppress(ConsentError):
            found.add(one.token().asked.originator)
    return found
