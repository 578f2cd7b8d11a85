"""A marked text is English wherever it is only text, and on a page in the page's language, its values escaped."""

from markupsafe import Markup, escape

from tipline.text import Text, Told, spoken_by


class _Backwards:
    """A language in which every message stands backwards, its placeholders forwards."""

    code = "xx"

    def gettext(self, message: str) -> str:
        return " ".join(reversed(message.split()))

    def ngettext(self, one: str, many: str, count: int) -> str:
        return self.gettext(one if count < 5 else many)

    def number(self, value: int) -> str:
        return f"<{value}>"


def test_a_text_is_a_str_in_english() -> None:
    text = Text("At most %(files)s files.", files=2000)

    assert isinstance(text, str)
    assert text == "At most 2,000 files."
    assert str(text) == "At most 2,000 files."


def test_where_another_language_is_spoken_it_is_shown_in_that_one() -> None:
    text = Text("At most %(files)s files.", files=20)

    with spoken_by(_Backwards()):
        assert str(text) == "files. <20> most At"
        assert escape(text) == "files. &lt;20&gt; most At"
        assert Markup("<p>%s</p>") % text == "<p>files. &lt;20&gt; most At</p>"
    assert str(text) == "At most 20 files."


def test_the_other_language_decides_which_form_a_number_takes() -> None:
    text = Text.many("%(count)s file here", "%(count)s files here", 3)

    assert text == "3 files here"
    with spoken_by(_Backwards()):
        assert str(text) == "here file <3>"


def test_a_text_in_a_text_is_translated_too_and_what_somebody_typed_is_not() -> None:
    text = Text("%(typed)s after %(month)s", typed="two words", month=Text("early May"))

    with spoken_by(_Backwards()):
        assert str(text) == "May early after two words"


def test_a_per_cent_sign_in_a_value_is_left_alone() -> None:
    assert Text("Sealed: %(typed)s", typed="100 %(x)s %") == "Sealed: 100 %(x)s %"


def test_words_that_come_with_their_translations_are_shown_in_the_one_that_is_spoken_or_in_english() -> None:
    told = Told({"en": "weekdays", "xx": "<days>"})

    assert told == "weekdays"
    assert Told({"en": "weekdays", "fr": "en semaine"}) == "weekdays"
    with spoken_by(_Backwards()):
        assert escape(told) == "&lt;days&gt;"
        assert str(Told({"en": "weekdays", "fr": "en semaine"})) == "weekdays"
        assert escape(Told({"en": "<weekdays>"})) == '<bdi lang="en">&lt;weekdays&gt;</bdi>'
        assert str(Text("Read %(when)s", when=told)) == "<days> Read"
