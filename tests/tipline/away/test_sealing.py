"""What the JavaScript seals, Python opens: slip, wrappers, messages, MACs, sidecars, parts, place."""

import os
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tipline.away.node import Node, RefusedError, b64
from tests.tipline.away.unit import (
    FIRST_DAY,
    INTAKE,
    NOW,
    ROOT,
    SIGNERS,
    file,
    new_codename,
    open_all,
    pickup,
    signed_keys,
    source_keys,
    take,
    tip,
    way,
    write,
)  # fmt: skip
from tipline.envelope import Answer, File, IntakeKey, Place, ThreadState, Tip

MIB = 1 << 20
FEW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=300)
words = st.fixed_dictionaries({"text": texts, "howKnown": texts, "mustNotLearn": texts, "urgent": st.booleans()})
uploads = st.lists(
    st.tuples(
        texts,
        st.binary(max_size=300) | st.integers(65_500, 65_600).map(lambda size: (b"0123456789" * 6_560)[:size]),
        st.just("image/png"),
    ),
    max_size=3,
)


@FEW
@given(words, st.sampled_from(["kit", "browser"]), uploads)
def test_a_tip_opens_as_it_was_written(
    js: Node, said: dict[str, Any], by: str, sent: list[tuple[str, bytes, str]]
) -> None:
    codename = new_codename(js)
    uploaded = [file(f"{name}x", data, type_) for name, data, type_ in sent]

    (made,) = js("tip", **way(codename, way=by, files=uploaded), **said)

    opened = open_all([made], codename)
    first = opened.messages[0]
    assert first.body == Tip(said["text"], said["howKnown"], said["mustNotLearn"], said["urgent"])
    assert {one.way for one in opened.messages} == {by}
    assert {one.at for one in opened.messages} == {NOW}
    assert opened.files == tuple(data for _, data, _ in sent)
    assert [m.body.type for m in opened.messages if isinstance(m.body, File)] == ["image/png"] * len(sent)
    assert (opened.slip.unit, opened.slip.serial, opened.slip.day) == ("unit", 7, FIRST_DAY)
    assert opened.slip.urgent is said["urgent"]
    assert opened.slip.was is None
    assert opened.slip.recipient == source_keys(codename).identity.recipient


def test_a_report_about_the_unit_is_sealed_to_the_outside_body_alone(js: Node) -> None:
    codename = new_codename(js)

    made = js("tip", **way(codename, role="oversight"), **tip())

    assert open_all(made, codename, role="oversight").slip.unit == "oversight"


@pytest.mark.parametrize(
    ("sizes", "files"),
    [
        ([16 * MIB], 1),
        ([16 * MIB, 64 * 1024], 1),
        ([16 * MIB, 700_000], 3),
        ([16 * MIB + 1, 0], 1),
        ([33 * MIB, 5], 5),
    ],
)
def test_what_is_too_large_for_one_file_comes_part_by_part_and_the_slip_last(
    js: Node, sizes: list[int], files: int
) -> None:
    codename = new_codename(js)
    contents = [os.urandom(size) for size in sizes]
    uploaded = [file(f"{number}.jpg", data) for number, data in enumerate(contents)]

    made = js("tip", **way(codename, files=uploaded), **tip(), again=True)

    assert len(made) == files
    assert [one["number"] for one in made] == [*range(2, files + 1), 1]
    assert all(one["same"] for one in made), "a part that is made again is the same bytes"
    assert open_all(made, codename).files == tuple(contents)


@FEW
@given(texts, texts, st.lists(st.text(st.characters(exclude_categories=("Cs",)), max_size=80), max_size=3), uploads)
def test_an_answer_follows_the_place_that_was_picked_up(
    js: Node, text: str, whom: str, said: list[str], sent: list[tuple[str, bytes, str]]
) -> None:
    codename = new_codename(js)
    source = source_keys(codename)
    place = Place.start("unit").after(b"the first message")
    picked = pickup(source, write(source, *said), place)
    uploaded = [file("a", data, type_) for _, data, type_ in sent]

    made = js("answer", **way(codename, files=uploaded), text=text, mustNotLearn=whom, pickup=b64(picked))

    shown = js("open", pickup=b64(picked), codename=codename)
    assert [one["text"] for one in shown["shown"]] == said
    opened = open_all(made, codename, before=replace(place, heard=ThreadState.parse(shown["heard"])))
    assert opened.messages[0].body == (Tip(text, "", whom, urgent=False) if whom.strip() else Answer(text))
    assert {one.heard for one in opened.messages} == {len(said)}
    assert opened.slip.recipient is None
    assert opened.slip.was is not None
    assert opened.files == tuple(data for _, data, _ in sent)


def test_two_tips_of_one_size_class_cannot_be_told_apart_by_their_length(js: Node) -> None:
    made = [js("tip", **way(new_codename(js)), **tip(text=text))[0] for text in ("", "x" * 800)]

    assert len(made[0]["data"]) == len(made[1]["data"])


def test_nothing_is_sealed_when_every_key_has_ended_or_the_root_is_another(js: Node) -> None:
    for changed, error in [
        ({"now": "2026-12-24T00:00:00Z"}, "IntakeKeyError"),
        ({"now": "2026-11-22T23:59:59Z"}, "IntakeKeyError"),
        ({"now": "2027-11-02T00:00:00Z"}, "PinsError"),
        ({"root": "11" * 32}, "PinsError"),
        ({"keys": signed_keys().encode().decode().replace('"Unit"', '"Unity"')}, "PinsError"),
    ]:
        with pytest.raises(RefusedError) as caught:
            js("tip", **way(new_codename(js), **changed), **tip())
        assert caught.value.name == error


def test_a_forged_key_with_a_higher_serial_is_passed_over_for_the_next_one_that_is_good(js: Node) -> None:
    keys, codename = signed_keys(), new_codename(js)
    last = FIRST_DAY + timedelta(days=6)
    forged = IntakeKey("unit", 9, INTAKE["oversight"].recipient, FIRST_DAY, last).sign(SIGNERS["oversight"])
    changed = replace(keys, intake=(*keys.intake, forged))

    made = js("tip", **way(codename, keys=changed.encode().decode()), **tip())

    assert open_all(made, codename).slip.serial == changed.choose(ROOT.public, "unit", NOW.date()).serial == 7


@pytest.mark.parametrize(
    "long",
    [
        {"text": "é" * 131_073},
        {"text": "\u0001" * (256 * 1024)},  # six letters of JSON for each
        {"howKnown": "x" * 65_537},
        {"mustNotLearn": "x" * 65_537},
    ],
)
def test_too_long_a_text_is_refused_before_anything_is_sealed(js: Node, long: dict[str, str]) -> None:
    with pytest.raises(RefusedError) as caught:
        js("tip", **way(new_codename(js)), **tip(**long))
    assert caught.value.name == "TooMuchError"


@pytest.mark.parametrize("sizes", [[1] * 21, [1 << 30, 1 << 30, 1]])
@pytest.mark.parametrize("by", ["kit", "browser"])
def test_more_than_20_files_or_2_gb_is_refused_before_any_of_them_is_read(js: Node, by: str, sizes: list[int]) -> None:
    files = [{"name": f"{number}.jpg", "type": "image/jpeg", "size": size} for number, size in enumerate(sizes)]

    with pytest.raises(RefusedError) as caught:
        js("tip", **way(new_codename(js), way=by, files=files), **tip())
    assert caught.value.name == "TooMuchError"


def test_20_files_go_through(js: Node) -> None:
    codename = new_codename(js)
    contents = tuple(bytes([number]) for number in range(20))

    made = js("tip", **way(codename, files=[file(f"{data[0]}.jpg", data) for data in contents]), **tip())

    assert open_all(made, codename).files == contents


def test_the_longest_text_goes_through(js: Node) -> None:
    codename = new_codename(js)

    longest = tip(text="é" * 131_072, howKnown='"' * 65_536, mustNotLearn="x" * 65_536)

    made = js("tip", **way(codename), **longest)

    body = open_all(made, codename).messages[0].body
    assert isinstance(body, Tip)
    assert body.text == longest["text"]


def test_an_answer_cannot_follow_a_place_that_was_exchanged(js: Node) -> None:
    codename, other = new_codename(js), new_codename(js)
    source = source_keys(codename)
    theirs = Place.start("unit").seal(source_keys(other).state, mailbox=source.mailbox)
    picked = pickup(source, [], Place.start("unit"))
    exchanged = picked[:512] + theirs + picked[512 + len(theirs) :]

    with pytest.raises(RefusedError) as caught:
        js("answer", **way(codename), text="", mustNotLearn="", pickup=b64(exchanged))

    assert caught.value.name == "PlaceError"
    assert js("open", pickup=b64(exchanged), codename=codename)["canAnswer"] is False


def test_an_answer_goes_to_the_unit_that_has_the_report_and_nobody_is_asked(js: Node) -> None:
    codename = new_codename(js)
    source = source_keys(codename)
    place = Place.start("oversight").after(b"the first message")
    picked = pickup(source, write(source, "Which gate?"), place)

    made = js("answer", **way(codename, role="unit"), text="The north gate.", mustNotLearn="", pickup=b64(picked))

    shown = js("open", pickup=b64(picked), codename=codename)
    before = replace(place, heard=ThreadState.parse(shown["heard"]))
    assert open_all(made, codename, role="oversight", before=before).slip.unit == "oversight"


def test_an_answer_to_a_unit_that_the_root_has_not_signed_is_refused(js: Node) -> None:
    codename = new_codename(js)
    picked = pickup(source_keys(codename), [], Place.start("board"))

    with pytest.raises(RefusedError) as caught:
        js("answer", **way(codename), text="", mustNotLearn="", pickup=b64(picked))

    assert caught.value.name == "OtherUnitError"


def test_no_two_sealings_of_one_tip_share_an_id_or_a_byte_of_ciphertext(js: Node) -> None:
    codename = new_codename(js)
    one, two = (take(js("tip", **way(codename), **tip())) for _ in range(2))

    assert {listed.id for listed in one[1]}.isdisjoint({listed.id for listed in two[1]})
    assert one[0].sum != two[0].sum
    assert INTAKE["unit"].recipient != source_keys(codename).identity.recipient
