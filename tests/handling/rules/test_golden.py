"""The golden matrix: decisions written by hand from the tables of docs/agreements.md, which the code has to agree with."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from handling.data import scheme, subjects
from handling.rules.agreements import ContentLimits, Geography, MarkingLimits, Purpose, Side, ThreatToLife
from handling.rules.grading import Action, Handling, HandlingCode, Sanitisation, floor
from handling.rules.material import PassOn
from handling.rules.policy import evaluate
from handling.rules.recipient import Recipient
from handling.rules.terms import AgencyClass, DataCategory, Removable, SpecialCategory, Tlp
from handling.rules.verdicts import RULES
from tests.handling.materials import a_piece
from tests.handling.rules.samples import AGENCY, AGREEMENT, FACTS, RECIPIENT, consent_of, grade

DAY = date(2026, 11, 23)
ROWS = [
    line.split()
    for line in Path(__file__).with_name("golden.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]

# Reports: each says how it differs from the plain one.
PLAIN = replace(
    FACTS,
    subjects=frozenset({"goods.ivory"}),
    grades=(grade("1B"),),
    agencies=frozenset({AGENCY}),
    marking=Tlp.GREEN,
    named_persons=False,
)


def _rests_on(*pieces):
    return {"material": pieces, "originators": {one.agency for one in pieces}}


def _sent(**conditions):
    return _rests_on(a_piece(**conditions))


POLICE_AGREED = {consent_of("port-police", purpose=one.value) for one in Purpose}
_MONEY = frozenset({DataCategory.TRADE, DataCategory.FINANCE})
REPORTS = {
    "plain": {},
    "names": {"named_persons": True},
    "names-removable": {"named_persons": True, "removable": {Removable.PERSONS}},
    "child": {"minors": True, "named_persons": True, "removable": {Removable.MINORS}},
    "money": {"data": _MONEY},
    "money-removable": {"data": _MONEY, "removable": {Removable.DATA}},
    "ill": {"special_categories": {SpecialCategory.HEALTH}, "removable": {Removable.SPECIAL}},
    "amber": {"marking": Tlp.AMBER},
    "strict": {"marking": Tlp.AMBER_STRICT},
    "red-removable": {"marking": Tlp.RED, "removable": {Removable.MARKING}},
    "overt": {"handling": Handling.of("C", "A3", "S1")},
    "covert-removable": {"handling": Handling.of("C", "A2", "S2"), "removable": {Removable.MARKING}},
    "open-removable": {"handling": Handling.of("C", "A2", "S1"), "removable": {Removable.MARKING}},
    "uganda": {"about": {"KE", "UG"}},
    "nowhere": {"about": {"ZZ"}},
    "untested": {"grades": (grade("2D"),)},
    "weak": {"grades": (grade("1B"), grade("3C"))},
    "doubtful": {"grades": (grade("1E"),), "suspected_false": True},
    "drugs": {"subjects": {"goods.ivory", "crime.drugs"}},
    "police": {"originators": {"port-police"}},
    "police-consented": {"originators": {"port-police"}, "consents": POLICE_AGREED},
    "sent-ask": _sent(),
    "sent-consented": {**_sent(), "consents": POLICE_AGREED},
    "sent-never": _sent(pass_on=PassOn.NEVER),
    "sent-never-consented": {**_sent(pass_on=PassOn.NEVER), "consents": POLICE_AGREED},
    "sent-listed": _sent(pass_on=PassOn.MAY, agencies=frozenset({AGENCY})),
    "sent-class": _sent(pass_on=PassOn.MAY, classes=frozenset({AgencyClass.CUSTOMS})),
    "sent-others": _sent(pass_on=PassOn.MAY, agencies=frozenset({"river-parks"})),
    "sent-other-class": _sent(pass_on=PassOn.MAY, classes=frozenset({AgencyClass.POLICE})),
    "sent-own": _rests_on(
        a_piece(AGENCY, pass_on=PassOn.NEVER, purposes=frozenset({Purpose.SEIZURE}), delete_by=DAY - timedelta(days=1))
    ),
    "sent-and-letter": {
        **_sent(pass_on=PassOn.MAY, agencies=frozenset({AGENCY})),
        "by_hand": {"port-police"},
    },
    "sent-seizure": {**_sent(purposes=frozenset({Purpose.SEIZURE})), "consents": POLICE_AGREED},
    "sent-past": {**_sent(delete_by=DAY - timedelta(days=1)), "consents": POLICE_AGREED},
    "sent-last-day": {**_sent(delete_by=DAY), "consents": POLICE_AGREED},
    "sent-amber": {**_sent(marking=Tlp.AMBER), "consents": POLICE_AGREED},
    "sent-green": {**_sent(marking=Tlp.GREEN), "consents": POLICE_AGREED},
    "sent-covert": {**_sent(handling=Handling.of("C", "A2", "S2")), "consents": POLICE_AGREED},
    "sent-covert-kept": {
        **_sent(handling=Handling.of("C", "A2", "S2")),
        "consents": POLICE_AGREED,
        "handling": Handling.of("C", "A1", "S2"),
    },
    "sent-covert-overt": {
        **_sent(handling=Handling.of("C", "A2", "S2")),
        "consents": POLICE_AGREED,
        "handling": Handling.of("C", "A3", "S2"),
    },
    "sent-sanitisable": {
        **_sent(handling=Handling.of("C", "A2", "S2")),
        "consents": POLICE_AGREED,
        "handling": Handling.of("C", "A2", "S1"),
    },
    "sent-two": {
        **_rests_on(a_piece(), a_piece("coast-guard", "bb", pass_on=PassOn.NEVER)),
        "consents": POLICE_AGREED,
    },
    "sent-two-asked": {
        **_rests_on(a_piece(), a_piece("coast-guard", "bb")),
        "consents": POLICE_AGREED,
    },
    "sent-danger": {**_sent(pass_on=PassOn.NEVER), "threat_to_life": True},
    "sent-unsaid": {"material": None},
    "approved-by-head": {"approvals": {AGENCY}},
    "danger": {
        "threat_to_life": True,
        "minors": True,
        "about": {"UG"},
        "subjects": {"crime.drugs"},
        "data": {DataCategory.FINANCE},
    },
    "mixed": {
        "marking": Tlp.AMBER_STRICT,
        "named_persons": True,
        "data": _MONEY,
        "removable": {Removable.PERSONS, Removable.DATA},
    },
    "bundle": {
        "marking": Tlp.RED,
        "named_persons": True,
        "minors": True,
        "data": _MONEY,
        "special_categories": {SpecialCategory.HEALTH},
        "removable": set(Removable),
    },
    "silent": {"marking": None, "data": None, "minors": None},
    "raw": {"reviewed": False},
    "not-listed": {"agencies": {"river-parks"}},
    "early": {"date": date(2026, 12, 1)},
}

# Agreements, all with the Harbour Customs Service of Kenya.
WIDE = replace(
    AGREEMENT,
    purposes=frozenset(Purpose),
    covered=subjects().covered({"wildlife", "goods", "crime"}),
    handling=frozenset(HandlingCode),
    content=ContentLimits(frozenset(DataCategory), True, frozenset(SpecialCategory), True),  # noqa: FBT003 - named persons, minors
    marking=MarkingLimits(Tlp.RED, frozenset(Action), frozenset(Sanitisation)),
    grades=floor(
        scheme(),
        source="3",
        information="C",
        unknown_source_may_go=True,
        unknown_information_may_go=True,
        suspected_false_may_go=True,
    ),
    geography=Geography(frozenset({"world"}), frozenset({"KE"})),
)
MIDDLE = replace(
    WIDE,
    purposes=frozenset({Purpose.INTELLIGENCE, Purpose.INVESTIGATION, Purpose.SAFEGUARDING}),
    covered=subjects().covered({"wildlife", "goods"}),
    content=ContentLimits(frozenset({DataCategory.TRADE, DataCategory.CONTACT}), True, frozenset(), False),  # noqa: FBT003
    marking=MarkingLimits(Tlp.AMBER, frozenset({Action.A1, Action.A2}), frozenset(Sanitisation)),
    grades=replace(AGREEMENT.grades, suspected_false_may_go=False),
    geography=Geography(frozenset({"KE", "TZ", "UG"}), frozenset({"KE"})),
)
NARROW = replace(
    WIDE,
    purposes=frozenset({Purpose.INTELLIGENCE, Purpose.SAFEGUARDING}),
    covered=subjects().covered({"goods"}),
    handling=frozenset({HandlingCode.P}),
    content=ContentLimits(frozenset({DataCategory.TRADE}), False, frozenset(), False),  # noqa: FBT003
    marking=MarkingLimits(Tlp.GREEN, frozenset({Action.A1}), frozenset({Sanitisation.S2})),
    grades=floor(
        scheme(),
        source="1",
        information="B",
        unknown_source_may_go=False,
        unknown_information_may_go=False,
        suspected_false_may_go=False,
    ),
    geography=Geography(frozenset({"KE"}), frozenset({"KE"})),
    threat_to_life=ThreatToLife(may_go=False, review_days=7),
)
AGREEMENTS = {
    "wide": WIDE,
    "middle": MIDDLE,
    "narrow": NARROW,
    "approver": replace(WIDE, approver="Head of the Wildlife Service"),
    "suspended": replace(WIDE, suspended=True, suspended_since=date(2026, 11, 1)),
    "expired": replace(WIDE, review_by=date(2026, 10, 1), expires_on=DAY - timedelta(days=1)),
    "stale": replace(WIDE, review_by=DAY - timedelta(days=1)),
    "baseless": replace(WIDE, agency=replace(WIDE.agency, lawful_basis=None)),
    "other-key": replace(WIDE, agency=replace(WIDE.agency, fingerprint="ab" * 32)),
    "abroad": replace(WIDE, geography=Geography(frozenset({"world"}), frozenset({"TZ"}))),
    "unsigned": replace(WIDE, signed=frozenset({Side.UNIT})),
    "quiet": replace(WIDE, marking=MarkingLimits(Tlp.RED, frozenset(Action), frozenset({Sanitisation.S2}))),
    "later": replace(WIDE, valid_from=DAY + timedelta(days=1)),
}
RECIPIENTS = {
    "enrolled": RECIPIENT,
    "without-key": Recipient(AGENCY),
    "key-over": replace(RECIPIENT, key=replace(RECIPIENT.key, expires_on=DAY - timedelta(days=1))),
    "key-last-day": replace(RECIPIENT, key=replace(RECIPIENT.key, expires_on=DAY)),
    "in-clear": replace(RECIPIENT, in_transit=False),
    "unknown-way": replace(RECIPIENT, at_rest=None),
    "other-agency": replace(RECIPIENT, agency="river-parks"),
}


def report(name):
    changes = REPORTS[name].items()
    return replace(PLAIN, **{key: frozenset(value) if isinstance(value, set) else value for key, value in changes})


@pytest.mark.parametrize("name", REPORTS)
def test_what_is_decided_about_a_report_is_what_the_tables_say(name):
    for row in (row for row in ROWS if row[0] == name):
        agreement, purpose, recipient, outcome, *rules = row[1:]

        decision = evaluate(report(name), AGREEMENTS[agreement], RECIPIENTS[recipient], purpose, DAY)

        assert (decision.outcome.code, {one.rule for one in decision.failing}) == (outcome, set(rules)), row


def test_the_matrix_is_large_has_no_row_twice_and_knows_every_name():
    cells = [tuple(row[:4]) for row in ROWS]

    assert len(cells) == len(set(cells)) >= 300
    assert {row[0] for row in ROWS} == set(REPORTS)
    assert {row[1] for row in ROWS} == set(AGREEMENTS)
    assert {row[3] for row in ROWS} == set(RECIPIENTS)
    assert {row[4] for row in ROWS} == {"permit", "permit-after-sanitise", "ask-approver", "ask-originator", "deny"}
    assert {rule for row in ROWS for rule in row[5:]} <= set(RULES)
