"""What is owed on a release: its manifest, the agency's words and the desk's acts as `handling.rules.duties` reads them, and in words. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from handling.desk.acts import Drop, Learned, Recall, Review
from handling.desk.case import Answered
from handling.desk.documents import day_in_words
from handling.desk.feedback import Acknowledgement, AgencyBreach, AgencyDestruction, AgencyFeedback, Opened
from handling.rules import duties
from handling.rules.agreements import Agreement
from handling.rules.copies import Fate
from handling.rules.duties import Kind, Move, Record, Sent, Standing, State, Step
from handling.rules.feedback import Stage
from handling.rules.terms import Termination

_SOON = timedelta(days=30)
"""From so long before its last day on, a destruction is told in lists; a release's own page always tells it."""
_FEEDBACK = frozenset(duties.STAGES.values())
_ANY_ANSWER = frozenset({Stage.ASSESSED})  # where the version of the agreement cannot be read any more


@dataclass(frozen=True, slots=True)
class Clock:
    """One thing that somebody owes, in words; the last day still counts."""

    words: str
    late: bool


def sent(one: Answered) -> Sent:
    """What a release opened."""
    manifest = one.release.manifest
    review_by = manifest.terms["exception_review_by"]
    return Sent(
        on=manifest.day,
        acknowledge_by=manifest.acknowledge_by,
        feedback_due=manifest.feedback_due,
        delete_by=manifest.delete_by,
        stages=next((found.duties.stages for found in one.agreements if _is(one, found)), _ANY_ANSWER),
        disposal_proof=manifest.terms["disposal_proof"],
        review_by=None if review_by is None else date.fromisoformat(review_by),
    )


def _is(one: Answered, agreement: Agreement) -> bool:
    named = one.release.manifest.agreement
    return (agreement.id, agreement.version, agreement.sha256) == (named.id, named.version, named.sha256)


def record(one: Answered, today: date) -> Record:
    """What has happened to a release."""
    answers, acts = one.answers, one.acts
    hours = timedelta(hours=one.release.manifest.terms["breach_hours"])
    sent_bytes = one.release.zip_sha256
    return Record(
        acknowledged=tuple(
            said.day
            for said in answers
            if isinstance(said, Acknowledgement) and said.verdict(sent_bytes) is Opened.EXACT
        ),
        answered=tuple((Stage(said.said.stage), said.day) for said in answers if isinstance(said, AgencyFeedback)),
        copies=(*_recalls(one), *_destructions(one)),
        unsigned=tuple(act.on for act in one.acts if isinstance(act.did, Recall) and is_waiting(one, act.did, today)),
        reported=tuple(said.day for said in answers if isinstance(said, AgencyBreach)),
        learned=tuple(
            (act.on, max(act.on, (act.did.breach.noticed + hours).date()))
            for act in acts
            if isinstance(act.did, Learned)
        ),
        ended=ended(one, today),
        reviews=_reviews(one),
    )


def _recalls(one: Answered) -> Iterable[Step]:
    for act in one.acts:
        if isinstance(act.did, Recall) and one.notices.get(act.did.notice) == "sent":
            yield Step(Move.RECALL, act.on, act.did.due, act.did.replies)
        elif isinstance(act.did, Drop):
            yield Step(Move.DROP, act.on)


def is_waiting(one: Answered, recall: Recall, today: date) -> bool:
    """Whether an officer can still sign a recall; after its last day the guard lets none out any more."""
    return one.notices.get(recall.notice) == "waiting" and today <= recall.due


def _destructions(one: Answered) -> Iterable[Step]:
    told = [said for said in one.answers if isinstance(said, AgencyDestruction)]
    for said in sorted(told, key=lambda said: said.heard):
        yield Step(Move.KEEP if said.said.fate is Fate.EXCEPTED else Move.DESTROY, said.day)


def _reviews(one: Answered) -> tuple[Step, ...]:
    """The first review, and the first after it that somebody else wrote."""
    found = [act for act in one.acts if isinstance(act.did, Review)]
    second = [act for act in found if act.by != found[0].by][:1]
    return tuple(
        Step(move, act.on) for move, act in zip((Move.REVIEW, Move.SECOND), (*found[:1], *second), strict=False)
    )


def ended(one: Answered, today: date) -> date | None:
    """The day since which the agency's agreement asks for its copies, None where it stands or lets them be kept."""
    deciding = next((version for version in one.agreements if version.valid_from <= today), None)
    if deciding is None or one.release.manifest.terms["termination"] == Termination.KEEP.value:
        return None
    return duties.ended_on(
        deciding.valid_from,
        deciding.expires_on,
        deciding.suspended_since,
        suspended=deciding.suspended,
        today=today,
    )


def standings(one: Answered, today: date) -> tuple[Standing, ...]:
    """Where everything stands that a release opened; a release that has not left opened nothing."""
    if one.release.state != "released":
        return ()
    return duties.standings(sent(one), record(one, today), today)


def copies(one: Answered, today: date) -> Standing | None:
    """Where its copies stand, None for a release that has not left."""
    return next((found for found in standings(one, today) if found.kind is Kind.COPIES), None)


def clocks(one: Answered, today: date) -> tuple[Clock, ...]:
    """What is owed on a release, for a list: stages of feedback together, a destruction when it is near."""
    found = [standing for standing in standings(one, today) if standing.is_open]
    feedback = [standing for standing in found if standing.kind in _FEEDBACK]
    owed = [
        _clock(standing, today) for standing in found if standing.kind not in _FEEDBACK and not _is_far(standing, today)
    ]
    if feedback:
        owed.append(_clock(feedback[0], today, tuple(standing.kind for standing in feedback)))
    return tuple(owed)


def _is_far(standing: Standing, today: date) -> bool:
    return standing.kind is Kind.COPIES and standing.state is State.OWED and standing.by > today + _SOON


def _clock(standing: Standing, today: date, stages: tuple[Kind, ...] = ()) -> Clock:
    what = _what(standing)
    left = f" ({', '.join(STAGE_WORDS[kind] for kind in stages)})" if stages else ""
    if not standing.is_late:
        return Clock(f"{what} due by {day_in_words(standing.by)}{left}", late=False)
    days = (today - standing.by).days
    ago = "1 day ago" if days == 1 else f"{days:,} days ago"
    return Clock(f"{what} overdue: it was due on {day_in_words(standing.by)}, {ago}{left}", late=True)


def in_words(standing: Standing, today: date) -> str:
    """Where one duty stands, as a release's page says it."""
    what = STAGE_WORDS.get(standing.kind, _what(standing))
    what = f"Feedback, {what}" if standing.kind in _FEEDBACK else what
    if standing.state is State.FREE:
        return f"{what}: the last day is {day_in_words(standing.by)}; the agreement asks for no proof, so none is owed"
    if standing.settled_on is None:
        return _clock(standing, today).words.replace(_what(standing), what, 1)
    late = (standing.settled_on - standing.by).days
    measure = "in time" if late <= 0 else "1 day late" if late == 1 else f"{late:,} days late"
    return f"{what}: {_SETTLED.get(standing.state, 'done')} on {day_in_words(standing.settled_on)}, {measure}"


def _what(standing: Standing) -> str:
    if standing.state in {State.RECALLED, State.RECALL_OVERDUE}:
        return "Recall"
    if standing.state in {State.HALF, State.HALF_OVERDUE}:
        return f"{_WHAT[standing.kind]} by a second person"
    return _WHAT.get(standing.kind, "Feedback")


STAGE_WORDS: Mapping[Kind, str] = {
    Kind.ASSESSED: "assessed",
    Kind.ACTIONED: "acted on",
    Kind.OUTCOME: "outcome",
    Kind.CLOSURE: "closed",
}
_WHAT: Mapping[Kind, str] = {
    Kind.ACKNOWLEDGEMENT: "Acknowledgement",
    Kind.COPIES: "Word that every copy is destroyed",
    Kind.REPORT: "The agency's own report of the breach",
    Kind.DECISION: "Our decision on a recall",
    Kind.SIGNATURE: "A releasing officer's signature under the recall",
    Kind.REVIEW: "Our review of the exception for a threat to life",
    Kind.LIST: "The list of all that they were sent",
}
_SETTLED: Mapping[State, str] = {
    State.KEPT: "copies stay, as told",
    State.DROPPED: "decided against",
}
