"""A unit's reply: what goes in comes out for this source, and nothing else is read."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import age, macs
from crypto.canonical import canonical
from crypto.padding import pad_message
from crypto.secret import Secret
from tests.tipline.envelope.samples import SOURCE, a_reply, days, hashes, texts
from tipline import envelope
from tipline.envelope import EnvelopeError, ForgedError, Reply

replies = st.builds(
    Reply,
    kind=st.sampled_from(["reply", "phrase"]),
    mailbox=hashes,
    counter=st.integers(1, 2**31 - 1),
    previous=hashes,
    day=days,
    text=texts,
    heard=st.integers(0, 2**31 - 1),
)


@given(replies)
def test_any_reply_reads_back_as_it_was_written(reply: Reply) -> None:
    assert Reply.parse(pad_message(reply.encode(SOURCE.to_source)), SOURCE.to_source) == reply


@given(st.data())
def test_a_changed_reply_is_never_read_as_another(data: st.DataObject) -> None:
    encoded = a_reply().encode(SOURCE.to_source)
    at = data.draw(st.integers(0, len(encoded) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != encoded[at]))

    with pytest.raises(EnvelopeError):
        Reply.parse(encoded[:at] + bytes([byte]) + encoded[at + 1 :], SOURCE.to_source)


@pytest.mark.parametrize(
    "changed",
    [
        {"kind": ["reply"]},
        {"kind": {}},
        {"kind": None},
        {"kind": "other"},
        {"heard": "1"},
        {"counter": 2**31},
        {"day": "2026-1-1"},
        {"day": "20261123"},
        {"body": {"phrase": "received"}},
        {"body": "text"},
        {"mailbox": "00"},
    ],
)
def test_a_reply_of_the_right_key_and_the_wrong_form_is_refused(changed: dict[str, object]) -> None:
    payload = {k: v for k, v in json.loads(a_reply().encode(SOURCE.to_source)).items() if k != "mac"} | changed
    mac = macs.mac(SOURCE.to_source, canonical(payload), purpose="to source")

    with pytest.raises(EnvelopeError):
        Reply.parse(canonical({**payload, "mac": mac.hex()}), SOURCE.to_source)


@pytest.mark.parametrize("kind", ["reply", "phrase"])
def test_a_reply_reads_back_and_a_forged_one_does_not(kind: str) -> None:
    reply = replace(a_reply(), kind=kind)
    inner = reply.seal(SOURCE.to_source, SOURCE.identity.recipient)

    padded = age.open_(inner, [SOURCE.identity])
    assert Reply.parse(padded, SOURCE.to_source) == reply
    with pytest.raises(ForgedError):
        Reply.parse(padded, Secret.random())


def test_a_reply_too_long_for_a_bundle_is_refused_when_it_is_written() -> None:
    with pytest.raises(EnvelopeError):
        a_reply(text="x" * envelope.REPLY_BYTES).seal(SOURCE.to_source, SOURCE.identity.recipient)
