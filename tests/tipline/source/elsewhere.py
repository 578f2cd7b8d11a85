"""A source who seals on their own device: what comes out are files to hand in, as the format has them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from crypto import age
from crypto.codename import Codename, SourceKeys, keys, new_token, pickup_code
from crypto.digest import sha256
from crypto.padding import PART_MAX, part_size
from tests.journeys.browser import Upload
from tests.tipline.source.running import TODAY, TestUnit
from tipline.envelope import Answer, File, IntakeKey, Message, Part, Place, Thread, Tip, seal_message
from tipline.handin import Listed, Slip

TEXT = "Horn in a container at berth nine."


@dataclass(frozen=True, slots=True)
class HandIn:
    """One hand-in: its slip and its files, in order."""

    codename: Codename
    slip: Slip
    files: tuple[bytes, ...]
    place: Place

    @property
    def keys(self) -> SourceKeys:
        return keys(self.codename)

    @property
    def code(self) -> str:
        return pickup_code(self.keys.lookup).expose().decode()

    def uploads(self, *numbers: int) -> list[Upload]:
        """The files with these numbers, or all of them."""
        return [
            Upload("files", f"hand-in-{number}-of-{len(self.files)}.tip", self.files[number - 1])
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
    parts: list[tuple[Listed, bytes]] = []
    files = [_file(number, content, key, source, parts) for number, content in enumerate(contents)]
    first = Answer(text) if follows else Tip(text, "", "", urgent=False)
    place = Place.start() if follows is None else Place.open(follows, source.state, mailbox=source.mailbox)
    messages: list[tuple[Listed, bytes]] = []
    for body in (first, *files):
        message = Message(
            lookup=source.lookup,
            recipient=source.identity.recipient,
            thread=Thread(source.to_unit, source.to_source),
            counter=place.sent.counter + 1,
            previous=place.sent.previous,
            at=datetime.now(UTC).replace(microsecond=0),
            body=body,
            heard=place.heard.counter,
            way="kit",
        )
        sealed = seal_message(message, _slip(key, source).wrapper("message"), key.recipient)
        messages.append((Listed(uuid4(), "message", len(sealed), sha256(sealed)), sealed))
        place = place.after(message.encode())
    every = (*messages, *parts)
    now = place.seal(source.state, mailbox=source.mailbox)
    slip = _slip(key, source, follows=follows, now=now, envelopes=tuple(listed for listed, _ in every))
    by_id = {listed.id: sealed for listed, sealed in every}
    pieces = [b"".join(by_id[one.id] for one in piece) for piece in slip.pieces]
    return HandIn(codename, slip, (slip.encode() + pieces[0], *pieces[1:]), place)


def _file(number: int, content: bytes, key: IntakeKey, source: SourceKeys, parts: list[tuple[Listed, bytes]]) -> File:
    of_it = []
    for start in range(0, len(content), PART_MAX):
        true = content[start : start + PART_MAX]
        padded = true.ljust(part_size(len(true)), b"\0")
        sealed = _slip(key, source).wrapper("part").encode() + age.seal(padded, [key.recipient])
        listed = Listed(uuid4(), "part", len(sealed), sha256(sealed))
        parts.append((listed, sealed))
        of_it.append(Part(listed.id, listed.sha256, len(true)))
    return File(f"{number}.bin", "application/octet-stream", len(content), sha256(content), tuple(of_it))


def _slip(
    key: IntakeKey,
    source: SourceKeys,
    *,
    follows: bytes | None = None,
    now: bytes = b"",
    envelopes: tuple[Listed, ...] = (),
) -> Slip:
    return Slip(
        unit=key.unit,
        serial=key.serial,
        mailbox=source.mailbox,
        day=key.not_before,
        urgent=False,
        recipient=None if follows else source.identity.recipient,
        was=sha256(follows) if follows else None,
        now=now,
        envelopes=envelopes,
    )
