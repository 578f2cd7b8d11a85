"""The pages of sign-in: everything is closed without a session, each POST carries its token, leaving lets go."""

import gc
import re
import time
import weakref
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from crypto import totp
from crypto.secret import Secret
from tests.conftest import RolePool
from tipline.base import staff
from tipline.base.database import Db
from tipline.base.staff import Opened, SignInError, Staff
from tipline.base.web import Site, make_app, read_form

_TOTP = totp.new_secret()
_FORM = {"name": "clara", "passphrase": "seven words", "code": ""}

Client = TestClient[web.Request, web.Application]


class Vault:
    """What a session holds open."""


@dataclass(slots=True)
class Guard:
    """A small guard over real accounts."""

    client: Client
    staff: Staff[Vault]
    vaults: list[weakref.ref[Vault]]

    async def sign_in(self, **changed: str) -> tuple[int, str]:
        code = totp.code(_TOTP, int(datetime.now(UTC).timestamp()))
        async with self.client.post(
            "/sign-in", data={**_FORM, "code": code, **changed}, allow_redirects=False
        ) as answer:
            return answer.status, await answer.text()

    async def token(self) -> str:
        async with self.client.get("/") as answer:
            return (await answer.text()).strip()

    async def post(self, path: str, **fields: str) -> int:
        async with self.client.post(path, data=fields, allow_redirects=False) as answer:
            return answer.status


@pytest.fixture
async def guard(role_pool: RolePool, inside_db: Db) -> AsyncIterator[Guard]:
    await inside_db.execute(
        "INSERT INTO guard.account (name, sealed) VALUES ('clara', $1)",
        staff.seal_account({"totp": totp.base32(_TOTP)}, Secret(b"seven words"), log_n=4),
    )
    vaults: list[weakref.ref[Vault]] = []

    async def open_vault(_: Db, opened: Opened) -> Vault:
        if opened.name != "clara":
            raise SignInError
        vault = Vault()
        vaults.append(weakref.ref(vault))
        return vault

    async def first(request: web.Request) -> web.Response:
        session = staff.session(request, Vault)
        return web.Response(text=session.csrf)

    @staff.signed_in
    async def act(request: web.Request) -> web.Response:
        return web.Response(text=(await read_form(request))["what"])

    made = Staff(await role_pool("tipline_guard"), "guard", open_vault)
    app = make_app(Site("guard", "Guard", practice=True, style="guard"), [web.get("/", first), web.post("/act", act)])
    staff.install(app, made)
    async with TestClient(TestServer(app)) as client:
        yield Guard(client, made, vaults)


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/"), ("POST", "/act"), ("GET", "/no-such-page"), ("POST", "/sign-out")]
)
async def test_without_a_session_every_page_leads_to_the_sign_in(guard: Guard, method: str, path: str) -> None:
    async with guard.client.request(method, path, allow_redirects=False) as answer:
        assert answer.status == 303
        assert answer.headers["Location"] == "/sign-in"


async def test_the_sign_in_page_asks_for_three_things(guard: Guard) -> None:
    async with guard.client.get("/sign-in") as answer:
        text = await answer.text()

    assert answer.status == 200
    assert re.findall(r'<input id="(\w+)"', text) == ["name", "passphrase", "code"]


async def test_signing_in_opens_the_pages(guard: Guard) -> None:
    status, _ = await guard.sign_in()

    cookie = next(iter(guard.client.session.cookie_jar))
    assert status == 303
    assert (cookie.key, cookie["httponly"], cookie["samesite"], cookie["max-age"]) == ("guard", True, "Strict", "")
    assert len(await guard.token()) == 43


async def test_a_wrong_sign_in_says_so_in_one_way_and_repeats_nothing_typed(guard: Guard) -> None:
    for wrong in ({"passphrase": "wrong words"}, {"code": "000000"}, {"name": "nobody"}, {"name": ""}):
        status, text = await guard.sign_in(**wrong)

        assert status == 403
        assert "The name, the passphrase or the code is wrong" in text
        assert "wrong words" not in text


async def test_a_code_cannot_be_used_again(guard: Guard) -> None:
    assert (await guard.sign_in())[0] == 303
    guard.client.session.cookie_jar.clear()

    assert (await guard.sign_in())[0] == 403


async def test_a_post_needs_the_sessions_token(guard: Guard) -> None:
    await guard.sign_in()

    assert await guard.post("/act", what="x") == 403
    assert await guard.post("/act", what="x", csrf="guess") == 403
    assert await guard.post("/act", what="x", csrf=await guard.token()) == 200


async def test_a_post_from_another_site_is_refused_even_with_the_token(guard: Guard) -> None:
    await guard.sign_in()
    token = await guard.token()

    for site in ("cross-site", "same-site", "none"):
        headers = {"Sec-Fetch-Site": site}
        async with guard.client.post("/act", data={"what": "x", "csrf": token}, headers=headers) as answer:
            assert answer.status == 403


async def test_signing_out_ends_the_session_and_lets_go_of_what_it_held(guard: Guard) -> None:
    await guard.sign_in()

    assert await guard.post("/sign-out", csrf=await guard.token()) == 303
    gc.collect()

    assert guard.vaults[0]() is None
    async with guard.client.get("/", allow_redirects=False) as answer:
        assert answer.status == 303


async def test_an_idle_session_is_swept_and_lets_go_of_what_it_held(guard: Guard) -> None:
    await guard.sign_in()
    assert guard.vaults[0]() is not None

    guard.staff.sessions.sweep(time.monotonic() + 15 * 60)
    gc.collect()

    assert guard.vaults[0]() is None


async def test_signing_in_again_ends_the_session_before(guard: Guard, inside_db: Db) -> None:
    await guard.sign_in()
    await inside_db.execute("UPDATE guard.account SET last_step = 0")
    await guard.sign_in()

    assert len(guard.staff.sessions) == 1


async def test_a_cookie_that_was_never_given_opens_nothing(guard: Guard) -> None:
    async with guard.client.get("/", cookies={"guard": "guess"}, allow_redirects=False) as answer:
        assert answer.status == 303


async def test_a_session_of_another_kind_is_not_mistaken(guard: Guard) -> None:
    await guard.sign_in()

    async with guard.client.get("/") as answer:
        assert answer.status == 200
    with pytest.raises(KeyError):
        staff.session(_nobodys_request(), Vault)


def _nobodys_request() -> web.Request:
    from aiohttp.test_utils import make_mocked_request  # noqa: PLC0415 - only here

    return make_mocked_request("GET", "/")
