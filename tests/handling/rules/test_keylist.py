"""Every key in a line: how old it is, where it is, and what happens to it next. Days are those of the member lists."""

from datetime import date, timedelta

from handling.rules.keylist import KeyLine, Listed, ZoneFiles, of_forms, of_members, of_zone
from handling.rules.member_list import FIRST
from handling.rules.membership import Admit, Equip, NewVault, Remove, apply
from tests.handling.rules.test_membership import HASH, LIST, entry, key_fob, recipient

FOUNDED = date(2026, 1, 1)
EQUIPPED, LEFT, MOVED, RECOVERED = (date(2026, month, 1) for month in (3, 4, 5, 6))
TODAY = date(2026, 7, 1)


def a_chain() -> Listed:
    """Ben registers an authenticator, cleo leaves, the corridor gets a new vault, and at last amina's keys are recovered."""
    vault = {"epoch": 1, "recipient": recipient(901), "since": 1}
    nobody = {"corridor": 0, "desk": 0}
    chain = [{**LIST, "version": 1, "previous": FIRST, "corridor_vault": vault, "departed": nobody}]
    for change in (Equip("ben", key_fob(3)), Remove("cleo"), NewVault("corridor", 2, recipient(950))):
        chain.append(apply(chain[-1], change, previous_sha256=HASH))
    amina, *others = chain[-1]["members"]
    again = {**amina, **entry("amina", 50, "handler", "analyst").body()}
    chain.append({**chain[-1], "version": 5, "valid_from": RECOVERED.isoformat(), "members": [again, *others]})
    return Listed(chain, {2: EQUIPPED, 3: LEFT, 4: MOVED}, due=())


def test_a_key_is_as_old_as_the_list_that_first_named_it_whatever_changed_beside_it():
    lines = {line.key: line for line in of_members(a_chain(), None, TODAY)}

    since = {name: line.since for name, line in lines.items()}
    assert since["recovery"] == FOUNDED
    assert since["signing of ben"] == since["authenticator “Spare” of clara"] == FOUNDED
    assert since["authenticator “Blue key” of ben"] == EQUIPPED
    assert since["signing of amina"] == RECOVERED
    assert "take-authenticator ben" in lines["authenticator “Blue key” of ben"].act


def test_every_vault_has_its_age_and_its_next_act_also_those_before_the_one_in_force():
    files = ZoneFiles("corridor", frozenset({1, 2}), 0, frozenset({1}), records=3, restricted=1, oldest=LEFT)

    force, left, kept, records = of_zone(a_chain(), files, TODAY)

    assert (force.key, force.since, force.overdue) == ("corridor vault, epoch 2", MOVED, False)
    assert force.act.startswith("kept until somebody who can open it leaves")
    assert (left.key, left.since, left.overdue) == ("corridor vault, epoch 1", FOUNDED, True)
    assert left.act.startswith("somebody who could open it signs in")
    assert (kept.key, kept.since, kept.overdue) == ("corridor vault, epoch 1, as it was kept", FOUNDED, False)
    assert kept.act.startswith("kept for as long as the unit")
    assert (records.since, records.act) == (None, "each goes with its record")


def test_the_key_of_a_days_forms_is_overdue_from_the_day_after_the_one_on_which_it_goes():
    def told(today: date) -> KeyLine:
        (line,) = of_forms({FOUNDED: FOUNDED + timedelta(days=2)}, today)
        return line

    goes = FOUNDED + timedelta(days=2)
    assert (told(goes).since, told(goes).valid_until, told(goes).act_on) == (FOUNDED, FOUNDED + timedelta(days=1), goes)
    assert (told(goes).act, told(goes).overdue) == ("is destroyed at 00:05 UTC", False)
    assert told(goes + timedelta(days=1)).overdue
    assert "tipline rewrite" in told(goes + timedelta(days=1)).act


def test_where_form_keys_are_not_made_yet_or_not_seen_the_list_says_so():
    (unmade,), (unseen,) = of_forms({}, TODAY), of_forms(None, TODAY)

    assert (unmade.key, unmade.where, unmade.overdue) == ("form keys", "not made yet", False)
    assert unseen.where.endswith("not seen from here")
    assert unseen.act.startswith("look there")


def test_the_keys_of_an_outside_second_are_listed_where_they_are():
    body = apply(LIST, Admit(entry("ruth", 40, "outside")), previous_sha256=HASH)
    listed = Listed((LIST, body), days={}, due=())

    lines = {line.key: line.where for line in of_members(listed, None, TODAY)}

    assert lines["authenticator “Spare” of clara"] == "with clara; for https://guard.example"
    assert lines["release of ruth"] == lines["signing of ruth"] == "on their own machine, in another unit"
    assert "under ben's passphrase" in lines["release of ben"]
