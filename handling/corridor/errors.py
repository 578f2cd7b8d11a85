"""Why the corridor does not do something: few, with fixed texts that a page shows as they stand."""


class CorridorError(Exception):
    """Root of what a handler may be told."""


class NotThereError(CorridorError):
    """There is no such tip, file, item, report or outcome."""

    def __init__(self) -> None:
        super().__init__("There is no such record.")


class MeanwhileError(CorridorError):
    """Somebody else changed the record first."""

    def __init__(self) -> None:
        super().__init__("Somebody else changed this meanwhile. Look at it as it stands now, then decide again.")


class RefusedError(CorridorError):
    """What was asked breaks a rule; the text names the rule and what to do."""
