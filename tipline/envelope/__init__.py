"""What travels between a source and a unit: wrapper, message, sidecar, reply, intake key. No I/O, no storage.

Source, drop and corridor read and write these forms through this package only. Parsing is strict: a value that is not the
canonical form of itself is refused, so that two readers can never disagree about what a hash or a MAC covers.
Layout: docs/format.md.
"""

from tipline.envelope.bodies import Answer, Body, Erase, File, Part, Tip, answer_message
from tipline.envelope.intakekey import IntakeKey, IntakeKeyError
from tipline.envelope.message import WAYS, Message, seal_encoded, seal_message
from tipline.envelope.reply import REPLY_BYTES, Reply
from tipline.envelope.thread import (
    MAILBOX_BYTES,
    NO_PREVIOUS,
    SEALED_PLACE_BYTES,
    ForgedError,
    Place,
    Thread,
    ThreadState,
)
from tipline.envelope.wrapper import WRAPPER_BYTES, Kind, Wrapper
from tipline.questionnaire.answers import Filled
from tipline.strict import EnvelopeError

__all__ = [
    "MAILBOX_BYTES",
    "NO_PREVIOUS",
    "REPLY_BYTES",
    "SEALED_PLACE_BYTES",
    "WAYS",
    "WRAPPER_BYTES",
    "Answer",
    "Body",
    "EnvelopeError",
    "Erase",
    "File",
    "Filled",
    "ForgedError",
    "IntakeKey",
    "IntakeKeyError",
    "Kind",
    "Message",
    "Part",
    "Place",
    "Reply",
    "Thread",
    "ThreadState",
    "Tip",
    "Wrapper",
    "answer_message",
    "seal_encoded",
    "seal_message",
]
