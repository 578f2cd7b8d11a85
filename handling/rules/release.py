"""pure: who may sign what next, and what a signature or a refusal moves. Nobody signs alone what they asked for."""

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
    NOTICE = "notice"


class Duty(StrEnum):
    """What a member may be asked to do, by the names of the signed member list."""

    HANDLER = "handler"
    ANALYST = "analyst"
    OFFICER = "officer"
    OUTSIDE = "outside"  # the outside second, of another unit: one missing signature, and nothing else


@dataclass(frozen=True, slots=True)
class Staffing:
    """Which duties must sign, each by another person."""

    duties: tuple[Duty, ...]
    in_order: bool
    opener_may_sign: bool  # the opener wrote the report, asked for the release, proposed the phrase or the change
    outside: bool  # an outside second may stand in for one who is absent or excluded


STAFFING: Final[Mapping[Kind, Staffing]] = {
    Kind.REVIEW: Staffing((Duty.HANDLER,), in_order=True, opener_may_sign=False, outside=True),
    Kind.MANIFEST: Staffing((Duty.HANDLER, Duty.OFFICER), in_order=True, opener_may_sign=False, outside=True),
    Kind.PHRASE: Staffing((Duty.HANDLER, Duty.OFFICER), in_order=False, opener_may_sign=True, outside=True),
    Kind.MEMBERS: Staffing((Duty.HANDLER, Duty.HANDLER), in_order=False, opener_may_sign=True, outside=False),
    Kind.NOTICE: Staffing((Duty.OFFICER,), in_order=True, opener_may_sign=False, outside=False),
}


class Reason(Enum):
    """Why somebody may not sign now; the value is the sentence a page shows."""

    OPENER = "You prepared this yourself. Somebody else must sign."
    SIGNED = "You have signed this already. A second person must sign."
    DUTY = "Your duty does not cover the signature that is due now."
    OUTSIDE = "An outside second gives one signature at most, in the place of somebody of this unit who is absent or excluded."
    UNLAWFUL = "A signature that is already there does not count under today's member list."
    COMPLETE = "Every signature is there."


@dataclass(frozen=True, slots=True)
class Eligible:
    """Who may give the next signature, in the order of their names: members of the unit, and outside seconds apart.

    Not both are empty.
    """

    names: tuple[str, ...]
    outside: tuple[str, ...] = ()


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
    able = sorted(name for name, reason in reasons.items() if reason is None)
    if able:
        outside = tuple(name for name in able if is_outside(name, duties))
        return Eligible(tuple(name for name in able if name not in outside), outside)
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
    if _lawful(kind, opener, (*signed, name), duties):
        return None
    return Reason.OUTSIDE if is_outside(name, duties) and staffing.outside else Reason.DUTY


def is_outside(name: str, duties: Duties) -> bool:
    """Whether this is an outside second, who is of another unit and sees manifest and sanitised report only."""
    return Duty.OUTSIDE in duties.get(name, frozenset())


def possible(kind: Kind, opener: str, duties: Duties) -> bool:
    """Whether the unit's own members could give every signature, were nobody absent or excluded."""
    staffing = STAFFING[kind]
    able = possible_signers(kind, opener, duties)
    return any(_fills(staffing, signed, duties) for signed in permutations(able, len(staffing.duties)))


def is_complete(kind: Kind, opener: str, signed: Sequence[str], duties: Duties) -> bool:
    """Whether these signatures, in this order, are all that is needed and each counts."""
    return isinstance(next_signer(kind, opener, signed, duties), Complete)


def possible_signers(kind: Kind, opener: str, duties: Duties) -> tuple[str, ...]:
    """Return every member of the unit who could sign now or later, by name: those to whom a request is sealed."""
    staffing = STAFFING[kind]
    return tuple(
        sorted(
            name
            for name, held in duties.items()
            if (name != opener or staffing.opener_may_sign)
            and not held.isdisjoint(staffing.duties)
            and not is_outside(name, duties)
        )
    )


def _lawful(kind: Kind, opener: str, signed: Sequence[str], duties: Duties) -> bool:
    """Whether the signatures so far are by different, entitled people in an allowed order."""
    staffing = STAFFING[kind]
    if len(set(signed)) != len(signed) or len(signed) > len(staffing.duties):
        return False
    if opener in signed and not staffing.opener_may_sign:
        return False
    outside = [name for name in signed if is_outside(name, duties)]
    if len(outside) > staffing.outside or (outside and not possible(kind, opener, duties)):
        return False  # never two from outside; nobody stands in for people whom the unit does not have
    return _fills(staffing, signed, duties)


def _fills(staffing: Staffing, signed: Sequence[str], duties: Duties) -> bool:
    """Whether each of the signers so far has the duty of their place; an outside second has that of any."""
    orders = (staffing.duties,) if staffing.in_order else tuple(permutations(staffing.duties))
    return any(
        all(
            is_outside(name, duties) or duty in duties.get(name, frozenset())
            for name, duty in zip(signed, order, strict=False)
        )
        for order in orders
    )


class Act(Enum):
    """What moves a request on the guard's page."""

    SIGN = "sign"
    REFUSE = "refuse"
    VOID = "void"  # what was asked for, or signed once, is no longer what stands there


_NEXT: Final[Mapping[tuple[Kind, str, Act], str]] = {
    (Kind.REVIEW, "waiting", Act.SIGN): "signed",
    (Kind.REVIEW, "waiting", Act.REFUSE): "refused",
    (Kind.MANIFEST, "waiting", Act.SIGN): "signed-once",
    (Kind.MANIFEST, "waiting", Act.REFUSE): "refused",
    (Kind.MANIFEST, "signed-once", Act.SIGN): "released",
    (Kind.MANIFEST, "signed-once", Act.REFUSE): "refused",
    (Kind.MANIFEST, "waiting", Act.VOID): "void",
    (Kind.MANIFEST, "signed-once", Act.VOID): "void",
    (Kind.PHRASE, "waiting", Act.SIGN): "signed-once",
    (Kind.PHRASE, "waiting", Act.REFUSE): "refused",
    (Kind.PHRASE, "signed-once", Act.SIGN): "approved",
    (Kind.PHRASE, "signed-once", Act.REFUSE): "refused",
    (Kind.MEMBERS, "waiting", Act.SIGN): "signed-once",
    (Kind.MEMBERS, "waiting", Act.REFUSE): "refused",
    (Kind.MEMBERS, "signed-once", Act.SIGN): "accepted",
    (Kind.MEMBERS, "signed-once", Act.REFUSE): "refused",
    (Kind.NOTICE, "waiting", Act.SIGN): "sent",
    (Kind.NOTICE, "waiting", Act.REFUSE): "refused",
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
