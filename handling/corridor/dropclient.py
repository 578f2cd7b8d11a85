"""The corridor's way to the drop: signed requests out, JSON and sealed bytes back. Believes nothing it has not checked."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Any, Literal
from uuid import UUID

import aiohttp

from crypto.canonical import canonical
from crypto.digest import sha256
from crypto.errors import KeyFormatError
from crypto.secret import Secret
from crypto.signing import SigningKey
from tipline.base import nearing
from tipline.base.settings import Settings
from tipline.base.ticks import FRAME, IDS_BYTES, PAGE, RECEIPTS_BYTES

REQUEST = "tipline/drop-request/v1"
CHUNK = 1024 * 1024  # bytes: a part passes through memory in pieces of this size

FIRST = UUID(int=0)  # the first page begins behind it

_LISTED_MAX = 32 * 1024 * 1024  # bytes of one JSON answer: some hundred thousand envelopes
_ENVELOPE_MAX = 17 * 1024 * 1024  # bytes; more than the largest that is taken, which the collector decides
_FILLING_MAX = 16 * 1024 * 1024
_HEX_32 = re.compile(r"[0-9a-f]{64}")
_RECIPIENT = re.compile(r"[0-9a-z]{1,4096}")
_REPEATS = 30  # of a list within one second: tests and an impatient administrator do that
_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=60, sock_read=120)


class DropError(Exception):
    """The drop could not be reached, refused, or answered something that is not its protocol."""

    def __init__(self) -> None:
        super().__init__("the drop did not answer as it should; nothing is lost, the next collection tries again")


class GoneError(DropError):
    """The envelope or mailbox is not at the drop any more: its source deleted it, or it was taken already."""


class ConflictError(DropError):
    """The drop has something else under this name, or obeyed this very request a moment ago."""


class CollectorKeyError(Exception):
    """The collector key is missing or unreadable on this machine."""

    def __init__(self) -> None:
        super().__init__("collector.key in the corridor's folder is missing or damaged")


@dataclass(frozen=True, slots=True)
class Listed:
    """One envelope as the drop lists it. Only a claim until its bytes have been hashed; *day* of arrival stays one."""

    id: UUID
    size: int
    sha256: bytes
    urgent: bool
    day: date


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the list; *more* when others wait behind it, *nearing* settings of ceilings that come near."""

    listed: tuple[Listed, ...]
    more: bool
    nearing: tuple[str, ...] = ()

    @property
    def last(self) -> UUID:
        """The id behind which the next page begins."""
        return max((one.id for one in self.listed), default=FIRST)


class Fetched:
    """The envelopes of one answer, each behind its length; read one whole before the next."""

    def __init__(self, content: aiohttp.StreamReader) -> None:
        self._content = content

    async def size(self) -> int:
        """Return the length of the next envelope; raises `GoneError` when it is not there any more."""
        size = int.from_bytes(await self._content.readexactly(FRAME), "big")
        if size == 0:
            raise GoneError
        if size > _ENVELOPE_MAX:
            raise DropError
        return size

    async def pieces(self, size: int) -> AsyncIterator[bytes]:
        """Give the bytes of the envelope whose length was read."""
        while size:
            piece = await self._content.read(min(CHUNK, size))
            if not piece:
                raise DropError
            size -= len(piece)
            yield piece

    async def end(self) -> None:
        """Read the zeros that fill the answer up."""
        left = _FILLING_MAX
        while piece := await self._content.read(CHUNK):
            left -= len(piece)
            if left < 0:
                raise DropError


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One mailbox as the drop lists it."""

    id: bytes
    recipient: str


class DropClient:
    """Speaks for one unit with its collector key; holds no other key."""

    def __init__(
        self, http: aiohttp.ClientSession, *, address: str, unit: str, key: SigningKey, clock: Callable[[], float]
    ) -> None:
        self._http = http
        self._address = address
        self._unit = unit
        self._key = key
        self._clock = clock

    async def envelopes(self, *, urgent_only: bool, after: UUID = FIRST) -> Page:
        """List one page of what waits for this unit, behind *after*."""
        answer = await self._json("GET", f"/v1/envelopes?urgent={urgent_only:d}&after={after}")
        try:
            listed, near = tuple(_listed(entry) for entry in answer["envelopes"]), nearing.checked(answer["nearing"])
            page = Page(listed, answer["more"] is True, near)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise DropError from None
        if len(page.listed) > PAGE or (page.more and page.last <= after):
            raise DropError  # it would never come to its end
        return page

    @asynccontextmanager
    async def fetch(self, wanted: Sequence[UUID]) -> AsyncIterator[Fetched]:
        """Ask for at most a page of envelopes, also for none, and read them in this order."""
        body = canonical({"ids": [str(envelope) for envelope in wanted]}).ljust(IDS_BYTES)
        async with self._request("POST", "/v1/envelopes", body) as response:
            fetched = Fetched(response.content)
            yield fetched
            await fetched.end()

    async def receipts(self, taken: Sequence[tuple[UUID, bytes]]) -> frozenset[UUID]:
        """Say which envelopes are safe inside, by id and SHA-256; return those that the drop has deleted."""
        body = {"receipts": [{"id": str(envelope), "sha256": digest.hex()} for envelope, digest in taken]}
        answer = await self._json("POST", "/v1/receipts", canonical(body).ljust(RECEIPTS_BYTES))
        try:
            return frozenset(UUID(deleted) for deleted in answer["deleted"])
        except (KeyError, TypeError, ValueError, AttributeError):
            raise DropError from None

    async def mailboxes(self) -> tuple[Mailbox, ...]:
        """List every mailbox of this unit."""
        answer = await self._json("GET", "/v1/mailboxes")
        try:
            return tuple(
                Mailbox(bytes.fromhex(_digest(m["id"])), _recipient(m["recipient"])) for m in answer["mailboxes"]
            )
        except (KeyError, TypeError, ValueError):
            raise DropError from None

    async def put_bundles(self, bundles: Mapping[bytes, bytes]) -> frozenset[bytes]:
        """Replace the bundles of at most `BUNDLES` mailboxes; return those that are not at the drop any more."""
        answer = await self._json("PUT", "/v1/bundles", b"".join(one for pair in bundles.items() for one in pair))
        try:
            return frozenset(bytes.fromhex(_digest(mailbox)) for mailbox in answer["missing"])
        except (KeyError, TypeError, ValueError):
            raise DropError from None

    async def put_key(self, kind: Literal["intake-keys", "pgp-keys"], serial: int, statement: bytes) -> bool:
        """Publish one signed key; False when the drop holds another under this serial."""
        try:
            async with self._request("PUT", f"/v1/{kind}/{serial}", statement):
                return True
        except ConflictError:
            return False

    async def _json(self, method: str, path: str, body: bytes = b"") -> Any:  # noqa: ANN401 - JSON, checked by the caller
        collected = bytearray()
        async with self._request(method, path, body) as response:
            async for chunk in _chunks(response):
                collected += chunk
                if len(collected) > _LISTED_MAX:
                    raise DropError
        return read_json(collected)

    @asynccontextmanager
    async def _request(self, method: str, path: str, body: bytes = b"") -> AsyncIterator[aiohttp.ClientResponse]:
        """Send one request and yield its good answer.

        The drop obeys a signature once. The same request twice within a second has the same signature, so a repeat is
        signed anew for a second later, which the drop's window of minutes admits.
        """
        try:
            for later in range(_REPEATS):
                async with self._http.request(
                    method,
                    self._address + path,
                    data=body or None,
                    headers=self._headers(method, path, body, int(self._clock()) + later),
                    allow_redirects=False,
                    timeout=_TIMEOUT,
                ) as response:
                    if response.status == HTTPStatus.CONFLICT and method != "PUT" and later + 1 < _REPEATS:
                        continue
                    _check(response.status)
                    yield response
                    return
        except (aiohttp.ClientError, OSError, TimeoutError, EOFError):
            raise DropError from None

    def _headers(self, method: str, path: str, body: bytes, seconds: int) -> dict[str, str]:
        """Sign method, path with query, digest of the body, time and unit (docs/format.md, the drop's requests)."""
        payload = canonical(
            {
                "method": method,
                "path": path,
                "body_sha256": sha256(body).hex(),
                "time": seconds,
                "unit": self._unit,
            }
        )
        return {
            "Tipline-Unit": self._unit,
            "Tipline-Time": str(seconds),
            "Tipline-Signature": self._key.sign(REQUEST, payload).hex(),
            "Content-Type": "application/octet-stream",
        }


def _check(status: int) -> None:
    if status == HTTPStatus.NOT_FOUND:
        raise GoneError
    if status == HTTPStatus.CONFLICT:
        raise ConflictError
    if status != HTTPStatus.OK:
        raise DropError


def collector_key(settings: Settings) -> SigningKey:
    """Read the collector's seed, the only key that works unattended."""
    try:
        seed = bytes.fromhex((settings.inside / "corridor" / "collector.key").read_text("ascii").strip())
        return SigningKey.from_seed(Secret(seed))
    except (OSError, ValueError, KeyFormatError):
        raise CollectorKeyError from None


def drop_address(settings: Settings) -> str:
    """Return where the drop listens: the setting `drop`, else this machine's own."""
    return settings.drop or f"http://{settings.host}:{settings.ports['drop']}"


async def _chunks(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    async for chunk in response.content.iter_chunked(CHUNK):
        yield chunk


def read_json(answer: bytes | bytearray) -> Any:  # noqa: ANN401 - JSON, checked by the caller
    """Read an answer of the drop, which may be anybody's by now; raises `DropError`."""
    try:
        return json.loads(answer)
    except (ValueError, RecursionError):  # also of thousands of brackets
        raise DropError from None


def _listed(entry: Any) -> Listed:  # noqa: ANN401 - JSON of the drop, checked here
    size = entry["size"]
    if not isinstance(size, int) or size <= 0 or not isinstance(entry["urgent"], bool):
        raise ValueError
    day = date.fromisoformat(entry["day"])
    return Listed(UUID(entry["id"]), size, bytes.fromhex(_digest(entry["sha256"])), entry["urgent"], day)


def _recipient(text: Any) -> str:  # noqa: ANN401 - JSON of the drop, checked here
    """Take what could be a key; whether it is one shows when something is sealed to it."""
    if not isinstance(text, str) or not _RECIPIENT.fullmatch(text):
        raise ValueError
    return text


def _digest(text: Any) -> str:  # noqa: ANN401 - JSON of the drop, checked here
    if not isinstance(text, str) or not _HEX_32.fullmatch(text):
        raise ValueError
    return text
