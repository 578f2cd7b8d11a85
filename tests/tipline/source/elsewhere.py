"""A source who seals on their own device and hands in what comes out: slip and files, with the real sealer."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from crypto.codename import Codename, SourceKeys, keys, new_token, pickup_code
from crypto.digest import sha256
from tests.journeys.browser import Upload
from tests.tipline.source.running import TODAY, TestUnit
from tipline import device
from tipline.device import Attached, Standing
from tipline.envelope import Answer, IntakeKey, Place, Tip
from tipline.handin import Slip

TEXT = "Horn in a container at berth nine."


class Memory:
    """A sealed part that stays in memory."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes) -> None:
        self.data += data

    def discard(self) -> None:
        self.data.clear()

    def pieces(self) -> list[bytes]:
        return [bytes(self.data)]


@dataclass(frozen=True, slots=True)
class HandIn:
    """One hand-in: its slip and its files, in order."""

    codename: Codename
    slip: Slip
    files: tuple[bytes, ...]

    @property
    def keys(self) -> SourceKeys:
        return keys(self.codename)

    @property
    def code(self) -> str:
        return pickup_code(self.keys.lookup).expose().decode()

    @property
    def place(self) -> Place:
        return Place.open(self.slip.now, self.keys.state, mailbox=self.keys.mailbox)

    def uploads(self, *numbers: int) -> list[Upload]:
        """The files with these numbers, or all of them."""
        names = self.slip.file_names
        return [
            Upload("files", names[number - 1], self.files[number - 1])
            for number in numbers or range(1, len(self.files) + 1)
        ]


def intake(unit: TestUnit, *, ended: int | None = None) -> IntakeKey:
    """The key that `a_zone` publishes, or one that ended so many days ago."""
    if ended is None:
        return unit.statement()
    last = TODAY - timedelta(days=ended)
    return IntakeKey(unit.id, 1, unit.intake.recipient, last - timedelta(days=6), last)


def seal(
    key: IntakeKey, *contents: bytes, text: str = TEXT, codename: Codename | None = None, follows: bytes | None = None
) -> HandIn:
    """Seal one report with files; *follows* is the sealed place of the mailbox, for an answer."""
    codename = codename or Codename.from_token(new_token())
    source = keys(codename)
    after = Standing.start()
    if follows is not None:
        after = Standing(Place.open(follows, source.state, mailbox=source.mailbox), sha256(follows))
    sealed = device.seal(
        source,
        key,
        Tip(text, "", "", urgent=False) if follows is None else Answer(text),
        [Attached(f"{number}.bin", "image/jpeg", [content]) for number, content in enumerate(contents)],
        after=after,
        at=datetime.now(UTC).replace(microsecond=0),
        new=Memory,
    )
    files = tuple(b"".join(file.pieces()) for file in sealed)
    return HandIn(codename, Slip.parse(files[0][: files[0].index(b"\n") + 1]), files)
