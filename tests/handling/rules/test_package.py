"""The package is one reproducible ZIP, and nothing that differs by a byte is a package."""

import hashlib
import io
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handling.rules.package import MANIFEST, NAMES, SIZE_MAX, PackageError, hashes, pack, unpack

MEMBERS = {
    "1-read-first.html": b"<p>first",
    "report.html": b"<p>report",
    "report.json": b"{}",
    "manifest.json": b'{"format":"x"}',
}
PACKAGE = pack(MEMBERS)


def a_zip(
    members, *, compression=zipfile.ZIP_STORED, comment=b"", date=(1980, 1, 1, 0, 0, 0), mode=0o644 << 16, extra=b""
):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as archive:
        archive.comment = comment
        for name, data in members:
            info = zipfile.ZipInfo(name, date)
            info.create_system, info.external_attr, info.extra = 3, mode, extra
            archive.writestr(info, data, compress_type=compression)
    return target.getvalue()


SORTED = sorted(MEMBERS.items())


def test_a_package_opens_to_what_was_packed():
    assert unpack(PACKAGE) == MEMBERS


def test_any_zip_program_reads_it():
    with zipfile.ZipFile(io.BytesIO(PACKAGE)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == sorted(NAMES)


def test_the_same_members_give_the_same_bytes_on_every_machine():
    reordered = dict(reversed(MEMBERS.items()))

    assert pack(reordered) == PACKAGE
    assert hashlib.sha256(PACKAGE).hexdigest() == "acbb1e6fd3b2f38cd8aaab59be5ba296d8de227323d0ae53ee0c07ea70c82b86"


def test_the_plain_builder_of_these_tests_makes_the_same_bytes():
    assert a_zip(SORTED) == PACKAGE


@pytest.mark.parametrize("name", sorted(NAMES))
def test_no_member_may_be_missing(name):
    with pytest.raises(PackageError):
        pack({key: value for key, value in MEMBERS.items() if key != name})


@pytest.mark.parametrize("name", ["notes.txt", "../report.json", "a/report.json", "REPORT.JSON", ""])
def test_no_other_member_may_be_there(name):
    with pytest.raises(PackageError):
        pack({**MEMBERS, name: b""})
    with pytest.raises(PackageError):
        unpack(a_zip([*SORTED, (name or "empty", b"")]))


def test_too_much_is_refused_on_both_ways():
    with pytest.raises(PackageError):
        pack({**MEMBERS, "report.html": b"x" * SIZE_MAX})
    with pytest.raises(PackageError):
        unpack(PACKAGE + b"\0" * SIZE_MAX)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_duplicate_member_is_refused():
    with pytest.raises(PackageError):
        unpack(a_zip([*SORTED, ("report.json", b"other")]))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK",
        PACKAGE[:-1],
        PACKAGE + b"\0",
        b"\0" + PACKAGE,
        PACKAGE + PACKAGE,
        a_zip(SORTED, comment=b"hello"),
        a_zip(SORTED, compression=zipfile.ZIP_DEFLATED),
        a_zip(SORTED, compression=zipfile.ZIP_BZIP2),
        a_zip(SORTED, date=(2026, 11, 23, 23, 10, 0)),
        a_zip(SORTED, mode=0o600 << 16),
        a_zip(SORTED, extra=struct.pack("<HH4s", 0xCAFE, 4, b"leak")),
        a_zip(reversed(SORTED)),
        a_zip(SORTED[:3]),
    ],
    ids=[
        "nothing",
        "a stub",
        "cut",
        "a byte after",
        "a byte before",
        "twice",
        "a comment",
        "deflated",
        "bzip2",
        "a true time",
        "another mode",
        "an extra field",
        "another order",
        "one missing",
    ],
)
def test_every_other_form_of_the_same_content_is_refused(data):
    with pytest.raises(PackageError):
        unpack(data)


def test_a_compression_bomb_is_refused_before_it_is_opened():
    bomb = a_zip([*SORTED[:3], ("report.json", b"\0" * (64 * 1024 * 1024))], compression=zipfile.ZIP_DEFLATED)

    assert len(bomb) < SIZE_MAX
    with pytest.raises(PackageError):
        unpack(bomb)


@given(st.integers(0, len(PACKAGE) - 1), st.integers(1, 255))
def test_no_byte_can_be_changed_without_changing_the_members_or_being_refused(position, flip):
    damaged = bytearray(PACKAGE)
    damaged[position] ^= flip

    with pytest.raises(PackageError):
        unpack(bytes(damaged))


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_refused_and_nothing_else_happens(data):
    with pytest.raises(PackageError):
        unpack(data)


@given(st.fixed_dictionaries({name: st.binary(max_size=300) for name in NAMES}))
def test_any_content_of_the_four_members_comes_back(members):
    assert unpack(pack(members)) == members


def test_the_manifest_lists_every_member_but_itself():
    assert set(hashes(MEMBERS)) == NAMES - {MANIFEST}
    assert hashes(MEMBERS)["report.json"] == hashlib.sha256(b"{}").hexdigest()
