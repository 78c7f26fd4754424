"""
`orderpipe mail flagged`: addresses that nothing arrives at, and writing to them again.
"""

from orderpipe.domain.notices import Dead, Fault
from orderpipe.store import notifications
from tests.cli.conftest import Terminal
from tests.floor import Floor


def test_lists_addresses_that_nothing_arrives_at_and_takes_one_off(orderpipe: Terminal, floor: Floor) -> None:
    floor.order()
    with floor.engine.begin() as tx:
        leased = notifications.lease(tx, "email", limit=10, now=floor.now, lease_seconds=60)
        notifications.record(tx, [Dead(one, "550 no such user", Fault.ADDRESS) for one in leased], floor.now)
    (flag,) = orderpipe("mail", "flagged", "--json").json
    assert (flag["shop"], flag["address"], flag["reason"]) == ("demo", "ann@customers.example", "550 no such user")
    assert "no such user" in orderpipe("mail", "flagged").out
    assert "did not arrive" in orderpipe("mail", "show", str(leased[0].id)).out
    assert orderpipe("mail", "flagged", "--clear", "Ann@customers.example").out == "Letters go to Ann@customers.example again.\n"
    assert orderpipe("mail", "flagged", "--json").json == []
    assert orderpipe("mail", "flagged", "--clear", "bob@customers.example").err == "bob@customers.example is not flagged.\n"
