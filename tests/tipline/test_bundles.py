"""What a mailbox holds: one size whatever is in it, the newest replies, and no archive but our own form."""

import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto import age
from tests.tipline.envelope.samples import SOURCE, UNIT, a_reply
from tipline import bundles, envelope
from tipline.envelope import EnvelopeError


@pytest.mark.parametrize("count", [0, 1, 5, 40])
def test_every_bundle_has_one_size_and_keeps_the_newest_replies(count: int) -> None:
    recipient = SOURCE.identity.recipient
    inner = [a_reply(n + 1).seal(SOURCE.to_source, recipient) for n in range(count)]

    bundle = bundles.pack_bundle(inner, recipient)

    assert len(bundle) == bundles.SEALED_BUNDLE_BYTES
    opened = bundles.open_bundle(bundle, SOURCE.identity)
    assert opened == inner[count - len(opened) :]
    assert len(opened) == min(count, 9)


def test_the_largest_reply_fits_a_bundle() -> None:
    inner = a_reply(text="x" * (envelope.REPLY_BYTES - 600)).seal(SOURCE.to_source, SOURCE.identity.recipient)

    assert bundles.open_bundle(bundles.pack_bundle([inner], SOURCE.identity.recipient), SOURCE.identity) == [inner]


def a_tar(member: tarfile.TarInfo, data: bytes) -> bytes:
    return member.tobuf(tarfile.GNU_FORMAT) + data + bytes(-len(data) % 512)


def sparse() -> bytes:
    """A member of 512 bytes that says it is 8 GiB: tar readers make the holes as zeros, in memory."""
    info = tarfile.TarInfo("001.age")
    info.size, info.mode, info.type = 512, 0o600, tarfile.GNUTYPE_SPARSE
    block = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    block[386:410] = b"%011o\0%011o\0" % (0, 512)
    block[483:495] = b"%011o\0" % (8 * 2**30 - 1)
    block[148:156] = b"        "
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) + bytes(512)


def renamed(name: str, **changed: object) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mode = 3, 0o600
    for key, value in changed.items():
        setattr(info, key, value)
    return a_tar(info, b"abc")


@pytest.mark.parametrize(
    "archive",
    [
        sparse(),
        renamed("../../001.age"),
        renamed("002.age"),
        renamed("001.age", mode=0o644),
        renamed("001.age", mtime=1),
        renamed("001.age", uname="root"),
        renamed("001.age", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        bundles._member("001.age", b"abc")[:-1] + b"x",
        bundles._member("001.age", b"abc") + bytes(512) + bundles._member("002.age", b"abc"),
        bundles._member("001.age", b"x" * (bundles.BUNDLE_BYTES - 1024)),
        b"x" * bundles.BUNDLE_BYTES,
        b"",
        bytes(bundles.BUNDLE_BYTES + 1),
    ],
    ids=[
        "sparse",
        "a path",
        "another number",
        "another mode",
        "a time",
        "an owner",
        "a link",
        "other filling",
        "a hole",
        "no end",
        "no tar",
        "empty",
        "another size",
    ],
)
def test_an_archive_that_we_would_not_have_written_is_refused_whoever_sealed_it(archive: bytes) -> None:
    recipient = SOURCE.identity.recipient
    filled = archive.ljust(bundles.BUNDLE_BYTES, b"\0") if archive else archive

    with pytest.raises(EnvelopeError):
        bundles.open_bundle(age.seal(filled, [recipient]), SOURCE.identity)


@given(st.lists(st.binary(max_size=2000), max_size=9))
@settings(max_examples=40, deadline=None)
def test_any_files_that_fit_come_out_of_a_bundle_as_they_went_in(inner: list[bytes]) -> None:
    assert bundles.open_bundle(bundles.pack_bundle(inner, SOURCE.identity.recipient), SOURCE.identity) == inner


def test_a_bundle_cut_or_lengthened_by_a_byte_does_not_open() -> None:
    bundle = bundles.pack_bundle([b"abc"], SOURCE.identity.recipient)

    for wrong in (bundle[:-1], bundle + b"\0", b""):
        with pytest.raises(EnvelopeError):
            bundles.open_bundle(wrong, SOURCE.identity)


def test_a_bundle_for_somebody_else_does_not_open() -> None:
    with pytest.raises(EnvelopeError):
        bundles.open_bundle(bundles.pack_bundle([], UNIT.recipient), age.Identity.generate())
