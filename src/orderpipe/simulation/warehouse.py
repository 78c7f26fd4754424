"""
The warehouse of one shop: picks what is released and packs what is picked, with a scanner that now and then reads the wrong thing.

Services are performed from here too: whoever does them says so.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from orderpipe.simulation.actor import Actor
from orderpipe.simulation.door import Door
from orderpipe.simulation.scene import Scene
from orderpipe.simulation.script import scripted

_SCANS = 1_500
"""Scans in one request at most."""

_SHORT = {"short-pick": 1, "waits": 1, "gives-up": 1, "part-now": 2}
"""Pieces that are not on the shelf, by the exception that plays this."""

Job = Mapping[str, Any]
Scan = dict[str, Any]


class Warehouse(Actor):
    """Everybody who picks, packs and performs services in one shop."""

    def __init__(self, shop: str, scene: Scene) -> None:
        super().__init__(f"warehouse of {shop}", scene)
        self._shop = shop
        self._door = Door(scene.addresses.api, scene.keys[shop].warehouse)
        self._done: set[tuple[str, str]] = set()

    def look(self) -> None:
        """Take the work list and do everything on it that has not been done."""
        self._scan(self._jobs("pick", state="released", waiting_for="pick-scans"), self._picks)
        self._scan(self._jobs("pack", state="picked", waiting_for="pack-scans"), _packs)
        self._perform(self._jobs("perform", state="released", waiting_for="performance"))
        for number in self.scene.come_back(self._shop):
            self._unpack(number)

    def _jobs(self, task: str, **wanted: str) -> list[Job]:
        """What waits for this task and has not been done yet."""
        jobs = self._door.pages("/v1/fulfillments", **wanted, limit=500)
        return [job for job in jobs if (job["id"], task) not in self._done and self._may(job, task)]

    def _may(self, job: Job, task: str) -> bool:
        """Whether it is an order of ours, and nobody wants to change it before."""
        played = scripted(self.scene.script_of(job["order"]))
        held = played is not None and task == "pick" and not self.scene.has_witnessed(played.name, played.picked_after)
        return self.scene.order(job["order"]) is not None and not held

    def _scan(self, jobs: list[Job], scans_of: Callable[[Job, str], Iterator[Scan]]) -> None:
        batch: list[Scan] = []
        for job in jobs:
            batch += scans_of(job, self.scene.script_of(job["order"]))
            if len(batch) >= _SCANS:
                self._send(batch)
                batch = []
        if batch:
            self._send(batch)

    def _send(self, scans: list[Scan]) -> None:
        answer = self._door.post("/v1/scans", scans)
        for scan, told in zip(scans, answer["results"], strict=True):
            if told["status"] >= 400:
                self._refused(scan, told)
            self._done.add((scan["fulfillment"], scan["phase"]))

    def _refused(self, scan: Scan, told: Mapping[str, Any]) -> None:
        """A refusal that is played is witnessed; any other is a trouble, unless the order was canceled under our hands."""
        if scan["operator"] == "trainee":
            self.scene.witness("wrong-scan", told["code"])
        elif told["code"] != "too-late":
            self.scene.trouble(f"{self.name}: the scan of {scan['barcode']} for {scan['fulfillment']} was refused: {told['detail']}")

    def _picks(self, job: Job, script: str) -> Iterator[Scan]:
        if script == "wrong-scan":
            yield from _wrong_scans(job)
        line, missing = job["lines"][0], _SHORT.get(script, 0)
        if missing and line["quantity"] > missing:
            self.scene.witness(script, "short")
            yield _scan(job, "pick", line["sku"], line["quantity"] - missing)
            yield _scan(job, "short", line["sku"], missing)
        else:
            for line in job["lines"]:
                yield from _all_of(job, "pick", line, line["quantity"])
        self._done.add((job["id"], "pick"))

    def _unpack(self, number: str) -> None:
        """What came back is scanned and looked at; all of it is as good as new."""
        coming = self._door.get(f"/v1/returns/{number}")
        self._door.post(f"/v1/returns/{number}/scans", [
            {"barcode": item["sku"], "quantity": item["quantity"], "operator": "returns-1", "client_id": f"back-{number}-{item['number']}"}
            for item in coming["items"]
        ])
        good = [{"number": item["number"], "restock": item["quantity"]} for item in coming["items"]]
        self._door.post(f"/v1/returns/{number}/inspections", {"lines": good})
        self.scene.witness(self.scene.script_of(coming["order"]), "inspected")

    def _perform(self, jobs: list[Job]) -> None:
        if not jobs:
            return
        said = [{"fulfillment": job["id"], "client_id": f"done-{job['id']}", "by": "Sam Field"} for job in jobs]
        answer = self._door.post("/v1/performed", said)
        for job, told in zip(jobs, answer["results"], strict=True):
            self._done.add((job["id"], "perform"))
            if told["status"] < 400:
                self.scene.witness(self.scene.script_of(job["order"]), "performed")
            elif told["code"] != "too-late":
                self.scene.trouble(f"{self.name}: the service {job['number']} was refused: {told['detail']}")


def _packs(job: Job, _script: str) -> Iterator[Scan]:
    for line in job["lines"]:
        if line["picked"]:
            yield from _all_of(job, "pack", line, line["picked"])


def _all_of(job: Job, phase: str, line: Mapping[str, Any], pieces: int) -> Iterator[Scan]:
    """All pieces of a line: whole packs by the code on the pack, the rest by that on the piece, or by hand without one."""
    packs = [code for code in line["gtins"] if code["pack_quantity"] > 1]
    singles = [code["gtin"] for code in line["gtins"] if code["pack_quantity"] == 1]
    for code in packs:
        count, pieces = divmod(pieces, code["pack_quantity"])
        if count:
            yield _scan(job, phase, code["gtin"], count)
    if pieces:
        yield _scan(job, phase, singles[0] if singles else line["sku"], pieces)


def _wrong_scans(job: Job) -> Iterator[Scan]:
    """Something else from the shelf, a code of nobody's, and one piece more than wanted."""
    line = job["lines"][0]
    for barcode, quantity in (("LAMP-OAK", 1), ("95060001343521", 1), (line["sku"], line["quantity"] + 1)):
        yield _scan(job, "pick", barcode, quantity) | {"operator": "trainee"}


def _scan(job: Job, phase: str, barcode: str, quantity: int) -> Scan:
    return {
        "fulfillment": job["id"], "phase": phase, "barcode": barcode, "quantity": quantity, "operator": "picker-1",
        "station": job["location"] or "", "client_id": f"{phase}-{job['id']}-{barcode}-{quantity}",
    }
