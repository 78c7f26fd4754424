"""
The way of an order as its customer sees it: nothing ahead is said to be past, and every part has its own.
"""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from orderpipe.domain.progress import Happened, Part, Progress, Step, progress
from orderpipe.flow import FulfillmentState, OrderState

T = datetime(2026, 11, 3, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def happened(*whats: str, part: int | None = None) -> list[Happened]:
    return [Happened(part, what, T + place * DAY) for place, what in enumerate(whats)]


def steps(found: Progress) -> list[str]:
    lines = (found.begin, *found.parts.values(), found.end)
    return [f"{point.step}{'' if point.at else '?'}" for line in lines for point in line]


def test_a_new_order_has_everything_ahead() -> None:
    assert steps(progress(OrderState.RECEIVED, happened("received"), [])) == [
        "received", "checked?", "confirmed?", "prepared?", "sent?", "out-for-delivery?", "delivered?", "done?",
    ]


def test_what_is_promised_is_expected_then() -> None:
    part = Part(1001, FulfillmentState.RELEASED, from_at=T, until_at=T + DAY)
    found = progress(OrderState.PROMISED, happened("received", "validated", "allocated", "promised"), [part])
    assert found.parts[1001][-1].expected == (T, T + DAY)


def test_what_the_carrier_never_said_is_left_out_once_it_is_past() -> None:
    told = happened("received", "validated", "promised") + happened("packed", "shipped", "delivered", part=1001)
    found = progress(OrderState.PROMISED, told, [Part(1001, FulfillmentState.DELIVERED)])
    assert steps(found) == ["received", "checked", "confirmed", "prepared", "sent", "delivered", "done?"]


def test_a_service_is_only_carried_out() -> None:
    found = progress(OrderState.PROMISED, happened("received"), [Part(1001, FulfillmentState.RELEASED, appointment=True)])
    assert steps(found)[3:] == ["performed?", "done?"]


def test_a_lost_parcel_ends_there_and_its_replacement_begins() -> None:
    told = happened("received", "validated", "promised") + happened("packed", "shipped", "lost", part=1001)
    found = progress(OrderState.PROMISED, told, [Part(1001, FulfillmentState.LOST), Part(1002, FulfillmentState.PLANNED)])
    assert [point.step for point in found.parts[1001]] == [Step.PREPARED, Step.SENT, Step.LOST]
    assert not any(point.at for point in found.parts[1002])


def test_a_canceled_order_shows_what_was_and_that_it_ended() -> None:
    found = progress(OrderState.CANCELED, happened("received", "validated", "canceled"), [Part(1001, FulfillmentState.CANCELED)])
    assert steps(found) == ["received", "checked", "canceled"]
    assert steps(progress(OrderState.REJECTED, happened("received", "rejected"), [])) == ["received", "rejected"]


@given(
    st.sampled_from(list(OrderState)), st.lists(st.sampled_from(list(FulfillmentState)), max_size=4),
    st.lists(st.tuples(st.sampled_from([None, 1, 2]), st.sampled_from([*OrderState, *FulfillmentState, "out_for_delivery"])), max_size=9),
)
def test_every_order_has_a_way(state: OrderState, parts: list[FulfillmentState], told: list[tuple[int | None, str]]) -> None:
    found = progress(
        state, [Happened(part, what, T) for part, what in told], [Part(number, one) for number, one in enumerate(parts, 1)]
    )
    assert found.end
    live = [one for one in parts if one != FulfillmentState.CANCELED]
    if state not in (OrderState.CANCELED, OrderState.REJECTED):
        assert len(found.parts) == (len(live) or (state != OrderState.COMPLETED))
