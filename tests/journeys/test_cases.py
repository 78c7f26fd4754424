"""
What customers complain about, send back and say, from their word to the end of it.
"""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import TypeVar

import pytest

from orderpipe.domain.cases import Case, CaseRefused, Cause, Channel, Kind, Outcome, Pieces, State
from orderpipe.domain.feedback import Rating, RatingClosed
from orderpipe.domain.orders import order_id_of
from orderpipe.domain.remedies import Remedy, RemedyKind, RemedyRefused
from orderpipe.domain.returns import Inspection, Return, ReturnRefused, ReturnScan, ReturnState, return_id_of
from orderpipe.sideflows import cases, feedback, returns, withdrawals
from orderpipe.sideflows.cases import Assessment, NoSuchCredit, Word
from orderpipe.sideflows.hearing import Heard, hear_mail
from orderpipe.sideflows.withdrawals import Statement
from orderpipe.store import cases as case_store
from orderpipe.store import replacements
from orderpipe.store.case_opening import Opened, Opening
from orderpipe.store.metadata import Tx
from tests.floor import Floor

Result = TypeVar("Result")


def done(floor: Floor, work: Callable[[Tx], Result]) -> Result:
    """Something done in a transaction of its own, and what comes of it."""
    with floor.engine.begin() as tx:
        result = work(tx)
        floor.give(getattr(result, "hints", ()))
    floor.work()
    return result


def opened(floor: Floor, order_id: int, kind: Kind = Kind.COMPLAINT, text: str = "It came in pieces.", **more: object) -> int:
    opening = Opening(order_id, kind, text, str(more.pop("key", f"test:{order_id}:{kind}")), **more)  # type: ignore[arg-type]
    return done(floor, lambda tx: cases.open_case(tx, opening, now=floor.now)).case_id


def case(floor: Floor, case_id: int) -> Case:
    with floor.engine.begin() as tx:
        return case_store.of_ids(tx, [case_id])[case_id]


def respond(floor: Floor, case_id: int, *remedies: Remedy, text: str = "We are sorry.") -> Case:
    return done(floor, lambda tx: cases.respond(tx, case_id, text, remedies, by="Olga", now=floor.now)).case


def only_case(floor: Floor, order_id: int) -> Case:
    with floor.engine.begin() as tx:
        (found,) = case_store.of_orders(tx, [order_id])
    return found


def test_a_complaint_leads_to_a_replacement_in_the_fast_lane(floor: Floor) -> None:
    order_id = floor.delivered({"SKU-1": 2, "SKU-2": 1})
    case_id = opened(floor, order_id, cause=Cause.DAMAGED, lines=(Pieces(1, 1),))
    done(floor, lambda tx: cases.acknowledge(tx, case_id, by="Olga", now=floor.now))
    done(floor, lambda tx: cases.assess(tx, case_id, Assessment(owner="Olga"), by="Olga", now=floor.now))
    done(floor, lambda tx: cases.investigate(tx, case_id, "Packed too loosely.", by="Olga", now=floor.now))
    answered = respond(floor, case_id, Remedy(RemedyKind.REPLACEMENT), Remedy(RemedyKind.APOLOGY))
    replacement = order_id_of(answered.remedies[0]["order"])
    row = floor.row(replacement)
    assert (row["type"], row["lane"], row["total"]) == ("express", "express", Decimal("0.00"))
    assert floor.parts(replacement) == {1: ("released", "pick-scans")}
    with floor.engine.begin() as tx:
        assert replacements.links_of(tx, [order_id]) == replacements.links_of(tx, [replacement]) == [(replacement, order_id, case_id)]
    floor.deliver(replacement * 1000 + 1)
    assert floor.state(replacement) == ("completed", None)
    assert [kind for kind in floor.letters(order_id) if "case" in kind] == [
        "case-received", "office-case", "case-progress", "case-progress", "case-progress", "case-response",
    ]
    assert [entry["what"] for entry in floor.journal(order_id) if entry["what"].startswith("case.")] == [
        "case.opened", "case.acknowledged", "case.assessed", "case.investigated", "case.responded",
    ]
    floor.check()


def test_a_case_that_was_answered_closes_by_itself_unless_the_customer_writes(floor: Floor) -> None:
    order_id = floor.delivered()
    case_id = opened(floor, order_id)
    respond(floor, case_id)
    floor.now += timedelta(days=9)
    done(floor, lambda tx: cases.say(tx, case_id, Word("No, it is not.", "customer", Channel.PAGE), now=floor.now))
    assert (case(floor, case_id).state, case(floor, case_id).reopened) == (State.RECEIVED, 1)
    respond(floor, case_id)
    floor.now += timedelta(days=10)
    assert floor.look_at_cases() == 1
    assert (case(floor, case_id).state, case(floor, case_id).outcome) == (State.CLOSED, Outcome.RESOLVED)
    assert floor.look_at_cases() == 0
    assert floor.letters(order_id).count("case-closed") == 1
    floor.check()


def test_steps_come_in_their_order_and_nothing_follows_the_end(floor: Floor) -> None:
    case_id = opened(floor, floor.delivered())
    done(floor, lambda tx: cases.close(tx, case_id, Outcome.DUPLICATE, by="Olga", now=floor.now))
    with pytest.raises(CaseRefused, match="is closed"):
        done(floor, lambda tx: cases.acknowledge(tx, case_id, by="Olga", now=floor.now))


def test_the_same_key_opens_one_case_and_tells_once(floor: Floor) -> None:
    order_id = floor.delivered()
    assert opened(floor, order_id) == opened(floor, order_id)
    assert floor.letters(order_id).count("case-received") == 1


def test_the_office_is_warned_and_then_hears_of_each_missed_clock_once_and_bundled(floor: Floor) -> None:
    ids = [opened(floor, floor.delivered()) for _ in range(3)]
    floor.now = case(floor, ids[0]).clocks.acknowledge_warn_at
    assert floor.look_at_cases() == 3
    floor.now = case(floor, ids[0]).clocks.acknowledge_by
    done(floor, lambda tx: cases.acknowledge(tx, ids[2], by="Olga", now=floor.now))
    assert floor.look_at_cases() == 2
    assert floor.look_at_cases() == 0
    order_id = case(floor, ids[0]).order_id
    warning, alarm = floor.told(order_id, "office-case-due")
    assert ((warning["late"], warning["count"]), (alarm["late"], alarm["count"])) == ((False, 3), (True, 2))
    floor.now += timedelta(days=60)
    floor.look_at_cases()
    floor.check()


def test_a_case_may_stop_its_order_until_it_is_answered(floor: Floor) -> None:
    floor.stock()
    order_id = floor.order()
    floor.receive(order_id)
    case_id = opened(floor, order_id, hold=True)
    assert (floor.state(order_id), floor.parts(order_id)[1]) == (("promised", "office"), ("released", "office"))
    floor.check()
    respond(floor, case_id)
    assert (floor.state(order_id), floor.parts(order_id)[1]) == (("promised", "fulfillments"), ("released", "pick-scans"))
    assert opened(floor, order_id, hold=True) == case_id
    assert floor.state(order_id) == ("promised", "fulfillments")
    floor.deliver(order_id * 1000 + 1)
    assert floor.state(order_id) == ("completed", None)
    floor.check()


def test_a_case_stops_nothing_unless_it_says_so(floor: Floor) -> None:
    floor.stock()
    order_id = floor.order()
    floor.receive(order_id)
    opened(floor, order_id)
    floor.deliver(order_id * 1000 + 1)
    assert floor.state(order_id) == ("completed", None)


@pytest.mark.parametrize(("status", "cause"), [("lost", Cause.CARRIER_LOST), ("returned", Cause.CARRIER_RETURNED)])
def test_a_lost_parcel_opens_a_claim_that_is_answered_by_sending_it_again(floor: Floor, status: str, cause: Cause) -> None:
    floor.stock("SKU-1", 5)
    order_id = floor.order({"SKU-1": 2})
    floor.receive(order_id)
    floor.deliver_until_shipped(order_id * 1000 + 1).carrier(order_id * 1000 + 1, status)
    claim = only_case(floor, order_id)
    assert (claim.kind, claim.cause, claim.fulfillment_id, claim.lines) == (Kind.CLAIM, cause, order_id * 1000 + 1, (Pieces(1, 2),))
    assert floor.told(order_id, "case-received")[0]["by"] == "orderpipe"
    respond(floor, claim.id, Remedy(RemedyKind.REDELIVERY))
    assert floor.parts(order_id)[2] == ("released", "pick-scans")
    floor.deliver(order_id * 1000 + 2)
    assert floor.state(order_id) == ("completed", None)
    assert only_case(floor, order_id).remedies[0]["kind"] == "re-delivery"
    floor.check()


def test_the_offices_decision_answers_the_claim(floor: Floor) -> None:
    floor.stock("SKU-1", 5)
    order_id = floor.order({"SKU-1": 2})
    floor.receive(order_id)
    floor.deliver_until_shipped(order_id * 1000 + 1).carrier(order_id * 1000 + 1, "lost")
    floor.office(order_id, "close")
    assert only_case(floor, order_id).state == State.RESPONDED
    assert floor.state(order_id) == ("canceled", None)
    floor.check()


def test_a_lost_parcel_may_be_sent_again_while_others_are_on_their_way(floor: Floor) -> None:
    floor.stock("SKU-1", 5)
    floor.stock("SKU-2", 5, at="north")
    order_id = floor.order({"SKU-1": 1, "SKU-2": 2})
    floor.receive(order_id)
    floor.deliver_until_shipped(order_id * 1000 + 1).carrier(order_id * 1000 + 1, "lost")
    respond(floor, only_case(floor, order_id).id, Remedy(RemedyKind.REDELIVERY))
    floor.deliver(order_id * 1000 + 2, order_id * 1000 + 3)
    assert floor.state(order_id) == ("completed", None)
    floor.check()


def refundable(floor: Floor) -> tuple[int, int]:
    order_id = floor.delivered(total=Decimal(20))
    floor.pay(order_id, "20.00")
    return order_id, opened(floor, order_id)


def test_no_more_is_given_back_than_was_paid(floor: Floor) -> None:
    order_id, case_id = refundable(floor)
    with pytest.raises(RemedyRefused, match=r"Only 20\.00 GBP"):
        respond(floor, case_id, Remedy(RemedyKind.REFUND, Decimal("20.01")))
    assert case(floor, case_id).state == State.RECEIVED
    respond(floor, case_id, Remedy(RemedyKind.REFUND, Decimal("15.00")))
    with pytest.raises(RemedyRefused, match=r"Only 5\.00 GBP"):
        respond(floor, case_id, Remedy(RemedyKind.REFUND, Decimal("5.01")))
    assert floor.letters(order_id).count("office-remedy") == 1


def test_a_credit_is_an_instruction_that_the_shop_carries_out(floor: Floor) -> None:
    order_id, case_id = refundable(floor)
    answered = respond(floor, case_id, Remedy(RemedyKind.CREDIT, Decimal("30.00")))
    reference = answered.remedies[0]["reference"]
    due = next(one["note"] for one in floor.journal(order_id) if one["what"] == "credit.due")
    assert (due["reference"], due["amount"], due["currency"]) == (reference, "30.00", "GBP")
    assert floor.told(order_id, "office-remedy")[0]["reference"] == reference
    floor.pay(order_id, "-5.00", reference=reference)  # money under its number gives no credit
    floor.check()
    for _ in range(2):
        done(floor, lambda tx: cases.give_credit(tx, case_id, reference, by="shop", now=floor.now))
    assert floor.told(order_id, "credit-given") == [{"case": answered.number, "amount": "30.00"}]
    assert [one["what"] for one in floor.journal(order_id)].count("credit.given") == 1
    respond(floor, case_id, Remedy(RemedyKind.REFUND, Decimal("15.00")))  # a credit takes nothing of what can be given back
    with pytest.raises(NoSuchCredit):
        done(floor, lambda tx: cases.give_credit(tx, case_id, "C-1/9", by="shop", now=floor.now))
    floor.check()


def came_back(floor: Floor, return_id: int, *scans: tuple[str, str, int]) -> list[str | None]:
    sent = [ReturnScan(barcode, client, "Kim", quantity) for barcode, client, quantity in scans]
    return [one.code for one in done(floor, lambda tx: returns.record_scans(tx, return_id, sent, by="warehouse", now=floor.now))]


def inspected(floor: Floor, return_id: int, *found: Inspection) -> Return:
    return done(floor, lambda tx: returns.record_inspection(tx, return_id, found, by="warehouse", now=floor.now))


def test_a_return_comes_back_is_inspected_and_lies_in_stock_again(floor: Floor) -> None:
    order_id = floor.delivered({"SKU-1": 3})
    before = floor.free()
    opening = Opening(order_id, Kind.RETURN, "Too many.", f"return:{order_id}", Cause.CHANGED_MIND, (Pieces(1, 2),))
    declared = done(floor, lambda tx: returns.send_back(tx, opening, now=floor.now))
    again = done(floor, lambda tx: returns.send_back(tx, opening, now=floor.now))
    assert (again.coming, again.opened.again) == (declared.coming, True)
    return_id = declared.coming.id
    assert came_back(floor, return_id, ("SKU-1", "a", 1), ("SKU-1", "a", 1), ("SKU-9", "b", 1), ("SKU-1", "c", 2)) == [
        None, None, "unknown-barcode", "surplus",
    ]
    with pytest.raises(ReturnRefused, match="1 pieces wait"):
        inspected(floor, return_id, Inspection(1, restock=2))
    came_back(floor, return_id, ("SKU-1", "d", 1))
    after = inspected(floor, return_id, Inspection(1, restock=1, write_off=1))
    assert after.state == ReturnState.INSPECTED
    assert floor.free() == (before[0] + 1, before[1])
    kinds = [kind for kind in floor.letters(order_id) if kind.startswith("return")]
    assert kinds == ["return-authorised", "return-progress", "return-progress"]
    floor.check()


def test_no_more_comes_back_than_was_delivered(floor: Floor) -> None:
    order_id = floor.delivered({"SKU-1": 3})
    case_id = opened(floor, order_id, Kind.RETURN)
    done(floor, lambda tx: returns.authorise(tx, case_id, [Pieces(1, 2)], by="Olga", now=floor.now))
    with pytest.raises(ReturnRefused, match="1 pieces can come back"):
        done(floor, lambda tx: returns.authorise(tx, case_id, [Pieces(1, 2)], by="Olga", now=floor.now))
    floor.now += timedelta(days=31)
    assert floor.look_at_cases() > 0
    done(floor, lambda tx: returns.authorise(tx, case_id, [Pieces(1, 3)], by="Olga", now=floor.now))
    floor.check()


def test_a_withdrawal_ends_in_a_refund_that_is_booked(floor: Floor) -> None:
    order_id = floor.delivered(total=Decimal(20))
    floor.pay(order_id, "20.00")

    statement = Statement({1: 2}, "form-1", "I withdraw.")
    case_id = done(floor, lambda tx: withdrawals.declare(tx, order_id, statement, floor.now)).case_id
    return_id = return_id_of(floor.told(order_id, "withdrawal-received")[0]["back"]["number"])
    came_back(floor, return_id, ("SKU-1", "a", 2))
    inspected(floor, return_id, Inspection(1, restock=2))
    answered = respond(floor, case_id, Remedy(RemedyKind.REFUND, Decimal("20.00")))
    (told,) = floor.told(order_id, "office-remedy")
    assert told["reference"] == answered.remedies[0]["reference"]
    floor.check()
    floor.pay(order_id, "-20.00", reference=told["reference"])
    assert floor.told(order_id, "refund-paid") == [{"case": answered.number, "amount": "20.00"}]
    floor.check()


def rate(floor: Floor, order_id: int, **said: object) -> Opened | None:
    rating = Rating(**said)  # type: ignore[arg-type]
    return done(floor, lambda tx: feedback.rate(tx, order_id, rating, channel=Channel.PAGE, now=floor.now)).case


def test_a_low_score_opens_a_case_and_asks_the_office_to_call_once(floor: Floor) -> None:
    order_id = floor.delivered()
    first = rate(floor, order_id, score=1, comment="Never again.")
    assert first is not None
    assert (first.new, only_case(floor, order_id).kind) == (True, Kind.COMPLAINT)
    again = rate(floor, order_id, score=2)
    assert again is not None
    assert again.new is False
    assert floor.letters(order_id).count("office-low-score") == 1
    assert rate(floor, floor.delivered(), score=3) is None


def test_a_rating_may_be_changed_for_some_days(floor: Floor) -> None:
    order_id = floor.delivered()
    rate(floor, order_id, arrived=True)
    floor.now += timedelta(days=20)
    rate(floor, order_id, score=1, comment="Bad.")
    floor.now += timedelta(days=6)
    rate(floor, order_id, score=5, comment="Good.")
    assert floor.value("SELECT (score, comment, arrived)::text FROM feedback WHERE order_id = :id", id=order_id) == "(5,Good.,t)"
    floor.now += timedelta(days=1)
    with pytest.raises(RatingClosed):
        rate(floor, order_id, score=1)


def test_who_has_not_rated_is_asked_once_more(floor: Floor) -> None:
    silent, rated = floor.delivered(), floor.delivered()
    rate(floor, rated, score=4)
    assert floor.remind_raters() == 0
    floor.now += timedelta(days=7)
    assert (floor.remind_raters(), floor.remind_raters()) == (1, 0)
    assert (floor.letters(silent).count("rating-reminder"), floor.letters(rated).count("rating-reminder")) == (1, 0)


def test_a_mail_is_taken_down_once_and_belongs_to_the_case_it_names(floor: Floor) -> None:
    order_id = floor.delivered()

    def mail(mail_id: str, subject: str) -> Heard:
        return done(floor, lambda tx: hear_mail(
            tx, order_id, "Where is it?", subject, sender="ann@x.example", mail_id=mail_id, now=floor.now
        ))

    def close() -> None:
        done(floor, lambda tx: cases.close(tx, first.case_id, Outcome.RESOLVED, by="Olga", now=floor.now))

    first = mail("1@x", "A question")
    assert (mail("1@x", "A question"), first.new) == (Heard(first.case_id, again=True), True)
    assert mail("2@x", "Another question").case_id == first.case_id
    close()
    assert mail("3@x", f"Re: your case {first.number}").case_id == first.case_id
    assert mail("3@x", f"Re: your case {first.number}").case_id == first.case_id
    close()
    assert mail("4@x", "Re: your case C-100099-1").case_id != first.case_id
    with floor.engine.begin() as tx:
        assert len(case_store.messages_of(tx, first.case_id)) == 3
