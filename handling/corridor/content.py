"""What a tip's row seals: the source's words, every move, and every decision on who may read. Opens and seals, decides nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from crypto.canonical import canonical
from crypto.digest import sha256
from crypto.secret import Secret
from handling.corridor import sealed
from handling.corridor.store.tips import Tip
from handling.rules import triage
from handling.rules.exclusions import Decision


@dataclass(frozen=True, slots=True)
class Moved:
    """One move of triage, with author and reason."""

    at: str
    author: str
    move: triage.Move
    reason: str


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision on who may read, with author and day. The newest holds."""

    on: str
    author: str
    decision: Decision

    def body(self) -> dict[str, Any]:
        """Return the decision as a JSON value."""
        return {
            "on": self.on,
            "author": self.author,
            "readers": None if self.decision.readers is None else list(self.decision.readers),
            "excluded": list(self.decision.excluded),
            "narrowed": dict(self.decision.narrowed),
            "reason": self.decision.reason,
        }

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> "Decided":
        """Read what `body` returned."""
        readers = None if body["readers"] is None else tuple(body["readers"])
        decision = Decision(readers, tuple(body["excluded"]), body["narrowed"], body["reason"])
        return cls(body["on"], body["author"], decision)


@dataclass(frozen=True, slots=True)
class Content:
    """What a tip's row seals.

    Attributes:
        text: None while the thread's first message has not come.
        waiting: True while a first reader has to decide who may read.
        named: sign-in names of members whom the source's words name, as they were on the day the message was re-sealed.
        conflicted: sign-in names of members with a conflict of interest, declared with it or ahead of it.
        barred: ids of agencies of which it names somebody; a first reader alone lets them learn of it.
        met: ids of the entries of what is known ahead (`handling.rules.interests`) that were heard in it until now.
    """

    text: str | None = None
    how_known: str = ""
    must_not_learn: str = ""
    moves: tuple[Moved, ...] = ()
    reports: tuple[UUID, ...] = ()
    waiting: bool = False
    named: tuple[str, ...] = ()
    decisions: tuple[Decided, ...] = ()
    conflicted: tuple[str, ...] = ()
    barred: tuple[str, ...] = ()
    met: tuple[str, ...] = ()

    @property
    def holds(self) -> Decision:
        """The decision that holds now; without one everybody in the corridor reads and no agency is excluded."""
        return self.decisions[-1].decision if self.decisions else Decision(None, (), {}, "")

    @property
    def is_provisional(self) -> bool:
        """Whether only the first readers read because the message that may name somebody has not come yet."""
        return self.waiting and self.text is None and not (self.named or self.conflicted or self.decisions)

    @property
    def asked(self) -> str:
        """SHA-256, in hex, of all that a decision on the readers answers: whoever decides says what they have seen."""
        shown = [list(self.named), list(self.conflicted), list(self.barred), list(self.met)]
        return sha256(canonical([self.waiting, *shown, self.must_not_learn, len(self.decisions)])).hex()

    def seal(self, key: Secret, tip: UUID) -> bytes:
        """Seal for the tip's row."""
        value = {
            "text": self.text,
            "how_known": self.how_known,
            "must_not_learn": self.must_not_learn,
            "moves": [[moved.at, moved.author, moved.move.value, moved.reason] for moved in self.moves],
            "reports": [str(report) for report in self.reports],
            "waiting": self.waiting,
            "named": list(self.named),
            "decisions": [decided.body() for decided in self.decisions],
            "conflicted": list(self.conflicted),
            "barred": list(self.barred),
            "met": list(self.met),
        }
        return sealed.seal(key, value, table="tip", row=tip)

    @classmethod
    def open(cls, key: Secret, tip: Tip) -> "Content":
        """Open a tip's row."""
        value = sealed.unseal(key, tip.sealed, table="tip", row=tip.id)
        return cls(
            text=value["text"],
            how_known=value["how_known"],
            must_not_learn=value["must_not_learn"],
            moves=tuple(Moved(at, author, triage.Move(move), why) for at, author, move, why in value["moves"]),
            reports=tuple(UUID(report) for report in value["reports"]),
            waiting=value["waiting"],
            named=tuple(value["named"]),
            decisions=tuple(Decided.parse(body) for body in value["decisions"]),
            conflicted=tuple(value.get("conflicted", ())),
            barred=tuple(value.get("barred", ())),
            met=tuple(value.get("met", ())),
        )
