"""The account page over HTTP: shown once, typed back, in force; no script, and no secret in an address, a header or a cache."""

import base64
import re
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
from tipline.base.staff import Opened, Staff
from tipline.base.web import Site, make_app

_TOTP = totp.new_secret()
_OLD = "seven words"

Client = TestClient[web.Request, web.Application]


@dataclass(slots=True)
class Desk:
    """A small desk over real accounts, and one person's browser."""

    client: Client
    staff: Staff[str]
    db: Db
    csrf: str = ""

    async def fresh_code(self, secret: Secret = _TOTP) -> str:
        """A code that has not been used: the last step is forgotten, since nobody waits in a test."""
        await self.db.execute("UPDATE desk.account SET last_step = 0")
        return totp.code(secret, int(datetime.now(UTC).timestamp()))

    async def sign_in(self, passphrase: str = _OLD, secret: Secret = _TOTP) -> int:
        form = {"name": "amina", "passphrase": passphrase, "code": await self.fresh_code(secret)}
        async with self.client.post("/sign-in", data=form, allow_redirects=False) as answer:
            status = answer.status
        async with self.client.get("/account") as answer:
            found = re.search(r'name="csrf" value="([^"]+)"', await answer.text())
            self.csrf = found[1] if found else ""
        return status

    async def post(self, path: str, **fields: str) -> tuple[int, str]:
        async with self.client.post(path, data={"csrf": self.csrf, **fields}, allow_redirects=False) as answer:
            assert answer.headers["Cache-Control"] == "no-store"
            assert not set(answer.headers) & {"Location", "Set-Cookie", "ETag", "Refresh"}
            return answer.status, await answer.text()

    async def make(self, what: str, passphrase: str = _OLD, secret: Secret = _TOTP) -> tuple[int, str]:
        return await self.post(f"/account/{what}", passphrase=passphrase, code=await self.fresh_code(secret))

    async def new_words(self) -> str:
        status, text = await self.make("passphrase")
        assert status == 200
        return shown(text, "words")


def shown(text: str, id_: str) -> str:
    found = re.search(rf'id="{id_}"[^>]*>([^<]+)<', text)
    return found[1] if found else ""


@pytest.fixture
async def desk(role_pool: RolePool, inside_db: Db) -> AsyncIterator[Desk]:
    sealed = staff.seal_account({"totp": totp.base32(_TOTP), "identity": "key"}, Secret(_OLD.encode()), log_n=4)
    await inside_db.execute("INSERT INTO desk.account (name, sealed) VALUES ('amina', $1), ('ben', $1)", sealed)

    async def no_vault(_: Db, opened: Opened) -> str:
        return opened.name

    made = Staff(await role_pool("tipline_desk"), "desk", no_vault)
    app = make_app(Site("desk", "Desk of Unit", practice=True, style="inside"), [])
    staff.install(app, made)
    async with TestClient(TestServer(app)) as client:
        yield Desk(client, made, inside_db)


async def test_a_changed_passphrase_is_in_force_at_once_and_the_old_one_is_not(desk: Desk) -> None:
    await desk.sign_in()
    words = await desk.new_words()

    status, text = await desk.post("/account/passphrase/confirm", again=words)

    assert status == 200
    assert "in force" in text
    assert words not in text
    assert await desk.sign_in(_OLD) == 403
    assert await desk.sign_in(words) == 303


async def test_the_new_passphrase_is_shown_once(desk: Desk) -> None:
    await desk.sign_in()
    words = await desk.new_words()

    status, text = await desk.post("/account/passphrase/confirm", again="wrong words")

    assert status == 403
    assert words not in text
    assert "not shown again" in text
    async with desk.client.get("/account") as answer:
        assert words not in await answer.text()
    assert (await desk.post("/account/passphrase/confirm", again=words))[0] == 200


async def test_a_passphrase_that_is_not_typed_back_is_forgotten(desk: Desk) -> None:
    await desk.sign_in()
    words = await desk.new_words()
    for _ in range(5):
        status, _text = await desk.post("/account/passphrase/confirm", again="wrong words")
        assert status == 403

    assert (await desk.post("/account/passphrase/confirm", again=words))[0] == 409
    assert await desk.sign_in(_OLD) == 303


async def test_a_changed_passphrase_ends_this_persons_other_sessions_and_nobody_elses(desk: Desk) -> None:
    other = desk.staff.sessions.begin("amina", "amina", 0)
    ben = desk.staff.sessions.begin("ben", "ben", 0)
    await desk.sign_in()

    await desk.post("/account/passphrase/confirm", again=await desk.new_words())

    assert desk.staff.sessions.find(other, 1) is None
    assert desk.staff.sessions.find(ben, 1) is not None
    async with desk.client.get("/account", allow_redirects=False) as answer:
        assert answer.status == 200


async def test_another_session_cannot_confirm_what_this_one_was_shown(desk: Desk) -> None:
    await desk.sign_in()
    words = await desk.new_words()
    await desk.sign_in()

    assert (await desk.post("/account/passphrase/confirm", again=words))[0] == 409


@pytest.mark.parametrize("what", ["passphrase", "second-factor"])
async def test_without_the_current_passphrase_or_code_nothing_is_made_and_the_try_counts(desk: Desk, what: str) -> None:
    await desk.sign_in()

    assert (await desk.make(what, passphrase="wrong words"))[0] == 403
    status, text = await desk.post(f"/account/{what}", passphrase=_OLD, code="000000")

    assert status == 403
    assert not shown(text, "words") + shown(text, "key")
    assert _OLD not in text
    assert await desk.db.fetchval("SELECT failures FROM desk.account WHERE name = 'amina'") == 2


async def test_a_new_device_is_in_force_after_its_first_code(desk: Desk) -> None:
    await desk.sign_in()
    status, text = await desk.make("second-factor")
    new = Secret(base64.b32decode(shown(text, "key")))

    assert status == 200
    assert shown(text, "uri").startswith("otpauth://totp/")
    assert shown(text, "key") in shown(text, "uri")
    assert (await desk.post("/account/second-factor/confirm", code="000000"))[0] == 403
    status, text = await desk.post("/account/second-factor/confirm", code=await desk.fresh_code(new))
    assert (status, "in force" in text) == (200, True)
    assert await desk.sign_in() == 403
    assert await desk.sign_in(secret=new) == 303


@pytest.mark.parametrize("path", ["passphrase", "passphrase/confirm", "second-factor", "second-factor/confirm"])
async def test_each_form_needs_the_sessions_token(desk: Desk, path: str) -> None:
    await desk.sign_in()
    desk.csrf = "guess"

    assert (await desk.post(f"/account/{path}", passphrase=_OLD, code=await desk.fresh_code(), again=_OLD))[0] == 403


async def test_nothing_waits_unless_something_was_made(desk: Desk) -> None:
    await desk.sign_in()

    assert (await desk.post("/account/passphrase/confirm", again=_OLD))[0] == 409
    assert (await desk.post("/account/second-factor/confirm", code="123456"))[0] == 409
    await desk.new_words()
    assert (await desk.post("/account/second-factor/confirm", code="123456"))[0] == 409


async def test_the_pages_have_no_script_and_no_form_that_puts_a_secret_into_an_address(desk: Desk) -> None:
    await desk.sign_in()
    async with desk.client.get("/account") as answer:
        pages = [await answer.text()]
    pages += [(await desk.make("passphrase"))[1], (await desk.make("second-factor"))[1]]

    for text in pages:
        assert "<script" not in text
        assert text.count("<h1>") == 1
        assert set(re.findall(r'<form[^>]* method="(\w+)"', text)) == {"post"}
        assert "otpauth" not in "".join(re.findall(r'(?:href|action|src)="([^"]*)"', text))
        ids = re.findall(r' id="([^"]+)"', text)
        assert len(ids) == len(set(ids))
        assert set(re.findall(r'<label for="([^"]+)"', text)) <= set(ids)
        assert '<a href="/account">Account</a>' in text


async def test_without_a_session_the_page_leads_to_the_sign_in(desk: Desk) -> None:
    async with desk.client.get("/account", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/sign-in")
