"""What an officer's open.html wrote, understood for one package or refused by its cause. Pure: stores and opens nothing."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from crypto.digest import acknowledgement_check
from crypto.statement import Statement
from handling.agencyfiles import (
    SEALED,
    Acknowledged,
    AgencyFileError,
    AgencyKey,
    Fault,
    SealedAnswer,
    SealedBreach,
    SealedDestruction,
    typed_statement,
)
from handling.exchange.package import Package
from handling.store.agencies import Agency

Said = Acknowledged | SealedAnswer | SealedDestruction | SealedBreach


class Refusal(Enum):
    """Why it was not taken, in the words that the officer reads."""

    NOTHING = "Paste the text that open.html wrote, or choose its file."
    BOTH = "There is text in the box and a file beside it. Send one of them."
    UNREADABLE = (
        "This is not what open.html writes, or a part of it was lost on the way. Copy the whole text, from the first "
        "brace to the last, or choose the file that open.html saved."
    )
    ENROLMENT = (
        "This is your agency's enrolment file. It goes to the unit when you enrol, and says nothing of a package."
    )
    OTHER_TYPE = "This is signed, and is nothing that an agency says of a package."
    NO_KEY = (
        "Your agency has enrolled no key for acknowledgements, so nothing that open.html signs can be checked here. "
        "Acknowledge with the hash, and answer in the form, below."
    )
    OTHER_KEY = (
        "This is signed with another key than the one that your agency enrolled. Use the key file that belongs to the "
        "enrolled key, or ask the unit which fingerprint it has for you."
    )
    CHANGED = "This was changed after it was signed. Let open.html write it once more."
    FORMAT = "This is signed with your agency's key, and is not of the form that open.html writes."
    OTHER_PACKAGE = "This is about another package of your agency. Open that package here and hand it in there."
    NOT_YOURS = "This is about a package that was not released to your agency."
    OTHER_ZIP = (
        "This names another ZIP than the one in this package. Download the package again and open it again. If it "
        "happens twice, call the unit."
    )
    ACKNOWLEDGED = "This package is acknowledged already. Nothing more is needed."
    NOT_SEALED = (
        "This is no sealed file as open.html or age writes it for the unit, it was cut on the way, or it is larger than "
        "material may be. Copy the whole text, from the line that begins the file to the line that ends it, or choose "
        "the file."
    )
    SENT = "This very file is here already, and counts once."
    TOO_MANY = (
        "The unit has yet to open 200 files of your agency, and takes no more until it has. Call the unit, on a number "
        "that you already have."
    )
    ANSWERED = "This very text is here already, and counts once. To add something, let open.html write a new one."


class NotTakenError(Exception):
    """Nothing was taken; *refusal* says why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.name)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Handed:
    """A statement that the agency's pinned key has signed, and what it says; about which package is not judged yet."""

    statement: Statement
    said: Said


_FAULTS: Mapping[Fault, Refusal] = {
    Fault.UNREADABLE: Refusal.UNREADABLE,
    Fault.OTHER_TYPE: Refusal.OTHER_TYPE,
    Fault.OTHER_KEY: Refusal.OTHER_KEY,
    Fault.CHANGED: Refusal.CHANGED,
    Fault.FORMAT: Refusal.FORMAT,
}
_KINDS: Mapping[str, type[Said]] = {
    Acknowledged.TYPE: Acknowledged,
    **{one.TYPE: one for one in SEALED.values()},
}


def chosen(typed: str, uploaded: str) -> str:
    """Return the text of the box or of the file, whichever was given, or raise `NotTakenError`."""
    given = [text for text in (typed, uploaded) if text.strip()]
    if len(given) != 1:
        raise NotTakenError(Refusal.BOTH if given else Refusal.NOTHING)
    return given[0]


def read(text: str, agency: Agency) -> Handed:
    """Read what was pasted and check it under the key that *agency* enrolled, or raise `NotTakenError`."""
    try:
        statement = typed_statement(text)
        if statement.type == AgencyKey.TYPE:
            raise NotTakenError(Refusal.ENROLMENT)
        if statement.type not in _KINDS:
            raise NotTakenError(Refusal.OTHER_TYPE)
        if agency.acknowledge is None:
            raise NotTakenError(Refusal.NO_KEY)
        return Handed(statement, _KINDS[statement.type].read(statement, agency.acknowledge))
    except AgencyFileError as error:
        raise NotTakenError(_FAULTS[error.fault]) from None


def check(handed: Handed, package: Package) -> None:
    """Hold an acknowledgement against the package that it names, or raise `NotTakenError`."""
    said = handed.said
    if isinstance(said, Acknowledged):
        if not hmac.compare_digest(acknowledgement_check(said.zip_sha256), package.check):
            raise NotTakenError(Refusal.OTHER_ZIP)
        if package.acknowledged_on is not None:
            raise NotTakenError(Refusal.ACKNOWLEDGED)
