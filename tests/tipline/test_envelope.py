"""The forms that source, drop and corridor share: what goes in comes out, and nothing else is read."""

import json
import tarfile
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crypto import age, columns, macs
from crypto.canonical import canonical
from crypto.codename import Codename, SourceKeys, keys, new_token
from crypto.digest import sha256
from crypto.errors import OpenError
from crypto.padding import pad_message
from crypto.secret import Secret
from crypto.signing import SigningKey
from tipline import bundles, envelope
from tipline.envelope import (
    SEALED_PLACE_BYTES,
    Answer,
    EnvelopeError,
    File,
    ForgedError,
    IntakeKey,
    IntakeKeyError,
    Message,
    Part,
    Place,
    Reply,
    Thread,
    ThreadState,
    Tip,
    Wrapper,
)

DAY = date(2026, 11, 23)
START = ThreadState.start().body()
AT = datetime(2026, 11, 23, 23, 10, tzinfo=UTC)
SOURCE: SourceKeys = keys(Codename.from_token(bytes(32)))
THREAD = Thread(SOURCE.to_unit, SOURCE.to_source)
UNIT = age.Identity.generate()
WRAPPER = Wrapper(unit="unit", serial=1, mailbox=SOURCE.mailbox, day=DAY, urgent=False, kind="message")
MESSAGE = Message(
    lookup=SOURCE.lookup,
    recipient=SOURCE.identity.recipient,
    thread=THREAD,
    counter=1,
    previous=envelope.NO_PREVIOUS,
    at=AT,
    body=Tip(text="blue drums", how_known="I saw it", must_not_learn="", urgent=False),
)

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=200)
hashes = st.binary(min_size=32, max_size=32)
days = st.dates(min_value=date(2020, 1, 1))
wrappers = st.builds(
    Wrapper,
    unit=st.from_regex(r"[a-z0-9-]{1,32}", fullmatch=True),
    serial=st.integers(1, 2**31 - 1),
    mailbox=hashes,
    day=days,
    urgent=st.booleans(),
    kind=st.sampled_from(["message", "part"]),
)
parts = st.builds(Part, id=st.uuids(), sha256=hashes, size=st.integers(1, 2**24))
files = st.builds(
    lambda name, type_, digest, pieces: File(name, type_, sum(part.size for part in pieces), digest, tuple(pieces)),
    texts,
    texts,
    hashes,
    st.lists(parts, max_size=3),
)
bodies = st.one_of(st.builds(Tip, texts, texts, texts, st.booleans()), st.builds(Answer, texts), files)
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
replies = st.builds(
    Reply,
    kind=st.sampled_from(["reply", "phrase"]),
    mailbox=hashes,
    counter=st.integers(1, 2**31 - 1),
    previous=hashes,
    day=days,
    text=texts,
    heard=st.integers(0, 2**31 - 1),
)


@given(wrappers)
def test_a_wrapper_has_one_size_and_reads_back(wrapper: Wrapper) -> None:
    encoded = wrapper.encode()

    assert len(encoded) == envelope.WRAPPER_BYTES
    assert Wrapper.parse(encoded) == wrapper


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1] + b" ",
        lambda data: data[:-1],
        lambda data: data.replace(b'"serial":1', b'"serial":0'),
        lambda data: data.replace(b'"serial":1', b'"serial":1.0')[:255] + b"\n",
        lambda data: data.replace(b'"unit":"unit"', b'"unit":"UNIT"'),
        lambda data: data.replace(b'"kind":"message"', b'"kind":"mistake"'),
        lambda data: data.replace(b"2026-11-23", b"2026-13-23"),
        lambda data: data.replace(b'"urgent":false', b'"urgent":    0'),
        lambda data: data.replace(b"tipline/envelope/v1", b"tipline/envelope/v2"),
        lambda data: b" " + data[:-2] + b"\n",
        lambda data: b"\0" * len(data),
    ],
)
def test_a_changed_wrapper_is_refused(damage: object) -> None:
    assert callable(damage)

    with pytest.raises(EnvelopeError):
        Wrapper.parse(damage(WRAPPER.encode()))


def test_a_wrapper_is_not_written_for_an_impossible_unit() -> None:
    with pytest.raises(EnvelopeError):
        replace(WRAPPER, unit="Unit One").encode()


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


def test_the_place_in_a_thread_opens_only_for_its_mailbox_and_in_one_size() -> None:
    place = Place.start("unit").after(MESSAGE.encode())
    sealed = place.seal(SOURCE.state, mailbox=SOURCE.mailbox)
    far = ThreadState(2**31 - 1, bytes([255]) * 32)

    assert place == Place("unit", ThreadState(counter=1, previous=sha256(MESSAGE.encode())), ThreadState.start())
    assert Place.open(sealed, SOURCE.state, mailbox=SOURCE.mailbox) == place
    assert (
        len(sealed) == len(Place("u" * 32, far, far).seal(SOURCE.state, mailbox=SOURCE.mailbox)) == SEALED_PLACE_BYTES
    )
    with pytest.raises(OpenError):
        Place.open(sealed, SOURCE.state, mailbox=bytes(32))


@pytest.mark.parametrize(
    "plain",
    [
        b"",
        b"{}",
        b'{"heard":{},"sent":{},"unit":"unit"}',
        canonical({"heard": START, "sent": START}),
        canonical({"heard": START, "sent": START, "unit": "Unit"}),
        canonical({"heard": START, "sent": START, "unit": "u" * 33}),
        canonical({"heard": START, "sent": START, "unit": None}),
        b"[1]",
        b"\xff",
    ],
)
def test_a_place_in_a_thread_of_another_form_does_not_open(plain: bytes) -> None:
    row = {"table": "zone.mailbox", "column": "thread_state", "row": SOURCE.mailbox.hex()}
    sealed = columns.seal(SOURCE.state, plain, **row)

    with pytest.raises(OpenError):
        Place.open(sealed, SOURCE.state, mailbox=SOURCE.mailbox)


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
        {"extra": 1},
    ],
)
def test_a_message_of_the_right_key_and_the_wrong_form_is_refused(changed: dict[str, object]) -> None:
    assert Message.parse(resealed(MESSAGE), known=THREAD).encode() == MESSAGE.encode()

    with pytest.raises(EnvelopeError):
        Message.parse(resealed(MESSAGE, **changed), known=THREAD)


@given(replies)
def test_any_reply_reads_back_as_it_was_written(reply: Reply) -> None:
    assert Reply.parse(pad_message(reply.encode(SOURCE.to_source)), SOURCE.to_source) == reply


@given(st.data())
def test_a_changed_reply_is_never_read_as_another(data: st.DataObject) -> None:
    encoded = a_reply().encode(SOURCE.to_source)
    at = data.draw(st.integers(0, len(encoded) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != encoded[at]))

    with pytest.raises(EnvelopeError):
        Reply.parse(encoded[:at] + bytes([byte]) + encoded[at + 1 :], SOURCE.to_source)


@pytest.mark.parametrize(
    "changed",
    [
        {"kind": ["reply"]},
        {"kind": {}},
        {"kind": None},
        {"kind": "other"},
        {"heard": "1"},
        {"counter": 2**31},
        {"day": "2026-1-1"},
        {"day": "20261123"},
        {"body": {"phrase": "received"}},
        {"body": "text"},
        {"mailbox": "00"},
    ],
)
def test_a_reply_of_the_right_key_and_the_wrong_form_is_refused(changed: dict[str, object]) -> None:
    payload = {k: v for k, v in json.loads(a_reply().encode(SOURCE.to_source)).items() if k != "mac"} | changed
    mac = macs.mac(SOURCE.to_source, canonical(payload), purpose="to source")

    with pytest.raises(EnvelopeError):
        Reply.parse(canonical({**payload, "mac": mac.hex()}), SOURCE.to_source)


def a_reply(counter: int = 1, text: str = "Which berth?") -> Reply:
    return Reply(
        kind="reply", mailbox=SOURCE.mailbox, counter=counter, previous=envelope.NO_PREVIOUS, day=DAY, text=text
    )


@pytest.mark.parametrize("kind", ["reply", "phrase"])
def test_a_reply_reads_back_and_a_forged_one_does_not(kind: str) -> None:
    reply = replace(a_reply(), kind=kind)
    inner = reply.seal(SOURCE.to_source, SOURCE.identity.recipient)

    padded = age.open_(inner, [SOURCE.identity])
    assert Reply.parse(padded, SOURCE.to_source) == reply
    with pytest.raises(ForgedError):
        Reply.parse(padded, Secret.random())


def test_a_reply_too_long_for_a_bundle_is_refused_when_it_is_written() -> None:
    with pytest.raises(EnvelopeError):
        a_reply(text="x" * envelope.REPLY_BYTES).seal(SOURCE.to_source, SOURCE.identity.recipient)


@pytest.mark.parametrize("count", [0, 1, 5, 40])
def test_every_bundle_has_one_size_and_keeps_the_newest_replies(count: int) -> None:
    recipient = SOURCE.identity.recipient
    inner = [a_reply(n + 1).seal(SOURCE.to_source, recipient) for n in range(count)]

    bundle = bundles.pack_bundle(inner, recipient)

    assert len(bundle) == bundles.SEALED_BUNDLE_BYTES
    opened = bundles.open_bundle(bundle, SOURCE.identity)
    assert opened == inner[count - len(opened) :]
    assert len(opened) == min(count, 9)


def test_the_largest_reply_fits_a_bundle() -> None:
    inner = a_reply(text="x" * (envelope.REPLY_BYTES - 600)).seal(SOURCE.to_source, SOURCE.identity.recipient)

    assert bundles.open_bundle(bundles.pack_bundle([inner], SOURCE.identity.recipient), SOURCE.identity) == [inner]


def a_tar(member: tarfile.TarInfo, data: bytes) -> bytes:
    return member.tobuf(tarfile.GNU_FORMAT) + data + bytes(-len(data) % 512)


def sparse() -> bytes:
    """A member of 512 bytes that says it is 8 GiB: tar readers make the holes as zeros, in memory."""
    info = tarfile.TarInfo("001.age")
    info.size, info.mode, info.type = 512, 0o600, tarfile.GNUTYPE_SPARSE
    block = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    block[386:410] = b"%011o\0%011o\0" % (0, 512)
    block[483:495] = b"%011o\0" % (8 * 2**30 - 1)
    block[148:156] = b"        "
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) + bytes(512)


def renamed(name: str, **changed: object) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mode = 3, 0o600
    for key, value in changed.items():
        setattr(info, key, value)
    return a_tar(info, b"abc")


@pytest.mark.parametrize(
    "archive",
    [
        sparse(),
        renamed("../../001.age"),
        renamed("002.age"),
        renamed("001.age", mode=0o644),
        renamed("001.age", mtime=1),
        renamed("001.age", uname="root"),
        renamed("001.age", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        bundles._member("001.age", b"abc")[:-1] + b"x",
        bundles._member("001.age", b"abc") + bytes(512) + bundles._member("002.age", b"abc"),
        bundles._member("001.age", b"x" * (bundles.BUNDLE_BYTES - 1024)),
        b"x" * bundles.BUNDLE_BYTES,
        b"",
        bytes(bundles.BUNDLE_BYTES + 1),
    ],
    ids=[
        "sparse",
        "a path",
        "another number",
        "another mode",
        "a time",
        "an owner",
        "a link",
        "other filling",
        "a hole",
        "no end",
        "no tar",
        "empty",
        "another size",
    ],
)
def test_an_archive_that_we_would_not_have_written_is_refused_whoever_sealed_it(archive: bytes) -> None:
    recipient = SOURCE.identity.recipient
    filled = archive.ljust(bundles.BUNDLE_BYTES, b"\0") if archive else archive

    with pytest.raises(EnvelopeError):
        bundles.open_bundle(age.seal(filled, [recipient]), SOURCE.identity)


@given(st.lists(st.binary(max_size=2000), max_size=9))
@settings(max_examples=40, deadline=None)
def test_any_files_that_fit_come_out_of_a_bundle_as_they_went_in(inner: list[bytes]) -> None:
    assert bundles.open_bundle(bundles.pack_bundle(inner, SOURCE.identity.recipient), SOURCE.identity) == inner


def test_a_bundle_cut_or_lengthened_by_a_byte_does_not_open() -> None:
    bundle = bundles.pack_bundle([b"abc"], SOURCE.identity.recipient)

    for wrong in (bundle[:-1], bundle + b"\0", b""):
        with pytest.raises(EnvelopeError):
            bundles.open_bundle(wrong, SOURCE.identity)


def test_a_bundle_for_somebody_else_does_not_open() -> None:
    with pytest.raises(EnvelopeError):
        bundles.open_bundle(bundles.pack_bundle([], UNIT.recipient), keys(Codename.from_token(new_token())).identity)


SIGNER = SigningKey.generate()
INTAKE = IntakeKey("unit", 3, UNIT.recipient, not_before=date(2026, 11, 20), not_after=date(2026, 11, 26))


@pytest.mark.parametrize("today", [date(2026, 11, 20), DAY, date(2026, 11, 26)])
def test_an_intake_key_is_good_on_its_days(today: date) -> None:
    key = IntakeKey.read(INTAKE.sign(SIGNER), SIGNER.public)

    assert key.good_on(today)
    assert (key.unit, key.serial, str(key.recipient)) == ("unit", 3, str(UNIT.recipient))


@pytest.mark.parametrize("today", [date(2026, 11, 19), date(2026, 11, 27)])
def test_an_intake_key_is_refused_before_and_after_its_days(today: date) -> None:
    assert not INTAKE.good_on(today)


@pytest.mark.parametrize(
    "statement",
    [
        INTAKE.sign(SigningKey.generate()),
        INTAKE.sign(SIGNER).replace(b'"serial":3', b'"serial":4'),
        replace(INTAKE, unit="Unit").sign(SIGNER),
        replace(INTAKE, serial=0).sign(SIGNER),
        b"",
    ],
)
def test_an_intake_key_not_signed_by_its_signer_or_of_no_form_is_refused(statement: bytes) -> None:
    with pytest.raises(IntakeKeyError):
        IntakeKey.read(statement, SIGNER.public)
