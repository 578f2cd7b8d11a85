"""Who may sign what next (the staffing table), by example and over every small unit."""

import itertools

import pytest

from handling.rules.release import (
    STAFFING,
    Act,
    Complete,
    Duty,
    Eligible,
    IllegalMoveError,
    Kind,
    Nobody,
    Reason,
    advance,
    is_complete,
    next_signer,
    possible_signers,
    why_not,
)

THREE = {
    "amina": frozenset({"handler", "analyst"}),
    "ben": frozenset({"handler"}),
    "clara": frozenset({"officer"}),
}


def test_three_people_release_a_report_lawfully():
    assert next_signer(Kind.REVIEW, "amina", [], THREE) == Eligible(("ben",))
    assert next_signer(Kind.MANIFEST, "amina", [], THREE) == Eligible(("ben",))
    assert next_signer(Kind.MANIFEST, "amina", ["ben"], THREE) == Eligible(("clara",))
    assert next_signer(Kind.MANIFEST, "amina", ["ben", "clara"], THREE) == Complete()


def test_the_author_never_reviews_their_own_report():
    assert why_not(Kind.REVIEW, "amina", "amina", [], THREE) is Reason.OPENER
    assert not is_complete(Kind.REVIEW, "amina", ["amina"], THREE)


def test_who_requested_a_release_gives_neither_signature():
    both = {**THREE, "amina": frozenset({"handler", "officer"})}

    assert why_not(Kind.MANIFEST, "amina", "amina", [], both) is Reason.OPENER
    assert why_not(Kind.MANIFEST, "amina", "amina", ["ben"], both) is Reason.OPENER


def test_nobody_signs_twice_whatever_duties_they_hold():
    both = {**THREE, "ben": frozenset({"handler", "officer"})}

    assert why_not(Kind.MANIFEST, "ben", "amina", ["ben"], both) is Reason.SIGNED
    assert not is_complete(Kind.MANIFEST, "amina", ["ben", "ben"], both)


def test_the_officer_signs_second_and_never_first():
    assert why_not(Kind.MANIFEST, "clara", "amina", [], THREE) is Reason.DUTY
    assert not is_complete(Kind.MANIFEST, "amina", ["clara", "ben"], THREE)


def test_an_analyst_alone_signs_nothing():
    unit = {**THREE, "dan": frozenset({"analyst"})}

    for kind in Kind:
        assert why_not(kind, "dan", "amina", [], unit) is Reason.DUTY


def test_a_phrase_takes_a_handler_and_an_officer_in_any_order():
    assert next_signer(Kind.PHRASE, "amina", [], THREE) == Eligible(("amina", "ben", "clara"))
    assert next_signer(Kind.PHRASE, "amina", ["clara"], THREE) == Eligible(("amina", "ben"))
    assert next_signer(Kind.PHRASE, "amina", ["ben"], THREE) == Eligible(("clara",))
    assert is_complete(Kind.PHRASE, "amina", ["clara", "amina"], THREE)


def test_the_member_list_takes_two_handlers_whoever_proposed_it_and_nobody_else():
    assert next_signer(Kind.MEMBERS, "administrator", [], THREE) == Eligible(("amina", "ben"))
    assert next_signer(Kind.MEMBERS, "amina", ["amina"], THREE) == Eligible(("ben",))
    assert is_complete(Kind.MEMBERS, "amina", ["ben", "amina"], THREE)
    assert why_not(Kind.MEMBERS, "clara", "administrator", [], THREE) is Reason.DUTY
    assert not is_complete(Kind.MEMBERS, "amina", ["amina", "clara"], THREE)
    assert not is_complete(Kind.MEMBERS, "amina", ["ben", "ben"], THREE)


def test_a_notice_takes_one_officer_who_did_not_ask_for_it():
    assert next_signer(Kind.NOTICE, "amina", [], THREE) == Eligible(("clara",))
    assert is_complete(Kind.NOTICE, "amina", ["clara"], THREE)
    assert why_not(Kind.NOTICE, "clara", "clara", [], THREE) is Reason.OPENER
    assert not is_complete(Kind.NOTICE, "amina", ["ben"], THREE)


def test_two_handlers_or_two_officers_are_not_enough_for_a_phrase():
    four = {**THREE, "dina": frozenset({"officer"})}

    assert not is_complete(Kind.PHRASE, "amina", ["amina", "ben"], four)
    assert not is_complete(Kind.PHRASE, "amina", ["clara", "dina"], four)


def test_one_person_with_both_duties_still_needs_a_second():
    two = {"ann": frozenset({"handler", "officer"}), "bob": frozenset({"handler", "officer"})}

    assert next_signer(Kind.PHRASE, "ann", ["ann"], two) == Eligible(("bob",))


def test_two_people_alone_cannot_release():
    two = {"ann": frozenset({"handler", "officer"}), "bob": frozenset({"handler", "officer"})}

    assert next_signer(Kind.MANIFEST, "ann", [], two) == Eligible(("bob",))
    assert next_signer(Kind.MANIFEST, "ann", ["bob"], two) == Nobody({"ann": Reason.OPENER, "bob": Reason.SIGNED})


def test_a_signature_of_somebody_who_left_no_longer_counts():
    left = {name: duties for name, duties in THREE.items() if name != "ben"}

    answer = next_signer(Kind.MANIFEST, "amina", ["ben"], left)

    assert isinstance(answer, Nobody)
    assert answer.cause is Reason.UNLAWFUL
    assert not is_complete(Kind.MANIFEST, "amina", ["ben", "clara"], left)


def test_a_signature_of_somebody_who_lost_the_duty_no_longer_counts():
    changed = {**THREE, "ben": frozenset({"analyst"})}

    assert why_not(Kind.MANIFEST, "clara", "amina", ["ben"], changed) is Reason.UNLAWFUL


RUTH = {"ruth": frozenset({"outside"})}


def test_an_outside_second_gives_one_of_two_signatures_whichever_is_missing_and_never_both():
    unit = {**THREE, **RUTH, "sam": frozenset({"outside"})}

    assert next_signer(Kind.MANIFEST, "amina", [], unit) == Eligible(("ben",), ("ruth", "sam"))
    assert next_signer(Kind.MANIFEST, "amina", ["ruth"], unit) == Eligible(("clara",))
    assert next_signer(Kind.MANIFEST, "amina", ["ben"], unit) == Eligible(("clara",), ("ruth", "sam"))
    assert is_complete(Kind.MANIFEST, "amina", ["ben", "ruth"], unit)
    assert is_complete(Kind.MANIFEST, "amina", ["ruth", "clara"], unit)
    assert not is_complete(Kind.MANIFEST, "amina", ["ruth", "sam"], unit)
    assert why_not(Kind.MANIFEST, "sam", "amina", ["ruth"], unit) is Reason.OUTSIDE


def test_an_outside_second_stands_in_for_nobody_whom_the_unit_does_not_have():
    two = {"amina": THREE["amina"], "ben": THREE["ben"], **RUTH}

    assert why_not(Kind.MANIFEST, "ruth", "amina", ["ben"], two) is Reason.OUTSIDE
    assert not is_complete(Kind.MANIFEST, "amina", ["ben", "ruth"], two)
    assert is_complete(Kind.REVIEW, "amina", ["ruth"], two)


def test_a_request_is_never_sealed_to_somebody_outside_and_the_member_list_is_not_theirs_to_change():
    unit = {**THREE, **RUTH}

    for kind in Kind:
        assert "ruth" not in possible_signers(kind, "amina", unit)
    assert why_not(Kind.MEMBERS, "ruth", "administrator", [], unit) is Reason.DUTY


def test_a_stranger_signs_nothing():
    assert why_not(Kind.REVIEW, "mallory", "amina", [], THREE) is Reason.DUTY


def test_a_complete_set_takes_no_further_signature():
    unit = {**THREE, "dina": frozenset({"officer"})}

    assert why_not(Kind.MANIFEST, "dina", "amina", ["ben", "clara"], unit) is Reason.COMPLETE
    assert not is_complete(Kind.MANIFEST, "amina", ["ben", "clara", "dina"], unit)
    assert why_not(Kind.MANIFEST, "amina", "amina", ["ben", "clara", "dina"], unit) is Reason.UNLAWFUL


def test_a_request_is_sealed_to_all_who_could_sign_it_and_to_nobody_else():
    unit = {**THREE, "dan": frozenset({"analyst"})}

    assert possible_signers(Kind.REVIEW, "amina", unit) == ("ben",)
    assert possible_signers(Kind.MANIFEST, "amina", unit) == ("ben", "clara")
    assert possible_signers(Kind.PHRASE, "amina", unit) == ("amina", "ben", "clara")


_DUTY_SETS = [frozenset(c) for n in range(3) for c in itertools.combinations(Duty, n)]
_UNITS = [dict(zip("abc", sets, strict=True)) for sets in itertools.product(_DUTY_SETS, repeat=3)]


@pytest.mark.parametrize("kind", Kind)
def test_in_every_unit_of_three_a_complete_set_is_of_different_people_with_the_duties(kind):
    needed = STAFFING[kind].duties
    for unit in _UNITS:
        for signed in itertools.product("abcx", repeat=len(needed)):
            if is_complete(kind, "a", signed, unit):
                assert len(set(signed)) == len(needed)
                assert any(
                    all(duty in unit[name] or "outside" in unit[name] for name, duty in zip(signed, order, strict=True))
                    for order in itertools.permutations(needed)
                )
                assert sum("outside" in unit[name] for name in signed) <= STAFFING[kind].outside
                assert STAFFING[kind].opener_may_sign or "a" not in signed


@pytest.mark.parametrize("kind", Kind)
def test_whoever_is_eligible_can_be_added_and_is_sealed_to(kind):
    for unit in _UNITS:
        answer = next_signer(kind, "a", [], unit)
        for name in answer.outside if isinstance(answer, Eligible) else ():
            assert why_not(kind, name, "a", [], unit) is None
            assert name not in possible_signers(kind, "a", unit)
        for name in answer.names if isinstance(answer, Eligible) else ():
            assert why_not(kind, name, "a", [], unit) is None
            assert name in possible_signers(kind, "a", unit)
            assert next_signer(kind, "a", [name], unit) != answer


@pytest.mark.parametrize("kind", Kind)
def test_who_may_not_is_told_a_reason_and_who_may_is_not(kind):
    for unit in _UNITS:
        answer = next_signer(kind, "a", [], unit)
        if isinstance(answer, Nobody):
            assert set(answer.reasons) == set(unit)


_STATES = {
    Kind.REVIEW: ("waiting", "signed", "refused"),
    Kind.MANIFEST: ("waiting", "signed-once", "released", "refused", "void"),
    Kind.PHRASE: ("waiting", "signed-once", "approved", "refused"),
    Kind.MEMBERS: ("waiting", "signed-once", "accepted", "refused"),
    Kind.NOTICE: ("waiting", "sent", "refused"),
}
_MOVES = {
    (Kind.REVIEW, "waiting", Act.SIGN): "signed",
    (Kind.MANIFEST, "waiting", Act.SIGN): "signed-once",
    (Kind.MANIFEST, "signed-once", Act.SIGN): "released",
    (Kind.MANIFEST, "waiting", Act.VOID): "void",
    (Kind.MANIFEST, "signed-once", Act.VOID): "void",
    (Kind.PHRASE, "waiting", Act.SIGN): "signed-once",
    (Kind.PHRASE, "signed-once", Act.SIGN): "approved",
    (Kind.MEMBERS, "waiting", Act.SIGN): "signed-once",
    (Kind.MEMBERS, "signed-once", Act.SIGN): "accepted",
    (Kind.NOTICE, "waiting", Act.SIGN): "sent",
}


@pytest.mark.parametrize(
    ("kind", "state", "act"), [(k, s, a) for k in Kind for s in (*_STATES[k], "released", "") for a in Act]
)
def test_only_what_still_waits_moves(kind, state, act):
    waits = state in {"waiting", "signed-once"} and state in _STATES[kind]
    if act is Act.REFUSE and waits:
        assert advance(kind, state, act) == "refused"
    elif (kind, state, act) in _MOVES:
        assert advance(kind, state, act) == _MOVES[kind, state, act]
    else:
        with pytest.raises(IllegalMoveError):
            advance(kind, state, act)


@pytest.mark.parametrize("kind", Kind)
def test_as_many_signatures_as_the_staffing_asks_lead_to_the_end(kind):
    state = "waiting"
    for _ in STAFFING[kind].duties:
        state = advance(kind, state, Act.SIGN)

    assert state in {"signed", "released", "approved", "accepted", "sent"}
