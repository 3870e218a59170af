"""Small sentences that must be true: a goal that is reached, paused signing, the day of an answer."""

from datetime import timedelta

import pytest

from letters.base.switches import queries as switches_queries
from letters.models import Letter, Switch, User
from letters.organizer.updates.operations import AnswerText, write_answer
from letters.shared.refused import Refused
from tests.conftest import LetterMaker
from tests.people import NOW, Reader, add_published, turn, words

PAUSED = "Signing is paused."


@pytest.mark.parametrize(
    ("signatures", "sentence"),
    [(1, "1 signature · Goal: 2"), (2, "2 signatures · Goal: 2"), (3, "3 signatures · Goal: 2")],
)
def test_the_goal_is_beside_the_count_and_no_part_of_it(
    published: LetterMaker, reader: Reader, signatures: int, sentence: str
) -> None:
    letter = published(goal=2)
    add_published(letter, signatures)
    page = words(reader.get(letter.get_absolute_url()))
    assert sentence in page


def test_the_home_page_says_that_signing_is_paused(letter: Letter, reader: Reader) -> None:
    assert PAUSED not in words(reader.get("/"))
    turn(Switch.Name.TAKE_SIGNATURES, on=False)
    switches_queries._all.cache_clear()
    assert PAUSED in words(reader.get("/"))
    assert PAUSED in words(reader.get(letter.get_absolute_url()))
    turn(Switch.Name.TAKE_SIGNATURES, on=True)
    switches_queries._all.cache_clear()
    assert PAUSED not in words(reader.get("/"))


@pytest.mark.parametrize(("days", "fits"), [(-1, False), (0, True), (3, True), (4, False), (27000, False)])
def test_an_answer_was_given_after_the_letter_and_not_in_the_future(
    letter: Letter, organizer: User, days: int, fits: bool
) -> None:
    now = NOW + timedelta(days=3)
    day = (NOW + timedelta(days=days)).date()
    text = AnswerText(respondent="Anna Weber", answered_on=day, language="en", body="We have read it.")
    if fits:
        assert write_answer(letter, text=text, by=organizer, now=now).answered_on == day
        return
    with pytest.raises(Refused, match="impossible_day"):
        write_answer(letter, text=text, by=organizer, now=now)
