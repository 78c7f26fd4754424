"""
Holding what really became of an exception against the script.
"""

from dataclasses import replace

from orderpipe.simulation.script import SCRIPT, Outcome, differences

LOST = next(one for one in SCRIPT if one.name == "lost-parcel")
AS_WRITTEN = Outcome("completed", None, ("lost", "delivered"), frozenset({"lost", "resend", "more than asked for"}))


def test_finds_nothing_when_all_came_as_written() -> None:
    assert differences(LOST, AS_WRITTEN) == []


def test_says_what_came_differently() -> None:
    assert differences(LOST, replace(AS_WRITTEN, state="promised", waiting_for="office")) == [
        "the order is promised and waits for office, not completed"
    ]
    assert differences(LOST, replace(AS_WRITTEN, fulfillments=("lost",))) == ["its parts are lost, not delivered, lost"]
    assert differences(LOST, replace(AS_WRITTEN, witnessed=frozenset({"lost"}))) == ["nobody saw: resend"]
    assert differences(LOST, Outcome())[0] == "the order is not there, not completed"


def test_says_what_it_should_have_waited_for() -> None:
    unanswered = next(one for one in SCRIPT if one.name == "no-answer")
    assert differences(unanswered, Outcome("received", "query")) == []
    assert differences(unanswered, Outcome("received", "office")) == ["it waits for office, not for query"]


def test_tells_of_an_error_whatever_the_state() -> None:
    assert differences(LOST, replace(AS_WRITTEN, last_error="KeyError: 'x'")) == ["it is parked with an error: KeyError: 'x'"]
