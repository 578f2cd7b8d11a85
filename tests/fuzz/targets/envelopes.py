"""What travels between a source and a unit. Where a MAC or a seal stands in front of the parser, the target makes it."""

from uuid import UUID

from crypto import age, columns, macs
from crypto.canonical import canonical, parse
from crypto.digest import sha256
from crypto.errors import CanonicalError, OpenError
from crypto.secret import Secret
from handling.corridor import opened
from handling.corridor.store.envelopes import Envelope, EnvelopeState
from tests.fuzz.target import Target, both, these, vectors
from tipline import bundles
from tipline.envelope import File, Message, Place, Reply, Thread, Wrapper
from tipline.strict import EnvelopeError

KEY = Secret(b"k" * 32)
THREAD = Thread(KEY, KEY)
MINE = age.Identity.from_seed(Secret(bytes(range(32))))
MESSAGES, REPLIES = vectors("message", field="padded"), vectors("reply", field="padded")


def wrapper(data: bytes) -> None:
    assert Wrapper.parse(data).encode() == data


def message(data: bytes) -> None:
    read = Message.parse(data, known=None)
    assert read.encode() == data.rstrip(b" ")


def right(data: bytes, purpose: str) -> bytes:
    """The JSON with a MAC that fits, so that what stands behind the MAC is reached."""
    value = parse(data)
    if not isinstance(value, dict):
        raise CanonicalError
    value.pop("mac", None)
    return canonical({**value, "mac": macs.mac(KEY, canonical(value), purpose=purpose).hex()})


def right_message(data: bytes) -> None:
    made = right(data, "to unit")
    read = Message.parse(made, known=THREAD)
    keys = parse(made)["thread"]
    if keys == {"to_unit": "6b" * 32, "to_source": "6b" * 32}:
        assert read.encode() == made
    assert 1 <= read.counter < 2**31


def right_reply(data: bytes) -> None:
    made = right(data, "to source")
    assert Reply.parse(made, KEY).encode(KEY) == made


def reply(data: bytes) -> None:
    assert Reply.parse(data, KEY).encode(KEY) == data.rstrip(b" ")


def sidecar(data: bytes) -> None:
    value = parse(data)
    assert canonical(File.parse(value).body()) == data


def bundle(data: bytes) -> None:
    """Anybody can seal an archive to the source's public key."""
    sealed = age.seal(data[: bundles.BUNDLE_BYTES].ljust(bundles.BUNDLE_BYTES, b"\0"), [MINE.recipient])
    inner = bundles.open_bundle(sealed, MINE)
    archive = b"".join(bundles._member(f"{index:03}.age", one) for index, one in enumerate(inner, 1))
    assert data.rstrip(b"\0") == archive.rstrip(b"\0")


def place(data: bytes) -> None:
    row = {"table": "zone.mailbox", "column": "thread_state", "row": "00" * 32}
    Place.open(columns.seal(KEY, data, **row), KEY, mailbox=bytes(32))


def collected(data: bytes) -> None:
    """A plaintext as the corridor reads it, in a known thread and in a new mailbox."""
    row = Envelope(UUID(int=1), bytes(32), 1, "message", False, 1, sha256(b""), opened_day(), EnvelopeState.COLLECTED)  # noqa: FBT003
    plain = opened.Plain(row, data)
    assert opened.read(plain, None) is None  # nobody knows what 32 zeros are the hash of
    read = opened.read(plain, THREAD)
    assert read is not None
    assert not read.authentic


def opened_day() -> object:
    return Wrapper.parse(SEED_WRAPPER).day


SEED_WRAPPER = next(vectors("envelope", field="envelope", binary=True)())[:256]
BUNDLES = these(
    bundles._member("001.age", b"abc"),
    bundles._member("001.age", b"abc") + bundles._member("002.age", b"x" * 600),
    b"",
    b"\x80" * 200,
)
TARGETS = {
    "wrapper": Target(
        wrapper,
        (EnvelopeError,),
        lambda: (seed[:256] for seed in vectors("envelope", field="envelope", binary=True)()),
        most=300,
    ),
    "message": Target(message, (EnvelopeError,), MESSAGES),
    "message-signed": Target(right_message, (EnvelopeError, CanonicalError), MESSAGES),
    "message-collected": Target(collected, (), MESSAGES),
    "reply": Target(reply, (EnvelopeError,), REPLIES),
    "reply-signed": Target(right_reply, (EnvelopeError, CanonicalError), REPLIES),
    "sidecar": Target(
        sidecar,
        (EnvelopeError, CanonicalError),
        both(
            lambda: (canonical(parse(seed)["body"]) for seed in MESSAGES()),
            these(b'{"name":"","parts":[],"sha256":"' + b"0" * 64 + b'","size":0,"type":""}'),
        ),
    ),
    "bundle": Target(bundle, (EnvelopeError,), BUNDLES, most=bundles.BUNDLE_BYTES),
    "place": Target(
        place,
        (OpenError,),
        these(
            canonical({"sent": {"counter": 1, "previous": "00" * 32}, "heard": {"counter": 0, "previous": "00" * 32}})
        ),
        most=600,
    ),
}
