"""A source's message: what goes in comes out, in few sizes, and nothing else is read."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crypto import age, macs
from crypto.canonical import canonical
from crypto.padding import pad_message
from crypto.secret import Secret
from tests.questions import filled_forms
from tests.tipline.envelope.samples import MESSAGE, SOURCE, THREAD, UNIT, WRAPPER, hashes, texts
from tipline import envelope
from tipline.envelope import Answer, EnvelopeError, File, Filled, ForgedError, Message, Part, Thread, Tip, Wrapper
from tipline.questionnaire.answers import read

parts = st.builds(Part, id=st.uuids(), sha256=hashes, size=st.integers(1, 2**24))
files = st.builds(
    lambda name, type_, digest, pieces: File(name, type_, sum(part.size for part in pieces), digest, tuple(pieces)),
    texts,
    texts,
    hashes,
    st.lists(parts, max_size=3),
)
filled = filled_forms().map(lambda form: Filled(form[0].sha256, "en", read(*form).values))
bodies = st.one_of(st.builds(Tip, texts, texts, texts, st.booleans()), st.builds(Answer, texts), filled, files)
messages = st.builds(
    lambda body, counter, previous, at, heard, way: replace(
        MESSAGE, body=body, counter=counter, previous=previous, at=at, heard=heard, way=way
    ),
    bodies,
    st.integers(1, 2**31 - 1),
    hashes,
    st.integers(-60_000_000_000, 250_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    st.integers(0, 2**31 - 1),
    st.sampled_from(sorted(envelope.WAYS)),
)


@given(messages)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_a_message_reads_back_as_it_was_written(message: Message) -> None:
    read = Message.parse(pad_message(message.encode()), known=None)

    assert read.body == message.body
    assert (read.counter, read.previous, read.at) == (message.counter, message.previous, message.at)
    assert read.encode() == message.encode()
    assert Message.parse(message.encode(), known=THREAD).encode() == message.encode()


@given(st.data())
def test_a_changed_message_is_never_read_as_another(data: st.DataObject) -> None:
    encoded = MESSAGE.encode()
    at = data.draw(st.integers(0, len(encoded) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != encoded[at]))

    with pytest.raises(EnvelopeError):
        Message.parse(encoded[:at] + bytes([byte]) + encoded[at + 1 :], known=THREAD)


def test_a_message_with_its_own_keys_is_forged_in_a_known_thread() -> None:
    stranger = replace(MESSAGE, thread=Thread(Secret.random(), Secret.random()))

    assert Message.parse(stranger.encode(), known=None).body == MESSAGE.body
    with pytest.raises(ForgedError):
        Message.parse(stranger.encode(), known=THREAD)


def test_a_sidecar_whose_parts_do_not_add_up_is_refused() -> None:
    part = Part(id=UUID(int=1), sha256=bytes(32), size=5)
    sidecar = replace(MESSAGE, body=File(name="a", type="b", size=6, sha256=bytes(32), parts=(part,)))

    with pytest.raises(EnvelopeError):
        Message.parse(sidecar.encode(), known=THREAD)


def test_bytes_that_are_no_message_are_refused() -> None:
    for data in (
        b"",
        b" ",
        b"[]",
        b"{}",
        b"null",
        b'{"a":NaN}',
        b"[" * 100_000,
        b"\xff",
        b'{"format":"x","format":"y"}',
    ):
        with pytest.raises(EnvelopeError):
            Message.parse(data, known=None)


@given(st.text(st.characters(codec="ascii", exclude_characters='"\\', min_codepoint=32), max_size=1000))
@settings(max_examples=20, deadline=None)
def test_two_short_tips_give_envelopes_of_one_length(text: str) -> None:
    one = envelope.seal_message(MESSAGE, WRAPPER, UNIT.recipient)
    other = envelope.seal_message(replace(MESSAGE, body=Answer(text)), WRAPPER, UNIT.recipient)

    assert len(one) == len(other)


def test_an_envelope_opens_to_its_wrapper_and_message() -> None:
    sealed = envelope.seal_message(MESSAGE, WRAPPER, UNIT.recipient)

    front, file = sealed[: envelope.WRAPPER_BYTES], sealed[envelope.WRAPPER_BYTES :]
    assert Wrapper.parse(front) == WRAPPER
    assert Message.parse(age.open_(file, [UNIT]), known=None).body == MESSAGE.body


def resealed(message: Message, **changed: object) -> bytes:
    """The message with changed JSON and a right MAC: what only the holder of the thread's key can make."""
    payload = {**message._payload(), **changed}
    mac = macs.mac(SOURCE.to_unit, canonical(payload), purpose="to unit")
    return canonical({**payload, "mac": mac.hex()})


@pytest.mark.parametrize(
    "changed",
    [
        {"kind": ["tip"]},
        {"kind": {}},
        {"kind": "unknown"},
        {"way": "pgp"},
        {"way": ["arrival"]},
        {"lookup": "00"},
        {"lookup": None},
        {"recipient": "age1pq1"},
        {"recipient": str(SOURCE.identity.recipient).upper()},
        {"thread": []},
        {"counter": 0},
        {"counter": True},
        {"counter": 1.5},
        {"counter": 2**31},
        {"heard": -1},
        {"heard": None},
        {"at": "2026-11-23 23:10:00Z"},
        {"at": "2026-1-3T23:10:00Z"},
        {"at": "2026-13-03T23:10:00Z"},
        {"at": "2026-11-23T23:10:60Z"},
        {"at": "\uff12026-11-23T23:10:00Z"},
        {"body": []},
        {"body": {"text": 1}},
        {"kind": "questionnaire"},
        {"kind": "questionnaire", "body": {"schema": "00" * 32, "language": "en", "answers": {"seen": [1]}}},
        {"extra": 1},
    ],
)
def test_a_message_of_the_right_key_and_the_wrong_form_is_refused(changed: dict[str, object]) -> None:
    assert Message.parse(resealed(MESSAGE), known=THREAD).encode() == MESSAGE.encode()

    with pytest.raises(EnvelopeError):
        Message.parse(resealed(MESSAGE, **changed), known=THREAD)
