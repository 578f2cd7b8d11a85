"""A source as the public zone leaves it: envelopes sealed by the shared forms, ready for the drop or for the corridor."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID, uuid4

from crypto import age, codename, padding
from crypto.digest import sha256
from crypto.statement import Statement
from tipline import bundles, envelope
from tipline.base.blobstore import BlobStore
from tipline.base.database import Db

TODAY = date(2026, 11, 23)
AT = datetime(2026, 11, 23, 18, 5, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Envelope:
    """One sealed envelope with its clear wrapper."""

    id: UUID
    wrapper: envelope.Wrapper
    data: bytes


@dataclass(slots=True)
class Source:
    """One person with a codename, and how far their thread has come."""

    unit: str = "unit"
    keys: codename.SourceKeys = field(
        default_factory=lambda: codename.keys(codename.Codename.from_token(codename.new_token()))
    )
    state: envelope.ThreadState = field(default_factory=envelope.ThreadState.start)

    @property
    def thread(self) -> envelope.Thread:
        return envelope.Thread(self.keys.to_unit, self.keys.to_source)

    def tip(
        self,
        intake: age.Recipient,
        text: str = "Boxes with tusks stand in the blue warehouse.",
        *,
        urgent: bool = False,
        asked: str = "Customs officer Marek",
    ) -> Envelope:
        return self.send(intake, envelope.Tip(text, "I saw it myself", asked, urgent), urgent=urgent)

    def answer(self, intake: age.Recipient, text: str) -> Envelope:
        return self.send(intake, envelope.Answer(text))

    def send(self, intake: age.Recipient, body: envelope.Body, *, urgent: bool = False, **changed: object) -> Envelope:
        """Seal the next message of the thread; *changed* fields of the message make it a wrong one."""
        message = envelope.Message(
            lookup=self.keys.lookup,
            recipient=self.keys.identity.recipient,
            thread=self.thread,
            counter=self.state.counter + 1,
            previous=self.state.previous,
            at=AT,
            body=body,
        )
        message = replace(message, **changed)  # type: ignore[arg-type]  # tests break any field
        self.state = self.state.after(message.encode())
        wrapper = self.wrapper("message", urgent=urgent)
        return Envelope(uuid4(), wrapper, envelope.seal_message(message, wrapper, intake))

    def file(
        self, intake: age.Recipient, data: bytes, *, name: str = "a photo.jpg", part_max: int = padding.PART_MAX
    ) -> list[Envelope]:
        """Seal a file: its parts, and last the sidecar."""
        parts = []
        for start in range(0, len(data), part_max):
            plain = data[start : start + part_max]
            wrapper = self.wrapper("part")
            sealed = wrapper.encode() + age.seal(plain.ljust(padding.part_size(len(plain)), b"\0"), [intake])
            parts.append((Envelope(uuid4(), wrapper, sealed), len(plain)))
        body = envelope.File(
            name=name,
            type="image/jpeg",
            size=len(data),
            sha256=sha256(data),
            parts=tuple(envelope.Part(part.id, sha256(part.data), size) for part, size in parts),
        )
        return [*(part for part, _ in parts), self.send(intake, body)]

    def wrapper(self, kind: envelope.Kind, *, urgent: bool = False) -> envelope.Wrapper:
        return envelope.Wrapper(
            unit=self.unit, serial=1, mailbox=self.keys.mailbox, day=TODAY, urgent=urgent, kind=kind
        )

    def replies(self, bundle: bytes) -> list[envelope.Reply]:
        """Open a bundle as the source would."""
        inner = bundles.open_bundle(bundle, self.keys.identity)
        return [envelope.Reply.parse(age.open_(sealed, [self.keys.identity]), self.keys.to_source) for sealed in inner]


def intake_recipient(inside: Path, serial: int = 1) -> age.Recipient:
    """The published recipient of one intake key."""
    statement = (inside / "corridor" / "keyring" / "intake-statement" / f"{serial}.age").read_bytes()
    return age.Recipient.parse(Statement.parse(statement).body["recipient"])


_MAILBOX = """
    INSERT INTO zone.mailbox (id, unit, recipient, bundle, thread_state, created_on)
    VALUES ($1, $2, $3, $4, ''::bytea, $5)
    ON CONFLICT DO NOTHING
"""
_ENVELOPE = """
    INSERT INTO zone.envelope (id, mailbox, unit, serial, kind, urgent, size, sha256, day)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""


async def at_the_drop(public: Db, folder: Path, source: Source, *envelopes: Envelope) -> None:
    """Lay envelopes where the drop hands them out, as the source process does."""
    recipient = source.keys.identity.recipient
    await public.execute(
        _MAILBOX, source.keys.mailbox, source.unit, str(recipient), bundles.pack_bundle([], recipient), TODAY
    )
    blobs = BlobStore(folder / "blobs")
    for one in envelopes:
        with blobs.create() as writer:
            writer.write(one.data)
            writer.publish(one.id)
        await public.execute(
            _ENVELOPE,
            one.id,
            one.wrapper.mailbox,
            one.wrapper.unit,
            one.wrapper.serial,
            one.wrapper.kind,
            one.wrapper.urgent,
            len(one.data),
            sha256(one.data),
            one.wrapper.day,
        )
