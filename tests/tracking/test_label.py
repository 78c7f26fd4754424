"""
The label of a return: what a scanner reads from its bars opens the return at the warehouse's door.
"""

import re
from urllib.parse import quote

import zxingcpp
from fastapi.testclient import TestClient

from orderpipe.domain.returns import return_id_of, return_number
from orderpipe.store import shops
from orderpipe.store.shops import Role
from orderpipe.tracking.bars import bars_of
from tests.floor import Floor
from tests.tracking.scenes import path_of
from tests.tracking.test_cases import sent

_MODULE, _HEIGHT = 3, 60


def scanned(width: int, path: str) -> tuple[str, str]:
    """What a scanner reads from these bars, drawn black on white, and the mark that it puts before it."""
    row = bytearray(b"\xff" * width * _MODULE)
    for left, wide in re.findall(r"M(\d+) 0h(\d+)v1h-\2z", path):
        row[int(left) * _MODULE : (int(left) + int(wide)) * _MODULE] = bytes(int(wide) * _MODULE)
    (found,) = zxingcpp.read_barcodes(memoryview(bytes(row) * _HEIGHT).cast("B", (_HEIGHT, len(row))))
    return found.text, found.symbology_identifier


def test_what_is_scanned_from_it_receives_the_return(floor: Floor, browser: TestClient) -> None:
    order_id = floor.delivered({"SKU-1": 2})
    with floor.engine.begin() as tx:
        shop = shops.shop_by_code(tx, "demo")
        assert shop
        key = shops.create_key(tx, shop.id, Role.WAREHOUSE)
    path = path_of(floor, order_id)
    case = sent(browser, f"{path}/return", cause="changed-mind", pieces_1="2").text
    (link,) = re.findall(r'href="([^"]+/return/R-[^"]+)"', case)
    (drawn,) = re.findall(r'viewBox="0 0 (\d+) 1".*?<path d="([^"]+)"', browser.get(link).text)
    number, mark = scanned(int(drawn[0]), drawn[1])
    assert number == link.rpartition("/")[2]
    for place, label in enumerate((number, mark + number)):
        answer = browser.post(
            f"/v1/returns/{quote(label, safe='')}/scans", headers={"Authorization": f"Bearer {key}"},
            json={"barcode": "SKU-1", "client_id": f"scan-{place}", "operator": "Kim"},
        )
        assert answer.status_code == 200, answer.text
    assert floor.value("SELECT state FROM return_authorisation") == "received"
    floor.check()


def test_every_number_can_be_read_from_its_bars() -> None:
    for return_id in (1, 99, 100_042, 2**40):
        bars = bars_of(return_number(return_id))
        assert return_id_of(scanned(bars.width, bars.path)[0]) == return_id
