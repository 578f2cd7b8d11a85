"""The place that a source's side keeps: one size, one mailbox, one form."""

import pytest

from crypto import columns
from crypto.canonical import canonical
from crypto.digest import sha256
from crypto.errors import OpenError
from tests.tipline.envelope.samples import MESSAGE, SOURCE
from tipline.envelope import SEALED_PLACE_BYTES, Place, ThreadState

START = ThreadState.start().body()


def test_the_place_in_a_thread_opens_only_for_its_mailbox_and_in_one_size() -> None:
    place = Place.start("unit").after(MESSAGE.encode())
    sealed = place.seal(SOURCE.state, mailbox=SOURCE.mailbox)
    far = ThreadState(2**31 - 1, bytes([255]) * 32)

    assert place == Place("unit", ThreadState(counter=1, previous=sha256(MESSAGE.encode())), ThreadState.start())
    assert Place.open(sealed, SOURCE.state, mailbox=SOURCE.mailbox) == place
    assert (
        len(sealed) == len(Place("u" * 32, far, far).seal(SOURCE.state, mailbox=SOURCE.mailbox)) == SEALED_PLACE_BYTES
    )
    with pytest.raises(OpenError):
        Place.open(sealed, SOURCE.state, mailbox=bytes(32))


@pytest.mark.parametrize(
    "plain",
    [
        b"",
        b"{}",
        b'{"heard":{},"sent":{},"unit":"unit"}',
        canonical({"heard": START, "sent": START}),
        canonical({"heard": START, "sent": START, "unit": "Unit"}),
        canonical({"heard": START, "sent": START, "unit": "u" * 33}),
        canonical({"heard": START, "sent": START, "unit": None}),
        b"[1]",
        b"\xff",
    ],
)
def test_a_place_in_a_thread_of_another_form_does_not_open(plain: bytes) -> None:
    row = {"table": "zone.mailbox", "column": "thread_state", "row": SOURCE.mailbox.hex()}
    sealed = columns.seal(SOURCE.state, plain, **row)

    with pytest.raises(OpenError):
        Place.open(sealed, SOURCE.state, mailbox=SOURCE.mailbox)
