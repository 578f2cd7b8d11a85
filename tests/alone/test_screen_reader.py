"""A source who sees nothing reports and comes back at Tor Browser's Safest: Orca reads each page, and keys alone are pressed."""

from collections.abc import Iterable
from pathlib import Path

from tests.journeys.firefox import SAFEST, Firefox
from tests.journeys.installation import installed
from tests.journeys.screen_reader import PREFERENCES, ScreenReader

FORM = (
    "This page did not come through Tor.",
    "Tell us what you know",
    "heading level 1",
    "You will get a codename of twelve words to come back with.",
    "Someone in danger right now?",
    "What protects you here, and what does not",
    "Could anyone at Practice Unit, or above it, be part of this?",
    "No, or not that I know",
    "not selected",
    "radio button",
    "What happened?",
    "entry",
    "required",
    "check box",
    "Send safely",
    "push button",
)

THREAD = (
    "Your report",
    "heading level 1",
    "What you sent last is sealed here and waits",
    "No reply yet.",
    "Answer, or tell more",
    "entry",
    "Sign out",
    "push button",
)


def spoken_in_order(heard: Iterable[str], wanted: Iterable[str]) -> list[str]:
    """Return those of *wanted* that were not heard after the ones before them."""
    rest = iter(heard)
    return [words for words in wanted if not any(words in one for one in rest)]


def test_whoever_sees_nothing_reports_and_comes_back_by_ear_and_keys(tmp_path: Path) -> None:
    with (
        installed(tmp_path) as unit,
        ScreenReader() as reader,
        Firefox({**SAFEST, **PREFERENCES}, desktop=reader.environment) as firefox,
    ):
        firefox.open(f"{unit.url('source')}/")
        heard = reader.until("pick up replies")
        assert spoken_in_order(heard, FORM) == []

        heard += reader.tab_to(firefox, "[value=no]", "radio button")
        reader.press("space")
        reader.until("selected")
        at_message = reader.tab_to(firefox, "#message", "Short is fine.")
        assert spoken_in_order(at_message, ["What happened? entry required."]) == []
        reader.type("Crates with holes.")
        reader.tab_to(firefox, "form button", "Send safely push button.")
        reader.press("space")
        firefox.wait_for("#codename")
        told = reader.until("I have written it down. Leave")
        codename = firefox.text("#codename").split()
        assert spoken_in_order(told, ("Your report is safe with us", "Your codename", "panel")) == []
        words = told[told.index("panel") + 1 : told.index("leaving panel.")]
        assert " ".join(words).split() == codename

        firefox.open(f"{unit.url('source')}/return")
        asked = reader.until("Focus mode")
        assert spoken_in_order(asked, ("Your codename entry required.", "Twelve words, or forty digits")) == []
        assert "invalid entry" not in " ".join((*heard, *at_message, *asked))  # before anything was typed

        reader.type(" ".join([*codename[:-1], "wrongword"]))
        reader.tab_to(firefox, "main form button", "push button")
        reader.press("space")
        firefox.wait_for("#codename-problem")
        refused = reader.until("Focus mode")
        assert spoken_in_order(refused, ("invalid entry", "Not a word of any codename: “wrongword”.")) == []

        reader.press("ctrl+a")
        reader.type(" ".join(codename))
        reader.tab_to(firefox, "main form button", "push button")
        reader.press("space")
        assert spoken_in_order(reader.until("Erase everything"), THREAD) == []
