"""May this report go to that agency? One valid case, each rule broken alone, then properties over many cases."""

import itertools
import re
from dataclasses import fields, replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handling.data import scheme, subjects
from handling.rules import policy
from handling.rules.agreements import Agreement, Onward, OnwardRule, Purpose
from handling.rules.facts import ReportFacts
from handling.rules.feedback import Stage
from handling.rules.grading import Grade, Handling, HandlingCode, floor
from handling.rules.policy import Answer, Verdict, evaluate, worst, would_permit_if
from tests.handling.rules.samples import AGENCY, AGREEMENT, FACTS, PURPOSE, TODAY, grade


def decide(facts=FACTS, agreement=AGREEMENT, agency=AGENCY, purpose=PURPOSE, today=TODAY):
    return evaluate(facts, agreement, agency, purpose, today)


def rules_against(decision):
    return [verdict.rule for verdict in decision.failing]


def test_the_valid_case_is_permitted_by_every_clause():
    decision = decide()

    assert decision.permits
    assert len(decision.verdicts) == len(policy.CLAUSES)
    assert not any(verdict.warning for verdict in decision.verdicts)
    assert would_permit_if(decision) == ()


def test_without_an_agreement_nothing_goes():
    decision = decide(agreement=None)

    assert decision.outcome is Answer.DENY
    assert rules_against(decision) == ["agreement/none"]
    assert decision.obligations is None


BROKEN_FACTS = [
    ("list/handler-restriction", replace(FACTS, agencies=frozenset({"river-parks"}))),
    ("list/handler-restriction", replace(FACTS, agencies=frozenset())),
    ("list/handler-restriction", replace(FACTS, agencies=None)),
    ("subject/outside", replace(FACTS, subjects=frozenset({"goods.ivory", "crime.drugs"}))),
    ("subject/outside", replace(FACTS, subjects=frozenset({"goods.ivory-dust"}))),
    ("subject/outside", replace(FACTS, subjects=frozenset({"wildlife.not-in-the-list"}))),
    ("subject/outside", replace(FACTS, subjects=frozenset({"goods"}))),
    ("subject/not-stated", replace(FACTS, subjects=frozenset())),
    ("subject/not-stated", replace(FACTS, subjects=None)),
    ("handling/not-stated", replace(FACTS, handling=None)),
    ("grade/not-stated", replace(FACTS, grades=())),
    ("grade/not-stated", replace(FACTS, grades=None)),
    ("grade/below", replace(FACTS, grades=(*FACTS.grades, Grade("admiralty", "A", "1")))),
    ("false/suspected", replace(FACTS, suspected_false=True)),
    ("false/not-stated", replace(FACTS, suspected_false=None)),
    ("review/missing", replace(FACTS, reviewed=False)),
    ("review/missing", replace(FACTS, reviewed=None)),
    ("report-date/not-stated", replace(FACTS, date=None)),
    ("report-date/future", replace(FACTS, date=TODAY + timedelta(days=1))),
]


@pytest.mark.parametrize(("rule", "facts"), BROKEN_FACTS)
def test_each_fact_broken_alone_denies_by_its_own_rule(rule, facts):
    decision = decide(facts)

    assert decision.outcome is Answer.DENY
    assert rules_against(decision) == [rule]
    assert not any(verdict.warning for verdict in decision.verdicts)


BROKEN_AGREEMENTS = [
    ("agency/not-party", replace(AGREEMENT, agency=replace(AGREEMENT.agency, id="river-parks"))),
    ("dates/not-yet-valid", replace(AGREEMENT, valid_from=TODAY + timedelta(days=1))),
    ("dates/expired", replace(AGREEMENT, expires_on=TODAY - timedelta(days=1))),
    ("suspension/suspended", replace(AGREEMENT, suspended=True, suspended_since=TODAY)),
    ("basis/missing", replace(AGREEMENT, unit=replace(AGREEMENT.unit, lawful_basis=None))),
    ("basis/missing", replace(AGREEMENT, agency=replace(AGREEMENT.agency, lawful_basis=None))),
    ("purpose/not-agreed", replace(AGREEMENT, purposes=frozenset({Purpose.INTELLIGENCE}))),
    ("subject/outside", replace(AGREEMENT, covered=AGREEMENT.covered - {"goods.ivory"})),
    ("handling/not-agreed", replace(AGREEMENT, handling=frozenset({HandlingCode.C}))),
    ("grade/below", replace(AGREEMENT, grades=replace(AGREEMENT.grades, accepts_source=frozenset({"1"})))),
    ("grade/below", replace(AGREEMENT, grades=replace(AGREEMENT.grades, accepts_information=frozenset("AB")))),
]


@pytest.mark.parametrize(("rule", "agreement"), BROKEN_AGREEMENTS)
def test_each_clause_of_the_agreement_broken_alone_denies_by_its_own_rule(rule, agreement):
    decision = decide(agreement=agreement)

    assert decision.outcome is Answer.DENY
    assert rules_against(decision) == [rule]


def test_an_agency_that_is_on_the_list_still_needs_its_own_agreement():
    assert rules_against(decide(agency="river-parks")) == ["agency/not-party"]


@pytest.mark.parametrize("purpose", ["", "protection", "Investigation", "investigation ", "prosecution"])
def test_a_purpose_that_was_not_agreed_denies(purpose):
    assert rules_against(decide(purpose=purpose)) == ["purpose/not-agreed"]


@pytest.mark.parametrize("day", [AGREEMENT.valid_from, AGREEMENT.review_by])
def test_first_day_and_review_day_count(day):
    decision = decide(facts=replace(FACTS, date=AGREEMENT.valid_from), today=day)

    assert decision.permits
    assert not any(verdict.warning for verdict in decision.verdicts)


@pytest.mark.parametrize("day", [AGREEMENT.review_by + timedelta(days=1), AGREEMENT.expires_on])
def test_past_its_review_day_it_still_permits_and_warns_up_to_the_last_day(day):
    decision = decide(today=day)

    assert decision.permits
    assert [verdict.rule for verdict in decision.verdicts if verdict.warning] == ["dates/past-review"]


def test_the_grade_that_fails_is_shown_with_its_item():
    text = decide(replace(FACTS, grades=(grade("1A"), grade("3E")))).failing[0].text

    assert "item 2: 3x5x2 3 E" in text
    assert "source 3, information C" in text


def test_the_handler_restriction_says_nothing_about_why():
    absent = decide(replace(FACTS, agencies=frozenset({"river-parks"}))).failing[0]

    assert absent.text == "Handler restriction: this report is not for this agency."
    assert absent.values == ()


def test_an_item_graded_false_denies_even_when_no_mark_was_set():
    decision = decide(replace(FACTS, grades=(grade("1E"),), suspected_false=False))

    assert "false/suspected" in rules_against(decision)


def test_what_is_suspected_false_goes_where_that_was_agreed_and_warns():
    agreed = floor(
        scheme(),
        source="3",
        information="C",
        unknown_source_may_go=True,
        unknown_information_may_go=True,
        suspected_false_may_go=True,
    )
    facts = replace(FACTS, grades=(grade("1E"),), suspected_false=True)

    decision = decide(facts, replace(AGREEMENT, grades=agreed))

    assert decision.permits
    assert [verdict.rule for verdict in decision.verdicts if verdict.warning] == ["false/agreed"]


def test_a_dry_run_names_the_one_clause_that_stands_in_the_way():
    assert [verdict.rule for verdict in would_permit_if(decide(purpose="protection"))] == ["purpose/not-agreed"]
    assert would_permit_if(decide(replace(FACTS, reviewed=False), purpose="protection")) == ()


def test_the_obligations_count_from_the_day_of_release():
    due = decide(today=date(2026, 11, 20)).obligations  # a Friday

    assert due.delete_by == date(2027, 11, 20)
    assert due.acknowledge_by == date(2026, 11, 24)
    assert due.feedback_due == date(2027, 2, 18)
    assert due.stages == {Stage.ASSESSED, Stage.OUTCOME}


def test_the_conditions_of_the_agreement_come_with_the_onward_rule():
    never = replace(AGREEMENT, onward=OnwardRule(Onward.NEVER, ()))

    assert decide(agreement=never).obligations.conditions == (
        "Keep the report apart from the case file.",
        "Do not pass this on to anyone outside your agency.",
    )


def test_the_obligations_are_told_even_where_it_is_denied():
    assert decide(purpose="protection").obligations == decide().obligations


def test_the_answers_are_ordered_from_permit_to_deny():
    assert [answer.code for answer in sorted(Answer)] == [
        "permit",
        "permit-after-sanitise",
        "ask-approver",
        "ask-originator",
        "deny",
    ]


@pytest.mark.parametrize(("one", "other"), list(itertools.product(Answer, Answer)))
def test_the_worst_answer_decides(one, other):
    verdicts = [Verdict("a", "a/b", one, ""), Verdict("c", "c/d", other, "")]

    assert worst(verdicts) is max(one, other)


def test_where_no_clause_was_asked_nothing_is_permitted():
    assert worst([]) is Answer.DENY


def test_a_rule_is_named_after_its_clause():
    for facts in (FACTS, ReportFacts()):
        for verdict in decide(facts).verdicts:
            assert verdict.rule.startswith(f"{verdict.clause}/")


def test_no_two_clauses_share_a_name():
    names = [verdict.clause for verdict in decide().verdicts]

    assert len(set(names)) == len(names)


def test_every_rule_is_explained_in_the_document_about_agreements():
    document = Path("docs/agreements.md").read_text(encoding="utf-8")
    source = Path(policy.__file__).read_text(encoding="utf-8")
    spoken = set(re.findall(r'_(?:permit|deny)\(\s*"([a-z-]+/[a-z-]+)"', source))
    explained = set(re.findall(r"^\| `([a-z-]+/[a-z-]+)` \|", document, re.MULTILINE))

    assert len(spoken) >= 2 * len(policy.CLAUSES)
    assert explained == spoken


# Properties ---------------------------------------------------------------------------------------------------------

_SUBJECTS = sorted(subjects().labels)
_SCOPES = sorted({*subjects().labels, *subjects().groups})
_AGENCIES = [AGENCY, "river-parks", "port-police"]
_DAYS = st.dates(date(2026, 1, 1), date(2028, 12, 31))
_GRADES = st.builds(Grade, st.sampled_from(["3x5x2", "5x5x5"]), st.sampled_from("123"), st.sampled_from("ABCDE"))
_HANDLING = st.sampled_from([Handling.of("P"), *(Handling.of("C", a, s) for a in ("A1", "A2") for s in ("S1", "S2"))])
_FACTS = st.builds(
    ReportFacts,
    subjects=st.none() | st.frozensets(st.sampled_from(_SUBJECTS), max_size=3),
    grades=st.none() | st.lists(_GRADES, max_size=3).map(tuple),
    handling=st.none() | _HANDLING,
    suspected_false=st.none() | st.booleans(),
    reviewed=st.none() | st.booleans(),
    agencies=st.none() | st.frozensets(st.sampled_from(_AGENCIES)),
    date=st.none() | _DAYS,
)
_GOOD_FACTS = st.builds(
    replace,
    st.just(FACTS),
    subjects=st.frozensets(st.sampled_from(["wildlife.trade", "goods.ivory", "crime.customs"]), min_size=1),
    grades=st.lists(
        st.builds(Grade, st.just("3x5x2"), st.sampled_from("123"), st.sampled_from("ABCD")), min_size=1
    ).map(tuple),
    handling=_HANDLING,
)
_FLOORS = st.builds(
    floor,
    st.just(scheme()),
    source=st.sampled_from("13"),
    information=st.sampled_from("ABC"),
    unknown_source_may_go=st.booleans(),
    unknown_information_may_go=st.booleans(),
    suspected_false_may_go=st.booleans(),
)
_AGREEMENTS = st.builds(
    replace,
    st.just(AGREEMENT),
    valid_from=_DAYS,
    review_by=_DAYS,
    expires_on=_DAYS,
    suspended=st.booleans(),
    purposes=st.frozensets(st.sampled_from(Purpose)),
    covered=st.frozensets(st.sampled_from(_SCOPES), max_size=4).map(subjects().covered),
    handling=st.frozensets(st.sampled_from(HandlingCode)),
    grades=_FLOORS,
)
_ANY_FACTS = _FACTS | _GOOD_FACTS | st.just(FACTS)
_ANY_AGREEMENTS = _AGREEMENTS | st.just(AGREEMENT)
_ANY_PURPOSES = st.sampled_from([purpose.value for purpose in Purpose])


def narrower(agreement: Agreement) -> st.SearchStrategy[Agreement]:
    """The same agreement with one permission less or one restriction more."""
    grades = agreement.grades
    ways = [
        st.just({"suspended": True, "suspended_since": TODAY}),
        st.just({"unit": replace(agreement.unit, lawful_basis=None)}),
        st.just({"agency": replace(agreement.agency, lawful_basis=None)}),
        st.integers(0, 900).map(lambda days: {"valid_from": agreement.valid_from + timedelta(days)}),
        st.integers(0, 900).map(lambda days: {"expires_on": agreement.expires_on - timedelta(days)}),
        *(
            st.sampled_from(sorted(getattr(agreement, name), key=str)).map(
                lambda gone, name=name: {name: getattr(agreement, name) - {gone}}
            )
            for name in ("purposes", "covered", "handling")
            if getattr(agreement, name)
        ),
        *(
            st.sampled_from(sorted(getattr(grades, name))).map(
                lambda gone, name=name: {"grades": replace(grades, **{name: getattr(grades, name) - {gone}})}
            )
            for name in ("accepts_source", "accepts_information")
            if getattr(grades, name)
        ),
        st.just({"grades": replace(grades, suspected_false_may_go=False)}),
    ]
    return st.one_of(ways).map(lambda change: replace(agreement, **change))


def worse(facts: ReportFacts) -> st.SearchStrategy[ReportFacts]:
    """The same facts with one more thing that speaks against sharing."""
    return st.one_of(
        st.sampled_from(_SUBJECTS).map(lambda code: replace(facts, subjects=(facts.subjects or frozenset()) | {code}))
        if facts.subjects
        else st.just(facts),
        _GRADES.map(lambda more: replace(facts, grades=(*facts.grades, more))) if facts.grades else st.just(facts),
        st.sampled_from(_AGENCIES).map(lambda gone: replace(facts, agencies=(facts.agencies or frozenset()) - {gone})),
        st.just(replace(facts, suspected_false=True)) if facts.suspected_false is not None else st.just(facts),
        st.just(replace(facts, reviewed=False)),
    )


@given(_ANY_FACTS, _ANY_AGREEMENTS, _ANY_PURPOSES, _DAYS, st.data())
def test_a_narrower_agreement_never_permits_more(facts, agreement, purpose, today, data):
    less = data.draw(narrower(agreement))

    assert (
        decide(facts, less, AGENCY, purpose, today).outcome >= decide(facts, agreement, AGENCY, purpose, today).outcome
    )


@given(_ANY_FACTS, _ANY_AGREEMENTS, _ANY_PURPOSES, _DAYS, st.data())
def test_a_further_objection_in_the_facts_never_permits_more(facts, agreement, purpose, today, data):
    more = data.draw(worse(facts))

    assert (
        decide(more, agreement, AGENCY, purpose, today).outcome
        >= decide(facts, agreement, AGENCY, purpose, today).outcome
    )


@given(
    _ANY_FACTS, _FACTS, _ANY_AGREEMENTS, _ANY_PURPOSES, st.sampled_from([field.name for field in fields(ReportFacts)])
)
def test_an_unset_fact_never_permits_more_than_any_value_of_it(facts, values, agreement, purpose, name):
    unset = decide(replace(facts, **{name: None}), agreement, AGENCY, purpose)
    stated = decide(replace(facts, **{name: getattr(values, name)}), agreement, AGENCY, purpose)

    assert unset.outcome >= stated.outcome


@given(_ANY_FACTS, _ANY_AGREEMENTS, _ANY_PURPOSES, st.permutations(policy.CLAUSES))
def test_the_order_of_the_clauses_never_matters(facts, agreement, purpose, clauses):
    before = decide(facts, agreement, AGENCY, purpose)
    question = policy._Question(facts, agreement, AGENCY, purpose, TODAY)
    verdicts = [clause(question) for clause in clauses]

    assert worst(verdicts) is before.outcome
    assert set(verdicts) == set(before.verdicts)


@given(_ANY_FACTS, _ANY_PURPOSES, _DAYS, st.sampled_from(_AGENCIES))
def test_no_facts_whatsoever_stand_in_for_an_agreement(facts, purpose, today, agency):
    assert evaluate(facts, None, agency, purpose, today).outcome is Answer.DENY


@given(_ANY_FACTS, _ANY_AGREEMENTS, _ANY_PURPOSES, _DAYS)
def test_the_one_clause_of_a_dry_run_is_the_only_one_that_fails(facts, agreement, purpose, today):
    decision = decide(facts, agreement, AGENCY, purpose, today)

    named = would_permit_if(decision)

    assert len(named) <= 1
    assert not named or worst([v for v in decision.verdicts if v not in named]) is Answer.PERMIT


@given(_ANY_FACTS)
def test_facts_survive_their_document(facts):
    assert ReportFacts.from_body(facts.to_body()) == facts
