"""What is owed on a ledger of a thousand releases, as the desk's first page counts it: opened, read and drawn, without the database."""

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast
from uuid import uuid4

from crypto import age
from handling.desk import everything, feedback, ledger
from handling.desk.case import Since
from handling.desk.everything import Count
from handling.desk.session import Desk
from handling.desk.store import AnswerRow, InboxRow, ReleaseRow
from handling.store import epochs
from handling.store.keyring import Keyring
from handling.store.vault import OpenVault
from tests.benchmarks.table import Row
from tests.handling.rules.samples import AGREEMENT, TODAY
from tests.handling.rules.test_manifest import MANIFEST

RELEASES, ANSWERS, BATCH = 1_000, 3, 200
_ZIP = bytes(32)


@dataclass(frozen=True, slots=True)
class _Session:
    """Of a desk's session what opening needs."""

    vault: OpenVault
    intake: age.Identity


def figures(folder: Path) -> list[Row]:
    """Count once with every record key still wrapped, and once with them at hand."""
    member, epoch = age.Identity.generate(), age.Identity.generate()
    keyring = Keyring(folder)
    keyring.put("vault", "1", epochs.seal(epoch, [member.recipient], version=1))
    vault = OpenVault.open(keyring, epoch=1, recipient=epoch.recipient, recovery=member.recipient, member=member)
    batches = _made(vault)
    again = OpenVault.open(keyring, epoch=1, recipient=epoch.recipient, recovery=member.recipient, member=member)
    desk = cast("Desk", _Session(again, member))
    first, warm = _counted(desk, batches), _counted(desk, batches)
    work = f"count what is owed on {RELEASES:,} releases with {ANSWERS} answers each, one core"
    return [Row(work, f"{warm:.2f} s", f"{first:.2f} s on a session's first page, with {RELEASES:,} keys to unwrap")]


def _made(vault: OpenVault) -> list[tuple[list[ReleaseRow], Since]]:
    """The ledger's rows in batches, each with the answers beside it."""
    said = feedback.parse_answer(
        "acknowledgement", {"release": str(uuid4()), "zip_sha256": _ZIP.hex(), "day": TODAY.isoformat()}
    )
    batches = []
    for _ in range(RELEASES // BATCH):
        rows = [_row(vault) for _ in range(BATCH)]
        answers = [_answer(vault, row, said) for row in rows for _ in range(ANSWERS)]
        batches.append((rows, Since(answers, (), {AGREEMENT.agency.id: (AGREEMENT,)}, {}, {})))
    return batches


def _row(vault: OpenVault) -> ReleaseRow:
    release, report = uuid4(), uuid4()
    vault.new_record(report)
    sealed = ledger.seal(vault, report=report, manifest=replace(MANIFEST, release=release), zip_sha256=_ZIP)
    return ReleaseRow(
        id=release,
        report=report,
        agency=AGREEMENT.agency.id,
        agency_name="Customs",
        acknowledge=None,
        requested_by="amina",
        requested_on=TODAY,
        sealed=sealed,
        state="released",
        reason=None,
    )


def _answer(vault: OpenVault, row: ReleaseRow, said: feedback.Answer) -> AnswerRow:
    return feedback.seal(vault, row, InboxRow(uuid4(), "acknowledgement", TODAY, b""), said)


def _counted(desk: Desk, batches: list[tuple[list[ReleaseRow], Since]]) -> float:
    count, began = Count(), time.process_time()
    for rows, beside in batches:
        for line in everything._lines(desk, rows, beside, TODAY):
            if line is None:
                raise RuntimeError("a release does not open")
            count.add(line.standings)
    spent = time.process_time() - began
    if not count.owed:
        raise RuntimeError("nothing was counted")
    return spent
