"""A person at a browser without script, for journeys over real HTTP: reads pages, fills the forms that are there, sends."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http import HTTPStatus
from http.cookies import Morsel
from types import TracebackType
from typing import Self
from urllib.parse import urljoin, urlsplit

import aiohttp

_KEEP_ALIVE_SECONDS = 1.0
"""Less than a worker's 4 s: who sends a form into a connection that is being closed gets no answer, and a client repeats no form."""
_VOID_INPUTS = {"submit", "button", "reset", "image", "file"}


class JourneyError(Exception):
    """A page is not what the person expected; the text is plain words for whoever reads the run."""


@dataclass(slots=True)
class Form:
    """One form of a page: what a browser would send if nothing were typed."""

    action: str
    method: str
    multipart: bool
    fields: list[tuple[str, str]] = field(default_factory=list)
    names: dict[str, None] = field(default_factory=dict)  # in the order of the page
    offered: list[tuple[str, str]] = field(default_factory=list)

    def choices(self, name: str) -> tuple[str, ...]:
        """Return what may be chosen for *name*: options of a select, boxes to tick, values of buttons."""
        return tuple(value for offered, value in self.offered if offered == name and value)


@dataclass(frozen=True, slots=True)
class Page:
    """An answer as a person sees it."""

    url: str
    status: int
    body: bytes
    headers: dict[str, str]
    text: str
    forms: tuple[Form, ...]
    ids: dict[str, str]
    links: tuple[tuple[str, str], ...]

    @property
    def path(self) -> str:
        """Path of the page's address."""
        return urlsplit(self.url).path

    def link(self, part: str) -> str:
        """Return the first link whose address holds *part*."""
        for href, _ in self.links:
            if part in href:
                return href
        raise JourneyError(f"no link to “{part}” on {self.path}: {self.text[:400]}")

    def form(self, action: str) -> Form:
        """Return the form whose action ends with *action*."""
        for form in self.forms:
            if urlsplit(form.action).path.endswith(action):
                return form
        raise JourneyError(f"no form “{action}” on {self.path} ({self.status}): {self.text[:400]}")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that a person picks."""

    field: str
    name: str
    data: bytes
    media_type: str = "application/octet-stream"


class _Reader(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__(convert_charrefs=True)
        self._url = url
        self.forms: list[Form] = []
        self.ids: dict[str, str] = {}
        self.links: list[tuple[str, str]] = []
        self.words: list[str] = []
        self._form: Form | None = None
        self._textarea: str | None = None
        self._select: str | None = None
        self._options: list[tuple[str, bool]] = []
        self._typed: list[str] = []
        self._open: list[tuple[str, str | None]] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = {name: value or "" for name, value in attrs}
        if tag in {"style", "script", "title"}:
            self._silent += 1
        if tag not in {"input", "br", "meta", "link", "hr", "img", "wbr", "col"}:
            self._open.append((tag, a.get("id")))
            if a.get("id"):
                self.ids.setdefault(a["id"], "")
        if tag == "a" and "href" in a:
            self.links.append((urljoin(self._url, a["href"]), ""))
        if tag == "form":
            action = urljoin(self._url, a.get("action") or self._url)
            self._form = Form(action, a.get("method", "get").lower(), a.get("enctype") == "multipart/form-data")
            self.forms.append(self._form)
        if self._form is None or "disabled" in a:
            return
        self._control(tag, a)

    def _control(self, tag: str, a: dict[str, str]) -> None:
        form = self._form
        assert form is not None
        name = a.get("name", "")
        if tag == "input" and name:
            kind = a.get("type", "text")
            form.names[name] = None
            if kind in {"radio", "checkbox"}:
                form.offered.append((name, a.get("value", "on")))
                if "checked" in a:
                    form.fields.append((name, a.get("value", "on")))
            elif kind not in _VOID_INPUTS:
                form.fields.append((name, a.get("value", "")))
        elif tag == "textarea" and name:
            form.names[name] = None
            self._textarea, self._typed = name, []
        elif tag == "select" and name:
            form.names[name] = None
            self._select, self._options = name, []
        elif tag == "option" and self._select:
            self._options.append((a.get("value", ""), "selected" in a))
            form.offered.append((self._select, a.get("value", "")))
        elif tag == "button" and name:
            form.names[name] = None
            form.offered.append((name, a.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag in {"style", "script", "title"}:
            self._silent -= 1
        if tag == "form":
            self._form = None
        if tag == "textarea" and self._textarea and self._form:
            self._form.fields.append((self._textarea, "".join(self._typed).removeprefix("\n")))
            self._textarea = None
        if tag == "select" and self._select and self._form:
            chosen = [value for value, selected in self._options if selected] or [v for v, _ in self._options[:1]]
            self._form.fields += [(self._select, value) for value in chosen]
            self._select = None
        while self._open:
            if self._open.pop()[0] == tag:
                break

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self._typed.append(data)
        elif not self._silent:
            self.words.append(data)
        for _, ident in self._open:
            if ident:
                self.ids[ident] += data


class Browser:
    """One person's browser: own cookies, one site; a connector of its own where the site is not reached straight."""

    def __init__(self, site: str, connector: aiohttp.BaseConnector | None = None) -> None:
        self.site = site
        connector = connector or aiohttp.TCPConnector(keepalive_timeout=_KEEP_ALIVE_SECONDS)
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True), connector=connector)
        self.page: Page | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    def cookies(self) -> list[Morsel[str]]:
        """Return the cookies that the browser holds."""
        return list(self._session.cookie_jar)

    async def open(self, path: str, *, status: int = 200) -> Page:
        """Go to an address; a status other than *status* is a `JourneyError`."""
        async with self._session.get(urljoin(self.site, path)) as answer:
            return await self._read(answer, status)

    async def submit(
        self, action: str, *, files: Sequence[Upload] = (), status: int = 200, **typed: str | Sequence[str]
    ) -> Page:
        """Fill the form whose action ends with *action* on the page in view, and send it as a browser would."""
        if self.page is None:
            raise JourneyError("no page is open")
        form = self.page.form(action)
        unknown = set(typed) - set(form.names)
        if unknown:
            raise JourneyError(f"the form “{action}” has no field {sorted(unknown)}; it has {sorted(form.names)}")
        values: list[tuple[str, str]] = [(name, value) for name, value in form.fields if name not in typed]
        for name, value in typed.items():
            values += [(name, one) for one in ([value] if isinstance(value, str) else value)]
        if form.method == "get":
            async with self._session.get(form.action, params=values) as answer:
                return await self._read(answer, status)
        data: aiohttp.FormData | list[tuple[str, str]] = values
        if form.multipart:
            data = _multipart(form, values, files)
        async with self._session.post(form.action, data=data) as answer:
            return await self._read(answer, status)

    async def _read(self, answer: aiohttp.ClientResponse, status: int) -> Page:
        body = await answer.read()
        html = body.decode("utf-8", "replace") if "html" in answer.headers.get("Content-Type", "") else ""
        reader = _Reader(str(answer.url))
        reader.feed(html)
        page = Page(
            url=str(answer.url),
            status=answer.status,
            body=body,
            headers=dict(answer.headers),
            text=" ".join(" ".join(reader.words).split()),
            forms=tuple(reader.forms),
            ids={name: " ".join(text.split()) for name, text in reader.ids.items()},
            links=tuple(reader.links),
        )
        if html:
            self.page = page
        if answer.status != status:
            raise JourneyError(f"{page.path} answered {answer.status}, expected {status}: {page.text[:600]}")
        return page


def _multipart(form: Form, values: list[tuple[str, str]], files: Sequence[Upload]) -> aiohttp.FormData:
    """Fields in the form's own order, as a browser sends them, then the files."""
    order = {name: place for place, name in enumerate(form.names)}
    data = aiohttp.FormData(quote_fields=False, default_to_multipart=True)
    for name, value in sorted(values, key=lambda pair: order[pair[0]]):
        data.add_field(name, value)
    for upload in files:
        data.add_field(upload.field, io.BytesIO(upload.data), filename=upload.name, content_type=upload.media_type)
    return data


async def report(browser: Browser, files: Sequence[Upload] = (), *, status: int = 200, **typed: str) -> Page:
    """Fill the source's form anew, send it, and then one file after the other; return the page with the codename."""
    await browser.open("/")
    page = await browser.submit("/", status=status, **typed)
    if status == HTTPStatus.OK:
        await send_files(browser, files)
    return page


async def send_files(browser: Browser, files: Sequence[Upload]) -> None:
    """As a source who is signed in, send one file after the other, and see each of them kept."""
    for file in files:
        await browser.open("/files")
        page = await browser.submit("/files", files=[file])
        if "safe with us" not in page.text:
            raise JourneyError(f"the file was not kept: {page.text[:600]}")
