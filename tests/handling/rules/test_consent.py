"""Whose consent a report goes on under: the last answer about one recipient and purpose counts, and silence is never yes."""

import hashlib
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from handling.rules import consent
from handling.rules.agreements import Purpose
from handling.rules.consent import Answer, Asked, Consented, ConsentError, Given, State, Token, consented, state

DAY = date(2026, 11, 23)
URN = "urn:uuid:11111111-1111-4111-8111-111111111111"
LATER, LAST = URN.replace("1", "2"), URN.replace("1", "3")
VERSION, OTHER = "a" * 64, "b" * 64
FIRST, SECOND = UUID(int=1), UUID(int=2)
ASKED = Asked("harbour-customs", "river-parks", Purpose.INTELLIGENCE, URN, VERSION)
YES = Token(FIRST, ASKED, Answer.YES, DAY + timedelta(days=90))
NO = Token(FIRST, ASKED, Answer.NO, None)
THIS = replace(YES, answer=Answer.THIS_VERSION)

_tokens = st.builds(
    lambda request, asked, answer, until: Token(request, asked, answer, None if answer is Answer.NO else until),
    st.sampled_from([FIRST, SECOND]),
    st.builds(
        Asked,
        st.sampled_from(["harbour-customs", "coast-guard"]),
        st.sampled_from(["river-parks", "port-police"]),
        st.sampled_from([Purpose.INTELLIGENCE, Purpose.SEIZURE]),
        st.sampled_from([URN, LATER]),
        st.sampled_from([VERSION, OTHER]),
        st.sampled_from([(), ("c" * 64,), ("c" * 64, "d" * 64)]),
    ),
    st.sampled_from(Answer),
    st.dates(DAY - timedelta(days=3), DAY + timedelta(days=3)),
)
histories = st.lists(_tokens, max_size=8)


def given_(*tokens: Token) -> tuple[Given, ...]:
    return tuple(Given(token, f"{place:064d}") for place, token in enumerate(tokens))


def as_named(place: int) -> str:
    return hashlib.sha256(consent.named(URN, f"{place:064d}")).hexdigest()


def asked(
    *tokens: Token, today: date = DAY, version: str = VERSION, report: str = URN, version_of: tuple[str, ...] = ()
) -> frozenset[Consented]:
    held = consented(given_(*tokens), report=report, report_sha256=version, version_of=version_of)
    return frozenset(one for one in held if one.holds(one.recipient, one.purpose, today))


def test_a_yes_holds_for_every_version_up_to_its_last_day():
    held = Consented("harbour-customs", "river-parks", "intelligence", DAY + timedelta(days=90), as_named(0))

    assert asked(YES) == asked(YES, version=OTHER) == asked(YES, today=DAY + timedelta(days=90)) == {held}
    assert asked(YES, today=DAY + timedelta(days=91)) == frozenset()


def test_a_yes_holds_for_a_report_that_is_a_new_version_and_for_no_other():
    assert asked(YES, report=LATER, version=OTHER, version_of=(URN,))
    assert not asked(YES, report=LATER, version_of=())
    assert not asked(THIS, report=LATER, version=OTHER, version_of=(URN,))
    assert not asked(YES, NO, report=LATER, version_of=(URN,))
    assert not asked(replace(YES, asked=replace(ASKED, report=LATER)))


@given(histories, st.sets(st.sampled_from([URN, LATER, LAST])))
def test_a_token_counts_for_its_own_line_alone(history: list[Token], line: set[str]):
    within = [token for token in history if token.asked.report in {LAST, *line}]
    version_of = tuple(line - {LAST})

    held = {
        (one.originator, one.recipient, one.purpose, one.until)
        for one in asked(*within, report=LAST, version_of=version_of)
    }
    among_all = {
        (one.originator, one.recipient, one.purpose, one.until)
        for one in asked(*history, report=LAST, version_of=version_of)
    }
    assert held == among_all


@given(st.uuids(), st.uuids())
def test_one_token_is_named_otherwise_in_the_manifest_of_every_report(one: UUID, other: UUID):
    assume(one != other)

    assert consent.named(f"urn:uuid:{one}", "a" * 64) != consent.named(f"urn:uuid:{other}", "a" * 64)


@pytest.mark.parametrize("value", [None, [], "urn", ["urn:uuid:1"], [URN, URN], [LAST], [7]])
def test_what_a_report_is_a_version_of_is_read_strictly(value: object):
    assert consent.versions([URN, LATER], LAST) == (URN, LATER)
    with pytest.raises(ConsentError):
        consent.versions(value, LAST)


def test_a_yes_to_this_version_holds_for_no_other():
    assert asked(THIS)
    assert not asked(THIS, version=OTHER)


def test_silence_and_no_are_no_consent_and_a_later_no_takes_a_yes_back():
    assert not asked()
    assert not asked(NO)
    assert not asked(YES, NO)
    assert not asked(YES, replace(NO, request=SECOND))
    assert asked(NO, replace(YES, request=SECOND))


PIECES = st.frozensets(st.sampled_from(["c" * 64, "d" * 64, "e" * 64]))


@given(PIECES, PIECES)
def test_a_consent_counts_for_the_pieces_that_it_names_and_for_a_report_that_rests_on_no_other(
    named: frozenset[str], rests_on: frozenset[str]
):
    token = replace(YES, asked=replace(ASKED, material=tuple(sorted(named))))

    held = consented(given_(token), report=URN, report_sha256=VERSION, material={"harbour-customs": rests_on})

    assert bool(held) is (rests_on <= named if rests_on else not named)


def test_where_material_came_another_way_a_consent_that_names_none_counts_for_the_whole_report():
    only = replace(YES, asked=replace(ASKED, material=("c" * 64,)))

    assert asked(YES)
    assert not asked(only)


@given(histories)
def test_whatever_is_in_force_is_the_last_word_of_its_originator_and_holds_today_for_this_report(history: list[Token]):
    given_to = given_(*history)

    for one in asked(*history):
        about = (one.originator, one.recipient, one.purpose, URN)
        last = [entry for entry in given_to if entry.token.asked.subject == about][-1]
        assert as_named(int(last.sha256)) == one.sha256
        assert last.token.answer is not Answer.NO
        assert last.token.until == one.until >= DAY
        assert last.token.answer is Answer.YES or last.token.asked.report_sha256 == VERSION
        assert not last.token.asked.material


@given(histories, _tokens)
def test_what_somebody_says_about_another_report_recipient_or_purpose_changes_nothing(
    history: list[Token], more: Token
):
    before, after = asked(*history), asked(*history, more)

    about = more.asked.subject
    same = {one for one in before if (one.originator, one.recipient, one.purpose, URN) != about}
    assert same <= after
    assert {one for one in after if (one.originator, one.recipient, one.purpose, URN) != about} == same


@given(histories, st.integers(0, 10))
def test_time_alone_takes_consents_away_and_never_gives_one(history: list[Token], days: int):
    assert asked(*history, today=DAY + timedelta(days=days)) <= asked(*history)


@given(histories)
def test_a_no_from_everybody_leaves_nothing_in_force(history: list[Token]):
    refusals = [replace(token, answer=Answer.NO, until=None) for token in history]

    assert not asked(*history, *refusals)


@pytest.mark.parametrize(
    ("tokens", "days", "expected"),
    [
        ((), 0, State.WAITING),
        ((), 10, State.WAITING),
        ((), 11, State.OVERDUE),
        ((YES,), 11, State.GIVEN),
        ((THIS,), 0, State.THIS_VERSION),
        ((YES,), 91, State.EXPIRED),
        ((NO,), 0, State.REFUSED),
        ((YES, NO), 0, State.WITHDRAWN),
        ((YES, replace(NO, request=SECOND)), 0, State.WITHDRAWN),
        ((NO, replace(YES, request=SECOND)), 0, State.REFUSED),
        ((replace(YES, request=SECOND),), 0, State.WAITING),
    ],
)
def test_a_request_stands_where_its_answers_put_it(tokens: tuple[Token, ...], days: int, expected: State):
    assert state(FIRST, DAY + timedelta(days=10), given_(*tokens), DAY + timedelta(days=days)) is expected


@given(_tokens)
def test_every_token_is_read_as_it_was_written(token: Token):
    assert Token.from_body(token.to_body()) == token


@pytest.mark.parametrize(
    "changed",
    [
        {"format": "tipline/consent/v2"},
        {"answer": "maybe"},
        {"answer": "no"},
        {"until": None},
        {"until": "2026-02-30"},
        {"request": str(FIRST).upper().replace("0", "A")},
        {"recipient": "harbour-customs"},
        {"report": "the ivory report"},
        {"report_sha256": "A" * 64},
        {"purpose": ["intelligence"]},
        {"material": ["c" * 64, "c" * 64]},
        {"material": [f"{place:064d}" for place in range(consent.MATERIAL_MAX + 1)]},
        {"signed_by": "clara"},
    ],
)
def test_anything_else_is_no_token(changed: dict[str, object]):
    with pytest.raises(ConsentError):
        Token.from_body(YES.to_body() | changed)
