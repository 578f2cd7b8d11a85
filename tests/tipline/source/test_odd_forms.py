"""Forms as no browser would send them, to every form there is: a clear page, nothing kept of what was refused, no harm."""

import asyncio
import gzip
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote_from_bytes, urlsplit

from hypothesis import HealthCheck, example, given
from hypothesis import settings as tries
from hypothesis import strategies as st

from tests.journeys.browser import Browser, Form, Upload, report
from tests.tipline.source.running import Zone, a_zone, collect, messages, running
from tests.tipline.source.sending import TEXT
from tipline.base.database import Db
from tipline.base.settings import Settings
from tipline.base.web import strict_headers
from tipline.envelope import File, Tip

PATHS: Final = ("/", "/return", "/check", "/files", "/answer", "/questions", "/erase", "/leave", "/pickup", "/hand-in")
KINDS: Final = (
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=b",
)
WRONG_KINDS: Final = (
    "",
    "text/plain",
    "text/html",
    "application/json",
    "multipart/form-data",
    "multipart/form-data; boundary=other",
    "multipart/form-data; boundary=" + "b" * 2_000,
    "multipart/mixed; boundary=b",
    "application/x-www-form-urlencoded; charset=utf-16",
    "application/x-www-form-urlencoded; charset=none-such",
    "multipart/form-data; boundary=b; charset=utf-7",
    "; ; ,,",
)
METHODS: Final = ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
ENCODINGS: Final = ("gzip", "deflate", "br", "zstd", "none-such")
BYTES: Final = st.one_of(
    st.binary(max_size=60),
    st.text(max_size=30).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.text(max_size=20).map(lambda text: text.encode("utf-16", "surrogatepass")),
    st.sampled_from(
        [b"", b"\0", b"%", b"%zz", b"&=&", b"\r\n--b\r\n\r\n", b"--b--", b"\xff\xfe", b"<script>", b"{{7*7}}"]
    ),
    st.sampled_from([b"x" * 250_000, b"\xe2\x80\x8d" * 90_000, b"abandon " * 40_000]),
)
NAMES: Final = st.one_of(BYTES, st.sampled_from([b"files", b"csrf", b"token", b"__proto__", b"a[]", b"x" * 5_000]))


@dataclass(frozen=True, slots=True)
class Odd:
    """One odd request: what is changed about the honest form."""

    path: str
    language: str = ""
    method: str = "POST"
    kind: str = KINDS[1]
    coding: str | None = None
    packed: bool = False
    fate: tuple[str, ...] = ()
    """Of each field in turn: kept, dropped, doubled, changed, or sent as a file."""
    values: tuple[bytes, ...] = ()
    unknown: tuple[tuple[bytes, bytes], ...] = ()
    head: str = ""
    """A further line in the head of each part."""
    tail: bytes = b"--b--\r\n"
    fill: tuple[bytes, ...] = (b"no",)
    """What is typed where nothing stands."""


SOME: Final = tries(
    deadline=None, database=None, derandomize=True, max_examples=60, suppress_health_check=list(HealthCheck)
)
FATES: Final = ("kept", "kept", "kept", "dropped", "doubled", "changed", "file")
ODD: Final = st.builds(
    Odd,
    path=st.sampled_from(PATHS),
    language=st.sampled_from(["", "", "/fr", "/ar"]),
    method=st.one_of(st.just("POST"), st.just("POST"), st.just("POST"), st.sampled_from(METHODS)),
    kind=st.one_of(st.sampled_from(KINDS), st.sampled_from(KINDS), st.sampled_from(WRONG_KINDS)),
    coding=st.one_of(st.none(), st.none(), st.none(), st.sampled_from(ENCODINGS)),
    packed=st.booleans(),
    fate=st.lists(st.sampled_from(FATES), min_size=8, max_size=8).map(tuple),
    values=st.lists(BYTES, min_size=1, max_size=3).map(tuple),
    unknown=st.lists(st.tuples(NAMES, BYTES), max_size=2).map(tuple),
    head=st.sampled_from(
        [
            *("", "", ""),
            *("Content-Transfer-Encoding: base64", "Content-Type: text/x; charset=none-such", "X: " + "y" * 9000),
            *("Content-Length: 2", "Content-Length: 999999999999", "Content-Length: -1", "Content-Encoding: gzip"),
        ]
    ),
    tail=st.sampled_from([b"--b--\r\n", b"--b--\r\n", b"--b--\r\n", b"", b"--b", b"--b\r\n", b"--b--\r\nmore"]),
    fill=st.lists(BYTES, min_size=1, max_size=3).map(tuple),
)


def fields_of(odd: Odd, form: Form) -> list[tuple[bytes, bytes, bool]]:
    """Name and value of everything that is sent, and whether as a file."""
    typed = dict(form.fields)
    offered = dict(reversed(form.offered))
    sent: list[tuple[bytes, bytes, bool]] = []
    for number, name in enumerate(form.names):
        fate = odd.fate[number % len(odd.fate)] if odd.fate else "kept"
        value = (typed.get(name) or offered.get(name, "")).encode() or odd.fill[number % len(odd.fill)]
        if fate == "changed":
            value = odd.values[number % len(odd.values)]
        times = {"dropped": 0, "doubled": 2}.get(fate, 1)
        sent += [(name.encode(), value, fate == "file" or name == "files")] * times
    return sent + [(name, value, False) for name, value in odd.unknown]


def body_of(odd: Odd, form: Form) -> bytes:
    """The body; what is not multipart is written as a form of plain fields."""
    fields = fields_of(odd, form)
    if "multipart" not in odd.kind:
        body = b"&".join(
            quote_from_bytes(name).encode() + b"=" + quote_from_bytes(value).encode() for name, value, _ in fields
        )
        return body if odd.tail == b"--b--\r\n" else body + odd.tail
    parts = []
    for name, value, as_file in fields:
        shown = name.replace(b"\r", b"").replace(b"\n", b"").replace(b'"', b"")
        head = b'Content-Disposition: form-data; name="' + shown + (b'"; filename="../\xff.zip"' if as_file else b'"')
        extra = f"\r\n{odd.head}".encode() if odd.head else b""
        parts.append(b"--b\r\n" + head + extra + b"\r\n\r\n" + value + b"\r\n")
    return b"".join(parts) + odd.tail


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer: of a connection of its own, so that it is whole."""

    status: int
    headers: dict[str, str]
    body: bytes


async def ask(port: int, method: str, path: str, headers: dict[str, str], body: bytes) -> Answered:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = {"Host": "a", "Connection": "close", "Content-Length": str(len(body)), **headers}
    head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value)
    writer.write(head.encode() + b"\r\n" + body)
    answer = await reader.read()
    writer.transport.abort()
    top, _, rest = answer.partition(b"\r\n\r\n")
    first, *others = top.decode().split("\r\n")
    pairs = (line.partition(": ")[::2] for line in others)
    return Answered(int(first.split()[1]), dict(pairs), rest)


async def kept(zone: Zone, db: Db) -> list[int]:
    """How much is kept of everything that a request could leave behind."""
    tables = ("mailbox", "submission", "envelope", "hand_in", "hand_in_envelope", "session")
    counts = [await db.fetchval(f"SELECT count(*) FROM zone.{table}") for table in tables]
    return [*counts, len(list(zone.blobs.names()))]


async def form_at(browser: Browser, path: str) -> Form:
    """One form of a source, as it stands for one who has just reported and, where it needs that, has come back."""
    if path in ("/", "/return", "/pickup", "/hand-in"):
        return (await browser.open(path)).form(path)
    codename = (await report(browser, involved="no", message=TEXT)).ids["codename"]
    if path in ("/check", "/files", "/questions"):
        return (await browser.open(path)).form(path)
    await browser.open("/return")
    thread = await browser.submit("/return", codename=codename)
    return (await browser.open("/erase") if path == "/erase" else thread).form(path)


async def send(zone: Zone, db: Db, odd: Odd) -> None:
    """Send one, as somebody who is signed in, and hold what comes back against what every answer must be."""
    async with Browser(zone.url) as browser:
        form = await form_at(browser, odd.path)
        cookies = "; ".join(f"{one.key}={one.value}" for one in browser.cookies())
        body = body_of(odd, form)
        if odd.packed and odd.coding == "gzip":
            body = gzip.compress(body + bytes(30_000_000), 9)
        headers = {"Cookie": cookies, "Content-Type": odd.kind, "Content-Encoding": odd.coding or ""}
        before = await kept(zone, db)
        path = odd.language + odd.path
        answer = await ask(zone.settings.ports["source"], odd.method, path, headers, body)
        after = await kept(zone, db)

    assert answer.status < 500, (answer.status, odd)
    for name, value in strict_headers(None).items():
        if name != "Content-Security-Policy":
            assert answer.headers[name] == value, (name, answer.headers)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    if answer.status == 303:
        assert not urlsplit(answer.headers["Location"]).netloc
    elif odd.method != "HEAD" and "attachment" not in answer.headers.get("Content-Disposition", ""):
        assert b"<h1>" in answer.body, (answer, odd)
    assert b"<script" not in answer.body
    if answer.status >= 400:
        assert all(now <= then for now, then in zip(after, before, strict=True)), (answer.status, before, after, odd)


async def test_an_odd_form_gets_a_clear_page_keeps_nothing_that_was_refused_and_harms_nobody(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_zone(settings, public_db)
    loop = asyncio.get_running_loop()

    @SOME
    @given(ODD)
    @example(Odd("/", coding="gzip", packed=True))
    @example(Odd("/return", kind=KINDS[0], coding="gzip", packed=True))
    @example(Odd("/files", coding="gzip", packed=True))
    @example(Odd("/hand-in", coding="gzip", packed=True))
    @example(Odd("/", unknown=((b"_charset_", b"utf-16"),)))
    @example(Odd("/", head="Content-Length: 2"))
    def each(odd: Odd) -> None:
        asyncio.run_coroutine_threadsafe(send(zone, public_db, odd), loop).result()

    with running(zone):
        await asyncio.to_thread(each)
        for table in ("envelope", "mailbox"):
            await public_db.execute(f"DELETE FROM zone.{table}")
        async with Browser(zone.url) as browser:
            page = await report(browser, [Upload("files", "a.txt", b"seen")], involved="no", message=TEXT)
            await browser.open("/return")
            back = await browser.submit("/return", codename=page.ids["codename"])

    assert back.path == "/thread"
    tip, file = (message.body for message in messages(await collect(zone, public_db, zone.unit)))
    assert isinstance(tip, Tip)
    assert tip.text == TEXT
    assert isinstance(file, File)
