"""Rows of questionnaires: each that sources were ever asked, by its hash."""

from collections.abc import Collection, Mapping
from datetime import date

from tipline.base.database import Db, store_errors
from tipline.questionnaire.model import Questionnaire

_KEEP = """
    INSERT INTO corridor.questionnaire (sha256, content, kept_on)
    VALUES ($1, $2, $3)
    ON CONFLICT (sha256) DO NOTHING
"""

_SOME = """
    SELECT sha256, content
      FROM corridor.questionnaire
     WHERE sha256 = ANY($1)
"""


async def keep(db: Db, questionnaire: Questionnaire, today: date) -> None:
    """Keep a questionnaire for good; one that is there already stays as it is."""
    with store_errors():
        await db.execute(_KEEP, questionnaire.sha256, questionnaire.encode(), today)


async def some(db: Db, wanted: Collection[bytes]) -> Mapping[bytes, Questionnaire]:
    """Return those of *wanted* that were kept, by their hash."""
    with store_errors():
        rows = await db.fetch(_SOME, list(wanted))
    return {row["sha256"]: Questionnaire.parse(row["content"]) for row in rows}
