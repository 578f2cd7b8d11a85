"""Files go in parts and classes: what a sealed thing weighs says which class it fell into, and no more."""

import os
import random
from pathlib import Path
from uuid import UUID

import pytest

from crypto import age
from crypto.digest import sha256
from crypto.padding import PART_MAX, message_size, part_size
from tests.tipline.source.running import TODAY, TestUnit
from tipline.base.blobstore import BlobStore
from tipline.envelope import WRAPPER_BYTES, File
from tipline.parts import Address, FileSealer
from tipline.source.sealing import Outbox

KIB, MIB = 1 << 10, 1 << 20
CLASSES = (64 * KIB, 256 * KIB, MIB, 4 * MIB, 16 * MIB)
UNIT = TestUnit("unit", "unit")


def sealed(folder: Path, content: bytes) -> tuple[File, dict[UUID, int]]:
    """Seal one file as it arrives, in pieces; its sidecar and the length of each envelope."""
    outbox = Outbox(BlobStore(folder), TODAY)
    address = Address(UNIT.statement(), sha256(b"box"), TODAY, urgent=False)
    with FileSealer(outbox, address, name="film.mp4", type_="video/mp4") as sealer:
        for start in range(0, len(content), MIB):
            sealer.update(content[start : start + MIB])
        file = sealer.finish()
    return file, {envelope.id: envelope.size for envelope in outbox.publish()}


def test_a_corpus_of_files_of_all_sizes_has_as_many_lengths_as_there_are_classes(tmp_path: Path) -> None:
    chance = random.Random(3)  # noqa: S311 - sizes, no secret
    sizes = [int(2 ** chance.uniform(0, 21)) for _ in range(60)]
    sizes += [5 * MIB, 15 * MIB + 1, 17 * MIB]

    lengths = [length for size in sizes for length in sealed(tmp_path, bytes(size))[1].values()]

    assert len(set(sizes)) > 50
    assert len(set(lengths)) == len(CLASSES)
    overhead = {length - min(one for one in CLASSES if one > 0.9 * length) for length in set(lengths) if length < MIB}
    assert all(0 < each < 2 * KIB + WRAPPER_BYTES for each in overhead)


@pytest.mark.parametrize(
    ("size", "parts"),
    [
        (1, (1,)),
        (64 * KIB, (64 * KIB,)),
        (PART_MAX, (PART_MAX,)),
        (PART_MAX + 1, (PART_MAX, 1)),
        (2 * PART_MAX + 70_000, (PART_MAX, PART_MAX, 70_000)),
        (0, ()),
    ],
)
def test_a_file_is_cut_at_16_mib_and_only_its_last_part_is_padded(
    tmp_path: Path, size: int, parts: tuple[int, ...]
) -> None:
    content = os.urandom(size)

    file, _ = sealed(tmp_path, content)

    assert tuple(part.size for part in file.parts) == parts
    plain = []
    for part in file.parts:
        with BlobStore(tmp_path).open(part.id) as blob:
            envelope = blob.read()
        assert sha256(envelope) == part.sha256
        plain.append(age.open_(envelope[WRAPPER_BYTES:], [UNIT.intake]))
    assert [len(one) for one in plain] == [part_size(each) for each in parts]
    assert b"".join(one[:each] for one, each in zip(plain, parts, strict=True)) == content
    assert not any(byte for one, each in zip(plain, parts, strict=True) for byte in one[each:])


def test_no_part_is_ever_padded_past_16_mib() -> None:
    assert [part_size(size) for size in CLASSES] == list(CLASSES)
    assert part_size(4 * MIB + 1) == PART_MAX
    with pytest.raises(ValueError, match="16 MiB"):
        part_size(PART_MAX + 1)
    assert [message_size(4 * KIB * 4**n) for n in range(5)] == [4 * KIB * 4**n for n in range(5)]
