"""What is known ahead: which conflicts and whose people a text touches, and who ends or undoes what."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handling.rules import exclusions, interests
from handling.rules.exclusions import Cause, Decision, ExclusionError, Person, Said
from handling.rules.interests import Conflict, Ended, Enrolled, InterestError, Interests, KnownPerson, Met

TODAY = date(2026, 11, 26)
TREE = {"finance": None, "customs": "finance", "harbour": "customs", "police": None}
ENROLLED = Enrolled(
    {
        "finance": "Finance Ministry",
        "customs": "Customs Office",
        "harbour": "Harbour Customs",
        "police": "State Police",
    },
    TREE,
)
PETROV = KnownPerson("k1", "harbour", ("Jonas Petrov", "@jpetrov", "+49 170 1234567"), "amina", TODAY)


def conflict(*called: str, agency: str | None = None, until: date | None = None, member: str = "ben") -> Conflict:
    return Conflict("c1", member, called, agency, until, "", "amina", TODAY)


def met(known: Interests, text: str, asked: str = "", today: date = TODAY) -> Met:
    return interests.met(known, Said(asked, text), ENROLLED, today)


def people(text: str, asked: str = "") -> bool:
    return met(Interests((), (PETROV,)), text, asked).agencies == {"harbour"}


@pytest.mark.parametrize(
    "text",
    [
        "I saw Jonas Petrov there.",
        "PETROV, Jonas",
        "jonas_petrov_passport.jpg",
        "write to @JPetrov",
        "Jo\u00adnas\u00a0Pe\u0301trov",
        "0170-123 45 67",
        "+49 (0)170 / 1234567",
        "call 1234567",
        "".join(chr(0x0660 + int(digit)) if digit != " " else digit for digit in "0170 1234567"),  # as Arabic writes it
    ],
)
def test_somebody_of_an_agency_is_found_by_every_name_and_way_of_writing_it(text: str) -> None:
    assert people(text)


@pytest.mark.parametrize("text", ["Jonas was there", "Petrova", "a jpetrovski", "0170 123456", "1234 of 567 boxes"])
def test_part_of_a_name_or_number_is_nobody(text: str) -> None:
    assert not people(text)


def test_where_a_source_asks_that_somebody_must_not_learn_one_word_of_a_name_is_enough() -> None:
    assert people("", asked="Mr. Petrov")
    assert not people("Mr. Petrov")


def test_a_conflict_with_an_agency_is_touched_by_it_by_what_is_below_and_by_its_people() -> None:
    known = Interests((conflict(agency="customs"),), (PETROV,))

    assert met(known, "The Customs Office knows").members == {"ben"}
    assert met(known, "Harbour Customs knows").members == {"ben"}
    assert met(known, "Jonas Petrov knows").members == {"ben"}
    assert met(known, "The Finance Ministry knows").members == set()
    assert met(known, "The State Police knows").members == set()
    assert interests.met(known, Said("", "the NCA knows"), Enrolled({"customs": "NCA"}, TREE), TODAY).members == {"ben"}


def test_a_conflict_ends_after_its_last_day_or_when_it_is_ended() -> None:
    known = Interests((conflict("Lena Otto", until=TODAY),))

    assert met(known, "Lena Otto").members == {"ben"}
    assert met(known, "Lena Otto", today=TODAY + timedelta(1)).members == set()
    assert met(known.ending("c1", Ended("ben", TODAY)), "Lena Otto") == Met()


def test_whoever_is_left_out_and_known_to_be_of_an_agency_leaves_it_out_too() -> None:
    known = Interests((), (PETROV,))
    members = [Person("jonas", "Jonas Petrov (handler)")]

    assert interests.heard(known, (), members, ENROLLED, TODAY).agencies == {"harbour"}
    assert interests.heard(known, (), [Person("lena", "Lena Otto")], ENROLLED, TODAY) == Met()


@pytest.mark.parametrize(
    "typed",
    ["", " \n ", "Li", "(all of it in brackets)", "123", "x" * 101, "\n".join(f"Name {n:04}" for n in range(21))],
)
def test_what_would_never_be_found_or_is_too_much_is_refused_by_name(typed: str) -> None:
    with pytest.raises(InterestError):
        interests.names_of(typed)


@given(st.lists(st.text(max_size=30), max_size=5).map("\n".join))
def test_every_name_that_is_kept_is_found_where_it_stands(typed: str) -> None:
    try:
        names = interests.names_of(typed)
    except InterestError:
        return

    for name in names:
        assert interests.is_named(names, Said("", f"We met, {name}, twice."))


ENTRIES = st.lists(
    st.builds(
        KnownPerson,
        st.sampled_from(["k1", "k2", "k3"]),
        st.sampled_from(sorted(TREE)),
        st.just(("Jonas Petrov",)) | st.just(("Lena Otto",)),
        st.just("amina"),
        st.just(TODAY),
        st.none() | st.just(Ended("amina", TODAY)),
    ),
    max_size=4,
).map(tuple)
CONFLICTS = st.lists(
    st.builds(
        Conflict,
        st.sampled_from(["c1", "c2"]),
        st.sampled_from(["amina", "ben"]),
        st.just(()) | st.just(("Lena Otto",)),
        st.none() | st.sampled_from(sorted(TREE)),
        st.none() | st.just(TODAY) | st.just(TODAY - timedelta(1)),
        st.just(""),
        st.sampled_from(["amina", "ben"]),
        st.just(TODAY),
    ),
    max_size=4,
).map(tuple)
TEXTS = st.lists(
    st.sampled_from(["Jonas Petrov", "Lena Otto", "Harbour Customs", "State Police", "boxes", "Petrov"]), max_size=4
).map(", ".join)


KNOWN = st.builds(Interests, CONFLICTS, ENTRIES)


@given(KNOWN, KNOWN, TEXTS, TEXTS)
def test_knowing_more_or_hearing_more_never_touches_less(
    some: Interests, more: Interests, text: str, longer: str
) -> None:
    less = met(some, text)
    both = Interests((*some.conflicts, *more.conflicts), (*some.people, *more.people))
    much = met(both, f"{text}, {longer}")

    assert less | much == much


@given(CONFLICTS, ENTRIES, TEXTS, st.text(max_size=10).filter(lambda one: one not in {"c1", "c2"}))
def test_ending_something_else_changes_nothing(
    some: tuple[Conflict, ...], people: tuple[KnownPerson, ...], text: str, entry: str
) -> None:
    known = Interests(some, people)

    if entry not in {"k1", "k2", "k3"}:
        assert known.ending(entry, Ended("amina", TODAY)) == known
    assert met(known.ending("c1", Ended("amina", TODAY)), text) == met(
        replace(known, conflicts=tuple(one for one in some if one.id != "c1")), text
    )


@given(st.sampled_from(["amina", "ben", "clara"]), st.booleans(), CONFLICTS)
def test_nobody_sees_what_somebody_else_stated_about_them(name: str, first: bool, all_: tuple[Conflict, ...]) -> None:  # noqa: FBT001 - drawn
    for one in all_:
        assert one.is_shown_to(name, first=first) == (one.by == name or (first and one.member != name))
        assert interests.may_end(one, name, first=first) == one.is_shown_to(name, first=first)


AGENCIES = st.frozensets(st.sampled_from(sorted(TREE)))


@given(AGENCIES, AGENCIES, st.sampled_from(["amina", "ben"]), st.sampled_from([("amina",), ("amina", "ben"), ()]))
def test_only_a_first_reader_lets_an_agency_whose_people_are_named_learn(
    excluded: frozenset[str], barred: frozenset[str], by: str, first: tuple[str, ...]
) -> None:
    if barred - excluded and by not in first:
        with pytest.raises(ExclusionError):
            interests.free_again(excluded, barred, by=by, first=first)
    else:
        assert interests.free_again(excluded, barred, by=by, first=first) == barred - excluded


@given(AGENCIES, AGENCIES, st.dictionaries(st.sampled_from(sorted(TREE)), st.just("asked for")))
def test_until_a_decision_names_it_an_agency_is_barred_with_all_above_whatever_was_narrowed_before(
    excluded: frozenset[str], barred: frozenset[str], narrowed: dict[str, str]
) -> None:
    decision = Decision(None, tuple(sorted(excluded)), narrowed, "")
    blocked = exclusions.blocked_with(TREE, decision, barred)

    for agency in barred - excluded:
        assert blocked[agency].cause in {Cause.KNOWN, Cause.ABOVE}
        assert set(exclusions.ancestors(TREE, agency)) <= set(blocked)
    assert set(exclusions.blocked(TREE, excluded, narrowed)) <= set(blocked)
    assert exclusions.blocked_with(TREE, decision, ()) == exclusions.blocked(TREE, excluded, narrowed)
