"""Epochs, members and exclusions in any order: a record opens for exactly those who should, and no key is ever lost.

Each run is a keyring with real age keys. People join, leave and get new keys; records are made, restricted and given
back; sessions of different lists are open at once; work after a sign-in is done by some and left undone by others.
"""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from crypto import age
from crypto.secret import Secret
from handling.store.keyring import Kind
from handling.store.vault import OpenVault, VaultError, VaultMovedError
from tests.handling.store.vaults import SEALED, Zone, readable

UNDER_VAULT: tuple[Kind, ...] = ("intake", "pgp-intake", "signer")
FIRST = ("ada", "bo", "cy")
JOINERS = tuple(f"new{n}" for n in range(40))


@dataclass
class Record:
    """What the model knows of one record: its key, and the names of its readers; None is everybody."""

    key: Secret
    readers: frozenset[str] | None


class Vaults(RuleBasedStateMachine):
    """The model beside the real keyring."""

    records = Bundle("records")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="tl-"))
        self.zone = Zone.founded(self.folder / "keyring", FIRST)
        for kind in UNDER_VAULT:
            self.zone.keyring.put(kind, "1", age.seal(b"a key", [self.zone.recipient]))
        self.model: dict[UUID, Record] = {}
        self.leavers: list[age.Identity] = []  # and keys that were replaced
        self.worked: set[str] = set()  # since the last of them
        self.joiners = iter(JOINERS)
        self.due = False

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    # People ----------------------------------------------------------------------------------------------------------

    @precondition(lambda self: len(self.zone.members) < 5)
    @rule()
    def somebody_joins(self) -> None:
        self.zone.members[next(self.joiners)] = age.Identity.generate()
        self.zone.version += 1
        self._somebody_works()

    @precondition(lambda self: len(self.zone.members) > 2)
    @rule(data=st.data())
    def somebody_leaves(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.zone.members)))
        self._gone(self.zone.members.pop(name))
        for print_ in [print_ for print_, owner in self.zone.former.items() if owner == name]:
            del self.zone.former[print_]
        for record in self.model.values():
            if record.readers is not None:
                record.readers -= {name}
        self.zone.version += 1

    @rule(data=st.data())
    def somebody_gets_new_keys(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.zone.members)))
        old = self.zone.members[name]
        self._gone(old)
        for record in self.model.values():
            if record.readers == {name}:  # no other reader can let the new key in
                record.readers = frozenset()
        self.zone.members[name] = age.Identity.generate()
        self.zone.former[old.recipient.fingerprint()] = name
        self.zone.version += 1
        self._everybody_works(but=name)

    # Records ---------------------------------------------------------------------------------------------------------

    @rule(target=records, data=st.data())
    def a_record_is_made(self, data: st.DataObject) -> UUID:
        record, session = uuid4(), self._session(data)
        readers = data.draw(st.none() | self._names())
        keys = None if readers is None else [self.zone.members[name].recipient for name in sorted(readers)]
        self.model[record] = Record(session.new_record(record, readers=keys), readers)
        return record

    @rule(record=records, data=st.data())
    def a_reader_restricts(self, record: UUID, data: st.DataObject) -> None:
        session = self._reader(record, data)
        if session is not None:
            readers = data.draw(self._names())
            session.restrict(record, [self.zone.members[name].recipient for name in sorted(readers)])
            self.model[record].readers = readers

    @rule(record=records, data=st.data())
    def a_reader_gives_back(self, record: UUID, data: st.DataObject) -> None:
        session = self._reader(record, data)
        if session is not None:
            session.unrestrict(record)
            self.model[record].readers = None

    @rule(record=records, data=st.data())
    def a_crash_leaves_a_second_file(self, record: UUID, data: st.DataObject) -> None:
        session = self._reader(record, data)
        before = self.zone.keyring.stamp("record", str(record)) and self.zone.keyring.get("record", str(record))
        if session is not None and before:
            readers = data.draw(self._names())
            session.restrict(record, [self.zone.members[name].recipient for name in sorted(readers)])
            self.zone.keyring.put("record", str(record), before)
            self.model[record].readers = readers

    @rule()
    def the_process_starts_again(self) -> None:
        self.zone.keyring.settle()
        assert not self.zone.keyring.names("record") & self.zone.keyring.names("restricted")

    @rule(record=consumes(records), data=st.data())
    def a_record_is_destroyed(self, record: UUID, data: st.DataObject) -> None:
        self._session(data).destroy(record)
        del self.model[record]
        assert not readable(self._recovery(), record)

    # Epochs ----------------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.due)
    @rule(data=st.data(), worked=st.booleans())
    def a_new_epoch_is_signed(self, data: st.DataObject, *, worked: bool) -> None:
        old = self._session(data)
        self.zone.new_epoch(self._session(data))
        self.due = False
        if worked:
            self._everybody_works()
            self._old_session_makes_nothing(old)

    @rule(data=st.data())
    def somebody_signs_in(self, data: st.DataObject) -> None:
        self._session(data).rewrap()

    # What must always be true ----------------------------------------------------------------------------------------

    @invariant()
    def each_record_opens_for_exactly_its_readers(self) -> None:
        for name, identity in self.zone.members.items():
            session = self._open(identity)
            if session is None:
                continue
            hidden = session.hidden()
            for record, known in self.model.items():
                allowed = known.readers is None or name in known.readers
                assert readable(session, record) == allowed
                assert (record in hidden) == (not allowed)
                assert not allowed or session.record(record).matches(known.key)

    @invariant()
    def recovery_opens_everything(self) -> None:
        recovery = self._recovery()
        assert all(recovery.record(record).matches(known.key) for record, known in self.model.items())

    @invariant()
    def a_leaver_opens_nothing_that_was_moved_or_made_since(self) -> None:
        if self.due or self.zone.keyring.names("vault") != {str(self.zone.epoch)}:
            return  # the change is not done: some session has still to work
        late = {str(record) for record, known in self.model.items() if not self.worked & (known.readers or set())}
        for kind in SEALED:
            for name in self.zone.keyring.names(kind) - (late if kind == "restricted" else frozenset()):
                assert not self.zone.opens(kind, name, *self.leavers)

    # Helpers ---------------------------------------------------------------------------------------------------------

    def _names(self) -> st.SearchStrategy[frozenset[str]]:
        return st.frozensets(st.sampled_from(sorted(self.zone.members)))

    def _open(self, identity: age.Identity) -> OpenVault | None:
        try:
            return self.zone.opened_by(identity)
        except VaultError:
            return None

    def _session(self, data: st.DataObject) -> OpenVault:
        names = [name for name in sorted(self.zone.members) if self._open(self.zone.members[name]) is not None]
        return self._at_work(data.draw(st.sampled_from(names)))

    def _reader(self, record: UUID, data: st.DataObject) -> OpenVault | None:
        readers = self.model[record].readers
        names = sorted(self.zone.members if readers is None else readers)
        names = [name for name in names if self._open(self.zone.members[name]) is not None]
        if not names:
            return None
        return self._at_work(data.draw(st.sampled_from(names)))

    def _at_work(self, name: str) -> OpenVault:
        """Open a session; the first thing it does is to seal to today's members."""
        session = self.zone.session(name)
        session.refresh(self.zone.readers(), version=self.zone.version, former=self.zone.replaced())
        self.worked.add(name)
        return session

    def _gone(self, identity: age.Identity) -> None:
        self.leavers.append(identity)
        self.worked.clear()
        self.due = True

    def _recovery(self) -> OpenVault:
        return self.zone.opened_by(self.zone.recovery)

    def _somebody_works(self) -> None:
        for name, identity in self.zone.members.items():
            if self._open(identity) is not None:
                self._at_work(name).rewrap()
                return

    def _everybody_works(self, *, but: str = "") -> None:
        for name, identity in self.zone.members.items():
            if name != but and self._open(identity) is not None:
                self._at_work(name).rewrap()

    def _old_session_makes_nothing(self, old: OpenVault) -> None:
        try:
            old.new_record(uuid4())
        except VaultMovedError:
            return
        raise AssertionError("a session of the old epoch made a record")


def test_in_any_order_of_changes_each_record_opens_for_exactly_its_readers_and_recovery() -> None:
    run_state_machine_as_test(Vaults, settings=settings(max_examples=40, stateful_step_count=25, deadline=None))
