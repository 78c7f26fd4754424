"""
What the office does with the cases of one shop: takes them up, sees what they are about, answers with a remedy, and closes them.

A step at each look, so that a customer hears of each; what comes back is answered when it is there, what is sent anew closes when it is.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from orderpipe.simulation.door import Door
from orderpipe.simulation.scene import Scene

Case = Mapping[str, Any]

_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "damaged": "We are sorry that it came broken. Another one is on its way to you.",
        "missing-item": "We are sorry that one was missing, and credit you for it.",
        "changed-mind": "It has come back to us in good order. You get your money back.",
        "other": "We are sorry. This should not have happened, and we have spoken with everybody concerned.",
    },
    "zh-CN": {
        "damaged": "很抱歉商品在途中损坏。我们已为您补发一件。",
        "missing-item": "很抱歉少寄了一件。我们已记下，将补偿给您。",
        "changed-mind": "退货已完好收到，货款将退还给您。",
        "other": "非常抱歉给您带来不便。我们已与相关人员沟通，避免再次发生。",
    },
}
_REMEDIES: Mapping[str, list[dict[str, str]]] = {
    "damaged": [{"kind": "replacement"}, {"kind": "apology"}], "missing-item": [{"kind": "credit", "amount": "20.00"}],
}
_COMING_BACK = ("return", "withdrawal")


class Casework:
    """Looks after the cases of one shop; `door` has the office's key."""

    def __init__(self, door: Door, scene: Scene) -> None:
        self._door, self._scene = door, scene

    def look(self) -> None:
        """Take every open case one step further, where it can go on."""
        for case in self._door.pages("/v1/cases", limit=200):
            order = self._scene.order(case["order"])
            if case["state"] != "closed" and order is not None:
                self._go_on(case)

    def _go_on(self, case: Case) -> None:
        match case["state"]:
            case "received":
                self._step(case, "acknowledge", {})
                if case["kind"] == "complaint":
                    self._called(case)
            case "acknowledged":
                self._step(case, "assess", {"owner": "Olga", "severity": "high" if case["kind"] == "complaint" else "normal"})
            case "assessed":
                self._respond(case)
            case "responded":
                self._close(case)

    def _step(self, case: Case, step: str, given: Mapping[str, Any]) -> Case:
        after: Case = self._door.post(f"/v1/cases/{case['id']}/{step}", given)
        return after

    def _called(self, case: Case) -> None:
        """Whoever was not satisfied is called: the letter says so."""
        told = self._door.get(f"/v1/orders/{case['order']}/notifications")["data"]
        if any(letter["kind"] == "office-low-score" for letter in told):
            self._scene.witness(self._scene.script_of(case["order"]), "asked to call")

    def _respond(self, case: Case) -> None:
        """Answer, with what the cause calls for; what comes back only when it is there."""
        whole = self._door.get(f"/v1/cases/{case['id']}")
        if any(item["restocked"] < item["quantity"] for one in whole["returns"] for item in one["items"]):
            return
        remedies = _REMEDIES.get(case["cause"], [{"kind": "apology"}])
        if case["kind"] in _COMING_BACK:
            remedies = [{"kind": "refund", "amount": str(self._worth(whole))}]
        after = self._step(case, "respond", {"text": self._words(case), "remedies": remedies})
        for number in filter(None, (remedy["order"] for remedy in after["remedies"])):
            self._follow(case, number)

    def _words(self, case: Case) -> str:
        """What is said about it, in the customer's language."""
        order = self._scene.order(case["order"])
        said = _WORDS[order.meant["language"]] if order else _WORDS["en"]
        return said.get(case["cause"], said["other"])

    def _worth(self, case: Case) -> Decimal:
        """What was paid for what has come back."""
        prices = {line["number"]: Decimal(line["unit_price"]) for line in self._door.get(f"/v1/orders/{case['order']}")["lines"]}
        return sum((prices[item["number"]] * item["restocked"] for one in case["returns"] for item in one["items"]), Decimal(0))

    def _follow(self, case: Case, number: str) -> None:
        """The replacement is an order like any other from now on."""
        order = self._scene.order(case["order"])
        assert order is not None
        self._scene.follow(order, self._door.get(f"/v1/orders/{number}"))

    def _close(self, case: Case) -> None:
        """Close what is done: the money is booked, the replacement has arrived."""
        script = self._scene.script_of(case["order"])
        for number in filter(None, (remedy["order"] for remedy in case["remedies"])):
            if self._door.get(f"/v1/orders/{number}")["state"] != "completed":
                return
            self._scene.witness(script, "replaced")
        for refund in self._door.get(f"/v1/cases/{case['id']}")["refunds"]:
            if refund["done_at"] is None:
                book_refund(self._door, case["order"], **{name: refund[name] for name in ("reference", "amount", "currency")})
                self._scene.witness(script, "refunded")
        self._step(case, "close", {"outcome": "resolved"})


def book_refund(door: Door, order_id: str, *, reference: str, amount: str, currency: str) -> None:
    """Book money that was given back."""
    payment = {"reference": reference, "amount": f"-{Decimal(amount):.2f}", "currency": currency, "method": "transfer"}
    door.post(f"/v1/orders/{order_id}/payments", payment)
