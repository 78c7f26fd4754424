"""
Links in letters: they open what they are for until they expire, and nothing else.
"""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderpipe.domain.links import BadLink, ExpiredLink, Purpose, Signer, is_brief

NOW = datetime(2026, 11, 3, 12, 30, tzinfo=UTC)
SIGNER = Signer({1: b"first" * 8, 2: b"second" * 8})
SUBJECTS = st.integers(0, 2**64 - 1)


@given(SUBJECTS, st.sampled_from(Purpose), st.timedeltas(timedelta(minutes=1), timedelta(days=3_000)))
def test_opens_what_it_was_made_for_until_then(subject: int, purpose: Purpose, length: timedelta) -> None:
    token = SIGNER.sign(purpose, subject, NOW + length)
    assert len(token) == 35
    assert SIGNER.read(token, purpose, NOW) == subject
    assert SIGNER.read(token, purpose, NOW + length - timedelta(seconds=1)) == subject
    with pytest.raises(ExpiredLink):
        SIGNER.read(token, purpose, NOW + length + timedelta(hours=1))


@given(SUBJECTS, st.integers(0, 34), st.sampled_from("ABCDwxyz0189-_=ü "))
def test_a_changed_token_opens_nothing(subject: int, place: int, letter: str) -> None:
    token = SIGNER.sign(Purpose.PAGE, subject, NOW + timedelta(days=1))
    changed = token[:place] + letter + token[place + 1 :]
    if changed != token:
        with pytest.raises(BadLink):
            SIGNER.read(changed, Purpose.PAGE, NOW)


@given(st.text(max_size=60))
def test_what_is_no_token_opens_nothing(text: str) -> None:
    with pytest.raises(BadLink):
        SIGNER.read(text, Purpose.PAGE, NOW)


@given(SUBJECTS)
def test_a_brief_token_opens_what_it_was_made_for(subject: int) -> None:
    token = SIGNER.sign_briefly(Purpose.UNSUBSCRIBE, subject)
    assert is_brief(token)
    assert SIGNER.read_brief(token, Purpose.UNSUBSCRIBE) == subject
    for refused in (Purpose.PAGE, Purpose.QUESTION):
        with pytest.raises(BadLink):
            SIGNER.read_brief(token, refused)
    with pytest.raises(BadLink):
        SIGNER.read(token, Purpose.UNSUBSCRIBE, NOW)


@given(st.integers(0, 2**24 - 1), st.integers(0, 14), st.sampled_from("ABCDwxyz0189-_=ü "))
def test_a_changed_brief_token_opens_nothing(subject: int, place: int, letter: str) -> None:
    token = SIGNER.sign_briefly(Purpose.UNSUBSCRIBE, subject)
    assert len(token) <= 15
    changed = token[:place] + letter + token[place + 1 :]
    if changed != token:
        with pytest.raises(BadLink):
            SIGNER.read_brief(changed, Purpose.UNSUBSCRIBE)


@given(st.text(max_size=34))
def test_what_is_no_brief_token_opens_nothing(text: str) -> None:
    with pytest.raises(BadLink):
        SIGNER.read_brief(text, Purpose.UNSUBSCRIBE)


def test_a_token_for_another_purpose_opens_nothing() -> None:
    token = SIGNER.sign(Purpose.QUESTION, 7, NOW + timedelta(days=1))
    with pytest.raises(BadLink):
        SIGNER.read(token, Purpose.PAGE, NOW)


def test_the_key_before_still_opens_and_a_foreign_one_never_does() -> None:
    until = NOW + timedelta(days=1)
    assert SIGNER.read(Signer({1: SIGNER.keys[1]}).sign(Purpose.PAGE, 7, until), Purpose.PAGE, NOW) == 7
    for foreign in (Signer({2: b"other" * 8}), Signer({3: SIGNER.keys[2]})):
        with pytest.raises(BadLink):
            SIGNER.read(foreign.sign(Purpose.PAGE, 7, until), Purpose.PAGE, NOW)
