"""Which questionnaire an installation asks: the unit's own file in the data folder, or else the one for wildlife crime."""

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from tipline.base.settings import SettingsError
from tipline.questionnaire import reading
from tipline.questionnaire.model import Questionnaire
from tipline.questionnaire.reading import QuestionnaireError

FILE: Final = "questionnaire.toml"

_DEFAULT: Final = "wildlife.toml"


def load(data: Path) -> Questionnaire:
    """Return the questionnaire of the data folder; raises `SettingsError`, naming each line that is wrong."""
    file = data / FILE
    try:
        toml = file.read_bytes()
    except FileNotFoundError:
        return default()
    except OSError:
        raise SettingsError(f"{file} cannot be read") from None
    try:
        return reading.read(toml)
    except QuestionnaireError as error:
        lines = "".join(f"\n  {problem}" for problem in error.problems)
        raise SettingsError(f"{file} cannot be used as a questionnaire:{lines}") from None


@cache
def default() -> Questionnaire:
    """Return the questionnaire for wildlife crime, which comes with Tipline."""
    return reading.read(files("tipline.questionnaire").joinpath("data", _DEFAULT).read_bytes())
