"""One package as its agency sees it, and what to do with it next. Pure: values in, values out; never its content."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import NewType
from uuid import UUID

from handling.rules.agreements import Channel
from handling.rules.clocks import in_words

PackageId = NewType("PackageId", UUID)


SEALED_NAME: Mapping[Channel, str] = {Channel.AGE: "package.age", Channel.OPENPGP: "package.zip.gpg"}
SIGNATURE_NAME: Mapping[Channel, str] = {Channel.AGE: "package.age.sig", Channel.OPENPGP: "package.zip.gpg.asc"}


@dataclass(frozen=True, slots=True)
class Package:
    """What the portal knows of one package: sizes, days and a check value. The ZIP's hash is not among it."""

    id: PackageId
    channel: Channel
    size: int  # bytes of the sealed file
    check: bytes  # SHA-256 over the ZIP's hash, so that the hash itself can be recognised and not shown
    released_on: date
    acknowledge_by: date
    feedback_due: date
    delete_by: date
    downloaded_on: date | None
    acknowledged_on: date | None
    answered: bool
    destroyed_on: date | None = None  # when the agency last told what became of its copies
    recalled_on: date | None = None  # by the guard, when a recall was signed; *delete_by* is then the recall's day


class Act(Enum):
    """What the agency still owes for a package."""

    OPEN = "open"
    ACKNOWLEDGE = "acknowledge"
    ANSWER = "answer"
    DELETE = "delete"
    RECALLED = "recalled"


@dataclass(frozen=True, slots=True)
class Due:
    """One act and its last day, which still counts."""

    act: Act
    by: date
    days_late: int  # 0 up to and on the last day

    @property
    def words(self) -> str:
        """The act and its day as a sentence an officer reads in a list."""
        by = in_words(self.by)
        if not self.days_late:
            return f"{_TO_DO[self.act]} by {by}"
        if self.act is Act.RECALLED:
            return f"Recalled, and overdue: delete every copy now and say so (by {by})"
        if self.act is Act.DELETE:
            return f"Delete every copy now: the last day to keep it was {by}"
        days = "1 day" if self.days_late == 1 else f"{self.days_late:,} days"
        return f"Overdue by {days}: {_TO_DO[self.act].lower()} (was due on {by})"


_TO_DO: Mapping[Act, str] = {
    Act.OPEN: "Open and acknowledge",
    Act.ACKNOWLEDGE: "Acknowledge",
    Act.ANSWER: "Answer",
    Act.DELETE: "Delete every copy",
    Act.RECALLED: "Recalled: delete every copy and say so",
}


def due(package: Package, today: date) -> tuple[Due, ...]:
    """All that is still owed for *package*, what to do next first.

    Deleting is owed until the agency tells what became of its copies. It stands last until its day has passed and first
    from then on: nothing is a reason to keep a package longer. What was never fetched by then can no longer be opened.
    Of a package that is recalled nothing else is owed.
    """
    if package.recalled_on is not None:
        told = package.destroyed_on is not None and package.destroyed_on >= package.recalled_on
        return () if told else (_due(Act.RECALLED, package.delete_by, today),)
    delete = _due(Act.DELETE, package.delete_by, today)
    owed = []
    if package.acknowledged_on is None and package.downloaded_on is not None:
        owed.append(_due(Act.ACKNOWLEDGE, package.acknowledge_by, today))
    elif package.acknowledged_on is None and not delete.days_late:
        owed.append(_due(Act.OPEN, package.acknowledge_by, today))
    if not package.answered:
        owed.append(_due(Act.ANSWER, package.feedback_due, today))
    if package.destroyed_on is not None:
        return tuple(owed)
    return (delete, *owed) if delete.days_late else (*owed, delete)


def may_fetch(package: Package, today: date) -> bool:
    """May the sealed file still be handed out? Not once it is recalled or said to be gone, nor after its last day."""
    return package.recalled_on is None and package.destroyed_on is None and today <= package.delete_by


def _due(act: Act, by: date, today: date) -> Due:
    return Due(act=act, by=by, days_late=max(0, (today - by).days))
