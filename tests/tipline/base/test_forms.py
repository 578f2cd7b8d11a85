"""A form is read in bounded memory; what is too large, damaged or carries a file is refused in words."""

from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from tipline.base.forms import MAX_FIELDS, read_form, read_form_lists
from tipline.base.web import Site, make_app

_LIMIT = 2000
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}

Post = Callable[..., Awaitable[tuple[int, str]]]


async def _single(request: web.Request) -> web.Response:
    form = await read_form(request, limit=_LIMIT)
    assert await read_form(request) == form  # read once, given again
    return web.json_response(form)


async def _lists(request: web.Request) -> web.Response:
    return web.json_response(await read_form_lists(request, limit=_LIMIT))


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    app = make_app(Site("x", "X", practice=False, style="inside"), [web.post("/", _single), web.post("/lists", _lists)])
    async with TestClient(TestServer(app)) as client:

        async def posted(path: str = "/", **more: object) -> tuple[int, str]:
            async with client.post(path, **more) as response:
                return response.status, await response.text()

        yield posted


def _multipart(**fields: str) -> aiohttp.FormData:
    form = aiohttp.FormData(default_to_multipart=True)
    for name, value in fields.items():
        form.add_field(name, value)
    return form


async def test_an_urlencoded_form_is_read(post: Post) -> None:
    assert await post(data={"a": "1", "b": "ü & ß", "c": ""}) == (200, '{"a": "1", "b": "\\u00fc & \\u00df", "c": ""}')


async def test_a_multipart_form_without_files_is_read(post: Post) -> None:
    assert await post(data=_multipart(a="1", b="ü", c="")) == (200, '{"a": "1", "b": "\\u00fc", "c": ""}')


async def test_an_empty_form_is_read(post: Post) -> None:
    assert await post(data=b"", headers=_FORM) == (200, "{}")


async def test_a_repeated_field_is_kept_where_lists_are_asked_for(post: Post) -> None:
    assert await post("/lists", data=b"a=1&a=2&b=3", headers=_FORM) == (200, '{"a": ["1", "2"], "b": ["3"]}')


async def test_a_repeated_field_is_refused_otherwise(post: Post) -> None:
    status, text = await post(data=b"a=1&a=2", headers=_FORM)

    assert status == 400
    assert "twice" in text


async def _pieces(total: int) -> AsyncIterator[bytes]:
    yield b"a="
    for _ in range(total // 100):
        yield b"x" * 100


async def test_a_form_that_says_it_is_too_long_is_refused_unread(post: Post) -> None:
    status, text = await post(data=b"a=" + b"x" * _LIMIT, headers=_FORM)

    assert status == 400
    assert "too long" in text


async def test_a_form_that_does_not_say_its_length_is_cut_off(post: Post) -> None:
    status, text = await post(data=_pieces(10 * _LIMIT), headers=_FORM)

    assert status == 400
    assert "too long" in text


async def test_a_multipart_form_is_bounded_over_all_its_fields(post: Post) -> None:
    status, text = await post(data=_multipart(a="x" * (_LIMIT // 2), b="y" * (_LIMIT // 2), c="z" * 200))

    assert status == 400
    assert "too long" in text


@pytest.mark.parametrize(
    ("body", "content_type", "words"),
    [
        (b"a", _FORM["Content-Type"], "damaged"),
        (b"a=%ff", _FORM["Content-Type"], "damaged"),
        (b"a=\xc3\xbc", _FORM["Content-Type"], "damaged"),
        (b"a=%00", _FORM["Content-Type"], "damaged"),
        (b"&".join(b"a=" for _ in range(MAX_FIELDS + 1)), _FORM["Content-Type"], "damaged"),
        (b"{}", "application/json", "not a form"),
        (b"a=1", "text/plain", "not a form"),
        (b"x", "multipart/form-data", "damaged"),
        (b"no boundary here", "multipart/form-data; boundary=b", "damaged"),
        (b"--b\r\nX: y\r\n\r\n1\r\n--b--\r\n", "multipart/form-data; boundary=b", "no files"),
        (b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1', "multipart/form-data; boundary=b", "damaged"),
        (
            b'--b\r\nContent-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: base64\r\n\r\nMQ==\r\n--b--\r\n',
            "multipart/form-data; boundary=b",
            "damaged",
        ),
        (
            b'--b\r\nContent-Disposition: form-data; name="a"; filename="f"\r\n\r\n1\r\n--b--\r\n',
            "multipart/form-data; boundary=b",
            "no files",
        ),
        (
            b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xff\r\n--b--\r\n',
            "multipart/form-data; boundary=b",
            "damaged",
        ),
    ],
)
async def test_each_damage_is_refused_in_words(post: Post, body: bytes, content_type: str, words: str) -> None:
    status, text = await post(data=body, headers={"Content-Type": content_type})

    assert status == 400
    assert words in text
