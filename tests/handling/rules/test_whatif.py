"""What a draft would have changed: for equals nothing, and each difference is told with the rules that make it."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from handling.rules.agreements import Agreement, Purpose
from handling.rules.facts import ReportFacts
from handling.rules.grading import HandlingCode
from handling.rules.policy import evaluate
from handling.rules.whatif import EFFECT_LABELS, Effect, changes, day_of
from tests.handling.rules.samples import AGENCY, AGREEMENT, FACTS, RECIPIENT, TODAY

OTHERS = {Effect.NEWLY_GOES: Effect.NO_LONGER_GOES, Effect.NO_LONGER_GOES: Effect.NEWLY_GOES}

agreements = st.builds(
    lambda purposes, covered, handling, suspended, days, expires: replace(
        AGREEMENT,
        purposes=purposes,
        covered=covered,
        handling=handling,
        suspended=suspended,
        duties=replace(AGREEMENT.duties, retention_days=days),
        expires_on=expires,
    ),
    st.frozensets(st.sampled_from(Purpose), min_size=1),
    st.sampled_from([AGREEMENT.covered, AGREEMENT.covered - {"goods.ivory"}]),
    st.frozensets(st.sampled_from(HandlingCode), min_size=1),
    st.booleans(),
    st.sampled_from([30, 365]),
    st.dates(TODAY - timedelta(days=2), TODAY + timedelta(days=2)),
)
facts = st.builds(
    lambda agencies, reviewed, subjects: replace(FACTS, agencies=agencies, reviewed=reviewed, subjects=subjects),
    st.sampled_from([frozenset({AGENCY}), frozenset(), None]),
    st.sampled_from([True, True, None]),
    st.sampled_from([FACTS.subjects, frozenset({"goods.ivory"}), frozenset({"crime.drugs"})]),
)


def told(draft: Agreement, current: Agreement | None = AGREEMENT, facts: ReportFacts = FACTS, day: date = TODAY):
    return {change.purpose: change for change in changes(facts, current, draft, day)}


def test_a_wider_draft_names_what_is_no_longer_in_the_way() -> None:
    narrow = replace(AGREEMENT, covered=AGREEMENT.covered - {"goods.ivory"})

    found = told(AGREEMENT, narrow)

    assert {change.effect for change in found.values()} == {Effect.NEWLY_GOES}
    assert [one.rule for one in found[Purpose.SEIZURE].lifted] == ["subject/outside"]
    assert found[Purpose.SEIZURE].raised == ()


def test_a_narrower_draft_names_what_is_newly_in_the_way_for_the_purposes_it_touches() -> None:
    found = told(replace(AGREEMENT, purposes=AGREEMENT.purposes - {Purpose.SEIZURE}))

    assert list(found) == [Purpose.SEIZURE]
    assert found[Purpose.SEIZURE].effect is Effect.NO_LONGER_GOES
    assert [one.rule for one in found[Purpose.SEIZURE].raised] == ["purpose/not-agreed"]


def test_a_draft_that_permits_the_same_and_binds_otherwise_names_the_duties() -> None:
    found = told(replace(AGREEMENT, duties=replace(AGREEMENT.duties, retention_days=30)))

    assert {change.effect for change in found.values()} == {Effect.BINDS_OTHERWISE}
    (duty,) = found[Purpose.INTELLIGENCE].duties
    assert (duty.name, duty.before, duty.after) == (
        "delete_by",
        TODAY + timedelta(days=365),
        TODAY + timedelta(days=30),
    )


def test_against_no_agreement_everything_that_goes_goes_newly() -> None:
    found = told(AGREEMENT, None)

    assert {change.effect for change in found.values()} == {Effect.NEWLY_GOES}
    assert [one.rule for one in found[Purpose.INTELLIGENCE].lifted] == ["agreement/none"]


def test_a_draft_that_begins_later_is_asked_on_its_first_day() -> None:
    assert day_of(AGREEMENT, TODAY) == TODAY
    assert day_of(replace(AGREEMENT, valid_from=TODAY + timedelta(days=9)), TODAY) == TODAY + timedelta(days=9)


def test_every_effect_has_its_words() -> None:
    assert set(EFFECT_LABELS) == set(Effect)


@given(agreements, facts)
def test_the_same_agreement_changes_nothing(agreement: Agreement, facts: ReportFacts) -> None:
    assert changes(facts, agreement, agreement, TODAY) == ()


@given(agreements, agreements, facts)
def test_a_report_that_is_not_for_the_agency_is_never_told_whatever_the_drafts_say(
    current: Agreement, draft: Agreement, facts: ReportFacts
) -> None:
    assert changes(replace(facts, agencies=frozenset()), current, draft, TODAY) == ()


@given(agreements, agreements, facts)
def test_what_is_told_is_exactly_what_the_two_decisions_differ_in(
    current: Agreement, draft: Agreement, facts: ReportFacts
) -> None:
    found = told(draft, current, facts)

    for purpose in Purpose:
        before = evaluate(facts, current, RECIPIENT, purpose.value, TODAY)
        after = evaluate(facts, draft, RECIPIENT, purpose.value, TODAY)
        change = found.get(purpose)
        assert (change is not None and change.effect in OTHERS) is (before.permits != after.permits)
        if change is not None and change.effect is Effect.NEWLY_GOES:
            assert change.lifted == before.failing
            assert change.raised == ()
        if change is None and before.permits:
            assert before.obligations == after.obligations


@given(agreements, agreements, facts)
def test_the_other_way_round_says_the_opposite(current: Agreement, draft: Agreement, facts: ReportFacts) -> None:
    there, back = told(draft, current, facts), told(current, draft, facts)

    assert set(there) == set(back)
    for purpose, change in there.items():
        assert back[purpose].effect is OTHERS.get(change.effect, change.effect)
        assert (back[purpose].raised, back[purpose].lifted) == (
            tuple(one for one in change.before.failing if one.rule not in {two.rule for two in change.after.failing}),
            tuple(one for one in change.after.failing if one.rule not in {two.rule for two in change.before.failing}),
        )
