"""Settings are read once; whatever is unknown, missing or half said refuses, and says what to do."""

from datetime import time
from pathlib import Path

import pytest

from tipline.base import settings
from tipline.base.languages import LANGUAGES, spoken
from tipline.base.settings import SettingsError
from tipline.text import spoken_by

_REAL = 'unit = "unit"\nname = "Wildlife Unit"\n'
_PRACTICE = f"practice = true\n{_REAL}"


def a_folder(tmp_path: Path, text: str) -> Path:
    (tmp_path / "tipline.toml").write_text(text, "utf-8")
    return tmp_path


def test_a_practice_unit_needs_three_lines(tmp_path: Path) -> None:
    read = settings.load(a_folder(tmp_path, _PRACTICE), {})

    assert (read.practice, read.unit, read.name, read.host) == (True, "unit", "Wildlife Unit", "127.0.0.1")
    assert read.ports == {"source": 8080, "corridor": 8081, "exchange": 8082, "drop": 8083, "desk": 8084, "guard": 8085}
    assert read.bundle_times == (time(6), time(18))
    assert (read.public_dsn, read.inside_dsn) == (None, None)
    assert (read.public, read.inside, read.secrets) == (tmp_path / "public", tmp_path / "inside", tmp_path / "secrets")


def test_everything_can_be_set_in_the_file(tmp_path: Path) -> None:
    text = _PRACTICE + (
        'host = "10.0.0.1"\nemergency = "999"\nreading_hours = "weekdays 8 to 17"\nbundle_times = ["19:30", "07:15"]\n'
        'urgent_tick = 60\ntick = 600\npublic_dsn = "postgresql://a/p"\ninside_dsn = "postgresql://a/i"\n'
        'zones = ["public", "inside"]\n[ports]\nsource = 9000\n'
    )

    read = settings.load(a_folder(tmp_path, text), {})

    assert (read.host, read.emergency, read.reading_hours) == ("10.0.0.1", "999", "weekdays 8 to 17")
    assert (read.bundle_times, read.urgent_tick, read.tick) == ((time(7, 15), time(19, 30)), 60, 600)
    assert (read.public_dsn, read.inside_dsn) == ("postgresql://a/p", "postgresql://a/i")
    assert (read.ports["source"], read.ports["desk"]) == (9000, 8084)


def test_a_unit_may_have_its_drop_on_another_machine(tmp_path: Path) -> None:
    read = settings.load(a_folder(tmp_path, _PRACTICE + 'drop = "http://10.0.0.2:8083"\n'), {})

    assert read.drop == "http://10.0.0.2:8083"
    for wrong in ("ftp://10.0.0.2", "http://10.0.0.2:8083/path", "10.0.0.2:8083", "http://user@host"):
        with pytest.raises(SettingsError, match="drop must be an address"):
            settings.load(a_folder(tmp_path, _PRACTICE + f'drop = "{wrong}"\n'), {})


def test_an_onion_address_is_only_asked_for_through_tor(tmp_path: Path) -> None:
    onion = _PRACTICE + f'drop = "http://{"a" * 56}.onion"\n'

    read = settings.load(a_folder(tmp_path, onion + 'drop_proxy = "socks5h://127.0.0.1:9050"\n'), {})

    assert read.drop_proxy == "socks5h://127.0.0.1:9050"
    with pytest.raises(SettingsError, match="drop_proxy is missing although drop is an onion address"):
        settings.load(a_folder(tmp_path, onion), {})
    for wrong in ("socks5://127.0.0.1:9050", "http://127.0.0.1:9080", "127.0.0.1:9050", "socks5h://u:p@127.0.0.1:9050"):
        with pytest.raises(SettingsError, match="drop_proxy must be Tor's SOCKS port"):
            settings.load(a_folder(tmp_path, f'{onion}drop_proxy = "{wrong}"\n'), {})


def test_the_environment_has_the_last_word(tmp_path: Path) -> None:
    environ = {
        "TIPLINE_DATA": str(a_folder(tmp_path, _PRACTICE)),
        "TIPLINE_HOST": "10.0.0.2",
        "TIPLINE_PORT_SOURCE": "9001",
        "TIPLINE_TICK": "30",
        "TIPLINE_BUNDLE_TIMES": "08:00,20:00",
        "TIPLINE_PUBLIC_DSN": "postgresql://a/p",
        "TIPLINE_INSIDE_DSN": "postgresql://a/i",
    }

    read = settings.load(None, environ)

    assert (read.data, read.host, read.ports["source"], read.tick) == (tmp_path, "10.0.0.2", 9001, 30)
    assert read.bundle_times == (time(8), time(20))
    assert read.public_dsn == "postgresql://a/p"


def test_the_practice_settings_that_are_made_can_be_read_and_are_made_once(tmp_path: Path) -> None:
    folder = tmp_path / "new"

    assert settings.create_practice(folder, {})
    assert not settings.create_practice(folder, {})
    assert settings.load(folder, {}).practice


def test_a_real_unit_starts_with_its_root_key(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, _REAL)
    (folder / "inside").mkdir()
    (folder / "inside" / "root.pub").write_text("key")

    assert not settings.load(folder, {}).practice


def test_a_real_unit_without_its_root_key_can_only_be_set_up(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, _REAL)

    assert settings.read(folder, {}).unit == "unit"
    with pytest.raises(SettingsError, match=r"root\.pub is missing: put the unit's root key"):
        settings.load(folder, {})


def test_a_machine_of_the_public_zone_needs_no_root_key_and_one_database(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, _REAL + 'zones = ["public"]\npublic_dsn = "postgresql://a/p"\n')

    assert settings.load(folder, {}).zones == ("public",)


def test_a_folder_without_settings_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"run `tipline init` .* or `tipline practice`"):
        settings.load(tmp_path, {})


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("colour = 1", "colour is not a setting"),
        ('unit = "Big Unit"', "unit must be 1 to 32 of a-z, 0-9 and -"),
        ('unit = ""', "unit must be a text"),
        ("name = 3", "name must be a text"),
        ('name = " "', "name must be a text"),
        ('practice = "maybe"', "practice must be true or false"),
        ('emergency = { en = "112", de = "110" }', "emergency.de is no language of the pages"),
        ('emergency = { fr = "le 112" }', "emergency.en is missing"),
        ('reading_hours = { en = "weekdays", fr = " " }', "reading_hours.fr must be a text that is not empty"),
        ('emergency = ""', "emergency must be a text that is not empty"),
        ("emergency = 112", "emergency must be a text that is not empty"),
        ("reads = []", "reads must be a list of names"),
        ('reads = ["English", ""]', "reads must be a list of names"),
        ("practice = 1", "practice must be true or false"),
        ("tick = 0", "tick must be whole seconds"),
        ("tick = true", "tick must be whole seconds"),
        ("urgent_tick = 99999", "urgent_tick must be whole seconds"),
        ('bundle_times = ["25:00"]', "bundle_times must be a list"),
        ("bundle_times = []", "bundle_times must be a list"),
        ('bundle_times = "noon"', "bundle_times must be a list"),
        ('zones = ["outside"]', "zones must be a list"),
        ("ports = 8080", "ports must be a table"),
        ("ports = {sauce = 8080}", "ports.sauce is not a process"),
        ("ports = {source = 70000}", "ports.source must be a port"),
        ("ports = {source = 8081}", "is given to two processes"),
        ('public_dsn = "postgresql://a/p"', "inside_dsn is missing although public_dsn is set"),
        ('inside_dsn = "postgresql://a/i"', "public_dsn is missing although inside_dsn is set"),
    ],
)
def test_each_wrong_line_alone_refuses_and_names_its_key(tmp_path: Path, line: str, words: str) -> None:
    key = line.partition(" ")[0]
    kept = [other for other in _PRACTICE.splitlines() if not other.startswith(f"{key} ")]

    with pytest.raises(SettingsError, match=words):
        settings.load(a_folder(tmp_path, "\n".join([*kept, line])), {})


@pytest.mark.parametrize("key", ["unit", "name"])
def test_what_has_no_default_must_be_said(tmp_path: Path, key: str) -> None:
    kept = [line for line in _PRACTICE.splitlines() if not line.startswith(key)]

    with pytest.raises(SettingsError, match=f"{key} is missing: add"):
        settings.load(a_folder(tmp_path, "\n".join(kept)), {})


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("TIPLINE_PROT_SOURCE", "1", "TIPLINE_PROT_SOURCE is not a setting"),
        ("TIPLINE_PUBLIC_DSN", "postgresql://a/p", "set TIPLINE_INSIDE_DSN too"),
        ("TIPLINE_PORT_DESK", "many", r"ports\.desk must be a port"),
        ("TIPLINE_PRACTICE", "yes", "practice must be true or false"),
    ],
)
def test_a_wrong_variable_refuses(tmp_path: Path, variable: str, value: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        settings.load(a_folder(tmp_path, _PRACTICE), {variable: value})


@pytest.mark.parametrize("text", ["unit = ", "\udcff", "a = " + "1" * 5_000, "a = " + "[" * 5_000])
def test_a_file_that_is_not_toml_refuses(tmp_path: Path, text: str) -> None:
    (tmp_path / "tipline.toml").write_bytes(text.encode("utf-8", "surrogateescape"))

    with pytest.raises(SettingsError, match="is not TOML"):
        settings.load(tmp_path, {})


def test_words_for_sources_are_given_once_or_for_each_language(tmp_path: Path) -> None:
    (tmp_path / settings.FILE).write_text(
        f'{_PRACTICE}reads = ["English", "Deutsch"]\nemergency = {{ en = "112", fr = "le 112" }}\nreading_hours = "daily"\n'
    )

    read = settings.read(tmp_path, {})

    assert (read.emergency, read.reading_hours, read.reads) == ("112", "daily", ("English", "Deutsch"))
    with spoken_by(spoken(LANGUAGES["fr"])):
        assert (str(read.emergency), str(read.reading_hours)) == ("le 112", "daily")
    with spoken_by(spoken(LANGUAGES["vi"])):
        assert str(read.emergency) == "112"


def test_what_is_not_said_is_said_in_general_words_in_every_language(tmp_path: Path) -> None:
    (tmp_path / settings.FILE).write_text(_PRACTICE)

    read = settings.read(tmp_path, {})

    said = set()
    for language in LANGUAGES.values():
        with spoken_by(spoken(language)):
            said |= {str(read.emergency), str(read.reading_hours)}
    assert len(said) == 2 * len(LANGUAGES)
    assert read.reads == ("English",)


def test_the_guards_origin_is_a_name_under_tls_or_this_machine(tmp_path: Path) -> None:
    for origin in ("https://guard.unit.example", "https://guard.unit.example:8443", "http://localhost:8085"):
        assert settings.load(a_folder(tmp_path, _PRACTICE + f'guard_origin = "{origin}"\n'), {}).guard_origin == origin
    assert settings.load(a_folder(tmp_path, _PRACTICE), {}).guard_origin is None
    for wrong in (
        "http://guard.unit.example",
        "https://10.0.0.5",
        "https://guard.unit.example/",
        "http://localhost.example",
    ):
        with pytest.raises(SettingsError, match="guard_origin must be https"):
            settings.load(a_folder(tmp_path, _PRACTICE + f'guard_origin = "{wrong}"\n'), {})
