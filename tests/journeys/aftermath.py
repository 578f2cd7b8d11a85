"""What is looked at once everything runs again: is what people saw done there once and whole, and does nothing lie about?"""

import asyncio
import hashlib
import io
import json
import os
import subprocess
import time
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import asyncpg

from crypto import age
from crypto.pgp import Gpg, verify_detached
from crypto.secret import Secret
from tests.journeys.installation import Installation
from tests.journeys.office import Office, Release, Told, answer_to, tips_of
from tests.journeys.stubborn import Source, Worker

_AGED = 2 * 3600.0  # seconds: what is younger than an hour in a keyring may be of a row about to come

_RELEASES = """
    SELECT release.id, release.state, octet_length(release.sealed) AS kept,
           (SELECT count(*) FROM guard.signature WHERE subject = release.id AND kind = 'manifest') AS signatures,
           EXISTS (SELECT FROM exchange.package WHERE id = release.id) AS left,
           EXISTS (SELECT FROM desk.release AS line WHERE line.id = release.id) AS listed
      FROM guard.release AS release
"""
_WHOLE = {"waiting": (0, False), "signed-once": (1, False), "released": (2, True)}
_PARTNERLESS = """
    SELECT 'a package without a release' AS what, id FROM exchange.package
     WHERE id NOT IN (SELECT id FROM guard.release)
     UNION ALL
    SELECT 'a line of the desk that the guard was not asked for', id FROM desk.release
     WHERE id NOT IN (SELECT id FROM guard.release)
     UNION ALL
    SELECT 'a signed review whose report is not at the desk', id FROM guard.review
     WHERE state = 'signed' AND (SELECT count(*) FROM desk.inbox WHERE inbox.id = review.id)
                              + (SELECT count(*) FROM desk.report WHERE report.id = review.id) <> 1
     UNION ALL
    SELECT 'a queued report that the guard was not asked to review', id FROM corridor.report
     WHERE state <> 'draft' AND id NOT IN (SELECT id FROM guard.review)
     UNION ALL
    SELECT 'a thread without a tip', id FROM corridor.thread WHERE id NOT IN (SELECT thread FROM corridor.tip)
     UNION ALL
    SELECT 'a reply that is in no thread', id FROM corridor.outgoing WHERE id NOT IN (SELECT id FROM corridor.message)
"""
_COUNTS = {
    "inside": """
        SELECT (SELECT count(*) FROM corridor.tip) AS tips,
               (SELECT count(*) FROM corridor.thread) AS threads,
               (SELECT count(*) FROM corridor.message WHERE direction = 'in') AS messages,
               (SELECT count(*) FROM corridor.file) AS files,
               (SELECT count(*) FROM corridor.file WHERE state <> 'whole') AS broken,
               (SELECT count(*) FROM corridor.envelope WHERE kind = 'message') AS envelopes,
               (SELECT count(*) FROM corridor.envelope WHERE state <> 'resealed') AS unopened,
               (SELECT count(*) FROM corridor.outgoing) AS replies
    """,
    "public": """
        SELECT (SELECT count(*) FROM zone.mailbox) AS mailboxes,
               (SELECT count(*) FROM zone.submission) AS submissions,
               (SELECT count(*) FROM zone.envelope) AS waiting
    """,
}
_RECORDS = {
    "corridor": "SELECT id FROM corridor.thread UNION SELECT id FROM corridor.report",
    "desk": "SELECT id FROM desk.report",
}
_BLOBS = {
    "public/blobs": ("public", "SELECT id FROM zone.envelope"),
    "inside/corridor/blobs": ("inside", "SELECT id FROM corridor.envelope WHERE state <> 'resealed'"),
    "inside/corridor/files": ("inside", "SELECT id FROM corridor.part"),
}


async def wrong_tips(office: Office, sources: Sequence[Source], told: Told) -> list[str]:
    """Read every tip as a handler does; say what is missing, doubled or not as its source sent it."""
    wrong, paths, found = [], {}, Counter[int]()
    address = "/?state=all"
    while address:
        page = await office.ben.open(address)
        for number, path in tips_of(page):
            found[number] += 1
            paths[number] = path
            if sources[number].text not in page.text:
                wrong.append(f"tip {number} has other words")
        address = next((href for href, _ in page.links if "after=" in href and "#" not in href), "")
    wrong += [
        f"tip {one.number} was shown a codename and is inside {found[one.number]} times"
        for one in sources
        if one.codename and found[one.number] != 1
    ]
    wrong += [f"tip {number} is inside {times} times" for number, times in found.items() if times > 1]
    for one in sources:
        if one.codename and one.number in paths and (one.data is not None or one.number in told.replies):
            wrong += await _wrong_tip(office.ben, paths[one.number], one, told)
    return wrong


async def _wrong_tip(handler: Worker, path: str, source: Source, told: Told) -> list[str]:
    page = await handler.open(path)
    wrong = []
    for reply in told.replies.get(source.number, ()):
        if page.text.count(reply) != 1:
            wrong.append(f"tip {source.number} shows “{reply}” {page.text.count(reply)} times")
        there = page.text.count(answer_to(reply))
        if there > 1 or (there == 0 and answer_to(reply) in source.answers):
            wrong.append(f"tip {source.number} shows “{answer_to(reply)}” {there} times")
    links = sorted({href for href, _ in page.links if "/files/" in href})
    data = [await handler.file(link) for link in links]
    if data != ([] if source.data is None else [source.data]):
        wrong.append(f"tip {source.number} has {len(data)} whole files, of {[len(one) for one in data]} bytes")
    return wrong


async def wrong_replies(sources: Sequence[Source], told: Told) -> list[str]:
    """Let every source with a reply come back; say which reply it does not read once."""
    wrong = []
    for number, replies in told.replies.items():
        if sources[number].codename:
            text = await sources[number].reads()
            wrong += [
                f"source {number} reads “{reply}” {text.count(reply)} times"
                for reply in replies
                if text.count(reply) != 1
            ]
    return wrong


async def wrong_releases(on: Installation, released: Sequence[Release], folder: Path) -> list[str]:
    """Let both officers fetch what is theirs, verify and open it with stock tools; hold it against what was seen to leave."""
    wrong, fetched = [], Counter[str]()
    for agency, officer in (("harbour-customs", "dario"), ("river-parks", "elena")):
        worker = Worker(on, "exchange", officer)
        try:
            listed = await worker.open("/")
            for link in [href for href, _ in listed.links if "/packages/" in href]:
                place = folder / link.rsplit("/", 1)[1]
                place.mkdir(mode=0o700)
                page = await worker.open(link)
                for href in {href for href, _ in page.links if "/package." in href or "/keys/" in href}:
                    (place / href.rsplit("/", 1)[1]).write_bytes(await worker.file(href))
                archive = await asyncio.to_thread(_with_age if agency == "harbour-customs" else _with_gpg, on, place)
                with zipfile.ZipFile(io.BytesIO(archive)) as opened:
                    manifest = json.loads(opened.read("manifest.json"))
                    whole = all(
                        hashlib.sha256(opened.read(name)).hexdigest() == digest
                        for name, digest in manifest["members"].items()
                    )
                fetched[manifest["release"]] += 1
                if not whole or manifest["agency"] != agency or manifest["release"] != place.name:
                    wrong.append(f"package {place.name} at {agency} is not the release it is named after")
        finally:
            await worker.close()
    wrong += [
        f"release {one.id} was seen to leave and is at the exchange {fetched[one.id]} times"
        for one in released
        if fetched[one.id] != 1
    ]
    for row in await fetch(on, "inside", _RELEASES):
        whole = _WHOLE.get(row["state"]) == (row["signatures"], row["left"]) and row["listed"]
        if not whole or (row["kept"] == 0) != row["left"]:
            wrong.append(f"a release is half done: {dict(row)}")
    return wrong + [f"{row['what']}: {row['id']}" for row in await fetch(on, "inside", _PARTNERLESS)]


async def wrong_sums(on: Installation, sources: Sequence[Source], told: Told) -> list[str]:
    """Say which numbers of the two halves do not add up."""
    (inside,) = await fetch(on, "inside", _COUNTS["inside"])
    (public,) = await fetch(on, "public", _COUNTS["public"])
    shown = [one for one in sources if one.codename]
    replies = sum(len(texts) for texts in told.replies.values())
    checks = {
        "each mailbox is one thread with one tip": public["mailboxes"] == inside["threads"] == inside["tips"],
        "no codename without a tip": inside["tips"] >= len(shown),
        "each message is one envelope": inside["messages"] == inside["envelopes"],
        "each form is one tip, answer or file": public["submissions"] == inside["messages"],
        "every file is whole": inside["broken"] == 0 and inside["files"] >= sum(one.data is not None for one in shown),
        "nothing waits outside": public["waiting"] == 0,
        "nothing lies unopened inside": inside["unopened"] == 0,
        "each reply is on its way once": inside["replies"] == replies,
    }
    return [f"not true: {words} ({dict(inside)}, {dict(public)})" for words, true in checks.items() if not true]


async def orphans(on: Installation) -> Mapping[str, list[str]]:
    """Return what lies in the folders and is named by no row: blobs, record keys, unfinished files."""
    found: dict[str, list[str]] = {}
    for folder, (zone, sql) in _BLOBS.items():
        named = {str(row["id"]) for row in await fetch(on, zone, sql)}
        found[folder] = [path.name for path in (on.data / folder).iterdir() if path.name not in named]
        lost = named - {path.name for path in (on.data / folder).iterdir()}
        if lost:
            found[f"missing in {folder}"] = sorted(lost)
    for zone, sql in _RECORDS.items():
        named = {str(row["id"]) for row in await fetch(on, "inside", sql)}
        keyring = on.data / "inside" / zone / "keyring"
        kept = {path.stem for kind in ("record", "restricted") for path in keyring.glob(f"{kind}/*.age")}
        found[f"{zone} keyring"] = sorted(kept - named)
        if named - kept:
            found[f"missing in the {zone} keyring"] = sorted(named - kept)
        found[f"{zone} keyring, unfinished"] = [path.name for path in keyring.glob("*/.*")]
    return {place: names for place, names in found.items() if names}


def grow_old(on: Installation) -> None:
    """Make every record key two hours old, as if the sweep came later in the day."""
    then = time.time() - _AGED
    for path in on.data.glob("inside/*/keyring/*/*"):
        os.utime(path, (then, then))
    for path in on.data.glob("inside/*/keyring/*/.*"):
        os.utime(path, (then, then))


async def fetch(on: Installation, zone: str, sql: str) -> list[asyncpg.Record]:
    """Look into a database as its owner."""
    connection = await asyncpg.connect(on.owner_dsn(zone))
    try:
        return await connection.fetch(sql)
    finally:
        await connection.close()


def _with_age(on: Installation, folder: Path) -> bytes:
    sealed = folder / "package.age"
    command = ("ssh-keygen", "-Y", "verify", "-I", "tipline", "-n", "tipline-package")
    signers = ("-f", str(folder / "allowed_signers"), "-s", f"{sealed}.sig")
    subprocess.run([*command, *signers], input=sealed.read_bytes(), check=True, capture_output=True, timeout=60)
    key = (on.data / "practice" / "harbour-customs" / "key.txt").read_text().strip()
    return age.open_(sealed.read_bytes(), [age.Identity.parse(key)])


def _with_gpg(on: Installation, folder: Path) -> bytes:
    theirs = on.data / "practice" / "river-parks"
    sealed = (folder / "package.zip.gpg").read_bytes()
    unit = next(path for path in folder.iterdir() if path.suffix == ".asc" and "package.zip" not in path.name)
    verify_detached(unit.read_text(), sealed, (folder / "package.zip.gpg.asc").read_bytes())
    with Gpg(theirs / "gnupg") as gpg:
        return gpg.decrypt(sealed, Secret((theirs / "passphrase.txt").read_bytes().strip()))
