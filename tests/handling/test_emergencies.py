"""The statements of an emergency disclosure: what is sealed reads back equal, each is about the one before, nothing else is read."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import webauthn
from crypto.signing import SigningKey
from crypto.statement import Statement
from crypto.webauthn import Authenticator
from handling.emergencies import REVIEW, SECOND, TOLD, EmergencyFormatError, Papers, Record, Told
from handling.held import HELD, Listing, Lists, body
from handling.rules.emergency import State, Threat, Warned
from handling.rules.release import Duty
from tests.authenticator import SoftAuthenticator

AMINA, BEN, DAN = SigningKey.generate(), SigningKey.generate(), SigningKey.generate()


@dataclass(frozen=True, slots=True)
class Listed:
    """A member, as a statement is held against them."""

    signing: bytes
    authenticators: tuple[Authenticator, ...] = ()


GUARD = SigningKey.generate()
SIGNING = {"amina": Listed(AMINA.public), "ben": Listed(BEN.public), "dan": Listed(DAN.public)}
DUTIES = {"amina": {Duty.HANDLER}, "ben": {Duty.OFFICER}, "dan": {Duty.ANALYST}}
TODAY = Listing(SIGNING, DUTIES, GUARD.public)
SHOWN = ("amina", "ben")
ID, AT = UUID(int=9), datetime(2026, 11, 26, 3, 4, tzinfo=UTC)
_TEXT = st.text(max_size=40)
TOLDS = st.builds(
    Told,
    tip=_TEXT,
    to=_TEXT,
    words=_TEXT,
    authority=_TEXT,
    threat=st.sampled_from(Threat),
    why=_TEXT,
    warned=st.sampled_from(Warned),
    warned_how=_TEXT,
)
ONE = Told(
    "Tip 4", "Harbour police", "A child is held.", "Section 4", Threat.CHILD, "They sail at noon.", Warned.DUE, ""
)


def _told(told: Told) -> Papers:
    return Papers(Statement.make(TOLD, told.body(ID, "amina", AT, SHOWN), AMINA))


def _seconded(papers: Papers, *, by: str = "ben", key: SigningKey = BEN, **says: str) -> Papers:
    body = {"id": str(ID), "by": by, "at": AT.isoformat(), "about": papers.seen, "verdict": "confirm", "note": ""}
    return papers.with_second(Statement.make(SECOND, {**body, **says}, key))


def _reviewed(papers: Papers, *, by: str = "ben", key: SigningKey = BEN, **says: str) -> Papers:
    body = {"id": str(ID), "by": by, "at": AT.isoformat(), "about": papers.seen, "finding": "", "source": ""}
    return papers.with_review(Statement.make(REVIEW, {**body, **says}, key))


def _papers(told: Told) -> Papers:
    return _seconded(_told(told))


def _verify(papers: Papers, emergency: UUID = ID) -> Record:
    return papers.verify(emergency, Lists(TODAY, {}))


@given(TOLDS)
def test_what_was_told_reads_back_equal_under_its_signers(told: Told) -> None:
    papers = _papers(told)

    read = Papers.read(papers.encode())

    assert read.seen == papers.seen
    assert _verify(read) == Record(told, "amina", AT, SHOWN, State.CONFIRMED, "ben")


@given(st.binary(max_size=300))
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(EmergencyFormatError):
        Papers.read(data)


def test_a_second_statement_about_other_papers_is_refused() -> None:
    mixed = replace(_papers(ONE), told=_papers(replace(ONE, to="Somebody else")).told)

    with pytest.raises(EmergencyFormatError):
        _verify(mixed)


def test_a_statement_in_somebody_elses_name_is_refused() -> None:
    papers = Papers(Statement.make(TOLD, ONE.body(ID, "amina", AT, SHOWN), BEN))

    with pytest.raises(EmergencyFormatError):
        _verify(papers)


@pytest.mark.parametrize(
    "papers",
    [
        _seconded(_told(ONE), by="amina", key=AMINA),
        _reviewed(_papers(ONE), by="amina", key=AMINA),
        _seconded(_told(ONE), by="dan", key=DAN),
        _reviewed(_papers(ONE), by="dan", key=DAN),
    ],
    ids=["the teller seconds", "the teller reviews", "an analyst seconds", "an analyst reviews"],
)
def test_whoever_told_it_or_has_no_such_duty_follows_in_nothing_however_well_signed(papers: Papers) -> None:
    with pytest.raises(EmergencyFormatError):
        _verify(papers)


def test_every_statement_is_of_this_emergency_and_says_nothing_else_than_it_should() -> None:
    other = str(UUID(int=8))
    wrong = (
        _seconded(_told(ONE), id=other),
        _reviewed(_papers(ONE), id=other),
        _seconded(_told(ONE), finding="More."),
        _seconded(_told(ONE), verdict="review"),
        _seconded(_told(ONE), verdict="perhaps"),
    )
    for papers in wrong:
        with pytest.raises(EmergencyFormatError):
            _verify(papers)
    with pytest.raises(EmergencyFormatError):
        _verify(_papers(ONE), UUID(int=8))


@pytest.mark.parametrize("shown_to", ["amina", ["amina", 7], None])
def test_whom_it_is_shown_to_is_a_list_of_names(shown_to: object) -> None:
    body = {**ONE.body(ID, "amina", AT, SHOWN), "shown_to": shown_to}

    with pytest.raises(EmergencyFormatError):
        _verify(Papers(Statement.make(TOLD, body, AMINA)))


def test_where_it_stands_is_what_was_signed_and_no_review_comes_before_a_second_signature() -> None:
    told = _told(ONE)
    objected = _seconded(told, verdict="object")
    done = _verify(_reviewed(objected))

    assert [_verify(one).state for one in (told, objected)] == [State.TOLD, State.OBJECTED]
    assert (done.state, done.second_by, done.reviewed_by) == (State.REVIEWED, "ben", "ben")
    for early in (_reviewed(told), objected.with_review(_reviewed(told).review)):
        with pytest.raises(EmergencyFormatError):
            _verify(early)


def test_what_authenticators_answered_lies_with_it_and_whose_is_missing_is_named() -> None:
    soft = SoftAuthenticator()
    signing = {**SIGNING, "amina": Listed(AMINA.public, (soft.registered(),))}
    lists = Lists(replace(TODAY, signing=signing), {})
    statement = _told(ONE).told
    answer = soft.answer(webauthn.challenge(TOLD, statement.payload())).encode()
    papers, silent = Papers.of_told(statement, answer), Papers.of_told(statement, None)
    seconded = _seconded(papers)

    assert Papers.read(seconded.encode()) == seconded
    assert seconded.verify(ID, lists).unanswered == ()
    assert silent.verify(ID, lists).unanswered == ("amina",)
    with pytest.raises(EmergencyFormatError):  # what was confirmed is not what lies here
        replace(seconded, answers={}).verify(ID, lists)


FIRST = "1" * 64  # the version of the list that named amina, who is on no list today
GONE = replace(TODAY, signing={"ben": SIGNING["ben"]}, duties={"ben": DUTIES["ben"]})
LISTS = Lists(GONE, {FIRST: TODAY})


def _stated(statement: Statement, key: SigningKey = GUARD, **says: str) -> Statement:
    return Statement.make(HELD, {**body(statement, FIRST), **says}, key)


def test_what_the_guard_saw_count_counts_and_reads_back_after_its_signer_has_left() -> None:
    papers = _papers(ONE)

    held = papers.holding({"told": _stated(papers.told)})

    assert held.seen == papers.seen  # what was signed about them is about them still
    assert Papers.read(held.encode()) == held
    assert held.verify(ID, LISTS) == Record(ONE, "amina", AT, SHOWN, State.CONFIRMED, "ben")
    assert list(papers.unheld) == ["told", "second"]
    assert list(held.unheld) == ["second"]


@pytest.mark.parametrize(
    "stated",
    [
        None,
        _stated(_told(ONE).told, AMINA),
        _stated(_told(ONE).told, BEN),
        _stated(_told(replace(ONE, why="Another.")).told),
        _stated(_told(ONE).told, members_sha256="2" * 64),
        Statement.make("tipline/other/v1", body(_told(ONE).told, FIRST), GUARD),
    ],
    ids=["nothing", "the leaver", "a member", "of other words", "under a list that never was", "as something else"],
)
def test_a_leaver_signs_nothing_new_whatever_is_stated_about_it_by_whom(stated: Statement | None) -> None:
    papers = _told(ONE).holding({} if stated is None else {"told": stated})

    with pytest.raises(EmergencyFormatError):
        papers.verify(ID, LISTS)


def test_the_list_that_the_guard_names_has_to_name_the_signer_with_that_key_and_the_duty() -> None:
    papers = _seconded(_told(ONE), by="dan", key=DAN)
    told, other = _stated(papers.told), replace(TODAY, signing={**SIGNING, "amina": Listed(DAN.public)})
    assert papers.second is not None

    for held, lists in (
        ({"told": told, "second": _stated(papers.second)}, LISTS),
        ({"told": told}, Lists(GONE, {FIRST: other})),
    ):
        with pytest.raises(EmergencyFormatError):
            papers.holding(held).verify(ID, lists)
