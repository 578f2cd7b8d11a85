"""Looks through the bytes that would leave, before they are sealed: structure, inert markup, names of the inside. Pure."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from crypto.canonical import parse
from crypto.digest import sha256
from crypto.errors import CryptoError
from handling.guard import markup
from handling.guard.refusal import Refused
from handling.rules import attachments
from handling.rules.package import PackageError, unpack

PAGE_MAX = 2 * 1024 * 1024
"""Bytes of one page: hundreds of items fit, and one is still looked through for a source in seconds."""

_SHORTEST_NAME = 2  # characters; a single letter is no name


@dataclass(frozen=True, slots=True)
class Member:
    """One file of the package: its exact text, and what a person reads in HTML and attachments; one of pixels has neither."""

    name: str
    data: bytes
    source: str
    text: str | None

    @property
    def sha256(self) -> str:
        """SHA-256 of the exact bytes, in hex."""
        return sha256(self.data).hex()


@dataclass(frozen=True, slots=True)
class Scanned:
    """A package in which the scan found nothing. Only `scan` makes one."""

    archive: bytes
    members: Mapping[str, Member]

    @property
    def sha256(self) -> str:
        """SHA-256 of the ZIP, in hex."""
        return sha256(self.archive).hex()

    @property
    def data(self) -> Mapping[str, bytes]:
        """The exact bytes of every member, by name."""
        return {name: member.data for name, member in self.members.items()}


def scan(archive: bytes, inside: Collection[str]) -> Scanned | Refused:
    """Look through a package.

    Args:
        archive: the ZIP.
        inside: names of people and machines of the unit; none of them may stand in it as a word.
    """
    try:
        files = unpack(archive)
    except PackageError:
        return Refused(("The package is not built as agreed: a file too many, too few, or bytes beside them.",))
    members: dict[str, Member] = {}
    reasons: list[str] = []
    for name, data in sorted(files.items()):
        member, faults = _look(name, data)
        members[name] = member
        reasons += [f"{name} must not leave: {fault}." for fault in faults]
        reasons += [f"{name} names the inside: “{found}”." for found in _named(member, inside)]
    return Refused(tuple(reasons)) if reasons else Scanned(archive, members)


def _look(name: str, data: bytes) -> tuple[Member, tuple[str, ...]]:
    if attachments.is_member(name):
        return _attachment(name, data)
    return _html(name, data) if name.endswith(".html") else _json(name, data)


def _attachment(name: str, data: bytes) -> tuple[Member, tuple[str, ...]]:
    kind = attachments.kind_of(name.removeprefix(attachments.FOLDER))
    if not attachments.is_clean(kind, data):
        return Member(name, data, "", None), ("it holds more than what is seen and heard",)
    return Member(name, data, "", attachments.words(kind, data) or None), ()


def _html(name: str, data: bytes) -> tuple[Member, tuple[str, ...]]:
    if len(data) > PAGE_MAX:
        return Member(name, data, "", None), (f"a page has at most {PAGE_MAX // 1024} KiB",)
    try:
        source = data.decode()
    except UnicodeDecodeError:
        return Member(name, data, "", None), ("it is not UTF-8 text",)
    read = markup.read(source)
    return Member(name, data, source, read.text), read.faults


def _json(name: str, data: bytes) -> tuple[Member, tuple[str, ...]]:
    try:
        parse(data)
    except CryptoError:
        return Member(name, data, "", None), ("it is not canonical JSON",)
    return Member(name, data, data.decode(), None), ()


def _named(member: Member, inside: Collection[str]) -> list[str]:
    """Names of the inside that stand in a member as words, in its source or in what is read from it."""
    texts = [member.source, member.text or ""]
    if member.text is None and member.source:
        texts += _strings(parse(member.data))  # where the source writes a line's end as \n, words would run together
    return named(texts, inside)


def named(texts: Collection[str], inside: Collection[str]) -> list[str]:
    """Return which names of the inside stand in some texts as words."""
    return [
        name
        for name in sorted(set(inside))
        if len(name) >= _SHORTEST_NAME and any(_word(name).search(text) for text in texts)
    ]


def _word(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, entry in value.items():
            yield key
            yield from _strings(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from _strings(entry)
