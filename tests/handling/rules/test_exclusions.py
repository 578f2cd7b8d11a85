"""Exclusions: whom a source's words leave out, and which agencies an exclusion covers."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handling.rules import exclusions
from handling.rules.exclusions import Blocked, Cause, Decision, ExclusionError, Person, Said
from handling.rules.policy import evaluate
from handling.rules.recipient import sealed_to
from tests.handling.rules.samples import FACTS, RECIPIENT, agreement

BEN = Person("ben", "Ben Otieno")
PEOPLE = (Person("amina", "Amina Njeri (handler 1, also analyst)"), BEN, Person("zoe", "Zoë O'Brien-Łuka"))
TREE: Mapping[str, str | None] = {
    "finance": None,
    "customs": "finance",
    "harbour": "customs",
    "interior": None,
    "police": "interior",
}


def named(asked: str, text: str = "") -> frozenset[str]:
    return exclusions.named(PEOPLE, Said(asked, text))


MEMBERS = st.frozensets(st.sampled_from(["amina", "ben", "clara", "zoe"]), min_size=1)


@given(MEMBERS, st.data())
def test_whoever_declares_a_conflict_reads_no_more_and_everybody_else_still_does(readers, data):
    decider = data.draw(st.sampled_from(sorted(readers)))
    if readers == {decider}:
        with pytest.raises(ExclusionError):
            exclusions.recused(decider, readers)
        return

    assert set(exclusions.recused(decider, readers)) == readers - {decider}


@given(
    MEMBERS | st.none(),
    st.frozensets(st.sampled_from(["amina", "ben", "clara", "zoe"])),
    MEMBERS,
    st.sampled_from(["amina", "ben", "clara"]),
)
def test_only_a_first_reader_without_a_conflict_lets_somebody_with_one_in_again(readers, conflicted, first, by):
    decision = Decision(None if readers is None else tuple(readers), (), {}, "")
    back = conflicted if readers is None else conflicted & readers
    theirs = by in first and by not in conflicted

    if back and not theirs:
        with pytest.raises(ExclusionError):
            exclusions.let_in_again(decision, conflicted, by=by, first=first)
    else:
        assert exclusions.let_in_again(decision, conflicted, by=by, first=first) == back


@pytest.mark.parametrize(
    ("asked", "who"),
    [
        ("Ben must not know", {"ben"}),
        ("BEN!", {"ben"}),
        ("Mr. Otieno", {"ben"}),
        ("otie\u0301no and Njeri", {"ben", "amina"}),
        ("Benjamin, the pilot", set()),
        ("Zoe O\u2019Brien", {"zoe"}),
        ("".join(chr(ord(letter) + 0xFEE0) for letter in "OTIENO"), {"ben"}),
        ("Otie\u00adno", {"ben"}),
        ("\u200eOtieno\u200f", {"ben"}),
        ("the port police", set()),
        ("your handler also knows", set()),
        ("", set()),
    ],
)
def test_a_sign_in_name_or_a_word_of_a_shown_name_leaves_its_person_out(asked: str, who: set[str]) -> None:
    assert named(asked) == who


@pytest.mark.parametrize(
    ("shown", "asked", "text"),
    [
        ("\u738b\u4f1f", "\u4e0d\u8981\u8ba9\u738b\u4f1f\u77e5\u9053", ""),  # Chinese, no blank around the name
        ("\u738b\u4f1f", "", "\u738b\u4f1f\u6536\u94b1"),
        ("\uae40\ubbfc\uc218", "\uae40\ubbfc\uc218\ub294 \uc548 \ub41c\ub2e4", ""),  # Korean, a particle on the name
        (
            "\u0e2a\u0e21\u0e0a\u0e32\u0e22",
            "\u0e2b\u0e49\u0e32\u0e21\u0e2a\u0e21\u0e0a\u0e32\u0e22\u0e23\u0e39\u0e49",
            "",
        ),  # Thai
    ],
)
def test_a_name_in_a_script_without_blanks_is_found_inside_a_sentence(shown: str, asked: str, text: str) -> None:
    people = (Person("w", shown), Person("amina", "Amina Njeri"))
    assert exclusions.named(people, Said(asked, text)) == {"w"}


@pytest.mark.parametrize(("asked", "who"), [("Lee", {"l"}), ("Ng and his cousin", {"n"}), ("Marekovi nic", {"m"})])
def test_the_field_that_names_people_finds_short_names_and_names_with_an_ending(asked: str, who: set[str]) -> None:
    people = (Person("l", "Ann Lee"), Person("n", "Ng Kwame"), Person("m", "Jan Marek"))

    assert exclusions.named(people, Said(asked, "")) == who
    assert exclusions.named(people, Said("somebody", asked)) == frozenset()


def test_a_shown_name_without_a_letter_is_found_nowhere() -> None:
    assert exclusions.named([Person("w", "(on call)")], Said("", "on call")) == frozenset()


def test_where_somebody_must_not_learn_the_whole_message_is_looked_through() -> None:
    assert named("The one I describe above", "Sergeant Otieno takes the money") == {"ben"}


def test_without_a_wish_only_a_whole_shown_name_counts() -> None:
    assert named("", "Sergeant Otieno takes the money") == frozenset()
    assert named("", "It was ben\u00a0OTIENO, I am sure") == {"ben"}


@given(asked=st.text(max_size=200), text=st.text(max_size=200), more=st.text(max_size=200))
def test_more_words_never_let_somebody_in_again(asked: str, text: str, more: str) -> None:
    assert named(asked, text) <= named(f"{asked} {more}", text)
    assert named(asked, text) <= named(asked, f"{more} {text}")


@given(st.text(alphabet="abcÄéß \u0301'-", max_size=40))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert exclusions.folded(exclusions.folded(text)) == exclusions.folded(text)


@pytest.mark.parametrize(
    ("out", "readers"),
    [
        (set(), ("amina",)),
        ({"ben"}, ("amina",)),
        ({"amina"}, ("ben", "zoe")),
        ({"amina", "ben"}, ("zoe",)),
        ({"amina", "ben", "zoe"}, ()),
    ],
)
def test_the_appointed_read_first_then_the_others_then_nobody(out: set[str], readers: tuple[str, ...]) -> None:
    assert exclusions.first_readers(PEOPLE, ["amina"], out) == readers


@given(
    appointed=st.sets(st.sampled_from([person.name for person in PEOPLE])),
    out=st.sets(st.sampled_from([person.name for person in PEOPLE])),
)
def test_whoever_is_named_never_reads_first(appointed: set[str], out: set[str]) -> None:
    readers = set(exclusions.first_readers(PEOPLE, appointed, out))

    assert not readers & out
    assert readers or out == {person.name for person in PEOPLE}


def test_an_exclusion_covers_what_stands_above_and_not_what_stands_beside_or_below() -> None:
    found = exclusions.blocked(TREE, ["customs"], {})

    assert found == {"customs": Blocked(Cause.EXCLUDED, "customs"), "finance": Blocked(Cause.ABOVE, "customs")}


def test_an_agency_above_is_let_in_again_with_a_reason_only() -> None:
    assert "finance" in exclusions.blocked(TREE, ["customs"], {"finance": "  "})
    assert set(exclusions.blocked(TREE, ["customs"], {"finance": "The inspector there asked"})) == {"customs"}
    assert set(exclusions.blocked(TREE, ["customs"], {"customs": "no"})) == {"customs", "finance"}


def test_a_circle_in_the_tree_is_walked_once() -> None:
    assert set(exclusions.blocked({"a": "b", "b": "c", "c": "a"}, ["a"], {})) == {"a", "b", "c"}


IDS = [f"a{number}" for number in range(8)]
trees = st.fixed_dictionaries({agency: st.none() | st.sampled_from([*IDS, "gone"]) for agency in IDS})
some = st.sets(st.sampled_from(IDS))


@given(tree=trees, excluded=some, more=some, narrowed=some)
def test_excluding_more_never_lets_an_agency_in(
    tree: dict[str, str | None], excluded: set[str], more: set[str], narrowed: set[str]
) -> None:
    reasons = dict.fromkeys(narrowed, "a reason")

    before = exclusions.blocked(tree, excluded, reasons)

    assert excluded <= set(before) <= set(exclusions.blocked(tree, excluded | more, reasons))
    assert set(before) <= set(exclusions.blocked(tree, excluded, {}))


@given(tree=trees, excluded=some)
def test_whatever_is_blocked_is_excluded_or_stands_above_the_one_it_names(
    tree: dict[str, str | None], excluded: set[str]
) -> None:
    for agency, why in exclusions.blocked(tree, excluded, {}).items():
        if why.cause is Cause.EXCLUDED:
            assert agency in excluded
        else:
            assert agency in exclusions.ancestors(tree, why.below)
            assert why.below in excluded


@given(tree=trees, excluded=some, ticked=some)
def test_an_excluded_agency_meets_the_same_words_as_an_ordinary_absence(
    tree: dict[str, str | None], excluded: set[str], ticked: set[str]
) -> None:
    covered = exclusions.blocked(tree, excluded, {})
    listed = frozenset(ticked - set(covered))
    today = date(2026, 11, 23)

    asked = {
        agency: evaluate(
            replace(FACTS, agencies=listed),
            agreement(),
            sealed_to(agency, RECIPIENT.key),
            "investigation",
            today,
        )
        for agency in IDS
        if agency not in listed
    }

    assert len({next(v for v in decision.verdicts if v.clause == "list") for decision in asked.values()}) <= 1


def test_agencies_are_suggested_by_the_words_of_their_names() -> None:
    names = {"harbour-customs": "Harbour Customs Service", "river-parks": "River Parks Authority"}

    assert exclusions.agencies_named(names, Said("Customs officer Marek", "parks")) == {"harbour-customs"}


DECISION = Decision(readers=("ben", "amina"), excluded=("customs",), narrowed={"finance": "asked"}, reason=" a friend ")
HANDLERS = ("amina", "ben")


def test_a_decision_comes_back_in_its_one_order() -> None:
    checked = exclusions.check(DECISION, HANDLERS, TREE)

    assert (checked.readers, checked.reason) == (("amina", "ben"), "a friend")
    assert exclusions.check(replace(DECISION, readers=None), HANDLERS, TREE).readers is None


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (replace(DECISION, readers=()), "at least one"),
        (replace(DECISION, readers=("clara",)), "no handler"),
        (replace(DECISION, excluded=("gone",)), "not enrolled"),
        (replace(DECISION, narrowed={"customs": "asked"}), "above an excluded one"),
        (replace(DECISION, narrowed={"interior": "asked"}), "above an excluded one"),
        (replace(DECISION, narrowed={"finance": " "}), "reason"),
    ],
)
def test_each_rule_of_a_decision_alone_refuses(wrong: Decision, words: str) -> None:
    with pytest.raises(ExclusionError, match=words):
        exclusions.check(wrong, HANDLERS, TREE)
