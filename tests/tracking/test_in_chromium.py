"""
The answering page in a real browser: it is drawn as meant within its own shut doors, and what it sends is taken.
"""

import socket
import subprocess
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from orderpipe.store import visiting
from orderpipe.store.metadata import Tx
from orderpipe.tracking.words import words_of
from tests.floor import Floor
from tests.needs import require
from tests.tracking import scenes
from tests.tracking.forms import Page
from tests.tracking.test_answering import doubtful


@pytest.fixture
def address(site: FastAPI) -> Iterator[str]:
    """Where the pages are to be seen: a server on a port of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(site, log_level="warning", lifespan="on"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join(10)


def chromium(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """What the browser prints when it has drawn the page."""
    return subprocess.run(
        [
            str(require("chromium")), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--enable-logging=stderr",
            f"--user-data-dir={folder / 'profile'}", *options,
        ],
        capture_output=True, text=True, timeout=100, check=True,
    )


def test_is_drawn_and_answered(floor: Floor, address: str, tmp_path: Path) -> None:
    order_id, path = doubtful(floor, payment_method="", ship_to=None, language="zh-CN")
    picture = tmp_path / "page.png"
    drawn = chromium(tmp_path, "--window-size=500,900", f"--screenshot={picture}", f"{address}{path}")
    assert ":CONSOLE:" not in drawn.stderr
    assert picture.stat().st_size > 8_000  # without a Chinese font it is smaller
    seen = Page(chromium(tmp_path, "--dump-dom", f"{address}{path}").stdout)
    assert "您希望如何付款？" in seen.text
    written = {
        "/payment_method": "支付宝", "/ship_to/country": "CN", "/ship_to/city": "上海", "/ship_to/line1": "中山路 1 号",
        "/ship_to/postal_code": "200000",
    }
    answer = httpx.post(f"{address}{path}", data=seen.fields | written, follow_redirects=True)
    assert "谢谢" in Page(answer.text).text
    assert floor.row(order_id)["payment_method"] == "alipay"


def test_shows_news_by_itself(floor: Floor, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order_id = scenes.confirmed(floor)
    looks, last_seq = count(1), visiting.last_seq

    def canceled_before_the_second_look(tx: Tx, one: int) -> int:
        if next(looks) == 2:
            floor.cancel(order_id)
        return last_seq(tx, one)

    monkeypatch.setattr(visiting, "last_seq", canceled_before_the_second_look)
    drawn = chromium(tmp_path, "--virtual-time-budget=40000", "--dump-dom", f"{address}{scenes.path_of(floor, order_id)}")
    assert ":CONSOLE:" not in drawn.stderr
    seen = Page(drawn.stdout)
    assert words_of("en")["home"]["states"]["canceled"] in seen.text
    assert words_of("en")["home"]["news"] in seen.text
