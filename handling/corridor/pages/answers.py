"""What the pages show of a filled questionnaire: each answer beside its question in words, as it was asked then."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from handling.corridor.store import questionnaires
from handling.corridor.tips import OpenMessage
from tipline.base.database import Db
from tipline.envelope import EnvelopeError, Filled
from tipline.questionnaire.model import Questionnaire
from tipline.questionnaire.wording import Line, lines


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers of one message.

    Attributes:
        name: of the questionnaire; empty where nobody has kept it, and then keys and codes stand as they came.
        hash: its first digits, to look for it by.
        language: code of the language in which the source read it.
    """

    name: str
    hash: str
    language: str
    lines: tuple[Line, ...]


async def of_thread(db: Db, messages: Sequence[OpenMessage]) -> Mapping[UUID, Answers]:
    """Return the answers of a thread by the id of their message."""
    filled = {one.row.id: found for one in messages if (found := _filled(one)) is not None}
    if not filled:
        return {}
    known = await questionnaires.some(db, {one.schema for one in filled.values()})
    return {id_: _answers(one, known) for id_, one in filled.items()}


def _answers(filled: Filled, known: Mapping[bytes, Questionnaire]) -> Answers:
    asked = known.get(filled.schema)
    return Answers(asked.name if asked else "", filled.schema.hex()[:16], filled.language, lines(filled, asked))


def _filled(message: OpenMessage) -> Filled | None:
    content = message.content
    if message.row.direction != "in" or content["kind"] != Filled.KIND:
        return None
    try:
        return Filled.parse(content["body"])
    except EnvelopeError:
        return None
