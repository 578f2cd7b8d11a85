"""pure: what a report is about, and whether that lies inside an agreement's scope. A scope never reaches upwards."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class Subjects:
    """The subject list as dated data: groups, and the codes below them as ``group.name``."""

    version: int
    dated: date
    definition: str
    groups: Mapping[str, str]
    labels: Mapping[str, str]

    def knows(self, code: str) -> bool:
        """Whether a report may carry this code. A group alone says too little to be one."""
        return code in self.labels

    @property
    def scopes(self) -> tuple[str, ...]:
        """What an agreement's scope may name: groups, and the codes below them."""
        return (*self.groups, *self.labels)

    def covered(self, scope: Collection[str]) -> frozenset[str]:
        """Return every code that a scope covers, itself or through its group. A code that is not in the list never is."""
        return frozenset(code for code in self.labels if code in scope or _group(code) in scope)

    def label(self, code: str) -> str:
        """Return the words for a code or group; an unknown one is shown as it stands."""
        return self.labels.get(code) or self.groups.get(code) or code


def subjects_of(table: Mapping[str, Any]) -> Subjects:
    """Build the list from its data file as parsed.

    Raises:
        KeyError, ValueError: the file is not a subject list. It ships with the product.
    """
    groups, labels = table["groups"], table["subjects"]
    if any(_group(code) not in groups for code in labels):
        raise ValueError("a subject code stands outside every group")
    return Subjects(
        version=table["version"],
        dated=table["dated"],
        definition=table["definition"],
        groups=MappingProxyType(dict(groups)),
        labels=MappingProxyType(dict(labels)),
    )


def _group(code: str) -> str:
    return code.partition(".")[0]
