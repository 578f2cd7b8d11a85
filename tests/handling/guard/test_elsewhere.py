"""Signatures made away from the guard: by a member on their own machine, and by an outside second who stands in."""

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID

import pytest
from aiohttp.test_utils import TestServer

from crypto import age
from crypto.passphrase import normalise
from crypto.secret import Secret
from crypto.signing import SigningKey
from handling.corridor import asking
from handling.guard import elsewhere
from handling.guard.main import app
from handling.guard.refusal import NotNowError, RefusedError
from handling.guard.service import today
from handling.guard.store import State
from handling.rules.release import Kind, Reason
from handling.signing import Handed, OutsideCard, SigningKeys, SigningRequest
from handling.store import members
from handling.store.members import MemberList
from tests.handling.guard.world import World
from tests.journeys.browser import Browser, Upload
from tests.lists import root_signs, without
from tests.practice import LOG_N
from tipline.cli import signwords

RUTH = "ruth"


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key file's passphrase guards nothing here."""
    monkeypatch.setitem(SigningKeys.seal.__kwdefaults__, "log_n", LOG_N)


def an_outside_second(name: str = "ruth") -> SigningKeys:
    return SigningKeys(name, age.Identity.generate(), SigningKey.generate())


def card(keys: SigningKeys) -> OutsideCard:
    return OutsideCard(keys.name, "Ruth Okello, Lake Unit", str(keys.identity.recipient), keys.signing.public.hex())


async def listing(world: World, *outside: SigningKeys) -> World:
    """The world whose member list names these outside seconds."""
    for keys in outside:
        entry = card(keys).entry().body()
        await root_signs(world.settings, world.owner, lambda body, entry=entry: body["members"].append(entry))
    return replace(
        world, listed=await members.load(world.owner, members.trust(world.settings.inside, "tests"), today())
    )


async def signed(
    world: World, kind: Kind, subject: UUID, who: str, keys: SigningKeys, *, stand: str | None = None
) -> Handed:
    """*who* takes a request along, for *keys*, whose holder reads and signs it."""
    sealed = await elsewhere.take(world.guard, kind, subject, world.hand(who), today(), stand=stand)
    request = SigningRequest.open(sealed, keys)
    signwords.shown(request)
    return Handed.read(request.sign(keys).encode().decode())


async def own_keys(world: World, name: str) -> SigningKeys:
    """A member's key file, opened on their own machine."""
    file = await elsewhere.key_file(world.guard, world.hand(name), today())
    return SigningKeys.open(file, normalise(world.passphrase(name)))


async def hand_in(world: World, kind: Kind, subject: UUID, who: str, handed: Handed) -> State:
    return await elsewhere.hand_in(world.guard, kind, subject, world.hand(who), today(), handed=handed)


async def test_both_signatures_made_on_their_own_machines_let_a_package_out(world: World) -> None:
    release = await world.ask_release()
    for who, carrier in (("ben", "clara"), ("clara", "ben")):  # neither hands in their own
        handed = await signed(world, Kind.MANIFEST, release, who, await own_keys(world, who))
        await hand_in(world, Kind.MANIFEST, release, carrier, handed)

    assert await world.state("release", release) == "released"
    assert await world.signed_by(release) == ["ben", "clara"]
    assert await world.packages() == 1


async def test_a_member_reads_in_words_everything_whose_hash_they_sign(world: World) -> None:
    release = await world.ask_release()
    keys = await own_keys(world, "ben")

    request = SigningRequest.open(
        await elsewhere.take(world.guard, Kind.MANIFEST, release, world.hand("ben"), today()), keys
    )

    text = signwords.as_text(signwords.shown(request))
    for words in (
        "Nobody's source and no live operation. Asked: Deconfliction centre. Written down by amina",
        "Written by amina, reviewed on",
        "May go to harbour-customs",
        "Version 1, in force until",
        "handler",
        'title = "',  # the agreement, as it was signed
        "few-know: “apart from the”",  # in the finished pages, with what explains it
        "The agreement says it.",
    ):
        assert words in text
    for name, other in (
        ("deconfliction", request.shown["deconfliction"] | {"asked": "Nobody"}),
        ("agreement", request.shown["agreement"] + "\n"),
        ("members", request.shown["members"].replace("amina", "zelda")),
        ("review", request.shown["review"] | {"signatures": []}),
    ):
        with pytest.raises(signwords.NotSignableError):
            signwords.shown(replace(request, shown={**request.shown, name: other}))


@pytest.mark.parametrize("away", ["ben", "clara"])
async def test_an_outside_second_gives_the_signature_of_whoever_is_absent(world: World, away: str) -> None:
    ruth = an_outside_second()
    world = await listing(world, ruth)
    release = await world.ask_release()
    if away == "ben":
        handed = await signed(world, Kind.MANIFEST, release, "clara", ruth, stand=RUTH)
        await hand_in(world, Kind.MANIFEST, release, "clara", handed)
        await world.sign_release(release, "clara")
    else:
        await world.sign_release(release, "ben")
        handed = await signed(world, Kind.MANIFEST, release, "ben", ruth, stand=RUTH)
        await hand_in(world, Kind.MANIFEST, release, "ben", handed)

    assert await world.state("release", release) == "released"
    assert "ruth" in await world.signed_by(release)
    assert await world.packages() == 1


async def test_an_outside_second_sees_manifest_and_sanitised_report_and_no_name_of_the_inside(world: World) -> None:
    ruth = an_outside_second()
    world = await listing(world, ruth)
    release = await world.ask_release()

    sealed = await elsewhere.take(world.guard, Kind.MANIFEST, release, world.hand("ben"), today(), stand=RUTH)

    request = SigningRequest.open(sealed, ruth)
    text = signwords.as_text(signwords.shown(request))
    content = str([request.body, request.shown["zip"], text])
    assert set(request.body) == {
        "manifest",
        "review_sha256",
        "deconfliction_sha256",
        "members_sha256",
        "immunity_claimed",
    }
    assert set(request.shown) == {"zip"}
    assert text.count("Its words stay inside the unit that asks") == 3
    assert "harbour-customs" in text
    assert "Worked ivory lies under furniture." in text
    for inside in ("amina", "Amina", "Ben (", "positive", "tip:"):
        assert inside not in content
    with pytest.raises(Exception, match="sealed to you"):
        SigningRequest.open(sealed, await own_keys(world, "ben"))


async def test_both_signatures_never_come_from_outside(world: World) -> None:
    ruth, sam = an_outside_second(), an_outside_second("sam")
    world = await listing(world, ruth, sam)
    release = await world.ask_release()
    first = await signed(world, Kind.MANIFEST, release, "ben", ruth, stand=RUTH)
    second = await signed(world, Kind.MANIFEST, release, "ben", sam, stand="sam")
    await hand_in(world, Kind.MANIFEST, release, "ben", first)

    with pytest.raises(NotNowError, match="one signature at most"):
        await hand_in(world, Kind.MANIFEST, release, "ben", second)
    with pytest.raises(NotNowError, match="one signature at most"):
        await elsewhere.take(world.guard, Kind.MANIFEST, release, world.hand("ben"), today(), stand="sam")

    assert await world.signed_by(release) == ["ruth"]
    assert await world.packages() == 0


async def test_in_a_unit_without_a_releasing_officer_nobody_outside_takes_that_place(world: World) -> None:
    ruth = an_outside_second()
    world = await listing(world, ruth)
    await root_signs(world.settings, world.owner, without("clara"))
    world = await listing(world)
    release = await world.ask_release()
    await world.sign_release(release, "ben")

    with pytest.raises(NotNowError, match=Reason.OUTSIDE.value):
        await elsewhere.take(world.guard, Kind.MANIFEST, release, world.hand("ben"), today(), stand=RUTH)

    assert await world.packages() == 0


async def test_what_nobody_asked_for_or_was_signed_by_another_key_or_over_something_else_is_not_taken(
    world: World,
) -> None:
    ruth, stranger = an_outside_second(), an_outside_second()
    world = await listing(world, ruth)
    release, other = await world.ask_release(), await world.ask_release()
    asked = await signed(world, Kind.MANIFEST, release, "ben", ruth, stand=RUTH)
    sealed = await elsewhere.take(world.guard, Kind.MANIFEST, other, world.hand("ben"), today())
    request = SigningRequest.open(sealed, await own_keys(world, "ben"))
    unasked = replace(request, signer="ruth").sign(ruth)
    refused: list[tuple[UUID, Handed, type[Exception], str]] = [
        (other, unasked, NotNowError, "Nobody of this unit has asked"),
        (release, replace(asked, signature=unasked.signature), RefusedError, "refuses"),
        (release, replace(asked, signature=request.sign(stranger).signature), RefusedError, "refuses"),
        (release, replace(asked, signer="ben"), RefusedError, "refuses"),
        (release, replace(asked, signer="zoe"), NotNowError, "nobody on today's member list"),
        (release, replace(asked, signer="amina"), NotNowError, "prepared this yourself"),
        (other, asked, RefusedError, "refuses"),
    ]

    for subject, handed, error, words in refused:
        with pytest.raises(error, match=words):
            await hand_in(world, Kind.MANIFEST, subject, "ben", handed)

    assert await world.signed_by(release) == await world.signed_by(other) == []
    assert await world.packages() == 0


async def test_what_changed_since_it_was_taken_along_is_not_signed_by_what_comes_back(world: World) -> None:
    release = await world.ask_release()
    handed = await signed(world, Kind.MANIFEST, release, "ben", await own_keys(world, "ben"))
    world = await listing(world, an_outside_second())  # another member list

    with pytest.raises(RefusedError) as refused:
        await hand_in(world, Kind.MANIFEST, release, "clara", handed)

    assert "is not its signer's over what stands here now" in refused.value.refused.reasons[0]
    assert await world.state("release", release) == "waiting"


async def test_who_asked_neither_takes_a_release_along_nor_asks_somebody_outside(world: World) -> None:
    ruth = an_outside_second()
    world = await listing(world, ruth)
    release = await world.ask_release()

    for stand in (None, RUTH):
        with pytest.raises(NotNowError):
            await elsewhere.take(world.guard, Kind.MANIFEST, release, world.hand("amina"), today(), stand=stand)
    with pytest.raises(NotNowError, match="outside second"):
        await elsewhere.take(world.guard, Kind.MANIFEST, release, world.hand("ben"), today(), stand="clara")


async def test_a_review_by_an_outside_second_is_carried_by_the_author_where_the_other_handler_is_away(
    world: World,
) -> None:
    """In a unit of three nobody else could: it is sealed to Ben, who is not there, and to whom the corridor adds."""
    ruth = an_outside_second()
    world = await listing(world, ruth)
    review = await world.ask_review()
    sealed = await world.owner.fetchval("SELECT sealed FROM guard.review WHERE id = $1", review)
    ben = age.Identity.parse(Secret((await world.account("ben"))["release_identity"].encode()))
    to = asking.reviewers(world.listed, "amina", None)
    await world.owner.execute("UPDATE guard.review SET sealed = $1", age.seal(age.open_(sealed, [ben]), to))

    handed = await signed(world, Kind.REVIEW, review, "amina", ruth, stand=RUTH)
    assert await hand_in(world, Kind.REVIEW, review, "amina", handed) is State.SIGNED

    assert await world.state("review", review) == "signed"
    content = await world.owner.fetchval("SELECT sealed FROM desk.inbox")
    assert content.startswith(b"age-encryption.org/v1")


async def test_an_author_carries_nothing_of_their_own_but_to_somebody_outside(world: World) -> None:
    own = await own_keys(world, "amina")
    world = await listing(world, an_outside_second())
    review = await world.ask_review()

    with pytest.raises(NotNowError):
        await signed(world, Kind.REVIEW, review, "amina", own)


async def test_a_review_is_sealed_to_its_author_only_where_somebody_outside_could_stand_in(world: World) -> None:
    def names(listed: MemberList, allowed: list[str] | None) -> list[str]:
        keys = {str(one.release): one.name for one in listed.members}
        return sorted(keys[str(one)] for one in asking.reviewers(listed, "amina", allowed))

    assert names(world.listed, None) == ["ben"]
    world = await listing(world, an_outside_second())
    assert names(world.listed, None) == ["amina", "ben"]
    assert names(world.listed, ["amina", "clara"]) == ["amina"]  # the other handler is excluded


async def test_a_phrase_takes_one_signature_from_outside(world: World) -> None:
    ruth = an_outside_second()
    world = await listing(world, ruth)
    outcome = await world.ask_phrase()
    await world.sign_phrase(outcome, "amina")

    handed = await signed(world, Kind.PHRASE, outcome, "amina", ruth, stand=RUTH)

    assert await hand_in(world, Kind.PHRASE, outcome, "amina", handed) is State.APPROVED


# On the pages, and at a shell ------------------------------------------------------------------------------------------


@pytest.fixture
async def site(world: World) -> AsyncIterator[str]:
    async with TestServer(app(world.settings, world.guard.pool)) as server:
        yield str(server.make_url("/"))


async def enter(world: World, browser: Browser, name: str) -> None:
    await browser.open("/sign-in")
    code = world.practice.code("guard", name, int(time.time()))
    await browser.submit("/sign-in", name=name, passphrase=world.passphrase(name), code=code)


async def test_by_these_pages_somebody_outside_is_asked_and_their_signature_handed_in(world: World, site: str) -> None:
    ruth = an_outside_second()
    world = await listing(world, ruth)
    release = await world.ask_release()
    await world.sign_release(release, "ben")
    async with Browser(site) as ben:
        await enter(world, ben, "ben")
        page = await ben.open(f"/releases/{release}")
        assert "Sign on your own machine" not in page.text  # he has signed
        passphrase = world.passphrase("ben")
        file = await ben.submit("/outside", name="ruth", passphrase=passphrase)
        assert file.headers["Content-Disposition"] == f'attachment; filename="to-sign-{str(release)[:8]}-ruth.age"'
        line = SigningRequest.open(file.body, ruth).sign(ruth).encode()

        page = await ben.open(f"/releases/{release}")
        assert "Ruth Okello, Lake Unit (outside second) was asked on" in page.text
        assert "somebody of this unit cannot sign" in page.text
        wrong = await ben.submit("/hand-in", text="nothing of the kind", passphrase=passphrase, status=409)
        assert "this is no signature made by `tipline sign`" in wrong.text
        page = await ben.submit("/hand-in", passphrase=passphrase, files=[Upload("file", "s.json", line)])

    assert "It is signed twice. The package has left." in page.text
    assert "Signed by Ben (handler 2), Ruth Okello, Lake Unit (outside second)" in page.text


async def test_the_page_gives_out_a_key_file_under_the_persons_own_passphrase_without_the_second_factor(
    world: World, site: str
) -> None:
    async with Browser(site) as ben:
        await enter(world, ben, "ben")
        await ben.open("/elsewhere")
        wrong = await ben.submit("/key", passphrase="not the passphrase", status=403)
        assert "did not open" in wrong.text
        file = await ben.submit("/key", passphrase=world.passphrase("ben"))

    opened = age.open_passphrase(file.body, normalise(world.passphrase("ben")))
    assert b"totp" not in opened
    assert SigningKeys.open(file.body, normalise(world.passphrase("ben"))).name == "ben"
