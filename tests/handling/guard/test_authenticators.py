"""Who has an authenticator on the member list signs nothing without its answer to exactly that, whatever else somebody holds."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from crypto import webauthn
from crypto.canonical import canonical
from crypto.signing import SigningKey
from crypto.statement import Statement
from crypto.webauthn import Assertion
from handling.corridor import outcomes
from handling.corridor.store.outcomes import Proposal
from handling.corridor.store.outcomes import signatures as corridor_signatures
from handling.guard import admission, elsewhere, emergency, notices, phrases, releases, reviews
from handling.guard.asked import PHRASE, REVIEW
from handling.guard.counts import AT_THE_GUARD
from handling.guard.refusal import MovedError, NotNowError, RefusedError
from handling.guard.service import Hand, today
from handling.guard.store import State
from handling.rules.emergency import Move
from handling.rules.membership import Equip, Unequip
from handling.rules.release import Kind
from handling.store import chain, members
from handling.store.members import MemberListError
from tests.authenticator import FLAG, SoftAuthenticator
from tests.handling.guard import noticed
from tests.handling.guard.test_emergency import TOLD
from tests.handling.guard.world import World
from tests.lists import following, kept, root_signs, with_authenticators

NOW = datetime.now(UTC).replace(microsecond=0)


async def equipped(world: World, **softs: SoftAuthenticator) -> World:
    """The world whose list names these authenticators."""
    await root_signs(world.settings, world.owner, with_authenticators(**softs))
    trust = members.trust(world.settings.inside, "tests")
    return replace(world, listed=await members.load(world.owner, trust, today()))


def answering(world: World, name: str, seen: str, answer: Assertion | None) -> Hand:
    return replace(world.hand(name, seen), assertion="" if answer is None else answer.encode().decode())


async def sign(world: World, release: UUID, name: str, answer: Callable[[bytes], Assertion | None]) -> State:
    """Sign a release as its page asks for it; *answer* is what comes of the challenge."""
    view = await releases.open_(world.guard, release, world.hand(name), today())
    assert view.question
    hand = answering(world, name, view.seen, answer(bytes.fromhex(view.question.challenge)))
    return await releases.sign(world.guard, release, hand, today())


async def ask(world: World, reviewer: SoftAuthenticator | None = None) -> UUID:
    """A release whose review ben has signed; *reviewer* answers to it, and the guard keeps that."""
    content = await world.release_content()
    review = Statement.from_json(content["review"])
    if reviewer:
        answer = reviewer.answer(webauthn.challenge(REVIEW, review.payload())).encode()
        await world.owner.execute(
            "INSERT INTO guard.signature VALUES ($1, 'review', 'ben', $2, $3)",
            UUID(review.body["urn"]),
            review.signatures[0].signature,
            answer,
        )
    return await world.ask_release(content=content)


async def test_a_release_leaves_with_the_answers_of_both_signers_and_the_reviewer(world: World) -> None:
    ben, clara = SoftAuthenticator(), SoftAuthenticator(counter=0)
    world = await equipped(world, ben=ben, clara=clara)
    release = await ask(world, ben)

    assert await sign(world, release, "ben", ben.answer) is State.SIGNED_ONCE
    assert await sign(world, release, "clara", clara.answer) is State.RELEASED

    assert await world.packages() == 1
    kept = await world.owner.fetch("SELECT assertion FROM guard.signature WHERE subject = $1", release)
    assert len({Assertion.parse(row["assertion"]).credential for row in kept}) == 2


async def test_with_an_authenticator_nothing_else_signs(world: World) -> None:
    ben, clara = SoftAuthenticator(), SoftAuthenticator()
    world = await equipped(world, ben=ben, clara=clara)
    release, other = await ask(world, ben), await ask(world, ben)
    to_the_other: list[Assertion] = []
    with pytest.raises(NotNowError):  # asked for there, and kept
        await sign(world, other, "ben", lambda asked: to_the_other.append(ben.answer(asked)))

    wrong: dict[str, Callable[[bytes], Assertion | None]] = {
        "none": lambda _: None,
        "to another manifest": lambda _: to_the_other[0],
        "no PIN": lambda asked: ben.answer(asked, flags=FLAG.UP),
        "another origin": lambda asked: ben.answer(asked, origin="https://guard.example"),
        "another party": lambda asked: ben.answer(asked, rp="guard.example"),
        "another member's": clara.answer,
        "another key": SoftAuthenticator(credential=ben.credential, counter=50).answer,
    }
    for answer in wrong.values():
        with pytest.raises(NotNowError):
            await sign(world, release, "ben", answer)
    assert (await world.signed_by(release), await world.state("release", release)) == ([], "waiting")

    assert await sign(world, release, "ben", ben.answer) is State.SIGNED_ONCE  # what was tried stands in nobody's way
    assert await world.packages() == 0


async def test_an_authenticator_that_has_signed_less_often_than_before_signs_nothing(world: World) -> None:
    ben = SoftAuthenticator(counter=5)
    world = await equipped(world, ben=ben)
    one, two = await ask(world, ben), await ask(world, ben)
    copy = SoftAuthenticator(credential=ben.credential, key=ben.key, counter=2)
    with pytest.raises(NotNowError, match="may have copied it"):  # less than when it was registered
        await sign(world, one, "ben", copy.answer)
    copy.counter = ben.counter
    await sign(world, one, "ben", ben.answer)

    with pytest.raises(NotNowError, match="may have copied it"):
        await sign(world, two, "ben", copy.answer)

    assert await world.signed_by(two) == []
    assert await sign(world, two, "ben", ben.answer) is State.SIGNED_ONCE


@pytest.mark.parametrize("swap", ["gone", "of another release", "forged with the key alone"])
async def test_a_database_that_lies_about_an_answer_lets_nothing_out(world: World, swap: str) -> None:
    ben, clara = SoftAuthenticator(), SoftAuthenticator()
    world = await equipped(world, ben=ben, clara=clara)
    release, other = await ask(world, ben), await ask(world, ben)
    await sign(world, release, "ben", ben.answer)
    await sign(world, other, "ben", ben.answer)
    if swap == "of another release":
        await world.owner.execute(
            "UPDATE guard.signature SET assertion = (SELECT assertion FROM guard.signature WHERE subject = $2 AND kind ="
            " 'manifest') WHERE subject = $1 AND kind = 'manifest'",
            release,
            other,
        )
    elif swap == "gone":
        await world.owner.execute("UPDATE guard.signature SET assertion = NULL WHERE subject = $1", release)
    else:  # whoever holds ben's key and writes the database, and not his authenticator
        content = await world.release_content()
        release = await world.ask_release(content=content)
        body = {**world.to_sign(content)}
        forged = Statement.make("tipline/release/v1", body, await world.signing_key("ben")).signatures[0].signature
        await world.owner.execute("UPDATE guard.release SET state = 'signed-once' WHERE id = $1", release)
        await world.owner.execute("INSERT INTO guard.signature VALUES ($1, 'manifest', 'ben', $2)", release, forged)

    with pytest.raises(RefusedError):
        await sign(world, release, "clara", clara.answer)

    assert await world.packages() == 0


async def test_a_review_that_the_reviewers_authenticator_has_not_answered_to_lets_nothing_out(world: World) -> None:
    ben = SoftAuthenticator()
    world = await equipped(world, ben=ben)
    release = await ask(world)

    with pytest.raises(RefusedError) as refused:
        await releases.open_(world.guard, release, world.hand("ben"), today())

    assert "written and reviewed anew" in " ".join(refused.value.refused.reasons)


async def test_a_review_is_signed_with_the_answer_to_it(world: World) -> None:
    ben = SoftAuthenticator()
    world = await equipped(world, ben=ben)
    review = await world.ask_review()
    view = await reviews.open_(world.guard, review, world.hand("ben"), today())
    assert view.question

    with pytest.raises(NotNowError):
        await reviews.sign(world.guard, review, world.hand("ben", view.asked.seen), today())
    answer = ben.answer(bytes.fromhex(view.question.challenge))
    await reviews.sign(world.guard, review, answering(world, "ben", view.asked.seen, answer), today())

    assert await world.state("review", review) == "signed"


async def test_a_phrase_needs_the_answers_and_the_corridor_asks_for_them_too(world: World) -> None:
    ben, clara = SoftAuthenticator(), SoftAuthenticator()
    world = await equipped(world, ben=ben, clara=clara)
    outcome = await world.ask_phrase()
    for name, soft in (("ben", ben), ("clara", clara)):
        view = await phrases.look(world.guard, outcome, name, today())
        assert view.question
        with pytest.raises(NotNowError):
            await world.sign_phrase(outcome, name)
        answer = soft.answer(bytes.fromhex(view.question.challenge))
        await phrases.sign(world.guard, outcome, answering(world, name, "helped", answer), today())

    proposal = Proposal(outcome, "helped", "amina", "approved", None)
    given = await corridor_signatures(world.owner, outcome)
    assert outcomes.is_approved(world.listed, proposal, given)
    payload = canonical({"outcome": str(outcome), "phrase": "helped"})
    for assertion in (None, b"", ben.answer(webauthn.challenge(REVIEW, payload)).encode()):
        assert not outcomes.is_approved(world.listed, proposal, {**given, "ben": (given["ben"][0], assertion)})
    assert webauthn.challenge(PHRASE, payload) != webauthn.challenge(REVIEW, payload)


async def test_two_handlers_give_somebody_an_authenticator_and_take_it_away(world: World) -> None:
    ben, clara = SoftAuthenticator(), SoftAuthenticator()
    world = await equipped(world, ben=ben)
    changes = [Equip("clara", kept(clara)), Unequip("clara", kept(clara).credential)]
    for version, change in enumerate(changes, start=3):
        proposal = await members.propose(world.owner, change, "clara")
        for name, soft in (("ben", ben), ("amina", None)):
            at = await admission.look(world.guard, proposal, name, today())
            assert at.next
            assert (at.question is None) is (soft is None)
            answer = soft.answer(bytes.fromhex(at.question.challenge)) if soft and at.question else None
            if soft:
                with pytest.raises(NotNowError):
                    await admission.sign(world.guard, proposal, world.hand(name, at.next.seen), today())
            hand = answering(world, name, at.next.seen, answer)
            await admission.sign(world.guard, proposal, hand, today())
        listed = await members.load(world.owner, members.trust(world.settings.inside, "others"), today())
        assert listed.version == version
        assert len(listed.member("clara").authenticators) == (version == 3)


async def test_whoever_writes_the_database_and_holds_both_keys_adds_and_swaps_no_authenticator(world: World) -> None:
    world = await equipped(world, ben=SoftAuthenticator())
    keys: list[SigningKey] = [await world.signing_key(name) for name in ("amina", "ben")]
    evil = kept(SoftAuthenticator(), "Evil")

    def equip_clara(body: dict[str, Any]) -> None:
        body["members"][2]["authenticators"] = [evil.body()]

    forged = Statement.make(members.TYPE, await following(world.owner, equip_clara), *keys)
    stolen = SoftAuthenticator().answer(webauthn.challenge(members.TYPE, forged.payload())).encode()
    beside = (None, b"{}", b"no", chain.together({keys[1].public: stolen}))
    for assertions in beside:
        sql = "INSERT INTO unit.member_list VALUES ($1, $2, $3)"
        await world.owner.execute(sql, forged.body["version"], forged.encode(), assertions)
        with pytest.raises(MemberListError):
            await members.load(world.owner, members.trust(world.settings.inside, "others"), today())
        await world.owner.execute("ALTER TABLE unit.member_list DISABLE TRIGGER immutable")
        await world.owner.execute("DELETE FROM unit.member_list WHERE version = $1", forged.body["version"])

    await world.owner.execute(
        "UPDATE unit.member_list SET statement = replace(encode(statement, 'escape'), 'Blue key', 'Red keys')::bytea"
        " WHERE version = 2"
    )
    with pytest.raises(MemberListError):
        await members.load(world.owner, members.trust(world.settings.inside, "others"), today())


async def test_who_has_an_authenticator_signs_at_the_guard_alone(world: World) -> None:
    world = await equipped(world, ben=SoftAuthenticator())
    release = await ask(world, SoftAuthenticator())

    with pytest.raises(NotNowError, match=AT_THE_GUARD):
        await elsewhere.take(world.guard, Kind.MANIFEST, release, world.hand("ben"), today())
    handed = elsewhere.Handed(Kind.MANIFEST, release, "ben", bytes(64), None)
    with pytest.raises(NotNowError, match=AT_THE_GUARD):
        await elsewhere.hand_in(world.guard, Kind.MANIFEST, release, world.hand("clara"), today(), handed=handed)


async def test_an_emergency_is_told_and_followed_with_the_answers_to_its_words(world: World) -> None:
    amina, ben = SoftAuthenticator(), SoftAuthenticator()
    world = await equipped(world, amina=amina, ben=ben)
    made = UUID(int=7)
    asked = await emergency.ask_to_tell(world.guard, "amina", TOLD, hidden=[], emergency=made, now=NOW)
    assert asked
    with pytest.raises(NotNowError):
        await emergency.tell(world.guard, world.hand("amina"), TOLD, hidden=[], now=NOW, emergency=made)
    hand = answering(world, "amina", "", amina.answer(bytes.fromhex(asked.challenge)))
    await emergency.tell(world.guard, hand, TOLD, hidden=[], now=NOW, emergency=made)
    with pytest.raises((MovedError, NotNowError)):
        await emergency.tell(world.guard, hand, TOLD, hidden=[], now=NOW, emergency=made)

    view = await emergency.open_(world.guard, made, world.hand("ben"), NOW)
    assert view.record.unanswered == ()
    seen, said = view.papers.seen, {"verdict": "confirm", "note": "Yes."}
    question = await emergency.ask_to_follow(world.guard, made, "ben", seen, NOW, type_=emergency.SECOND, said=said)
    assert question
    with pytest.raises(NotNowError):
        await emergency.second(world.guard, made, world.hand("ben", seen), NOW, move=Move.CONFIRM, note="Yes.")
    answer = ben.answer(bytes.fromhex(question.challenge))
    with pytest.raises(NotNowError):  # to other words
        await emergency.second(
            world.guard, made, answering(world, "ben", seen, answer), NOW, move=Move.CONFIRM, note="No."
        )
    await emergency.second(
        world.guard, made, answering(world, "ben", seen, answer), NOW, move=Move.CONFIRM, note="Yes."
    )

    world = await equipped(world, amina=SoftAuthenticator())
    view = await emergency.open_(world.guard, made, world.hand("ben"), NOW)
    assert view.record.unanswered == ("amina",)  # it stays readable, and says so


async def test_a_notice_leaves_only_with_the_answer_of_the_officer_who_signs_it(world: World) -> None:
    clara = SoftAuthenticator()
    world = await equipped(world, clara=clara)
    notice = await noticed.ask(world)
    view = await notices.open_(world.guard, notice, world.hand("clara"), today())
    assert view.question

    with pytest.raises(NotNowError):
        await notices.sign(world.guard, notice, world.hand("clara", view.examined.seen), today())
    answer = clara.answer(bytes.fromhex(view.question.challenge))
    hand = answering(world, "clara", view.examined.seen, answer)
    assert await notices.sign(world.guard, notice, hand, today()) is State.SENT
