"""A source, a thread and one message of it; and values of any kind, for rules."""

from datetime import UTC, date, datetime

from hypothesis import strategies as st

from crypto import age
from crypto.codename import Codename, SourceKeys, keys
from tipline import envelope
from tipline.envelope import Message, Reply, Thread, Tip, Wrapper

DAY = date(2026, 11, 23)
AT = datetime(2026, 11, 23, 23, 10, tzinfo=UTC)
SOURCE: SourceKeys = keys(Codename.from_token(bytes(32)))
THREAD = Thread(SOURCE.to_unit, SOURCE.to_source)
UNIT = age.Identity.generate()
WRAPPER = Wrapper(unit="unit", serial=1, mailbox=SOURCE.mailbox, day=DAY, urgent=False, kind="message")
MESSAGE = Message(
    lookup=SOURCE.lookup,
    recipient=SOURCE.identity.recipient,
    thread=THREAD,
    counter=1,
    previous=envelope.NO_PREVIOUS,
    at=AT,
    body=Tip(text="blue drums", how_known="I saw it", must_not_learn="", urgent=False),
)


texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=200)
hashes = st.binary(min_size=32, max_size=32)
days = st.dates(min_value=date(2020, 1, 1))


def a_reply(counter: int = 1, text: str = "Which berth?") -> Reply:
    return Reply(
        kind="reply", mailbox=SOURCE.mailbox, counter=counter, previous=envelope.NO_PREVIOUS, day=DAY, text=text
    )
