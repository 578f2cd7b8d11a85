"""Emergency disclosures in words, for the guard's pages and for oversight at a shell. Pure; decides nothing."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from handling.emergencies import REVIEW, SECOND, Papers, Told
from handling.guard import words
from handling.guard.emergency import View
from handling.guard.emergency_store import Row
from handling.guard.models import NO_TROUBLE, Ask, ConfirmPage, EmergenciesPage, EmergencyPage, EmergencyRow, Trouble
from handling.guard.verify import duties
from handling.rules.emergency import Move, State, Threat, Warned, may_follow, may_tell, moves, owed
from handling.store.members import Duty, MemberList, NotAMemberError

_STATES = {
    State.TOLD: "Told. A second person has not signed yet.",
    State.CONFIRMED: "A second person agrees. It is still to be reviewed.",
    State.OBJECTED: "A second person objects. It is still to be reviewed.",
    State.REVIEWED: "Reviewed.",
}


_VERDICTS = {"confirm": "agree", "object": "object"}
_FOLLOWS: Mapping[str, tuple[str, str, Mapping[str, str]]] = {
    SECOND: ("Second signature on an emergency disclosure", "second", {"verdict": "You", "note": "Why"}),
    REVIEW: (
        "Review of an emergency disclosure",
        "review",
        {"finding": "What was right, what was not, what changes", "source": "The duty to warn the source"},
    ),
}


@dataclass(frozen=True, slots=True)
class Wrong:
    """What was typed into the form of a new one, who was ticked as not to learn of it, and what is wrong by field."""

    typed: Mapping[str, str]
    hidden: Collection[str]
    faults: Mapping[str, str]


NOTHING_WRONG = Wrong({}, (), {})


def moment(when: datetime) -> str:
    """A moment as the inside writes it, with its zone."""
    at = when.astimezone(UTC)
    return f"{words.day(at.date())}, {at:%H:%M} UTC"


def row(one: Row, listed: MemberList, now: datetime) -> EmergencyRow:
    """One disclosure as a line."""
    due = owed(one.state, one.told_at, oversight=one.given_on is not None, now=now)
    return EmergencyRow(
        path=f"/emergencies/{one.id}",
        reference=str(one.id)[:8],
        told_by=_display(one.told_by, listed),
        told_at=moment(one.told_at),
        state=_STATES[one.state],
        owed=tuple((f"{each.words} by {moment(each.by)}", each.late) for each in due),
    )


def listing(
    rows: Sequence[Row], listed: MemberList, who: str, now: datetime, *, wrong: Wrong, trouble: Trouble
) -> EmergenciesPage:
    """Every disclosure, what is not reviewed first, and the form for a new one."""
    people = [one for one in listed.members if one.duties & {Duty.HANDLER, Duty.OFFICER} and one.name != who]
    return EmergenciesPage(
        rows=tuple(row(one, listed, now) for one in rows),
        may_tell=may_tell(who, duties(listed)),
        asks_next=bool(listed.member(who).authenticators),
        threats=tuple((one.value, one.label) for one in Threat),
        warned=tuple((one.value, one.label) for one in Warned),
        others=tuple((one.name, one.display, one.name in wrong.hidden) for one in people),
        typed=wrong.typed,
        faults=wrong.faults,
        trouble=trouble,
    )


def sealed_page(one: Row, listed: MemberList, now: datetime, trouble: Trouble) -> EmergencyPage:
    """One disclosure before a passphrase was typed."""
    at, given = row(one, listed, now), _given(one)
    return EmergencyPage(
        at,
        lines=(),
        seen="",
        may_second=False,
        may_review=False,
        asks_next=False,
        unanswered="",
        given=given,
        trouble=trouble,
    )


def open_page(view: View, who: str, now: datetime, trouble: Trouble) -> EmergencyPage:
    """One disclosure in clear, with what this person may do about it."""
    follows = may_follow(who, view.row.told_by, duties(view.listed))
    may = moves(view.row.state) if follows else ()
    return EmergencyPage(
        at=row(view.row, view.listed, now),
        lines=lines(view.record.told, view.papers),
        seen=view.papers.seen,
        may_second=Move.CONFIRM in may,
        may_review=Move.REVIEW in may,
        asks_next=bool(view.listed.member(who).authenticators),
        unanswered=", ".join(_display(name, view.listed) for name in view.record.unanswered),
        given=_given(view.row),
        trouble=trouble,
    )


def to_tell(told: Told, fields: tuple[tuple[str, str], ...], ask: Ask | None) -> ConfirmPage:
    """The page on which a handler signs with an authenticator what they have told."""
    shown = [(name, words.visible(text)) for name, text in _told(told)]
    return ConfirmPage(
        "Sign the emergency disclosure", "/emergencies", tuple(shown), fields, ask, "/emergencies", NO_TROUBLE
    )


def to_follow(
    emergency: UUID,
    type_: str,
    said: Mapping[str, str],
    fields: tuple[tuple[str, str], ...],
    *,
    ask: Ask | None,
    trouble: Trouble,
) -> ConfirmPage:
    """The page on which somebody signs second, or signs the review, with an authenticator."""
    title, act, labels = _FOLLOWS[type_]
    shown = tuple((labels[name], _VERDICTS.get(said[name], words.visible(said[name]))) for name in labels)
    path = f"/emergencies/{emergency}"
    return ConfirmPage(title, f"{path}/{act}", shown, fields, ask, path, trouble)


def lines(told: Told, papers: Papers) -> tuple[tuple[str, str], ...]:
    """All of it as name and text; characters that cannot be seen are written out."""
    body = papers.told.body
    said = [
        ("Told by", body["told_by"]),
        ("At", body["told_at"]),
        *_told(told),
    ]
    if papers.second is not None:
        verdict = {"confirm": "agrees", "object": "objects"}.get(str(papers.second.body["verdict"]), "?")
        said.append(("Second person", f"{papers.second.body['by']} {verdict}: {papers.second.body['note']}"))
    if papers.review is not None:
        review = papers.review.body
        said += [("Review", f"{review['by']}: {review['finding']}"), ("The source, afterwards", str(review["source"]))]
    return tuple((name, words.visible(text)) for name, text in said)


def _told(told: Told) -> tuple[tuple[str, str], ...]:
    return (
        ("Tip", told.tip),
        ("To whom", told.to),
        ("The words", told.words),
        ("On which authority", told.authority),
        ("Why it could not wait", f"{told.threat.label}. {told.why}"),
        ("The source", f"{told.warned.label}. {told.warned_how}"),
    )


def _given(one: Row) -> str:
    return "" if one.given_on is None else words.day(one.given_on)


def _display(name: str, listed: MemberList) -> str:
    try:
        return listed.member(name).display
    except NotAMemberError:
        return f"{name} (not a member today)"
