"""Every answer carries the strict headers, every failure is a page in words, and the log names no request."""

import asyncio
import base64
import hashlib
import logging
import re
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar

import aiohttp
import jinja2
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from tests.factories import free_ports
from tipline.base.database import StoreError
from tipline.base.installed import templates
from tipline.base.templates import environment, load
from tipline.base.web import FormError, Site, make_app, render, render_text, see_other, serve

Answer = tuple[int, Mapping[str, str], str]
Ask = Callable[..., Awaitable[Answer]]

_SITE = Site(name="corridor", title="Corridor", practice=False, style="inside")
_CANARY = "canary-amber"


@dataclass(frozen=True, slots=True)
class OnePage:
    template: ClassVar[str] = "layout/error.html"
    title: str
    message: str


async def _page(request: web.Request) -> web.Response:
    return render(request, OnePage("Hello", "<b>words</b>"))


async def _fails(_: web.Request) -> web.Response:
    raise ValueError(_CANARY)


async def _store_fails(_: web.Request) -> web.Response:
    raise StoreError


async def _form_fails(_: web.Request) -> web.Response:
    raise FormError("Write a message first.")


async def _moves(_: web.Request) -> web.Response:
    return see_other("/page")


async def _redirects(_: web.Request) -> web.Response:
    raise web.HTTPFound("/page")


async def _streams(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"bytes")
    return response


_ROUTES = (
    web.get("/page", _page),
    web.get("/fails/{id}", _fails),
    web.get("/store", _store_fails),
    web.get("/form", _form_fails),
    web.get("/moves", _moves),
    web.get("/redirects", _redirects),
    web.get("/streams", _streams),
)


@pytest.fixture
async def ask() -> AsyncIterator[Ask]:
    """Ask the application for a path."""
    async with TestClient(TestServer(make_app(_SITE, _ROUTES))) as client:

        async def asked(path: str, method: str = "GET", **more: object) -> Answer:
            async with client.request(method, path, allow_redirects=False, **more) as response:
                return response.status, dict(response.headers), await response.text()

        yield asked


def assert_strict(headers: Mapping[str, str]) -> None:
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    for part in ("form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'", "img-src 'none'"):
        assert part in policy
    assert "unsafe" not in policy
    assert "script" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert headers["Cache-Control"] == "no-store"
    assert "Server" not in headers


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/page", "GET", 200),
        ("/page", "HEAD", 200),
        ("/page", "POST", 405),
        ("/nothing", "GET", 404),
        ("/fails/7", "GET", 500),
        ("/store", "GET", 503),
        ("/form", "GET", 400),
        ("/moves", "GET", 303),
        ("/redirects", "GET", 302),
        ("/streams", "GET", 200),
    ],
)
async def test_every_answer_carries_the_strict_headers(ask: Ask, path: str, method: str, status: int) -> None:
    answered, headers, _ = await ask(path, method)

    assert answered == status
    assert_strict(headers)


async def test_an_expectation_that_cannot_be_met_is_answered_strictly(ask: Ask) -> None:
    status, headers, _ = await ask("/page", headers={"Expect": "the-moon"})

    assert status == 417
    assert_strict(headers)


async def test_the_policy_admits_the_inlined_style_and_nothing_else(ask: Ask) -> None:
    _, headers, text = await ask("/page")

    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in headers["Content-Security-Policy"]
    assert not re.search(r"<script| style=| on[a-z]+=|javascript:", text)


async def test_what_a_page_shows_is_escaped(ask: Ask) -> None:
    _, _, text = await ask("/page")

    assert "&lt;b&gt;words&lt;/b&gt;" in text


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/nothing", "There is no such page."),
        ("/fails/7", "Something failed here, not with you."),
        ("/store", "it is not known whether anything was changed."),
        ("/form", "Write a message first."),
    ],
)
async def test_a_failure_is_a_page_of_the_layout_in_fixed_words(ask: Ask, path: str, words: str) -> None:
    _, headers, text = await ask(path)

    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert words in text
    assert "<main" in text
    assert _CANARY not in text


async def test_the_log_names_class_and_route_and_nothing_of_the_request(
    ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        await ask("/fails/canary-path?q=canary-query", headers={"User-Agent": "canary-agent"})

    ours = [record.getMessage() for record in caplog.records if record.name != "aiohttp.access"]  # the test server's
    assert ours == ["ValueError in GET /fails/{id}"]


async def test_a_method_that_is_not_allowed_says_which_are(ask: Ask) -> None:
    _, headers, _ = await ask("/page", "POST")

    assert headers["Allow"] == "GET,HEAD"


@pytest.mark.parametrize(
    "raw", [b"\x16\x03\x01 not http\r\n\r\n", b"GET / HTTP/1.1\r\nBad Header\r\n\r\n", b"GET /" + b"a" * 9000]
)
async def test_damaged_http_is_answered_strictly_too(raw: bytes, caplog: pytest.LogCaptureFixture) -> None:
    port = free_ports()["corridor"]
    serving = asyncio.create_task(serve(make_app(_SITE, _ROUTES), "127.0.0.1", port))
    reader, writer = await _connected(port)

    writer.write(raw + b" HTTP/1.1\r\n\r\n")
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    writer.close()
    signal.raise_signal(signal.SIGTERM)
    await serving

    status, *lines = head.strip().split("\r\n")
    assert " 400 " in status
    assert_strict(dict(line.split(": ", 1) for line in lines))
    assert "127.0.0.1" not in caplog.text


async def test_serving_ends_when_it_is_told_to() -> None:
    port = free_ports()["corridor"]
    serving = asyncio.create_task(serve(make_app(_SITE, _ROUTES), "127.0.0.1", port))
    _, writer = await _connected(port)
    writer.close()
    async with aiohttp.ClientSession() as client, client.get(f"http://127.0.0.1:{port}/page") as response:
        assert response.status == 200
        assert_strict(response.headers)

    signal.raise_signal(signal.SIGINT)

    await asyncio.wait_for(serving, 10)


def test_practice_is_said_on_every_page_and_only_in_practice() -> None:
    page = OnePage("Hello", "words")
    real = render_text(_SITE, page)
    practice = render_text(Site("corridor", "Corridor", practice=True, style="inside"), page)

    assert 'class="practice"' in practice
    assert 'class="practice"' not in real


def test_what_an_audience_is_shown_is_compiled_once_it_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("compiled again")

    environment.cache_clear()
    load("source")
    monkeypatch.setattr(jinja2.Environment, "compile", refuse)

    for file in (templates() / "source").glob("*.html"):
        assert environment().get_template(f"source/{file.name}")
    assert "words" in render_text(_SITE, OnePage("Hello", "words"))


def test_a_signed_in_page_carries_the_token_and_the_way_out() -> None:
    text = render_text(_SITE, OnePage("Hello", "words"), csrf="token", who="amina")

    assert '<input type="hidden" name="csrf" value="token">' in text
    assert 'action="/sign-out"' in text
    assert "<bdi>amina</bdi>" in text


def test_a_template_that_asks_for_what_its_page_lacks_fails() -> None:
    @dataclass(frozen=True, slots=True)
    class Lacking:
        template: ClassVar[str] = "layout/error.html"
        title: str = "Hello"

    with pytest.raises(jinja2.UndefinedError):
        render_text(_SITE, Lacking())


@pytest.mark.parametrize("audience", ["source", "inside", "guard", "agency"])
def test_a_stylesheet_is_complete_and_asks_for_nothing_from_elsewhere(audience: str) -> None:
    css = str(Site("x", "X", practice=False, style=audience).css)

    assert css.count("{") == css.count("}")
    assert not re.search(r"url\(|@import|@font-face|<", css)
    for needed in (
        "prefers-color-scheme: dark",
        "prefers-reduced-motion",
        "forced-colors",
        "@media print",
        ":focus-visible",
    ):
        assert needed in css
    assert not re.search(r"(margin|padding|border|inset)-(left|right|top|bottom)\s*:|text-align:\s*(left|right)\b", css)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_at_6_to_1_and_edges_of_controls_at_3_to_1(scheme: str) -> None:
    css = (templates() / "style" / "tokens.css").read_text()
    blocks = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    colour = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", blocks[0 if scheme == "light" else 1]))

    for ground in ("paper", "raised"):
        for text in ("ink", "muted", "act", "danger"):
            assert _contrast(colour[text], colour[ground]) >= 6, (text, ground)
        assert _contrast(colour["edge"], colour[ground]) >= 3, ground
    for text, ground in (("on-act", "act"), ("on-danger", "danger"), ("on-notice", "notice")):
        assert _contrast(colour[text], colour[ground]) >= 6, (text, ground)


def _contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    """Relative luminance. Source: WCAG 2.2, definition of the term."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


async def _connected(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    for _ in range(200):
        with suppress(ConnectionError):
            return await asyncio.open_connection("127.0.0.1", port)
        await asyncio.sleep(0.02)
    raise ConnectionError
