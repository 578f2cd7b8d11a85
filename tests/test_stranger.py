"""docs/format.md is enough: a client written from it alone talks with our code, both ways, over npm age-encryption."""

import ast
import sys
from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest

from crypto import age, codename
from crypto.codename import Codename, keys, new_token, submission_mac
from crypto.digest import sha256
from crypto.signing import SigningKey
from tests import stranger
from tests.crypto.age.others import javascript
from tests.handins import Device, Receiver, arrived
from tests.stranger import Source
from tipline import bundles, device, envelope
from tipline.drop.signed import Gate
from tipline.envelope import IntakeKey, Message, Place, Reply, Thread, ThreadState, Tip, Wrapper
from tipline.units import Unit, Units

DAY = date(2026, 11, 23)
AT = "2026-11-23T23:10:00Z"


def seal(data: bytes, recipient: str) -> bytes:
    (result,) = javascript({"do": "encrypt", "recipients": [recipient], "data": data})
    sealed: bytes = result["data"]
    return sealed


def open_(data: bytes, identity: str) -> bytes:
    (result,) = javascript({"do": "decrypt", "identity": identity, "data": data})
    opened: bytes = result["data"]
    return opened


@pytest.fixture
def token() -> bytes:
    return new_token()


@pytest.fixture
def theirs(token: bytes) -> Source:
    source = Source.from_token(token)
    (result,) = javascript({"do": "recipient", "identity": source.identity})
    source.recipient = result["recipient"]
    return source


def test_the_stranger_uses_nothing_of_ours() -> None:
    nodes = ast.walk(ast.parse(Path(stranger.__file__).read_text()))
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    nodes = ast.walk(ast.parse(Path(stranger.__file__).read_text()))
    imported |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}

    assert {name.partition(".")[0] for name in imported} - set(sys.stdlib_module_names) == {"mnemonic", "nacl"}


def test_both_derive_the_same_codename_mailbox_and_keys(token: bytes, theirs: Source) -> None:
    ours = Codename.from_token(token)
    source = keys(ours)

    assert theirs.words() == " ".join(ours.words())
    assert Source.from_words(" ".join(ours.words())).entropy == theirs.entropy
    assert theirs.mailbox == source.mailbox.hex()
    assert theirs.identity.encode() == source.identity.encode().expose()
    assert theirs.recipient == str(source.identity.recipient)


def test_a_strangers_tip_answer_and_file_are_read_here(theirs: Source) -> None:
    signer, intake = SigningKey.generate(), age.Identity.generate()
    statement = IntakeKey("unit", 7, intake.recipient, DAY, DAY).sign(signer)
    unit, serial, recipient = stranger.intake_key(statement, signer.public, DAY.isoformat())
    front = {"unit": unit, "serial": serial, "day": DAY.isoformat(), "urgent": True}
    content = b"true bytes"
    part = theirs.wrapper("part", **front) + seal(content.ljust(65_536, b"\0"), recipient)
    sidecar = {
        "name": "ä.jpg",
        "type": "image/jpeg",
        "size": len(content),
        "sha256": sha256(content).hex(),
        "parts": [{"id": str(uuid4()), "sha256": sha256(part).hex(), "size": len(content)}],
    }
    tip = {"text": "Übles Elfenbein 🐘", "how_known": "", "must_not_learn": "", "urgent": True}
    sent = [
        theirs.wrapper("message", **front) + seal(stranger.padded(theirs.message(kind, body, AT)), recipient)
        for kind, body in (("tip", tip), ("answer", {"text": "more"}), ("file", sidecar))
    ]

    thread, previous = None, envelope.NO_PREVIOUS
    for number, data in enumerate(sent, 1):
        wrapper = Wrapper.parse(data[: envelope.WRAPPER_BYTES])
        message = Message.parse(age.open_(data[envelope.WRAPPER_BYTES :], [intake]), known=thread)
        assert wrapper == Wrapper("unit", 7, message.mailbox, DAY, urgent=True, kind="message")
        assert (message.counter, message.previous, message.way) == (number, previous, "kit")
        assert str(message.recipient) == theirs.recipient
        thread, previous = message.thread, sha256(message.encode())
    assert isinstance(message.body, envelope.File)
    assert message.body.parts[0].sha256 == sha256(part)
    assert age.open_(part[envelope.WRAPPER_BYTES :], [intake])[: message.body.size] == content


def test_a_stranger_reads_our_bundle_and_checks_every_reply(token: bytes, theirs: Source) -> None:
    source = keys(Codename.from_token(token))
    state, inner = ThreadState.start(), []
    for kind, text in (("reply", "Which berth? ☂"), ("phrase", "received"), ("reply", "x" * 6000)):
        reply = Reply(kind, source.mailbox, state.counter + 1, state.previous, DAY, text, heard=1)  # type: ignore[arg-type]
        inner.append(reply.seal(source.to_source, source.identity.recipient))
        state = state.after(reply.encode(source.to_source))

    read = theirs.replies(bundles.pack_bundle(inner, source.identity.recipient), open_)

    assert [one["body"] for one in read] == [{"text": "Which berth? ☂"}, {"phrase": "received"}, {"text": "x" * 6000}]
    assert {(one["day"], one["heard"]) for one in read} == {("2026-11-23", 1)}
    assert theirs.replies(bundles.pack_bundle([], source.identity.recipient), open_) == []


def test_a_stranger_opens_its_place_in_the_thread(token: bytes, theirs: Source) -> None:
    source = keys(Codename.from_token(token))
    place = Place("board", ThreadState(3, bytes(32)), ThreadState(2, bytes([1]) * 32))

    read = theirs.place(place.seal(source.state, mailbox=source.mailbox))

    assert read == {
        "heard": {"counter": 2, "previous": "01" * 32},
        "sent": {"counter": 3, "previous": "00" * 32},
        "unit": "board",
    }


def test_a_stranger_hands_in_what_it_sealed_picks_up_and_answers(token: bytes, theirs: Source) -> None:
    unit = Receiver(DAY)
    key = stranger.key_for(unit.keys().encode(), unit.root.public, DAY.isoformat(), role="unit")
    theirs.unit = key.unit
    front = {"unit": key.unit, "serial": key.serial, "day": key.first, "urgent": False}
    content = b"true bytes"
    part = theirs.wrapper("part", **front) + seal(content.ljust(65_536, b"\0"), key.recipient)  # type: ignore[arg-type]
    parts = [stranger.Envelope(stranger.part_id(part), "part", part)]
    sidecar = {
        "name": "a.jpg",
        "type": "image/jpeg",
        "size": len(content),
        "sha256": sha256(content).hex(),
        "parts": [{"id": parts[0].id, "sha256": sha256(part).hex(), "size": len(content)}],
    }
    tip = {"text": "Elfenbein 🐘", "how_known": "", "must_not_learn": "", "urgent": False}

    def sealed(kind: str, body: dict[str, object]) -> stranger.Envelope:
        text = stranger.padded(theirs.message(kind, body, AT))
        return stranger.Envelope(
            str(uuid4()), "message", theirs.wrapper("message", **front) + seal(text, key.recipient)
        )  # type: ignore[arg-type]

    messages = [sealed("tip", tip), sealed("file", sidecar)]
    now = theirs.sealed_place(bytes(range(24)))
    first = theirs.hand_in(key, urgent=False, was=None, now=now, envelopes=messages + parts)

    read = arrived(first, unit.identity)
    assert read.slip.now == now
    assert read.messages[0].body == Tip("Elfenbein 🐘", "", "", urgent=False)
    assert read.files == (content,)

    ours = keys(Codename.from_token(token))
    assert codename.parse_pickup_code(theirs.pickup_code()).matches(ours.lookup)
    reply = Reply("reply", ours.mailbox, 1, bytes(32), DAY, "Which gate?", heard=2)
    bundle = bundles.pack_bundle([reply.seal(ours.to_source, ours.identity.recipient)], ours.identity.recipient)
    place, replies = theirs.picked_up(bundles.Pickup(bundle, now).encode(), open_)
    assert stranger.key_for(unit.keys().encode(), unit.root.public, DAY.isoformat(), unit=theirs.unit) == key
    answer = sealed("answer", {"text": "the north gate"})
    after = theirs.sealed_place(bytes(24))
    second = theirs.hand_in(key, urgent=False, was=place, now=after, envelopes=[answer])

    told = arrived(second, unit.identity, known=read.messages[0].thread)
    assert [one["body"] for one in replies] == [{"text": "Which gate?"}]
    assert (told.slip.was, told.messages[0].counter, told.messages[0].heard) == (sha256(now), 3, 1)
    assert told.messages[0].previous == sha256(read.messages[1].encode())
    assert device.pick_up(bundles.Pickup(bundle, after).encode(), ours).standing is not None


def test_what_a_device_of_ours_seals_is_picked_up_by_a_stranger(token: bytes, theirs: Source) -> None:
    unit, ours = Receiver(DAY), Device(keys(Codename.from_token(token)))
    (file,) = ours.tip(unit.intake)
    slip = arrived([file], unit.identity).slip
    bundle = bundles.pack_bundle([], ours.keys.identity.recipient)

    place, replies = theirs.picked_up(bundles.Pickup(bundle, slip.now).encode(), open_)

    assert (place, replies, theirs.counter, theirs.unit) == (slip.now, [], 1, unit.unit)


def test_a_strangers_collector_is_obeyed_by_the_drop() -> None:
    seed = bytes(range(32))
    public = bytes(stranger.SigningKey(seed).verify_key)
    headers = stranger.drop_request(seed, "GET", "/v1/envelopes?urgent=1", b"", unit="unit", time=1_795_000_000)
    gate = Gate(Units((Unit("unit", "unit", "", public, public),)), lambda: 1_795_000_000.0)

    assert gate.admit("GET", "/v1/envelopes?urgent=1", headers, b"").id == "unit"


def test_both_make_the_same_submission_mac(token: bytes) -> None:
    ours = submission_mac(token)
    ours.field("message", b"words")
    ours.field("urgent", b"no")
    ours.file("a.jpg", 7, sha256(b"content"))

    assert ours.digest() == stranger.submission_mac(
        token, {"message": b"words", "urgent": b"no"}, {"a.jpg": b"content"}
    )


def test_a_strangers_own_thread_keys_are_those_that_the_unit_keeps(theirs: Source) -> None:
    first = Message.parse(theirs.message("answer", {"text": "x"}, AT), known=None)
    second = theirs.message("answer", {"text": "y"}, AT)

    known = Thread(first.thread.to_unit, first.thread.to_source)
    assert Message.parse(second, known=known).previous == sha256(first.encode())
