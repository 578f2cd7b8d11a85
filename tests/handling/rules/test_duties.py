"""What is owed after a release: no path settles anything by silence, and a clock that stands wrong gives no verdict."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handling.rules.clocks import working_days_after
from handling.rules.duties import (
    BY_AGENCY,
    DECIDE_WITHIN_DAYS,
    LATE,
    OPEN,
    SIGN_WITHIN_DAYS,
    TABLES,
    WHO,
    IllegalMoveError,
    Kind,
    Move,
    Record,
    Sent,
    Standing,
    State,
    Step,
    Who,
    advance,
    ended_on,
    hours_late,
    is_certain,
    list_standing,
    may_recall,
    reciprocity_since,
    standings,
)
from handling.rules.feedback import ASKABLE, Stage

DAY = date(2026, 11, 26)
SENT = Sent(
    on=DAY,
    acknowledge_by=DAY + timedelta(days=2),
    feedback_due=DAY + timedelta(days=30),
    delete_by=DAY + timedelta(days=90),
    stages=frozenset({Stage.ASSESSED, Stage.OUTCOME}),
    disposal_proof=True,
    review_by=None,
)
SETTLING = {Move.TELL, Move.DESTROY, Move.KEEP, Move.SECOND, Move.RECALL, Move.DROP, Move.SIGN}

days = st.integers(0, 200).map(lambda after: DAY + timedelta(days=after))
stages = st.sampled_from(ASKABLE)
copies = st.one_of(
    st.builds(Step, st.sampled_from([Move.DESTROY, Move.KEEP, Move.DROP]), days),
    st.builds(lambda on, replies: Step(Move.RECALL, on, on + timedelta(days=3), replies), days, st.booleans()),
)
sents = st.builds(
    Sent,
    on=st.just(DAY),
    acknowledge_by=days,
    feedback_due=days,
    delete_by=days,
    stages=st.frozensets(stages),
    disposal_proof=st.booleans(),
    review_by=st.none() | days,
)
reviews = st.lists(days, max_size=2).map(sorted).map(
    lambda found: tuple(Step(move, on) for move, on in zip((Move.REVIEW, Move.SECOND), found, strict=False))
)  # fmt: skip
records = st.builds(
    Record,
    acknowledged=st.lists(days, max_size=2).map(tuple),
    answered=st.lists(st.tuples(stages, days), max_size=3).map(tuple),
    copies=st.lists(copies, max_size=5).map(tuple),
    unsigned=st.lists(days, max_size=2).map(tuple),
    reported=st.lists(days, max_size=2).map(tuple),
    learned=st.lists(st.tuples(days, days), max_size=2).map(tuple),
    ended=st.none() | days,
    reviews=reviews,
)


def stands(kind: Kind, found: tuple[Standing, ...]) -> Standing:
    return next(one for one in found if one.kind is kind)


@pytest.mark.parametrize("kind", Kind)
def test_silence_can_come_in_every_state_and_settles_none(kind: Kind) -> None:
    reached = {state for state, _ in TABLES[kind]} | set(TABLES[kind].values())

    for state in reached:
        after = advance(kind, state, Move.SILENCE)
        assert after is state or (state in OPEN and after in LATE)
        assert after not in OPEN


@pytest.mark.parametrize("kind", Kind)
@given(data=st.data())
def test_on_no_path_is_anything_done_unless_somebody_did_it_after_it_was_opened(
    kind: Kind, data: st.DataObject
) -> None:
    state = data.draw(st.sampled_from([State.OWED, State.FREE] if kind is Kind.COPIES else [State.OWED]))
    made = []
    for move in data.draw(st.lists(st.sampled_from(Move), max_size=8)):
        try:
            state = advance(kind, state, move)
        except IllegalMoveError:
            continue
        made.append(move)

    if state in {State.DONE, State.KEPT, State.DROPPED}:
        assert SETTLING & set(made)
    if kind is Kind.REVIEW and state is State.DONE:
        assert [move for move in made if move is not Move.SILENCE] == [Move.REVIEW, Move.SECOND]
    if state is State.FREE:
        assert kind is Kind.COPIES
        assert set(made) <= {Move.SILENCE}


def test_only_the_agency_ends_what_the_agency_owes() -> None:
    for kind in BY_AGENCY:
        enders = {move for (state, move), after in TABLES[kind].items() if after is State.DONE and state is not after}
        assert {WHO[move] for move in enders} == {Who.AGENCY}


@given(sents, records, days)
def test_every_record_stands_somewhere_and_with_time_alone_nothing_becomes_done(
    sent: Sent, record: Record, today: date
) -> None:
    later = today + timedelta(days=1000)

    now, then = standings(sent, record, today), standings(sent, record, later)

    assert len(now) == len(then)
    for before, after in zip(now, then, strict=True):
        assert after.state not in OPEN
        assert (before.settled_on, before.by) == (after.settled_on, after.by)
        assert (after.state in LATE) == (before.is_open)


@given(sents, records, days)
def test_a_clock_that_stands_before_a_noted_day_gives_no_verdict_about_silence(
    sent: Sent, record: Record, today: date
) -> None:
    certain = is_certain(sent, record, today)

    assert certain == (today >= max(sent.on, record.latest))
    for one in standings(sent, record, today):
        assert one.certain == certain
        if one.is_late and not certain:
            assert one.by < record.latest


def test_each_thing_that_a_release_opens_is_owed_until_its_last_day_has_passed() -> None:
    last = max(SENT.acknowledge_by, SENT.feedback_due, SENT.delete_by)

    first, end = standings(SENT, Record(), DAY), standings(SENT, Record(), last + timedelta(days=1))

    assert [one.kind for one in first] == [Kind.ACKNOWLEDGEMENT, Kind.ASSESSED, Kind.OUTCOME, Kind.COPIES]
    assert {one.state for one in first} == {State.OWED}
    assert {one.state for one in end} == {State.OVERDUE}
    assert stands(Kind.COPIES, standings(SENT, Record(), SENT.delete_by)).state is State.OWED


def test_without_a_duty_to_prove_it_destruction_is_shown_and_nobody_owes_it() -> None:
    sent = replace(SENT, disposal_proof=False)

    found = stands(Kind.COPIES, standings(sent, Record(), sent.delete_by + timedelta(days=500)))

    assert found.state is State.FREE
    assert not found.is_open


def test_an_answer_of_a_later_stage_tells_of_the_earlier_ones() -> None:
    told = Record(answered=((Stage.ACTIONED, DAY),))

    found = standings(SENT, told, DAY)

    assert stands(Kind.ASSESSED, found).state is State.DONE
    assert stands(Kind.OUTCOME, found).state is State.OWED


def test_what_comes_late_is_done_and_its_day_tells_how_late() -> None:
    late = SENT.acknowledge_by + timedelta(days=4)

    found = stands(Kind.ACKNOWLEDGEMENT, standings(SENT, Record(acknowledged=(late,)), late))

    assert (found.state, found.settled_on) == (State.DONE, late)


@pytest.mark.parametrize("proof", [True, False])
def test_a_recall_is_owed_at_once_whatever_the_agreement_says_of_proof(proof: bool) -> None:  # noqa: FBT001
    by = DAY + timedelta(days=3)
    record = Record(copies=(Step(Move.RECALL, DAY, by),))
    sent = replace(SENT, disposal_proof=proof)

    asked, silent = standings(sent, record, by), standings(sent, record, by + timedelta(days=1))
    told = replace(record, copies=(*record.copies, Step(Move.DESTROY, by)))

    assert (stands(Kind.COPIES, asked).state, stands(Kind.COPIES, asked).by) == (State.RECALLED, by)
    assert stands(Kind.COPIES, silent).state is State.RECALL_OVERDUE
    assert stands(Kind.COPIES, standings(sent, told, by)).state is State.DONE


def test_a_recall_that_no_officer_has_signed_binds_nobody_and_its_signature_is_owed() -> None:
    record = Record(reported=(DAY,), unsigned=(DAY,))

    now, later = standings(SENT, record, DAY), standings(SENT, record, DAY + timedelta(days=SIGN_WITHIN_DAYS + 1))

    assert stands(Kind.COPIES, now).state is State.OWED
    assert stands(Kind.DECISION, now).state is State.DONE
    assert stands(Kind.SIGNATURE, now).state is State.OWED
    assert stands(Kind.SIGNATURE, later).state is State.OVERDUE


def test_copies_that_stay_are_not_done_and_can_be_recalled_again() -> None:
    record = Record(copies=(Step(Move.RECALL, DAY, DAY), Step(Move.KEEP, DAY)))
    kept = stands(Kind.COPIES, standings(SENT, record, DAY))
    again = replace(
        record, copies=(*record.copies, Step(Move.RECALL, DAY + timedelta(days=1), DAY + timedelta(days=4)))
    )

    assert kept.state is State.KEPT
    assert may_recall(kept)
    assert stands(Kind.COPIES, standings(SENT, again, DAY + timedelta(days=1))).state is State.RECALLED


def test_a_recall_on_the_day_on_which_the_agency_said_that_copies_stay_counts_after_that_word() -> None:
    word, recall = Step(Move.KEEP, DAY), Step(Move.RECALL, DAY, DAY + timedelta(days=3), replies=True)

    states = [
        stands(Kind.COPIES, standings(SENT, Record(copies=(*first, *then)), DAY)).state
        for first, then in (((word,), (recall,)), ((recall,), (word, Step(Move.DESTROY, DAY))))
    ]

    assert states == [State.RECALLED, State.DONE]


def test_a_word_that_comes_in_after_the_recall_and_was_given_before_it_leaves_nothing_to_recall() -> None:
    record = Record(
        copies=(Step(Move.RECALL, DAY + timedelta(days=2), DAY + timedelta(days=5)), Step(Move.DESTROY, DAY))
    )

    assert stands(Kind.COPIES, standings(SENT, record, DAY + timedelta(days=9))).state is State.DONE


@pytest.mark.parametrize("record", [Record(reported=(DAY,)), Record(learned=((DAY, DAY),)), Record(ended=DAY)])
def test_a_breach_and_the_end_of_an_agreement_call_for_a_recall_that_somebody_decides(record: Record) -> None:
    by = DAY + timedelta(days=DECIDE_WITHIN_DAYS)
    recalled = replace(record, copies=(Step(Move.RECALL, DAY, by),))
    dropped = replace(record, copies=(Step(Move.DROP, DAY),))

    called = stands(Kind.DECISION, standings(SENT, record, by))

    assert (called.state, called.by) == (State.OWED, by)
    assert stands(Kind.DECISION, standings(SENT, record, by + timedelta(days=1))).state is State.OVERDUE
    assert stands(Kind.DECISION, standings(SENT, recalled, by)).state is State.DONE
    assert stands(Kind.DECISION, standings(SENT, dropped, by)).state is State.DROPPED
    assert stands(Kind.COPIES, standings(SENT, dropped, by)).state is State.OWED


def test_a_further_breach_calls_again_after_somebody_decided_against_a_recall() -> None:
    second = DAY + timedelta(days=5)
    record = Record(reported=(DAY, second), copies=(Step(Move.DROP, DAY),))

    states = [one.state for one in standings(SENT, record, second) if one.kind is Kind.DECISION]

    assert states == [State.DROPPED, State.OWED]


def test_a_breach_that_the_desk_learned_of_leaves_the_agency_owing_its_own_word() -> None:
    record = Record(learned=((DAY, DAY + timedelta(days=3)),))

    assert stands(Kind.REPORT, standings(SENT, record, DAY)).state is State.OWED
    assert stands(Kind.REPORT, standings(SENT, record, DAY + timedelta(days=4))).state is State.OVERDUE
    told = replace(record, reported=(DAY + timedelta(days=1),))
    assert stands(Kind.REPORT, standings(SENT, told, DAY + timedelta(days=4))).state is State.DONE


def test_a_release_under_the_exception_is_reviewed_by_two_or_overdue() -> None:
    sent = replace(SENT, review_by=DAY + timedelta(days=7))
    half = Record(reviews=(Step(Move.REVIEW, DAY),))
    whole = Record(reviews=(Step(Move.REVIEW, DAY), Step(Move.SECOND, DAY)))
    after = DAY + timedelta(days=8)

    assert stands(Kind.REVIEW, standings(sent, Record(), after)).state is State.OVERDUE
    assert stands(Kind.REVIEW, standings(sent, half, DAY)).state is State.HALF
    assert stands(Kind.REVIEW, standings(sent, half, after)).state is State.HALF_OVERDUE
    assert stands(Kind.REVIEW, standings(sent, whole, after)).state is State.DONE


def test_a_breach_is_measured_in_hours_rounded_up() -> None:
    noticed = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)

    assert hours_late(noticed, noticed + timedelta(hours=72), 72) == 0
    assert hours_late(noticed, noticed + timedelta(hours=72, minutes=1), 72) == 1
    assert hours_late(noticed, noticed + timedelta(hours=1), 0) == 1


def test_an_agreement_ends_by_its_last_day_or_by_being_suspended_whichever_came_first() -> None:
    end = DAY + timedelta(days=10)

    assert ended_on(DAY, end, None, suspended=False, today=end) is None
    assert ended_on(DAY, end, None, suspended=False, today=end + timedelta(days=5)) == end + timedelta(days=1)
    assert ended_on(DAY, end, DAY + timedelta(days=2), suspended=True, today=end) == DAY + timedelta(days=2)
    assert ended_on(DAY, end, None, suspended=True, today=end) == DAY


@given(st.integers(1, 60), st.integers(0, 200), st.none() | st.integers(0, 200))
def test_a_list_is_settled_by_a_signature_alone_and_late_after_the_agreed_working_days(
    within: int, after: int, answered: int | None
) -> None:
    today = DAY + timedelta(days=after)
    answered_on = None if answered is None else min(today, DAY + timedelta(days=answered))

    found = list_standing(DAY, answered_on, within, today)

    assert found.by == working_days_after(DAY, within)
    assert (found.state is State.DONE) is (answered_on is not None)
    assert found.is_late is (answered_on is None and today > found.by)
    assert Kind.LIST not in BY_AGENCY


def test_a_clock_that_stands_before_the_request_makes_no_list_late() -> None:
    found = list_standing(DAY, None, 1, DAY - timedelta(days=1))

    assert (found.state, found.certain) == (State.OWED, False)


@given(st.integers(1, 400), st.integers(-50, 3000))
def test_periods_of_comparing_follow_each_other_from_the_first_day(period: int, after: int) -> None:
    today = DAY + timedelta(days=after)

    since = reciprocity_since(DAY, period, today)

    assert (since - DAY).days % period == 0
    assert since == DAY if after < 0 else timedelta(0) <= today - since < timedelta(days=period)
