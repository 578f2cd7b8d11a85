"""The member list changes by one change at a time, never into a list that could not work, and never without words for it."""

import copy
import json
from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from handling.rules import member_list, membership
from handling.rules.member_list import FIRST
from handling.rules.member_words import authenticator, brief, describe, differences, groups, person
from handling.rules.membership import (
    Admit,
    Authenticator,
    Change,
    Entry,
    Equip,
    FirstReaders,
    Keys,
    MembershipError,
    NewVault,
    Remove,
    Renew,
    Replace,
    Unequip,
    apply,
    change_between,
    check,
    concerned,
    from_json,
    signers,
    to_json,
    vault_due,
)

HASH = bytes(range(32))


def recipient(number: int) -> str:
    """A key of the right form; no rule decodes it."""
    digits = "023456789acdefghjklmnpqrstuvwxyz"
    return "age1pq1" + "".join(digits[(number >> (5 * place)) % 32] for place in range(58))


def keys(number: int, duties: tuple[str, ...]) -> Keys:
    corridor, desk = ("handler" in duties), ("analyst" in duties)
    return Keys(
        corridor=recipient(number * 10) if corridor else None,
        desk=recipient(number * 10 + 1) if desk else None,
        release=recipient(number * 10 + 2),
        signing=f"{number:064x}",
    )


def entry(name: str, number: int, *duties: str) -> Entry:
    return Entry(name, name.capitalize(), tuple(sorted(duties)), keys(number, duties))


def key_fob(number: int, label: str = "Blue key") -> Authenticator:
    """An authenticator of the right form; no rule decodes it."""
    return Authenticator(label, f"{number:032x}", f"a5{number:0152x}", "https://guard.example", number)


DINA = entry("dina", 30, "handler")


def a_list(*people: Entry) -> dict[str, Any]:
    """A lawful list: amina (handler, analyst), ben and cleo (handlers), dora (analyst), clara (officer)."""
    members = people or (
        entry("amina", 1, "handler", "analyst"),
        entry("ben", 2, "handler"),
        entry("cleo", 3, "handler"),
        entry("dora", 4, "analyst"),
        replace(entry("clara", 5, "officer"), authenticators=(key_fob(1), key_fob(2, "Spare"))),
    )
    return {
        "version": 4,
        "previous": "ab" * 32,
        "unit": "unit",
        "valid_from": "2026-01-01",
        "valid_until": "2027-01-01",
        "recovery": recipient(900),
        "corridor_vault": {"epoch": 2, "recipient": recipient(901), "since": 3},
        "desk_vault": {"epoch": 1, "recipient": recipient(902), "since": 1},
        "desk_intake": {"serial": 1, "recipient": recipient(903)},
        "departed": {"corridor": 2, "desk": 0},
        "intake_signer": "e1" * 32,
        "package_signer": "e2" * 32,
        "package_pgp": "AB" * 20,
        "first_readers": [member.name for member in members if "handler" in member.duties],
        "members": [member.body() for member in members],
    }


LIST = a_list()
CHANGES: list[Change] = [
    Admit(DINA),
    Remove("ben"),
    Remove("amina"),
    Remove("clara"),
    Replace("ben", keys(31, ("handler",))),
    NewVault("corridor", 3, recipient(950)),
    NewVault("desk", 2, recipient(951)),
    Renew(date(2027, 6, 1)),
    FirstReaders(("ben",)),
    Replace("clara", keys(32, ("officer",))),
    Equip("ben", key_fob(3)),
    Equip("clara", key_fob(3, "Third")),
    Unequip("clara", key_fob(1).credential),
]


def test_the_sample_is_a_lawful_list():
    assert check(LIST) == LIST


@pytest.mark.parametrize("change", CHANGES, ids=brief)
def test_a_change_makes_the_next_lawful_list_and_nothing_else(change):
    before = copy.deepcopy(LIST)

    after = apply(LIST, change, previous_sha256=HASH)

    assert before == LIST  # the list of today is left as it is
    assert check(after)
    assert (after["version"], after["previous"]) == (5, HASH.hex())
    assert change_between(LIST, after) == change


@pytest.mark.parametrize("change", CHANGES, ids=brief)
def test_a_change_is_stored_and_read_again_exactly(change):
    assert from_json(json.loads(json.dumps(to_json(change)))) == change
    with pytest.raises(MembershipError):
        from_json({**to_json(change), "more": 1})


@pytest.mark.parametrize("value", [None, [], "remove", {}, {"kind": "promote"}, {"kind": "remove"}, {"kind": []}])
def test_what_is_no_change_is_refused(value):
    with pytest.raises(MembershipError):
        from_json(value)


@pytest.mark.parametrize(
    ("body", "change", "reason"),
    [
        (LIST, Admit(entry("ben", 30, "handler")), member_list.TAKEN),
        (LIST, Admit(replace(DINA, keys=keys(2, ("handler",)))), member_list.KEY_TAKEN),
        (LIST, Admit(replace(DINA, keys=replace(DINA.keys, release=recipient(901)))), member_list.KEY_TAKEN),
        (LIST, Admit(replace(DINA, keys=replace(DINA.keys, signing="e1" * 32))), member_list.KEY_TAKEN),
        (LIST, Admit(replace(DINA, duties=())), member_list.SHAPE),
        (LIST, Admit(replace(DINA, duties=("chief",))), member_list.SHAPE),
        (LIST, Admit(entry("ruth", 40, "handler", "outside")), member_list.OUTSIDE_ALONE),
        (LIST, Admit(replace(DINA, duties=("handler", "analyst"))), member_list.SHAPE),
        (LIST, Admit(replace(DINA, duties=("officer",))), member_list.SHAPE),
        (LIST, Admit(replace(DINA, display="Din\u202ea")), member_list.SHAPE),
        (LIST, Admit(replace(DINA, display=" ")), member_list.SHAPE),
        (LIST, Admit(replace(DINA, name="Dina")), member_list.SHAPE),
        (LIST, Admit(replace(DINA, keys=replace(DINA.keys, release="age1xyz"))), member_list.SHAPE),
        (LIST, Remove("nobody"), membership.UNKNOWN),
        (
            a_list(entry("amina", 1, "handler", "analyst"), entry("ben", 2, "handler")),
            Remove("ben"),
            membership.NO_REVIEWER,
        ),
        (a_list(entry("amina", 1, "handler"), entry("dora", 4, "analyst")), Remove("amina"), member_list.LAST_HANDLER),
        (
            a_list(entry("a", 1, "handler"), entry("b", 2, "handler"), entry("dora", 4, "analyst")),
            Remove("dora"),
            member_list.LAST_ANALYST,
        ),
        ({**LIST, "first_readers": ["ben"]}, Remove("ben"), membership.LAST_READER),
        (LIST, Replace("nobody", DINA.keys), membership.UNKNOWN),
        (LIST, Replace("ben", keys(2, ("handler",))), member_list.KEY_TAKEN),
        (LIST, Replace("ben", keys(3, ("handler",))), member_list.KEY_TAKEN),
        (LIST, Replace("ben", replace(keys(31, ("handler",)), signing=f"{2:064x}")), member_list.KEY_TAKEN),
        (LIST, Replace("ben", keys(31, ("officer",))), member_list.SHAPE),
        (
            a_list(entry("a", 1, "handler"), entry("b", 2, "handler"), entry("dora", 4, "analyst")),
            Replace("dora", keys(31, ("analyst",))),
            member_list.LAST_KEY["desk"],
        ),
        (
            a_list(entry("a", 1, "handler"), entry("dora", 4, "analyst")),
            Replace("a", keys(31, ("handler",))),
            member_list.LAST_KEY["corridor"],
        ),
        (LIST, NewVault("corridor", 2, recipient(950)), membership.EPOCH),
        (LIST, NewVault("corridor", 4, recipient(950)), membership.EPOCH),
        (LIST, NewVault("corridor", 3, recipient(901)), membership.EPOCH),
        (LIST, NewVault("corridor", 3, recipient(902)), member_list.KEY_TAKEN),
        (LIST, NewVault("desk", 2, recipient(10)), member_list.KEY_TAKEN),
        (LIST, Renew(date(2027, 1, 1)), membership.EARLIER),
        (LIST, FirstReaders(()), member_list.NOT_A_READER),
        (LIST, FirstReaders(("clara",)), member_list.NOT_A_READER),
        (LIST, FirstReaders(("ben", "ben")), member_list.NOT_A_READER),
        (LIST, FirstReaders(("amina", "ben", "cleo")), membership.NOTHING),
        (LIST, Admit(replace(DINA, authenticators=(key_fob(3),))), membership.AFTERWARDS),
        (LIST, Equip("nobody", key_fob(3)), membership.UNKNOWN),
        (LIST, Equip("ben", key_fob(1)), member_list.AUTHENTICATOR_TAKEN),
        (LIST, Equip("ben", replace(key_fob(1), credential="ab")), member_list.AUTHENTICATOR_TAKEN),
        (LIST, Equip("ben", replace(key_fob(1), public_key="ab")), member_list.AUTHENTICATOR_TAKEN),
        (LIST, Equip("clara", key_fob(3, "Spare")), member_list.AUTHENTICATOR_TAKEN),
        (LIST, Equip("ben", key_fob(3, "x" * 41)), member_list.SHAPE),
        (LIST, Equip("ben", key_fob(3, "Bl\u202eue")), member_list.SHAPE),
        (LIST, Equip("ben", replace(key_fob(3), public_key="xyz")), member_list.SHAPE),
        (LIST, Equip("ben", replace(key_fob(3), origin="javascript:")), member_list.SHAPE),
        (LIST, Equip("ben", replace(key_fob(3), counter=-1)), member_list.SHAPE),
        (LIST, Unequip("ben", key_fob(1).credential), membership.NO_AUTHENTICATOR),
        (LIST, Unequip("clara", key_fob(3).credential), membership.NO_AUTHENTICATOR),
        (
            a_list(
                entry("amina", 1, "handler", "analyst"),
                replace(entry("ben", 2, "handler"), authenticators=tuple(key_fob(n, f"{n}") for n in range(1, 6))),
            ),
            Equip("ben", key_fob(6)),
            member_list.TOO_MANY,
        ),
    ],
)
def test_a_change_that_cannot_be_is_refused_with_its_reason(body, change, reason):
    with pytest.raises(MembershipError) as refused:
        apply(body, change, previous_sha256=HASH)

    assert str(refused.value) == reason


@pytest.mark.parametrize("field", sorted(LIST))
def test_a_list_with_a_field_too_few_too_many_or_of_another_kind_is_none(field):
    for value in (None, [], {}, "No name", -1, True, 1.5):
        with pytest.raises(MembershipError):
            check({**LIST, field: value})
    with pytest.raises(MembershipError):
        check({key: value for key, value in LIST.items() if key != field})
    with pytest.raises(MembershipError):
        check({**LIST, field + "2": LIST[field]})


@pytest.mark.parametrize("field", sorted(LIST["members"][0]))
def test_an_entry_with_a_field_too_few_too_many_or_of_another_kind_is_none(field):
    first, *rest = LIST["members"]
    for changed in (
        {**first, field: 1},
        {key: value for key, value in first.items() if key != field},
        {**first, "more": ""},
        {**first, field: None},
    ):
        with pytest.raises(MembershipError):
            check({**LIST, "members": [changed, *rest]})


def test_the_person_concerned_is_no_signer_of_the_change():
    assert concerned(Admit(DINA)) == {"dina"}
    assert concerned(Remove("ben")) == {"ben"}
    assert concerned(Replace("ben", DINA.keys)) == {"ben"}
    assert concerned(Renew(date(2027, 6, 1))) == frozenset()
    assert set(signers(LIST, Remove("ben"))) == {"amina", "cleo", "dora", "clara"}
    assert set(signers(LIST, Admit(DINA))) == {"amina", "ben", "cleo", "dora", "clara"}


def test_an_authenticator_is_decided_by_two_others_and_described_with_a_fingerprint_over_all_of_it():
    for change in (Equip("clara", key_fob(3, "Third")), Unequip("clara", key_fob(1).credential)):
        assert concerned(change) == {"clara"}
        assert "clara" not in signers(LIST, change)
    words = describe(Equip("ben", key_fob(3)), LIST)
    others = [
        replace(key_fob(3), **{field: value})
        for field, value in {
            "label": "Red",
            "credential": "ab",
            "public_key": "ab",
            "origin": "https://x.example",
            "counter": 9,
        }.items()
    ]

    assert words.fingerprint == groups(authenticator(key_fob(3)))
    assert len({authenticator(one) for one in [key_fob(3), *others]}) == len(others) + 1
    assert "https://guard.example" in " ".join(words.lines)
    assert "passphrase alone" not in " ".join(describe(Unequip("clara", key_fob(1).credential), LIST).lines)


def test_an_authenticator_changes_no_card_survives_new_keys_and_is_no_departure():
    after = apply(LIST, Equip("ben", key_fob(3)), previous_sha256=HASH)
    renewed = apply(LIST, Replace("clara", keys(32, ("officer",))), previous_sha256=HASH)

    assert person(after["members"][1]) == person(LIST["members"][1])
    assert vault_due(after) == ()
    assert renewed["members"][-1]["authenticators"] == LIST["members"][-1]["authenticators"]
    swapped = copy.deepcopy(after)
    swapped["members"][-1]["authenticators"][0] = key_fob(8).body()
    assert change_between(LIST, swapped) is None
    with pytest.raises(MembershipError):
        check({**LIST, "members": [*LIST["members"][:-1], {**LIST["members"][-1], "authenticators": []}]})


def test_a_new_vault_is_due_where_somebody_left_and_until_it_is_there():
    assert vault_due(LIST) == ()

    after = apply(LIST, Remove("ben"), previous_sha256=HASH)
    assert vault_due(after) == ("corridor",)
    assert vault_due(apply(LIST, Remove("amina"), previous_sha256=HASH)) == ("corridor", "desk")
    assert vault_due(apply(LIST, Remove("clara"), previous_sha256=HASH)) == ()
    assert vault_due(apply(LIST, Replace("dora", keys(31, ("analyst",))), previous_sha256=HASH)) == ("desk",)

    renewed = apply(after, NewVault("corridor", 3, recipient(950)), previous_sha256=HASH)
    assert vault_due(renewed) == ()


def test_two_changes_in_one_version_are_not_one_change():
    after = apply(LIST, Admit(DINA), previous_sha256=HASH)
    ghost = {**after, "members": [*after["members"], entry("ghost", 66, "handler").body()]}
    swapped = {**after, "recovery": recipient(999)}
    vault = {**after, "desk_vault": {"epoch": 2, "recipient": recipient(998), "since": 5}}

    assert [change_between(LIST, other) for other in (ghost, swapped, vault)] == [None, None, None]


@pytest.mark.parametrize("field", ["unit", "recovery", "intake_signer", "package_signer", "package_pgp", "valid_from"])
def test_what_no_change_may_touch_is_no_change(field):
    others = {"unit": "other", "valid_from": "2025-12-31", "package_pgp": "CD" * 20, "recovery": recipient(999)}
    after = {**LIST, "version": 5, "previous": HASH.hex(), field: others.get(field, "fa" * 32)}

    assert check(after)
    assert change_between(LIST, after) is None


@pytest.mark.parametrize("change", CHANGES, ids=brief)
def test_a_change_is_described_and_so_is_every_difference_it_makes(change):
    after = apply(LIST, change, previous_sha256=HASH)

    words = describe(change, LIST)

    assert words.title.endswith(".")
    assert words.lines
    shown = differences(LIST, after)
    assert {"Version", "Fingerprint of the version before"} <= {one.what for one in shown}
    assert len(shown) > 2


def test_a_fingerprint_to_compare_covers_name_duties_and_every_key():
    words = describe(Admit(DINA), LIST)
    others = [replace(DINA, name="dino"), replace(DINA, display="Dino"), entry("dina", 30, "handler", "analyst")]
    others += [replace(DINA, keys=replace(DINA.keys, corridor=recipient(77)))]
    others += [replace(DINA, keys=replace(DINA.keys, signing="77" * 32))]

    assert words.fingerprint == groups(person(DINA.body()))
    assert len(words.fingerprint.split()) == 16
    assert len({person(one.body()) for one in [DINA, *others]}) == len(others) + 1


def test_a_key_is_shown_by_its_fingerprint_and_never_by_a_shortened_text():
    (shown,) = differences({"recovery": recipient(1)}, {"recovery": recipient(2)})

    assert shown.what == "Recovery key"
    assert shown.before != shown.after
    assert len(shown.before.split()) == len(shown.after.split()) == 16


def test_equal_lists_have_no_difference():
    assert differences(LIST, copy.deepcopy(LIST)) == ()


def test_the_order_of_members_is_a_difference_of_its_own():
    turned = {**LIST, "members": LIST["members"][::-1]}

    assert [one.what for one in differences(LIST, turned)] == ["Members, in this order"]


LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.text(max_size=4), st.just([]), st.just({}))


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value, the containers too."""
    found = [at] if at else []
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return found + [path for key, inner in pairs for path in paths(inner, (*at, key))]


@given(st.sampled_from(paths(LIST)), LEAVES, st.sampled_from(["set", "drop", "add"]))
def test_any_single_field_that_differs_is_described(path, value, how):
    other = copy.deepcopy(LIST)
    inner: Any = other
    for key in path[:-1]:
        inner = inner[key]
    if how == "drop":
        del inner[path[-1]]
    elif how == "add" and isinstance(inner, dict):
        inner["something new"] = value
    else:
        inner[path[-1]] = value
    assume(json.dumps(other) != json.dumps(LIST))

    assert differences(LIST, other)
    assert differences(other, LIST)
    with suppress(MembershipError):
        assert check(other) == other  # a lawful list, or the one error that says it is none


NAMES = ["amina", "ben", "cleo", "dora", "clara", "dina", "eva"]
DUTIES = st.sets(st.sampled_from(["handler", "analyst", "officer"]), min_size=1).map(lambda found: tuple(sorted(found)))


@st.composite
def changes(draw: st.DrawFn) -> Change:
    number = draw(st.integers(1, 60))
    name, duties = draw(st.sampled_from(NAMES)), draw(DUTIES)
    return draw(
        st.sampled_from(
            [
                Admit(entry(name, number, *duties)),
                Remove(name),
                Replace(name, keys(number, duties)),
                NewVault(
                    draw(st.sampled_from(["corridor", "desk"])), draw(st.integers(1, 6)), recipient(1000 + number)
                ),
                Renew(date(2027, 1, 1 + draw(st.integers(0, 20)))),
                FirstReaders(tuple(draw(st.lists(st.sampled_from(NAMES), max_size=3)))),
                Equip(name, key_fob(number, f"Key {number}")),
                Unequip(name, key_fob(number).credential),
            ]
        )
    )


@given(st.lists(changes(), max_size=12))
def test_whatever_is_applied_in_whatever_order_the_unit_can_go_on(wanted):
    body: Any = LIST
    for change in wanted:
        try:
            after = apply(body, change, previous_sha256=HASH)
        except MembershipError:
            continue
        assert change_between(body, after) == change
        assert describe(change, body).title
        assert differences(body, after)
        body = after

    duties = [duty for one in body["members"] for duty in one["duties"]]
    handlers = {one["name"] for one in body["members"] if "handler" in one["duties"]}
    held = [one[key] for one in body["members"] for key in ("corridor", "desk", "release", "signing") if one[key]]
    assert len(handlers) >= 2
    assert "analyst" in duties
    assert set(body["first_readers"]) <= handlers
    assert body["first_readers"]
    assert len(set(held)) == len(held)
    assert check(body)


def test_version_one_follows_nothing():
    assert check({**LIST, "version": 3, "previous": FIRST})


def test_an_outside_second_joins_with_two_keys_counts_for_nothing_else_and_is_said_to_be_of_another_unit():
    ruth = entry("ruth", 40, "outside")
    after = apply(LIST, Admit(ruth), previous_sha256=HASH)

    assert change_between(LIST, after) == Admit(ruth)
    assert (ruth.keys.corridor, ruth.keys.desk) == (None, None)
    assert "becomes an outside second" in describe(Admit(ruth), LIST).title
    assert "becomes an outside second" in brief(Admit(ruth))
    with pytest.raises(MembershipError, match="signs on their own machine"):
        apply(after, Equip("ruth", key_fob(3)), previous_sha256=HASH)
    with pytest.raises(MembershipError, match="Every first reader is a handler"):
        apply(after, FirstReaders(("ruth",)), previous_sha256=HASH)
