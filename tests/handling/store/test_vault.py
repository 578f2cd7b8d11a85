"""Restricted records: exactly the readers and recovery open them, at every moment and after every crash."""

from pathlib import Path
from uuid import uuid4

import pytest

from crypto import age
from crypto.records import wrap
from handling.store.keyring import MissingKeyError
from handling.store.vault import VaultError
from tests.handling.store.vaults import Zone, opens_nothing, readable

PEOPLE = ("amina", "ben", "clara")


@pytest.fixture
def zone(tmp_path: Path) -> Zone:
    return Zone.founded(tmp_path / "keyring", PEOPLE)


def test_a_record_without_readers_opens_for_every_member_and_recovery(zone: Zone) -> None:
    record = uuid4()

    key = zone.session("amina").new_record(record)

    assert all(zone.session(name).record(record).matches(key) for name in PEOPLE)
    assert zone.opened_by(zone.recovery).record(record).matches(key)
    assert zone.session("ben").readers_kind(record) == "vault"


def test_a_record_made_for_readers_opens_for_them_and_recovery_alone(zone: Zone) -> None:
    record = uuid4()

    key = zone.session("clara").new_record(record, readers=zone.readers("amina"))

    assert zone.session("amina").record(record).matches(key)
    assert zone.opened_by(zone.recovery).record(record).matches(key)
    assert zone.session("amina").readers_kind(record) == "restricted"
    assert not readable(zone.session("ben"), record)
    assert not readable(zone.session("clara"), record)


def test_a_record_for_nobody_waits_for_recovery(zone: Zone) -> None:
    record = uuid4()

    zone.session("amina").new_record(record, readers=[])

    assert not any(readable(zone.session(name), record) for name in PEOPLE)
    assert readable(zone.opened_by(zone.recovery), record)


def test_restricting_reaches_sessions_that_had_opened_the_record_before(zone: Zone) -> None:
    record, amina, ben = uuid4(), zone.session("amina"), zone.session("ben")
    key = amina.new_record(record)
    assert ben.record(record).matches(key)
    assert ben.hidden() == frozenset()

    amina.restrict(record, zone.readers("amina", "clara"))

    assert not readable(ben, record)
    assert ben.hidden() == {record}
    assert zone.session("clara").record(record).matches(key)
    assert amina.hidden() == frozenset()


def test_who_restricts_others_may_restrict_themselves(zone: Zone) -> None:
    record, amina = uuid4(), zone.session("amina")
    amina.new_record(record)

    amina.restrict(record, zone.readers("ben"))

    assert not readable(amina, record)
    assert readable(zone.session("ben"), record)


def test_unrestricting_gives_the_record_back_to_all(zone: Zone) -> None:
    record, amina, ben = uuid4(), zone.session("amina"), zone.session("ben")
    key = amina.new_record(record, readers=zone.readers("amina"))
    assert ben.hidden() == {record}

    amina.unrestrict(record)

    assert ben.record(record).matches(key)
    assert ben.hidden() == frozenset()
    assert amina.readers_kind(record) == "vault"


@pytest.mark.parametrize("act", ["restrict", "unrestrict"])
def test_who_cannot_open_a_record_cannot_change_its_readers(zone: Zone, act: str) -> None:
    record, ben = uuid4(), zone.session("ben")
    key = zone.session("amina").new_record(record, readers=zone.readers("amina"))

    with pytest.raises(MissingKeyError):
        ben.restrict(record, zone.readers("ben")) if act == "restrict" else ben.unrestrict(record)

    assert zone.session("amina").record(record).matches(key)
    assert not readable(ben, record)


def test_gone_and_not_yours_are_one_error(zone: Zone) -> None:
    record = uuid4()
    zone.session("amina").new_record(record, readers=zone.readers("amina"))
    ben = zone.session("ben")

    with pytest.raises(MissingKeyError) as hidden:
        ben.record(record)
    with pytest.raises(MissingKeyError) as gone:
        ben.record(uuid4())
    with pytest.raises(MissingKeyError) as hidden_kind:
        ben.readers_kind(record)

    assert str(hidden.value) == str(gone.value) == str(hidden_kind.value)


def test_a_destroyed_record_is_gone_also_for_a_session_that_remembers_its_key(zone: Zone) -> None:
    record, amina = uuid4(), zone.session("amina")
    amina.new_record(record)
    amina.record(record)

    zone.session("ben").destroy(record)

    assert not readable(amina, record)


# Crashes: the two files of a record, as a process that was killed between its steps leaves them ---------------------


def test_a_crash_while_restricting_lets_nobody_in_who_was_to_be_kept_out(zone: Zone) -> None:
    record, amina = uuid4(), zone.session("amina")
    key = amina.new_record(record)
    before = zone.keyring.get("record", str(record))
    amina.restrict(record, zone.readers("amina"))
    zone.keyring.put("record", str(record), before)  # killed after the new file, before the old one went

    assert not readable(zone.session("ben"), record)
    assert zone.session("ben").hidden() == {record}
    assert zone.session("amina").record(record).matches(key)
    assert zone.keyring.settle() == 1
    assert zone.keyring.names("record") == frozenset()
    assert zone.session("amina").record(record).matches(key)
    assert not readable(zone.session("ben"), record)


def test_a_crash_while_unrestricting_leaves_the_record_restricted(zone: Zone) -> None:
    record, amina = uuid4(), zone.session("amina")
    key = amina.new_record(record, readers=zone.readers("amina"))
    zone.keyring.put("record", str(record), wrap(key, zone.recipient))  # killed before the restricted file went

    assert zone.keyring.settle() == 1
    assert not readable(zone.session("ben"), record)
    amina.unrestrict(record)
    assert zone.session("ben").record(record).matches(key)


def test_moving_keys_removes_what_a_crash_left_beside_a_restricted_key_so_that_no_leaver_opens_it(zone: Zone) -> None:
    record, amina = uuid4(), zone.session("amina")
    key = amina.new_record(record)
    before = zone.keyring.get("record", str(record))
    amina.restrict(record, zone.readers("amina"))
    zone.keyring.put("record", str(record), before)

    zone.new_epoch(amina)
    zone.work(zone.session("ben"))

    assert opens_nothing(zone)
    assert not readable(zone.session("ben"), record)
    assert zone.session("amina").record(record).matches(key)


# Readers who leave or get new keys -----------------------------------------------------------------------------------


def test_a_replaced_reader_reads_with_the_new_key_once_another_reader_has_been_at_work(zone: Zone) -> None:
    record, old = uuid4(), zone.members["ben"]
    key = zone.session("amina").new_record(record, readers=zone.readers("amina", "ben"))
    zone.members["ben"] = age.Identity.generate()
    zone.former[old.recipient.fingerprint()] = "ben"
    zone.version += 1

    zone.work(zone.session("clara"))
    assert not readable(zone.session("ben"), record)
    zone.work(zone.session("amina"))

    assert zone.session("ben").record(record).matches(key)
    with pytest.raises(VaultError):
        zone.opened_by(old)
    assert opens_nothing(zone, old)


def test_a_reader_who_left_is_left_out_once_another_reader_has_been_at_work(zone: Zone) -> None:
    record = uuid4()
    key = zone.session("amina").new_record(record, readers=zone.readers("amina", "ben"))
    ben = zone.members.pop("ben")
    zone.version += 1

    zone.work(zone.session("amina"))

    assert zone.session("amina").record(record).matches(key)
    assert opens_nothing(zone, ben)


@pytest.mark.parametrize("vault", ["the same vault", "a new vault"])
def test_a_session_under_an_older_list_drops_no_key_that_it_does_not_know(vault: str, zone: Zone) -> None:
    record, old, before = uuid4(), zone.members["ben"], zone.readers()
    late = zone.session("amina")
    key = zone.session("amina").new_record(record, readers=zone.readers("amina", "ben"))
    zone.members["ben"] = age.Identity.generate()
    zone.former[old.recipient.fingerprint()] = "ben"
    zone.version += 1
    zone.work(zone.session("amina"))
    if vault == "a new vault":
        zone.new_epoch(zone.session("amina"))
        zone.work(zone.session("amina"))
    sealed = zone.keyring.get("restricted", str(record))

    assert late.refresh(before, version=1) == 0

    assert zone.keyring.get("restricted", str(record)) == sealed
    assert zone.session("ben").record(record).matches(key)


def test_a_record_whose_readers_have_all_left_stays_for_recovery(zone: Zone) -> None:
    record = uuid4()
    key = zone.session("amina").new_record(record, readers=zone.readers("ben"))
    zone.members.pop("ben")
    zone.version += 1

    zone.work(zone.session("amina"))

    assert zone.opened_by(zone.recovery).record(record).matches(key)
