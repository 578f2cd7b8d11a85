"""A thread with an adversary at the drop: what each side shows is the truth that it can know, and never anything else.

Two sources, one unit, and between them somebody who drops, delays, reorders, replays, forges, damages, moves messages to
another mailbox, sets back what the public server remembers, and exchanges, cuts, repacks or sets back bundles. The model knows every message by identity; the code
under test has only bytes.
"""

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from crypto import age, codename
from crypto.digest import sha256
from crypto.secret import Secret
from handling.corridor import opened
from handling.corridor.chain import ACCEPTED, Verdict
from handling.corridor.store.envelopes import Envelope, EnvelopeState
from handling.corridor.threads import Book
from tipline import bundles, envelope, replies

TODAY = date(2026, 11, 23)
AT = datetime(2026, 11, 23, 18, 5, tzinfo=UTC)
INTAKE = age.Identity.from_seed(Secret(b"i" * 32))
SOURCES = [codename.keys(codename.Codename.from_token(bytes([n]) * 32)) for n in (1, 2)]
picks = st.integers(0, 1000)
which = st.integers(0, 1)


@dataclass(frozen=True, eq=False)
class Sent:
    """One genuine message of a source, with the message it truly follows."""

    source: int
    counter: int
    follows: "Sent | None"
    sealed: bytes


@dataclass(eq=False)
class Person:
    """A source and what lies at the drop for it."""

    keys: codename.SourceKeys
    place: envelope.Place = field(default_factory=lambda: envelope.Place.start("unit"))
    sent: list[Sent] = field(default_factory=list)
    last: Sent | None = None
    places: list[tuple[envelope.ThreadState, Sent | None]] = field(default_factory=list)
    bundle: bytes = b""
    packed: dict[bytes, list[Any]] = field(default_factory=dict)  # bundles made for it: numbers, or "forged"
    heard: int = 0


@dataclass(eq=False)
class Desk:
    """What the unit has of one mailbox, and what it should have."""

    book: Book | None = None
    verdicts: dict[int, Verdict] = field(default_factory=dict)  # by place, of what was accepted
    held: dict[int, tuple[Sent, bool]] = field(default_factory=dict)  # the model's: message and whether it came late
    replies: list[tuple[bytes, int]] = field(default_factory=list)  # sealed, and how many messages were there by then


class Thread(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.people = [Person(keys) for keys in SOURCES]
        self.desks = [Desk() for _ in SOURCES]
        for person in self.people:
            person.bundle = bundles.pack_bundle([], person.keys.identity.recipient)
            person.packed[person.bundle] = []

    # The source writes -----------------------------------------------------------------------------------------

    @rule(source=which)
    def a_source_writes(self, source: int) -> None:
        person = self.people[source]
        message = envelope.Message(
            lookup=person.keys.lookup,
            recipient=person.keys.identity.recipient,
            thread=envelope.Thread(person.keys.to_unit, person.keys.to_source),
            counter=person.place.sent.counter + 1,
            previous=person.place.sent.previous,
            at=AT,
            body=envelope.Answer(f"message {len(person.sent)}"),
            heard=person.place.heard.counter,
        )
        person.places.append((person.place.sent, person.last))
        person.place = person.place.after(message.encode())
        sealed = envelope.seal_message(message, self.wrapper(source), INTAKE.recipient)
        person.last = Sent(source, message.counter, person.last, sealed)
        person.sent.append(person.last)

    @rule(source=which, pick=picks)
    def the_public_server_forgets_what_was_sent(self, source: int, pick: int) -> None:
        person = self.people[source]
        if person.places:
            sent, person.last = person.places[pick % len(person.places)]
            person.place = replace(person.place, sent=sent)

    # The adversary hands messages on -----------------------------------------------------------------------------

    @rule(source=which, pick=picks)
    def one_arrives_whenever_the_drop_likes(self, source: int, pick: int) -> None:
        sent = self.people[source].sent
        if sent:
            message = sent[pick % len(sent)]
            self.arrives(source, message.sealed, message)

    @rule(source=which)
    def all_arrive_at_once(self, source: int) -> None:
        self.arrive(source, [(message.sealed, message) for message in reversed(self.people[source].sent)])

    @rule(source=which, pick=picks)
    def one_arrives_in_the_other_mailbox(self, source: int, pick: int) -> None:
        sent = self.people[1 - source].sent
        if sent:
            message = sent[pick % len(sent)]
            moved = self.wrapper(source).encode() + message.sealed[envelope.WRAPPER_BYTES :]
            self.arrives(source, moved, None)

    @rule(source=which, counter=st.integers(1, 4), knows=st.booleans())
    def one_is_forged(self, source: int, counter: int, *, knows: bool) -> None:
        keys = self.people[source].keys
        message = envelope.Message(
            lookup=Secret(b"g" * 32),
            recipient=keys.identity.recipient,
            thread=envelope.Thread(Secret(b"x" * 32), Secret(b"y" * 32)),
            counter=counter,
            previous=self.people[source].place.sent.previous if knows else envelope.NO_PREVIOUS,
            at=AT,
            body=envelope.Answer("untrue"),
        )
        self.arrives(source, envelope.seal_message(message, self.wrapper(source), INTAKE.recipient), None)

    @rule(source=which, pick=picks)
    def one_arrives_damaged(self, source: int, pick: int) -> None:
        sent = self.people[source].sent
        if sent:
            sealed = bytearray(sent[pick % len(sent)].sealed)
            sealed[-1 - pick % 100] ^= 1
            assert self.plain(source, bytes(sealed)) is None

    # The unit answers --------------------------------------------------------------------------------------------

    @rule(source=which)
    def the_unit_replies(self, source: int) -> None:
        desk, keys = self.desks[source], self.people[source].keys
        if desk.book is not None:
            text = f"reply {len(desk.replies) + 1}"
            reply, desk.book = desk.book.reply(kind="reply", text=text, mailbox=keys.mailbox, day=TODAY)
            had = 0
            while had + 1 in desk.held:
                had += 1
            desk.replies.append((reply.seal(desk.book.keys.to_source, keys.identity.recipient), had))

    @rule(source=which)
    def the_collector_replaces_the_bundle(self, source: int) -> None:
        count = len(self.desks[source].replies)
        kept = list(range(max(1, count - 8), count + 1))
        self.repack(source, kept)

    # The adversary exchanges bundles -------------------------------------------------------------------------------

    @rule(source=which, data=st.data())
    def the_bundle_is_repacked(self, source: int, data: st.DataObject) -> None:
        known = list(range(1, len(self.desks[source].replies) + 1))
        self.repack(source, data.draw(st.lists(st.sampled_from([*known, "forged"]), max_size=5)))

    @rule(source=which, pick=picks)
    def the_bundle_is_set_back(self, source: int, pick: int) -> None:
        person = self.people[source]
        person.bundle = list(person.packed)[pick % len(person.packed)]

    @rule(source=which, pick=picks, cut=st.booleans())
    def the_bundle_is_damaged(self, source: int, pick: int, *, cut: bool) -> None:
        person = self.people[source]
        damaged = bytearray(person.bundle) or bytearray(1)
        at = pick * 67 % len(damaged)
        damaged[at] ^= 1
        person.bundle = bytes(damaged[:at] if cut else damaged)

    @rule(source=which)
    def the_bundles_are_swapped(self, source: int) -> None:
        self.people[source].bundle = self.people[1 - source].bundle

    # The source looks ----------------------------------------------------------------------------------------------

    @rule(source=which)
    def the_source_looks(self, source: int) -> None:
        person = self.people[source]
        page = replies.read(person.bundle, person.keys, person.place)
        assert page.place is not None
        person.place = page.place
        holds = person.packed.get(person.bundle)
        if holds is None:
            assert page.shown == ()
            assert page.troubles == (replies.DAMAGED,)
            return
        numbers = [entry for entry in holds if entry != "forged"]
        each = sorted(set(numbers))
        assert [(shown.number, shown.text) for shown in page.shown] == [(n, f"reply {n}") for n in each]
        assert {kind for trouble in page.troubles for kind in told(trouble)} == self.truth(source, holds, numbers)
        assert page.had == (self.desks[source].replies[each[-1] - 1][1] if each else None)
        person.heard = max([person.heard, *numbers])
        assert person.place.heard.counter == person.heard

    def truth(self, source: int, holds: list[Any], numbers: list[int]) -> set[str]:
        """What is wrong with the mailbox and can be known from it and from what was shown before."""
        person, each = self.people[source], sorted(set(numbers))
        wrong = set()
        if "forged" in holds:
            wrong.add("forged")
        if len(numbers) > len(each):
            wrong.add("copied")
        if numbers != sorted(numbers):
            wrong.add("reordered")
        if person.heard and max(numbers, default=0) < person.heard:
            wrong.add("set back")
        if each and each[0] > person.heard + 1:
            wrong.add("never shown")
        if each != list(range(each[0], each[-1] + 1) if each else []):
            wrong.add("missing")
        if any(self.desks[source].replies[number - 1][1] > person.place.sent.counter for number in each):
            wrong.add("forgotten")
        return wrong

    # The unit judges -----------------------------------------------------------------------------------------------

    @invariant()
    def the_unit_calls_every_place_what_it_is(self) -> None:
        for desk in self.desks:
            for place, (message, late) in desk.held.items():
                before = desk.held.get(place - 1)
                follows = None if before is None else before[0]
                if place > 1 and before is None:
                    expected = Verdict.GAP
                elif follows is not message.follows:
                    expected = Verdict.FORK
                else:
                    expected = Verdict.LATE if late else Verdict.GOOD
                assert desk.verdicts[place] is expected

    def wrapper(self, source: int) -> envelope.Wrapper:
        mailbox = self.people[source].keys.mailbox
        return envelope.Wrapper(unit="unit", serial=1, mailbox=mailbox, day=TODAY, urgent=False, kind="message")

    def plain(self, source: int, sealed: bytes) -> opened.Plain | None:
        mailbox = self.people[source].keys.mailbox
        collected = EnvelopeState.COLLECTED
        row = Envelope(uuid4(), mailbox, 1, "message", False, len(sealed), sha256(sealed), TODAY, collected)  # noqa: FBT003
        return opened.unseal(row, sealed, lambda _: INTAKE)

    def arrives(self, source: int, sealed: bytes, truth: Sent | None) -> None:
        self.arrive(source, [(sealed, truth)])

    def arrive(self, source: int, batch: list[tuple[bytes, Sent | None]]) -> None:
        """Take a collection as re-sealing does: sorted by the place each message claims, then judged one by one."""
        desk = self.desks[source]
        truths = {}
        plains = []
        for sealed, truth in batch:
            plain = self.plain(source, sealed)
            assert plain is not None
            plains.append(plain)
            truths[plain.envelope.id] = truth
        for plain in opened.in_order(plains, None if desk.book is None else desk.book.keys):
            read = opened.read(plain, None if desk.book is None else desk.book.keys)
            truth = truths[plain.envelope.id]
            if read is None:
                assert truth is None  # only what does not come from the source cannot begin a thread
                continue
            if desk.book is None:
                assert truth is not None
                assert read.message is not None
                desk.book = Book.start(read.message.thread)
            taken = desk.book.take(
                read.link, counter=read.message.counter if read.message else 0, authentic=read.authentic
            )
            desk.book = taken.book
            self.judged(desk, truth, taken.verdict)
            if truth is not None and taken.verdict in ACCEPTED:
                desk.verdicts[truth.counter] = taken.verdict
                if taken.after is not None:
                    desk.verdicts[truth.counter + 1] = taken.after

    def judged(self, desk: Desk, truth: Sent | None, verdict: Verdict) -> None:
        if truth is None:
            assert verdict is Verdict.FORGED
        elif truth.counter in desk.held:
            same = desk.held[truth.counter][0] is truth
            assert verdict is (Verdict.REPLAYED if same else Verdict.CLASH)
        else:
            assert verdict in ACCEPTED
            desk.held[truth.counter] = (truth, any(place > truth.counter for place in desk.held))

    def repack(self, source: int, entries: list[Any]) -> None:
        person, desk = self.people[source], self.desks[source]
        recipient = person.keys.identity.recipient
        forged = envelope.Reply("reply", person.keys.mailbox, 1, envelope.NO_PREVIOUS, TODAY, "untrue")
        files = [
            forged.seal(Secret(b"z" * 32), recipient) if entry == "forged" else desk.replies[entry - 1][0]
            for entry in entries
        ]
        person.bundle = bundles.pack_bundle(files, recipient)
        person.packed[person.bundle] = entries


TOLD = {
    "forged": "not written by the unit",
    "copied": "more than once",
    "reordered": "another order",
    "set back": "put back an older mailbox",
    "never shown": "never shown here",
    "missing": "something is missing",
    "forgotten": "memory of your report was set back",
}


def told(trouble: str) -> set[str]:
    """The kind of a sentence; one that the model does not know fails the test."""
    kinds = {kind for kind, words in TOLD.items() if re.search(words, trouble)}
    assert kinds, trouble
    return kinds


def test_each_side_shows_what_it_can_know_whatever_the_drop_does() -> None:
    run_state_machine_as_test(
        Thread,
        settings=settings(
            max_examples=150,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
