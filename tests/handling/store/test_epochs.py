"""Vault epochs: after somebody has left, their key opens nothing that is made or moved; nobody else loses anything."""

import subprocess
import sys
import threading
import time
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from crypto import age, records
from crypto.errors import NoMatchError
from handling.store import epochs
from handling.store.vault import VaultError, VaultMovedError
from tests.handling.store.vaults import Zone, opens_nothing, readable

PEOPLE = ("amina", "ben", "clara")
MANY = 10_000


@pytest.fixture
def zone(tmp_path: Path) -> Zone:
    return Zone.founded(tmp_path / "keyring", PEOPLE)


def leave(zone: Zone, name: str) -> age.Identity:
    """Take somebody off the list; the next epoch is begun by the first who is left, and signed."""
    left = zone.members.pop(name)
    zone.version += 1
    zone.new_epoch(zone.session(next(iter(zone.members))))
    return left


def test_a_leavers_key_opens_neither_the_new_vault_nor_any_key_file(zone: Zone) -> None:
    made = {uuid4() for _ in range(20)}
    for record in made:
        zone.session("ben").new_record(record)
    ben = leave(zone, "ben")

    zone.work(zone.session("amina"))
    later = uuid4()
    zone.session("clara").new_record(later)

    assert opens_nothing(zone, ben)
    with pytest.raises(VaultError):
        zone.opened_by(ben)
    assert all(readable(zone.session(name), record) for name in ("amina", "clara") for record in {*made, later})


def test_a_leavers_session_that_ends_late_brings_no_old_vault_back(zone: Zone) -> None:
    late, everybody, version = zone.session("ben"), zone.readers(), zone.version
    ben = leave(zone, "ben")
    zone.work(zone.session("amina"))

    assert late.refresh(everybody, version=version) == 0
    late.rewrap()

    assert zone.keyring.names("vault") == {"2"}
    assert opens_nothing(zone, ben)


def test_what_the_old_vault_opened_is_wrapped_to_the_new_one_and_its_content_is_untouched(zone: Zone) -> None:
    old, record = zone.session("ben"), uuid4()
    key = old.new_record(record)
    seed = age.Identity.generate()
    zone.keyring.put("intake", "1", age.seal(seed.encode().expose(), [zone.recipient]))
    zone.keyring.put("signer", "intake", age.seal(b"seed", [zone.recipient]))
    for name in ("primary", "1"):
        zone.keyring.put("pgp-intake", name, age.seal(b"an OpenPGP key", [zone.recipient]))
    leave(zone, "ben")

    done = zone.session("amina")
    zone.work(done)

    assert zone.session("clara").record(record).matches(key)
    assert zone.session("clara").intake(1).recipient == seed.recipient
    assert zone.session("clara").unseal(zone.keyring.get("signer", "intake")) == b"seed"
    for name in ("primary", "1"):
        assert zone.session("clara").unseal(zone.keyring.get("pgp-intake", name)) == b"an OpenPGP key"
    for kind in ("vault-history", "record", "intake", "pgp-intake", "signer"):
        assert zone.keyring.names(kind)
        for name in zone.keyring.names(kind):
            with pytest.raises(NoMatchError):
                old.unseal(zone.keyring.get(kind, name))
    assert zone.keyring.names("vault") == {"2"}


def test_what_was_sealed_to_an_old_vault_and_is_under_way_still_opens(zone: Zone) -> None:
    first = age.seal(b"an outcome", [zone.recipient])
    leave(zone, "ben")
    zone.work(zone.session("amina"))
    second = age.seal(b"another", [zone.recipient])
    leave(zone, "clara")
    zone.work(zone.session("amina"))

    assert zone.session("amina").unseal(first) == b"an outcome"
    assert zone.session("amina").unseal(second) == b"another"
    assert zone.opened_by(zone.recovery).unseal(first) == b"an outcome"
    assert zone.keyring.names("vault") == {"3"}


def test_who_joins_while_keys_are_moved_opens_those_not_moved_yet(zone: Zone) -> None:
    record = uuid4()
    zone.session("amina").new_record(record)
    before = zone.keyring.get("record", str(record))
    leave(zone, "ben")
    zone.members["dario"] = age.Identity.generate()
    zone.version += 1

    zone.work(zone.session("amina"))
    zone.keyring.put("record", str(record), before)

    assert readable(zone.session("dario"), record)


def test_who_could_never_open_the_old_vault_leaves_the_moving_to_somebody_who_can(zone: Zone) -> None:
    record = uuid4()
    zone.session("amina").new_record(record)
    zone.members["dario"] = age.Identity.generate()
    leave(zone, "ben")

    zone.work(zone.session("dario"))
    assert zone.keyring.names("vault") == {"1", "2"}
    zone.work(zone.session("clara"))

    assert zone.keyring.names("vault") == {"2"}
    assert readable(zone.session("dario"), record)


def test_a_session_of_the_old_epoch_makes_no_record_that_a_leaver_could_open(zone: Zone) -> None:
    old, record = zone.session("clara"), uuid4()
    leave(zone, "ben")
    zone.work(zone.session("amina"))

    with pytest.raises(VaultMovedError):
        old.new_record(record)
    old.advance(epoch=zone.epoch, recipient=zone.recipient)
    old.new_record(record)

    assert readable(zone.session("amina"), record)


def test_records_made_before_anybody_moved_on_are_moved_too(zone: Zone) -> None:
    old = zone.session("clara")
    ben = leave(zone, "ben")
    record = uuid4()
    old.new_record(record)  # the list is signed, and nobody has signed in since

    zone.work(zone.session("amina"))

    assert readable(zone.session("clara"), record)
    assert opens_nothing(zone, ben)


def test_two_sessions_that_move_at_once_move_everything(zone: Zone) -> None:
    made = {uuid4() for _ in range(200)}
    for record in made:
        zone.session("amina").new_record(record)
    ben = leave(zone, "ben")
    sessions = [zone.session("amina"), zone.session("clara")]

    threads = [threading.Thread(target=zone.work, args=(session,)) for session in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert opens_nothing(zone, ben)
    assert all(readable(zone.session("clara"), record) for record in made)
    assert zone.keyring.names("vault") == {"2"}


def test_a_newer_lists_readers_are_not_replaced_by_an_older_lists(zone: Zone) -> None:
    late, everybody, old_version = zone.session("clara"), zone.readers(), zone.version
    ben = zone.members.pop("ben")
    zone.version += 1
    zone.work(zone.session("amina"))

    late.refresh(everybody, version=old_version)  # read the list a moment before it changed

    assert opens_nothing(zone, ben)


def test_a_new_member_opens_the_vault_once_an_older_one_has_been_at_work(zone: Zone) -> None:
    record = uuid4()
    zone.session("amina").new_record(record)
    zone.members["dario"] = age.Identity.generate()
    zone.version += 1

    with pytest.raises(VaultError):
        zone.session("dario")
    zone.work(zone.session("amina"))

    assert readable(zone.session("dario"), record)


def test_only_an_insiders_next_epoch_is_offered_for_signing(zone: Zone) -> None:
    amina, outsider = zone.session("amina"), age.Identity.generate()
    readers = [*zone.readers(), zone.recovery.recipient]
    forged = epochs.seal(outsider, readers, version=zone.version, before=age.Identity.generate())
    zone.keyring.put("pending-vault", f"2-{zone.version}-0123456789abcdef", forged)

    assert amina.pending(version=zone.version) == ()
    begun = amina.begin(zone.readers(), version=zone.version)

    assert zone.session("clara").pending(version=zone.version) == (begun,)
    assert zone.session("clara").pending(version=zone.version + 1) == ()


def test_what_waited_and_was_not_signed_is_forgotten_when_another_epoch_is_in_force(zone: Zone) -> None:
    zone.session("amina").begin(zone.readers(), version=zone.version)
    leave(zone, "ben")
    assert len(zone.keyring.names("pending-vault")) == 2

    zone.work(zone.session("clara"))

    assert zone.keyring.names("pending-vault") == frozenset()
    assert zone.keyring.names("vault") == {"2"}


def test_another_vault_under_the_lists_epoch_is_refused(zone: Zone) -> None:
    zone.keyring.put("vault", "1", epochs.seal(age.Identity.generate(), zone.readers(), version=1))

    with pytest.raises(VaultError):
        zone.session("amina")


# Kills ---------------------------------------------------------------------------------------------------------------


def start(zone: Zone, folder: Path, name: str) -> subprocess.Popen[str]:
    """Start a process that works as *name* after signing in; it has opened the vault when this returns."""
    members = " ".join(str(one) for one in zone.readers())
    lines = [
        str(folder),
        str(zone.epoch),
        str(zone.recipient),
        str(zone.recovery.recipient),
        str(zone.version),
        members,
    ]
    given = folder.parent / f"{name}.txt"
    given.write_text("\n".join([*lines, zone.members[name].encode().expose().decode()]))
    with given.open() as stdin:
        command = [sys.executable, "-m", "tests.handling.store.rewrapper"]
        process = subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    return process


def test_killed_in_the_middle_and_run_again_ten_thousand_records_are_all_readable(zone: Zone, tmp_path: Path) -> None:
    folder = tmp_path / "keyring"
    made = _many(zone, folder, MANY)
    ben = leave(zone, "ben")
    for seconds in (0.3, 0.9, 1.7):
        process = start(zone, folder, "amina")
        time.sleep(seconds)
        process.kill()
        process.communicate()
        made.append(uuid4())
        zone.session("clara").new_record(made[-1])  # work goes on between the crashes
    assert zone.keyring.names("vault") == {"1", "2"}
    assert all(readable(zone.session("clara"), record) for record in made[::500])

    end = start(zone, folder, "amina").communicate()[0]

    moved, unreadable, retired = map(int, end.split())
    assert 0 < moved < MANY  # it went on where it had been killed
    assert (unreadable, retired) == (0, 1)
    assert zone.keyring.names("vault") == {"2"}
    clara = zone.session("clara")
    assert sum(not readable(clara, record) for record in made) == 0
    # Keys are moved 64 at a time, in the order of their names: some of each time.
    assert not any(zone.opens("record", str(record), ben) for record in sorted(made)[::32])


def _many(zone: Zone, folder: Path, count: int) -> list[UUID]:
    """Put many record keys into the keyring, without an fsync for each."""
    made = [uuid4() for _ in range(count)]
    (folder / "record").mkdir()
    for record in made:
        (folder / "record" / f"{record}.age").write_bytes(records.wrap(records.new_key(), zone.recipient))
    return made
