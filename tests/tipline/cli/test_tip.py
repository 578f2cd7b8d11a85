"""`tipline tip`, as a source meets it on their own device: sealed there, opened by the unit, and nothing left behind."""

import os
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crypto import codename
from crypto.codename import Codename, SourceKeys
from crypto.digest import sha256
from crypto.signing import SigningKey
from tests.handins import Arrived, Receiver, arrived
from tests.tipline.cli.test_seal import TIPLINE, on_terminal
from tipline.bundles import Pickup, pack_bundle
from tipline.envelope import SEALED_PLACE_BYTES, Answer, File, Filled, Place, Reply, Tip
from tipline.kit import Inputs, build
from tipline.pins import Keys, Pinned, Pins
from tipline.questionnaire import answers, current
from tipline.questionnaire.carried import Carried

TODAY = datetime.now(UTC).date()
UNIT = Receiver(TODAY - timedelta(days=2))
ROOT = UNIT.root.public.hex()
TEXT = "Boxes with tusks stand in the blue warehouse.\n"
SEAL = ("tip", "seal", "--kit", "kit.html", "--root", ROOT)
REPLY = ("tip", "reply", "pickup.tar", "--kit", "keys.json", "--root", ROOT)
MIB = 1 << 20

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*use of forkpty.*:DeprecationWarning"),
    pytest.mark.usefixtures("folder"),
]


def kit(keys: Keys) -> bytes:
    """A real kit, whose script does nothing."""
    return build(Inputs(keys, "112", practice=True, questionnaire=Carried.of(current.default())), "run()")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "kit.html").write_bytes(kit(UNIT.keys()))
    (tmp_path / "keys.json").write_bytes(UNIT.keys().encode())
    (tmp_path / "text").write_text(TEXT)
    (tmp_path / "names").write_text("Officer Marek\n")
    (tmp_path / "photo.jpg").write_bytes(b"a photo")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*args: str, stdin: str | bytes = "") -> "subprocess.CompletedProcess[str]":
    given = stdin.encode() if isinstance(stdin, str) else stdin
    done = subprocess.run([*TIPLINE, *args], input=given, capture_output=True, check=False, timeout=60)
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def printed(shown: str) -> tuple[Codename, SourceKeys]:
    """The codename that `tip seal` printed."""
    made = Codename.parse(" ".join(re.findall(r"^  ([a-z]+  [a-z]+  [a-z]+)$", shown, re.MULTILINE)))
    return made, codename.keys(made)


def handed(folder: str = "hand-in") -> Arrived:
    """What the unit finds in the folder."""
    count = len(list(Path(folder).iterdir()))
    names = [f"hand-in-{number}-of-{count}.tip" for number in range(1, count + 1)]
    return arrived([(Path(folder) / name).read_bytes() for name in names], UNIT.identity)


def pickup(source: SourceKeys, place: bytes, *texts: str, forged: bool = False) -> None:
    """Lay down the file that the pickup code hands out, with these replies of the unit."""
    previous, inner = bytes(32), []
    for number, text in enumerate(texts, 1):
        reply = Reply("reply", source.mailbox, number, previous, TODAY, text, heard=1)
        key = source.to_unit if forged else source.to_source
        inner.append(reply.seal(key, source.identity.recipient))
        previous = sha256(reply.encode(key))
    Path("pickup.tar").write_bytes(Pickup(pack_bundle(inner, source.identity.recipient), place).encode())


def words(made: Codename) -> str:
    return " ".join(made.words())


def test_a_tip_is_sealed_here_and_opens_in_the_unit_alone(folder: Path) -> None:
    details = ("--how-known", "text", "--must-not-learn", "names", "--urgent")
    before = {path.name for path in folder.iterdir()}

    done = run(*SEAL, "--message", "text", *details, "photo.jpg")

    assert (done.returncode, done.stderr) == (0, "")
    made, source = printed(done.stdout)
    read = handed()
    text = TEXT.strip()
    assert read.messages[0].body == Tip(text, how_known=text, must_not_learn="Officer Marek", urgent=True)
    assert read.files == (b"a photo",)
    assert {message.way for message in read.messages} == {"kit"}
    assert (read.slip.mailbox, read.slip.urgent, read.slip.day) == (source.mailbox, True, UNIT.first)
    assert {path.name for path in folder.iterdir()} - before == {"hand-in"}
    assert stat.S_IMODE(Path("hand-in").stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in Path("hand-in").iterdir()] == [0o600]
    assert "hand-in-1-of-1.tip" in done.stdout
    assert words(made) not in " ".join(done.stdout.split("\n\n")[2:])


def test_the_message_comes_in_a_pipe_too_and_from_the_keys_that_the_site_hands_out() -> None:
    done = run("tip", "seal", "--kit", "keys.json", "--root", _groups(ROOT), "-o", "out", stdin="über\r\nalles\r\n")

    assert done.returncode == 0
    assert handed("out").messages[0].body == Tip("über\nalles", "", "", urgent=False)


def _groups(digits: str) -> str:
    return " ".join(digits.upper()[at : at + 4] for at in range(0, len(digits), 4))


def answers_file(**answers: str) -> str:
    """The file that `tip questions` prints, with these answers written into it as somebody does with an editor."""
    printed_ = run("tip", "questions", "--kit", "kit.html")
    assert (printed_.returncode, printed_.stderr) == (0, "")
    text = printed_.stdout
    for key, answer in answers.items():
        lines = text.split("\n")
        (at,) = (number for number, line in enumerate(lines) if line.startswith(f"{key} = "))
        text = "\n".join([*lines[:at], f"{key} = {answer}", *lines[at + 1 :]])
    Path("answers.toml").write_text(text)
    return text


def test_answers_to_the_kits_questions_are_sealed_behind_the_message_as_a_form_would_say_them() -> None:
    answers_file(
        species='{ codes = ["Manis javanica"], words = "a small one" }',
        transport='["boat", "road"]',
        numbers='"KX 4711"',
        amount="2.5",
        when='{ day = 2026-11-23, about = "at night" }',
    )

    done = run(*SEAL, "--message", "text", "--answers", "answers.toml", "photo.jpg")

    assert (done.returncode, done.stderr) == (0, "")
    fields = {"species": ["Manis javanica"], "species.words": ["a small one"], "transport": ["road", "boat"]}
    fields |= {"numbers": ["KX 4711"], "amount": ["2.5"], "when.day": ["2026-11-23"], "when.about": ["at night"]}
    said = answers.read(current.default(), fields)
    assert said.problems == {}
    assert set(said.values) == {"species", "transport", "numbers", "amount", "when"}
    read = handed()
    assert [type(one.body) for one in read.messages] == [Tip, Filled, File]
    assert [one.counter for one in read.messages] == [1, 2, 3]
    assert read.messages[1].body == Filled(current.default().sha256, "en", said.values)
    assert read.files == (b"a photo",)


def test_a_file_without_answers_adds_no_message_and_what_is_not_asked_is_left_out_and_named() -> None:
    answers_file()
    empty = run(*SEAL, "--message", "text", "--answers", "answers.toml", "-o", "empty")
    answers_file(where='"the old port"', numbers='"KX 4711"')
    pruned = run(*SEAL, "--message", "text", "--answers", "answers.toml", "-o", "pruned")

    assert (empty.returncode, empty.stderr) == (0, "")
    assert [type(one.body) for one in handed("empty").messages] == [Tip]
    assert pruned.returncode == 0
    assert pruned.stderr == "tipline: not asked after your other answers, so left out: numbers\n"
    assert handed("pruned").messages[1].body == Filled(current.default().sha256, "en", {"where": "the old port"})


def test_every_answer_that_cannot_stand_is_named_with_its_line_and_nothing_is_sealed() -> None:
    text = answers_file(amount='"1,000"', transport='["rocket"]', where="7", when='{ day = "yesterday" }')
    Path("answers.toml").write_text(text + 'secret = "Officer Marek"\n')
    lines = {line.split(" =")[0]: number for number, line in enumerate(text.split("\n"), 1) if " = " in line}

    done = run(*SEAL, "--message", "text", "--answers", "answers.toml")

    assert (done.returncode, done.stdout) == (2, "")
    for key, says in (
        ("amount", "must be one number in digits, such as 1500 or 2.5"),
        ("transport", "holds a code that this question does not have: the 1. is not in its list"),
        ("where", "must be text in quotes"),
        ("when", "must have a day such as 2026-11-23"),
    ):
        assert f"line {lines[key]}: {key} {says}" in done.stderr
    assert "secret is no question of this kit" in done.stderr
    assert not [word for word in ("rocket", "yesterday", "Marek") if word in done.stderr]
    assert not Path("hand-in").exists()


def test_a_file_of_keys_asks_nothing_so_no_answers_are_taken_with_it() -> None:
    answers_file()

    sealed = run("tip", "seal", "--kit", "keys.json", *SEAL[4:], "--message", "text", "--answers", "answers.toml")
    asked = run("tip", "questions", "--kit", "keys.json")

    for done in (sealed, asked):
        assert (done.returncode, done.stdout) == (2, "")
        assert "keys.json holds keys and no questions: name the unit's kit.html" in done.stderr


def test_two_tips_have_two_codenames() -> None:
    first, second = (run(*SEAL, "-o", name, stdin=TEXT) for name in ("a", "b"))

    assert words(printed(first.stdout)[0]) != words(printed(second.stdout)[0])


def test_the_pickup_code_is_the_same_whenever_it_is_asked_for_and_opens_no_reply() -> None:
    sealed = run(*SEAL, stdin=TEXT)
    made, source = printed(sealed.stdout)

    again = run("tip", "pickup", stdin=words(made).upper() + "\n")

    assert again.returncode == 0
    assert again.stdout.strip() in sealed.stdout
    assert codename.parse_pickup_code(again.stdout).matches(source.lookup)


@pytest.mark.parametrize(("option", "seen"), [([], False), (["--visible"], True)])
def test_a_codename_is_typed_blind_unless_somebody_asks_to_see_it(option: list[str], seen: object) -> None:
    made, _ = printed(run(*SEAL, stdin=TEXT).stdout)

    code, shown = on_terminal([*TIPLINE, "tip", "pickup", *option], [("twelve words: ", words(made))])

    assert code == 0
    assert "pickup1 " in shown
    assert (words(made) in shown) is seen


def test_replies_are_read_with_the_codename_and_said_to_be_the_units() -> None:
    made, source = printed(run(*SEAL, stdin=TEXT).stdout)
    pickup(source, handed().slip.now, "Which gate?", "And\x1b[2J when?")

    done = run("tip", "open", "pickup.tar", stdin=words(made))

    assert (done.returncode, done.stderr) == (0, "")
    assert "written by the unit and not changed" in done.stdout
    assert "None is missing" in done.stdout
    assert "it had 1 of your 1 messages" in done.stdout
    assert done.stdout.index("  Which gate?") < done.stdout.index("  And\ufffd[2J when?")


def test_an_empty_mailbox_says_that_replies_come_later() -> None:
    made, source = printed(run(*SEAL, stdin=TEXT).stdout)
    pickup(source, handed().slip.now)

    done = run("tip", "open", "pickup.tar", stdin=words(made))

    assert done.returncode == 0
    assert "No reply yet" in done.stdout


def test_a_forged_reply_is_not_shown_is_named_and_ends_with_one() -> None:
    made, source = printed(run(*SEAL, stdin=TEXT).stdout)
    pickup(source, handed().slip.now, "Meet me at the gate", forged=True)

    done = run("tip", "open", "pickup.tar", stdin=words(made))

    assert done.returncode == 1
    assert "CAREFUL: One reply was not written by the unit" in done.stdout
    assert "gate" not in done.stdout


def test_an_answer_follows_what_was_picked_up_with_answers_to_questions_and_files() -> None:
    made, source = printed(run(*SEAL, stdin=TEXT).stdout)
    first = handed()
    pickup(source, first.slip.now, "Which gate?")
    answers_file(where='"the old port"')
    reply = ["kit.html" if word == "keys.json" else word for word in REPLY]  # what is asked stands in the kit alone

    done = run(*reply, "--message", "text", "--answers", "answers.toml", "-o", "answer", "photo.jpg", stdin=words(made))

    assert (done.returncode, done.stderr) == (0, "")
    assert "Which gate?" in done.stdout
    read = handed("answer")
    assert (read.slip.was, read.slip.recipient) == (sha256(first.slip.now), None)
    assert [message.counter for message in read.messages] == [2, 3, 4]
    assert read.messages[0].previous == sha256(first.messages[-1].encode())
    assert (read.messages[0].body, read.messages[0].heard) == (Answer(TEXT.strip()), 1)
    assert read.messages[1].body == Filled(current.default().sha256, "en", {"where": "the old port"})
    assert words(made) not in done.stdout


def test_an_answer_is_typed_on_a_terminal_behind_the_codename_and_the_replies() -> None:
    made, source = printed(run(*SEAL, stdin=TEXT).stdout)
    pickup(source, handed().slip.now, "Which gate?")

    answers = [("twelve words: ", words(made)), ("Ctrl-D", "The north gate\n\x04")]
    code, shown = on_terminal([*TIPLINE, *REPLY, "-o", "answer", "--must-not-learn", "names"], answers)

    assert code == 0
    assert shown.index("Which gate?") < shown.index("Write your answer")
    assert words(made) not in shown
    assert handed("answer").messages[0].body == Tip("The north gate", "", "Officer Marek", urgent=False)


def test_files_may_stand_before_between_and_behind_the_options() -> None:
    made, source = printed(run("tip", "seal", "photo.jpg", *SEAL[2:4], "text", *SEAL[4:], "names", stdin=TEXT).stdout)
    first = handed()
    pickup(source, first.slip.now)

    done = run("tip", "reply", "--message", "text", "pickup.tar", "names", *REPLY[3:], "photo.jpg", stdin=words(made))

    assert first.files == (b"a photo", TEXT.encode(), b"Officer Marek\n")
    assert (done.returncode, done.stderr) == (2, "tipline: hand-in is there already: name a new folder with -o\n")


def test_an_answer_to_a_unit_that_the_kit_does_not_name_is_refused_and_the_unit_is_named() -> None:
    made, source = printed(run(*SEAL, stdin=TEXT).stdout)
    place = replace(Place.open(handed().slip.now, source.state, mailbox=source.mailbox), unit="board")
    pickup(source, place.seal(source.state, mailbox=source.mailbox), "Which gate?")

    done = run(*REPLY, "--message", "text", "-o", "answer", stdin=words(made))

    assert done.returncode == 2
    assert "your report is with “board”" in done.stderr
    assert not Path("answer").exists()


def test_an_answer_goes_where_the_report_went_and_nobody_is_asked() -> None:
    unit = Pinned(UNIT.unit, "unit", "Practice Unit", UNIT.signer.public)
    board = Receiver(UNIT.first, unit="board")
    pinned = (unit, Pinned("board", "oversight", "Oversight Board", board.signer.public))
    pins = Pins(pinned, UNIT.first, TODAY + timedelta(days=90)).sign(UNIT.root)
    keys = Keys(UNIT.root.public, pins, (UNIT.intake.sign(UNIT.signer), board.intake.sign(board.signer)))
    Path("both.json").write_bytes(keys.encode())
    to = ("--kit", "both.json", "--root", ROOT)
    made, source = printed(run("tip", "seal", *to, "--oversight", stdin=TEXT).stdout)
    first = arrived([Path("hand-in/hand-in-1-of-1.tip").read_bytes()], board.identity)
    pickup(source, first.slip.now, "Which gate?")

    done = run("tip", "reply", "pickup.tar", *to, "--message", "text", "-o", "answer", stdin=words(made))

    assert (done.returncode, done.stderr) == (0, "")
    assert "Sealed to Oversight Board" in done.stdout
    answer = arrived([Path("answer/hand-in-1-of-1.tip").read_bytes()], board.identity, known=first.messages[0].thread)
    assert (answer.slip.unit, answer.messages[0].counter) == ("board", 2)


def test_no_answer_follows_a_place_that_was_exchanged() -> None:
    made, source = printed(run(*SEAL, stdin=TEXT).stdout)
    pickup(source, bytes(SEALED_PLACE_BYTES), "Which gate?")

    done = run(*REPLY, "--message", "text", "-o", "answer", stdin=words(made))

    assert done.returncode == 2
    assert "no answer can follow" in done.stderr
    assert not Path("answer").exists()


OTHER_ROOT = SigningKey.generate()


def _expired() -> bytes:
    return replace(UNIT, first=TODAY - timedelta(days=30)).keys().encode()


def _forged_pins() -> bytes:
    """The right root's name, and another's signature over a signer of their own."""
    forger = Receiver(UNIT.first)
    return replace(forger.keys(), root=UNIT.root.public).encode()


def _forged_intake() -> bytes:
    """Genuine pins, and an intake key that the pinned signer never signed."""
    forger = Receiver(UNIT.first)
    return replace(UNIT.keys(), intake=forger.keys().intake).encode()


def _pins_over() -> bytes:
    pinned = Pinned(UNIT.unit, "unit", "Practice Unit", UNIT.signer.public)
    pins = Pins((pinned,), UNIT.first, TODAY - timedelta(days=1))
    return replace(UNIT.keys(), pins=pins.sign(UNIT.root)).encode()


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        (lambda: Receiver(UNIT.first).keys().encode(), "not under the root that you named but under "),
        (_forged_pins, "are not signed by that root"),
        (_forged_intake, "has no key of this unit that is valid today"),
        (_expired, "are not signed by that root|has no key of this unit that is valid today"),
        (_pins_over, "are not valid today: get a new kit"),
        (lambda: UNIT.keys().encode()[:-1], "is no kit and no file of keys"),
        (lambda: kit(UNIT.keys()) * 2, "is no kit and no file of keys"),
        (lambda: kit(UNIT.keys()).replace(b'id="keys"', b'id="key"'), "is no kit and no file of keys"),
        (lambda: b"", "is no kit and no file of keys"),
    ],
)
def test_keys_that_the_posters_root_did_not_sign_are_refused_and_named(keys: object, says: str) -> None:
    assert callable(keys)
    Path("kit.html").write_bytes(keys())

    done = run(*SEAL, "--message", "text")

    assert (done.returncode, done.stdout) == (2, "")
    assert re.search(says, done.stderr)
    assert not Path("hand-in").exists()


@pytest.mark.parametrize(
    ("args", "stdin", "says"),
    [
        ((*SEAL[:-1], ROOT[:-1]), TEXT, "--root is not 64 digits"),
        ((*SEAL, "--oversight"), TEXT, "name no oversight body"),
        (SEAL, " \n", "the message is empty"),
        (SEAL, b"\xff\xfe", "plain text in UTF-8"),
        (SEAL, "x" * (256 * 1024 + 1), "too long to send in one piece"),
        ((*SEAL, "missing.jpg"), TEXT, "cannot read missing.jpg"),
        ((*SEAL, "-"), TEXT, "a file to seal needs a name"),
        ((*SEAL, "-o", "text"), TEXT, "text is there already"),
        ((*SEAL, "-o", "no/where"), TEXT, "cannot make no/where"),
        ((*SEAL, "--how-known", "-"), TEXT, "standard input can be only one"),
        ((*SEAL, *["photo.jpg"] * 21), TEXT, "at most 20 files"),
        (("tip", "open", "missing"), "", "this is no codename"),
        (("tip", "pickup"), "abandon " * 12, "a word is wrong or missing"),
        (("tip", "pickup"), "gorilla tiger zebu " * 4, "of its words are in no list"),
    ],
)
def test_what_cannot_be_done_is_refused_in_words_and_writes_nothing(
    folder: Path, args: Sequence[str], stdin: str | bytes, says: str
) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}

    done = run(*args, stdin=stdin)

    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert "zebu" not in done.stderr
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda data: data[:-1], "no pickup file"),
        (lambda data: bytes([data[0] ^ 1]) + data[1:], "no pickup file"),
        (lambda _: b"", "no pickup file"),
    ],
)
def test_a_damaged_pickup_file_is_refused(damage: object, says: str) -> None:
    assert callable(damage)
    made, source = printed(run(*SEAL, stdin=TEXT).stdout)
    pickup(source, handed().slip.now, "Which gate?")
    Path("pickup.tar").write_bytes(damage(Path("pickup.tar").read_bytes()))

    done = run("tip", "open", "pickup.tar", stdin=words(made))

    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr


def test_another_codenames_pickup_file_is_named_as_that() -> None:
    made, _ = printed(run(*SEAL, stdin=TEXT).stdout)
    other = codename.keys(Codename.from_token(codename.new_token()))
    pickup(other, Place.start("unit").seal(other.state, mailbox=other.mailbox), "Which gate?")

    done = run("tip", "open", "pickup.tar", stdin=words(made))

    assert done.returncode == 2
    assert "another codename's" in done.stderr


def test_a_command_that_is_ended_in_the_middle_leaves_nothing(folder: Path) -> None:
    os.mkfifo("film.mp4")
    before = {path.name for path in folder.iterdir()}
    process = subprocess.Popen([*TIPLINE, *SEAL, "--message", "text", "film.mp4"], stdout=subprocess.PIPE)
    with Path("film.mp4").open("wb") as film:
        film.write(os.urandom(3 * MIB))
        deadline = time.monotonic() + 20
        while {path.name for path in folder.iterdir()} == before and time.monotonic() < deadline:
            time.sleep(0.02)
        assert {path.name for path in folder.iterdir()} != before
        process.send_signal(signal.SIGTERM)
        shown, _ = process.communicate(timeout=20)

    assert process.returncode == 128 + signal.SIGTERM
    assert shown == b""
    assert {path.name for path in folder.iterdir()} == before


def test_no_word_of_a_tip_and_no_key_of_its_source_is_written_anywhere() -> None:
    done = run(*SEAL, "--message", "text", "photo.jpg")
    made, source = printed(done.stdout)

    written = b"".join(path.read_bytes() for path in Path("hand-in").iterdir())
    secrets = [source.lookup, source.to_unit, source.to_source, source.state, made.entropy]
    held = [form for secret in secrets for form in (secret.expose(), secret.expose().hex().encode())]
    words = [word.encode() for word in made.words()]
    said = [
        b" ".join(words[:2]),
        *(word for word in words if len(word) > 5),
    ]  # shorter ones stand in ciphertext by chance
    assert not [each for each in (*held, *said, b"tusks", b"photo") if each in written]


def test_it_opens_no_connection_and_starts_no_program() -> None:
    watched = (
        "import sys\n"
        "def watch(event, args):\n"
        "    if event.startswith(('socket.connect', 'socket.getaddrinfo', 'subprocess', 'os.exec', 'os.system')):\n"
        "        raise SystemExit('it did ' + event)\n"
        "sys.addaudithook(watch)\n"
        "from tipline.cli.main import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    done = subprocess.run([sys.executable, "-c", watched, *SEAL], input=TEXT.encode(), capture_output=True, check=False)

    assert (done.returncode, done.stderr) == (0, b"")


def test_memory_does_not_grow_with_what_is_sealed() -> None:
    peaks = []
    for size in (1, 160):
        Path("film").write_bytes(bytes(size * MIB))
        process = subprocess.Popen([*TIPLINE, *SEAL, "--message", "text", "-o", f"out-{size}", "film"], stdout=-3)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        peaks.append(usage.ru_maxrss)  # KiB

    assert peaks[1] - peaks[0] < 16 * 1024
