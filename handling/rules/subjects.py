"""pure: what a report is about, and whether that lies inside an agreement's scope. A scope never reaches upwards."""

from collections.abc import Iterable, Mapping
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

    def scopes(self, code: str) -> bool:
        """Whether an agreement's scope may name this code or group."""
        return code in self.labels or code in self.groups

    def label(self, code: str) -> str:
        """Return the words for a code or group; an unknown one is shown as it stands."""
        return self.labels.get(code) or self.groups.get(code) or code


def inside(code: str, scope: Iterable[str]) -> bool:
    """Whether a subject code is in scope, itself or through its group."""
    return any(code == allowed or code.startswith(f"{allowed}.") for allowed in scope)


def subjects_of(table: Mapping[str, Any]) -> Subjects:
    """Build the list from its data file as parsed.

    Raises:
        KeyError, ValueError: the file is not a subject list. It ships with the product.
    """
    groups, labels = table["groups"], table["subjects"]
    if any(code.partition(".")[0] not in groups for code in labels):
        raise ValueError("a subject code stands outside every group")
    return Subjects(
        version=table["version"],
        dated=table["dated"],
        definition=table["definition"],
        groups=MappingProxyType(dict(groups)),
        labels=MappingProxyType(dict(labels)),
    )
