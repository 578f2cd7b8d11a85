"""The statements of an emergency disclosure: what is sealed reads back equal, each is about the one before, nothing else is read."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.signing import SigningKey
from crypto.statement import Statement
from handling.emergencies import REVIEW, SECOND, TOLD, EmergencyFormatError, Papers, Told
from handling.rules.emergency import Threat, Warned

AMINA, BEN = SigningKey.generate(), SigningKey.generate()
SIGNING = {"amina": AMINA.public, "ben": BEN.public}
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


def _papers(told: Told) -> Papers:
    first = Papers(Statement.make(TOLD, told.body(ID, "amina", AT), AMINA))
    about = {"id": str(ID), "by": "ben", "at": AT.isoformat(), "about": first.seen, "verdict": "confirm", "note": ""}
    return first.with_second(Statement.make(SECOND, about, BEN))


@given(TOLDS)
def test_what_was_told_reads_back_equal_under_its_signers(told: Told) -> None:
    papers = _papers(told)

    read = Papers.read(papers.encode())

    assert read.seen == papers.seen
    assert read.verify(SIGNING) == told


@given(st.binary(max_size=300))
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(EmergencyFormatError):
        Papers.read(data)


def test_a_second_statement_about_other_papers_is_refused() -> None:
    mixed = replace(_papers(ONE), told=_papers(replace(ONE, to="Somebody else")).told)

    with pytest.raises(EmergencyFormatError):
        mixed.verify(SIGNING)


def test_a_statement_in_somebody_elses_name_is_refused() -> None:
    papers = Papers(Statement.make(TOLD, ONE.body(ID, "amina", AT), BEN))

    with pytest.raises(EmergencyFormatError):
        papers.verify(SIGNING)


def test_a_review_before_the_second_signature_stands_about_the_papers_as_they_were() -> None:
    first = Papers(_papers(ONE).told)
    review = {"id": str(ID), "by": "ben", "at": AT.isoformat(), "about": first.seen, "finding": "", "source": ""}
    signed = Statement.make(REVIEW, review, BEN)

    assert first.with_review(signed).verify(SIGNING) == ONE
    with pytest.raises(EmergencyFormatError):
        _papers(ONE).with_review(signed).verify(SIGNING)
