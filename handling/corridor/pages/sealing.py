"""How the messages of one thread say that they were sealed, for its page: each by itself, and what follows from all together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from handling.corridor.chain import ACCEPTED
from handling.corridor.tips import OpenMessage
from handling.rules.ways import WORDS, Way, Words, mixture, same


@dataclass(frozen=True, slots=True)
class Sealing:
    """The ways of the messages that have a place in the thread, by their counter; that of its beginning is always there."""

    began: Way
    said: Mapping[int, Way]

    @classmethod
    def of(cls, messages: Sequence[OpenMessage], began: str) -> Self:
        """Read them from the source's messages; who forged or repeated one has no say."""
        placed = [one for one in messages if one.row.direction == "in" and one.row.verdict in ACCEPTED]
        return cls(Way(began), {one.row.counter: Way(one.content.get("way") or began) for one in placed})

    @property
    def ways(self) -> tuple[Way, ...]:
        """Each way once, that of the beginning first."""
        return tuple(dict.fromkeys((self.began, *(self.said[counter] for counter in sorted(self.said)))))

    @property
    def words(self) -> tuple[Words, ...]:
        """What a handler reads about each of them."""
        return tuple(WORDS[way] for way in self.ways)

    @property
    def mixed(self) -> str:
        """What a mixture of ways means for the whole thread; nothing when there is one."""
        return mixture(self.ways)

    def same(self, says: Way, counter: int) -> str:
        """Say what a right MAC proves of the message at *counter*."""
        return same(says, [way for before, way in self.said.items() if before < counter])
