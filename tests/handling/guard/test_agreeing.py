"""Two members sign an agreement at the guard: all its terms are shown, one signature permits nothing, both are the unit's."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from aiohttp.test_utils import TestServer

from crypto import sshsig
from crypto.signing import SigningKey
from handling import data, undersigned
from handling.guard.main import app
from handling.guard.service import today
from handling.rules.agreement_document import parse
from handling.rules.agreements import Agreement, Side
from handling.store import agreements
from handling.undersigned import NAMESPACE, Ours
from tests.authenticator import SoftAuthenticator
from tests.handling.guard.test_authenticator_forms import challenge
from tests.handling.guard.test_authenticators import equipped
from tests.handling.guard.test_pages import enter
from tests.handling.guard.world import CUSTOMS, World
from tests.journeys.browser import Browser
from tests.lists import root_signs, without


@dataclass(frozen=True, slots=True)
class Amended:
    """The next version of a practice agreement, stored and signed by nobody."""

    world: World
    toml: bytes
    agreement: Agreement

    @property
    def path(self) -> str:
        return f"/agreements/{self.agreement.id}/{self.agreement.version}"

    async def signed(self) -> bool:
        """Whether the unit has signed it, judged as the guard judges it."""
        _, kept = await agreements.signed(self.world.owner, self.agreement)
        ours = Ours.of(self.world.guard.trust.root, self.world.listed)
        return any(side is Side.UNIT and undersigned.by_unit(self.toml, one, ours) for side, one in kept)


@pytest.fixture
async def amended(world: World) -> Amended:
    before = await world.agreement(CUSTOMS)
    toml = await agreements.toml(world.owner, before)
    toml = toml.replace(b"version = 1", b"version = 2", 1).replace(b"expires_on = 20", b"expires_on = 21", 1)
    await agreements.add(world.owner, toml, today=today())
    return Amended(world, toml, parse(toml, data.codes()))


@pytest.fixture
async def site(world: World) -> AsyncIterator[str]:
    async with TestServer(app(world.settings, world.guard.pool)) as server:
        yield str(server.make_url("/"))


async def test_two_members_read_all_terms_and_what_changes_and_together_sign_for_the_unit(
    amended: Amended, site: str
) -> None:
    world = amended.world
    async with Browser(site) as ben, Browser(site) as clara:
        await enter(world, ben, "ben")
        await enter(world, clara, "clara")
        assert "1 waits for the unit's signature" in (await ben.open("/")).text
        shown = await ben.open((await ben.open("/agreements")).link(amended.path))
        first = await ben.submit("/sign", passphrase=world.passphrase("ben"))
        assert not await amended.signed()
        again = await ben.open(amended.path)
        await clara.open(amended.path)
        second = await clara.submit("/sign", passphrase=world.passphrase("clara"))

    assert "What it changes against version 1" in shown.text
    assert all(
        f"{label} {value}" in shown.text for label, value in undersigned.terms(amended.agreement, None).lines[:3]
    )
    assert amended.agreement.sha256 in shown.text
    assert "A second member signs next." in first.text + again.text
    assert "The unit has signed this version." in second.text
    assert await amended.signed()
    _, kept = await agreements.signed(world.owner, amended.agreement)
    begin = b"-----BEGIN SSH SIGNATURE-----"
    signers = {
        sshsig.verify((begin + one).decode(), amended.toml, namespace=NAMESPACE) for one in kept[0][1].split(begin)[1:]
    }
    assert signers == {world.listed.member(name).signing for name in ("ben", "clara")}


async def test_one_member_alone_twice_or_another_key_never_signs_for_the_unit(amended: Amended, site: str) -> None:
    world = amended.world
    forged = undersigned.sign(SigningKey.generate(), amended.toml)
    await agreements.add_half(world.owner, amended.agreement, agreements.Half("ben", forged), today=today())
    async with Browser(site) as clara:
        await enter(world, clara, "clara")
        await clara.open(amended.path)
        token = dict(clara.page.form("/sign").fields) if clara.page else {}
        await clara.submit("/sign", passphrase=world.passphrase("clara"))
        async with clara._session.post(
            f"{site.rstrip('/')}{amended.path}/sign", data={**token, "passphrase": world.passphrase("clara")}
        ) as answer:
            assert answer.status == 409

    assert not await amended.signed()


async def test_other_bytes_than_those_shown_a_wrong_passphrase_and_a_leaver_sign_nothing(
    amended: Amended, site: str
) -> None:
    world = amended.world
    async with Browser(site) as ben, Browser(site) as clara:
        await enter(world, ben, "ben")
        await enter(world, clara, "clara")
        await ben.open(amended.path)
        wrong = await ben.submit("/sign", status=403, passphrase="wrong")
        await ben.open(amended.path)
        changed = await ben.submit("/sign", status=409, passphrase=world.passphrase("ben"), seen="0" * 64)
        await ben.open(amended.path)
        await ben.submit("/sign", passphrase=world.passphrase("ben"))
        await root_signs(world.settings, world.owner, without("ben"))
        after = await clara.open(amended.path)
        await clara.submit("/sign", passphrase=world.passphrase("clara"))
        missing = await clara.open("/agreements/no-such/1", status=404)

    assert "This did not open." in wrong.text
    assert "This is not what you were shown" in changed.text
    assert "Signed here by" not in after.text, "what a leaver signed counts for nothing"
    assert not await amended.signed()
    assert missing.status == 404


async def test_who_has_an_authenticator_signs_an_agreement_here_only_with_its_answer_to_these_bytes(
    amended: Amended, site: str
) -> None:
    ben = SoftAuthenticator()
    world = await equipped(amended.world, ben=ben)
    async with Browser(site) as browser:
        await enter(world, browser, "ben")
        page = await browser.open(amended.path)
        refused = await browser.submit("/sign", status=409, passphrase=world.passphrase("ben"))
        assert "Your authenticator has not answered" in refused.text
        answer = ben.answer(challenge(page)).encode().decode()
        page = await browser.submit("/sign", passphrase=world.passphrase("ben"), assertion=answer)

    assert "You have signed it. A second member signs next." in page.text
