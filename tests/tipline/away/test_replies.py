"""What a unit wrote, opened by both sides: the same replies, the same sentences about what is wrong, the same memory."""

from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crypto import age
from crypto.codename import Codename, keys
from crypto.digest import sha256
from crypto.secret import Secret
from tests.tipline.away.node import Node, RefusedError, b64
from tests.tipline.away.unit import new_codename, pickup, source_keys, write
from tipline import replies
from tipline.bundles import pack_bundle
from tipline.envelope import Place, Reply, ThreadState
from tipline.replies import PHRASES

CODENAME = "office energy slim split educate photo pond exclude transfer prosper twelve salmon"
SOURCE = source_keys(CODENAME)
STRANGER = keys(Codename.from_entropy(Secret(bytes(16))))
FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)


def reply(counter: int, previous: bytes, text: str = "x", *, heard: int = 0, kind: Any = "reply") -> Reply:
    return Reply(kind, SOURCE.mailbox, counter, previous, date(2026, 11, 25), text, heard)


@st.composite
def bundles(draw: st.DrawFn) -> tuple[list[bytes], ThreadState]:
    """A thread's replies, some of them lost, exchanged, copied, forged or out of order; and what was shown before."""
    inner: list[bytes] = []
    digests = [bytes(32)]
    for counter in range(1, draw(st.integers(1, 5))):
        kind = draw(st.sampled_from(["reply", "phrase"]))
        text = draw(texts if kind == "reply" else st.sampled_from([*PHRASES, "constructor", "__proto__", "new"]))
        previous = draw(st.sampled_from([digests[-1], digests[-1], bytes([7]) * 32]))
        one = reply(counter, previous, text, heard=draw(st.integers(0, 3)), kind=kind)
        digests.append(sha256(one.encode(SOURCE.to_source)))
        fate = draw(st.sampled_from(["kept", "kept", "kept", "lost", "copied", "forged", "other", "garbage", "twin"]))
        sealed = one.seal(SOURCE.to_source, SOURCE.identity.recipient)
        inner += {
            "kept": [sealed],
            "lost": [],
            "copied": [sealed, sealed],
            "forged": [one.seal(STRANGER.to_source, SOURCE.identity.recipient)],
            "other": [one.seal(SOURCE.to_source, STRANGER.identity.recipient)],
            "garbage": [age.seal(b"no reply", [SOURCE.identity.recipient])],
            "twin": [sealed, reply(counter, previous, "twin").seal(SOURCE.to_source, SOURCE.identity.recipient)],
        }[fate]
    shown = draw(st.integers(0, len(digests)))
    known = digests[shown] if 0 < shown < len(digests) and draw(st.booleans()) else bytes([9]) * 32
    order = draw(st.permutations(inner)) if draw(st.booleans()) else inner
    return list(order), ThreadState(shown, known if shown else bytes(32))


@FEW
@given(bundles(), st.integers(0, 4))
def test_both_sides_say_the_same_of_any_bundle(js: Node, made: tuple[list[bytes], ThreadState], sent: int) -> None:
    inner, heard = made
    sealed = pack_bundle(inner, SOURCE.identity.recipient)
    place = Place("unit", ThreadState(sent, bytes(32)), heard)

    ours = replies.read(sealed, SOURCE, place)
    assert ours.place is not None

    theirs = js("read", bundle=b64(sealed), codename=CODENAME, place={"sent": sent, "heard": heard.body()})
    assert theirs == {
        "shown": [{"number": one.number, "day": one.day.isoformat(), "text": one.text} for one in ours.shown],
        "troubles": list(ours.troubles),
        "sent": ours.sent,
        "had": ours.had,
        "heard": ours.place.heard.body(),
    }


@FEW
@given(st.data())
def test_a_pickup_file_with_a_byte_changed_shows_nothing_that_the_unit_did_not_write(
    js: Node, data: st.DataObject
) -> None:
    whole = bytearray(pickup(SOURCE, write(SOURCE, "words"), Place.start("unit")))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))

    try:
        opened = js("open", pickup=b64(bytes(whole)), codename=CODENAME)
    except RefusedError as error:
        assert error.name == "EnvelopeError"  # noqa: PT017 - one of three ways to end
        return
    changed_bundle = at >= 1024
    assert opened["shown"] == [] if changed_bundle else not opened["canAnswer"]
    assert opened["troubles"] == [replies.DAMAGED if changed_bundle else replies.LOST]


@pytest.mark.parametrize("cut", [0, 1, 512, 70_143])
def test_a_pickup_file_that_is_cut_is_refused(js: Node, cut: int) -> None:
    whole = pickup(SOURCE, [], Place.start("unit"))

    with pytest.raises(RefusedError) as caught:
        js("open", pickup=b64(whole[:cut]), codename=CODENAME)

    assert caught.value.name == "EnvelopeError"


def test_another_codename_opens_neither_replies_nor_place(js: Node) -> None:
    opened = js(
        "open", pickup=b64(pickup(SOURCE, write(SOURCE, "words"), Place.start("unit"))), codename=new_codename(js)
    )

    assert (opened["shown"], opened["canAnswer"]) == ([], False)
    assert opened["troubles"] == [replies.LOST, replies.DAMAGED]


def test_the_fixed_sentences_are_those_of_the_server(js: Node) -> None:
    assert js("phrases") == dict(PHRASES)
