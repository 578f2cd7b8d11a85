"""Hand-ins as a source's own device makes them, kept in memory, and how a unit reads one that arrived."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from crypto import age
from crypto.codename import Codename, SourceKeys, keys, new_token
from crypto.digest import sha256
from crypto.signing import SigningKey
from tipline import device
from tipline.bundles import Pickup, pack_bundle
from tipline.device import Attached, HandIn, Standing
from tipline.envelope import WRAPPER_BYTES, File, IntakeKey, Message, Thread, Tip, Wrapper
from tipline.handin import Listed, Slip
from tipline.pins import Keys, Pinned, Pins

AT = datetime(2026, 11, 25, 18, 5, tzinfo=UTC)


@dataclass(slots=True)
class Memory:
    """One sealed part in memory."""

    data: bytearray = field(default_factory=bytearray)
    gone: bool = False

    def write(self, data: bytes | memoryview) -> None:
        self.data += data

    def discard(self) -> None:
        self.gone = True

    def pieces(self) -> Iterator[bytes]:
        yield bytes(self.data)


Files = tuple[HandIn[Memory], ...]


@dataclass(slots=True)
class Receiver:
    """A unit that a device can seal to, with all of its secret keys."""

    first: date
    unit: str = "unit"
    serial: int = 3
    root: SigningKey = field(default_factory=SigningKey.generate)
    signer: SigningKey = field(default_factory=SigningKey.generate)
    identity: age.Identity = field(default_factory=age.Identity.generate)

    @property
    def intake(self) -> IntakeKey:
        last = self.first + timedelta(days=6)
        return IntakeKey(self.unit, self.serial, self.identity.recipient, self.first, last)

    def keys(self) -> Keys:
        """What the kit carries and `/keys` hands out."""
        pinned = Pinned(self.unit, "unit", "Practice Unit", self.signer.public)
        pins = Pins((pinned,), self.first, self.first + timedelta(days=90))
        return Keys(self.root.public, pins.sign(self.root), (self.intake.sign(self.signer),))


@dataclass(slots=True)
class Device:
    """A source who seals by themselves."""

    keys: SourceKeys = field(default_factory=lambda: keys(Codename.from_token(new_token())))
    standing: Standing | None = None

    def tip(
        self,
        intake: IntakeKey,
        text: str = "Boxes with tusks stand in the blue warehouse.",
        *files: Attached,
        urgent: bool = False,
        asked: str = "",
    ) -> tuple[bytes, ...]:
        """Seal a first message; the bytes of each file to hand in."""
        return contents(self.seal(intake, Tip(text, "I saw it myself", asked, urgent), files))

    def seal(self, intake: IntakeKey, words: device.Tip | device.Answer, files: Iterable[Attached] = ()) -> Files:
        return device.seal(self.keys, intake, words, files, after=self.standing, at=AT, new=Memory)

    def picks_up(self, place: bytes, *inner: bytes) -> device.PickedUp:
        """Read a pickup file with these replies in it, and go on from there."""
        bundle = pack_bundle(inner, self.keys.identity.recipient)
        picked = device.pick_up(Pickup(bundle, place).encode(), self.keys)
        self.standing = picked.standing or self.standing
        return picked


def contents(files: Files) -> tuple[bytes, ...]:
    """The bytes of each file."""
    return tuple(b"".join(file.pieces()) for file in files)


def attached(name: str, content: bytes, *, piece: int = 1 << 20) -> Attached:
    """A file that is read in pieces."""
    return Attached(name, "image/jpeg", (content[at : at + piece] for at in range(0, len(content), piece)))


@dataclass(frozen=True, slots=True)
class Arrived:
    """What a unit finds in a hand-in: everything checked, or an error."""

    slip: Slip
    messages: tuple[Message, ...]
    files: tuple[bytes, ...]


def envelopes(files: Sequence[bytes]) -> tuple[tuple[Listed, bytes], ...]:
    """Take a hand-in apart: each listed envelope and its bytes; raises when one byte is not as its slip says."""
    head = files[0].index(b"\n") + 1
    slip = Slip.parse(files[0][:head])
    found = []
    for number, (piece, data) in enumerate(zip(slip.pieces, files, strict=True)):
        at = head if number == 0 else 0
        for listed in piece:
            found.append((listed, data[at : at + listed.size]))
            at += listed.size
            assert sha256(found[-1][1]) == listed.sha256, "an envelope is another than the slip says"
            wrapper = Wrapper.parse(found[-1][1][:WRAPPER_BYTES])
            assert wrapper == slip.wrapper(listed.kind), "a wrapper says something else than the slip"
        assert at == len(data), "there is more in a file than its slip says"
    return tuple(found)


def arrived(files: Sequence[bytes], unit: age.Identity, *, known: Thread | None = None) -> Arrived:
    """Read the files of one hand-in from the format alone, each in its place; raises when one byte is not right."""
    slip = Slip.parse(files[0][: files[0].index(b"\n") + 1])
    sealed: dict[object, bytes] = {listed.id: data for listed, data in envelopes(files)}
    plain: dict[object, bytes] = {id_: age.open_(data[WRAPPER_BYTES:], [unit]) for id_, data in sealed.items()}
    messages = tuple(Message.parse(plain[one.id], known=known) for one in slip.envelopes if one.kind == "message")
    sidecars = [one.body for one in messages if isinstance(one.body, File)]
    return Arrived(slip, messages, tuple(_joined(sidecar, sealed, plain) for sidecar in sidecars))


def _joined(sidecar: File, sealed: dict[object, bytes], plain: dict[object, bytes]) -> bytes:
    content = b""
    for part in sidecar.parts:
        assert sha256(sealed[part.id]) == part.sha256, "a part is another than its sidecar says"
        content += plain[part.id][: part.size]
    assert (len(content), sha256(content)) == (sidecar.size, sidecar.sha256), "the parts do not make the file"
    return content
