"""Onion addresses: those of Tor's own specification are read, and one wrong letter anywhere is found."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tipline import onion
from tipline.onion import OnionError

# Examples of Tor Rendezvous Specification v3, "Encoding onion addresses".
EXAMPLES = (
    "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion",
    "sp3k262uwy4r2k3ycr5awluarykdpag6a7y33jxop4cs2lu5uz5sseqd.onion",
    "xa4r2iadxm55fbnqgwwi5mymqdcofiu3w6rpbtqn7b2dyn7mgwj64jyd.onion",
)
LETTERS = "abcdefghijklmnopqrstuvwxyz234567"


def encoded(key: bytes, version: bytes = b"\x03") -> str:
    checksum = hashlib.sha3_256(b".onion checksum" + key + version).digest()[:2]
    return base64.b32encode(key + checksum + version).decode().lower() + ".onion"


@pytest.mark.parametrize("address", EXAMPLES)
def test_an_address_of_the_specification_is_read(address: str) -> None:
    assert onion.read(address) == address


@given(st.binary(min_size=32, max_size=32))
def test_every_key_has_an_address_that_is_read(key: bytes) -> None:
    assert onion.read(encoded(key)) == encoded(key)


def test_blanks_around_it_and_large_letters_are_forgiven() -> None:
    assert onion.read(f"  {EXAMPLES[0].upper()}\n") == EXAMPLES[0]


@pytest.mark.parametrize("place", range(56))
def test_one_wrong_letter_is_found_wherever_it_stands(place: int) -> None:
    right = EXAMPLES[0]
    wrong = LETTERS[(LETTERS.index(right[place]) + 1) % len(LETTERS)]

    with pytest.raises(OnionError, match="a letter of this onion address is wrong"):
        onion.read(right[:place] + wrong + right[place + 1 :])


def test_another_version_is_refused_although_its_checksum_holds() -> None:
    with pytest.raises(OnionError):
        onion.read(encoded(bytes(32), version=b"\x04"))


@pytest.mark.parametrize(
    "text",
    ["", "example.org", "facebookcorewwwi.onion", EXAMPLES[0].removesuffix(".onion"), f"http://{EXAMPLES[0]}/"],
)
def test_what_has_another_shape_is_refused_with_what_to_do(text: str) -> None:
    with pytest.raises(OnionError, match="copy it from Tor's file `hostname`"):
        onion.read(text)
