"""No token, no bytes: a release that rests on an agency's material leaves under that agency's own consent, whoever lies inside."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from crypto import sshsig
from crypto.canonical import canonical
from crypto.digest import sha256
from crypto.pgp import Gpg
from crypto.secret import Secret
from crypto.signing import SigningKey
from handling.consents import SignedAnswer
from handling.data import scheme, subjects
from handling.guard import releases, views
from handling.guard.refusal import RefusedError
from handling.guard.service import today
from handling.guard.store import State
from handling.notices import CONSENT
from handling.rules.agreements import Purpose
from handling.rules.consent import Answer, Asked, Token, named
from handling.rules.material import Piece
from tests.handling.guard.noticed import Asking, ask, sign
from tests.handling.guard.world import CUSTOMS, PARKS, Edit, Forgery, World, a_report, unchanged
from tests.handling.materials import a_piece

UNTIL = today() + timedelta(days=90)


@dataclass(slots=True)
class Matter:
    """A report that rests on material of customs and is to go to the parks, with the request for consent that was sent."""

    world: World
    notice: UUID
    document: dict[str, Any]
    originator: str
    recipient: str
    handed: list[SignedAnswer] = field(default_factory=list)

    def token(self, answer: Answer = Answer.YES, until: date | None = UNTIL, **asked: Any) -> Token:
        """What the agency would sign."""
        said = Asked(
            self.originator,
            self.recipient,
            Purpose.INTELLIGENCE,
            self.document["urn"],
            sha256(canonical(self.document)).hex(),
        )
        return Token(self.notice, replace(said, **asked), answer, None if answer is Answer.NO else until)

    def signed(self, token: Token, key: SigningKey | None = None, namespace: str = CONSENT) -> SignedAnswer:
        """Sign as the agency does, with the key that it is enrolled with."""
        data, folder = canonical(token.to_body()), self.world.settings.data / "practice" / self.originator
        if self.originator == PARKS and key is None:
            with Gpg(folder / "gnupg") as gpg:
                fingerprint = gpg._gpg.list_keys()[0]["fingerprint"]
                phrase = Secret((folder / "passphrase.txt").read_text().strip().encode())
                return SignedAnswer(data, gpg.sign_detached(data, fingerprint, phrase))
        seed = Secret(bytes.fromhex((self.world.settings.data / "practice" / CUSTOMS / "signing.key").read_text()))
        return SignedAnswer(data, sshsig.sign(key or SigningKey.from_seed(seed), data, namespace=namespace).encode())

    def begun(self, answers: Sequence[SignedAnswer] | None = None, document: dict[str, Any] | None = None) -> "Matter":
        """A report of its own that was begun from this one, with the answers that the desk has."""
        handed = self.handed if answers is None else answers
        return replace(self, document=document or a_report(), handed=list(handed))

    async def hands_in(self, *answers: SignedAnswer, notice: UUID | None = None) -> None:
        """Put answers where the exchange puts them."""
        sql = """INSERT INTO exchange.consent (notice, token, answer, until, given_on, sealed)
                 VALUES ($1, $2, $3, $4, $5, '')"""
        for one in answers:
            token = one.token()
            row = (notice or self.notice, one.sha256, token.answer.value, token.until, today())
            await self.world.owner.execute(sql, *row)
            self.handed.append(one)

    async def release(self, answers: Sequence[SignedAnswer] | None = None, **changes: Any) -> UUID:
        """Ask for the release, with what the desk hands over: all answers, unless it lies."""
        given = tuple(self.handed if answers is None else answers)
        forged = Forgery(
            agency=self.recipient, written=self.document, originators=(self.originator,), answers=given, **changes
        )
        return await self.world.ask_release(forged)

    async def refused(self, release: UUID, name: str = "ben") -> str:
        """Sign, and return every reason why not."""
        try:
            await self.world.sign_release(release, name)
        except RefusedError as error:
            return " ".join(error.refused.reasons)
        return "signed without a word"


def as_named(document: dict[str, Any], answer: SignedAnswer) -> str:
    """How the manifest of a report names an answer."""
    return sha256(named(document["urn"], answer.sha256.hex())).hex()


async def matter(world: World, originator: str = CUSTOMS, recipient: str = PARKS) -> Matter:
    document = a_report()
    notice = await ask(world, Asking(document=document, originator=originator, recipient=recipient))
    await sign(world, notice)
    return Matter(world, notice, document, originator, recipient)


async def test_under_a_consent_signed_with_ssh_a_release_leaves_and_names_it_by_its_hash(world: World) -> None:
    found = await matter(world)
    yes = found.signed(found.token())
    await found.hands_in(yes)
    release = await found.release()

    shown = await releases.open_(world.guard, release, world.hand("ben"), today())
    await world.sign_release(release, "ben")

    assert shown.examined.manifest.consents == (as_named(found.document, yes),)
    assert views.release_page(shown, scheme(), subjects(), None).consents[0][0] == CUSTOMS
    assert await world.sign_release(release, "clara") is State.RELEASED
    assert await world.packages() == 1


async def test_under_a_consent_signed_with_gnupg_as_well(world: World) -> None:
    found = await matter(world, PARKS, CUSTOMS)
    await found.hands_in(found.signed(found.token()))
    release = await found.release()

    await world.sign_release(release, "ben")

    assert await world.sign_release(release, "clara") is State.RELEASED


async def test_a_yes_lets_a_new_version_out_whose_review_names_the_first_one(world: World) -> None:
    found = await matter(world)
    yes = found.signed(found.token())
    await found.hands_in(yes)
    later = found.begun()
    release = await later.release(review=lambda it: it.update(version_of=[found.document["urn"]]))

    shown = await releases.open_(world.guard, release, world.hand("ben"), today())
    await world.sign_release(release, "ben")

    assert await world.sign_release(release, "clara") is State.RELEASED
    assert shown.examined.manifest.consents == (as_named(later.document, yes),)
    assert as_named(later.document, yes) != as_named(found.document, yes)
    assert found.document["urn"][9:].encode() not in shown.examined.scanned.archive


async def test_a_yes_covers_the_pieces_that_it_names_and_a_further_one_needs_another(world: World) -> None:
    one, further = a_piece(CUSTOMS, "aa"), a_piece(CUSTOMS, "bb")
    found = await matter(world)
    yes = found.signed(found.token(material=(one.sha256,)))
    await found.hands_in(yes)

    async def rests_on(*pieces: Piece, **review: Any) -> UUID:
        about = {"material": [piece.listed() for piece in pieces]}
        later = found.begun(document=a_report() | about)
        return await later.release(
            sent=pieces, review=lambda it: it.update(version_of=[found.document["urn"]], **review)
        )

    assert "originator/ask" in await found.refused(await rests_on(one, further))
    assert await world.packages() == 0
    assert await world.sign_release(await rests_on(one), "ben") is State.SIGNED_ONCE


async def test_no_lie_about_versions_lets_anything_out(world: World) -> None:
    """A yes to the first version, and every way in which that must not be enough for what is said to be a new one."""
    other = f"urn:uuid:{uuid4()}"
    found = await matter(world)
    first, yes = found.document["urn"], found.signed(found.token())
    this, no = found.signed(found.token(Answer.THIS_VERSION)), found.signed(found.token(Answer.NO))
    spoilt = replace(no, signature=b"spoilt")

    def line(*urns: str) -> Edit:
        return lambda it: it.update(version_of=list(urns))

    forged: dict[str, tuple[list[SignedAnswer], Edit]] = {
        "of nothing": ([yes], unchanged),
        "of another report": ([yes], line(other)),
        "only this version": ([this], line(first)),
        "a yes, then only this version": ([yes, this], line(first)),
        "taken back": ([yes, no], line(first)),
        "taken back by a spoilt word": ([yes, spoilt], line(first)),
    }
    wrong = {}
    for name, (answers, review) in forged.items():
        await world.owner.execute("TRUNCATE exchange.consent")
        await found.hands_in(*answers)

        said = await found.refused(await found.begun(answers).release(review=review))

        if "originator/ask" not in said:
            wrong[name] = said
    assert wrong == {}
    assert await world.packages() == 0


async def test_a_no_to_the_first_version_that_the_desk_keeps_back_stops_the_new_one(world: World) -> None:
    found = await matter(world)
    yes = found.signed(found.token())
    await found.hands_in(yes, found.signed(found.token(Answer.NO)))
    release = await found.begun([yes]).release(review=lambda it: it.update(version_of=[found.document["urn"]]))

    assert "is not with the request" in await found.refused(release)


async def test_a_yes_to_a_new_version_is_none_to_the_first_one(world: World) -> None:
    first = await matter(world)
    later = first.begun()
    await later.hands_in(later.signed(later.token()))

    assert "originator/ask" in await first.refused(await first.begun(later.handed, first.document).release())


async def test_a_desk_cannot_say_of_a_report_that_it_is_a_version_when_its_reviewer_did_not(world: World) -> None:
    found = await matter(world)
    await found.hands_in(found.signed(found.token()))
    release = await found.begun().release(
        review=lambda it: it.update(version_of=[found.document["urn"]]), reviewer=SigningKey.generate()
    )

    assert "not signed by one handler" in await found.refused(release)
    assert await world.packages() == 0


async def test_a_consent_to_this_version_lets_this_version_out(world: World) -> None:
    found = await matter(world)
    await found.hands_in(found.signed(found.token(Answer.THIS_VERSION)))

    assert await world.sign_release(await found.release(), "ben") is State.SIGNED_ONCE


async def test_no_lie_about_a_consent_lets_anything_out(world: World) -> None:
    """What stands at the exchange and what a lying desk hands over, in every pairing that must not be enough."""
    other = f"urn:uuid:{uuid4()}"
    found = await matter(world)
    yes = found.signed(found.token())
    past = found.signed(found.token(until=today() - timedelta(days=1)))
    forged = {
        "nobody was asked": ([], []),
        "an answer that never came to the exchange": ([], [yes]),
        "an expired one": ([past], [past]),
        "a no": (given := [found.signed(found.token(Answer.NO))], given),
        "to another recipient": (given := [found.signed(found.token(recipient="coast-guard"))], given),
        "for another purpose": (given := [found.signed(found.token(purpose=Purpose.PROTECTION))], given),
        "about another report": (given := [found.signed(found.token(report=other))], given),
        "by another agency": (given := [found.signed(found.token(originator="port-police"))], given),
        "to another version alone": (
            given := [found.signed(found.token(Answer.THIS_VERSION, report_sha256="0" * 64))],
            given,
        ),
        "to other material alone": (given := [found.signed(found.token(material=("0" * 64,)))], given),
        "by another key": (given := [found.signed(found.token(), SigningKey.generate())], given),
        "signed as an agreement": (
            given := [found.signed(found.token(until=UNTIL + timedelta(days=1)), namespace="tipline-agreement")],
            given,
        ),
        "with a later day than was signed": (
            given := [replace(yes, data=canonical(found.token(until=UNTIL + timedelta(days=2)).to_body()))],
            given,
        ),
    }
    wrong = {}
    for name, (at_exchange, handed) in forged.items():
        await world.owner.execute("TRUNCATE exchange.consent")
        await found.hands_in(*at_exchange)

        said = await found.refused(await found.release(handed))

        if "originator/ask" not in said:
            wrong[name] = said
    assert wrong == {}
    assert await world.packages() == 0


async def test_a_no_that_the_desk_keeps_back_stops_the_release_all_the_same(world: World) -> None:
    found = await matter(world)
    yes = found.signed(found.token())
    await found.hands_in(yes, found.signed(found.token(Answer.NO)))

    withheld = await found.refused(await found.release([yes]))
    handed = await found.refused(await found.release())

    assert "is not with the request" in withheld
    assert "originator/ask" in handed
    assert await world.packages() == 0


async def test_the_order_is_that_of_arrival_whatever_order_the_desk_gives(world: World) -> None:
    found = await matter(world)
    yes, no = found.signed(found.token()), found.signed(found.token(Answer.NO))
    await found.hands_in(yes, no)

    assert "originator/ask" in await found.refused(await found.release([no, yes]))


async def test_a_portal_that_lies_brings_no_yes_back_behind_a_no_by_giving_it_once_more(world: World) -> None:
    found = await matter(world)
    yes, no = found.signed(found.token()), found.signed(found.token(Answer.NO))
    await found.hands_in(yes, no)
    with pytest.raises(asyncpg.UniqueViolationError):
        await found.hands_in(yes)

    as_a_no = "INSERT INTO exchange.consent (notice, token, answer, given_on, sealed) VALUES ($1, $2, 'no', $3, '')"
    await world.owner.execute(as_a_no, found.notice, yes.sha256, today())

    assert "originator/ask" in await found.refused(await found.release([yes, no]))


async def test_an_agency_takes_its_word_back_as_often_as_it_gave_it(world: World) -> None:
    found = await matter(world)
    no = found.signed(found.token(Answer.NO))
    await found.hands_in(found.signed(found.token()), no)
    await found.hands_in(found.signed(found.token(until=UNTIL + timedelta(days=1))), no)

    assert "originator/ask" in await found.refused(await found.release())


async def test_a_no_after_the_first_signature_voids_it(world: World) -> None:
    found = await matter(world)
    await found.hands_in(found.signed(found.token()))
    release = await found.release()
    await world.sign_release(release, "ben")

    await found.hands_in(found.signed(found.token(Answer.NO)))
    said = await found.refused(release, "clara")

    assert "is not with the request" in said
    assert await world.state("release", release) == "void"
    assert await world.packages() == 0


async def test_a_no_to_a_later_request_takes_the_earlier_yes_back(world: World) -> None:
    found = await matter(world)
    await found.hands_in(found.signed(found.token()))
    later = await ask(world, Asking(document=found.document))
    await sign(world, later)
    await found.hands_in(found.signed(replace(found.token(Answer.NO), request=later)), notice=later)

    assert "originator/ask" in await found.refused(await found.release())


async def test_a_spoilt_no_never_brings_an_old_yes_back(world: World) -> None:
    found = await matter(world)
    no = found.signed(found.token(Answer.NO))
    await found.hands_in(found.signed(found.token()), replace(no, signature=b"spoilt"))

    assert "originator/ask" in await found.refused(await found.release())


async def test_when_the_enrolled_key_is_another_one_its_consents_count_for_nothing(world: World) -> None:
    found = await matter(world)
    stranger = SigningKey.generate()
    await found.hands_in(found.signed(found.token(), stranger))
    await world.owner.execute("UPDATE unit.agency SET signing = $1 WHERE id = $2", stranger.public, CUSTOMS)

    assert "originator/ask" in await found.refused(await found.release())


async def test_what_a_corridor_states_of_consents_is_not_read(world: World) -> None:
    found = await matter(world)
    release = await found.release(review=lambda it: it["facts"].update(consents=[CUSTOMS]))

    assert "originator/ask" in await found.refused(release)


async def test_a_manifest_that_names_another_token_than_the_one_that_holds_is_refused(world: World) -> None:
    found = await matter(world)
    await found.hands_in(found.signed(found.token()))
    for consents in (["0" * 64], []):
        release = await found.release(manifest=lambda it, named=consents: it.update(consents=named))
        said = await found.refused(release)
        assert "not those that follow" in said or "no manifest in the agreed format" in said


async def test_material_that_goes_back_to_its_agency_needs_no_consent(world: World) -> None:
    found = await matter(world)
    forged = Forgery(agency=CUSTOMS, written=found.document, originators=(CUSTOMS,))

    assert await world.sign_release(await world.ask_release(forged), "ben") is State.SIGNED_ONCE


@pytest.mark.parametrize("sql", ["SELECT sealed FROM exchange.consent", "DELETE FROM exchange.consent"])
async def test_the_guard_reads_no_answer_but_its_hash_and_takes_none_away(world: World, sql: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await world.guard.pool.execute(sql)
