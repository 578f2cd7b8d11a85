"""What arrives over HTTP and over the worker's socket: forms, the drop's requests and answers, frames, cookies."""

import asyncio
import json
import tempfile
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

from aiohttp import web
from aiohttp.streams import StreamReader
from aiohttp.test_utils import make_mocked_request

from handling.corridor import dropclient
from handling.corridor.dropclient import DropClient, DropError
from tests.fuzz.target import Target, both, these, vectors, waited
from tipline.base import accounts
from tipline.base.forms import FormError, read_form, read_form_lists
from tipline.base.jsons import JsonError, parse_object
from tipline.bundles import SEALED_BUNDLE_BYTES
from tipline.drop import api
from tipline.drop.signed import Gate, RequestRefusedError
from tipline.envelope import MAILBOX_BYTES
from tipline.source import channel, form, frames, session
from tipline.source.form import Answers, FormStream
from tipline.source.frames import ChannelError
from tipline.units import Units, UnitsError

BOUNDARY = "xBOUNDARYx"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


_BASES: dict[str, web.Request] = {}  # making one takes longer than reading a form


def request(data: bytes, kind: str) -> web.Request:
    """A request whose body is *data*, as aiohttp hands it to a handler."""
    loop = asyncio.get_running_loop()
    body = StreamReader(SimpleNamespace(_reading_paused=False, resume_reading=lambda **_: None), 2**16, loop=loop)
    body.feed_data(data)
    body.feed_eof()
    if kind not in _BASES:
        _BASES[kind] = make_mocked_request("POST", "/", headers={"Content-Type": kind}, app=web.Application())
    base = _BASES[kind]
    made = web.Request(base._message, body, base._protocol, base._payload_writer, base.task, loop)
    made._match_info = base._match_info
    return made


async def _urlencoded(data: bytes) -> None:
    fields = await read_form_lists(request(data, "application/x-www-form-urlencoded"))
    assert all("\0" not in value for values in fields.values() for value in values)
    assert await read_form(request(data, "application/x-www-form-urlencoded")) == {
        name: value for name, (value,) in fields.items()
    }


async def _multipart(data: bytes) -> None:
    fields = await read_form_lists(request(data, MULTIPART))
    assert all(isinstance(value, str) for values in fields.values() for value in values)


async def _report(data: bytes) -> None:
    stream = await FormStream.begin(request(data, MULTIPART))
    fields = await stream.fields()
    async for file in stream.files():
        async for piece in file.pieces(64):
            assert piece
        file.name.encode()
    form.parse(Answers.of(fields))


async def _answers(data: bytes) -> None:
    """What a hostile drop answers its collector."""
    client = _Answered(data)
    for ask in (client.envelopes(urgent_only=False), client.mailboxes(), client.receipts([])):
        try:
            await ask
        except DropError:
            continue


class _Answered(DropClient):
    """A client whose line brings the given bytes."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    async def _json(self, method: str, path: str, body: bytes = b"") -> object:
        del method, path, body
        return dropclient.read_json(self._data)


async def _frame(data: bytes) -> None:
    spoken, _, behind = data.partition(b"\n")
    reader = asyncio.StreamReader()
    reader.feed_data(len(spoken).to_bytes(4, "big") + len(behind).to_bytes(4, "big") + spoken + behind)
    reader.feed_eof()
    frame = await frames.read_frame(reader)
    if frame is not None:
        channel.unpack_submission(frame)


def gate(data: bytes) -> None:
    method, _, rest = data.partition(b"\n")
    stated, _, signature = rest.partition(b"\n")
    headers = {
        "Tipline-Unit": "unit",
        "Tipline-Time": stated.decode("utf-8", "surrogateescape"),
        "Tipline-Signature": signature.decode("utf-8", "surrogateescape"),
    }
    Gate(UNITS, lambda: 1_795_000_000.0).admit(method.decode("latin-1"), "/v1/receipts", headers, b"")


BUNDLE = MAILBOX_BYTES + SEALED_BUNDLE_BYTES


def asked_of_the_drop(data: bytes) -> None:
    """Whatever a unit's collector, or somebody with its key, asks in a body."""
    whole = data[:BUNDLE].ljust(BUNDLE, b"\0")
    assert api.read_bundles(whole) == {whole[:MAILBOX_BYTES]: whole[MAILBOX_BYTES:]}
    assert api.read_bundles(whole * 2) is api.read_bundles(data) is None
    with suppress(JsonError):
        assert len(api.read_ids(data)) <= api.PAGE
    api.read_receipts(data)


def units(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "units.json").write_bytes(data)
        assert Units.load(Path(folder)).unit


def cookie(data: bytes) -> None:
    halves = session._halves(data.decode("utf-8", "surrogateescape"))
    assert halves is None or len(halves[0]) == 32


def account(data: bytes) -> None:
    """The content of an account. Only who knows the passphrase can seal one, so damage here is nobody's attack."""
    accounts._totp_secret(parse_object(data))


PIN = {"unit": "unit", "role": "unit", "name": "Unit", "collector": "00" * 32, "intake_signer": "00" * 32}


def _pinned() -> Units:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "units.json").write_text(json.dumps([PIN]))
        return Units.load(Path(folder))


UNITS = _pinned()


def part(name: str, value: str, *, file: str = "") -> str:
    named = f'name="{name}"' + (f'; filename="{file}"\r\nContent-Type: image/png' if file else "")
    return f"--{BOUNDARY}\r\nContent-Disposition: form-data; {named}\r\n\r\n{value}\r\n"


END = f"--{BOUNDARY}--\r\n"
FORMS = these(
    (part("message", "text") + END).encode(),
    (
        part("token", "A" * 43) + part("involved", "no") + part("message", "é") + part("files", "x", file="a.png") + END
    ).encode(),
    (part("message", "a") + part("message", "b") + END).encode(),
    f"--{BOUNDARY}\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y\r\n\r\nx\r\n--y--\r\n{END}".encode(),
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: base64\r\n\r\nAA==\r\n{END}'.encode(),
)
ENVELOPE = {
    "id": "6c1d2e2e-93a8-4a52-9a6e-6d6a6e2f7f11",
    "size": 1,
    "sha256": "00" * 32,
    "urgent": False,
    "day": "2026-11-23",
}
LISTS = these(
    json.dumps({"envelopes": [ENVELOPE]}).encode(),
    json.dumps({"mailboxes": [{"id": "00" * 32, "recipient": "age1pq1"}]}).encode(),
    json.dumps({"deleted": [ENVELOPE["id"]]}).encode(),
    b'{"envelopes":[{"id":1,"size":1,"sha256":"","urgent":false,"day":""}]}',
    b"[" * 3000,
)
FRAME = {
    "do": "submit", "mac": {"bytes": 1}, "mailbox": {"bytes": 1}, "unit": "unit", "serial": 1, "urgent": False,
    "day": "2026-11-23", "was": None, "now": {"bytes": 1}, "new": {"recipient": "age1pq1", "bundle": {"bytes": 1}},
    "envelopes": [["6c1d2e2e-93a8-4a52-9a6e-6d6a6e2f7f11", "part", 1, {"bytes": 1}]],
}  # fmt: skip
TARGETS = {
    "form": Target(lambda data: waited(_urlencoded(data)), (FormError,), these(b"a=b&c=%C3%A9", b"a=%00", b"a&b")),
    "form-multipart": Target(lambda data: waited(_multipart(data)), (FormError,), FORMS),
    "form-report": Target(lambda data: waited(_report(data)), (FormError,), FORMS),
    "drop-requests": Target(
        asked_of_the_drop,
        (JsonError,),
        these(
            json.dumps({"ids": [ENVELOPE["id"]]}).encode(),
            json.dumps({"receipts": [{"id": ENVELOPE["id"], "sha256": "00" * 32}]}).encode(),
            b'{"receipts":[{"id":1,"sha256":"' + b"0" * 64 + b'"}]}',
        ),
    ),
    "drop-answers": Target(lambda data: waited(_answers(data)), (), LISTS),
    "drop-gate": Target(
        gate,
        (RequestRefusedError,),
        both(these(b"GET\n1795000000\n" + b"00" * 64), vectors("drop-request", field="signature")),
        most=300,
    ),
    "worker-frame": Target(
        lambda data: waited(_frame(data)), (ChannelError,), these(json.dumps(FRAME).encode() + b"\n12345")
    ),
    "units": Target(units, (UnitsError,), these(json.dumps([PIN]).encode(), b"[]", b"[[]]"), most=1024),
    "cookie": Target(cookie, (), these(b"A" * 86, b"A" * 43), most=200),
    "account": Target(
        account,
        (JsonError, KeyError, TypeError, ValueError),
        these(b'{"totp":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ","identity":"AGE-SECRET-KEY-PQ-1"}', b'{"totp":1}'),
        most=512,
    ),
}
