"""pure: the clauses that look at no report: agreement, agency, purpose and day. Each answers for itself."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

from handling.rules.agreements import Agreement, Side, activation_problems
from handling.rules.recipient import Recipient
from handling.rules.terms import WORLD, Encryption
from handling.rules.verdicts import Verdict, deny, permit


@dataclass(frozen=True, slots=True)
class Standing:
    """All that a decision looks at beside the report: one agreement, whoever would receive, what for, and the day."""

    agreement: Agreement
    recipient: Recipient
    purpose: str
    today: date


_PARTY = permit("agency/party", "The agency is the party of the agreement.", "agency")
_NOT_PARTY = deny("agency/not-party", "The agreement is with another agency.", "agency")


def _party(standing: Standing) -> Verdict:
    """The agreement is with the agency that would receive, and with nobody else."""
    agency = standing.recipient.agency
    return Verdict(_PARTY if agency == standing.agreement.agency.id else _NOT_PARTY, (agency,))


_NOT_YET = deny("dates/not-yet-valid", "The agreement is not valid yet.", "valid_from")
_EXPIRED = deny("dates/expired", "The agreement has expired.", "expires_on")
_PAST_REVIEW = permit(
    "dates/past-review",
    "The agreement is past its review day. It still holds; review it with the agency.",
    "review_by",
    warning=True,
)
_IN_FORCE = permit("dates/in-force", "The agreement is in force.", "expires_on")


def _validity(standing: Standing) -> Verdict:
    """The first and the last day count; past review the agreement still holds, with a warning."""
    agreement, today = standing.agreement, standing.today
    if today < agreement.valid_from:
        return Verdict(_NOT_YET, (agreement.valid_from,))
    if today > agreement.expires_on:
        return Verdict(_EXPIRED, (agreement.expires_on,))
    if today > agreement.review_by:
        return Verdict(_PAST_REVIEW, (agreement.review_by,))
    return Verdict(_IN_FORCE, (agreement.expires_on,))


_SUSPENDED = deny("suspension/suspended", "The agreement is suspended.", "since")
_NOT_SUSPENDED = Verdict(permit("suspension/none", "The agreement is not suspended."))


def _suspension(standing: Standing) -> Verdict:
    agreement = standing.agreement
    return Verdict(_SUSPENDED, (agreement.suspended_since,)) if agreement.suspended else _NOT_SUSPENDED


_SIGNED = Verdict(permit("signatures/both", "Both sides have signed these bytes."))
_UNSIGNED = deny("signatures/missing", "A side has not signed these bytes.", "missing")


def _signatures(standing: Standing) -> Verdict:
    """An agreement is one only when each side has signed exactly its bytes."""
    missing = frozenset(Side) - standing.agreement.signed
    return Verdict(_UNSIGNED, (missing,)) if missing else _SIGNED


_BASIS = Verdict(permit("basis/stated", "Both sides have stated their lawful basis."))
_NO_BASIS = deny("basis/missing", "A lawful basis is missing in the agreement.", "missing")


def _lawful_basis(standing: Standing) -> Verdict:
    """Each side has written down by which law it shares."""
    missing = activation_problems(standing.agreement)
    return Verdict(_NO_BASIS, (frozenset(problem.path for problem in missing),)) if missing else _BASIS


_PURPOSE = permit("purpose/agreed", "The purpose is agreed.", "purpose")
_OTHER_PURPOSE = deny("purpose/not-agreed", "The agreement does not cover this purpose.", "purpose", "agreed")


def _purpose(standing: Standing) -> Verdict:
    """One purpose of the closed set, and one that was agreed; use for another needs new consent."""
    purposes = standing.agreement.purposes
    if any(standing.purpose == purpose.value for purpose in purposes):
        return Verdict(_PURPOSE, (standing.purpose,))
    return Verdict(_OTHER_PURPOSE, (standing.purpose, purposes))


_KEY = permit("key/pinned", "The agency's key is the one that both sides agreed on.", "fingerprint")
_NO_KEY = Verdict(deny("key/unknown", "No key of the agency is known, so nothing can be sealed to it."))
_OTHER_KEY = deny(
    "key/not-pinned", "The agency's key is not the one that the agreement pins by its fingerprint.", "fingerprint"
)
_KEY_EXPIRED = deny("key/expired", "The agency's key has expired.", "expired_on")


def _key(standing: Standing) -> Verdict:
    """The enrolled key is known, is the agreed one, and neither it nor the agreement says that its time is over."""
    key, party = standing.recipient.key, standing.agreement.agency
    if key is None:
        return _NO_KEY
    if not standing.agreement.pins(key.channel, key.fingerprint):
        return Verdict(_OTHER_KEY, (key.fingerprint,))
    ends = [day for day in (key.expires_on, party.key_expires_on) if day is not None]
    if ends and standing.today > min(ends):
        return Verdict(_KEY_EXPIRED, (min(ends),))
    return Verdict(_KEY, (key.fingerprint,))


_ENCRYPTED = Verdict(permit("encryption/kept", "The way to the agency keeps it encrypted as agreed."))
_IN_CLEAR = deny("encryption/missing", "The way to the agency does not keep it encrypted as agreed.", "missing")


def _encryption(standing: Standing) -> Verdict:
    """Where encryption is a duty, the way must be known to keep it, in transit and at rest."""
    agreed, recipient = standing.agreement.encryption, standing.recipient
    missing = []
    if agreed.in_transit is Encryption.MUST and recipient.in_transit is not True:
        missing.append("in transit")
    if agreed.at_rest is Encryption.MUST and recipient.at_rest is not True:
        missing.append("at rest")
    return Verdict(_IN_CLEAR, (frozenset(missing),)) if missing else _ENCRYPTED


_TRANSFER = permit("transfer/inside", "The agency keeps it in a country that was agreed.", "country")
_ABROAD = deny("transfer/outside", "The agency would keep it in a country that was not agreed.", "country", "agreed")


def _transfer(standing: Standing) -> Verdict:
    """The country in which the agency keeps what it receives is one of those agreed."""
    country, agreed = standing.agreement.agency.country, standing.agreement.geography.transfer
    if WORLD in agreed or country in agreed:
        return Verdict(_TRANSFER, (country,))
    return Verdict(_ABROAD, (country, agreed))


STANDING: Final[tuple[Callable[[Standing], Verdict], ...]] = (
    _party,
    _validity,
    _suspension,
    _signatures,
    _lawful_basis,
    _purpose,
    _key,
    _encryption,
    _transfer,
)
