"""What travels between a source and a unit. Where a MAC or a seal stands in front of the parser, the target makes it."""

from uuid import UUID

from crypto import age, columns, macs
from crypto.canonical import canonical, parse
from crypto.codename import Codename, parse_pickup_code, pickup_code
from crypto.codename import keys as source_keys
from crypto.digest import sha256
from crypto.errors import CanonicalError, CodenameError, OpenError
from crypto.padding import message_size
from crypto.secret import Secret
from handling.corridor import opened
from handling.corridor.store.envelopes import Envelope, EnvelopeState
from tests.fuzz.target import Target, both, these, vectors
from tipline import bundles, device
from tipline.envelope import SEALED_PLACE_BYTES, File, Message, Place, Reply, Thread, Wrapper
from tipline.handin import Slip
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
    read = Place.open(columns.seal(KEY, data, **row), KEY, mailbox=bytes(32))
    assert Place.open(read.seal(KEY, mailbox=bytes(32)), KEY, mailbox=bytes(32)) == read


def collected(data: bytes) -> None:
    """A plaintext as the corridor reads it, in a known thread and in a new mailbox."""
    row = Envelope(UUID(int=1), bytes(32), 1, "message", False, 1, sha256(b""), opened_day(), EnvelopeState.COLLECTED)  # noqa: FBT003
    plain = opened.Plain(row, data)
    assert opened.read(plain, None) is None  # nobody knows what 32 zeros are the hash of
    read = opened.read(plain, THREAD)
    assert read is not None
    assert not read.authentic


def slip(data: bytes) -> None:
    assert Slip.parse(data).encode() == data


def right_slip(data: bytes) -> None:
    """A slip whose sum and padding fit, so that what stands behind them is reached."""
    value = parse(data.rstrip(b" \n"))
    if not isinstance(value, dict):
        raise CanonicalError
    value.pop("sum", None)
    line = canonical({**value, "sum": sha256(canonical(value)).hex()})
    made = line.ljust(message_size(len(line) + 1) - 1) + b"\n"
    read = Slip.parse(made)
    assert read.encode() == made
    assert sum(len(piece) for piece in read.pieces) == len(read.envelopes)
    assert len(read.pieces) == len(read.file_names)


def pickup(data: bytes) -> None:
    whole = bytearray(PICKUP)
    whole[: min(len(data), 1024)] = data[:1024]  # the heads of the archive; what is sealed behind them is opaque
    read = bundles.Pickup.parse(bytes(whole))
    assert read.encode() == whole


def picked_up(data: bytes) -> None:
    """A place that anybody may have put there, in front of a bundle that is the source's."""
    picked = device.pick_up(
        PICKUP[:512] + data[:SEALED_PLACE_BYTES].ljust(SEALED_PLACE_BYTES, b"\0") + PICKUP[PLACE_END:], SOURCE
    )
    assert picked.replies.shown == ()


def pickup_code_(data: bytes) -> None:
    lookup = parse_pickup_code(data.decode(errors="replace"))
    assert parse_pickup_code(pickup_code(lookup).expose().decode()).matches(lookup)


def opened_day() -> object:
    return Wrapper.parse(SEED_WRAPPER).day


SEED_WRAPPER = next(vectors("envelope", field="envelope", binary=True)())[:256]
BUNDLES = these(
    bundles._member("001.age", b"abc"),
    bundles._member("001.age", b"abc") + bundles._member("002.age", b"x" * 600),
    b"",
    b"\x80" * 200,
)
SOURCE = source_keys(Codename.from_token(bytes(32)))
PLACE_END = 512 + SEALED_PLACE_BYTES
PICKUP = bundles.Pickup(
    bundles.pack_bundle([], SOURCE.identity.recipient), Place.start("unit").seal(SOURCE.state, mailbox=SOURCE.mailbox)
).encode()
SLIPS = vectors("slip", field="slip", binary=True)
TARGETS = {
    "slip": Target(slip, (EnvelopeError,), SLIPS, most=8192),
    "slip-summed": Target(right_slip, (EnvelopeError, CanonicalError), SLIPS, most=8192),
    "pickup": Target(pickup, (EnvelopeError,), these(PICKUP[:1024], PICKUP[:512]), most=1024),
    "picked-up": Target(
        picked_up, (), these(PICKUP[512:PLACE_END], bytes(SEALED_PLACE_BYTES)), most=SEALED_PLACE_BYTES
    ),
    "pickup-code": Target(
        pickup_code_,
        (CodenameError,),
        both(these(pickup_code(SOURCE.lookup).expose()), vectors("pickup-code", field="typed")),
    ),
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
            canonical(
                {
                    "unit": "unit",
                    "sent": {"counter": 1, "previous": "00" * 32},
                    "heard": {"counter": 0, "previous": "00" * 32},
                }
            )
        ),
        most=600,
    ),
}
