"""pure: who may sign what next, and what a signature or a refusal moves. Two people, always; nobody signs alone."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import Enum, StrEnum
from itertools import permutations
from typing import Final


class Kind(Enum):
    """What is signed on the guard's page."""

    REVIEW = "review"
    MANIFEST = "manifest"
    PHRASE = "phrase"
    MEMBERS = "member-list"


class Duty(StrEnum):
    """What a member may be asked to do, by the names of the signed member list."""

    HANDLER = "handler"
    ANALYST = "analyst"
    OFFICER = "officer"


@dataclass(frozen=True, slots=True)
class Staffing:
    """Which duties must sign, each by another person."""

    duties: tuple[Duty, ...]
    in_order: bool
    opener_may_sign: bool  # the opener wrote the report, asked for the release, proposed the phrase or the change


STAFFING: Final[Mapping[Kind, Staffing]] = {
    Kind.REVIEW: Staffing((Duty.HANDLER,), in_order=True, opener_may_sign=False),
    Kind.MANIFEST: Staffing((Duty.HANDLER, Duty.OFFICER), in_order=True, opener_may_sign=False),
    Kind.PHRASE: Staffing((Duty.HANDLER, Duty.OFFICER), in_order=False, opener_may_sign=True),
    Kind.MEMBERS: Staffing((Duty.HANDLER, Duty.HANDLER), in_order=False, opener_may_sign=True),
}


class Reason(Enum):
    """Why somebody may not sign now; the value is the sentence a page shows."""

    OPENER = "You prepared this yourself. Somebody else must sign."
    SIGNED = "You have signed this already. A second person must sign."
    DUTY = "Your duty does not cover the signature that is due now."
    UNLAWFUL = "A signature that is already there does not count under today's member list."
    COMPLETE = "Every signature is there."


@dataclass(frozen=True, slots=True)
class Eligible:
    """Who may give the next signature, in the order of their names; never empty."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Nobody:
    """Nobody may sign next: each member with the reason, and the reason that holds for all when there is one."""

    reasons: Mapping[str, Reason]
    cause: Reason | None = None


@dataclass(frozen=True, slots=True)
class Complete:
    """Every signature is there and each counts."""


Duties = Mapping[str, AbstractSet[str]]  # of each member by name; values of `Duty`


def next_signer(kind: Kind, opener: str, signed: Sequence[str], duties: Duties) -> Eligible | Complete | Nobody:
    """Decide who signs next.

    Args:
        kind: what is signed.
        opener: who wrote, requested or proposed it.
        signed: who has signed so far, in the order of signing.
        duties: of every member on the signed list of today.
    """
    if not _lawful(kind, opener, signed, duties):
        return Nobody(dict.fromkeys(duties, Reason.UNLAWFUL), Reason.UNLAWFUL)
    if len(signed) == len(STAFFING[kind].duties):
        return Complete()
    reasons = {name: why_not(kind, name, opener, signed, duties) for name in duties}
    names = sorted(name for name, reason in reasons.items() if reason is None)
    if names:
        return Eligible(tuple(names))
    return Nobody({name: reason for name, reason in reasons.items() if reason is not None})


def why_not(kind: Kind, name: str, opener: str, signed: Sequence[str], duties: Duties) -> Reason | None:
    """Return why this member may not give the next signature, or None when they may."""
    staffing = STAFFING[kind]
    if not _lawful(kind, opener, signed, duties):
        return Reason.UNLAWFUL
    if len(signed) == len(staffing.duties):
        return Reason.COMPLETE
    if name in signed:
        return Reason.SIGNED
    if name == opener and not staffing.opener_may_sign:
        return Reason.OPENER
    return None if _fills(staffing, (*signed, name), duties) else Reason.DUTY


def is_complete(kind: Kind, opener: str, signed: Sequence[str], duties: Duties) -> bool:
    """Whether these signatures, in this order, are all that is needed and each counts."""
    return isinstance(next_signer(kind, opener, signed, duties), Complete)


def possible_signers(kind: Kind, opener: str, duties: Duties) -> tuple[str, ...]:
    """Return everyone who could sign now or later, by name: those to whom a request is sealed."""
    staffing = STAFFING[kind]
    return tuple(
        sorted(
            name
            for name, held in duties.items()
            if (name != opener or staffing.opener_may_sign) and not held.isdisjoint(staffing.duties)
        )
    )


def _lawful(kind: Kind, opener: str, signed: Sequence[str], duties: Duties) -> bool:
    """Whether the signatures so far are by different, entitled people in an allowed order."""
    staffing = STAFFING[kind]
    if len(set(signed)) != len(signed) or len(signed) > len(staffing.duties):
        return False
    if opener in signed and not staffing.opener_may_sign:
        return False
    return _fills(staffing, signed, duties)


def _fills(staffing: Staffing, signed: Sequence[str], duties: Duties) -> bool:
    orders = (staffing.duties,) if staffing.in_order else tuple(permutations(staffing.duties))
    return any(
        all(duty in duties.get(name, frozenset()) for name, duty in zip(signed, order, strict=False))
        for order in orders
    )


class Act(Enum):
    """What moves a request on the guard's page."""

    SIGN = "sign"
    REFUSE = "refuse"
    VOID = "void"  # what was signed once is no longer what stands there


_NEXT: Final[Mapping[tuple[Kind, str, Act], str]] = {
    (Kind.REVIEW, "waiting", Act.SIGN): "signed",
    (Kind.REVIEW, "waiting", Act.REFUSE): "refused",
    (Kind.MANIFEST, "waiting", Act.SIGN): "signed-once",
    (Kind.MANIFEST, "waiting", Act.REFUSE): "refused",
    (Kind.MANIFEST, "signed-once", Act.SIGN): "released",
    (Kind.MANIFEST, "signed-once", Act.REFUSE): "refused",
    (Kind.MANIFEST, "signed-once", Act.VOID): "void",
    (Kind.PHRASE, "waiting", Act.SIGN): "signed-once",
    (Kind.PHRASE, "waiting", Act.REFUSE): "refused",
    (Kind.PHRASE, "signed-once", Act.SIGN): "approved",
    (Kind.PHRASE, "signed-once", Act.REFUSE): "refused",
    (Kind.MEMBERS, "waiting", Act.SIGN): "signed-once",
    (Kind.MEMBERS, "waiting", Act.REFUSE): "refused",
    (Kind.MEMBERS, "signed-once", Act.SIGN): "accepted",
    (Kind.MEMBERS, "signed-once", Act.REFUSE): "refused",
}


class IllegalMoveError(Exception):
    """The request is not in a state that allows this act."""

    code = "illegal-move"

    def __init__(self) -> None:
        super().__init__("this request has been decided already")


def advance(kind: Kind, state: str, act: Act) -> str:
    """Return the state after *act*, or raise `IllegalMoveError`. States are those of the guard's tables."""
    try:
        return _NEXT[kind, state, act]
    except KeyError:
        raise IllegalMoveError from None
