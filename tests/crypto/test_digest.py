import hashlib

from crypto.digest import Sha256, acknowledgement_check, sha256


def test_a_stream_has_the_hash_of_the_whole() -> None:
    running = Sha256()
    running.update(b"a")
    running.update(memoryview(b"bc"))

    assert running.digest() == sha256(b"abc") == hashlib.sha256(b"abc").digest()


def test_the_acknowledgement_is_the_hash_of_the_hash_behind_its_label() -> None:
    package = sha256(b"a package")

    assert acknowledgement_check(package) == hashlib.sha256(b"tipline/acknowledgement/v1\n" + package).digest()
    assert acknowledgement_check(package) != acknowledgement_check(sha256(b"another"))
