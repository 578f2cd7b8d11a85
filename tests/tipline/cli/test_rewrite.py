"""`tipline rewrite`: the public zone forgets at once, for whoever runs it from a timer."""

import argparse
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tipline.base.settings import Settings, SettingsError
from tipline.cli import rewrite


def test_the_zone_is_rewritten_and_the_day_is_noted(settings: Settings) -> None:
    assert rewrite.run(argparse.Namespace(), settings) == 0

    assert (settings.public / "rewritten").read_text() == f"{datetime.now(UTC).date()}\n"


def test_a_machine_without_the_public_zone_is_told_so(settings: Settings) -> None:
    with pytest.raises(SettingsError, match="public"):
        rewrite.run(argparse.Namespace(), replace(settings, zones=("inside",)))
