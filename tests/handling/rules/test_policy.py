"""May this report go to that agency? One valid case, then each rule broken alone."""

import itertools
import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from handling.data import scheme
from handling.rules import policy
from handling.rules.agreements import (
    Channel,
    Encrypted,
    Geography,
    Onward,
    OnwardRule,
    Purpose,
    Side,
    ThreatToLife,
    Use,
)
from handling.rules.clauses import SPARED
from handling.rules.facts import ReportFacts
from handling.rules.feedback import Stage
from handling.rules.grading import Grade, Handling, HandlingCode, floor
from handling.rules.policy import Answer, Verdict, evaluate, worst, would_permit_if
from handling.rules.recipient import Recipient
from handling.rules.risk import RiskFact
from handling.rules.terms import (
    AgencyClass,
    Attribution,
    DataCategory,
    Encryption,
    Evidence,
    Removable,
    SpecialCategory,
    Tlp,
)
from handling.rules.verdicts import RULES, Rule
from tests.handling.rules.samples import AGENCY, AGREEMENT, FACTS, PURPOSE, RECIPIENT, TODAY, consent_of, grade


def decide(facts=FACTS, agreement=AGREEMENT, recipient=RECIPIENT, purpose=PURPOSE, today=TODAY):
    return evaluate(facts, agreement, recipient, purpose, today)


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
    ("risk/not-stated", replace(FACTS, risk=None)),
    ("risk/missing", replace(FACTS, handling=Handling.of("C", "A1", "S2"), risk=RiskFact.NOT_NEEDED)),
    ("immunity/not-stated", replace(FACTS, immunity=None)),
    ("report-date/future", replace(FACTS, date=TODAY + timedelta(days=1))),
    ("handling/not-agreed", replace(FACTS, handling=Handling.of("C", "A3", "S1"))),
    ("marking/above", replace(FACTS, marking=Tlp.AMBER_STRICT)),
    ("marking/above", replace(FACTS, marking=Tlp.RED, removable=None)),
    ("marking/not-stated", replace(FACTS, marking=None)),
    ("data/not-agreed", replace(FACTS, data=frozenset({DataCategory.TRADE, DataCategory.FINANCE}))),
    ("data/not-stated", replace(FACTS, data=None)),
    ("persons/not-stated", replace(FACTS, named_persons=None)),
    ("special/not-agreed", replace(FACTS, special_categories=frozenset({SpecialCategory.HEALTH}))),
    ("special/not-stated", replace(FACTS, special_categories=None)),
    ("minors/not-agreed", replace(FACTS, minors=True)),
    ("minors/not-stated", replace(FACTS, minors=None)),
    ("geography/outside", replace(FACTS, about=frozenset({"KE", "UG"}))),
    ("geography/outside", replace(FACTS, about=frozenset({"ZZ"}))),
    ("geography/not-stated", replace(FACTS, about=frozenset())),
    ("geography/not-stated", replace(FACTS, about=None)),
    ("originator/not-stated", replace(FACTS, originators=None)),
    ("passing-on/not-stated", replace(FACTS, material=None)),
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
    ("signatures/missing", replace(AGREEMENT, signed=frozenset({Side.UNIT}))),
    ("signatures/missing", replace(AGREEMENT, signed=frozenset({Side.AGENCY}))),
    ("signatures/missing", replace(AGREEMENT, signed=frozenset())),
    ("suspension/suspended", replace(AGREEMENT, suspended=True, suspended_since=TODAY)),
    ("basis/missing", replace(AGREEMENT, unit=replace(AGREEMENT.unit, lawful_basis=None))),
    ("basis/missing", replace(AGREEMENT, agency=replace(AGREEMENT.agency, lawful_basis=None))),
    ("purpose/not-agreed", replace(AGREEMENT, purposes=frozenset({Purpose.INTELLIGENCE}))),
    ("subject/outside", replace(AGREEMENT, covered=AGREEMENT.covered - {"goods.ivory"})),
    ("handling/not-agreed", replace(AGREEMENT, handling=frozenset({HandlingCode.C}))),
    ("grade/below", replace(AGREEMENT, grades=replace(AGREEMENT.grades, accepts_source=frozenset({"1"})))),
    ("grade/below", replace(AGREEMENT, grades=replace(AGREEMENT.grades, accepts_information=frozenset("AB")))),
    ("key/not-pinned", replace(AGREEMENT, agency=replace(AGREEMENT.agency, fingerprint="0" * 64))),
    ("key/not-pinned", replace(AGREEMENT, agency=replace(AGREEMENT.agency, channel=Channel.OPENPGP))),
    ("key/expired", replace(AGREEMENT, agency=replace(AGREEMENT.agency, key_expires_on=TODAY - timedelta(days=1)))),
    ("transfer/outside", replace(AGREEMENT, geography=replace(AGREEMENT.geography, transfer=frozenset({"TZ"})))),
    ("marking/above", replace(AGREEMENT, marking=replace(AGREEMENT.marking, maximum=Tlp.GREEN))),
    ("data/not-agreed", replace(AGREEMENT, content=replace(AGREEMENT.content, data=frozenset()))),
    ("persons/not-agreed", replace(AGREEMENT, content=replace(AGREEMENT.content, named_persons=False))),
    ("geography/outside", replace(AGREEMENT, geography=replace(AGREEMENT.geography, about=frozenset({"TZ"})))),
]


@pytest.mark.parametrize(("rule", "agreement"), BROKEN_AGREEMENTS)
def test_each_clause_of_the_agreement_broken_alone_denies_by_its_own_rule(rule, agreement):
    decision = decide(agreement=agreement)

    assert decision.outcome is Answer.DENY
    assert rules_against(decision) == [rule]


KEY = RECIPIENT.key
BROKEN_RECIPIENTS = [
    ("agency/not-party", replace(RECIPIENT, agency="river-parks")),
    ("key/unknown", replace(RECIPIENT, key=None)),
    ("key/not-pinned", replace(RECIPIENT, key=replace(KEY, fingerprint="0" * 64))),
    ("key/not-pinned", replace(RECIPIENT, key=replace(KEY, channel="openpgp"))),
    ("key/expired", replace(RECIPIENT, key=replace(KEY, expires_on=TODAY - timedelta(days=1)))),
    ("encryption/missing", replace(RECIPIENT, in_transit=False)),
    ("encryption/missing", replace(RECIPIENT, in_transit=None)),
    ("encryption/missing", replace(RECIPIENT, at_rest=None)),
]


@pytest.mark.parametrize(("rule", "recipient"), BROKEN_RECIPIENTS)
def test_what_is_wrong_with_the_recipient_denies_by_its_own_rule(rule, recipient):
    decision = decide(recipient=recipient)

    assert decision.outcome is Answer.DENY
    assert rules_against(decision) == [rule]


@pytest.mark.parametrize("day", [TODAY, TODAY + timedelta(days=1)])
def test_the_last_day_of_a_key_still_counts(day):
    assert decide(recipient=replace(RECIPIENT, key=replace(KEY, expires_on=day))).permits


def test_encryption_that_is_no_duty_is_not_asked_for():
    free = replace(AGREEMENT, encryption=Encrypted(Encryption.MAY, Encryption.MAY))

    assert decide(agreement=free, recipient=replace(RECIPIENT, in_transit=None, at_rest=False)).permits


REMOVABLE = [
    ("data", Removable.DATA, {"data": frozenset({DataCategory.FINANCE})}),
    ("special", Removable.SPECIAL, {"special_categories": frozenset({SpecialCategory.HEALTH})}),
    ("minors", Removable.MINORS, {"minors": True}),
    ("marking", Removable.MARKING, {"marking": Tlp.RED}),
    ("handling", Removable.MARKING, {"handling": Handling.of("C", "A3", "S2")}),
]


@pytest.mark.parametrize(("clause", "removable", "change"), REMOVABLE)
def test_what_a_stricter_version_could_do_without_permits_only_that_version(clause, removable, change):
    others = frozenset(Removable) - {removable}

    decision = decide(replace(FACTS, removable=frozenset({removable}), **change))
    denied = decide(replace(FACTS, removable=others, **change))

    assert decision.outcome is Answer.PERMIT_AFTER_SANITISE
    assert not decision.permits
    assert rules_against(decision) == [f"{clause}/sanitise-first"]
    assert denied.outcome is Answer.DENY


def test_names_that_can_be_removed_permit_a_version_without_them():
    nameless = replace(AGREEMENT, content=replace(AGREEMENT.content, named_persons=False))

    decision = decide(replace(FACTS, removable=frozenset({Removable.PERSONS})), nameless)

    assert decision.outcome is Answer.PERMIT_AFTER_SANITISE
    assert rules_against(decision) == ["persons/sanitise-first"]


def test_material_of_another_agency_waits_for_its_consent():
    theirs = replace(FACTS, originators=frozenset({"port-police", "coast-guard"}))

    waiting = decide(replace(theirs, consents=frozenset({consent_of("port-police")})))
    unknown = decide(replace(theirs, consents=None))
    given = decide(replace(theirs, consents=frozenset({consent_of("port-police"), consent_of("coast-guard")})))

    assert waiting.outcome is unknown.outcome is Answer.ASK_ORIGINATOR
    assert waiting.failing[0].values == (("originators", "coast-guard"),)
    assert given.permits


@pytest.mark.parametrize(
    ("other", "counts"),
    [
        ({"recipient": "river-parks"}, False),
        ({"purpose": "seizure"}, False),
        ({"until": TODAY - timedelta(days=1)}, False),
        ({"until": TODAY}, True),
        ({"originator": "coast-guard"}, False),
    ],
)
def test_a_consent_counts_for_its_originator_recipient_and_purpose_up_to_its_last_day(
    other: dict[str, Any], *, counts: bool
):
    held = replace(consent_of("port-police"), **other)

    decision = decide(replace(FACTS, originators=frozenset({"port-police"}), consents=frozenset({held})))

    assert decision.permits is counts


def test_an_agencys_own_material_may_go_back_to_it():
    assert decide(replace(FACTS, originators=frozenset({AGENCY}))).permits


def test_an_approver_that_the_agreement_names_is_asked_first():
    named = replace(AGREEMENT, approver="Head of the Wildlife Service")

    asked = decide(agreement=named)
    other = decide(replace(FACTS, approvals=frozenset({"river-parks"})), named)
    approved = decide(replace(FACTS, approvals=frozenset({AGENCY})), named)

    assert asked.outcome is other.outcome is Answer.ASK_APPROVER
    assert rules_against(asked) == ["approval/ask"]
    assert approved.permits


IN_DANGER = replace(
    FACTS,
    threat_to_life=True,
    minors=True,
    subjects=frozenset({"crime.drugs"}),
    data=frozenset(DataCategory),
    about=frozenset({"UG"}),
)
LIFE = replace(AGREEMENT, purposes=frozenset(Purpose), approver="Head of the Wildlife Service")


def test_where_a_life_is_in_danger_an_agreement_may_accept_more_and_both_review_it_afterwards():
    decision = decide(IN_DANGER, LIFE, purpose="safeguarding")

    assert decision.permits
    assert {verdict.rule for verdict in decision.verdicts if verdict.warning} == {
        f"{clause}/threat-to-life" for clause in ("minors", "subject", "data", "geography", "approval")
    }
    assert "both sides review this release by 2026-11-30" in decision.obligations.conditions[-1]
    assert decision.obligations.terms(IN_DANGER)["exception_review_by"] == "2026-11-30"


@pytest.mark.parametrize(
    ("facts", "agreement", "purpose"),
    [
        (replace(IN_DANGER, threat_to_life=False), LIFE, "safeguarding"),
        (replace(IN_DANGER, threat_to_life=None), LIFE, "safeguarding"),
        (IN_DANGER, replace(LIFE, threat_to_life=ThreatToLife(may_go=False, review_days=7)), "safeguarding"),
        (IN_DANGER, LIFE, "investigation"),
    ],
)
def test_the_exception_needs_the_danger_the_agreement_and_the_purpose(facts, agreement, purpose):
    decision = decide(facts, agreement, purpose=purpose)

    assert decision.outcome is Answer.DENY
    assert decision.obligations.exception_review_by is None


@pytest.mark.parametrize(("rule", "facts"), BROKEN_FACTS)
def test_no_danger_lifts_what_was_not_stated_an_exclusion_or_a_marking(rule, facts):
    decision = decide(replace(facts, threat_to_life=True), LIFE, purpose="safeguarding")

    lifted = {other.id for other in SPARED}
    assert decision.permits is (rule in lifted)
    assert not {lift for lift in lifted if lift.startswith(("list/", "marking/", "key/", "dates/", "originator/"))}
    assert not {lift for lift in lifted if lift.endswith("/not-stated")}


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


@pytest.mark.parametrize("change", [{"risk": RiskFact.NOT_NEEDED}, {"immunity": True}])
def test_the_rules_that_a_manifest_names_tell_nobody_how_the_risk_was_judged_or_what_is_claimed(change):
    assert decide(replace(FACTS, **change)).rules == decide().rules


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
        "Do not use it as evidence in court without our written consent (H1). Action codes agreed: A1, A2.",
        "Keep it encrypted and only in: KE. Confirm to us that every copy is destroyed.",
        "Tell us within 72 hours if it is lost or seen by others; destroy every copy when the agreement ends.",
        "We answer your questions within 5 working days, and give you the list of all that we sent you.",
    )


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"use": Use(Evidence.NEVER, Attribution.MUST_NOT)}, "Tell nobody where it came from."),
        ({"use": Use(Evidence.NEVER, Attribution.MUST)}, "Name us as its origin wherever you use it."),
        (
            {"onward": OnwardRule(Onward.CLASS, (), frozenset({AgencyClass.POLICE}))},
            "Do not pass this on, except to: police.",
        ),
        ({"encryption": Encrypted(Encryption.MUST, Encryption.MAY)}, "Keep it safe and only in: KE. Confirm to us"),
        ({"geography": Geography(frozenset({"world"}), frozenset({"world"}))}, "Keep it encrypted. Confirm to us"),
    ],
)
def test_each_term_of_the_agreement_is_a_sentence_for_its_recipient(change, sentence):
    assert any(
        said.startswith(sentence) for said in decide(agreement=replace(AGREEMENT, **change)).obligations.conditions
    )


def test_the_terms_for_machines_are_narrowed_by_the_reports_own_action_code():
    due = decide().obligations

    assert due.terms(FACTS)["actions"] == ["A1", "A2"]
    assert due.terms(replace(FACTS, handling=Handling.of("C", "A2", "S1")))["actions"] == ["A2"]
    assert due.terms(FACTS)["marking"] == "AMBER"
    assert due.terms(FACTS)["evidence"] == "ask"


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
    verdicts = [Verdict(Rule("a/b", one, "", (), warning=False)), Verdict(Rule("c/d", other, "", (), warning=False))]

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
    explained = dict(re.findall(r"^\| `([a-z-]+/[a-z-]+)` \| ([a-z-]+)[^|]* \|", document, re.MULTILINE))

    assert len(RULES) >= 2 * len(policy.CLAUSES)
    assert explained == {rule.id: rule.answer.code for rule in RULES.values()}


def test_every_verdict_can_be_put_into_words():
    cases = [(FACTS, AGREEMENT, RECIPIENT), (ReportFacts(), AGREEMENT, Recipient(AGENCY)), (IN_DANGER, LIFE, RECIPIENT)]
    cases += [(facts, AGREEMENT, RECIPIENT) for _, facts in BROKEN_FACTS]
    cases += [(FACTS, agreement, RECIPIENT) for _, agreement in BROKEN_AGREEMENTS]
    cases += [(FACTS, AGREEMENT, recipient) for _, recipient in BROKEN_RECIPIENTS]

    for facts, agreement, recipient in cases:
        for verdict in decide(facts, agreement, recipient, "safeguarding").verdicts:
            assert verdict.text.endswith(".")
            assert "{" not in verdict.text
            assert verdict.answer is Answer.PERMIT or all(value for _, value in verdict.values)
