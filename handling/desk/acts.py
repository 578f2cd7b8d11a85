"""What the desk did about a release after it left: recalled it or not, noted a breach, reviewed it. Nothing here is changed later."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from handling.desk.notebook import Notebook
from handling.desk.notes import Note, Row
from handling.rules.copies import Breach, Fate, Loss, minute_text, read_minute
from handling.rules.recall import Against, Finding, Reason
from handling.store.vault import OpenVault
from tipline.base.database import Db

_KEPT = Notebook("desk.duty", by="noted_by", on="noted_on")


@dataclass(frozen=True, slots=True)
class Recall:
    """Every copy is asked for, to be destroyed or given back by a day; the agency learns of it by a notice."""

    notice: UUID
    reason: Reason
    asked: Fate  # `DESTROYED` or `RETURNED`
    due: date
    replies: bool  # the agency had said that copies stay


@dataclass(frozen=True, slots=True)
class Drop:
    """No recall, although something called for one."""

    against: Against


@dataclass(frozen=True, slots=True)
class Learned:
    """A breach that the desk learned of otherwise than from the agency."""

    breach: Breach


@dataclass(frozen=True, slots=True)
class Review:
    """A release under the exception for a threat to life was looked at again; the second one is by somebody else."""

    finding: Finding
    words: str


Did = Recall | Drop | Learned | Review


@dataclass(frozen=True, slots=True)
class Act:
    """One of them, about one release."""

    release: UUID
    did: Did
    by: str
    on: date


async def add(db: Db, vault: OpenVault, report: UUID, act: Act) -> None:
    """Keep one, behind those that are there; whoever calls this holds the report's lock.

    Raises:
        DamagedNotesError: those that are there are not what was written.
    """
    await _KEPT.add(db, vault, report, Note(_said(act), act.by, act.on))


async def of(db: Db, reports: Sequence[UUID]) -> tuple[Row, ...]:
    """All about some reports."""
    return await _KEPT.of(db, reports)


def open_(vault: OpenVault, report: UUID, rows: Sequence[Row]) -> tuple[Act, ...]:
    """Open those about one report, oldest first, or raise `DamagedNotesError`. Blocking."""
    found = _KEPT.open_(vault, report, rows)
    return tuple(Act(UUID(one.said["release"]), _did(one.said), one.by, one.on) for one in found)


def _said(act: Act) -> dict[str, Any]:
    match act.did:
        case Recall(notice, reason, asked, due, replies):
            why = {"notice": str(notice), "reason": reason.value, "asked": asked.value}
            said = {"act": "recall", **why, "due": due.isoformat(), "replies": replies}
        case Drop(against):
            said = {"act": "drop", "against": against.value}
        case Learned(breach):
            said = {
                "act": "breach",
                "loss": breach.loss.value,
                "noticed": minute_text(breach.noticed),
                "text": breach.text,
            }
        case Review(finding, words):
            said = {"act": "review", "finding": finding.value, "words": words}
    return {"release": str(act.release), **said}


def _did(said: Mapping[str, Any]) -> Did:
    match said["act"]:
        case "recall":
            asked, due = Fate(said["asked"]), date.fromisoformat(said["due"])
            return Recall(UUID(said["notice"]), Reason(said["reason"]), asked, due, said["replies"])
        case "drop":
            return Drop(Against(said["against"]))
        case "breach":
            return Learned(Breach(Loss(said["loss"]), read_minute(said["noticed"]), said["text"]))
        case _:
            return Review(Finding(said["finding"]), said["words"])
