"""
What docs/broker-door.md shows works as it stands: the examples in Python and Node.js, the addresses, and the rights on Redis.
"""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from kombu.exceptions import OperationalError

from orderpipe import broker
from tests.documents import Document
from tests.needs import REPOSITORY, require
from tests.servers import RedisServer
from tests.shop_system import ShopSystem
from tests.workers.house import LEASE, House
from workers.mailbox_redis import RedisMailbox

PAGE = Document.of(REPOSITORY / "docs" / "broker-door.md")


def example(language: str, house: House) -> str:
    """The example, with this house's key and broker."""
    program, = PAGE.blocks(language)
    return program.replace("op_…", house.key).replace("redis://127.0.0.1:6379/1", house.corner.url)


def assert_taken(house: House, task: str, taken: str) -> None:
    house.work()
    assert house.references() == [taken]
    good, bad = house.intakes(task=task)
    assert (good.state, bad.state) == ("recorded", "refused")
    assert house.refusal()["errors"][0]["pointer"] == "/colour"


def test_python(house: House) -> None:
    program = example("python", house)
    assert "orderpipe" not in program
    assert len(program.splitlines()) <= 16
    sent = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60)
    assert_taken(house, sent.stdout.strip(), "PY-1")


def test_celery_node(house: House, tmp_path: Path) -> None:
    packages = require("celery-node")
    (tmp_path / "node_modules").symlink_to(packages / "node_modules")
    (tmp_path / "submit.js").write_text(example("js", house), encoding="utf-8")
    sent = subprocess.run(["node", "submit.js"], cwd=tmp_path, check=True, capture_output=True, text=True, timeout=60)
    assert_taken(house, sent.stdout.strip(), "JS-1")


def test_the_rights_on_redis_are_enough_and_no_more(private_redis: Callable[[], RedisServer]) -> None:
    server = private_redis()
    with redis.Redis.from_url(server.url()) as office:
        for line in re.findall(r"^ACL (.*)$", PAGE.text, re.MULTILINE):
            office.execute_command("ACL", *line.split(" "))
        address = server.url().partition("@")[2]
        shop = ShopSystem(f"redis://corner:a-password@{address}", "corner", "op_")
        shop.submit({})
        shop.submit({}, priority=9)
        for queue in ("submit.corner2", "submit.other", "orderpipe.held"):
            with pytest.raises(OperationalError):
                shop.submit({}, queue=queue, retry=False)
        shop.close()
        forbidden(f"redis://corner:a-password@{address}")
        url = f"redis://door:a-password@{address}"
        assert broker.lengths_at(url, ["submit.corner", "submit.other"]) == {"submit.corner": 2, "submit.other": 0}
        mailbox = RedisMailbox(url, LEASE)
        taken = mailbox.take(["submit.corner", "submit.other"])
        mailbox.give_back(taken[:1])
        again = mailbox.take(["submit.corner"])
        mailbox.done([*taken, *again])
        mailbox.close()
        assert len(taken) == 2
        assert not office.exists("orderpipe.held")


def forbidden(url: str) -> None:
    with redis.Redis.from_url(url) as shop:
        for command in ("FLUSHALL", "RPOP submit.corner", "LRANGE submit.corner 0 -1", "PUBLISH x y", "DEL submit.corner", "CONFIG GET *"):
            with pytest.raises(redis.exceptions.NoPermissionError):
                shop.execute_command(*command.split(" "))
