"""
Delays: the house is warned first; what is late is told once, with one date; and the ladder ends as the shop's policy says.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event

from orderpipe.domain.delay_terms import Choice, Policy
from orderpipe.domain.orders import Contact, DraftLine
from orderpipe.sideflows import delay_choices, delay_letters
from orderpipe.sideflows import delays as looking
from orderpipe.sideflows.asking import Desk
from orderpipe.sideflows.queries import How
from orderpipe.store import delays
from orderpipe.store.metadata import Tx
from tests import builders
from tests.floor import Floor
from tests.late import letters, letters_go_out, of, promised, promises, set_lead, until, waiting
from workers import delays as jobs


def choose(floor: Floor, order_id: int, choice: Choice, by: str = "customer", how: How = How.PAGE) -> Any:
    with floor.engine.begin() as tx:
        chosen = delay_choices.choose(tx, order_id, choice, by=by, how=how, now=floor.now)
        floor.give(chosen.hints)
    floor.work()
    return chosen


def test_first_the_house_is_warned_and_then_the_customer_told(floor: Floor) -> None:
    order_id = promised(floor)
    first = promises(floor, order_id * 1000 + 1)[0]["until_at"]
    until(floor, order_id, state="at-risk")
    assert floor.now < first
    warned = floor.told(order_id, "office-at-risk")
    assert [one["turn"] for one in warned[0]["orders"]] == ["warehouse"]
    assert floor.told(order_id, "delayed") == []
    until(floor, order_id, state="told")
    assert len(floor.told(order_id, "office-at-risk")) == 1
    revisions = promises(floor, order_id * 1000 + 1)
    assert [one["revision"] for one in revisions] == [1, 2]
    assert revisions[0]["until_at"] == first < revisions[1]["until_at"]
    letter = floor.told(order_id, "delayed")
    assert len(letter) == 1
    assert letter[0]["silence"] == "consents"
    assert letter[0]["options"] == ["wait", "cancel"]


def test_is_looked_at_when_it_may_turn_and_not_at_every_tick(floor: Floor) -> None:
    order_id = promised(floor)
    floor.pass_time(minutes=20).project()
    at = floor.value("SELECT look_at FROM outlook WHERE fulfillment_id = :id", id=order_id * 1000 + 1)
    assert at > floor.now + timedelta(hours=12)
    floor.deliver(order_id * 1000 + 1)
    floor.now = at
    floor.project()
    assert floor.value("SELECT count(*) FROM outlook") == 0


def test_silence_is_consent_to_a_first_short_delay(floor: Floor) -> None:
    order_id = waiting(floor, customer=Contact("Ann Ok", "ann@customers.example", "+442079460123"))
    until(floor, order_id, state="told")
    until(floor, order_id, state="chosen")
    settled = of(floor, order_id)
    assert (settled["chosen"], settled["chosen_by"]) == ("wait", "silence")
    assert floor.letters(order_id).count("delayed") == floor.letters(order_id).count("delay-reminder") == 1
    reminder = [row for row in letters(floor, order_id) if row["kind"] == "delay-reminder"]
    assert reminder[0]["channel"] == "sms"
    assert floor.state(order_id)[0] == "promised"


def test_silence_cancels_a_long_delay_at_the_day_that_was_announced(floor: Floor) -> None:
    order_id = waiting(floor, lead_days=5)
    set_lead(floor, 60)
    until(floor, order_id, state="told")
    letter = floor.told(order_id, "delayed")[0]
    assert letter["silence"] == "cancels"
    announced = of(floor, order_id)["answer_until"]
    until(floor, order_id, state="settled")
    assert timedelta(0) <= floor.now - announced < timedelta(hours=2)
    assert floor.state(order_id)[0] == "canceled"
    assert floor.told(order_id, "canceled")[0]["reason"] == "delay-unanswered"


def test_a_repeated_delay_needs_the_customers_word(floor: Floor) -> None:
    order_id = waiting(floor, lead_days=5)
    until(floor, order_id, state="told")
    assert floor.told(order_id, "delayed")[0]["silence"] == "consents"
    until(floor, order_id, state="chosen")
    first = of(floor, order_id)["revised_until"]
    until(floor, order_id, state="told")
    again = of(floor, order_id)
    assert again["round"] == 2
    assert again["promised_until"] == first < again["revised_until"]
    assert [one["silence"] for one in floor.told(order_id, "delayed")] == ["consents", "cancels"]
    assert [one["until_at"] for one in promises(floor, order_id * 1000 + 1)][1:] == [first, again["revised_until"]]
    until(floor, order_id, state="settled")
    assert floor.state(order_id)[0] == "canceled"


def test_without_a_date_the_office_calls_before_anything_is_canceled(floor: Floor) -> None:
    order_id = waiting(floor, lead_days=0)
    until(floor, order_id, state="told")
    told = of(floor, order_id)
    assert (told["revised_until"], told["silence"]) == (None, "cancels")
    assert len(promises(floor, order_id * 1000 + 1)) == 1
    until(floor, order_id, state="settled", days=70)
    kinds = [one for one in floor.letters(order_id) if one in ("delayed", "delay-reminder", "office-delay-call", "canceled")]
    assert kinds == ["delayed", "delay-reminder", "office-delay-call", "canceled"]


def test_who_agreed_to_wait_without_a_date_is_told_the_date_when_there_is_one(floor: Floor) -> None:
    order_id = waiting(floor, lead_days=0)
    until(floor, order_id, state="told")
    choose(floor, order_id, Choice.WAIT)
    for _ in range(20):
        floor.pass_time(days=1).project()
        letters_go_out(floor)
    assert len(floor.told(order_id, "delayed")) == 1
    set_lead(floor, 90)
    until(floor, order_id, state="told")
    assert [one["silence"] for one in floor.told(order_id, "delayed")] == ["cancels", "consents"]


def test_the_part_that_has_come_goes_ahead(floor: Floor) -> None:
    order_id = waiting(floor, lead_days=5, lines=[("SKU-1", 5)])
    floor.stock(on_hand=3)
    until(floor, order_id, state="told")
    assert floor.told(order_id, "delayed")[0]["options"] == ["wait", "part", "cancel"]
    choose(floor, order_id, Choice.PART)
    choose(floor, order_id, Choice.PART)
    assert floor.parts(order_id) == {1: ("planned", "stock"), 2: ("released", "pick-scans")}
    assert floor.free() == (3, 3)
    floor.deliver(order_id * 1000 + 2)
    floor.stock(on_hand=2)
    floor.restock().deliver(order_id * 1000 + 1)
    assert floor.state(order_id)[0] == "completed"


def offering(floor: Floor, *, price: int, pay: str = "", confirmed: str = "", **draft: Any) -> int:
    """An order for three pieces at 10, of which two are missing; another article at this price may come instead."""
    with floor.engine.begin() as tx:
        builders.product(tx, "SKU-2", price=price, description="The other one")
        builders.product(tx, "SKU-1", price=10, lead_days=5, substitute_sku="SKU-2")
    floor.stock("SKU-1", 1)
    floor.stock("SKU-2", 5)
    order_id = floor.order([DraftLine("SKU-1", 3, unit_price=Decimal(10))], **draft)
    floor.receive(order_id)
    if confirmed:
        floor.answer(order_id, confirmed=frozenset({confirmed}))
    if pay:
        floor.pay(order_id, pay)
    assert floor.parts(order_id)[2] == ("planned", "stock")
    floor.deliver(order_id * 1000 + 1)
    until(floor, order_id, state="told")
    return order_id


def amendments(floor: Floor, order_id: int) -> list[Any]:
    return [one for one in floor.journal(order_id) if one["what"] == "order.amended"]


def test_what_is_dearer_is_sent_instead_at_the_price_ordered_at(floor: Floor) -> None:
    order_id = offering(floor, price=99, total=Decimal(30))
    letter = floor.told(order_id, "delayed")[0]
    assert letter["options"] == ["wait", "substitute", "cancel"]
    assert letter["substitutes"] == [{"number": 1, "quantity": 2, "name": "The other one", "price": None}]
    choose(floor, order_id, Choice.SUBSTITUTE)
    assert floor.parts(order_id)[2] == ("released", "pick-scans")
    assert floor.value("SELECT sum(quantity * unit_price) FROM order_line WHERE order_id = :id", id=order_id) == 30
    assert floor.row(order_id)["total"] == 30
    assert "office-refund" not in floor.letters(order_id)
    assert "question" not in floor.letters(order_id)
    floor.deliver(order_id * 1000 + 2)
    assert floor.state(order_id)[0] == "completed"
    floor.check()


def test_a_substitute_is_an_amendment_that_says_who_chose_it_and_how(floor: Floor) -> None:
    order_id = offering(floor, price=99)
    for _ in range(2):
        choose(floor, order_id, Choice.SUBSTITUTE, how=How.PAGE)
    (amended,) = amendments(floor, order_id)
    assert (amended["actor"], amended["note"]["how"], amended["note"]["reason"]) == ("customer", "page", "delay")
    assert amended["note"]["changed"] == ["/lines/0/quantity", "/lines/-"]
    (letter,) = floor.told(order_id, "amended")
    assert [(one["before"], one["after"]) for one in letter["lines"]] == [(3, 1)]
    assert letter["added"] == [{"sku": "SKU-2", "quantity": 2}]


def test_what_costs_less_is_sold_for_less_and_the_difference_given_back(floor: Floor) -> None:
    order_id = offering(floor, price=8, total=Decimal(30), pay="30.00", type="prepaid")
    assert floor.told(order_id, "delayed")[0]["substitutes"][0]["price"] == "8.0000"
    choose(floor, order_id, Choice.SUBSTITUTE)
    assert floor.row(order_id)["total"] == 26
    assert floor.told(order_id, "amended")[0]["total"] == "26.00"
    assert floor.told(order_id, "office-refund") == [{"amount": "4.00", "reason": "substitute"}]
    floor.pay(order_id, "-4.00")
    floor.deliver(order_id * 1000 + 2)
    assert floor.state(order_id)[0] == "completed"
    floor.check()


def test_what_was_given_back_already_is_not_asked_for_again(floor: Floor) -> None:
    order_id = offering(floor, price=8, total=Decimal(30), pay="30.00", type="prepaid")
    choose(floor, order_id, Choice.SUBSTITUTE)
    choose(floor, order_id, Choice.CANCEL)
    assert [one["amount"] for one in floor.told(order_id, "office-refund")] == ["4.00", "16.00"]


def test_a_doubt_about_the_substitute_is_asked_and_holds_it_up(floor: Floor) -> None:
    order_id = offering(floor, price=8, total=Decimal(35), confirmed="totals-differ")
    choose(floor, order_id, Choice.SUBSTITUTE)
    assert floor.row(order_id)["total"] == 31
    assert floor.parts(order_id)[2] == ("planned", "query")
    assert floor.told(order_id, "amended")[0]["question"]
    floor.answer(order_id, confirmed=frozenset({"totals-differ"}))
    assert floor.parts(order_id)[2] == ("released", "pick-scans")


def test_what_was_confirmed_is_not_asked_again_where_the_substitute_changes_nothing_of_it(floor: Floor) -> None:
    order_id = offering(floor, price=99, total=Decimal(35), confirmed="totals-differ")
    choose(floor, order_id, Choice.SUBSTITUTE)
    assert floor.parts(order_id)[2] == ("released", "pick-scans")


def test_the_part_that_goes_ahead_is_an_amendment_of_which_the_customer_is_told(floor: Floor) -> None:
    order_id = waiting(floor, lead_days=5, lines=[("SKU-1", 5)])
    floor.stock(on_hand=3)
    until(floor, order_id, state="told")
    before = promises(floor, order_id * 1000 + 1)
    choose(floor, order_id, Choice.PART, by="office ann", how=How.PHONE)
    (amended,) = amendments(floor, order_id)
    assert (amended["actor"], amended["note"]["how"], amended["note"]["changed"]) == ("office ann", "phone", ["/fulfillments"])
    (letter,) = floor.told(order_id, "amended")
    assert [one["quantity"] for one in letter["ahead"]] == [3]
    assert promises(floor, order_id * 1000 + 1) == before
    assert promises(floor, order_id * 1000 + 2)[0]["until_at"] == before[-1]["until_at"]


def test_who_has_chosen_is_not_reminded_by_a_letter_that_still_waits(floor: Floor) -> None:
    order_id = waiting(floor)
    until(floor, order_id, state="told")
    while "delay-reminder" not in floor.letters(order_id):
        floor.pass_time(hours=12).project()
    choose(floor, order_id, Choice.WAIT)
    assert floor.value("SELECT state FROM notification WHERE kind = 'delay-reminder'") == "withdrawn"


def test_cancels_only_what_is_late_and_asks_for_the_money_back(floor: Floor) -> None:
    floor.stock("SKU-2", 1)
    with floor.engine.begin() as tx:
        builders.product(tx, "SKU-1", lead_days=5, price=10)
    order_id = floor.order([("SKU-1", 2), ("SKU-2", 1)])
    floor.receive(order_id)
    floor.pay(order_id, "30.00")
    floor.deliver(order_id * 1000 + 1)
    until(floor, order_id, state="told")
    choose(floor, order_id, Choice.CANCEL)
    assert floor.state(order_id)[0] == "completed"
    assert floor.told(order_id, "office-refund") == [{"amount": "20.00", "reason": "delay"}]
    assert of(floor, order_id)["settled_how"] == "canceled"


def test_who_has_caught_up_is_told_nothing_more(floor: Floor) -> None:
    order_id = promised(floor)
    until(floor, order_id, state="at-risk")
    floor.deliver_until_shipped(order_id * 1000 + 1).pass_time(hours=2).project()
    assert of(floor, order_id)["settled_how"] == "caught-up"
    for _ in range(6):
        floor.pass_time(hours=2).project()
    assert floor.told(order_id, "delayed") == []


def test_what_is_packed_meanwhile_is_never_canceled(floor: Floor) -> None:
    order_id = waiting(floor)
    set_lead(floor, 60)
    until(floor, order_id, state="told")
    floor.stock()
    floor.restock().deliver_until_shipped(order_id * 1000 + 1)
    floor.now = of(floor, order_id)["answer_until"] + timedelta(hours=1)
    floor.project()
    assert of(floor, order_id)["settled_how"] == "shipped"
    assert floor.parts(order_id)[1] == ("shipped", "carrier")


def test_the_carriers_own_date_is_told_without_a_choice(floor: Floor) -> None:
    order_id = promised(floor)
    floor.deliver_until_shipped(order_id * 1000 + 1)
    named = promises(floor, order_id * 1000 + 1)[0]["until_at"].date() + timedelta(days=4)
    floor.pass_time(hours=1).carrier(order_id * 1000 + 1, "delayed", expected_on=named)
    floor.project()
    letter = floor.told(order_id, "delayed")[0]
    assert (letter["cause"], letter["options"]) == ("carrier", ["wait"])
    assert letter["until"][:10] >= str(named)
    assert of(floor, order_id)["state"] == "chosen"
    floor.carrier(order_id * 1000 + 1, "delivered").pass_time(days=1).project()
    assert of(floor, order_id)["settled_how"] == "ended"


def test_every_step_made_twice_changes_nothing(floor: Floor) -> None:
    order_id = promised(floor)
    until(floor, order_id, state="told")
    before = (of(floor, order_id), floor.letters(order_id), len(floor.journal(order_id)), promises(floor, order_id * 1000 + 1))
    for name in ("delay.tell", "delay.escalate", "delay.tell"):
        floor.hints.append((name, [order_id], "care"))
    floor.work()
    after = of(floor, order_id)
    assert (after | {"next_at": 0}, floor.letters(order_id), len(floor.journal(order_id)), promises(floor, order_id * 1000 + 1)) == (
        before[0] | {"next_at": 0}, *before[1:]
    )


def test_without_any_message_the_clock_goes_on(floor: Floor) -> None:
    order_id = promised(floor)
    floor.losing = True
    until(floor, order_id, state="late")
    floor.losing = False
    floor.pass_time(minutes=6).project()
    assert of(floor, order_id)["state"] == "told"


def test_a_look_of_which_nothing_was_recorded_is_made_again(floor: Floor) -> None:
    order_id = promised(floor)
    floor.now += timedelta(days=4)
    with floor.engine.begin() as tx:
        assert looking.look(tx, now=floor.now, limit=10).orders == (order_id,)
    floor.pass_time(minutes=20).project()  # the worker was killed in between
    assert of(floor, order_id)["state"] == "told"


def test_an_order_whose_letter_breaks_is_left_for_a_while_and_the_others_are_told(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    floor.stock()
    bad, good = floor.order(), floor.order()
    floor.receive(bad, good)
    floor.now += timedelta(days=4)
    whole = delay_letters._letters

    def breaks(tx: Tx, told: Sequence[Any], desk: Desk, now: datetime) -> Any:
        assert bad not in [one.delay.order_id for one in told]
        return whole(tx, told, desk, now)

    with monkeypatch.context() as broken:
        broken.setattr(delay_letters, "_letters", breaks)
        floor.project()
    assert [of(floor, one)["state"] for one in (bad, good)] == ["late", "told"]
    assert "AssertionError" in of(floor, bad)["last_error"]
    assert len(promises(floor, bad * 1000 + 1)) == 1
    floor.pass_time(minutes=61).project()
    assert of(floor, bad)["state"] == "told"


def test_clocks_and_tellers_at_once_tell_each_once(floor: Floor) -> None:
    floor.stock(on_hand=100)
    order_ids = [floor.order() for _ in range(12)]
    floor.receive(*order_ids)
    floor.now += timedelta(days=4)
    with ThreadPoolExecutor(4) as at_once:
        list(at_once.map(lambda _: jobs.project(floor.run), range(4)))
        list(at_once.map(lambda some: jobs.tell(floor.run, some), [order_ids, order_ids[::-1], order_ids[3:9], order_ids]))
    assert {of(floor, one)["state"] for one in order_ids} == {"told"}
    assert {len(floor.told(one, "delayed")) for one in order_ids} == {1}
    assert {len(promises(floor, one * 1000 + 1)) for one in order_ids} == {2}


def test_the_house_is_warned_anew_for_the_new_date(floor: Floor) -> None:
    order_id = waiting(floor)
    until(floor, order_id, state="told")
    before = of(floor, order_id)
    floor.stock()
    floor.restock()
    floor.now = before["revised_until"] - timedelta(days=3)
    while len(floor.told(order_id, "office-at-risk")) < 2:
        floor.pass_time(hours=1).project()
        letters_go_out(floor)
    assert [one["orders"][0]["turn"] for one in floor.told(order_id, "office-at-risk")] == ["shop", "warehouse"]
    after = of(floor, order_id)
    assert (after["promised_until"], after["revised_until"]) == (before["promised_until"], before["revised_until"])


def test_a_shop_lets_silence_mean_what_it_likes(floor: Floor) -> None:
    order_id = promised(floor)
    with floor.engine.begin() as tx:
        shop_id = builders.shop(tx)
        delays.set_policy(tx, shop_id, "", Policy.SILENCE_IS_CONSENT)
        delays.set_policy(tx, shop_id, "standard", Policy.OFFICE)
    until(floor, order_id, state="told")
    assert of(floor, order_id)["silence"] == "calls"
    for _ in range(20):
        floor.pass_time(days=1).project()
    assert floor.letters(order_id).count("office-delay-call") > 5
    assert of(floor, order_id)["state"] == "told"


def test_many_at_risk_make_one_letter(floor: Floor) -> None:
    floor.stock(on_hand=100)
    order_ids = [floor.order() for _ in range(7)]
    floor.receive(*order_ids)
    until(floor, order_ids[0], state="at-risk")
    letters = [told for one in order_ids for told in floor.told(one, "office-at-risk")]
    assert [one["count"] for one in letters] == [7]


def test_a_letter_that_has_not_gone_out_does_not_when_it_is_no_longer_true(floor: Floor) -> None:
    order_id = waiting(floor)
    set_lead(floor, 60)
    floor.pass_time(minutes=20).project()
    assert len(floor.told(order_id, "delayed")) == 1
    floor.stock()
    floor.restock().deliver_until_shipped(order_id * 1000 + 1).pass_time(minutes=20).project()
    assert of(floor, order_id)["settled_how"] == "shipped"
    assert floor.value("SELECT state FROM notification WHERE kind = 'delayed'") == "withdrawn"


def test_what_never_comes_is_canceled_in_the_end_however_often_it_is_put_off(floor: Floor) -> None:
    order_id = promised(floor)
    until(floor, order_id, state="settled")
    told = [one["until"] for one in floor.told(order_id, "delayed")]
    assert len(told) <= 5
    assert told == sorted(set(told))
    assert floor.state(order_id)[0] == "canceled"


def test_many_silent_cancellations_take_as_few_statements_as_one(floor: Floor) -> None:
    order_ids = [waiting(floor, lead_days=5) for _ in range(13)]
    set_lead(floor, 60)
    until(floor, order_ids[0], state="told")
    floor.now = of(floor, order_ids[0])["answer_until"] + timedelta(hours=1)
    counted: list[str] = []
    event.listen(floor.engine, "before_cursor_execute", lambda *seen: counted.append(seen[2]))
    numbers = []
    for some in (order_ids[:1], order_ids[1:]):
        counted.clear()
        jobs.escalate(floor.run, some)
        numbers.append(len(counted))
    assert numbers[1] <= numbers[0]  # the first one fills the caches, too
    assert {floor.state(one)[0] for one in order_ids} == {"canceled"}
    assert {len(floor.told(one, "canceled")) for one in order_ids} == {1}
    floor.check()


def test_silence_leaves_alone_what_was_packed_among_others_that_are_canceled(floor: Floor) -> None:
    floor.stock("SKU-2", 1)
    mixed, lone = waiting(floor, lines=[("SKU-1", 2), ("SKU-2", 1)]), waiting(floor)
    set_lead(floor, 60)
    floor.deliver(mixed * 1000 + 1)
    until(floor, lone, state="settled")
    assert (floor.state(mixed)[0], floor.state(lone)[0]) == ("completed", "canceled")
    assert floor.told(mixed, "canceled")[0]["lines"] == [{"number": 1, "quantity": 2}]
    floor.check()


@pytest.mark.parametrize(("reached", "columns"), [
    ("reminded", {"remind_at": 0}), ("called", {"call_at": 0}), ("consented", {"answer_until": 0, "silence": "consents"}),
    ("canceled", {"answer_until": 0, "silence": "cancels"}), ("called-in-the-end", {"answer_until": 0, "silence": "calls"}),
])  # fmt: skip
def test_every_rung_taken_twice_is_taken_once(floor: Floor, reached: str, columns: dict[str, Any]) -> None:
    order_id = waiting(floor)
    floor.pay(order_id, "20.00")
    until(floor, order_id, state="told")
    given = {name: floor.now if value == 0 else value for name, value in columns.items()}
    with floor.engine.begin() as tx:
        delays.change(tx, [of(floor, order_id)["id"]], next_at=floor.now, **given)
    before = len(floor.journal(order_id))
    seen = []
    for _ in range(2):
        jobs.escalate(floor.run, [order_id])
        floor.work()
        seen.append((of(floor, order_id) | {"next_at": None}, floor.letters(order_id), floor.journal(order_id)))
    assert seen[0] == seen[1], reached
    assert len(seen[0][2]) > before


def test_silent_cancellations_at_once_happen_once(floor: Floor) -> None:
    order_ids = [waiting(floor, lead_days=5) for _ in range(12)]
    for one in order_ids:
        floor.pay(one, "20.00")
    set_lead(floor, 60)
    until(floor, order_ids[0], state="told")
    floor.now = of(floor, order_ids[0])["answer_until"] + timedelta(hours=1)
    with ThreadPoolExecutor(4) as at_once:
        list(at_once.map(lambda some: jobs.escalate(floor.run, some), [order_ids, order_ids[::-1], order_ids[3:9], order_ids]))
    assert {floor.state(one)[0] for one in order_ids} == {"canceled"}
    for kind in ("canceled", "office-refund"):
        assert {len(floor.told(one, kind)) for one in order_ids} == {1}


def test_an_order_that_is_canceled_is_late_no_more_and_no_letter_about_it_goes_out(floor: Floor) -> None:
    order_id = waiting(floor)
    set_lead(floor, 60)
    floor.pass_time(minutes=20).project()
    assert floor.letters(order_id)[-1] == "delayed"
    floor.cancel(order_id)
    assert (of(floor, order_id)["state"], of(floor, order_id)["settled_how"]) == ("settled", "canceled")
    assert floor.value("SELECT state FROM notification WHERE kind = 'delayed'") == "withdrawn"
