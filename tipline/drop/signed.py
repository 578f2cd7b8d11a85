"""Is this request from the collector of a pinned unit, fresh, and seen for the first time? Default is no."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from aiohttp import web

from crypto import signing
from crypto.canonical import canonical
from crypto.digest import sha256
from crypto.errors import SignatureError
from tipline.units import Unit, Units

REQUEST_TYPE: Final = "tipline/drop-request/v1"
WINDOW_SECONDS: Final = 300
BODY_MAX: Final = 1 << 20
"""Bytes of a request's body: some ten thousand receipts, or one bundle."""

_TIME: Final = re.compile(r"[1-9][0-9]{0,11}")
_SIGNATURE: Final = re.compile(r"[0-9a-f]{128}")
_READ_BYTES: Final = 64 * 1024

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
UNIT = web.RequestKey("unit", Unit)
BODY = web.RequestKey("body", bytes)


class RequestRefusedError(Exception):
    """The request is not obeyed; one text for all causes but a repeated one, which an honest collector can meet."""

    def __init__(self, *, repeated: bool = False) -> None:
        super().__init__("this request was obeyed already; sign a new one" if repeated else "request not accepted")
        self.repeated = repeated


@dataclass(slots=True)
class Gate:
    """Checks signatures against the pins and remembers those of the last minutes, in memory."""

    units: Units
    clock: Callable[[], float]
    _seen: dict[str, int] = field(default_factory=dict)

    def admit(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Unit:
        """Return the unit that signed this very request; raises `RequestRefusedError`."""
        unit = self.units.get(headers.get("Tipline-Unit", ""))
        stated, signature = headers.get("Tipline-Time", ""), headers.get("Tipline-Signature", "")
        if unit is None or not _TIME.fullmatch(stated) or not _SIGNATURE.fullmatch(signature):
            raise RequestRefusedError
        now, at = int(self.clock()), int(stated)
        if abs(now - at) > WINDOW_SECONDS:
            raise RequestRefusedError
        payload = canonical(
            {"method": method, "path": path, "body_sha256": sha256(body).hex(), "time": at, "unit": unit.id}
        )
        try:
            signing.verify(unit.collector, REQUEST_TYPE, payload, bytes.fromhex(signature))
        except SignatureError:
            raise RequestRefusedError from None
        self._note(signature, at, now)
        return unit

    def _note(self, signature: str, at: int, now: int) -> None:
        """Refuse a signature a second time for as long as its time is acceptable."""
        self._seen = {known: time for known, time in self._seen.items() if time >= now - WINDOW_SECONDS}
        if signature in self._seen:
            raise RequestRefusedError(repeated=True)
        self._seen[signature] = at


GATE = web.AppKey("gate", Gate)


@web.middleware
async def signed_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Hand on what the gate admits, with the unit and the body; answer anything else with 401, a repeat with 409."""
    try:
        body = await _body(request)
        request[UNIT] = request.app[GATE].admit(request.method, request.raw_path, request.headers, body)
    except RequestRefusedError as error:
        return refusal(HTTPStatus.CONFLICT if error.repeated else HTTPStatus.UNAUTHORIZED, str(error))
    request[BODY] = body
    return await handler(request)


def refusal(status: HTTPStatus, text: str) -> web.Response:
    """Answer with a fixed text as JSON."""
    return web.Response(body=json.dumps({"error": text}).encode(), status=status, content_type="application/json")


async def _body(request: web.Request) -> bytes:
    if request.content_length is not None and request.content_length > BODY_MAX:
        raise RequestRefusedError
    body = bytearray()
    async for chunk in request.content.iter_chunked(_READ_BYTES):
        body += chunk
        if len(body) > BODY_MAX:
            raise RequestRefusedError
    return bytes(body)
