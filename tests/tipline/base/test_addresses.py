"""A page has an address in every language; rules and log go by its route, which is the same in all."""

import logging
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from tipline.base.addresses import elsewhere, in_every_language, language_of, route_of
from tipline.base.languages import LANGUAGES
from tipline.base.web import Site, make_app

_SITE = Site("source", "Unit", practice=False, style="source", translated=True)
_PREFIXES = [language.root for language in LANGUAGES.values()]

Client = TestClient[web.Request, web.Application]


async def _tell(request: web.Request) -> web.Response:
    words = [language_of(request).code, route_of(request), *(address for _, address in elsewhere(request))]
    return web.Response(text=" ".join(words))


async def _fails(_: web.Request) -> web.Response:
    raise ValueError


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    routes = (
        web.get("/", _tell),
        web.get("/return", _tell),
        web.post("/return", _tell),
        web.get("/fails", _fails),
        web.get("/one/{number}", _tell),
    )
    async with TestClient(TestServer(make_app(_SITE, in_every_language(routes)))) as started:
        yield started


@pytest.mark.parametrize("prefix", _PREFIXES)
async def test_a_page_stands_in_every_language_under_one_route(client: Client, prefix: str) -> None:
    code = prefix.strip("/") or "en"

    assert (await (await client.get(prefix)).text()).split()[:2] == [code, "/"]
    assert (await (await client.get(f"{prefix}return?ended")).text()).split()[:2] == [code, "/return"]
    assert (await (await client.post(f"{prefix}return")).text()).split()[:2] == [code, "/return"]


@pytest.mark.parametrize("path", ["/de/return", "/en/return", "/FR/return", "/fr/fr/return", "/french/return"])
async def test_a_prefix_that_is_no_language_of_ours_leads_nowhere(client: Client, path: str) -> None:
    assert (await client.get(path)).status == 404


async def test_a_language_without_its_stroke_leads_to_its_first_page(client: Client) -> None:
    answer = await client.get("/sw", allow_redirects=False)

    assert (answer.status, answer.headers["Location"]) == (303, "/sw/")


async def test_the_links_to_other_languages_keep_the_page(client: Client) -> None:
    told = (await (await client.get("/ar/return?sent")).text()).split()[2:]

    assert told == [f"{prefix}return" for prefix in _PREFIXES]


async def test_an_answer_to_a_form_leads_to_no_other_language(client: Client) -> None:
    """What was sent, or a codename that is shown once, would be lost by following the link."""
    assert (await (await client.post("/ar/return")).text()).split() == ["ar", "/return"]


async def test_where_a_page_has_a_number_of_its_own_links_lead_to_the_first_page(client: Client) -> None:
    told = (await (await client.get("/ar/one/7")).text()).split()[2:]

    assert told == _PREFIXES


async def test_what_is_not_there_is_said_in_the_language_of_its_address(client: Client) -> None:
    text = await (await client.get("/ar/nothing/here")).text()

    assert '<html lang="ar" dir="rtl">' in text
    assert 'href="/ar/"' in text


async def test_the_log_does_not_tell_the_language(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        await client.get("/vi/fails")

    ours = [record.getMessage() for record in caplog.records if record.name != "aiohttp.access"]  # the test server's
    assert ours == ["ValueError in GET /fails"]
