"""The list of all that an agency was sent holds what the guard says left, each once, whatever a desk hands over."""

import hashlib
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handling.rules.dissemination import LINES_MAX, Left, Line, ListError, Said, from_about, lines, to_about
from handling.rules.manifest import Manifest
from tests.handling.rules.test_manifest import MANIFEST

DAY = date(2026, 11, 26)


def left_as(number: int, *, recalled: bool = False, kept: bool = True) -> tuple[Left, Said]:
    """A package that left, and what an honest desk says of it."""
    release = UUID(int=number + 1)
    on = DAY + timedelta(days=number % 7)
    line = hashlib.sha256(str(number).encode()).digest()
    said = Said(replace(MANIFEST, release=release), hashlib.sha256(b"zip %d" % number).hexdigest())
    return Left(release, on, DAY + timedelta(days=9) if recalled else None, line if kept else None), said


@st.composite
def ledgers(draw: st.DrawFn) -> tuple[list[tuple[Left, Said]], list[tuple[Left, Said]]]:
    """What left to the agency, and what left to others or never left."""
    numbers = draw(st.lists(st.integers(0, 200), unique=True, max_size=12))
    cut = draw(st.integers(0, len(numbers)))
    made = [left_as(number, recalled=draw(st.booleans())) for number in numbers]
    return made[:cut], made[cut:]


@given(ledgers())
def test_a_list_has_one_line_for_each_package_that_left_to_the_agency_and_none_of_any_other(
    ledger: tuple[list[tuple[Left, Said]], list[tuple[Left, Said]]],
) -> None:
    theirs, others = ledger
    handed = {one.line: said for one, said in [*others, *theirs] if one.line is not None}

    made = lines([one for one, _ in theirs], handed)

    assert [one.release for one in made] == [
        one.release for one in sorted((o for o, _ in theirs), key=lambda o: (o.on, o.release))
    ]
    for line in made:
        ((one, said),) = [(one, said) for one, said in theirs if one.release == line.release]
        assert (line.on, line.recalled_on, line.zip_sha256) == (one.on, one.recalled_on, said.zip_sha256)
        assert (line.purpose.value, line.rules) == (said.manifest.purpose, said.manifest.rules)
        assert (line.agreement, line.version) == (said.manifest.agreement.id, said.manifest.agreement.version)
    assert from_about(to_about(made)) == made


@given(ledgers(), st.data())
def test_a_desk_that_keeps_one_back_gets_no_list_at_all(
    ledger: tuple[list[tuple[Left, Said]], list[tuple[Left, Said]]], data: st.DataObject
) -> None:
    theirs = [*ledger[0], left_as(300)]
    kept_back, _ = data.draw(st.sampled_from(theirs))
    handed = {one.line: said for one, said in theirs if one.line is not None and one is not kept_back}

    with pytest.raises(ListError, match=str(kept_back.release)):
        lines([one for one, _ in theirs], handed)


def test_a_package_from_before_the_guard_kept_hashes_is_not_vouched_for_on_the_desks_word() -> None:
    one, said = left_as(1, kept=False)

    with pytest.raises(ListError, match="cannot vouch"):
        lines([one], {bytes(32): said})


def test_a_list_that_nobody_would_read_is_refused_and_one_line_less_is_not() -> None:
    made = [left_as(number) for number in range(LINES_MAX + 1)]
    handed = {one.line: said for one, said in made if one.line is not None}

    with pytest.raises(ListError, match="More than 500"):
        lines([one for one, _ in made], handed)
    assert len(lines([one for one, _ in made[1:]], handed)) == LINES_MAX


def test_a_line_says_reference_day_purpose_agreement_rules_conditions_recall_and_hash() -> None:
    one, said = left_as(1, recalled=True)

    (line,) = lines([one], {one.line or b"": said})

    assert line.words.startswith(f"{one.release}, 27 November 2026; for ")
    for part in ("agreement ", "allowed by ", "conditions ", "recalled on 5 December 2026", said.zip_sha256):
        assert part in line.words
    assert "not recalled" in replace(line, recalled_on=None).words


def _bodies() -> list[dict[str, object]]:
    made = [left_as(number) for number in range(2)]
    return [line.to_body() for line in lines([one for one, _ in made], {one.line or b"": said for one, said in made})]


@pytest.mark.parametrize(
    "about",
    [
        {"packages": list(reversed(_bodies()))},
        {"packages": [_bodies()[0], _bodies()[0]]},
        {"packages": [{**_bodies()[0], "more": ""}]},
        {"packages": [{**_bodies()[0], "purpose": "curiosity"}]},
        {"packages": [{**_bodies()[0], "version": True}]},
        {"packages": [{**_bodies()[0], "rules": "all"}]},
        {"packages": [{**_bodies()[0], "on": "today"}]},
        {"packages": {}},
        {},
        [],
    ],
)
def test_anything_else_is_no_list(about: object) -> None:
    with pytest.raises(ListError):
        from_about(about)


def test_a_line_is_read_as_it_was_written() -> None:
    assert [Line.from_body(one).to_body() for one in _bodies()] == _bodies()
    assert isinstance(MANIFEST, Manifest)
