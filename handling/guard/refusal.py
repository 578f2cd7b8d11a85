"""Why nothing leaves and nothing is signed: a few named causes with fixed text, and every reason of a check at once. Pure."""

from dataclasses import dataclass


class GuardError(Exception):
    """Root of what stops an act of the guard. Nothing was stored; the text is shown to the person as it stands."""

    text = "The guard does not do this."

    def __init__(self) -> None:
        super().__init__(self.text)


class NoSuchRequestError(GuardError):
    """Nobody asked for this."""

    text = "There is no such request."


class NotNowError(GuardError):
    """This person may not do this now; the text is the rule's reason."""

    def __init__(self, reason: str) -> None:
        self.text = reason
        super().__init__()


class ChangedError(GuardError):
    """What would be signed is not what was shown."""

    text = "This is not what you were shown: it was changed meanwhile. Nothing was signed. Open it again and read it again."


class NoWordError(GuardError):
    """Public-interest immunity is claimed, and the officer said nothing about it."""

    text = (
        "Public-interest immunity is claimed for part of this report. Nothing was signed and nothing left: say on the page"
        " that it leaves all the same, or refuse it."
    )


class MovedError(GuardError):
    """Somebody else decided first."""

    text = "Somebody else signed or refused this meanwhile. Nothing was done. Look at it again."


@dataclass(frozen=True, slots=True)
class Refused:
    """The answer of a check that found something; never empty."""

    reasons: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.reasons:
            raise ValueError("a refusal says why")


NOT_OVER_THIS = (
    "This signature is not its signer's over what stands here now. Somebody changed one or the other: take the request along"
    " again and have it signed anew."
)


class RefusedError(GuardError):
    """A check found something; the page shows every reason."""

    text = "The guard refuses. Nothing was signed and nothing leaves."

    def __init__(self, refused: Refused) -> None:
        super().__init__()
        self.refused = refused
